//! Makes an estate of a scenario, and finds everything that is wrong with it on the way.
//! Above: `Estate::build`. Below: `estate::settle` (accounts), `estate::rules`.
//! Invariant: either every reference of the scenario was resolved, or there is a problem that names it.

use super::{Base, Estate, Organization, Unit, association, rules, settle};
use crate::noise::{Noise, hash};
use crate::scenario::moment::{DAY, days_of};
use crate::scenario::{AccountEntry, Clock, OuEntry, Scenario};
use crate::x509::Authorities;
use crate::{Identity, Problems};
use std::collections::HashMap;
use std::str::FromStr;

const PARTITIONS: [&str; 8] = [
    "aws",
    "aws-cn",
    "aws-us-gov",
    "aws-iso",
    "aws-iso-b",
    "aws-iso-e",
    "aws-iso-f",
    "aws-eusc",
];

/// What is known while building.
pub(super) struct Builder<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) start: i64,
    pub(super) entries: Vec<AccountEntry>,
    pub(super) ids: Vec<String>,
    pub(super) units: Vec<Unit>,
    pub(super) problems: Vec<String>,
}

impl Builder<'_> {
    pub(super) fn problem(&mut self, at: &str, what: &str) {
        self.problems.push(format!("{at}: {what}"));
    }

    pub(super) fn parse<T: FromStr<Err = String>>(&mut self, at: &str, text: &str) -> Option<T> {
        text.parse()
            .map_err(|problem: String| self.problem(at, &problem))
            .ok()
    }

    /// An account by name or number.
    pub(super) fn account(&mut self, at: &str, text: &str) -> Option<usize> {
        let found = self.ids.iter().position(|id| id == text);
        let found = found.or_else(|| self.entries.iter().position(|entry| entry.name == text));
        if found.is_none() {
            self.problem(at, &format!("`{text}` is no account's name or number"));
        }
        found
    }

    /// A unit by name.
    pub(super) fn unit(&mut self, at: &str, text: &str) -> Option<usize> {
        let found = self.units.iter().position(|unit| unit.name == text);
        if found.is_none() {
            self.problem(at, &format!("`{text}` is no unit's name"));
        }
        found
    }
}

pub(super) fn build(scenario: &Scenario, now_ms: i64) -> Result<Estate, Problems> {
    let mut builder = Builder {
        scenario,
        start: start(scenario, now_ms),
        entries: Vec::new(),
        ids: Vec::new(),
        units: Vec::new(),
        problems: Vec::new(),
    };
    let (accounts, ous) = settle::everybody(scenario);
    builder.entries = accounts;
    builder.ids = settle::numbers(&mut builder);
    units(&mut builder, &ous);
    check_top(&mut builder);
    let organization = organization(&mut builder);
    let base = base(&mut builder, organization.as_ref());
    let (accounts, entries) = settle::accounts(&mut builder, organization.as_ref());
    let associations = association::associations(&mut builder);
    let rules = rules::rules(&mut builder);
    let rates = rules::rates(&mut builder);
    let (latency, default_latency) = rules::latency(&mut builder);
    if !builder.problems.is_empty() {
        return Err(Problems(builder.problems));
    }
    let by_id: HashMap<_, _> = builder
        .ids
        .iter()
        .cloned()
        .enumerate()
        .map(|(i, id)| (id, i))
        .collect();
    let generated: u64 = accounts
        .iter()
        .flat_map(|account| &account.splits)
        .map(|split| u64::from(split.generated))
        .sum();
    Ok(Estate {
        name: scenario.name.clone(),
        seed: scenario.seed,
        start: builder.start,
        clock: scenario.clock,
        partition: scenario.partition.clone(),
        signed: scenario.signed,
        token_life_ms: scenario.token_life_ms,
        visible_after_ms: scenario.visible_after_ms,
        read_after_ms: scenario.read_after_ms,
        deleted_after_ms: scenario.deleted_after_ms,
        secret_gone_after_ms: scenario.secret_gone_after_ms,
        issuer_key_must_match: scenario.issuer_key_must_match,
        associations,
        organization,
        units: builder.units,
        accounts,
        by_id,
        entries,
        pool: generated / 60 + 4,
        base,
        rules,
        rates,
        latency,
        default_latency,
        authorities: Authorities::new(scenario.seed, scenario.signed),
    })
}

