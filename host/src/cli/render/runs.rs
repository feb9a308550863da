//! One run with its splits: what is told when an import has ended.
//! Above: `run show`, `connector import`. Below: `records`, `words`.
//! Invariant: a run that is not complete says first what is missing.

use super::{indented, pair};
use crate::cli::output::View;
use crate::cli::records::{RunRecord, SplitRecord};
use crate::cli::style::{Style, Tone, count, minute, number, relative, safe, took};
use crate::cli::table::{Field, Rows};
use crate::cli::words;
use crate::model::problem::{OperationError, Problem};
use crate::model::run::{Counts, Run, SplitRun};
use crate::model::split::Coverage;
use crate::model::time::Millis;
use serde::Serialize;
use std::collections::BTreeMap;

/// Problems shown in full.
const FIRST: usize = 10;

/// One run with its splits.
#[derive(Debug)]
pub struct RunView<'a> {
    pub run: &'a Run,
    pub splits: &'a [SplitRun],
    pub now: Millis,
    /// Tell every split, not only those that are not complete.
    pub all: bool,
}

#[derive(Serialize)]
struct Data<'a> {
    run: RunRecord<'a>,
    splits: Vec<SplitRecord<'a>>,
}

impl View for RunView<'_> {
    const SCHEMA: &'static str = "sensor.run/v1";

    fn data(&self) -> impl Serialize + '_ {
        Data {
            run: self.run.into(),
            splits: self.splits.iter().map(Into::into).collect(),
        }
    }

    fn rows(&self) -> Rows {
        let head = [
            "account",
            "region",
            "service",
            "coverage",
            "took",
            "seen",
            "new",
            "changed",
            "unchanged",
            "problems",
            "error",
        ];
        let mut rows = Rows::new(&head).numbers(&[5, 6, 7, 8, 9]);
        for split in self.splits {
            let (_, word, tone) = words::coverage(Some(split.coverage));
            let mut row: Vec<Field> = vec![
                safe(&split.account).into(),
                words::region(split.region.as_deref(), &split.service).into(),
                safe(&split.service).into(),
                Field::toned(tone, word),
                took(split.ended_at - split.started_at).into(),
            ];
            let counts = &split.counts;
            let numbers = [
                counts.seen,
                counts.new,
                counts.changed,
                counts.unchanged,
                counts.problems,
            ];
            row.extend(numbers.map(|count| Field::from(count.to_string())));
            row.push(
                split
                    .error
                    .as_ref()
                    .map_or_else(String::new, |error| safe(&error.to_string()))
                    .into(),
            );
            rows.push(row);
        }
        rows
    }

    fn text(&self, style: Style) -> String {
        let mut text = self.head(style);
        text += &self.numbers(style);
        text += &self.troubles(style);
        if self.all && !self.splits.is_empty() {
            put!(text, "\n{}", self.rows().table(style));
        }
        text
    }
}

