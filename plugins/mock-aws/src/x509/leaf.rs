//! A leaf certificate out of its recipe.
//! Above: `estate` writes recipes, `world` reads bodies. Below: `x509::authority`, `x509::key`, `x509::der`.
//! Invariant: serials are 16 octets, positive, without a leading zero.

use super::authority::{
    Authorities, Family, Outline, Signer, assemble, extension, issuer_name, key_id,
};
use super::der::{BIT_STRING, COMMON_NAME, OCTET_STRING, ORGANIZATION, name, oid, sequence, tlv};
use super::key::{Key, public_key};
use crate::noise::{Noise, hash};
use std::net::IpAddr;

/// Everything that makes a body.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Recipe {
    /// Key, serial and signature come from it.
    pub(crate) seed: u64,
    pub(crate) key: Key,
    pub(crate) family: Family,
    pub(crate) self_signed: bool,
    pub(crate) common_name: Option<String>,
    pub(crate) organization: Option<String>,
    /// DNS names and IP addresses.
    pub(crate) names: Vec<String>,
    pub(crate) not_before: i64,
    pub(crate) not_after: i64,
}

impl Recipe {
    /// Sixteen octets.
    pub(crate) fn serial(&self) -> [u8; 16] {
        let mut serial = [0; 16];
        Noise::new(hash(self.seed, "serial")).fill(&mut serial);
        // Between 0x01 and 0x7f: positive, and no octet is lost.
        serial[0] = (serial[0] & 0x7f).max(1);
        serial
    }

    /// `0a:1b:…`, as ACM writes it.
    pub(crate) fn serial_text(&self) -> String {
        let octets: Vec<String> = self
            .serial()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        octets.join(":")
    }

    /// As DescribeCertificate writes the subject.
    pub(crate) fn subject_text(&self) -> String {
        let organization = self.organization.iter().map(|text| format!("O={text}"));
        let common_name = self.common_name.iter().map(|text| format!("CN={text}"));
        organization
            .chain(common_name)
            .collect::<Vec<_>>()
            .join(",")
    }

    /// As DescribeCertificate writes the issuer.
    pub(crate) fn issuer_text(&self, signed: bool) -> String {
        if self.self_signed {
            return self.common_name.clone().unwrap_or_default();
        }
        issuer_name(self.family, self.key, signed).to_owned()
    }

    /// The certificate.
    pub(crate) fn der(&self, authorities: &Authorities) -> Vec<u8> {
        let key = public_key(self.key, hash(self.seed, "key"));
        let id = key_id(&key);
        let subject = self.subject();
        let own;
        let (issuer, issuer_id, signer): (&[u8], &[u8], &Signer) = if self.self_signed {
            own = self.key.modulus().map_or(Signer::Curve, Signer::Rsa);
            (&subject, &id, &own)
        } else {
            let authority = authorities.of(self.family, self.key);
            (&authority.subject, &authority.key_id, &authority.signer)
        };
        let outline = Outline {
            serial: &self.serial(),
            issuer,
            not_before: self.not_before,
            not_after: self.not_after,
            subject: &subject,
            spki: &key.spki,
            extensions: &self.extensions(&id, issuer_id),
        };
        assemble(&outline, signer, self.seed)
    }

    fn subject(&self) -> Vec<u8> {
        let organization = self
            .organization
            .iter()
            .map(|text| (ORGANIZATION, text.as_str()));
        let common_name = self
            .common_name
            .iter()
            .map(|text| (COMMON_NAME, text.as_str()));
        name(&organization.chain(common_name).collect::<Vec<_>>())
    }

    fn extensions(&self, id: &[u8], issuer_id: &[u8]) -> Vec<Vec<u8>> {
        // digitalSignature, and keyEncipherment for RSA.
        let usage: &[u8] = if self.key.modulus().is_some() {
            &[5, 0xa0]
        } else {
            &[7, 0x80]
        };
        let purposes = sequence(&[&oid(&SERVER), &oid(&CLIENT)]);
        let mut all = vec![
            extension(19, true, &sequence(&[])),
            extension(15, true, &tlv(BIT_STRING, usage)),
            extension(37, false, &purposes),
            extension(14, false, &tlv(OCTET_STRING, id)),
            extension(35, false, &sequence(&[&tlv(0x80, issuer_id)])),
        ];
        if !self.names.is_empty() {
            let names: Vec<Vec<u8>> = self.names.iter().map(|text| general_name(text)).collect();
            all.push(extension(
                17,
                self.common_name.is_none(),
                &sequence(&[&names.concat()]),
            ));
        }
        all
    }
}

const SERVER: [u32; 9] = [1, 3, 6, 1, 5, 5, 7, 3, 1];
const CLIENT: [u32; 9] = [1, 3, 6, 1, 5, 5, 7, 3, 2];

fn general_name(text: &str) -> Vec<u8> {
    match text.parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => tlv(0x87, &address.octets()),
        Ok(IpAddr::V6(address)) => tlv(0x87, &address.octets()),
        Err(_) => tlv(0x82, text.as_bytes()),
    }
}

/// As DescribeCertificate names the key usages of a leaf.
pub(crate) fn key_usages(key: Key) -> Vec<String> {
    let mut usages = vec!["DIGITAL_SIGNATURE".to_owned()];
    if key.modulus().is_some() {
        usages.push("KEY_ENCIPHERMENT".to_owned());
    }
    usages
}

/// As DescribeCertificate names the extended key usages of a leaf.
pub(crate) fn extended_key_usages() -> Vec<String> {
    [
        "TLS_WEB_SERVER_AUTHENTICATION",
        "TLS_WEB_CLIENT_AUTHENTICATION",
    ]
    .map(str::to_owned)
    .to_vec()
}

/// As DescribeCertificate names the signature algorithm.
pub(crate) fn signature_algorithm(key: Key, signed: bool) -> &'static str {
    if signed || key.modulus().is_none() {
        "SHA256WITHECDSA"
    } else {
        "SHA256WITHRSA"
    }
}
