//! The inventory in memory: columns, splits, dictionaries, accounts, runs; and how it is read at the start.
//! Above: `draft` changes it, the queries read it. Below: `engine`, `columns`, `split`.
//! Invariant: it holds what the last applied commit says, or the store has been told to stop.

use super::codec::{PACK, decode, unpack, unseal};
use super::columns::{LIVE, Leaf, Leaves, NONE, Row, Rows};
use super::engine::{Digest, Engine, HEADER, read_header};
use super::error::StoreError;
use super::split::{Scan, SplitRecord, SplitState, bitmap};
use super::types::ImportLabels;
use crate::model::account::Account;
use crate::model::asset::Place;
use crate::model::certificate::Certificate;
use crate::model::id::{ConnectorId, RunId, Sha256};
use crate::model::run::Run;
use crate::model::time::Millis;
use hashbrown::HashTable;
use roaring::RoaringBitmap;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};

/// The first byte of a key says what it holds. Numbers follow big-endian.
pub(super) mod keys {
    /// Sixteen places' columns, and their records.
    pub(in super::super) const ROWS: u8 = b'r';
    pub(in super::super) const ROW_RECORDS: u8 = b'R';
    /// Sixteen certificates' columns, and their records.
    pub(in super::super) const LEAVES: u8 = b'c';
    pub(in super::super) const LEAF_RECORDS: u8 = b'C';
    pub(in super::super) const SPLIT: u8 = b's';
    pub(in super::super) const SCAN: u8 = b'k';
    pub(in super::super) const PARTLY: u8 = b'p';
    pub(in super::super) const CONNECTOR: u8 = b'n';
    pub(in super::super) const ACCOUNT: u8 = b'a';
    pub(in super::super) const RUN: u8 = b'x';
    /// A split in a run; read when asked for.
    pub(in super::super) const SPLIT_RUN: u8 = b'y';
    pub(in super::super) const ISSUER: u8 = b'i';
    pub(in super::super) const ALGORITHM: u8 = b'g';
    pub(in super::super) const LABELS: u8 = b'l';

    pub(in super::super) fn of(kind: u8, number: u32) -> Vec<u8> {
        let mut key = vec![kind];
        key.extend_from_slice(&number.to_be_bytes());
        key
    }

    pub(in super::super) fn number(key: &[u8]) -> u32 {
        key.iter()
            .skip(1)
            .take(4)
            .fold(0, |sum, byte| sum << 8 | u32::from(*byte))
    }
}

/// What the header says in this form.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Meta {
    pub(super) uuid: [u8; 16],
    /// "0.1.0": the sensor that wrote last.
    pub(super) writer: String,
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

#[derive(Default)]
pub(super) struct State {
    pub(super) meta: Meta,
    pub(super) digest: Digest,
    pub(super) rows: Rows,
    pub(super) leaves: Leaves,
    pub(super) splits: BTreeMap<u32, SplitState>,
    split_numbers: HashMap<(ConnectorId, String), u32>,
    pub(super) connectors: BTreeMap<u32, ConnectorRecord>,
    /// By connector, then account: the account and the run whose plan told it.
    pub(super) accounts: BTreeMap<ConnectorId, BTreeMap<String, (Account, RunId)>>,
    pub(super) runs: BTreeMap<RunId, Run>,
    pub(super) issuers: Dictionary<String>,
    pub(super) algorithms: Dictionary<String>,
    pub(super) labels: Dictionary<ImportLabels>,
    /// Filled when first needed: lists do without.
    lookup: Option<Lookup>,
}

struct Lookup {
    places: HashTable<u32>,
    fingerprints: HashTable<u32>,
}

impl State {
    /// Reads everything that stays in memory.
    pub(super) fn load(engine: &Engine, acknowledged: u64) -> Result<Self, StoreError> {
        let mut state = Self::default();
        let Some(header) = engine.get(HEADER)? else {
            return if acknowledged == 0 {
                Ok(state)
            } else {
                Err(StoreError::Damaged("its header is gone".into()))
            };
        };
        state.meta = decode(read_header(unseal(&header)?)?)?;
        if state.meta.number < acknowledged {
            return Err(StoreError::Damaged("its last commits are gone".into()));
        }
        state.load_columns(engine)?;
        state.load_records(engine)?;
        if state.digest.sum() != state.meta.digest {
            return Err(StoreError::Damaged(
                "values are missing or out of date".into(),
            ));
        }
        state.link();
        Ok(state)
    }

    fn load_columns(&mut self, engine: &Engine) -> Result<(), StoreError> {
        engine.each(&[keys::ROWS], |key, value| {
            self.digest.note(key, Some(value));
            let (sum, rows): (u32, Vec<Option<Row>>) = decode(unseal(value)?)?;
            let block = keys::number(key);
            set_sum(&mut self.rows.sums, block, sum);
            for (id, row) in (block * PACK..).zip(rows) {
                if let Some(row) = row {
                    self.rows.set(id, row);
                }
            }
            Ok(())
        })?;
        engine.each(&[keys::LEAVES], |key, value| {
            self.digest.note(key, Some(value));
            let (sum, leaves): (u32, Vec<Option<Leaf>>) = decode(unseal(value)?)?;
            let block = keys::number(key);
            set_sum(&mut self.leaves.sums, block, sum);
            for (id, leaf) in (block * PACK..).zip(leaves) {
                if let Some(leaf) = leaf {
                    self.leaves.set(id, &leaf);
                }
            }
            Ok(())
        })
    }

