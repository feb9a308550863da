//! ACM's records as the contract's: ListCertificates and DescribeCertificate.
//! Above: `acm`. Below: aws-sdk-acm's types.
//! Invariant: nothing is judged here; an unknown value is kept as text.

use crate::backend::sdk::{millis, word};
use crate::bindings::connector::sensor::aws::types as aws;
use aws_sdk_acm::types;

pub(super) fn summary(found: types::CertificateSummary) -> aws::CertificateSummary {
    aws::CertificateSummary {
        arn: found.certificate_arn.unwrap_or_default(),
        domain_name: found.domain_name,
        subject_alternative_names: found.subject_alternative_name_summaries.unwrap_or_default(),
        has_additional_subject_alternative_names: found
            .has_additional_subject_alternative_names
            .unwrap_or_default(),
        status: word(found.status.as_ref()),
        certificate_type: word(found.r#type.as_ref()),
        key_algorithm: word(found.key_algorithm.as_ref()),
        serial_number: None,
        in_use: found.in_use,
        exported: found.exported,
        export_option: word(found.export_option.as_ref()),
        renewal_eligibility: word(found.renewal_eligibility.as_ref()),
        renewal_status: None,
        managed_by: word(found.managed_by.as_ref()),
        key_pair_origin: word(found.certificate_key_pair_origin.as_ref()),
        validation_method: None,
        acme_endpoint_arn: None,
        not_before: millis(found.not_before.as_ref()),
        not_after: millis(found.not_after.as_ref()),
        created_at: millis(found.created_at.as_ref()),
        issued_at: millis(found.issued_at.as_ref()),
        imported_at: millis(found.imported_at.as_ref()),
        revoked_at: millis(found.revoked_at.as_ref()),
    }
}

pub(super) fn detail(found: types::CertificateDetail) -> aws::CertificateDetail {
    let renewal = found.renewal_summary.as_ref();
    let export = found
        .options
        .as_ref()
        .and_then(|options| options.export.as_ref());
    let validation = found
        .domain_validation_options
        .iter()
        .flatten()
        .find_map(|domain| domain.validation_method.as_ref());
    let usages = found
        .key_usages
        .iter()
        .flatten()
        .filter_map(|usage| usage.name.as_ref());
    let extended = found.extended_key_usages.iter().flatten();
    aws::CertificateDetail {
        arn: found.certificate_arn.unwrap_or_default(),
        domain_name: found.domain_name,
        subject_alternative_names: found.subject_alternative_names.unwrap_or_default(),
        serial: found.serial,
        subject: found.subject,
        issuer: found.issuer,
        status: word(found.status.as_ref()),
        certificate_type: word(found.r#type.as_ref()),
        key_algorithm: word(found.key_algorithm.as_ref()),
        signature_algorithm: found.signature_algorithm,
        key_usages: usages.map(|usage| usage.as_str().to_owned()).collect(),
        extended_key_usages: extended.filter_map(extended_usage).collect(),
        in_use_by: found.in_use_by.unwrap_or_default(),
        failure_reason: word(found.failure_reason.as_ref()),
        revocation_reason: word(found.revocation_reason.as_ref()),
        renewal_eligibility: word(found.renewal_eligibility.as_ref()),
        renewal_status: word(renewal.map(|renewal| &renewal.renewal_status)),
        renewal_status_reason: word(renewal.and_then(|r| r.renewal_status_reason.as_ref())),
        managed_by: word(found.managed_by.as_ref()),
        key_pair_origin: word(found.certificate_key_pair_origin.as_ref()),
        certificate_authority_arn: found.certificate_authority_arn,
        acme_endpoint_arn: found.acme_endpoint_arn,
        export_option: word(export),
        validation_method: word(validation),
        not_before: millis(found.not_before.as_ref()),
        not_after: millis(found.not_after.as_ref()),
        created_at: millis(found.created_at.as_ref()),
        issued_at: millis(found.issued_at.as_ref()),
        imported_at: millis(found.imported_at.as_ref()),
        revoked_at: millis(found.revoked_at.as_ref()),
    }
}

/// The usage's name; its OID where AWS has no name for it.
fn extended_usage(usage: &types::ExtendedKeyUsage) -> Option<String> {
    let name = usage.name.as_ref().map(|name| name.as_str().to_owned());
    match (name, &usage.oid) {
        (Some(name), Some(oid)) if name == "CUSTOM" => Some(oid.clone()),
        (Some(name), _) => Some(name),
        (None, oid) => oid.clone(),
    }
}
