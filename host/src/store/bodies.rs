//! The certificates' own bytes, in a SQLite file beside the index.
//! Above: `draft` writes them before the index, `heal` reads. Below: rusqlite.
//! Invariant: a body is on disk before the index names it; a crash between leaves a body that nobody names, and the
//! next certificate with its number overwrites it. A damaged file costs bodies, never what the index knows.
//!
//! Why not sled: measured with 1,000,000 bodies of 1.3 KB, SQLite takes 6.3 s and 1.3 GB and adds nothing to the
//! time to open; sled with growing keys 31 s, 1.8 GB and up to 0.9 s more at the start, and with random keys far more.

use super::error::StoreError;
use crate::model::id::Sha256;
use rusqlite::{Connection, OptionalExtension, params};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

const FILE: &str = "bodies.db";
/// Made when the file proves to be damaged or missing; there until the index says that all bodies are lost.
const DAMAGE_MARK: &str = "bodies-damaged";

pub(super) struct Bodies {
    connection: Mutex<Connection>,
    mark: PathBuf,
}

/// How the bodies were found.
pub(super) enum Before {
    /// As they were left.
    There,
    /// All gone. Where a damaged file is now, if there was one.
    Lost(Option<PathBuf>),
}

impl Bodies {
    /// Opens the file, or makes one. A damaged one is set aside under a name that `name` makes.
    pub(super) fn open(
        dir: &Path,
        name: impl Fn(&Path) -> PathBuf,
    ) -> Result<(Self, Before), StoreError> {
        let (file, mark) = (dir.join(FILE), dir.join(DAMAGE_MARK));
        let mut sound = None;
        if !mark.exists() {
            let opened = if file.exists() {
                connect(&file)
            } else {
                Err(StoreError::Bodies("there is none".into()))
            };
            match opened {
                Err(StoreError::Bodies(why)) => std::fs::write(&mark, why)?,
                other => sound = Some(other?),
            }
        }
        let (connection, before) = if let Some(connection) = sound {
            (connection, Before::There)
        } else {
            let aside = file.exists().then(|| name(&file));
            if let Some(aside) = &aside {
                set_aside(&file, aside)?;
            }
            (connect(&file)?, Before::Lost(aside))
        };
        let connection = Mutex::new(connection);
        Ok((Self { connection, mark }, before))
    }

    /// The index knows which bodies are lost.
    pub(super) fn settle(&self) -> Result<(), StoreError> {
        Ok(std::fs::remove_file(&self.mark)?)
    }

    /// Keeps bodies under their certificates' numbers; on disk when it returns.
    pub(super) fn put(&self, bodies: &[(u32, Vec<u8>)]) -> Result<(), StoreError> {
        self.watched(|connection| {
            let change = connection.transaction()?;
            {
                let mut insert = change
                    .prepare_cached("INSERT OR REPLACE INTO body (id, der) VALUES (?1, ?2)")?;
                for (id, der) in bodies {
                    insert.execute(params![id, der])?;
                }
            }
            change.commit()
        })
    }

    /// The body with this number; none when it is not there, or is not the one that hashes so.
    pub(super) fn get(&self, id: u32, fingerprint: Sha256) -> Result<Option<Vec<u8>>, StoreError> {
        let der: Option<Vec<u8>> = self.watched(|connection| {
            let mut select = connection.prepare_cached("SELECT der FROM body WHERE id = ?1")?;
            select.query_row([id], |row| row.get(0)).optional()
        })?;
        Ok(der.filter(|der| Sha256::of(der) == fingerprint))
    }

    pub(super) fn remove(&self, ids: &[u32]) -> Result<(), StoreError> {
        self.watched(|connection| {
            let change = connection.transaction()?;
            for id in ids {
                change.execute("DELETE FROM body WHERE id = ?1", [id])?;
            }
            change.commit()
        })
    }

    fn watched<T>(
        &self,
        call: impl FnOnce(&mut Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let mut connection = self
            .connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        call(&mut connection).map_err(trouble).inspect_err(|error| {
            if let StoreError::Bodies(why) = error
                && let Err(error) = std::fs::write(&self.mark, why)
            {
                tracing::error!(%error, "the damage of the bodies could not be written down");
            }
        })
    }
}

fn connect(file: &Path) -> Result<Connection, StoreError> {
    let connection = Connection::open(file).map_err(trouble)?;
    connection
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -8000;
             CREATE TABLE IF NOT EXISTS body (id INTEGER PRIMARY KEY, der BLOB NOT NULL);",
        )
        .map_err(trouble)?;
    Ok(connection)
}

/// The file with what SQLite keeps beside it.
fn set_aside(file: &Path, aside: &Path) -> Result<(), StoreError> {
    for ending in ["", "-wal", "-shm"] {
        let with = |path: &Path| {
            let mut name = path.as_os_str().to_owned();
            name.push(ending);
            PathBuf::from(name)
        };
        if with(file).exists() {
            std::fs::rename(with(file), with(aside))?;
        }
    }
    Ok(())
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
        _ => StoreError::Bodies(error.to_string()),
    }
}