    fn load_records(&mut self, engine: &Engine) -> Result<(), StoreError> {
        let digest = &mut self.digest;
        let mut each = |kind: u8, take: &mut dyn FnMut(&[u8], &[u8]) -> Result<(), StoreError>| {
            engine.each(&[kind], |key, value| {
                digest.note(key, Some(value));
                take(key, unseal(value)?)
            })
        };
        each(keys::SPLIT, &mut |key, value| {
            let record: SplitRecord = decode(value)?;
            self.split_numbers.insert(
                (record.connector.clone(), record.id.clone()),
                keys::number(key),
            );
            let (scan, partly, rows) = (None, RoaringBitmap::new(), RoaringBitmap::new());
            self.splits.insert(
                keys::number(key),
                SplitState {
                    record,
                    scan,
                    partly,
                    rows,
                },
            );
            Ok(())
        })?;
        each(keys::SCAN, &mut |key, value| {
            let scan: Scan = decode(value)?;
            self.splits
                .get_mut(&keys::number(key))
                .ok_or_else(orphan)?
                .scan = Some(scan);
            Ok(())
        })?;
        each(keys::PARTLY, &mut |key, value| {
            let Bitmap(map) = decode(value)?;
            self.splits
                .get_mut(&keys::number(key))
                .ok_or_else(orphan)?
                .partly = map;
            Ok(())
        })?;
        each(keys::CONNECTOR, &mut |key, value| {
            self.connectors.insert(keys::number(key), decode(value)?);
            Ok(())
        })?;
        each(keys::ACCOUNT, &mut |_, value| {
            let (connector, account, run): (ConnectorId, Account, RunId) = decode(value)?;
            self.accounts
                .entry(connector)
                .or_default()
                .insert(account.id.clone(), (account, run));
            Ok(())
        })?;
        each(keys::RUN, &mut |_, value| {
            let run: Run = decode(value)?;
            self.runs.insert(run.id, run);
            Ok(())
        })?;
        each(keys::ISSUER, &mut |_, value| {
            self.issuers.push(decode(value)?);
            Ok(())
        })?;
        each(keys::ALGORITHM, &mut |_, value| {
            self.algorithms.push(decode(value)?);
            Ok(())
        })?;
        each(keys::LABELS, &mut |_, value| {
            self.labels.push(decode(value)?);
            Ok(())
        })
    }

    /// Fills what is derived: the splits' rows and the free ids.
    fn link(&mut self) {
        for id in 0..self.rows.len() {
            if !self.rows.is(id, LIVE) {
                self.rows.free.insert(id);
            } else if let Some(split) = self.splits.get_mut(&self.rows.split[id as usize]) {
                split.rows.insert(id);
            }
        }
        self.leaves.free = (0..self.leaves.len())
            .filter(|id| self.leaves.flags[*id as usize] & LIVE == 0)
            .collect();
    }

    pub(super) fn connector(&self, name: &ConnectorId) -> Option<(u32, &ConnectorRecord)> {
        self.connectors
            .iter()
            .find(|(_, record)| record.name == *name)
            .map(|(number, record)| (*number, record))
    }

    pub(super) fn is_mock(&self, name: &ConnectorId) -> bool {
        self.connector(name).is_some_and(|(_, record)| record.mock)
    }

    pub(super) fn split_number(&self, connector: &ConnectorId, split: &str) -> Option<u32> {
        self.split_numbers
            .get(&(connector.clone(), split.to_owned()))
            .copied()
    }

    pub(super) fn add_split(&mut self, record: SplitRecord) -> u32 {
        let number = self.splits.last_key_value().map_or(0, |(last, _)| last + 1);
        self.split_numbers
            .insert((record.connector.clone(), record.id.clone()), number);
        let (scan, partly, rows) = (None, RoaringBitmap::new(), RoaringBitmap::new());
        self.splits.insert(
            number,
            SplitState {
                record,
                scan,
                partly,
                rows,
            },
        );
        number
    }

    pub(super) fn drop_split(&mut self, number: u32) {
        if let Some(split) = self.splits.remove(&number) {
            self.split_numbers
                .remove(&(split.record.connector, split.record.id));
        }
    }

