//! Ways to run programs for tests: the sensor itself, moto, Python.
//! Above: the tests. Below: `place` (where things lie), `face`.
//! Invariant: every process and directory started here is gone when its value is dropped.

pub mod authority;
pub mod canary;
pub mod kms;
pub mod moto;
pub mod pebble;
pub mod place;
pub mod python;
pub mod responder;
pub mod sensor;
pub mod terminal;

use anyhow::Context;
use mock_aws::Scenario;
use std::path::Path;

/// Reads a scenario's file.
///
/// # Errors
/// What is wrong with the file.
pub fn scenario(path: &Path) -> anyhow::Result<Scenario> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    Scenario::parse(&text).with_context(|| format!("in {}", path.display()))
}
