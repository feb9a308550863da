//! What the records of enrollment share: numbers, bodies as JSON, one transaction a change.
//! Above: `requests`, `issuances`, `deliveries`. Below: SQLite.
//! Invariant: a body that cannot be read is an error that names its record, never a default; in a list it is left out
//! and told.

use super::{Ledger, LedgerError};
use rusqlite::{Row, Transaction, TransactionBehavior};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::PoisonError;

impl Ledger {
    /// Runs a change; all of it is on disk when this returns, or none of it. Another process may have the file too.
    pub(super) fn change<T>(
        &self,
        act: impl FnOnce(&Transaction<'_>) -> Result<T, LedgerError>,
    ) -> Result<T, LedgerError> {
        #[cfg(test)]
        self.disk.write()?;
        let mut connection = self.connection();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let done = act(&transaction)?;
        transaction.commit()?;
        Ok(done)
    }
}

impl Ledger {
    /// Those records that can be read. Of any other its log tells once: it must not keep the rest from going on.
    pub(super) fn readable<T: DeserializeOwned>(
        &self,
        what: &'static str,
        rows: impl Iterator<Item = rusqlite::Result<(i64, String)>>,
    ) -> Result<Vec<T>, LedgerError> {
        let mut found = Vec::new();
        for row in rows {
            let (id, text) = row?;
            match record(what, id, &text) {
                Ok(one) => found.push(one),
                Err(error) if self.first_told(what, id) => {
                    tracing::error!(%error, "left out: it is of a newer sensor, or was damaged");
                }
                Err(_) => {}
            }
        }
        Ok(found)
    }

    /// Whether nobody was told of it yet.
    pub(super) fn first_told(&self, what: &'static str, id: i64) -> bool {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.insert((what, id))
    }
}

/// A record's number and body.
pub(super) fn numbered(row: &Row<'_>) -> rusqlite::Result<(i64, String)> {
    Ok((row.get(0)?, row.get(1)?))
}

/// SQLite's integers are signed; ours count up from one.
pub(super) fn number(id: u64) -> i64 {
    id.cast_signed()
}

pub(super) fn body<T: Serialize>(
    what: &'static str,
    id: u64,
    record: &T,
) -> Result<String, LedgerError> {
    serde_json::to_string(record).map_err(|error| unreadable(what, id, &error))
}

pub(super) fn record<T: DeserializeOwned>(
    what: &'static str,
    id: i64,
    body: &str,
) -> Result<T, LedgerError> {
    serde_json::from_str(body).map_err(|error| unreadable(what, id.cast_unsigned(), &error))
}

fn unreadable(what: &'static str, id: u64, error: &serde_json::Error) -> LedgerError {
    LedgerError::Record {
        what,
        id,
        detail: error.to_string(),
    }
}
