//! Keys that wait in a cloud: under which name, and in which form.
//! Above: `handle`, `delivery`. Below: nothing.
//! Invariant: what is parked is sealed; its name and its text say which issuance it is of, and nothing about the key.

use super::Keeper;
use crate::model::id::{IssuanceId, Sha256};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

/// The first word of a parked text, with the version of its form.
const FORM: &str = "sensor-key.v1";

/// Where an issuance's key is parked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parking {
    /// `sensor/<sensor id>/<issuance>`.
    pub name: String,
    /// The same for every try, so that a second try makes no second secret.
    pub token: String,
}

impl Keeper {
    /// Where an issuance's key is parked.
    #[must_use]
    pub fn parking(&self, issuance: IssuanceId) -> Parking {
        let name = format!("{}{issuance}", self.prefix);
        let token = hex::encode(&Sha256::of(name.as_bytes()).0[..16]);
        Parking { name, token }
    }

    /// The issuance whose key lies under this name, or under the ARN of a secret of this name. None if it is not one
    /// of this sensor's names.
    #[must_use]
    pub fn issuance_of(&self, secret_id: &str) -> Option<IssuanceId> {
        let (before, rest) = secret_id.split_once(&*self.prefix)?;
        let in_arn = before.starts_with("arn:") && before.ends_with(":secret:");
        let number = match rest.split_once('-') {
            // AWS appends a hyphen and six characters.
            Some((number, _)) if in_arn => number,
            _ if before.is_empty() || in_arn => rest,
            _ => return None,
        };
        let plain = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
        number.parse().ok().filter(|_| plain).map(IssuanceId)
    }
}

pub(super) fn write(issuance: IssuanceId, sealed: &[u8]) -> String {
    format!("{FORM}.{issuance}.{}", STANDARD_NO_PAD.encode(sealed))
}

pub(super) fn read(text: &str) -> Option<(IssuanceId, Vec<u8>)> {
    let (number, sealed) = text
        .strip_prefix(FORM)?
        .strip_prefix('.')?
        .split_once('.')?;
    let issuance = IssuanceId(number.parse().ok()?);
    Some((issuance, STANDARD_NO_PAD.decode(sealed).ok()?))
}
