//! What a plugin may know of places, and the bodies behind them: checked now and then, read anew when lost.
//! Above: `connector` lends the markers to plugins, `cli` exports bodies. Below: `bodies`, `draft`, `state`.
//! Invariant: a certificate whose body is lost is marked so until an import brings its body back; its places keep their
//! history, and their markers are empty meanwhile, so that the next import reads them in full.

use super::bodies::Bodies;
use super::columns::{LIVE, LOST, NONE, RETIRED};
use super::error::StoreError;
use super::inventory::Inventory;
use super::state::{State, place_hash, read_place};
use super::types::Marker;
use crate::model::id::{ConnectorId, Sha256};
use std::collections::HashSet;
use std::sync::PoisonError;

/// In so many runs each body is looked at once.
const TURNS: u64 = 16;

impl Inventory {
    /// What is remembered of places, one answer for each id, in order. Retired places are not remembered, and one that
    /// has lost its body has an empty marker. On the way some bodies are compared with their hashes, others in the next
    /// run.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn markers(
        &self,
        connector: &ConnectorId,
        ids: &[String],
    ) -> Result<Vec<Option<Marker>>, StoreError> {
        let mut state = self.read()?;
        if !state.has_lookup() {
            drop(state);
            self.0
                .state
                .write()
                .unwrap_or_else(PoisonError::into_inner)
                .prepare_lookup();
            state = self.read()?;
        }
        let mut check = Check::new(&state, &self.0.bodies);
        let mut marker = |id: &String| {
            let known = state.find_place(place_hash(connector, id));
            let present = known.filter(|row| !state.rows.is(*row, RETIRED));
            present
                .map(|row| {
                    let record = read_place(&self.0.engine, &state, row)?;
                    let whole = check.has_all(state.rows.certificate[row as usize], &record.chain);
                    Ok(Marker {
                        value: if whole {
                            record.place.marker
                        } else {
                            String::new()
                        },
                        read_at: record.read_at,
                    })
                })
                .transpose()
        };
        let markers = ids.iter().map(&mut marker).collect();
        let lost = check.lost;
        drop(state);
        self.lose(&lost)?;
        markers
    }

    /// The DER of a certificate that the inventory holds.
    ///
    /// # Errors
    /// `LostBody` when it is damaged; the next import brings it back.
    pub fn body(&self, fingerprint: Sha256) -> Result<Option<Vec<u8>>, StoreError> {
        let state = self.read()?;
        let Some(id) = state.find_leaf(fingerprint) else {
            return Ok(None);
        };
        if state.leaves.flags[id as usize] & LOST != 0 {
            return Err(StoreError::LostBody(fingerprint));
        }
        if let Some(der) = self.0.bodies.get(id, fingerprint)? {
            return Ok(Some(der));
        }
        drop(state);
        self.lose(&[id])?;
        Err(StoreError::LostBody(fingerprint))
    }

    /// Marks certificates whose bodies are lost.
    fn lose(&self, ids: &[u32]) -> Result<(), StoreError> {
        if ids.is_empty() {
            return Ok(());
        }
        tracing::warn!(
            bodies = ids.len(),
            "bodies of certificates are damaged; the next import reads them anew"
        );
        self.change(|state, draft| {
            for id in ids {
                draft.lose(state, *id);
            }
            Ok(())
        })
    }

    /// The same for all. Returns how many there are.
    pub(super) fn lose_all(&self) -> Result<usize, StoreError> {
        let state = self.read()?;
        let is_live = |id: &u32| state.leaves.flags[*id as usize] & LIVE != 0;
        let all: Vec<u32> = (0..state.leaves.len()).filter(is_live).collect();
        drop(state);
        self.lose(&all)?;
        Ok(all.len())
    }
}

/// Looks at the bodies behind the places of one call.
struct Check<'a> {
    state: &'a State,
    bodies: &'a Bodies,
    turn: u64,
    looked_at: HashSet<u32>,
    /// Found to be lost just now.
    lost: Vec<u32>,
    /// Links of chains that a place of this call brings back.
    coming: HashSet<u32>,
}

impl<'a> Check<'a> {
    fn new(state: &'a State, bodies: &'a Bodies) -> Self {
        Self {
            state,
            bodies,
            turn: state.meta.next_run,
            looked_at: HashSet::new(),
            lost: Vec::new(),
            coming: HashSet::new(),
        }
    }

    /// Whether nothing of a place has to be read anew.
    fn has_all(&mut self, certificate: u32, chain: &[u32]) -> bool {
        let mut whole = certificate == NONE || !self.is_lost(certificate);
        for link in chain {
            // One place is enough to bring a link back that thousands have.
            whole &= !self.is_lost(*link) || !self.coming.insert(*link);
        }
        whole
    }

    fn is_lost(&mut self, id: u32) -> bool {
        let flags = self.state.leaves.flags.get(id as usize);
        if flags.is_none_or(|flags| flags & LOST != 0) {
            return true;
        }
        if !(u64::from(id) + self.turn).is_multiple_of(TURNS) {
            return false;
        }
        if !self.looked_at.insert(id) {
            return self.lost.contains(&id);
        }
        let fingerprint = Sha256(self.state.leaves.fingerprint[id as usize]);
        // A file that is damaged as a whole has been marked as such, and is set aside at the next start.
        let lost = matches!(self.bodies.get(id, fingerprint), Ok(None));
        if lost {
            self.lost.push(id);
        }
        lost
    }
}
