//! Keys that nobody waits for: looked for everywhere a key may lie, and erased.
//! Above: `turn`, `app`. Below: `custody`, the places.
//! Invariant: only what bears this sensor's own prefix is touched, and never the key of an issuance that goes on.

use super::engine::{Engine, EngineError};
use crate::custody::Keeper;
use crate::ledger::{LedgerError, Sweeps};
use crate::model::id::IssuanceId;
use crate::model::time::Millis;

/// A key without an owner is kept this long: somebody may look into it.
const KEPT: Millis = 24 * 3_600_000;
/// A key that was erased may be told by the cloud for this long.
const LEAVING: Millis = 600_000;

/// What a sweep found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Keys without an issuance that goes on, in the ledger and in clouds, erased ones included.
    pub orphans: u64,
    pub erased: u64,
    /// Connectors that could not be asked.
    pub unasked: u64,
}

impl Engine {
    /// Looks through the ledger and every connector that can deliver.
    ///
    /// # Errors
    /// When the ledger or the keys cannot be read.
    pub async fn sweep(&self) -> Result<Swept, EngineError> {
        let mut swept = Swept::default();
        let mut done = self.sweep_ledger(&mut swept).await;
        if done.is_ok() {
            done = self.sweep_clouds(&mut swept).await;
        }
        let sweeps = Sweeps {
            last_at: self.now(),
            left: swept.orphans - swept.erased,
            unasked: swept.unasked,
            erased: swept.erased,
        };
        // What was erased counts, also when the search did not come to its end.
        self.ledger(move |ledger| ledger.note_sweep(&sweeps))
            .await?;
        done?;
        if swept.orphans > 0 {
            tracing::error!(
                orphans = swept.orphans,
                erased = swept.erased,
                "keys without an owner"
            );
        }
        Ok(swept)
    }

    async fn sweep_ledger(&self, swept: &mut Swept) -> Result<(), EngineError> {
        for key in self.keys(Keeper::keys).await? {
            let id = key.issuance;
            if self.goes_on(id).await? {
                continue;
            }
            swept.orphans += 1;
            self.keys(move |keeper| keeper.drop_key(id)).await?;
            swept.erased += 1;
        }
        Ok(())
    }

    async fn sweep_clouds(&self, swept: &mut Swept) -> Result<(), EngineError> {
        let prefix = format!("sensor/{}/", self.sensor);
        let now = self.now();
        let all = match self.ground.places.all().await {
            Ok(all) => all,
            Err(error) => {
                tracing::warn!(%error, "it is not known where keys may wait");
                swept.unasked += 1;
                return Ok(());
            }
        };
        for connector in all {
            let listed = match self.ground.places.open(&connector).await {
                Ok(place) => place.parked_keys(&prefix).await.map(|keys| (place, keys)),
                Err(error) => Err(error),
            };
            let (place, parked) = match listed {
                Ok(listed) => listed,
                Err(error) => {
                    tracing::debug!(%connector, %error, "not swept");
                    swept.unasked += 1;
                    continue;
                }
            };
            for key in parked {
                let Some(id) = key
                    .name
                    .strip_prefix(&prefix)
                    .and_then(|id| id.parse().ok())
                else {
                    continue;
                };
                if self.goes_on(id).await? {
                    continue;
                }
                let ended = self.ended_at(id).await?;
                if ended.is_some_and(|at| now - at < LEAVING) {
                    // Fact 48: a deletion is told for a little while after it was asked for.
                    continue;
                }
                swept.orphans += 1;
                let old = key.created_at.is_none_or(|at| now - at >= KEPT);
                if (old || ended.is_some()) && place.drop_key(&key.name).await.is_ok() {
                    swept.erased += 1;
                }
            }
        }
        Ok(())
    }

    async fn goes_on(&self, id: IssuanceId) -> Result<bool, EngineError> {
        let over = self
            .ledger(move |ledger| ledger.issuance_is_over(id))
            .await?;
        Ok(over == Some(false))
    }

    /// When it ended, if it was ours and has: nobody has to look into it.
    async fn ended_at(&self, id: IssuanceId) -> Result<Option<Millis>, EngineError> {
        match self.ledger(move |ledger| ledger.issuance(id)).await {
            Ok(issuance) => Ok(Some(issuance.updated_at).filter(|_| issuance.state.is_over())),
            Err(EngineError::Ledger(LedgerError::Missing { .. })) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
