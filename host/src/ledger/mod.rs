//! What cannot be fetched again: connectors and profiles as applied, and secrets, in SQLite.
//! Above: `app`, `credential`. Below: `config`, `model`.
//! Invariant: what a call returned `Ok` for is on disk; a secret is on disk only sealed; a newer schema is refused.
//!
//! Every function blocks for as long as a disk needs; async callers use `spawn_blocking`.

mod documents;
mod error;
mod key;
mod lock;
mod schema;
mod secrets;

pub use documents::{Document, Put, Stored, StoredConnector, StoredProfile};
pub use error::LedgerError;
pub use lock::{LockError, StateLock};

use key::Sealer;
use rusqlite::Connection;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The ledger of one state directory. Hold its [`StateLock`] while it is open.
#[derive(Debug)]
pub struct Ledger {
    connection: Mutex<Connection>,
    /// None: there are secrets and no key to open them with.
    sealer: Option<Sealer>,
}

impl Ledger {
    /// Opens `<dir>/ledger.sqlite` and `<dir>/key`, making both on first use, and brings an older schema forward.
    ///
    /// # Errors
    /// When the file is damaged, of a newer sensor, or cannot be written, or when others may read the key.
    pub fn open(dir: &Path) -> Result<Self, LedgerError> {
        let connection = schema::open(&dir.join("ledger.sqlite"))?;
        let sealed = connection.query_row("SELECT count(*) FROM secrets", [], |row| {
            row.get::<_, i64>(0)
        })?;
        let sealer = Sealer::load(&dir.join("key"), sealed == 0)?;
        Ok(Self {
            connection: Mutex::new(connection),
            sealer,
        })
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        // Every change is one transaction, so a panic elsewhere leaves nothing half done.
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn sealer(&self) -> Result<&Sealer, LedgerError> {
        self.sealer.as_ref().ok_or(LedgerError::KeyMissing)
    }
}

#[cfg(test)]
mod tests;
