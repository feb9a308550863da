//! Connectors as places to deliver to.
//! Above: `delivery`, by its port. Below: `cloud` puts a connector's cloud together, `PluginPlace` delivers.
//! Invariant: all deliveries of a connector share one policy layer, so that its rates hold over all of them.

use super::opened::Opened;
use super::told;
use crate::app::Sensor;
use crate::backend::KeyRoom;
use crate::custody::Keeper;
use crate::delivery::{Place, Places, PluginPlace};
use crate::model::id::ConnectorId;
use crate::model::problem::{ErrorClass, OperationError};
use crate::model::time::Clock;
use std::sync::Arc;

type Answer<T> = Result<T, OperationError>;

/// The connectors of a sensor, opened when first asked for.
pub(super) struct AppPlaces {
    sensor: Arc<Sensor>,
    keeper: Arc<Keeper>,
    open: Opened<ConnectorId, PluginPlace>,
}

impl AppPlaces {
    pub(super) fn new(sensor: Arc<Sensor>, keeper: Arc<Keeper>) -> Self {
        Self {
            sensor,
            keeper,
            open: Opened::default(),
        }
    }

    /// None: its plugin does not deliver.
    async fn connect(
        &self,
        name: &ConnectorId,
    ) -> Result<Option<PluginPlace>, crate::app::AppError> {
        let stored = self.sensor.connector(name)?;
        let config = stored.config;
        let plugin = self.sensor.connector_plugin(&config.plugin)?;
        if !plugin.can_deliver() {
            return Ok(None);
        }
        let cloud = self.sensor.open_cloud(&config).await?;
        let keys = Arc::clone(&self.keeper) as Arc<dyn KeyRoom>;
        let aws = Sensor::capability_with(&config, &plugin, &cloud, None, Some(keys))?;
        let clock = Arc::clone(&cloud.clock) as Arc<dyn Clock>;
        let settings = Sensor::plugin_settings(&config, &*clock);
        let limits = Sensor::limits(&config, &plugin);
        Ok(Some(PluginPlace::new(plugin, settings, limits, clock, aws)))
    }
}

#[async_trait::async_trait]
impl Places for AppPlaces {
    async fn open(&self, connector: &ConnectorId) -> Answer<Arc<dyn Place>> {
        let unopened = |error| told::told(&format!("connector `{connector}`"), &error);
        let applied = self.sensor.connector(connector).map_err(unopened)?;
        let open = async || {
            let place = self.connect(connector).await.map_err(unopened)?;
            if let Some(place) = place {
                return Ok(Arc::new(place));
            }
            let message =
                format!("the plugin of connector `{connector}` does not deliver certificates");
            Err(OperationError::new(
                ErrorClass::Unsupported,
                "no-delivery",
                message,
            ))
        };
        let place = self.open.get(connector, applied.updated_at, open).await?;
        Ok(place)
    }

    async fn all(&self) -> Answer<Vec<ConnectorId>> {
        let stored = self.sensor.ledger().connectors();
        let stored = stored.map_err(|error| told::told("the ledger", &error.into()))?;
        let names = stored.into_iter().map(|one| one.config);
        Ok(names
            .filter(|config| {
                // One whose plugin cannot be had may hold something all the same.
                let plugin = self.sensor.connector_plugin(&config.plugin);
                plugin.map_or(true, |plugin| plugin.can_deliver())
            })
            .map(|config| config.name)
            .collect())
    }
}
