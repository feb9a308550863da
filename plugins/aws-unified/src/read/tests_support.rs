//! What the tests of this folder share.

use sensor_sdk::types::aws::CertificateSummary;

/// An imported certificate as a search tells it.
pub(super) fn summary(id: &str) -> CertificateSummary {
    CertificateSummary {
        arn: format!("arn:aws:acm:eu-central-1:123456789012:certificate/{id}"),
        domain_name: Some("www.example.com".to_owned()),
        subject_alternative_names: vec!["www.example.com".to_owned()],
        has_additional_subject_alternative_names: false,
        status: Some("ISSUED".to_owned()),
        certificate_type: Some("IMPORTED".to_owned()),
        key_algorithm: Some("RSA_2048".to_owned()),
        serial_number: Some("0a".to_owned()),
        in_use: Some(false),
        exported: None,
        export_option: None,
        renewal_eligibility: Some("INELIGIBLE".to_owned()),
        renewal_status: None,
        managed_by: None,
        key_pair_origin: Some("CUSTOMER_PROVIDED".to_owned()),
        validation_method: None,
        acme_endpoint_arn: None,
        not_before: Some(1_000),
        not_after: Some(9_000),
        created_at: Some(1_000),
        issued_at: None,
        imported_at: Some(1_000),
        revoked_at: None,
    }
}
