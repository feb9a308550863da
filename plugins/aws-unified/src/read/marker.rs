//! The marker of a certificate: what its summary says that can change, as a short text.
//! Above: `read`. Below: `hash`, `wanted`.
//! Invariant: SearchCertificates and ListCertificates give the same first part, so that changing from one to the other
//! fetches nothing anew.

use super::convert::key_algorithm;
use super::memory::{Item, Verdict};
use super::wanted::is_wanted;
use crate::hash::hash;
use crate::settings::Settings;
use sensor_sdk::types::aws::CertificateSummary;
use sensor_sdk::types::{Marker, Timestamp};

/// Counts up when more goes into a marker: then everything is fetched once.
const FORM: &str = "1";
/// At a marker's end: something was denied, and may be allowed by now.
const INCOMPLETE: char = '~';

/// `1:<both lists' fields>:<fields of a search only, or nothing>`.
pub(super) fn of(summary: &CertificateSummary, complete: bool) -> String {
    let common = common(summary);
    let end = if complete { "" } else { "~" };
    match searched(summary) {
        Some(more) => format!("{FORM}:{common:016x}:{more:016x}{end}"),
        None => format!("{FORM}:{common:016x}:{end}"),
    }
}

fn common(summary: &CertificateSummary) -> u64 {
    let algorithm = summary.key_algorithm.as_deref().map(key_algorithm);
    let texts = [
        &summary.status,
        &summary.certificate_type,
        &algorithm,
        &summary.renewal_eligibility,
        &summary.key_pair_origin,
    ];
    let times = [
        summary.not_before,
        summary.not_after,
        summary.created_at,
        summary.issued_at,
        summary.imported_at,
        summary.revoked_at,
    ];
    let flags = [summary.in_use, summary.exported];
    let mut parts: Vec<String> = texts
        .into_iter()
        .map(|text| text.clone().unwrap_or_default())
        .collect();
    // Whole seconds: one list may round where the other does not.
    parts.extend(times.map(|time| {
        time.map(|ms| ms.div_euclid(1000).to_string())
            .unwrap_or_default()
    }));
    parts.extend(flags.map(|flag| flag.unwrap_or(false).to_string()));
    hash(parts.iter().map(String::as_str))
}

/// What only SearchCertificates tells.
fn searched(summary: &CertificateSummary) -> Option<u64> {
    let told = [&summary.serial_number, &summary.renewal_status];
    let any = told.iter().any(|text| text.is_some());
    any.then(|| hash(told.map(|text| text.as_deref().unwrap_or_default())))
}

/// What to do about a listed certificate.
pub(super) fn verdict(
    settings: &Settings,
    item: &Item,
    known: Option<&Marker>,
    started: Timestamp,
    now: Timestamp,
) -> Verdict {
    let Some(known) = known else {
        let wanted = is_wanted(
            &settings.import,
            item.summary.status.as_deref(),
            item.summary.not_after,
            now,
        );
        return if wanted {
            Verdict::New
        } else {
            Verdict::Filtered
        };
    };
    if !is_same(&known.value, &item.summary) {
        return Verdict::Known;
    }
    if known.read_at >= started {
        return Verdict::Unchanged;
    }
    if is_old(settings, &item.arn, known.read_at, now) {
        return Verdict::Known;
    }
    if known.value.ends_with(INCOMPLETE) {
        Verdict::Incomplete
    } else {
        Verdict::Unchanged
    }
}

fn is_same(known: &str, summary: &CertificateSummary) -> bool {
    let mut parts = known.trim_end_matches(INCOMPLETE).splitn(3, ':');
    let (form, first, second) = (parts.next(), parts.next(), parts.next().unwrap_or_default());
    let same_more = match searched(summary) {
        Some(more) if !second.is_empty() => second == format!("{more:016x}"),
        _ => true,
    };
    form == Some(FORM) && first == Some(&format!("{:016x}", common(summary))) && same_more
}

/// Each certificate has its own age, from half the maximum to all of it, so that not all come due in one run.
fn is_old(settings: &Settings, arn: &str, read_at: Timestamp, now: Timestamp) -> bool {
    let Some(most) = settings.details_max_age else {
        return false;
    };
    let half = most / 2;
    let share = i64::try_from(hash([arn]) % 1000).unwrap_or(0);
    let own = most - half / 1000 * share;
    now - read_at >= own
}

#[cfg(test)]
mod tests {
    use super::super::tests_support::summary;
    use super::*;

    fn settings(age: &str) -> Settings {
        Settings::parse(&format!(
            r#"{{"scope": "account", "details_max_age": "{age}"}}"#
        ))
        .expect("legal")
    }

    #[test]
    fn fact_09_what_a_reimport_changes_changes_the_marker() {
        let before = summary("1");
        let marker = of(&before, true);
        assert!(is_same(&marker, &before));
        let changes: [fn(&mut CertificateSummary); 8] = [
            |s| s.imported_at = Some(7_000),
            |s| s.not_after = Some(7_000),
            |s| s.status = Some("REVOKED".into()),
            |s| s.revoked_at = Some(7_000),
            |s| s.in_use = Some(true),
            |s| s.serial_number = Some("ff".into()),
            |s| s.renewal_status = Some("FAILED".into()),
            |s| s.renewal_eligibility = Some("ELIGIBLE".into()),
        ];
        for (at, change) in changes.into_iter().enumerate() {
            let mut after = before.clone();
            change(&mut after);
            assert!(!is_same(&marker, &after), "change {at}");
        }
    }

    #[test]
    fn fact_07_the_spelling_of_a_key_algorithm_is_no_change() {
        let before = summary("1");
        let after = CertificateSummary {
            key_algorithm: Some("RSA-2048".into()),
            ..before.clone()
        };
        assert!(is_same(&of(&before, true), &after));
    }

    #[test]
    fn going_over_from_search_to_list_and_back_fetches_nothing() {
        let searched = summary("1");
        let listed = CertificateSummary {
            serial_number: None,
            renewal_status: None,
            ..searched.clone()
        };
        assert!(is_same(&of(&searched, true), &listed));
        assert!(is_same(&of(&listed, true), &searched));
    }

    #[test]
    fn details_come_due_one_by_one_and_never_later_than_asked() {
        let (settings, day) = (settings("10d"), 86_400_000);
        let due = |days: i64| {
            (0..200)
                .filter(|n| is_old(&settings, &format!("arn-{n}"), 0, days * day))
                .count()
        };
        assert_eq!(due(4), 0);
        assert!((50..150).contains(&due(7)), "{}", due(7));
        assert_eq!(due(10), 200);
        assert!(!is_old(&self::settings("never"), "arn", 0, i64::MAX));
        assert!(is_old(&self::settings("0s"), "arn", 5, 5));
    }

    #[test]
    fn what_this_split_has_read_already_is_not_read_again() {
        let item = Item::from(summary("1"));
        let known = |read_at| Marker {
            value: of(&item.summary, true),
            read_at,
        };
        let always = settings("0s");
        assert_eq!(
            verdict(&always, &item, Some(&known(10)), 10, 20),
            Verdict::Unchanged
        );
        assert_eq!(
            verdict(&always, &item, Some(&known(9)), 10, 20),
            Verdict::Known
        );
    }
}
