//! Lists in any order, page by page.
//! Above: `inventory`. Below: `matching`, `state`, `engine`.
//! Invariant: the pages of a list that nobody changes meanwhile hold every match once; the order is total.
//!
//! A page is found by one pass that keeps the best few after the last page's end: any page costs the same.

use super::columns::{NONE, head};
use super::engine::Engine;
use super::error::StoreError;
use super::matching::{Bits, holds, matching};
use super::show::read_asset;
use super::state::State;
use super::types::ListPage;
use crate::model::filter::{Query, Sort};
use crate::model::time::Millis;
use std::cmp::Reverse;

const MOST: usize = 10_000;

pub(super) fn list(state: &State, engine: &Engine, query: &Query) -> Result<ListPage, StoreError> {
    let bits = matching(state, &query.filter);
    let mut total = bits.count();
    let limit = query.limit.clamp(1, MOST);
    let after = query
        .after
        .as_deref()
        .map(|text| Position::read(text, query))
        .transpose()?;
    let mut ids = select(state, &bits, query, after.as_ref(), limit + 1);
    let more = ids.len() > limit;
    ids.truncate(limit);
    let next = ids
        .last()
        .filter(|_| more)
        .map(|last| Position::of(state, query, *last).write(query));
    let mut assets = Vec::with_capacity(ids.len());
    for id in ids {
        let asset = read_asset(state, engine, id)?;
        if holds(&asset, &query.filter) {
            assets.push(asset);
        } else {
            total -= 1;
        }
    }
    Ok(ListPage {
        assets,
        next,
        total,
    })
}

/// What a list is sorted by, at one place.
struct Position {
    number: i64,
    text: String,
    id: u32,
}

impl Position {
    fn of(state: &State, query: &Query, id: u32) -> Self {
        let (number, text) = match query.sort {
            Sort::Expiry => (not_after(state, id), String::new()),
            Sort::FirstSeen => (state.rows.first_seen[id as usize], String::new()),
            Sort::Name => (0, name(state, id).to_owned()),
            Sort::Account => (0, account(state, id).to_owned()),
        };
        Self { number, text, id }
    }

    fn write(&self, query: &Query) -> String {
        format!(
            "{}.{}.{}.{}",
            order(query),
            self.number,
            self.id,
            hex::encode(&self.text)
        )
    }

    fn read(text: &str, query: &Query) -> Result<Self, StoreError> {
        let bad = || StoreError::BadPosition(crate::model::text::clean(text, 80));
        let mut parts = text.splitn(4, '.');
        let mut part = || parts.next().ok_or_else(bad);
        if part()? != order(query) {
            return Err(bad());
        }
        let number = part()?.parse().map_err(|_| bad())?;
        let id = part()?.parse().map_err(|_| bad())?;
        let text = hex::decode(part()?)
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .ok_or_else(bad)?;
        Ok(Self { number, text, id })
    }
}

fn order(query: &Query) -> &'static str {
    match (query.sort, query.descending) {
        (Sort::Expiry, false) => "e",
        (Sort::Expiry, true) => "E",
        (Sort::Name, false) => "n",
        (Sort::Name, true) => "N",
        (Sort::Account, false) => "a",
        (Sort::Account, true) => "A",
        (Sort::FirstSeen, false) => "f",
        (Sort::FirstSeen, true) => "F",
    }
}

fn not_after(state: &State, id: u32) -> Millis {
    let certificate = state.rows.certificate[id as usize];
    state
        .leaves
        .not_after
        .get(certificate as usize)
        .copied()
        .unwrap_or(Millis::MAX)
}

fn name(state: &State, id: u32) -> &str {
    match state.rows.certificate[id as usize] {
        NONE => state.rows.names.get(&id).map_or("", |name| name),
        certificate => state.leaves.name(certificate),
    }
}

fn account(state: &State, id: u32) -> &str {
    state
        .splits
        .get(&state.rows.split[id as usize])
        .map_or("", |split| split.record.account.as_str())
}

