//! Runs one split: pages out of the sandbox, each committed with its cursor, until the end or an error.
//! Above: `run` schedules it. Below: `plugin`, `store`.
//! Invariant: what was committed stays; only a split that was seen to its end may say that something is gone.

use super::context::RunContext;
use super::filter::leave_out;
use super::progress::Progress;
use crate::model::id::RunId;
use crate::model::plan::ReadPage;
use crate::model::problem::{ErrorClass, OperationError, Problem, Severity};
use crate::model::run::{Counts, SplitRun};
use crate::model::split::{Coverage, Cursor, Split};
use crate::plugin::{CallError, ConnectorInstance};
use crate::store::{Committed, PageCommit, SplitEnd};
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

/// Codes by which a plugin says that its cursor is of no use any more, and the one by which the sensor says that
/// the plugin relied on a memory that is not there.
pub(super) const START_OVER: [&str; 4] = [
    "cursor-expired",
    "cursor-version",
    "unknown-cursor-version",
    FORGOTTEN,
];
const FORGOTTEN: &str = "not-remembered";
const MAX_PAGES: usize = 100_000;

/// How a split was left.
enum Left {
    Finished,
    Stopped,
}

/// Where a reading of a split begins.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Begin {
    /// At the last checkpoint.
    Resume,
    /// At the front.
    Front,
    /// At the front, and without the inventory's memory: everything is read anew.
    Anew,
}

/// Reads one split and returns what came of it. None when the operator stopped it: its checkpoint stays.
pub(super) async fn run_split(
    ctx: &RunContext,
    run: RunId,
    split: &Arc<Split>,
) -> Option<SplitRun> {
    let started_at = ctx.clock.now();
    let mut problems = Vec::new();
    let left = match read(ctx, run, split, Begin::Resume).await {
        Err(error) if START_OVER.contains(&error.code.as_str()) => {
            tracing::info!(split = %split.id, code = %error.code, "starting this split over");
            problems.push(started_over(split, &error));
            let begin = if error.code == FORGOTTEN {
                Begin::Anew
            } else {
                Begin::Front
            };
            read(ctx, run, split, begin).await
        }
        Err(error) if may_pass(&error) => {
            tracing::info!(split = %split.id, %error, "trying this split once more");
            ctx.clock.sleep(Duration::from_secs(1)).await;
            read(ctx, run, split, Begin::Resume).await
        }
        other => other,
    };
    let (coverage, error) = match left {
        Ok(Left::Stopped) => return None,
        Ok(Left::Finished) => (Coverage::Complete, None),
        // Only the operator stops a split; a plugin that says so has failed.
        Err(error) if error.class == ErrorClass::Cancelled && ctx.stop.is_cancelled() => {
            return None;
        }
        Err(error) => (coverage_of(&error), Some(error)),
    };
    let end = SplitEnd {
        coverage,
        error,
        problems,
        started_at,
        accept_vanished: ctx.accept_vanished,
    };
    Some(finish(ctx, run, split, end).await)
}

/// Records the end of a split. A split whose end cannot be stored is a failed one.
pub(super) async fn finish(
    ctx: &RunContext,
    run: RunId,
    split: &Arc<Split>,
    end: SplitEnd,
) -> SplitRun {
    let (own, started_at) = (Arc::clone(split), end.started_at);
    let stored = ctx
        .store(move |inventory, connector| inventory.finish_split(connector, run, &own, end))
        .await;
    let result = stored.unwrap_or_else(|error| failed(split, started_at, ctx.clock.now(), error));
    ctx.progress.send(Progress::Ended(Box::new(result.clone())));
    result
}

/// What is told of a split that has no record in the inventory.
fn failed(split: &Split, started_at: i64, ended_at: i64, error: OperationError) -> SplitRun {
    SplitRun {
        split: split.id.clone(),
        account: split.account.clone(),
        region: split.region.clone(),
        service: split.service.clone(),
        coverage: Coverage::Failed,
        started_at,
        ended_at,
        counts: Counts::default(),
        error: Some(error),
        problems: Vec::new(),
        held: false,
    }
}

/// Whether a second try from the checkpoint may help: the capability has retried each call already, so only what
/// a fresh instance or a fresh session mends.
fn may_pass(error: &OperationError) -> bool {
    matches!(error.class, ErrorClass::AuthExpired | ErrorClass::Transient)
}

fn started_over(split: &Split, error: &OperationError) -> Problem {
    Problem {
        severity: Severity::Info,
        code: error.code.clone(),
        subject: Some(split.id.clone()),
        message: format!("read from the front again: {}", error.message),
    }
}

