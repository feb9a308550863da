//! Secrets that connectors name and the sensor keeps.
//! Above: `app` puts them, `credential` takes them. Below: `key`, SQLite.
//! Invariant: no list shows more than names; a sealed row opens only in its own table, under its own name and version.

use super::{Ledger, LedgerError};
use crate::model::secret::Secret;
use crate::model::text::clean;
use crate::model::time::Millis;
use rusqlite::{OptionalExtension, params};

impl Ledger {
    /// Keeps a secret under a name, in place of what was there.
    ///
    /// # Errors
    /// When the name is not fit, the key is missing or the ledger cannot be written.
    pub fn put_secret(&self, name: &str, secret: &Secret, now: Millis) -> Result<(), LedgerError> {
        if !is_name(name) {
            return Err(LedgerError::SecretName(clean(name, 80)));
        }
        let sealer = self.sealer()?;
        let mut connection = self.connection();
        let transaction = connection.transaction()?;
        let before: Option<i64> = transaction
            .query_row(
                "SELECT version FROM secrets WHERE name = ?1",
                [name],
                |row| row.get(0),
            )
            .optional()?;
        let version = before.unwrap_or(0) + 1;
        let (nonce, ciphertext) = sealer.seal(&place(name, version), secret)?;
        transaction.execute(
            "INSERT INTO secrets (name, version, nonce, ciphertext, updated_at) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (name) DO UPDATE SET version = ?2, nonce = ?3, ciphertext = ?4, updated_at = ?5",
            params![name, version, nonce, ciphertext, now],
        )?;
        transaction.commit()?;
        empty_log(&connection)
    }

    /// A secret; none if there is none of this name.
    ///
    /// # Errors
    /// When the key is missing or another one, or the ledger cannot be read.
    pub fn get_secret(&self, name: &str) -> Result<Option<Secret>, LedgerError> {
        let connection = self.connection();
        let found: Option<(i64, Vec<u8>, Vec<u8>)> = connection
            .query_row(
                "SELECT version, nonce, ciphertext FROM secrets WHERE name = ?1",
                [name],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
            )
            .optional()?;
        let Some((version, nonce, ciphertext)) = found else {
            return Ok(None);
        };
        let secret = self
            .sealer()?
            .unseal(&place(name, version), &nonce, &ciphertext);
        secret
            .map(Some)
            .ok_or_else(|| LedgerError::Sealed(name.to_owned()))
    }

    /// The names of all secrets with the time each was last set, sorted.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn secrets(&self) -> Result<Vec<(String, Millis)>, LedgerError> {
        let connection = self.connection();
        let mut statement =
            connection.prepare_cached("SELECT name, updated_at FROM secrets ORDER BY name")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
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

/// What a sealed row is bound to.
fn place(name: &str, version: i64) -> Vec<u8> {
    [b"secrets\0", name.as_bytes(), b"\0", &version.to_be_bytes()].concat()
}

/// The write-ahead log would keep what the table overwrote.
fn empty_log(connection: &rusqlite::Connection) -> Result<(), LedgerError> {
    Ok(connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?)
}

fn is_name(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}
