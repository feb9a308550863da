//! Single places and certificates, in full.
//! Above: `inventory`, `list`. Below: `state`, `engine`.
//! Invariant: what the columns hold goes before what a record holds.

use super::columns::{LIVE, NONE, source_of, status_of};
use super::engine::Engine;
use super::error::StoreError;
use super::revocation;
use super::state::{State, place_hash, read_certificate, read_place};
use super::types::Shown;
use crate::model::asset::{Asset, Location};
use crate::model::id::Sha256;

/// The fewest digits of a fingerprint that are looked for.
const PREFIX: usize = 6;

/// One place in full.
pub(super) fn read_asset(state: &State, engine: &Engine, id: u32) -> Result<Asset, StoreError> {
    let location = read_location(state, engine, id)?;
    let certificate = match state.rows.certificate[id as usize] {
        NONE => None,
        certificate => Some(read_certificate(engine, state, certificate)?),
    };
    Ok(Asset {
        location,
        certificate,
        revocation: revocation::read(state, engine, state.rows.certificate[id as usize])?,
    })
}

fn read_location(state: &State, engine: &Engine, id: u32) -> Result<Location, StoreError> {
    let lost = || StoreError::Damaged("a place belongs to no split".into());
    let record = read_place(engine, state, id)?;
    let row = state.rows.get(id).ok_or_else(lost)?;
    let split = state.splits.get(&row.split).ok_or_else(lost)?;
    let labels = state
        .labels
        .values
        .get(row.labels as usize)
        .ok_or_else(lost)?;
    let fingerprint = |id: &u32| {
        state
            .leaves
            .fingerprint
            .get(*id as usize)
            .copied()
            .map(Sha256)
    };
    let mut place = record.place;
    (place.status, place.source) = (status_of(row.status), source_of(row.source));
    Ok(Location {
        connector: split.record.connector.clone(),
        account: split.record.account.clone(),
        region: split.record.region.clone(),
        service: split.record.service.clone(),
        split: split.record.id.clone(),
        place,
        fingerprint: fingerprint(&row.certificate),
        chain: record.chain.iter().filter_map(fingerprint).collect(),
        business_unit: labels.business_unit.clone(),
        import_tags: labels.tags.clone(),
        mock: state.is_mock(&split.record.connector),
        first_seen: row.first_seen,
        last_seen: split.last_seen(id, record.seen_at, record.misses),
        read_at: record.read_at,
        run: record.run,
        stale: split.record.stale,
        missing_since: record.missing_since,
        misses: record.misses,
        retired_at: record.retired_at,
    })
}

pub(super) fn show(state: &State, engine: &Engine, text: &str) -> Result<Shown, StoreError> {
    let text = text.trim();
    let found = find(state, engine, text)?;
    let mut told = None;
    let (certificate, rows) = match found {
        Found::Certificate(id) => {
            let rows: Vec<u32> = (0..state.rows.len())
                .filter(|row| state.rows.certificate[*row as usize] == id)
                .collect();
            told = revocation::read(state, engine, id)?;
            (Some(read_certificate(engine, state, id)?), rows)
        }
        Found::Place(row) => (None, vec![row]),
    };
    let mut locations = Vec::with_capacity(rows.len());
    for row in rows.into_iter().filter(|row| state.rows.is(*row, LIVE)) {
        locations.push(read_location(state, engine, row)?);
    }
    let mut chain = Vec::new();
    for link in locations
        .first()
        .map(|location| location.chain.clone())
        .unwrap_or_default()
    {
        if let Some(id) = state.find_leaf(link) {
            chain.push(read_certificate(engine, state, id)?);
        }
    }
    Ok(Shown {
        certificate,
        revocation: told,
        locations,
        chain,
    })
}

enum Found {
    Certificate(u32),
    /// It has no certificate yet.
    Place(u32),
}

fn find(state: &State, engine: &Engine, text: &str) -> Result<Found, StoreError> {
    for connector in state.connectors.values() {
        if let Some(row) = state.find_place(place_hash(&connector.name, text)) {
            return Ok(match state.rows.certificate[row as usize] {
                NONE => Found::Place(row),
                certificate => Found::Certificate(certificate),
            });
        }
    }
    let digits: String = text
        .chars()
        .filter(|c| *c != ':')
        .collect::<String>()
        .to_ascii_lowercase();
    let missing = || StoreError::NotFound(crate::model::text::clean(text, 200));
    if digits.len() > 64 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(missing());
    }
    let mut hits = by_fingerprint(state, &digits);
    for id in by_serial(state, engine, digits.trim_start_matches('0'))? {
        if !hits.contains(&id) {
            hits.push(id);
        }
    }
    match hits.as_slice() {
        [] => Err(missing()),
        [one] => Ok(Found::Certificate(*one)),
        several => {
            let print = |id: &u32| Sha256(state.leaves.fingerprint[*id as usize]).to_string();
            let candidates = several.iter().take(10).map(print).collect();
            Err(StoreError::Ambiguous {
                text: crate::model::text::clean(text, 200),
                candidates,
            })
        }
    }
}

fn by_fingerprint(state: &State, digits: &str) -> Vec<u32> {
    if digits.len() < PREFIX {
        return Vec::new();
    }
    let mut start = [0; 32];
    let even = digits.len() / 2;
    if hex::decode_to_slice(&digits[..even * 2], &mut start[..even]).is_err() {
        return Vec::new();
    }
    let is_live = |id: &u32| state.leaves.flags[*id as usize] & LIVE != 0;
    (0..state.leaves.len())
        .filter(|id| state.leaves.fingerprint[*id as usize][..even] == start[..even])
        .filter(is_live)
        .filter(|id| hex::encode(state.leaves.fingerprint[*id as usize]).starts_with(digits))
        .collect()
}

fn by_serial(state: &State, engine: &Engine, serial: &str) -> Result<Vec<u32>, StoreError> {
    let wanted = super::terms::serial_hash(serial);
    let mut hits = Vec::new();
    for id in (0..state.leaves.len()).filter(|id| state.leaves.serial[*id as usize] == wanted) {
        if state.leaves.flags[id as usize] & LIVE != 0
            && read_certificate(engine, state, id)?.serial == serial
        {
            hits.push(id);
        }
    }
    Ok(hits)
}
