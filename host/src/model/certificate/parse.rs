//! DER to [`Certificate`], by x509-parser.
//! Above: `certificate`. Below: `names`, `algorithms`.
//! Invariant: never panics, whatever the bytes; what comes out holds no control character.

use super::Certificate;
use super::algorithms::{key_algorithm, signature_algorithm};
use super::names::{dns_name, general_name, text_of};
use crate::model::id::Sha256;
use crate::model::time::Millis;
use std::panic::catch_unwind;
use x509_parser::prelude::{FromDer, GeneralName, ParsedExtension, X509Certificate, X509Name};

/// Why bytes are no certificate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an X.509 certificate: {0}")]
pub struct ParseError(pub String);

/// The longest text of one name.
const LONGEST: usize = 1024;

pub(super) fn parse(der: &[u8]) -> Result<Certificate, ParseError> {
    // The parser is not known to panic; if it ever does, one certificate is unreadable and the run goes on.
    catch_unwind(|| read(der)).unwrap_or_else(|_| Err(ParseError("the parser gave up".into())))
}

pub(super) fn public_key(der: &[u8]) -> Result<Vec<u8>, ParseError> {
    catch_unwind(|| Ok(whole(der)?.public_key().raw.to_vec()))
        .unwrap_or_else(|_| Err(ParseError("the parser gave up".into())))
}

fn whole(der: &[u8]) -> Result<X509Certificate<'_>, ParseError> {
    let (rest, found) =
        X509Certificate::from_der(der).map_err(|error| ParseError(explain(&error)))?;
    if rest.is_empty() {
        Ok(found)
    } else {
        Err(ParseError(format!("{} bytes follow it", rest.len())))
    }
}

fn read(der: &[u8]) -> Result<Certificate, ParseError> {
    let found = whole(der)?;
    let extensions = Extensions::of(&found)?;
    Ok(Certificate {
        fingerprint: Sha256::of(der),
        subject: text_of(found.subject()),
        common_name: common_name(found.subject()),
        dns_names: extensions.dns_names,
        other_names: extensions.other_names,
        issuer: text_of(found.issuer()),
        serial: serial(found.raw_serial()),
        not_before: millis(found.validity().not_before.timestamp()),
        not_after: millis(found.validity().not_after.timestamp()),
        key_algorithm: key_algorithm(found.public_key()),
        signature_algorithm: signature_algorithm(&found.signature_algorithm),
        key_usages: extensions.key_usages,
        extended_key_usages: extensions.extended_key_usages,
        self_signed: found.subject().as_raw() == found.issuer().as_raw(),
        is_ca: extensions.is_ca,
    })
}

fn explain<E: std::fmt::Display>(error: &x509_parser::nom::Err<E>) -> String {
    match error {
        x509_parser::nom::Err::Incomplete(_) => "it is cut short".into(),
        x509_parser::nom::Err::Error(cause) | x509_parser::nom::Err::Failure(cause) => {
            cause.to_string()
        }
    }
}

fn millis(seconds: i64) -> Millis {
    seconds.saturating_mul(1000)
}

fn serial(raw: &[u8]) -> String {
    let digits = hex::encode(raw);
    let digits = digits.trim_start_matches('0');
    if digits.is_empty() {
        "0".into()
    } else {
        digits.into()
    }
}

fn common_name(subject: &X509Name<'_>) -> Option<String> {
    let last = subject.iter_common_name().last()?;
    let text = super::names::plain_value(last)?;
    Some(crate::model::text::clean(&text, LONGEST))
}

/// What the extensions say.
#[derive(Default)]
struct Extensions {
    dns_names: Vec<String>,
    other_names: Vec<String>,
    key_usages: Vec<String>,
    extended_key_usages: Vec<String>,
    is_ca: bool,
}

impl Extensions {
    fn of(certificate: &X509Certificate<'_>) -> Result<Self, ParseError> {
        let mut all = Self::default();
        for extension in certificate.extensions() {
            match extension.parsed_extension() {
                ParsedExtension::SubjectAlternativeName(names) => {
                    all.add_names(&names.general_names);
                }
                ParsedExtension::KeyUsage(usage) => all.key_usages = key_usages(*usage),
                ParsedExtension::ExtendedKeyUsage(usage) => {
                    all.extended_key_usages = extended_key_usages(usage);
                }
                ParsedExtension::BasicConstraints(constraints) => all.is_ca = constraints.ca,
                // Names that cannot be read must not look like no names.
                ParsedExtension::ParseError { .. }
                    if extension.oid.to_id_string() == "2.5.29.17" =>
                {
                    return Err(ParseError("its alternative names cannot be read".into()));
                }
                _ => {}
            }
        }
        Ok(all)
    }

