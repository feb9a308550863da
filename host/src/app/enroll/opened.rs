//! What is opened once and used by many: connectors as places, issuers.
//! Above: `places`, `issuers`. Below: nothing.
//! Invariant: opening one never keeps another waiting; what was applied anew is opened anew.

use crate::model::problem::OperationError;
use crate::model::time::Millis;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::OnceCell;
use tokio::time::Instant;

/// A failure is told again for this long, without another try.
const REMEMBERED: Duration = Duration::from_secs(3);

/// The open ones, by name.
pub(super) struct Opened<K, V: ?Sized>(Mutex<HashMap<K, Arc<Slot<V>>>>);

struct Slot<V: ?Sized> {
    applied: Millis,
    cell: OnceCell<Arc<V>>,
    failed: Mutex<Option<(Instant, OperationError)>>,
}

impl<K, V: ?Sized> Default for Opened<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Clone + Eq + Hash, V: ?Sized> Opened<K, V> {
    /// The open one; opened now if it is not yet, or was applied anew since.
    pub(super) async fn get<F>(
        &self,
        name: &K,
        applied: Millis,
        open: F,
    ) -> Result<Arc<V>, OperationError>
    where
        F: AsyncFnOnce() -> Result<Arc<V>, OperationError>,
    {
        let slot = self.slot(name, applied);
        let opened = slot.cell.get_or_try_init(async || {
            if let Some(error) = slot.failure() {
                return Err(error);
            }
            let opened = open().await;
            if let Err(error) = &opened {
                slot.remember(error);
            }
            opened
        });
        opened.await.cloned()
    }

    fn slot(&self, name: &K, applied: Millis) -> Arc<Slot<V>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = || {
            Arc::new(Slot {
                applied,
                cell: OnceCell::new(),
                failed: Mutex::default(),
            })
        };
        let slot = all.entry(name.clone()).or_insert_with(fresh);
        if slot.applied != applied {
            *slot = fresh();
        }
        Arc::clone(slot)
    }
}

impl<V: ?Sized> Slot<V> {
    fn failure(&self) -> Option<OperationError> {
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, error) = failed.as_ref()?;
        (at.elapsed() < REMEMBERED).then(|| error.clone())
    }

    fn remember(&self, error: &OperationError) {
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        *failed = Some((Instant::now(), error.clone()));
    }
}
