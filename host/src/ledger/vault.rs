//! The key-encryption key as the ledger holds it: open, or shut with the reason.
//! Above: `Ledger`, `secrets`, `keys`, `rotate`. Below: `kek`, SQLite.
//! Invariant: no new key is made while something is sealed under another; a rotation that a crash cut short is settled
//! before anything is opened. Both are done by the holder of the state directory alone: whoever looks beside it writes
//! nothing.

use super::error::LedgerError;
use super::kek::{self, Kek, KekId};
use super::kms_file;
use super::seal::SealKey;
use crate::config::{KMS_FILE, KekSource};
use rusqlite::{Connection, OptionalExtension, params};
use std::sync::Arc;

/// Open, or shut.
#[derive(Clone)]
pub(super) enum Vault {
    Open(Arc<Kek>),
    /// Sealed by KMS, and not needed yet.
    Asleep {
        wanted: KekId,
    },
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
    /// Whether it is open with the key that the ledger says it is sealed under.
    pub(super) fn is(&self, wanted: Option<&KekId>) -> bool {
        match self {
            Self::Open(kek) => wanted.is_none_or(|wanted| kek.id == *wanted),
            Self::Asleep { .. } | Self::Shut(_) => false,
        }
    }

    pub(super) fn key(&self, source: &KekSource) -> Result<&SealKey, LedgerError> {
        match self {
            Self::Open(kek) => Ok(&kek.key),
            Self::Asleep { .. } => Err(LedgerError::Kms("the key was not opened yet".to_owned())),
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

/// Where the key really lies: a ledger that is sealed under a key of KMS says so by that key's name, and nobody has to
/// name it at each start.
pub(super) fn actual(
    connection: &Connection,
    source: &KekSource,
) -> Result<KekSource, LedgerError> {
    let path = match source {
        KekSource::StateDir(path) => path,
        KekSource::Kms { path, .. } => {
            // The file knows by which KMS key it opens, whatever is named today.
            let file = kms_file::read(path)?;
            return Ok(file.map_or_else(
                || source.clone(),
                |file| KekSource::Kms {
                    path: path.clone(),
                    key: file.kms_key,
                },
            ));
        }
        KekSource::File(_) | KekSource::Credential(_) => return Ok(source.clone()),
    };
    let by_kms = path.with_file_name(KMS_FILE);
    let told = told(connection)?.kek;
    for path in [kek::next_path(&by_kms), by_kms.clone()] {
        let Some(file) = kms_file::read(&path)? else {
            continue;
        };
        if Some(file.id()) == told {
            return Ok(KekSource::Kms {
                path: by_kms,
                key: file.kms_key,
            });
        }
    }
    Ok(source.clone())
}

/// Has KMS open the key: the one in its place, or the next one while a rotation elsewhere is about to put it there.
pub(super) fn wake(source: &KekSource, wanted: &KekId, sensor: &str) -> Result<Vault, LedgerError> {
    let next = kek::next_path(source.path());
    let by_next = kek::id_at(source, &next)?.as_ref() == Some(wanted);
    let found = if by_next {
        kms_file::load(&next, sensor)?
    } else {
        kek::load(source, sensor)?
    };
    Ok(match found {
        Some(kek) if kek.id == *wanted => Vault::Open(Arc::new(kek)),
        Some(kek) => Vault::Shut(Shut::Wrong {
            wanted: Some(wanted.clone()),
            was: source.to_string(),
            found: kek.id,
        }),
        None => Vault::Shut(Shut::Missing {
            wanted: Some(wanted.clone()),
            was: source.to_string(),
        }),
    })
}

/// Opens the vault beside its holder: a rotation may be under way, so that either key may be the one.
pub(super) fn look(
    connection: &Connection,
    source: &KekSource,
    sensor: &str,
) -> Result<Vault, LedgerError> {
    let Told { kek: wanted, was } = told(connection)?;
    // Before the key itself: if the next one is gone by now, it is the key.
    let next_path = kek::next_path(source.path());
    let next = match source {
        KekSource::Credential(_) => None,
        _ => kek::id_at(source, &next_path)?,
    };
    let is_next = next.is_some() && next == wanted;
    let found = match (source, &wanted) {
        (KekSource::Kms { path, .. }, Some(wanted))
            if is_next || kek::id_at(source, path)?.as_ref() == Some(wanted) =>
        {
            let wanted = wanted.clone();
            return Ok(Vault::Asleep { wanted });
        }
        _ if is_next => kek::load(&KekSource::File(next_path), sensor)?,
        _ => kek::load(source, sensor)?,
    };
    Ok(match found {
        Some(kek) if fits(connection, &kek, wanted.as_ref())? => Vault::Open(Arc::new(kek)),
        Some(kek) => Vault::Shut(Shut::Wrong {
            wanted,
            was,
            found: kek.id,
        }),
        None => Vault::Shut(Shut::Missing { wanted, was }),
    })
}

/// The name of the key that the ledger is sealed under now.
pub(super) fn wanted(connection: &Connection) -> Result<Option<KekId>, LedgerError> {
    Ok(told(connection)?.kek)
}

/// Opens the vault, making a key only where nothing is sealed yet. For the holder of the state directory alone.
pub(super) fn open(
    connection: &Connection,
    source: &KekSource,
    sensor: &str,
) -> Result<Vault, LedgerError> {
    let told = told(connection)?;
    let anything = anything_sealed(connection)?;
    settle(source, told.kek.as_ref())?;
    if let (KekSource::Kms { path, .. }, Some(wanted)) = (source, &told.kek)
        && kek::id_at(source, path)?.as_ref() == Some(wanted)
    {
        let wanted = wanted.clone();
        return Ok(Vault::Asleep { wanted });
    }
    let found = kek::load(source, sensor)?;
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
        (None, false) if !matches!(source, KekSource::Credential(_)) => {
            kek::create(source, source.path(), sensor)?
        }
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
fn settle(source: &KekSource, wanted: Option<&KekId>) -> Result<(), LedgerError> {
    let next_path = kek::next_path(source.path());
    if matches!(source, KekSource::Credential(_)) || !next_path.exists() {
        return Ok(());
    }
    let next = kek::id_at(source, &next_path)?;
    if next.is_some() && next.as_ref() == wanted {
        // Sealed anew, not renamed yet.
        kek::replace(source.path())
    } else {
        // Made, and nothing sealed under it.
        kek::erase(&next_path)
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
