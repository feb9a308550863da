//! The inventory in numbers.
//! Above: `inventory summary`. Below: `store`'s summary.
//! Invariant: what is left out of a list is counted in its last line.

use crate::cli::output::View;
use crate::cli::style::{Style, Tone, count, number, safe};
use crate::cli::table::{Field, Rows};
use crate::store::Summary;
use serde::Serialize;
use std::collections::HashMap;
use std::fmt::Write;

/// Lines of a list by name.
const TOP: usize = 10;
const BAR: u64 = 24;

/// The numbers, and the names of accounts.
#[derive(Debug)]
pub struct SummaryView<'a> {
    pub summary: &'a Summary,
    pub accounts: &'a HashMap<String, String>,
}

impl View for SummaryView<'_> {
    const SCHEMA: &'static str = "sensor.summary/v1";

    fn data(&self) -> impl Serialize + '_ {
        Data::from(self.summary)
    }

    fn rows(&self) -> Rows {
        let mut rows = Rows::new(&["group", "name", "count"]).numbers(&[2]);
        let mut push = |group: &str, name: &str, count: u64| {
            rows.push(vec![group.into(), name.into(), count.to_string().into()]);
        };
        for (name, count) in self.totals() {
            push("total", name, count);
        }
        for (days, count) in &self.summary.expiring {
            push("expires-within-days", &days.to_string(), *count);
        }
        for (group, list) in self.groups() {
            for (name, count) in list {
                push(group, name, *count);
            }
        }
        rows
    }

    fn text(&self, style: Style) -> String {
        let summary = self.summary;
        let mut text = format!(
            "{} at {}",
            style.paint(
                Tone::Strong,
                &count(summary.certificates, "certificate", "certificates")
            ),
            count(summary.locations, "place", "places")
        );
        let asides: Vec<_> = self.totals()[2..]
            .iter()
            .filter(|(_, count)| *count > 0)
            .map(|(name, count)| format!("{} {}", number(*count), name.replace('-', " ")))
            .collect();
        put!(
            text,
            "{}{}\n",
            if asides.is_empty() { "" } else { ": " },
            asides.join(", ")
        );
        if summary.locations == 0 {
            return text;
        }
        text += &self.expiry(style);
        for (title, list) in self.groups() {
            text += &self.group(title, list, style);
        }
        text
    }
}

impl SummaryView<'_> {
    fn totals(&self) -> [(&'static str, u64); 9] {
        let it = self.summary;
        [
            ("certificates", it.certificates),
            ("places", it.locations),
            ("in-use", it.in_use),
            ("without-body", it.without_body),
            ("expired", it.expired),
            ("stale", it.stale),
            ("missing", it.missing),
            ("retired", it.retired),
            ("from-a-mock-host", it.mock),
        ]
    }

    fn groups(&self) -> [(&'static str, &[(String, u64)]); 8] {
        let it = self.summary;
        [
            ("status", it.by_status.as_slice()),
            ("by its CA", &it.by_revocation),
            ("source", &it.by_source),
            ("key", &it.by_key_algorithm),
            ("region", &it.by_region),
            ("account", &it.by_account),
            ("issuer", &it.by_issuer),
            ("connector", &it.by_connector),
        ]
    }

    fn expiry(&self, style: Style) -> String {
        let title = format!("\n{}\n", style.paint(Tone::Strong, "expires"));
        let mut rows = Rows::new(&["", ""]).numbers(&[1]);
        let tone = |days: u32| if days <= 7 { Tone::Bad } else { Tone::Warning };
        for (days, count) in &self.summary.expiring {
            let tone = if *count == 0 { Tone::Dim } else { tone(*days) };
            rows.push(vec![
                format!("  within {days} days").into(),
                Field::toned(tone, number(*count)),
            ]);
        }
        title + &headless(&rows, style)
    }

    fn group(&self, title: &str, list: &[(String, u64)], style: Style) -> String {
        if list.is_empty() {
            return String::new();
        }
        let all: u64 = list.iter().map(|(_, count)| count).sum();
        let mut rows = Rows::new(&["", "", "", ""]).numbers(&[1, 2]);
        for (name, count) in list.iter().take(TOP) {
            let name = match self.accounts.get(name).filter(|_| title == "account") {
                Some(label) => format!("  {} {}", safe(name), safe(label)),
                None => format!("  {}", safe(name)),
            };
            let share = u128::from(*count) * 1000 / u128::from(all.max(1));
            let bar = "█".repeat(usize::try_from((*count * BAR).div_ceil(all.max(1))).unwrap_or(0));
            rows.push(vec![
                name.into(),
                number(*count).into(),
                format!("{}.{}%", share / 10, share % 10).into(),
                Field::toned(Tone::Dim, bar),
            ]);
        }
        let mut text = format!(
            "\n{}\n{}",
            style.paint(Tone::Strong, title),
            headless(&rows, style)
        );
        if let Some(rest) = list.get(TOP..).filter(|rest| !rest.is_empty()) {
            let sum: u64 = rest.iter().map(|(_, count)| count).sum();
            let _infallible = writeln!(
                text,
                "  and {} more with {}",
                number(rest.len() as u64),
                number(sum)
            );
        }
        text
    }
}

fn headless(rows: &Rows, style: Style) -> String {
    rows.table(style)
        .split_once('\n')
        .map(|(_, body)| body.to_owned())
        .unwrap_or_default()
}

#[derive(Serialize)]
struct Count<'a> {
    name: &'a str,
    count: u64,
}

#[derive(Serialize)]
struct Within {
    days: u32,
    count: u64,
}

#[derive(Serialize)]
struct Data<'a> {
    certificates: u64,
    locations: u64,
    in_use: u64,
    without_body: u64,
    expired: u64,
    stale: u64,
    missing: u64,
    retired: u64,
    mock: u64,
    expiring: Vec<Within>,
    by_status: Vec<Count<'a>>,
    by_revocation: Vec<Count<'a>>,
    by_source: Vec<Count<'a>>,
    by_key_algorithm: Vec<Count<'a>>,
    by_region: Vec<Count<'a>>,
    by_account: Vec<Count<'a>>,
    by_issuer: Vec<Count<'a>>,
    by_connector: Vec<Count<'a>>,
}

impl<'a> From<&'a Summary> for Data<'a> {
    fn from(it: &'a Summary) -> Self {
        let list = |list: &'a [(String, u64)]| {
            list.iter()
                .map(|(name, count)| Count {
                    name,
                    count: *count,
                })
                .collect()
        };
        Self {
            certificates: it.certificates,
            locations: it.locations,
            in_use: it.in_use,
            without_body: it.without_body,
            expired: it.expired,
            stale: it.stale,
            missing: it.missing,
            retired: it.retired,
            mock: it.mock,
            expiring: it
                .expiring
                .iter()
                .map(|(days, count)| Within {
                    days: *days,
                    count: *count,
                })
                .collect(),
            by_status: list(&it.by_status),
            by_revocation: list(&it.by_revocation),
            by_source: list(&it.by_source),
            by_key_algorithm: list(&it.by_key_algorithm),
            by_region: list(&it.by_region),
            by_account: list(&it.by_account),
            by_issuer: list(&it.by_issuer),
            by_connector: list(&it.by_connector),
        }
    }
}
