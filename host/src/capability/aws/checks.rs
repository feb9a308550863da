//! What may be written to ACM and Secrets Manager, checked before AWS is asked: AWS's limits, and that the certificate
//! is of the very key that goes with it.
//! Above: `writes`. Below: `model::certificate`.
//! Invariant: pure; a text that passes is fit for an audit.

use crate::backend::{PrivateKey, Session};
use crate::bindings::connector::sensor::aws::types::{
    CreateSecretRequest, ImportCertificateRequest,
};
use crate::bindings::connector::sensor::core::types::{Error, ErrorClass, Tag};
use crate::model::certificate::{Certificate, ParseError, from_pem};
use crate::model::text::clean;
use std::collections::BTreeSet;

/// Fact 14, in bytes.
const LARGEST_CERTIFICATE: usize = 32_768;
const LARGEST_CHAIN: usize = 2 << 20;
/// Fact 22, in things and in characters.
const MOST_TAGS: usize = 50;
const LONGEST_TAG_KEY: usize = 128;
const LONGEST_TAG_VALUE: usize = 256;
/// Fact 46.
const LONGEST_SECRET_NAME: usize = 512;
const LARGEST_SECRET: usize = 65_536;

/// Where something lies: in the session's account, in a region.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) session: &'a Session,
    pub(super) region: &'a str,
}

/// A certificate on its way to ACM, with its key.
pub(super) fn import(
    request: &ImportCertificateRequest,
    key: &PrivateKey,
    place: Place<'_>,
) -> Result<(), Error> {
    if let Some(arn) = &request.arn {
        certificate_arn(arn, place)?;
        if !request.tags.is_empty() {
            return Err(wrong(
                "tags-on-reimport",
                "a certificate that is renewed in place takes no tags: add them afterwards",
                arn,
            ));
        }
    }
    tags(&request.tags)?;
    let large = |what: &str, size: usize, most: usize| {
        let text = format!("the {what} has {size} bytes and ACM takes {most}");
        Err(wrong("too-large", &text, ""))
    };
    if request.certificate.len() > LARGEST_CERTIFICATE {
        return large(
            "certificate",
            request.certificate.len(),
            LARGEST_CERTIFICATE,
        );
    }
    let leaf = one(&request.certificate)?;
    let public = Certificate::public_key_of(&leaf).map_err(|error| unreadable(&error))?;
    if public != key.public_key() {
        let text = "the certificate is of another key than the one that goes with it";
        return Err(wrong("key-mismatch", text, ""));
    }
    match &request.chain {
        Some(chain) if chain.len() > LARGEST_CHAIN => large("chain", chain.len(), LARGEST_CHAIN),
        Some(chain) => check_chain(chain, &leaf),
        None => Ok(()),
    }
}

fn one(pem: &str) -> Result<Vec<u8>, Error> {
    let mut all = from_pem(pem).map_err(|error| unreadable(&error))?;
    match (all.pop(), all.is_empty()) {
        (Some(leaf), true) => Ok(leaf),
        _ => Err(wrong(
            "invalid-certificate",
            "the certificate is the leaf alone, neither less nor more",
            "",
        )),
    }
}

/// Fact 16: without the leaf, and left out rather than empty. Its order is for who built it.
fn check_chain(pem: &str, leaf: &[u8]) -> Result<(), Error> {
    let all = from_pem(pem).map_err(|error| unreadable(&error))?;
    if all.is_empty() {
        let text = "the chain is empty: leave it out when there is none";
        return Err(wrong("invalid-chain", text, ""));
    }
    if all.iter().any(|one| one == leaf) {
        return Err(wrong(
            "invalid-chain",
            "the leaf stands in its own chain",
            "",
        ));
    }
    Ok(())
}

fn unreadable(error: &ParseError) -> Error {
    wrong("invalid-certificate", &error.to_string(), "")
}

/// The ARN of a certificate at this place.
pub(super) fn certificate_arn(arn: &str, place: Place<'_>) -> Result<(), Error> {
    let named = resource_at(arn, "acm", place)
        .and_then(|resource| resource.strip_prefix("certificate/"))
        .is_some_and(|id| !id.is_empty() && id.bytes().all(|b| b.is_ascii_graphic()));
    if named && arn.len() <= 2048 {
        return Ok(());
    }
    let text = format!(
        "no certificate of account {} in {}: arn:{}:acm:{}:{}:certificate/…",
        place.session.account(),
        place.region,
        place.session.partition(),
        place.region,
        place.session.account()
    );
    Err(wrong("invalid-arn", &text, arn))
}

/// What an ARN of this service names, if it lies at this place.
fn resource_at<'a>(arn: &'a str, service: &str, place: Place<'_>) -> Option<&'a str> {
    let mut parts = arn.splitn(6, ':');
    let expected = [
        "arn",
        place.session.partition(),
        service,
        place.region,
        place.session.account(),
    ];
    let same = expected.iter().all(|part| parts.next() == Some(*part));
    parts.next().filter(|_| same)
}

