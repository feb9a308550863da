//! Requests, as a list and one in full.
//! Above: `request`, `wait`. Below: `words`, `table`, `deliveries`.
//! Invariant: the state that is told is what an operator can act on, made from request, issuance and deliveries.

use super::deliveries::{DeliveryRecord, delivery_row, delivery_rows};
use super::pair;
use crate::app::RequestView;
use crate::cli::output::View;
use crate::cli::records::Stamp;
use crate::cli::style::{Style, Tone, minute, relative, safe};
use crate::cli::table::{Field, Rows};
use crate::model::enrollment::{
    Event, FoundRevoked, Issuance, IssuanceState, KeyPlace, Request, RequestState, Source,
};
use crate::model::problem::OperationError;
use crate::model::revocation::RevokedFor;
use crate::model::revoke::Revocation;
use crate::model::time::Millis;
use serde::Serialize;
use std::collections::BTreeMap;

/// Requests with their newest issuance, newest first.
#[derive(Debug)]
pub struct RequestList<'a> {
    pub requests: &'a [(Request, Option<Issuance>)],
    pub now: Millis,
}

/// One request in full.
#[derive(Debug)]
pub struct RequestShown<'a> {
    pub view: &'a RequestView,
    pub now: Millis,
    /// Also what was done and when, where nobody has told it step by step.
    pub history: bool,
}

#[derive(Serialize)]
struct RequestRecord<'a> {
    request: u64,
    state: &'static str,
    names: &'a [String],
    profile: &'a str,
    source: &'static str,
    targets: Vec<TargetRecord<'a>>,
    tags: &'a BTreeMap<String, String>,
    business_unit: Option<&'a str>,
    contact: Option<&'a str>,
    requested_by: &'a str,
    approved_by: Option<&'a str>,
    created_at: Stamp,
    expires_at: Option<Stamp>,
    renew_at: Option<Stamp>,
    found_revoked: Option<FoundRecord<'a>>,
    generation: u32,
    error: Option<&'a OperationError>,
}

#[derive(Serialize)]
struct FoundRecord<'a> {
    sha256: &'a str,
    revoked_at: Option<Stamp>,
    reason: Option<&'static str>,
    found_at: Stamp,
}

impl<'a> From<&'a FoundRevoked> for FoundRecord<'a> {
    fn from(found: &'a FoundRevoked) -> Self {
        Self {
            sha256: &found.sha256,
            revoked_at: found.revoked_at.map(Stamp),
            reason: found.reason.map(RevokedFor::word),
            found_at: Stamp(found.found_at),
        }
    }
}

#[derive(Serialize)]
struct TargetRecord<'a> {
    connector: &'a str,
    account: &'a str,
    region: &'a str,
    arn: Option<&'a str>,
}

#[derive(Serialize)]
struct IssuanceRecord<'a> {
    issuance: u64,
    generation: u32,
    state: &'static str,
    order: Option<&'a str>,
    key: &'static str,
    serial: Option<&'a str>,
    sha256: Option<&'a str>,
    not_before: Option<Stamp>,
    not_after: Option<Stamp>,
    due_at: Option<Stamp>,
    error: Option<&'a OperationError>,
}

impl<'a> From<&'a Issuance> for IssuanceRecord<'a> {
    fn from(one: &'a Issuance) -> Self {
        let issued = one.issued.as_ref();
        Self {
            issuance: one.id.0,
            generation: one.generation,
            state: one.state.word(),
            order: one.order.as_deref(),
            key: key(one),
            serial: issued.map(|issued| issued.serial.as_str()),
            sha256: issued.map(|issued| issued.sha256.as_str()),
            not_before: issued.map(|issued| Stamp(issued.not_before)),
            not_after: issued.map(|issued| Stamp(issued.not_after)),
            due_at: one.due_at.map(Stamp),
            error: one.setback.as_ref().map(|setback| &setback.error),
        }
    }
}

#[derive(Serialize)]
struct Line<'a> {
    at: Stamp,
    issuance: Option<u64>,
    delivery: Option<u64>,
    what: &'a str,
    detail: &'a str,
}

