//! Pulls the plan out of a plugin, page by page, and hands its splits to the scheduler.
//! Above: `run`. Below: `plugin`, `store`.
//! Invariant: lazy: no page is asked for before the last one's splits have found room.

use super::context::RunContext;
use super::progress::Progress;
use super::split::{START_OVER, digest};
use crate::model::account::Account;
use crate::model::id::RunId;
use crate::model::plan::{PlanEntry, PlanPage, Skipped};
use crate::model::problem::{ErrorClass, OperationError, Problem, Severity};
use crate::model::split::{Cursor, Split};
use crate::plugin::CallError;
use std::collections::HashSet;
use tokio::sync::mpsc;

/// What the plan said, when it has ended.
#[derive(Debug, Default)]
pub(super) struct Planned {
    pub accounts: u64,
    pub splits: u64,
    /// Splits, and places that should have become one.
    pub places: u64,
    pub problems: Vec<Problem>,
    /// It was walked to its end.
    pub complete: bool,
    /// What ended it before.
    pub error: Option<OperationError>,
}

/// What the planner hands on.
pub(super) enum Planning {
    Split(Split),
    Skipped(Skipped),
}

const MAX_PAGES: usize = 10_000;
/// More than anybody reads; an endless teller must not fill the memory.
const MAX_PROBLEMS: usize = 1_000;

/// Plans until the plugin says that there is no more, the run is stopped, or the plan fails.
pub(super) async fn plan(ctx: &RunContext, run: RunId, out: mpsc::Sender<Planning>) -> Planned {
    let mut planned = Planned::default();
    if let Err(error) = pull(ctx, run, &out, &mut planned).await {
        planned.error = Some(error);
    }
    ctx.progress.send(Progress::Planned {
        splits: planned.splits,
        complete: true,
    });
    planned
}

async fn pull(
    ctx: &RunContext,
    run: RunId,
    out: &mpsc::Sender<Planning>,
    planned: &mut Planned,
) -> Result<(), OperationError> {
    let mut plugin = ctx
        .instantiate(false)
        .await
        .map_err(CallError::into_operation_error)?;
    let mut cursor: Option<Cursor> = None;
    let mut seen = HashSet::new();
    let mut named = HashSet::new();
    let mut again = false;
    for _ in 0..MAX_PAGES {
        if ctx.stop.is_cancelled() {
            return Ok(());
        }
        let page = match plugin
            .plan(cursor.take())
            .await
            .map_err(CallError::into_operation_error)
        {
            Err(error) if START_OVER.contains(&error.code.as_str()) && !again => {
                tracing::info!(code = %error.code, "starting the plan over");
                again = true;
                seen.clear();
                // The plan tells them again; what is planned already stays so.
                planned.problems = vec![started_over(&error)];
                continue;
            }
            page => page?,
        };
        cursor = take_page(ctx, run, page, out, planned, &mut named).await?;
        match &cursor {
            None => return finish(planned),
            Some(next) if !seen.insert(digest(next)) => {
                return Err(endless(
                    "the plugin's plan came back to a cursor that it gave before",
                ));
            }
            Some(_) => {}
        }
    }
    Err(endless("the plugin's plan has more than 10,000 pages"))
}

/// A plan without one account is a mistake somewhere, never a success.
fn finish(planned: &mut Planned) -> Result<(), OperationError> {
    planned.complete = planned.accounts > 0 && planned.places > 0;
    if planned.accounts == 0 {
        return Err(OperationError::new(
            ErrorClass::Config,
            "no-accounts",
            "the plan names no account at all: check the credential, the scope and the filters with `sensor connector check`",
        ));
    }
    if planned.places == 0 {
        return Err(OperationError::new(
            ErrorClass::Config,
            "nothing-to-read",
            "the plan names accounts and no place to read in any of them: check the filters of accounts, units and regions",
        ));
    }
    Ok(())
}

async fn take_page(
    ctx: &RunContext,
    run: RunId,
    page: PlanPage,
    out: &mpsc::Sender<Planning>,
    planned: &mut Planned,
    named: &mut HashSet<String>,
) -> Result<Option<Cursor>, OperationError> {
    let room = MAX_PROBLEMS.saturating_sub(planned.problems.len());
    planned
        .problems
        .extend(page.problems.into_iter().take(room));
    let mut accounts: Vec<Account> = Vec::new();
    let mut places = Vec::new();
    for entry in page.entries {
        match entry {
            PlanEntry::Account(account) => {
                planned.accounts += u64::from(named.insert(format!("account {}", account.id)));
                accounts.push(account);
            }
            // A list that moved while it was paged names an account twice; one reading is enough.
            PlanEntry::Split(split) if !named.insert(split.id.clone()) => {
                tracing::debug!(split = %split.id, "planned twice, read once");
            }
            PlanEntry::Split(split) => places.push(Planning::Split(split)),
            PlanEntry::Skipped(skipped) if !named.insert(skipped.split()) => {
                tracing::debug!(split = %skipped.split(), "planned twice, told once");
            }
            PlanEntry::Skipped(skipped) => places.push(Planning::Skipped(skipped)),
        }
    }
    for account in &accounts {
        ctx.progress.send(Progress::Account {
            id: account.id.clone(),
            name: account.name.clone(),
        });
    }
    ctx.store(move |inventory, connector| inventory.put_accounts(connector, run, &accounts))
        .await?;
    planned.places += places.len() as u64;
    for place in places {
        if matches!(place, Planning::Split(_)) {
            planned.splits += 1;
        }
        if out.send(place).await.is_err() {
            break;
        }
    }
    ctx.progress.send(Progress::Planned {
        splits: planned.splits,
        complete: false,
    });
    Ok(page.next)
}

fn started_over(error: &OperationError) -> Problem {
    Problem {
        severity: Severity::Info,
        code: error.code.clone(),
        subject: None,
        message: format!("planned from the front again: {}", error.message),
    }
}

fn endless(message: &str) -> OperationError {
    OperationError::new(ErrorClass::InvalidResponse, "endless-plan", message)
}
