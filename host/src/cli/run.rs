//! `sensor run`: list, show.
//! Above: `cli`. Below: the inventory's runs, `render::runs`.
//! Invariant: reads only.

use super::context::Context;
use super::failure::{Outcome, usage};
use super::render::{RunList, RunView};
use crate::model::id::{ConnectorId, RunId};
use crate::store::RunFilter;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// List runs, newest first
    #[command(
        visible_alias = "ls",
        before_long_help = "Examples:\n  sensor run list\n  sensor run list --connector aws-prod --limit 5\n"
    )]
    List {
        /// Only of this connector
        #[arg(long)]
        connector: Option<ConnectorId>,
        /// At most this many
        #[arg(long, default_value_t = 20, value_name = "N")]
        limit: usize,
    },
    /// Show one run: what it covered, what it could not, what it cost
    #[command(
        before_long_help = "Examples:\n  sensor run show latest\n  sensor run show 17 --all\n  sensor run show 17 --output csv\n"
    )]
    Show {
        /// The run's number, or `latest`
        run: String,
        /// Show every split, not only those with problems
        #[arg(long)]
        all: bool,
    },
}

pub(super) fn act(verb: Verb, context: &Context) -> anyhow::Result<Outcome> {
    let sensor = context.beside()?;
    let (inventory, now) = (sensor.inventory()?, sensor.clock().now());
    match verb {
        Verb::List { connector, limit } => {
            if let Some(name) = &connector {
                sensor.connector(name)?;
            }
            let runs = inventory.runs(&RunFilter {
                connector,
                limit: Some(limit),
            })?;
            context.out.show(&RunList { runs: &runs, now })?;
            if let Some(run) = runs.first() {
                context.out.hint(&format!("sensor run show {}", run.id));
            }
        }
        Verb::Show { run, all } => {
            let run = match run.parse() {
                Ok(id) => inventory.run(RunId(id))?,
                Err(_) if run == "latest" => {
                    let latest = inventory
                        .runs(&RunFilter {
                            connector: None,
                            limit: Some(1),
                        })?
                        .into_iter()
                        .next();
                    latest.ok_or_else(|| {
                        usage("there is no run yet: sensor connector import NAME makes one")
                    })?
                }
                Err(_) => {
                    return Err(usage(
                        "a run is named by its number, or `latest`: sensor run list shows them",
                    ));
                }
            };
            let splits = inventory.split_runs(run.id)?;
            context.out.show(&RunView {
                run: &run,
                splits: &splits,
                now,
                all,
            })?;
        }
    }
    Ok(Outcome::All)
}
