//! What passes between the sensor and a certificate authority, beside certificates.
//! Above: `issuer`, `ledger`, `delivery`, `cli`. Below: nothing.
//! Invariant: the reasons are those that RFC 5280 and the public CAs' rules allow a subscriber to give.

use super::time::Millis;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// Why a certificate is taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RevocationReason {
    Unspecified,
    KeyCompromise,
    AffiliationChanged,
    Superseded,
    CessationOfOperation,
    PrivilegeWithdrawn,
}

/// Not a reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "no reason to revoke: use unspecified, key-compromise, affiliation-changed, superseded, cessation-of-operation or privilege-withdrawn"
)]
pub struct ReasonError;

impl RevocationReason {
    /// Every reason with its word.
    const WORDS: [(Self, &'static str); 6] = [
        (Self::Unspecified, "unspecified"),
        (Self::KeyCompromise, "key-compromise"),
        (Self::AffiliationChanged, "affiliation-changed"),
        (Self::Superseded, "superseded"),
        (Self::CessationOfOperation, "cessation-of-operation"),
        (Self::PrivilegeWithdrawn, "privilege-withdrawn"),
    ];

    /// The word of the command line and of JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        let found = Self::WORDS.iter().find(|(reason, _)| *reason == self);
        found.map_or("unspecified", |(_, word)| word)
    }
}

impl FromStr for RevocationReason {
    type Err = ReasonError;
    fn from_str(text: &str) -> Result<Self, ReasonError> {
        let found = Self::WORDS.iter().find(|(_, word)| *word == text);
        found.map(|(reason, _)| *reason).ok_or(ReasonError)
    }
}

impl fmt::Display for RevocationReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// When the CA would have a certificate renewed (RFC 9773). A window that begins in the past means: now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenewalWindow {
    pub start: Millis,
    pub end: Millis,
    /// A page of the CA's that tells why.
    pub explanation: Option<String>,
    /// How long this answer holds.
    pub ask_again: Duration,
}

#[cfg(test)]
mod tests {
    use super::RevocationReason;

    #[test]
    fn every_reason_reads_back() {
        for (reason, word) in RevocationReason::WORDS {
            assert_eq!(word.parse(), Ok(reason));
            assert_eq!(reason.to_string(), word);
            assert_eq!(serde_json::to_value(reason).unwrap(), word);
        }
        assert!("ca-compromise".parse::<RevocationReason>().is_err());
    }
}
