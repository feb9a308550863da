//! What an import stands on, put together without the service layer, so that the backend can be chosen.
//! Above: `tax`, `quota`. Below: `sensor`.
//! Invariant: the same ground for the component and for the native connector.

use anyhow::{Context, anyhow, bail};
use sensor::backend::{AwsBackend, Session};
use sensor::capability::aws::{AwsCapability, AwsLend, RateTable};
use sensor::connector::{ImportFilter, ProgressSender, RunContext};
use sensor::grant::{Grants, Reach};
use sensor::model::id::{ConnectorId, RunId};
use sensor::model::run::{Counts, Run, RunStatus};
use sensor::model::time::Clock;
use sensor::plugin::{ConnectorPlugin, Engine, Package, Witness};
use sensor::store::{ImportLabels, Inventory, RunStart};
use sensor_tests::harness::place;
use std::sync::Arc;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

/// The settings as the plugin gets them.
pub(crate) const SETTINGS: &str = r#"{"scope":"organization"}"#;

/// The connector plugin, compiled and loaded.
pub(crate) struct Plugin {
    pub(crate) loaded: Arc<ConnectorPlugin>,
    _cache: TempDir,
}

impl Plugin {
    pub(crate) fn load() -> anyhow::Result<Self> {
        let cache = tempfile::tempdir()?;
        let engine = Engine::new(Some((cache.path().join("compiled"), Witness::new([7; 32]))))?;
        let package = Package::read(&place::plugin("aws-unified"))?;
        let loaded = Arc::new(ConnectorPlugin::load(&engine, &package)?);
        Ok(Self {
            loaded,
            _cache: cache,
        })
    }
}

/// The cloud of one import.
pub(crate) struct Cloud {
    pub(crate) backend: Arc<dyn AwsBackend>,
    pub(crate) base: Session,
    pub(crate) clock: Arc<dyn Clock>,
    /// None: far more than anybody asks for.
    pub(crate) rates: Option<RateTable>,
}

/// One import's ground: an empty inventory and a fresh policy layer.
pub(crate) struct Ground {
    pub(crate) connector: ConnectorId,
    pub(crate) run: RunId,
    pub(crate) aws: Arc<AwsCapability>,
    pub(crate) inventory: Inventory,
    pub(crate) clock: Arc<dyn Clock>,
    // Last: the inventory lies in it.
    _directory: TempDir,
}

impl Ground {
    pub(crate) fn lay(plugin: &Plugin, cloud: &Cloud) -> anyhow::Result<Self> {
        let directory = tempfile::tempdir()?;
        let connector: ConnectorId = "bench".parse()?;
        let opened = Inventory::open(
            &directory.path().join("inventory"),
            Arc::clone(&cloud.clock),
        )?;
        let begun = opened.inventory.begin_run(&RunStart {
            connector: &connector,
            plugin: "aws-unified".to_owned(),
            mock: cloud.backend.is_mock(),
        })?;
        let run = begun.id;
        let grants = Grants::parse(&plugin.loaded.manifest().operations(), None)
            .map_err(|errors| anyhow!("{errors:?}"))?;
        let aws = AwsCapability::new(AwsLend {
            backend: Arc::clone(&cloud.backend),
            grants,
            clock: Arc::clone(&cloud.clock),
            rates: cloud.rates.clone().map_or_else(boundless, Ok)?,
            connector: connector.clone(),
            run: Some(run),
            reach: Reach::Reads,
            base: cloud.base.clone(),
            cancel: CancellationToken::new(),
            keys: None,
        });
        Ok(Self {
            connector,
            run,
            aws,
            inventory: opened.inventory,
            clock: Arc::clone(&cloud.clock),
            _directory: directory,
        })
    }

    /// For the engine: the component in its sandbox, `concurrency` splits at once.
    pub(crate) fn context(&self, plugin: &Plugin, concurrency: usize) -> RunContext {
        RunContext {
            connector: self.connector.clone(),
            run: self.run,
            plugin: Arc::clone(&plugin.loaded),
            ground: sensor::connector::Ground::of(&[SETTINGS]),
            settings: SETTINGS.to_owned(),
            limits: plugin.loaded.manifest().limits,
            concurrency,
            aws: Arc::clone(&self.aws),
            inventory: self.inventory.clone(),
            clock: Arc::clone(&self.clock),
            filter: ImportFilter::default(),
            labels: Arc::new(ImportLabels::default()),
            accept_vanished: false,
            progress: ProgressSender::default(),
            stop: CancellationToken::new(),
        }
    }
}

fn boundless() -> anyhow::Result<RateTable> {
    let services = ["acm", "sts", "organizations", "account", "secretsmanager"];
    let all = services.map(|service| (format!("{service}:*"), 100_000.0));
    Ok(RateTable::with_overrides(all.to_vec())?)
}

/// A figure of an import that did not import everything would be none.
pub(crate) fn complete(run: &Run, certificates: u64) -> anyhow::Result<Counts> {
    if run.status != RunStatus::Complete || run.counts.seen != certificates {
        bail!(
            "the import is {:?} with {} of {certificates} certificates: {:?}",
            run.status,
            run.counts.seen,
            run.error
        );
    }
    Ok(run.counts)
}

/// A runtime of one thread: no work is moved between threads but the inventory's.
pub(crate) fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("starting a runtime")
}
