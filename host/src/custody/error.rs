//! What can go wrong with a key.
//! Above: `delivery`, `app`. Below: `ledger`'s errors.
//! Invariant: no part of a key in any text.

use super::pem::PemError;
use crate::ledger::LedgerError;
use crate::model::id::IssuanceId;
use crate::model::key::KeyType;

/// Why there is no key, or none that can be used.
#[derive(Debug, thiserror::Error)]
pub enum CustodyError {
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error("issuance {0} has no key")]
    NoKey(IssuanceId),
    #[error("the key of issuance {0} has been erased")]
    Dropped(IssuanceId),
    #[error("the key of issuance {0} waits in the cloud: take it from there first")]
    Parked(IssuanceId),
    #[error("the key of issuance {issuance} is {have}, where {wanted} is wanted")]
    AnotherType {
        issuance: IssuanceId,
        have: KeyType,
        wanted: KeyType,
    },
    #[error("issuance {0} has another key already")]
    AnotherKey(IssuanceId),
    #[error("the sealed key of issuance {0} does not open: its row was changed")]
    Damaged(IssuanceId),
    #[error("the private key cannot be used: {0}")]
    Brought(#[from] PemError),
    #[error("a private key could not be {0}")]
    Failed(&'static str),
}
