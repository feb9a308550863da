//! The inventory in numbers.
//! Above: `inventory`. Below: `matching`, `state`.
//! Invariant: one pass over the columns; nothing is read from disk.

use super::columns::{MISSING, NONE, RETIRED, revocation_of, source_of, status_of};
use super::matching::{Bits, matching};
use super::state::State;
use super::types::Summary;
use crate::model::filter::Filter;
use crate::model::time::Millis;
use serde::Serialize;
use std::collections::HashMap;

const DAY: Millis = 24 * 3_600_000;
const WINDOWS: [u32; 4] = [7, 30, 60, 90];

pub(super) fn summary(state: &State, filter: &Filter, now: Millis) -> Summary {
    let mut sum = Summary {
        expiring: WINDOWS.map(|days| (days, 0)).to_vec(),
        ..Summary::default()
    };
    let mut tally = Tally::new(state);
    let mut distinct = Bits::none(state.leaves.key.len());
    matching(state, filter).each(|id| {
        let at = id as usize;
        sum.locations += 1;
        tally.count(state, at);
        sum.in_use += u64::from(state.rows.in_use[at] == 2);
        sum.missing += u64::from(state.rows.flags[at] & (MISSING | RETIRED) == MISSING);
        sum.retired += u64::from(state.rows.flags[at] & RETIRED != 0);
        let certificate = state.rows.certificate[at];
        if certificate == NONE {
            sum.without_body += 1;
            return;
        }
        distinct.set(certificate);
        let left = state.leaves.not_after[certificate as usize].saturating_sub(now);
        sum.expired += u64::from(left < 0);
        for (days, count) in &mut sum.expiring {
            *count += u64::from((0..=DAY * Millis::from(*days)).contains(&left));
        }
    });
    sum.certificates = distinct.count();
    tally.finish(state, &mut sum);
    sum
}

/// Counts by number, to be named in the end.
struct Tally {
    splits: Vec<u64>,
    statuses: [u64; 256],
    sources: [u64; 256],
    revocations: [u64; 256],
    keys: Vec<u64>,
    issuers: Vec<u64>,
}

impl Tally {
    fn new(state: &State) -> Self {
        Self {
            splits: vec![
                0;
                state
                    .splits
                    .last_key_value()
                    .map_or(0, |(last, _)| *last as usize + 1)
            ],
            statuses: [0; 256],
            sources: [0; 256],
            revocations: [0; 256],
            keys: vec![0; state.algorithms.values.len()],
            issuers: vec![0; state.issuers.values.len()],
        }
    }

    fn count(&mut self, state: &State, at: usize) {
        let add = |counts: &mut [u64], number: usize| {
            if let Some(count) = counts.get_mut(number) {
                *count += 1;
            }
        };
        add(&mut self.splits, state.rows.split[at] as usize);
        add(&mut self.statuses, usize::from(state.rows.status[at]));
        add(&mut self.sources, usize::from(state.rows.source[at]));
        let certificate = state.rows.certificate[at] as usize;
        if let (Some(key), Some(issuer)) = (
            state.leaves.key.get(certificate),
            state.leaves.issuer.get(certificate),
        ) {
            add(&mut self.keys, *key as usize);
            add(&mut self.issuers, *issuer as usize);
            let told = state.leaves.revocation.get(certificate);
            add(
                &mut self.revocations,
                told.map_or(0, |told| usize::from(*told)),
            );
        }
    }

    fn finish(self, state: &State, sum: &mut Summary) {
        let splits = || {
            self.splits
                .iter()
                .zip(0..)
                .filter_map(|(count, number)| Some((state.splits.get(&number)?, *count)))
        };
        sum.by_account =
            sorted(splits().map(|(split, count)| (split.record.account.clone(), count)));
        sum.by_region = sorted(splits().map(|(split, count)| {
            (
                split
                    .record
                    .region
                    .clone()
                    .unwrap_or_else(|| "global".into()),
                count,
            )
        }));
        sum.by_connector =
            sorted(splits().map(|(split, count)| (split.record.connector.to_string(), count)));
        sum.stale = splits()
            .filter(|(split, _)| split.record.stale)
            .map(|(_, count)| count)
            .sum();
        sum.mock = splits()
            .filter(|(split, _)| state.is_mock(&split.record.connector))
            .map(|(_, count)| count)
            .sum();
        sum.by_status = sorted(
            self.statuses
                .iter()
                .zip(0..=u8::MAX)
                .map(|(count, number)| (word(&status_of(number)), *count)),
        );
        sum.by_source = sorted(
            self.sources
                .iter()
                .zip(0..=u8::MAX)
                .map(|(count, number)| (word(&source_of(number)), *count)),
        );
        if self.revocations[1..].iter().any(|count| *count > 0) {
            let told = self.revocations.iter().zip(0..=u8::MAX);
            sum.by_revocation = sorted(
                told.map(|(count, number)| (revocation_of(number).word().to_owned(), *count)),
            );
        }
        sum.by_key_algorithm = sorted(state.algorithms.values.iter().cloned().zip(self.keys));
        sum.by_issuer = sorted(state.issuers.values.iter().cloned().zip(self.issuers));
    }
}

/// A value's name in serde.
fn word<T: Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => text,
        _ => String::new(),
    }
}

/// Adds up what has the same name, leaves out what is zero, puts the largest first.
fn sorted(counts: impl Iterator<Item = (String, u64)>) -> Vec<(String, u64)> {
    let mut sums: HashMap<String, u64> = HashMap::new();
    for (name, count) in counts.filter(|(_, count)| *count > 0) {
        *sums.entry(name).or_default() += count;
    }
    let mut all: Vec<_> = sums.into_iter().collect();
    all.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    all
}
