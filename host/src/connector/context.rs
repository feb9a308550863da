//! Everything that one run of a connector stands on, put together before it starts.
//! Above: `app` builds it. Below: `plugin`, `store`, `capability`.
//! Invariant: shared by all splits of the run and never changed while it goes on.

use super::filter::ImportFilter;
use super::ground::Ground;
use super::progress::ProgressSender;
use crate::capability::aws::AwsCapability;
use crate::capability::known::{KnownMarker, KnownMarkers};
use crate::model::id::{ConnectorId, RunId};
use crate::model::problem::{ErrorClass, OperationError};
use crate::model::time::Clock;
use crate::plugin::{CallError, ConnectorInstance, ConnectorPlugin, Lend, Limits};
use crate::store::{ImportLabels, Inventory, StoreError};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// What one run stands on.
pub struct RunContext {
    pub connector: ConnectorId,
    /// Begun in the inventory already: calls are audited under its number.
    pub run: RunId,
    pub plugin: Arc<ConnectorPlugin>,
    /// What cursors are good for.
    pub ground: Ground,
    /// The settings as the plugin gets them.
    pub settings: String,
    pub limits: Limits,
    /// Splits at once.
    pub concurrency: usize,
    pub aws: Arc<AwsCapability>,
    pub inventory: Inventory,
    pub clock: Arc<dyn Clock>,
    pub filter: ImportFilter,
    /// What is put on everything that is imported.
    pub labels: Arc<ImportLabels>,
    /// The operator said that what vanished at once is really gone.
    pub accept_vanished: bool,
    pub progress: ProgressSender,
    /// Ends the run at the next page boundary of each split; pages under way are finished.
    pub stop: CancellationToken,
}

impl RunContext {
    /// A fresh instance of the plugin. Only one that reads a split is lent the inventory's memory.
    pub(super) async fn instantiate(&self, memory: bool) -> Result<ConnectorInstance, CallError> {
        let known = memory.then(|| {
            Arc::new(Memory {
                inventory: self.inventory.clone(),
                connector: self.connector.clone(),
            }) as Arc<dyn KnownMarkers>
        });
        self.plugin
            .instantiate(Lend {
                settings: self.settings.clone(),
                clock: Arc::clone(&self.clock),
                aws: Some(Arc::clone(&self.aws)),
                known,
                limits: self.limits,
                span: tracing::Span::current(),
            })
            .await
    }

    /// Runs something on the inventory on a thread that may block.
    pub(super) async fn store<T, F>(&self, act: F) -> Result<T, OperationError>
    where
        T: Send + 'static,
        F: FnOnce(&Inventory, &ConnectorId) -> Result<T, StoreError> + Send + 'static,
    {
        let inventory = self.inventory.clone();
        let connector = self.connector.clone();
        tokio::task::spawn_blocking(move || act(&inventory, &connector))
            .await
            .map_err(|_| internal("the inventory's thread panicked"))?
            .map_err(|error| internal(&error.to_string()))
    }
}

fn internal(message: &str) -> OperationError {
    OperationError::new(ErrorClass::Internal, "inventory", message)
}

/// What the inventory remembers, for the plugin that reads a split.
struct Memory {
    inventory: Inventory,
    connector: ConnectorId,
}

#[async_trait::async_trait]
impl KnownMarkers for Memory {
    async fn markers(&self, ids: &[String]) -> Vec<Option<KnownMarker>> {
        let (inventory, connector) = (self.inventory.clone(), self.connector.clone());
        let asked = ids.to_vec();
        let read = move || inventory.markers(&connector, &asked);
        match tokio::task::spawn_blocking(read).await {
            Ok(Ok(markers)) => markers
                .into_iter()
                .map(|marker| {
                    marker.map(|marker| KnownMarker {
                        value: marker.value,
                        read_at: marker.read_at,
                    })
                })
                .collect(),
            // Without its memory a plugin reads everything anew: slower, never wrong.
            Ok(Err(error)) => {
                tracing::warn!(%error, "the inventory could not tell what it knows");
                vec![None; ids.len()]
            }
            Err(error) => {
                tracing::warn!(%error, "the inventory's thread panicked");
                vec![None; ids.len()]
            }
        }
    }
}
