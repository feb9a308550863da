//! What a command line or an API may ask of a sensor: the service layer.
//! Above: `cli`. Below: `connector`, `issuer`, `plugin`, `store`, `ledger`.
//! Invariant: answers with values, never with text to print; every change is on disk when a function returns.

mod apply;
mod cloud;
mod door;
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
    Brought, Call, Care, Desk, Drill, DrillPlan, Ending, Happened, Load, NewRequest, NewSource,
    Rehearsal, Replaced, RequestView, Retried, ServeOptions, TakeOver, Unreplaced, Use, Who,
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
use crate::ledger::{Ledger, LedgerError, LockError, StateLock, StoredConnector};
use crate::model::id::ConnectorId;
use crate::model::time::{Clock, SystemClock};
use crate::plugin::Catalog;
use crate::store::Inventory;
use door::Door;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How long a command waits for another one to let go of the state directory.
const PATIENCE: Duration = Duration::from_secs(5);
/// The same, where it can do without.
const SHORTLY: Duration = Duration::from_millis(300);

/// The ledger of a state directory: as its holder if nobody else is, else beside that one.
pub(crate) fn opened(dir: &Path, kek: &KekSource) -> Result<(Ledger, Option<StateLock>), AppError> {
    let held = match StateLock::acquire(dir, Duration::ZERO) {
        Ok(lock) => return Ok((Ledger::open_with(dir, kek)?, Some(lock))),
        Err(error @ LockError::Held { .. }) => error,
        Err(error) => return Err(error.into()),
    };
    tracing::debug!(%held, "beside it");
    match Ledger::beside(dir, kek) {
        // Its holder may only just be making it.
        Err(error @ LedgerError::Older { .. }) => match StateLock::acquire(dir, PATIENCE) {
            Ok(lock) => Ok((Ledger::open_with(dir, kek)?, Some(lock))),
            Err(_) => Err(error.into()),
        },
        ledger => Ok((ledger?, None)),
    }
}

/// A sensor on its state directory. One a directory at a time.
pub struct Sensor {
    dir: PathBuf,
    clock: Arc<dyn Clock>,
    ledger: Arc<Ledger>,
    catalog: Catalog,
    door: Arc<Door>,
    http01: Http01,
    lanes: Arc<Lanes>,
    // Last: nothing of the above may outlive the lock. None: another sensor has it.
    _lock: Option<StateLock>,
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
        let ledger = Ledger::open_with(dir, kek)?;
        Self::on(dir, ledger, Some(lock))
    }

    /// The same, beside another sensor if one holds the directory: for what changes neither the inventory nor plugins.
    ///
    /// # Errors
    /// When something in the directory cannot be used.
    pub fn beside(dir: &Path, kek: &KekSource) -> Result<Self, AppError> {
        let (ledger, lock) = opened(dir, kek)?;
        Self::on(dir, ledger, lock)
    }

    fn on(dir: &Path, ledger: Ledger, lock: Option<StateLock>) -> Result<Self, AppError> {
        let ledger = Arc::new(ledger);
        let catalog = keys::catalog(&dir.join("plugins"), &ledger)?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let door = Door::new(dir.join("inventory"), Arc::clone(&clock), lock.is_none());
        Ok(Self {
            dir: dir.to_owned(),
            clock,
            door: Arc::new(door),
            ledger,
            catalog,
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

    /// The inventory, open for as long as somebody holds what this returns: in between, other commands have their turn.
    /// A damaged one is moved aside; a warning in the log says so.
    ///
    /// # Errors
    /// When another command has it and does not let go of it, or it cannot be used.
    pub fn inventory(&self) -> Result<Inventory, AppError> {
        self.door.open(PATIENCE)
    }

    /// Whether what is sealed can be opened: before work that would only fail without.
    ///
    /// # Errors
    /// What keeps the key-encryption key away, and what to do.
    pub fn need_key(&self) -> Result<(), AppError> {
        self.ledger.derived("a look at the key").map(drop)?;
        Ok(())
    }

    /// Tells one inventory from the one that was there before it.
    fn which_inventory(&self) -> Option<[u8; 16]> {
        self.door.which()
    }

    /// The inventory, without blocking.
    async fn enter(&self) -> Result<Inventory, AppError> {
        self.door.opened(PATIENCE).await
    }

    /// The inventory; none if another command has it.
    ///
    /// # Errors
    /// When it cannot be used.
    pub fn free_inventory(&self) -> Result<Option<Inventory>, AppError> {
        match self.door.open(SHORTLY) {
            Ok(inventory) => Ok(Some(inventory)),
            Err(AppError::InventoryHeld | AppError::NothingImported) => Ok(None),
            Err(error) => Err(error),
        }
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
