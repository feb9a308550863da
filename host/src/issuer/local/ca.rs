//! The local CA's keys and certificates, and what they sign.
//! Above: `local`. Below: rcgen.
//! Invariant: a CA's private key lies in the vault and, while it signs, in memory that is wiped; nowhere else.

use crate::issuer::{IssuerError, Wanted};
use crate::model::certificate::Certificate;
use crate::model::secret::Secret;
use crate::model::time::Millis;
use crate::model::usage::{ExtendedKeyUsage, KeyUsage};
use rand::TryRng;
use rand::rngs::SysRng;
use rcgen::string::Ia5String;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, SanType, SerialNumber, SubjectPublicKeyInfo,
};
use sha2::{Digest, Sha256};
use std::net::IpAddr;
use std::time::Duration;
use x509_parser::prelude::{FromDer, X509CertificationRequest};
use zeroize::Zeroizing;

/// The life of the CA itself.
const CA_LIFE: Duration = Duration::from_hours(10 * 365 * 24);
/// Certificates start that much in the past: clocks differ.
const BACKDATED: Millis = 60 * 60 * 1000;
/// Where the certificate ends and the key begins in what the vault keeps.
const KEY_BEGINS: &str = "-----BEGIN PRIVATE KEY-----";

/// A family of keys. A certificate is signed by a CA of its own family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    Ec,
    Rsa,
}

impl Family {
    pub(super) const ALL: [Self; 2] = [Self::Ec, Self::Rsa];

    /// What the vault calls its key.
    pub(super) fn secret(self) -> &'static str {
        match self {
            Self::Ec => "ca-ec",
            Self::Rsa => "ca-rsa",
        }
    }
}

/// A CA that can sign.
pub(super) struct Authority {
    /// DER.
    pub(super) certificate: Vec<u8>,
    key: Zeroizing<KeyPair>,
}

/// Makes a CA: its certificate and its key, as the vault keeps them.
pub(super) fn make(subject: &str, family: Family, now: Millis) -> Result<Secret, IssuerError> {
    let (key, word) = match family {
        Family::Ec => (KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256), "EC"),
        Family::Rsa => (
            KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_3072),
            "RSA",
        ),
    };
    let key = Zeroizing::new(key.map_err(failed)?);
    let mut params = CertificateParams::default();
    params.distinguished_name = named(&format!("{subject} {word}"));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let start = now - BACKDATED;
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    params.not_before = epoch + seconds(start);
    params.not_after = epoch + seconds(start) + CA_LIFE;
    let mut random = [0; 20];
    SysRng.try_fill_bytes(&mut random).map_err(|_| {
        IssuerError::internal("random", "the operating system gives no random numbers")
    })?;
    params.serial_number = Some(serial_of(random));
    let certificate = params.self_signed(&*key).map_err(failed)?.pem();
    let pem = Zeroizing::new(key.serialize_pem());
    // Of the right size from the start: what a growing text leaves behind is not wiped.
    let mut stored = String::with_capacity(certificate.len() + pem.len());
    stored.push_str(&certificate);
    stored.push_str(&pem);
    Ok(Secret::new(stored))
}

impl Authority {
    pub(super) fn open(stored: &Secret) -> Result<Self, IssuerError> {
        let damaged =
            || IssuerError::internal("ca-key", "the CA's key in the ledger cannot be read");
        let text = stored.expose();
        let at = text.find(KEY_BEGINS).ok_or_else(damaged)?;
        let (certificate, key) = text.split_at(at);
        let (_, pem) =
            x509_parser::pem::parse_x509_pem(certificate.as_bytes()).map_err(|_| damaged())?;
        let key = KeyPair::from_pem(key).map_err(|_| damaged())?;
        Ok(Self {
            certificate: pem.contents,
            key: Zeroizing::new(key),
        })
    }

    /// The serial number for a token: 20 octets that nobody can foretell who does not know this CA's key, and the
    /// same every time.
    pub(super) fn serial(&self, token: &str) -> String {
        let mut hash = Sha256::new();
        hash.update(b"sensor local serial\0");
        hash.update(self.key.serialized_der());
        hash.update(token.as_bytes());
        let hash: [u8; 32] = hash.finalize().into();
        let mut number = [0; 20];
        number.copy_from_slice(&hash[..20]);
        hex::encode(serial_of(number).to_bytes())
    }

    /// Signs. `serial` is one that [`Authority::serial`] gave.
    pub(super) fn sign(
        &self,
        wanted: &Wanted,
        serial: &str,
        life: Duration,
        now: Millis,
    ) -> Result<Vec<u8>, IssuerError> {
        let own = Certificate::from_der(&self.certificate)
            .map_err(|error| IssuerError::internal("unreadable", error.to_string()))?;
        let start = (now - BACKDATED).max(own.not_before);
        // The last second counts: 90 days end one second before the same second of the 91st.
        let end = start + i64::try_from(life.as_millis()).unwrap_or(i64::MAX / 4) - 1000;
        let end = end.min(own.not_after);
        if end <= now {
            return Err(IssuerError::config(
                "ca-expired",
                "the local CA has come to its end: make another issuer",
            ));
        }
        let mut params = CertificateParams::default();
        let epoch = rcgen::date_time_ymd(1970, 1, 1);
        params.not_before = epoch + seconds(start);
        params.not_after = epoch + seconds(end);
        let digits = hex::decode(serial)
            .map_err(|_| IssuerError::internal("serial", "no serial number of this CA"))?;
        params.serial_number = Some(SerialNumber::from_slice(&digits));
        params.is_ca = IsCa::ExplicitNoCa;
        params.use_authority_key_identifier_extension = true;
        params.subject_alt_names = names(wanted)?;
        params.distinguished_name = subject(wanted)?;
        params.key_usages = key_usages(wanted);
        params.extended_key_usages = extended_key_usages(wanted);
        let spki = SubjectPublicKeyInfo::from_der(&wanted.spki).map_err(failed)?;
        let issuer = Issuer::from_ca_cert_der(&self.certificate.as_slice().into(), &*self.key)
            .map_err(failed)?;
        let signed = params.signed_by(&spki, &issuer).map_err(failed)?;
        Ok(signed.der().to_vec())
    }
}

