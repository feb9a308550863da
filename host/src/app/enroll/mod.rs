//! Requests, their issuances and deliveries, as a command line or an API asks for them.
//! Above: `cli`. Below: `delivery`, `custody`, `issuer`, `ledger`.
//! Invariant: a request is stored only when its profile allows all of it; every problem is told at once.

mod challenges;
mod desk;
mod issuers;
mod lifecycle;
mod opened;
mod places;
mod rehearse;
mod serve;
mod take_over;
mod told;
mod wish;

pub use desk::{Desk, RequestView, Retried};
pub use rehearse::{Call, Rehearsal};
pub use serve::{Happened, ServeOptions};
pub use take_over::TakeOver;
pub use wish::{Brought, NewRequest, NewSource};

use super::Sensor;
use crate::delivery::{Engine, Ground};
use std::sync::Arc;

impl Sensor {
    /// The desk of this sensor, on the same ledger.
    #[must_use]
    pub fn desk(&self) -> Desk {
        Desk::on(Arc::clone(&self.ledger), self.clock())
    }

    /// The state machine over this sensor's connectors and issuers.
    #[must_use]
    pub fn engine(self: &Arc<Self>) -> Arc<Engine> {
        let keeper = Arc::new(self.keeper());
        let ground = Ground {
            ledger: Arc::clone(&self.ledger),
            issuers: Arc::new(issuers::AppIssuers::new(Arc::clone(self))),
            places: Arc::new(places::AppPlaces::new(
                Arc::clone(self),
                Arc::clone(&keeper),
            )),
            keeper,
            clock: self.clock(),
        };
        Arc::new(Engine::new(ground))
    }
}
