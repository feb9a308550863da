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
    "
CREATE TABLE local_certificates (
    issuer TEXT NOT NULL,
    serial TEXT NOT NULL,
    token TEXT NOT NULL,
    der BLOB,
    ordered_at INTEGER NOT NULL,
    signed_at INTEGER,
    revoked_at INTEGER,
    reason TEXT,
    PRIMARY KEY (issuer, serial)
) STRICT;
",
    "
CREATE TABLE sensor (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    id TEXT NOT NULL,
    kek TEXT,
    kek_source TEXT
) STRICT;
INSERT INTO sensor (one, id) VALUES (1, lower(hex(randomblob(6))));
CREATE TABLE keys (
    issuance INTEGER PRIMARY KEY,
    key_type TEXT NOT NULL,
    spki BLOB NOT NULL,
    place TEXT NOT NULL,
    wrapped BLOB,
    sealed BLOB,
    created_at INTEGER NOT NULL,
    dropped_at INTEGER
) STRICT;
",
    "
CREATE TABLE requests (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    state TEXT NOT NULL,
    profile TEXT NOT NULL,
    renew_at INTEGER,
    expires_at INTEGER,
    body TEXT NOT NULL
) STRICT;
CREATE INDEX requests_due ON requests (renew_at) WHERE renew_at IS NOT NULL;
CREATE TABLE issuances (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    request INTEGER NOT NULL REFERENCES requests (id),
    generation INTEGER NOT NULL,
    state TEXT NOT NULL,
    due_at INTEGER,
    urgency INTEGER NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (request, generation)
) STRICT;
CREATE INDEX issuances_due ON issuances (urgency, due_at) WHERE due_at IS NOT NULL;
CREATE TABLE deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    issuance INTEGER NOT NULL REFERENCES issuances (id),
    request INTEGER NOT NULL REFERENCES requests (id),
    ordinal INTEGER NOT NULL,
    connector TEXT NOT NULL,
    account TEXT NOT NULL,
    region TEXT NOT NULL,
    state TEXT NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (issuance, ordinal)
) STRICT;
CREATE INDEX deliveries_place ON deliveries (account, region, state);
CREATE INDEX deliveries_request ON deliveries (request);
CREATE TABLE journal (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    request INTEGER NOT NULL,
    issuance INTEGER,
    delivery INTEGER,
    what TEXT NOT NULL,
    detail TEXT NOT NULL
) STRICT;
CREATE INDEX journal_request ON journal (request, id);
CREATE TABLE imports (
    account TEXT NOT NULL,
    region TEXT NOT NULL,
    at INTEGER NOT NULL,
    delivery INTEGER NOT NULL
) STRICT;
CREATE INDEX imports_place ON imports (account, region, at);
",
    "
ALTER TABLE requests ADD COLUMN ask_at INTEGER;
CREATE INDEX requests_ask ON requests (ask_at) WHERE ask_at IS NOT NULL;
CREATE TABLE revocations (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    request INTEGER NOT NULL REFERENCES requests (id),
    issuance INTEGER NOT NULL REFERENCES issuances (id),
    issuer TEXT NOT NULL,
    leaf BLOB NOT NULL,
    reason TEXT NOT NULL,
    state TEXT NOT NULL,
    due_at INTEGER,
    setback TEXT
) STRICT;
CREATE INDEX revocations_due ON revocations (due_at) WHERE due_at IS NOT NULL;
",
    "
CREATE TABLE sweeps (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    last_at INTEGER NOT NULL,
    left_there INTEGER NOT NULL,
    unasked INTEGER NOT NULL,
    erased INTEGER NOT NULL
) STRICT;
",
];

/// The schema of this sensor.
const KNOWN: i64 = MIGRATIONS.len().cast_signed() as i64;

/// For the holder of the state directory: makes it, or brings it forward.
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
    let (connection, found) = connect(path)?;
    migrate(&connection, found)?;
    Ok(connection)
}

/// For whoever looks beside the holder: one of another schema is refused as it is.
pub(super) fn open_beside(path: &Path) -> Result<Connection, LedgerError> {
    let older = |found| LedgerError::Older {
        path: path.to_owned(),
        found,
        known: KNOWN,
    };
    if !path.exists() {
        return Err(older(0));
    }
    let (connection, found) = connect(path)?;
    if found < KNOWN {
        return Err(older(found));
    }
    Ok(connection)
}

fn connect(path: &Path) -> Result<(Connection, i64), LedgerError> {
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
    if found > KNOWN {
        return Err(LedgerError::Newer {
            path: path.to_owned(),
            found,
            known: KNOWN,
        });
    }
    let verdict: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if verdict != "ok" {
        return Err(damaged(verdict));
    }
    Ok((connection, found))
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

pub(super) fn sensor_id(connection: &Connection) -> rusqlite::Result<String> {
    connection.query_row("SELECT id FROM sensor", [], |row| row.get(0))
}

/// The write-ahead log would keep what the tables overwrote.
pub(super) fn empty_log(connection: &Connection) -> Result<(), LedgerError> {
    let busy: bool =
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    if busy {
        return Err(LedgerError::LogBusy);
    }
    Ok(())
}