    /// Makes the lookups by place and by fingerprint.
    pub(super) fn prepare_lookup(&mut self) {
        if self.lookup.is_some() {
            return;
        }
        let mut places = HashTable::with_capacity(self.rows.split.len());
        for id in (0..self.rows.len()).filter(|id| self.rows.is(*id, LIVE)) {
            let hash = self.rows.place[id as usize];
            places.insert_unique(hash, id, |id| self.rows.place[*id as usize]);
        }
        let mut fingerprints = HashTable::with_capacity(self.leaves.key.len());
        for id in (0..self.leaves.len()).filter(|id| self.leaves.flags[*id as usize] & LIVE != 0) {
            let hash = short(&self.leaves.fingerprint[id as usize]);
            fingerprints
                .insert_unique(hash, id, |id| short(&self.leaves.fingerprint[*id as usize]));
        }
        self.lookup = Some(Lookup {
            places,
            fingerprints,
        });
    }

    pub(super) fn has_lookup(&self) -> bool {
        self.lookup.is_some()
    }

    pub(super) fn find_place(&self, place: u64) -> Option<u32> {
        let column = &self.rows.place;
        match &self.lookup {
            Some(lookup) => lookup
                .places
                .find(place, |id| column[*id as usize] == place)
                .copied(),
            None => (0..self.rows.len())
                .find(|id| column[*id as usize] == place && self.rows.is(*id, LIVE)),
        }
    }

    pub(super) fn find_leaf(&self, fingerprint: Sha256) -> Option<u32> {
        let column = &self.leaves.fingerprint;
        match &self.lookup {
            Some(lookup) => {
                let same = |id: &u32| column[*id as usize] == fingerprint.0;
                lookup
                    .fingerprints
                    .find(short(&fingerprint.0), same)
                    .copied()
            }
            None => (0..self.leaves.len()).find(|id| {
                column[*id as usize] == fingerprint.0 && self.leaves.flags[*id as usize] & LIVE != 0
            }),
        }
    }

    pub(super) fn link_place(&mut self, id: u32) {
        let column = &self.rows.place;
        if let Some(lookup) = &mut self.lookup {
            lookup
                .places
                .insert_unique(column[id as usize], id, |id| column[*id as usize]);
        }
    }

    pub(super) fn unlink_place(&mut self, id: u32) {
        if let Some(lookup) = &mut self.lookup
            && let Ok(entry) = lookup
                .places
                .find_entry(self.rows.place[id as usize], |other| *other == id)
        {
            entry.remove();
        }
    }

    pub(super) fn link_leaf(&mut self, id: u32) {
        let column = &self.leaves.fingerprint;
        if let Some(lookup) = &mut self.lookup {
            lookup
                .fingerprints
                .insert_unique(short(&column[id as usize]), id, |id| {
                    short(&column[*id as usize])
                });
        }
    }

    pub(super) fn unlink_leaf(&mut self, id: u32) {
        if let Some(lookup) = &mut self.lookup {
            let hash = short(&self.leaves.fingerprint[id as usize]);
            if let Ok(entry) = lookup.fingerprints.find_entry(hash, |other| *other == id) {
                entry.remove();
            }
        }
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct Bitmap(#[serde(with = "bitmap")] pub(super) RoaringBitmap);

fn short(fingerprint: &[u8; 32]) -> u64 {
    fingerprint
        .iter()
        .take(8)
        .fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}

/// What a place is found by.
pub(super) fn place_hash(connector: &ConnectorId, id: &str) -> u64 {
    let text = format!("{connector}\0{id}");
    short(&Sha256::of(text.as_bytes()).0)
}

fn orphan() -> StoreError {
    StoreError::Damaged("a scan belongs to no split".into())
}

pub(super) fn set_sum(sums: &mut Vec<u32>, block: u32, sum: u32) {
    let at = block as usize;
    if sums.len() <= at {
        sums.resize(at + 1, 0);
    }
    sums[at] = sum;
}

/// The sixteen records that an id stands among; empty when nothing is there yet.
pub(super) fn read_pack(
    engine: &Engine,
    kind: u8,
    block: u32,
    sums: &[u32],
) -> Result<super::codec::Pack, StoreError> {
    let expected = sums.get(block as usize).copied().unwrap_or(0);
    let value = engine.get(&keys::of(kind, block))?;
    let found = value.as_deref().map_or(0, crc32fast::hash);
    if found != expected {
        let error = StoreError::Damaged("records are missing or out of date".into());
        engine.mark_damaged(&error.to_string());
        return Err(error);
    }
    value.map_or_else(|| Ok(Vec::new()), |value| unpack(&value))
}

/// The record of a place.
pub(super) fn read_place(
    engine: &Engine,
    state: &State,
    id: u32,
) -> Result<PlaceRecord, StoreError> {
    let pack = read_pack(engine, keys::ROW_RECORDS, id / PACK, &state.rows.sums)?;
    decode(
        pack.get((id % PACK) as usize)
            .map(Vec::as_slice)
            .unwrap_or_default(),
    )
}

/// The record of a certificate.
pub(super) fn read_certificate(
    engine: &Engine,
    state: &State,
    id: u32,
) -> Result<Certificate, StoreError> {
    let pack = read_pack(engine, keys::LEAF_RECORDS, id / PACK, &state.leaves.sums)?;
    decode(
        pack.get((id % PACK) as usize)
            .map(Vec::as_slice)
            .unwrap_or_default(),
    )
}
