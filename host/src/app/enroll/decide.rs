//! The desk's decisions: approve, cancel, retry, renew.
//! Above: `cli`. Below: `revoke`, `ledger`.
//! Invariant: whoever asked for a request that needs a second person is not that person.

use super::desk::Desk;
use super::who::Who;
use crate::app::AppError;
use crate::delivery::once_replaced;
use crate::ledger::Note;
use crate::model::enrollment::{Issuance, IssuanceState, Request, RequestState, Source};
use crate::model::id::RequestId;
use crate::model::issuer::RevocationReason;

/// What a retry did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retried {
    /// Deliveries that go on with the key that is still there.
    Deliveries(usize),
    /// The key is gone: a new certificate will be issued.
    Anew,
    /// An issuance that waited goes on at once.
    GoesOn,
}

impl Desk {
    /// Lets a request begin that waited for a second person.
    ///
    /// # Errors
    /// When it waits for nobody, or `by` asked for it.
    pub fn approve(&self, id: RequestId, by: &Who) -> Result<Request, AppError> {
        let before = self.ledger.request(id)?;
        if before.state != RequestState::AwaitingApproval {
            return Err(AppError::Decided(id, word(before.state)));
        }
        if before.requested_by == by.name {
            return Err(AppError::OwnRequest(id, by.name.clone()));
        }
        let now = self.clock.now();
        let after = Request {
            state: RequestState::Active,
            approved_by: Some(by.name.clone()),
            // What was taken over has its date already; what was brought is begun already.
            renew_at: before
                .renew_at
                .or_else(|| (before.source != Source::Brought).then_some(now)),
            updated_at: now,
            ..before.clone()
        };
        let note = Note::new(now, "approved", format!("by {by}"));
        self.ledger.change_request(&before, &after, &note)?;
        self.wake(id)?;
        Ok(after)
    }

    /// Ends a request: nothing more is issued, sent or renewed. What was delivered stays where it is; what was to be
    /// revoked once it is replaced is revoked without. How many certificates that is.
    ///
    /// # Errors
    /// When it was cancelled before.
    pub fn cancel(&self, id: RequestId, by: &Who) -> Result<usize, AppError> {
        let before = self.ledger.request(id)?;
        if before.state == RequestState::Cancelled {
            return Err(AppError::Decided(id, word(before.state)));
        }
        let now = self.clock.now();
        let after = Request {
            state: RequestState::Cancelled,
            renew_at: None,
            updated_at: now,
            ..before.clone()
        };
        let note = Note::new(now, "cancelled", format!("by {by}"));
        let revoked = self.ledger.end_request(&before, &after, &note)?;
        self.wake(id)?;
        Ok(revoked)
    }

    /// Tries again what failed, at once: with the same key while it is kept, else by a new issuance.
    ///
    /// # Errors
    /// When the request is not active, or nothing failed.
    pub fn retry(&self, id: RequestId, by: &Who) -> Result<Retried, AppError> {
        let request = self.ledger.request(id)?;
        if request.state != RequestState::Active {
            return Err(AppError::Decided(id, word(request.state)));
        }
        let now = self.clock.now();
        let newest = self.ledger.issuances(id)?.into_iter().next();
        match newest {
            Some(issuance) if issuance.state == IssuanceState::Delivering => {
                let failed = self.ledger.reopen_failed(issuance.id, now)?;
                Ok(if failed > 0 {
                    Retried::Deliveries(failed)
                } else {
                    Retried::GoesOn
                })
            }
            Some(issuance) if !issuance.state.is_over() => {
                self.wake(id)?;
                Ok(Retried::GoesOn)
            }
            Some(issuance) if issuance.state == IssuanceState::Done => {
                Err(AppError::NothingFailed(id))
            }
            _ if request.source == Source::Brought => Err(AppError::KeyGone(id)),
            _ => {
                let after = Request {
                    renew_at: Some(now),
                    updated_at: now,
                    ..request.clone()
                };
                let note = Note::new(now, "retry", format!("by {by}"));
                self.ledger.change_request(&request, &after, &note)?;
                Ok(Retried::Anew)
            }
        }
    }

    /// Renews a request now, whatever its date. With a reason, the certificate in use is revoked afterwards; an issuance
    /// that is under way does for that.
    ///
    /// # Errors
    /// When the request is not active, is not renewed by the sensor, or an issuance is under way.
    pub fn renew(
        &self,
        id: RequestId,
        revoke: Option<RevocationReason>,
        by: &Who,
    ) -> Result<Request, AppError> {
        let before = self.ledger.request(id)?;
        if before.state != RequestState::Active {
            return Err(AppError::Decided(id, word(before.state)));
        }
        if before.source == Source::Brought {
            return Err(AppError::KeyGone(id));
        }
        let exposed = revoke == Some(RevocationReason::KeyCompromise);
        if exposed && matches!(before.source, Source::SigningRequest { .. }) {
            return Err(AppError::OwnKey(id));
        }
        let newest = self.ledger.issuances(id)?.into_iter().next();
        let to_revoke = match revoke {
            Some(_) if self.in_use(id)?.is_empty() => return Err(AppError::NothingIssued(id)),
            Some(reason) => once_replaced(&self.ledger, id, reason)?,
            None => Vec::new(),
        };
        let open = newest.filter(|one| !one.state.is_over());
        // What is under way for the first time replaces nothing: sensor request revoke takes that back.
        if open.is_some() && to_revoke.is_empty() {
            return Err(AppError::UnderWay(id));
        }
        let now = self.clock.now();
        let mut after = Request {
            // One that is under way is followed by another if it does not reach all.
            renew_at: if open.is_some() {
                before.renew_at
            } else {
                Some(now)
            },
            updated_at: now,
            ..before.clone()
        };
        // All targets, not only those that the last one did not reach.
        after.outlook.due_at = Some(now);
        let detail = revoke.map_or_else(
            || format!("by {by}"),
            |reason| format!("by {by}; what is replaced is revoked afterwards: {reason}"),
        );
        let note = Note::new(now, "renew", detail);
        self.ledger
            .change_request_and_revoke(&before, &after, &to_revoke, &note)?;
        if let Some(open) = open {
            self.hurry(&open)?;
        }
        Ok(after)
    }

    /// What is under way goes on at once, failed deliveries too.
    fn hurry(&self, open: &Issuance) -> Result<(), AppError> {
        if open.state == IssuanceState::Delivering {
            self.ledger.reopen_failed(open.id, self.clock.now())?;
        }
        self.wake(open.request)
    }

    /// The issuance under way goes on at once.
    pub(super) fn wake(&self, id: RequestId) -> Result<(), AppError> {
        self.ledger.wake_issuance(id, self.clock.now())?;
        Ok(())
    }
}

fn word(state: RequestState) -> &'static str {
    match state {
        RequestState::AwaitingApproval => "awaiting approval",
        RequestState::Active => "active",
        RequestState::Cancelled => "cancelled",
    }
}
