//! A CA for tests: leaves that name where its status is to be had, delegates, lists, OCSP answers.
//! Above: the tests of revocation. Below: rcgen, x509-ocsp.
//! Invariant: what a test wants wrong is wrong by an argument; everything else is as a CA does it.

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CrlDistributionPoint,
    CrlIssuingDistributionPoint, CustomExtension, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyIdMethod, KeyPair, KeyUsagePurpose, RevocationReason, RevokedCertParams, SerialNumber,
    SigningKey,
};
use sensor::model::time::{Clock, SystemClock};
use std::time::{Duration, SystemTime};
use x509_cert::der::asn1::{BitString, GeneralizedTime, Ia5String, ObjectIdentifier};
use x509_cert::der::{Decode, Encode};
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{AccessDescription, AuthorityInfoAccessSyntax, CrlReason};
use x509_cert::spki::AlgorithmIdentifierOwned;
use x509_ocsp::{
    BasicOcspResponse, CertStatus, OcspGeneralizedTime, OcspRequest, OcspResponse, ResponderId,
    ResponseData, RevokedInfo, SingleResponse,
};

/// A day.
pub const DAY: Duration = Duration::from_hours(24);

/// A certificate and its key.
pub struct Pair {
    /// The certificate.
    pub der: Vec<u8>,
    key: KeyPair,
}

/// A CA.
pub struct Authority {
    /// Its own certificate, self-signed.
    pub own: Pair,
    params: CertificateParams,
}

/// Where a leaf sends whoever asks.
#[derive(Debug, Clone, Copy, Default)]
pub struct Named<'u> {
    /// An OCSP responder.
    pub ocsp: Option<&'u str>,
    /// A list.
    pub crl: Option<&'u str>,
    /// The CA's certificate.
    pub issuer: Option<&'u str>,
}

/// What an OCSP answer says.
#[derive(Debug, Clone, Copy)]
pub struct Saying {
    /// Of the certificate that was asked about.
    pub status: CertStatus,
    /// How long ago it was made.
    pub age: Duration,
    /// How long it holds after it was made; none: it does not say.
    pub holds: Option<Duration>,
}

/// What a list says.
#[derive(Debug, Clone, Default)]
pub struct Listing<'u> {
    /// Serial numbers with reasons.
    pub revoked: Vec<(Vec<u8>, Option<RevocationReason>)>,
    /// How long ago its day ended; none: it holds.
    pub ended: Option<Duration>,
    /// The distribution point that it says it is for.
    pub point: Option<&'u str>,
}

impl Saying {
    /// This status, from an hour ago, for a day.
    #[must_use]
    pub fn now(status: CertStatus) -> Self {
        Self {
            status,
            age: DAY / 24,
            holds: Some(DAY),
        }
    }
}

/// Revoked an hour ago for this reason.
#[must_use]
pub fn revoked(reason: CrlReason) -> CertStatus {
    CertStatus::Revoked(RevokedInfo {
        revocation_time: time(now() - DAY / 24),
        revocation_reason: Some(reason),
    })
}

fn now() -> SystemTime {
    let millis = u64::try_from(SystemClock.now()).unwrap_or_default();
    SystemTime::UNIX_EPOCH + Duration::from_millis(millis)
}

fn time(at: SystemTime) -> OcspGeneralizedTime {
    let since = at
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let whole = Duration::from_secs(since.as_secs());
    let time = GeneralizedTime::from_unix_duration(whole);
    OcspGeneralizedTime(time.unwrap_or_else(|error| panic!("no time: {error}")))
}

fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = (now() - DAY).into();
    params.not_after = (now() + 40 * DAY).into();
    params
}

fn key() -> KeyPair {
    KeyPair::generate().unwrap_or_else(|error| panic!("no key: {error}"))
}

impl Authority {
    /// A CA of this name.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let mut params = params(name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = key();
        let made = params.self_signed(&key);
        let der = made
            .unwrap_or_else(|error| panic!("no CA: {error}"))
            .der()
            .to_vec();
        Self {
            own: Pair { der, key },
            params,
        }
    }

    fn issuer(&self) -> Issuer<'_, &KeyPair> {
        Issuer::from_params(&self.params, &self.own.key)
    }

    fn sign(&self, params: &CertificateParams) -> Pair {
        let key = key();
        let made = params.signed_by(&key, &self.issuer());
        let der = made.unwrap_or_else(|error| panic!("no certificate: {error}"));
        Pair {
            der: der.der().to_vec(),
            key,
        }
    }

    /// A server's certificate.
    #[must_use]
    pub fn leaf(&self, name: &str, serial: &[u8], named: Named<'_>) -> Pair {
        let mut params = params(name);
        params.subject_alt_names = vec![rcgen::SanType::DnsName(
            name.try_into().unwrap_or_else(|_| panic!("no name")),
        )];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        params.serial_number = Some(SerialNumber::from_slice(serial));
        params.crl_distribution_points = named
            .crl
            .map(|url| CrlDistributionPoint {
                uris: vec![url.to_owned()],
            })
            .into_iter()
            .collect();
        params.custom_extensions = access(named).into_iter().collect();
        self.sign(&params)
    }

    /// Somebody who signs OCSP answers, if `eku` says that it may.
    #[must_use]
    pub fn delegate(&self, name: &str, eku: bool) -> Pair {
        let mut params = params(name);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![if eku {
            ExtendedKeyUsagePurpose::OcspSigning
        } else {
            ExtendedKeyUsagePurpose::ServerAuth
        }];
        self.sign(&params)
    }

    /// A revocation list.
    #[must_use]
    pub fn list(&self, listing: &Listing<'_>) -> Vec<u8> {
        let end = match listing.ended {
            Some(ago) => now() - ago,
            None => now() + DAY,
        };
        let entry = |(serial, reason): &(Vec<u8>, Option<RevocationReason>)| RevokedCertParams {
            serial_number: SerialNumber::from_slice(serial),
            revocation_time: (now() - DAY).into(),
            reason_code: *reason,
            invalidity_date: None,
        };
        let list = CertificateRevocationListParams {
            this_update: (end - 2 * DAY).into(),
            next_update: end.into(),
            crl_number: SerialNumber::from(7),
            issuing_distribution_point: listing.point.map(|url| CrlIssuingDistributionPoint {
                distribution_point: CrlDistributionPoint {
                    uris: vec![url.to_owned()],
                },
                scope: None,
            }),
            revoked_certs: listing.revoked.iter().map(entry).collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        let list = list.signed_by(&self.issuer());
        list.unwrap_or_else(|error| panic!("no list: {error}"))
            .der()
            .to_vec()
    }
}

