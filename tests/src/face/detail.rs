//! What DescribeCertificate answers.
//! Above: `acm`. Below: serde.
//! Invariant: renewal stands on Amazon's own certificates alone (fact 11), as the model says it.

use super::answer::Seconds;
use sensor_sdk::types::aws::CertificateDetail;
use serde::Serialize;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Detail<'a> {
    certificate_arn: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    domain_name: Option<&'a str>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    subject_alternative_names: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    domain_validation_options: Option<[Validation<'a>; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    serial: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issuer: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'a str>,
    #[serde(rename = "Type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_algorithm: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signature_algorithm: Option<&'a str>,
    key_usages: Vec<Usage<'a>>,
    extended_key_usages: Vec<Usage<'a>>,
    in_use_by: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    failure_reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revocation_reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    renewal_eligibility: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    renewal_summary: Option<Renewal<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    managed_by: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate_key_pair_origin: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate_authority_arn: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    acme_endpoint_arn: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    options: Option<Options<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_before: Option<Seconds>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_after: Option<Seconds>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<Seconds>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issued_at: Option<Seconds>,
    #[serde(skip_serializing_if = "Option::is_none")]
    imported_at: Option<Seconds>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked_at: Option<Seconds>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Usage<'a> {
    name: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Validation<'a> {
    domain_name: &'a str,
    validation_method: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Renewal<'a> {
    renewal_status: &'a str,
    domain_validation_options: [Validation<'a>; 0],
    #[serde(skip_serializing_if = "Option::is_none")]
    renewal_status_reason: Option<&'a str>,
    updated_at: Seconds,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Options<'a> {
    certificate_transparency_logging_preference: &'static str,
    export: &'a str,
}

impl<'a> Detail<'a> {
    pub(crate) fn of(detail: &'a CertificateDetail) -> Self {
        Self {
            certificate_arn: &detail.arn,
            domain_name: detail.domain_name.as_deref(),
            subject_alternative_names: &detail.subject_alternative_names,
            domain_validation_options: validation(detail).map(|one| [one]),
            serial: detail.serial.as_deref(),
            subject: detail.subject.as_deref(),
            issuer: detail.issuer.as_deref(),
            status: detail.status.as_deref(),
            kind: detail.certificate_type.as_deref(),
            key_algorithm: detail.key_algorithm.as_deref(),
            signature_algorithm: detail.signature_algorithm.as_deref(),
            key_usages: usages(&detail.key_usages),
            extended_key_usages: usages(&detail.extended_key_usages),
            in_use_by: &detail.in_use_by,
            failure_reason: detail.failure_reason.as_deref(),
            revocation_reason: detail.revocation_reason.as_deref(),
            renewal_eligibility: detail.renewal_eligibility.as_deref(),
            renewal_summary: renewal(detail),
            managed_by: detail.managed_by.as_deref(),
            certificate_key_pair_origin: detail.key_pair_origin.as_deref(),
            certificate_authority_arn: detail.certificate_authority_arn.as_deref(),
            acme_endpoint_arn: detail.acme_endpoint_arn.as_deref(),
            options: options(detail),
            not_before: detail.not_before.map(Seconds),
            not_after: detail.not_after.map(Seconds),
            created_at: detail.created_at.map(Seconds),
            issued_at: detail.issued_at.map(Seconds),
            imported_at: detail.imported_at.map(Seconds),
            revoked_at: detail.revoked_at.map(Seconds),
        }
    }
}

fn usages(names: &[String]) -> Vec<Usage<'_>> {
    names.iter().map(|name| Usage { name }).collect()
}

fn validation(detail: &CertificateDetail) -> Option<Validation<'_>> {
    Some(Validation {
        domain_name: detail.domain_name.as_deref()?,
        validation_method: detail.validation_method.as_deref()?,
    })
}

fn renewal(detail: &CertificateDetail) -> Option<Renewal<'_>> {
    Some(Renewal {
        renewal_status: detail.renewal_status.as_deref()?,
        domain_validation_options: [],
        renewal_status_reason: detail.renewal_status_reason.as_deref(),
        updated_at: Seconds(detail.issued_at.or(detail.created_at).unwrap_or_default()),
    })
}

fn options(detail: &CertificateDetail) -> Option<Options<'_>> {
    let export = detail.export_option.as_deref()?;
    Some(Options {
        certificate_transparency_logging_preference: "ENABLED",
        export,
    })
}
