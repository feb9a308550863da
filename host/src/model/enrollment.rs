//! What an operator asked for, and how far it is: requests, issuances, deliveries.
//! Above: `ledger`, `delivery`, `app`, `cli`. Below: `id`, `problem`, `time`.
//! Invariant: no key and no secret in any record; a state is written before the act that it names.

use super::id::{ConnectorId, DeliveryId, IssuanceId, IssuerId, ProfileId, RequestId};
use super::problem::OperationError;
use super::revocation::RevokedFor;
use super::time::Millis;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A place where a certificate is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Wish {
    pub connector: ConnectorId,
    pub account: String,
    pub region: String,
    /// The place's own identifier (an ARN), once there is one: it is renewed in place from then on.
    pub place: Option<String>,
}

impl std::fmt::Display for Wish {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}:{}", self.connector, self.account, self.region)
    }
}

/// Where a request's certificate and key come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Source {
    /// The sensor makes the key, the profile's issuer the certificate.
    Issued,
    /// The operator keeps the key and brought a certificate signing request (DER, hexadecimal): nothing to deliver.
    SigningRequest { csr: String },
    /// The operator brought both; the sensor delivers them and lets them end.
    Brought,
}

/// Where a request stands, as an operator decides it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RequestState {
    AwaitingApproval,
    /// To be issued, delivered, and renewed in time.
    Active,
    /// Nothing more is done for it; what was delivered stays.
    Cancelled,
}

/// One wish for a certificate, from now on for as long as it is active.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Request {
    pub id: RequestId,
    pub state: RequestState,
    pub profile: ProfileId,
    /// As certificates write them: A-labels in lower case, IP addresses; the first is the common name.
    pub names: Vec<String>,
    pub source: Source,
    pub targets: Vec<Wish>,
    pub tags: BTreeMap<String, String>,
    pub business_unit: Option<String>,
    pub contact: Option<String>,
    /// The operating system's names of who asked and who approved.
    pub requested_by: String,
    pub approved_by: Option<String>,
    pub created_at: Millis,
    pub updated_at: Millis,
    /// When the next issuance begins; none while one is under way, or when nothing is to come.
    pub renew_at: Option<Millis>,
    /// When the first of its places has no valid certificate any more; none before the first issuance.
    pub expires_at: Option<Millis>,
    #[serde(default)]
    pub outlook: Outlook,
    /// Its certificate was found to be revoked by the CA.
    #[serde(default)]
    pub found_revoked: Option<FoundRevoked>,
    /// How many issuances it has had.
    pub generation: u32,
}

/// What the last issuance left to be done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outlook {
    /// Targets, by their place in the request, that the newest certificate did not reach.
    #[serde(default)]
    pub behind: Vec<u32>,
    /// When the certificate ends that the others have, and when all are to be renewed.
    #[serde(default)]
    pub ends_at: Option<Millis>,
    #[serde(default)]
    pub due_at: Option<Millis>,
    /// When the issuer is asked again whether it wants another date (RFC 9773).
    #[serde(default)]
    pub ask_at: Option<Millis>,
}

/// A certificate that its CA took back, as the CA's own status told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundRevoked {
    /// Of the leaf's DER, hexadecimal.
    pub sha256: String,
    pub revoked_at: Option<Millis>,
    pub reason: Option<RevokedFor>,
    pub found_at: Millis,
}

/// Where an issuance stands. Each state is written before what it says is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IssuanceState {
    /// Nothing was done yet but the preflight.
    Planned,
    /// The key is sealed in the ledger.
    KeyMade,
    /// The issuer is being asked; whether it was is not known yet.
    Ordering,
    /// The issuer knows it under the order's name.
    Ordered,
    /// Certificate and chain are here and fit the key.
    Issued,
    /// The key is on its way into the cloud's waiting room.
    Parking,
    /// Deliveries are under way, each for itself.
    Delivering,
    /// All deliveries have ended; the key is being erased.
    KeyDropping,
    /// Every delivery arrived and the key is gone.
    Done,
    /// It ended before, or some delivery did; the key is gone.
    Failed,
    /// The operator gave it up; the key is gone.
    Abandoned,
}

impl IssuanceState {
    /// Whether nothing more will be done for it.
    #[must_use]
    pub fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Abandoned)
    }

    /// The word in the ledger, in answers and in the journal.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::KeyMade => "key-made",
            Self::Ordering => "ordering",
            Self::Ordered => "ordered",
            Self::Issued => "issued",
            Self::Parking => "parking",
            Self::Delivering => "delivering",
            Self::KeyDropping => "key-dropping",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Abandoned => "abandoned",
        }
    }
}

/// Where the key of an issuance waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "place")]
pub enum KeyPlace {
    /// Sealed in the ledger.
    Sensor,
    /// Sealed in the cloud of this connector, under this name; the ledger keeps the other half.
    Cloud {
        connector: ConnectorId,
        name: String,
    },
    /// With the operator: the sensor never had it.
    Operator,
}

