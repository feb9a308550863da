//! The inventory's face, the other half: what only reads.
//! Above: `connector`, `cli`. Below: the rest of `store`.
//! Invariant: nothing here changes what is on disk.

use super::error::StoreError;
use super::inventory::Inventory;
use super::matching::{holds, matching};
use super::types::{
    AccountStatus, Checkpoint, ConnectorStatus, ListPage, RunFilter, Shown, Summary,
};
use super::{accounts, list, quarantine, runs, show, summary};
use crate::model::asset::{Asset, Quarantined};
use crate::model::filter::{Filter, Query};
use crate::model::id::{ConnectorId, RunId};
use crate::model::run::{Run, SplitRun};
use crate::model::time::Millis;
use std::collections::VecDeque;

/// An unfinished scan older than this begins anew.
const FRESH: Millis = 24 * 3_600_000;
/// Places that an export reads under one lock.
const EXPORTED_AT_ONCE: usize = 256;

impl Inventory {
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

    /// The connector's accounts by id, each with its coverage and its numbers. One whose splits are known though no
    /// plan told it has no name and no state.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn accounts(&self, connector: &ConnectorId) -> Result<Vec<AccountStatus>, StoreError> {
        Ok(accounts::accounts(&*self.read()?, connector))
    }

    /// The connectors that the inventory knows.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn connectors(&self) -> Result<Vec<ConnectorStatus>, StoreError> {
        Ok(accounts::connectors(&*self.read()?))
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
        let now = self.1.now();
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

    /// What came in certificates' places and is none, of one connector or of all.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn quarantine(
        &self,
        connector: Option<&ConnectorId>,
    ) -> Result<Vec<Quarantined>, StoreError> {
        let _unchanged = self.read()?;
        quarantine::all(&self.0.engine, connector)
    }

    /// One page of the places that match.
    ///
    /// # Errors
    /// `BadPosition` when `after` did not come from a list in the same order.
    pub fn list(&self, query: &Query) -> Result<ListPage, StoreError> {
        list::list(&*self.read()?, &self.0.engine, query)
    }

    /// A certificate by ARN, fingerprint, beginning of a fingerprint (6 digits or more), or serial number.
    ///
    /// # Errors
    /// `NotFound` and `Ambiguous`.
    pub fn show(&self, text: &str) -> Result<Shown, StoreError> {
        show::show(&*self.read()?, &self.0.engine, text)
    }

    /// The places that match, in numbers.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn summary(&self, filter: &Filter) -> Result<Summary, StoreError> {
        Ok(summary::summary(&*self.read()?, filter, self.1.now()))
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
            let asset = show::read_asset(&state, &self.0.engine, *id)?;
            if holds(&asset, filter) {
                assets.push(asset);
            }
        }
        Ok(assets)
    }
}
