//! The end of certificates: revoked at their issuer, taken out of the cloud.
//! Above: `cli`. Below: `delivery`'s ports, the ledger.
//! Invariant: a certificate that a request keeps is never taken away; what is used is refused by the cloud itself.

use crate::app::{AppError, Sensor};
use crate::delivery::Refused;
use crate::ledger::Note;
use crate::model::delivery::Target;
use crate::model::enrollment::{Delivery, DeliveryState, Issuance, RequestState};
use crate::model::id::{DeliveryId, RequestId};
use crate::model::issuer::RevocationReason;
use std::sync::Arc;

impl Sensor {
    /// Revokes the newest certificate of a request at its issuer, at once.
    ///
    /// # Errors
    /// When there is none, or the issuer refuses.
    pub async fn revoke(
        self: &Arc<Self>,
        id: RequestId,
        reason: RevocationReason,
        by: &str,
    ) -> Result<Issuance, AppError> {
        let (issuance, number) = self.desk().ask_to_revoke(id, reason, by)?;
        self.engine().revoke_due().await?;
        let all = self.ledger().revocations(id)?;
        let asked = all.into_iter().find(|one| one.id == number);
        match asked.and_then(|one| one.setback) {
            None => Ok(issuance),
            Some(setback) => Err(AppError::Operation(setback.error)),
        }
    }

    /// Takes a delivered certificate out of the cloud, if nothing uses it.
    ///
    /// # Errors
    /// When its request still keeps it, it never arrived, or the cloud refuses.
    pub async fn withdraw(
        self: &Arc<Self>,
        id: DeliveryId,
        by: &str,
    ) -> Result<Delivery, AppError> {
        let ledger = self.ledger();
        let delivery = ledger.delivery(id)?;
        let request = ledger.request(delivery.request)?;
        if request.state == RequestState::Active {
            return Err(AppError::StillKept(request.id));
        }
        let Some(place) = delivery.target.place.clone() else {
            return Err(AppError::NeverArrived(id));
        };
        if delivery.state != DeliveryState::Verified && !delivery.in_place {
            tracing::warn!(delivery = %id, "was never read back");
        }
        let engine = self.engine();
        let target = Target {
            account: delivery.target.account.clone(),
            region: delivery.target.region.clone(),
            id: Some(place.clone()),
        };
        engine.withdraw(&delivery.target.connector, &target).await?;
        let note = Note::new(self.clock().now(), "withdrawn", format!("{place}, by {by}"));
        ledger.add_note(request.id, Some(delivery.issuance), &note)?;
        Ok(delivery)
    }
}

/// What the state machine's own errors are to whoever asks.
impl From<Refused> for AppError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Own(error) => Self::Engine(error),
            Refused::World(error) => Self::Operation(error),
        }
    }
}
