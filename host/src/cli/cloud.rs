//! The choice between the cloud and a mock-host, on every command that touches one.
//! Above: `connector`, `policy`. Below: `app`.
//! Invariant: a scenario without a mock-host is refused, never ignored.

use super::failure::usage;
use crate::app::MockOverride;
use crate::config::ConnectorConfig;
use crate::model::id::PluginId;
use clap::Args;
use std::path::PathBuf;

/// Which cloud to use.
#[derive(Debug, Args)]
pub(super) struct CloudArgs {
    /// Use this mock-host plugin in place of the cloud
    #[arg(long, value_name = "PLUGIN")]
    mock_host: Option<PluginId>,
    /// The scenario that the mock-host plays
    #[arg(long, value_name = "FILE")]
    scenario: Option<PathBuf>,
}

impl CloudArgs {
    /// What differs from the connector's own configuration.
    pub(super) fn over(&self, config: &ConnectorConfig) -> anyhow::Result<Option<MockOverride>> {
        let own = config.mock_host.as_ref();
        let plugin = match (&self.mock_host, &self.scenario) {
            (None, None) => return Ok(None),
            (Some(plugin), _) => plugin.clone(),
            (None, Some(_)) => match own {
                Some(own) => own.plugin.clone(),
                None => {
                    return Err(usage(
                        "--scenario is played by a mock-host: name one with --mock-host PLUGIN",
                    ));
                }
            },
        };
        if let Some(file) = self.scenario.as_ref().filter(|file| !file.is_file()) {
            return Err(usage(format!(
                "--scenario: there is no file {}",
                file.display()
            )));
        }
        let scenario = self
            .scenario
            .clone()
            .or_else(|| own.filter(|own| own.plugin == plugin)?.scenario.clone());
        Ok(Some(MockOverride { plugin, scenario }))
    }
}
