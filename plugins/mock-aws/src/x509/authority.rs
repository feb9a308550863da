//! The authorities that seem to have issued the certificates: three families, one for RSA and one for curves each.
//! Above: `x509::leaf`, `world::acm` (chains). Below: `x509::key`, `x509::der`.
//! Invariant: an authority is made once a world, when its first certificate is read.

use super::der::{
    BIT_STRING, BOOLEAN, COMMON_NAME, COUNTRY, INTEGER, NULL, OCTET_STRING, ORGANIZATION,
    bit_string, integer, name, oid, pem, sequence, time, tlv,
};
use super::key::{Key, PublicKey, p256_key, public_key};
use crate::noise::{Noise, hash};
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{DerSignature, SigningKey};
use sha2::Digest;
use std::cell::OnceCell;

/// Who runs an authority.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Family {
    /// ACM's own.
    Amazon,
    /// Some public authority, for imported certificates.
    Public,
    /// AWS Private CA.
    Private,
}

/// How a certificate is signed.
pub(crate) enum Signer {
    /// Noise of an RSA signature's size.
    Rsa(usize),
    /// Noise in an ECDSA signature's shape.
    Curve,
    /// A signature.
    Real(Box<SigningKey>),
}

impl Signer {
    /// `AlgorithmIdentifier`.
    pub(crate) fn algorithm(&self) -> Vec<u8> {
        match self {
            Self::Rsa(_) => sequence(&[&oid(&[1, 2, 840, 113_549, 1, 1, 11]), &tlv(NULL, &[])]),
            Self::Curve | Self::Real(_) => sequence(&[&oid(&[1, 2, 840, 10045, 4, 3, 2])]),
        }
    }

    /// Signs, or seems to.
    pub(crate) fn sign(&self, message: &[u8], seed: u64) -> Vec<u8> {
        let mut noise = Noise::new(hash(seed, "signature"));
        match self {
            Self::Rsa(size) => {
                let mut bytes = vec![0; *size];
                noise.fill(&mut bytes);
                bytes[0] &= 0x7f;
                bytes
            }
            Self::Curve => {
                let (mut r, mut s) = ([0; 31], [0; 31]);
                noise.fill(&mut r);
                noise.fill(&mut s);
                sequence(&[&integer(&r), &integer(&s)])
            }
            Self::Real(key) => {
                let signature: DerSignature = key.sign(message);
                signature.as_bytes().to_vec()
            }
        }
    }
}

/// An issuing authority with the chain above its certificates.
pub(crate) struct Authority {
    pub(crate) subject: Vec<u8>,
    pub(crate) key_id: Vec<u8>,
    pub(crate) signer: Signer,
    /// PEM: the issuing certificate, then the root's.
    pub(crate) chain: String,
}

/// All authorities of a world.
pub(crate) struct Authorities {
    seed: u64,
    signed: bool,
    made: [OnceCell<Authority>; 6],
}

impl std::fmt::Debug for Authorities {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authorities")
            .field("signed", &self.signed)
            .finish_non_exhaustive()
    }
}

impl Authorities {
    /// None made yet.
    pub(crate) fn new(seed: u64, signed: bool) -> Self {
        Self {
            seed,
            signed,
            made: Default::default(),
        }
    }

    /// The authority of a family for leaves of this key type.
    pub(crate) fn of(&self, family: Family, key: Key) -> &Authority {
        let curve = self.signed || key.modulus().is_none();
        let index = family as usize * 2 + usize::from(curve);
        self.made[index].get_or_init(|| self.make(family, curve))
    }

    fn make(&self, family: Family, curve: bool) -> Authority {
        let (organization, root, issuing) = names(family, curve);
        let seed = |word| hash(self.seed, &format!("{organization} {curve} {word}"));
        let (root_key, root_signer) = self.keys(curve, seed("root"));
        let (key, signer) = self.keys(curve, seed("issuing"));
        let root_name = distinguished(organization, root);
        let subject = distinguished(organization, issuing);
        let root_id = key_id(&root_key);
        let id = key_id(&key);
        let top = authority_certificate(
            &root_name,
            &root_name,
            (&root_key, &root_id),
            &root_id,
            &root_signer,
            seed("root"),
        );
        let middle = authority_certificate(
            &root_name,
            &subject,
            (&key, &id),
            &root_id,
            &root_signer,
            seed("issuing"),
        );
        let chain = pem(&middle) + &pem(&top);
        Authority {
            subject,
            key_id: id,
            signer,
            chain,
        }
    }

