//! Who has signed what: the issuer of a certificate, and signatures over answers.
//! Above: `checker`, `ocsp`, `crl`. Below: x509-parser.
//! Invariant: a signature of an answer counts only with a hash that nobody can collide today.

use x509_parser::asn1_rs::BitString;
use x509_parser::der_parser::oid;
use x509_parser::extensions::ParsedExtension;
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::verify::verify_signature;
use x509_parser::x509::{AlgorithmIdentifier, SubjectPublicKeyInfo};

/// The certificate alone, with nothing behind it.
pub(super) fn read(der: &[u8]) -> Result<X509Certificate<'_>, String> {
    match X509Certificate::from_der(der) {
        Ok(([], certificate)) => Ok(certificate),
        Ok(_) => Err("bytes follow the certificate".to_owned()),
        Err(_) => Err("it is no certificate".to_owned()),
    }
}

/// Whether `issuer` has signed `certificate`, by name and by signature.
pub(super) fn is_issuer(issuer: &X509Certificate<'_>, certificate: &X509Certificate<'_>) -> bool {
    issuer.subject().as_raw() == certificate.issuer().as_raw()
        && certificate
            .verify_signature(Some(issuer.public_key()))
            .is_ok()
}

/// Verifies a signature over `bytes`.
pub(super) fn verify(
    key: &SubjectPublicKeyInfo<'_>,
    algorithm: &AlgorithmIdentifier<'_>,
    signature: &BitString<'_>,
    bytes: &[u8],
) -> Result<(), &'static str> {
    let sha1 = [
        oid!(1.2.840.113549.1.1.5),
        oid!(1.3.14.3.2.29),
        oid!(1.2.840.10045.4.1),
    ];
    if sha1.contains(&algorithm.algorithm) {
        return Err("it is signed with SHA-1, which proves nothing");
    }
    verify_signature(key, algorithm, signature, bytes).map_err(|error| match error {
        x509_parser::error::X509Error::SignatureUnsupportedAlgorithm => {
            "it is signed with an algorithm that the sensor does not know"
        }
        _ => "its signature does not verify",
    })
}

/// What the key of a certificate may be used for; none if it does not say.
pub(super) fn key_usage(
    certificate: &X509Certificate<'_>,
) -> Option<x509_parser::extensions::KeyUsage> {
    certificate
        .iter_extensions()
        .find_map(|extension| match extension.parsed_extension() {
            ParsedExtension::KeyUsage(usage) => Some(*usage),
            _ => None,
        })
}

/// Integers compare by their value.
pub(super) fn bare(serial: &[u8]) -> &[u8] {
    let zeros = serial.iter().take_while(|byte| **byte == 0).count();
    &serial[zeros.min(serial.len())..]
}
