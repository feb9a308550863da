//! What a certificate that somebody brought says of itself.
//! Above: `world::acm_import`, `estate::body`. Below: x509-parser, `x509::key`, `x509::verify`.
//! Invariant: DER with anything after it, or that cannot be read to its end, is no certificate.

use super::key::Key;
use std::net::{Ipv4Addr, Ipv6Addr};
use x509_parser::extensions::{ExtendedKeyUsage, GeneralName, KeyUsage, ParsedExtension};
use x509_parser::oid_registry::{
    OID_EC_P256, OID_NIST_EC_P384, OID_NIST_EC_P521, OID_PKIX_ACCESS_DESCRIPTOR_OCSP,
};
use x509_parser::prelude::{FromDer, X509Certificate, X509Name};
use x509_parser::public_key::PublicKey;

/// A certificate, read.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Facts {
    /// None for a key that ACM does not take.
    pub(crate) key: Option<Key>,
    /// `SubjectPublicKeyInfo`, DER.
    pub(crate) spki: Vec<u8>,
    /// X.509's number: 3.
    pub(crate) version: u32,
    serial: Vec<u8>,
    /// Names, DER.
    pub(crate) subject: Vec<u8>,
    pub(crate) issuer: Vec<u8>,
    pub(crate) common_name: Option<String>,
    pub(crate) subject_text: String,
    pub(crate) issuer_text: String,
    /// DNS names and IP addresses.
    pub(crate) names: Vec<String>,
    pub(crate) not_before: i64,
    pub(crate) not_after: i64,
    /// None where the extension is not there.
    pub(crate) key_usages: Option<Vec<String>>,
    /// None where the extension is not there.
    pub(crate) extended_key_usages: Option<Vec<String>>,
    pub(crate) signature_algorithm: &'static str,
    pub(crate) ocsp: Vec<String>,
    pub(crate) is_ca: bool,
}

impl Facts {
    /// Reads one certificate.
    pub(crate) fn read(der: &[u8]) -> Option<Self> {
        let (rest, certificate) = X509Certificate::from_der(der).ok()?;
        if !rest.is_empty() {
            return None;
        }
        let names = match certificate.subject_alternative_name().ok()? {
            Some(extension) => extension
                .value
                .general_names
                .iter()
                .filter_map(name)
                .collect(),
            None => Vec::new(),
        };
        let usage = certificate.key_usage().ok()?;
        let purposes = certificate.extended_key_usage().ok()?;
        let constraints = certificate.basic_constraints().ok()?;
        Some(Self {
            key: key(&certificate),
            spki: certificate.public_key().raw.to_vec(),
            version: certificate.version().0 + 1,
            serial: certificate.raw_serial().to_vec(),
            subject: certificate.subject().as_raw().to_vec(),
            issuer: certificate.issuer().as_raw().to_vec(),
            common_name: common_name(certificate.subject()),
            subject_text: certificate.subject().to_string().replace(", ", ","),
            issuer_text: common_name(certificate.issuer())
                .unwrap_or_else(|| certificate.issuer().to_string().replace(", ", ",")),
            names,
            not_before: certificate.validity().not_before.timestamp() * 1000,
            not_after: certificate.validity().not_after.timestamp() * 1000,
            key_usages: usage.map(|extension| usages(*extension.value)),
            extended_key_usages: purposes.map(|extension| extended(extension.value)),
            signature_algorithm: super::verify::algorithm_name(&certificate),
            ocsp: ocsp(&certificate),
            is_ca: constraints.is_some_and(|extension| extension.value.ca),
        })
    }

    /// `0a:1b:…`, as ACM writes it.
    pub(crate) fn serial_text(&self) -> String {
        let zeros = self.serial.iter().take_while(|byte| **byte == 0).count();
        let digits = self.serial.get(zeros..).unwrap_or_default();
        let octets: Vec<String> = digits.iter().map(|byte| format!("{byte:02x}")).collect();
        octets.join(":")
    }

