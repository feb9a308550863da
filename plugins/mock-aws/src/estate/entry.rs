//! Certificates that a scenario writes out, one by one.
//! Above: `estate::certificate`, `estate::build`. Below: `scenario`, `estate::place`, `x509`.
//! Invariant: an entry has one body wherever it is placed; importing it again changes the body and not the ARN.

use super::generated::family;
use super::place::{Names, domain};
use super::{Body, Certificate, Estate, Kind, Origin, Renewal, Status};
use crate::noise::{Noise, hash};
use crate::scenario::moment::DAY;
use crate::scenario::{CertificateEntry, Harm};
use crate::x509::{Key, Recipe};
use sensor_sdk::types::Tag;
use std::str::FromStr;

/// An entry, understood.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) label: Option<String>,
    pub(super) recipe: Recipe,
    domain: Option<String>,
    kind: Kind,
    origin: Origin,
    status: Status,
    in_use: bool,
    in_use_by: Vec<String>,
    tags: Vec<Tag>,
    managed_by: Option<String>,
    exported: bool,
    renewal: Option<Renewal>,
    harm: Option<Harm>,
    appears: Option<i64>,
    vanishes: Option<i64>,
    vanishes_after_lists: Option<u64>,
    reimported: Option<i64>,
}

/// Collects what is wrong with one entry.
struct Reader<'a> {
    at: &'a str,
    problems: &'a mut Vec<String>,
}

impl Reader<'_> {
    fn word<T: FromStr<Err = String>>(&mut self, text: Option<&String>) -> Option<T> {
        match text?.parse() {
            Ok(word) => Some(word),
            Err(problem) => {
                self.problems.push(format!("{}: {problem}", self.at));
                None
            }
        }
    }
}

impl Entry {
    /// Understands an entry. `seed` is its own; a label's seed comes from the world's.
    pub(super) fn new(
        raw: &CertificateEntry,
        at: &str,
        team: &str,
        (world_seed, seed): (u64, u64),
        start: i64,
        problems: &mut Vec<String>,
    ) -> Self {
        let mut reader = Reader { at, problems };
        let status = reader.word(raw.status.as_ref());
        let origin = reader.word(raw.origin.as_ref());
        let kind = reader
            .word(raw.kind.as_ref())
            .unwrap_or_else(|| default_kind(status, origin));
        let key = reader.word(raw.key.as_ref()).unwrap_or(Key::Rsa2048);
        let seed = match &raw.same {
            Some(label) => hash(world_seed, &format!("same {label}")),
            None => seed,
        };
        // A body that several accounts hold is not named after one of them.
        let team = if raw.same.is_some() { "shared" } else { team };
        let recipe = recipe(raw, seed, team, (kind, key), start, reader.problems, at);
        let after = |ms: Option<i64>| ms.map(|ms| start + ms);
        Self {
            label: raw.same.clone(),
            domain: if raw.no_domain {
                None
            } else {
                recipe.names.first().cloned()
            },
            recipe,
            kind,
            origin: origin.unwrap_or(match kind {
                Kind::Imported => Origin::CustomerProvided,
                _ => Origin::AwsManaged,
            }),
            status: status.unwrap_or(Status::Issued),
            in_use: raw.in_use.unwrap_or(false),
            in_use_by: raw.in_use_by.clone(),
            tags: raw
                .tags
                .iter()
                .flatten()
                .map(|(key, value)| Tag {
                    key: key.clone(),
                    value: value.clone(),
                })
                .collect(),
            managed_by: raw.managed_by.clone(),
            exported: raw.exported.unwrap_or(false),
            renewal: reader.word(raw.renewal.as_ref()),
            harm: raw.body,
            appears: after(raw.appears_ms),
            vanishes: after(raw.vanishes_ms),
            vanishes_after_lists: raw.vanishes_after_lists,
            reimported: after(raw.reimported_ms),
        }
    }
}

fn default_kind(status: Option<Status>, origin: Option<Origin>) -> Kind {
    let amazons = status.is_some_and(|status| !status.has_body() || status == Status::Revoked)
        || matches!(origin, Some(Origin::Acme | Origin::AwsManaged));
    if amazons {
        Kind::AmazonIssued
    } else {
        Kind::Imported
    }
}

