//! `sensor delivery`: list, show, withdraw; `sensor renew`.
//! Above: `cli`. Below: `app`'s desk, `wait`, `render`.
//! Invariant: what only reads or decides works beside a sensor that serves.

use super::context::Context;
use super::failure::Outcome;
use super::render::{DeliveryList, DeliveryShown};
use super::{ask, wait};
use crate::ledger::{DeliveryFilter, RequestFilter};
use crate::model::enrollment::{DeliveryState, RequestState, Source};
use crate::model::id::{ConnectorId, DeliveryId, RequestId};
use crate::model::issuer::RevocationReason;
use crate::model::period::Period;
use clap::{Args, Subcommand};
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
        /// Only in this state: waiting, importing, imported, verified, failed
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

pub(super) const RENEW: &str = "Examples:
  sensor renew 12 --wait
  sensor renew --expires-within 30d
  sensor renew 12 --revoke key-compromise --wait

Renewals happen by themselves when they are due; this is for the rest.
";

#[derive(Debug, Args)]
pub(super) struct RenewArgs {
    /// The requests' numbers
    #[arg(required_unless_present = "expires_within")]
    requests: Vec<RequestId>,
    /// Every active request whose certificate ends within this time
    #[arg(long, value_name = "TIME", conflicts_with = "requests")]
    expires_within: Option<Period>,
    /// The key was exposed, or the like: once the new certificate is everywhere, revoke the one in use for this reason
    #[arg(long, value_name = "REASON")]
    revoke: Option<RevocationReason>,
    #[command(flatten)]
    wait: wait::WaitArgs,
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
    let sensor = Arc::new(context.sensor()?);
    sensor.withdraw(id, &wait::who()).await?;
    context.out.say(&format!("{arn} is deleted"));
    Ok(Outcome::All)
}

pub(super) async fn renew(args: RenewArgs, context: &Context) -> anyhow::Result<Outcome> {
    let desk = context.desk()?;
    let ids = match args.expires_within {
        None => args.requests,
        Some(within) => {
            let filter = RequestFilter {
                state: Some(RequestState::Active),
                limit: None,
            };
            let until = desk.now() + within.millis();
            let ends = desk.list(&filter)?.into_iter().map(|(request, _)| request);
            ends.filter(|one| one.source != Source::Brought)
                .filter(|one| one.expires_at.is_some_and(|end| end <= until))
                .map(|one| one.id)
                .collect()
        }
    };
    if ids.is_empty() {
        context.out.hint("nothing ends so soon");
        return Ok(Outcome::All);
    }
    for id in &ids {
        desk.renew(*id, args.revoke)?;
    }
    context.out.say(&format!(
        "{} will be renewed",
        super::style::count(ids.len() as u64, "request", "requests")
    ));
    let mut outcome = Outcome::All;
    for id in ids {
        outcome = outcome.max(wait::follow(id, &args.wait, context).await?);
    }
    Ok(outcome)
}

fn state(text: &str) -> Result<DeliveryState, String> {
    [
        DeliveryState::Waiting,
        DeliveryState::Importing,
        DeliveryState::Imported,
        DeliveryState::Verified,
        DeliveryState::Failed,
    ]
    .into_iter()
    .find(|state| state.word() == text)
    .ok_or_else(|| "use waiting, importing, imported, verified or failed".to_owned())
}
