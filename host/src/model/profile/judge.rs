//! Holds what somebody asks for against a profile.
//! Above: `delivery`, `app`. Below: `names`, `schedule`.
//! Invariant: judging is pure and complete: every problem at once, each with the nearest name where there is one.

use super::schedule::{longest_public_days, next_step};
use super::{Profile, SubjectPart};
use crate::model::config_problem::ConfigProblem;
use crate::model::key::KeyType;
use crate::model::name::SanName;
use crate::model::nearest::nearest;
use crate::model::pattern::Pattern;
use crate::model::text::clean;
use crate::model::time::Millis;
use std::collections::BTreeSet;

/// What a request asks of a profile.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wish<'a> {
    pub names: &'a [SanName],
    /// Of a CSR or a key that the operator brings. None: the sensor makes a key of the profile's type.
    pub key_type: Option<KeyType>,
    /// The subject of a CSR that the operator brings, as short names (RFC 4514) or OIDs with their values.
    pub subject: Option<&'a [(String, String)]>,
    pub business_unit: Option<&'a str>,
    pub places: &'a [Place<'a>],
}

/// One place of delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    pub connector: &'a str,
    pub account: &'a str,
    pub region: &'a str,
}

struct Found(Vec<ConfigProblem>);

impl Found {
    fn add(&mut self, field: impl Into<String>, message: String, help: Option<String>) {
        self.0.push(ConfigProblem {
            line: None,
            field: field.into(),
            message,
            help,
        });
    }
}

impl Profile {
    /// Everything for which this profile refuses the wish.
    #[must_use]
    pub fn judge(&self, wish: &Wish<'_>) -> Vec<ConfigProblem> {
        let mut found = Found(Vec::new());
        self.judge_names(wish.names, &mut found);
        self.judge_key(wish.key_type, &mut found);
        if let Some(subject) = wish.subject {
            self.judge_subject(subject, wish.names, &mut found);
        }
        self.judge_business_unit(wish.business_unit, &mut found);
        self.judge_places(wish.places, &mut found);
        found.0
    }

    fn judge_names(&self, names: &[SanName], found: &mut Found) {
        let rules = &self.names;
        let distinct: BTreeSet<&SanName> = names.iter().collect();
        if distinct.is_empty() {
            found.add("names", "at least one name is needed".to_owned(), None);
        }
        if distinct.len() > rules.max as usize {
            let message = format!(
                "{} names, where the profile `{}` allows {}",
                distinct.len(),
                self.name,
                rules.max
            );
            found.add("names", message, None);
        }
        let mut told = BTreeSet::new();
        for (index, name) in names.iter().enumerate() {
            if !told.insert(name) {
                continue;
            }
            let field = format!("names[{index}]");
            if name.is_wildcard() && !rules.wildcard {
                let message = format!(
                    "`{name}` is a wildcard, which the profile `{}` does not allow",
                    self.name
                );
                found.add(field.clone(), message, None);
            }
            if !rules.allows(name) {
                let (message, help) = self.not_allowed(name);
                found.add(field, message, help);
            }
        }
    }

    fn not_allowed(&self, name: &SanName) -> (String, Option<String>) {
        let rules = &self.names;
        let Some(dns) = name.dns() else {
            let message = if rules.networks.is_empty() {
                format!(
                    "`{name}` is an IP address; the profile `{}` allows none",
                    self.name
                )
            } else {
                format!("`{name}` lies in none of {}", listed(&rules.networks))
            };
            return (message, None);
        };
        if rules.suffixes.is_empty() {
            let message = format!(
                "`{name}` is a DNS name; the profile `{}` allows addresses alone",
                self.name
            );
            return (message, None);
        }
        let mended = rules.suffixes.iter().find_map(|suffix| suffix.mended(dns));
        let help = mended.map(|near| format!("did you mean `{near}`?"));
        let message = format!("`{name}` ends in none of {}", listed(&rules.suffixes));
        (message, help)
    }

    fn judge_key(&self, brought: Option<KeyType>, found: &mut Found) {
        if let Some(key_type) = brought.filter(|key_type| *key_type != self.key_type) {
            let message = format!(
                "the key is {key_type}, where the profile `{}` wants {}",
                self.name, self.key_type
            );
            found.add("key", message, None);
        }
    }

