//! A connector with its account tree: organizational units nested, what was covered, what was found.
//! Above: `connector show`. Below: `store`'s account states.
//! Invariant: every account of the plan is in the tree, the ones not covered with the reason.

use super::pair;
use crate::cli::output::View;
use crate::cli::records::{RunRecord, Stamp};
use crate::cli::style::{Style, Tone, count, minute, number, relative, safe};
use crate::cli::table::Rows;
use crate::cli::words;
use crate::config::ConnectorConfig;
use crate::ledger::StoredConnector;
use crate::model::account::Account;
use crate::model::run::Run;
use crate::model::split::Coverage;
use crate::model::time::Millis;
use crate::store::{AccountStatus, SplitStatus};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write;

/// A connector and what is known of its accounts.
#[derive(Debug)]
pub struct ConnectorView<'a> {
    pub connector: &'a StoredConnector,
    pub accounts: &'a [AccountStatus],
    pub last_run: Option<&'a Run>,
    pub now: Millis,
}

#[derive(Serialize)]
struct Data<'a> {
    connector: &'a ConnectorConfig,
    created_at: Stamp,
    updated_at: Stamp,
    last_run: Option<RunRecord<'a>>,
    accounts: Vec<AccountData<'a>>,
}

#[derive(Serialize)]
struct AccountData<'a> {
    #[serde(flatten)]
    account: &'a Account,
    coverage: Option<Coverage>,
    certificates: u64,
    stale: u64,
    missing: u64,
    splits: Vec<SplitData<'a>>,
}

#[derive(Serialize)]
struct SplitData<'a> {
    split: &'a str,
    region: Option<&'a str>,
    service: &'a str,
    coverage: Option<Coverage>,
    complete_at: Option<Stamp>,
    held: bool,
    stale: bool,
    certificates: u64,
    error: Option<&'a crate::model::problem::OperationError>,
}

impl<'a> From<&'a SplitStatus> for SplitData<'a> {
    fn from(split: &'a SplitStatus) -> Self {
        Self {
            split: &split.split,
            region: split.region.as_deref(),
            service: &split.service,
            coverage: split.coverage,
            complete_at: split.complete_at.map(Stamp),
            held: split.held,
            stale: split.stale,
            certificates: split.assets,
            error: split.error.as_ref(),
        }
    }
}

impl View for ConnectorView<'_> {
    const SCHEMA: &'static str = "sensor.connector/v1";

    fn data(&self) -> impl Serialize + '_ {
        Data {
            connector: &self.connector.config,
            created_at: Stamp(self.connector.created_at),
            updated_at: Stamp(self.connector.updated_at),
            last_run: self.last_run.map(Into::into),
            accounts: self.accounts.iter().map(account_data).collect(),
        }
    }

    fn rows(&self) -> Rows {
        let mut rows = Rows::new(&[
            "account",
            "name",
            "path",
            "state",
            "coverage",
            "certificates",
            "stale",
            "missing",
            "excluded",
        ]);
        for status in self.accounts {
            let account = &status.account;
            rows.push(vec![
                account.id.as_str().into(),
                account.name.as_str().into(),
                account.path.join("/").into(),
                account.state.as_str().into(),
                words::coverage(coverage_of(status)).1.into(),
                status.assets.to_string().into(),
                status.stale.to_string().into(),
                status.missing.to_string().into(),
                account.excluded.clone().unwrap_or_default().into(),
            ]);
        }
        rows
    }

    fn text(&self, style: Style) -> String {
        let mut text = head(self.connector, style);
        match self.last_run {
            Some(run) => {
                let (word, tone) = words::run_status(run.status);
                let when = format!(
                    "{}, {}",
                    minute(run.started_at),
                    relative(run.started_at, self.now)
                );
                text += &pair(
                    style,
                    "last run",
                    &format!("{} {} ({when})", run.id, style.paint(tone, word)),
                );
            }
            None => text += &pair(style, "last run", "none yet"),
        }
        if self.accounts.is_empty() {
            return text;
        }
        let all: u64 = self.accounts.iter().map(|status| status.assets).sum();
        let accounts = count(self.accounts.len() as u64, "account", "accounts");
        text += &pair(
            style,
            "found",
            &format!(
                "{} in {accounts}",
                count(all, "certificate", "certificates")
            ),
        );
        text += "\n";
        text += &tree(self.accounts, style);
        text += "\n";
        text += &legend(self.accounts, style);
        text
    }
}

