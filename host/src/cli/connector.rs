//! `sensor connector`: apply, list, show, check, import, remove.
//! Above: `cli`. Below: `app`, `render`.
//! Invariant: an import that did not cover everything never ends with exit code 0.

use super::ask;
use super::cloud::CloudArgs;
use super::context::Context;
use super::failure::{Outcome, usage};
use super::import;
use super::render::{AppliedList, CheckView, Checked, ConnectorLine, ConnectorList, ConnectorView};
use super::style::{count, safe};
use crate::app::{AppError, CheckOptions};
use crate::config;
use crate::model::id::ConnectorId;
use crate::model::run::RunStatus;
use crate::store::RunFilter;
use clap::Subcommand;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Make connectors, or change them, as a file says
    #[command(before_long_help = "Examples:\n  sensor connector apply -f connector.toml\n")]
    Apply {
        /// A file with one connector, or several as [[connector]] tables
        #[arg(long, short, required = true, value_name = "FILE")]
        file: Vec<PathBuf>,
    },
    /// List connectors and what came of their last runs
    #[command(
        visible_alias = "ls",
        before_long_help = "Examples:\n  sensor connector list\n  sensor connector list --output json\n"
    )]
    List,
    /// Show a connector: its account tree, what was covered, what was found
    #[command(
        before_long_help = "Examples:\n  sensor connector show aws-prod\n  sensor connector show aws-prod --output csv\n"
    )]
    Show {
        /// The connector's name
        connector: ConnectorId,
    },
    /// Try everything that an import needs, and say what is missing
    #[command(
        before_long_help = "Examples:\n  sensor connector check aws-prod\n  sensor connector check aws-prod --mock-host mock-aws --scenario org.toml\n"
    )]
    Check {
        /// The connector's name
        connector: ConnectorId,
        #[command(flatten)]
        cloud: CloudArgs,
    },
    /// Import certificates into the inventory
    #[command(before_long_help = import::EXAMPLES)]
    Import(import::ImportArgs),
    /// Remove a connector and everything that it found
    #[command(
        visible_alias = "rm",
        before_long_help = "Examples:\n  sensor connector remove aws-test --yes\n  sensor connector remove aws-prod --account 123456789012\n"
    )]
    Remove {
        /// The connector's name
        connector: ConnectorId,
        /// Only what it found in this account, which has left the organization; the connector stays
        #[arg(long, value_name = "ID")]
        account: Option<String>,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
}

pub(super) async fn act(verb: Verb, context: &Context) -> anyhow::Result<Outcome> {
    match verb {
        Verb::Apply { file } => apply(&file, context).await,
        Verb::List => list(context),
        Verb::Show { connector } => show(&connector, context),
        Verb::Check { connector, cloud } => check(&connector, &cloud, context).await,
        Verb::Import(args) => import::act(args, context).await,
        Verb::Remove {
            connector,
            account: Some(account),
            yes,
        } => forget(&connector, &account, yes, context),
        Verb::Remove { connector, yes, .. } => remove(&connector, yes, context),
    }
}

async fn apply(files: &[PathBuf], context: &Context) -> anyhow::Result<Outcome> {
    let mut wanted = Vec::new();
    let mut wrong = Vec::new();
    for file in files {
        match config::read(file) {
            Ok(read) => wanted.extend(read.into_iter().map(|config| (file, config))),
            Err(error) => wrong.push(error.into()),
        }
    }
    // A file with a mistake stops all: half of what was meant is not what was meant.
    if !wrong.is_empty() {
        return tell_all(wrong, context);
    }
    let (sensor, mut applied) = (context.beside()?, Vec::new());
    for (file, config) in &wanted {
        match sensor.apply(config).await {
            Ok(done) => applied.push(done),
            Err(mut error) => {
                if let AppError::Invalid { problems, .. } = &mut error {
                    config::locate(file, "connector", config.name.as_str(), problems);
                }
                wrong.push(error.into());
            }
        }
    }
    if !applied.is_empty() {
        context.out.show(&AppliedList { applied: &applied })?;
    }
    for done in &applied {
        done.notes
            .iter()
            .for_each(|note| context.out.warn(&format!("{}: {}", done.name, safe(note))));
    }
    if !wrong.is_empty() {
        return tell_all(wrong, context);
    }
    if let Some(done) = applied.first() {
        context
            .out
            .hint(&format!("sensor connector check {}", done.name));
    }
    Ok(Outcome::All)
}

