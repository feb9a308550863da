//! What CAs say of certificates.
//! Above: `check_revocation`, `assets`, `shown`. Below: `records`, `style`.
//! Invariant: what is revoked stands first; what is unknown says why.

use super::assets::urgency;
use crate::app::Checked;
use crate::cli::output::View;
use crate::cli::records::RevocationRecord;
use crate::cli::style::{Style, Tone, count, day, minute, number, relative, safe};
use crate::cli::table::{Field, Rows};
use crate::model::id::{RequestId, Sha256};
use crate::model::revocation::{Revocation, RevocationStatus, RevocationWord};
use crate::model::time::{Millis, rfc3339};
use serde::Serialize;
use std::collections::BTreeMap;

/// Reasons of "unknown" that are told.
const TOP: usize = 8;

/// One certificate whose CA was asked.
#[derive(Debug, Clone, PartialEq)]
pub struct RevocationLine {
    pub fingerprint: Sha256,
    pub name: String,
    pub not_after: Millis,
    pub revocation: Revocation,
    pub requests: Vec<RequestId>,
    /// No word could be had just now, or none that can be believed.
    pub trouble: bool,
}

impl From<Checked> for RevocationLine {
    fn from(checked: Checked) -> Self {
        let it = checked.certificate;
        let name = it.dns_names.first().or(it.common_name.as_ref());
        Self {
            fingerprint: checked.fingerprint,
            name: name.unwrap_or(&it.subject).clone(),
            not_after: it.not_after,
            revocation: checked.revocation,
            requests: checked.requests.iter().map(|(id, _)| *id).collect(),
            trouble: checked.trouble,
        }
    }
}

impl RevocationLine {
    pub(in crate::cli) fn is_trouble(&self) -> bool {
        self.trouble
    }

    /// When and why it was revoked.
    pub(in crate::cli) fn when(&self) -> String {
        let RevocationStatus::Revoked { at, reason } = self.revocation.status else {
            return String::new();
        };
        let at = at.map_or_else(String::new, |at| format!(" on {}", minute(at)));
        let reason = reason.map_or_else(String::new, |reason| format!(" ({})", reason.word()));
        at + &reason
    }
}

/// All that were asked about.
#[derive(Debug, Default)]
pub struct RevocationReport {
    pub lines: Vec<RevocationLine>,
}

impl RevocationReport {
    /// One more.
    pub fn add(&mut self, checked: Checked) {
        self.lines.push(checked.into());
    }

    /// What is revoked first, then what is unknown; soonest to expire first.
    pub fn sort(&mut self) {
        let rank = |line: &RevocationLine| match line.revocation.word() {
            RevocationWord::Revoked => 0,
            RevocationWord::Unknown | RevocationWord::NotChecked => 1,
            RevocationWord::Good => 2,
        };
        self.lines
            .sort_by_key(|line| (rank(line), line.not_after, line.fingerprint.0));
    }

    fn count(&self, word: RevocationWord) -> u64 {
        let same = |line: &&RevocationLine| line.revocation.word() == word;
        self.lines.iter().filter(same).count() as u64
    }
}

#[derive(Serialize)]
struct Line<'a> {
    fingerprint: &'a Sha256,
    name: &'a str,
    not_after: crate::cli::records::Stamp,
    revocation: RevocationRecord<'a>,
    requests: Vec<u64>,
}

impl View for RevocationReport {
    const SCHEMA: &'static str = "sensor.revocation/v1";

