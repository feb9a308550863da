//! An access key as it is stored: a JSON object in an encrypted place.
//! Above: the command line stores one, `Sources` reads it. Below: `model::secret`.
//! Invariant: no error repeats any part of the key.

use crate::model::secret::Secret;
use serde::Deserialize;

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
        "the secret access key is empty or holds blanks: store it again, without quotes or line ends"
    )]
    Secret,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    access_key_id: String,
    secret_access_key: String,
    session_token: Option<String>,
}

impl AccessKey {
    /// Reads what [`AccessKey::to_stored`] wrote.
    ///
    /// # Errors
    /// When it has another shape.
    pub fn from_stored(stored: &Secret) -> Result<Self, AccessKeyError> {
        let raw: Stored =
            serde_json::from_str(stored.expose()).map_err(|_| AccessKeyError::Shape)?;
        let key = Self {
            id: raw.access_key_id,
            secret: Secret::new(raw.secret_access_key),
            session_token: raw.session_token.map(Secret::new),
        };
        key.checked()
    }

    /// What to store.
    ///
    /// # Errors
    /// When the key cannot be one.
    pub fn to_stored(&self) -> Result<Secret, AccessKeyError> {
        let mut object = serde_json::Map::new();
        object.insert("access_key_id".to_owned(), self.id.clone().into());
        object.insert("secret_access_key".to_owned(), self.secret.expose().into());
        if let Some(token) = &self.session_token {
            object.insert("session_token".to_owned(), token.expose().into());
        }
        Ok(Secret::new(serde_json::Value::Object(object).to_string()))
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
            !secret.expose().is_empty() && !secret.expose().contains(char::is_whitespace)
        };
        if plain(&self.secret) && self.session_token.as_ref().is_none_or(plain) {
            Ok(self)
        } else {
            Err(AccessKeyError::Secret)
        }
    }
}
