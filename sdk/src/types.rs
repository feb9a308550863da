//! The contract's records under one short path each.
//! Above: every plugin. Below: `bindings`.
//! Invariant: only names, no logic.

pub use crate::bindings::connector::exports::sensor::connector::connector::{
    Cursor, Description, Finding, Page, PlanPage, Split,
};
pub use crate::bindings::connector::sensor::aws::batch;
pub use crate::bindings::connector::sensor::aws::types as aws;
pub use crate::bindings::connector::sensor::connector::known::Marker;
pub use crate::bindings::connector::sensor::connector::types::{
    Account, Certificate, CertificateSource, CertificateStatus, CheckStatus, Entry, PlanEntry,
    Renewal, SkipReason, Skipped, Unreadable,
};
pub use crate::bindings::connector::sensor::core::log::Level;
pub use crate::bindings::connector::sensor::core::types::{
    Error, ErrorClass, Problem, Severity, Tag, Timestamp,
};

/// Bringing certificates to their places.
pub mod delivery {
    pub use crate::bindings::delivery::exports::sensor::connector::delivery::{
        Found, Material, Parked, Planned, Target, Trace,
    };
}
