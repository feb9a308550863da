//! Everything that would refuse a delivery, told before a certificate is ordered.
//! Above: `delivery`. Below: `successor` (what stands at the ARN), `quota`, `rights`.
//! Invariant: nothing is written; a failure is a thing that AWS would refuse, or that this sensor could not undo; what
//! cannot be asked now is neither a failure nor a yes, but an error.

mod quota;
mod rights;
mod successor;

use super::place::{self, Place, judge};
use crate::access::Access;
use crate::check::report::{Line, Report};
use crate::error::lasting;
use crate::settings::Settings;
use sensor_sdk::host::{AwsWrite, Host};
use sensor_sdk::types::delivery::{Planned, Target};
use sensor_sdk::types::{Error, Finding, Tag};

/// What ACM imports.
const KEYS: [&str; 7] = [
    "RSA_1024",
    "RSA_2048",
    "RSA_3072",
    "RSA_4096",
    "EC_prime256v1",
    "EC_secp384r1",
    "EC_secp521r1",
];
const MOST_TAGS: usize = 50;

pub(super) fn run<H: Host + AwsWrite>(
    host: &H,
    settings: &Settings,
    target: &Target,
    planned: &Planned,
) -> Result<Vec<Finding>, Error> {
    let mut report = Report::default();
    if !settings.delivery.enabled {
        let line = Line::failure("delivery-off", place::OFF.to_owned());
        report.add(line.advise("`sensor policy` then prints what its roles need besides"));
        return Ok(report.into_findings());
    }
    planned_alone(planned, &mut report);
    let access = Access::open(host, settings)?;
    if let Err(wrong) = judge(&access, settings, target) {
        report.add(Line::failure(wrong.code, wrong.message).about(&target.account));
        return Ok(report.into_findings());
    }
    let place = match Place::open(&access, settings, target) {
        Ok(place) => place,
        Err(error) => {
            let error = lasting(&format!("account {}", target.account), error)?;
            report.add(shut(&access, target, &error));
            return Ok(report.into_findings());
        }
    };
    let told = Told {
        place: &place,
        planned,
    };
    if rights::region_is_open(&place, &mut report)? {
        match place.known() {
            Some(arn) => successor::check(&told, arn, &mut report)?,
            None => told.first(&mut report)?,
        }
        rights::common(&place, planned, &mut report)?;
    }
    quota::imports(&told, host.now(), &mut report);
    if planned.park {
        rights::parking(host, settings, &mut report)?;
    }
    Ok(report.into_findings())
}

/// A place, and what is to come there.
struct Told<'a, 'p, H: Host + AwsWrite> {
    place: &'a Place<'p, H>,
    planned: &'a Planned,
}

impl<H: Host + AwsWrite> Told<'_, '_, H> {
    /// What a first import needs besides.
    fn first(&self, report: &mut Report) -> Result<(), Error> {
        quota::held(self, report)?;
        let message = format!(
            "a new certificate in account {}, {}",
            self.place.account, self.place.region
        );
        report.add(Line::success("first-import", message).about(self.place.account));
        Ok(())
    }
}

/// What no account needs to be asked for.
fn planned_alone(planned: &Planned, report: &mut Report) {
    let key = &planned.key_algorithm;
    if !KEYS.contains(&key.as_str()) {
        let message = format!(
            "ACM takes no key of type {key}; it takes {}",
            KEYS.join(", ")
        );
        report.add(Line::failure("key-algorithm", message));
    }
    let is_rsa = |word: &str| word.starts_with("RSA");
    if let Some(issuer) = &planned.issuer_key_algorithm
        && is_rsa(issuer) != is_rsa(key)
    {
        let message = format!(
            "the key is of type {key} and its issuer's is of type {issuer}: ACM's reference wants both of one \
             algorithm, so ACM may refuse it"
        );
        let advice =
            "choose a key type of the issuer's algorithm in the profile, or an issuer of the key's";
        report.add(Line::warning("issuer-key", message).advise(advice));
    }
    if planned.names.is_empty() {
        report.add(Line::failure(
            "no-names",
            "a certificate needs a name".to_owned(),
        ));
    }
    for problem in tag_problems(&planned.tags) {
        report.add(Line::failure("tags", problem));
    }
}

fn tag_problems(tags: &[Tag]) -> Vec<String> {
    let mut problems = Vec::new();
    if tags.len() > MOST_TAGS {
        problems.push(format!("{} tags, and ACM takes {MOST_TAGS}", tags.len()));
    }
    let legal = |sign: char| {
        sign.is_alphanumeric()
            || (sign.is_whitespace() && !sign.is_control())
            || "_.:/=+-@".contains(sign)
    };
    for (index, Tag { key, value }) in tags.iter().enumerate() {
        let fits = (1..=128).contains(&key.chars().count())
            && value.chars().count() <= 256
            && key.chars().chain(value.chars()).all(legal);
        if !fits {
            problems.push(format!(
                "the tag `{key}` is none that ACM takes: a key of 1 to 128 and a value of up to 256 letters, digits, \
                 blanks and _.:/=+-@"
            ));
        }
        if key.to_ascii_lowercase().starts_with("aws:") {
            problems.push(format!(
                "the tag `{key}` begins with `aws:`, which AWS keeps for itself"
            ));
        }
        if tags.iter().take(index).any(|other| other.key == *key) {
            problems.push(format!("the tag `{key}` is there twice"));
        }
    }
    problems
}

/// The account does not let the sensor in.
fn shut<H: Host + AwsWrite>(access: &Access<'_, H>, target: &Target, error: &Error) -> Line {
    let line = Line::failure(
        "assume-role",
        format!("account {}: {}", target.account, error.message),
    );
    let line = line.about(&target.account);
    let role = access.role_arn(&target.account).unwrap_or_default();
    line.advise("`sensor connector check` tells what it can be")
        .mend(error, "sts:AssumeRole", &role)
}