impl<'a> From<&'a Event> for Line<'a> {
    fn from(event: &'a Event) -> Self {
        Self {
            at: Stamp(event.at),
            issuance: event.issuance.map(|id| id.0),
            delivery: event.delivery.map(|id| id.0),
            what: &event.what,
            detail: &event.detail,
        }
    }
}

/// Where a request stands, in a word that an operator can act on.
fn standing(request: &Request, newest: Option<&Issuance>) -> (&'static str, Tone) {
    match (request.state, newest.map(|one| one.state)) {
        (RequestState::Active, _) if is_revoked(request, newest) => ("revoked", Tone::Bad),
        (RequestState::AwaitingApproval, _) => ("awaiting-approval", Tone::Warning),
        (RequestState::Cancelled, _) => ("cancelled", Tone::Dim),
        (RequestState::Active, None) if request.expires_at.is_some() => ("taken-over", Tone::Good),
        (RequestState::Active, None) => ("requested", Tone::Plain),
        (RequestState::Active, Some(IssuanceState::Done)) if is_own_csr(request) => {
            ("issued", Tone::Good)
        }
        (RequestState::Active, Some(IssuanceState::Done)) => ("delivered", Tone::Good),
        (RequestState::Active, Some(IssuanceState::Failed | IssuanceState::Abandoned)) => {
            ("failed", Tone::Bad)
        }
        (RequestState::Active, Some(_))
            if newest.is_some_and(|one| one.resting_since.is_some()) =>
        {
            ("stuck", Tone::Bad)
        }
        (
            RequestState::Active,
            Some(IssuanceState::Delivering | IssuanceState::Parking | IssuanceState::KeyDropping),
        ) if newest.is_some_and(|one| one.issued.is_some()) => ("delivering", Tone::Plain),
        (RequestState::Active, Some(_)) if request.expires_at.is_some() => {
            ("renewing", Tone::Plain)
        }
        (RequestState::Active, Some(_)) => ("issuing", Tone::Plain),
    }
}

fn is_own_csr(request: &Request) -> bool {
    matches!(request.source, Source::SigningRequest { .. })
}

/// Whether the certificate that it keeps was found to be revoked, and nothing is done about it at this moment.
fn is_revoked(request: &Request, newest: Option<&Issuance>) -> bool {
    let Some(found) = &request.found_revoked else {
        return false;
    };
    newest.is_none_or(|one| {
        let issued = one.issued.as_ref().filter(|_| one.state.is_over());
        issued.is_some_and(|issued| issued.sha256 == found.sha256)
    })
}

fn key(issuance: &Issuance) -> &'static str {
    match (&issuance.key, issuance.state) {
        (KeyPlace::Operator, _) => "operator",
        // Whom the order goes to is written down with the key.
        (_, state) if state.is_over() && issuance.issuer.is_none() && issuance.issued.is_none() => {
            "none was made"
        }
        (_, state) if state.is_over() => "erased",
        (KeyPlace::Cloud { .. }, _) => "secrets-manager",
        (KeyPlace::Sensor, _) => "sensor",
    }
}

fn record<'a>(request: &'a Request, newest: Option<&'a Issuance>) -> RequestRecord<'a> {
    RequestRecord {
        request: request.id.0,
        state: standing(request, newest).0,
        names: &request.names,
        profile: request.profile.as_str(),
        source: match request.source {
            Source::Issued => "issued",
            Source::SigningRequest { .. } => "signing-request",
            Source::Brought => "brought",
        },
        targets: request
            .targets
            .iter()
            .map(|target| TargetRecord {
                connector: target.connector.as_str(),
                account: &target.account,
                region: &target.region,
                arn: target.place.as_deref(),
            })
            .collect(),
        tags: &request.tags,
        business_unit: request.business_unit.as_deref(),
        contact: request.contact.as_deref(),
        requested_by: &request.requested_by,
        approved_by: request.approved_by.as_deref(),
        created_at: Stamp(request.created_at),
        expires_at: request.expires_at.map(Stamp),
        renew_at: request.renew_at.map(Stamp),
        found_revoked: request.found_revoked.as_ref().map(Into::into),
        generation: request.generation,
        error: newest
            .and_then(|one| one.setback.as_ref())
            .map(|setback| &setback.error),
    }
}

