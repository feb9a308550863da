//! Runs, accounts and connectors.
//! Above: `inventory`. Below: `draft`, `state`.
//! Invariant: mock and real data never stand under one connector's name.

use super::codec::{decode, unseal};
use super::columns::{MISSING, RETIRED};
use super::draft::Draft;
use super::error::StoreError;
use super::split::KEPT_PROBLEMS;
use super::state::{ConnectorRecord, State, keys};
use super::types::{AccountStatus, ConnectorStatus, RunEnd, RunFilter, RunStart, SplitStatus};
use super::vanish::split_run_key;
use crate::model::account::Account;
use crate::model::id::{ConnectorId, RunId};
use crate::model::run::{Counts, Run, RunStatus, SplitRun};
use crate::model::time::Millis;
use std::collections::BTreeMap;

/// Runs of a connector that are remembered, and those of them whose splits are.
const KEPT_RUNS: usize = 400;
const KEPT_SPLIT_RUNS: usize = 30;

fn run_key(run: RunId) -> Vec<u8> {
    let mut key = vec![keys::RUN];
    key.extend_from_slice(&run.0.to_be_bytes());
    key
}

fn account_key(connector: u32, account: &str) -> Vec<u8> {
    let mut key = keys::of(keys::ACCOUNT, connector);
    key.extend_from_slice(account.as_bytes());
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

/// Accounts that the plan did not tell leave the tree; splits that it did not tell become stale.
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
    for (number, split) in &mut state.splits {
        let record = &mut split.record;
        if record.connector == run.connector && record.run != Some(run.id) && !record.stale {
            record.stale = true;
            draft.put(keys::of(keys::SPLIT, *number), record)?;
        }
    }
    Ok(())
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
    // One run leaves the window at each end, so that one look is enough.
    if let Some(id) = ids.get(KEPT_SPLIT_RUNS) {
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
    gone.into_iter().for_each(|key| draft.remove(key));
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

pub(super) fn put_accounts(
    state: &mut State,
    draft: &mut Draft<'_>,
    connector: &ConnectorId,
    run: RunId,
    accounts: &[Account],
) -> Result<(), StoreError> {
    let number = match state.connector(connector) {
        Some((number, _))
            if state
                .runs
                .get(&run)
                .is_some_and(|run| run.connector == *connector) =>
        {
            number
        }
        _ => return Err(StoreError::NoSuchRun(run)),
    };
    for account in accounts {
        draft.put(account_key(number, &account.id), &(connector, account, run))?;
        let tree = state.accounts.entry(connector.clone()).or_default();
        tree.insert(account.id.clone(), (account.clone(), run));
    }
    Ok(())
}

pub(super) fn accounts(state: &State, connector: &ConnectorId) -> Vec<AccountStatus> {
    let status = |account: Account| AccountStatus {
        account,
        splits: Vec::new(),
        assets: 0,
        stale: 0,
        missing: 0,
    };
    let mut all: BTreeMap<&str, AccountStatus> = BTreeMap::new();
    for (id, (account, _)) in state.accounts.get(connector).into_iter().flatten() {
        all.insert(id, status(account.clone()));
    }
    for split in state
        .splits
        .values()
        .filter(|split| split.record.connector == *connector)
    {
        let record = &split.record;
        let entry = all.entry(&record.account).or_insert_with(|| {
            status(Account {
                id: record.account.clone(),
                name: String::new(),
                email: None,
                path: Vec::new(),
                state: String::new(),
                management: false,
                excluded: None,
            })
        });
        let present = split.rows.iter().filter(|id| !state.rows.is(*id, RETIRED));
        let (assets, missing) = present.fold((0, 0), |(assets, missing), id| {
            (assets + 1, missing + u64::from(state.rows.is(id, MISSING)))
        });
        entry.assets += assets;
        entry.missing += missing;
        entry.stale += if record.stale { assets } else { 0 };
        entry.splits.push(SplitStatus {
            split: record.id.clone(),
            region: record.region.clone(),
            service: record.service.clone(),
            coverage: record.coverage,
            run: record.run,
            complete_at: record.complete_at,
            held: record.held,
            stale: record.stale,
            assets,
            error: record.error.clone(),
        });
    }
    all.into_values().collect()
}

pub(super) fn connectors(state: &State) -> Vec<ConnectorStatus> {
    let status = |record: &ConnectorRecord| {
        let splits = state
            .splits
            .values()
            .filter(|split| split.record.connector == record.name);
        let present = |id: &u32| !state.rows.is(*id, RETIRED);
        ConnectorStatus {
            connector: record.name.clone(),
            mock: record.mock,
            last_run: state
                .runs
                .values()
                .rev()
                .find(|run| run.connector == record.name)
                .map(|run| run.id),
            assets: splits
                .map(|split| split.rows.iter().filter(present).count() as u64)
                .sum(),
        }
    };
    let mut all: Vec<_> = state.connectors.values().map(status).collect();
    all.sort_by(|a, b| a.connector.cmp(&b.connector));
    all
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
    let splits: Vec<u32> = state
        .splits
        .iter()
        .filter(|(_, split)| split.record.connector == *connector)
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
        state.drop_split(split);
        for kind in [keys::SPLIT, keys::SCAN, keys::PARTLY] {
            draft.remove(keys::of(kind, split));
        }
    }
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
