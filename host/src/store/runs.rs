//! Runs from their beginning to their end, and forgetting a connector.
//! Above: `inventory`. Below: `draft`, `state`.
//! Invariant: mock and real data never stand under one connector's name.

use super::accounts::account_key;
use super::codec::{decode, unseal};
use super::draft::Draft;
use super::error::StoreError;
use super::quarantine;
use super::records::{ConnectorRecord, keys};
use super::split::KEPT_PROBLEMS;
use super::state::State;
use super::types::{RunEnd, RunFilter, RunStart};
use super::vanish::split_run_key;
use crate::model::id::{ConnectorId, RunId};
use crate::model::run::{Counts, Run, RunStatus, SplitRun};
use crate::model::time::Millis;

/// Runs of a connector that are remembered, and those of them whose splits are.
const KEPT_RUNS: usize = 400;
const KEPT_SPLIT_RUNS: usize = 30;

fn run_key(run: RunId) -> Vec<u8> {
    let mut key = vec![keys::RUN];
    key.extend_from_slice(&run.0.to_be_bytes());
    key
}

pub(super) fn begin_run(
    state: &mut State,
    draft: &mut Draft<'_>,
    start: &RunStart<'_>,
    now: Millis,
) -> Result<Run, StoreError> {
    match state.connector(start.connector) {
        Some((_, known)) if known.mock != start.mock => {
            return Err(StoreError::MockMix {
                connector: start.connector.clone(),
                holds_mock: known.mock,
            });
        }
        Some(_) => {}
        None => {
            let number = state
                .connectors
                .last_key_value()
                .map_or(0, |(last, _)| last + 1);
            let record = ConnectorRecord {
                name: start.connector.clone(),
                mock: start.mock,
            };
            draft.put(keys::of(keys::CONNECTOR, number), &record)?;
            state.connectors.insert(number, record);
        }
    }
    interrupt(state, draft, |run| run.connector == *start.connector, now)?;
    state.meta.next_run += 1;
    let run = Run {
        id: RunId(state.meta.next_run),
        connector: start.connector.clone(),
        plugin: start.plugin.clone(),
        mock: start.mock,
        status: RunStatus::Running,
        started_at: now,
        ended_at: None,
        counts: Counts::default(),
        calls: Vec::new(),
        error: None,
        problems: Vec::new(),
    };
    put_run(state, draft, run.clone())?;
    prune(state, draft, start.connector)?;
    Ok(run)
}

/// Runs that still stand as running are not: whoever ran them is gone.
pub(super) fn interrupt(
    state: &mut State,
    draft: &mut Draft<'_>,
    which: impl Fn(&Run) -> bool,
    now: Millis,
) -> Result<(), StoreError> {
    let left: Vec<Run> = state
        .runs
        .values()
        .filter(|run| run.status == RunStatus::Running && which(run))
        .cloned()
        .collect();
    for mut run in left {
        run.status = RunStatus::Interrupted;
        run.ended_at = Some(now);
        run.counts = sum(&split_runs(state, draft.engine(), run.id)?);
        put_run(state, draft, run)?;
    }
    Ok(())
}

fn put_run(state: &mut State, draft: &mut Draft<'_>, run: Run) -> Result<(), StoreError> {
    draft.put(run_key(run.id), &run)?;
    state.runs.insert(run.id, run);
    Ok(())
}

fn sum(splits: &[SplitRun]) -> Counts {
    splits.iter().fold(Counts::default(), |mut sum, split| {
        sum += split.counts;
        sum
    })
}

pub(super) fn finish_run(
    state: &mut State,
    draft: &mut Draft<'_>,
    id: RunId,
    end: RunEnd,
    now: Millis,
) -> Result<Run, StoreError> {
    let mut run = state
        .runs
        .get(&id)
        .cloned()
        .ok_or(StoreError::NoSuchRun(id))?;
    run.status = end.status;
    run.ended_at = Some(now);
    run.counts = sum(&split_runs(state, draft.engine(), id)?);
    run.counts.problems += end.problems.len() as u64;
    run.calls = end.calls;
    run.error = end.error;
    run.problems = end.problems.into_iter().take(KEPT_PROBLEMS).collect();
    if end.plan_complete && matches!(end.status, RunStatus::Complete | RunStatus::Partial) {
        drop_unplanned(state, draft, &run)?;
    }
    draft.sweep(state)?;
    put_run(state, draft, run.clone())?;
    prune(state, draft, &run.connector)?;
    Ok(run)
}

/// Accounts that the plan did not tell leave the tree; splits that it did not tell become stale, or go when nothing was
/// ever found in them.
fn drop_unplanned(state: &mut State, draft: &mut Draft<'_>, run: &Run) -> Result<(), StoreError> {
    let Some((connector, _)) = state.connector(&run.connector) else {
        return Ok(());
    };
    if let Some(accounts) = state.accounts.get_mut(&run.connector) {
        let gone: Vec<String> = accounts
            .iter()
            .filter(|(_, (_, told))| *told != run.id)
            .map(|(id, _)| id.clone())
            .collect();
        for id in gone {
            accounts.remove(&id);
            draft.remove(account_key(connector, &id));
        }
    }
    let mut never_read = Vec::new();
    for (number, split) in &mut state.splits {
        let record = &mut split.record;
        if record.connector != run.connector || record.run == Some(run.id) {
            continue;
        }
        if record.complete_at.is_none() && split.rows.is_empty() {
            never_read.push(*number);
        } else if !record.stale {
            record.stale = true;
            draft.put(keys::of(keys::SPLIT, *number), record)?;
        }
    }
    for number in never_read {
        drop_split(state, draft, number);
    }
    Ok(())
}

