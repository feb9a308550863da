//! Opens the SQLite file: safe settings, integrity, migrations forward.
//! Above: `Ledger::open`. Below: SQLite.
//! Invariant: migrations are only ever added at the end; each runs with its version number in one transaction.

use super::error::LedgerError;
use rusqlite::Connection;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// "sens", so that `file` and a reader of backups know it.
const APPLICATION_ID: i64 = 0x7365_6e73;

const MIGRATIONS: &[&str] = &[
    "
CREATE TABLE connectors (
    name TEXT PRIMARY KEY,
    schema INTEGER NOT NULL,
    config TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE TABLE secrets (
    name TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    nonce BLOB NOT NULL,
    ciphertext BLOB NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
",
    "
CREATE TABLE profiles (
    name TEXT PRIMARY KEY,
    schema INTEGER NOT NULL,
    config TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE TABLE issuers (
    name TEXT PRIMARY KEY,
    schema INTEGER NOT NULL,
    config TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
",
];

pub(super) fn open(path: &Path) -> Result<Connection, LedgerError> {
    // Made before SQLite makes it, for its mode; the -wal and -shm files take the mode over.
    let io = |error| LedgerError::Io {
        path: path.to_owned(),
        error,
    };
    std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path)
        .map_err(io)?;
    let connection = Connection::open(path)?;
    let damaged = |detail: String| LedgerError::Damaged {
        path: path.to_owned(),
        detail,
    };
    configure(&connection).map_err(|error| {
        if is_damage(&error) {
            damaged(error.to_string())
        } else {
            error.into()
        }
    })?;
    let found: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let known = MIGRATIONS.len().cast_signed() as i64;
    if found > known {
        return Err(LedgerError::Newer {
            path: path.to_owned(),
            found,
            known,
        });
    }
    let verdict: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if verdict != "ok" {
        return Err(damaged(verdict));
    }
    migrate(&connection, found)?;
    Ok(connection)
}

fn configure(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    // The first statement that reads the file: a file that is no database shows here.
    connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    connection.execute_batch(
        "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;",
    )?;
    connection.query_row("PRAGMA secure_delete = ON", [], |_| Ok(()))
}

fn is_damage(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
    matches!(
        error.sqlite_error_code(),
        Some(DatabaseCorrupt | NotADatabase)
    )
}

fn migrate(connection: &Connection, found: i64) -> rusqlite::Result<()> {
    for (version, statements) in (1_i64..).zip(MIGRATIONS) {
        if version > found {
            connection.execute_batch(&format!(
                "BEGIN IMMEDIATE; {statements} PRAGMA user_version = {version}; PRAGMA application_id = {APPLICATION_ID}; COMMIT;"
            ))?;
        }
    }
    Ok(())
}
