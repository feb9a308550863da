//! How long one call of a guest has computed.
//! Above: `state` meters each call and asks at each tick. Below: nothing.
//! Invariant: what is waited for (a pause, the cloud, a turn of other guests) never counts, whatever the guest calls
//! in between never hides what it computes.

use std::future::poll_fn;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A guest computed for too long.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("computed for too long")]
pub(super) struct CpuExceeded;

/// The computing time of the present call: the time between the polls of its future is somebody else's.
#[derive(Debug, Default)]
pub(super) struct CpuMeter(Mutex<Spent>);

#[derive(Debug, Default)]
struct Spent {
    before: Duration,
    /// When the poll under way began.
    since: Option<Instant>,
}

impl Spent {
    fn used(&self) -> Duration {
        self.before + self.since.map_or(Duration::ZERO, |since| since.elapsed())
    }
}

impl CpuMeter {
    /// Begins a call: from nothing on.
    pub(super) fn restart(&self) {
        *self.spent() = Spent::default();
    }

    pub(super) fn used(&self) -> Duration {
        self.spent().used()
    }

    /// Runs a call, metered.
    pub(super) async fn metered<F: Future>(&self, call: F) -> F::Output {
        let mut call = std::pin::pin!(call);
        poll_fn(|context| {
            self.spent().since = Some(Instant::now());
            let answer = call.as_mut().poll(context);
            let mut spent = self.spent();
            *spent = Spent {
                before: spent.used(),
                since: None,
            };
            answer
        })
        .await
    }

    fn spent(&self) -> std::sync::MutexGuard<'_, Spent> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
