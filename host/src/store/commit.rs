//! A page and its cursor, kept together.
//! Above: `inventory`. Below: `draft`, `state`, `split`.
//! Invariant: a page may be committed twice; the second time changes nothing but when its places were last seen.

use super::columns::{CHAIN, LIVE, MISSING, NONE, RETIRED, Row, source_number, status_number};
use super::draft::Draft;
use super::error::StoreError;
use super::quarantine;
use super::records::{PlaceRecord, keys};
use super::settle::{open_split, settle};
use super::split::Scan;
use super::state::{State, place_hash};
use super::terms::{hashes, plain_name, tag_hash};
use super::types::{Committed, PageCommit};
use crate::model::asset::{Found, PageEntry, Place, Unreadable};
use crate::model::id::{ConnectorId, RunId, Sha256};
use crate::model::time::Millis;

/// What a page's entries have in common.
pub(super) struct Page<'a> {
    pub(super) connector: &'a ConnectorId,
    pub(super) run: RunId,
    pub(super) split: u32,
    labels: u32,
    pub(super) plugin: Sha256,
    pub(super) now: Millis,
}

pub(super) fn commit_page(
    state: &mut State,
    draft: &mut Draft<'_>,
    page: PageCommit<'_>,
    now: Millis,
) -> Result<Committed, StoreError> {
    match state.runs.get(&page.run) {
        Some(run) if run.connector == *page.connector => {}
        _ => return Err(StoreError::NoSuchRun(page.run)),
    }
    let known = state.split_number(page.connector, &page.split.id);
    let before = known
        .and_then(|number| state.splits.get(&number))
        .and_then(|split| split.scan.as_ref());
    let repeated = match (&page.at, before) {
        (None, Some(scan)) => scan.run == page.run && scan.at.is_none() && scan.next == page.next,
        (None, None) => false,
        (Some(at), Some(scan)) if scan.next.as_ref() == Some(at) => false,
        (Some(at), Some(scan)) if scan.at.as_ref() == Some(at) => true,
        (Some(_), _) => {
            return Err(StoreError::OutOfOrder {
                split: page.split.id.clone(),
            });
        }
    };
    let number = open_split(state, draft, page.connector, page.split)?;
    let mut scan = match (page.at.is_none() && !repeated, take_scan(state, number)) {
        (false, Some(scan)) => scan,
        (_, old) => {
            if let Some(old) = old {
                settle(state, draft, number, old)?;
            }
            Scan::new(page.run, now)
        }
    };
    let labels = draft.labels(state, page.labels)?;
    let shared = Page {
        connector: page.connector,
        run: page.run,
        split: number,
        labels,
        plugin: page.plugin,
        now,
    };
    let at_start = scan.counts;
    let mut unknown = Vec::new();
    for entry in page.entries {
        put_entry(state, draft, &shared, &mut scan, entry, &mut unknown)?;
    }
    if !repeated {
        scan.complain(page.problems);
        scan.counts.pages += 1;
    }
    scan.at = page.at;
    scan.next = page.next;
    scan.updated_at = now;
    let counts = scan.counts - at_start;
    draft.put(keys::of(keys::SCAN, number), &scan)?;
    if let Some(split) = state.splits.get_mut(&number) {
        split.scan = Some(scan);
    }
    Ok(Committed { counts, unknown })
}

fn take_scan(state: &mut State, number: u32) -> Option<Scan> {
    state
        .splits
        .get_mut(&number)
        .and_then(|split| split.scan.take())
}

fn put_entry(
    state: &mut State,
    draft: &mut Draft<'_>,
    page: &Page<'_>,
    scan: &mut Scan,
    entry: PageEntry,
    unknown: &mut Vec<String>,
) -> Result<(), StoreError> {
    if let PageEntry::Unchanged(id) | PageEntry::Filtered(id) = &entry {
        quarantine::release(state, draft, page.connector, id);
    }
    match entry {
        PageEntry::Found(found) => put_found(state, draft, page, scan, *found),
        PageEntry::Unchanged(id) => {
            let Some(row) = state.find_place(place_hash(page.connector, &id)) else {
                unknown.push(id);
                return Ok(());
            };
            if see(state, draft, page, scan, row)? {
                scan.counts.unchanged += 1;
            }
            Ok(())
        }
        PageEntry::Filtered(id) => {
            if see_or_meet(state, draft, page, scan, &id)? {
                scan.counts.filtered += 1;
            }
            Ok(())
        }
        PageEntry::Unreadable(Unreadable { id, poison }) => {
            if see_or_meet(state, draft, page, scan, &id)? {
                scan.counts.unreadable += 1;
                scan.counts.quarantined += u64::from(poison.is_some());
            }
            match poison {
                Some(poison) => quarantine::keep(state, draft, page, scan, id, poison),
                None => Ok(()),
            }
        }
    }
}

