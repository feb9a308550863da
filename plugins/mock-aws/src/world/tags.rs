//! What a tag may be.
//! Above: `world::acm_import`, `world::acm_write`, `world::secret_write`. Below: `fault`.
//! Invariant: keys of one certificate or secret differ.

use crate::fault::Fault;
use sensor_sdk::types::{ErrorClass, Tag};

/// Tags that anything may bear.
pub(super) const MOST: usize = 50;

/// What is wrong with tags.
fn wrong(tags: &[Tag]) -> Option<String> {
    for (index, tag) in tags.iter().enumerate() {
        let (key, value) = (&tag.key, &tag.value);
        if !(1..=128).contains(&key.chars().count()) {
            return Some(format!(
                "The tag key '{key}' is not of 1 to 128 characters."
            ));
        }
        if value.chars().count() > 256 {
            return Some(format!(
                "The value of tag '{key}' is longer than 256 characters."
            ));
        }
        if !key.chars().chain(value.chars()).all(is_legal) {
            return Some(format!(
                "The tag '{key}' has characters that are not allowed."
            ));
        }
        if key.to_ascii_lowercase().starts_with("aws:") || value.starts_with("aws:") {
            return Some(format!(
                "The tag '{key}' begins with aws:, which is reserved."
            ));
        }
        if tags.iter().take(index).any(|other| other.key == *key) {
            return Some(format!("The tag key '{key}' is there twice."));
        }
    }
    None
}

/// `[\p{L}\p{Z}\p{N}_.:/=+\-@]`.
fn is_legal(sign: char) -> bool {
    sign.is_alphanumeric()
        || (sign.is_whitespace() && !sign.is_control())
        || "_.:/=+-@".contains(sign)
}

/// ACM's refusal of tags in one request.
pub(super) fn acm(tags: &[Tag]) -> Result<(), Fault> {
    if tags.len() > MOST {
        return Err(too_many());
    }
    match wrong(tags) {
        Some(text) => Err(Fault::new(
            ErrorClass::Config,
            400,
            "InvalidTagException",
            text,
        )),
        None => Ok(()),
    }
}

/// ACM's refusal of a certificate with too many tags.
pub(super) fn too_many() -> Fault {
    let text = format!("The certificate would have more than {MOST} tags.");
    Fault::new(ErrorClass::LimitExceeded, 400, "TooManyTagsException", text)
}

/// Secrets Manager's refusal of tags.
pub(super) fn secrets_manager(tags: &[Tag]) -> Result<(), Fault> {
    let many = (tags.len() > MOST).then(|| format!("A secret has at most {MOST} tags."));
    match many.or_else(|| wrong(tags)) {
        Some(text) => Err(super::refuse::invalid_parameter(text)),
        None => Ok(()),
    }
}

/// Puts tags over others.
pub(super) fn merged(old: &[Tag], new: &[Tag]) -> Vec<Tag> {
    let replaced = |tag: &&Tag| !new.iter().any(|other| other.key == tag.key);
    old.iter().filter(replaced).chain(new).cloned().collect()
}
