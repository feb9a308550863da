//! From ACM's words to the contract's.
//! Above: `fetch`. Below: the SDK's records.
//! Invariant: what AWS said stays readable beside what it means; a word that is newer than this table is kept.

use sensor_sdk::types::aws::{CertificateDetail, CertificateSummary};
use sensor_sdk::types::{Certificate, CertificateSource, CertificateStatus, Renewal, Tag};

/// What was fetched of one certificate.
pub(super) struct Parts {
    pub(super) der: Option<Vec<u8>>,
    pub(super) chain: Vec<Vec<u8>>,
    pub(super) detail: Option<CertificateDetail>,
    pub(super) tags: Vec<Tag>,
    pub(super) marker: String,
}

/// DescribeCertificate writes `RSA-2048` where the enumeration says `RSA_2048`.
pub(super) fn key_algorithm(word: &str) -> String {
    word.replace('-', "_")
}

pub(super) fn status(word: Option<&str>) -> CertificateStatus {
    match word {
        Some("PENDING_VALIDATION") => CertificateStatus::Pending,
        Some("ISSUED") => CertificateStatus::Issued,
        Some("INACTIVE") => CertificateStatus::Inactive,
        Some("EXPIRED") => CertificateStatus::Expired,
        Some("REVOKED") => CertificateStatus::Revoked,
        Some("FAILED" | "VALIDATION_TIMED_OUT") => CertificateStatus::Failed,
        _ => CertificateStatus::Unknown,
    }
}

/// Whether ACM holds a body in this state; a word that is not known is worth a try.
pub(super) fn has_body(status: CertificateStatus) -> bool {
    !matches!(
        status,
        CertificateStatus::Pending | CertificateStatus::Failed
    )
}

fn source(word: Option<&str>) -> CertificateSource {
    match word {
        Some("IMPORTED") => CertificateSource::Imported,
        Some("AMAZON_ISSUED") => CertificateSource::CloudIssued,
        Some("PRIVATE") => CertificateSource::PrivateCa,
        _ => CertificateSource::Unknown,
    }
}

/// Details where there are any, the summary otherwise.
pub(super) fn certificate(summary: &CertificateSummary, parts: Parts) -> Certificate {
    let Parts {
        der,
        chain,
        detail,
        tags,
        marker,
    } = parts;
    let detail = detail.as_ref();
    let told = |from_detail: fn(&CertificateDetail) -> &Option<String>,
                from_summary: &Option<String>| {
        detail
            .and_then(|detail| from_detail(detail).clone())
            .or_else(|| from_summary.clone())
    };
    let provider_status = told(|detail| &detail.status, &summary.status);
    let kind = told(|detail| &detail.certificate_type, &summary.certificate_type);
    Certificate {
        id: summary.arn.clone(),
        der,
        chain,
        display_name: display_name(summary, detail),
        status: status(provider_status.as_deref()),
        provider_status: provider_status.unwrap_or_else(|| "UNKNOWN".to_owned()),
        source: source(kind.as_deref()),
        in_use: detail
            .map(|detail| !detail.in_use_by.is_empty())
            .or(summary.in_use),
        in_use_by: detail
            .map(|detail| detail.in_use_by.clone())
            .unwrap_or_default(),
        renewal: renewal(summary, detail, kind.as_deref()),
        origin: told(|detail| &detail.key_pair_origin, &summary.key_pair_origin),
        managed_by: told(|detail| &detail.managed_by, &summary.managed_by),
        tags,
        created_at: detail
            .and_then(|detail| detail.created_at)
            .or(summary.created_at),
        imported_at: detail
            .and_then(|detail| detail.imported_at)
            .or(summary.imported_at),
        issued_at: detail
            .and_then(|detail| detail.issued_at)
            .or(summary.issued_at),
        revoked_at: detail
            .and_then(|detail| detail.revoked_at)
            .or(summary.revoked_at),
        marker,
        attributes: attributes(summary, detail),
    }
}

/// ACM may know no domain: then the first alternative name, or what the subject says.
fn display_name(
    summary: &CertificateSummary,
    detail: Option<&CertificateDetail>,
) -> Option<String> {
    let detailed = |detail: &CertificateDetail| {
        let names = [
            &detail.domain_name,
            &detail.subject_alternative_names.first().cloned(),
            &detail.subject,
        ];
        names
            .into_iter()
            .flatten()
            .find(|name| !name.is_empty())
            .cloned()
    };
    let listed = [
        &summary.domain_name,
        &summary.subject_alternative_names.first().cloned(),
    ];
    detail.and_then(detailed).or_else(|| {
        listed
            .into_iter()
            .flatten()
            .find(|name| !name.is_empty())
            .cloned()
    })
}

/// ACM renews what it issued itself, when it is eligible. An imported one is its owner's to renew.
fn renewal(
    summary: &CertificateSummary,
    detail: Option<&CertificateDetail>,
    kind: Option<&str>,
) -> Renewal {
    let eligibility = detail.and_then(|detail| detail.renewal_eligibility.as_deref());
    let eligible = eligibility.or(summary.renewal_eligibility.as_deref()) == Some("ELIGIBLE");
    Renewal {
        automatic: eligible && kind.is_some_and(|kind| kind != "IMPORTED"),
        status: detail
            .and_then(|detail| detail.renewal_status.clone())
            .or_else(|| summary.renewal_status.clone()),
        reason: detail.and_then(|detail| detail.renewal_status_reason.clone()),
    }
}

/// What else is worth showing.
fn attributes(summary: &CertificateSummary, detail: Option<&CertificateDetail>) -> Vec<Tag> {
    let mut all = Vec::new();
    let mut add = |key: &str, value: Option<String>| {
        all.extend(value.filter(|value| !value.is_empty()).map(|value| Tag {
            key: key.to_owned(),
            value,
        }));
    };
    let algorithm = detail
        .and_then(|detail| detail.key_algorithm.as_deref())
        .or(summary.key_algorithm.as_deref());
    add("key-algorithm", algorithm.map(key_algorithm));
    let eligibility = detail.and_then(|detail| detail.renewal_eligibility.clone());
    add(
        "renewal-eligibility",
        eligibility.or_else(|| summary.renewal_eligibility.clone()),
    );
    let export = detail.and_then(|detail| detail.export_option.clone());
    add(
        "export-option",
        export.or_else(|| summary.export_option.clone()),
    );
    add(
        "exported",
        summary.exported.map(|exported| exported.to_string()),
    );
    if let Some(detail) = detail {
        add("failure-reason", detail.failure_reason.clone());
        add("revocation-reason", detail.revocation_reason.clone());
        add("validation-method", detail.validation_method.clone());
        add(
            "certificate-authority",
            detail.certificate_authority_arn.clone(),
        );
        add("acme-endpoint", detail.acme_endpoint_arn.clone());
    }
    all
}