    fn keys(&self, curve: bool, seed: u64) -> (PublicKey, Signer) {
        if !curve {
            return (public_key(Key::Rsa2048, seed), Signer::Rsa(256));
        }
        if self.signed {
            let mut secret = [0; 32];
            Noise::new(seed).fill(&mut secret[1..]);
            if let Ok(key) = SigningKey::from_slice(&secret) {
                let point = key.verifying_key().to_sec1_point(false).as_bytes().to_vec();
                return (p256_key(point), Signer::Real(Box::new(key)));
            }
        }
        (public_key(Key::P256, seed), Signer::Curve)
    }
}

/// (organization, root, issuing authority).
fn names(family: Family, curve: bool) -> (&'static str, &'static str, &'static str) {
    match (family, curve) {
        (Family::Amazon, false) => ("Amazon", "Amazon Root CA 1", "Amazon RSA 2048 M02"),
        (Family::Amazon, true) => ("Amazon", "Amazon Root CA 3", "Amazon ECDSA 256 M02"),
        (Family::Public, false) => (
            "Example Trust",
            "Example Trust Root R1",
            "Example Trust TLS RSA CA 2",
        ),
        (Family::Public, true) => (
            "Example Trust",
            "Example Trust Root E1",
            "Example Trust TLS ECC CA 2",
        ),
        (Family::Private, false) => (
            "Example Corp",
            "Example Corp Root",
            "Example Corp Issuing CA 1",
        ),
        (Family::Private, true) => (
            "Example Corp",
            "Example Corp Root EC",
            "Example Corp Issuing CA EC 1",
        ),
    }
}

/// What DescribeCertificate calls the issuer.
pub(crate) fn issuer_name(family: Family, key: Key, signed: bool) -> &'static str {
    match family {
        Family::Amazon => "Amazon",
        _ => names(family, signed || key.modulus().is_none()).2,
    }
}

fn distinguished(organization: &str, common_name: &str) -> Vec<u8> {
    name(&[
        (COUNTRY, "US"),
        (ORGANIZATION, organization),
        (COMMON_NAME, common_name),
    ])
}

/// A key identifier: 160 bits of SHA-256 over the key's bits (RFC 7093).
pub(crate) fn key_id(key: &PublicKey) -> Vec<u8> {
    sha2::Sha256::digest(&key.bits)[..20].to_vec()
}

/// One extension: its arc below 2.5.29, whether critical, its value.
pub(crate) fn extension(arc: u32, critical: bool, value: &[u8]) -> Vec<u8> {
    let flag = if critical {
        tlv(BOOLEAN, &[0xff])
    } else {
        Vec::new()
    };
    sequence(&[&oid(&[2, 5, 29, arc]), &flag, &tlv(OCTET_STRING, value)])
}

/// What every certificate has.
pub(crate) struct Outline<'a> {
    pub(crate) serial: &'a [u8],
    pub(crate) issuer: &'a [u8],
    pub(crate) not_before: i64,
    pub(crate) not_after: i64,
    pub(crate) subject: &'a [u8],
    pub(crate) spki: &'a [u8],
    pub(crate) extensions: &'a [Vec<u8>],
}

/// Assembles and signs.
pub(crate) fn assemble(outline: &Outline<'_>, signer: &Signer, seed: u64) -> Vec<u8> {
    let algorithm = signer.algorithm();
    let tbs = sequence(&[
        &tlv(0xa0, &tlv(INTEGER, &[2])),
        &integer(outline.serial),
        &algorithm,
        outline.issuer,
        &sequence(&[&time(outline.not_before), &time(outline.not_after)]),
        outline.subject,
        outline.spki,
        &tlv(0xa3, &sequence(&[&outline.extensions.concat()])),
    ]);
    let signature = bit_string(&signer.sign(&tbs, seed));
    sequence(&[&tbs, &algorithm, &signature])
}

fn authority_certificate(
    issuer: &[u8],
    subject: &[u8],
    (key, id): (&PublicKey, &[u8]),
    issuer_id: &[u8],
    signer: &Signer,
    seed: u64,
) -> Vec<u8> {
    let mut serial = [0; 16];
    Noise::new(seed).fill(&mut serial);
    serial[0] = 0x40 | serial[0] & 0x3f;
    let extensions = [
        extension(19, true, &sequence(&[&tlv(BOOLEAN, &[0xff])])),
        extension(15, true, &tlv(BIT_STRING, &[1, 0x06])),
        extension(14, false, &tlv(OCTET_STRING, id)),
        extension(35, false, &sequence(&[&tlv(0x80, issuer_id)])),
    ];
    let outline = Outline {
        serial: &serial,
        issuer,
        // 2020-01-01 to 2045-01-01
        not_before: 1_577_836_800_000,
        not_after: 2_366_841_600_000,
        subject,
        spki: &key.spki,
        extensions: &extensions,
    };
    assemble(&outline, signer, seed)
}
