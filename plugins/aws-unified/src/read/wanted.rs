//! What is worth a call: the import filters (valid certificates always, expired and revoked ones when asked for), and
//! whether the details say more than the list did.
//! Above: `read`. Below: `settings`.
//! Invariant: only what the host does not know yet is left out; what it knows is told for what it is.

use crate::settings::Import;
use sensor_sdk::types::Timestamp;
use sensor_sdk::types::aws::CertificateSummary;

/// Whether a certificate in this state is to be imported.
pub(super) fn is_wanted(
    import: &Import,
    status: Option<&str>,
    not_after: Option<Timestamp>,
    now: Timestamp,
) -> bool {
    if status == Some("REVOKED") && !import.include_revoked {
        return false;
    }
    let ended = not_after.filter(|end| *end < now);
    if ended.is_none() && status != Some("EXPIRED") {
        return true;
    }
    match (import.expired_since, not_after) {
        (Some(since), Some(end)) => end >= since,
        // Expired at an unknown time: better one too many than one lost.
        (Some(_), None) => true,
        (None, _) => import.include_expired,
    }
}

/// Whether DescribeCertificate would tell anything that this summary does not. Not for one that nobody uses, that is
/// in good order, and of whose kind the list has told everything; a search tells more than a list.
pub(super) fn needs_details(summary: &CertificateSummary) -> bool {
    let word = |text: &Option<String>| text.clone().unwrap_or_default();
    let idle = summary.in_use == Some(false);
    let orderly = matches!(
        word(&summary.status).as_str(),
        "ISSUED" | "INACTIVE" | "EXPIRED"
    );
    let named = summary.domain_name.is_some() || !summary.subject_alternative_names.is_empty();
    let acme = word(&summary.key_pair_origin) == "ACME" && summary.acme_endpoint_arn.is_none();
    // Why a renewal went wrong is in the details alone, as is the authority of a private certificate.
    let of_kind = match word(&summary.certificate_type).as_str() {
        "IMPORTED" => true,
        "AMAZON_ISSUED" => {
            let renewal = word(&summary.renewal_status);
            summary.validation_method.is_some() && matches!(renewal.as_str(), "" | "SUCCESS")
        }
        _ => false,
    };
    !(idle && orderly && named && of_kind && !acme)
}

#[cfg(test)]
mod tests {
    use super::super::tests_support::summary;
    use super::*;

    #[test]
    fn details_are_asked_for_where_they_tell_more() {
        let idle = summary("1");
        assert!(!needs_details(&idle));
        let searched = CertificateSummary {
            certificate_type: Some("AMAZON_ISSUED".into()),
            validation_method: Some("DNS".into()),
            ..idle.clone()
        };
        assert!(!needs_details(&searched));
        let changes: [fn(&mut CertificateSummary); 9] = [
            |s| s.in_use = Some(true),
            |s| s.in_use = None,
            |s| s.status = Some("REVOKED".into()),
            |s| s.status = None,
            |s| s.renewal_status = Some("FAILED".into()),
            |s| s.validation_method = None,
            |s| s.certificate_type = Some("PRIVATE".into()),
            |s| s.key_pair_origin = Some("ACME".into()),
            |s| (s.domain_name, s.subject_alternative_names) = (None, Vec::new()),
        ];
        for (at, change) in changes.into_iter().enumerate() {
            let mut other = searched.clone();
            change(&mut other);
            assert!(needs_details(&other), "change {at}");
        }
    }

    #[test]
    fn decides() {
        let none = Import::default();
        let all = Import {
            include_expired: true,
            ..none
        };
        let since = Import {
            include_expired: true,
            expired_since: Some(50),
            ..none
        };
        let revoked = Import {
            include_revoked: true,
            ..none
        };
        for (import, status, not_after, wanted) in [
            (none, Some("ISSUED"), Some(200), true),
            (none, Some("ISSUED"), Some(99), false),
            (none, Some("INACTIVE"), Some(200), true),
            (none, Some("EXPIRED"), Some(99), false),
            (none, Some("EXPIRED"), None, false),
            (none, Some("PENDING_VALIDATION"), None, true),
            (none, Some("REVOKED"), Some(200), false),
            (none, None, None, true),
            (all, Some("EXPIRED"), Some(1), true),
            (since, Some("EXPIRED"), Some(50), true),
            (since, Some("EXPIRED"), Some(49), false),
            (since, Some("EXPIRED"), None, true),
            (revoked, Some("REVOKED"), Some(200), true),
            (revoked, Some("REVOKED"), Some(99), false),
        ] {
            assert_eq!(
                is_wanted(&import, status, not_after, 100),
                wanted,
                "{import:?} {status:?} {not_after:?}"
            );
        }
    }
}
