//! Installing, showing and removing plugins.
//! Above: `cli`. Below: `plugin`'s catalog, `ledger` for who uses them.
//! Invariant: a plugin that a connector uses is not removed.

use super::{AppError, Sensor, Settings};
use crate::model::check::Method;
use crate::model::id::PluginId;
use crate::plugin::{
    ConnectorPlugin, CredentialProvider, Engine, Entry, Installed, Kind, Manifest, Package,
};
use std::path::Path;

impl Sensor {
    /// Installs a plugin from a folder or a bundle: pins its hash and compiles it. One that asks for more than the
    /// version before it needs `accept`.
    pub fn install_plugin(&self, path: &Path, accept: bool) -> Result<Installed, AppError> {
        Ok(self.catalog.install(path, accept, self.clock().now())?)
    }

    /// Every installed plugin, by name.
    pub fn plugins(&self) -> Result<Vec<Entry>, AppError> {
        Ok(self.catalog.list()?)
    }

    /// One installed plugin.
    pub fn plugin(&self, id: &PluginId) -> Result<Entry, AppError> {
        let all = self.plugins()?;
        if let Some(entry) = all.iter().find(|entry| entry.id == *id) {
            return Ok(entry.clone());
        }
        let names = all.iter().map(|entry| entry.id.as_str());
        Err(AppError::no_plugin(id.as_str(), names))
    }

    /// What an installed plugin says that it is, and what it asks for.
    pub fn manifest(&self, id: &PluginId) -> Result<Manifest, AppError> {
        Ok(self.package(id)?.manifest)
    }

    /// What can be set of an installed plugin.
    pub async fn plugin_settings_of(&self, id: &PluginId) -> Result<Vec<Settings>, AppError> {
        settings_of(self.catalog.engine(), &self.package(id)?).await
    }

    /// Removes a plugin that no connector uses.
    pub fn remove_plugin(&self, id: &PluginId) -> Result<Entry, AppError> {
        let entry = self.plugin(id)?;
        let stored = self.ledger.connectors()?;
        let users: Vec<String> = stored
            .iter()
            .filter(|stored| uses(&stored.config, id))
            .map(|stored| stored.config.name.to_string())
            .collect();
        if !users.is_empty() {
            return Err(AppError::InUse {
                plugin: id.clone(),
                connectors: users,
            });
        }
        self.catalog.remove(id.as_str())?;
        Ok(entry)
    }
}

/// What can be set of a plugin: a connector's settings, or the parameters of each of a provider's methods.
///
/// # Errors
/// When the plugin does not load, or does not describe itself.
pub async fn settings_of(engine: &Engine, package: &Package) -> Result<Vec<Settings>, AppError> {
    match package.manifest.kind {
        Kind::Connector => {
            let plugin = ConnectorPlugin::load(engine, package)?;
            let described = plugin.describe().await?;
            Ok(vec![Settings::of("settings", &described.settings_schema)])
        }
        Kind::CredentialProvider => {
            let provider = CredentialProvider::load(engine, package)?;
            let methods = provider.methods().await?;
            let of = |method: &Method| {
                let section = format!("credential, method \"{}\": parameters", method.id);
                Settings::of(&section, &method.parameters_schema)
            };
            Ok(methods.iter().map(of).collect())
        }
        Kind::MockHost => Ok(Vec::new()),
    }
}

fn uses(config: &crate::config::ConnectorConfig, id: &PluginId) -> bool {
    let credential = config
        .credential
        .as_ref()
        .map(|credential| &credential.provider);
    let mock = config.mock_host.as_ref().map(|mock| &mock.plugin);
    config.plugin == *id || credential == Some(id) || mock == Some(id)
}
