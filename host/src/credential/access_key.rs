//! An access key as JSON: as it is stored in an encrypted place, and as AWS's own tools print it.
//! Above: the command line stores one, `Sources` reads it. Below: `model::secret`.
//! Invariant: no error repeats any part of the key, and every copy made here is wiped.

use crate::model::secret::Secret;
use serde::de::{Deserializer, Visitor};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// An access key: the ID may be shown, the rest may not.
#[derive(Debug)]
pub struct AccessKey {
    pub id: String,
    pub secret: Secret,
    pub session_token: Option<Secret>,
}

/// Why a text is no stored access key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccessKeyError {
    #[error(
        "the stored access key is not the expected JSON object ({{\"access_key_id\", \"secret_access_key\", \"session_token\"?}}): store it again"
    )]
    Shape,
    #[error(
        "the access key ID must be 16 to 128 capital letters and digits, and this one has {0} characters or others among them"
    )]
    Id(usize),
    #[error(
        "the secret access key or the session token is empty, or holds blanks, quotes or other signs that none has: \
         store it again, without quotes or line ends"
    )]
    Secret,
}

/// As it is stored.
#[derive(Serialize)]
struct Stored<'a> {
    access_key_id: &'a str,
    secret_access_key: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_token: Option<&'a str>,
}

/// As it may be written: in the sensor's own names, or in AWS's.
#[derive(Deserialize)]
struct Written {
    #[serde(alias = "AccessKeyId", alias = "aws_access_key_id")]
    access_key_id: Option<String>,
    #[serde(alias = "SecretAccessKey", alias = "aws_secret_access_key")]
    secret_access_key: Option<Hidden>,
    #[serde(alias = "SessionToken", alias = "aws_session_token")]
    session_token: Option<Hidden>,
}

/// What `aws iam create-access-key` and `aws sts get-session-token` put around it.
#[derive(Deserialize)]
struct Wrapped {
    #[serde(rename = "AccessKey", alias = "Credentials")]
    inner: Option<Written>,
}

/// A text of JSON that goes into a secret at once.
struct Hidden(Secret);

impl<'de> Deserialize<'de> for Hidden {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_str(HiddenText)
    }
}

struct HiddenText;

impl Visitor<'_> for HiddenText {
    type Value = Hidden;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a text")
    }
    fn visit_str<E>(self, text: &str) -> Result<Hidden, E> {
        Ok(Hidden(Secret::new(text.to_owned())))
    }
    fn visit_string<E>(self, text: String) -> Result<Hidden, E> {
        Ok(Hidden(Secret::new(text)))
    }
}

impl AccessKey {
    /// Reads what [`AccessKey::to_stored`] wrote.
    ///
    /// # Errors
    /// When it has another shape.
    pub fn from_stored(stored: &Secret) -> Result<Self, AccessKeyError> {
        Self::from_json(stored)
            .ok_or(AccessKeyError::Shape)?
            .checked()
    }

    /// Reads JSON with the parts at its top, or below `AccessKey` or `Credentials` as AWS's tools print it.
    #[must_use]
    pub fn from_json(text: &Secret) -> Option<Self> {
        let text = without_escapes(text.expose());
        let wrapped: Wrapped = serde_json::from_str(&text).ok()?;
        let written = match wrapped.inner {
            Some(inner) => inner,
            None => serde_json::from_str(&text).ok()?,
        };
        Some(Self {
            id: written.access_key_id?,
            secret: written.secret_access_key?.0,
            session_token: written.session_token.map(|token| token.0),
        })
    }

    /// What to store.
    ///
    /// # Errors
    /// When the key cannot be one.
    pub fn to_stored(&self) -> Result<Secret, AccessKeyError> {
        let form = Stored {
            access_key_id: &self.id,
            secret_access_key: self.secret.expose(),
            session_token: self.session_token.as_ref().map(Secret::expose),
        };
        // Memory that is given back on growing would not be wiped: here is room for the worst that JSON makes of it.
        let signs = form.access_key_id.len()
            + form.secret_access_key.len()
            + form.session_token.map_or(0, str::len);
        let mut text = Zeroizing::new(Vec::with_capacity(128 + 6 * signs));
        serde_json::to_writer(&mut *text, &form).map_err(|_| AccessKeyError::Shape)?;
        Secret::from_utf8(std::mem::take(&mut *text)).ok_or(AccessKeyError::Shape)
    }

