//! The end of an issuance: its key is erased, its request learns what is in use now.
//! Above: `engine`. Below: `custody`, the places, `outlook` for the next date.
//! Invariant: the sensor's half of a key goes first, so that whatever is left elsewhere opens nothing.

use super::engine::{Engine, EngineError, Step, named, world};
use super::failpoint::failpoint;
use super::outlook::learn;
use crate::custody::CustodyError;
use crate::ledger::Note;
use crate::model::delivery::Target;
use crate::model::enrollment::{
    Delivery, DeliveryState, Issuance, IssuanceState, KeyPlace, Request, RequestState,
};
use crate::model::id::{ConnectorId, IssuanceId};

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
        let had = self.had_key(id).await?;
        self.erase(&issuance).await?;
        let deliveries = self.ledger(move |ledger| ledger.deliveries_of(id)).await?;
        let state = outcome(&issuance, request, &deliveries);
        let next = self.next(&issuance, request, &deliveries).await?;
        let revoked = self.ended(&issuance, request).await?.is_some();
        // What stands somewhere and is revoked has to be replaced, and not only where it did not arrive.
        let replace = revoked && next.begin_at.is_some() && next.is_somewhere;
        let mut detail = format!("{}: {had}", named(request));
        if next.begin_at.is_none() && !next.is_somewhere && request.state == RequestState::Active {
            detail.push_str("; it is not tried again by itself: sensor request retry ");
            detail.push_str(&request.id.to_string());
        }
        issuance.state = state;
        issuance.due_at = None;
        let now = self.now();
        issuance.updated_at = now;
        let note = Note::new(now, state.word(), detail);
        self.ledger(move |ledger| {
            let issued = issuance.clone();
            let change = move |request: &mut Request| {
                learn(request, &issued, &deliveries, &next);
                if replace {
                    request.renew_at = Some(now);
                    request.outlook.due_at = Some(now);
                }
            };
            ledger.end_issuance(&issuance, change, &note)
        })
        .await?;
        failpoint!("drop.kept");
        Ok(())
    }

    /// What there is to tell of its key once it is erased: one that was refused early never had one.
    async fn had_key(&self, id: IssuanceId) -> Step<&'static str> {
        let had = self.keys(move |keeper| match keeper.record(id) {
            Ok(_) => Ok("the key is gone"),
            Err(CustodyError::NoKey(_)) => Ok("no key was made"),
            Err(error) => Err(error),
        });
        Ok(had.await?)
    }

    async fn erase(&self, issuance: &Issuance) -> Step {
        let id = issuance.id;
        failpoint!("drop.before");
        self.keys(move |keeper| keeper.drop_key(id)).await?;
        failpoint!("drop.sealed");
        let KeyPlace::Cloud { connector, name } = &issuance.key else {
            return Ok(());
        };
        let tries = issuance.setback.as_ref().map_or(0, |setback| setback.times);
        let place = self.ground.places.open(connector).await;
        let gone = match place {
            Ok(place) => place.drop_key(name).await,
            Err(error) => Err(error),
        };
        failpoint!("drop.cloud");
        match gone {
            Ok(()) => Ok(()),
            Err(error) if tries < MOST_TRIES => Err(world(error)),
            Err(error) => {
                tracing::error!(secret = %name, %error, "a sealed key could not be erased; what it was sealed with is gone");
                Ok(())
            }
        }
    }

    /// Takes away what a place holds, if nothing uses it.
    ///
    /// # Errors
    /// When the place cannot be opened, or refuses.
    pub async fn withdraw(&self, connector: &ConnectorId, target: &Target) -> Step {
        let place = self.ground.places.open(connector).await.map_err(world)?;
        place.withdraw(target).await.map_err(world)
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
