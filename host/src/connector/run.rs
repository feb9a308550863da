//! One run: the plan feeds the scheduler, every split ends as a record, the run as their sum.
//! Above: `app`. Below: `plan`, `split`, `store`.
//! Invariant: a panic, a trap or a denial in one split is that split's outcome and nobody else's.

use super::context::RunContext;
use super::plan::{Planned, Planning, plan};
use super::split::{finish, run_split};
use crate::model::id::RunId;
use crate::model::plan::Skipped;
use crate::model::problem::{ErrorClass, OperationError};
use crate::model::run::{Run, RunStatus, SplitRun};
use crate::model::split::{Coverage, Split};
use crate::store::{RunEnd, SplitEnd};
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tracing::Instrument;

/// What came of a run.
#[derive(Debug, Clone)]
pub struct RunReport {
    pub run: Run,
    pub splits: Vec<SplitRun>,
}

/// Carries out a run that has been begun in the inventory.
///
/// # Errors
/// When it could not be closed in the inventory. Everything else is in the report.
pub async fn run(ctx: Arc<RunContext>) -> Result<RunReport, OperationError> {
    let run = ctx.run;
    let span = tracing::error_span!("run", connector = %ctx.connector, run = %run);
    let (planned, splits) = work(&ctx, run).instrument(span).await;
    let end = end_of(&ctx, planned, &splits);
    let run = ctx
        .store(move |inventory, _| inventory.finish_run(run, end))
        .await?;
    Ok(RunReport { run, splits })
}

async fn work(ctx: &Arc<RunContext>, run: RunId) -> (Planned, Vec<SplitRun>) {
    let (out, splits) = mpsc::channel(ctx.concurrency.max(1) * 2);
    let planning = plan(ctx, run, out);
    let scheduling = schedule(ctx, run, splits);
    tokio::join!(planning, scheduling)
}

/// Starts splits as they are planned, as many at once as allowed, and gathers how they ended.
async fn schedule(
    ctx: &Arc<RunContext>,
    run: RunId,
    mut planned: mpsc::Receiver<Planning>,
) -> Vec<SplitRun> {
    let room = Arc::new(Semaphore::new(ctx.concurrency.max(1)));
    let mut tasks = JoinSet::new();
    let mut running: HashMap<tokio::task::Id, Arc<Split>> = HashMap::new();
    let mut ended = Vec::new();
    while let Some(place) = planned.recv().await {
        match place {
            Planning::Skipped(place) => ended.push(record_skipped(ctx, run, place).await),
            Planning::Split(split) => {
                let Ok(permit) = Arc::clone(&room).acquire_owned().await else {
                    break;
                };
                let span = tracing::error_span!("split", split = %split.id);
                let split = Arc::new(split);
                let (shared, own) = (Arc::clone(ctx), Arc::clone(&split));
                let task = async move {
                    let _permit = permit;
                    run_split(&shared, run, &own).await
                };
                running.insert(tasks.spawn(task.instrument(span)).id(), split);
                while let Some(done) = tasks.try_join_next_with_id() {
                    ended.extend(outcome(ctx, run, &mut running, done).await);
                }
            }
        }
    }
    while let Some(done) = tasks.join_next_with_id().await {
        ended.extend(outcome(ctx, run, &mut running, done).await);
    }
    ended
}

type Done = Result<(tokio::task::Id, Option<SplitRun>), tokio::task::JoinError>;

/// How a split ended; one that panicked is recorded here, since its own task cannot.
async fn outcome(
    ctx: &RunContext,
    run: RunId,
    running: &mut HashMap<tokio::task::Id, Arc<Split>>,
    done: Done,
) -> Option<SplitRun> {
    let error = match done {
        Ok((task, outcome)) => {
            running.remove(&task);
            return outcome;
        }
        Err(error) => error,
    };
    let split = running.remove(&error.id())?;
    tracing::error!(split = %split.id, "the sensor panicked in this split");
    let error = OperationError::new(
        ErrorClass::Internal,
        "panic",
        "the sensor itself failed in this split; the log says where",
    );
    let end = SplitEnd {
        coverage: Coverage::Failed,
        error: Some(error),
        problems: Vec::new(),
        started_at: ctx.clock.now(),
        accept_vanished: false,
    };
    Some(finish(ctx, run, &split, end).await)
}

/// A place that was never tried gets a record too: the run must not look better than it was.
async fn record_skipped(ctx: &RunContext, run: RunId, place: Skipped) -> SplitRun {
    let now = ctx.clock.now();
    let split = Arc::new(Split {
        id: place.split(),
        account: place.account.clone(),
        region: place.region.clone(),
        service: String::new(),
        payload: String::new(),
    });
    let why = OperationError::new(ErrorClass::Other, "not-tried", place.message);
    let end = SplitEnd {
        coverage: place.reason.coverage(),
        error: Some(why.about(place.account)),
        problems: Vec::new(),
        started_at: now,
        accept_vanished: false,
    };
    finish(ctx, run, &split, end).await
}

fn end_of(ctx: &RunContext, planned: Planned, splits: &[SplitRun]) -> RunEnd {
    RunEnd {
        status: status(ctx.stop.is_cancelled(), planned.error.is_some(), splits),
        plan_complete: planned.complete,
        calls: ctx.aws.calls(),
        error: planned.error,
        problems: planned.problems,
    }
}

/// Green only when the plan ended well and every split that was tried is complete.
fn status(stopped: bool, plan_failed: bool, splits: &[SplitRun]) -> RunStatus {
    let tried = || splits.iter().filter(|s| s.coverage != Coverage::Skipped);
    let nothing_read =
        !tried().any(|s| matches!(s.coverage, Coverage::Complete | Coverage::Partial));
    if stopped {
        RunStatus::Stopped
    } else if nothing_read {
        RunStatus::Failed
    } else if plan_failed || tried().any(|s| s.coverage != Coverage::Complete || s.held) {
        RunStatus::Partial
    } else {
        RunStatus::Complete
    }
}
