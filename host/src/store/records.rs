//! What the store's values hold, and under which keys.
//! Above: `state`, `load`, `draft`. Below: `model`.
//! Invariant: a change of anything here is a new `form`.

use super::columns::NONE;
use super::split::bitmap;
use crate::model::asset::Place;
use crate::model::id::{ConnectorId, RunId};
use crate::model::time::Millis;
use roaring::RoaringBitmap;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// The first byte of a key says what it holds. Numbers follow big-endian.
pub(super) mod keys {
    /// Sixteen places' columns, and their records.
    pub(in crate::store) const ROWS: u8 = b'r';
    pub(in crate::store) const ROW_RECORDS: u8 = b'R';
    /// Sixteen certificates' columns, and their records.
    pub(in crate::store) const LEAVES: u8 = b'c';
    pub(in crate::store) const LEAF_RECORDS: u8 = b'C';
    pub(in crate::store) const SPLIT: u8 = b's';
    pub(in crate::store) const SCAN: u8 = b'k';
    pub(in crate::store) const PARTLY: u8 = b'p';
    pub(in crate::store) const CONNECTOR: u8 = b'n';
    pub(in crate::store) const ACCOUNT: u8 = b'a';
    pub(in crate::store) const RUN: u8 = b'x';
    /// A split in a run; read when asked for.
    pub(in crate::store) const SPLIT_RUN: u8 = b'y';
    pub(in crate::store) const ISSUER: u8 = b'i';
    pub(in crate::store) const ALGORITHM: u8 = b'g';
    pub(in crate::store) const LABELS: u8 = b'l';
    /// What came in a certificate's place, under the hash of the place.
    pub(in crate::store) const QUARANTINE: u8 = b'q';
    /// What CAs say of sixteen certificates.
    pub(in crate::store) const REVOCATIONS: u8 = b'v';

    pub(in crate::store) fn of(kind: u8, number: u32) -> Vec<u8> {
        let mut key = vec![kind];
        key.extend_from_slice(&number.to_be_bytes());
        key
    }

    pub(in crate::store) fn number(key: &[u8]) -> u32 {
        key.iter()
            .skip(1)
            .take(4)
            .fold(0, |sum, byte| sum << 8 | u32::from(*byte))
    }
}

/// What stands above all values.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Meta {
    /// The same as in the header's file.
    pub(super) uuid: [u8; 16],
    /// Number of the commit.
    pub(super) number: u64,
    pub(super) next_run: u64,
    /// Sum over everything that is read at the start.
    pub(super) digest: u64,
}

/// What the cloud says of a place, and what the columns do not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PlaceRecord {
    pub(super) place: Place,
    pub(super) chain: Vec<u32>,
    /// As of the last writing; `SplitState::last_seen` knows better.
    pub(super) seen_at: Millis,
    pub(super) read_at: Millis,
    pub(super) run: RunId,
    pub(super) missing_since: Option<Millis>,
    pub(super) misses: u32,
    pub(super) retired_at: Option<Millis>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ConnectorRecord {
    pub(super) name: ConnectorId,
    pub(super) mock: bool,
}

/// A list of distinct values that are known by their number.
#[derive(Debug)]
pub(super) struct Dictionary<T> {
    pub(super) values: Vec<T>,
    numbers: HashMap<T, u32>,
}

impl<T> Default for Dictionary<T> {
    fn default() -> Self {
        Self {
            values: Vec::new(),
            numbers: HashMap::new(),
        }
    }
}

impl<T: Clone + Eq + std::hash::Hash> Dictionary<T> {
    pub(super) fn find(&self, value: &T) -> Option<u32> {
        self.numbers.get(value).copied()
    }

    pub(super) fn push(&mut self, value: T) -> u32 {
        let number = u32::try_from(self.values.len()).unwrap_or(NONE);
        self.numbers.insert(value.clone(), number);
        self.values.push(value);
        number
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct Bitmap(#[serde(with = "bitmap")] pub(super) RoaringBitmap);
