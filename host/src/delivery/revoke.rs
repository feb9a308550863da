//! Certificates taken back at their issuer: at once when somebody asks, or once their successor is everywhere.
//! Above: `finish`, `round`, `app`. Below: the issuers, the ledger's list of revocations.
//! Invariant: a revocation is on disk before it is asked for, and stays due until the issuer has answered it.

use super::engine::{Engine, EngineError, Halt, world};
use super::in_use::in_use;
use super::issue::refused;
use super::patience;
use crate::issuer::IssuerErrorClass;
use crate::ledger::{Ledger, LedgerError, Note};
use crate::model::enrollment::{DeliveryState, FoundRevoked, Issuance, IssuanceState};
use crate::model::id::RequestId;
use crate::model::issuer::RevocationReason;
use crate::model::revoke::{Revocation, RevocationState};
use crate::model::time::Millis;
use std::collections::HashMap;

const AT_ONCE: usize = 32;

impl Engine {
    /// What an issuance was to replace for good, at each of its request's targets.
    pub(super) async fn superseded(
        &self,
        issuance: &Issuance,
        reason: RevocationReason,
    ) -> Result<Vec<Revocation>, EngineError> {
        let (id, request, now) = (issuance.id, issuance.request, self.now());
        let before = self
            .ledger(move |ledger| predecessors(ledger, request, id))
            .await?;
        let mut wanted: Vec<Revocation> = Vec::new();
        for one in before {
            let (Some(issued), Some(issuer)) = (one.issued, one.issuer) else {
                continue;
            };
            if wanted.iter().any(|other| other.leaf == issued.leaf) {
                continue;
            }
            wanted.push(Revocation {
                id: 0,
                request,
                issuance: one.id,
                issuer,
                leaf: issued.leaf,
                reason,
                state: RevocationState::Due,
                due_at: now,
                setback: None,
            });
        }
        Ok(wanted)
    }

    /// Asks the issuers for every revocation that is due; when the next one is.
    ///
    /// # Errors
    /// When the ledger cannot be read or written.
    pub async fn revoke_due(&self) -> Result<Option<Millis>, EngineError> {
        let now = self.now();
        let (due, next) = self
            .ledger(move |ledger| ledger.revocations_due(now, AT_ONCE))
            .await?;
        for revocation in due {
            self.revoke_one(revocation).await?;
        }
        Ok(next)
    }

    async fn revoke_one(&self, mut revocation: Revocation) -> Result<(), EngineError> {
        // Only the issuer's own word ends it: who may not ask today may tomorrow.
        let mut over = false;
        let asked = match self.ground.issuers.open(&revocation.issuer).await {
            Ok(issuer) => {
                let revoked = issuer.revoke(&revocation.leaf, revocation.reason).await;
                revoked.map_err(|error| {
                    over = matches!(
                        error.class,
                        IssuerErrorClass::Refused | IssuerErrorClass::OrderEnded
                    );
                    refused(error)
                })
            }
            Err(error) => Err(world(error)),
        };
        let what = format!("{} ({})", serial(&revocation), revocation.reason);
        let note = match asked {
            Ok(()) => {
                revocation.state = RevocationState::Revoked;
                revocation.setback = None;
                Note::new(self.now(), "revoked", what)
            }
            Err(Halt::Own(error)) => return Err(error),
            Err(Halt::World(error)) => {
                tracing::error!(request = %revocation.request, %error, over, "not revoked");
                let detail = format!("{what}: {error}");
                let setback = patience::after(revocation.setback.as_ref(), error, self.now());
                revocation.due_at = self.now() + patience::wait(&setback, revocation.id);
                revocation.setback = Some(setback);
                if over {
                    revocation.state = RevocationState::Refused;
                }
                let told = if over {
                    "not-revoked"
                } else {
                    "not-revoked-yet"
                };
                Note::new(self.now(), told, detail)
            }
        };
        self.ledger(move |ledger| {
            ledger.put_revocation(&revocation, &note)?;
            if revocation.state == RevocationState::Revoked {
                tell_request(ledger, &revocation, note.at)?;
            }
            Ok(())
        })
        .await
    }
}

/// A request whose own certificate was taken back says so, until a new one is in its place.
fn tell_request(ledger: &Ledger, revoked: &Revocation, now: Millis) -> Result<(), LedgerError> {
    let all = in_use(ledger, revoked.request)?;
    let mut issued = all.iter().filter_map(|one| one.issuance.issued.as_ref());
    let Some(issued) = issued.find(|one| one.leaf == revoked.leaf) else {
        return Ok(());
    };
    let before = ledger.request(revoked.request)?;
    let mut after = before.clone();
    after.found_revoked = Some(FoundRevoked {
        sha256: issued.sha256.clone(),
        revoked_at: Some(now),
        reason: Some(revoked.reason.into()),
        found_at: now,
    });
    match ledger.change_request(&before, &after, None) {
        // Its state machine is at work on it: a new certificate is on its way.
        Err(LedgerError::Overtaken { .. }) => Ok(()),
        done => done,
    }
}

/// For each target the certificate before the one that it has now.
fn predecessors(
    ledger: &Ledger,
    request: RequestId,
    newest: crate::model::id::IssuanceId,
) -> Result<Vec<Issuance>, LedgerError> {
    let mut seen: HashMap<u32, u32> = HashMap::new();
    let mut found = Vec::new();
    for issuance in ledger.issuances(request)? {
        let deliveries = ledger.deliveries_of(issuance.id)?;
        if deliveries.is_empty() {
            // A signing request of the operator's own.
            if issuance.id != newest && issuance.state == IssuanceState::Done {
                found.push(issuance);
                break;
            }
            continue;
        }
        let mut second = false;
        for delivery in deliveries {
            // What the newest one brought is not written as ended yet.
            let arrived = delivery.state == DeliveryState::Verified;
            if arrived {
                let times = seen.entry(delivery.index).or_default();
                *times += 1;
                second |= *times == 2;
            }
        }
        if second {
            found.push(issuance);
        }
    }
    Ok(found)
}

fn serial(revocation: &Revocation) -> String {
    crate::model::certificate::Certificate::from_der(&revocation.leaf).map_or_else(
        |_| "a certificate".to_owned(),
        |one| format!("serial {}", one.serial),
    )
}
