//! Turns of the crank: begins the renewals that are due, brings on every issuance that can go on, says when to come again.
//! Above: `app` (serve, wait). Below: `engine`, `renew`.
//! Invariant: the most urgent goes first; no place takes all the room; a panic or a bad record in one issuance is that one's
//! trouble alone.

use super::engine::{Engine, EngineError, Standing};
use super::renew::Begin;
use crate::model::id::{IssuanceId, RequestId};
use crate::model::time::Millis;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Issuances at once, over all; and to one account and region.
const AT_ONCE: usize = 64;
const AT_ONCE_TO_A_PLACE: usize = 16;
/// As many are looked at in one turn.
const MOST: usize = 5_000;
/// The ledger is looked at again after this long, and no more often than that.
const LOOK: Duration = Duration::from_millis(200);
const LOOK_AT_MOST: Duration = Duration::from_millis(20);
/// What the sensor's own trouble kept from going on is left alone for so long.
const SHUNNED: Millis = 5_000;

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

/// Everything that is under way, from turn to turn.
pub struct Crank {
    engine: Arc<Engine>,
    going: JoinSet<Result<Standing, EngineError>>,
    held: HashMap<Id, Held>,
    shunned: HashMap<IssuanceId, Millis>,
    unbegun: HashMap<RequestId, Millis>,
    looked: Option<Instant>,
}

/// An issuance that is worked on.
struct Held {
    issuance: IssuanceId,
    /// Where it goes first: connector, account and region.
    place: String,
}

impl Crank {
    /// Nothing is under way yet.
    #[must_use]
    pub fn new(engine: Arc<Engine>) -> Self {
        Self {
            engine,
            going: JoinSet::new(),
            held: HashMap::new(),
            shunned: HashMap::new(),
            unbegun: HashMap::new(),
            looked: None,
        }
    }

    /// Whether nothing is under way.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.going.is_empty()
    }

    /// Begins what is due, as far as there is room; then waits until something has ended, for a moment at most. `stop`
    /// lets nothing more begin, and ends what is under way between two steps.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub async fn turn(&mut self, stop: &CancellationToken) -> Result<Turn, EngineError> {
        let mut turn = Turn::default();
        if let Some(looked) = self.looked {
            tokio::time::sleep_until(looked + LOOK_AT_MOST).await;
        }
        self.looked = Some(Instant::now());
        if !stop.is_cancelled() {
            self.begin(&mut turn).await?;
            self.fill(&mut turn, stop).await?;
        }
        if let Ok(Some(done)) = tokio::time::timeout(LOOK, self.going.join_next_with_id()).await {
            self.note(done, &mut turn);
        }
        while let Some(done) = self.going.try_join_next_with_id() {
            self.note(done, &mut turn);
        }
        Ok(turn)
    }

    /// Waits for what is under way.
    pub async fn drain(&mut self) -> Turn {
        let mut turn = Turn::default();
        while let Some(done) = self.going.join_next_with_id().await {
            self.note(done, &mut turn);
        }
        turn
    }

    async fn begin(&mut self, turn: &mut Turn) -> Result<(), EngineError> {
        let now = self.engine.now();
        let (due, next) = self
            .engine
            .ledger(move |ledger| ledger.renewals_due(now, MOST))
            .await?;
        turn.next = next;
        self.unbegun.retain(|_, until| *until > now);
        for request in due {
            if self.unbegun.contains_key(&request.id) {
                continue;
            }
            let begin = Begin {
                why: "due".to_owned(),
            };
            match self.engine.begin(&request, begin).await {
                Ok(begun) => turn.begun += u64::from(begun.is_some()),
                Err(error) => {
                    tracing::error!(request = %request.id, %error, "could not begin");
                    turn.troubled += 1;
                    self.unbegun.insert(request.id, now + SHUNNED);
                }
            }
        }
        Ok(())
    }

    async fn fill(&mut self, turn: &mut Turn, stop: &CancellationToken) -> Result<(), EngineError> {
        let now = self.engine.now();
        let (due, next) = self
            .engine
            .ledger(move |ledger| ledger.issuances_due(now, MOST))
            .await?;
        turn.next = [turn.next, next].into_iter().flatten().min();
        self.shunned.retain(|_, until| *until > now);
        let mut at: HashMap<String, usize> = HashMap::new();
        for held in self.held.values() {
            *at.entry(held.place.clone()).or_default() += 1;
        }
        for (issuance, place) in due {
            if self.held.len() >= AT_ONCE {
                break;
            }
            let busy = self.held.values().any(|held| held.issuance == issuance);
            if busy || self.shunned.contains_key(&issuance) {
                continue;
            }
            let there = at.entry(place.clone()).or_default();
            if *there >= AT_ONCE_TO_A_PLACE {
                continue;
            }
            *there += 1;
            let (engine, stop) = (Arc::clone(&self.engine), stop.clone());
            let task = self
                .going
                .spawn(async move { engine.advance(issuance, &stop).await });
            self.held.insert(task.id(), Held { issuance, place });
        }
        Ok(())
    }

    fn note(
        &mut self,
        done: Result<(Id, Result<Standing, EngineError>), JoinError>,
        turn: &mut Turn,
    ) {
        let (id, outcome) = match done {
            Ok((id, Ok(standing))) => (id, Ok(standing)),
            Ok((id, Err(error))) => (id, Err(error.to_string())),
            Err(error) => (error.id(), Err(format!("it panicked: {error}"))),
        };
        let Some(held) = self.held.remove(&id) else {
            return;
        };
        match outcome {
            Ok(Standing::Over) => turn.ended += 1,
            Ok(Standing::Waits(at)) => {
                turn.next = Some(turn.next.map_or(at, |next| next.min(at)));
            }
            Ok(Standing::Busy) => {}
            Err(error) => {
                tracing::error!(issuance = %held.issuance, %error, "could not go on");
                turn.troubled += 1;
                let until = self.engine.now() + SHUNNED;
                self.shunned.insert(held.issuance, until);
            }
        }
    }
}

impl Engine {
    /// Does everything that is due now, to the end of it.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub async fn turn(self: &Arc<Self>, stop: &CancellationToken) -> Result<Turn, EngineError> {
        let mut crank = Crank::new(Arc::clone(self));
        let mut whole = Turn::default();
        loop {
            let turn = crank.turn(stop).await;
            let Ok(turn) = turn else {
                crank.drain().await;
                return turn;
            };
            whole.begun += turn.begun;
            whole.ended += turn.ended;
            whole.troubled += turn.troubled;
            whole.next = turn.next;
            let over = turn.begun + turn.ended == 0;
            if crank.is_idle() && (over || stop.is_cancelled()) {
                self.revoke_due().await?;
                return Ok(whole);
            }
        }
    }
}
