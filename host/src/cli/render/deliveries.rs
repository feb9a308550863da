//! Deliveries, as a list and one in full.
//! Above: `delivery`, `requests`. Below: `table`, `style`.
//! Invariant: an ARN is told whole, so that it can be copied.

use super::pair;
use crate::cli::output::View;
use crate::cli::records::Stamp;
use crate::cli::style::{Style, Tone, relative, safe};
use crate::cli::table::{Field, Rows};
use crate::model::enrollment::{Delivery, DeliveryState};
use crate::model::problem::OperationError;
use crate::model::time::Millis;
use serde::Serialize;

/// Deliveries, newest first.
#[derive(Debug)]
pub struct DeliveryList<'a> {
    pub deliveries: &'a [Delivery],
    pub now: Millis,
}

/// One delivery in full.
#[derive(Debug)]
pub struct DeliveryShown<'a> {
    pub delivery: &'a Delivery,
}

#[derive(Serialize)]
pub(super) struct DeliveryRecord<'a> {
    delivery: u64,
    request: u64,
    issuance: u64,
    state: &'static str,
    connector: &'a str,
    account: &'a str,
    region: &'a str,
    arn: Option<&'a str>,
    in_place: bool,
    attempts: u32,
    due_at: Option<Stamp>,
    updated_at: Stamp,
    notes: &'a [String],
    error: Option<&'a OperationError>,
}

impl<'a> From<&'a Delivery> for DeliveryRecord<'a> {
    fn from(one: &'a Delivery) -> Self {
        Self {
            delivery: one.id.0,
            request: one.request.0,
            issuance: one.issuance.0,
            state: one.state.word(),
            connector: one.target.connector.as_str(),
            account: &one.target.account,
            region: &one.target.region,
            arn: one.target.place.as_deref(),
            in_place: one.in_place,
            attempts: one.attempts,
            due_at: one.due_at.map(Stamp),
            updated_at: Stamp(one.updated_at),
            notes: &one.notes,
            error: one.setback.as_ref().map(|setback| &setback.error),
        }
    }
}

fn tone(state: DeliveryState) -> Tone {
    match state {
        DeliveryState::Verified => Tone::Good,
        DeliveryState::Failed => Tone::Bad,
        DeliveryState::Waiting
        | DeliveryState::Importing
        | DeliveryState::Imported
        | DeliveryState::GivenUp
        | DeliveryState::Withdrawn => Tone::Plain,
    }
}

pub(super) fn delivery_rows() -> Rows {
    Rows::new(&[
        "delivery",
        "request",
        "state",
        "connector",
        "account",
        "region",
        "arn",
        "changed",
    ])
    .numbers(&[0, 1])
}

pub(super) fn delivery_row(one: &Delivery, now: Millis) -> Vec<Field> {
    vec![
        one.id.to_string().into(),
        one.request.to_string().into(),
        Field::toned(tone(one.state), one.state.word()),
        one.target.connector.as_str().into(),
        one.target.account.as_str().into(),
        one.target.region.as_str().into(),
        one.target
            .place
            .as_deref()
            .map(safe)
            .unwrap_or_default()
            .into(),
        Field::moment(Some(one.updated_at), |at| relative(at, now)),
    ]
}

impl View for DeliveryList<'_> {
    const SCHEMA: &'static str = "sensor.deliveries/v1";

    fn data(&self) -> impl Serialize + '_ {
        #[derive(Serialize)]
        struct Data<'a> {
            deliveries: Vec<DeliveryRecord<'a>>,
        }
        Data {
            deliveries: self.deliveries.iter().map(Into::into).collect(),
        }
    }

    fn rows(&self) -> Rows {
        let mut rows = delivery_rows();
        for one in self.deliveries {
            rows.push(delivery_row(one, self.now));
        }
        rows
    }

    fn text(&self, style: Style) -> String {
        if self.deliveries.is_empty() {
            "no deliveries\n".to_owned()
        } else {
            self.rows().table(style)
        }
    }
}

impl View for DeliveryShown<'_> {
    const SCHEMA: &'static str = "sensor.delivery/v1";

    fn data(&self) -> impl Serialize + '_ {
        DeliveryRecord::from(self.delivery)
    }

    fn rows(&self) -> Rows {
        let mut rows = delivery_rows();
        rows.push(delivery_row(self.delivery, self.delivery.updated_at));
        rows
    }

    fn text(&self, style: Style) -> String {
        let one = self.delivery;
        let mut text = format!(
            "{} {}\n",
            style.paint(Tone::Strong, &format!("delivery {}", one.id)),
            style.paint(tone(one.state), one.state.word())
        );
        let mut line = |name: &str, value: &str| text += &pair(style, name, value);
        line("request", &one.request.to_string());
        line("target", &one.target.to_string());
        if let Some(arn) = &one.target.place {
            line("arn", &safe(arn));
        }
        let how = if one.in_place {
            "renewed in place"
        } else {
            "made new"
        };
        line("place", how);
        line("attempts", &one.attempts.to_string());
        for note in &one.notes {
            line("note", &safe(note));
        }
        if let Some(setback) = &one.setback {
            line("trouble", &safe(&setback.error.to_string()));
            if let Some(detail) = &setback.error.detail {
                line("", &safe(detail));
            }
        }
        text
    }
}
