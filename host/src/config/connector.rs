//! A connector as its operator meant it.
//! Above: `ledger` keeps it, `app` and `connector` act on it. Below: `model`.
//! Invariant: holds no secret, only names of secrets; what it serializes to is its stored form (see `SCHEMA`).

use crate::model::id::{ConnectorId, PluginId};
use crate::model::period::{Period, Since};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A configured instance of a connector plugin.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConnectorConfig {
    pub name: ConnectorId,
    pub plugin: PluginId,
    /// What stands in for the cloud; none for the cloud itself.
    pub mock_host: Option<MockHostConfig>,
    /// Only a connector with a mock-host may do without.
    pub credential: Option<CredentialConfig>,
    /// The plugin's own; valid under its schema once applied.
    pub settings: serde_json::Map<String, serde_json::Value>,
    pub import: ImportConfig,
    pub limits: LimitsConfig,
    /// Patterns like "acm:List*". None: all that the plugin's manifest requests.
    pub grants: Option<Vec<String>>,
    /// Requests a second by `service:Operation`, each in one account and region.
    pub rates: BTreeMap<String, f64>,
}

impl ConnectorConfig {
    /// The version of the stored form; counts up when a field changes its meaning.
    pub const SCHEMA: u32 = 1;

    /// Whether the credential's parameters name this secret.
    #[must_use]
    pub fn names_secret(&self, name: &str) -> bool {
        self.credential
            .as_ref()
            .is_some_and(|credential| credential.names_secret(name))
    }
}

/// A plugin that stands in for the cloud, and the scenario that it plays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MockHostConfig {
    pub plugin: PluginId,
    /// Absolute. None: whoever runs it has to name one (`--scenario FILE`).
    pub scenario: Option<PathBuf>,
}

/// Who obtains the credentials, and how.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CredentialConfig {
    pub provider: PluginId,
    pub method: String,
    pub parameters: serde_json::Map<String, serde_json::Value>,
}

impl CredentialConfig {
    /// Whether the parameters name this secret. Which parameter is the secret's name only the provider knows, so
    /// each is looked at.
    #[must_use]
    pub fn names_secret(&self, name: &str) -> bool {
        self.parameters
            .values()
            .any(|value| value.as_str() == Some(name))
    }
}

/// What is imported, and what is put on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportConfig {
    pub every: Period,
    /// Expired ones that ended after this are imported too. None: only valid ones.
    pub expired_since: Option<Since>,
    /// Revoked ones are imported too. The cloud's own status decides: an imported certificate that its CA has revoked
    /// counts as valid.
    pub revoked: bool,
    pub business_unit: Option<String>,
    pub tags: BTreeMap<String, String>,
}

impl Default for ImportConfig {
    fn default() -> Self {
        Self {
            every: Period::from(std::time::Duration::from_hours(24)),
            expired_since: None,
            revoked: false,
            business_unit: None,
            tags: BTreeMap::new(),
        }
    }
}

/// Limits in place of the plugin's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitsConfig {
    /// Linear memory of one instance, in MiB.
    pub memory_mib: Option<u32>,
    /// Time for one call into the plugin.
    pub call_timeout: Option<Period>,
    /// Splits read at once.
    pub concurrency: u32,
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self {
            memory_mib: None,
            call_timeout: None,
            concurrency: 256,
        }
    }
}
