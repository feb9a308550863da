//! What goes into the inventory and what comes out, beyond the model's own nouns.
//! Above: `connector`, `cli`. Below: `model`.
//! Invariant: plain data, no handle to the store.

use super::Inventory;
use crate::model::account::Account;
use crate::model::asset::{Asset, Location, PageEntry};
use crate::model::certificate::Certificate;
use crate::model::id::{ConnectorId, RunId, Sha256};
use crate::model::problem::{OperationError, Problem};
use crate::model::revocation::Revocation;
use crate::model::run::{Counts, RunStatus};
use crate::model::split::{Coverage, Cursor, Split};
use crate::model::time::Millis;
use serde::{Deserialize, Serialize};

/// An open inventory, and what the operator must be told about the opening.
#[derive(Debug)]
pub struct Opened {
    pub inventory: Inventory,
    /// A damaged inventory was moved aside: where to, and that an import fills the new one.
    pub notice: Option<String>,
}

/// Who starts a run.
#[derive(Debug, Clone)]
pub struct RunStart<'a> {
    pub connector: &'a ConnectorId,
    /// "aws-unified 0.1.0".
    pub plugin: String,
    /// Its cloud is a mock-host.
    pub mock: bool,
}

/// How a run ended. The counts come from its splits.
#[derive(Debug, Clone)]
pub struct RunEnd {
    pub status: RunStatus,
    /// The plan was walked to its end and every split of it was ended; counts when the status is `Complete` or
    /// `Partial`: accounts that it did not tell are dropped from the tree, and places of
    /// splits that it did not tell become stale.
    pub plan_complete: bool,
    /// Calls by `service:Operation`.
    pub calls: Vec<(String, u64)>,
    pub error: Option<OperationError>,
    /// Problems of the plan, which belong to no split.
    pub problems: Vec<Problem>,
}

/// Which runs to list; newest first.
#[derive(Debug, Clone, Default)]
pub struct RunFilter {
    pub connector: Option<ConnectorId>,
    /// At most this many; none for all.
    pub limit: Option<usize>,
}

/// Where a scan of a split stands that has not ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The run that began the scan.
    pub run: RunId,
    /// Where the next page begins. None: the last page is committed, only `finish_split` is missing.
    pub cursor: Option<Cursor>,
    /// Places seen so far, once each.
    pub seen: u64,
    /// Of the whole scan so far, pages of earlier runs included.
    pub counts: Counts,
}

/// What a plugin may know of a place that was read before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marker {
    pub value: String,
    pub read_at: Millis,
}

/// What a connector puts on everything that it imports.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ImportLabels {
    pub business_unit: Option<String>,
    pub tags: Vec<(String, String)>,
}

/// One page of a split, to be kept together with its cursor or not at all.
#[derive(Debug)]
pub struct PageCommit<'a> {
    pub connector: &'a ConnectorId,
    pub run: RunId,
    pub split: &'a Split,
    /// The cursor that the page was read with. None begins a new scan of the split and drops an old checkpoint.
    pub at: Option<Cursor>,
    pub entries: Vec<PageEntry>,
    pub problems: Vec<Problem>,
    /// None: this was the last page.
    pub next: Option<Cursor>,
    /// SHA-256 of the plugin that read it.
    pub plugin: Sha256,
    pub labels: &'a ImportLabels,
}

/// What came of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed {
    /// Of this page alone.
    pub counts: Counts,
    /// `Unchanged` entries that the inventory does not remember: restart the split without markers.
    pub unknown: Vec<String>,
}

/// How reading a split ended.
#[derive(Debug, Clone)]
pub struct SplitEnd {
    /// As the run saw it. `Complete` becomes `Partial` when something was unreadable or the outcome is held, and
    /// `Failed` when too much was unreadable. What is missing is counted all the same when nothing else was unreadable
    /// than a few whose content is in quarantine.
    pub coverage: Coverage,
    pub error: Option<OperationError>,
    /// Problems that came with no page.
    pub problems: Vec<Problem>,
    pub started_at: Millis,
    /// The operator has confirmed that a large part of the split is gone.
    pub accept_vanished: bool,
}

/// A connector as the inventory knows it.
#[derive(Debug, Clone, Serialize)]
pub struct ConnectorStatus {
    pub connector: ConnectorId,
    pub mock: bool,
    pub last_run: Option<RunId>,
    /// Places that are not retired.
    pub assets: u64,
}

/// An account of the tree with what is known of its certificates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AccountStatus {
    pub account: Account,
    pub splits: Vec<SplitStatus>,
    /// Places that are not retired, of the splits that were read to their end by their last reading.
    pub assets: u64,
    /// Of those, the ones that were not seen by it.
    pub missing: u64,
    /// Beside them, what is still known of splits that could not be read lately.
    pub stale: u64,
}

/// What is known of one split.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SplitStatus {
    pub split: String,
    pub region: Option<String>,
    pub service: String,
    /// Of the last run that ended it; none while its first scan is under way.
    pub coverage: Option<Coverage>,
    pub run: Option<RunId>,
    /// When all of it was last seen.
    pub complete_at: Option<Millis>,
    pub held: bool,
    pub stale: bool,
    pub assets: u64,
    pub error: Option<OperationError>,
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListPage {
    pub assets: Vec<Asset>,
    /// Give it back as `Query::after`; none: this was the last page.
    pub next: Option<String>,
    /// How many there are on all pages.
    pub total: u64,
}

/// A certificate with everything known of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Shown {
    /// None while the place has no body.
    pub certificate: Option<Certificate>,
    /// What its CA says of it; none: it was not asked yet.
    pub revocation: Option<Revocation>,
    /// Where it lies; the retired places too.
    pub locations: Vec<Location>,
    /// Without the leaf, nearest first.
    pub chain: Vec<Certificate>,
}

/// The inventory in numbers. Lists by name are sorted by count, largest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    pub locations: u64,
    /// Distinct ones, by SHA-256.
    pub certificates: u64,
    /// Places without a body (pending, failed).
    pub without_body: u64,
    pub by_status: Vec<(String, u64)>,
    pub by_key_algorithm: Vec<(String, u64)>,
    pub by_account: Vec<(String, u64)>,
    pub by_region: Vec<(String, u64)>,
    pub by_issuer: Vec<(String, u64)>,
    pub by_source: Vec<(String, u64)>,
    pub by_connector: Vec<(String, u64)>,
    /// What CAs say of the certificates; empty while none was asked.
    pub by_revocation: Vec<(String, u64)>,
    /// Places whose certificate ends within so many days and has not ended: 7, 30, 60, 90.
    pub expiring: Vec<(u32, u64)>,
    pub expired: u64,
    pub in_use: u64,
    pub missing: u64,
    pub stale: u64,
    pub retired: u64,
    pub mock: u64,
}