/// A certificate that was issued or brought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issued {
    /// DER, hexadecimal; a certificate is public.
    #[serde(with = "hexadecimal")]
    pub leaf: Vec<u8>,
    /// Nearest first.
    #[serde(with = "hexadecimals")]
    pub chain: Vec<Vec<u8>>,
    /// Lower-case hexadecimal, without leading zeros.
    pub serial: String,
    /// Of the leaf's DER, hexadecimal.
    pub sha256: String,
    pub not_before: Millis,
    pub not_after: Millis,
}

/// What went wrong last, and how often in a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setback {
    pub times: u32,
    pub at: Millis,
    pub error: OperationError,
}

/// One certificate made for a request: the first, or a renewal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Issuance {
    pub id: IssuanceId,
    pub request: RequestId,
    /// 1 for the first.
    pub generation: u32,
    pub state: IssuanceState,
    /// The signed request (DER, hexadecimal), the same for every try.
    pub csr: Option<String>,
    /// What the issuer calls the order.
    pub order: Option<String>,
    /// Orders that ended without a certificate.
    pub orders: u32,
    pub key: KeyPlace,
    /// Whom its order went to; a profile may name another one later. None before the order.
    #[serde(default)]
    pub issuer: Option<IssuerId>,
    pub issued: Option<Issued>,
    /// The certificate that it follows, for the issuer (leaf, DER, hexadecimal).
    pub replaces: Option<String>,
    pub setback: Option<Setback>,
    /// Since when it waits for an operator to mend what it was refused for; then it is given up.
    #[serde(default)]
    pub resting_since: Option<Millis>,
    /// When to go on; none when it is over.
    pub due_at: Option<Millis>,
    /// The sooner the certificate in use ends, the sooner this one's turn.
    pub urgency: Millis,
    pub created_at: Millis,
    pub updated_at: Millis,
}

/// Where a delivery stands. Each state is written before what it says is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeliveryState {
    /// Its certificate is not there yet, or its turn is not.
    Waiting,
    /// The cloud is being asked; whether it arrived is not known.
    Importing,
    /// The cloud told its place.
    Imported,
    /// Read back, and the same to the last byte.
    Verified,
    Failed,
    /// Its issuance ended before its turn came.
    GivenUp,
    /// Taken out of the cloud again.
    Withdrawn,
}

impl DeliveryState {
    /// Every state.
    pub const ALL: [Self; 7] = [
        Self::Waiting,
        Self::Importing,
        Self::Imported,
        Self::Verified,
        Self::Failed,
        Self::GivenUp,
        Self::Withdrawn,
    ];

    #[must_use]
    pub fn is_over(self) -> bool {
        matches!(
            self,
            Self::Verified | Self::Failed | Self::GivenUp | Self::Withdrawn
        )
    }

    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Importing => "importing",
            Self::Imported => "imported",
            Self::Verified => "verified",
            Self::Failed => "failed",
            Self::GivenUp => "given-up",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// An issuance on its way to one place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Delivery {
    pub id: DeliveryId,
    pub issuance: IssuanceId,
    pub request: RequestId,
    /// Which of the request's targets.
    pub index: u32,
    pub target: Wish,
    pub state: DeliveryState,
    /// Whether the place was there before (renewed in place) or is made by this delivery.
    pub in_place: bool,
    /// Its place could not be asked before the order, and has to be before anything is sent there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub untried: bool,
    /// Since when nobody knows whether it arrived; and how often it was tried.
    pub importing_since: Option<Millis>,
    pub attempts: u32,
    pub setback: Option<Setback>,
    /// Worth knowing, no reason to fail: tags that could not be put.
    pub notes: Vec<String>,
    pub due_at: Option<Millis>,
    pub created_at: Millis,
    pub updated_at: Millis,
}

/// A line of the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    pub at: Millis,
    pub request: RequestId,
    pub issuance: Option<IssuanceId>,
    pub delivery: Option<DeliveryId>,
    /// Kebab-case, stable ("ordered").
    pub what: String,
    pub detail: String,
}

mod hexadecimal {
    use serde::{Deserialize, Deserializer, Serializer};
    pub(super) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&hex::encode(bytes))
    }
    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        hex::decode(String::deserialize(from)?).map_err(serde::de::Error::custom)
    }
}

mod hexadecimals {
    use serde::{Deserialize, Deserializer, Serializer};
    pub(super) fn serialize<S: Serializer>(list: &[Vec<u8>], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(list.iter().map(hex::encode))
    }
    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Vec<Vec<u8>>, D::Error> {
        let list = Vec::<String>::deserialize(from)?;
        let decoded = list.iter().map(hex::decode).collect::<Result<_, _>>();
        decoded.map_err(serde::de::Error::custom)
    }
}
