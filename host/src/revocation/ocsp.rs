//! OCSP (RFC 6960, as RFC 5019 profiles it): one question about one certificate, and the judge of the answer.
//! Above: `checker`. Below: `chain`, x509-ocsp, aws-lc.
//! Invariant: a signature is judged over the bytes as they came; a responder that is not the issuer itself shows a
//! certificate that the issuer signed for this very purpose.

use super::chain::{bare, is_issuer, key_usage, read as read_certificate, verify};
use super::{SKEW, Told, in_time};
use crate::model::revocation::{RevokedFor, ToldStatus};
use crate::model::time::Millis;
use aws_lc_rs::digest::{self, SHA1_FOR_LEGACY_USE_ONLY, SHA256, SHA384, SHA512, digest};
use x509_cert::der::asn1::{Null, ObjectIdentifier, OctetString};
use x509_cert::der::{Decode, Encode};
use x509_cert::ext::Extensions;
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::AlgorithmIdentifierOwned;
use x509_ocsp::{
    BasicOcspResponse, CertId, CertStatus, OcspRequest, OcspResponse, OcspResponseStatus, Request,
    ResponderId, ResponseData, SingleResponse, TbsRequest,
};
use x509_parser::asn1_rs::{Any, BitString, Class, FromDer, Tag};
use x509_parser::error::X509Error;
use x509_parser::prelude::X509Certificate;
use x509_parser::x509::AlgorithmIdentifier;

const SHA1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.14.3.2.26");
/// An answer that names no end is believed for so long.
const UNLIMITED: Millis = 24 * 3_600_000;
/// Certificates beside an answer; more are not looked at.
const MOST: usize = 8;

/// The question, as it is posted.
pub(super) fn question(
    leaf: &X509Certificate<'_>,
    issuer: &X509Certificate<'_>,
) -> Result<Vec<u8>, String> {
    let told = |error: x509_cert::der::Error| format!("no question can be made of it: {error}");
    // SHA-1 names the issuer here and proves nothing; many responders know no other.
    let hash = |bytes: &[u8]| OctetString::new(digest(&SHA1_FOR_LEGACY_USE_ONLY, bytes).as_ref());
    let request = Request {
        req_cert: CertId {
            hash_algorithm: AlgorithmIdentifierOwned {
                oid: SHA1,
                parameters: Some(Null.into()),
            },
            issuer_name_hash: hash(issuer.subject().as_raw()).map_err(told)?,
            issuer_key_hash: hash(key_bits(issuer)).map_err(told)?,
            serial_number: SerialNumber::from_der(&integer(leaf.raw_serial())).map_err(told)?,
        },
        single_request_extensions: None,
    };
    let request = OcspRequest {
        tbs_request: TbsRequest {
            request_list: vec![request],
            ..TbsRequest::default()
        },
        optional_signature: None,
    };
    request.to_der().map_err(told)
}

/// Content octets as an INTEGER. A positive number of 20 octets may take 21.
fn integer(content: &[u8]) -> Vec<u8> {
    let length = u8::try_from(content.len()).unwrap_or(u8::MAX).min(0x7f);
    [&[0x02, length], content].concat()
}

fn key_bits<'c>(certificate: &'c X509Certificate<'_>) -> &'c [u8] {
    &certificate.public_key().subject_public_key.data
}