    /// The same key, if it can be one.
    ///
    /// # Errors
    /// What is wrong with it, without showing it.
    pub fn checked(self) -> Result<Self, AccessKeyError> {
        let id_ok = (16..=128).contains(&self.id.len())
            && self
                .id
                .bytes()
                .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        if !id_ok {
            return Err(AccessKeyError::Id(self.id.chars().count()));
        }
        let plain = |secret: &Secret| {
            let legal = |b: u8| b.is_ascii_graphic() && !b"\"'\\".contains(&b);
            !secret.expose().is_empty() && secret.expose().bytes().all(legal)
        };
        if plain(&self.secret) && self.session_token.as_ref().is_none_or(plain) {
            Ok(self)
        } else {
            Err(AccessKeyError::Secret)
        }
    }
}

/// The same JSON with the signs of keys spelled out where a writer has escaped them (`\/`, `\u003d`). The parser copies
/// texts with escapes into memory of its own, which nobody wipes; the escapes that stay here are in no key.
fn without_escapes(text: &str) -> Zeroizing<String> {
    let mut plain = Zeroizing::new(String::with_capacity(text.len()));
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        plain.push_str(before);
        let (sign, length) = spelled(after);
        if let Some(sign) = sign {
            plain.push(sign);
        } else {
            plain.push('\\');
            plain.push_str(after.get(..length).unwrap_or_default());
        }
        rest = after.get(length..).unwrap_or_default();
    }
    plain.push_str(rest);
    plain
}

/// The printable sign that an escape stands for, if it is one that may stand unescaped, and the escape's length.
fn spelled(escape: &str) -> (Option<char>, usize) {
    let length = escape.chars().next().map_or(0, char::len_utf8);
    if escape.starts_with('/') {
        return (Some('/'), length);
    }
    let code = escape.strip_prefix('u').and_then(|rest| rest.get(..4));
    let sign = code.and_then(|code| u8::from_str_radix(code.strip_prefix("00")?, 16).ok());
    let sign = sign.filter(|sign| sign.is_ascii_graphic() && !b"\"\\".contains(sign));
    match sign {
        Some(sign) => (Some(sign.into()), 5),
        None => (None, length),
    }
}

#[cfg(test)]
mod tests {
    use super::{AccessKey, without_escapes};
    use crate::model::secret::Secret;

    #[test]
    fn escapes_of_a_keys_signs_are_spelled_out_and_the_others_kept() {
        for (text, plain) in [
            (r#"{"a": "b\/c\u003d\u002F"}"#, r#"{"a": "b/c=/"}"#),
            (r#""\u0022\n\\\u005c\"""#, r#""\u0022\n\\\u005c\"""#),
            (r"\u00", r"\u00"),
            (r"\é\", r"\é\"),
            (r#""\\u003d""#, r#""\\u003d""#),
            ("", ""),
        ] {
            assert_eq!(without_escapes(text).as_str(), plain, "{text}");
        }
    }

    #[test]
    fn what_no_key_holds_is_refused() {
        for (hidden, good) in [
            ("abc/+=", true),
            ("", false),
            ("a b", false),
            ("\"abc\"", false),
            ("'abc'", false),
            ("a\\b", false),
            ("a\u{7}b", false),
            ("äbc", false),
        ] {
            let key = |token: bool| AccessKey {
                id: "AKIAEXAMPLEEXAMPLE00".to_owned(),
                secret: Secret::new(if token { "abc" } else { hidden }.to_owned()),
                session_token: token.then(|| Secret::new(hidden.to_owned())),
            };
            assert_eq!(key(false).checked().is_ok(), good, "{hidden}");
            assert_eq!(key(true).checked().is_ok(), good, "{hidden}");
        }
    }
}
