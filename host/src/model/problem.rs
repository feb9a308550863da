//! What went wrong: with one thing (a [`Problem`], data) or with a whole operation (an [`OperationError`]).
//! Above: every layer. Below: `text`.
//! Invariant: no secret in any field; texts are clean and capped.

use serde::{Deserialize, Serialize};

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    Info,
    Warning,
    Error,
}

/// Something that went wrong with one thing while the rest went on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    pub severity: Severity,
    pub code: String,
    pub subject: Option<String>,
    pub message: String,
}

/// What a caller can do about an error. Mirrors the contract's `error-class`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorClass {
    Config,
    AuthExpired,
    AccessDenied,
    NotFound,
    Conflict,
    Throttled,
    Transient,
    InvalidResponse,
    Unsupported,
    LimitExceeded,
    Cancelled,
    Internal,
    Other,
}

/// An operation that failed as a whole. Mirrors the contract's `error`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message} ({code})")]
pub struct OperationError {
    pub class: ErrorClass,
    pub code: String,
    pub message: String,
    pub detail: Option<String>,
    pub retry_after_ms: Option<u64>,
    pub subject: Option<String>,
}

impl OperationError {
    /// An error with a class, a code and a message.
    #[must_use]
    pub fn new(class: ErrorClass, code: &str, message: impl Into<String>) -> Self {
        Self {
            class,
            code: code.to_owned(),
            message: message.into(),
            detail: None,
            retry_after_ms: None,
            subject: None,
        }
    }

    /// The same error, about something.
    #[must_use]
    pub fn about(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }
}
