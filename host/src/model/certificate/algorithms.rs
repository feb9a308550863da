//! Names of keys and signatures.
//! Above: `parse`, `key`. Below: x509-parser's types.
//! Invariant: an algorithm that is not known keeps its OID.

use x509_parser::prelude::{AlgorithmIdentifier, FromDer, SubjectPublicKeyInfo};
use x509_parser::public_key::PublicKey;

/// The same of a public key alone: `SubjectPublicKeyInfo`, DER. None if it is none, or bytes follow it.
#[must_use]
pub fn key_algorithm_of(spki: &[u8]) -> Option<String> {
    let read = || {
        let (rest, key) = SubjectPublicKeyInfo::from_der(spki).ok()?;
        rest.is_empty().then(|| key_algorithm(&key))
    };
    // As with certificates: a parser that gives up costs one answer, not the process.
    std::panic::catch_unwind(read).ok().flatten()
}

/// "RSA-2048", "EC-P256", "Ed25519", ...
pub(super) fn key_algorithm(key: &SubjectPublicKeyInfo<'_>) -> String {
    let oid = key.algorithm.algorithm.to_id_string();
    match oid.as_str() {
        "1.2.840.113549.1.1.1" => sized("RSA", key),
        "1.2.840.113549.1.1.10" => sized("RSA-PSS", key),
        "1.2.840.10045.2.1" => curve(key),
        "1.2.840.10040.4.1" => "DSA".into(),
        "1.3.101.112" => "Ed25519".into(),
        "1.3.101.113" => "Ed448".into(),
        "2.16.840.1.101.3.4.3.17" => "ML-DSA-44".into(),
        "2.16.840.1.101.3.4.3.18" => "ML-DSA-65".into(),
        "2.16.840.1.101.3.4.3.19" => "ML-DSA-87".into(),
        _ => oid,
    }
}

fn sized(name: &str, key: &SubjectPublicKeyInfo<'_>) -> String {
    match key.parsed() {
        Ok(PublicKey::RSA(rsa)) => format!("{name}-{}", bits(rsa.modulus)),
        _ => name.into(),
    }
}

/// The length of a big-endian number.
fn bits(number: &[u8]) -> usize {
    let start = number
        .iter()
        .position(|byte| *byte != 0)
        .unwrap_or(number.len());
    let digits = number.get(start..).unwrap_or_default();
    digits
        .first()
        .map_or(0, |first| digits.len() * 8 - first.leading_zeros() as usize)
}

fn curve(key: &SubjectPublicKeyInfo<'_>) -> String {
    let parameters = key.algorithm.parameters.as_ref();
    let oid = parameters
        .and_then(|any| any.as_oid().ok())
        .map(|oid| oid.to_id_string());
    match oid.as_deref() {
        Some("1.2.840.10045.3.1.1") => "EC-P192".into(),
        Some("1.3.132.0.33") => "EC-P224".into(),
        Some("1.2.840.10045.3.1.7") => "EC-P256".into(),
        Some("1.3.132.0.34") => "EC-P384".into(),
        Some("1.3.132.0.35") => "EC-P521".into(),
        Some("1.3.132.0.10") => "EC-secp256k1".into(),
        Some(other) => format!("EC-{other}"),
        None => "EC".into(),
    }
}

/// "sha256WithRSAEncryption", or the OID.
pub(super) fn signature_algorithm(algorithm: &AlgorithmIdentifier<'_>) -> String {
    let oid = algorithm.algorithm.to_id_string();
    let name = match oid.as_str() {
        "1.2.840.113549.1.1.4" => "md5WithRSAEncryption",
        "1.2.840.113549.1.1.5" => "sha1WithRSAEncryption",
        "1.2.840.113549.1.1.10" => "RSASSA-PSS",
        "1.2.840.113549.1.1.11" => "sha256WithRSAEncryption",
        "1.2.840.113549.1.1.12" => "sha384WithRSAEncryption",
        "1.2.840.113549.1.1.13" => "sha512WithRSAEncryption",
        "1.2.840.10045.4.1" => "ecdsa-with-SHA1",
        "1.2.840.10045.4.3.2" => "ecdsa-with-SHA256",
        "1.2.840.10045.4.3.3" => "ecdsa-with-SHA384",
        "1.2.840.10045.4.3.4" => "ecdsa-with-SHA512",
        "1.3.101.112" => "Ed25519",
        "1.3.101.113" => "Ed448",
        "2.16.840.1.101.3.4.3.17" => "ML-DSA-44",
        "2.16.840.1.101.3.4.3.18" => "ML-DSA-65",
        "2.16.840.1.101.3.4.3.19" => "ML-DSA-87",
        _ => return oid,
    };
    name.into()
}