    fn add_names(&mut self, names: &[GeneralName<'_>]) {
        for name in names {
            match name {
                GeneralName::DNSName(name) => self.dns_names.push(dns_name(name)),
                other => self.other_names.push(general_name(other)),
            }
        }
    }
}

fn key_usages(usage: x509_parser::extensions::KeyUsage) -> Vec<String> {
    let all = [
        (usage.digital_signature(), "digitalSignature"),
        (usage.non_repudiation(), "nonRepudiation"),
        (usage.key_encipherment(), "keyEncipherment"),
        (usage.data_encipherment(), "dataEncipherment"),
        (usage.key_agreement(), "keyAgreement"),
        (usage.key_cert_sign(), "keyCertSign"),
        (usage.crl_sign(), "cRLSign"),
        (usage.encipher_only(), "encipherOnly"),
        (usage.decipher_only(), "decipherOnly"),
    ];
    all.into_iter()
        .filter(|(set, _)| *set)
        .map(|(_, name)| name.to_owned())
        .collect()
}

fn extended_key_usages(usage: &x509_parser::extensions::ExtendedKeyUsage<'_>) -> Vec<String> {
    let all = [
        (usage.any, "anyExtendedKeyUsage"),
        (usage.server_auth, "serverAuth"),
        (usage.client_auth, "clientAuth"),
        (usage.code_signing, "codeSigning"),
        (usage.email_protection, "emailProtection"),
        (usage.time_stamping, "timeStamping"),
        (usage.ocsp_signing, "OCSPSigning"),
    ];
    let known = all
        .into_iter()
        .filter(|(set, _)| *set)
        .map(|(_, name)| name.to_owned());
    known
        .chain(
            usage
                .other
                .iter()
                .map(x509_parser::der_parser::oid::Oid::to_id_string),
        )
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::string::Ia5String;
    use rcgen::{
        CertificateParams, DnType, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ED25519, SanType,
    };

    fn sample(edit: impl FnOnce(&mut CertificateParams)) -> Vec<u8> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let mut params = CertificateParams::new(vec![
            "WWW.Example.com".into(),
            "xn--mller-kva.example.com".into(),
        ])
        .unwrap();
        params
            .distinguished_name
            .push(DnType::OrganizationName, "Example, Inc. \"East\"");
        params
            .distinguished_name
            .push(DnType::CommonName, "www.example.com");
        params.serial_number = Some(rcgen::SerialNumber::from_slice(&[0x00, 0x0a, 0xbc]));
        edit(&mut params);
        params.self_signed(&key).unwrap().der().to_vec()
    }

    #[test]
    fn what_a_certificate_says_is_read() {
        let der = sample(|params| {
            params
                .subject_alt_names
                .push(SanType::IpAddress("192.0.2.7".parse().unwrap()));
            params
                .subject_alt_names
                .push(SanType::IpAddress("2001:db8::1".parse().unwrap()));
            params.subject_alt_names.push(SanType::Rfc822Name(
                Ia5String::try_from("a@example.com").unwrap(),
            ));
            params.subject_alt_names.push(SanType::URI(
                Ia5String::try_from("https://example.com/x").unwrap(),
            ));
            params.key_usages = vec![rcgen::KeyUsagePurpose::DigitalSignature];
            params.extended_key_usages = vec![
                rcgen::ExtendedKeyUsagePurpose::ServerAuth,
                rcgen::ExtendedKeyUsagePurpose::Other(vec![1, 2, 3, 4]),
            ];
            params.not_before = rcgen::date_time_ymd(2026, 1, 2);
            params.not_after = rcgen::date_time_ymd(2026, 4, 12);
        });
        let read = Certificate::from_der(&der).unwrap();
        assert_eq!(read.fingerprint, Sha256::of(&der));
        assert_eq!(
            read.dns_names,
            ["www.example.com", "xn--mller-kva.example.com"]
        );
        let others = [
            "ip:192.0.2.7",
            "ip:2001:db8::1",
            "email:a@example.com",
            "uri:https://example.com/x",
        ];
        assert_eq!(read.other_names, others);
        assert_eq!(read.common_name.as_deref(), Some("www.example.com"));
        assert!(
            read.subject.contains("O=Example\\, Inc. \\\"East\\\""),
            "{}",
            read.subject
        );
        assert_eq!(read.subject, read.issuer);
        assert!(read.self_signed && !read.is_ca);
        assert_eq!(read.serial, "abc");
        assert_eq!(
            (read.not_before, read.not_after),
            (1_767_312_000_000, 1_775_952_000_000)
        );
        assert_eq!(
            (
                read.key_algorithm.as_str(),
                read.signature_algorithm.as_str()
            ),
            ("EC-P256", "ecdsa-with-SHA256")
        );
        assert_eq!(read.key_usages, ["digitalSignature"]);
        assert_eq!(read.extended_key_usages, ["serverAuth", "1.2.3.4"]);
    }

