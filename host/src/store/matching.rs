//! Which places a filter lets through, as a set of bits.
//! Above: `query`, `summary`. Below: `state`, `columns`, `terms`.
//! Invariant: never leaves out a place that matches. A parent domain or a tag can let one through whose word only hashes
//! alike (with 10,000 of them, in one of 400,000 queries); who shows places checks them with `holds`.

use super::columns::{
    LIVE, MISSING, NONE, RETIRED, revocation_number, source_number, status_number,
};
use super::state::State;
use super::terms::{name_hash, name_matches, own_hash, plain_name, tag_hash};
use crate::model::asset::{Asset, Status};
use crate::model::filter::Filter;
use crate::model::revocation::RevocationWord;

/// One bit for each id.
#[derive(Debug, Clone)]
pub(super) struct Bits(Vec<u64>);

impl Bits {
    pub(super) fn none(len: usize) -> Self {
        Self(vec![0; len.div_ceil(64)])
    }

    pub(super) fn set(&mut self, id: u32) {
        if let Some(word) = self.0.get_mut(id as usize / 64) {
            *word |= 1 << (id % 64);
        }
    }

    pub(super) fn has(&self, id: u32) -> bool {
        self.0
            .get(id as usize / 64)
            .is_some_and(|word| word & 1 << (id % 64) != 0)
    }

    pub(super) fn count(&self) -> u64 {
        self.0.iter().map(|word| u64::from(word.count_ones())).sum()
    }

    /// Keeps those whose entry in a column passes. Sixty-four at a time: what is already out is not looked at.
    fn keep<T: Copy>(&mut self, column: &[T], pass: impl Fn(T) -> bool) {
        for (word, values) in self.0.iter_mut().zip(column.chunks(64)) {
            if *word != 0 {
                let passed = values
                    .iter()
                    .rev()
                    .fold(0, |bits, value| bits << 1 | u64::from(pass(*value)));
                *word &= passed;
            }
        }
    }

    /// Keeps those whose entry in a column is a number that passes.
    fn keep_passing(&mut self, column: &[u32], passing: &[bool]) {
        self.keep(column, |number| {
            passing.get(number as usize).copied().unwrap_or(false)
        });
    }

    fn either(&mut self, other: &Self) {
        self.0
            .iter_mut()
            .zip(&other.0)
            .for_each(|(word, other)| *word |= other);
    }

    fn without(&mut self, other: &Self) {
        self.0
            .iter_mut()
            .zip(&other.0)
            .for_each(|(word, other)| *word &= !other);
    }

    fn fill(&mut self) {
        self.0.fill(u64::MAX);
    }

    fn clear(&mut self) {
        self.0.fill(0);
    }

    /// The ids in the set, from one on, in order.
    pub(super) fn iter_from(&self, start: u32) -> impl Iterator<Item = u32> + '_ {
        let first = start as usize / 64;
        self.0
            .iter()
            .enumerate()
            .skip(first)
            .flat_map(move |(at, word)| {
                let mut left = if at == first {
                    word & (u64::MAX << (start % 64))
                } else {
                    *word
                };
                std::iter::from_fn(move || {
                    (left != 0).then(|| {
                        let bit = left.trailing_zeros();
                        left &= left - 1;
                        u32::try_from(at * 64).unwrap_or(NONE) + bit
                    })
                })
            })
    }

    /// Calls `take` with every id in the set, in order. Quicker than an iterator where it matters.
    pub(super) fn each(&self, mut take: impl FnMut(u32)) {
        for (word, base) in self.0.iter().zip((0u32..).step_by(64)) {
            if *word == u64::MAX {
                (base..base + 64).for_each(&mut take);
            } else {
                let mut left = *word;
                while left != 0 {
                    take(base + left.trailing_zeros());
                    left &= left - 1;
                }
            }
        }
    }
}

/// The places that pass.
pub(super) fn matching(state: &State, filter: &Filter) -> Bits {
    let rows = &state.rows;
    let mut bits = Bits(vec![u64::MAX; rows.split.len().div_ceil(64)]);
    let wanted = |flags: u8| flags & LIVE != 0 && (filter.retired || flags & RETIRED == 0);
    bits.keep(&rows.flags, wanted);
    if let Some(missing) = filter.missing {
        bits.keep(&rows.flags, |flags| (flags & MISSING != 0) == missing);
    }
    if let Some(status) = filter.status.map(status_number) {
        bits.keep(&rows.status, |value| value == status);
    }
    if let Some(source) = filter.source.map(source_number) {
        bits.keep(&rows.source, |value| value == source);
    }
    if let Some(used) = filter.in_use {
        bits.keep(&rows.in_use, |value| value == 1 + u8::from(used));
    }
    keep_revocations(state, filter, &mut bits);
    keep_splits(state, filter, &mut bits);
    keep_labels(state, filter, &mut bits);
    keep_certificates(state, filter, &mut bits);
    bits
}

fn keep_revocations(state: &State, filter: &Filter, bits: &mut Bits) {
    let told = &state.leaves.revocation;
    let certificate = &state.rows.certificate;
    if let Some(wanted) = filter.revocation.map(revocation_number) {
        bits.keep(certificate, |id| told.get(id as usize) == Some(&wanted));
    }
    if let Some(wanted) = filter.revoked {
        let (cloud, ca) = (
            status_number(Status::Revoked),
            revocation_number(RevocationWord::Revoked),
        );
        let mut revoked = bits.clone();
        revoked.keep(&state.rows.status, |status| status == cloud);
        let mut by_ca = bits.clone();
        by_ca.keep(certificate, |id| told.get(id as usize) == Some(&ca));
        revoked.either(&by_ca);
        if wanted {
            *bits = revoked;
        } else {
            bits.without(&revoked);
        }
    }
}

