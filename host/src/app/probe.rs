//! Trying a connector's access without importing, and telling the policies that it needs.
//! Above: `cli`. Below: `cloud`, `plugin`.
//! Invariant: reads only, and leaves nothing in the inventory.

use super::cloud::{Cloud, effective};
use super::{AppError, MockOverride, Sensor};
use crate::capability::aws::AwsCapability;
use crate::config::ConnectorConfig;
use crate::model::check::{CheckStatus, Finding, Policy};
use crate::model::id::ConnectorId;
use crate::plugin::{ConnectorInstance, ConnectorPlugin, Lend};
use std::sync::Arc;

/// How a check differs from what the connector's file says.
#[derive(Debug, Clone, Default)]
pub struct CheckOptions {
    pub mock: Option<MockOverride>,
}

/// What a check found.
#[derive(Debug, Clone)]
pub struct CheckReport {
    pub findings: Vec<Finding>,
    /// Calls by `service:Operation`.
    pub calls: Vec<(String, u64)>,
    pub mock: bool,
}

impl CheckReport {
    /// Whether something must be mended before an import can be whole.
    #[must_use]
    pub fn failed(&self) -> bool {
        self.findings
            .iter()
            .any(|one| one.status == CheckStatus::Failure)
    }
}

impl Sensor {
    /// Tries everything that an import needs.
    pub async fn check(
        &self,
        name: &ConnectorId,
        options: &CheckOptions,
    ) -> Result<CheckReport, AppError> {
        let stored = self.connector(name)?;
        let config = effective(&stored.config, options.mock.as_ref());
        let plugin = self.connector_plugin(&config.plugin)?;
        let cloud = self.open_cloud(&config).await?;
        let aws = Self::capability(&config, &plugin, &cloud, None)?;
        let mut findings: Vec<Finding> = explained(&cloud.explained).into_iter().collect();
        let mut instance = self
            .instance(&config, &plugin, Some((&cloud, Arc::clone(&aws))))
            .await?;
        findings.extend(instance.check().await?);
        Ok(CheckReport {
            findings,
            calls: aws.calls(),
            mock: cloud.backend.is_mock(),
        })
    }

    /// The least-privilege policies for a connector. Without a partition, the cloud is asked which one it is.
    pub async fn policy(
        &self,
        name: &ConnectorId,
        partition: Option<String>,
        mock: Option<&MockOverride>,
    ) -> Result<Vec<Policy>, AppError> {
        let stored = self.connector(name)?;
        let config = effective(&stored.config, mock);
        let plugin = self.connector_plugin(&config.plugin)?;
        let partition = if let Some(partition) = partition {
            partition
        } else {
            let cloud = self.open_cloud(&config).await;
            let cloud = cloud.map_err(|error| AppError::NoPartition(Box::new(error)))?;
            cloud.session.partition().to_owned()
        };
        let mut instance = self.instance(&config, &plugin, None).await?;
        Ok(instance.policy(&partition).await?)
    }

    async fn instance(
        &self,
        config: &ConnectorConfig,
        plugin: &ConnectorPlugin,
        cloud: Option<(&Cloud, Arc<AwsCapability>)>,
    ) -> Result<ConnectorInstance, AppError> {
        let clock = cloud
            .as_ref()
            .map_or_else(|| self.clock(), |(cloud, _)| Arc::clone(&cloud.clock));
        let lend = Lend {
            settings: Self::plugin_settings(config, &*clock),
            clock,
            aws: cloud.map(|(_, aws)| aws),
            known: None,
            span: tracing::error_span!("connector", connector = %config.name),
            limits: Self::limits(config, plugin),
        };
        Ok(plugin.instantiate(lend).await?)
    }
}

/// The provider's lines are one story: where the credential comes from.
fn explained(lines: &[String]) -> Option<Finding> {
    (!lines.is_empty()).then(|| Finding {
        status: CheckStatus::Success,
        code: "credential".to_owned(),
        subject: None,
        message: lines.join("; "),
        advice: None,
        statement: None,
    })
}