fn start(scenario: &Scenario, now_ms: i64) -> i64 {
    match (scenario.start, scenario.clock) {
        (Some(start), _) => start.0,
        (None, Clock::Virtual) => days_of(2026, 11, 1) * DAY,
        (None, Clock::Real | Clock::VirtualToday) => now_ms.div_euclid(DAY) * DAY,
    }
}

fn check_top(builder: &mut Builder<'_>) {
    let scenario = builder.scenario;
    if !PARTITIONS.contains(&scenario.partition.as_str()) {
        builder.problem(
            "partition",
            &format!(
                "`{}` is none; there are {}",
                scenario.partition,
                PARTITIONS.join(", ")
            ),
        );
    }
    if builder.entries.is_empty() {
        builder.problem("account", "there is none");
    }
    if scenario.regions.is_empty() {
        builder.problem("regions", "there is none");
    }
}

fn units(builder: &mut Builder<'_>, ous: &[OuEntry]) {
    let seed = builder.scenario.seed;
    for ou in ous {
        if builder.units.iter().any(|unit| unit.name == ou.name) {
            builder.problem("ou", &format!("`{}` is there twice", ou.name));
        }
        let at = format!("ou `{}` (parents come first)", ou.name);
        let parent = ou.parent.as_ref().and_then(|name| builder.unit(&at, name));
        let word = Noise::new(hash(seed, &format!("ou {}", ou.name)))
            .word(8)
            .to_lowercase();
        let id = format!("ou-{}-{word}", root_mark(seed));
        builder.units.push(Unit {
            id,
            name: ou.name.clone(),
            parent,
        });
    }
}

fn root_mark(seed: u64) -> String {
    Noise::new(hash(seed, "root")).word(4).to_lowercase()
}

fn organization(builder: &mut Builder<'_>) -> Option<Organization> {
    let raw = builder.scenario.organization.as_ref()?;
    let seed = builder.scenario.seed;
    let management = match &raw.management {
        Some(name) => builder
            .account("organization.management", name)
            .unwrap_or(0),
        None => 0,
    };
    let delegated = raw
        .delegated
        .iter()
        .filter_map(|name| builder.account("organization.delegated", name))
        .collect();
    let word = || {
        Noise::new(hash(seed, "organization"))
            .word(10)
            .to_lowercase()
    };
    Some(Organization {
        id: raw.id.clone().unwrap_or_else(|| format!("o-{}", word())),
        root: format!("r-{}", root_mark(seed)),
        management,
        delegated,
        paths: raw.paths,
        states: raw.states,
        trusted_account_access: raw.trusted_account_access,
    })
}

fn base(builder: &mut Builder<'_>, organization: Option<&Organization>) -> Base {
    let raw = builder.scenario.caller.clone();
    let account = match &raw.account {
        Some(name) => builder.account("caller.account", name).unwrap_or(0),
        None => organization.map_or(0, |organization| organization.management),
    };
    let id = builder.ids.get(account).cloned().unwrap_or_default();
    let partition = builder.scenario.partition.clone();
    let user = raw.user.unwrap_or_else(|| "sensor".to_owned());
    let mut noise = Noise::new(hash(builder.scenario.seed, "caller"));
    let (arn, user_id) = match &raw.role {
        Some(role) => (
            format!("arn:{partition}:sts::{id}:assumed-role/{role}/{user}"),
            format!("AROA{}:{user}", noise.word(17)),
        ),
        None => (
            format!("arn:{partition}:iam::{id}:user/{user}"),
            format!("AIDA{}", noise.word(17)),
        ),
    };
    Base {
        identity: Identity {
            account: id,
            arn,
            user_id,
            partition,
            access_key: raw
                .access_key
                .unwrap_or_else(|| "AKIASIMULATED0000000".to_owned()),
            secret_key: raw
                .secret_key
                .unwrap_or_else(|| "simulated-secret-key-worth-nothing-0000".to_owned()),
        },
        is_role: raw.role.is_some(),
        expires_at: raw.expires_ms.map(|ms| builder.start + ms),
        allows: raw.allows,
    }
}
