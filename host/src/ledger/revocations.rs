//! Certificates that are to be taken back, until their issuer has answered.
//! Above: `delivery`, `app`. Below: `rows`, `journal`.
//! Invariant: what is due stays due until an answer of the issuer is written down.

use super::rows::{body, number, record};
use super::{Ledger, LedgerError, Note, journal};
use crate::model::enrollment::Setback;
use crate::model::id::{IssuanceId, RequestId};
use crate::model::revoke::{Revocation, RevocationState};
use crate::model::time::Millis;
use rusqlite::types::Type;
use rusqlite::{Row, Transaction, params};

const WHAT: &str = "revocation";
const COLUMNS: &str = "id, request, issuance, issuer, leaf, reason, state, due_at, setback";

fn word(state: RevocationState) -> &'static str {
    match state {
        RevocationState::Waiting => "waiting",
        RevocationState::Due => "due",
        RevocationState::Revoked => "revoked",
        RevocationState::Refused => "refused",
    }
}

impl Ledger {
    /// Keeps a revocation that is to be asked for; its number.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn add_revocation(&self, wanted: &Revocation, note: &Note) -> Result<u64, LedgerError> {
        self.change(|transaction| {
            let about = (wanted.request, Some(wanted.issuance), None);
            journal::write(transaction, about, note)?;
            add(transaction, wanted)
        })
    }

    /// Keeps how far a revocation is.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn put_revocation(&self, now_is: &Revocation, note: &Note) -> Result<(), LedgerError> {
        let setback = now_is.setback.as_ref();
        let setback = setback.map(|one| body(WHAT, now_is.id, one)).transpose()?;
        let due = (now_is.state == RevocationState::Due).then_some(now_is.due_at);
        self.change(|transaction| {
            transaction.execute(
                "UPDATE revocations SET state = ?2, due_at = ?3, setback = ?4 WHERE id = ?1",
                params![number(now_is.id), word(now_is.state), due, setback],
            )?;
            let about = (now_is.request, Some(now_is.issuance), None);
            journal::write(transaction, about, note)
        })
    }

    /// Those to be asked for now, the longest due first; and when the next one is.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn revocations_due(
        &self,
        now: Millis,
        limit: usize,
    ) -> Result<(Vec<Revocation>, Option<Millis>), LedgerError> {
        let connection = self.connection();
        let mut statement = connection.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM revocations WHERE due_at <= ?1 ORDER BY due_at LIMIT ?2"
        ))?;
        let rows = statement.query_map(params![now, number(limit as u64)], |row| {
            Ok((row.get::<_, i64>(0)?, read(row)))
        })?;
        let due = self.left(rows)?;
        let next = connection.query_row(
            "SELECT min(due_at) FROM revocations WHERE due_at > ?1",
            [now],
            |row| row.get(0),
        )?;
        Ok((due, next))
    }

    /// All of a request, oldest first; those that can be read.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn revocations(&self, request: RequestId) -> Result<Vec<Revocation>, LedgerError> {
        let connection = self.connection();
        let mut statement = connection.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM revocations WHERE request = ?1 ORDER BY id"
        ))?;
        let rows = statement.query_map([number(request.0)], |row| {
            Ok((row.get::<_, i64>(0)?, read(row)))
        })?;
        self.left(rows)
    }

    /// Those of every request that wait for their certificate to be replaced.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn revocations_waiting(&self) -> Result<Vec<Revocation>, LedgerError> {
        let connection = self.connection();
        let mut statement = connection.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM revocations WHERE state = 'waiting' ORDER BY id"
        ))?;
        let rows = statement.query_map([], |row| Ok((row.get::<_, i64>(0)?, read(row))))?;
        self.left(rows)
    }
}

/// Those of a request that wait are due from now on. How many.
pub(super) fn release(
    transaction: &Transaction<'_>,
    request: RequestId,
    now: Millis,
) -> Result<usize, LedgerError> {
    Ok(transaction.execute(
        "UPDATE revocations SET state = 'due', due_at = ?2 WHERE request = ?1 AND state = 'waiting'",
        params![number(request.0), now],
    )?)
}

impl Ledger {
    /// Without those that cannot be read, of which the log tells once: the others' certificates are to be revoked all the
    /// same.
    fn left(
        &self,
        rows: impl Iterator<Item = rusqlite::Result<(i64, rusqlite::Result<Revocation>)>>,
    ) -> Result<Vec<Revocation>, LedgerError> {
        let mut left = Vec::new();
        for row in rows {
            match row? {
                (_, Ok(revocation)) => left.push(revocation),
                (id, Err(error)) if self.first_told(WHAT, id) => {
                    tracing::error!(id, %error, "a revocation is left out: it is of a newer sensor, or was damaged");
                }
                (_, Err(_)) => {}
            }
        }
        Ok(left)
    }
}

/// Its number is given here.
pub(super) fn add(transaction: &Transaction<'_>, wanted: &Revocation) -> Result<u64, LedgerError> {
    transaction.execute(
        "INSERT INTO revocations (request, issuance, issuer, leaf, reason, state, due_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            number(wanted.request.0),
            number(wanted.issuance.0),
            wanted.issuer.as_str(),
            wanted.leaf,
            wanted.reason.as_str(),
            word(wanted.state),
            (wanted.state == RevocationState::Due).then_some(wanted.due_at),
        ],
    )?;
    Ok(transaction.last_insert_rowid().cast_unsigned())
}

fn read(row: &Row<'_>) -> rusqlite::Result<Revocation> {
    let id: u64 = row.get::<_, i64>(0)?.cast_unsigned();
    let setback: Option<String> = row.get(8)?;
    let setback = setback.map(|text| record::<Setback>(WHAT, id.cast_signed(), &text));
    let state: String = row.get(6)?;
    Ok(Revocation {
        id,
        request: RequestId(row.get::<_, i64>(1)?.cast_unsigned()),
        issuance: IssuanceId(row.get::<_, i64>(2)?.cast_unsigned()),
        issuer: parsed(row, 3)?,
        leaf: row.get(4)?,
        reason: parsed(row, 5)?,
        state: match state.as_str() {
            "waiting" => RevocationState::Waiting,
            "revoked" => RevocationState::Revoked,
            "refused" => RevocationState::Refused,
            _ => RevocationState::Due,
        },
        due_at: row.get::<_, Option<Millis>>(7)?.unwrap_or(0),
        // Only told: one that cannot be read is as good as none.
        setback: setback.and_then(Result::ok),
    })
}

fn parsed<T>(row: &Row<'_>, column: usize) -> rusqlite::Result<T>
where
    T: std::str::FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    let text: String = row.get(column)?;
    text.parse().map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
    })
}
