//! What CAs say of certificates, beside them: kept with the certificate, whatever imports bring.
//! Above: `inventory`'s callers. Below: `state`, `draft`, `engine`, `codec`.
//! Invariant: a record says whose it is, by the certificate's fingerprint; one that is damaged, of another certificate
//! or of a form that is not known is none, and the CA is asked again.
//!
//! It is no part of the sum over what is read at the start: a sensor of before, which does not know it, can read and
//! write such an inventory all the same.

use super::codec::{PACK, Pack, decode, encode, pack, unpack, unseal};
use super::columns::{LIVE, NONE, RETIRED, revocation_number};
use super::draft::Draft;
use super::engine::Engine;
use super::error::StoreError;
use super::inventory::Inventory;
use super::matching::{Bits, matching};
use super::records::keys;
use super::state::{State, read_place};
use crate::model::filter::Filter;
use crate::model::id::Sha256;
use crate::model::revocation::{
    Revocation, RevocationStatus, RevokedFor, SourceKind, StatusSource,
};
use crate::model::time::Millis;
use serde::{Deserialize, Serialize};

/// Counts up with every change of `Kept`.
const FORM: u8 = 1;

/// A record as it lies on disk.
#[derive(Serialize, Deserialize)]
struct Kept {
    fingerprint: [u8; 32],
    status: u8,
    revoked_at: Option<Millis>,
    reason: Option<RevokedFor>,
    why: Option<String>,
    checked_at: Millis,
    next_update: Option<Millis>,
    source: Option<(SourceKind, String)>,
    due_at: Millis,
    trouble: Option<String>,
}

/// A certificate whose CA is to be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    pub fingerprint: Sha256,
    leaf: u32,
    /// One of its places.
    place: u32,
}

/// What is asked about: the certificate and its chain, DER.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    pub leaf: Vec<u8>,
    pub chain: Vec<Vec<u8>>,
}

fn written(fingerprint: [u8; 32], it: &Revocation) -> Result<Vec<u8>, StoreError> {
    let mut kept = Kept {
        fingerprint,
        status: revocation_number(it.word()),
        revoked_at: None,
        reason: None,
        why: None,
        checked_at: it.checked_at,
        next_update: it.next_update,
        source: it
            .source
            .as_ref()
            .map(|source| (source.kind, source.url.clone())),
        due_at: it.due_at,
        trouble: it.trouble.clone(),
    };
    match &it.status {
        RevocationStatus::Good => {}
        RevocationStatus::Revoked { at, reason } => {
            (kept.revoked_at, kept.reason) = (*at, *reason);
        }
        RevocationStatus::Unknown { why } => kept.why = Some(why.clone()),
    }
    let mut bytes = vec![FORM];
    bytes.extend(encode(&kept)?);
    Ok(bytes)
}

fn read_back(bytes: &[u8], fingerprint: [u8; 32]) -> Option<Revocation> {
    let (FORM, bytes) = bytes.split_first().map(|(form, rest)| (*form, rest))? else {
        return None;
    };
    let kept: Kept = decode(bytes).ok()?;
    if kept.fingerprint != fingerprint {
        return None;
    }
    let (at, reason) = (kept.revoked_at, kept.reason);
    let status = match kept.status {
        1 => RevocationStatus::Good,
        2 => RevocationStatus::Revoked { at, reason },
        _ => RevocationStatus::Unknown {
            why: kept.why.unwrap_or_default(),
        },
    };
    Some(Revocation {
        status,
        checked_at: kept.checked_at,
        next_update: kept.next_update,
        source: kept.source.map(|(kind, url)| StatusSource { kind, url }),
        due_at: kept.due_at,
        trouble: kept.trouble,
    })
}

/// Sixteen records; none of a value that is damaged.
fn open(value: &[u8]) -> Pack {
    unseal(value)
        .and_then(|_| unpack(value))
        .unwrap_or_default()
}

/// Fills the columns at the start.
pub(super) fn load(state: &mut State, engine: &Engine) -> Result<(), StoreError> {
    engine.each(&[keys::REVOCATIONS], |key, value| {
        let block = keys::number(key);
        for (id, record) in (block.saturating_mul(PACK)..).zip(open(value)) {
            let at = id as usize;
            let known = state.leaves.fingerprint.get(at).copied();
            if let Some(found) = known.and_then(|print| read_back(&record, print)) {
                state
                    .leaves
                    .tell(id, revocation_number(found.word()), found.due_at);
            }
        }
        Ok(())
    })
}

/// What is known of a certificate, by its number.
pub(super) fn read(
    state: &State,
    engine: &Engine,
    id: u32,
) -> Result<Option<Revocation>, StoreError> {
    let at = id as usize;
    let (Some(fingerprint), Some(1..)) = (
        state.leaves.fingerprint.get(at),
        state.leaves.revocation.get(at),
    ) else {
        return Ok(None);
    };
    let value = engine.get(&keys::of(keys::REVOCATIONS, id / PACK))?;
    let records = value.map(|value| open(&value)).unwrap_or_default();
    let record = records.get((id % PACK) as usize);
    Ok(record.and_then(|record| read_back(record, *fingerprint)))
}

fn put(
    state: &mut State,
    draft: &mut Draft<'_>,
    id: u32,
    told: &Revocation,
) -> Result<(), StoreError> {
    let key = keys::of(keys::REVOCATIONS, id / PACK);
    let mut records = match draft.pending(&key) {
        Some(value) => open(value),
        None => draft
            .engine()
            .get(&key)?
            .map(|value| open(&value))
            .unwrap_or_default(),
    };
    let at = (id % PACK) as usize;
    if records.len() <= at {
        records.resize(at + 1, Vec::new());
    }
    records[at] = written(state.leaves.fingerprint[id as usize], told)?;
    draft.put_whole(key, pack(&records)?);
    state
        .leaves
        .tell(id, revocation_number(told.word()), told.due_at);
    Ok(())
}

