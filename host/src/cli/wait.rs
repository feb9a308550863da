//! Waiting for a request: by bringing it on, or by watching the sensor that serves.
//! Above: `request`, `renew`. Below: `app`.
//! Invariant: what is told comes from the journal, so that it is the same whoever does the work.

use super::context::Context;
use super::failure::Outcome;
use super::render::RequestShown;
use super::style::safe;
use crate::app::{AppError, Desk, RequestView, Sensor};
use crate::issuer::Http01;
use crate::ledger::LockError;
use crate::model::enrollment::{DeliveryState, Event, IssuanceState, RequestState};
use crate::model::id::RequestId;
use crate::model::time::Millis;
use clap::Args;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// How long the step that is under way may take at the end.
const LAST_STEP: Duration = Duration::from_mins(1);

#[derive(Debug, Clone, Copy, Args)]
pub(super) struct WaitArgs {
    /// Wait until it is delivered, or has failed, and tell every step
    #[arg(long)]
    wait: bool,
    /// Wait no longer than so many seconds; the request goes on without
    #[arg(long, value_name = "SECONDS", requires = "wait", default_value_t = 600)]
    timeout: u64,
    #[command(flatten)]
    challenges: ChallengeArgs,
}

impl WaitArgs {
    /// Whether somebody waits.
    pub(super) fn waits(&self) -> bool {
        self.wait
    }
}

/// Where an ACME CA's HTTP-01 challenges are answered.
#[derive(Debug, Clone, Copy, Args)]
pub(super) struct ChallengeArgs {
    /// Where to answer an ACME CA that validates by HTTP-01; /.well-known/acme-challenge/ of the names is to lead here
    #[arg(long, value_name = "ADDRESS", env = "SENSOR_HTTP01_LISTEN", hide_env_values = true, default_value_t = Http01::USUAL)]
    pub http01_listen: SocketAddr,
}

/// Ends at once with a hint, or when the request has ended.
pub(super) async fn follow(
    id: RequestId,
    args: &WaitArgs,
    context: &Context,
) -> anyhow::Result<Outcome> {
    let view = context.desk()?.show(id)?;
    if view.request.state == RequestState::AwaitingApproval {
        context.out.hint(&format!(
            "a second person looks at it (sensor request show {id}) and agrees: sensor request approve {id}"
        ));
        told(&view, context)?;
        return Ok(if args.wait {
            Outcome::Partial
        } else {
            Outcome::All
        });
    }
    if !args.wait {
        told(&view, context)?;
        context.out.hint(&format!(
            "sensor serve does what is due; sensor request show {id} tells how far it is"
        ));
        return Ok(Outcome::All);
    }
    let end = Duration::from_secs(args.timeout);
    let outcome = match context.sensor() {
        Ok(sensor) => bring_on(&Arc::new(sensor), id, args, context).await?,
        // Another sensor serves: it does the work.
        Err(error) if is_held(&error) => {
            let desk = context.desk()?;
            tokio::time::timeout(end, watch(&desk, id, context))
                .await
                .ok()
        }
        Err(error) => return Err(error),
    };
    let Some(outcome) = outcome else {
        context.out.warn(&format!(
            "it is not done after {} seconds; it goes on with sensor serve",
            args.timeout
        ));
        return Ok(Outcome::Partial);
    };
    outcome
}

/// For a program: the request as it is now.
fn told(view: &RequestView, context: &Context) -> anyhow::Result<()> {
    if context.out.is_data() {
        context.out.show(&RequestShown {
            view,
            now: context.desk()?.now(),
            history: true,
        })?;
    }
    Ok(())
}

/// Does the work itself. None when it was not done in time.
async fn bring_on(
    sensor: &Arc<Sensor>,
    id: RequestId,
    args: &WaitArgs,
    context: &Context,
) -> anyhow::Result<Option<anyhow::Result<Outcome>>> {
    sensor.need_key()?;
    let stop = CancellationToken::new();
    let end = Duration::from_secs(args.timeout);
    let mut answering = JoinSet::new();
    if let Some(listener) = sensor.challenges(args.challenges.http01_listen).await? {
        answering.spawn(sensor.http01().serve(listener, stop.clone()));
    }
    let desk = context.desk()?;
    let seen = {
        let mut bring = pin!(sensor.bring_on(id, &stop));
        let watched = tokio::time::timeout(end, watch(&desk, id, context));
        let seen = tokio::select! {
            done = &mut bring => {
                done?;
                None
            }
            seen = watched => seen.ok(),
        };
        // What is in the middle of a step ends it; only a step that waits very long is left to the next sensor.
        stop.cancel();
        if let Ok(ended) = tokio::time::timeout(LAST_STEP, bring).await {
            ended?;
        }
        seen
    };
    while answering.join_next().await.is_some() {}
    Ok(seen)
}

fn is_held(error: &anyhow::Error) -> bool {
    matches!(
        error.downcast_ref::<AppError>(),
        Some(AppError::Lock(LockError::Held { .. }))
    )
}

async fn watch(desk: &Desk, id: RequestId, context: &Context) -> anyhow::Result<Outcome> {
    let mut told = None;
    loop {
        let view = desk.show(id)?;
        // What was done before the operator's last word is history, and `request show` has it.
        let told = told.get_or_insert_with(|| asked_at(&view));
        for event in view.journal.iter().skip(*told) {
            context
                .out
                .say(&format!("  {:<14} {}", event.what, safe(&event.detail)));
        }
        *told = view.journal.len();
        if let Some(outcome) = ended(&view, desk.now()) {
            context.out.show(&RequestShown {
                view: &view,
                now: desk.now(),
                history: false,
            })?;
            return Ok(outcome);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Where the journal tells of what the operator did last: of the request itself, or that a target is tried again.
fn asked_at(view: &RequestView) -> usize {
    let asked = |event: &Event| {
        event.what == "retry" || (event.issuance.is_none() && event.delivery.is_none())
    };
    view.journal.iter().rposition(asked).unwrap_or(0)
}

/// How it ended; none while it goes on.
fn ended(view: &RequestView, now: Millis) -> Option<Outcome> {
    if view.request.state != RequestState::Active {
        return Some(Outcome::Partial);
    }
    if view.request.renew_at.is_some_and(|at| at <= now) {
        // Its next issuance has not begun yet.
        return None;
    }
    let newest = view.issuances.first()?;
    match newest.state {
        IssuanceState::Done => Some(Outcome::All),
        IssuanceState::Failed | IssuanceState::Abandoned => Some(partly(view)),
        // It is kept for a day, for the operator to mend what it was refused for.
        state if state != IssuanceState::Delivering && newest.resting_since.is_some() => {
            Some(Outcome::Failed)
        }
        // Only failed ones are left, kept for a retry.
        IssuanceState::Delivering if view.deliveries.iter().all(|one| one.state.is_over()) => {
            let failed = view
                .deliveries
                .iter()
                .any(|one| one.state == DeliveryState::Failed);
            failed.then(|| partly(view))
        }
        _ => None,
    }
}

fn partly(view: &RequestView) -> Outcome {
    let arrived = |one: &crate::model::enrollment::Delivery| one.state == DeliveryState::Verified;
    if view.deliveries.iter().any(arrived) {
        Outcome::Partial
    } else {
        Outcome::Failed
    }
}
