//! What ends when, and what will be done about it.
//! Above: `inventory expiring`, the plan of a drill. Below: `table`, `style`.
//! Invariant: what somebody renews is told calmly; what nobody renews is not.

use super::assets::urgency;
use crate::app::{Care, Ending};
use crate::cli::output::View;
use crate::cli::records::Stamp;
use crate::cli::style::{Style, Tone, count, day, relative, safe};
use crate::cli::table::{Field, Rows};
use crate::model::time::{Millis, rfc3339};
use serde::Serialize;

/// Certificates at places, soonest to end first.
#[derive(Debug)]
pub struct Expiring<'a> {
    pub endings: &'a [Ending],
    pub now: Millis,
}

#[derive(Serialize)]
pub(super) struct Record<'a> {
    ends_at: Stamp,
    name: &'a str,
    account: &'a str,
    region: &'a str,
    arn: &'a str,
    in_use: Option<bool>,
    issuer: Option<&'a str>,
    key_algorithm: Option<&'a str>,
    renewed_by: &'static str,
    request: Option<u64>,
    due_at: Option<Stamp>,
    reason: Option<&'a str>,
    alarming: bool,
}

impl<'a> Record<'a> {
    pub(super) fn of(one: &'a Ending, now: Millis) -> Self {
        let certificate = one.certificate.as_ref();
        let (request, due_at, reason) = match &one.care {
            Care::Due(id, at) => (Some(id.0), Some(Stamp(*at)), None),
            Care::UnderWay(id) => (Some(id.0), None, None),
            Care::Stuck(id, why) => (Some(id.0), None, Some(why.as_str())),
            Care::Not(id, why) => (Some(id.0), None, Some(*why)),
            Care::Cloud => (None, None, None),
            Care::CloudStuck(why) => (None, None, Some(why.as_str())),
            Care::Nobody(why) => (None, None, Some(*why)),
        };
        Self {
            ends_at: Stamp(one.ends),
            name: &one.name,
            account: &one.account,
            region: &one.region,
            arn: &one.place,
            in_use: one.in_use,
            issuer: certificate.map(|one| one.issuer.as_str()),
            key_algorithm: certificate.map(|one| one.key_algorithm.as_str()),
            renewed_by: one.care.word(),
            request,
            due_at,
            reason,
            alarming: one.is_alarming(now),
        }
    }
}

/// Who renews it, in a few words.
pub(super) fn care(one: &Care, now: Millis) -> String {
    match one {
        Care::Due(id, at) if *at <= now => format!("request {id}, due now"),
        Care::Due(id, at) => format!("request {id}, {} ({})", day(*at), relative(*at, now)),
        Care::UnderWay(id) => format!("request {id}, under way"),
        Care::Stuck(id, why) => format!("request {id}, in trouble: {}", safe(why)),
        Care::Not(id, why) => format!("not by request {id}: {why}"),
        Care::Cloud => "ACM itself".to_owned(),
        Care::CloudStuck(why) => format!("ACM cannot: {}", safe(why)),
        Care::Nobody(why) => format!("nobody: {why}"),
    }
}

/// Lines of a table: when, what, where, and who renews it.
pub(super) fn lines(endings: &[Ending], now: Millis) -> Rows {
    let mut rows = Rows::new(&[
        "ends",
        "",
        "name",
        "account",
        "region",
        "in use",
        "renewed by",
        "arn",
    ])
    .dispensable(&[7, 5]);
    for one in endings {
        let alarming = one.is_alarming(now);
        let soon = if alarming {
            urgency(one.ends, now)
        } else {
            Tone::Plain
        };
        let tone = match (alarming, soon) {
            (true, Tone::Plain) => Tone::Warning,
            (true, soon) => soon,
            (false, _) => Tone::Good,
        };
        rows.push(vec![
            Field::toned(soon, day(one.ends)),
            Field::toned(soon, relative(one.ends, now)),
            safe(&one.name).into(),
            safe(&one.account).into(),
            safe(&one.region).into(),
            match one.in_use {
                Some(true) => "yes",
                Some(false) => "no",
                None => "-",
            }
            .into(),
            Field::toned(tone, care(&one.care, now)),
            Field::toned(Tone::Dim, safe(&one.place)),
        ]);
    }
    rows
}

impl View for Expiring<'_> {
    const SCHEMA: &'static str = "sensor.expiring/v1";

    fn data(&self) -> impl Serialize + '_ {
        #[derive(Serialize)]
        struct Data<'a> {
            certificates: Vec<Record<'a>>,
        }
        Data {
            certificates: self
                .endings
                .iter()
                .map(|one| Record::of(one, self.now))
                .collect(),
        }
    }

    fn rows(&self) -> Rows {
        let mut rows = Rows::new(&[
            "ends_at",
            "name",
            "account",
            "region",
            "arn",
            "renewed_by",
            "request",
            "due_at",
            "reason",
        ]);
        for one in self.endings {
            let record = Record::of(one, self.now);
            rows.push(vec![
                rfc3339(one.ends).into(),
                safe(record.name).into(),
                safe(record.account).into(),
                safe(record.region).into(),
                safe(record.arn).into(),
                record.renewed_by.into(),
                record
                    .request
                    .map(|id| id.to_string())
                    .unwrap_or_default()
                    .into(),
                record
                    .due_at
                    .map(|Stamp(at)| rfc3339(at))
                    .unwrap_or_default()
                    .into(),
                record.reason.map(safe).unwrap_or_default().into(),
            ]);
        }
        rows
    }

    fn text(&self, style: Style) -> String {
        if self.endings.is_empty() {
            return "nothing ends so soon\n".to_owned();
        }
        let of = |fits: fn(&Care) -> bool| {
            self.endings.iter().filter(|one| fits(&one.care)).count() as u64
        };
        let cloud = of(|care| matches!(care, Care::Cloud));
        let stuck = of(|care| matches!(care, Care::Stuck(..)));
        let nobody = of(Care::is_alarming) - stuck;
        let all = self.endings.len() as u64;
        let trouble = if stuck > 0 {
            format!(" ({stuck} in trouble)")
        } else {
            String::new()
        };
        format!(
            "{}\n{} by requests{trouble}, {cloud} by ACM itself, {nobody} by nobody\n",
            lines(self.endings, self.now).table(style),
            count(all - cloud - nobody, "certificate", "certificates"),
        )
    }
}
