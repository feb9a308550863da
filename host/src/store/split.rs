//! What is kept of a split: how it went last, where its scan stands, what an unfinished scan saw.
//! Above: `state`, `commit`, `vanish`. Below: `model`.
//! Invariant: when a place was last seen is derived from here, so that an unchanged million is no million writes.

use crate::model::id::{ConnectorId, RunId};
use crate::model::problem::{OperationError, Problem};
use crate::model::run::Counts;
use crate::model::split::{Coverage, Cursor};
use crate::model::time::Millis;
use roaring::RoaringBitmap;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Problems that are kept in full; the rest is a number.
pub(super) const KEPT_PROBLEMS: usize = 100;
/// Places without a row that are told apart; beyond, they are only counted.
const KEPT_STRANGERS: usize = 10_000;

/// How a split stands between scans.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SplitRecord {
    pub(super) connector: ConnectorId,
    pub(super) id: String,
    pub(super) account: String,
    pub(super) region: Option<String>,
    pub(super) service: String,
    /// Of the last run that ended it.
    pub(super) coverage: Option<Coverage>,
    pub(super) run: Option<RunId>,
    /// When the last complete scan ended: every place without a miss was seen then.
    pub(super) complete_at: Option<Millis>,
    /// When the last page came of the last scan that was not complete. Whom it saw stands in `Split::partly`.
    pub(super) partly_at: Option<Millis>,
    pub(super) held: bool,
    /// The last reading to the end showed nothing at all.
    pub(super) emptied: bool,
    pub(super) stale: bool,
    pub(super) error: Option<OperationError>,
}

/// Where a scan stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Scan {
    /// The run that began it.
    pub(super) run: RunId,
    /// What the last page was read with, and what it says comes next.
    pub(super) at: Option<Cursor>,
    pub(super) next: Option<Cursor>,
    pub(super) updated_at: Millis,
    pub(super) counts: Counts,
    /// The first hundred.
    pub(super) problems: Vec<Problem>,
    /// Hashes of places without a row: filtered, or unreadable and never read.
    pub(super) strangers: BTreeSet<u64>,
    /// Hashes of the places whose content went into quarantine.
    pub(super) poison: BTreeSet<u64>,
    #[serde(with = "bitmap")]
    pub(super) seen: RoaringBitmap,
}

impl Scan {
    pub(super) fn new(run: RunId, now: Millis) -> Self {
        Self {
            run,
            at: None,
            next: None,
            updated_at: now,
            counts: Counts {
                splits: 1,
                ..Counts::default()
            },
            problems: Vec::new(),
            strangers: BTreeSet::new(),
            poison: BTreeSet::new(),
            seen: RoaringBitmap::new(),
        }
    }

    /// Remembers a place without a row; whether it is new to this scan.
    pub(super) fn meet(&mut self, place: u64) -> bool {
        if self.strangers.len() < KEPT_STRANGERS {
            self.strangers.insert(place)
        } else {
            !self.strangers.contains(&place)
        }
    }

    pub(super) fn complain(&mut self, problems: Vec<Problem>) {
        self.counts.problems += problems.len() as u64;
        let room = KEPT_PROBLEMS.saturating_sub(self.problems.len());
        self.problems.extend(problems.into_iter().take(room));
    }
}

/// A split with its places.
#[derive(Debug)]
pub(super) struct SplitState {
    pub(super) record: SplitRecord,
    pub(super) scan: Option<Scan>,
    /// The places that the last scan saw which was not complete.
    pub(super) partly: RoaringBitmap,
    /// Every place of the split, retired ones included.
    pub(super) rows: RoaringBitmap,
}

impl SplitState {
    /// When a place was last seen, given what its own record says.
    pub(super) fn last_seen(&self, row: u32, own: Millis, misses: u32) -> Millis {
        let complete = self.record.complete_at.filter(|_| misses == 0);
        let partly = self.record.partly_at.filter(|_| self.partly.contains(row));
        let scan = self
            .scan
            .as_ref()
            .filter(|scan| scan.seen.contains(row))
            .map(|scan| scan.updated_at);
        [complete, partly, scan]
            .into_iter()
            .flatten()
            .fold(own, Millis::max)
    }
}

/// A bitmap as bytes.
pub(super) mod bitmap {
    use roaring::RoaringBitmap;
    use serde::{Deserialize, Deserializer, Serializer, de, ser};

    pub(in crate::store) fn serialize<S: Serializer>(
        map: &RoaringBitmap,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        let mut small = map.clone();
        small.optimize();
        let mut bytes = Vec::with_capacity(small.serialized_size());
        small
            .serialize_into(&mut bytes)
            .map_err(ser::Error::custom)?;
        to.serialize_bytes(&bytes)
    }

    pub(in crate::store) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<RoaringBitmap, D::Error> {
        let bytes = <&[u8]>::deserialize(from)?;
        RoaringBitmap::deserialize_from(bytes).map_err(de::Error::custom)
    }
}
