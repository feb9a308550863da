//! What an operator writes down: the connector's file, and where the sensor keeps its state.
//! Above: `app`, `cli`. Below: `model`.
//! Invariant: past this module no text is left to interpret, and a file's problems are all told at once.

mod connector;
mod json;
mod period;
mod problem;
mod reader;
mod resolve;
mod sections;
mod state;

pub use crate::model::nearest::nearest;
pub use connector::{
    ConnectorConfig, CredentialConfig, ImportConfig, LimitsConfig, MockHostConfig,
};
pub use period::{Period, PeriodError, Since};
pub use problem::{ConfigError, ConfigProblem};
pub use state::{StateDirError, state_dir};

use std::path::Path;

/// Reads a file of one connector, or of several as `[[connector]]` tables.
///
/// # Errors
/// All that is wrong with the file, or that it cannot be read.
pub fn read(path: &Path) -> Result<Vec<ConnectorConfig>, ConfigError> {
    let unreadable = |error: std::io::Error| ConfigError::unreadable(path, &error);
    let text = std::fs::read_to_string(path).map_err(unreadable)?;
    let absolute = std::path::absolute(path).map_err(unreadable)?;
    let base = absolute.parent().unwrap_or(Path::new("/"));
    parse(&text, base).map_err(|problems| ConfigError {
        file: path.to_owned(),
        problems,
    })
}

/// Reads the text of such a file. Paths in it are relative to `base`.
///
/// # Errors
/// All that is wrong with it, in the order of the lines.
pub fn parse(text: &str, base: &Path) -> Result<Vec<ConnectorConfig>, Vec<ConfigProblem>> {
    resolve::resolve(text, base)
}

#[cfg(test)]
mod tests;
