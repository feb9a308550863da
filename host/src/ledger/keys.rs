//! Private keys on their way: sealed, each under a data key of its own, which is wrapped by the key-encryption key.
//! Above: `custody`, `delivery`. Below: `vault`, SQLite.
//! Invariant: one issuance has one key, ever; a dropped key leaves neither its ciphertext nor its data key in any file.

use super::schema::empty_log;
use super::seal::SealKey;
use super::{Ledger, LedgerError};
use crate::model::id::IssuanceId;
use crate::model::key::KeyType;
use crate::model::time::Millis;
use rusqlite::{Connection, OptionalExtension, Row, params};

/// Where the halves of a key are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyPlace {
    /// Both in the ledger: the sealed key and its wrapped data key.
    Ledger,
    /// The sealed key lies elsewhere; the ledger has the wrapped data key alone.
    Parked,
    /// Nowhere.
    Dropped,
}

impl KeyPlace {
    fn word(self) -> &'static str {
        match self {
            Self::Ledger => "ledger",
            Self::Parked => "parked",
            Self::Dropped => "dropped",
        }
    }

    fn of(word: &str) -> Option<Self> {
        [Self::Ledger, Self::Parked, Self::Dropped]
            .into_iter()
            .find(|place| place.word() == word)
    }
}

/// What is known of a key without opening it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRecord {
    pub issuance: IssuanceId,
    pub key_type: KeyType,
    /// The public half: `SubjectPublicKeyInfo`, DER.
    pub spki: Vec<u8>,
    pub place: KeyPlace,
    pub created_at: Millis,
    pub dropped_at: Option<Millis>,
}

/// A key as it is first kept.
pub(crate) struct NewKey<'a> {
    pub(crate) issuance: IssuanceId,
    pub(crate) key_type: KeyType,
    pub(crate) spki: &'a [u8],
    pub(crate) data_key: &'a SealKey,
    pub(crate) sealed: &'a [u8],
    pub(crate) created_at: Millis,
}

const COLUMNS: &str = "issuance, key_type, spki, place, created_at, dropped_at";

impl Ledger {
    /// Keeps a key. False if this issuance has one already, or had: nothing is changed then.
    pub(crate) fn add_key(&self, new: &NewKey<'_>) -> Result<bool, LedgerError> {
        let place = wrap_place(new.issuance);
        // Whoever opens the key takes its time: not while the ledger is held.
        self.woken()?;
        self.change(|transaction| {
            let wrapped = self.sealed_under(transaction, |key| {
                Ok(key.seal(&place, new.data_key.expose())?)
            })?;
            let added = transaction.execute(
                "INSERT INTO keys (issuance, key_type, spki, place, wrapped, sealed, created_at)
             VALUES (?1, ?2, ?3, 'ledger', ?4, ?5, ?6) ON CONFLICT (issuance) DO NOTHING",
                params![
                    new.issuance.0.cast_signed(),
                    new.key_type.as_str(),
                    new.spki,
                    wrapped,
                    new.sealed,
                    new.created_at
                ],
            )?;
            Ok(added > 0)
        })
    }

    /// What is known of an issuance's key; none if it never had one.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn key(&self, issuance: IssuanceId) -> Result<Option<KeyRecord>, LedgerError> {
        let found = self
            .connection()
            .query_row(
                &format!("SELECT {COLUMNS} FROM keys WHERE issuance = ?1"),
                [issuance.0.cast_signed()],
                record,
            )
            .optional()?;
        found.transpose()
    }

    /// Every key that is not dropped, oldest first.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn keys(&self) -> Result<Vec<KeyRecord>, LedgerError> {
        let connection = self.connection();
        let mut statement = connection.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM keys WHERE place <> 'dropped' ORDER BY created_at, issuance"
        ))?;
        let mut found = Vec::new();
        for row in statement.query_map([], record)? {
            match row? {
                Ok(key) => found.push(key),
                // Its row says that it is of a newer sensor; the others are not to wait for that one.
                Err(error) => tracing::error!(%error, "left out"),
            }
        }
        Ok(found)
    }

    /// The data key of an issuance's key; none once it is dropped, or if there never was one.
    pub(crate) fn data_key(&self, issuance: IssuanceId) -> Result<Option<SealKey>, LedgerError> {
        let connection = self.connection();
        let Some(wrapped) = blob(&connection, "wrapped", issuance)? else {
            return Ok(None);
        };
        self.sealed_under(&connection, |kek| unwrapped(kek, issuance, &wrapped))
            .map(Some)
    }

    /// The sealed key, if it lies in the ledger.
    pub(crate) fn sealed_key(&self, issuance: IssuanceId) -> Result<Option<Vec<u8>>, LedgerError> {
        Ok(blob(&self.connection(), "sealed", issuance)?)
    }

    /// The sealed key lies elsewhere from now on: the ledger's copy is overwritten. Repeating it is no error.
    /// False if this issuance has no key.
    pub(crate) fn park_key(&self, issuance: IssuanceId) -> Result<bool, LedgerError> {
        let connection = self.connection();
        let parked = connection.execute(
            "UPDATE keys SET place = 'parked', sealed = NULL WHERE issuance = ?1 AND place <> 'dropped'",
            [issuance.0.cast_signed()],
        )?;
        empty_log(&connection)?;
        Ok(parked > 0)
    }

    /// Overwrites a key and its data key: every copy of the sealed key, wherever it lies, is unreadable from now on.
    /// One that is dropped, or never was, is no error.
    ///
    /// # Errors
    /// When the ledger cannot be written, or its log not be emptied.
    pub fn drop_key(&self, issuance: IssuanceId, now: Millis) -> Result<(), LedgerError> {
        self.change(|transaction| erase_key(transaction, issuance, now))?;
        empty_log(&self.connection())
    }
}

