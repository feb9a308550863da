//! Importing what a connector finds.
//! Above: `cli`. Below: `cloud` puts the run's ground together, `connector` runs it.
//! Invariant: nothing is written before the cloud could be reached with the operator's credentials.

use super::cloud::effective;
use super::{AppError, MockOverride, Sensor};
use crate::config::ConnectorConfig;
use crate::connector::{Ground, ImportFilter, ProgressSender, RunContext, RunReport, run};
use crate::model::id::ConnectorId;
use crate::model::time::Millis;
use crate::plugin::ConnectorPlugin;
use crate::store::{ImportLabels, RunStart};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// How an import differs from what the connector's file says.
#[derive(Debug, Clone, Default)]
pub struct ImportOptions {
    pub mock: Option<MockOverride>,
    /// What vanished in bulk is really gone.
    pub accept_vanished: bool,
}

impl Sensor {
    /// Runs a connector once. Cancelling `stop` ends it at the next page boundary of each split.
    pub async fn import(
        &self,
        name: &ConnectorId,
        options: &ImportOptions,
        progress: ProgressSender,
        stop: CancellationToken,
    ) -> Result<RunReport, AppError> {
        let stored = self.connector(name)?;
        let config = effective(&stored.config, options.mock.as_ref());
        let plugin = self.connector_plugin(&config.plugin)?;
        let cloud = self.open_cloud(&config).await?;
        let inventory = self.enter().await?.by(Arc::clone(&cloud.clock));
        let begun = inventory.begin_run(&RunStart {
            connector: name,
            plugin: format!("{} {}", plugin.manifest().id, plugin.manifest().version),
            mock: cloud.backend.is_mock(),
        })?;
        let ctx = RunContext {
            connector: config.name.clone(),
            run: begun.id,
            ground: ground(&config, &plugin),
            settings: Self::plugin_settings(&config, &*cloud.clock),
            limits: Self::limits(&config, &plugin),
            concurrency: config.limits.concurrency as usize,
            aws: Self::capability(&config, &plugin, &cloud, Some(begun.id))?,
            plugin: Arc::new(plugin),
            inventory,
            clock: Arc::clone(&cloud.clock),
            filter: import_filter(&config, cloud.clock.now()),
            labels: Arc::new(labels(&config)),
            accept_vanished: options.accept_vanished,
            progress,
            stop,
        };
        Ok(run(Arc::new(ctx)).await?)
    }
}

fn import_filter(config: &ConnectorConfig, now: Millis) -> ImportFilter {
    let since = config.import.expired_since.as_ref();
    ImportFilter {
        expired_since: since.map(|since| since.moment(now)),
        revoked: config.import.revoked,
    }
}

/// What pages depend on besides the cloud. Relative dates count as written: a day later they are still the same.
fn ground(config: &ConnectorConfig, plugin: &ConnectorPlugin) -> Ground {
    let settings = serde_json::Value::Object(config.settings.clone()).to_string();
    let since = config.import.expired_since.as_ref();
    let filters = format!(
        "{:?} {}",
        since.map(ToString::to_string),
        config.import.revoked
    );
    Ground::of(&[&settings, &filters, &plugin.sha256().to_string()])
}

fn labels(config: &ConnectorConfig) -> ImportLabels {
    ImportLabels {
        business_unit: config.import.business_unit.clone(),
        tags: config.import.tags.clone().into_iter().collect(),
    }
}
