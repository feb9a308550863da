//! What is brought to a place in a cloud, and what is found there.
//! Above: `delivery`, `plugin`. Below: `certificate`.
//! Invariant: no private key, sealed or not, is in any of these.

use super::certificate::Certificate;
use super::id::Sha256;
use super::time::Millis;
use serde::{Deserialize, Serialize};

/// A key and its value, as clouds tag things.
pub type Tag = (String, String);

/// Where a certificate is wanted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Target {
    /// Twelve digits.
    pub account: String,
    pub region: String,
    /// The place's own identifier (an ARN) once there is one: then it is renewed in place, never made anew.
    pub id: Option<String>,
}

/// What is going to be delivered: known before anything is ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    pub names: Vec<String>,
    /// In ACM's words: "EC_prime256v1".
    pub key_algorithm: String,
    /// In ACM's words: "DIGITAL_SIGNATURE".
    pub key_usages: Vec<String>,
    /// In ACM's words: "TLS_WEB_SERVER_AUTHENTICATION".
    pub extended_key_usages: Vec<String>,
    /// The signing certificate's key, where it is known.
    pub issuer_key_algorithm: Option<String>,
    /// What a new certificate is to bear.
    pub tags: Vec<Tag>,
    /// How many more of this target's imports stand in line, this one included.
    pub imports_planned: u32,
    /// Imports that the sensor made in this account and region in the last 365 days.
    pub imports_made: u32,
    /// Whether the key is to wait in the cloud.
    pub park: bool,
}

/// A certificate with its chain, ready. Its key goes beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Material {
    /// DER.
    pub leaf: Vec<u8>,
    /// DER, nearest first, without the leaf.
    pub chain: Vec<Vec<u8>>,
    /// For a first delivery: what marks it as the sensor's own.
    pub tags: Vec<Tag>,
}

/// By what a delivery is known again when nobody knows whether it arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    pub sha256: Sha256,
    /// As [`Certificate::serial`].
    pub serial: String,
    /// What this delivery puts on the thing that it makes.
    pub tag: Tag,
}

/// A certificate at its place, as read back. What it says was read from its DER by the sensor itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub id: String,
    pub certificate: Certificate,
    /// DER.
    pub leaf: Vec<u8>,
    pub in_use: bool,
    pub tags: Vec<Tag>,
    pub created_at: Option<Millis>,
}

/// A key that waits in the cloud, or was left there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parked {
    pub name: String,
    pub created_at: Option<Millis>,
    pub tags: Vec<Tag>,
}
