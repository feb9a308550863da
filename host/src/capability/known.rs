//! What the sensor remembers of a connector's certificates, so that a plugin fetches only what is new.
//! Above: `plugin` links it, `connector` lends it. Below: nothing; the inventory stands behind [`KnownMarkers`].
//! Invariant: a guest learns only markers that its own connector's plugin gave, of any of its splits: nothing of another
//! connector, and nothing but the marker and its time.

use super::Closed;
use crate::bindings::connector::sensor::connector::known::{Host, Marker};
use crate::model::time::Millis;
use std::sync::Arc;

/// The most ids of one call.
const MOST: usize = 1_000;

/// What the sensor remembers of one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownMarker {
    /// As the plugin gave it.
    pub value: String,
    /// When the certificate was last read in full.
    pub read_at: Millis,
}

/// The memory of one connector.
#[async_trait::async_trait]
pub trait KnownMarkers: Send + Sync {
    /// One answer for each id, in order.
    async fn markers(&self, ids: &[String]) -> Vec<Option<KnownMarker>>;
}

/// One instance's view of it; none while the instance is closed or no split is read.
pub struct KnownView<'a> {
    pub lent: Option<&'a Arc<dyn KnownMarkers>>,
    /// Whether the instance may call capabilities at all.
    pub open: bool,
}

impl Host for KnownView<'_> {
    async fn markers(&mut self, ids: Vec<String>) -> wasmtime::Result<Vec<Option<Marker>>> {
        if !self.open {
            return Err(Closed::new("sensor:connector/known").into());
        }
        if ids.len() > MOST {
            wasmtime::bail!(
                "known.markers takes at most {MOST} ids, it was given {}",
                ids.len()
            );
        }
        let Some(known) = self.lent else {
            return Ok(ids.iter().map(|_| None).collect());
        };
        let mut found = known.markers(&ids).await;
        found.resize(ids.len(), None);
        Ok(found
            .into_iter()
            .map(|one| {
                one.map(|known| Marker {
                    value: known.value,
                    read_at: known.read_at,
                })
            })
            .collect())
    }
}
