//! Kinds of private keys that the sensor makes and delivers.
//! Above: `profile`, `custody`, `issuer`, `delivery`. Below: `certificate`'s reading of algorithms.
//! Invariant: every kind listed here is one that ACM takes.

use super::certificate::{Certificate, key_algorithm_of};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A kind of key with its size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
pub enum KeyType {
    Rsa2048,
    Rsa3072,
    Rsa4096,
    P256,
    P384,
}

/// One kind in everybody's words.
struct Words {
    key: KeyType,
    /// The sensor's own.
    ours: &'static str,
    /// ACM's, as `KeyAlgorithm` has them.
    acm: &'static str,
    /// As the inventory tells it of a certificate.
    certificate: &'static str,
}

const WORDS: [Words; 5] = [
    words(KeyType::Rsa2048, "rsa-2048", "RSA_2048", "RSA-2048"),
    words(KeyType::Rsa3072, "rsa-3072", "RSA_3072", "RSA-3072"),
    words(KeyType::Rsa4096, "rsa-4096", "RSA_4096", "RSA-4096"),
    words(KeyType::P256, "p-256", "EC_prime256v1", "EC-P256"),
    words(KeyType::P384, "p-384", "EC_secp384r1", "EC-P384"),
];

const fn words(
    key: KeyType,
    ours: &'static str,
    acm: &'static str,
    certificate: &'static str,
) -> Words {
    Words {
        key,
        ours,
        acm,
        certificate,
    }
}

impl KeyType {
    /// Every kind.
    pub const ALL: [Self; 5] = [
        Self::Rsa2048,
        Self::Rsa3072,
        Self::Rsa4096,
        Self::P256,
        Self::P384,
    ];

    fn words(self) -> &'static Words {
        // In the order of the variants; a test holds it.
        &WORDS[self as usize]
    }

    /// "rsa-2048", "p-256", …
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.words().ours
    }

    /// In ACM's words: "`RSA_2048`", "`EC_prime256v1`", …
    #[must_use]
    pub fn acm(self) -> &'static str {
        self.words().acm
    }

    /// In the words of the inventory: "RSA-2048", "EC-P256", …
    #[must_use]
    pub fn in_certificates(self) -> &'static str {
        self.words().certificate
    }

    /// From ACM's words.
    #[must_use]
    pub fn of_acm(text: &str) -> Option<Self> {
        WORDS
            .iter()
            .find(|words| words.acm == text)
            .map(|words| words.key)
    }

    /// Of a public key: `SubjectPublicKeyInfo`, DER. None for any other kind or size, and for what is no key.
    #[must_use]
    pub fn of_spki(der: &[u8]) -> Option<Self> {
        Self::of_label(&key_algorithm_of(der)?)
    }

    /// The kind of a certificate's key.
    #[must_use]
    pub fn of_certificate(certificate: &Certificate) -> Option<Self> {
        Self::of_label(&certificate.key_algorithm)
    }

    /// In anybody's words: the sensor's, ACM's or a certificate's, whatever their case.
    #[must_use]
    pub fn of_any(text: &str) -> Option<Self> {
        let is = |words: &&Words| {
            [words.ours, words.acm, words.certificate]
                .iter()
                .any(|word| word.eq_ignore_ascii_case(text))
        };
        WORDS.iter().find(is).map(|words| words.key)
    }

    fn of_label(label: &str) -> Option<Self> {
        WORDS
            .iter()
            .find(|words| words.certificate == label)
            .map(|words| words.key)
    }

    /// Whether it is of the RSA family.
    #[must_use]
    pub fn is_rsa(self) -> bool {
        matches!(self, Self::Rsa2048 | Self::Rsa3072 | Self::Rsa4096)
    }
}

/// Not a kind of key that the sensor makes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no key type: use rsa-2048, rsa-3072, rsa-4096, p-256 or p-384")]
pub struct KeyTypeError(String);

impl FromStr for KeyType {
    type Err = KeyTypeError;
    fn from_str(text: &str) -> Result<Self, KeyTypeError> {
        let found = WORDS.iter().find(|words| words.ours == text);
        found
            .map(|words| words.key)
            .ok_or_else(|| KeyTypeError(super::text::clean(text, 40)))
    }
}

impl TryFrom<String> for KeyType {
    type Error = KeyTypeError;
    fn try_from(text: String) -> Result<Self, KeyTypeError> {
        text.parse()
    }
}

impl From<KeyType> for &'static str {
    fn from(key: KeyType) -> Self {
        key.as_str()
    }
}

impl fmt::Display for KeyType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{KeyPair, PublicKeyData};

    #[test]
    fn every_kind_reads_back_in_every_language() {
        for key in KeyType::ALL {
            assert_eq!(key.words().key, key);
            assert_eq!(key.as_str().parse(), Ok(key));
            assert_eq!(KeyType::of_acm(key.acm()), Some(key));
            for text in [key.as_str(), key.acm(), key.in_certificates()] {
                assert_eq!(KeyType::of_any(&text.to_lowercase()), Some(key));
            }
            let json = serde_json::to_string(&key).unwrap();
            assert_eq!(serde_json::from_str::<KeyType>(&json).unwrap(), key);
        }
        for text in ["", "RSA-2048", "rsa-1024", "p-521", "ed25519"] {
            assert!(text.parse::<KeyType>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_public_key_tells_its_kind() {
        for (algorithm, kind) in [
            (&rcgen::PKCS_ECDSA_P256_SHA256, Some(KeyType::P256)),
            (&rcgen::PKCS_ECDSA_P384_SHA384, Some(KeyType::P384)),
            (&rcgen::PKCS_RSA_SHA256, Some(KeyType::Rsa2048)),
            (&rcgen::PKCS_ECDSA_P521_SHA512, None),
            (&rcgen::PKCS_ED25519, None),
        ] {
            let spki = KeyPair::generate_for(algorithm)
                .unwrap()
                .subject_public_key_info();
            assert_eq!(KeyType::of_spki(&spki), kind);
            assert_eq!(KeyType::of_spki(&spki[1..]), None);
        }
        assert_eq!(KeyType::of_spki(&[]), None);
    }
}
