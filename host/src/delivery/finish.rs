//! The end of an issuance: its key is erased, its request learns what is in use now.
//! Above: `engine`. Below: `custody`, the places, `renew` for the next date.
//! Invariant: the sensor's half of a key goes first, so that whatever is left elsewhere opens nothing.

use super::engine::{Engine, EngineError, Step, named, world};
use super::failpoint::failpoint;
use super::issue::refused;
use crate::ledger::Note;
use crate::model::delivery::Target;
use crate::model::enrollment::{
    Delivery, DeliveryState, Issuance, IssuanceState, KeyPlace, Request, RequestState, Source,
};
use crate::model::id::ConnectorId;
use crate::model::issuer::{RenewalWindow, RevocationReason};
use crate::model::profile::{Life, RenewalSpan};
use crate::model::time::Millis;

/// A renewal that was refused is tried anew after this long, for as long as something is in use.
const ANEW: Millis = 24 * 3_600_000;
/// How often a secret that cannot be erased is tried here; then the sweep has it.
const MOST_TRIES: u32 = 8;

impl Engine {
    /// Nothing more can come of it: goes the same way as one that is done.
    pub(super) async fn give_up(
        &self,
        mut issuance: Issuance,
        note: Note,
    ) -> Result<(), EngineError> {
        issuance.state = IssuanceState::KeyDropping;
        issuance.due_at = Some(self.now());
        self.keep(issuance, Some(note)).await
    }

    /// Erases the key wherever it waits, then closes the issuance.
    pub(super) async fn drop_key(&self, mut issuance: Issuance, request: &Request) -> Step {
        let id = issuance.id;
        failpoint!("drop.before");
        self.keys(move |keeper| keeper.drop_key(id)).await?;
        failpoint!("drop.sealed");
        if let KeyPlace::Cloud { connector, name } = &issuance.key {
            let tries = issuance.setback.as_ref().map_or(0, |setback| setback.times);
            let place = self.ground.places.open(connector).await;
            let gone = match place {
                Ok(place) => place.drop_key(name).await,
                Err(error) => Err(error),
            };
            failpoint!("drop.cloud");
            match gone {
                Ok(()) => {}
                Err(error) if tries < MOST_TRIES => return Err(world(error)),
                Err(error) => {
                    tracing::error!(secret = %name, %error, "a sealed key could not be erased; what it was sealed with is gone");
                }
            }
        }
        let deliveries = self.ledger(move |ledger| ledger.deliveries_of(id)).await?;
        let state = outcome(&issuance, request, &deliveries);
        if state == IssuanceState::Done {
            self.revoke_replaced(&issuance, request).await;
        }
        let renew_at = self.next(&issuance, request, &deliveries).await;
        issuance.state = state;
        issuance.due_at = None;
        issuance.updated_at = self.now();
        let note = Note::new(
            self.now(),
            state.word(),
            format!("{}: the key is gone", named(request)),
        );
        self.ledger(move |ledger| {
            let issued = issuance.clone();
            ledger.end_issuance(
                &issuance,
                move |request| learn(request, &issued, &deliveries, renew_at),
                &note,
            )
        })
        .await?;
        failpoint!("drop.kept");
        Ok(())
    }

    /// When the request's next issuance begins.
    async fn next(
        &self,
        issuance: &Issuance,
        request: &Request,
        deliveries: &[Delivery],
    ) -> Option<Millis> {
        if request.state != RequestState::Active || request.source != Source::Issued {
            return None;
        }
        if let Some(issued) = issuance
            .issued
            .as_ref()
            .filter(|_| is_somewhere(deliveries))
        {
            let rule = self.profile(request).await.ok()?.renewal;
            let life = Life {
                not_before: issued.not_before,
                not_after: issued.not_after,
            };
            let window = self.window(request, &issued.leaf).await;
            let span = window.map(|window| RenewalSpan {
                start: window.start,
                end: window.end,
            });
            return rule.due(life, span, request.id.0);
        }
        // Something is in use and will end: nobody has to ask again.
        let now = self.now();
        let ends = request.expires_at.filter(|end| *end > now);
        ends.map(|_| now + ANEW)
    }

