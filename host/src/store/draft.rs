//! A change in the making: what it writes is gathered here and goes to disk at once.
//! Above: `commit`, `vanish`, `runs`. Below: `engine`, `bodies`, `state`, `codec`.
//! Invariant: bodies are on disk before the index that names them; memory and disk change together, and when the
//! disk does not follow, the caller stops the store.

use super::bodies::Bodies;
use super::codec::{PACK, decode, encode, seal};
use super::columns::{CHAIN, LIVE, LOST, Leaf, NONE, Row};
use super::engine::{Changes, Engine, HEADER};
use super::error::StoreError;
use super::packs::{Packs, columns};
use super::records::{PlaceRecord, keys};
use super::state::State;
use super::terms::{own, parents, serial_hash, sort_name};
use super::types::ImportLabels;
use crate::model::certificate::Certificate;
use serde::Serialize;
use std::collections::BTreeSet;

pub(super) struct Draft<'a> {
    engine: &'a Engine,
    bodies: &'a Bodies,
    places: Packs,
    certificates: Packs,
    row_blocks: BTreeSet<u32>,
    leaf_blocks: BTreeSet<u32>,
    changes: Changes,
    new_bodies: Vec<(u32, Vec<u8>)>,
    dead_bodies: Vec<u32>,
}

impl<'a> Draft<'a> {
    pub(super) fn new(engine: &'a Engine, bodies: &'a Bodies) -> Self {
        Self {
            engine,
            bodies,
            places: Packs::default(),
            certificates: Packs::default(),
            row_blocks: BTreeSet::new(),
            leaf_blocks: BTreeSet::new(),
            changes: Changes::new(),
            new_bodies: Vec::new(),
            dead_bodies: Vec::new(),
        }
    }

