//! The host's clock, lent to a guest.
//! Above: `plugin` links it. Below: `model::time`.
//! Invariant: one pause lasts at most a minute, whatever the guest asks for.

use super::Closed;
use crate::bindings::connector::sensor::core::clock::Host;
use crate::model::time::{Clock, Millis};
use std::sync::Arc;
use std::time::Duration;

/// The longest pause of one call.
pub const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// One instance's view of the clock; none while the instance is closed.
pub struct ClockView<'a>(pub Option<&'a Arc<dyn Clock>>);

impl Host for ClockView<'_> {
    async fn now(&mut self) -> wasmtime::Result<Millis> {
        Ok(self
            .0
            .ok_or_else(|| Closed::new("sensor:core/clock"))?
            .now())
    }

    async fn sleep(&mut self, ms: u32) -> wasmtime::Result<()> {
        let clock = self.0.ok_or_else(|| Closed::new("sensor:core/clock"))?;
        clock
            .sleep(Duration::from_millis(ms.into()).min(LONGEST_PAUSE))
            .await;
        Ok(())
    }
}
