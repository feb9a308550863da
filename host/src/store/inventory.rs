//! The inventory's face.
//! Above: `connector`, `cli`. Below: the rest of `store`.
//! Invariant: no panic of the store's engine leaves this file.

use super::error::StoreError;
use super::types::{
    AccountStatus, Checkpoint, Committed, ConnectorStatus, ListPage, Marker, Opened, PageCommit,
    RunEnd, RunFilter, RunStart, Shown, SplitEnd, Summary,
};
use crate::model::account::Account;
use crate::model::asset::Asset;
use crate::model::filter::{Filter, Query};
use crate::model::id::{ConnectorId, RunId, Sha256};
use crate::model::run::{Run, SplitRun};
use crate::model::split::Split;
use crate::model::time::Clock;
use std::path::Path;
use std::sync::Arc;

/// What was found, on disk. Clones share it; the last one to go writes everything out.
#[derive(Debug, Clone)]
pub struct Inventory {
    clock: Arc<dyn Clock>,
}

fn later<T>() -> Result<T, StoreError> {
    Err(StoreError::Damaged("not built yet".into()))
}

impl Inventory {
    /// Opens the inventory in this directory, or makes one. A damaged one is moved aside.
    ///
    /// # Errors
    /// When another process has it, a newer sensor wrote it, or the files cannot be used.
    pub fn open(_dir: &Path, clock: Arc<dyn Clock>) -> Result<Opened, StoreError> {
        Ok(Opened {
            inventory: Self { clock },
            notice: None,
        })
    }

    /// Starts a run. An earlier run of the connector that never ended becomes `Interrupted`.
    ///
    /// # Errors
    /// `MockMix` when the connector's inventory came from the other kind of cloud.
    pub fn begin_run(&self, _start: &RunStart<'_>) -> Result<Run, StoreError> {
        let _ = self.clock.now();
        later()
    }

    /// Ends a run.
    ///
    /// # Errors
    /// `NoSuchRun`, or when it cannot be written.
    pub fn finish_run(&self, _run: RunId, _end: RunEnd) -> Result<Run, StoreError> {
        later()
    }

    /// Runs, newest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn runs(&self, _filter: &RunFilter) -> Result<Vec<Run>, StoreError> {
        later()
    }

    /// One run.
    ///
    /// # Errors
    /// `NoSuchRun`.
    pub fn run(&self, _run: RunId) -> Result<Run, StoreError> {
        later()
    }

    /// What became of each split that the run has ended so far.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn split_runs(&self, _run: RunId) -> Result<Vec<SplitRun>, StoreError> {
        later()
    }

    /// Puts accounts of a plan's page into the connector's tree.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn put_accounts(
        &self,
        _connector: &ConnectorId,
        _run: RunId,
        _accounts: &[Account],
    ) -> Result<(), StoreError> {
        later()
    }

    /// The connector's accounts by id, each with its coverage and its numbers.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn accounts(&self, _connector: &ConnectorId) -> Result<Vec<AccountStatus>, StoreError> {
        later()
    }

    /// The connectors that the inventory knows.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn connectors(&self) -> Result<Vec<ConnectorStatus>, StoreError> {
        later()
    }

    /// Where the split's scan stands, if one has begun and not ended, and it is fresh enough (24 h) to go on with.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn checkpoint(
        &self,
        _connector: &ConnectorId,
        _split: &str,
    ) -> Result<Option<Checkpoint>, StoreError> {
        later()
    }

    /// What is remembered of places, one answer for each id, in order. Retired places are not remembered.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn markers(
        &self,
        _connector: &ConnectorId,
        _ids: &[String],
    ) -> Result<Vec<Option<Marker>>, StoreError> {
        later()
    }

    /// Keeps a page: assets, indexes and cursor, all or nothing, on disk when this returns.
    /// The same page again changes nothing but when its places were last seen.
    ///
    /// # Errors
    /// `OutOfOrder` when `at` is neither where the scan stands nor where its last page began.
    pub fn commit_page(&self, _page: PageCommit<'_>) -> Result<Committed, StoreError> {
        later()
    }

    /// Ends a split in a run and applies the rules for what is gone.
    ///
    /// # Errors
    /// `NotEnded` when it is said to be complete and its last page is not committed.
    pub fn finish_split(
        &self,
        _connector: &ConnectorId,
        _run: RunId,
        _split: &Split,
        _end: SplitEnd,
    ) -> Result<SplitRun, StoreError> {
        later()
    }

    /// Removes everything of a connector. Returns how many places it had.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn forget_connector(&self, _connector: &ConnectorId) -> Result<u64, StoreError> {
        later()
    }

    /// One page of the places that match.
    ///
    /// # Errors
    /// `BadPosition` when `after` did not come from a list in the same order.
    pub fn list(&self, _query: &Query) -> Result<ListPage, StoreError> {
        later()
    }

    /// A certificate by ARN, fingerprint, beginning of a fingerprint, or serial number.
    ///
    /// # Errors
    /// `NotFound` and `Ambiguous`.
    pub fn show(&self, _text: &str) -> Result<Shown, StoreError> {
        later()
    }

    /// The places that match, in numbers.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn summary(&self, _filter: &Filter) -> Result<Summary, StoreError> {
        later()
    }

    /// Every place that matches, one after the other, without holding them all in memory.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn export(
        &self,
        _filter: &Filter,
    ) -> Result<impl Iterator<Item = Result<Asset, StoreError>> + Send + use<>, StoreError> {
        Ok(std::iter::once_with(later))
    }

    /// The DER of a certificate that the inventory holds.
    ///
    /// # Errors
    /// When it is damaged.
    pub fn body(&self, _fingerprint: Sha256) -> Result<Option<Vec<u8>>, StoreError> {
        later()
    }
}