fn account_data(status: &AccountStatus) -> AccountData<'_> {
    AccountData {
        account: &status.account,
        coverage: coverage_of(status),
        certificates: status.assets,
        stale: status.stale,
        missing: status.missing,
        splits: status.splits.iter().map(Into::into).collect(),
    }
}

fn head(connector: &StoredConnector, style: Style) -> String {
    let config = &connector.config;
    let mut text = format!("{}\n", style.paint(Tone::Strong, config.name.as_str()));
    let mut line = |name: &str, value: &str| text += &pair(style, name, value);
    line("plugin", config.plugin.as_str());
    if let Some(mock) = &config.mock_host {
        let scenario = mock.scenario.as_ref().map_or_else(String::new, |path| {
            format!(", scenario {}", safe(&path.display().to_string()))
        });
        line(
            "mock-host",
            &format!("{}{scenario} (nothing here is real)", mock.plugin),
        );
    }
    if let Some(credential) = &config.credential {
        line(
            "credential",
            &format!("{} by {}", safe(&credential.method), credential.provider),
        );
    }
    let import = &config.import;
    let since = import.expired_since.map_or_else(String::new, |since| {
        format!(", and those expired since {since}")
    });
    let revoked = if import.revoked {
        ", and revoked ones"
    } else {
        ""
    };
    line(
        "imports",
        &format!("valid certificates{since}{revoked}; every {}", import.every),
    );
    if let Some(unit) = &import.business_unit {
        line("business unit", &safe(unit));
    }
    if !import.tags.is_empty() {
        let tags: Vec<_> = import
            .tags
            .iter()
            .map(|(key, value)| format!("{}={}", safe(key), safe(value)))
            .collect();
        line("tags", &tags.join(", "));
    }
    text
}

/// The worst of its splits; none while nothing was read.
fn coverage_of(status: &AccountStatus) -> Option<Coverage> {
    let rank = |coverage: &Coverage| words::COVERAGES.iter().position(|known| known == coverage);
    let mut known: Vec<_> = status
        .splits
        .iter()
        .filter_map(|split| split.coverage)
        .collect();
    if status.account.excluded.is_some() && known.is_empty() {
        return Some(Coverage::Skipped);
    }
    // A disabled region beside regions that were read is no blemish.
    if known.iter().any(|coverage| *coverage != Coverage::Skipped) {
        known.retain(|coverage| *coverage != Coverage::Skipped);
    }
    known.into_iter().max_by_key(rank)
}

#[derive(Default)]
struct Unit<'a> {
    units: BTreeMap<&'a str, Unit<'a>>,
    accounts: Vec<&'a AccountStatus>,
}

fn tree(accounts: &[AccountStatus], style: Style) -> String {
    let mut root = Unit::default();
    for status in accounts {
        let unit = status
            .account
            .path
            .iter()
            .fold(&mut root, |unit, name| unit.units.entry(name).or_default());
        unit.accounts.push(status);
    }
    let mut lines = Vec::new();
    // The root of an organization stands at the margin, alone.
    let mut roots = root.units.iter();
    match (roots.next(), roots.next()) {
        (Some((name, inner)), None) if root.accounts.is_empty() => {
            lines.push(Line::heading(style.paint(Tone::Strong, &safe(name))));
            branch(inner, "", style, &mut lines);
        }
        _ => branch(&root, "", style, &mut lines),
    }
    let width = lines
        .iter()
        .filter_map(|line| line.facts.as_ref().map(|_| line.width))
        .max()
        .unwrap_or(0);
    let mut text = String::new();
    for line in lines {
        let facts = line.facts.map_or_else(String::new, |facts| {
            format!("{}  {facts}", " ".repeat(width - line.width))
        });
        _ = writeln!(text, "{}{facts}", line.text);
    }
    text
}

/// A line of the tree; what was found is aligned behind it.
struct Line {
    text: String,
    width: usize,
    facts: Option<String>,
}

impl Line {
    fn heading(text: String) -> Self {
        Self {
            text,
            width: 0,
            facts: None,
        }
    }
}

