//! What cannot be fetched again, in SQLite: connectors and profiles as applied, secrets, requests and how far they are.
//! Above: `app`, `credential`. Below: `config`, `model`.
//! Invariant: what a call returned `Ok` for is on disk; a secret is on disk only sealed; a newer schema is refused.
//!
//! Every function blocks for as long as a disk needs; async callers use `spawn_blocking`.

mod deliveries;
#[cfg(test)]
pub(crate) mod disk;
mod documents;
mod error;
mod issuances;
mod issuers;
mod journal;
mod kek;
mod keys;
mod kms_file;
mod lock;
mod requests;
mod revocations;
mod rotate;
mod rows;
mod schema;
pub(crate) mod seal;
mod secrets;
mod status;
mod sweeps;
mod vault;

pub use deliveries::DeliveryFilter;
pub use documents::{Document, Put, Stored, StoredConnector, StoredProfile};
pub use error::LedgerError;
pub use issuers::{LocalCertificate, StoredIssuer};
pub use journal::Note;
pub use kek::KekId;
pub(crate) use keys::NewKey;
pub use keys::{KeyPlace, KeyRecord};
pub use lock::{LockError, StateLock};
pub use requests::RequestFilter;
pub use rotate::Rotated;
pub use secrets::RESERVED as RESERVED_SECRETS;
pub use status::{KekState, KeyStatus};
pub use sweeps::Sweeps;

use crate::config::KekSource;
use rusqlite::Connection;
use seal::SealKey;
use std::collections::HashSet;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError, RwLock};
use vault::Vault;

/// The ledger of one state directory. Its holder has the [`StateLock`] while it is open; others open it beside.
#[derive(Debug)]
pub struct Ledger {
    connection: Mutex<Connection>,
    /// Locked after `connection` wherever both are.
    held: RwLock<Held>,
    sensor_id: String,
    follower: OnceLock<Follower>,
    #[cfg(test)]
    pub(crate) disk: disk::Disk,
    /// Records that cannot be read, each told once.
    told: Mutex<HashSet<(&'static str, i64)>>,
}

/// Who seals something elsewhere under a derived key: told of the next one before the key changes.
struct Follower {
    purpose: &'static str,
    prepare: Box<dyn Fn([u8; 32]) -> std::io::Result<()> + Send + Sync>,
}

impl std::fmt::Debug for Follower {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.purpose)
    }
}

/// The key that everything here is sealed under, and where it came from.
#[derive(Debug, Clone)]
struct Held {
    vault: Vault,
    source: KekSource,
}

impl Ledger {
    /// Opens `<dir>/ledger.sqlite` with the key in `<dir>/key`, making both on first use.
    ///
    /// # Errors
    /// As [`Ledger::open_with`].
    pub fn open(dir: &Path) -> Result<Self, LedgerError> {
        Self::open_with(dir, &KekSource::of_state_dir(dir))
    }

    /// Opens `<dir>/ledger.sqlite`, making it on first use, and brings an older schema forward. A key that is not the
    /// ledger's own shuts what is sealed, and nothing else.
    ///
    /// # Errors
    /// When the file is damaged, of a newer sensor, or cannot be written, or when others may read the key.
    pub fn open_with(dir: &Path, source: &KekSource) -> Result<Self, LedgerError> {
        let connection = schema::open(&dir.join("ledger.sqlite"))?;
        let sensor_id = schema::sensor_id(&connection)?;
        let source = vault::actual(&connection, source)?;
        let vault = vault::open(&connection, &source, &sensor_id)?;
        Ok(Self::of(connection, Held { vault, source }, sensor_id))
    }

    /// Opens it beside the sensor that holds the state directory: makes nothing, and settles nothing.
    ///
    /// # Errors
    /// When it is not there yet, of an older or a newer sensor, or damaged.
    pub fn beside(dir: &Path, source: &KekSource) -> Result<Self, LedgerError> {
        let connection = schema::open_beside(&dir.join("ledger.sqlite"))?;
        let sensor_id = schema::sensor_id(&connection)?;
        let source = vault::actual(&connection, source)?;
        let vault = vault::look(&connection, &source, &sensor_id)?;
        Ok(Self::of(connection, Held { vault, source }, sensor_id))
    }

    fn of(connection: Connection, held: Held, sensor_id: String) -> Self {
        Self {
            connection: Mutex::new(connection),
            held: RwLock::new(held),
            sensor_id,
            follower: OnceLock::new(),
            told: Mutex::default(),
            #[cfg(test)]
            disk: disk::Disk::default(),
        }
    }

    /// A key for something outside the ledger, which only the holder of the key-encryption key can make.
    ///
    /// # Errors
    /// When there is no key, or another one.
    pub fn derived(&self, purpose: &str) -> Result<[u8; 32], LedgerError> {
        // Not by way of the connection, which a rotation holds while it prepares whoever follows it.
        let held = self.woken()?;
        let key = held.vault.key(&held.source)?;
        Ok(key.derived(purpose).ok_or(seal::NoRandomness)?)
    }

    /// Before a rotation takes effect, `prepare` gets the next key for this purpose. One may ask for it.
    pub fn before_rotation(
        &self,
        purpose: &'static str,
        prepare: impl Fn([u8; 32]) -> std::io::Result<()> + Send + Sync + 'static,
    ) {
        let prepare = Box::new(prepare);
        let _only_one = self.follower.set(Follower { purpose, prepare });
    }

    /// What tells this sensor's traces in the cloud from another's. Made once, with the ledger.
    #[must_use]
    pub fn sensor_id(&self) -> &str {
        &self.sensor_id
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        // Every change is one transaction, so a panic elsewhere leaves nothing half done.
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn held(&self) -> Held {
        self.held
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The same with the key at hand: one that KMS has sealed is opened when it is first needed, and then kept.
    fn woken(&self) -> Result<Held, LedgerError> {
        let held = self.held();
        let Vault::Asleep { wanted } = &held.vault else {
            return Ok(held);
        };
        let vault = vault::wake(&held.source, wanted, &self.sensor_id)?;
        let held = Held {
            vault,
            source: held.source,
        };
        *self.held.write().unwrap_or_else(PoisonError::into_inner) = held.clone();
        Ok(held)
    }

    /// Does something with the key-encryption key that the ledger is sealed under now. What seals does so in the
    /// transaction that keeps it: a rotation elsewhere comes before it or after it.
    fn sealed_under<T>(
        &self,
        connection: &Connection,
        act: impl FnOnce(&SealKey) -> Result<T, LedgerError>,
    ) -> Result<T, LedgerError> {
        let mut held = self.woken()?;
        if !held.vault.is(vault::wanted(connection)?.as_ref()) {
            let source = vault::actual(connection, &held.source)?;
            let vault = vault::look(connection, &source, &self.sensor_id)?;
            let seen = Held { vault, source };
            *self.held.write().unwrap_or_else(PoisonError::into_inner) = seen;
            held = self.woken()?;
        }
        act(held.vault.key(&held.source)?)
    }
}

#[cfg(test)]
mod enrollment_tests;
#[cfg(test)]
mod tests;
