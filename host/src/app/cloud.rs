//! Puts a connector's cloud together: AWS or a mock-host, and the session that its credential provider resolves.
//! Above: `import`, `probe`. Below: `plugin`, `backend`, `credential`, `capability`.
//! Invariant: the one place that chooses between AWS and a mock-host; everything above is the same for both.

use super::{AppError, Sensor, settings};
use crate::backend::{AwsBackend, KeyRoom, SdkBackend, Session};
use crate::capability::aws::{AwsCapability, AwsLend, Lanes, RateTable};
use crate::config::{ConfigProblem, ConnectorConfig, CredentialConfig, MockHostConfig};
use crate::credential::{Environment, SecretSource, SecretSourceError, Sources};
use crate::grant::{Grants, Reach};
use crate::ledger::Ledger;
use crate::model::id::{PluginId, RunId};
use crate::model::secret::Secret;
use crate::model::time::{Clock, SwitchClock};
use crate::plugin::{ConnectorPlugin, CredentialProvider, Limits, MockHost, Package};
use sha2::{Digest, Sha256};
use std::path::PathBuf;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// A mock-host in place of what the connector's file says.
#[derive(Debug, Clone)]
pub struct MockOverride {
    pub plugin: PluginId,
    pub scenario: Option<PathBuf>,
}

/// A connector's cloud, opened.
pub(super) struct Cloud {
    /// The cloud's own time: a simulation may have another than the sensor.
    pub clock: Arc<dyn Clock>,
    pub backend: Arc<dyn AwsBackend>,
    pub session: Session,
    /// Shared with everything else of this sensor that calls there.
    pub lanes: Arc<Lanes>,
    /// Lines by the credential provider on where its credentials come from.
    pub explained: Vec<String>,
}

impl Sensor {
    pub(super) async fn open_cloud(&self, config: &ConnectorConfig) -> Result<Cloud, AppError> {
        let mut clock = self.clock();
        let mut lanes = Arc::clone(&self.lanes);
        let (backend, stand_in): (Arc<dyn AwsBackend>, _) = match &config.mock_host {
            None => (Arc::new(SdkBackend::new()), None),
            Some(mock) => {
                let simulated = Arc::new(SwitchClock::default());
                clock = Arc::clone(&simulated) as Arc<dyn Clock>;
                lanes = Arc::new(Lanes::new(true));
                let (host, session) = self.open_mock(mock, simulated).await?;
                (host, Some(session))
            }
        };
        let sources = Arc::new(Sources {
            backend: Arc::clone(&backend),
            secrets: Arc::new(Secrets(Arc::clone(&self.ledger))),
            clock: Arc::clone(&clock),
            environment: Environment::of_process(),
            stand_in: stand_in.clone(),
        });
        let (session, explained) = match (&config.credential, stand_in) {
            (Some(credential), _) => self.resolve(credential, sources).await?,
            (None, Some(session)) => (session, Vec::new()),
            (None, None) => return Err(AppError::NoCredential(config.name.to_string())),
        };
        Ok(Cloud {
            clock,
            backend,
            session,
            lanes,
            explained,
        })
    }

    /// A session in AWS for what the sensor does there itself, without a connector.
    pub(super) async fn open_aws(
        &self,
        credential: &CredentialConfig,
    ) -> Result<aws_config::SdkConfig, AppError> {
        let sources = Arc::new(Sources {
            backend: Arc::new(SdkBackend::new()),
            secrets: Arc::new(Secrets(Arc::clone(&self.ledger))),
            clock: self.clock(),
            environment: Environment::of_process(),
            stand_in: None,
        });
        let (session, _) = self.resolve(credential, sources).await?;
        session
            .sdk_config()
            .cloned()
            .ok_or_else(|| AppError::NoCredential(credential.provider.to_string()))
    }

    async fn open_mock(
        &self,
        mock: &MockHostConfig,
        clock: Arc<SwitchClock>,
    ) -> Result<(Arc<dyn AwsBackend>, Session), AppError> {
        let path = mock
            .scenario
            .clone()
            .ok_or_else(|| AppError::NoScenario(mock.plugin.clone()))?;
        let scenario =
            std::fs::read_to_string(&path).map_err(|error| AppError::Scenario { path, error })?;
        let package = self.package(&mock.plugin)?;
        let host = MockHost::start(self.catalog.engine(), &package, clock).await?;
        let kept = self.kept(&mock.plugin, &scenario);
        host.load_kept(scenario, Some(kept)).await?;
        let session = host.identity().await?;
        Ok((Arc::new(host), session))
    }

    /// Where what is written to a simulation is kept: another scenario is another cloud.
    fn kept(&self, plugin: &PluginId, scenario: &str) -> PathBuf {
        let hash = hex::encode(Sha256::digest(scenario.as_bytes()));
        let name = format!("{plugin}-{}.jsonl", hash.get(..16).unwrap_or(&hash));
        self.dir.join("mock").join(name)
    }

