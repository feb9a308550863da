//! An import without the sandbox: the connector crate compiled natively, driven as the engine drives the component.
//! Above: `tax`. Below: `native`, the connector crate, the inventory.
//! Invariant: the same calls, checks and commits in the same order as `sensor::connector` with one split at a time.

use crate::ground::{Ground, SETTINGS};
use crate::native::Native;
use anyhow::{anyhow, bail};
use aws_unified::AwsUnified;
use sensor::bindings::connector::sensor::connector::types as wit;
use sensor::bindings::convert;
use sensor::model::id::{RunId, Sha256};
use sensor::model::plan::PlanEntry;
use sensor::model::run::{Run, RunStatus};
use sensor::model::split::{Coverage, Cursor, Split};
use sensor::store::{ImportLabels, PageCommit, RunEnd, SplitEnd};
use sensor_sdk::connector::Connector;
use sensor_tests::simulated::twin::Twin;
use tokio::runtime::Runtime;

/// Carries out the run that the ground has begun.
pub(crate) fn import(runtime: &Runtime, ground: &Ground) -> anyhow::Result<Run> {
    let run = ground.run;
    let host = Native {
        runtime,
        aws: ground.aws.clone(),
        clock: ground.clock.clone(),
        settings: SETTINGS,
        inventory: &ground.inventory,
        connector: &ground.connector,
    };
    for split in plan(&host, ground, run)? {
        read(&host, ground, run, &split)?;
    }
    let end = RunEnd {
        status: RunStatus::Complete,
        plan_complete: true,
        calls: ground.aws.calls(),
        error: None,
        problems: Vec::new(),
    };
    Ok(ground.inventory.finish_run(run, end)?)
}

fn failed(error: &sensor_sdk::types::Error) -> anyhow::Error {
    anyhow!("{} ({})", error.message, error.code)
}

fn plan(host: &Native<'_>, ground: &Ground, run: RunId) -> anyhow::Result<Vec<Split>> {
    let (mut splits, mut at): (_, Option<Cursor>) = (Vec::new(), None);
    loop {
        let page =
            AwsUnified::plan(host, at.take().map(to_guest)).map_err(|error| failed(&error))?;
        let page = convert::plan_page(page.twin()).map_err(|refused| anyhow!(refused))?;
        let mut accounts = Vec::new();
        for entry in page.entries {
            match entry {
                PlanEntry::Account(account) => accounts.push(account),
                PlanEntry::Split(split) => splits.push(split),
                PlanEntry::Skipped(skipped) => bail!("skipped: {skipped:?}"),
            }
        }
        elsewhere(host, ground, move |inventory, connector| {
            inventory.put_accounts(connector, run, &accounts)
        })?;
        at = page.next;
        if at.is_none() {
            return Ok(splits);
        }
    }
}

fn read(host: &Native<'_>, ground: &Ground, run: RunId, split: &Split) -> anyhow::Result<()> {
    let started_at = ground.clock.now();
    let own = split.clone();
    let checkpoint = elsewhere(host, ground, move |inventory, connector| {
        inventory.checkpoint(connector, &own.id)
    })?;
    let mut at = checkpoint.and_then(|checkpoint| checkpoint.cursor);
    let mut chains = convert::ChainMemory::default();
    loop {
        let asked = guest_split(split);
        let page = AwsUnified::read_page(host, asked, at.clone().map(to_guest))
            .map_err(|error| failed(&error))?;
        let page = convert::read_page(page.twin(), split, &mut chains)
            .map_err(|refused| anyhow!(refused))?;
        let next = page.next.clone();
        let own = split.clone();
        elsewhere(host, ground, move |inventory, connector| {
            inventory.commit_page(PageCommit {
                connector,
                run,
                split: &own,
                at,
                entries: page.entries,
                problems: page.problems,
                next: page.next,
                plugin: Sha256([0; 32]),
                labels: &ImportLabels::default(),
            })
        })?;
        at = next;
        if at.is_none() {
            break;
        }
    }
    let end = SplitEnd {
        coverage: Coverage::Complete,
        error: None,
        problems: Vec::new(),
        started_at,
        accept_vanished: false,
    };
    let own = split.clone();
    elsewhere(host, ground, move |inventory, connector| {
        inventory.finish_split(connector, run, &own, end)
    })?;
    Ok(())
}

/// Something on the inventory, on the same kind of thread as the engine's.
fn elsewhere<T: Send + 'static>(
    host: &Native<'_>,
    ground: &Ground,
    act: impl FnOnce(
        &sensor::store::Inventory,
        &sensor::model::id::ConnectorId,
    ) -> Result<T, sensor::store::StoreError>
    + Send
    + 'static,
) -> anyhow::Result<T> {
    let (inventory, connector) = (ground.inventory.clone(), ground.connector.clone());
    let done = host.runtime.block_on(async move {
        tokio::task::spawn_blocking(move || act(&inventory, &connector)).await
    });
    Ok(done??)
}

fn to_guest(cursor: Cursor) -> sensor_sdk::types::Cursor {
    convert::to_cursor(cursor).twin()
}

fn guest_split(split: &Split) -> sensor_sdk::types::Split {
    let split: wit::Split = convert::to_split(split);
    split.twin()
}
