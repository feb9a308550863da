//! Connectors as places to deliver to.
//! Above: `delivery`, by its port. Below: `cloud` puts a connector's cloud together, `plugin` calls the guest.
//! Invariant: all deliveries of a connector share one policy layer, so that its rates hold over all of them; each call
//! has an instance of its own.

use super::opened::Opened;
use super::told;
use crate::app::Sensor;
use crate::app::cloud::Cloud;
use crate::backend::{KeyRoom, PrivateKey};
use crate::capability::aws::AwsCapability;
use crate::custody::Keeper;
use crate::delivery::{Place, Places};
use crate::model::check::Finding;
use crate::model::delivery::{Found, Material, Parked, Planned, Tag, Target, Trace};
use crate::model::id::ConnectorId;
use crate::model::problem::{ErrorClass, OperationError};
use crate::model::time::Clock;
use crate::plugin::{CallError, ConnectorPlugin, DeliveryInstance, Lend, Limits};
use std::sync::Arc;

type Answer<T> = Result<T, OperationError>;

/// The connectors of a sensor, opened when first asked for.
pub(super) struct AppPlaces {
    sensor: Arc<Sensor>,
    keeper: Arc<Keeper>,
    open: Opened<ConnectorId, CloudPlace>,
}

impl AppPlaces {
    pub(super) fn new(sensor: Arc<Sensor>, keeper: Arc<Keeper>) -> Self {
        Self {
            sensor,
            keeper,
            open: Opened::default(),
        }
    }

    async fn connect(&self, name: &ConnectorId) -> Result<CloudPlace, crate::app::AppError> {
        let stored = self.sensor.connector(name)?;
        let config = stored.config;
        let plugin = self.sensor.connector_plugin(&config.plugin)?;
        let cloud = self.sensor.open_cloud(&config).await?;
        let keys = Arc::clone(&self.keeper) as Arc<dyn KeyRoom>;
        let aws = Sensor::capability_with(&config, &plugin, &cloud, None, Some(keys))?;
        Ok(CloudPlace {
            settings: Sensor::plugin_settings(&config, &*cloud.clock),
            limits: Sensor::limits(&config, &plugin),
            plugin,
            cloud,
            aws,
        })
    }
}

#[async_trait::async_trait]
impl Places for AppPlaces {
    async fn open(&self, connector: &ConnectorId) -> Answer<Arc<dyn Place>> {
        let unopened = |error| told::told(&format!("connector `{connector}`"), &error);
        let applied = self.sensor.connector(connector).map_err(unopened)?;
        let open = async || {
            let place = self.connect(connector).await.map_err(unopened)?;
            if place.plugin.can_deliver() {
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

    async fn all(&self) -> Vec<ConnectorId> {
        let stored = self.sensor.ledger().connectors().unwrap_or_default();
        let names = stored.into_iter().map(|one| one.config);
        names
            .filter(|config| {
                let plugin = self.sensor.connector_plugin(&config.plugin);
                plugin.is_ok_and(|plugin| plugin.can_deliver())
            })
            .map(|config| config.name)
            .collect()
    }
}

/// One connector's cloud.
struct CloudPlace {
    plugin: ConnectorPlugin,
    settings: String,
    limits: Limits,
    cloud: Cloud,
    aws: Arc<AwsCapability>,
}

impl CloudPlace {
    async fn instance(&self) -> Answer<DeliveryInstance> {
        let lend = Lend {
            settings: self.settings.clone(),
            clock: Arc::clone(&self.cloud.clock) as Arc<dyn Clock>,
            aws: Some(Arc::clone(&self.aws)),
            known: None,
            limits: self.limits,
            span: tracing::Span::current(),
        };
        self.plugin.deliver(lend).await.map_err(answered)
    }
}

fn answered(error: CallError) -> OperationError {
    error.into_operation_error()
}

/// The same of a delivery: `transient` whenever it may have arrived, however the plugin ended.
fn undelivered(error: CallError) -> OperationError {
    let class = error.may_have_acted().then_some(ErrorClass::Transient);
    let error = answered(error);
    OperationError {
        class: class.unwrap_or(error.class),
        ..error
    }
}

#[async_trait::async_trait]
impl Place for CloudPlace {
    async fn preflight(&self, target: &Target, planned: &Planned) -> Answer<Vec<Finding>> {
        self.instance()
            .await?
            .preflight(target, planned)
            .await
            .map_err(answered)
    }
    async fn deliver(
        &self,
        target: &Target,
        material: &Material,
        key: &PrivateKey,
    ) -> Answer<String> {
        self.instance()
            .await?
            .deliver(target, material, key)
            .await
            .map_err(undelivered)
    }
    async fn find(&self, target: &Target, trace: &Trace) -> Answer<Vec<Found>> {
        self.instance()
            .await?
            .find(target, trace)
            .await
            .map_err(answered)
    }
    async fn verify(&self, target: &Target) -> Answer<Found> {
        self.instance()
            .await?
            .verify(target)
            .await
            .map_err(answered)
    }
    async fn label(&self, target: &Target, tags: &[Tag]) -> Answer<()> {
        self.instance()
            .await?
            .label(target, tags)
            .await
            .map_err(answered)
    }
    async fn withdraw(&self, target: &Target) -> Answer<()> {
        self.instance()
            .await?
            .withdraw(target)
            .await
            .map_err(answered)
    }
    async fn park_key(
        &self,
        name: &str,
        token: &str,
        tags: &[Tag],
        key: &PrivateKey,
    ) -> Answer<()> {
        self.instance()
            .await?
            .park_key(name, token, tags, key)
            .await
            .map_err(answered)
    }
    async fn take_key(&self, name: &str) -> Answer<PrivateKey> {
        self.instance()
            .await?
            .take_key(name)
            .await
            .map_err(answered)
    }
    async fn drop_key(&self, name: &str) -> Answer<()> {
        self.instance()
            .await?
            .drop_key(name)
            .await
            .map_err(answered)
    }
    async fn parked_keys(&self, prefix: &str) -> Answer<Vec<Parked>> {
        self.instance()
            .await?
            .parked_keys(prefix)
            .await
            .map_err(answered)
    }
}

#[cfg(test)]
mod tests {
    use super::{CallError, ErrorClass, OperationError, undelivered};
    use std::time::Duration;

    #[test]
    fn however_a_plugin_ends_a_delivery_that_may_have_arrived_is_left_open() {
        let lost = OperationError::new(ErrorClass::Transient, "x", "x");
        for open in [
            CallError::Trap("x".into()),
            CallError::Spinning(Duration::from_secs(1)),
            CallError::Memory(1),
            CallError::Deadline(Duration::from_secs(1)),
            CallError::Refused("x".into()),
            CallError::Guest(lost),
        ] {
            let told = format!("{open:?}");
            assert_eq!(undelivered(open).class, ErrorClass::Transient, "{told}");
        }
        let full = OperationError::new(ErrorClass::LimitExceeded, "LimitExceededException", "x");
        let throttled = OperationError::new(ErrorClass::Throttled, "x", "x");
        for (refused, class) in [
            (CallError::Guest(throttled), ErrorClass::Throttled),
            (CallError::Guest(full), ErrorClass::LimitExceeded),
            (CallError::Closed("x".into()), ErrorClass::Unsupported),
        ] {
            assert_eq!(undelivered(refused).class, class);
        }
    }
}
