//! A certificate authority for tests: keys that are made when asked for, certificates by rcgen.
//! Above: tests of this crate and of connectors. Below: rcgen.
//! Invariant: made by another hand than the model's own writer, so that the model's reader proves itself.
#![allow(dead_code, reason = "each test crate uses a part of it")]

use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, PublicKeyData, RsaKeySize,
    SanType, SignatureAlgorithm,
};
use std::time::Duration;

/// A day in milliseconds.
pub(crate) const DAY: i64 = 86_400_000;

/// A key of ACM's word for its type.
pub(crate) fn key(word: &str) -> KeyPair {
    let rsa = |size| KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, size);
    let curve = |algorithm: &'static SignatureAlgorithm| KeyPair::generate_for(algorithm);
    let made = match word {
        "RSA_2048" => rsa(RsaKeySize::_2048),
        "RSA_3072" => rsa(RsaKeySize::_3072),
        "RSA_4096" => rsa(RsaKeySize::_4096),
        "EC_secp384r1" => curve(&rcgen::PKCS_ECDSA_P384_SHA384),
        "EC_secp521r1" => curve(&rcgen::PKCS_ECDSA_P521_SHA512),
        _ => curve(&rcgen::PKCS_ECDSA_P256_SHA256),
    };
    made.expect("a key")
}

/// An authority, with those above it.
pub(crate) struct Ca {
    params: CertificateParams,
    key: KeyPair,
    /// DER, its own first.
    pub(crate) chain: Vec<Vec<u8>>,
}

/// What a leaf is to be.
#[derive(Clone)]
pub(crate) struct Wanted {
    pub(crate) names: Vec<String>,
    pub(crate) key: &'static str,
    pub(crate) from: i64,
    pub(crate) to: i64,
    pub(crate) key_usages: Vec<KeyUsagePurpose>,
    pub(crate) purposes: Vec<ExtendedKeyUsagePurpose>,
    pub(crate) serial: Option<Vec<u8>>,
    pub(crate) ocsp: Option<String>,
}

/// A certificate with its key.
pub(crate) struct Leaf {
    pub(crate) der: Vec<u8>,
    pub(crate) key: KeyPair,
    /// DER, nearest first.
    pub(crate) chain: Vec<Vec<u8>>,
}

impl Wanted {
    /// A server's certificate of these names, valid around a time.
    pub(crate) fn new(now: i64, names: &[&str]) -> Self {
        Self {
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            key: "EC_prime256v1",
            from: now - DAY,
            to: now + 90 * DAY,
            key_usages: vec![KeyUsagePurpose::DigitalSignature],
            purposes: vec![ExtendedKeyUsagePurpose::ServerAuth],
            serial: None,
            ocsp: None,
        }
    }

    fn params(&self) -> CertificateParams {
        let mut params = CertificateParams::new(self.names.clone()).expect("names");
        params.distinguished_name = DistinguishedName::new();
        if let Some(SanType::DnsName(first)) = params.subject_alt_names.first() {
            let first = first.as_str().to_owned();
            params.distinguished_name.push(DnType::CommonName, first);
        }
        let moment = |ms: i64| {
            let since = Duration::from_millis(u64::try_from(ms).expect("after 1970"));
            rcgen::date_time_ymd(1970, 1, 1) + since
        };
        params.not_before = moment(self.from);
        params.not_after = moment(self.to);
        params.key_usages.clone_from(&self.key_usages);
        params.extended_key_usages.clone_from(&self.purposes);
        params.serial_number = self.serial.clone().map(Into::into);
        params.use_authority_key_identifier_extension = true;
        params
            .custom_extensions
            .extend(self.ocsp.as_deref().map(ocsp));
        params
    }
}

impl Ca {
    /// A root.
    pub(crate) fn root(name: &str, word: &str) -> Self {
        let (params, key) = (authority(name), key(word));
        let certificate = params.self_signed(&key).expect("a root");
        Self {
            chain: vec![certificate.der().to_vec()],
            params,
            key,
        }
    }

    /// An authority below this one.
    pub(crate) fn below(&self, name: &str, word: &str) -> Self {
        let (params, key) = (authority(name), key(word));
        let issuer = Issuer::from_params(&self.params, &self.key);
        let certificate = params.signed_by(&key, &issuer).expect("an authority");
        let mut chain = vec![certificate.der().to_vec()];
        chain.extend(self.chain.iter().cloned());
        Self { params, key, chain }
    }

    /// Issues a leaf with a key of its own.
    pub(crate) fn issue(&self, wanted: &Wanted) -> Leaf {
        self.issue_for(wanted, key(wanted.key))
    }

    /// Issues a leaf for a key.
    pub(crate) fn issue_for(&self, wanted: &Wanted, key: KeyPair) -> Leaf {
        let issuer = Issuer::from_params(&self.params, &self.key);
        let certificate = wanted.params().signed_by(&key, &issuer).expect("a leaf");
        Leaf {
            der: certificate.der().to_vec(),
            key,
            chain: self.chain.clone(),
        }
    }
}

impl Leaf {
    /// One that its own key signed.
    pub(crate) fn self_signed(wanted: &Wanted) -> Self {
        let key = key(wanted.key);
        let certificate = wanted.params().self_signed(&key).expect("a leaf");
        Self {
            der: certificate.der().to_vec(),
            key,
            chain: Vec::new(),
        }
    }

    /// `SubjectPublicKeyInfo`, DER.
    pub(crate) fn spki(&self) -> Vec<u8> {
        self.key.subject_public_key_info()
    }

    pub(crate) fn pem(&self) -> String {
        pem(&self.der)
    }

    pub(crate) fn chain_pem(&self) -> Option<String> {
        let all: String = self.chain.iter().map(|der| pem(der)).collect();
        (!all.is_empty()).then_some(all)
    }
}

fn authority(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new(Vec::new()).expect("no names");
    params.distinguished_name = DistinguishedName::new();
    if !name.is_empty() {
        params.distinguished_name.push(DnType::CommonName, name);
    }
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    params.not_after = rcgen::date_time_ymd(2045, 1, 1);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

/// An authorityInfoAccess extension with one OCSP responder.
fn ocsp(url: &str) -> CustomExtension {
    let method = [0x06, 8, 0x2b, 6, 1, 5, 5, 7, 48, 1];
    let place = [&method[..], &tlv(0x86, url.as_bytes())].concat();
    let content = tlv(0x30, &tlv(0x30, &place));
    CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 1, 1], content)
}

fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).expect("a short one");
    let [high, low] = length.to_be_bytes();
    let head = match length {
        0..0x80 => vec![tag, low],
        0x80..0x100 => vec![tag, 0x81, low],
        _ => vec![tag, 0x82, high, low],
    };
    [head.as_slice(), content].concat()
}

/// PEM of one certificate.
pub(crate) fn pem(der: &[u8]) -> String {
    use base64::Engine;
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let lines: Vec<&str> = text
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).expect("base64"))
        .collect();
    format!(
        "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
        lines.join("\n")
    )
}
