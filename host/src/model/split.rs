//! The unit of work: one (account, region, service), and how well it was covered.
//! Above: `connector`, `store`. Below: `problem`.
//! Invariant: only a split that was seen to its end may say that something is gone: complete, or partial for nothing
//! but a few certificates that nobody can read.

use serde::{Deserialize, Serialize};

/// Where a plugin went on from. Stored beside the page, handed back unread.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    pub version: u32,
    pub value: String,
}

/// One unit of work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Split {
    /// Stable from run to run, unique in the connector.
    pub id: String,
    pub account: String,
    pub region: Option<String>,
    pub service: String,
    /// The plugin's own.
    pub payload: String,
}

/// How well a split was covered by one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Coverage {
    /// All of it was seen.
    Complete,
    /// All of it was listed, some of it could not be read.
    Partial,
    /// The cloud refuses.
    Denied,
    /// Too many requests, to the end.
    Throttled,
    /// Anything else that ended it.
    Failed,
    /// Not tried: disabled, out of scope.
    Skipped,
}
