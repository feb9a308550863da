//! Requests: what operators asked for.
//! Above: `app`, `delivery`. Below: `rows`, `journal`.
//! Invariant: a change names the state that it began from; one that was overtaken changes nothing.

use super::rows::{body, number, numbered, record};
use super::{Ledger, LedgerError, Note, journal, revocations};
use crate::model::enrollment::{Request, RequestState};
use crate::model::id::RequestId;
use crate::model::revoke::Revocation;
use crate::model::time::Millis;
use rusqlite::{Connection, OptionalExtension, Transaction, params};

const WHAT: &str = "request";

/// Which requests to list.
#[derive(Debug, Clone, Default)]
pub struct RequestFilter {
    pub state: Option<RequestState>,
    pub limit: Option<usize>,
}

pub(super) fn word(state: RequestState) -> &'static str {
    match state {
        RequestState::AwaitingApproval => "awaiting-approval",
        RequestState::Active => "active",
        RequestState::Cancelled => "cancelled",
    }
}

impl Ledger {
    /// Keeps a new request; its number is given here.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn add_request(&self, request: &Request, note: &Note) -> Result<Request, LedgerError> {
        self.change(|transaction| {
            transaction.execute(
                "INSERT INTO requests (state, profile, body) VALUES (?1, ?2, '{}')",
                params![word(request.state), request.profile.as_str()],
            )?;
            let mut made = request.clone();
            made.id = RequestId(transaction.last_insert_rowid().cast_unsigned());
            write(transaction, &made, Some(note))?;
            Ok(made)
        })
    }

    /// Keeps a request as it now is, if it still was as `before` says; told in the journal, unless it is not worth that.
    ///
    /// # Errors
    /// When it was changed meanwhile, or the ledger cannot be written.
    pub fn change_request<'n>(
        &self,
        before: &Request,
        after: &Request,
        note: impl Into<Option<&'n Note>>,
    ) -> Result<(), LedgerError> {
        self.change(|transaction| {
            unchanged(transaction, before)?;
            write(transaction, after, note.into())
        })
    }

    /// Changes a request together with what is to be revoked for it.
    ///
    /// # Errors
    /// As `change_request`.
    pub fn change_request_and_revoke(
        &self,
        before: &Request,
        after: &Request,
        wanted: &[Revocation],
        note: &Note,
    ) -> Result<(), LedgerError> {
        self.change(|transaction| {
            unchanged(transaction, before)?;
            for one in wanted {
                revocations::add(transaction, one)?;
            }
            write(transaction, after, Some(note))
        })
    }

    /// Ends a request; what waits to be revoked is due now. How many certificates that is.
    ///
    /// # Errors
    /// As `change_request`.
    pub fn end_request(
        &self,
        before: &Request,
        after: &Request,
        note: &Note,
    ) -> Result<usize, LedgerError> {
        self.change(|transaction| {
            unchanged(transaction, before)?;
            write(transaction, after, Some(note))?;
            revocations::release(transaction, before.id, note.at)
        })
    }

    /// One request.
    ///
    /// # Errors
    /// When there is none of this number, or the ledger cannot be read.
    pub fn request(&self, id: RequestId) -> Result<Request, LedgerError> {
        read(&self.connection(), id)
    }

    /// Requests, newest first.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn requests(&self, filter: &RequestFilter) -> Result<Vec<Request>, LedgerError> {
        let connection = self.connection();
        let mut statement = connection.prepare_cached(
            "SELECT id, body FROM requests WHERE ?1 IS NULL OR state = ?1 ORDER BY id DESC LIMIT ?2",
        )?;
        let limit = filter.limit.map_or(-1, |limit| number(limit as u64));
        let rows = statement.query_map(params![filter.state.map(word), limit], numbered)?;
        self.readable(WHAT, rows)
    }

    /// Active requests whose next issuance is due, those first whose certificate ends first; and when the next one is.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn renewals_due(
        &self,
        now: Millis,
        limit: usize,
    ) -> Result<(Vec<Request>, Option<Millis>), LedgerError> {
        let connection = self.connection();
        let mut statement = connection.prepare_cached(
            "SELECT id, body FROM requests WHERE renew_at <= ?1 AND state = 'active'
             ORDER BY expires_at IS NOT NULL, expires_at, id LIMIT ?2",
        )?;
        let rows = statement.query_map(params![now, number(limit as u64)], numbered)?;
        let due = self.readable(WHAT, rows)?;
        let next = connection.query_row(
            "SELECT min(renew_at) FROM requests WHERE renew_at > ?1 AND state = 'active'",
            [now],
            |row| row.get(0),
        )?;
        Ok((due, next))
    }

    /// Active requests whose issuer is to be asked again when it wants them renewed.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn requests_to_ask(
        &self,
        now: Millis,
        limit: usize,
    ) -> Result<Vec<RequestId>, LedgerError> {
        let connection = self.connection();
        let mut statement = connection.prepare_cached(
            "SELECT id FROM requests WHERE ask_at <= ?1 ORDER BY ask_at LIMIT ?2",
        )?;
        let rows = statement.query_map(params![now, number(limit as u64)], |row| {
            Ok(RequestId(row.get::<_, i64>(0)?.cast_unsigned()))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

fn unchanged(transaction: &Transaction<'_>, before: &Request) -> Result<(), LedgerError> {
    if *before == read(transaction, before.id)? {
        return Ok(());
    }
    let id = before.id.0;
    Err(LedgerError::Overtaken { what: WHAT, id })
}

pub(super) fn read(connection: &Connection, id: RequestId) -> Result<Request, LedgerError> {
    let text: Option<String> = connection
        .query_row(
            "SELECT body FROM requests WHERE id = ?1",
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

pub(super) fn write(
    transaction: &Transaction<'_>,
    request: &Request,
    note: Option<&Note>,
) -> Result<(), LedgerError> {
    transaction.execute(
        "UPDATE requests SET state = ?2, profile = ?3, renew_at = ?4, expires_at = ?5, body = ?6, ask_at = ?7 WHERE id = ?1",
        params![
            number(request.id.0),
            word(request.state),
            request.profile.as_str(),
            request.renew_at,
            request.expires_at,
            body(WHAT, request.id.0, request)?,
            (request.state == RequestState::Active).then_some(request.outlook.ask_at).flatten(),
        ],
    )?;
    let about = (request.id, None, None);
    note.map_or(Ok(()), |note| journal::write(transaction, about, note))
}
