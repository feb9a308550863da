//! The way into one account and region: a few at a time, in the order in which they came.
//! Above: `bring`. Below: nothing.
//! Invariant: who waits here waits in no guest and at no deadline; the policy layer's rates hold beyond.

use crate::model::enrollment::Wish;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Imports under way at one place: AWS takes one a second, so more would only wait inside.
const AT_ONCE: usize = 2;

type Ways = HashMap<(String, String), Arc<Semaphore>>;

/// All ways of this sensor.
#[derive(Debug, Default)]
pub(super) struct Queue(Mutex<Ways>);

impl Queue {
    /// The right to import there, until dropped.
    pub(super) async fn enter(&self, target: &Wish) -> Option<OwnedSemaphorePermit> {
        let way = {
            let mut ways = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let place = (target.account.clone(), target.region.clone());
            let way = ways.entry(place);
            Arc::clone(way.or_insert_with(|| Arc::new(Semaphore::new(AT_ONCE))))
        };
        // Never closed.
        way.acquire_owned().await.ok()
    }
}