fn recipe(
    raw: &CertificateEntry,
    seed: u64,
    team: &str,
    (kind, key): (Kind, Key),
    start: i64,
    problems: &mut Vec<String>,
    at: &str,
) -> Recipe {
    let mut noise = Noise::new(seed);
    let names = names(raw, team, &mut noise);
    let valid = raw.days_valid.unwrap_or(match kind {
        Kind::Imported => 365.0,
        Kind::AmazonIssued => 198.0,
        Kind::Private => 395.0,
    });
    let whole = |ms: i64| ms.div_euclid(1000) * 1000;
    let not_after = raw
        .not_after
        .map_or(start + days(raw.days_left.unwrap_or(120.0)), |moment| {
            moment.0
        });
    let not_before = raw
        .not_before
        .map_or(not_after - days(valid), |moment| moment.0);
    if not_after < not_before {
        problems.push(format!("{at}: ends before it begins"));
    }
    Recipe {
        seed: hash(seed, "recipe"),
        key,
        family: family(kind),
        self_signed: raw.self_signed,
        common_name: raw.common_name.clone().or(names.common_name),
        organization: (kind != Kind::AmazonIssued).then(|| "Example Corp".to_owned()),
        names: names.all,
        not_before: whole(not_before),
        not_after: whole(not_after),
    }
}

fn names(raw: &CertificateEntry, team: &str, noise: &mut Noise) -> Names {
    if raw.no_domain {
        return Names {
            all: raw.sans.clone(),
            ..Names::none()
        };
    }
    let first = raw.name.clone().unwrap_or_else(|| domain(team, noise));
    let mut all = vec![first.clone()];
    all.extend(raw.sans.iter().cloned());
    let base = first.trim_start_matches("*.").to_owned();
    let wanted = usize::try_from(raw.san_count).unwrap_or(0);
    all.extend((all.len()..wanted).map(|n| format!("n{n:03}.{base}")));
    Names {
        common_name: Some(first.clone()),
        domain: Some(first),
        all,
    }
}

fn days(days: f64) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "a scenario's days are few")]
    let ms = (days * 86_400_000.0) as i64;
    ms
}

impl Estate {
    pub(super) fn written(
        &self,
        account: usize,
        split: usize,
        number: u32,
        entry: &Entry,
        now_ms: i64,
    ) -> Certificate {
        let again = entry.reimported.filter(|at| *at <= now_ms);
        let mut recipe = entry.recipe.clone();
        if let Some(at) = again {
            let at = at.div_euclid(1000) * 1000;
            recipe.seed = hash(recipe.seed, "again");
            recipe.not_after += (at - recipe.not_before).max(DAY);
            recipe.not_before = at;
        }
        let born = entry
            .appears
            .unwrap_or_else(|| recipe.not_before.min(self.start));
        let imported = entry.kind == Kind::Imported;
        let mut in_use_by = entry.in_use_by.clone();
        if entry.in_use && in_use_by.is_empty() {
            in_use_by.push(self.user_arn(account, split, &mut Noise::new(entry.recipe.seed)));
        }
        Certificate {
            number,
            arn: self.arn(account, split, number),
            domain: entry.domain.clone(),
            kind: entry.kind,
            origin: entry.origin,
            status: entry.status,
            created_at: entry
                .appears
                .unwrap_or_else(|| entry.recipe.not_before.min(self.start)),
            issued_at: (!imported && entry.status.has_body()).then_some(born),
            imported_at: imported.then_some(again.unwrap_or(born)),
            revoked_at: (entry.status == Status::Revoked).then_some(self.start - DAY),
            in_use_by,
            tags: entry.tags.clone(),
            managed_by: entry.managed_by.clone(),
            exported: entry.exported,
            renewal: entry.renewal,
            harm: entry.harm,
            appears: entry.appears,
            vanishes: entry.vanishes,
            vanishes_after_lists: entry.vanishes_after_lists,
            body: Body::Made(recipe),
        }
    }
}
