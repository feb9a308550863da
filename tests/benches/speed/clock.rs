//! A clock for simulations: time stands still while anybody works, and jumps to the next one who wakes.
//! Above: `quota`. Below: nothing.
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

/// The clock.
#[derive(Debug)]
pub(crate) struct EventClock(Mutex<State>);

#[derive(Debug)]
struct State {
    now: Millis,
    sleepers: BTreeMap<(Millis, u64), oneshot::Sender<()>>,
    /// How often anybody went to sleep: news.
    naps: u64,
}

impl EventClock {
    pub(crate) fn starting_at(now: Millis) -> Self {
        Self(Mutex::new(State {
            now,
            sleepers: BTreeMap::new(),
            naps: 0,
        }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs a future to its end and the clock beside it. On a runtime of one thread, whose tasks are all simulated.
    pub(crate) async fn play<T>(&self, work: impl Future<Output = T>) -> T {
        tokio::select! {
            done = work => done,
            () = self.tick() => unreachable!("the clock never ends"),
        }
    }

    async fn tick(&self) {
        let tasks = tokio::runtime::Handle::current().metrics();
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
            if all_asleep || (sleepers > 0 && idle > LOOKS) {
                self.jump();
                last = (naps, 0);
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