/// The judge of an answer.
pub(super) fn judge(
    body: &[u8],
    leaf: &X509Certificate<'_>,
    issuer: &X509Certificate<'_>,
    now: Millis,
) -> Result<Told, String> {
    let answer = OcspResponse::from_der(body).map_err(|_| "it is no OCSP answer")?;
    let bytes = match (answer.response_status, answer.response_bytes) {
        (OcspResponseStatus::Successful, Some(bytes)) => bytes,
        (OcspResponseStatus::Successful, None) => return Err("it is empty".to_owned()),
        (status, _) => return Err(refused(status).to_owned()),
    };
    if bytes.response_type != <BasicOcspResponse as x509_cert::der::oid::AssociatedOid>::OID {
        return Err("it is of another kind than was asked for".to_owned());
    }
    let signed = Signed::read(bytes.response.as_bytes()).ok_or("it cannot be read")?;
    let data = ResponseData::from_der(signed.tbs).map_err(|_| "it cannot be read")?;
    if has_critical(data.response_extensions.as_ref()) {
        return Err("it holds a critical extension that the sensor does not know".to_owned());
    }
    signed.judge(&data.responder_id, issuer, now)?;
    let single = data
        .responses
        .iter()
        .find(|single| is_about(&single.cert_id, leaf, issuer))
        .ok_or("it is about another certificate")?;
    told(single, now)
}

fn refused(status: OcspResponseStatus) -> &'static str {
    match status {
        OcspResponseStatus::MalformedRequest => "it calls the question malformed",
        OcspResponseStatus::TryLater => "it says: try later",
        OcspResponseStatus::SigRequired => "it wants signed questions",
        OcspResponseStatus::Unauthorized => "it is not the one to ask about this certificate",
        OcspResponseStatus::Successful | OcspResponseStatus::InternalError => {
            "it has a fault of its own"
        }
    }
}

/// What one certificate's part of an answer says.
fn told(single: &SingleResponse, now: Millis) -> Result<Told, String> {
    if has_critical(single.single_extensions.as_ref()) {
        return Err("it holds a critical extension that the sensor does not know".to_owned());
    }
    let from = millis(&single.this_update);
    let next_update = single.next_update.as_ref().map(millis);
    in_time(from, next_update.or(Some(from + UNLIMITED)), now)?;
    let status = match single.cert_status {
        CertStatus::Good(_) => ToldStatus::Good,
        CertStatus::Revoked(info) => ToldStatus::Revoked {
            at: Some(millis(&info.revocation_time)),
            reason: info
                .revocation_reason
                .map(|reason| RevokedFor::of(reason as u8)),
        },
        CertStatus::Unknown(_) => {
            return Err("it does not know the certificate".to_owned());
        }
    };
    Ok(Told {
        status,
        next_update,
    })
}

fn millis(time: &x509_ocsp::OcspGeneralizedTime) -> Millis {
    i64::try_from(time.0.to_unix_duration().as_millis()).unwrap_or(Millis::MAX)
}

fn has_critical(extensions: Option<&Extensions>) -> bool {
    extensions.is_some_and(|all| all.iter().any(|one| one.critical))
}

/// Whether an answer's own way of naming a certificate names this one.
fn is_about(id: &CertId, leaf: &X509Certificate<'_>, issuer: &X509Certificate<'_>) -> bool {
    let Some(algorithm) = hash_of(&id.hash_algorithm.oid) else {
        return false;
    };
    let is =
        |told: &OctetString, bytes: &[u8]| told.as_bytes() == digest(algorithm, bytes).as_ref();
    bare(id.serial_number.as_bytes()) == bare(leaf.raw_serial())
        && is(&id.issuer_name_hash, issuer.subject().as_raw())
        && is(&id.issuer_key_hash, key_bits(issuer))
}

fn hash_of(oid: &ObjectIdentifier) -> Option<&'static digest::Algorithm> {
    match oid.to_string().as_str() {
        "1.3.14.3.2.26" => Some(&SHA1_FOR_LEGACY_USE_ONLY),
        "2.16.840.1.101.3.4.2.1" => Some(&SHA256),
        "2.16.840.1.101.3.4.2.2" => Some(&SHA384),
        "2.16.840.1.101.3.4.2.3" => Some(&SHA512),
        _ => None,
    }
}

/// An answer's parts, as they came.
struct Signed<'b> {
    tbs: &'b [u8],
    algorithm: AlgorithmIdentifier<'b>,
    signature: BitString<'b>,
    certificates: Vec<&'b [u8]>,
}