fn keep_splits(state: &State, filter: &Filter, bits: &mut Bits) {
    if filter.account.is_none()
        && filter.region.is_none()
        && filter.connector.is_none()
        && filter.stale.is_none()
        && filter.mock.is_none()
    {
        return;
    }
    let size = state
        .splits
        .last_key_value()
        .map_or(0, |(last, _)| *last as usize + 1);
    let mut passing = vec![false; size];
    for (number, split) in &state.splits {
        let record = &split.record;
        let is = |wanted: &Option<String>, value: Option<&str>| {
            wanted.as_deref().is_none_or(|w| Some(w) == value)
        };
        passing[*number as usize] = is(&filter.account, Some(&record.account))
            && is(&filter.region, record.region.as_deref())
            && filter
                .connector
                .as_ref()
                .is_none_or(|wanted| *wanted == record.connector)
            && filter.stale.is_none_or(|wanted| wanted == record.stale)
            && filter
                .mock
                .is_none_or(|wanted| wanted == state.is_mock(&record.connector));
    }
    bits.keep_passing(&state.rows.split, &passing);
}

fn keep_labels(state: &State, filter: &Filter, bits: &mut Bits) {
    if let Some(unit) = &filter.business_unit {
        let passing: Vec<bool> = state
            .labels
            .values
            .iter()
            .map(|labels| labels.business_unit.as_ref() == Some(unit))
            .collect();
        bits.keep_passing(&state.rows.labels, &passing);
    }
    if let Some((key, value)) = &filter.tag {
        let mut tagged = bits.clone();
        match state.rows.sets.with(tag_hash(key, value.as_deref())) {
            Some(passing) => tagged.keep_passing(&state.rows.tags, &passing),
            None => tagged.clear(),
        }
        let all = &state.labels.values;
        let passing: Vec<bool> = all
            .iter()
            .map(|labels| has_tag(&labels.tags, key, value.as_deref()))
            .collect();
        if passing.contains(&true) {
            let mut labelled = bits.clone();
            labelled.keep_passing(&state.rows.labels, &passing);
            tagged.either(&labelled);
        }
        *bits = tagged;
    }
}

fn keep_certificates(state: &State, filter: &Filter, bits: &mut Bits) {
    let leaves = &state.leaves;
    let certificate = &state.rows.certificate;
    if filter.expires_before.is_some() || filter.expires_after.is_some() {
        let range =
            filter.expires_after.unwrap_or(i64::MIN)..=filter.expires_before.unwrap_or(i64::MAX);
        bits.keep(certificate, |id| {
            leaves
                .not_after
                .get(id as usize)
                .is_some_and(|at| range.contains(at))
        });
    }
    if let Some(wanted) = &filter.key_algorithm {
        let passing: Vec<bool> = state
            .algorithms
            .values
            .iter()
            .map(|name| name.eq_ignore_ascii_case(wanted))
            .collect();
        keep_numbered(bits, certificate, &leaves.key, &passing);
    }
    if let Some(wanted) = filter.issuer.as_ref().map(|text| text.to_lowercase()) {
        let passing: Vec<bool> = state
            .issuers
            .values
            .iter()
            .map(|issuer| issuer.to_lowercase().contains(&wanted))
            .collect();
        keep_numbered(bits, certificate, &leaves.issuer, &passing);
    }
    if let Some(name) = filter.name.as_deref().map(plain_name) {
        let word = name_hash(&name);
        let mut named = Bits::none(leaves.key.len());
        if let Some(passing) = leaves.sets.with(word) {
            named.fill();
            named.keep_passing(&leaves.parents, &passing);
        }
        leaves.names.find(own_hash(&name), |id| named.set(id));
        let mut places = bits.clone();
        places.keep(certificate, |id| named.has(id));
        // A place without a certificate has its own name.
        if let Some(passing) = state.rows.sets.with(word) {
            let mut bare = bits.clone();
            bare.keep(certificate, |id| id == NONE);
            bare.keep_passing(&state.rows.tags, &passing);
            places.either(&bare);
        }
        *bits = places;
    }
}

fn keep_numbered(bits: &mut Bits, certificate: &[u32], column: &[u32], passing: &[bool]) {
    bits.keep(certificate, |id| {
        column
            .get(id as usize)
            .is_some_and(|number| passing.get(*number as usize).copied().unwrap_or(false))
    });
}

fn has_tag(tags: &[(String, String)], key: &str, value: Option<&str>) -> bool {
    tags.iter()
        .any(|(k, v)| k == key && value.is_none_or(|value| v == value))
}

/// Whether a place really has the name and the tag that it was found by.
pub(super) fn holds(asset: &Asset, filter: &Filter) -> bool {
    let tagged = filter.tag.as_ref().is_none_or(|(key, value)| {
        let location = &asset.location;
        has_tag(&location.place.tags, key, value.as_deref())
            || has_tag(&location.import_tags, key, value.as_deref())
    });
    tagged
        && filter
            .name
            .as_deref()
            .map(plain_name)
            .is_none_or(|wanted| match &asset.certificate {
                Some(certificate) => {
                    let mut names = certificate.dns_names.iter().chain(&certificate.common_name);
                    names.any(|name| name_matches(&plain_name(name), &wanted))
                }
                None => asset
                    .location
                    .place
                    .display_name
                    .as_deref()
                    .is_some_and(|name| name_matches(&plain_name(name), &wanted)),
            })
}
