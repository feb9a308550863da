//! Reading the inventory into memory at the start.
//! Above: `inventory`. Below: `engine`, `records`, `columns`.
//! Invariant: a value that is missing or out of date is noticed here, by the sum over everything that is read.

use super::codec::{PACK, decode, unseal};
use super::columns::{LIVE, Leaf, Row};
use super::engine::{Engine, HEADER};
use super::error::StoreError;
use super::quarantine;
use super::records::{Bitmap, keys};
use super::split::{Scan, SplitRecord, SplitState};
use super::state::{State, set_sum};
use crate::model::account::Account;
use crate::model::asset::Quarantined;
use crate::model::id::{ConnectorId, RunId};
use crate::model::run::Run;
use roaring::RoaringBitmap;

/// What is done with a key and its value.
type Take<'a> = dyn FnMut(&[u8], &[u8]) -> Result<(), StoreError> + 'a;

impl State {
    /// Reads everything that stays in memory.
    pub(super) fn load(
        engine: &Engine,
        acknowledged: u64,
        uuid: [u8; 16],
    ) -> Result<Self, StoreError> {
        let mut state = Self::default();
        state.meta.uuid = uuid;
        let Some(header) = engine.get(HEADER)? else {
            return if acknowledged == 0 {
                Ok(state)
            } else {
                Err(StoreError::Damaged("its header is gone".into()))
            };
        };
        state.meta = decode(unseal(&header)?)?;
        if state.meta.uuid != uuid {
            let why = "its header and its index are of different inventories";
            return Err(StoreError::Damaged(why.into()));
        }
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
        super::revocation::load(&mut state, engine)?;
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
        let mut each = |kind: u8, take: &mut Take<'_>| {
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
        self.load_words(engine)
    }

    fn load_words(&mut self, engine: &Engine) -> Result<(), StoreError> {
        let digest = &mut self.digest;
        let mut each = |kind: u8, take: &mut Take<'_>| {
            engine.each(&[kind], |key, value| {
                digest.note(key, Some(value));
                take(key, unseal(value)?)
            })
        };
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
        })?;
        each(keys::QUARANTINE, &mut |key, value| {
            let (split, _): (u32, Quarantined) = decode(value)?;
            self.quarantine.insert(quarantine::place(key), split);
            Ok(())
        })
    }

    /// Fills what is derived: the splits' rows and the free ids.
    fn link(&mut self) {
        self.rows.shrink();
        self.leaves.shrink();
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
}

fn orphan() -> StoreError {
    StoreError::Damaged("a scan belongs to no split".into())
}