    async fn window(&self, request: &Request, leaf: &[u8]) -> Option<RenewalWindow> {
        let profile = self.profile(request).await.ok()?;
        let issuer = self.issuer(&profile).await.ok()?;
        match issuer.renewal_window(leaf).await {
            Ok(window) => window,
            Err(error) => {
                tracing::warn!(%error, "the issuer did not tell when to renew");
                None
            }
        }
    }

    /// Takes a certificate of a request back at its issuer.
    ///
    /// # Errors
    /// When the issuer cannot be opened, or refuses.
    pub async fn revoke(&self, request: &Request, leaf: &[u8], reason: RevocationReason) -> Step {
        let profile = self.profile(request).await?;
        let issuer = self.issuer(&profile).await?;
        issuer.revoke(leaf, reason).await.map_err(refused)
    }

    /// Takes away what a place holds, if nothing uses it.
    ///
    /// # Errors
    /// When the place cannot be opened, or refuses.
    pub async fn withdraw(&self, connector: &ConnectorId, target: &Target) -> Step {
        let place = self.ground.places.open(connector).await.map_err(world)?;
        place.withdraw(target).await.map_err(world)
    }

    /// The key of the one before was exposed: once its successor is everywhere, it is revoked.
    async fn revoke_replaced(&self, issuance: &Issuance, request: &Request) {
        let (Some(reason), Some(replaced)) = (issuance.revoke_replaced, &issuance.replaces) else {
            return;
        };
        let Ok(leaf) = hex::decode(replaced) else {
            return;
        };
        let revoked = self.revoke(request, &leaf, reason).await;
        let note = match revoked {
            Ok(()) => Note::new(self.now(), "revoked", "the certificate before this one"),
            Err(super::engine::Halt::World(error)) => {
                tracing::error!(%error, "the certificate before could not be revoked");
                Note::new(self.now(), "not-revoked", error.to_string())
            }
            Err(super::engine::Halt::Own(error)) => {
                tracing::error!(%error, "the certificate before could not be revoked");
                return;
            }
        };
        let mut told = issuance.clone();
        told.due_at = Some(self.now());
        if let Err(error) = self.keep(told, Some(note)).await {
            tracing::error!(%error, "the revocation could not be written down");
        }
    }
}

/// How it ended.
fn outcome(issuance: &Issuance, request: &Request, deliveries: &[Delivery]) -> IssuanceState {
    let delivered = deliveries
        .iter()
        .all(|one| one.state == DeliveryState::Verified);
    if issuance.issued.is_some() && delivered {
        IssuanceState::Done
    } else if request.state == RequestState::Cancelled {
        IssuanceState::Abandoned
    } else {
        IssuanceState::Failed
    }
}

/// What is in use now, and when to go on.
fn learn(
    request: &mut Request,
    issuance: &Issuance,
    deliveries: &[Delivery],
    renew_at: Option<Millis>,
) {
    for delivery in deliveries {
        // A place that was taken is the request's from now on, even if it could not be read back.
        if let (Some(place), Some(target)) = (
            &delivery.target.place,
            request.targets.get_mut(delivery.index as usize),
        ) {
            target.place = Some(place.clone());
        }
    }
    if let Some(issued) = &issuance.issued
        && is_somewhere(deliveries)
    {
        request.expires_at = Some(issued.not_after);
    }
    request.renew_at = renew_at;
    request.updated_at = issuance.updated_at;
}

/// Whether somebody uses it now: a place of ours, or the operator who brought the signing request.
fn is_somewhere(deliveries: &[Delivery]) -> bool {
    deliveries.is_empty()
        || deliveries
            .iter()
            .any(|one| one.state == DeliveryState::Verified)
}