    fn judge_subject(&self, subject: &[(String, String)], names: &[SanName], found: &mut Found) {
        for (part, value) in subject {
            let shown = clean(value, 80);
            if part == "CN" {
                let asked = value
                    .parse::<SanName>()
                    .is_ok_and(|name| names.contains(&name));
                if !asked {
                    let message =
                        format!("the common name `{shown}` is not one of the names asked for");
                    found.add("csr.subject.CN", message, None);
                }
                continue;
            }
            let wanted = SubjectPart::of_short(part).and_then(|part| self.subject.parts.get(&part));
            if wanted == Some(value) {
                continue;
            }
            let message = match wanted {
                Some(wanted) => format!(
                    "it is `{shown}`, where the profile `{}` wants `{wanted}`",
                    self.name
                ),
                None => format!("the profile `{}` allows no such part", self.name),
            };
            found.add(format!("csr.subject.{}", clean(part, 40)), message, None);
        }
    }

    fn judge_business_unit(&self, unit: Option<&str>, found: &mut Found) {
        if self.business_units.is_empty() {
            return;
        }
        let known = || self.business_units.iter().map(String::as_str);
        let field = "business_unit";
        match unit {
            Some(unit) if known().any(|one| one == unit) => {}
            Some(unit) => {
                let help = nearest(unit, known()).map(|near| format!("did you mean `{near}`?"));
                let help = help.or_else(|| Some(format!("it may be used by {}", listed(known()))));
                let message = format!(
                    "`{}` may not use the profile `{}`",
                    clean(unit, 80),
                    self.name
                );
                found.add(field, message, help);
            }
            None => {
                let message = format!("the profile `{}` needs one", self.name);
                let help = Some(format!("it may be used by {}", listed(known())));
                found.add(field, message, help);
            }
        }
    }

    fn judge_places(&self, places: &[Place<'_>], found: &mut Found) {
        let rules = &self.deliver_to;
        for (index, place) in places.iter().enumerate() {
            for (part, patterns, value) in [
                ("connector", &rules.connectors, place.connector),
                ("account", &rules.accounts, place.account),
                ("region", &rules.regions, place.region),
            ] {
                if patterns.iter().any(|pattern| pattern.matches(value)) {
                    continue;
                }
                let message = format!(
                    "`{}`: the profile `{}` delivers to {}",
                    clean(value, 80),
                    self.name,
                    listed(patterns)
                );
                let plain = patterns.iter().filter(|pattern| pattern.is_plain());
                let help = nearest(value, plain.map(Pattern::as_str))
                    .map(|near| format!("did you mean `{near}`?"));
                found.add(format!("targets[{index}].{part}"), message, help);
            }
        }
    }

    /// What is worth knowing about the profile at this moment, without being a reason to refuse it.
    #[must_use]
    pub fn advice(&self, now: Millis) -> Vec<String> {
        const DAY: Millis = 86_400_000;
        let mut advice = Vec::new();
        if let Some(validity) = self.validity {
            let most = longest_public_days(now);
            // A fraction of a day counts as a day.
            let days = validity.millis().saturating_add(DAY - 1) / DAY;
            if days > most.into() {
                advice.push(format!(
                    "a validity of {validity} is more than the {most} days that a public CA may give; a private one may"
                ));
            } else if let Some((date, next)) =
                next_step(now).filter(|(_, next)| days > (*next).into())
            {
                advice.push(format!(
                    "a validity of {validity} is more than a public CA may give from {date} on: {next} days"
                ));
            }
        }
        advice
    }

    /// What is worth knowing about these names, without being a reason to refuse them.
    #[must_use]
    pub fn advice_on_names(names: &[SanName]) -> Vec<String> {
        let covered = |name: &&SanName| names.iter().any(|wild| wild.covers(name));
        names
            .iter()
            .filter(covered)
            .map(|name| {
                format!("`{name}` is covered by a wildcard beside it; some CAs refuse an order with both")
            })
            .collect()
    }
}

fn listed<T: ToString>(values: impl IntoIterator<Item = T>) -> String {
    let texts: Vec<String> = values.into_iter().map(|one| one.to_string()).collect();
    texts.join(", ")
}
