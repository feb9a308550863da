//! The model's small enumerations in words, symbols and tones.
//! Above: `render`, `filter`. Below: `model`.
//! Invariant: the words are those of the JSON form, so that what is read can be typed into a filter.

use super::style::{Tone, safe};
use crate::model::asset::{Source, Status};
use crate::model::check::CheckStatus;
use crate::model::problem::Severity;
use crate::model::revocation::RevocationWord;
use crate::model::run::{Run, RunStatus};
use crate::model::split::Coverage;
use crate::model::time::Millis;

/// Every status, with its word.
pub(super) const STATUSES: [(&str, Status); 7] = [
    ("pending", Status::Pending),
    ("issued", Status::Issued),
    ("inactive", Status::Inactive),
    ("expired", Status::Expired),
    ("revoked", Status::Revoked),
    ("failed", Status::Failed),
    ("unknown", Status::Unknown),
];

/// Every source, with its word.
pub(super) const SOURCES: [(&str, Source); 4] = [
    ("imported", Source::Imported),
    ("cloud-issued", Source::CloudIssued),
    ("private-ca", Source::PrivateCa),
    ("unknown", Source::Unknown),
];

/// What a CA says, with its word.
pub(super) const REVOCATIONS: [(&str, RevocationWord); 4] = [
    ("good", RevocationWord::Good),
    ("revoked", RevocationWord::Revoked),
    ("unknown", RevocationWord::Unknown),
    ("not-checked", RevocationWord::NotChecked),
];

fn word_of<T: PartialEq>(words: &[(&'static str, T)], value: &T) -> &'static str {
    words
        .iter()
        .find(|(_, known)| known == value)
        .map_or("?", |(word, _)| word)
}

pub(super) fn status(status: Status) -> (&'static str, Tone) {
    let tone = match status {
        Status::Issued => Tone::Good,
        Status::Pending | Status::Inactive | Status::Unknown => Tone::Warning,
        Status::Expired | Status::Revoked | Status::Failed => Tone::Bad,
    };
    (word_of(&STATUSES, &status), tone)
}

pub(super) fn source(source: Source) -> &'static str {
    word_of(&SOURCES, &source)
}

/// Where something lies that has no region: everywhere, or, where not even the service is told, in the regions of an
/// account that could not be listed.
pub(super) fn region(region: Option<&str>, service: &str) -> String {
    match region {
        Some(region) => safe(region),
        None if service.is_empty() => "other regions".to_owned(),
        None => "global".to_owned(),
    }
}

/// Symbol, word, tone.
pub(super) fn coverage(coverage: Option<Coverage>) -> (&'static str, &'static str, Tone) {
    match coverage {
        Some(Coverage::Complete) => ("✓", "complete", Tone::Good),
        Some(Coverage::Partial) => ("◐", "partial", Tone::Warning),
        Some(Coverage::Denied) => ("⊘", "denied", Tone::Bad),
        Some(Coverage::Throttled) => ("≋", "throttled", Tone::Warning),
        Some(Coverage::Failed) => ("✗", "failed", Tone::Bad),
        Some(Coverage::Skipped) => ("-", "skipped", Tone::Dim),
        None => ("·", "not read yet", Tone::Dim),
    }
}

/// The order in which coverages are told: what is well first.
pub(super) const COVERAGES: [Coverage; 6] = [
    Coverage::Complete,
    Coverage::Partial,
    Coverage::Throttled,
    Coverage::Denied,
    Coverage::Failed,
    Coverage::Skipped,
];

pub(super) fn run_status(status: RunStatus) -> (&'static str, Tone) {
    match status {
        RunStatus::Running => ("running", Tone::Plain),
        RunStatus::Complete => ("complete", Tone::Good),
        RunStatus::Partial => ("partial", Tone::Warning),
        RunStatus::Failed => ("failed", Tone::Bad),
        RunStatus::Stopped => ("stopped", Tone::Warning),
        RunStatus::Interrupted => ("interrupted", Tone::Warning),
    }
}

pub(super) fn severity(severity: Severity) -> (&'static str, Tone) {
    match severity {
        Severity::Info => ("info", Tone::Dim),
        Severity::Warning => ("warning", Tone::Warning),
        Severity::Error => ("error", Tone::Bad),
    }
}

pub(super) fn check(status: CheckStatus) -> (&'static str, Tone) {
    match status {
        CheckStatus::Success => ("success", Tone::Good),
        CheckStatus::Warning => ("warning", Tone::Warning),
        CheckStatus::Failure => ("failure", Tone::Bad),
        CheckStatus::Skipped => ("skipped", Tone::Dim),
    }
}

/// How long a run took; none while it goes on, and of one that was cut off: nobody saw when.
pub(super) fn duration(run: &Run) -> Option<Millis> {
    let ended = run
        .ended_at
        .filter(|_| run.status != RunStatus::Interrupted)?;
    Some(ended - run.started_at)
}