fn coverage_of(error: &OperationError) -> Coverage {
    match error.class {
        ErrorClass::AccessDenied => Coverage::Denied,
        ErrorClass::Throttled => Coverage::Throttled,
        _ => Coverage::Failed,
    }
}

/// Pulls pages until there are none.
async fn read(
    ctx: &RunContext,
    run: RunId,
    split: &Arc<Split>,
    begin: Begin,
) -> Result<Left, OperationError> {
    let at = match begin {
        Begin::Resume => resumed(ctx, split).await?,
        Begin::Front | Begin::Anew => None,
    };
    let plugin = ctx
        .instantiate(begin != Begin::Anew)
        .await
        .map_err(CallError::into_operation_error)?;
    pull(ctx, run, split, plugin, at).await
}

/// The cursor of the split's checkpoint. None: at the front, which also goes for a scan whose last page is in (it
/// may be a day old, and what is unchanged costs little) and for one that was begun under other settings.
async fn resumed(ctx: &RunContext, split: &Arc<Split>) -> Result<Option<Cursor>, OperationError> {
    let own = Arc::clone(split);
    let checkpoint = ctx
        .store(move |inventory, connector| inventory.checkpoint(connector, &own.id))
        .await?;
    Ok(checkpoint
        .and_then(|checkpoint| checkpoint.cursor)
        .filter(|cursor| ctx.ground.holds(cursor)))
}

async fn pull(
    ctx: &RunContext,
    run: RunId,
    split: &Arc<Split>,
    mut plugin: ConnectorInstance,
    mut at: Option<Cursor>,
) -> Result<Left, OperationError> {
    let mut seen: HashSet<u64> = at.iter().map(digest).collect();
    for _ in 0..MAX_PAGES {
        if ctx.stop.is_cancelled() {
            return Ok(Left::Stopped);
        }
        let mut page = plugin
            .read_page(split, at.as_ref().map(|cursor| ctx.ground.unmarked(cursor)))
            .await
            .map_err(CallError::into_operation_error)?;
        page.next = page.next.map(|cursor| ctx.ground.marked(&cursor));
        let next = page.next.clone();
        commit(ctx, run, split, at, page).await?;
        match &next {
            None => return Ok(Left::Finished),
            Some(cursor) if !seen.insert(digest(cursor)) => return Err(endless()),
            Some(_) => at = next,
        }
    }
    Err(endless())
}

/// Stands for a cursor among those seen: whole ones would add up.
pub(super) fn digest(cursor: &Cursor) -> u64 {
    let mut hasher = DefaultHasher::new();
    (cursor.version, &cursor.value).hash(&mut hasher);
    hasher.finish()
}

fn endless() -> OperationError {
    OperationError::new(
        ErrorClass::InvalidResponse,
        "endless-paging",
        "the plugin gave a cursor twice, or more than 100,000 pages: the list has no end",
    )
}

/// Filters a page and puts it into the inventory, with its cursor, as one.
async fn commit(
    ctx: &RunContext,
    run: RunId,
    split: &Arc<Split>,
    at: Option<Cursor>,
    mut page: ReadPage,
) -> Result<(), OperationError> {
    let (filter, now) = (ctx.filter, ctx.clock.now());
    let (own, labels) = (Arc::clone(split), Arc::clone(&ctx.labels));
    let plugin = ctx.plugin.sha256();
    let committed: Committed = ctx
        .store(move |inventory, connector| {
            let unwanted = filter.unwanted(&page.entries, now);
            if !unwanted.is_empty() {
                let known = inventory.markers(connector, &unwanted)?;
                let unknown = unwanted.into_iter().zip(known);
                let unknown = unknown.filter_map(|(id, marker)| marker.is_none().then_some(id));
                leave_out(&mut page.entries, &unknown.collect());
            }
            inventory.commit_page(PageCommit {
                connector,
                run,
                split: &own,
                at,
                entries: page.entries,
                problems: page.problems,
                next: page.next,
                plugin,
                labels: &labels,
            })
        })
        .await?;
    ctx.progress.send(Progress::Page {
        split: split.id.clone(),
        counts: committed.counts,
    });
    if committed.unknown.is_empty() {
        return Ok(());
    }
    Err(OperationError::new(
        ErrorClass::Internal,
        FORGOTTEN,
        "the plugin called places unchanged that the inventory does not remember",
    ))
}
