//! The inventory in memory: columns, splits, dictionaries, accounts, runs; and how it is read at the start.
//! Above: `draft` changes it, the queries read it. Below: `engine`, `columns`, `split`.
//! Invariant: it holds what the last applied commit says, or the store has been told to stop.

use super::codec::{PACK, Pack, decode, unpack, unpack_one};
use super::columns::{LIVE, Leaves, Rows};
use super::engine::{Digest, Engine};
use super::error::StoreError;
use super::pieces::Value;
use super::records::{ConnectorRecord, Dictionary, Meta, PlaceRecord, keys};
use super::split::{SplitRecord, SplitState};
use super::types::ImportLabels;
use crate::model::account::Account;
use crate::model::certificate::Certificate;
use crate::model::id::{ConnectorId, RunId, Sha256};
use crate::model::run::Run;
use hashbrown::HashTable;
use roaring::RoaringBitmap;
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, HashMap};

#[derive(Default)]
pub(super) struct State {
    pub(super) meta: Meta,
    pub(super) digest: Digest,
    pub(super) rows: Rows,
    pub(super) leaves: Leaves,
    pub(super) splits: BTreeMap<u32, SplitState>,
    pub(super) split_numbers: HashMap<(ConnectorId, String), u32>,
    pub(super) connectors: BTreeMap<u32, ConnectorRecord>,
    /// By connector, then account: the account and the run whose plan told it.
    pub(super) accounts: BTreeMap<ConnectorId, BTreeMap<String, (Account, RunId)>>,
    pub(super) runs: BTreeMap<RunId, Run>,
    pub(super) issuers: Dictionary<String>,
    pub(super) algorithms: Dictionary<String>,
    pub(super) labels: Dictionary<ImportLabels>,
    /// The split of each place in quarantine, by the place's hash.
    pub(super) quarantine: BTreeMap<u64, u32>,
    /// Filled when first needed: lists do without.
    lookup: Option<Lookup>,
}

struct Lookup {
    places: HashTable<u32>,
    fingerprints: HashTable<u32>,
}

impl State {
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

pub(super) fn set_sum(sums: &mut Vec<u32>, block: u32, sum: u32) {
    let at = block as usize;
    if sums.len() <= at {
        sums.resize(at + 1, 0);
    }
    sums[at] = sum;
}

/// The sixteen records that an id stands among, packed; none when nothing is there yet.
fn read_value(
    engine: &Engine,
    kind: u8,
    block: u32,
    sums: &[u32],
) -> Result<Option<Value>, StoreError> {
    let expected = sums.get(block as usize).copied().unwrap_or(0);
    let value = engine.get(&keys::of(kind, block))?;
    if value.as_deref().map_or(0, crc32fast::hash) == expected {
        return Ok(value);
    }
    let error = StoreError::Damaged("records are missing or out of date".into());
    engine.mark_damaged(&error.to_string());
    Err(error)
}

/// The sixteen records that an id stands among; empty when nothing is there yet.
pub(super) fn read_pack(
    engine: &Engine,
    kind: u8,
    block: u32,
    sums: &[u32],
) -> Result<Pack, StoreError> {
    read_value(engine, kind, block, sums)?.map_or_else(|| Ok(Pack::new()), |value| unpack(&value))
}

fn read_one<T: DeserializeOwned>(
    engine: &Engine,
    kind: u8,
    id: u32,
    sums: &[u32],
) -> Result<T, StoreError> {
    let value = read_value(engine, kind, id / PACK, sums)?;
    decode(&unpack_one(
        value.as_deref().unwrap_or_default(),
        id % PACK,
    )?)
}

/// The record of a place.
pub(super) fn read_place(
    engine: &Engine,
    state: &State,
    id: u32,
) -> Result<PlaceRecord, StoreError> {
    read_one(engine, keys::ROW_RECORDS, id, &state.rows.sums)
}

/// The record of a certificate.
pub(super) fn read_certificate(
    engine: &Engine,
    state: &State,
    id: u32,
) -> Result<Certificate, StoreError> {
    read_one(engine, keys::LEAF_RECORDS, id, &state.leaves.sums)
}
