//! `sensor delivery`: list, show, withdraw.
//! Above: `cli`. Below: `app`'s desk, `render`.
//! Invariant: all of it works beside a sensor that serves.

use super::ask;
use super::context::Context;
use super::failure::Outcome;
use super::render::{DeliveryList, DeliveryShown};
use super::who::who;
use crate::ledger::DeliveryFilter;
use crate::model::enrollment::DeliveryState;
use crate::model::id::{ConnectorId, DeliveryId, RequestId};
use clap::Subcommand;
use std::sync::Arc;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// List deliveries, newest first
    #[command(
        visible_alias = "ls",
        before_long_help = "Examples:\n  sensor delivery list --state failed\n  sensor delivery list --request 12\n"
    )]
    List {
        /// Only of this request
        #[arg(long)]
        request: Option<RequestId>,
        /// Only by this connector
        #[arg(long)]
        connector: Option<ConnectorId>,
        /// Only in this state: waiting, importing, imported, verified, failed, given-up, withdrawn
        #[arg(long, value_parser = state)]
        state: Option<DeliveryState>,
        /// At most this many
        #[arg(long, default_value_t = 50, value_name = "N")]
        limit: usize,
    },
    /// Show a delivery: its place, how often it was tried, what went wrong
    #[command(before_long_help = "Examples:\n  sensor delivery show 31\n")]
    Show {
        /// The delivery's number
        delivery: DeliveryId,
    },
    /// Take a certificate out of the cloud whose request was cancelled, if nothing uses it
    #[command(before_long_help = "Examples:\n  sensor delivery withdraw 31 --yes\n")]
    Withdraw {
        /// The delivery's number
        delivery: DeliveryId,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
}

pub(super) async fn act(verb: Verb, context: &Context) -> anyhow::Result<Outcome> {
    if let Verb::Withdraw { delivery, yes } = verb {
        return withdraw(delivery, yes, context).await;
    }
    let desk = context.desk()?;
    match verb {
        Verb::Withdraw { .. } => {}
        Verb::List {
            request,
            connector,
            state,
            limit,
        } => {
            let deliveries = desk.deliveries(&DeliveryFilter {
                request,
                connector,
                state,
                limit: Some(limit),
            })?;
            context.out.show(&DeliveryList {
                deliveries: &deliveries,
                now: desk.now(),
            })?;
        }
        Verb::Show { delivery } => {
            let delivery = desk.delivery(delivery)?;
            context.out.show(&DeliveryShown {
                delivery: &delivery,
            })?;
            context
                .out
                .hint(&format!("sensor request show {}", delivery.request));
        }
    }
    Ok(Outcome::All)
}

async fn withdraw(id: DeliveryId, yes: bool, context: &Context) -> anyhow::Result<Outcome> {
    let place = context.desk()?.delivery(id)?.target;
    let arn = place.place.as_deref().unwrap_or("it").to_owned();
    ask::confirm(&format!("{arn} will be deleted"), &id.to_string(), yes)?;
    let sensor = Arc::new(context.beside()?);
    sensor.withdraw(id, &who()).await?;
    context.out.say(&format!("{arn} is there no longer"));
    Ok(Outcome::All)
}

fn state(text: &str) -> Result<DeliveryState, String> {
    let words = DeliveryState::ALL.map(DeliveryState::word);
    DeliveryState::ALL
        .into_iter()
        .find(|state| state.word() == text)
        .ok_or_else(|| format!("use {}", words.join(", ")))
}
