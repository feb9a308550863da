//! Another key-encryption key in the place of the one before.
//! Above: `custody`, `app`. Below: `vault`, `kek`, `secrets`, `keys`.
//! Invariant: at every moment the key that the ledger is sealed under lies on disk; a crash at any step is settled by
//! the next start.

use super::error::LedgerError;
use super::kek::{self, Kek, KekId};
use super::schema::empty_log;
use super::vault::{self, Vault};
use super::{Held, Ledger, keys, secrets};
use crate::config::KekSource;
use rusqlite::TransactionBehavior;
use std::sync::{Arc, PoisonError};

/// What a rotation did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotated {
    pub before: KekId,
    pub after: KekId,
    pub source: KekSource,
    pub secrets: u64,
    pub keys: u64,
    /// Where the key of before still lies, if the sensor cannot take it away itself.
    pub left: Option<KekSource>,
}

impl Ledger {
    /// Seals everything anew: under the key that lies at `to`, or a new one there; without `to`, under a new key in the
    /// place of the one before.
    ///
    /// # Errors
    /// When the vault is shut, something does not open, or a file cannot be written. Nothing has changed then, or the
    /// next start of a sensor settles it.
    pub fn rotate(&self, to: Option<&KekSource>) -> Result<Rotated, LedgerError> {
        let mut connection = self.connection();
        let held = self.woken()?;
        let Vault::Open(old) = &held.vault else {
            held.vault.key(&held.source)?;
            return Err(LedgerError::NotRotated("the vault is shut"));
        };
        let new = Arc::new(stage(&held.source, to, old, &self.sensor_id)?);
        if let Some(follower) = self.follower.get()
            && let Some(key) = new.key.derived(follower.purpose)
        {
            (follower.prepare)(key).map_err(|error| LedgerError::Io {
                path: follower.purpose.into(),
                error,
            })?;
        }
        let source = to.unwrap_or(&held.source).clone();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let (secrets, keys) = reseal(&transaction, old, &new, &source)?;
        transaction.commit()?;
        let left = retire(&held.source, to)?;
        let before = old.id.clone();
        let after = new.id.clone();
        *self.held.write().unwrap_or_else(PoisonError::into_inner) = Held {
            vault: Vault::Open(new),
            source: source.clone(),
        };
        // Last: somebody who reads beside us must not keep the keys from changing places.
        empty_log(&connection)?;
        Ok(Rotated {
            before,
            after,
            source,
            secrets,
            keys,
            left,
        })
    }
}

/// First step: the next key is on disk.
pub(super) fn stage(
    from: &KekSource,
    to: Option<&KekSource>,
    old: &Kek,
    sensor: &str,
) -> Result<Kek, LedgerError> {
    let new = match (from, in_place(from, to)) {
        (KekSource::Credential(_), Place::Same(_)) => {
            return Err(LedgerError::NotRotated(
                "systemd's credentials cannot be written by the sensor: say where the new key goes (--to FILE), then give that file to systemd",
            ));
        }
        (_, Place::Same(by)) => kek::create(by, &kek::next_path(from.path()), sensor)?,
        // One that lies there seals nothing of this ledger, and may be under another KMS key.
        (_, Place::Other(to @ KekSource::Kms { .. })) => kek::create(to, to.path(), sensor)?,
        (_, Place::Other(to)) => match kek::load(to, sensor)? {
            Some(kek) => kek,
            None => kek::create(to, to.path(), sensor)?,
        },
    };
    if new.id == old.id {
        return Err(LedgerError::NotRotated(
            "the key there is the one in use already",
        ));
    }
    Ok(new)
}

/// Where the next key will lie.
enum Place<'s> {
    /// In the place of the one before, made by this source.
    Same(&'s KekSource),
    Other(&'s KekSource),
}

/// From one KMS key to another the file stays the same.
fn in_place<'s>(from: &'s KekSource, to: Option<&'s KekSource>) -> Place<'s> {
    match (from, to) {
        (_, None) => Place::Same(from),
        (KekSource::Kms { .. }, Some(to @ KekSource::Kms { .. })) => Place::Same(to),
        (_, Some(to)) => Place::Other(to),
    }
}

/// Second step, one transaction: everything is sealed under the next key, and the ledger says so.
pub(super) fn reseal(
    connection: &rusqlite::Connection,
    old: &Kek,
    new: &Kek,
    source: &KekSource,
) -> Result<(u64, u64), LedgerError> {
    let secrets = secrets::reseal(connection, &old.key, &new.key)?;
    let keys = keys::rewrap(connection, &old.key, &new.key)?;
    vault::note(connection, new, source)?;
    Ok((secrets, keys))
}

/// Third step: the key of before goes, where the sensor may take it away.
pub(super) fn retire(
    from: &KekSource,
    to: Option<&KekSource>,
) -> Result<Option<KekSource>, LedgerError> {
    match (from, in_place(from, to)) {
        (_, Place::Same(_)) => kek::replace(from.path()).map(|()| None),
        (KekSource::StateDir(path) | KekSource::Kms { path, .. }, Place::Other(_)) => {
            kek::erase(path).map(|()| None)
        }
        (KekSource::File(_) | KekSource::Credential(_), Place::Other(_)) => Ok(Some(from.clone())),
    }
}
