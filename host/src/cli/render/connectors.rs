//! The list of connectors.
//! Above: `connector list`. Below: `ledger`, `store`.
//! Invariant: a connector from a mock-host is marked so.

use crate::app::Applied;
use crate::cli::output::View;
use crate::cli::records::Stamp;
use crate::cli::style::{Style, minute, number, relative};
use crate::cli::table::{Field, Rows};
use crate::cli::words;
use crate::config::ConnectorConfig;
use crate::ledger::Put;
use crate::model::run::{Run, RunStatus};
use crate::model::time::Millis;
use serde::Serialize;

/// One connector with what came of it.
#[derive(Debug, Clone)]
pub struct ConnectorLine {
    pub config: ConnectorConfig,
    pub updated_at: Millis,
    pub certificates: u64,
    pub last_run: Option<Run>,
    /// When the next import is due.
    pub next_due: Millis,
}

/// All of them.
#[derive(Debug)]
pub struct ConnectorList<'a> {
    pub connectors: &'a [ConnectorLine],
    pub now: Millis,
}

#[derive(Serialize)]
struct Data<'a> {
    connectors: Vec<LineData<'a>>,
}

#[derive(Serialize)]
struct LineData<'a> {
    name: &'a str,
    plugin: &'a str,
    mock: bool,
    certificates: u64,
    updated_at: Stamp,
    last_run: Option<u64>,
    last_status: Option<RunStatus>,
    last_started_at: Option<Stamp>,
    next_due_at: Stamp,
}

impl View for ConnectorList<'_> {
    const SCHEMA: &'static str = "sensor.connectors/v1";

    fn data(&self) -> impl Serialize + '_ {
        Data {
            connectors: self.connectors.iter().map(line_data).collect(),
        }
    }

    fn rows(&self) -> Rows {
        let mut rows = Rows::new(&[
            "name",
            "plugin",
            "cloud",
            "certificates",
            "last run",
            "started",
            "next due",
        ])
        .numbers(&[3]);
        for line in self.connectors {
            let run = line.last_run.as_ref();
            let status = run.map(|run| words::run_status(run.status));
            rows.push(vec![
                line.config.name.as_str().into(),
                line.config.plugin.as_str().into(),
                line.config
                    .mock_host
                    .as_ref()
                    .map_or_else(
                        || "real".to_owned(),
                        |mock| format!("mock ({})", mock.plugin),
                    )
                    .into(),
                number(line.certificates).into(),
                status.map_or_else(
                    || Field::from("never"),
                    |(word, tone)| Field::toned(tone, word),
                ),
                run.map_or_else(String::new, |run| {
                    format!(
                        "{}, {}",
                        minute(run.started_at),
                        relative(run.started_at, self.now)
                    )
                })
                .into(),
                relative(line.next_due, self.now).into(),
            ]);
        }
        rows
    }

    fn text(&self, style: Style) -> String {
        if self.connectors.is_empty() {
            "no connectors yet\n".to_owned()
        } else {
            self.rows().table(style)
        }
    }
}

fn line_data(line: &ConnectorLine) -> LineData<'_> {
    let run = line.last_run.as_ref();
    LineData {
        name: line.config.name.as_str(),
        plugin: line.config.plugin.as_str(),
        mock: line.config.mock_host.is_some(),
        certificates: line.certificates,
        updated_at: Stamp(line.updated_at),
        last_run: run.map(|run| run.id.0),
        last_status: run.map(|run| run.status),
        last_started_at: run.map(|run| Stamp(run.started_at)),
        next_due_at: Stamp(line.next_due),
    }
}

/// What applying a file did.
#[derive(Debug)]
pub struct AppliedList<'a> {
    pub applied: &'a [Applied],
}

#[derive(Serialize)]
struct AppliedData<'a> {
    connectors: Vec<AppliedLine<'a>>,
}

#[derive(Serialize)]
struct AppliedLine<'a> {
    name: &'a str,
    change: &'static str,
    notes: &'a [String],
}

impl View for AppliedList<'_> {
    const SCHEMA: &'static str = "sensor.applied/v1";

    fn data(&self) -> impl Serialize + '_ {
        let mut connectors = Vec::with_capacity(self.applied.len());
        for done in self.applied {
            connectors.push(AppliedLine {
                name: done.name.as_str(),
                change: change(done.put),
                notes: &done.notes,
            });
        }
        AppliedData { connectors }
    }

    fn rows(&self) -> Rows {
        let mut rows = Rows::new(&["connector", "change"]);
        for done in self.applied {
            rows.push(vec![done.name.as_str().into(), change(done.put).into()]);
        }
        rows
    }

    fn text(&self, _style: Style) -> String {
        let mut text = String::new();
        self.applied
            .iter()
            .for_each(|done| put!(text, "{} {}\n", done.name, change(done.put)));
        text
    }
}

pub(super) fn change(put: Put) -> &'static str {
    match put {
        Put::Created => "created",
        Put::Changed => "changed",
        Put::Unchanged => "unchanged",
    }
}