/// Whether the request was signed by the key that it is for, and which family that is.
pub(super) fn check_request(wanted: &Wanted) -> Result<Family, IssuerError> {
    if wanted.names.is_empty() {
        return Err(IssuerError::config(
            "no-names",
            "a certificate needs a name",
        ));
    }
    let (rest, request) = X509CertificationRequest::from_der(&wanted.csr)
        .map_err(|_| IssuerError::refused("bad-request", "the request (CSR) cannot be read"))?;
    if !rest.is_empty() || request.verify_signature().is_err() {
        let text = "the request (CSR) is not signed by its own key";
        return Err(IssuerError::refused("bad-request", text));
    }
    let key = &request.certification_request_info.subject_pki;
    if key.raw != wanted.spki {
        let text = "the request (CSR) is for another key than the one that was made";
        return Err(IssuerError::refused("other-key", text));
    }
    match key.algorithm.algorithm.to_id_string().as_str() {
        "1.2.840.113549.1.1.1" => Ok(Family::Rsa),
        "1.2.840.10045.2.1" => Ok(Family::Ec),
        other => Err(IssuerError::refused(
            "key-type",
            format!("the local CA signs for RSA and EC keys, not for {other}"),
        )),
    }
}

/// The subject of the request: what stands in it is the profile's affair.
fn subject(wanted: &Wanted) -> Result<DistinguishedName, IssuerError> {
    let unreadable = || IssuerError::refused("bad-request", "the request's subject cannot be read");
    let (_, request) = X509CertificationRequest::from_der(&wanted.csr).map_err(|_| unreadable())?;
    let mut subject = DistinguishedName::new();
    for attribute in request.certification_request_info.subject.iter_attributes() {
        let oid: Vec<u64> = attribute
            .attr_type()
            .iter()
            .ok_or_else(unreadable)?
            .collect();
        let value = attribute.as_str().map_err(|_| unreadable())?;
        subject.push(DnType::from_oid(&oid), value);
    }
    Ok(subject)
}

fn names(wanted: &Wanted) -> Result<Vec<SanType>, IssuerError> {
    let name = |name: String| match name.parse::<IpAddr>() {
        Ok(address) => Ok(SanType::IpAddress(address)),
        Err(_) => Ia5String::try_from(name).map(SanType::DnsName),
    };
    let all = wanted.names.iter().map(ToString::to_string).map(name);
    all.collect::<Result<_, _>>().map_err(failed)
}

fn key_usages(wanted: &Wanted) -> Vec<KeyUsagePurpose> {
    let purpose = |usage: &KeyUsage| match usage {
        KeyUsage::DigitalSignature => KeyUsagePurpose::DigitalSignature,
        KeyUsage::NonRepudiation => KeyUsagePurpose::ContentCommitment,
        KeyUsage::KeyEncipherment => KeyUsagePurpose::KeyEncipherment,
        KeyUsage::DataEncipherment => KeyUsagePurpose::DataEncipherment,
        KeyUsage::KeyAgreement => KeyUsagePurpose::KeyAgreement,
    };
    wanted.key_usages.iter().map(purpose).collect()
}

fn extended_key_usages(wanted: &Wanted) -> Vec<ExtendedKeyUsagePurpose> {
    let purpose = |usage: &ExtendedKeyUsage| match usage {
        ExtendedKeyUsage::ServerAuth => ExtendedKeyUsagePurpose::ServerAuth,
        ExtendedKeyUsage::ClientAuth => ExtendedKeyUsagePurpose::ClientAuth,
        ExtendedKeyUsage::CodeSigning => ExtendedKeyUsagePurpose::CodeSigning,
        ExtendedKeyUsage::EmailProtection => ExtendedKeyUsagePurpose::EmailProtection,
        ExtendedKeyUsage::TimeStamping => ExtendedKeyUsagePurpose::TimeStamping,
        ExtendedKeyUsage::OcspSigning => ExtendedKeyUsagePurpose::OcspSigning,
    };
    wanted.extended_key_usages.iter().map(purpose).collect()
}

fn named(common_name: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common_name);
    name
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn failed(error: rcgen::Error) -> IssuerError {
    IssuerError::internal("x509", error.to_string())
}

/// Positive, and of 20 octets whatever the digits.
fn serial_of(mut digits: [u8; 20]) -> SerialNumber {
    digits[0] = digits[0] & 0x3f | 0x40;
    SerialNumber::from_slice(&digits)
}

/// Whole seconds since 1970, as certificates have it.
fn seconds(at: Millis) -> Duration {
    Duration::from_secs(u64::try_from(at / 1000).unwrap_or(0))
}
