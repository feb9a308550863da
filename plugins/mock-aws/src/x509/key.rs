//! Public keys, made from a seed: moduli that are noise of the right size, points that are on their curves.
//! Above: `x509::leaf`, `x509::authority`, `estate`. Below: the RustCrypto curves, `noise`, `x509::der`.
//! Invariant: nobody holds a private key to any of these but to the fixed authorities' of signed scenarios.

use super::der::{NULL, bit_string, integer, oid, sequence, tlv};
use crate::noise::Noise;
use std::str::FromStr;

/// A key type of ACM.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Key {
    Rsa1024,
    Rsa2048,
    Rsa3072,
    Rsa4096,
    P256,
    P384,
    P521,
}

impl Key {
    /// All seven.
    pub(crate) const ALL: [Self; 7] = [
        Self::Rsa1024,
        Self::Rsa2048,
        Self::Rsa3072,
        Self::Rsa4096,
        Self::P256,
        Self::P384,
        Self::P521,
    ];

    /// ACM's name in its enumeration, and in lists.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Rsa1024 => "RSA_1024",
            Self::Rsa2048 => "RSA_2048",
            Self::Rsa3072 => "RSA_3072",
            Self::Rsa4096 => "RSA_4096",
            Self::P256 => "EC_prime256v1",
            Self::P384 => "EC_secp384r1",
            Self::P521 => "EC_secp521r1",
        }
    }

    /// As DescribeCertificate spells it.
    pub(crate) fn described(self) -> String {
        match self {
            Self::P256 | Self::P384 | Self::P521 => self.name().to_owned(),
            _ => self.name().replace('_', "-"),
        }
    }

    /// Octets of an RSA modulus; none for a curve.
    pub(crate) fn modulus(self) -> Option<usize> {
        match self {
            Self::Rsa1024 => Some(128),
            Self::Rsa2048 => Some(256),
            Self::Rsa3072 => Some(384),
            Self::Rsa4096 => Some(512),
            Self::P256 | Self::P384 | Self::P521 => None,
        }
    }
}

impl FromStr for Key {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.iter().copied().find(|key| key.name() == text);
        known.ok_or_else(|| {
            let all: Vec<&str> = Self::ALL.iter().map(|key| key.name()).collect();
            format!("`{text}` is no key type; there are {}", all.join(", "))
        })
    }
}

const RSA: [u32; 7] = [1, 2, 840, 113_549, 1, 1, 1];
const EC: [u32; 6] = [1, 2, 840, 10045, 2, 1];
const P256: [u32; 7] = [1, 2, 840, 10045, 3, 1, 7];
const P384: [u32; 5] = [1, 3, 132, 0, 34];
const P521: [u32; 5] = [1, 3, 132, 0, 35];

/// A `SubjectPublicKeyInfo`, and its key's bits apart (for key identifiers).
pub(crate) struct PublicKey {
    pub(crate) spki: Vec<u8>,
    pub(crate) bits: Vec<u8>,
}

/// The public key of a seed.
pub(crate) fn public_key(key: Key, seed: u64) -> PublicKey {
    let mut noise = Noise::new(seed);
    if let Some(size) = key.modulus() {
        let mut modulus = vec![0; size];
        noise.fill(&mut modulus);
        modulus[0] |= 0x80;
        modulus[size - 1] |= 1;
        let bits = sequence(&[&integer(&modulus), &integer(&[1, 0, 1])]);
        return wrap(&[&oid(&RSA), &tlv(NULL, &[])], bits);
    }
    let mut secret = [0_u8; 66];
    noise.fill(&mut secret);
    // Below every group order, above zero.
    let secret = |size: usize| {
        let mut bytes = secret[..size].to_vec();
        bytes[0] = 0;
        bytes[size - 1] |= 1;
        bytes
    };
    let (curve, point) = match key {
        Key::P384 => (oid(&P384), p384_point(&secret(48))),
        Key::P521 => (oid(&P521), p521_point(&secret(66))),
        _ => (oid(&P256), p256_point(&secret(32))),
    };
    wrap(&[&oid(&EC), &curve], point)
}

/// The `SubjectPublicKeyInfo` of a P-256 point.
pub(crate) fn p256_key(point: Vec<u8>) -> PublicKey {
    wrap(&[&oid(&EC), &oid(&P256)], point)
}

fn wrap(algorithm: &[&[u8]], bits: Vec<u8>) -> PublicKey {
    PublicKey {
        spki: sequence(&[&sequence(algorithm), &bit_string(&bits)]),
        bits,
    }
}

macro_rules! points {
    ($($function:ident of $curve:ident;)*) => {
        $(fn $function(secret: &[u8]) -> Vec<u8> {
            use $curve::elliptic_curve::sec1::ToSec1Point;
            match $curve::SecretKey::from_slice(secret) {
                Ok(key) => key.public_key().to_sec1_point(false).as_bytes().to_vec(),
                Err(_) => Vec::new(),
            }
        })*
    };
}

points! {
    p256_point of p256;
    p384_point of p384;
    p521_point of p521;
}
