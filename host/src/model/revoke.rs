//! A certificate that is to be taken back at its issuer.
//! Above: `ledger`, `delivery`, `app`. Below: `id`, `enrollment`, `issuer`.
//! Invariant: names the issuer that signed it, whatever its request's profile says by now.

use super::enrollment::Setback;
use super::id::{IssuanceId, IssuerId, RequestId};
use super::issuer::RevocationReason;
use super::time::Millis;

/// How far a revocation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RevocationState {
    /// To be asked for once no target uses the certificate any more.
    Waiting,
    /// To be asked for, again until the issuer has answered.
    Due,
    Revoked,
    /// The issuer will not do it.
    Refused,
}

/// One revocation.
#[derive(Debug, Clone, PartialEq)]
pub struct Revocation {
    /// Given by the ledger.
    pub id: u64,
    pub request: RequestId,
    pub issuance: IssuanceId,
    pub issuer: IssuerId,
    /// DER.
    pub leaf: Vec<u8>,
    pub reason: RevocationReason,
    pub state: RevocationState,
    pub due_at: Millis,
    pub setback: Option<Setback>,
}
