//! Secrets that connectors and issuers name and the sensor keeps, and those that issuers keep for themselves.
//! Above: `app` puts them, `credential` and `issuer` take them. Below: `vault`, SQLite.
//! Invariant: no list shows more than names; a sealed row opens only in its own table, under its own name and version.

use super::schema::empty_log;
use super::seal::{SealKey, apart};
use super::{Ledger, LedgerError};
use crate::model::secret::Secret;
use crate::model::text::clean;
use crate::model::time::Millis;
use rusqlite::{Connection, OptionalExtension, params};
use zeroize::Zeroizing;

/// What begins so belongs to an issuer: its account, its CA's key. Operators neither set nor list it.
pub const RESERVED: &str = "issuer.";

const PUT: &str = "
    INSERT INTO secrets (name, version, nonce, ciphertext, updated_at) VALUES (?1, ?2, ?3, ?4, ?5)
    ON CONFLICT (name) DO UPDATE SET version = ?2, nonce = ?3, ciphertext = ?4, updated_at = ?5";
const KEEP: &str = "
    INSERT INTO secrets (name, version, nonce, ciphertext, updated_at) VALUES (?1, 1, ?2, ?3, ?4)
    ON CONFLICT (name) DO NOTHING";

impl Ledger {
    /// Keeps a secret under a name, in place of what was there.
    ///
    /// # Errors
    /// When the name is not fit, the key is missing or the ledger cannot be written.
    pub fn put_secret(&self, name: &str, secret: &Secret, now: Millis) -> Result<(), LedgerError> {
        if !is_name(name) {
            return Err(LedgerError::SecretName(clean(name, 80)));
        }
        self.woken()?;
        self.change(|transaction| {
            let before: Option<i64> = transaction
                .query_row(
                    "SELECT version FROM secrets WHERE name = ?1",
                    [name],
                    |row| row.get(0),
                )
                .optional()?;
            let version = before.unwrap_or(0) + 1;
            let plain = secret.expose().as_bytes();
            let sealed = self.sealed_under(transaction, |key| {
                Ok(key.seal(&place(name, version), plain)?)
            })?;
            let (nonce, ciphertext) = apart(&sealed);
            transaction.execute(PUT, params![name, version, nonce, ciphertext, now])?;
            Ok(())
        })?;
        empty_log(&self.connection())
    }

    /// Keeps a secret under a name unless there is one already. False if there was.
    ///
    /// # Errors
    /// When the name is not fit, the key is missing or the ledger cannot be written.
    pub fn keep_secret(
        &self,
        name: &str,
        secret: &Secret,
        now: Millis,
    ) -> Result<bool, LedgerError> {
        if !is_name(name) {
            return Err(LedgerError::SecretName(clean(name, 80)));
        }
        self.woken()?;
        let plain = secret.expose().as_bytes();
        let kept = self.change(|transaction| {
            let sealed =
                self.sealed_under(transaction, |key| Ok(key.seal(&place(name, 1), plain)?))?;
            let (nonce, ciphertext) = apart(&sealed);
            Ok(transaction.execute(KEEP, params![name, nonce, ciphertext, now])?)
        })?;
        empty_log(&self.connection())?;
        Ok(kept > 0)
    }

    /// A secret; none if there is none of this name.
    ///
    /// # Errors
    /// When the key is missing or another one, or the ledger cannot be read.
    pub fn get_secret(&self, name: &str) -> Result<Option<Secret>, LedgerError> {
        let connection = self.connection();
        let Some(row) = row(&connection, name)? else {
            return Ok(None);
        };
        let mut plain = self.sealed_under(&connection, |key| row.open(key))?;
        Secret::from_utf8(std::mem::take(&mut *plain))
            .map(Some)
            .ok_or_else(|| LedgerError::Sealed(format!("secret `{name}`")))
    }

    /// The names of all secrets of operators with the time each was last set, sorted.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn secrets(&self) -> Result<Vec<(String, Millis)>, LedgerError> {
        let connection = self.connection();
        let mut statement = connection.prepare_cached(
            "SELECT name, updated_at FROM secrets WHERE substr(name, 1, length(?1)) <> ?1 ORDER BY name",
        )?;
        let rows = statement.query_map([RESERVED], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Forgets a secret; its bytes are overwritten. False if there was none.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn remove_secret(&self, name: &str) -> Result<bool, LedgerError> {
        let connection = self.connection();
        let removed = connection.execute("DELETE FROM secrets WHERE name = ?1", [name])? > 0;
        empty_log(&connection)?;
        Ok(removed)
    }
}

/// A sealed row.
struct Row {
    name: String,
    version: i64,
    sealed: Vec<u8>,
}

impl Row {
    fn open(&self, key: &SealKey) -> Result<Zeroizing<Vec<u8>>, LedgerError> {
        key.open(&place(&self.name, self.version), &self.sealed)
            .ok_or_else(|| LedgerError::Sealed(format!("secret `{}`", self.name)))
    }
}

fn row(connection: &Connection, name: &str) -> Result<Option<Row>, LedgerError> {
    let found = connection
        .query_row(
            "SELECT version, nonce, ciphertext FROM secrets WHERE name = ?1",
            [name],
            |row| {
                let (nonce, text): (Vec<u8>, Vec<u8>) = (row.get(1)?, row.get(2)?);
                Ok(Row {
                    name: name.to_owned(),
                    version: row.get(0)?,
                    sealed: [nonce, text].concat(),
                })
            },
        )
        .optional()?;
    Ok(found)
}

/// Whether a secret opens under this key.
pub(super) fn opens(
    connection: &Connection,
    key: &SealKey,
    name: &str,
) -> Result<bool, LedgerError> {
    Ok(row(connection, name)?.is_some_and(|row| row.open(key).is_ok()))
}

/// Seals every secret anew, under another key. Within the caller's transaction.
pub(super) fn reseal(
    connection: &Connection,
    old: &SealKey,
    new: &SealKey,
) -> Result<u64, LedgerError> {
    let names = names(connection)?;
    for name in &names {
        let Some(row) = row(connection, name)? else {
            continue;
        };
        let sealed = new.seal(&place(name, row.version), &row.open(old)?)?;
        let (nonce, ciphertext) = apart(&sealed);
        connection.execute(
            "UPDATE secrets SET nonce = ?2, ciphertext = ?3 WHERE name = ?1",
            params![name, nonce, ciphertext],
        )?;
    }
    Ok(names.len() as u64)
}

/// Which secrets do not open under this key.
pub(super) fn unreadable(
    connection: &Connection,
    key: &SealKey,
) -> Result<Vec<String>, LedgerError> {
    let mut shut = Vec::new();
    for name in names(connection)? {
        if !opens(connection, key, &name)? {
            shut.push(format!("secret {name}"));
        }
    }
    Ok(shut)
}

fn names(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    connection
        .prepare("SELECT name FROM secrets ORDER BY name")?
        .query_map([], |row| row.get(0))?
        .collect()
}

/// What a sealed row is bound to.
fn place(name: &str, version: i64) -> Vec<u8> {
    [b"secrets\0", name.as_bytes(), b"\0", &version.to_be_bytes()].concat()
}

fn is_name(text: &str) -> bool {
    (1..=127).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}
