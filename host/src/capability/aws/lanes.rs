//! One lane for each (account, region, operation): callers go through it in turn, at the bucket's moments.
//! Above: `AwsCapability::call`. Below: `bucket`, `rates`.
//! Invariant: first come, first served; under a virtual clock a moment is waited for by one caller at a time.

use super::bucket::Bucket;
use crate::model::time::{Clock, Millis};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Mutex as Turn, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};

/// As many lanes as may be open: more than 10,000 accounts in 30 regions with five operations need.
const MOST: usize = 2_000_000;
/// Slower operations than this are called one at a time, so that their distance can be kept exactly.
const ALONE_BELOW: f64 = 2.5;
/// As many calls are under way at once: each holds a connection.
const UNDER_WAY: usize = 512;

#[derive(Debug, PartialEq, Eq, Hash)]
struct Key {
    account: String,
    region: String,
    operation: &'static str,
    /// Requests a second, as bits: who was given another rate goes by that.
    rate: u64,
}

/// All lanes into one cloud, for everything that calls there: imports and deliveries, of all connectors.
pub struct Lanes {
    /// Whether the cloud is a simulation.
    simulated: bool,
    lanes: Mutex<HashMap<Key, Arc<Lane>>>,
    room: Arc<Semaphore>,
    /// One turn for all Organizations calls of an account.
    turns: Mutex<HashMap<String, Arc<Turn<()>>>>,
}

/// One lane.
pub(super) struct Lane {
    turn: Arc<Turn<()>>,
    /// Whether a caller keeps its turn until it has its answer.
    alone: bool,
    bucket: Mutex<Bucket>,
    room: Arc<Semaphore>,
}

/// The right to make one call now. Ends with [`Pass::done`].
pub(super) struct Pass {
    lane: Arc<Lane>,
    sent: Millis,
    /// Kept while nobody else may call.
    turn: Option<OwnedMutexGuard<()>>,
    _room: Option<OwnedSemaphorePermit>,
}

impl Lanes {
    /// None is open yet.
    #[must_use]
    pub fn new(simulated: bool) -> Self {
        Self {
            simulated,
            lanes: Mutex::default(),
            room: Arc::new(Semaphore::new(UNDER_WAY)),
            turns: Mutex::default(),
        }
    }

    /// The lane of this operation at this place; none when too many are open.
    pub(super) fn lane(
        &self,
        account: &str,
        region: &str,
        (operation, rate): (&'static str, f64),
        now: Millis,
    ) -> Option<Arc<Lane>> {
        let key = Key {
            account: account.to_owned(),
            region: region.to_owned(),
            operation,
            rate: rate.to_bits(),
        };
        let mut lanes = locked(&self.lanes);
        if let Some(lane) = lanes.get(&key) {
            return Some(lane.clone());
        }
        if lanes.len() >= MOST {
            return None;
        }
        // Fact 32: Organizations refuses a second request of the account while one is in progress.
        let shared = operation.starts_with("organizations:");
        let turn = if shared {
            locked(&self.turns)
                .entry(account.to_owned())
                .or_default()
                .clone()
        } else {
            Arc::default()
        };
        let bucket = Bucket::new(rate, now);
        let bucket = if self.simulated {
            bucket.without_a_way_back()
        } else {
            bucket
        };
        let lane = Lane {
            turn,
            alone: shared || rate < ALONE_BELOW,
            bucket: bucket.into(),
            room: Arc::clone(&self.room),
        };
        let lane = Arc::new(lane);
        lanes.insert(key, lane.clone());
        Some(lane)
    }
}

impl Lane {
    /// Waits for a turn, for the bucket's moment, and for room among all calls that are under way. The moment is looked
    /// at again then: a call that waited for room must not come right before the next one.
    pub(super) async fn enter(self: &Arc<Self>, clock: &dyn Clock) -> Pass {
        let turn = self.turn.clone().lock_owned().await;
        let (room, sent) = loop {
            let now = clock.now();
            let moment = locked(&self.bucket).moment(now);
            if let Ok(wait @ 1..) = u64::try_from(moment - now) {
                clock.sleep(Duration::from_millis(wait)).await;
                continue;
            }
            // Nobody closes it.
            let room = self.room.clone().acquire_owned().await.ok();
            let now = clock.now();
            let mut bucket = locked(&self.bucket);
            if bucket.moment(now) <= now {
                bucket.book(now);
                break (room, now);
            }
        };
        Pass {
            lane: self.clone(),
            sent,
            turn: self.alone.then_some(turn),
            _room: room,
        }
    }
}

impl Pass {
    /// The answer came at `now`.
    pub(super) fn done(self, now: Millis, throttled: bool) {
        let mut bucket = locked(&self.lane.bucket);
        if self.turn.is_some() {
            bucket.settle(self.sent, now);
        }
        if throttled {
            bucket.throttled(now);
        }
    }

    /// When the call was let through.
    pub(super) fn sent(&self) -> Millis {
        self.sent
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
