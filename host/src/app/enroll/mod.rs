//! Requests, their issuances and deliveries, as a command line or an API asks for them.
//! Above: `cli`. Below: `delivery`, `custody`, `issuer`, `ledger`.
//! Invariant: a request is stored only when its profile allows all of it; every problem is told at once.

mod bring_on;
mod brought;
mod challenges;
mod cloudfront;
mod decide;
mod desk;
mod drill;
mod endings;
mod issuers;
mod lifecycle;
mod opened;
mod places;
mod rehearse;
mod revoke;
mod rounds;
mod schedule;
mod serve;
mod take_over;
mod told;
mod who;
mod wish;

pub use cloudfront::Use;
pub use decide::Retried;
pub use desk::{Desk, RequestView};
pub use drill::{Drill, DrillPlan, Load, Replaced, Unreplaced};
pub use endings::{Care, Ending};
pub use rehearse::{Call, Rehearsal};
pub use serve::{Happened, ServeOptions};
pub use take_over::TakeOver;
pub use who::Who;
pub use wish::{Brought, NewRequest, NewSource};

use super::{AppError, Sensor};
use crate::delivery::{Engine, Ground};
use crate::model::enrollment::Request;
use std::sync::Arc;

impl Sensor {
    /// Makes a request, if its profile allows it. Returns it with what is worth knowing.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn create(&self, new: NewRequest) -> Result<(Request, Vec<String>), AppError> {
        let (request, mut advice) = self.desk().create(new)?;
        advice.extend(self.advice_on_cloudfront(&request)?);
        Ok((request, advice))
    }

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
