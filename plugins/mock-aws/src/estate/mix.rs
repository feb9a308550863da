//! A mix as a scenario writes it, made into tables to draw from.
//! Above: `estate::build`, `estate::generated`. Below: `scenario`, `noise`.
//! Invariant: what a mix leaves out has the default's weights, wholly or not at all.

use super::{Kind, Status};
use crate::noise::Weighted;
use crate::scenario::{CertificateMix, Expiry};
use crate::x509::Key;
use std::collections::BTreeMap;
use std::str::FromStr;

/// When a generated certificate expires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    Expired,
    Within7,
    Within30,
    Within90,
    Later,
}

/// Tables to draw from.
#[derive(Debug)]
pub(crate) struct Mix {
    pub(crate) keys: Weighted<Key>,
    pub(crate) kinds: Weighted<Kind>,
    pub(crate) statuses: Weighted<Status>,
    pub(crate) expiry: Weighted<When>,
    pub(crate) acme: f64,
    pub(crate) in_use: f64,
    pub(crate) tagged: f64,
    pub(crate) shared: f64,
    pub(crate) no_domain: f64,
    pub(crate) many_names: f64,
}

const KEYS: [(Key, f64); 7] = [
    (Key::Rsa2048, 50.0),
    (Key::P256, 22.0),
    (Key::Rsa4096, 9.0),
    (Key::Rsa3072, 6.0),
    (Key::P384, 6.0),
    (Key::Rsa1024, 4.0),
    (Key::P521, 3.0),
];
const KINDS: [(Kind, f64); 3] = [
    (Kind::Imported, 45.0),
    (Kind::AmazonIssued, 45.0),
    (Kind::Private, 10.0),
];
const STATUSES: [(Status, f64); 6] = [
    (Status::Issued, 96.0),
    (Status::PendingValidation, 1.2),
    (Status::Inactive, 0.6),
    (Status::Failed, 0.7),
    (Status::TimedOut, 0.6),
    (Status::Revoked, 0.9),
];
const EXPIRY: Expiry = Expiry {
    expired: 8.0,
    within_7_days: 2.0,
    within_30_days: 8.0,
    within_90_days: 22.0,
    later: 60.0,
};

impl Mix {
    /// The tables of a mix over another.
    pub(crate) fn new(
        over: &CertificateMix,
        base: &CertificateMix,
        problems: &mut Vec<String>,
    ) -> Self {
        let expiry = over.expiry.or(base.expiry).unwrap_or(EXPIRY);
        let share =
            |over: Option<f64>, base: Option<f64>, default: f64| over.or(base).unwrap_or(default);
        let mix = Self {
            keys: table(over.keys.as_ref().or(base.keys.as_ref()), &KEYS, problems),
            kinds: table(
                over.types.as_ref().or(base.types.as_ref()),
                &KINDS,
                problems,
            ),
            statuses: table(
                over.statuses.as_ref().or(base.statuses.as_ref()),
                &STATUSES,
                problems,
            ),
            expiry: Weighted::new([
                (When::Expired, expiry.expired),
                (When::Within7, expiry.within_7_days),
                (When::Within30, expiry.within_30_days),
                (When::Within90, expiry.within_90_days),
                (When::Later, expiry.later),
            ]),
            acme: share(over.acme, base.acme, 0.05),
            in_use: share(over.in_use, base.in_use, 0.6),
            tagged: share(over.tagged, base.tagged, 0.7),
            shared: share(over.shared, base.shared, 0.04),
            no_domain: share(over.no_domain, base.no_domain, 0.01),
            many_names: share(over.many_names, base.many_names, 0.005),
        };
        mix.check(problems);
        mix
    }

    fn check(&self, problems: &mut Vec<String>) {
        let empty = [
            ("keys", self.keys.is_empty()),
            ("types", self.kinds.is_empty()),
            ("statuses", self.statuses.is_empty()),
            ("expiry", self.expiry.is_empty()),
        ];
        for (name, _) in empty.iter().filter(|(_, empty)| *empty) {
            problems.push(format!("mix.{name}: no weight is above 0"));
        }
        let shares = [
            ("acme", self.acme),
            ("in_use", self.in_use),
            ("tagged", self.tagged),
            ("shared", self.shared),
            ("no_domain", self.no_domain),
            ("many_names", self.many_names),
        ];
        for (name, share) in shares {
            if !(0.0..=1.0).contains(&share) {
                problems.push(format!("mix.{name}: {share} is no share between 0 and 1"));
            }
        }
    }
}

fn table<T: FromStr<Err = String> + Copy>(
    given: Option<&BTreeMap<String, f64>>,
    default: &[(T, f64)],
    problems: &mut Vec<String>,
) -> Weighted<T> {
    let Some(given) = given else {
        return Weighted::new(default.iter().copied());
    };
    let parsed = given
        .iter()
        .filter_map(|(word, weight)| match word.parse() {
            Ok(thing) => Some((thing, *weight)),
            Err(problem) => {
                problems.push(format!("mix: {problem}"));
                None
            }
        });
    Weighted::new(parsed.collect::<Vec<_>>())
}
