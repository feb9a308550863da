//! The key-encryption key as the ledger holds it: open, or shut with the reason.
//! Above: `Ledger`, `secrets`, `keys`, `rotate`. Below: `kek`, SQLite.
//! Invariant: no new key is made while something is sealed under another; a rotation that a crash cut short is settled
//! before anything is opened.

use super::error::LedgerError;
use super::kek::{self, Kek, KekId};
use super::seal::SealKey;
use crate::config::KekSource;
use rusqlite::{Connection, OptionalExtension, params};
use std::sync::Arc;

/// Open, or shut.
#[derive(Clone)]
pub(super) enum Vault {
    Open(Arc<Kek>),
    /// What is sealed stays sealed; everything else works.
    Shut(Shut),
}

/// Why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shut {
    Missing {
        wanted: Option<KekId>,
        was: String,
    },
    Wrong {
        wanted: Option<KekId>,
        was: String,
        found: KekId,
    },
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault(..)")
    }
}

impl Vault {
    pub(super) fn key(&self, source: &KekSource) -> Result<&SealKey, LedgerError> {
        match self {
            Self::Open(kek) => Ok(&kek.key),
            Self::Shut(shut) => Err(shut.error(source)),
        }
    }
}

impl Shut {
    pub(super) fn error(&self, source: &KekSource) -> LedgerError {
        let named = |wanted: &Option<KekId>| {
            wanted
                .as_ref()
                .map_or_else(String::new, |id| format!(" {id}"))
        };
        match self {
            Self::Missing { wanted, was } => LedgerError::KeyMissing {
                from: source.to_string(),
                wanted: named(wanted),
                was: was.clone(),
            },
            Self::Wrong { wanted, was, found } => LedgerError::KeyWrong {
                from: source.to_string(),
                found: found.to_string(),
                wanted: named(wanted),
                was: was.clone(),
            },
        }
    }
}

/// What the ledger says about the key that it is sealed under.
struct Told {
    kek: Option<KekId>,
    was: String,
}

/// Opens the vault, making a key only where nothing is sealed yet.
pub(super) fn open(connection: &Connection, source: &KekSource) -> Result<Vault, LedgerError> {
    let told = told(connection)?;
    let anything = anything_sealed(connection)?;
    if let Some(kek) = settle(source, told.kek.as_ref())? {
        note(connection, &kek, source)?;
        return Ok(Vault::Open(Arc::new(kek)));
    }
    let found = kek::load(source)?;
    let kek = match (found, anything) {
        (Some(kek), false) => kek,
        (Some(kek), true) if fits(connection, &kek, told.kek.as_ref())? => kek,
        (Some(kek), true) => {
            return Ok(Vault::Shut(Shut::Wrong {
                wanted: told.kek,
                was: told.was,
                found: kek.id,
            }));
        }
        (None, false) if !matches!(source, KekSource::Credential(_)) => kek::create(source.path())?,
        (None, _) => {
            return Ok(Vault::Shut(Shut::Missing {
                wanted: told.kek,
                was: told.was,
            }));
        }
    };
    note(connection, &kek, source)?;
    Ok(Vault::Open(Arc::new(kek)))
}

/// Ends a rotation in place that a crash cut short: whichever key the ledger is sealed under is the key.
fn settle(source: &KekSource, wanted: Option<&KekId>) -> Result<Option<Kek>, LedgerError> {
    let next_path = kek::next_path(source.path());
    if matches!(source, KekSource::Credential(_)) || !next_path.exists() {
        return Ok(None);
    }
    let next = kek::load_private(&next_path)?;
    match next.filter(|next| Some(&next.id) == wanted) {
        // Sealed anew, not renamed yet.
        Some(next) => kek::replace(source.path()).map(|()| Some(next)),
        // Made, and nothing sealed under it.
        None => kek::erase(&next_path).map(|()| None),
    }
}

fn told(connection: &Connection) -> Result<Told, LedgerError> {
    let row: (Option<String>, Option<String>) =
        connection.query_row("SELECT kek, kek_source FROM sensor", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    Ok(Told {
        kek: row.0.map(KekId::stored),
        was: row.1.unwrap_or_default(),
    })
}

/// Keeps what the ledger is sealed under, and where that lies.
pub(super) fn note(
    connection: &Connection,
    kek: &Kek,
    source: &KekSource,
) -> Result<(), LedgerError> {
    connection.execute(
        "UPDATE sensor SET kek = ?1, kek_source = ?2 WHERE kek IS NOT ?1 OR kek_source IS NOT ?2",
        params![kek.id.as_str(), source.to_string()],
    )?;
    Ok(())
}

fn anything_sealed(connection: &Connection) -> Result<bool, LedgerError> {
    let sealed = "SELECT EXISTS (SELECT 1 FROM secrets) OR EXISTS (SELECT 1 FROM keys WHERE wrapped IS NOT NULL)";
    Ok(connection.query_row(sealed, [], |row| row.get(0))?)
}

/// A ledger of before it kept the key's name is asked itself: one of its secrets must open.
fn fits(connection: &Connection, kek: &Kek, wanted: Option<&KekId>) -> Result<bool, LedgerError> {
    if let Some(wanted) = wanted {
        return Ok(kek.id == *wanted);
    }
    let name: Option<String> = connection
        .query_row("SELECT name FROM secrets LIMIT 1", [], |row| row.get(0))
        .optional()?;
    let Some(name) = name else {
        return Ok(true);
    };
    super::secrets::opens(connection, &kek.key, &name)
}
