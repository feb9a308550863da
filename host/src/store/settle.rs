//! A split's beginning, and the end of a scan that did not see everything.
//! Above: `commit`, `vanish`. Below: `draft`, `state`, `split`.
//! Invariant: when a place was last seen never goes back.

use super::columns::RETIRED;
use super::draft::Draft;
use super::error::StoreError;
use super::records::{Bitmap, keys};
use super::split::{Scan, SplitRecord};
use super::state::State;
use crate::model::id::ConnectorId;
use crate::model::split::Split;
use crate::model::time::Millis;

/// History is kept so long.
const KEPT: Millis = 400 * super::vanish::DAY;

/// The split's number, made when it is new.
pub(super) fn open_split(
    state: &mut State,
    draft: &mut Draft<'_>,
    connector: &ConnectorId,
    split: &Split,
) -> Result<u32, StoreError> {
    if let Some(number) = state.split_number(connector, &split.id) {
        // A place that was skipped so far has been told without its service.
        if let Some(known) = state.splits.get_mut(&number)
            && known.record.service.is_empty()
            && !split.service.is_empty()
        {
            known.record.service.clone_from(&split.service);
            draft.put(keys::of(keys::SPLIT, number), &known.record)?;
        }
        return Ok(number);
    }
    let record = SplitRecord {
        connector: connector.clone(),
        id: split.id.clone(),
        account: split.account.clone(),
        region: split.region.clone(),
        service: split.service.clone(),
        coverage: None,
        run: None,
        complete_at: None,
        partly_at: None,
        held: false,
        emptied: false,
        stale: false,
        error: None,
    };
    let number = state.add_split(record.clone());
    draft.put(keys::of(keys::SPLIT, number), &record)?;
    Ok(number)
}

/// Ends a scan that did not see everything: whom it saw is remembered with its time.
pub(super) fn settle(
    state: &mut State,
    draft: &mut Draft<'_>,
    number: u32,
    scan: Scan,
) -> Result<(), StoreError> {
    let Some(split) = state.splits.get_mut(&number) else {
        return Ok(());
    };
    let older = split.record.partly_at.unwrap_or(0);
    let left: Vec<u32> = (&split.partly - &scan.seen).iter().collect();
    split.partly = scan.seen;
    split.record.partly_at = Some(scan.updated_at);
    let (record, partly) = (split.record.clone(), Bitmap(split.partly.clone()));
    draft.put(keys::of(keys::SPLIT, number), &record)?;
    draft.put(keys::of(keys::PARTLY, number), &partly)?;
    draft.remove(keys::of(keys::SCAN, number));
    // Places that only the scan before saw keep its time themselves.
    for id in left {
        let mut place = draft.place(state, id)?;
        if place.seen_at < older {
            place.seen_at = older;
            draft.put_place(state, id, &place)?;
        }
    }
    Ok(())
}

/// Takes out what has been history for long enough.
pub(super) fn purge(
    state: &mut State,
    draft: &mut Draft<'_>,
    number: u32,
    now: Millis,
) -> Result<(), StoreError> {
    let Some(split) = state.splits.get(&number) else {
        return Ok(());
    };
    let retired: Vec<u32> = split
        .rows
        .iter()
        .filter(|id| state.rows.is(*id, RETIRED))
        .collect();
    for id in retired {
        if draft
            .place(state, id)?
            .retired_at
            .is_some_and(|at| now - at > KEPT)
        {
            draft.drop_place(state, id)?;
        }
    }
    Ok(())
}