impl<'b> Signed<'b> {
    fn read(bytes: &'b [u8]) -> Option<Self> {
        let (rest, inside) = content(bytes, Class::Universal, Tag::Sequence)?;
        let (after, _) = content(inside, Class::Universal, Tag::Sequence)?;
        let tbs = &inside[..inside.len() - after.len()];
        let (after, algorithm) =
            <AlgorithmIdentifier<'_> as FromDer<'_, X509Error>>::from_der(after).ok()?;
        let (after, signature) = BitString::from_der(after).ok()?;
        let mut certificates = Vec::new();
        if !after.is_empty() {
            let (behind, tagged) = content(after, Class::ContextSpecific, Tag(0))?;
            let (more, mut left) = content(tagged, Class::Universal, Tag::Sequence)?;
            while !left.is_empty() && certificates.len() < MOST {
                let (after, _) = content(left, Class::Universal, Tag::Sequence)?;
                certificates.push(&left[..left.len() - after.len()]);
                left = after;
            }
            if !behind.is_empty() || !more.is_empty() {
                return None;
            }
        }
        (rest.is_empty() && signature.unused_bits == 0).then_some(Self {
            tbs,
            algorithm,
            signature,
            certificates,
        })
    }

    /// Whether the issuer has signed it, or a responder that the issuer appointed.
    fn judge(
        &self,
        responder: &ResponderId,
        issuer: &X509Certificate<'_>,
        now: Millis,
    ) -> Result<(), String> {
        if is_named(responder, issuer) {
            return self.verify(issuer);
        }
        for der in &self.certificates {
            let Ok(delegate) = read_certificate(der) else {
                continue;
            };
            if is_named(responder, &delegate) {
                appointed(&delegate, issuer, now)?;
                return self.verify(&delegate);
            }
        }
        Err("its signer is neither the issuer nor shown beside it".to_owned())
    }

    fn verify(&self, signer: &X509Certificate<'_>) -> Result<(), String> {
        let (algorithm, signature) = (&self.algorithm, &self.signature);
        Ok(verify(signer.public_key(), algorithm, signature, self.tbs)?)
    }
}

/// What stands behind a value of this kind, and what within.
fn content(bytes: &[u8], class: Class, tag: Tag) -> Option<(&[u8], &[u8])> {
    let (rest, value) = Any::from_der(bytes).ok()?;
    let header = &value.header;
    let fits = header.class() == class && header.tag() == tag && header.is_constructed();
    fits.then_some((rest, value.data))
}

fn is_named(responder: &ResponderId, certificate: &X509Certificate<'_>) -> bool {
    match responder {
        ResponderId::ByName(name) => name
            .to_der()
            .is_ok_and(|der| der == certificate.subject().as_raw()),
        ResponderId::ByKey(hash) => {
            let key = digest(&SHA1_FOR_LEGACY_USE_ONLY, key_bits(certificate));
            hash.as_bytes() == key.as_ref()
        }
    }
}

/// Whether the issuer lets this certificate's key sign answers.
fn appointed(
    delegate: &X509Certificate<'_>,
    issuer: &X509Certificate<'_>,
    now: Millis,
) -> Result<(), &'static str> {
    if !is_issuer(issuer, delegate) {
        return Err("its signer's certificate is not from the issuer");
    }
    let usage = delegate.extended_key_usage().ok().flatten();
    if !usage.is_some_and(|usage| usage.value.ocsp_signing) {
        return Err("its signer's certificate is not for signing OCSP answers");
    }
    if key_usage(delegate).is_some_and(|usage| !usage.digital_signature()) {
        return Err("its signer's key is not for signatures");
    }
    let life = delegate.validity();
    let from = life.not_before.timestamp().saturating_mul(1000);
    let until = life.not_after.timestamp().saturating_mul(1000);
    if from > now + SKEW || until < now - SKEW {
        return Err("its signer's certificate is not valid now");
    }
    Ok(())
}
