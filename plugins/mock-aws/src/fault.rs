//! How the simulated AWS says no: AWS's code, AWS's HTTP status, and what follows for the caller.
//! Above: every operation of `world`; the faces turn a fault into their own shape. Below: nothing.
//! Invariant: the code is one that the real service uses; invented codes do not exist here.

use sensor_sdk::types::{Error, ErrorClass};
use std::fmt;

/// An operation that failed, as AWS would say it.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// AWS's code, without a namespace ("ThrottlingException").
    pub code: String,
    /// AWS's text.
    pub message: String,
    /// The HTTP status that carries it.
    pub status: u16,
    /// How long to wait, where the service says so.
    pub retry_after_ms: Option<u64>,
    /// What follows for the caller.
    pub class: ErrorClass,
}

impl Fault {
    /// A fault with a 4xx or 5xx status.
    pub fn new(class: ErrorClass, status: u16, code: &str, message: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            message: message.into(),
            status,
            retry_after_ms: None,
            class,
        }
    }

    /// A value that the service does not accept.
    pub fn validation(message: impl Into<String>) -> Self {
        Self::new(ErrorClass::Unsupported, 400, "ValidationException", message)
    }

    /// Something that is not there (any more).
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(
            ErrorClass::NotFound,
            400,
            "ResourceNotFoundException",
            message,
        )
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (HTTP {}): {}", self.code, self.status, self.message)
    }
}

impl std::error::Error for Fault {}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        Self {
            class: fault.class,
            code: fault.code,
            message: fault.message,
            detail: None,
            retry_after_ms: fault.retry_after_ms,
            subject: None,
        }
    }
}
