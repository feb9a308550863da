//! Issuances: certificates being made for requests, one at a time a request.
//! Above: `delivery`. Below: `rows`, `journal`, `requests`.
//! Invariant: an issuance begins together with its deliveries, in one transaction with its request.

use super::rows::{body, number, record};
use super::{Ledger, LedgerError, Note, deliveries, journal, requests};
use crate::model::enrollment::{Delivery, Issuance, IssuanceState, Request};
use crate::model::id::{IssuanceId, RequestId};
use crate::model::time::Millis;
use rusqlite::{OptionalExtension, Transaction, params};

const WHAT: &str = "issuance";
/// Nothing goes on before a second person has agreed, whatever was brought with the request.
const DECIDED: &str =
    "(SELECT state FROM requests WHERE requests.id = issuances.request) <> 'awaiting-approval'";

/// An issuance that is due, and where it goes first: connector, account and region.
pub(super) type DueAt = (IssuanceId, String);

impl Ledger {
    /// Begins the next issuance of a request: `request` is as it is to be from now on, `before` as it was.
    /// Numbers are given here.
    ///
    /// # Errors
    /// When the request was changed meanwhile, one is under way, or the ledger cannot be written.
    pub fn begin_issuance(
        &self,
        (before, request): (&Request, &Request),
        issuance: &Issuance,
        planned: &[Delivery],
        note: &Note,
    ) -> Result<Issuance, LedgerError> {
        self.change(|transaction| {
            let open = transaction.query_row(
                "SELECT count(*) FROM issuances WHERE request = ?1 AND state NOT IN ('done', 'failed', 'abandoned')",
                [number(request.id.0)],
                |row| row.get::<_, i64>(0),
            )?;
            if open > 0 || *before != requests::read(transaction, before.id)? {
                let id = before.id.0;
                return Err(LedgerError::Overtaken { what: "request", id });
            }
            requests::write(transaction, request, None)?;
            transaction.execute(
                "INSERT INTO issuances (request, generation, state, urgency, body) VALUES (?1, ?2, ?3, ?4, '{}')",
                params![number(request.id.0), issuance.generation, issuance.state.word(), issuance.urgency],
            )?;
            let mut made = issuance.clone();
            made.id = IssuanceId(transaction.last_insert_rowid().cast_unsigned());
            write(transaction, &made, Some(note))?;
            for delivery in planned {
                let delivery = Delivery { issuance: made.id, ..delivery.clone() };
                deliveries::add(transaction, &delivery)?;
            }
            Ok(made)
        })
    }