    fn data(&self) -> impl Serialize + '_ {
        #[derive(Serialize)]
        struct Data<'a> {
            good: u64,
            revoked: u64,
            unknown: u64,
            certificates: Vec<Line<'a>>,
        }
        let lines = self.lines.iter().map(|line| Line {
            fingerprint: &line.fingerprint,
            name: &line.name,
            not_after: crate::cli::records::Stamp(line.not_after),
            revocation: (&line.revocation).into(),
            requests: line.requests.iter().map(|id| id.0).collect(),
        });
        Data {
            good: self.count(RevocationWord::Good),
            revoked: self.count(RevocationWord::Revoked),
            unknown: self.count(RevocationWord::Unknown),
            certificates: lines.collect(),
        }
    }

    fn rows(&self) -> Rows {
        let mut rows = Rows::new(&[
            "revocation",
            "name",
            "not_after",
            "fingerprint",
            "revoked_at",
            "reason",
            "source",
            "why",
        ]);
        for line in &self.lines {
            let [word, at, reason, _] = columns(Some(&line.revocation));
            let it = &line.revocation;
            let source = it.source.as_ref().map(ToString::to_string);
            rows.push(
                [
                    word,
                    line.name.clone(),
                    rfc3339(line.not_after),
                    line.fingerprint.to_string(),
                    at,
                    reason,
                    source.unwrap_or_default(),
                    why(it).unwrap_or_default().to_owned(),
                ]
                .into_iter()
                .map(Field::from)
                .collect(),
            );
        }
        rows
    }

    fn text(&self, style: Style) -> String {
        let mut text = String::new();
        let revoked = |line: &&RevocationLine| line.revocation.word() == RevocationWord::Revoked;
        if self.lines.iter().any(|line| revoked(&line)) {
            let mut rows = Rows::new(&["revoked", "reason", "name", "expires", "fingerprint"]);
            for line in self.lines.iter().filter(revoked) {
                let RevocationStatus::Revoked { at, reason } = line.revocation.status else {
                    continue;
                };
                rows.push(vec![
                    Field::toned(Tone::Bad, at.map_or_else(|| "yes".to_owned(), minute)),
                    reason.map_or("", |reason| reason.word()).into(),
                    safe(&line.name).into(),
                    day(line.not_after).into(),
                    Field::toned(Tone::Dim, line.fingerprint.to_string()[..12].to_owned()),
                ]);
            }
            put!(text, "{}\n", rows.table(style));
        }
        let all = self.lines.len() as u64;
        put!(
            text,
            "{}: {} good, {} revoked, {} unknown\n",
            count(all, "certificate", "certificates"),
            number(self.count(RevocationWord::Good)),
            number(self.count(RevocationWord::Revoked)),
            number(self.count(RevocationWord::Unknown))
        );
        text += &self.reasons();
        text
    }
}

impl RevocationReport {
    fn reasons(&self) -> String {
        let mut reasons: BTreeMap<&str, u64> = BTreeMap::new();
        for line in &self.lines {
            if let Some(why) = why(&line.revocation) {
                *reasons.entry(why).or_default() += 1;
            }
        }
        let mut reasons: Vec<_> = reasons.into_iter().collect();
        reasons.sort_by(|one, other| other.1.cmp(&one.1).then(one.0.cmp(other.0)));
        let mut text = String::new();
        for (why, count) in reasons.iter().take(TOP) {
            put!(text, "  {} {}\n", number(*count), safe(why));
        }
        if reasons.len() > TOP {
            put!(text, "  and {} more reasons\n", reasons.len() - TOP);
        }
        text
    }
}

/// Why nothing better is known.
fn why(it: &Revocation) -> Option<&str> {
    match &it.status {
        RevocationStatus::Unknown { why } => Some(why),
        _ => it.trouble.as_deref(),
    }
}

/// In CSV: word, when, reason, when it was asked.
pub(super) fn columns(it: Option<&Revocation>) -> [String; 4] {
    let Some(it) = it else {
        let word = RevocationWord::NotChecked.word().to_owned();
        return [word, String::new(), String::new(), String::new()];
    };
    let (at, reason) = match it.status {
        RevocationStatus::Revoked { at, reason } => (at, reason),
        _ => (None, None),
    };
    [
        it.word().word().to_owned(),
        at.map(rfc3339).unwrap_or_default(),
        reason.map_or("", |reason| reason.word()).to_owned(),
        rfc3339(it.checked_at),
    ]
}

/// One line about one certificate.
pub(super) fn told(
    it: Option<&Revocation>,
    not_after: Millis,
    now: Millis,
    style: Style,
) -> String {
    let Some(it) = it else {
        return if urgency(not_after, now) == Tone::Bad && not_after < now {
            "not asked about: it has ended".to_owned()
        } else {
            "not checked yet".to_owned()
        };
    };
    let word = match &it.status {
        RevocationStatus::Good => style.paint(Tone::Good, "good"),
        RevocationStatus::Revoked { at, reason } => {
            let at = at.map_or_else(String::new, |at| format!(" on {}", minute(at)));
            let reason = reason.map_or_else(String::new, |reason| format!(" ({})", reason.word()));
            style.paint(Tone::Bad, &format!("REVOKED by its CA{at}{reason}"))
        }
        RevocationStatus::Unknown { why } => {
            style.paint(Tone::Warning, &format!("unknown: {}", safe(why)))
        }
    };
    let source = it.source.as_ref().map_or_else(String::new, |source| {
        format!(", {}", safe(&source.to_string()))
    });
    let trouble = it
        .trouble
        .as_ref()
        .map_or_else(String::new, |why| format!("; since then: {}", safe(why)));
    format!(
        "{word}{source}, asked {}{trouble}",
        relative(it.checked_at, now)
    )
}
