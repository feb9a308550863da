//! The end of a split, and the rules for what is gone.
//! Above: `inventory`. Below: `draft`, `state`, `split`, `commit`.
//! Invariant: only a scan that saw the split to its end counts a miss; a place is retired after three misses and a day,
//! kept for 400 days, and back at once when it is seen again; when more than a fifth is gone at once, nothing counts
//! until somebody confirms it, and when a small split is suddenly empty, until the next scan finds it empty too.

use super::columns::{LIVE, MISSING, RETIRED};
use super::draft::Draft;
use super::error::StoreError;
use super::quarantine;
use super::records::{Bitmap, keys};
use super::settle::{open_split, purge, settle};
use super::split::{KEPT_PROBLEMS, Scan};
use super::state::State;
use super::types::SplitEnd;
use crate::model::id::{ConnectorId, RunId};
use crate::model::problem::{ErrorClass, OperationError, Problem, Severity};
use crate::model::run::{Counts, SplitRun};
use crate::model::split::{Coverage, Split};
use crate::model::time::Millis;
use roaring::RoaringBitmap;

pub(super) const DAY: Millis = 24 * 3_600_000;
const MISSES: u32 = 3;
/// So many may vanish at once without a question, if anything is left.
const HELD_ABOVE: u64 = 5;
/// Fewer ones that could not be had than this never fail a split, however small it is.
const UNREADABLE_FLOOR: u64 = 10;
const UNREADABLE_LIMIT: u64 = 100;

pub(super) fn finish_split(
    state: &mut State,
    draft: &mut Draft<'_>,
    connector: &ConnectorId,
    run: RunId,
    split: &Split,
    end: SplitEnd,
    now: Millis,
) -> Result<SplitRun, StoreError> {
    if state
        .runs
        .get(&run)
        .is_none_or(|run| run.connector != *connector)
    {
        return Err(StoreError::NoSuchRun(run));
    }
    let known = state
        .split_number(connector, &split.id)
        .and_then(|number| state.splits.get(&number));
    let scan = known.and_then(|split| split.scan.as_ref());
    let ended = scan.is_some_and(|scan| scan.next.is_none());
    if end.coverage == Coverage::Complete && !ended {
        return Err(StoreError::NotEnded {
            split: split.id.clone(),
        });
    }
    let number = open_split(state, draft, connector, split)?;
    let mut scan = state
        .splits
        .get(&number)
        .and_then(|split| split.scan.clone());
    let mut outcome = SplitRun {
        split: split.id.clone(),
        account: split.account.clone(),
        region: split.region.clone(),
        service: split.service.clone(),
        coverage: end.coverage,
        started_at: end.started_at,
        ended_at: now,
        counts: Counts {
            splits: 1,
            ..Counts::default()
        },
        error: end.error,
        problems: Vec::new(),
        held: false,
    };
    if let Some(scan) = &mut scan {
        scan.complain(end.problems);
        outcome.counts = scan.counts;
        outcome.problems.clone_from(&scan.problems);
    } else {
        outcome.counts.problems = end.problems.len() as u64;
        outcome
            .problems
            .extend(end.problems.into_iter().take(KEPT_PROBLEMS));
    }
    let whole = judge_unreadable(&mut outcome);
    if let Some(scan) = scan.as_ref().filter(|_| whole) {
        count_misses(
            state,
            draft,
            number,
            &mut outcome,
            scan,
            end.accept_vanished,
            now,
        )?;
        quarantine::sweep(state, draft, number, Some(scan));
    }
    let ended = Ended {
        whole: whole && !outcome.held,
        listed: ended,
    };
    close(state, draft, number, run, &outcome, scan, &ended)?;
    purge(state, draft, number, now)?;
    draft.put(split_run_key(run, number), &outcome)?;
    Ok(outcome)
}

pub(super) fn split_run_key(run: RunId, number: u32) -> Vec<u8> {
    let mut key = vec![keys::SPLIT_RUN];
    key.extend_from_slice(&run.0.to_be_bytes());
    key.extend_from_slice(&number.to_be_bytes());
    key
}

/// How a split was left.
struct Ended {
    /// It was seen to its end, so that it says what is gone.
    whole: bool,
    /// Its list was, at least.
    listed: bool,
}

/// Something unreadable makes a split partial; too much of it makes it failed, and what was known stays. Whether all of
/// the split was seen: a few that are poison (one in a hundred, one at least, a hundred at most) do not hinder that,
/// since they will be the same tomorrow; one that could not be had does.
fn judge_unreadable(outcome: &mut SplitRun) -> bool {
    let (unreadable, seen) = (outcome.counts.unreadable, outcome.counts.seen);
    if !matches!(outcome.coverage, Coverage::Complete | Coverage::Partial) {
        return false;
    }
    let complete = outcome.coverage == Coverage::Complete;
    if unreadable == 0 {
        return complete;
    }
    let poison = outcome.counts.quarantined;
    let others = unreadable.saturating_sub(poison);
    let many = others >= UNREADABLE_FLOOR && others * 100 > seen || others >= UNREADABLE_LIMIT;
    outcome.coverage = if many || poison > (seen / 100).clamp(1, UNREADABLE_LIMIT) {
        Coverage::Failed
    } else {
        Coverage::Partial
    };
    if outcome.coverage == Coverage::Failed && outcome.error.is_none() {
        let text = format!(
            "{unreadable} of {seen} certificates could not be read; what was known of them stays"
        );
        outcome.error = Some(OperationError::new(
            ErrorClass::InvalidResponse,
            "too-many-unreadable",
            text,
        ));
    }
    complete && others == 0 && outcome.coverage == Coverage::Partial
}

