//! The key that everything is sealed under, and the private keys that wait.
//! Above: `cli`. Below: `custody`, `ledger`, `plugin`.
//! Invariant: tells names and numbers; no key comes out of here.

use super::{AppError, Sensor};
use crate::config::KekSource;
use crate::custody::Keeper;
use crate::ledger::{KeyStatus, Ledger, Rotated};
use crate::plugin::{Catalog, Witness};
use std::path::{Path, PathBuf};
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
        let rotated = self.keeper().rotate(to.as_ref())?;
        self.catalog.turn(self.ledger.derived(CATALOG)?)?;
        Ok(rotated)
    }
}

/// What the catalog of plugins is sealed for.
const CATALOG: &str = "the catalog of plugins";

/// The catalog of plugins, sealed under a key that is derived from the ledger's: whoever can write the state directory
/// alone can neither pin a plugin anew nor bring compiled code. Without the key plugins can be listed, and no more. The
/// ledger is asked when the catalog is first looked into: its key may have to be opened elsewhere.
pub(super) fn catalog(folder: &Path, ledger: &Arc<Ledger>) -> Result<Catalog, AppError> {
    // Weak: the ledger in turn tells the catalog of its next key.
    let keeper = Arc::downgrade(ledger);
    let witness = Witness::asking(move || {
        let ledger = keeper.upgrade().ok_or("the ledger is closed")?;
        ledger.derived(CATALOG).map_err(|error| error.to_string())
    });
    let catalog = Catalog::open(folder, witness)?;
    let follower = catalog.clone();
    ledger.before_rotation(CATALOG, move |next| {
        follower.prepare(next).map_err(std::io::Error::other)
    });
    Ok(catalog)
}
