//! The key that everything is sealed under, and the private keys that wait.
//! Above: `cli`. Below: `custody`.
//! Invariant: tells names and numbers; no key comes out of here.

use super::{AppError, Sensor};
use crate::config::KekSource;
use crate::custody::Keeper;
use crate::ledger::{KeyStatus, Rotated};
use std::path::PathBuf;
use std::sync::Arc;

/// Where the next key is to come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RotateTo {
    File(PathBuf),
    /// An AWS KMS key.
    Kms(String),
}

impl Sensor {
    /// The keeper of private keys.
    #[must_use]
    pub fn keeper(&self) -> Keeper {
        Keeper::new(Arc::clone(&self.ledger), self.clock())
    }

    /// How the sealing stands.
    pub fn key_status(&self) -> Result<KeyStatus, AppError> {
        Ok(self.keeper().status()?)
    }

    /// Seals everything under another key: the one at `to`, or a new one there; without it a new one in the place of the
    /// one before.
    pub fn rotate_key(&self, to: Option<&RotateTo>) -> Result<Rotated, AppError> {
        let to = to.map(|to| match to {
            RotateTo::File(path) => KekSource::at(&self.dir, path),
            RotateTo::Kms(key) => KekSource::by_kms(&self.dir, key),
        });
        Ok(self.keeper().rotate(to.as_ref())?)
    }
}
