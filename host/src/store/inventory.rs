//! The inventory's face: opening, and each operation under its lock.
//! Above: `connector`, `cli`. Below: the rest of `store`.
//! Invariant: no panic of the store's engine leaves this file; once memory and disk may differ, every call is refused.

use super::bodies::Bodies;
use super::draft::Draft;
use super::engine::Engine;
use super::error::StoreError;
use super::matching::{holds, matching};
use super::state::{State, place_hash, read_place};
use super::types::{
    AccountStatus, Checkpoint, Committed, ConnectorStatus, ListPage, Marker, Opened, PageCommit,
    RunEnd, RunFilter, RunStart, Shown, SplitEnd, Summary,
};
use super::{commit, query, runs, summary, vanish};
use crate::model::account::Account;
use crate::model::asset::Asset;
use crate::model::filter::{Filter, Query};
use crate::model::id::{ConnectorId, RunId, Sha256};
use crate::model::run::{Run, RunStatus, SplitRun};
use crate::model::split::Split;
use crate::model::time::{Clock, Millis};
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock, PoisonError, RwLock, RwLockReadGuard};

/// An unfinished scan older than this begins anew.
const FRESH: Millis = 24 * 3_600_000;
/// Places that an export reads under one lock.
const EXPORTED_AT_ONCE: usize = 256;

/// What was found, on disk. Clones share it; the last one to go writes everything out.
#[derive(Clone)]
pub struct Inventory(Arc<Shared>);

struct Shared {
    engine: Engine,
    bodies: Bodies,
    state: RwLock<State>,
    /// Why nothing works any more.
    stopped: OnceLock<String>,
    clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for Inventory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Inventory(..)")
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        if let Err(error) = self.engine.flush() {
            tracing::error!(%error, "the inventory could not be written out at the end");
        }
    }
}

impl Inventory {
    /// Opens the inventory in this directory, or makes one. A damaged one is moved aside.
    ///
    /// # Errors
    /// When another process has it, a newer sensor wrote it, or the files cannot be used.
    pub fn open(dir: &Path, clock: Arc<dyn Clock>) -> Result<Opened, StoreError> {
        match Self::open_sound(dir, &clock) {
            Ok(inventory) => Ok(Opened {
                inventory,
                notice: None,
            }),
            Err(StoreError::Damaged(why)) => {
                let aside = move_aside(dir, clock.now())?;
                let notice = format!(
                    "the inventory was damaged ({why}): it is now in {}, and a fresh one was made; import again to fill it",
                    aside.display()
                );
                let inventory = Self::open_sound(dir, &clock)?;
                Ok(Opened {
                    inventory,
                    notice: Some(notice),
                })
            }
            Err(error) => Err(error),
        }
    }

    fn open_sound(dir: &Path, clock: &Arc<dyn Clock>) -> Result<Self, StoreError> {
        let (engine, acknowledged) = Engine::open(dir)?;
        let state = RwLock::new(State::load(&engine, acknowledged)?);
        let bodies = Bodies::open(dir)?;
        let shared = Shared {
            engine,
            bodies,
            state,
            stopped: OnceLock::new(),
            clock: Arc::clone(clock),
        };
        let inventory = Self(Arc::new(shared));
        inventory.settle_in()?;
        Ok(inventory)
    }

    /// Makes the header of a fresh inventory; ends the runs that a dead process left.
    fn settle_in(&self) -> Result<(), StoreError> {
        let now = self.0.clock.now();
        self.change(|state, draft| {
            if state.meta.number == 0 {
                state.meta.uuid = rand::random();
                draft.remove(Vec::from(*b"?"));
            }
            runs::interrupt(state, draft, |run| run.status == RunStatus::Running, now)
        })
    }

