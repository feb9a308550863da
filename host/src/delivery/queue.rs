//! The way into one account and region: a few at a time, in the order in which they came.
//! Above: `bring`, `preflight`. Below: nothing.
//! Invariant: who waits here waits in no guest and at no deadline; the policy layer's rates hold beyond.

use crate::model::enrollment::Wish;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What is wanted of a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Errand {
    Preflight,
    Import,
}

impl Errand {
    fn at_once(self) -> usize {
        match self {
            // Each is a dozen calls: of many at once all would end together, and nothing be imported until then.
            Self::Preflight => 4,
            // AWS takes one a second, so more would only wait inside.
            Self::Import => 2,
        }
    }
}

type Ways = HashMap<(String, String, Errand), Arc<Semaphore>>;

/// All ways of this sensor.
#[derive(Debug, Default)]
pub(super) struct Queue(Mutex<Ways>);

impl Queue {
    /// The right to do this there, until dropped.
    pub(super) async fn enter(
        &self,
        target: &Wish,
        errand: Errand,
    ) -> Option<OwnedSemaphorePermit> {
        let way = {
            let mut ways = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let place = (target.account.clone(), target.region.clone(), errand);
            let way = ways.entry(place);
            Arc::clone(way.or_insert_with(|| Arc::new(Semaphore::new(errand.at_once()))))
        };
        // Never closed.
        way.acquire_owned().await.ok()
    }
}