fn see_or_meet(
    state: &mut State,
    draft: &mut Draft<'_>,
    page: &Page<'_>,
    scan: &mut Scan,
    id: &str,
) -> Result<bool, StoreError> {
    let place = place_hash(page.connector, id);
    if let Some(row) = state.find_place(place) {
        return see(state, draft, page, scan, row);
    }
    let first = scan.meet(place);
    scan.counts.seen += u64::from(first);
    Ok(first)
}

/// A place that is known is there: it is not missing any more. Whether this scan had not seen it before.
fn see(
    state: &mut State,
    draft: &mut Draft<'_>,
    page: &Page<'_>,
    scan: &mut Scan,
    id: u32,
) -> Result<bool, StoreError> {
    let Some(mut row) = state.rows.get(id) else {
        return Ok(false);
    };
    if row.flags & (MISSING | RETIRED) != 0 {
        let mut place = draft.place(state, id)?;
        place.seen_at = page.now;
        (place.missing_since, place.misses, place.retired_at) = (None, 0, None);
        draft.put_place(state, id, &place)?;
    }
    let flags = row.flags & !(MISSING | RETIRED);
    if (row.flags, row.split, row.labels) != (flags, page.split, page.labels) {
        (row.flags, row.split, row.labels) = (flags, page.split, page.labels);
        draft.put_row(state, id, row);
    }
    let first = scan.seen.insert(id);
    scan.counts.seen += u64::from(first);
    Ok(first)
}

fn put_found(
    state: &mut State,
    draft: &mut Draft<'_>,
    page: &Page<'_>,
    scan: &mut Scan,
    found: Found,
) -> Result<(), StoreError> {
    quarantine::release(state, draft, page.connector, &found.place.id);
    let hash = place_hash(page.connector, &found.place.id);
    let known = state.find_place(hash);
    let mut chain = Vec::new();
    let mut certificate = NONE;
    if let Some(body) = found.body {
        certificate = draft.certificate(state, &body.certificate, body.der, 0)?;
        for (link, der) in body.chain {
            chain.push(draft.certificate(state, &link, der, CHAIN)?);
        }
    }
    let record = PlaceRecord {
        place: found.place,
        chain,
        seen_at: page.now,
        read_at: page.now,
        run: page.run,
        missing_since: None,
        misses: 0,
        retired_at: None,
    };
    let Some(id) = known else {
        let id = state
            .rows
            .free
            .first()
            .copied()
            .unwrap_or_else(|| state.rows.len());
        let row = row_of(page, &record.place, certificate, hash, page.now);
        draft.put_row(state, id, row);
        draft.put_place(state, id, &record)?;
        scan.counts.new += 1;
        scan.counts.seen += u64::from(scan.seen.insert(id));
        return Ok(());
    };
    let first_seen = state.rows.first_seen[id as usize];
    let row = row_of(page, &record.place, certificate, hash, first_seen);
    let before = draft.place(state, id)?;
    let was_retired = state.rows.is(id, RETIRED);
    let same = before.place == record.place
        && before.chain == record.chain
        && state.rows.certificate[id as usize] == certificate
        && !was_retired;
    let first = !scan.seen.contains(id);
    if !same || first {
        draft.put_place(state, id, &record)?;
    }
    if state.rows.get(id).as_ref() != Some(&row) {
        draft.put_row(state, id, row);
    }
    if scan.seen.insert(id) {
        scan.counts.seen += 1;
        *(if same {
            &mut scan.counts.unchanged
        } else {
            &mut scan.counts.changed
        }) += 1;
    }
    Ok(())
}

fn row_of(page: &Page<'_>, place: &Place, certificate: u32, hash: u64, first_seen: Millis) -> Row {
    let mut tags: Vec<u32> = place
        .tags
        .iter()
        .flat_map(|(key, value)| [tag_hash(key, None), tag_hash(key, Some(value))])
        .collect();
    let mut name = String::new();
    if certificate == NONE {
        name = place
            .display_name
            .as_deref()
            .map(plain_name)
            .unwrap_or_default();
        tags.extend(hashes(place.display_name.iter()));
    }
    tags.sort_unstable();
    tags.dedup();
    Row {
        split: page.split,
        certificate,
        labels: page.labels,
        status: status_number(place.status),
        source: source_number(place.source),
        in_use: place.in_use.map_or(0, |used| 1 + u8::from(used)),
        flags: LIVE,
        first_seen,
        place: hash,
        name,
        tags,
    }
}