    async fn resolve(
        &self,
        credential: &CredentialConfig,
        sources: Arc<Sources>,
    ) -> Result<(Session, Vec<String>), AppError> {
        let provider = self.credential_provider(&credential.provider)?;
        let method = &credential.method;
        let parameters = serde_json::Value::Object(credential.parameters.clone()).to_string();
        let session = provider
            .resolve(Arc::clone(&sources), method, parameters.clone())
            .await?;
        let explained = provider.explain(sources, method, parameters).await?;
        Ok((session, explained))
    }

    /// The policy layer for an import, or without a run for a check.
    pub(super) fn capability(
        config: &ConnectorConfig,
        plugin: &ConnectorPlugin,
        cloud: &Cloud,
        run: Option<RunId>,
    ) -> Result<Arc<AwsCapability>, AppError> {
        Self::capability_with(config, plugin, cloud, run, None)
    }

    /// The same; with the sensor's room for keys it is for deliveries.
    pub(super) fn capability_with(
        config: &ConnectorConfig,
        plugin: &ConnectorPlugin,
        cloud: &Cloud,
        run: Option<RunId>,
        keys: Option<Arc<dyn KeyRoom>>,
    ) -> Result<Arc<AwsCapability>, AppError> {
        let grants = grants(config, plugin).map_err(|problems| invalid(config, problems))?;
        let rates = config.rates.clone().into_iter().collect();
        let rates = RateTable::with_overrides(rates)
            .map_err(|error| invalid(config, vec![problem("rates", error.to_string())]))?;
        let lend = AwsLend {
            backend: Arc::clone(&cloud.backend),
            grants,
            clock: Arc::clone(&cloud.clock),
            rates,
            connector: config.name.clone(),
            run,
            reach: match (run, &keys) {
                (Some(_), _) => Reach::Reads,
                (None, None) => Reach::Tries,
                (None, Some(_)) => Reach::Writes,
            },
            base: cloud.session.clone(),
            keys,
            // A stopped run finishes its pages; what must end at once is dropped with the process.
            cancel: CancellationToken::new(),
        };
        Ok(AwsCapability::sharing(lend, Arc::clone(&cloud.lanes)))
    }

    /// The settings as the plugin gets them.
    pub(super) fn plugin_settings(config: &ConnectorConfig, clock: &dyn Clock) -> String {
        settings::for_plugin(config, clock.now())
    }

    /// The plugin's limits with the operator's in their place.
    pub(super) fn limits(config: &ConnectorConfig, plugin: &ConnectorPlugin) -> Limits {
        let mut limits = plugin.manifest().limits;
        if let Some(mib) = config.limits.memory_mib {
            limits.memory = (mib as usize) << 20;
        }
        if let Some(timeout) = config.limits.call_timeout {
            limits.call_timeout = timeout.duration();
        }
        limits
    }

    pub(super) fn connector_plugin(&self, id: &PluginId) -> Result<ConnectorPlugin, AppError> {
        Ok(ConnectorPlugin::load(
            self.catalog.engine(),
            &self.package(id)?,
        )?)
    }

    pub(super) fn credential_provider(
        &self,
        id: &PluginId,
    ) -> Result<CredentialProvider, AppError> {
        Ok(CredentialProvider::load(
            self.catalog.engine(),
            &self.package(id)?,
        )?)
    }

    pub(super) fn package(&self, id: &PluginId) -> Result<Package, AppError> {
        self.plugin(id)?;
        Ok(self.catalog.package(id.as_str())?)
    }
}

/// The connector with the mock-host that the command asked for, if it did.
pub(super) fn effective(config: &ConnectorConfig, over: Option<&MockOverride>) -> ConnectorConfig {
    let mut config = config.clone();
    if let Some(over) = over {
        config.mock_host = Some(MockHostConfig {
            plugin: over.plugin.clone(),
            scenario: over.scenario.clone(),
        });
    }
    config
}

pub(super) fn invalid(config: &ConnectorConfig, problems: Vec<ConfigProblem>) -> AppError {
    AppError::Invalid {
        connector: config.name.to_string(),
        problems,
    }
}

/// What is wrong with one field of a connector.
pub(super) fn problem(field: &str, message: impl Into<String>) -> ConfigProblem {
    ConfigProblem {
        line: None,
        field: field.to_owned(),
        message: message.into(),
        help: None,
    }
}

/// What the connector's grants allow, or what is wrong with them.
pub(super) fn grants(
    config: &ConnectorConfig,
    plugin: &ConnectorPlugin,
) -> Result<Grants, Vec<ConfigProblem>> {
    let requested = plugin.manifest().operations();
    Grants::parse(&requested, config.grants.as_deref()).map_err(|errors| {
        let told = errors.iter();
        told.map(|error| problem("grants.operations", error.to_string()))
            .collect()
    })
}

/// The ledger, as the source of secrets.
struct Secrets(Arc<Ledger>);

impl SecretSource for Secrets {
    fn get(&self, name: &str) -> Result<Option<Secret>, SecretSourceError> {
        self.0
            .get_secret(name)
            .map_err(|error| SecretSourceError(error.to_string()))
    }
}
