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
    #[error("{} may be read by others (mode {mode:03o}): run `chmod 600` on it, and change the secrets if others had access", path.display())]
    KeyExposed { path: PathBuf, mode: u32 },
    #[error("{} is no key of a sensor: restore it from a backup", path.display())]
    KeyMalformed { path: PathBuf },
    #[error(
        "the secrets were sealed with a key file that is no longer there: restore `key` in the state directory, or remove the secrets and set them again"
    )]
    KeyMissing,
    #[error(
        "the secret `{0}` does not open with this key: restore the key file it was sealed with, or set it again"
    )]
    Sealed(String),
    #[error("the secret name `{0}` is not valid: use 1 to 63 of a-z, A-Z, 0-9, `-`, `_` and `.`")]
    SecretName(String),
    #[error("the stored {noun} `{name}` cannot be read: {detail}")]
    Unreadable {
        noun: &'static str,
        name: String,
        detail: String,
    },
    #[error("the operating system gives no random numbers")]
    NoRandomness,
}
