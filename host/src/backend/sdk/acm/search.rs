//! SearchCertificates: the contract's plain filter as AWS's filter tree, and AWS's nested records as flat ones.
//! Above: `acm`. Below: aws-sdk-acm's types.
//! Invariant: all conditions of the contract's filter hold at once.

use crate::backend::sdk::{millis, word};
use crate::bindings::connector::sensor::aws::types as aws;
use aws_sdk_acm::types::{
    self, AcmCertificateMetadataFilter as Metadata, CertificateFilter,
    CertificateFilterStatement as Statement, CertificateMetadata, GeneralName, X509AttributeFilter,
    X509Attributes,
};

/// As many names as a summary holds (fact 5).
const NAMES: usize = 100;

pub(super) fn statement(filter: &aws::SearchFilter) -> Option<Statement> {
    let metadata =
        |filter| Statement::Filter(CertificateFilter::AcmCertificateMetadataFilter(filter));
    let serial = filter.serial_number.iter().map(|serial| {
        Statement::Filter(CertificateFilter::X509AttributeFilter(
            X509AttributeFilter::SerialNumber(serial.clone()),
        ))
    });
    let statuses = filter
        .statuses
        .iter()
        .map(|status| metadata(Metadata::Status(status.as_str().into())));
    let kinds = filter
        .types
        .iter()
        .map(|kind| metadata(Metadata::Type(kind.as_str().into())));
    let all = [
        one_of(serial.collect()),
        one_of(statuses.collect()),
        one_of(kinds.collect()),
    ];
    let mut all: Vec<Statement> = all.into_iter().flatten().collect();
    if all.len() > 1 {
        Some(Statement::And(all))
    } else {
        all.pop()
    }
}

fn one_of(mut statements: Vec<Statement>) -> Option<Statement> {
    if statements.len() > 1 {
        Some(Statement::Or(statements))
    } else {
        statements.pop()
    }
}

pub(super) fn summary(found: types::CertificateSearchResult) -> aws::CertificateSummary {
    let x509 = found.x509_attributes;
    let mut names: Vec<String> = x509
        .iter()
        .flat_map(|x509| x509.subject_alternative_names().iter().filter_map(name))
        .collect();
    let more = names.len() > NAMES;
    names.truncate(NAMES);
    let metadata = match found.certificate_metadata {
        Some(CertificateMetadata::AcmCertificateMetadata(metadata)) => Some(metadata),
        _ => None,
    };
    let metadata = metadata.as_ref();
    let x509 = x509.as_ref();
    aws::CertificateSummary {
        arn: found.certificate_arn.unwrap_or_default(),
        domain_name: x509.and_then(common_name),
        subject_alternative_names: names,
        has_additional_subject_alternative_names: more,
        status: word(metadata.and_then(|m| m.status.as_ref())),
        certificate_type: word(metadata.and_then(|m| m.r#type.as_ref())),
        key_algorithm: word(x509.and_then(X509Attributes::key_algorithm)),
        serial_number: x509.and_then(|x509| x509.serial_number.clone()),
        in_use: metadata.and_then(|m| m.in_use),
        exported: metadata.and_then(|m| m.exported),
        export_option: word(metadata.and_then(|m| m.export_option.as_ref())),
        renewal_eligibility: word(metadata.and_then(|m| m.renewal_eligibility.as_ref())),
        renewal_status: word(metadata.and_then(|m| m.renewal_status.as_ref())),
        managed_by: word(metadata.and_then(|m| m.managed_by.as_ref())),
        key_pair_origin: word(metadata.and_then(|m| m.certificate_key_pair_origin.as_ref())),
        validation_method: word(metadata.and_then(|m| m.validation_method.as_ref())),
        acme_endpoint_arn: metadata.and_then(|m| m.acme_endpoint_arn.clone()),
        not_before: millis(x509.and_then(X509Attributes::not_before)),
        not_after: millis(x509.and_then(X509Attributes::not_after)),
        created_at: millis(metadata.and_then(|m| m.created_at.as_ref())),
        issued_at: millis(metadata.and_then(|m| m.issued_at.as_ref())),
        imported_at: millis(metadata.and_then(|m| m.imported_at.as_ref())),
        revoked_at: millis(metadata.and_then(|m| m.revoked_at.as_ref())),
    }
}

fn common_name(x509: &X509Attributes) -> Option<String> {
    x509.subject()
        .and_then(|subject| subject.common_name.clone())
}

fn name(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::DnsName(text)
        | GeneralName::IpAddress(text)
        | GeneralName::Rfc822Name(text)
        | GeneralName::UniformResourceIdentifier(text)
        | GeneralName::RegisteredId(text) => Some(text.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Statement, statement};
    use crate::bindings::connector::sensor::aws::types::SearchFilter;

    #[test]
    fn conditions_hold_together_and_values_of_one_are_alternatives() {
        let owned = |values: &[&str]| {
            values
                .iter()
                .map(|value| (*value).to_owned())
                .collect::<Vec<_>>()
        };
        let filter = |serial: Option<&str>, statuses: &[&str], kinds: &[&str]| SearchFilter {
            serial_number: serial.map(str::to_owned),
            statuses: owned(statuses),
            types: owned(kinds),
        };
        assert!(statement(&filter(None, &[], &[])).is_none());
        assert!(matches!(
            statement(&filter(Some("01"), &[], &[])),
            Some(Statement::Filter(_))
        ));
        assert!(
            matches!(statement(&filter(None, &["ISSUED", "EXPIRED"], &[])), Some(Statement::Or(two)) if two.len() == 2)
        );
        let both = statement(&filter(Some("01"), &["ISSUED", "EXPIRED"], &["IMPORTED"]));
        let Some(Statement::And(all)) = both else {
            panic!("{both:?}")
        };
        assert!(matches!(
            &all[..],
            [Statement::Filter(_), Statement::Or(_), Statement::Filter(_)]
        ));
    }
}
