//! The account tree of a connector: organizational units nested, what was covered, what was found.
//! Above: `connector`. Below: `store`'s account states.
//! Invariant: every account of the plan is in the tree, the ones not covered with the reason.

use crate::cli::style::{Style, Tone, count, number, safe};
use crate::cli::words;
use crate::model::split::Coverage;
use crate::model::text::clean;
use crate::store::AccountStatus;
use std::collections::BTreeMap;
use std::fmt::Write;

/// What its splits have in common, partial when some were read and some were not; none while nothing was read.
pub(super) fn coverage_of(status: &AccountStatus) -> Option<Coverage> {
    let rank = |coverage: &Coverage| words::COVERAGES.iter().position(|known| known == coverage);
    let known: Vec<_> = status
        .splits
        .iter()
        .filter_map(|split| split.coverage)
        .collect();
    // A disabled region beside regions that were read is no blemish.
    let tried: Vec<_> = known
        .iter()
        .copied()
        .filter(|coverage| *coverage != Coverage::Skipped)
        .collect();
    let read = |coverage: &Coverage| matches!(coverage, Coverage::Complete | Coverage::Partial);
    match tried.iter().copied().max_by_key(rank) {
        None if known.is_empty() && status.account.excluded.is_none() => None,
        None => Some(Coverage::Skipped),
        Some(worst) if worst != Coverage::Complete && tried.iter().any(read) => {
            Some(Coverage::Partial)
        }
        worst => worst,
    }
}

/// Characters of a reason; the run has it in full.
const REASON: usize = 140;

#[derive(Default)]
struct Unit<'a> {
    units: BTreeMap<&'a str, Unit<'a>>,
    accounts: Vec<&'a AccountStatus>,
}

/// Organizational units nested, accounts in them, what was found behind them.
pub(super) fn tree(accounts: &[AccountStatus], style: Style) -> String {
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
        .filter(|split| split.coverage != Some(Coverage::Skipped) && split.region.is_some())
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
    let begun = tried.iter().filter(|split| split.coverage.is_none());
    for (number_of, word) in [
        (status.missing, "of them missing"),
        (begun.map(|split| split.assets).sum(), "more so far"),
        (status.stale, "more stale"),
    ] {
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
            (Some(error), _) => format!("{word}, {}", clean(&error.message, REASON)),
            (None, _) => word.to_owned(),
        };
        let region = words::region(split.region.as_deref(), &split.service);
        reasons.entry(reason).or_default().push(region);
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

/// The symbols that occur, each with its number of accounts.
pub(super) fn legend(accounts: &[AccountStatus], style: Style) -> String {
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
