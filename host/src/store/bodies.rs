//! The certificates' own bytes, in a SQLite file beside the index.
//! Above: `draft` writes them before the index, `query` reads. Below: rusqlite.
//! Invariant: a body is on disk before the index names it; a crash between leaves a body that nobody names, and the
//! next certificate with its number overwrites it.
//!
//! Why not sled: measured with 1,000,000 bodies of 1.3 KB, SQLite takes 6.3 s and 1.3 GB and adds nothing to the
//! time to open; sled with growing keys 31 s, 1.8 GB and up to 0.9 s more at the start, and with random keys far more.

use super::error::StoreError;
use crate::model::id::Sha256;
use rusqlite::{Connection, OptionalExtension, params};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

pub(super) struct Bodies(Mutex<Connection>);

impl Bodies {
    pub(super) fn open(dir: &Path) -> Result<Self, StoreError> {
        let connection = Connection::open(dir.join("bodies.db")).map_err(trouble)?;
        connection
            .execute_batch(
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -8000;
                 CREATE TABLE IF NOT EXISTS body (id INTEGER PRIMARY KEY, der BLOB NOT NULL);",
            )
            .map_err(trouble)?;
        Ok(Self(Mutex::new(connection)))
    }

    /// Keeps bodies under their certificates' numbers; on disk when it returns.
    pub(super) fn put(&self, bodies: &[(u32, Vec<u8>)]) -> Result<(), StoreError> {
        let mut connection = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let change = connection.transaction().map_err(trouble)?;
        {
            let mut insert = change
                .prepare_cached("INSERT OR REPLACE INTO body (id, der) VALUES (?1, ?2)")
                .map_err(trouble)?;
            for (id, der) in bodies {
                insert.execute(params![id, der]).map_err(trouble)?;
            }
        }
        change.commit().map_err(trouble)
    }

    /// The body with this number, if it is the one that hashes so.
    pub(super) fn get(&self, id: u32, fingerprint: Sha256) -> Result<Vec<u8>, StoreError> {
        let connection = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut select = connection
            .prepare_cached("SELECT der FROM body WHERE id = ?1")
            .map_err(trouble)?;
        let der: Option<Vec<u8>> = select
            .query_row([id], |row| row.get(0))
            .optional()
            .map_err(trouble)?;
        der.filter(|der| Sha256::of(der) == fingerprint)
            .ok_or_else(|| {
                StoreError::Damaged(format!(
                    "the body of certificate {fingerprint} is not readable"
                ))
            })
    }

    pub(super) fn remove(&self, ids: &[u32]) -> Result<(), StoreError> {
        let mut connection = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let change = connection.transaction().map_err(trouble)?;
        for id in ids {
            change
                .execute("DELETE FROM body WHERE id = ?1", [id])
                .map_err(trouble)?;
        }
        change.commit().map_err(trouble)
    }
}

fn trouble(error: rusqlite::Error) -> StoreError {
    use rusqlite::ErrorCode;
    match error.sqlite_error_code() {
        Some(
            ErrorCode::DiskFull
            | ErrorCode::SystemIoFailure
            | ErrorCode::CannotOpen
            | ErrorCode::ReadOnly,
        ) => StoreError::Disk(std::io::Error::other(error)),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            StoreError::Io(std::io::Error::other(error))
        }
        _ => StoreError::Damaged(format!("bodies: {error}")),
    }
}
