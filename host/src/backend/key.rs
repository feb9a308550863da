//! A private key behind the handle that a guest holds.
//! Above: every capability, `custody` makes them. Below: `model`.
//! Invariant: cheap to clone, and only a backend that talks to the real cloud opens one.

use crate::bindings::connector::sensor::core::types::{Error, ErrorClass};
use crate::model::secret::Secret;
use crate::model::text::clean;
use std::sync::Arc;

/// A private key that stays in the sensor. Clones share it.
#[derive(Clone)]
pub struct PrivateKey(Arc<Inner>);

struct Inner {
    algorithm: String,
    public_key: Vec<u8>,
    source: Box<dyn KeySource>,
}

/// Where a key waits until it is needed.
pub trait KeySource: Send + Sync {
    /// The key itself, PKCS#8 in PEM.
    ///
    /// # Errors
    /// When it is gone, or cannot be read.
    fn open(&self) -> Result<Secret, KeyError>;

    /// What is parked outside the sensor: text that opens only with the sensor's own half.
    ///
    /// # Errors
    /// When it is gone, or cannot be read.
    fn sealed(&self) -> Result<String, KeyError>;
}

/// The sensor's half of the keys that it parked in a cloud.
pub trait KeyRoom: Send + Sync {
    /// The key behind a sealed text that lay under this name.
    ///
    /// # Errors
    /// When the sensor's half is gone, or the text is not what the sensor put there.
    fn unseal(&self, secret_id: &str, sealed: &str) -> Result<PrivateKey, KeyError>;

    /// How the names of this sensor's secrets begin: `sensor/<sensor id>/`.
    fn prefix(&self) -> &str;
}

/// Why there is no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error("this key has been erased")]
    Gone,
    /// The text is another's, or was changed.
    #[error("what lies there is not a key that this sensor parked: {0}")]
    Foreign(String),
    #[error("the key cannot be read: {0}")]
    Unreadable(String),
}

impl From<KeyError> for Error {
    fn from(error: KeyError) -> Self {
        let (class, code) = match &error {
            KeyError::Gone => (ErrorClass::NotFound, "key-erased"),
            KeyError::Foreign(_) => (ErrorClass::InvalidResponse, "foreign-key"),
            KeyError::Unreadable(_) => (ErrorClass::Internal, "key-unreadable"),
        };
        Self {
            class,
            code: code.to_owned(),
            message: clean(&error.to_string(), 600),
            detail: None,
            retry_after_ms: None,
            subject: None,
        }
    }
}

impl PrivateKey {
    /// A key of this algorithm, in ACM's words, with its public half (SubjectPublicKeyInfo, DER).
    #[must_use]
    pub fn new(algorithm: String, public_key: Vec<u8>, source: impl KeySource + 'static) -> Self {
        Self(Arc::new(Inner {
            algorithm,
            public_key,
            source: Box::new(source),
        }))
    }

    /// RSA_2048, RSA_3072, RSA_4096, EC_prime256v1, EC_secp384r1.
    #[must_use]
    pub fn algorithm(&self) -> &str {
        &self.0.algorithm
    }

    /// SubjectPublicKeyInfo, DER.
    #[must_use]
    pub fn public_key(&self) -> &[u8] {
        &self.0.public_key
    }

    /// The key itself. For the call that hands it to AWS, and for no other.
    pub(crate) fn open(&self) -> Result<Secret, KeyError> {
        self.0.source.open()
    }

    /// As it may be parked.
    pub(crate) fn sealed(&self) -> Result<String, KeyError> {
        self.0.source.sealed()
    }
}

impl std::fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PrivateKey({})", self.0.algorithm)
    }
}
