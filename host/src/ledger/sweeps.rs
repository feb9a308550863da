//! What the search for keys without an owner has found: the numbers that tell whether any is left behind.
//! Above: `delivery` writes them, `status` tells them. Below: SQLite.
//! Invariant: what was erased is only ever counted up.

use super::{Ledger, LedgerError};
use crate::model::time::Millis;
use rusqlite::{Connection, OptionalExtension, params};

/// The last search, and all before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sweeps {
    pub last_at: Millis,
    /// Keys without an owner that the last one left where they are: somebody may look into them for a day.
    pub left: u64,
    /// Connectors that the last one could not ask.
    pub unasked: u64,
    /// Keys without an owner that were erased, since the ledger was made.
    pub erased: u64,
}

impl Ledger {
    /// Keeps what a search found; `erased` by it alone.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn note_sweep(&self, now: &Sweeps) -> Result<(), LedgerError> {
        self.change(|transaction| {
            transaction.execute(
                "INSERT INTO sweeps (one, last_at, left_there, unasked, erased) VALUES (1, ?1, ?2, ?3, ?4) \
                 ON CONFLICT (one) DO UPDATE SET last_at = ?1, left_there = ?2, unasked = ?3, erased = erased + ?4",
                params![
                    now.last_at,
                    now.left.cast_signed(),
                    now.unasked.cast_signed(),
                    now.erased.cast_signed()
                ],
            )?;
            Ok(())
        })
    }
}

/// None before the first.
pub(super) fn so_far(connection: &Connection) -> rusqlite::Result<Option<Sweeps>> {
    connection
        .query_row(
            "SELECT last_at, left_there, unasked, erased FROM sweeps",
            [],
            |row| {
                Ok(Sweeps {
                    last_at: row.get(0)?,
                    left: row.get::<_, i64>(1)?.cast_unsigned(),
                    unasked: row.get::<_, i64>(2)?.cast_unsigned(),
                    erased: row.get::<_, i64>(3)?.cast_unsigned(),
                })
            },
        )
        .optional()
}
