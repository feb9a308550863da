//! The list of runs.
//! Above: `run list`. Below: `records`, `words`.
//! Invariant: newest first, as the store gives them.

use crate::cli::output::View;
use crate::cli::records::RunRecord;
use crate::cli::style::{Style, minute, took};
use crate::cli::table::{Field, Rows};
use crate::cli::words;
use crate::model::run::Run;
use crate::model::time::Millis;
use serde::Serialize;

/// Runs, newest first.
#[derive(Debug)]
pub struct RunList<'a> {
    pub runs: &'a [Run],
    pub now: Millis,
}

#[derive(Serialize)]
struct ListData<'a> {
    runs: Vec<RunRecord<'a>>,
}

impl View for RunList<'_> {
    const SCHEMA: &'static str = "sensor.runs/v1";

    fn data(&self) -> impl Serialize + '_ {
        ListData {
            runs: self.runs.iter().map(Into::into).collect(),
        }
    }

    fn rows(&self) -> Rows {
        let head = [
            "run",
            "connector",
            "status",
            "started",
            "took",
            "splits",
            "seen",
            "new",
            "changed",
            "problems",
            "calls",
        ];
        let mut rows = Rows::new(&head)
            .numbers(&[0, 5, 6, 7, 8, 9, 10])
            .dispensable(&[8, 5, 7]);
        for run in self.runs {
            let (word, tone) = words::run_status(run.status);
            let mut row: Vec<Field> = vec![
                run.id.to_string().into(),
                run.connector.to_string().into(),
                Field::toned(tone, word),
                minute(run.started_at).into(),
                words::duration(run)
                    .map_or_else(|| "-".to_owned(), took)
                    .into(),
            ];
            let counts = &run.counts;
            let calls = run.calls.iter().map(|(_, calls)| calls).sum();
            let numbers = [
                counts.splits,
                counts.seen,
                counts.new,
                counts.changed,
                counts.problems,
                calls,
            ];
            row.extend(numbers.map(|count| Field::from(count.to_string())));
            rows.push(row);
        }
        rows
    }

    fn text(&self, style: Style) -> String {
        if self.runs.is_empty() {
            "no runs yet\n".to_owned()
        } else {
            self.rows().table(style)
        }
    }
}