impl RunView<'_> {
    fn head(&self, style: Style) -> String {
        let run = self.run;
        let (word, tone) = words::run_status(run.status);
        let title = format!("run {} of {}", run.id, run.connector);
        let time = match (words::duration(run), run.ended_at) {
            (Some(duration), _) => format!(" in {}", took(duration)),
            (None, Some(_)) => String::new(),
            (None, None) => format!(" since {}", minute(run.started_at)),
        };
        let when = relative(run.started_at, self.now);
        let mut text = format!(
            "{}: {}{time}, started {when}\n",
            style.paint(Tone::Strong, &title),
            style.paint(tone, word)
        );
        if let Some(error) = &run.error {
            text += &indented(&style.paint(Tone::Bad, &error_text(error)), 2);
        }
        text
    }

    fn numbers(&self, style: Style) -> String {
        let counts = &self.run.counts;
        let mut text = pair(style, "splits", &self.coverage(style));
        text += &pair(style, "certificates", &certificates(counts));
        let gone = [(counts.missing, "not seen"), (counts.retired, "retired")];
        let gone: Vec<_> = gone
            .iter()
            .filter(|(number, _)| *number > 0)
            .map(|(of, word)| format!("{} {word}", number(*of)))
            .collect();
        if !gone.is_empty() {
            text += &pair(style, "gone", &gone.join(", "));
        }
        let total: u64 = self.run.calls.iter().map(|(_, calls)| calls).sum();
        text += &pair(style, "calls", &number(total));
        let mut calls: Vec<_> = self.run.calls.iter().collect();
        calls.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
        for (operation, made) in calls {
            text += &pair(
                style,
                "",
                &format!("{:>9}  {}", number(*made), safe(operation)),
            );
        }
        text
    }

    fn coverage(&self, style: Style) -> String {
        let each = words::COVERAGES.into_iter().filter_map(|coverage| {
            let splits = self
                .splits
                .iter()
                .filter(|split| split.coverage == coverage)
                .count() as u64;
            let (symbol, word, tone) = words::coverage(Some(coverage));
            (splits > 0).then(|| style.paint(tone, &format!("{symbol} {} {word}", number(splits))))
        });
        let told: Vec<_> = each.collect();
        if told.is_empty() {
            "none".to_owned()
        } else {
            told.join(", ")
        }
    }

    /// What is not covered by reason, then the first problems.
    fn troubles(&self, style: Style) -> String {
        let mut reasons: BTreeMap<(&str, String), Vec<String>> = BTreeMap::new();
        let lacking = self
            .splits
            .iter()
            .filter(|split| split.coverage != Coverage::Complete || split.held);
        for split in lacking {
            let (_, word, _) = words::coverage(Some(split.coverage));
            let reason = match &split.error {
                _ if split.held => "too much is gone at once: nothing was counted as missing; look at it, then run again with --accept-vanished".to_owned(),
                Some(error) => error_text(error),
                None => count(split.counts.problems, "problem", "problems"),
            };
            let place = split.region.as_deref().map_or_else(
                || safe(&split.account),
                |region| format!("{}/{}", safe(&split.account), safe(region)),
            );
            reasons.entry((word, reason)).or_default().push(place);
        }
        let mut text = String::new();
        for ((word, reason), places) in reasons {
            let first: Vec<_> = places.iter().take(4).map(String::as_str).collect();
            let more = if places.len() > 4 {
                format!(" and {} more", places.len() - 4)
            } else {
                String::new()
            };
            put!(
                text,
                "\n{} {}{more}\n",
                style.paint(Tone::Warning, word),
                first.join(", ")
            );
            text += &indented(&reason, 2);
        }
        text + &self.problems(style)
    }

    fn problems(&self, style: Style) -> String {
        let of_splits = self.splits.iter().flat_map(|split| split.problems.iter());
        let kept: Vec<_> = self.run.problems.iter().chain(of_splits).collect();
        let all = self.run.counts.problems.max(kept.len() as u64);
        if kept.is_empty() {
            return String::new();
        }
        let mut text = format!(
            "\n{}\n",
            style.paint(Tone::Strong, &count(all, "problem", "problems"))
        );
        kept.iter()
            .take(FIRST)
            .for_each(|problem| text += &problem_line(problem, style));
        if all > FIRST as u64 {
            put!(
                text,
                "  and {} more: sensor run show {} --output json\n",
                number(all - FIRST as u64),
                self.run.id
            );
        }
        text
    }
}

fn certificates(counts: &Counts) -> String {
    let parts = [
        (counts.new, "new"),
        (counts.changed, "changed"),
        (counts.unchanged, "unchanged"),
        (counts.filtered, "left out by the filters"),
        (counts.unreadable, "unreadable"),
        (counts.quarantined, "of them in quarantine"),
    ];
    let told: Vec<_> = parts
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(of, word)| format!("{} {word}", number(*of)))
        .collect();
    let seen = format!("{} seen", number(counts.seen));
    if told.is_empty() {
        seen
    } else {
        format!("{seen}: {}", told.join(", "))
    }
}

fn error_text(error: &OperationError) -> String {
    let subject = error
        .subject
        .as_deref()
        .map_or_else(String::new, |subject| format!(" [{}]", safe(subject)));
    let detail = error
        .detail
        .as_deref()
        .map_or_else(String::new, |detail| format!("\n{}", safe(detail)));
    format!(
        "{} ({}){subject}{detail}",
        safe(&error.message),
        safe(&error.code)
    )
}

fn problem_line(problem: &Problem, style: Style) -> String {
    let (word, tone) = words::severity(problem.severity);
    let subject = problem
        .subject
        .as_deref()
        .map_or_else(String::new, |subject| format!(" {}", safe(subject)));
    format!(
        "  {} {}{subject}: {}\n",
        style.paint(tone, word),
        safe(&problem.code),
        safe(&problem.message)
    )
}
