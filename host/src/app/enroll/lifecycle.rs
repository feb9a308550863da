//! The end of certificates: revoked at their issuer, taken out of the cloud.
//! Above: `cli`. Below: `delivery`'s ports, the ledger.
//! Invariant: a certificate that a request keeps is never taken away; what is used is refused by the cloud itself.

use super::who::Who;
use crate::app::{AppError, Sensor};
use crate::delivery::Refused;
use crate::ledger::Note;
use crate::model::delivery::Target;
use crate::model::enrollment::{Delivery, DeliveryState, Issuance};
use crate::model::id::{DeliveryId, RequestId};
use crate::model::issuer::RevocationReason;
use crate::model::problem::{ErrorClass, OperationError};
use crate::model::revoke::RevocationState;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long an issuer is waited for; the revocation stays due beyond that.
const ANSWER: Duration = Duration::from_mins(1);

impl Sensor {
    /// Revokes the newest certificate of a request at its issuer, at once.
    ///
    /// # Errors
    /// When there is none, or the issuer refuses.
    pub async fn revoke(
        self: &Arc<Self>,
        id: RequestId,
        reason: RevocationReason,
        by: &Who,
    ) -> Result<Issuance, AppError> {
        let (issuance, number) = self.desk().ask_to_revoke(id, reason, by)?;
        self.engine().revoke_due().await?;
        let begun = Instant::now();
        loop {
            let all = self.ledger().revocations(id)?;
            let asked = all.into_iter().find(|one| one.id == number);
            let (state, setback) = asked.map_or((None, None), |one| (Some(one.state), one.setback));
            if state == Some(RevocationState::Revoked) {
                return Ok(issuance);
            }
            if let Some(setback) = setback {
                return Err(AppError::Operation(setback.error));
            }
            if begun.elapsed() > ANSWER {
                return Err(unanswered());
            }
            // A sensor that serves was quicker, and asks the issuer now.
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

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

fn unanswered() -> AppError {
    let told = "the issuer has not answered yet: sensor serve goes on asking it";
    AppError::Operation(OperationError::new(
        ErrorClass::Transient,
        "revocation-pending",
        told,
    ))
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