impl Pair {
    /// Its serial number.
    #[must_use]
    pub fn serial(&self) -> Vec<u8> {
        x509(&self.der)
            .tbs_certificate
            .serial_number
            .as_bytes()
            .to_vec()
    }

    /// The key, PEM.
    #[must_use]
    pub fn key_pem(&self) -> String {
        self.key.serialize_pem()
    }

    /// An OCSP answer to a question, signed by this pair, whose certificate goes along if `shown`.
    #[must_use]
    pub fn answer(&self, question: &[u8], saying: Saying, shown: bool) -> Vec<u8> {
        let made = now() - saying.age;
        let question = OcspRequest::from_der(question)
            .unwrap_or_else(|error| panic!("no OCSP question: {error}"));
        let single = |request: &x509_ocsp::Request| SingleResponse {
            cert_id: request.req_cert.clone(),
            cert_status: saying.status,
            this_update: time(made),
            next_update: saying.holds.map(|holds| time(made + holds)),
            single_extensions: None,
        };
        let data = ResponseData {
            version: x509_ocsp::Version::V1,
            responder_id: ResponderId::ByName(x509(&self.der).tbs_certificate.subject),
            produced_at: time(made),
            responses: question
                .tbs_request
                .request_list
                .iter()
                .map(single)
                .collect(),
            response_extensions: None,
        };
        self.signed(data, shown)
    }

    /// The same answer, about another serial number.
    #[must_use]
    pub fn answer_about(&self, serial: &[u8], question: &[u8], saying: Saying) -> Vec<u8> {
        let mut request = OcspRequest::from_der(question)
            .unwrap_or_else(|error| panic!("no OCSP question: {error}"));
        for one in &mut request.tbs_request.request_list {
            one.req_cert.serial_number = x509_cert::serial_number::SerialNumber::new(serial)
                .unwrap_or_else(|error| panic!("no serial: {error}"));
        }
        let question = request.to_der();
        self.answer(&question.unwrap_or_default(), saying, false)
    }

    fn signed(&self, data: ResponseData, shown: bool) -> Vec<u8> {
        let bytes = |made: x509_cert::der::Result<Vec<u8>>| {
            made.unwrap_or_else(|error| panic!("no DER: {error}"))
        };
        let tbs = bytes(data.to_der());
        let signature = self.key.sign(&tbs);
        let signature = signature.unwrap_or_else(|error| panic!("no signature: {error}"));
        let basic = BasicOcspResponse {
            tbs_response_data: data,
            signature_algorithm: AlgorithmIdentifierOwned {
                oid: ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2"),
                parameters: None,
            },
            signature: BitString::from_bytes(&signature)
                .unwrap_or_else(|error| panic!("no signature: {error}")),
            certs: shown.then(|| vec![x509(&self.der)]),
        };
        let answer = OcspResponse::successful(basic);
        bytes(answer.and_then(|answer| answer.to_der()))
    }
}

fn x509(der: &[u8]) -> x509_cert::Certificate {
    x509_cert::Certificate::from_der(der).unwrap_or_else(|error| panic!("no certificate: {error}"))
}

fn access(named: Named<'_>) -> Option<CustomExtension> {
    let one = |method: &str, url: &str| AccessDescription {
        access_method: ObjectIdentifier::new_unwrap(method),
        access_location: GeneralName::UniformResourceIdentifier(
            Ia5String::new(url).unwrap_or_else(|error| panic!("no address: {error}")),
        ),
    };
    let all: Vec<_> = [
        named.ocsp.map(|url| one("1.3.6.1.5.5.7.48.1", url)),
        named.issuer.map(|url| one("1.3.6.1.5.5.7.48.2", url)),
    ]
    .into_iter()
    .flatten()
    .collect();
    if all.is_empty() {
        return None;
    }
    let der = AuthorityInfoAccessSyntax(all).to_der().unwrap_or_default();
    let oid = [1, 3, 6, 1, 5, 5, 7, 1, 1];
    Some(CustomExtension::from_oid_content(&oid, der))
}
