//! A certificate of which nothing is known but its ARN.

use crate::bindings::connector::sensor::aws::types as aws;

pub(super) fn detail(arn: &str) -> aws::CertificateDetail {
    aws::CertificateDetail {
        arn: arn.to_owned(),
        domain_name: None,
        subject_alternative_names: vec![],
        serial: None,
        subject: None,
        issuer: None,
        status: None,
        certificate_type: None,
        key_algorithm: None,
        signature_algorithm: None,
        key_usages: vec![],
        extended_key_usages: vec![],
        in_use_by: vec![],
        failure_reason: None,
        revocation_reason: None,
        renewal_eligibility: None,
        renewal_status: None,
        renewal_status_reason: None,
        managed_by: None,
        key_pair_origin: None,
        certificate_authority_arn: None,
        acme_endpoint_arn: None,
        export_option: None,
        validation_method: None,
        not_before: None,
        not_after: None,
        created_at: None,
        issued_at: None,
        imported_at: None,
        revoked_at: None,
    }
}
