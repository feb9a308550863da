//! A certificate as the sensor itself reads it from its DER.
//! Above: `bindings::convert`, `store`. Below: `id`.
//! Invariant: every field is derived from the DER here; nothing that a plugin says about a certificate enters.

use super::id::Sha256;
use super::time::Millis;
use serde::{Deserialize, Serialize};

mod algorithms;
mod names;
mod parse;
mod pem;
pub use algorithms::key_algorithm_of;
pub(crate) use names::subject_parts;
pub use parse::ParseError;
pub use pem::{from_pem, to_pem};

/// What a certificate says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// SHA-256 of the DER.
    pub fingerprint: Sha256,
    /// RFC 4514 text.
    pub subject: String,
    pub common_name: Option<String>,
    /// DNS names, lower case, in the order of the certificate.
    pub dns_names: Vec<String>,
    /// Every other subject alternative name, as `type:value`.
    pub other_names: Vec<String>,
    /// RFC 4514 text.
    pub issuer: String,
    /// Lower-case hexadecimal without leading zeros.
    pub serial: String,
    pub not_before: Millis,
    pub not_after: Millis,
    /// "RSA-2048", "EC-P256", …
    pub key_algorithm: String,
    /// "sha256WithRSAEncryption", or the OID.
    pub signature_algorithm: String,
    /// "digitalSignature", …
    pub key_usages: Vec<String>,
    /// "serverAuth", …, or the OID.
    pub extended_key_usages: Vec<String>,
    /// Subject equals issuer.
    pub self_signed: bool,
    pub is_ca: bool,
}

impl Certificate {
    /// Reads a certificate.
    ///
    /// # Errors
    /// When the bytes are not exactly one X.509 certificate.
    pub fn from_der(der: &[u8]) -> Result<Self, ParseError> {
        parse::parse(der)
    }

    /// The public key of a certificate: SubjectPublicKeyInfo, DER.
    ///
    /// # Errors
    /// When the bytes are not exactly one X.509 certificate.
    pub fn public_key_of(der: &[u8]) -> Result<Vec<u8>, ParseError> {
        parse::public_key(der)
    }
}
