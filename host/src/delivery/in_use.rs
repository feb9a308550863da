//! Which certificates of a request are in use, and where.
//! Above: `outlook`, `renew`, `revoke`, `app`. Below: the ledger.
//! Invariant: at each target it is the newest one that was verified there, whatever was issued since.

use crate::ledger::{Ledger, LedgerError};
use crate::model::enrollment::{DeliveryState, Issuance, Issued, KeyPlace, Wish};
use crate::model::id::{IssuanceId, IssuerId, RequestId};
use crate::model::issuer::RevocationReason;
use crate::model::revoke::{Revocation, RevocationState};
use crate::model::time::Millis;
use std::collections::HashSet;
use std::fmt;

/// A certificate of a request, with the targets that have it.
#[derive(Debug, Clone)]
pub struct CertificateInUse {
    pub request: RequestId,
    pub issuance: IssuanceId,
    pub generation: u32,
    /// None: it was brought.
    pub issuer: Option<IssuerId>,
    pub issued: Issued,
    /// Whether its issuance has ended.
    pub is_over: bool,
    /// None: its operator has it, or nobody.
    pub at: Vec<Wish>,
}

impl CertificateInUse {
    /// The certificate of an issuance; none if nothing was issued.
    #[must_use]
    pub fn of(issuance: Issuance, at: Vec<Wish>) -> Option<Self> {
        Some(Self {
            request: issuance.request,
            issuance: issuance.id,
            generation: issuance.generation,
            issuer: issuance.issuer,
            issued: issuance.issued?,
            is_over: issuance.state.is_over(),
            at,
        })
    }

    /// That it is to be taken back; none where this sensor's issuers did not make it. Not kept yet.
    #[must_use]
    pub fn revocation(
        self,
        reason: RevocationReason,
        state: RevocationState,
        due_at: Millis,
    ) -> Option<Revocation> {
        Some(Revocation {
            id: 0,
            request: self.request,
            issuance: self.issuance,
            issuer: self.issuer?,
            leaf: self.issued.leaf,
            reason,
            state,
            due_at,
            setback: None,
        })
    }
}

/// In one line: its serial number, and who has it.
impl fmt::Display for CertificateInUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "serial {}", self.issued.serial)?;
        for (number, at) in self.at.iter().enumerate() {
            f.write_str(if number == 0 { " at " } else { ", " })?;
            write!(f, "{at}")?;
        }
        Ok(())
    }
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
            all.extend(CertificateInUse::of(issuance, Vec::new()));
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
            all.extend(CertificateInUse::of(issuance, at));
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
    let open = |one: &CertificateInUse| {
        let mut about = asked.iter().filter(|asked| asked.issuance == one.issuance);
        about.all(|asked| asked.state == RevocationState::Refused)
    };
    let all = in_use(ledger, request)?.into_iter();
    Ok(all
        .filter(|one| one.is_over && open(one))
        .filter_map(|one| one.revocation(reason, RevocationState::Waiting, 0))
        .collect())
}
