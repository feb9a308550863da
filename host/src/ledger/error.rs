//! What can go wrong with the ledger.
//! Above: `app`, `cli` show it. Below: nothing.
//! Invariant: no secret and no key in any text.

use std::path::PathBuf;

/// Why the ledger cannot do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    #[error("the ledger cannot be read or written: {0}")]
    Sqlite(#[from] rusqlite::Error),
    #[error("{}: {error}", path.display())]
    Io {
        path: PathBuf,
        error: std::io::Error,
    },
    #[error(
        "{} is damaged ({detail}): restore it from a backup, or move it aside and apply the connectors again",
        path.display()
    )]
    Damaged { path: PathBuf, detail: String },
    #[error("{} was written by a newer sensor (schema {found}, known up to {known}): use that sensor", path.display())]
    Newer {
        path: PathBuf,
        found: i64,
        known: i64,
    },
    #[error("{} is of an older sensor (schema {found}, here {known}), which another sensor is using: end that, and start it anew", path.display())]
    Older {
        path: PathBuf,
        found: i64,
        known: i64,
    },
    #[error("{} may be read by others (mode {mode:03o}): run `chmod 600` on it, and change the secrets if others had access", path.display())]
    KeyExposed { path: PathBuf, mode: u32 },
    #[error("{} is no key of a sensor: restore it from a backup", path.display())]
    KeyMalformed { path: PathBuf },
    #[error(
        "the key{wanted} that secrets and keys are sealed under is not there ({from}); it was in {was}: give it with --kek-file or SENSOR_KEK_FILE, or restore it"
    )]
    KeyMissing {
        from: String,
        wanted: String,
        was: String,
    },
    #[error(
        "{from} holds the key {found}, but secrets and keys are sealed under another,{wanted}, which was in {was}: give that with --kek-file or SENSOR_KEK_FILE, or restore it"
    )]
    KeyWrong {
        from: String,
        found: String,
        wanted: String,
        was: String,
    },
    #[error("{0}")]
    Kms(String),
    #[error("the key was not changed: {0}")]
    NotRotated(&'static str),
    #[error("the {0} does not open with this key: its row was changed, or it is another sensor's")]
    Sealed(String),
    #[error(
        "something else is reading the ledger, so that its log could not be emptied of old bytes: end that, then try again"
    )]
    LogBusy,
    #[error("the secret name `{0}` is not valid: use 1 to 127 of a-z, A-Z, 0-9, `-`, `_` and `.`")]
    SecretName(String),
    #[error("the stored {noun} `{name}` cannot be read: {detail}")]
    Unreadable {
        noun: &'static str,
        name: String,
        detail: String,
    },
    #[error("there is no {what} {id}: the list shows which there are")]
    Missing { what: &'static str, id: u64 },
    #[error("the stored {what} {id} cannot be read: {detail}")]
    Record {
        what: &'static str,
        id: u64,
        detail: String,
    },
    #[error("{what} {id} was changed by another command meanwhile: look at it again")]
    Overtaken { what: &'static str, id: u64 },
    #[error(transparent)]
    NoRandomness(#[from] super::seal::NoRandomness),
}
