//! What a connector's plan brings: accounts, splits, and what was left out.
//! Above: `bindings::convert`, `plugin`, `connector`. Below: `account`, `split`, `problem`.
//! Invariant: every text is clean and capped; ids of splits are fit for a key.

use super::account::Account;
use super::asset::PageEntry;
use super::problem::Problem;
use super::split::{Coverage, Cursor, Split};

/// A part of the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanPage {
    pub entries: Vec<PlanEntry>,
    pub problems: Vec<Problem>,
    /// None: this was the last part.
    pub next: Option<Cursor>,
}

/// One thing that a plan tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlanEntry {
    Account(Account),
    Split(Split),
    Skipped(Skipped),
}

/// A place that should have become a split and did not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// The split that it stands for. None: the account's regions are not known.
    pub id: Option<String>,
    pub account: String,
    pub region: Option<String>,
    pub reason: SkipReason,
    pub message: String,
}

impl Skipped {
    /// The id that it is recorded under: that of its split, or the account's own for all that could not be named.
    #[must_use]
    pub fn split(&self) -> String {
        self.id.clone().unwrap_or_else(|| self.account.clone())
    }
}

/// Why a place did not become a split.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SkipReason {
    OutOfScope,
    Disabled,
    Denied,
    Throttled,
    Failed,
}

impl SkipReason {
    /// How well such a place is covered.
    #[must_use]
    pub fn coverage(self) -> Coverage {
        match self {
            Self::OutOfScope | Self::Disabled => Coverage::Skipped,
            Self::Denied => Coverage::Denied,
            Self::Throttled => Coverage::Throttled,
            Self::Failed => Coverage::Failed,
        }
    }
}

/// A page of a split, after the sensor's own checks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadPage {
    pub entries: Vec<PageEntry>,
    pub problems: Vec<Problem>,
    /// None: this was the last page, and all of the split was seen.
    pub next: Option<Cursor>,
}