fn branch(unit: &Unit<'_>, prefix: &str, style: Style, lines: &mut Vec<Line>) {
    let total = unit.accounts.len() + unit.units.len();
    let arms = |index: usize| {
        if index + 1 == total {
            ("└── ", "    ")
        } else {
            ("├── ", "│   ")
        }
    };
    for (index, status) in unit.accounts.iter().enumerate() {
        let (arm, below) = arms(index);
        account_lines(
            status,
            &format!("{prefix}{arm}"),
            &format!("{prefix}{below}"),
            style,
            lines,
        );
    }
    for (index, (name, inner)) in unit.units.iter().enumerate() {
        let (arm, below) = arms(unit.accounts.len() + index);
        lines.push(Line::heading(format!(
            "{prefix}{arm}{}",
            style.paint(Tone::Strong, &safe(name))
        )));
        branch(inner, &format!("{prefix}{below}"), style, lines);
    }
}

fn account_lines(
    status: &AccountStatus,
    prefix: &str,
    below: &str,
    style: Style,
    lines: &mut Vec<Line>,
) {
    let account = &status.account;
    let (symbol, _, tone) = words::coverage(coverage_of(status));
    let management = if account.management {
        " (management)"
    } else {
        ""
    };
    let label = format!("{} {}{management}", safe(&account.id), safe(&account.name));
    let width = prefix.chars().count() + 2 + label.chars().count();
    let text = format!("{prefix}{} {label}", style.paint(tone, symbol));
    lines.push(Line {
        text,
        width,
        facts: Some(facts(status, style)),
    });
    for (reason, regions) in blemishes(status) {
        let text = format!(
            "{below}  {}",
            style.paint(Tone::Dim, &format!("{regions}: {reason}"))
        );
        lines.push(Line::heading(text));
    }
}

fn facts(status: &AccountStatus, style: Style) -> String {
    if let Some(reason) = &status.account.excluded {
        return style.paint(Tone::Dim, &format!("not covered: {}", safe(reason)));
    }
    let mut facts = vec![count(status.assets, "certificate", "certificates")];
    let tried: Vec<_> = status
        .splits
        .iter()
        .filter(|split| split.coverage != Some(Coverage::Skipped))
        .collect();
    let complete = tried
        .iter()
        .filter(|split| split.coverage == Some(Coverage::Complete))
        .count();
    if !tried.is_empty() {
        facts.push(format!(
            "{complete} of {}",
            count(tried.len() as u64, "region", "regions")
        ));
    }
    for (number_of, word) in [(status.stale, "stale"), (status.missing, "missing")] {
        if number_of > 0 {
            facts.push(style.paint(Tone::Warning, &format!("{} {word}", number(number_of))));
        }
    }
    facts.join(", ")
}

/// Why regions are not complete, with the regions that share a reason.
fn blemishes(status: &AccountStatus) -> Vec<(String, String)> {
    let mut reasons: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for split in &status.splits {
        if matches!(split.coverage, Some(Coverage::Complete) | None) && !split.held {
            continue;
        }
        let word = words::coverage(split.coverage).1;
        let reason = match (&split.error, split.held) {
            (_, true) => {
                "held: too much is gone at once; confirm with --accept-vanished".to_owned()
            }
            (Some(error), _) => format!("{word}, {}", safe(&error.message)),
            (None, _) => word.to_owned(),
        };
        reasons.entry(reason).or_default().push(
            split
                .region
                .as_deref()
                .map_or_else(|| "global".to_owned(), safe),
        );
    }
    reasons
        .into_iter()
        .map(|(reason, regions)| (reason, few(&regions)))
        .collect()
}

fn few(names: &[String]) -> String {
    match names {
        [a, b, c, rest @ ..] if rest.len() > 1 => format!("{a}, {b}, {c} and {} more", rest.len()),
        all => all.join(", "),
    }
}

fn legend(accounts: &[AccountStatus], style: Style) -> String {
    let used: Vec<_> = accounts.iter().map(coverage_of).collect();
    let all = words::COVERAGES.into_iter().map(Some).chain([None]);
    let known: Vec<_> = all
        .filter(|coverage| used.contains(coverage))
        .map(|coverage| {
            let (symbol, word, tone) = words::coverage(coverage);
            let accounts = used.iter().filter(|one| **one == coverage).count();
            format!("{} {word} {accounts}", style.paint(tone, symbol))
        })
        .collect();
    format!("{}\n", known.join("   "))
}
