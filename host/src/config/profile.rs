//! From the text of a profile's file to what it means.
//! Above: `app`, `cli`. Below: `tables`, `reader`.
//! Invariant: reading goes on after every problem; a rule that would allow everything is never the default.

use super::problem::{ConfigError, ConfigProblem};
use super::reader::{Fields, Problems};
use super::tables::{Named, file, tables};
use crate::model::id::{IssuerId, ProfileId};
use crate::model::key::KeyType;
use crate::model::pattern::Pattern;
use crate::model::period::Period;
use crate::model::profile::{
    CommonName, Custody, DeliverTo, NameRules, Profile, RenewAt, RenewalRule, SubjectPart,
    SubjectRule,
};
use crate::model::text::clean;
use crate::model::usage::{ExtendedKeyUsage, KeyUsage};
use std::collections::BTreeMap;
use std::path::Path;

/// Reads a file of one profile, or of several as `[[profile]]` tables.
///
/// # Errors
/// All that is wrong with the file, or that it cannot be read.
pub fn read_profiles(path: &Path) -> Result<Vec<Profile>, ConfigError> {
    file(path, |text, _| parse_profiles(text))
}

/// Reads the text of such a file.
///
/// # Errors
/// All that is wrong with it, in the order of the lines.
pub fn parse_profiles(text: &str) -> Result<Vec<Profile>, Vec<ConfigProblem>> {
    tables(text, &profile)
}

impl Named for Profile {
    const NOUN: &'static str = "profile";
    fn name(&self) -> &str {
        self.name.as_str()
    }
}

/// None only with a problem told.
fn profile(mut fields: Fields<'_>, problems: &mut Problems<'_>) -> Option<Profile> {
    let name: Option<ProfileId> = fields.required("name", "web", problems);
    let issuer: Option<IssuerId> = fields.required("issuer", "lets-encrypt", problems);
    let keys = KeyType::ALL.map(|key| (key.as_str(), key));
    let key_type = fields
        .choice("key_type", &keys, problems)
        .unwrap_or(KeyType::P256);
    let validity = validity(&mut fields, problems);
    let acme_profile = fields.parsed("acme_profile", problems);
    let names = fields.section("names", "suffixes = [\"example.com\"]", problems);
    let names = names.map(|table| name_rules(table, problems));
    let subject = fields.table("subject", problems);
    let subject = subject.map_or_else(
        || SubjectRule {
            common_name: CommonName::FirstName,
            parts: BTreeMap::new(),
        },
        |table| subject_rule(table, problems),
    );
    let key_usages = key_usages(&mut fields, key_type, problems);
    let extended_key_usages = fields
        .choices("extended_key_usages", ExtendedKeyUsage::WORDS, problems)
        .unwrap_or_else(|| vec![ExtendedKeyUsage::ServerAuth]);
    let renewal = fields.table("renewal", problems);
    let renewal = renewal
        .map(|table| renewal_rule(table, validity, problems))
        .unwrap_or_default();
    let custody = fields
        .choice("custody", Custody::WORDS, problems)
        .unwrap_or(Custody::Auto);
    let deliver_to = fields.section("deliver_to", "connectors = [\"aws-prod\"]", problems);
    let deliver_to = deliver_to.map(|table| delivery_rule(table, problems));
    let business_units: Vec<Word<128>> =
        fields.list("business_units", problems).unwrap_or_default();
    let approval = fields.boolean("approval", problems).unwrap_or(false);
    fields.finish(problems);
    Some(Profile {
        name: name?,
        issuer: issuer?,
        key_type,
        validity,
        acme_profile: acme_profile.map(|Word::<64>(text)| text),
        names: names?,
        subject,
        key_usages,
        extended_key_usages,
        renewal,
        custody,
        deliver_to: deliver_to?,
        business_units: business_units.into_iter().map(|Word(text)| text).collect(),
        approval,
    })
}

/// A text for people, of at most so many characters.
struct Word<const LONGEST: usize>(String);

impl<const LONGEST: usize> std::str::FromStr for Word<LONGEST> {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let plain = clean(text, LONGEST) == text && text.trim() == text && !text.is_empty();
        let wrong =
            || format!("1 to {LONGEST} characters, without spaces at an end, are needed here");
        plain.then(|| Self(text.to_owned())).ok_or_else(wrong)
    }
}

fn validity(fields: &mut Fields<'_>, problems: &mut Problems<'_>) -> Option<Period> {
    const HOUR: i64 = 3_600_000;
    let at = fields.place("validity");
    let period: Period = fields.parsed("validity", problems)?;
    // The longest that any CA gives to a certificate that is not a CA's own.
    if !(HOUR..=HOUR * 24 * 3660).contains(&period.millis()) {
        let message = "a certificate lives from one hour to ten years";
        problems.add(at, &fields.path_of("validity"), message);
    }
    Some(period)
}

