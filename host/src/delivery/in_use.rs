//! Which certificates of a request are in use, and where.
//! Above: `revoke`, `app`. Below: the ledger.
//! Invariant: at each target it is the newest one that was verified there, whatever was issued since.

use crate::ledger::{Ledger, LedgerError};
use crate::model::enrollment::{DeliveryState, Issuance, KeyPlace, Wish};
use crate::model::id::{IssuanceId, RequestId};
use crate::model::issuer::RevocationReason;
use crate::model::revoke::{Revocation, RevocationState};
use std::collections::HashSet;

/// A certificate of a request, with the targets that have it.
#[derive(Debug, Clone)]
pub struct CertificateInUse {
    pub issuance: Issuance,
    /// None: its operator has it, or nobody.
    pub at: Vec<Wish>,
}

/// Those in use, newest first.
///
/// # Errors
/// When the ledger cannot be read.
pub fn in_use(ledger: &Ledger, request: RequestId) -> Result<Vec<CertificateInUse>, LedgerError> {
    let mut known = HashSet::new();
    let mut all = Vec::new();
    for issuance in ledger.issuances(request)? {
        if issuance.issued.is_none() {
            continue;
        }
        if issuance.key == KeyPlace::Operator {
            // Nobody knows where it is: the newest counts as the one in use.
            all.push(CertificateInUse {
                issuance,
                at: Vec::new(),
            });
            break;
        }
        let mut at = Vec::new();
        for delivery in ledger.deliveries_of(issuance.id)? {
            let told = matches!(
                delivery.state,
                DeliveryState::Verified | DeliveryState::Withdrawn
            );
            if told && known.insert(delivery.index) && delivery.state == DeliveryState::Verified {
                at.push(delivery.target);
            }
        }
        if !at.is_empty() {
            all.push(CertificateInUse { issuance, at });
        }
    }
    Ok(all)
}

/// What is to be revoked once no target uses it any more: everything in use that this sensor had issued, and that nobody
/// has asked to revoke before; not what is under way, which replaces it. Not kept yet.
///
/// # Errors
/// When the ledger cannot be read.
pub fn once_replaced(
    ledger: &Ledger,
    request: RequestId,
    reason: RevocationReason,
) -> Result<Vec<Revocation>, LedgerError> {
    let asked = ledger.revocations(request)?;
    let open = |issuance: IssuanceId| {
        let is_it = |one: &Revocation| one.issuance == issuance;
        asked
            .iter()
            .filter(|one| is_it(one))
            .all(|one| one.state == RevocationState::Refused)
    };
    let all = in_use(ledger, request)?.into_iter();
    Ok(all
        .filter(|one| one.issuance.state.is_over() && open(one.issuance.id))
        .filter_map(|CertificateInUse { issuance, .. }| {
            Some(Revocation {
                id: 0,
                request,
                issuance: issuance.id,
                issuer: issuance.issuer?,
                leaf: issuance.issued?.leaf,
                reason,
                state: RevocationState::Waiting,
                due_at: 0,
                setback: None,
            })
        })
        .collect())
}
