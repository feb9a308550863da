//! Quarantine: what came in a certificate's place and is none, kept for whoever looks into it.
//! Above: `commit` puts in and takes out, `vanish` takes out what is gone. Below: `draft`, `state`.
//! Invariant: a place is in it only while the last reading that told of it told of poison.

use super::codec::{decode, unseal};
use super::commit::Page;
use super::draft::Draft;
use super::engine::Engine;
use super::error::StoreError;
use super::records::keys;
use super::split::Scan;
use super::state::{State, place_hash};
use crate::model::asset::{Poison, Quarantined};
use crate::model::id::ConnectorId;

/// Places of one split; beyond, they are only counted.
const MOST: usize = 100;

fn key(place: u64) -> Vec<u8> {
    let mut key = vec![keys::QUARANTINE];
    key.extend_from_slice(&place.to_be_bytes());
    key
}

/// The hash of the place that a key stands for.
pub(super) fn place(key: &[u8]) -> u64 {
    key.iter()
        .skip(1)
        .fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}

fn read(engine: &Engine, place: u64) -> Result<Option<Quarantined>, StoreError> {
    let Some(value) = engine.get(&key(place))? else {
        return Ok(None);
    };
    let (_, found): (u32, Quarantined) = decode(unseal(&value)?)?;
    Ok(Some(found))
}

pub(super) fn keep(
    state: &mut State,
    draft: &mut Draft<'_>,
    page: &Page<'_>,
    scan: &mut Scan,
    id: String,
    poison: Poison,
) -> Result<(), StoreError> {
    let place = place_hash(page.connector, &id);
    if scan.poison.len() >= MOST && !scan.poison.contains(&place) {
        return Ok(());
    }
    let mut found = Quarantined {
        id,
        connector: page.connector.clone(),
        split: state
            .splits
            .get(&page.split)
            .map(|split| split.record.id.clone())
            .unwrap_or_default(),
        poison,
        plugin: page.plugin,
        first_seen: page.now,
        last_seen: page.now,
        run: page.run,
    };
    if state.quarantine.contains_key(&place)
        && let Some(before) = read(draft.engine(), place)?
        && before.poison == found.poison
    {
        found.first_seen = before.first_seen;
    }
    draft.put(key(place), &(page.split, found))?;
    state.quarantine.insert(place, page.split);
    scan.poison.insert(place);
    Ok(())
}

/// The place was told of in another way.
pub(super) fn release(state: &mut State, draft: &mut Draft<'_>, connector: &ConnectorId, id: &str) {
    if !state.quarantine.is_empty() {
        let place = place_hash(connector, id);
        if state.quarantine.remove(&place).is_some() {
            draft.remove(key(place));
        }
    }
}

/// A split was seen to its end: what it did not tell of is gone. None: the split itself is gone.
pub(super) fn sweep(state: &mut State, draft: &mut Draft<'_>, split: u32, seen: Option<&Scan>) {
    state.quarantine.retain(|place, owner| {
        let kept = *owner != split || seen.is_some_and(|scan| scan.poison.contains(place));
        if !kept {
            draft.remove(key(*place));
        }
        kept
    });
}

/// Everything in it, of one connector or of all.
pub(super) fn all(
    engine: &Engine,
    connector: Option<&ConnectorId>,
) -> Result<Vec<Quarantined>, StoreError> {
    let mut all = Vec::new();
    engine.each(&[keys::QUARANTINE], |_, value| {
        let (_, found): (u32, Quarantined) = decode(unseal(value)?)?;
        if connector.is_none_or(|wanted| *wanted == found.connector) {
            all.push(found);
        }
        Ok(())
    })?;
    all.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(all)
}