impl View for RequestList<'_> {
    const SCHEMA: &'static str = "sensor.requests/v1";

    fn data(&self) -> impl Serialize + '_ {
        #[derive(Serialize)]
        struct Data<'a> {
            requests: Vec<RequestRecord<'a>>,
        }
        let records = self
            .requests
            .iter()
            .map(|(request, newest)| record(request, newest.as_ref()));
        Data {
            requests: records.collect(),
        }
    }

    fn rows(&self) -> Rows {
        let mut rows = Rows::new(&[
            "request", "state", "name", "more", "profile", "targets", "ends", "renews",
        ])
        .numbers(&[0, 3, 5]);
        for (request, newest) in self.requests {
            let (word, tone) = standing(request, newest.as_ref());
            let more = request.names.len().saturating_sub(1);
            rows.push(vec![
                request.id.to_string().into(),
                Field::toned(tone, word),
                safe(request.names.first().map_or("", String::as_str)).into(),
                (if more == 0 {
                    String::new()
                } else {
                    format!("+{more}")
                })
                .into(),
                request.profile.as_str().into(),
                request.targets.len().to_string().into(),
                Field::moment(request.expires_at, minute),
                Field::moment(request.renew_at, |at| relative(at, self.now)),
            ]);
        }
        rows
    }

    fn text(&self, style: Style) -> String {
        if self.requests.is_empty() {
            "no requests yet\n".to_owned()
        } else {
            self.rows().table(style)
        }
    }
}

impl View for RequestShown<'_> {
    const SCHEMA: &'static str = "sensor.request/v1";

    fn data(&self) -> impl Serialize + '_ {
        #[derive(Serialize)]
        struct Data<'a> {
            #[serde(flatten)]
            request: RequestRecord<'a>,
            issuances: Vec<IssuanceRecord<'a>>,
            deliveries: Vec<DeliveryRecord<'a>>,
            journal: Vec<Line<'a>>,
            #[serde(skip_serializing_if = "Option::is_none")]
            certificate: Option<String>,
        }
        Data {
            request: record(&self.view.request, self.view.issuances.first()),
            issuances: self.view.issuances.iter().map(Into::into).collect(),
            deliveries: self.view.deliveries.iter().map(Into::into).collect(),
            journal: self.view.journal.iter().map(Into::into).collect(),
            certificate: self.certificate(),
        }
    }

    fn rows(&self) -> Rows {
        let mut rows = delivery_rows();
        for delivery in &self.view.deliveries {
            rows.push(delivery_row(delivery, self.now));
        }
        rows
    }

    fn text(&self, style: Style) -> String {
        let request = &self.view.request;
        let newest = self.view.issuances.first();
        let (word, tone) = standing(request, newest);
        let mut text = format!(
            "{} {}\n",
            style.paint(Tone::Strong, &format!("request {}", request.id)),
            style.paint(tone, word)
        );
        let mut line = |name: &str, value: &str| text += &pair(style, name, value);
        line("names", &safe(&request.names.join(", ")));
        line("profile", request.profile.as_str());
        if self.view.deliveries.is_empty() {
            for target in &request.targets {
                line("to", &safe(&target.to_string()));
            }
        }
        for (key, value) in &request.tags {
            line("tag", &safe(&format!("{key}={value}")));
        }
        if let Some(unit) = &request.business_unit {
            line("business unit", &safe(unit));
        }
        if let Some(contact) = &request.contact {
            line("contact", &safe(contact));
        }
        line("requested by", &safe(&request.requested_by));
        if let Some(by) = &request.approved_by {
            line("approved by", &safe(by));
        }
        if let Some(end) = request.expires_at {
            line(
                "ends",
                &format!("{} ({})", minute(end), relative(end, self.now)),
            );
        }
        if let Some(at) = request.renew_at.filter(|at| *at > self.now) {
            line(
                "renews",
                &format!("{} ({})", minute(at), relative(at, self.now)),
            );
        }
        for one in &self.view.to_revoke {
            line("to be revoked", &to_be_revoked(one, &self.view.issuances));
        }
        if let Some(found) = &request.found_revoked {
            line("found revoked", &style.paint(Tone::Bad, &found_text(found)));
        }
        if let Some(newest) = newest {
            text += &issuance(newest, style);
        }
        if !self.view.deliveries.is_empty() {
            text += "\n";
            text += &self.rows().table(style);
        }
        text += &setbacks(self.view, style);
        if self.history {
            text += &history(&self.view.journal, style);
        }
        if let Some(pem) = self.certificate() {
            text += "\n";
            text += &pem;
        }
        text
    }
}

