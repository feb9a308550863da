//! What an operator asks for, held against its profile.
//! Above: `desk`. Below: `model::profile`'s rules, `ledger`.
//! Invariant: every problem at once; nothing is stored here.

use super::cloudfront::{self, Use};
use super::who::Who;
use crate::ledger::Ledger;
use crate::model::certificate::Certificate;
use crate::model::enrollment::{Request, RequestState, Source, Wish};
use crate::model::id::{ProfileId, RequestId};
use crate::model::key::KeyType;
use crate::model::name::SanName;
use crate::model::profile::{self, Profile};
use crate::model::secret::Secret;
use crate::model::text::clean;
use crate::model::time::Millis;
use std::collections::{BTreeMap, HashSet};

/// A request as it is asked for.
#[derive(Debug)]
pub struct NewRequest {
    pub profile: ProfileId,
    /// As typed; for a request that brings a CSR or a certificate, those in it if this is empty.
    pub names: Vec<String>,
    pub source: NewSource,
    pub targets: Vec<Wish>,
    pub tags: BTreeMap<String, String>,
    pub business_unit: Option<String>,
    pub contact: Option<String>,
    pub by: Who,
    /// Although another active request asks for the same at the same place.
    pub another: bool,
    /// What it is for, where that has a say in where it goes.
    pub used_for: Option<Use>,
}

/// Where certificate and key are to come from.
#[derive(Debug)]
pub enum NewSource {
    Issued,
    /// A certificate signing request, PEM.
    SigningRequest(String),
    Brought(Brought),
}

/// A certificate that the operator brought with its key.
#[derive(Debug)]
pub struct Brought {
    /// PEM: the leaf, and what else belongs to its chain, in any order.
    pub certificate: String,
    /// PEM, not encrypted.
    pub key: Secret,
}

/// A request that its profile allows, not stored yet.
#[derive(Debug)]
pub(super) struct Allowed {
    pub(super) request: Request,
    /// Worth knowing.
    pub(super) advice: Vec<String>,
}

/// What comes with a request.
#[derive(Debug)]
pub(super) struct Brings {
    pub(super) source: Source,
    /// What the key is that is there already.
    pub(super) key: Option<KeyType>,
    /// The subject of a CSR.
    pub(super) subject: Option<Vec<(String, String)>>,
}

impl Default for Brings {
    fn default() -> Self {
        Self {
            source: Source::Issued,
            key: None,
            subject: None,
        }
    }
}

/// Holds a wish against its profile and the ledger.
pub(super) fn judge(
    new: &NewRequest,
    profile: &Profile,
    brings: &Brings,
    ledger: &Ledger,
    now: Millis,
) -> Result<Allowed, Vec<String>> {
    let mut problems = Vec::new();
    let names = SanName::parse_all(&new.names).unwrap_or_else(|wrong| {
        problems.extend(wrong.iter().map(ToString::to_string));
        Vec::new()
    });
    let names = distinct(names);
    let places: Vec<profile::Place<'_>> = new
        .targets
        .iter()
        .map(|target| profile::Place {
            connector: target.connector.as_str(),
            account: &target.account,
            region: &target.region,
        })
        .collect();
    if problems.is_empty() {
        let wish = profile::Wish {
            names: &names,
            key_type: brings.key,
            subject: brings.subject.as_deref(),
            business_unit: new.business_unit.as_deref(),
            places: &places,
        };
        problems.extend(profile.judge(&wish).iter().map(ToString::to_string));
    }
    problems.extend(targets(new, &brings.source, ledger));
    problems.extend(tags(&new.tags));
    if !problems.is_empty() {
        return Err(problems);
    }
    let waits = profile.approval;
    let request = Request {
        id: RequestId(0),
        state: if waits {
            RequestState::AwaitingApproval
        } else {
            RequestState::Active
        },
        profile: new.profile.clone(),
        names: names.iter().map(ToString::to_string).collect(),
        source: brings.source.clone(),
        targets: new.targets.clone(),
        tags: new.tags.clone(),
        business_unit: new.business_unit.clone(),
        contact: new.contact.as_deref().map(|text| clean(text, 200)),
        requested_by: new.by.name.clone(),
        approved_by: None,
        created_at: now,
        updated_at: now,
        renew_at: (!waits).then_some(now),
        expires_at: None,
        outlook: crate::model::enrollment::Outlook::default(),
        found_revoked: None,
        generation: 0,
    };
    Ok(Allowed {
        request,
        advice: Profile::advice_on_names(&names),
    })
}

/// In the order in which they were typed.
fn distinct(names: Vec<SanName>) -> Vec<SanName> {
    let mut seen = HashSet::new();
    names
        .into_iter()
        .filter(|name| seen.insert(name.clone()))
        .collect()
}

