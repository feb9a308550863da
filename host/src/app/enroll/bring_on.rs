//! One request brought on, and no other.
//! Above: `cli` (`--wait`). Below: `delivery`'s engine.
//! Invariant: ends between steps only, so that nothing that was begun is left in the middle.

use crate::app::{AppError, Sensor};
use crate::delivery::{Begin, Engine, Standing};
use crate::model::enrollment::RequestState;
use crate::model::id::RequestId;
use crate::model::time::Millis;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often the ledger is looked at for what another command wrote into it.
const LOOK: Millis = 250;

impl Sensor {
    /// Does what is due for a request, until `stop`.
    ///
    /// # Errors
    /// When there is none of this number, or the ledger cannot be read or written.
    pub async fn bring_on(
        self: &Arc<Self>,
        id: RequestId,
        stop: &CancellationToken,
    ) -> Result<(), AppError> {
        let engine = self.engine();
        while !stop.is_cancelled() {
            let wait = self.one_step(&engine, id, stop).await?.clamp(10, LOOK);
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(Duration::from_millis(wait.unsigned_abs())) => {}
            }
        }
        Ok(())
    }

    /// How long until the next.
    async fn one_step(
        &self,
        engine: &Arc<Engine>,
        id: RequestId,
        stop: &CancellationToken,
    ) -> Result<Millis, AppError> {
        let request = self.ledger().request(id)?;
        let now = engine.now();
        let due = request.renew_at.is_some_and(|at| at <= now);
        if request.state == RequestState::Active && due {
            let why = "due".to_owned();
            engine.begin(&request, Begin { why }).await?;
        }
        let newest = self.ledger().issuances(id)?.into_iter().next();
        let Some(open) = newest.filter(|one| !one.state.is_over()) else {
            return Ok(LOOK);
        };
        if request.state == RequestState::AwaitingApproval {
            return Ok(LOOK);
        }
        Ok(match engine.advance(open.id, stop).await? {
            Standing::Waits(until) => until - engine.now(),
            Standing::Over => {
                // What it has replaced may be revoked now.
                engine.revoke_due().await?;
                LOOK
            }
            Standing::Busy => LOOK,
        })
    }
}
