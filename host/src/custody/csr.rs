//! Requests for certificates: PKCS#10, by rcgen.
//! Above: `custody`. Below: `pair` signs.
//! Invariant: asks for what the profile says and nothing else.

use super::error::CustodyError;
use super::pair::Pair;
use crate::model::name::SanName;
use crate::model::profile::{Subject, SubjectPart};
use crate::model::usage::{ExtendedKeyUsage, KeyUsage};
use rcgen::string::{Ia5String, PrintableString};
use rcgen::{
    CertificateParams, DistinguishedName, DnType, DnValue, ExtendedKeyUsagePurpose,
    KeyUsagePurpose, SanType,
};

/// What a request for a certificate asks for.
#[derive(Debug, Clone, Copy)]
pub struct CsrWanted<'a> {
    pub names: &'a [SanName],
    pub subject: &'a Subject,
    pub key_usages: &'a [KeyUsage],
    pub extended_key_usages: &'a [ExtendedKeyUsage],
}

pub(super) fn make(pair: &Pair, wanted: &CsrWanted<'_>) -> Result<Vec<u8>, CustodyError> {
    let failed = |_| CustodyError::Failed("used to sign a request");
    let mut params = CertificateParams::default();
    params.distinguished_name = distinguished_name(wanted.subject).map_err(failed)?;
    params.subject_alt_names = wanted
        .names
        .iter()
        .filter_map(san)
        .collect::<Result<_, _>>()
        .map_err(failed)?;
    params.key_usages = wanted
        .key_usages
        .iter()
        .map(|one| key_usage(*one))
        .collect();
    params.extended_key_usages = wanted
        .extended_key_usages
        .iter()
        .map(|one| extended_key_usage(*one))
        .collect();
    let request = params.serialize_request(pair).map_err(failed)?;
    Ok(request.der().to_vec())
}

fn san(name: &SanName) -> Option<Result<SanType, rcgen::Error>> {
    let dns = |text: &str| Ia5String::try_from(text).map(SanType::DnsName);
    let address = name.ip().map(SanType::IpAddress).map(Ok);
    name.dns().map(dns).or(address)
}

/// From the country down to the name, as X.500 has it.
fn distinguished_name(subject: &Subject) -> Result<DistinguishedName, rcgen::Error> {
    let mut name = DistinguishedName::new();
    for (part, text) in &subject.parts {
        let (kind, value) = match part {
            // RFC 5280 allows no other type of text here.
            SubjectPart::Country => (
                DnType::CountryName,
                DnValue::PrintableString(PrintableString::try_from(text.as_str())?),
            ),
            SubjectPart::State => (DnType::StateOrProvinceName, utf8(text)),
            SubjectPart::Locality => (DnType::LocalityName, utf8(text)),
            SubjectPart::Organization => (DnType::OrganizationName, utf8(text)),
            SubjectPart::OrganizationalUnit => (DnType::OrganizationalUnitName, utf8(text)),
        };
        name.push(kind, value);
    }
    if let Some(text) = &subject.common_name {
        name.push(DnType::CommonName, utf8(text));
    }
    Ok(name)
}

fn utf8(text: &str) -> DnValue {
    DnValue::Utf8String(text.to_owned())
}

fn key_usage(usage: KeyUsage) -> KeyUsagePurpose {
    match usage {
        KeyUsage::DigitalSignature => KeyUsagePurpose::DigitalSignature,
        KeyUsage::NonRepudiation => KeyUsagePurpose::ContentCommitment,
        KeyUsage::KeyEncipherment => KeyUsagePurpose::KeyEncipherment,
        KeyUsage::DataEncipherment => KeyUsagePurpose::DataEncipherment,
        KeyUsage::KeyAgreement => KeyUsagePurpose::KeyAgreement,
    }
}

fn extended_key_usage(usage: ExtendedKeyUsage) -> ExtendedKeyUsagePurpose {
    match usage {
        ExtendedKeyUsage::ServerAuth => ExtendedKeyUsagePurpose::ServerAuth,
        ExtendedKeyUsage::ClientAuth => ExtendedKeyUsagePurpose::ClientAuth,
        ExtendedKeyUsage::CodeSigning => ExtendedKeyUsagePurpose::CodeSigning,
        ExtendedKeyUsage::EmailProtection => ExtendedKeyUsagePurpose::EmailProtection,
        ExtendedKeyUsage::TimeStamping => ExtendedKeyUsagePurpose::TimeStamping,
        ExtendedKeyUsage::OcspSigning => ExtendedKeyUsagePurpose::OcspSigning,
    }
}
