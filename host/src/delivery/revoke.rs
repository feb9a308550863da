//! Certificates taken back at their issuer: at once when somebody asks, or once their successor is everywhere.
//! Above: `finish`, `round`, `app`. Below: the issuers, the ledger's list of revocations.
//! Invariant: a revocation is on disk before it is asked for, and stays due until the issuer has answered it.

use super::engine::{Engine, EngineError, Halt, world};
use super::in_use::in_use;
use super::issue::refused;
use super::patience;
use crate::issuer::IssuerErrorClass;
use crate::ledger::{Ledger, LedgerError, Note};
use crate::model::enrollment::FoundRevoked;
use crate::model::revoke::{Revocation, RevocationState};
use crate::model::time::Millis;

const AT_ONCE: usize = 32;

impl Engine {
    /// What waited for its certificate to be replaced is due once no target has that one any more.
    pub(super) async fn release_revocations(&self) -> Result<(), EngineError> {
        let now = self.now();
        self.ledger(move |ledger| {
            for mut waiting in ledger.revocations_waiting()? {
                let all = in_use(ledger, waiting.request)?;
                if all.iter().any(|one| one.issuance == waiting.issuance) {
                    continue;
                }
                waiting.state = RevocationState::Due;
                waiting.due_at = now;
                let told = format!("{}: nothing uses it any more", serial(&waiting));
                ledger.put_revocation(&waiting, &Note::new(now, "revoke", told))?;
            }
            Ok(())
        })
        .await
    }

    /// Asks the issuers for every revocation that is due; when the next one is.
    ///
    /// # Errors
    /// When the ledger cannot be read or written.
    pub async fn revoke_due(&self) -> Result<Option<Millis>, EngineError> {
        self.release_revocations().await?;
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
    let mut issued = all.iter().map(|one| &one.issued);
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
        // Its state machine is at work on it, and sees the revocation itself.
        Err(LedgerError::Overtaken { .. }) => Ok(()),
        done => done,
    }
}

fn serial(revocation: &Revocation) -> String {
    crate::model::certificate::Certificate::from_der(&revocation.leaf).map_or_else(
        |_| "a certificate".to_owned(),
        |one| format!("serial {}", one.serial),
    )
}
