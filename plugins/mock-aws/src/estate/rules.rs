//! Fault rules and quotas, understood.
//! Above: `estate::build`, `world::gate`. Below: `scenario`, `op`.
//! Invariant: a rule that names an operation or account that is not there never gets here.

use super::build::Builder;
use crate::Op;
use crate::scenario::{FaultKind, FaultRule, Harm, RateEntry, Rates};
use std::collections::BTreeMap;

/// A fault rule.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) raw: FaultRule,
    pub(crate) op: Option<Op>,
    pub(crate) account: Option<usize>,
    pub(crate) harm: Harm,
}

/// Understands the scenario's faults.
pub(super) fn rules(builder: &mut Builder<'_>) -> Vec<Rule> {
    let scenario = builder.scenario;
    let mut rules = Vec::new();
    for (index, raw) in scenario.faults.iter().enumerate() {
        let at = format!("fault {} ({:?})", index + 1, raw.kind);
        let op = raw
            .operation
            .as_ref()
            .and_then(|name| builder.parse::<Op>(&at, name));
        let account = raw
            .account
            .as_ref()
            .and_then(|name| builder.account(&at, name));
        for problem in wrong(raw) {
            builder.problem(&at, problem);
        }
        rules.push(Rule {
            raw: raw.clone(),
            op,
            account,
            harm: raw.body.unwrap_or(Harm::NotPem),
        });
    }
    rules
}

fn wrong(raw: &FaultRule) -> Vec<&'static str> {
    let mut problems = Vec::new();
    if raw.kind == FaultKind::Error && raw.code.is_none() {
        problems.push("wants a `code`");
    }
    if raw.kind == FaultKind::Vanish && raw.certificates.is_none() {
        problems.push("wants `certificates`, how many vanish from each list");
    }
    if raw.kind == FaultKind::Latency && raw.ms.is_none() {
        problems.push("wants `ms`");
    }
    if raw.kind == FaultKind::UnknownEnum && raw.values.is_empty() {
        problems.push("wants `values`");
    }
    if raw.every == Some(0) {
        problems.push("`every` starts at 1");
    }
    if raw.probability.is_some_and(|p| !(0.0..=1.0).contains(&p)) {
        problems.push("`probability` lies between 0 and 1");
    }
    if raw
        .from_ms
        .zip(raw.until_ms)
        .is_some_and(|(from, until)| until <= from)
    {
        problems.push("`until_ms` comes after `from_ms`");
    }
    problems
}

/// Understands the quotas: none when they are off.
pub(super) fn rates(builder: &mut Builder<'_>) -> Option<BTreeMap<Op, RateEntry>> {
    let Rates::Real(over) = &builder.scenario.rates else {
        return None;
    };
    let mut rates: BTreeMap<Op, RateEntry> = Op::ALL
        .iter()
        .map(|op| {
            (
                *op,
                RateEntry {
                    per_second: op.rate(),
                    burst: op.rate().max(1.0),
                },
            )
        })
        .collect();
    for (name, rate) in over {
        if rate.per_second <= 0.0 || rate.burst < 1.0 {
            builder.problem(
                "rates",
                &format!("{name}: more than 0 a second, and room for 1"),
            );
        }
        if let Some(op) = builder.parse::<Op>("rates", name) {
            rates.insert(op, *rate);
        }
    }
    Some(rates)
}

/// Understands latencies: by operation, and the default.
pub(super) fn latency(builder: &mut Builder<'_>) -> (BTreeMap<Op, u64>, u64) {
    let mut table = BTreeMap::new();
    for (name, ms) in &builder.scenario.latency {
        if name == "default" {
            continue;
        }
        if let Some(op) = builder.parse::<Op>("latency", name) {
            table.insert(op, *ms);
        }
    }
    (
        table,
        builder
            .scenario
            .latency
            .get("default")
            .copied()
            .unwrap_or(0),
    )
}
