//! Accounts and connectors with what is known of them.
//! Above: `inventory`, `runs`. Below: `draft`, `state`.
//! Invariant: an account stays in the tree while its splits are known.

use super::columns::{MISSING, RETIRED};
use super::draft::Draft;
use super::error::StoreError;
use super::records::{ConnectorRecord, keys};
use super::state::State;
use super::types::{AccountStatus, ConnectorStatus, SplitStatus};
use crate::model::account::Account;
use crate::model::id::{ConnectorId, RunId};
use crate::model::split::Coverage;
use std::collections::BTreeMap;

pub(super) fn account_key(connector: u32, account: &str) -> Vec<u8> {
    let mut key = keys::of(keys::ACCOUNT, connector);
    key.extend_from_slice(account.as_bytes());
    key
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
        missing: 0,
        stale: 0,
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
        if record.stale {
            entry.stale += assets;
        } else if matches!(
            record.coverage,
            Some(Coverage::Complete | Coverage::Partial)
        ) {
            entry.assets += assets;
            entry.missing += missing;
        }
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
