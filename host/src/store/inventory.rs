//! The inventory's face: opening, and each operation under its lock.
//! Above: `connector`, `cli`. Below: the rest of `store`.
//! Invariant: no panic of the store's engine leaves this file; once memory and disk may differ, every call is refused.

use super::bodies::{Before, Bodies};
use super::draft::Draft;
use super::engine::Engine;
use super::error::StoreError;
use super::hold::hold;
use super::state::State;
use super::types::{Committed, Opened, PageCommit, RunEnd, RunStart, SplitEnd};
use super::{accounts as tree, commit, form, runs, vanish};
use crate::model::account::Account;
use crate::model::id::{ConnectorId, RunId};
use crate::model::run::{Run, RunStatus, SplitRun};
use crate::model::split::Split;
use crate::model::time::{Clock, Millis};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock, RwLock, RwLockReadGuard, Weak};

/// What was found, on disk. Clones share it; the last one to go writes everything out.
#[derive(Clone)]
pub struct Inventory(pub(super) Arc<Shared>, pub(super) Arc<dyn Clock>);

/// The way back to an inventory for as long as somebody has it open.
#[derive(Default)]
pub struct WeakInventory(Weak<Shared>);

pub(super) struct Shared {
    pub(super) engine: Engine,
    pub(super) bodies: Bodies,
    pub(super) state: RwLock<State>,
    /// Why nothing works any more.
    stopped: OnceLock<String>,
    // Last: until the rest is closed, nobody else may open it.
    _hold: Arc<File>,
}

impl std::fmt::Debug for Inventory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Inventory(..)")
    }
}

impl WeakInventory {
    /// None once nobody has it any more.
    #[must_use]
    pub fn upgrade(&self, clock: Arc<dyn Clock>) -> Option<Inventory> {
        Some(Inventory(self.0.upgrade()?, clock))
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
    /// Opens the inventory in this directory, or makes one. A damaged one is moved aside, and so is one of an older form;
    /// where only the bodies are damaged, only they are.
    ///
    /// # Errors
    /// When another process has it, a newer sensor wrote it, or the files cannot be used.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "the inventory keeps the clock"
    )]
    pub fn open(dir: &Path, clock: Arc<dyn Clock>) -> Result<Opened, StoreError> {
        let held = Arc::new(hold(dir)?);
        let (what, word) = match Self::open_sound(dir, &clock, &held) {
            Err(StoreError::Damaged(why)) => {
                (format!("the inventory was damaged ({why})"), "damaged")
            }
            Err(error @ StoreError::Older(_)) => (error.to_string(), "old"),
            other => return other,
        };
        let aside = free_name(dir, word, clock.now());
        std::fs::rename(dir, &aside)?;
        let fresh = Arc::new(hold(dir)?);
        let mut opened = Self::open_sound(dir, &clock, &fresh)?;
        opened.notice = Some(format!(
            "{what}: it is now in {}, and a fresh one was made; import again to fill it",
            aside.display()
        ));
        Ok(opened)
    }

    /// Does not keep it open.
    #[must_use]
    pub fn downgrade(&self) -> WeakInventory {
        WeakInventory(Arc::downgrade(&self.0))
    }

    /// The same inventory by another clock: what a simulation finds is dated by the simulation's time.
    #[must_use]
    pub fn by(&self, clock: Arc<dyn Clock>) -> Self {
        Self(Arc::clone(&self.0), clock)
    }

    /// Tells one inventory from another: whether it was begun anew, by whichever process. Opens nothing. None where
    /// there is none.
    #[must_use]
    pub fn which(dir: &Path) -> Option<[u8; 16]> {
        form::which(dir)
    }

    fn open_sound(
        dir: &Path,
        clock: &Arc<dyn Clock>,
        held: &Arc<File>,
    ) -> Result<Opened, StoreError> {
        let uuid = form::check(dir)?;
        let (engine, acknowledged) = Engine::open(dir)?;
        let state = RwLock::new(State::load(&engine, acknowledged, uuid)?);
        let (bodies, before) = Bodies::open(dir, |file| free_name(file, "damaged", clock.now()))?;
        let shared = Shared {
            engine,
            bodies,
            state,
            stopped: OnceLock::new(),
            _hold: Arc::clone(held),
        };
        let inventory = Self(Arc::new(shared), Arc::clone(clock));
        inventory.settle_in()?;
        let notice = inventory.miss_bodies(before)?;
        Ok(Opened { inventory, notice })
    }

    /// Marks the bodies of a file that is not there any more as lost, and says so.
    fn miss_bodies(&self, before: Before) -> Result<Option<String>, StoreError> {
        let Before::Lost(aside) = before else {
            return Ok(None);
        };
        let lost = self.lose_all()?;
        self.0.bodies.settle()?;
        let what = aside.map_or_else(
            || "is gone".to_owned(),
            |aside| format!("was damaged and is now in {}", aside.display()),
        );
        Ok((lost > 0).then(|| {
            format!(
                "the file of the certificates' bodies {what}: nothing else is lost; import again to read the bodies anew"
            )
        }))
    }

    /// Makes the header of a fresh inventory; ends the runs that a dead process left.
    fn settle_in(&self) -> Result<(), StoreError> {
        let now = self.1.now();
        self.change(|state, draft| {
            if state.meta.number == 0 {
                draft.remove(Vec::from(*b"?"));
            }
            runs::interrupt(state, draft, |run| run.status == RunStatus::Running, now)
        })
    }

    pub(super) fn read(&self) -> Result<RwLockReadGuard<'_, State>, StoreError> {
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
    pub(super) fn change<T>(
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
                StoreError::Damaged(_)
                    | StoreError::Bodies(_)
                    | StoreError::Disk(_)
                    | StoreError::Io(_)
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
        let now = self.1.now();
        self.change(|state, draft| runs::begin_run(state, draft, start, now))
    }

    /// Ends a run. Its counts are the sum of its splits.
    ///
    /// # Errors
    /// `NoSuchRun`, or when it cannot be written.
    pub fn finish_run(&self, run: RunId, end: RunEnd) -> Result<Run, StoreError> {
        let now = self.1.now();
        self.change_places(|state, draft| runs::finish_run(state, draft, run, end, now))
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
        self.change(|state, draft| tree::put_accounts(state, draft, connector, run, accounts))
    }

    /// Keeps a page: assets, indexes and cursor, all or nothing, on disk when this returns.
    /// The same page again changes nothing but when its places were last seen.
    ///
    /// # Errors
    /// `OutOfOrder` when `at` is neither where the scan stands nor where its last page began; `NoSuchRun`.
    pub fn commit_page(&self, page: PageCommit<'_>) -> Result<Committed, StoreError> {
        let now = self.1.now();
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
        let now = self.1.now();
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

    /// Removes everything of one account of a connector. Returns how many places it had; none if it is not known.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn forget_account(
        &self,
        connector: &ConnectorId,
        account: &str,
    ) -> Result<Option<u64>, StoreError> {
        self.change_places(|state, draft| runs::forget_account(state, draft, connector, account))
    }
}

/// A name beside a path for what is set aside.
fn free_name(path: &Path, word: &str, now: Millis) -> PathBuf {
    let stamp = crate::model::time::rfc3339(now).replace([':', '-'], "");
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{word}-{stamp}"));
    let first = PathBuf::from(name);
    let mut free = first.clone();
    for attempt in 1_u32.. {
        if !free.exists() {
            break;
        }
        let mut name = first.clone().into_os_string();
        name.push(format!("-{attempt}"));
        free = PathBuf::from(name);
    }
    free
}
