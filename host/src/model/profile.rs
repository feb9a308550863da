//! How certificates of one kind are issued: by whom, with which key, for which names, and where they may go.
//! Above: `config` reads it, `ledger` keeps it, `delivery` and `issuer` act on it. Below: `names`, `renewal`, `judge`.
//! Invariant: what it serializes to is its stored form (see `SCHEMA`); it holds no secret.

use super::id::{IssuerId, ProfileId};
use super::key::KeyType;
use super::name::SanName;
use super::pattern::Pattern;
use super::period::Period;
use super::usage::{ExtendedKeyUsage, KeyUsage};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

mod judge;
mod names;
mod renewal;
mod schedule;

pub use judge::{Place, Wish};
pub use names::{NameRules, Network, RuleError, Suffix};
pub use renewal::{Life, RenewAt, RenewalRule, RenewalSpan};
pub use schedule::longest_public_days;

/// A profile as its operator meant it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    pub name: ProfileId,
    pub issuer: IssuerId,
    pub key_type: KeyType,
    /// None: as long as the issuer gives.
    pub validity: Option<Period>,
    /// A kind of order that the ACME server offers ("shortlived").
    pub acme_profile: Option<String>,
    pub names: NameRules,
    pub subject: SubjectRule,
    pub key_usages: Vec<KeyUsage>,
    pub extended_key_usages: Vec<ExtendedKeyUsage>,
    pub renewal: RenewalRule,
    pub custody: Custody,
    pub deliver_to: DeliverTo,
    /// Who may use it. Empty: everybody.
    pub business_units: Vec<String>,
    /// A request waits for a second person.
    pub approval: bool,
}

impl Profile {
    /// The version of the stored form; counts up when a field changes its meaning.
    pub const SCHEMA: u32 = 1;

    /// What a certificate for a server needs of its key: a signature, and with RSA the older way of agreeing on a key.
    #[must_use]
    pub fn usual_key_usages(key_type: KeyType) -> Vec<KeyUsage> {
        if key_type.is_rsa() {
            vec![KeyUsage::DigitalSignature, KeyUsage::KeyEncipherment]
        } else {
            vec![KeyUsage::DigitalSignature]
        }
    }

    /// The subject of a certificate for these names.
    #[must_use]
    pub fn subject_for(&self, names: &[SanName]) -> Subject {
        let common_name = match self.subject.common_name {
            CommonName::FirstName => names
                .iter()
                .map(ToString::to_string)
                .find(|name| name.len() <= Subject::LONGEST_COMMON_NAME),
            CommonName::None => None,
        };
        Subject {
            common_name,
            parts: self.subject.parts.clone(),
        }
    }
}

/// Where a private key waits between its making and its delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Custody {
    /// In Secrets Manager where the connector may put it there, else in the sensor.
    Auto,
    /// In Secrets Manager, sealed; a delivery that may not put it there is refused.
    SecretsManager,
    /// In the sensor's ledger.
    Sensor,
}

impl Custody {
    /// Every one, by its word.
    pub const WORDS: &[(&str, Self)] = &[
        ("auto", Self::Auto),
        ("secrets-manager", Self::SecretsManager),
        ("sensor", Self::Sensor),
    ];

    /// Its word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::SecretsManager => "secrets-manager",
            Self::Sensor => "sensor",
        }
    }
}

/// Where certificates may be delivered: a place must fit one pattern of each list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliverTo {
    pub connectors: Vec<Pattern>,
    pub accounts: Vec<Pattern>,
    pub regions: Vec<Pattern>,
}

/// What stands in the subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubjectRule {
    pub common_name: CommonName,
    pub parts: BTreeMap<SubjectPart, String>,
}

/// Whether the subject repeats a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CommonName {
    /// The first name that is short enough.
    FirstName,
    None,
}

impl CommonName {
    /// Every one, by its word.
    pub const WORDS: &[(&str, Self)] = &[("first-name", Self::FirstName), ("none", Self::None)];
}

/// A part of the subject beside the common name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SubjectPart {
    Country,
    State,
    Locality,
    Organization,
    OrganizationalUnit,
}

impl SubjectPart {
    /// Every one: the word of a profile's file, the short name of RFC 4514, the longest value (RFC 5280).
    pub const WORDS: &[(&str, Self, &str, usize)] = &[
        ("country", Self::Country, "C", 2),
        ("state", Self::State, "ST", 128),
        ("locality", Self::Locality, "L", 128),
        ("organization", Self::Organization, "O", 64),
        ("organizational_unit", Self::OrganizationalUnit, "OU", 64),
    ];

    /// "O", "OU", "C", …
    #[must_use]
    pub fn short(self) -> &'static str {
        Self::WORDS
            .iter()
            .find(|(_, part, ..)| *part == self)
            .map_or("", |(_, _, short, _)| short)
    }

    /// From its short name.
    #[must_use]
    pub fn of_short(text: &str) -> Option<Self> {
        Self::WORDS
            .iter()
            .find(|(_, _, short, _)| *short == text)
            .map(|(_, part, ..)| *part)
    }
}

/// The subject of one certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    pub common_name: Option<String>,
    pub parts: BTreeMap<SubjectPart, String>,
}

impl Subject {
    /// RFC 5280's `ub-common-name`.
    pub const LONGEST_COMMON_NAME: usize = 64;
}

#[cfg(test)]
mod tests;
