//! Whether an account is in scope, and why not.
//! Above: `plan`. Below: `settings`.
//! Invariant: an account that is out has a reason in words; a filter that never matched is found out.

use super::accounts::is_active;
use super::tree::Unit;
use crate::settings::{Pattern, Selection, Settings};
use sensor_sdk::types::aws::Account;
use serde::{Deserialize, Serialize};

/// Which patterns have matched something, by their place in their list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Hits([Marks; 6]);

/// One bit for each pattern of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
struct Marks(Vec<u64>);

impl Marks {
    fn set(&mut self, at: usize) {
        if self.0.len() <= at / 64 {
            self.0.resize(at / 64 + 1, 0);
        }
        self.0[at / 64] |= 1 << (at % 64);
    }

    fn has(&self, at: usize) -> bool {
        self.0
            .get(at / 64)
            .is_some_and(|bits| bits >> (at % 64) & 1 == 1)
    }
}

const KEYS: [&str; 6] = [
    "accounts.include",
    "accounts.exclude",
    "organizational_units.include",
    "organizational_units.exclude",
    "regions.include",
    "regions.exclude",
];

fn lists(settings: &Settings) -> [&[Pattern]; 6] {
    let Settings {
        accounts,
        units,
        regions,
        ..
    } = settings;
    [
        &accounts.include,
        &accounts.exclude,
        &units.include,
        &units.exclude,
        &regions.include,
        &regions.exclude,
    ]
}

impl Hits {
    /// Tries every pattern, so that each gets its mark; whether any matched.
    fn any(
        &mut self,
        list: usize,
        patterns: &[Pattern],
        matches: impl Fn(&Pattern) -> bool,
    ) -> bool {
        let hits = patterns
            .iter()
            .enumerate()
            .filter(|(_, pattern)| matches(pattern));
        hits.map(|(at, _)| self.0[list].set(at)).count() > 0
    }

    pub(crate) fn regions(&mut self, regions: &Selection, name: &str) {
        self.any(4, &regions.include, |pattern| pattern.matches(name));
        self.any(5, &regions.exclude, |pattern| pattern.matches(name));
    }

    /// Settings keys and patterns that matched nothing.
    pub(crate) fn unmatched<'s>(
        &self,
        settings: &'s Settings,
    ) -> impl Iterator<Item = (&'static str, &'s str)> {
        let marks = self.0.clone();
        lists(settings)
            .into_iter()
            .enumerate()
            .flat_map(move |(list, patterns)| {
                let marks = marks[list].clone();
                let missed = patterns
                    .iter()
                    .enumerate()
                    .filter(move |(at, _)| !marks.has(*at));
                missed.map(move |(_, pattern)| (KEYS[list], pattern.text()))
            })
    }
}

/// Why the account is out of scope; none when it is in. Marks the patterns that matched.
pub(super) fn verdict(
    settings: &Settings,
    account: &Account,
    units: &[Unit],
    hits: &mut Hits,
) -> Option<String> {
    let Settings {
        accounts,
        units: wanted,
        ..
    } = settings;
    let is_it = |pattern: &Pattern| pattern.matches(&account.id) || pattern.matches(&account.name);
    let is_above = |pattern: &Pattern| matches_unit(pattern, units);
    let named_in = hits.any(0, &accounts.include, is_it);
    let named_out = hits.any(1, &accounts.exclude, is_it);
    let unit_in = hits.any(2, &wanted.include, is_above);
    let unit_out = hits.any(3, &wanted.exclude, is_above);
    let all = accounts.include.is_empty() && wanted.include.is_empty();
    if !is_active(account) {
        let state = account.state.as_deref().unwrap_or("UNKNOWN");
        Some(format!(
            "the account is {state}; only ACTIVE ones can be read"
        ))
    } else if named_out {
        Some("left out by `accounts.exclude`".to_owned())
    } else if unit_out {
        Some("left out by `organizational_units.exclude`".to_owned())
    } else if !(all || named_in || unit_in) {
        Some("not among what `accounts.include` and `organizational_units.include` name".to_owned())
    } else {
        None
    }
}