/// Takes out a split that has no places.
fn drop_split(state: &mut State, draft: &mut Draft<'_>, number: u32) {
    quarantine::sweep(state, draft, number, None);
    state.drop_split(number);
    for kind in [keys::SPLIT, keys::SCAN, keys::PARTLY] {
        draft.remove(keys::of(kind, number));
    }
}

/// Forgets the oldest runs of a connector.
fn prune(
    state: &mut State,
    draft: &mut Draft<'_>,
    connector: &ConnectorId,
) -> Result<(), StoreError> {
    let ids: Vec<RunId> = state
        .runs
        .values()
        .rev()
        .filter(|run| run.connector == *connector)
        .map(|run| run.id)
        .collect();
    for id in ids.get(KEPT_RUNS..).unwrap_or_default() {
        state.runs.remove(id);
        draft.remove(run_key(*id));
    }
    // Most have none any more; a look at each costs a few microseconds.
    for id in ids.get(KEPT_SPLIT_RUNS..).unwrap_or_default() {
        remove_split_runs(draft, *id)?;
    }
    Ok(())
}

fn remove_split_runs(draft: &mut Draft<'_>, run: RunId) -> Result<(), StoreError> {
    let mut gone = Vec::new();
    draft.engine().each(&split_run_key(run, 0)[..9], |key, _| {
        gone.push(key.to_vec());
        Ok(())
    })?;
    for key in gone {
        draft.remove(key);
    }
    Ok(())
}

pub(super) fn runs(state: &State, filter: &RunFilter) -> Vec<Run> {
    let wanted = |run: &&Run| {
        filter
            .connector
            .as_ref()
            .is_none_or(|connector| run.connector == *connector)
    };
    state
        .runs
        .values()
        .rev()
        .filter(wanted)
        .take(filter.limit.unwrap_or(usize::MAX))
        .cloned()
        .collect()
}

pub(super) fn split_runs(
    state: &State,
    engine: &super::engine::Engine,
    run: RunId,
) -> Result<Vec<SplitRun>, StoreError> {
    if !state.runs.contains_key(&run) {
        return Err(StoreError::NoSuchRun(run));
    }
    let mut all = Vec::new();
    engine.each(&split_run_key(run, 0)[..9], |_, value| {
        all.push(decode(unseal(value)?)?);
        Ok(())
    })?;
    Ok(all)
}

/// Takes out everything of a connector. Returns how many places it had.
pub(super) fn forget(
    state: &mut State,
    draft: &mut Draft<'_>,
    connector: &ConnectorId,
) -> Result<u64, StoreError> {
    let Some((number, _)) = state.connector(connector) else {
        return Ok(0);
    };
    let places = forget_splits(state, draft, connector, None)?;
    for account in state
        .accounts
        .remove(connector)
        .unwrap_or_default()
        .into_keys()
    {
        draft.remove(account_key(number, &account));
    }
    let runs: Vec<RunId> = state
        .runs
        .values()
        .filter(|run| run.connector == *connector)
        .map(|run| run.id)
        .collect();
    for run in runs {
        state.runs.remove(&run);
        draft.remove(run_key(run));
        remove_split_runs(draft, run)?;
    }
    state.connectors.remove(&number);
    draft.remove(keys::of(keys::CONNECTOR, number));
    draft.sweep(state)?;
    Ok(places)
}

/// Takes out everything of one account; what runs told of it stays. Returns how many places it had; none if it is not
/// known.
pub(super) fn forget_account(
    state: &mut State,
    draft: &mut Draft<'_>,
    connector: &ConnectorId,
    account: &str,
) -> Result<Option<u64>, StoreError> {
    let Some((number, _)) = state.connector(connector) else {
        return Ok(None);
    };
    let told = state.accounts.get_mut(connector);
    let mut known = told.is_some_and(|accounts| accounts.remove(account).is_some());
    if known {
        draft.remove(account_key(number, account));
    }
    known |= state
        .splits
        .values()
        .any(|split| split.record.connector == *connector && split.record.account == account);
    let places = forget_splits(state, draft, connector, Some(account))?;
    draft.sweep(state)?;
    Ok(known.then_some(places))
}

/// The splits of a connector, or of one account of it, with all that lies in them.
fn forget_splits(
    state: &mut State,
    draft: &mut Draft<'_>,
    connector: &ConnectorId,
    account: Option<&str>,
) -> Result<u64, StoreError> {
    let splits: Vec<u32> = state
        .splits
        .iter()
        .filter(|(_, split)| split.record.connector == *connector)
        .filter(|(_, split)| account.is_none_or(|account| split.record.account == account))
        .map(|(id, _)| *id)
        .collect();
    let mut places = 0;
    for split in splits {
        let rows: Vec<u32> = state
            .splits
            .get(&split)
            .map(|split| split.rows.iter().collect())
            .unwrap_or_default();
        places += rows.len() as u64;
        if let Some(split) = state.splits.get_mut(&split) {
            // It goes as a whole; taking it apart place by place would write it each time.
            split.partly.clear();
        }
        for id in rows {
            draft.drop_place(state, id)?;
        }
        drop_split(state, draft, split);
    }
    Ok(places)
}