    /// Keeps an issuance as it now is. Only its one holder may call this.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn put_issuance(
        &self,
        issuance: &Issuance,
        note: Option<&Note>,
    ) -> Result<(), LedgerError> {
        self.change(|transaction| write(transaction, issuance, note))
    }

    /// Keeps the end of an issuance, and what it means for its request and its deliveries, at once.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn end_issuance(
        &self,
        issuance: &Issuance,
        change: impl FnOnce(&mut Request),
        note: &Note,
    ) -> Result<(), LedgerError> {
        self.change(|transaction| {
            let mut request = requests::read(transaction, issuance.request)?;
            change(&mut request);
            requests::write(transaction, &request, None)?;
            deliveries::close(transaction, issuance.id, note.at)?;
            write(transaction, issuance, Some(note))
        })
    }

    /// One issuance.
    ///
    /// # Errors
    /// When there is none of this number, or the ledger cannot be read.
    pub fn issuance(&self, id: IssuanceId) -> Result<Issuance, LedgerError> {
        let connection = self.connection();
        let text: Option<String> = connection
            .query_row(
                "SELECT body FROM issuances WHERE id = ?1",
                [number(id.0)],
                |row| row.get(0),
            )
            .optional()?;
        let text = text.ok_or(LedgerError::Missing {
            what: WHAT,
            id: id.0,
        })?;
        record(WHAT, number(id.0), &text)
    }

    /// The issuances of a request, newest first.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn issuances(&self, request: RequestId) -> Result<Vec<Issuance>, LedgerError> {
        let connection = self.connection();
        let mut statement = connection.prepare_cached(
            "SELECT id, body FROM issuances WHERE request = ?1 ORDER BY generation DESC",
        )?;
        let rows = statement.query_map([number(request.0)], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))
        })?;
        rows.map(|row| {
            row.map_err(LedgerError::from)
                .and_then(|(id, text)| record(WHAT, id, &text))
        })
        .collect()
    }

    /// Issuances that can go on now, the most urgent first, each with where it goes first; and when the next one can. None
    /// of a request that waits for a second person.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn issuances_due(
        &self,
        now: Millis,
        limit: usize,
    ) -> Result<(Vec<DueAt>, Option<Millis>), LedgerError> {
        let connection = self.connection();
        let mut statement = connection.prepare_cached(&format!(
            "SELECT id, (
                SELECT d.connector || ':' || d.account || ':' || d.region FROM deliveries d
                WHERE d.issuance = issuances.id ORDER BY d.ordinal LIMIT 1
             )
             FROM issuances WHERE due_at <= ?1 AND {DECIDED} ORDER BY urgency, due_at, id LIMIT ?2"
        ))?;
        let rows = statement.query_map(params![now, number(limit as u64)], |row| {
            let id = IssuanceId(row.get::<_, i64>(0)?.cast_unsigned());
            Ok((id, row.get::<_, Option<String>>(1)?.unwrap_or_default()))
        })?;
        let due = rows.collect::<Result<_, _>>()?;
        let next = connection.query_row(
            &format!("SELECT min(due_at) FROM issuances WHERE due_at > ?1 AND {DECIDED}"),
            [now],
            |row| row.get(0),
        )?;
        Ok((due, next))
    }

    /// The issuance under way of a request goes on at once, whoever holds it. Touches nothing but its moment.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn wake_issuance(&self, request: RequestId, now: Millis) -> Result<(), LedgerError> {
        self.change(|transaction| {
            let open: Option<(i64, String)> = transaction
                .query_row(
                    "SELECT id, body FROM issuances WHERE request = ?1 AND due_at IS NOT NULL",
                    [number(request.0)],
                    |row| Ok((row.get(0)?, row.get(1)?)),
                )
                .optional()?;
            let Some((id, text)) = open else {
                return Ok(());
            };
            let mut issuance: Issuance = record(WHAT, id, &text)?;
            issuance.due_at = Some(now);
            write(transaction, &issuance, None)
        })
    }

    /// Failed deliveries of an issuance that still has its key wait again, and those that wait go on at once; how many
    /// had failed.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn reopen_failed(&self, id: IssuanceId, now: Millis) -> Result<usize, LedgerError> {
        self.change(|transaction| {
            let text: String = transaction.query_row(
                "SELECT body FROM issuances WHERE id = ?1",
                [number(id.0)],
                |row| row.get(0),
            )?;
            let mut issuance: Issuance = record(WHAT, number(id.0), &text)?;
            if issuance.state != IssuanceState::Delivering {
                let id = id.0;
                return Err(LedgerError::Overtaken { what: WHAT, id });
            }
            let failed = deliveries::reopen(transaction, id, now)?;
            issuance.due_at = Some(now);
            write(transaction, &issuance, None)?;
            Ok(failed)
        })
    }

    /// The state of an issuance; none if there is none of this number.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn issuance_is_over(&self, id: IssuanceId) -> Result<Option<bool>, LedgerError> {
        match self.issuance(id) {
            Ok(issuance) => Ok(Some(issuance.state.is_over())),
            Err(LedgerError::Missing { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn write(
    transaction: &Transaction<'_>,
    issuance: &Issuance,
    note: Option<&Note>,
) -> Result<(), LedgerError> {
    debug_assert_eq!(
        issuance.due_at.is_none(),
        issuance.state.is_over(),
        "what is not over has a next moment: {:?}",
        IssuanceState::word(issuance.state)
    );
    transaction.execute(
        "UPDATE issuances SET state = ?2, due_at = ?3, urgency = ?4, body = ?5 WHERE id = ?1",
        params![
            number(issuance.id.0),
            issuance.state.word(),
            issuance.due_at,
            issuance.urgency,
            body(WHAT, issuance.id.0, issuance)?
        ],
    )?;
    let about = (issuance.request, Some(issuance.id), None);
    note.map_or(Ok(()), |note| journal::write(transaction, about, note))
}