    fn read(&self) -> Result<RwLockReadGuard<'_, State>, StoreError> {
        let state = self
            .0
            .state
            .read()
            .map_err(|_| StoreError::Fault("an earlier fault".into()))?;
        self.check()?;
        Ok(state)
    }

    fn check(&self) -> Result<(), StoreError> {
        self.0
            .stopped
            .get()
            .map_or(Ok(()), |why| Err(StoreError::Fault(why.clone())))
    }

    /// Changes memory and disk together. After a failure that left them apart nothing works until a restart.
    fn change<T>(
        &self,
        work: impl FnOnce(&mut State, &mut Draft<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut state = self
            .0
            .state
            .write()
            .map_err(|_| StoreError::Fault("an earlier fault".into()))?;
        self.check()?;
        let mut draft = Draft::new(&self.0.engine, &self.0.bodies);
        let outcome = work(&mut state, &mut draft);
        let touched = !draft.is_empty();
        let outcome = match outcome {
            Ok(value) if touched => draft.commit(&mut state).map(|()| value),
            other => other,
        };
        outcome.inspect_err(|error| {
            let broken = matches!(
                error,
                StoreError::Damaged(_) | StoreError::Disk(_) | StoreError::Io(_)
            );
            if (touched || broken) && self.0.stopped.set(error.to_string()).is_err() {
                tracing::error!(%error, "the inventory failed again");
            }
        })
    }

    /// Changes with the lookups by place and fingerprint at hand.
    fn change_places<T>(
        &self,
        work: impl FnOnce(&mut State, &mut Draft<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.change(|state, draft| {
            state.prepare_lookup();
            work(state, draft)
        })
    }

    /// Starts a run. An earlier run of the connector that never ended becomes `Interrupted`.
    ///
    /// # Errors
    /// `MockMix` when the connector's inventory came from the other kind of cloud.
    pub fn begin_run(&self, start: &RunStart<'_>) -> Result<Run, StoreError> {
        let now = self.0.clock.now();
        self.change(|state, draft| runs::begin_run(state, draft, start, now))
    }

    /// Ends a run. Its counts are the sum of its splits.
    ///
    /// # Errors
    /// `NoSuchRun`, or when it cannot be written.
    pub fn finish_run(&self, run: RunId, end: RunEnd) -> Result<Run, StoreError> {
        let now = self.0.clock.now();
        self.change_places(|state, draft| runs::finish_run(state, draft, run, end, now))
    }

    /// Runs, newest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn runs(&self, filter: &RunFilter) -> Result<Vec<Run>, StoreError> {
        Ok(runs::runs(&*self.read()?, filter))
    }

    /// One run.
    ///
    /// # Errors
    /// `NoSuchRun`.
    pub fn run(&self, run: RunId) -> Result<Run, StoreError> {
        self.read()?
            .runs
            .get(&run)
            .cloned()
            .ok_or(StoreError::NoSuchRun(run))
    }

    /// What became of each split that the run has ended so far. Kept for the last thirty runs of a connector.
    ///
    /// # Errors
    /// `NoSuchRun`, or when the store cannot be read.
    pub fn split_runs(&self, run: RunId) -> Result<Vec<SplitRun>, StoreError> {
        runs::split_runs(&*self.read()?, &self.0.engine, run)
    }

    /// Puts accounts of a plan's page into the connector's tree.
    ///
    /// # Errors
    /// When they cannot be written, or the run is not one of the connector.
    pub fn put_accounts(
        &self,
        connector: &ConnectorId,
        run: RunId,
        accounts: &[Account],
    ) -> Result<(), StoreError> {
        self.change(|state, draft| runs::put_accounts(state, draft, connector, run, accounts))
    }

    /// The connector's accounts by id, each with its coverage and its numbers. One whose splits are known though no
    /// plan told it has no name and no state.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn accounts(&self, connector: &ConnectorId) -> Result<Vec<AccountStatus>, StoreError> {
        Ok(runs::accounts(&*self.read()?, connector))
    }

    /// The connectors that the inventory knows.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn connectors(&self) -> Result<Vec<ConnectorStatus>, StoreError> {
        Ok(runs::connectors(&*self.read()?))
    }

    /// Where the split's scan stands, if one has begun and not ended, and it is fresh enough (24 h) to go on with.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn checkpoint(
        &self,
        connector: &ConnectorId,
        split: &str,
    ) -> Result<Option<Checkpoint>, StoreError> {
        let now = self.0.clock.now();
        let state = self.read()?;
        let number = state.split_number(connector, split);
        let scan = number
            .and_then(|number| state.splits.get(&number))
            .and_then(|split| split.scan.as_ref());
        Ok(scan
            .filter(|scan| now - scan.updated_at < FRESH)
            .map(|scan| Checkpoint {
                run: scan.run,
                cursor: scan.next.clone(),
                seen: scan.counts.seen,
                counts: scan.counts,
            }))
    }

    /// What is remembered of places, one answer for each id, in order. Retired places are not remembered.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn markers(
        &self,
        connector: &ConnectorId,
        ids: &[String],
    ) -> Result<Vec<Option<Marker>>, StoreError> {
        let mut state = self.read()?;
        if !state.has_lookup() {
            drop(state);
            self.0
                .state
                .write()
                .unwrap_or_else(PoisonError::into_inner)
                .prepare_lookup();
            state = self.read()?;
        }
        let marker = |id: &String| {
            let known = state.find_place(place_hash(connector, id));
            let present = known.filter(|row| !state.rows.is(*row, super::columns::RETIRED));
            present
                .map(|row| {
                    let record = read_place(&self.0.engine, &state, row)?;
                    Ok(Marker {
                        value: record.place.marker,
                        read_at: record.read_at,
                    })
                })
                .transpose()
        };
        ids.iter().map(marker).collect()
    }

    /// Keeps a page: assets, indexes and cursor, all or nothing, on disk when this returns.
    /// The same page again changes nothing but when its places were last seen.
    ///
    /// # Errors
    /// `OutOfOrder` when `at` is neither where the scan stands nor where its last page began; `NoSuchRun`.
    pub fn commit_page(&self, page: PageCommit<'_>) -> Result<Committed, StoreError> {
        let now = self.0.clock.now();
        self.change_places(|state, draft| commit::commit_page(state, draft, page, now))
    }

    /// Ends a split in a run and applies the rules for what is gone.
    ///
    /// # Errors
    /// `NotEnded` when it is said to be complete and its last page is not committed; `NoSuchRun`.
    pub fn finish_split(
        &self,
        connector: &ConnectorId,
        run: RunId,
        split: &Split,
        end: SplitEnd,
    ) -> Result<SplitRun, StoreError> {
        let now = self.0.clock.now();
        self.change_places(|state, draft| {
            vanish::finish_split(state, draft, connector, run, split, end, now)
        })
    }

    /// Removes everything of a connector. Returns how many places it had.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn forget_connector(&self, connector: &ConnectorId) -> Result<u64, StoreError> {
        self.change_places(|state, draft| runs::forget(state, draft, connector))
    }

    /// One page of the places that match.
    ///
    /// # Errors
    /// `BadPosition` when `after` did not come from a list in the same order.
    pub fn list(&self, query: &Query) -> Result<ListPage, StoreError> {
        query::list(&*self.read()?, &self.0.engine, query)
    }

    /// A certificate by ARN, fingerprint, beginning of a fingerprint (6 digits or more), or serial number.
    ///
    /// # Errors
    /// `NotFound` and `Ambiguous`.
    pub fn show(&self, text: &str) -> Result<Shown, StoreError> {
        query::show(&*self.read()?, &self.0.engine, text)
    }

    /// The places that match, in numbers.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn summary(&self, filter: &Filter) -> Result<Summary, StoreError> {
        Ok(summary::summary(&*self.read()?, filter, self.0.clock.now()))
    }

    /// Every place that matches, one after the other, without holding them all in memory. What is imported
    /// meanwhile may be in it or not.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn export(
        &self,
        filter: &Filter,
    ) -> Result<impl Iterator<Item = Result<Asset, StoreError>> + Send + use<>, StoreError> {
        let bits = matching(&*self.read()?, filter);
        let (inventory, filter) = (self.clone(), filter.clone());
        let (mut next, mut ready) = (Some(0), VecDeque::new());
        Ok(std::iter::from_fn(move || {
            while ready.is_empty() {
                let ids: Vec<u32> = bits.iter_from(next?).take(EXPORTED_AT_ONCE).collect();
                next = ids.last().map(|last| last + 1);
                match inventory.read_assets(&ids, &filter) {
                    Ok(assets) => ready.extend(assets.into_iter().map(Ok)),
                    Err(error) => {
                        next = None;
                        ready.push_back(Err(error));
                    }
                }
            }
            ready.pop_front()
        }))
    }

    fn read_assets(&self, ids: &[u32], filter: &Filter) -> Result<Vec<Asset>, StoreError> {
        let state = self.read()?;
        let mut assets = Vec::with_capacity(ids.len());
        for id in ids
            .iter()
            .filter(|id| state.rows.is(**id, super::columns::LIVE))
        {
            let asset = query::read_asset(&state, &self.0.engine, *id)?;
            if holds(&asset, filter) {
                assets.push(asset);
            }
        }
        Ok(assets)
    }

    /// The DER of a certificate that the inventory holds.
    ///
    /// # Errors
    /// When it is damaged.
    pub fn body(&self, fingerprint: Sha256) -> Result<Option<Vec<u8>>, StoreError> {
        let found = self.read()?.find_leaf(fingerprint);
        found
            .map(|id| self.0.bodies.get(id, fingerprint))
            .transpose()
    }
}

/// Renames a damaged inventory. Returns where it is now.
fn move_aside(dir: &Path, now: Millis) -> Result<PathBuf, StoreError> {
    let stamp = crate::model::time::rfc3339(now).replace([':', '-'], "");
    for attempt in 0..100 {
        let mut name = dir.as_os_str().to_owned();
        name.push(format!(".damaged-{stamp}"));
        if attempt > 0 {
            name.push(format!("-{attempt}"));
        }
        let aside = PathBuf::from(name);
        if !aside.exists() {
            std::fs::rename(dir, &aside)?;
            return Ok(aside);
        }
    }
    Err(StoreError::Damaged(format!(
        "and there is no free name to move {} aside",
        dir.display()
    )))
}