/// Whether AWS's answer to an import is what was asked for.
pub(super) fn imported(arn: &str, asked: Option<&str>, place: Place<'_>) -> Result<(), Error> {
    let same = asked.is_none_or(|asked| asked == arn);
    if same && certificate_arn(arn, place).is_ok() {
        return Ok(());
    }
    let text = match asked {
        Some(asked) => format!("asked to renew `{}`", clean(asked, 200)),
        None => format!("asked for a certificate in {}", place.region),
    };
    Err(Error {
        class: ErrorClass::InvalidResponse,
        ..wrong(
            "other-place",
            &format!("{text}, AWS answered with `{}`", clean(arn, 200)),
            arn,
        )
    })
}

/// Facts 22 and 24.
pub(super) fn tags(all: &[Tag]) -> Result<(), Error> {
    let config = |code: &str, text: &str, about: &str| Error {
        class: ErrorClass::Config,
        ..wrong(code, text, about)
    };
    if all.len() > MOST_TAGS {
        let text = format!("{} tags, and AWS takes {MOST_TAGS}", all.len());
        return Err(config("too-many-tags", &text, ""));
    }
    let mut keys = BTreeSet::new();
    for Tag { key, value } in all {
        let fits = (1..=LONGEST_TAG_KEY).contains(&key.chars().count())
            && value.chars().count() <= LONGEST_TAG_VALUE
            && key.chars().chain(value.chars()).all(is_tag_character)
            && !key.to_ascii_lowercase().starts_with("aws:");
        if !fits {
            let text = "a tag has a key of 1 to 128 and a value of up to 256 letters, digits, blanks and \
                        _.:/=+-@, and does not begin with `aws:`";
            return Err(config("invalid-tag", text, key));
        }
        if !keys.insert(key) {
            return Err(config("invalid-tag", "a tag is named twice", key));
        }
    }
    Ok(())
}

fn is_tag_character(c: char) -> bool {
    c.is_alphabetic()
        || c.is_numeric()
        || (c.is_whitespace() && !c.is_control())
        || "_.:/=+-@".contains(c)
}

/// A secret to be made, below the sensor's own prefix.
pub(super) fn secret(
    request: &CreateSecretRequest,
    sealed: &str,
    prefix: &str,
) -> Result<(), Error> {
    secret_name(&request.name, prefix)?;
    tags(&request.tags)?;
    let token = &request.client_request_token;
    let plain = token
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if !(32..=64).contains(&token.len()) || !plain {
        let text = "the token of a new secret is 32 to 64 letters, digits and hyphens";
        return Err(wrong("invalid-token", text, &request.name));
    }
    if sealed.len() > LARGEST_SECRET {
        let text = format!(
            "{} bytes, and Secrets Manager takes {LARGEST_SECRET}",
            sealed.len()
        );
        return Err(wrong("too-large", &text, &request.name));
    }
    Ok(())
}

/// Fact 46, and the prefix. By its ARN a secret cannot be told to lie below it.
pub(super) fn secret_name(name: &str, prefix: &str) -> Result<(), Error> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/_+=.@-".contains(&byte);
    let suffixed = name.len() >= 7 && name.as_bytes().get(name.len() - 7) == Some(&b'-');
    let legal = name.len() <= LONGEST_SECRET_NAME && name.bytes().all(plain) && !suffixed;
    let below = name
        .strip_prefix(prefix)
        .is_some_and(|rest| !rest.is_empty());
    if legal && below {
        return Ok(());
    }
    let text = if below {
        "no secret's name: up to 512 letters, digits and /_+=.@-, and no hyphen before its last six characters"
            .to_owned()
    } else {
        format!("not below `{prefix}`, where this sensor's keys wait")
    };
    Err(Error {
        class: ErrorClass::AccessDenied,
        ..wrong("foreign-secret", &text, name)
    })
}

/// Whether AWS's answer to a new secret is that secret.
pub(super) fn created(arn: &str, name: &str, place: Place<'_>) -> Result<(), Error> {
    let same = resource_at(arn, "secretsmanager", place)
        .and_then(|resource| resource.strip_prefix("secret:"))
        .and_then(|found| found.strip_prefix(name))
        .is_some_and(|end| end.is_empty() || end.starts_with('-'));
    if same {
        return Ok(());
    }
    let text = format!(
        "asked for a secret, AWS answered with `{}`",
        clean(arn, 200)
    );
    Err(Error {
        class: ErrorClass::InvalidResponse,
        ..wrong("other-place", &text, name)
    })
}

/// AWS would say the same, later.
fn wrong(code: &str, message: &str, subject: &str) -> Error {
    Error {
        class: ErrorClass::Unsupported,
        code: code.to_owned(),
        message: clean(message, 600),
        detail: None,
        retry_after_ms: None,
        subject: Some(clean(subject, 200)).filter(|subject| !subject.is_empty()),
    }
}

#[cfg(test)]
mod tests;