/// The same within the caller's transaction, which has to be followed by [`empty_log`].
pub(super) fn erase_key(
    connection: &Connection,
    issuance: IssuanceId,
    now: Millis,
) -> Result<(), LedgerError> {
    // With `secure_delete` SQLite fills what it frees with zeros; what stays says that there was a key, so that no
    // second one is ever made.
    connection.execute(
        "UPDATE keys SET place = 'dropped', wrapped = NULL, sealed = NULL, dropped_at = ?2
         WHERE issuance = ?1 AND place <> 'dropped'",
        params![issuance.0.cast_signed(), now],
    )?;
    Ok(())
}

/// Wraps every data key anew. Within the caller's transaction.
pub(super) fn rewrap(
    connection: &Connection,
    old: &SealKey,
    new: &SealKey,
) -> Result<u64, LedgerError> {
    let all = all_wrapped(connection)?;
    for (issuance, wrapped) in &all {
        let data_key = unwrapped(old, *issuance, wrapped)?;
        let again = new.seal(&wrap_place(*issuance), data_key.expose())?;
        connection.execute(
            "UPDATE keys SET wrapped = ?2 WHERE issuance = ?1",
            params![issuance.0.cast_signed(), again],
        )?;
    }
    Ok(all.len() as u64)
}

/// Which keys do not open under this key.
pub(super) fn unreadable(
    connection: &Connection,
    key: &SealKey,
) -> Result<Vec<String>, LedgerError> {
    let shut =
        |(issuance, wrapped): &(IssuanceId, Vec<u8>)| unwrapped(key, *issuance, wrapped).is_err();
    let all = all_wrapped(connection)?;
    Ok(all
        .iter()
        .filter(|one| shut(one))
        .map(|(issuance, _)| format!("key of issuance {issuance}"))
        .collect())
}

fn all_wrapped(connection: &Connection) -> rusqlite::Result<Vec<(IssuanceId, Vec<u8>)>> {
    connection
        .prepare("SELECT issuance, wrapped FROM keys WHERE wrapped IS NOT NULL ORDER BY issuance")?
        .query_map([], |row| {
            Ok((
                IssuanceId(row.get::<_, i64>(0)?.cast_unsigned()),
                row.get(1)?,
            ))
        })?
        .collect()
}

fn unwrapped(kek: &SealKey, issuance: IssuanceId, wrapped: &[u8]) -> Result<SealKey, LedgerError> {
    let plain = kek.open(&wrap_place(issuance), wrapped);
    plain
        .and_then(|plain| SealKey::of(&plain))
        .ok_or_else(|| LedgerError::Sealed(format!("key of issuance {issuance}")))
}

/// What a wrapped data key is bound to.
fn wrap_place(issuance: IssuanceId) -> Vec<u8> {
    [&b"keys.wrapped\0"[..], &issuance.0.to_be_bytes()].concat()
}

fn blob(
    connection: &Connection,
    column: &str,
    issuance: IssuanceId,
) -> rusqlite::Result<Option<Vec<u8>>> {
    let found: Option<Option<Vec<u8>>> = connection
        .query_row(
            &format!("SELECT {column} FROM keys WHERE issuance = ?1"),
            [issuance.0.cast_signed()],
            |row| row.get(0),
        )
        .optional()?;
    Ok(found.flatten())
}

fn record(row: &Row<'_>) -> rusqlite::Result<Result<KeyRecord, LedgerError>> {
    let issuance = IssuanceId(row.get::<_, i64>(0)?.cast_unsigned());
    let (key_type, place): (String, String) = (row.get(1)?, row.get(3)?);
    let words = key_type.parse().ok().zip(KeyPlace::of(&place));
    let Some((key_type, place)) = words else {
        return Ok(Err(LedgerError::Unreadable {
            noun: "key of issuance",
            name: issuance.to_string(),
            detail: "its row is of a newer sensor".to_owned(),
        }));
    };
    Ok(Ok(KeyRecord {
        issuance,
        key_type,
        spki: row.get(2)?,
        place,
        created_at: row.get(4)?,
        dropped_at: row.get(5)?,
    }))
}