/// By id, by name, or by path from the root ("Workloads/Production", "/Workloads").
fn matches_unit(pattern: &Pattern, units: &[Unit]) -> bool {
    let text = pattern.text();
    if !text.contains('/') {
        return units
            .iter()
            .any(|unit| pattern.matches(&unit.id) || pattern.matches(&unit.name));
    }
    let Some(anchored) = Pattern::parse(text.trim_matches('/')) else {
        return false;
    };
    let mut path = String::new();
    units.iter().any(|unit| {
        if !path.is_empty() {
            path.push('/');
        }
        path.push_str(&unit.name);
        anchored.matches(&path)
    })
}

/// Why nothing is left, for the operator who wrote the filters.
pub(super) fn reasons(settings: &Settings, unmatched: &[(&str, &str)]) -> String {
    let used: Vec<_> = KEYS
        .into_iter()
        .zip(lists(settings))
        .take(4)
        .filter(|(_, list)| !list.is_empty())
        .collect();
    if used.is_empty() {
        return "none of them is ACTIVE".to_owned();
    }
    let told = used.iter().map(|(key, list)| {
        let words: Vec<_> = list.iter().map(Pattern::text).collect();
        format!("{key} = [{}]", words.join(", "))
    });
    let text = told.collect::<Vec<_>>().join(", ");
    let missed: Vec<_> = unmatched
        .iter()
        .filter(|(key, _)| !key.starts_with("regions"))
        .map(|(_, p)| *p)
        .collect();
    if missed.is_empty() {
        text
    } else {
        format!("{text}; nothing is called {}", missed.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(name: &str, state: Option<&str>) -> Account {
        Account {
            id: "123456789012".to_owned(),
            arn: String::new(),
            name: name.to_owned(),
            email: None,
            state: state.map(str::to_owned),
            joined_method: None,
            paths: Vec::new(),
        }
    }

    fn units() -> Vec<Unit> {
        let unit = |id: &str, name: &str| Unit {
            id: id.to_owned(),
            name: name.to_owned(),
        };
        vec![unit("ou-1", "Workloads"), unit("ou-2", "Production")]
    }

    fn out(settings: &str, state: Option<&str>) -> Option<String> {
        let text = format!(r#"{{"scope": "organization", {settings}}}"#);
        let settings = Settings::parse(&text).expect("legal");
        verdict(
            &settings,
            &account("shop", state),
            &units(),
            &mut Hits::default(),
        )
    }

    #[test]
    fn decides() {
        for (settings, is_in) in [
            (r#""accounts": {}"#, true),
            (r#""accounts": {"include": ["123456789012"]}"#, true),
            (r#""accounts": {"include": ["sho*"]}"#, true),
            (r#""accounts": {"include": ["other"]}"#, false),
            (
                r#""accounts": {"include": ["other"]}, "organizational_units": {"include": ["Production"]}"#,
                true,
            ),
            (r#""organizational_units": {"include": ["ou-1"]}"#, true),
            (
                r#""organizational_units": {"include": ["Workloads/Production"]}"#,
                true,
            ),
            (
                r#""organizational_units": {"include": ["/Workloads"]}"#,
                true,
            ),
            (
                r#""organizational_units": {"include": ["/Production"]}"#,
                false,
            ),
            (
                r#""organizational_units": {"exclude": ["Workloads/Prod*"]}"#,
                false,
            ),
            (
                r#""accounts": {"include": ["shop"], "exclude": ["shop"]}"#,
                false,
            ),
        ] {
            assert_eq!(out(settings, Some("ACTIVE")).is_none(), is_in, "{settings}");
        }
    }

    #[test]
    fn fact_29_state_not_status() {
        for state in [
            "PENDING_ACTIVATION",
            "SUSPENDED",
            "PENDING_CLOSURE",
            "CLOSED",
        ] {
            assert!(
                out(r#""accounts": {}"#, Some(state))
                    .expect("out")
                    .contains(state)
            );
        }
        assert_eq!(out(r#""accounts": {}"#, None), None);
    }
}
