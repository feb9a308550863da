//! Points in time and the clock that tells them.
//! Above: every layer that waits or dates. Below: nothing.
//! Invariant: only `SystemClock` reads the machine's time; everything else takes a [`Clock`].

use std::time::Duration;

/// Milliseconds since 1970-01-01T00:00:00Z.
pub type Millis = i64;

/// Where time comes from: the machine, or a simulation.
#[async_trait::async_trait]
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// Now, in milliseconds since 1970.
    fn now(&self) -> Millis;
    /// Waits; a virtual clock moves itself forward instead.
    async fn sleep(&self, duration: Duration);
}

/// The machine's own clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

#[async_trait::async_trait]
impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that asks the machine"
    )]
    fn now(&self) -> Millis {
        jiff::Timestamp::now().as_millisecond() + ahead()
    }
    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// How far a test has put this machine's clock forward: months pass between two commands.
fn ahead() -> Millis {
    #[cfg(feature = "failpoints")]
    fail::fail_point!("clock.ahead", |millis| {
        millis.and_then(|text| text.parse().ok()).unwrap_or(0)
    });
    0
}

/// A clock that moves only when somebody waits.
#[derive(Debug)]
pub struct VirtualClock {
    now: std::sync::atomic::AtomicI64,
}

impl VirtualClock {
    /// Starts at `start`.
    #[must_use]
    pub fn starting_at(start: Millis) -> Self {
        Self { now: start.into() }
    }
}

#[async_trait::async_trait]
impl Clock for VirtualClock {
    fn now(&self) -> Millis {
        self.now.load(std::sync::atomic::Ordering::SeqCst)
    }
    async fn sleep(&self, duration: Duration) {
        let wake = self.now() + Millis::try_from(duration.as_millis()).unwrap_or(Millis::MAX / 2);
        // Let everything that can run now run before time jumps.
        tokio::task::yield_now().await;
        self.now
            .fetch_max(wake, std::sync::atomic::Ordering::SeqCst);
    }
}

/// RFC 3339 in UTC to the second, for people and for files.
#[must_use]
pub fn rfc3339(at: Millis) -> String {
    jiff::Timestamp::from_millisecond(at - at.rem_euclid(1000))
        .map_or_else(|_| format!("{at}ms"), |stamp| stamp.to_string())
}

/// The machine's clock until somebody switches it to a virtual one, once.
#[derive(Debug, Default)]
pub struct SwitchClock {
    simulated: std::sync::OnceLock<VirtualClock>,
}

impl SwitchClock {
    /// From now on time starts at `start` and moves only when somebody waits. A second call changes nothing.
    pub fn simulate_from(&self, start: Millis) {
        let _already = self.simulated.set(VirtualClock::starting_at(start));
    }

    fn current(&self) -> &dyn Clock {
        match self.simulated.get() {
            Some(clock) => clock,
            None => &SystemClock,
        }
    }
}

#[async_trait::async_trait]
impl Clock for SwitchClock {
    fn now(&self) -> Millis {
        self.current().now()
    }
    async fn sleep(&self, duration: Duration) {
        self.current().sleep(duration).await;
    }
}
