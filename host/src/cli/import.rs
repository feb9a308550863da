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
use crate::model::time::rfc3339;
use clap::Args;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

pub(super) const EXAMPLES: &str = "Examples:
  sensor connector import aws-prod
  sensor connector import aws-prod --quiet --output json
  sensor connector import --due
  sensor connector import demo --mock-host mock-aws --scenario org.toml

--due imports whatever its `every` makes due, for a timer or cron to call as often as it likes.

Ctrl-C stops after the page that is being read, and begins no further connector; the next import goes on from there.
";

#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    /// The connector's name
    #[arg(required_unless_present = "due")]
    connector: Option<ConnectorId>,
    /// Every connector whose last run is longer ago than its `every`, instead of one
    #[arg(long, conflicts_with = "connector")]
    due: bool,
    /// Believe it when more than a fifth of a region's certificates are gone at once
    #[arg(long)]
    accept_vanished: bool,
    #[command(flatten)]
    cloud: CloudArgs,
}

pub(super) async fn act(args: ImportArgs, context: &Context) -> anyhow::Result<Outcome> {
    let sensor = context.sensor()?;
    let names = match &args.connector {
        Some(name) => vec![name.clone()],
        None => due(&sensor, context)?,
    };
    let mut outcome = Outcome::All;
    let mut stop = Stop::new()?;
    for (done, name) in names.iter().enumerate() {
        if stop.token.is_cancelled() {
            let left: Vec<&str> = names.iter().skip(done).map(ConnectorId::as_str).collect();
            context.out.warn(&format!("not begun: {}", left.join(", ")));
            outcome = outcome.max(Outcome::Partial);
            break;
        }
        outcome = outcome.max(
            match import(&sensor, name, &args, &mut stop, context).await {
                Ok(Some(outcome)) => outcome,
                Ok(None) => anyhow::bail!(
                    "aborted; what was committed is kept, and the next import goes on from there"
                ),
                // One connector in trouble does not keep the others from their turn.
                Err(error) if args.due => {
                    context.out.warn(&format!("{name}: {error:#}"));
                    Outcome::Failed
                }
                Err(error) => return Err(error),
            },
        );
    }
    Ok(outcome)
}

/// The operator's wish to end the command, whichever connector's turn it is.
struct Stop {
    token: CancellationToken,
    interrupt: Signal,
    terminate: Signal,
}

impl Stop {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            token: CancellationToken::new(),
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn asked(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// The connectors whose time has come.
fn due(sensor: &Sensor, context: &Context) -> anyhow::Result<Vec<ConnectorId>> {
    let all = sensor.connectors()?;
    // After the list: what never ran is due at the moment at which it was listed.
    let now = sensor.clock().now();
    let (due, later): (Vec<_>, Vec<_>) = all.into_iter().partition(|one| one.next_due <= now);
    if due.is_empty() {
        let next = later.iter().min_by_key(|one| one.next_due);
        context.out.hint(&next.map_or_else(
            || "no connector yet: sensor connector apply -f FILE".to_owned(),
            |one| {
                let (name, at) = (&one.stored.config.name, rfc3339(one.next_due));
                format!("nothing is due; {name} will be at {at}")
            },
        ));
    }
    Ok(due.into_iter().map(|one| one.stored.config.name).collect())
}

/// One connector's import. None: aborted by a second signal.
async fn import(
    sensor: &Sensor,
    name: &ConnectorId,
    args: &ImportArgs,
    stop: &mut Stop,
    context: &Context,
) -> anyhow::Result<Option<Outcome>> {
    let options = ImportOptions {
        mock: args.cloud.over(&sensor.connector(name)?.config)?,
        accept_vanished: args.accept_vanished,
    };
    let Some(report) = run(sensor, name, &options, stop, context).await? else {
        return Ok(None);
    };
    // By the cloud's own clock, which a simulation may have set.
    let now = report.run.ended_at.unwrap_or_else(|| sensor.clock().now());
    context.out.show(&RunView {
        run: &report.run,
        splits: &report.splits,
        now,
        all: false,
    })?;
    hints(&report.run, context);
    Ok(Some(match report.run.status {
        RunStatus::Complete => Outcome::All,
        RunStatus::Failed => Outcome::Failed,
        _ => Outcome::Partial,
    }))
}

/// Runs the import with its progress. None: aborted by a second signal.
async fn run(
    sensor: &Sensor,
    name: &ConnectorId,
    options: &ImportOptions,
    stop: &mut Stop,
    context: &Context,
) -> anyhow::Result<Option<RunReport>> {
    let (sender, news) = tokio::sync::mpsc::unbounded_channel();
    let token = stop.token.clone();
    let work = async {
        let (report, ()) = tokio::join!(
            sensor.import(name, options, ProgressSender::to(sender), token.clone()),
            progress::follow(news, name.as_str(), &context.out, &token)
        );
        report
    };
    tokio::pin!(work);
    loop {
        tokio::select! {
            report = &mut work => return Ok(Some(report?)),
            () = stop.asked() => {
                if token.is_cancelled() {
                    return Ok(None);
                }
                token.cancel();
                context.out.warn("stopping after the pages that are being read; once more aborts");
            }
        }
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
