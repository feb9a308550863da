//! What the records of enrollment share: numbers, bodies as JSON, one transaction a change.
//! Above: `requests`, `issuances`, `deliveries`. Below: SQLite.
//! Invariant: a body that cannot be read is an error that names its record, never a default.

use super::{Ledger, LedgerError};
use rusqlite::{Transaction, TransactionBehavior};
use serde::Serialize;
use serde::de::DeserializeOwned;

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
