//! A connector's plugin over a cloud, as a place to deliver to.
//! Above: whoever opens places. Below: `plugin` calls the guest, `capability` is what it may do.
//! Invariant: each call has an instance of its own; all of them share one policy layer.

use super::ports::Place;
use crate::backend::PrivateKey;
use crate::capability::aws::AwsCapability;
use crate::model::check::Finding;
use crate::model::delivery::{Found, Material, Parked, Planned, Tag, Target, Trace};
use crate::model::problem::{ErrorClass, OperationError};
use crate::model::time::Clock;
use crate::plugin::{CallError, ConnectorPlugin, DeliveryInstance, Lend, Limits};
use std::sync::Arc;

type Answer<T> = Result<T, OperationError>;

/// One connector's cloud.
pub struct PluginPlace {
    plugin: ConnectorPlugin,
    settings: String,
    limits: Limits,
    clock: Arc<dyn Clock>,
    aws: Arc<AwsCapability>,
}

impl PluginPlace {
    /// By this plugin, with the settings as it gets them and the cloud's own time.
    #[must_use]
    pub fn new(
        plugin: ConnectorPlugin,
        settings: String,
        limits: Limits,
        clock: Arc<dyn Clock>,
        aws: Arc<AwsCapability>,
    ) -> Self {
        Self {
            plugin,
            settings,
            limits,
            clock,
            aws,
        }
    }

    async fn instance(&self) -> Answer<DeliveryInstance> {
        let lend = Lend {
            settings: self.settings.clone(),
            clock: Arc::clone(&self.clock),
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
impl Place for PluginPlace {
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