fn select(
    state: &State,
    bits: &Bits,
    query: &Query,
    after: Option<&Position>,
    count: usize,
) -> Vec<u32> {
    let after_id = after.map_or(0, |after| after.id);
    match query.sort {
        Sort::Expiry => {
            let after = after.map(|after| (after.number, after_id));
            best(bits, query.descending, after, count, |id| {
                not_after(state, id)
            })
        }
        Sort::FirstSeen => {
            let after = after.map(|after| (after.number, after_id));
            best(bits, query.descending, after, count, |id| {
                state.rows.first_seen[id as usize]
            })
        }
        Sort::Account => {
            let accounts = ranks(state, after.map(|after| after.text.as_str()));
            let rank = |text: &str| accounts.1.binary_search(&text).unwrap_or_else(|at| at);
            let after = after.map(|after| (rank(&after.text), after_id));
            best(bits, query.descending, after, count, |id| {
                accounts
                    .0
                    .get(state.rows.split[id as usize] as usize)
                    .copied()
                    .unwrap_or(0)
            })
        }
        Sort::Name => {
            let after = after.map(|after| {
                (
                    Named {
                        head: head(&after.text),
                        name: Text::Given(&after.text),
                    },
                    after_id,
                )
            });
            best(bits, query.descending, after, count, |id| {
                let certificate = state.rows.certificate[id as usize];
                match state.leaves.head.get(certificate as usize) {
                    Some(head) => Named {
                        head: *head,
                        name: Text::Of(state, certificate),
                    },
                    None => Named {
                        head: head(name(state, id)),
                        name: Text::Given(name(state, id)),
                    },
                }
            })
        }
    }
}

/// The rank of each split's account, and the accounts in order.
fn ranks<'a>(state: &'a State, after: Option<&'a str>) -> (Vec<usize>, Vec<&'a str>) {
    let mut accounts: Vec<&str> = state
        .splits
        .values()
        .map(|split| split.record.account.as_str())
        .collect();
    accounts.extend(after);
    accounts.sort_unstable();
    accounts.dedup();
    let size = state
        .splits
        .last_key_value()
        .map_or(0, |(last, _)| *last as usize + 1);
    let mut ranks = vec![0; size];
    for (number, split) in &state.splits {
        ranks[*number as usize] = accounts
            .binary_search(&split.record.account.as_str())
            .unwrap_or(0);
    }
    (ranks, accounts)
}

/// A name that is compared by its first bytes, and by the rest only when those are the same.
#[derive(Clone, Copy)]
struct Named<'a> {
    head: u64,
    name: Text<'a>,
}

#[derive(Clone, Copy)]
enum Text<'a> {
    Given(&'a str),
    Of(&'a State, u32),
}

impl Named<'_> {
    fn text(&self) -> &str {
        match self.name {
            Text::Given(text) => text,
            Text::Of(state, id) => state.leaves.name(id),
        }
    }
}

impl Ord for Named<'_> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.head
            .cmp(&other.head)
            .then_with(|| self.text().cmp(other.text()))
    }
}
impl PartialOrd for Named<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl PartialEq for Named<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}
impl Eq for Named<'_> {}

/// The first `count` of the set in the order of (key, id), or the last in reverse, beyond where the last page ended.
fn best<K: Ord + Copy>(
    bits: &Bits,
    descending: bool,
    after: Option<(K, u32)>,
    count: usize,
    key: impl Fn(u32) -> K,
) -> Vec<u32> {
    if descending {
        let mut first = First::new(count, after.map(Reverse));
        bits.each(|id| first.offer(Reverse((key(id), id))));
        first
            .finish()
            .into_iter()
            .map(|Reverse((_, id))| id)
            .collect()
    } else {
        let mut first = First::new(count, after);
        bits.each(|id| first.offer((key(id), id)));
        first.finish().into_iter().map(|(_, id)| id).collect()
    }
}

/// The smallest of many, beyond one of them.
struct First<T> {
    count: usize,
    after: Option<T>,
    /// What is not smaller than this is not wanted any more.
    limit: Option<T>,
    best: Vec<T>,
}

impl<T: Ord + Copy> First<T> {
    fn new(count: usize, after: Option<T>) -> Self {
        Self {
            count,
            after,
            limit: None,
            best: Vec::with_capacity(Self::room(count)),
        }
    }

    /// So many are gathered before the best of them are picked.
    fn room(count: usize) -> usize {
        count * 4 + 256
    }

    fn offer(&mut self, item: T) {
        if self.limit.as_ref().is_some_and(|limit| item >= *limit)
            || self.after.as_ref().is_some_and(|after| item <= *after)
        {
            return;
        }
        self.best.push(item);
        if self.best.len() == Self::room(self.count) {
            let (_, last, _) = self.best.select_nth_unstable(self.count - 1);
            self.limit = Some(*last);
            self.best.truncate(self.count);
        }
    }

    fn finish(mut self) -> Vec<T> {
        self.best.sort_unstable();
        self.best.truncate(self.count);
        self.best
    }
}
