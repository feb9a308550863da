//! What a reader of the inventory asks for.
//! Above: `cli` parses it. Below: `store` answers it.
//! Invariant: an empty filter means everything that is not retired.

use super::asset::{Source, Status};
use super::id::ConnectorId;
use super::revocation::RevocationWord;
use super::time::Millis;
use serde::{Deserialize, Serialize};

/// All given conditions hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filter {
    /// Not after at or before this time.
    pub expires_before: Option<Millis>,
    /// Not after at or after this time.
    pub expires_after: Option<Millis>,
    /// A DNS name, matched exactly or as a suffix at a label ("example.com" finds "www.example.com").
    pub name: Option<String>,
    pub account: Option<String>,
    pub region: Option<String>,
    pub connector: Option<ConnectorId>,
    pub status: Option<Status>,
    pub source: Option<Source>,
    pub in_use: Option<bool>,
    /// "RSA-2048", "EC-P256"; case-insensitive.
    pub key_algorithm: Option<String>,
    /// Part of the issuer's text, case-insensitive.
    pub issuer: Option<String>,
    /// A tag's key, with its value if given.
    pub tag: Option<(String, Option<String>)>,
    pub business_unit: Option<String>,
    pub stale: Option<bool>,
    pub missing: Option<bool>,
    /// What its CA says of it.
    pub revocation: Option<RevocationWord>,
    /// Its CA, or the cloud that issued it, has revoked it.
    pub revoked: Option<bool>,
    pub mock: Option<bool>,
    /// Show the retired ones too.
    pub retired: bool,
}

/// The order of a list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sort {
    /// Soonest first.
    #[default]
    Expiry,
    Name,
    Account,
    FirstSeen,
}

/// One page of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Query {
    pub filter: Filter,
    pub sort: Sort,
    pub descending: bool,
    pub limit: usize,
    /// Where the last page ended.
    pub after: Option<String>,
}
