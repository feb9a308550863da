//! Who works on what: one holder an issuance, within this process.
//! Above: `engine`. Below: nothing.
//! Invariant: a claim ends with its holder, however that ends.

use crate::model::id::IssuanceId;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

/// The issuances that somebody works on.
#[derive(Debug, Clone, Default)]
pub(super) struct Claims(Arc<Mutex<HashSet<IssuanceId>>>);

/// The right to work on one of them.
#[derive(Debug)]
pub(super) struct Claim {
    claims: Claims,
    id: IssuanceId,
}

impl Claims {
    /// None while somebody else holds it.
    pub(super) fn take(&self, id: IssuanceId) -> Option<Claim> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.insert(id).then(|| Claim {
            claims: self.clone(),
            id,
        })
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let mut held = self.claims.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.remove(&self.id);
    }
}