/// Each target's connector is there, no place is named twice, and no other request has it.
fn targets(new: &NewRequest, source: &Source, ledger: &Ledger) -> Vec<String> {
    let mut problems = Vec::new();
    let delivers = !matches!(source, Source::SigningRequest { .. });
    if new.used_for == Some(Use::CloudFront) {
        problems.extend(cloudfront::misplaced(&new.targets));
    } else if delivers && new.targets.is_empty() {
        problems.push(
            "no target: say where the certificate goes with --to CONNECTOR:ACCOUNT:REGION"
                .to_owned(),
        );
    }
    if !delivers && !new.targets.is_empty() {
        problems.push(
            "a certificate for your own signing request cannot be delivered: its key is with you"
                .to_owned(),
        );
    }
    let (mut seen, mut unknown) = (HashSet::new(), HashSet::new());
    for target in &new.targets {
        if !seen.insert(target) {
            problems.push(format!("the target {target} is named twice"));
        }
        match ledger.connector(&target.connector) {
            Ok(None) if unknown.insert(&target.connector) => problems.push(format!(
                "there is no connector `{}`: sensor connector list shows them",
                target.connector
            )),
            Ok(_) => {}
            Err(error) => problems.push(error.to_string()),
        }
    }
    problems.extend(taken(new, ledger));
    problems
}

/// Another request that keeps the same place; or, unless that is meant, one for the same name there: two certificates
/// that look alike.
fn taken(new: &NewRequest, ledger: &Ledger) -> Vec<String> {
    let others = match ledger.requests(&crate::ledger::RequestFilter::default()) {
        Ok(others) => others,
        Err(error) => return vec![error.to_string()],
    };
    let names = SanName::parse_all(&new.names).unwrap_or_default();
    let first = names.first().map(ToString::to_string);
    let mut problems = Vec::new();
    for other in &others {
        if other.state == RequestState::Cancelled {
            continue;
        }
        let there = |same: fn(&Wish, &Wish) -> bool| {
            let mine = |theirs: &Wish| new.targets.iter().any(|ours| same(ours, theirs));
            other.targets.iter().any(mine)
        };
        if there(|ours, theirs| ours.place.is_some() && ours.place == theirs.place) {
            problems.push(format!(
                "request {0} keeps this place already: sensor request show {0}; sensor request cancel {0} lets go of it",
                other.id
            ));
        } else if !new.another
            && first.is_some()
            && other.names.first() == first.as_ref()
            && there(alike)
        {
            problems.push(format!(
                "request {} already keeps `{}` there: renew that one, or say --another",
                other.id,
                other.names.first().map_or("", String::as_str)
            ));
        }
    }
    problems
}

/// The same account and region; two places that are known are two.
fn alike(ours: &Wish, theirs: &Wish) -> bool {
    (&ours.account, &ours.region) == (&theirs.account, &theirs.region)
        && (ours.place.is_none() || theirs.place.is_none())
}

/// Fact 22: what AWS takes as tags, so that a delivery does not fail for it.
fn tags(tags: &BTreeMap<String, String>) -> Vec<String> {
    // The sensor's own marks need room among the fifty.
    const MOST: usize = 47;
    let mut problems = Vec::new();
    if tags.len() > MOST {
        problems.push(format!("{} tags, at most {MOST} fit", tags.len()));
    }
    let legal = |text: &str| {
        text.chars()
            .all(|c| c.is_alphanumeric() || " _.:/=+-@".contains(c))
    };
    for (key, value) in tags {
        let reserved = key.to_ascii_lowercase().starts_with("aws:") || key.starts_with("sensor-");
        if key.is_empty() || key.chars().count() > 127 || !legal(key) || reserved {
            problems.push(format!(
                "`{}` is no key of a tag: 1 to 127 letters, digits, spaces and _.:/=+-@, not beginning with aws: or sensor-",
                clean(key, 80)
            ));
        }
        if value.chars().count() > 255 || !legal(value) {
            problems.push(format!(
                "the value of the tag `{}` has more than 255 characters, or others than letters, digits, spaces and _.:/=+-@",
                clean(key, 80)
            ));
        }
    }
    problems
}

/// The names that a certificate bears, if the sensor can ask for all of them.
pub(super) fn names_of(certificate: &Certificate) -> Result<Vec<String>, String> {
    let address = |name: &String| match name.strip_prefix("ip:") {
        Some(address) => Ok(address.to_owned()),
        None => Err(format!(
            "it bears the name `{}`, which is neither a DNS name nor an address: the sensor cannot ask for such a one",
            clean(name, 80)
        )),
    };
    let dns = certificate.dns_names.iter().cloned().map(Ok);
    dns.chain(certificate.other_names.iter().map(address))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::tags;
    use std::collections::BTreeMap;

    #[test]
    fn fact_22_tags_that_aws_would_refuse_are_told_before() {
        let one = |key: &str, value: &str| {
            tags(&BTreeMap::from([(key.to_owned(), value.to_owned())])).len()
        };
        for (key, value) in [
            ("team", "payments"),
            ("Größe", "a b_c.d:e/f=g+h-i@j"),
            ("x", ""),
        ] {
            assert_eq!(one(key, value), 0, "{key}={value}");
        }
        for (key, value) in [
            ("", "x"),
            ("aws:x", "y"),
            ("AWS:x", "y"),
            ("sensor-id", "y"),
            ("a;b", "y"),
            ("a", "b\nc"),
        ] {
            assert_eq!(one(key, value), 1, "{key}={value}");
        }
        assert_eq!(one(&"k".repeat(128), "v"), 1);
        assert_eq!(one("k", &"v".repeat(256)), 1);
        let many = (0..48).map(|n| (format!("k{n}"), String::new())).collect();
        assert_eq!(tags(&many).len(), 1);
    }
}