    /// Whether anything has been changed, in memory at least.
    pub(super) fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.row_blocks.is_empty() && self.leaf_blocks.is_empty()
    }

    pub(super) fn engine(&self) -> &Engine {
        self.engine
    }

    pub(super) fn put<T: Serialize>(&mut self, key: Vec<u8>, value: &T) -> Result<(), StoreError> {
        let value = seal(&encode(value)?);
        self.changes.insert(key, Some(value));
        Ok(())
    }

    /// Writes a value that is sealed already.
    pub(super) fn put_whole(&mut self, key: Vec<u8>, value: Vec<u8>) {
        self.changes.insert(key, Some(value));
    }

    /// What this change writes under a key so far.
    pub(super) fn pending(&self, key: &[u8]) -> Option<&[u8]> {
        self.changes.get(key).and_then(Option::as_deref)
    }

    pub(super) fn remove(&mut self, key: Vec<u8>) {
        self.changes.insert(key, None);
    }

    pub(super) fn place(&mut self, state: &State, id: u32) -> Result<PlaceRecord, StoreError> {
        decode(
            self.places
                .get(self.engine, keys::ROW_RECORDS, id, &state.rows.sums)?,
        )
    }

    pub(super) fn put_place(
        &mut self,
        state: &State,
        id: u32,
        record: &PlaceRecord,
    ) -> Result<(), StoreError> {
        self.row_blocks.insert(id / PACK);
        self.places.put(
            self.engine,
            keys::ROW_RECORDS,
            id,
            &state.rows.sums,
            encode(record)?,
        )
    }

    /// Changes a place's columns.
    pub(super) fn put_row(&mut self, state: &mut State, id: u32, row: Row) {
        self.row_blocks.insert(id / PACK);
        let (split, before) = (row.split, state.rows.get(id).map(|row| row.split));
        let is_new = before.is_none();
        state.rows.set(id, row);
        if is_new {
            state.rows.free.remove(&id);
            state.link_place(id);
        }
        if before != Some(split) {
            if let Some(split) = before.and_then(|before| state.splits.get_mut(&before)) {
                split.rows.remove(id);
            }
            if let Some(split) = state.splits.get_mut(&split) {
                split.rows.insert(id);
            }
        }
    }

    /// Takes a place out for good.
    pub(super) fn drop_place(&mut self, state: &mut State, id: u32) -> Result<(), StoreError> {
        self.places.put(
            self.engine,
            keys::ROW_RECORDS,
            id,
            &state.rows.sums,
            Vec::new(),
        )?;
        self.row_blocks.insert(id / PACK);
        let number = state.rows.split[id as usize];
        if let Some(split) = state.splits.get_mut(&number) {
            split.rows.remove(id);
            if split.partly.remove(id) {
                let partly = super::records::Bitmap(split.partly.clone());
                self.put(keys::of(keys::PARTLY, number), &partly)?;
            }
        }
        state.unlink_place(id);
        state.rows.set(
            id,
            Row {
                split: NONE,
                certificate: NONE,
                ..Row::default()
            },
        );
        state.rows.free.insert(id);
        Ok(())
    }

    /// The number of a certificate; a new one is added with its body.
    pub(super) fn certificate(
        &mut self,
        state: &mut State,
        certificate: &Certificate,
        der: Vec<u8>,
        flags: u8,
    ) -> Result<u32, StoreError> {
        if let Some(id) = state.find_leaf(certificate.fingerprint) {
            let known = state.leaves.flags[id as usize];
            if known & LOST != 0 {
                self.new_bodies.push((id, der));
            }
            let now = (known | flags) & !LOST;
            if now != known {
                state.leaves.flags[id as usize] = now;
                self.leaf_blocks.insert(id / PACK);
            }
            return Ok(id);
        }
        let id = state
            .leaves
            .free
            .pop_first()
            .unwrap_or_else(|| state.leaves.len());
        let leaf = Leaf {
            fingerprint: certificate.fingerprint.0,
            not_after: certificate.not_after,
            key: self.algorithm(state, &certificate.key_algorithm)?,
            issuer: self.issuer(state, &certificate.issuer)?,
            serial: serial_hash(&certificate.serial),
            flags: flags | LIVE,
            name: sort_name(certificate),
            names: own(certificate.dns_names.iter().chain(&certificate.common_name)),
            parents: parents(certificate.dns_names.iter().chain(&certificate.common_name)),
        };
        state.leaves.set(id, &leaf);
        state.link_leaf(id);
        self.leaf_blocks.insert(id / PACK);
        self.certificates.put(
            self.engine,
            keys::LEAF_RECORDS,
            id,
            &state.leaves.sums,
            encode(certificate)?,
        )?;
        self.new_bodies.push((id, der));
        Ok(id)
    }

    /// Notes that a certificate's body is lost.
    pub(super) fn lose(&mut self, state: &mut State, id: u32) {
        if let Some(flags) = state.leaves.flags.get_mut(id as usize)
            && *flags & LIVE != 0
        {
            *flags |= LOST;
            self.leaf_blocks.insert(id / PACK);
        }
    }

    /// Takes out the certificates that no place has and that stand in no chain. Returns how many.
    pub(super) fn sweep(&mut self, state: &mut State) -> Result<usize, StoreError> {
        let mut used = roaring::RoaringBitmap::new();
        used.extend(state.rows.certificate.iter().filter(|id| **id != NONE));
        let orphans: Vec<u32> = (0..state.leaves.len())
            .filter(|id| {
                state.leaves.flags[*id as usize] & (LIVE | CHAIN) == LIVE && !used.contains(*id)
            })
            .collect();
        for id in &orphans {
            state.unlink_leaf(*id);
            state.leaves.set(*id, &Leaf::default());
            state.leaves.free.insert(*id);
            self.leaf_blocks.insert(id / PACK);
            self.certificates.put(
                self.engine,
                keys::LEAF_RECORDS,
                *id,
                &state.leaves.sums,
                Vec::new(),
            )?;
        }
        self.dead_bodies.extend(&orphans);
        Ok(orphans.len())
    }

    fn issuer(&mut self, state: &mut State, text: &String) -> Result<u32, StoreError> {
        if let Some(number) = state.issuers.find(text) {
            return Ok(number);
        }
        let number = state.issuers.push(text.clone());
        self.put(keys::of(keys::ISSUER, number), text)?;
        Ok(number)
    }

    fn algorithm(&mut self, state: &mut State, text: &String) -> Result<u32, StoreError> {
        if let Some(number) = state.algorithms.find(text) {
            return Ok(number);
        }
        let number = state.algorithms.push(text.clone());
        self.put(keys::of(keys::ALGORITHM, number), text)?;
        Ok(number)
    }

    pub(super) fn labels(
        &mut self,
        state: &mut State,
        labels: &ImportLabels,
    ) -> Result<u32, StoreError> {
        if let Some(number) = state.labels.find(labels) {
            return Ok(number);
        }
        let number = state.labels.push(labels.clone());
        self.put(keys::of(keys::LABELS, number), labels)?;
        Ok(number)
    }

    /// Writes everything. On disk when it returns.
    pub(super) fn commit(mut self, state: &mut State) -> Result<(), StoreError> {
        if !self.new_bodies.is_empty() {
            self.bodies.put(&self.new_bodies)?;
        }
        let mut changes = std::mem::take(&mut self.changes);
        self.places
            .write(keys::ROW_RECORDS, &mut state.rows.sums, &mut changes)?;
        self.certificates
            .write(keys::LEAF_RECORDS, &mut state.leaves.sums, &mut changes)?;
        for block in self.row_blocks {
            let rows: Vec<_> = (block * PACK..(block + 1) * PACK)
                .map(|id| state.rows.get(id))
                .collect();
            changes.insert(
                keys::of(keys::ROWS, block),
                columns(&state.rows.sums, block, &rows)?,
            );
        }
        for block in self.leaf_blocks {
            let leaves: Vec<_> = (block * PACK..(block + 1) * PACK)
                .map(|id| state.leaves.get(id))
                .collect();
            changes.insert(
                keys::of(keys::LEAVES, block),
                columns(&state.leaves.sums, block, &leaves)?,
            );
        }
        for (key, value) in &changes {
            if !matches!(
                key.first(),
                Some(
                    &(keys::ROW_RECORDS | keys::LEAF_RECORDS | keys::SPLIT_RUN | keys::REVOCATIONS)
                )
            ) {
                state.digest.note(key, value.as_deref());
            }
        }
        state.meta.number += 1;
        state.meta.digest = state.digest.sum();
        changes.insert(HEADER.to_vec(), Some(seal(&encode(&state.meta)?)));
        self.engine.apply(state.meta.number, changes)?;
        if !self.dead_bodies.is_empty() {
            self.bodies.remove(&self.dead_bodies)?;
        }
        Ok(())
    }
}
