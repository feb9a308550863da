//! What a command line or an API may ask of a sensor: the service layer.
//! Above: `cli`. Below: `connector`, `issuer`, `plugin`, `store`, `ledger`.
//! Invariant: answers with values, never with text to print; every change is on disk when a function returns.

mod apply;
mod cloud;
mod enroll;
mod error;
mod import;
mod issuers;
mod keys;
mod plugins;
mod probe;
mod profiles;
mod revocation;
mod schema;
mod settings;

pub use apply::{Applied, Listed};
pub use cloud::MockOverride;
pub use enroll::{
    Brought, Call, Desk, Happened, NewRequest, NewSource, Rehearsal, RequestView, Retried,
    ServeOptions, TakeOver,
};
pub use error::AppError;
pub use import::ImportOptions;
pub use issuers::AppliedIssuer;
pub use keys::RotateTo;
pub use plugins::settings_of;
pub use probe::{CheckOptions, CheckReport};
pub use profiles::AppliedProfile;
pub use revocation::{Checked, Consequence};
pub use schema::{Setting, Settings};

use crate::capability::aws::Lanes;
use crate::config::KekSource;
use crate::issuer::Http01;
use crate::ledger::{Ledger, StateLock, StoredConnector};
use crate::model::id::ConnectorId;
use crate::model::time::{Clock, SystemClock};
use crate::plugin::Catalog;
use crate::store::{Inventory, Opened};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long a command waits for another one to let go of the state directory.
const PATIENCE: Duration = Duration::from_secs(5);

/// A sensor on its state directory. One a directory at a time.
pub struct Sensor {
    dir: PathBuf,
    clock: Arc<dyn Clock>,
    ledger: Arc<Ledger>,
    catalog: Catalog,
    inventory: Mutex<Option<Inventory>>,
    http01: Http01,
    lanes: Arc<Lanes>,
    // Last: nothing of the above may outlive the lock.
    _lock: StateLock,
}

impl Sensor {
    /// Opens the state directory, making it if need be.
    ///
    /// # Errors
    /// When another sensor holds it, or something in it cannot be used.
    pub fn open(dir: &Path) -> Result<Self, AppError> {
        Self::open_with(dir, &KekSource::of_state_dir(dir))
    }

    /// The same, with the key-encryption key from elsewhere.
    ///
    /// # Errors
    /// When another sensor holds the directory, or something in it cannot be used.
    pub fn open_with(dir: &Path, kek: &KekSource) -> Result<Self, AppError> {
        let lock = StateLock::acquire(dir, PATIENCE)?;
        let ledger = Arc::new(Ledger::open_with(dir, kek)?);
        let catalog = keys::catalog(&dir.join("plugins"), &ledger)?;
        Ok(Self {
            dir: dir.to_owned(),
            clock: Arc::new(SystemClock),
            ledger,
            catalog,
            inventory: Mutex::new(None),
            http01: Http01::default(),
            lanes: Arc::new(Lanes::new(false)),
            _lock: lock,
        })
    }

    /// Where the sensor keeps its state.
    #[must_use]
    pub fn state_dir(&self) -> &Path {
        &self.dir
    }

    /// The clock that the sensor goes by. A simulated cloud brings its own for what happens in it.
    #[must_use]
    pub fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock)
    }

    /// The ledger: connectors, issuers, profiles, requests and secrets.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// The inventory, opened when first asked for. A damaged one is moved aside; a warning in the log says so.
    pub fn inventory(&self) -> Result<Inventory, AppError> {
        let mut slot = self
            .inventory
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(inventory) = &*slot {
            return Ok(inventory.clone());
        }
        let Opened { inventory, notice } =
            Inventory::open(&self.dir.join("inventory"), self.clock())?;
        if let Some(notice) = notice {
            tracing::warn!("{notice}");
        }
        Ok(slot.insert(inventory).clone())
    }

    /// One connector as it was applied.
    pub fn connector(&self, name: &ConnectorId) -> Result<StoredConnector, AppError> {
        if let Some(stored) = self.ledger.connector(name)? {
            return Ok(stored);
        }
        let others = self.ledger.connectors()?;
        let names = others.iter().map(|stored| stored.config.name.as_str());
        Err(AppError::no_connector(name.as_str(), names))
    }
}