    #[test]
    fn the_last_second_of_the_year_9999_is_a_time() {
        let der = sample(|params| params.not_after = rcgen::date_time_ymd(9999, 12, 31));
        assert_eq!(
            Certificate::from_der(&der).unwrap().not_after,
            253_402_214_400_000
        );
    }

    #[test]
    fn keys_have_their_names() {
        for (algorithm, name) in [
            (&rcgen::PKCS_ECDSA_P384_SHA384, "EC-P384"),
            (&rcgen::PKCS_ECDSA_P521_SHA512, "EC-P521"),
            (&PKCS_ED25519, "Ed25519"),
        ] {
            let key = KeyPair::generate_for(algorithm).unwrap();
            let der = CertificateParams::new(vec![])
                .unwrap()
                .self_signed(&key)
                .unwrap()
                .der()
                .to_vec();
            assert_eq!(Certificate::from_der(&der).unwrap().key_algorithm, name);
        }
        let key =
            KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048).unwrap();
        let der = CertificateParams::new(vec![])
            .unwrap()
            .self_signed(&key)
            .unwrap()
            .der()
            .to_vec();
        let read = Certificate::from_der(&der).unwrap();
        assert_eq!(
            (
                read.key_algorithm.as_str(),
                read.signature_algorithm.as_str()
            ),
            ("RSA-2048", "sha256WithRSAEncryption")
        );
    }

    #[test]
    fn bytes_behind_it_and_bytes_that_are_missing_are_refused() {
        let mut der = sample(|_| {});
        assert!(Certificate::from_der(&der[..der.len() - 1]).is_err());
        der.push(0);
        assert_eq!(
            Certificate::from_der(&der),
            Err(ParseError("1 bytes follow it".into()))
        );
        assert!(Certificate::from_der(&[]).is_err());
    }

    #[test]
    fn control_characters_do_not_come_out() {
        let der = sample(|params| {
            params
                .distinguished_name
                .push(DnType::OrganizationalUnitName, "a\u{1b}[2Jb\u{202e}c\n");
        });
        let read = Certificate::from_der(&der).unwrap();
        assert!(
            !read
                .subject
                .chars()
                .any(|c| c.is_control() || c == '\u{202e}'),
            "{:?}",
            read.subject
        );
    }

    /// Random damage of every kind; a read certificate must keep the promises of its type.
    #[test]
    fn no_bytes_make_it_panic() {
        use rand::{RngExt, SeedableRng};
        let mut random = rand::rngs::StdRng::seed_from_u64(7);
        let good = sample(|params| {
            params
                .subject_alt_names
                .push(SanType::IpAddress("192.0.2.7".parse().unwrap()));
        });
        let mut readable = 0;
        for _ in 0..60_000 {
            let mut der = good.clone();
            for _ in 0..random.random_range(1..4) {
                let at = random.random_range(0..der.len());
                match random.random_range(0..5) {
                    0 => der[at] ^= 1 << random.random_range(0..8),
                    1 => der[at] = random.random(),
                    2 => der.truncate(at.max(2)),
                    3 => der.insert(at, random.random()),
                    _ if der.len() > 2 => drop(der.remove(at)),
                    _ => {}
                }
            }
            let read = catch_unwind(|| read(&der));
            let read = read.unwrap_or_else(|_| panic!("panicked at {}", hex::encode(&der)));
            if let Ok(read) = read {
                readable += 1;
                let texts = [&read.subject, &read.issuer]
                    .into_iter()
                    .chain(&read.dns_names)
                    .chain(&read.other_names);
                assert!(
                    texts
                        .into_iter()
                        .all(|text| !text.chars().any(char::is_control)),
                    "{}",
                    hex::encode(&der)
                );
                assert!(read.serial == "0" || !read.serial.starts_with('0'));
            }
        }
        assert!(
            readable > 100,
            "the damage is too great to test anything: {readable}"
        );
    }
}
