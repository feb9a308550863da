//! What an operator writes down: files of connectors, profiles and issuers, and where the sensor keeps its state.
//! Above: `app`, `cli`. Below: `model`.
//! Invariant: past this module no text is left to interpret, and a file's problems are all told at once.

mod connector;
mod issuer;
mod issuer_file;
mod json;
mod kek;
mod locate;
mod problem;
mod profile;
mod reader;
mod resolve;
mod sections;
mod state;
mod tables;

pub use crate::model::nearest::nearest;
pub use crate::model::period::{Period, PeriodError, Since};
pub use connector::{
    ConnectorConfig, CredentialConfig, ImportConfig, LimitsConfig, MockHostConfig,
};
pub use issuer::{
    AcmeConfig, ChallengeConfig, DnsConfig, EabConfig, IssuerConfig, IssuerKind, LocalConfig,
    PrivateCaConfig, Route53Config, WebhookConfig,
};
pub use kek::{KEK_CREDENTIAL, KMS_FILE, KekSource, kek_source};
pub use locate::locate;
pub use problem::{ConfigError, ConfigProblem};
pub use profile::{parse_profiles, read_profiles};
pub use state::{StateDirError, state_dir};

use std::path::Path;

/// Reads a file of one connector, or of several as `[[connector]]` tables.
///
/// # Errors
/// All that is wrong with the file, or that it cannot be read.
pub fn read(path: &Path) -> Result<Vec<ConnectorConfig>, ConfigError> {
    tables::file(path, parse)
}

/// Reads the text of such a file. Paths in it are relative to `base`.
///
/// # Errors
/// All that is wrong with it, in the order of the lines.
pub fn parse(text: &str, base: &Path) -> Result<Vec<ConnectorConfig>, Vec<ConfigProblem>> {
    resolve::resolve(text, base)
}

/// Reads a file of one issuer, or of several as `[[issuer]]` tables.
///
/// # Errors
/// All that is wrong with the file, or that it cannot be read.
pub fn read_issuers(path: &Path) -> Result<Vec<IssuerConfig>, ConfigError> {
    tables::file(path, parse_issuers)
}

/// Reads the text of such a file. Paths in it are relative to `base`.
///
/// # Errors
/// All that is wrong with it, in the order of the lines.
pub fn parse_issuers(text: &str, base: &Path) -> Result<Vec<IssuerConfig>, Vec<ConfigProblem>> {
    issuer_file::resolve(text, base)
}

#[cfg(test)]
mod issuer_tests;
#[cfg(test)]
mod tests;
