//! One issuance, as far as it goes now: reads its state, does the step that follows, again until it has to wait.
//! Above: `turn`, `app`. Below: the steps, one file each.
//! Invariant: holds nothing between steps that the ledger does not hold.

use super::bring::KEPT_FOR_RETRY;
use super::claims::Claims;
use super::memo::Memo;
use super::patience::{self, Verdict};
use super::ports::{Issuers, Places};
use super::queue::Queue;
use crate::custody::{CustodyError, Keeper};
use crate::ledger::{Ledger, LedgerError, Note};
use crate::model::enrollment::{Issuance, IssuanceState, Request};
use crate::model::id::IssuanceId;
use crate::model::problem::{ErrorClass, OperationError};
use crate::model::time::{Clock, Millis};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

/// How often what an operator has to mend is looked at meanwhile.
const TRIED_AGAIN: Millis = 3_600_000;

/// What the state machine stands on.
pub struct Ground {
    pub ledger: Arc<Ledger>,
    pub keeper: Arc<Keeper>,
    pub issuers: Arc<dyn Issuers>,
    pub places: Arc<dyn Places>,
    pub clock: Arc<dyn Clock>,
}

/// Why a turn could not go on: the sensor's own trouble, never the world's.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Custody(#[from] CustodyError),
    #[error("a thread of the ledger panicked")]
    Panicked,
}

/// Where an issuance stands after a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// To be looked at again then.
    Waits(Millis),
    Over,
    /// Somebody else works on it.
    Busy,
}

/// The state machine.
pub struct Engine {
    pub(super) ground: Ground,
    /// The name of this sensor among others.
    pub(super) sensor: String,
    claims: Claims,
    pub(super) queue: Queue,
    pub(super) memo: Memo,
}

/// What ended a step: trouble of the sensor, or of the world.
#[derive(Debug)]
pub enum Halt {
    Own(EngineError),
    World(OperationError),
}

impl From<EngineError> for Halt {
    /// A key that is not there or does not open is this issuance's end, not the sensor's trouble.
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Custody(error) if !matches!(error, CustodyError::Ledger(_)) => {
                let told = error.to_string();
                Self::World(OperationError::new(ErrorClass::Other, "key", told))
            }
            own => Self::Own(own),
        }
    }
}

pub(super) type Step<T = ()> = Result<T, Halt>;

/// An error of the world ends a step as one.
pub(super) fn world(error: OperationError) -> Halt {
    Halt::World(error)
}

impl Engine {
    /// On its ground. Nothing is done until a turn is taken.
    #[must_use]
    pub fn new(ground: Ground) -> Self {
        let sensor = ground.ledger.sensor_id().to_owned();
        Self {
            ground,
            sensor,
            claims: Claims::default(),
            queue: Queue::default(),
            memo: Memo::default(),
        }
    }

    /// The name of this sensor among others.
    #[must_use]
    pub fn sensor(&self) -> &str {
        &self.sensor
    }

    /// The time that everything here goes by.
    #[must_use]
    pub fn now(&self) -> Millis {
        self.ground.clock.now()
    }

    /// Brings an issuance as far as it goes now; `stop` ends that between two steps.
    ///
    /// # Errors
    /// When the ledger or the keys cannot be read or written: nothing is lost, the next turn tries again.
    pub async fn advance(
        &self,
        id: IssuanceId,
        stop: &CancellationToken,
    ) -> Result<Standing, EngineError> {
        let Some(_claim) = self.claims.take(id) else {
            return Ok(Standing::Busy);
        };
        let span = tracing::error_span!("issuance", id = %id);
        async {
            loop {
                let issuance = self.ledger(move |ledger| ledger.issuance(id)).await?;
                match issuance.due_at {
                    None => return Ok(Standing::Over),
                    Some(due) if due > self.now() => return Ok(Standing::Waits(due)),
                    Some(due) if stop.is_cancelled() => return Ok(Standing::Waits(due)),
                    Some(_) => {}
                }
                match self.step(issuance).await {
                    Ok(()) => {}
                    Err(Halt::Own(error)) => return Err(error),
                    Err(Halt::World(error)) => self.set_back(id, error).await?,
                }
            }
        }
        .instrument(span)
        .await
    }

    async fn step(&self, issuance: Issuance) -> Step {
        let request = issuance.request;
        let request = self.ledger(move |ledger| ledger.request(request)).await?;
        let ended = self.ended(&issuance, &request).await?;
        if let Some(why) = ended
            && self.may_abandon(&issuance).await?
        {
            return self.abandon(issuance, why).await;
        }
        match issuance.state {
            IssuanceState::Planned => self.plan(issuance, &request).await,
            IssuanceState::KeyMade => self.begin_order(issuance, &request).await,
            IssuanceState::Ordering => self.order(issuance, &request).await,
            IssuanceState::Ordered => self.fetch(issuance, &request).await,
            IssuanceState::Issued => self.choose_custody(issuance, &request).await,
            IssuanceState::Parking => self.park(issuance, &request).await,
            IssuanceState::Delivering => self.bring_all(issuance, &request, ended).await,
            IssuanceState::KeyDropping => self.drop_key(issuance, &request).await,
            IssuanceState::Done | IssuanceState::Failed | IssuanceState::Abandoned => Ok(()),
        }
    }

