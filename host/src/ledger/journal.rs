//! The journal: what was done for a request, in order.
//! Above: every change of a request, issuance or delivery writes one line in its own transaction. Below: SQLite.
//! Invariant: lines are only added; no line tells a secret.

use super::rows::number;
use super::{Ledger, LedgerError};
use crate::model::enrollment::Event;
use crate::model::id::{DeliveryId, IssuanceId, RequestId};
use crate::model::text::clean;
use crate::model::time::Millis;
use rusqlite::{Row, Transaction, params};

/// What a change is told as.
#[derive(Debug, Clone)]
pub struct Note {
    pub at: Millis,
    /// Kebab-case, stable ("ordered").
    pub what: &'static str,
    pub detail: String,
}

impl Note {
    #[must_use]
    pub fn new(at: Millis, what: &'static str, detail: impl Into<String>) -> Self {
        Self {
            at,
            what,
            detail: detail.into(),
        }
    }
}

/// What a line is about.
pub(super) type About = (RequestId, Option<IssuanceId>, Option<DeliveryId>);

pub(super) fn write(
    transaction: &Transaction<'_>,
    (request, issuance, delivery): About,
    note: &Note,
) -> Result<(), LedgerError> {
    transaction.prepare_cached(
        "INSERT INTO journal (at, request, issuance, delivery, what, detail) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![
        note.at,
        number(request.0),
        issuance.map(|id| number(id.0)),
        delivery.map(|id| number(id.0)),
        note.what,
        clean(&note.detail, 2000),
    ])?;
    Ok(())
}

fn event(row: &Row<'_>) -> rusqlite::Result<Event> {
    let id = |column| -> rusqlite::Result<_> {
        Ok(row.get::<_, Option<i64>>(column)?.map(i64::cast_unsigned))
    };
    Ok(Event {
        at: row.get(0)?,
        request: RequestId(row.get::<_, i64>(1)?.cast_unsigned()),
        issuance: id(2)?.map(IssuanceId),
        delivery: id(3)?.map(DeliveryId),
        what: row.get(4)?,
        detail: row.get(5)?,
    })
}

impl Ledger {
    /// Everything that was done for a request, oldest first.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn journal(&self, request: RequestId) -> Result<Vec<Event>, LedgerError> {
        let connection = self.connection();
        let mut statement = connection.prepare_cached(
            "SELECT at, request, issuance, delivery, what, detail FROM journal WHERE request = ?1 ORDER BY id",
        )?;
        let rows = statement.query_map([number(request.0)], event)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The journal of all requests after a line, oldest first and a bounded number of them; and the last one's number.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn journal_after(&self, line: i64) -> Result<(Vec<Event>, i64), LedgerError> {
        let connection = self.connection();
        let mut statement = connection.prepare_cached(
            "SELECT at, request, issuance, delivery, what, detail, id FROM journal WHERE id > ?1 ORDER BY id LIMIT 1000",
        )?;
        let (mut events, mut last) = (Vec::new(), line);
        let mut rows = statement.query([line])?;
        while let Some(row) = rows.next()? {
            events.push(event(row)?);
            last = row.get(6)?;
        }
        Ok((events, last))
    }

    /// The number of the journal's last line; 0 if it has none.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn journal_end(&self) -> Result<i64, LedgerError> {
        let end = "SELECT coalesce(max(id), 0) FROM journal";
        Ok(self.connection().query_row(end, [], |row| row.get(0))?)
    }

    /// One more line about a request, of something that changed no record.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn add_note(
        &self,
        request: RequestId,
        issuance: Option<IssuanceId>,
        note: &Note,
    ) -> Result<(), LedgerError> {
        self.change(|transaction| write(transaction, (request, issuance, None), note))
    }
}
