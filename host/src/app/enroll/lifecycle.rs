//! The end of a place: a certificate taken out of the cloud.
//! Above: `cli`. Below: `delivery`'s ports, the ledger.
//! Invariant: a certificate that a request keeps is never taken away; what is used is refused by the cloud itself.

use super::who::Who;
use crate::app::{AppError, Sensor};
use crate::delivery::Refused;
use crate::ledger::Note;
use crate::model::delivery::Target;
use crate::model::enrollment::{Delivery, DeliveryState};
use crate::model::id::DeliveryId;
use std::sync::Arc;

impl Sensor {
    /// Takes a delivered certificate out of the cloud, if nothing uses it.
    ///
    /// # Errors
    /// When a request keeps it, whichever, it never arrived, or the cloud refuses.
    pub async fn withdraw(
        self: &Arc<Self>,
        id: DeliveryId,
        by: &Who,
    ) -> Result<Delivery, AppError> {
        let ledger = self.ledger();
        let mut delivery = ledger.delivery(id)?;
        if delivery.state == DeliveryState::Withdrawn {
            return Err(AppError::Withdrawn(id));
        }
        let Some(place) = delivery.target.place.clone() else {
            return Err(AppError::NeverArrived(id));
        };
        if let Some(keeper) = ledger.keeper_of(&place)? {
            return Err(AppError::StillKept(keeper));
        }
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
        delivery.state = DeliveryState::Withdrawn;
        delivery.updated_at = self.clock().now();
        let note = Note::new(
            delivery.updated_at,
            "withdrawn",
            format!("{place}, by {by}"),
        );
        ledger.put_delivery(&delivery, &note)?;
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