    /// What ACM calls its domain.
    pub(crate) fn domain(&self) -> Option<String> {
        self.common_name
            .clone()
            .or_else(|| self.names.first().cloned())
    }
}

fn common_name(name: &X509Name<'_>) -> Option<String> {
    let first = name.iter_common_name().next()?;
    first.as_str().ok().map(str::to_owned)
}

fn key(certificate: &X509Certificate<'_>) -> Option<Key> {
    let info = certificate.public_key();
    match info.parsed().ok()? {
        PublicKey::RSA(key) => match key.key_size() {
            1024 => Some(Key::Rsa1024),
            2048 => Some(Key::Rsa2048),
            3072 => Some(Key::Rsa3072),
            4096 => Some(Key::Rsa4096),
            _ => None,
        },
        PublicKey::EC(_) => {
            let curve = info.algorithm.parameters.as_ref()?.as_oid().ok()?;
            let known = [
                (OID_EC_P256, Key::P256),
                (OID_NIST_EC_P384, Key::P384),
                (OID_NIST_EC_P521, Key::P521),
            ];
            let found = known.into_iter().find(|(oid, _)| *oid == curve);
            found.map(|(_, key)| key)
        }
        _ => None,
    }
}

fn name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(text) => Some((*text).to_owned()),
        GeneralName::IPAddress(octets) => match octets.len() {
            4 => <[u8; 4]>::try_from(*octets)
                .ok()
                .map(|o| Ipv4Addr::from(o).to_string()),
            16 => <[u8; 16]>::try_from(*octets)
                .ok()
                .map(|o| Ipv6Addr::from(o).to_string()),
            _ => None,
        },
        _ => None,
    }
}

/// In ACM's words.
fn usages(usage: KeyUsage) -> Vec<String> {
    let known = [
        (usage.digital_signature(), "DIGITAL_SIGNATURE"),
        (usage.non_repudiation(), "NON_REPUDIATION"),
        (usage.key_encipherment(), "KEY_ENCIPHERMENT"),
        (usage.data_encipherment(), "DATA_ENCIPHERMENT"),
        (usage.key_agreement(), "KEY_AGREEMENT"),
        (usage.key_cert_sign(), "CERTIFICATE_SIGNING"),
        (usage.crl_sign(), "CRL_SIGNING"),
        (usage.encipher_only(), "ENCIPHER_ONLY"),
        (usage.decipher_only(), "DECIPHER_ONLY"),
    ];
    said(&known)
}

/// In ACM's words.
fn extended(purposes: &ExtendedKeyUsage<'_>) -> Vec<String> {
    let known = [
        (purposes.server_auth, "TLS_WEB_SERVER_AUTHENTICATION"),
        (purposes.client_auth, "TLS_WEB_CLIENT_AUTHENTICATION"),
        (purposes.code_signing, "CODE_SIGNING"),
        (purposes.email_protection, "EMAIL_PROTECTION"),
        (purposes.time_stamping, "TIME_STAMPING"),
        (purposes.ocsp_signing, "OCSP_SIGNING"),
        (purposes.any, "ANY"),
        (!purposes.other.is_empty(), "CUSTOM"),
    ];
    said(&known)
}

fn said(known: &[(bool, &str)]) -> Vec<String> {
    let held = known.iter().filter(|(holds, _)| *holds);
    held.map(|(_, word)| (*word).to_owned()).collect()
}

fn ocsp(certificate: &X509Certificate<'_>) -> Vec<String> {
    let access = certificate.extensions().iter().filter_map(|extension| {
        match extension.parsed_extension() {
            ParsedExtension::AuthorityInfoAccess(access) => Some(&access.accessdescs),
            _ => None,
        }
    });
    let places = access
        .flatten()
        .filter(|place| place.access_method == OID_PKIX_ACCESS_DESCRIPTOR_OCSP);
    let urls = places.filter_map(|place| match &place.access_location {
        GeneralName::URI(url) => Some((*url).to_owned()),
        _ => None,
    });
    urls.collect()
}
