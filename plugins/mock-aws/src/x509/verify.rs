//! Whether one certificate was signed by the key of another.
//! Above: `world::import_rules`, `x509::read`. Below: the RustCrypto curves, x509-parser's big numbers, sha2.
//! Invariant: what cannot be verified does not verify; there is no algorithm that is let pass.

use sha2::{Digest, Sha256, Sha384, Sha512};
use x509_parser::num_bigint::BigUint;
use x509_parser::oid_registry::{
    OID_PKCS1_SHA256WITHRSA, OID_PKCS1_SHA384WITHRSA, OID_PKCS1_SHA512WITHRSA,
    OID_SIG_ECDSA_WITH_SHA256, OID_SIG_ECDSA_WITH_SHA384, OID_SIG_ECDSA_WITH_SHA512, Oid,
};
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::public_key::{PublicKey, RSAPublicKey};

#[derive(Debug, Clone, Copy, PartialEq)]
enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    fn of(self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha256 => Sha256::digest(message).to_vec(),
            Self::Sha384 => Sha384::digest(message).to_vec(),
            Self::Sha512 => Sha512::digest(message).to_vec(),
        }
    }

    /// `DigestInfo` up to the digest (RFC 8017, 9.2).
    fn prefix(self) -> [u8; 19] {
        let (sequence, last, length) = match self {
            Self::Sha256 => (0x31, 0x01, 0x20),
            Self::Sha384 => (0x41, 0x02, 0x30),
            Self::Sha512 => (0x51, 0x03, 0x40),
        };
        [
            0x30, sequence, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
            last, 0x05, 0x00, 0x04, length,
        ]
    }
}

struct Algorithm {
    rsa: bool,
    hash: Hash,
    name: &'static str,
}

fn algorithm(oid: &Oid<'_>) -> Option<Algorithm> {
    let known = [
        (OID_PKCS1_SHA256WITHRSA, true, Hash::Sha256, "SHA256WITHRSA"),
        (OID_PKCS1_SHA384WITHRSA, true, Hash::Sha384, "SHA384WITHRSA"),
        (OID_PKCS1_SHA512WITHRSA, true, Hash::Sha512, "SHA512WITHRSA"),
        (
            OID_SIG_ECDSA_WITH_SHA256,
            false,
            Hash::Sha256,
            "SHA256WITHECDSA",
        ),
        (
            OID_SIG_ECDSA_WITH_SHA384,
            false,
            Hash::Sha384,
            "SHA384WITHECDSA",
        ),
        (
            OID_SIG_ECDSA_WITH_SHA512,
            false,
            Hash::Sha512,
            "SHA512WITHECDSA",
        ),
    ];
    let found = known.into_iter().find(|(known, ..)| known == oid);
    found.map(|(_, rsa, hash, name)| Algorithm { rsa, hash, name })
}

/// As DescribeCertificate names it.
pub(super) fn algorithm_name(certificate: &X509Certificate<'_>) -> &'static str {
    algorithm(&certificate.signature_algorithm.algorithm).map_or("UNKNOWN", |known| known.name)
}

/// Whether the key of `signer` signed `certificate`; both DER.
pub(crate) fn signed_by(certificate: &[u8], signer: &[u8]) -> bool {
    let (Ok((_, certificate)), Ok((_, signer))) = (
        X509Certificate::from_der(certificate),
        X509Certificate::from_der(signer),
    ) else {
        return false;
    };
    let Some(algorithm) = algorithm(&certificate.signature_algorithm.algorithm) else {
        return false;
    };
    let digest = algorithm.hash.of(certificate.tbs_certificate.as_ref());
    let signature = &certificate.signature_value.data;
    match signer.public_key().parsed() {
        Ok(PublicKey::RSA(key)) if algorithm.rsa => rsa(&key, algorithm.hash, &digest, signature),
        Ok(PublicKey::EC(point)) if !algorithm.rsa => ecdsa(point.data(), &digest, signature),
        _ => false,
    }
}

/// RSASSA-PKCS1-v1_5.
fn rsa(key: &RSAPublicKey<'_>, hash: Hash, digest: &[u8], signature: &[u8]) -> bool {
    let modulus = BigUint::from_bytes_be(key.modulus);
    let length = usize::try_from(modulus.bits().div_ceil(8)).unwrap_or(0);
    let Some(padding) = length
        .checked_sub(digest.len() + 19 + 3)
        .filter(|size| *size >= 8)
    else {
        return false;
    };
    let mut expected = vec![0, 1];
    expected.resize(2 + padding, 0xff);
    expected.push(0);
    expected.extend(hash.prefix());
    expected.extend(digest);
    let exponent = BigUint::from_bytes_be(key.exponent);
    let opened = BigUint::from_bytes_be(signature).modpow(&exponent, &modulus);
    signature.len() == length && opened == BigUint::from_bytes_be(&expected)
}

/// Tells the curve by the point's length: 1 + 2 × 32, 48 or 66 octets.
fn ecdsa(point: &[u8], digest: &[u8], signature: &[u8]) -> bool {
    match point.len() {
        65 => on_p256(point, digest, signature),
        97 => on_p384(point, digest, signature),
        133 => on_p521(point, digest, signature),
        _ => false,
    }
}

macro_rules! curves {
    ($($function:ident of $curve:ident;)*) => {
        $(fn $function(point: &[u8], digest: &[u8], signature: &[u8]) -> bool {
            use $curve::ecdsa::signature::hazmat::PrehashVerifier;
            use $curve::ecdsa::{Signature, VerifyingKey};
            let (Ok(key), Ok(signature)) =
                (VerifyingKey::from_sec1_bytes(point), Signature::from_der(signature))
            else {
                return false;
            };
            key.verify_prehash(digest, &signature).is_ok()
        })*
    };
}

curves! {
    on_p256 of p256;
    on_p384 of p384;
    on_p521 of p521;
}
