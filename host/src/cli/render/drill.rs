//! The plan of a drill: what is replaced, when and where, and what is not and why.
//! Above: `renew`. Below: `endings`, `table`, `style`.
//! Invariant: plain words; the numbers are those of what would be done.

use super::endings::{Record, lines};
use crate::app::DrillPlan;
use crate::cli::output::View;
use crate::cli::records::Stamp;
use crate::cli::style::{Style, Tone, coarse, count, day, relative, safe};
use crate::cli::table::{Field, Rows};
use crate::model::time::{Millis, rfc3339};
use serde::Serialize;

/// So many places are told one by one.
const PLACES: usize = 5;

/// A plan.
#[derive(Debug)]
pub struct DrillView<'a> {
    pub plan: &'a DrillPlan,
    pub now: Millis,
}

#[derive(Serialize)]
struct Data<'a> {
    replace: Vec<Replaced<'a>>,
    cannot: Vec<Unreplaced<'a>>,
    unmanaged: Option<Vec<Record<'a>>>,
    places: Vec<Place<'a>>,
}

#[derive(Serialize)]
struct Replaced<'a> {
    request: u64,
    names: &'a [String],
    profile: &'a str,
    issuer: Option<&'a str>,
    key_algorithm: Option<&'a str>,
    ends_at: Option<Stamp>,
    targets: Vec<String>,
}

#[derive(Serialize)]
struct Unreplaced<'a> {
    request: u64,
    name: &'a str,
    reason: &'a str,
}

#[derive(Serialize)]
struct Place<'a> {
    account: &'a str,
    region: &'a str,
    imports: u64,
    seconds: Millis,
}

impl View for DrillView<'_> {
    const SCHEMA: &'static str = "sensor.renewal-plan/v1";

    fn data(&self) -> impl Serialize + '_ {
        let plan = self.plan;
        Data {
            replace: plan
                .replace
                .iter()
                .map(|one| Replaced {
                    request: one.request.id.0,
                    names: &one.request.names,
                    profile: one.request.profile.as_str(),
                    issuer: one.certificate.as_ref().map(|one| one.issuer.as_str()),
                    key_algorithm: one
                        .certificate
                        .as_ref()
                        .map(|one| one.key_algorithm.as_str()),
                    ends_at: one.request.expires_at.map(Stamp),
                    targets: one
                        .request
                        .targets
                        .iter()
                        .map(ToString::to_string)
                        .collect(),
                })
                .collect(),
            cannot: plan
                .cannot
                .iter()
                .map(|one| Unreplaced {
                    request: one.request.0,
                    name: &one.name,
                    reason: &one.why,
                })
                .collect(),
            unmanaged: plan
                .unmanaged
                .as_ref()
                .map(|all| all.iter().map(|one| Record::of(one, self.now)).collect()),
            places: plan
                .loads
                .iter()
                .map(|load| Place {
                    account: &load.account,
                    region: &load.region,
                    imports: load.imports,
                    seconds: load.takes / 1000,
                })
                .collect(),
        }
    }

    fn rows(&self) -> Rows {
        let mut rows = Rows::new(&["request", "name", "ends_at", "does", "why"]);
        for one in &self.plan.replace {
            rows.push(vec![
                one.request.id.to_string().into(),
                first(&one.request.names).into(),
                one.request
                    .expires_at
                    .map(rfc3339)
                    .unwrap_or_default()
                    .into(),
                "replace".into(),
                Field::default(),
            ]);
        }
        for one in &self.plan.cannot {
            rows.push(vec![
                one.request.to_string().into(),
                safe(&one.name).into(),
                Field::default(),
                "stay".into(),
                safe(&one.why).into(),
            ]);
        }
        for one in self.plan.unmanaged.iter().flatten() {
            rows.push(vec![
                Field::default(),
                safe(&one.name).into(),
                rfc3339(one.ends).into(),
                "unmanaged".into(),
                safe(&one.place).into(),
            ]);
        }
        rows
    }

    fn text(&self, style: Style) -> String {
        let plan = self.plan;
        let mut text = String::new();
        if plan.replace.is_empty() {
            text.push_str("nothing that a request keeps would be replaced\n");
        } else {
            put!(text, "{}", self.replaced(style));
        }
        if !plan.cannot.is_empty() {
            put!(text, "\nstay as they are:\n");
            for one in &plan.cannot {
                put!(
                    text,
                    "  {} {}: {}\n",
                    style.paint(Tone::Strong, &format!("request {}", one.request)),
                    safe(&one.name),
                    safe(&one.why)
                );
            }
        }
        match &plan.unmanaged {
            Some(all) if !all.is_empty() => {
                put!(text, "\nkept by no request, so not replaced:\n");
                text.push_str(&lines(all, self.now).table(style));
            }
            _ => {}
        }
        text
    }
}

impl DrillView<'_> {
    fn replaced(&self, style: Style) -> String {
        let plan = self.plan;
        let mut rows = Rows::new(&["request", "name", "ends", "", "issuer", "key", "targets"])
            .numbers(&[0])
            .dispensable(&[4, 5]);
        for one in &plan.replace {
            let certificate = one.certificate.as_ref();
            let ends = one.request.expires_at;
            rows.push(vec![
                one.request.id.to_string().into(),
                first(&one.request.names).into(),
                ends.map_or_else(|| "-".to_owned(), day).into(),
                ends.map(|at| relative(at, self.now))
                    .unwrap_or_default()
                    .into(),
                certificate
                    .map(|one| safe(&one.issuer))
                    .unwrap_or_default()
                    .into(),
                certificate
                    .map(|one| safe(&one.key_algorithm))
                    .unwrap_or_default()
                    .into(),
                targets(&one.request.targets).into(),
            ]);
        }
        let mut text = format!(
            "would be replaced, in this order, from now on:\n{}\n{}\n",
            rows.table(style),
            count(plan.replace.len() as u64, "certificate", "certificates")
        );
        for load in plan.loads.iter().take(PLACES) {
            put!(
                text,
                "  {} {}: {}, about {} at the rate that AWS allows\n",
                safe(&load.account),
                safe(&load.region),
                count(load.imports, "import", "imports"),
                coarse(load.takes.max(1_000))
            );
        }
        if let Some(more) = plan
            .loads
            .len()
            .checked_sub(PLACES)
            .filter(|more| *more > 0)
        {
            put!(
                text,
                "  and {more} places with no more than that, at the same time\n"
            );
        }
        text
    }
}

fn first(names: &[String]) -> String {
    let first = names.first().map(|name| safe(name)).unwrap_or_default();
    match names.len() {
        0 | 1 => first,
        more => format!("{first} +{}", more - 1),
    }
}

fn targets(all: &[crate::model::enrollment::Wish]) -> String {
    let first = all
        .first()
        .map(|one| safe(&one.to_string()))
        .unwrap_or_default();
    match all.len() {
        0 => "with the operator".to_owned(),
        1 => first,
        more => format!("{first} +{}", more - 1),
    }
}