/// Tells all errors but the last, and returns that.
pub(super) fn tell_all(
    mut errors: Vec<anyhow::Error>,
    context: &Context,
) -> anyhow::Result<Outcome> {
    let last = errors.pop();
    for error in &errors {
        context.out.error(&super::failure::message(error));
    }
    last.map_or(Ok(Outcome::Failed), Err)
}

fn list(context: &Context) -> anyhow::Result<Outcome> {
    let sensor = context.beside()?;
    let line = |listed: crate::app::Listed| ConnectorLine {
        config: listed.stored.config,
        updated_at: listed.stored.updated_at,
        certificates: listed.assets,
        last_run: listed.last_run,
        next_due: listed.next_due,
    };
    let connectors: Vec<_> = sensor.connectors()?.into_iter().map(line).collect();
    context.out.show(&ConnectorList {
        connectors: &connectors,
        now: sensor.clock().now(),
    })?;
    match connectors.first() {
        Some(first) => context
            .out
            .hint(&format!("sensor connector show {}", first.config.name)),
        None => context.out.hint("sensor connector apply -f FILE"),
    }
    Ok(Outcome::All)
}

fn show(name: &ConnectorId, context: &Context) -> anyhow::Result<Outcome> {
    let sensor = context.beside()?;
    let connector = sensor.connector(name)?;
    let inventory = sensor.inventory()?;
    let accounts = inventory.accounts(name)?;
    let last_run = inventory
        .runs(&RunFilter {
            connector: Some(name.clone()),
            limit: Some(1),
        })?
        .into_iter()
        .next();
    let now = sensor.clock().now();
    context.out.show(&ConnectorView {
        connector: &connector,
        accounts: &accounts,
        last_run: last_run.as_ref(),
        now,
    })?;
    context
        .out
        .hint(&match last_run.as_ref().map(|run| (run.status, run.id)) {
            Some((RunStatus::Complete, _)) => format!("sensor inventory list --connector {name}"),
            Some((RunStatus::Running | RunStatus::Partial, id)) => format!("sensor run show {id}"),
            Some((RunStatus::Failed, _)) => format!("sensor connector check {name}"),
            Some((RunStatus::Stopped | RunStatus::Interrupted, _)) | None => {
                format!("sensor connector import {name}")
            }
        });
    Ok(Outcome::All)
}

async fn check(
    name: &ConnectorId,
    cloud: &CloudArgs,
    context: &Context,
) -> anyhow::Result<Outcome> {
    let sensor = context.beside()?;
    let mock = cloud.over(&sensor.connector(name)?.config)?;
    let report = sensor.check(name, &CheckOptions { mock }).await?;
    context.out.show(&CheckView {
        checked: Checked::Connector(name.as_str()),
        findings: &report.findings,
    })?;
    if report.failed() {
        context.out.hint(&format!(
            "mend what failed, then check again; sensor policy {name} prints all that is needed"
        ));
        return Ok(Outcome::Failed);
    }
    context.out.hint(&format!("sensor connector import {name}"));
    Ok(Outcome::All)
}

fn remove(name: &ConnectorId, yes: bool, context: &Context) -> anyhow::Result<Outcome> {
    let sensor = context.sensor()?;
    sensor.connector_is_unused(name)?;
    ask::confirm(
        &format!("Everything that `{name}` found will be forgotten"),
        name.as_str(),
        yes,
    )?;
    let places = sensor.remove_connector(name)?;
    context.out.say(&format!(
        "removed {name} and {}",
        count(
            places,
            "certificate that it found",
            "certificates that it found"
        )
    ));
    Ok(Outcome::All)
}

/// The account's own part of it.
fn forget(
    name: &ConnectorId,
    account: &str,
    yes: bool,
    context: &Context,
) -> anyhow::Result<Outcome> {
    let sensor = context.sensor()?;
    sensor.connector(name)?;
    ask::confirm(
        &format!(
            "Everything that `{name}` found in account {} will be forgotten",
            safe(account)
        ),
        account,
        yes,
    )?;
    let Some(places) = sensor.forget_account(name, account)? else {
        return Err(usage(format!(
            "`{name}` has seen no account {}: sensor connector show {name}",
            safe(account)
        )));
    };
    let what = count(places, "certificate", "certificates");
    let account = safe(account);
    context
        .out
        .say(&format!("forgot account {account} and {what} of it"));
    Ok(Outcome::All)
}
