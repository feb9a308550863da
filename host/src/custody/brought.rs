//! Requests for certificates (PKCS#10) that an operator brings.
//! Above: `delivery`, `app`. Below: x509-parser.
//! Invariant: a request that is returned is signed by its own key, and all of its names are names.

use crate::model::certificate::subject_parts;
use crate::model::config_problem::ConfigProblem;
use crate::model::key::KeyType;
use crate::model::name::SanName;
use crate::model::text::clean;
use std::panic::catch_unwind;
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::prelude::{FromDer, GeneralName, ParsedExtension};

/// What such a request says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BroughtCsr {
    pub der: Vec<u8>,
    pub key_type: KeyType,
    /// `SubjectPublicKeyInfo`, DER.
    pub spki: Vec<u8>,
    pub names: Vec<SanName>,
    /// Short names (RFC 4514) or OIDs, with their values.
    pub subject: Vec<(String, String)>,
}

/// Why it cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CsrError {
    #[error("it is no request for a certificate (PKCS#10, in PEM or DER)")]
    Malformed,
    #[error("its signature is not by its own key")]
    Signature,
    #[error(
        "its key is of a kind that is not issued for: RSA of 2048, 3072 or 4096 bits, P-256 and P-384 are"
    )]
    Key,
    #[error("its names cannot be used: {}", told(.0))]
    Names(Vec<ConfigProblem>),
}

fn told(problems: &[ConfigProblem]) -> String {
    let texts: Vec<String> = problems.iter().map(ToString::to_string).collect();
    texts.join("; ")
}

/// Reads a request: PEM or DER.
///
/// # Errors
/// When it is none, or asks for what no certificate for TLS holds.
pub fn read_csr(bytes: &[u8]) -> Result<BroughtCsr, CsrError> {
    let der = der_of(bytes)?;
    // The parser is not known to panic; if it ever does, one request is unreadable and the sensor goes on.
    catch_unwind(|| read(&der)).unwrap_or(Err(CsrError::Malformed))
}

fn der_of(bytes: &[u8]) -> Result<Vec<u8>, CsrError> {
    if bytes.first() == Some(&0x30) {
        return Ok(bytes.to_vec());
    }
    let (_, block) = x509_parser::pem::parse_x509_pem(bytes).map_err(|_| CsrError::Malformed)?;
    let is_request =
        block.label == "CERTIFICATE REQUEST" || block.label == "NEW CERTIFICATE REQUEST";
    is_request
        .then_some(block.contents)
        .ok_or(CsrError::Malformed)
}

fn read(der: &[u8]) -> Result<BroughtCsr, CsrError> {
    let (rest, request) =
        X509CertificationRequest::from_der(der).map_err(|_| CsrError::Malformed)?;
    if !rest.is_empty() {
        return Err(CsrError::Malformed);
    }
    let info = &request.certification_request_info;
    let spki = info.subject_pki.raw.to_vec();
    let key_type = KeyType::of_spki(&spki).ok_or(CsrError::Key)?;
    request
        .verify_signature()
        .map_err(|_| CsrError::Signature)?;
    let subject = subject_parts(&info.subject);
    let mut texts = alternative_names(&request)?;
    if texts.is_empty() {
        // The old way: the common name is the name.
        let names = subject.iter().filter(|(part, _)| part == "CN");
        texts.extend(names.map(|(_, value)| value.clone()));
    }
    let names = SanName::parse_all(&texts).map_err(CsrError::Names)?;
    Ok(BroughtCsr {
        der: der.to_vec(),
        key_type,
        spki,
        names,
        subject,
    })
}

fn alternative_names(request: &X509CertificationRequest<'_>) -> Result<Vec<String>, CsrError> {
    let mut texts = Vec::new();
    for extension in request.requested_extensions().into_iter().flatten() {
        match extension {
            ParsedExtension::SubjectAlternativeName(names) => {
                texts.extend(names.general_names.iter().map(text_of));
            }
            // Names that cannot be read must not look like no names.
            ParsedExtension::ParseError { .. } => return Err(CsrError::Malformed),
            _ => {}
        }
    }
    Ok(texts)
}

/// What is neither a DNS name nor an address comes out as a text that is no name, and is told so.
fn text_of(name: &GeneralName<'_>) -> String {
    let address = |bytes: &[u8]| {
        let four = <[u8; 4]>::try_from(bytes).map(std::net::IpAddr::from);
        let sixteen = <[u8; 16]>::try_from(bytes).map(std::net::IpAddr::from);
        four.or(sixteen).ok()
    };
    match name {
        GeneralName::DNSName(name) => (*name).to_owned(),
        GeneralName::IPAddress(bytes) => {
            address(bytes).map_or_else(|| "address/".to_owned(), |address| address.to_string())
        }
        other => format!("{}/", clean(&other.to_string(), 80)),
    }
}
