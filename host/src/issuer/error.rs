//! Why an issuer did not do what it was asked, and what may be done about it.
//! Above: every issuer; `delivery` decides by the class. Below: `ledger`.
//! Invariant: no secret in any text; what a CA said is cleaned and cut.

use crate::ledger::LedgerError;
use crate::model::text::clean;
use std::time::Duration;

/// What a caller can do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IssuerErrorClass {
    /// The issuer's file or the request is wrong: nothing helps until an operator changes it.
    Config,
    /// The CA, or the cloud that it lies in, does not know the sensor or does not let it.
    Denied,
    /// The CA will not issue this: asking again is answered the same.
    Refused,
    /// The order came to an end without a certificate. A new order for the same key may do better.
    OrderEnded,
    /// Nothing is decided: the same call again, no earlier than this.
    Retry { after: Duration },
    /// The CA's answer makes no sense, or the sensor is at fault.
    Internal,
}

/// Why an issuer did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} ({code})")]
pub struct IssuerError {
    pub class: IssuerErrorClass,
    /// Kebab-case, stable, or the CA's own word.
    pub code: String,
    pub message: String,
}

impl IssuerError {
    pub(super) fn new(class: IssuerErrorClass, code: &str, message: impl AsRef<str>) -> Self {
        Self {
            class,
            code: clean(code, 80),
            message: clean(message.as_ref(), 600),
        }
    }

    pub(super) fn config(code: &str, message: impl AsRef<str>) -> Self {
        Self::new(IssuerErrorClass::Config, code, message)
    }

    pub(super) fn refused(code: &str, message: impl AsRef<str>) -> Self {
        Self::new(IssuerErrorClass::Refused, code, message)
    }

    pub(super) fn internal(code: &str, message: impl AsRef<str>) -> Self {
        Self::new(IssuerErrorClass::Internal, code, message)
    }

    /// How long to wait before the same call again; none if that is of no use.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self.class {
            IssuerErrorClass::Retry { after } => Some(after),
            _ => None,
        }
    }
}

impl From<LedgerError> for IssuerError {
    fn from(error: LedgerError) -> Self {
        // The disk's trouble, or another process's: nothing is decided.
        let after = Duration::from_secs(10);
        Self::new(
            IssuerErrorClass::Retry { after },
            "ledger",
            error.to_string(),
        )
    }
}