/// Counts who was not seen; holds back when they are too many.
fn count_misses(
    state: &mut State,
    draft: &mut Draft<'_>,
    number: u32,
    outcome: &mut SplitRun,
    scan: &Scan,
    accepted: bool,
    now: Millis,
) -> Result<(), StoreError> {
    let Some(split) = state.splits.get_mut(&number) else {
        return Ok(());
    };
    let empty = scan.counts.seen == 0;
    let was_empty = std::mem::replace(&mut split.record.emptied, empty);
    let suddenly = empty && !was_empty;
    let present: RoaringBitmap = split
        .rows
        .iter()
        .filter(|id| !state.rows.is(*id, RETIRED))
        .collect();
    let unseen = &present - &scan.seen;
    let newly = unseen
        .iter()
        .filter(|id| !state.rows.is(*id, MISSING))
        .count() as u64;
    let already = unseen.len() - newly;
    let before = (present.len() - already).saturating_sub(scan.counts.new);
    let many = newly > HELD_ABOVE && newly * 5 > before;
    if !accepted && (many || suddenly && newly > 0) {
        hold(outcome, newly, before, many);
        return Ok(());
    }
    for id in unseen {
        let mut place = draft.place(state, id)?;
        if place.misses == 0 {
            let seen_at = state
                .splits
                .get(&number)
                .map(|split| split.last_seen(id, place.seen_at, 0));
            place.seen_at = seen_at.unwrap_or(place.seen_at);
            place.missing_since = Some(now);
        }
        place.misses = place.misses.saturating_add(1);
        outcome.counts.missing += 1;
        let long = place.missing_since.is_some_and(|since| now - since >= DAY);
        let retired = place.misses >= MISSES && long;
        if retired {
            place.retired_at = Some(now);
            outcome.counts.retired += 1;
        }
        draft.put_place(state, id, &place)?;
        if let Some(mut row) = state.rows.get(id) {
            row.flags = LIVE | MISSING | if retired { RETIRED } else { 0 };
            draft.put_row(state, id, row);
        }
    }
    Ok(())
}

fn hold(outcome: &mut SplitRun, newly: u64, before: u64, many: bool) {
    let (severity, what_next) = if many {
        let confirm = "if that is right, import again with --accept-vanished";
        (Severity::Error, confirm)
    } else {
        let wait = "if the next import finds none either, they count as missing";
        (Severity::Warning, wait)
    };
    outcome.held = true;
    outcome.coverage = Coverage::Partial;
    outcome.counts.problems += 1;
    outcome.problems.truncate(KEPT_PROBLEMS - 1);
    outcome.problems.push(Problem {
        severity,
        code: "vanished-held".into(),
        subject: Some(outcome.split.clone()),
        message: format!(
            "{newly} of {before} certificates are gone at once: they are kept as they were; {what_next}"
        ),
    });
}

/// Writes how the split stands now.
fn close(
    state: &mut State,
    draft: &mut Draft<'_>,
    number: u32,
    run: RunId,
    outcome: &SplitRun,
    scan: Option<Scan>,
    ended: &Ended,
) -> Result<(), StoreError> {
    if let Some(split) = state.splits.get_mut(&number) {
        let record = &mut split.record;
        record.coverage = Some(outcome.coverage);
        record.run = Some(run);
        record.held = outcome.held;
        record.error.clone_from(&outcome.error);
        record.stale = match outcome.coverage {
            Coverage::Complete => false,
            Coverage::Partial => !ended.listed,
            Coverage::Denied | Coverage::Throttled | Coverage::Failed | Coverage::Skipped => true,
        };
    }
    match scan {
        Some(scan) if ended.whole => finish_whole(state, draft, number, &scan)?,
        Some(scan) if goes_on(outcome) && !ended.listed => {
            draft.put(keys::of(keys::SCAN, number), &scan)?;
            if let Some(split) = state.splits.get_mut(&number) {
                split.scan = Some(scan);
            }
        }
        Some(scan) => {
            if let Some(split) = state.splits.get_mut(&number) {
                split.scan = None;
            }
            settle(state, draft, number, scan)?;
        }
        None => {}
    }
    if let Some(split) = state.splits.get(&number) {
        draft.put(keys::of(keys::SPLIT, number), &split.record)?;
    }
    Ok(())
}

fn finish_whole(
    state: &mut State,
    draft: &mut Draft<'_>,
    number: u32,
    scan: &Scan,
) -> Result<(), StoreError> {
    if let Some(split) = state.splits.get_mut(&number) {
        split.scan = None;
        split.record.complete_at = Some(scan.updated_at);
        // A place that is missing now has its own time.
        split.record.partly_at = None;
        split.partly = RoaringBitmap::new();
        draft.put(
            keys::of(keys::PARTLY, number),
            &Bitmap(RoaringBitmap::new()),
        )?;
        draft.remove(keys::of(keys::SCAN, number));
    }
    Ok(())
}

/// Whether the next run may go on where this one stopped.
fn goes_on(outcome: &SplitRun) -> bool {
    let class = outcome.error.as_ref().map(|error| error.class);
    outcome.coverage == Coverage::Throttled
        || outcome.coverage == Coverage::Failed
            && matches!(
                class,
                Some(
                    ErrorClass::Transient
                        | ErrorClass::Throttled
                        | ErrorClass::AuthExpired
                        | ErrorClass::Cancelled
                )
            )
}