    /// The world refused a step of the issuance itself.
    async fn set_back(&self, id: IssuanceId, error: OperationError) -> Result<(), EngineError> {
        let mut issuance = self.ledger(move |ledger| ledger.issuance(id)).await?;
        let now = self.now();
        let setback = patience::after(issuance.setback.as_ref(), error, now);
        // The journal tells it to whoever watches.
        tracing::info!(error = %setback.error, times = setback.times, state = issuance.state.word(), "set back");
        let again = patience::verdict(&setback.error) == Verdict::Again
            // Erasing is never given up here.
            || issuance.state == IssuanceState::KeyDropping;
        let note = Note::new(
            now,
            if again { "set-back" } else { "refused" },
            format!("while {}: {}", issuance.state.word(), told(&setback.error)),
        );
        let due = if again {
            Some(now + patience::wait(&setback, id.0))
        } else {
            rest(&mut issuance, &setback.error, now)
        };
        issuance.setback = Some(setback);
        if due.is_none() {
            return self.give_up(issuance, note).await;
        }
        issuance.due_at = due;
        self.keep(issuance, Some(note)).await
    }

    /// Writes an issuance, with a line of the journal if something happened.
    pub(super) async fn keep(
        &self,
        mut issuance: Issuance,
        note: Option<Note>,
    ) -> Result<(), EngineError> {
        issuance.updated_at = self.now();
        self.ledger(move |ledger| ledger.put_issuance(&issuance, note.as_ref()))
            .await
    }

    /// The next state, to be gone on with at once.
    pub(super) async fn enter(
        &self,
        mut issuance: Issuance,
        state: IssuanceState,
        detail: impl Into<String>,
    ) -> Result<(), EngineError> {
        issuance.state = state;
        issuance.setback = None;
        issuance.resting_since = None;
        issuance.due_at = Some(self.now());
        let note = Note::new(self.now(), state.word(), detail);
        self.keep(issuance, Some(note)).await
    }

    /// Runs something on the ledger on a thread that may block.
    pub(super) async fn ledger<T, F>(&self, act: F) -> Result<T, EngineError>
    where
        T: Send + 'static,
        F: FnOnce(&Ledger) -> Result<T, LedgerError> + Send + 'static,
    {
        let ledger = Arc::clone(&self.ground.ledger);
        tokio::task::spawn_blocking(move || act(&ledger))
            .await
            .map_err(|_| EngineError::Panicked)?
            .map_err(EngineError::from)
    }

    /// Runs something on the keys on a thread that may block.
    pub(super) async fn keys<T, F>(&self, act: F) -> Result<T, EngineError>
    where
        T: Send + 'static,
        F: FnOnce(&Keeper) -> Result<T, CustodyError> + Send + 'static,
    {
        let keeper = Arc::clone(&self.ground.keeper);
        tokio::task::spawn_blocking(move || act(&keeper))
            .await
            .map_err(|_| EngineError::Panicked)?
            .map_err(EngineError::from)
    }
}

/// When to try again what an operator can mend while order or certificate are kept; none when it is time to give up.
fn rest(issuance: &mut Issuance, error: &OperationError, now: Millis) -> Option<Millis> {
    let costly = matches!(
        issuance.state,
        IssuanceState::Ordered | IssuanceState::Issued | IssuanceState::Parking
    );
    let mendable = matches!(
        error.class,
        ErrorClass::AccessDenied
            | ErrorClass::Config
            | ErrorClass::NotFound
            | ErrorClass::LimitExceeded
    );
    // An answer that makes no sense may be a proxy's, and whether the issuer was reached is not known.
    let senseless = error.class == ErrorClass::InvalidResponse
        && (costly || issuance.state == IssuanceState::Ordering);
    if !(costly && mendable || senseless) {
        return None;
    }
    let end = *issuance.resting_since.get_or_insert(now) + KEPT_FOR_RETRY;
    (now < end).then(|| end.min(now + TRIED_AGAIN))
}

/// An error in one line, for the journal.
pub(super) fn told(error: &OperationError) -> String {
    match &error.detail {
        Some(detail) => format!("{error}; {detail}"),
        None => error.to_string(),
    }
}

/// The names of a request, as the journal tells them.
pub(super) fn named(request: &Request) -> String {
    let first = request.names.first().map_or("", String::as_str);
    match request.names.len() {
        0 | 1 => first.to_owned(),
        more => format!("{first} and {} more", more - 1),
    }
}
