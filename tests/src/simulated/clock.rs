//! A clock for simulations: time stands still while anybody works, and jumps to the next one who wakes.
//! Above: whatever runs against the simulated AWS of this process. Below: nothing.
//! Invariant: nobody wakes before those who sleep less; many sleep at once, as they would in the world.

use sensor::model::time::{Clock, Millis};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;

/// Polls of every task that is ready, before the clock believes that all of them wait.
const SETTLE: usize = 16;
/// How often it looks again while something works on another thread.
const LOOK: Duration = Duration::from_micros(100);
/// As many looks without news, and those who do not sleep are taken to wait for ones who do.
const LOOKS: usize = 300;

/// The same where each look waits until everything that blocks is done: more than the longest chain of such work.
const LOOKS_AT_WORK: usize = 32;

/// The clock.
#[derive(Debug)]
pub struct EventClock {
    state: Mutex<State>,
    /// Whether all that blocks is done by one thread, in its order.
    one_hand: bool,
}

#[derive(Debug)]
struct State {
    now: Millis,
    sleepers: BTreeMap<(Millis, u64), oneshot::Sender<()>>,
    /// How often anybody went to sleep: news.
    naps: u64,
}

impl EventClock {
    /// For work that may block on many threads.
    pub fn starting_at(now: Millis) -> Self {
        let state = State {
            now,
            sleepers: BTreeMap::new(),
            naps: 0,
        };
        Self {
            state: state.into(),
            one_hand: false,
        }
    }

    /// For a runtime with one thread for what blocks: the clock knows when that is done, and waits for it.
    pub fn of_one_hand(now: Millis) -> Self {
        Self {
            one_hand: true,
            ..Self::starting_at(now)
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs a future to its end and the clock beside it. On a runtime of one thread, whose tasks are all simulated.
    pub async fn play<T>(&self, work: impl Future<Output = T>) -> T {
        tokio::select! {
            done = work => done,
            () = self.tick() => unreachable!("the clock never ends"),
        }
    }

    async fn tick(&self) {
        let tasks = tokio::runtime::Handle::current().metrics();
        let looks = if self.one_hand { LOOKS_AT_WORK } else { LOOKS };
        let mut last = (0, 0);
        loop {
            for _ in 0..SETTLE {
                tokio::task::yield_now().await;
            }
            let (sleepers, naps) = {
                let state = self.state();
                (state.sleepers.len(), state.naps)
            };
            let idle = if last.0 == naps { last.1 + 1 } else { 0 };
            last = (naps, idle);
            let all_asleep = sleepers > 0 && sleepers >= tasks.num_alive_tasks();
            if all_asleep || (sleepers > 0 && idle > looks) {
                self.jump();
                last = (naps, 0);
            } else if self.one_hand {
                // Behind all that was asked of that thread before.
                drop(tokio::task::spawn_blocking(|| {}).await);
            } else {
                tokio::time::sleep(LOOK).await;
            }
        }
    }

    /// To the next moment at which somebody wakes.
    fn jump(&self) {
        let mut state = self.state();
        let Some((&(next, _), _)) = state.sleepers.first_key_value() else {
            return;
        };
        state.now = state.now.max(next);
        let later = state.sleepers.split_off(&(next + 1, 0));
        for (_, sleeper) in std::mem::replace(&mut state.sleepers, later) {
            let _gave_up = sleeper.send(());
        }
    }
}

#[async_trait::async_trait]
impl Clock for EventClock {
    fn now(&self) -> Millis {
        self.state().now
    }

    async fn sleep(&self, duration: Duration) {
        let (wake, woken) = oneshot::channel();
        {
            let mut state = self.state();
            let at = state.now + Millis::try_from(duration.as_millis()).unwrap_or(Millis::MAX / 2);
            state.naps += 1;
            let nap = (at, state.naps);
            state.sleepers.insert(nap, wake);
        }
        drop(woken.await);
    }
}
