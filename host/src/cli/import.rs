//! `sensor connector import`: runs a connector, tells how far it is, stops when asked.
//! Above: `connector`. Below: `app`, `progress`, `render::runs`.
//! Invariant: an import that did not cover everything never ends with exit code 0.

use super::cloud::CloudArgs;
use super::context::Context;
use super::failure::Outcome;
use super::progress;
use super::render::RunView;
use crate::app::{ImportOptions, Sensor};
use crate::connector::{ProgressSender, RunReport};
use crate::model::id::ConnectorId;
use crate::model::run::{Run, RunStatus};
use clap::Args;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

pub(super) const EXAMPLES: &str = "Examples:
  sensor connector import aws-prod
  sensor connector import aws-prod --quiet --output json
  sensor connector import demo --mock-host mock-aws --scenario org.toml

Ctrl-C stops after the page that is being read; the next import goes on from there.
";

#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    /// The connector's name
    connector: ConnectorId,
    /// Believe it when more than a fifth of a region's certificates are gone at once
    #[arg(long)]
    accept_vanished: bool,
    #[command(flatten)]
    cloud: CloudArgs,
}

pub(super) async fn act(args: ImportArgs, context: &Context) -> anyhow::Result<Outcome> {
    let sensor = context.sensor()?;
    let name = &args.connector;
    let mock = args.cloud.over(&sensor.connector(name)?.config)?;
    let options = ImportOptions {
        mock,
        accept_vanished: args.accept_vanished,
    };
    let Some(report) = run(&sensor, name, &options, context).await? else {
        anyhow::bail!(
            "aborted; what was committed is kept, and the next import goes on from there"
        );
    };
    let now = sensor.clock().now();
    context.out.show(&RunView {
        run: &report.run,
        splits: &report.splits,
        now,
        all: false,
    })?;
    hints(&report.run, context);
    Ok(match report.run.status {
        RunStatus::Complete => Outcome::All,
        RunStatus::Failed => Outcome::Failed,
        _ => Outcome::Partial,
    })
}

/// Runs the import with its progress. None: aborted by a second signal.
async fn run(
    sensor: &Sensor,
    name: &ConnectorId,
    options: &ImportOptions,
    context: &Context,
) -> anyhow::Result<Option<RunReport>> {
    let (sender, news) = tokio::sync::mpsc::unbounded_channel();
    let stop = CancellationToken::new();
    let mut signals = (
        signal(SignalKind::interrupt())?,
        signal(SignalKind::terminate())?,
    );
    let work = async {
        let (report, ()) = tokio::join!(
            sensor.import(name, options, ProgressSender::to(sender), stop.clone()),
            progress::follow(news, name.as_str(), &context.out)
        );
        report
    };
    tokio::pin!(work);
    loop {
        tokio::select! {
            report = &mut work => return Ok(Some(report?)),
            () = any(&mut signals) => {
                if stop.is_cancelled() {
                    return Ok(None);
                }
                stop.cancel();
                context.out.warn("stopping after the pages that are being read; once more aborts");
            }
        }
    }
}

async fn any(signals: &mut (Signal, Signal)) {
    tokio::select! {
        _ = signals.0.recv() => {}
        _ = signals.1.recv() => {}
    }
}

fn hints(run: &Run, context: &Context) {
    let name = &run.connector;
    match run.status {
        RunStatus::Complete => {
            context.out.hint(&format!("sensor inventory summary; sensor inventory list --connector {name} --expires-within 30d"));
        }
        RunStatus::Stopped | RunStatus::Interrupted => {
            context.out.hint(&format!(
                "sensor connector import {name} goes on where this run stopped"
            ));
        }
        RunStatus::Failed => context.out.hint(&format!(
            "sensor connector check {name} says what is missing"
        )),
        _ => context.out.hint(&format!(
            "sensor connector show {name}; sensor run show {} --all",
            run.id
        )),
    }
}
