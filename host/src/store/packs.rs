//! Records sixteen to a value, while a change is in the making.
//! Above: `draft`. Below: `engine`, `codec`.
//! Invariant: a pack is read at most once in a change, and written only if one of its records changed.

use super::codec::{PACK, Pack, encode, pack, seal};
use super::engine::{Changes, Engine};
use super::error::StoreError;
use super::records::keys;
use super::state::{read_pack, set_sum};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Packs that were read, and which of them have changed.
#[derive(Default)]
pub(super) struct Packs {
    packs: BTreeMap<u32, Pack>,
    changed: BTreeSet<u32>,
}

impl Packs {
    pub(super) fn get(
        &mut self,
        engine: &Engine,
        kind: u8,
        id: u32,
        sums: &[u32],
    ) -> Result<&[u8], StoreError> {
        let pack = self.load(engine, kind, id / PACK, sums)?;
        Ok(pack
            .get((id % PACK) as usize)
            .map(Vec::as_slice)
            .unwrap_or_default())
    }

    pub(super) fn put(
        &mut self,
        engine: &Engine,
        kind: u8,
        id: u32,
        sums: &[u32],
        record: Vec<u8>,
    ) -> Result<(), StoreError> {
        let pack = self.load(engine, kind, id / PACK, sums)?;
        let at = (id % PACK) as usize;
        if pack.len() <= at {
            pack.resize(at + 1, Vec::new());
        }
        pack[at] = record;
        self.changed.insert(id / PACK);
        Ok(())
    }

    fn load(
        &mut self,
        engine: &Engine,
        kind: u8,
        block: u32,
        sums: &[u32],
    ) -> Result<&mut Pack, StoreError> {
        use std::collections::btree_map::Entry;
        match self.packs.entry(block) {
            Entry::Occupied(entry) => Ok(entry.into_mut()),
            Entry::Vacant(entry) => Ok(entry.insert(read_pack(engine, kind, block, sums)?)),
        }
    }

    /// Adds the changed packs to what is written; their sums go to `sums`.
    pub(super) fn write(
        self,
        kind: u8,
        sums: &mut Vec<u32>,
        changes: &mut Changes,
    ) -> Result<(), StoreError> {
        for block in self.changed {
            let records = self
                .packs
                .get(&block)
                .filter(|pack| pack.iter().any(|record| !record.is_empty()));
            let value = records.map(pack).transpose()?;
            set_sum(sums, block, value.as_deref().map_or(0, crc32fast::hash));
            changes.insert(keys::of(kind, block), value);
        }
        Ok(())
    }
}

/// Sixteen columns as one value, with the sum of their records; none when all are free.
pub(super) fn columns<T: Serialize>(
    sums: &[u32],
    block: u32,
    all: &[Option<T>],
) -> Result<Option<Vec<u8>>, StoreError> {
    if all.iter().all(Option::is_none) {
        return Ok(None);
    }
    let sum = sums.get(block as usize).copied().unwrap_or(0);
    Ok(Some(seal(&encode(&(sum, all))?)))
}
