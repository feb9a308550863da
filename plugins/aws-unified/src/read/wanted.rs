//! The import filters: valid certificates always, expired and revoked ones when asked for.
//! Above: `read`. Below: `settings`.
//! Invariant: only what the host does not know yet is left out; what it knows is told for what it is.

use crate::settings::Import;
use sensor_sdk::types::Timestamp;

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

#[cfg(test)]
mod tests {
    use super::*;

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