fn name_rules(mut fields: Fields<'_>, problems: &mut Problems<'_>) -> NameRules {
    let told = fields.has("suffixes") || fields.has("networks");
    let rules = NameRules {
        suffixes: fields.list("suffixes", problems).unwrap_or_default(),
        wildcard: fields.boolean("wildcard", problems).unwrap_or(false),
        max: fields.number("max", 1..251, problems).unwrap_or(10),
        networks: fields.list("networks", problems).unwrap_or_default(),
    };
    if !told {
        let help = "write suffixes = [\"example.com\"], networks = [\"10.0.0.0/8\"], or both";
        let path = fields.path_of("suffixes");
        problems.add_with_help(Some(fields.at()), &path, "is missing", Some(help.into()));
    }
    fields.finish(problems);
    rules
}

fn subject_rule(mut fields: Fields<'_>, problems: &mut Problems<'_>) -> SubjectRule {
    let common_name = fields
        .choice("common_name", CommonName::WORDS, problems)
        .unwrap_or(CommonName::FirstName);
    let mut parts = BTreeMap::new();
    for (word, part, _, longest) in SubjectPart::WORDS {
        let Some((text, at)) = fields.string(word, problems) else {
            continue;
        };
        let fits = match part {
            SubjectPart::Country => text.len() == 2 && text.bytes().all(|b| b.is_ascii_uppercase()),
            _ => !text.trim().is_empty() && clean(&text, *longest) == text,
        };
        if !fits {
            let message = match part {
                SubjectPart::Country => "two capital letters (ISO 3166) are needed here".to_owned(),
                _ => format!("1 to {longest} characters are needed here"),
            };
            problems.add(Some(at), &fields.path_of(word), message);
        }
        parts.insert(*part, text);
    }
    fields.finish(problems);
    SubjectRule { common_name, parts }
}

fn key_usages(
    fields: &mut Fields<'_>,
    key_type: KeyType,
    problems: &mut Problems<'_>,
) -> Vec<KeyUsage> {
    let at = fields.place("key_usages");
    let Some(wanted) = fields.choices("key_usages", KeyUsage::WORDS, problems) else {
        return Profile::usual_key_usages(key_type);
    };
    let rsa_only = [KeyUsage::KeyEncipherment, KeyUsage::DataEncipherment];
    if !key_type.is_rsa() && wanted.iter().any(|usage| rsa_only.contains(usage)) {
        let message = format!("a key of type {key_type} enciphers nothing: only RSA keys do");
        problems.add(at, &fields.path_of("key_usages"), message);
    }
    wanted
}

fn renewal_rule(
    mut fields: Fields<'_>,
    validity: Option<Period>,
    problems: &mut Problems<'_>,
) -> RenewalRule {
    let default = RenewalRule::default();
    let automatic = fields.boolean("automatic", problems);
    let follow_issuer = fields.boolean("follow_issuer", problems);
    let percent = fields.number("at_percent", 40..91, problems);
    let place = fields.place("before");
    let before: Option<Period> = fields.parsed("before", problems);
    let jitter_percent = fields.number("jitter_percent", 0..21, problems);
    if before.is_some() && percent.is_some() {
        let message = "`before` and `at_percent` are two answers to one question: write one";
        problems.add(place.clone(), &fields.path_of("before"), message);
    }
    if let Some((before, validity)) = before.zip(validity)
        && before >= validity
    {
        let message =
            format!("the whole life is {validity}: it would be renewed at once, for ever");
        problems.add(place, &fields.path_of("before"), message);
    }
    fields.finish(problems);
    RenewalRule {
        automatic: automatic.unwrap_or(default.automatic),
        follow_issuer: follow_issuer.unwrap_or(default.follow_issuer),
        at: before
            .map(RenewAt::Before)
            .or(percent.map(RenewAt::Percent))
            .unwrap_or(default.at),
        jitter_percent: jitter_percent.unwrap_or(default.jitter_percent),
    }
}

fn delivery_rule(mut fields: Fields<'_>, problems: &mut Problems<'_>) -> DeliverTo {
    if !fields.has("connectors") {
        let help = "write connectors = [\"aws-prod\"], or [\"*\"] for all of them";
        let path = fields.path_of("connectors");
        problems.add_with_help(Some(fields.at()), &path, "is missing", Some(help.into()));
    }
    let everywhere = || vec![Pattern::any()];
    let rule = DeliverTo {
        connectors: fields.list("connectors", problems).unwrap_or_default(),
        accounts: fields.list("accounts", problems).unwrap_or_else(everywhere),
        regions: fields.list("regions", problems).unwrap_or_else(everywhere),
    };
    fields.finish(problems);
    rule
}

#[cfg(test)]
mod tests;
