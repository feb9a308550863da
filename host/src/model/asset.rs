//! A certificate at its places.
//! Above: `store`, `connector`, `cli`. Below: `certificate`, `id`.
//! Invariant: what the cloud says of a place is kept apart from what the certificate says of itself.

use super::certificate::Certificate;
use super::id::{ConnectorId, RunId, Sha256};
use super::revocation::Revocation;
use super::time::Millis;
use serde::{Deserialize, Serialize};

/// The cloud's status of a certificate, in the sensor's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    Pending,
    Issued,
    Inactive,
    Expired,
    Revoked,
    Failed,
    Unknown,
}

/// How the cloud came by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    Imported,
    CloudIssued,
    PrivateCa,
    Unknown,
}

/// Whether and how the cloud renews it by itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Renewal {
    pub automatic: bool,
    pub status: Option<String>,
    pub reason: Option<String>,
}

/// What the cloud says of one place, as a page brought it. The key is (connector, id).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The cloud's identifier: an ARN.
    pub id: String,
    pub display_name: Option<String>,
    pub status: Status,
    pub provider_status: String,
    pub source: Source,
    pub in_use: Option<bool>,
    pub in_use_by: Vec<String>,
    pub renewal: Renewal,
    pub origin: Option<String>,
    pub managed_by: Option<String>,
    pub tags: Vec<(String, String)>,
    pub created_at: Option<Millis>,
    pub imported_at: Option<Millis>,
    pub issued_at: Option<Millis>,
    pub revoked_at: Option<Millis>,
    pub attributes: Vec<(String, String)>,
    /// Opaque to the sensor; handed back to the plugin.
    pub marker: String,
}

/// A certificate that a page brought: its place, its DER and what the sensor read from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub place: Place,
    /// None while there is no body (pending, failed).
    pub body: Option<Body>,
}

/// The body of a found certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    pub certificate: Certificate,
    pub der: Vec<u8>,
    /// Without the leaf, nearest first, each with what was read from it.
    pub chain: Vec<(Certificate, Vec<u8>)>,
}

/// One entry of a page, after the sensor's own checks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PageEntry {
    Found(Box<Found>),
    /// Still there, as remembered. If the sensor does not remember it, the split is restarted without markers.
    Unchanged(String),
    /// There, left out by the import filters.
    Filtered(String),
    /// There, not readable.
    Unreadable(Unreadable),
}

/// A place that is there and could not be read; the page's problems tell why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    pub id: String,
    /// What stands there instead of a certificate. None: nothing came.
    pub poison: Option<Poison>,
}

/// What came in a certificate's place and is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Poison {
    pub code: String,
    pub message: String,
    /// Its beginning.
    pub bytes: Vec<u8>,
    /// How long it was in full.
    pub length: u64,
}

impl Poison {
    /// So many bytes of it are kept.
    pub const KEPT: usize = 16 << 10;

    /// Poison of these bytes. What looks like a private key is not kept.
    #[must_use]
    pub fn new(code: &str, message: &str, mut bytes: Vec<u8>) -> Self {
        let length = bytes.len() as u64;
        let secret = b"PRIVATE KEY";
        if bytes.windows(secret.len()).any(|part| part == secret) {
            bytes.clear();
        }
        bytes.truncate(Self::KEPT);
        Self {
            code: code.to_owned(),
            message: message.to_owned(),
            bytes,
            length,
        }
    }
}

/// A place whose content is kept in quarantine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quarantined {
    pub id: String,
    pub connector: ConnectorId,
    pub split: String,
    pub poison: Poison,
    /// SHA-256 of the plugin that brought it.
    pub plugin: Sha256,
    /// When it came first, and last, in this form.
    pub first_seen: Millis,
    pub last_seen: Millis,
    pub run: RunId,
}

/// A place as the inventory keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Location {
    pub connector: ConnectorId,
    pub account: String,
    pub region: Option<String>,
    pub service: String,
    pub split: String,
    pub place: Place,
    /// None while there is no body.
    pub fingerprint: Option<Sha256>,
    pub chain: Vec<Sha256>,
    pub business_unit: Option<String>,
    /// The connector's own tags, put on everything that it imports.
    pub import_tags: Vec<(String, String)>,
    /// Came from a mock-host.
    pub mock: bool,
    pub first_seen: Millis,
    pub last_seen: Millis,
    /// When it was last read in full.
    pub read_at: Millis,
    pub run: RunId,
    /// Its split could not be read to the end lately: what is shown is the last that is known.
    pub stale: bool,
    pub missing_since: Option<Millis>,
    /// Complete runs in a row that did not see it.
    pub misses: u32,
    /// Retired: kept as history.
    pub retired_at: Option<Millis>,
}

/// A row of the inventory: one location with its certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Asset {
    pub location: Location,
    pub certificate: Option<Certificate>,
    /// What its CA says of it; none: it was not asked yet.
    pub revocation: Option<Revocation>,
}