impl RequestShown<'_> {
    /// For whoever brought a signing request: the certificate and its chain are what they came for.
    fn certificate(&self) -> Option<String> {
        if !is_own_csr(&self.view.request) {
            return None;
        }
        let issued = self
            .view
            .issuances
            .iter()
            .find_map(|one| one.issued.as_ref())?;
        let all = std::iter::once(&issued.leaf).chain(&issued.chain);
        Some(
            all.map(|der| crate::model::certificate::to_pem(der))
                .collect(),
        )
    }
}

/// So many of the last lines; JSON and YAML have them all.
const LINES: usize = 20;

fn history(journal: &[Event], style: Style) -> String {
    let left_out = journal.len().saturating_sub(LINES);
    let more = (left_out > 0).then(|| format!("{left_out} earlier lines: --output json\n"));
    let lines = journal.iter().skip(left_out).map(|event| {
        let detail = safe(&event.detail);
        let line = format!("{}  {:<14} {detail}", minute(event.at), event.what);
        style.paint(Tone::Dim, line.trim_end()) + "\n"
    });
    let gap = std::iter::once("\n".to_owned());
    gap.chain(more).chain(lines).collect()
}

fn to_be_revoked(one: &Revocation, issuances: &[Issuance]) -> String {
    let issuance = issuances.iter().find(|other| other.id == one.issuance);
    let issued = issuance.and_then(|issuance| issuance.issued.as_ref());
    let serial = issued.map_or("?", |issued| issued.serial.as_str());
    format!(
        "serial {serial} ({}), once no target has it any more",
        one.reason
    )
}

fn found_text(found: &FoundRevoked) -> String {
    let at = found.revoked_at.map(minute).unwrap_or_default();
    let reason = found
        .reason
        .map_or_else(String::new, |reason| format!(" ({})", reason.word()));
    let sha256 = found.sha256.get(..12).unwrap_or_default();
    format!("{sha256}, by its CA, {at}{reason}")
}

fn issuance(newest: &Issuance, style: Style) -> String {
    let mut text = pair(
        style,
        "issuance",
        &format!(
            "{} (generation {}): {}",
            newest.id,
            newest.generation,
            newest.state.word()
        ),
    );
    text += &pair(style, "key", key(newest));
    if let Some(issued) = &newest.issued {
        text += &pair(style, "serial", &issued.serial);
        text += &pair(style, "sha256", &issued.sha256);
    }
    text
}

/// What stands in the way, and what to do.
fn setbacks(view: &RequestView, style: Style) -> String {
    let mut text = String::new();
    let issuance = view.issuances.first().and_then(|one| one.setback.as_ref());
    let deliveries = view
        .deliveries
        .iter()
        .filter_map(|one| Some((one.target.to_string(), one.setback.as_ref()?)));
    let all = issuance
        .map(|setback| ("the issuance".to_owned(), setback))
        .into_iter()
        .chain(deliveries);
    for (what, setback) in all {
        let times = if setback.times > 1 {
            format!(" ({} times)", setback.times)
        } else {
            String::new()
        };
        put!(
            text,
            "{} {what}{times}: {}\n",
            style.paint(Tone::Bad, "✗"),
            safe(&setback.error.to_string())
        );
        if let Some(detail) = &setback.error.detail {
            put!(text, "  {}\n", safe(detail));
        }
    }
    if text.is_empty() {
        text
    } else {
        format!("\n{text}")
    }
}
