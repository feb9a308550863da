//! One pass of a connector over all of its splits, and what came of it.
//! Above: `store`, `connector`, `cli`. Below: `split`, `problem`.
//! Invariant: a run is green only when every split of it is complete.

use super::id::{ConnectorId, RunId};
use super::problem::{OperationError, Problem};
use super::split::Coverage;
use super::time::Millis;
use serde::{Deserialize, Serialize};

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunStatus {
    Running,
    /// Every split complete.
    Complete,
    /// It ended, and at least one split is not complete.
    Partial,
    /// Nothing could be read.
    Failed,
    /// Stopped by the operator; the next run goes on from its checkpoints.
    Stopped,
    /// The sensor died in mid-run; the next run goes on from its checkpoints.
    Interrupted,
}

/// One pass of a connector.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    pub id: RunId,
    pub connector: ConnectorId,
    /// "aws-unified 0.1.0".
    pub plugin: String,
    /// Its cloud was a mock-host.
    pub mock: bool,
    pub status: RunStatus,
    pub started_at: Millis,
    pub ended_at: Option<Millis>,
    pub counts: Counts,
    /// Calls by `service:Operation`.
    pub calls: Vec<(String, u64)>,
    /// What ended the run as a whole.
    pub error: Option<OperationError>,
    /// Problems of the plan, which belong to no split.
    pub problems: Vec<Problem>,
}

/// What a split or a run did, in numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    pub splits: u64,
    pub pages: u64,
    /// Certificates seen at their places.
    pub seen: u64,
    pub new: u64,
    pub changed: u64,
    pub unchanged: u64,
    /// Left out by the import filters.
    pub filtered: u64,
    pub unreadable: u64,
    /// The unreadable ones whose content is kept in quarantine.
    pub quarantined: u64,
    /// Not seen by a complete split for the first time, or again.
    pub missing: u64,
    /// Retired by the rules for what is gone.
    pub retired: u64,
    pub problems: u64,
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.splits += other.splits;
        self.pages += other.pages;
        self.seen += other.seen;
        self.new += other.new;
        self.changed += other.changed;
        self.unchanged += other.unchanged;
        self.filtered += other.filtered;
        self.unreadable += other.unreadable;
        self.quarantined += other.quarantined;
        self.missing += other.missing;
        self.retired += other.retired;
        self.problems += other.problems;
    }
}

impl std::ops::Sub for Counts {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self {
            splits: self.splits.saturating_sub(other.splits),
            pages: self.pages.saturating_sub(other.pages),
            seen: self.seen.saturating_sub(other.seen),
            new: self.new.saturating_sub(other.new),
            changed: self.changed.saturating_sub(other.changed),
            unchanged: self.unchanged.saturating_sub(other.unchanged),
            filtered: self.filtered.saturating_sub(other.filtered),
            unreadable: self.unreadable.saturating_sub(other.unreadable),
            quarantined: self.quarantined.saturating_sub(other.quarantined),
            missing: self.missing.saturating_sub(other.missing),
            retired: self.retired.saturating_sub(other.retired),
            problems: self.problems.saturating_sub(other.problems),
        }
    }
}

/// One split in one run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SplitRun {
    pub split: String,
    pub account: String,
    pub region: Option<String>,
    pub service: String,
    pub coverage: Coverage,
    pub started_at: Millis,
    pub ended_at: Millis,
    pub counts: Counts,
    /// What ended it, when it is not complete.
    pub error: Option<OperationError>,
    /// The first hundred; `counts.problems` has the number of all.
    pub problems: Vec<Problem>,
    /// Too much of it was gone at once: nothing was counted as missing, the operator is asked.
    pub held: bool,
}