/// One place of each certificate that is valid and whose cloud is real, by the certificate's number.
fn asked(state: &State, bits: &Bits, now: Millis) -> Vec<Candidate> {
    let mut seen = Bits::none(state.leaves.key.len());
    let mut all = Vec::new();
    let real: std::collections::HashMap<u32, bool> = state
        .splits
        .iter()
        .map(|(number, split)| (*number, !state.is_mock(&split.record.connector)))
        .collect();
    bits.each(|place| {
        let leaf = state.rows.certificate[place as usize];
        let is_real = real.get(&state.rows.split[place as usize]);
        let gone = state.rows.is(place, RETIRED);
        if leaf == NONE || gone || seen.has(leaf) || is_real != Some(&true) {
            return;
        }
        if state.leaves.not_after[leaf as usize] > now {
            seen.set(leaf);
            let fingerprint = Sha256(state.leaves.fingerprint[leaf as usize]);
            all.push(Candidate {
                fingerprint,
                leaf,
                place,
            });
        }
    });
    all
}

impl Inventory {
    /// Certificates whose CA is to be asked now, those first that were longest not asked about, then those that are in
    /// use; and when the next one is due.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn revocations_due(
        &self,
        limit: usize,
    ) -> Result<(Vec<Candidate>, Option<Millis>), StoreError> {
        let now = self.1.now();
        let state = self.read()?;
        let bits = matching(&state, &Filter::default());
        let due = |one: &Candidate| state.leaves.revocation_due[one.leaf as usize];
        let (mut ripe, later): (Vec<_>, Vec<_>) = asked(&state, &bits, now)
            .into_iter()
            .partition(|one| due(one) <= now);
        ripe.sort_by_key(|one| {
            let used = state.rows.in_use[one.place as usize] == 2;
            let ends = state.leaves.not_after[one.leaf as usize];
            (due(one), !used, ends, one.leaf)
        });
        let next = match ripe.get(limit) {
            Some(more) => Some(due(more)),
            None => later.iter().map(due).min(),
        };
        ripe.truncate(limit);
        Ok((ripe, next))
    }

    /// The valid certificates at the places that match, due or not. What came from a mock-host is left out: nobody
    /// outside is asked about a simulation.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn revocations_of(&self, filter: &Filter) -> Result<Vec<Candidate>, StoreError> {
        let now = self.1.now();
        let state = self.read()?;
        let found = asked(&state, &matching(&state, filter), now);
        if filter.name.is_none() && filter.tag.is_none() {
            return Ok(found);
        }
        let mut held = Vec::with_capacity(found.len());
        for one in found {
            let asset = super::show::read_asset(&state, &self.0.engine, one.place)?;
            if super::matching::holds(&asset, filter) {
                held.push(one);
            }
        }
        Ok(held)
    }

    /// What the CA is asked about; none when the certificate is not there any more.
    ///
    /// # Errors
    /// `LostBody`, or when the store cannot be read.
    pub fn question(&self, about: &Candidate) -> Result<Option<Question>, StoreError> {
        let state = self.read()?;
        let there = state.rows.certificate.get(about.place as usize) == Some(&about.leaf)
            && state.rows.is(about.place, LIVE)
            && state.leaves.fingerprint.get(about.leaf as usize) == Some(&about.fingerprint.0);
        if !there {
            return Ok(None);
        }
        let links = read_place(&self.0.engine, &state, about.place)?.chain;
        let prints: Vec<Sha256> = links
            .iter()
            .filter_map(|link| state.leaves.fingerprint.get(*link as usize))
            .map(|print| Sha256(*print))
            .collect();
        drop(state);
        let Some(leaf) = self.body(about.fingerprint)? else {
            return Ok(None);
        };
        // A link that is lost is fetched from where the certificate says.
        let chain = prints
            .into_iter()
            .filter_map(|print| self.body(print).ok().flatten())
            .collect();
        Ok(Some(Question { leaf, chain }))
    }

    /// What is known of it.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn revocation(&self, about: &Candidate) -> Result<Option<Revocation>, StoreError> {
        let state = self.read()?;
        let known = state.leaves.fingerprint.get(about.leaf as usize);
        if known != Some(&about.fingerprint.0) {
            return Ok(None);
        }
        read(&state, &self.0.engine, about.leaf)
    }

    /// Keeps what CAs have said. A certificate that is not there any more is left out.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn put_revocations(&self, all: &[(Candidate, Revocation)]) -> Result<(), StoreError> {
        self.change(|state, draft| {
            for (about, told) in all {
                let known = state.leaves.fingerprint.get(about.leaf as usize);
                if known == Some(&about.fingerprint.0) {
                    put(state, draft, about.leaf, told)?;
                }
            }
            Ok(())
        })
    }

    /// Every place of a certificate that is not retired: connector, account, region and identifier.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn places_of(
        &self,
        about: &Candidate,
    ) -> Result<Vec<crate::model::asset::Location>, StoreError> {
        let shown = match self.show(&about.fingerprint.to_string()) {
            // Gone since it was asked about.
            Err(StoreError::NotFound(_)) => return Ok(Vec::new()),
            shown => shown?,
        };
        let here = shown.locations.into_iter();
        Ok(here.filter(|place| place.retired_at.is_none()).collect())
    }
}
