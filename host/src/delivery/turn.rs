//! One turn: begins the renewals that are due, brings on every issuance that can go on, says when to come again.
//! Above: `app` (serve, wait). Below: `engine`, `renew`.
//! Invariant: the most urgent goes first; a panic in one issuance is that one's trouble alone.

use super::engine::{Engine, EngineError, Standing};
use super::renew::Begin;
use crate::model::id::IssuanceId;
use crate::model::time::Millis;
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Issuances at once.
const AT_ONCE: usize = 64;
/// As many are looked at in one turn.
const MOST: usize = 5_000;

/// What a turn did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Turn {
    /// Renewals begun.
    pub begun: u64,
    /// Issuances that ended.
    pub ended: u64,
    /// Those that the sensor's own trouble kept from going on.
    pub troubled: u64,
    /// When there is something to do again; none when nothing is planned.
    pub next: Option<Millis>,
}

impl Engine {
    /// Does everything that is due now. `stop` ends it between steps.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub async fn turn(self: &Arc<Self>, stop: &CancellationToken) -> Result<Turn, EngineError> {
        let mut turn = Turn::default();
        let now = self.now();
        let (due, next_renewal) = self
            .ledger(move |ledger| ledger.renewals_due(now, MOST))
            .await?;
        for request in due {
            let begin = Begin {
                why: "due".to_owned(),
            };
            turn.begun += u64::from(self.begin(&request, begin).await?.is_some());
        }
        let now = self.now();
        let (due, next) = self
            .ledger(move |ledger| ledger.issuances_due(now, MOST))
            .await?;
        turn.next = [next_renewal, next].into_iter().flatten().min();
        let due = due.into_iter().map(|issuance| issuance.id).collect();
        self.advance_all(due, stop, &mut turn).await;
        Ok(turn)
    }

    async fn advance_all(
        self: &Arc<Self>,
        due: Vec<IssuanceId>,
        stop: &CancellationToken,
        turn: &mut Turn,
    ) {
        let room = Arc::new(Semaphore::new(AT_ONCE));
        let mut going = JoinSet::new();
        for id in due {
            let Ok(place) = Arc::clone(&room).acquire_owned().await else {
                break;
            };
            if stop.is_cancelled() {
                break;
            }
            let engine = Arc::clone(self);
            going.spawn(async move {
                let _place = place;
                (id, engine.advance(id).await)
            });
            while let Some(done) = going.try_join_next() {
                turn.note(done);
            }
        }
        while let Some(done) = going.join_next().await {
            turn.note(done);
        }
    }
}

type Done = Result<(IssuanceId, Result<Standing, EngineError>), tokio::task::JoinError>;

impl Turn {
    fn note(&mut self, done: Done) {
        match done {
            Ok((_, Ok(Standing::Over))) => self.ended += 1,
            Ok((_, Ok(Standing::Waits(at)))) => {
                self.next = Some(self.next.map_or(at, |next| next.min(at)));
            }
            Ok((_, Ok(Standing::Busy))) => {}
            Ok((id, Err(error))) => {
                tracing::error!(issuance = %id, %error, "could not go on");
                self.troubled += 1;
            }
            Err(error) => {
                tracing::error!(%error, "an issuance panicked");
                self.troubled += 1;
            }
        }
    }
}
