//! Deliveries: issuances on their way to their places; and the count of imports that quotas ask for.
//! Above: `delivery`, `app`. Below: `rows`, `journal`.
//! Invariant: an import is counted in the transaction that records it as arrived, once.

use super::rows::{body, number, numbered, record};
use super::{Ledger, LedgerError, Note, journal};
use crate::model::enrollment::{Delivery, DeliveryState};
use crate::model::id::{ConnectorId, DeliveryId, IssuanceId, RequestId};
use crate::model::time::Millis;
use rusqlite::{OptionalExtension, Transaction, params};

const WHAT: &str = "delivery";
const YEAR: Millis = 365 * 86_400_000;

/// Which deliveries to list.
#[derive(Debug, Clone, Default)]
pub struct DeliveryFilter {
    pub request: Option<RequestId>,
    pub connector: Option<ConnectorId>,
    pub state: Option<DeliveryState>,
    pub limit: Option<usize>,
}

impl Ledger {
    /// Keeps a delivery as it now is. Only the holder of its issuance may call this.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn put_delivery(&self, delivery: &Delivery, note: &Note) -> Result<(), LedgerError> {
        self.change(|transaction| write(transaction, delivery, note))
    }

    /// Keeps a delivery that the cloud has taken, and counts the import.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn put_arrival(&self, delivery: &Delivery, note: &Note) -> Result<(), LedgerError> {
        self.change(|transaction| {
            let target = &delivery.target;
            transaction.execute(
                "INSERT INTO imports (account, region, at, delivery) VALUES (?1, ?2, ?3, ?4)",
                params![
                    target.account,
                    target.region,
                    note.at,
                    number(delivery.id.0)
                ],
            )?;
            write(transaction, delivery, note)
        })
    }

    /// The request that keeps a place, or is bringing something there now; none if nobody does.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn keeper_of(&self, place: &str) -> Result<Option<RequestId>, LedgerError> {
        let kept = self.connection().query_row(
            "SELECT id FROM requests WHERE state <> 'cancelled' AND EXISTS (
                 SELECT 1 FROM json_each(requests.body, '$.targets') WHERE value ->> 'place' = ?1)
             UNION ALL
             SELECT request FROM deliveries WHERE state IN ('waiting', 'importing', 'imported')
                 AND body ->> '$.target.place' = ?1
             LIMIT 1",
            [place],
            |row| row.get::<_, i64>(0),
        );
        Ok(kept.optional()?.map(|id| RequestId(id.cast_unsigned())))
    }

    /// One delivery.
    ///
    /// # Errors
    /// When there is none of this number, or the ledger cannot be read.
    pub fn delivery(&self, id: DeliveryId) -> Result<Delivery, LedgerError> {
        let connection = self.connection();
        let text: Option<String> = connection
            .query_row(
                "SELECT body FROM deliveries WHERE id = ?1",
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

    /// The deliveries of an issuance, in the order of its request's targets.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn deliveries_of(&self, issuance: IssuanceId) -> Result<Vec<Delivery>, LedgerError> {
        let connection = self.connection();
        let mut statement = connection.prepare_cached(
            "SELECT id, body FROM deliveries WHERE issuance = ?1 ORDER BY ordinal",
        )?;
        let rows = statement.query_map([number(issuance.0)], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))
        })?;
        rows.map(|row| {
            row.map_err(LedgerError::from)
                .and_then(|(id, text)| record(WHAT, id, &text))
        })
        .collect()
    }

    /// Earlier deliveries of a request's target that ended without anybody knowing whether they arrived, oldest first.
    ///
    /// # Errors
    /// When the ledger cannot be read, and not one of them: whoever did not know of it would import a second time.
    pub fn lost_deliveries(
        &self,
        request: RequestId,
        index: u32,
        before: DeliveryId,
    ) -> Result<Vec<Delivery>, LedgerError> {
        let connection = self.connection();
        let mut statement = connection.prepare_cached(
            "SELECT id, body FROM deliveries WHERE request = ?1 AND ordinal = ?2 AND id < ?3 AND state = 'failed' ORDER BY id",
        )?;
        let rows = statement.query_map(
            params![number(request.0), index, number(before.0)],
            numbered,
        )?;
        let mut lost = Vec::new();
        for row in rows {
            let (id, text) = row?;
            let delivery: Delivery = record(WHAT, id, &text)?;
            if delivery.importing_since.is_some() && delivery.target.place.is_none() {
                lost.push(delivery);
            }
        }
        Ok(lost)
    }

    /// Deliveries, newest first.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn deliveries(&self, filter: &DeliveryFilter) -> Result<Vec<Delivery>, LedgerError> {
        let connection = self.connection();
        let mut statement = connection.prepare_cached(
            "SELECT id, body FROM deliveries
             WHERE (?1 IS NULL OR request = ?1) AND (?2 IS NULL OR connector = ?2) AND (?3 IS NULL OR state = ?3)
             ORDER BY id DESC LIMIT ?4",
        )?;
        let rows = statement.query_map(
            params![
                filter.request.map(|id| number(id.0)),
                filter.connector.as_ref().map(ConnectorId::as_str),
                filter.state.map(DeliveryState::word),
                filter.limit.map_or(-1, |limit| number(limit as u64)),
            ],
            numbered,
        )?;
        self.readable(WHAT, rows)
    }

    /// Imports that this sensor made at a place in the 365 days before `now`.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn imports_made(
        &self,
        account: &str,
        region: &str,
        now: Millis,
    ) -> Result<u32, LedgerError> {
        Ok(self.connection().query_row(
            "SELECT count(*) FROM imports WHERE account = ?1 AND region = ?2 AND at > ?3",
            params![account, region, now - YEAR],
            |row| row.get(0),
        )?)
    }

    /// Deliveries to a place that have not ended.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn imports_planned(&self, account: &str, region: &str) -> Result<u32, LedgerError> {
        Ok(self.connection().query_row(
            "SELECT count(*) FROM deliveries WHERE account = ?1 AND region = ?2 AND state IN ('waiting', 'importing')",
            params![account, region],
            |row| row.get(0),
        )?)
    }
}

/// Failed ones wait again, and those that wait go on at once. What may have arrived is looked for before it is sent
/// again. How many had failed.
pub(super) fn reopen(
    transaction: &Transaction<'_>,
    issuance: IssuanceId,
    now: Millis,
) -> Result<usize, LedgerError> {
    let mut failed = 0;
    for mut delivery in of_issuance(transaction, issuance)? {
        if delivery.state != DeliveryState::Failed && delivery.state.is_over() {
            continue;
        }
        if delivery.state == DeliveryState::Failed {
            failed += 1;
            let taken = delivery.target.place.is_some() && !delivery.in_place;
            delivery.state = match delivery.importing_since {
                Some(_) if taken => DeliveryState::Imported,
                Some(_) => DeliveryState::Importing,
                None => DeliveryState::Waiting,
            };
            delivery.attempts = 0;
        }
        delivery.setback = None;
        delivery.due_at = Some(now);
        delivery.updated_at = now;
        let note = Note::new(now, "retry", delivery.target.to_string());
        write(transaction, &delivery, &note)?;
    }
    Ok(failed)
}

/// Nothing more comes of those that are still open: their issuance has ended.
pub(super) fn close(
    transaction: &Transaction<'_>,
    issuance: IssuanceId,
    now: Millis,
) -> Result<(), LedgerError> {
    for mut delivery in of_issuance(transaction, issuance)? {
        delivery.state = match delivery.state {
            DeliveryState::Waiting => DeliveryState::GivenUp,
            // Something of it may be there.
            DeliveryState::Importing | DeliveryState::Imported => DeliveryState::Failed,
            _ => continue,
        };
        delivery.due_at = None;
        delivery.updated_at = now;
        update(transaction, &delivery)?;
    }
    Ok(())
}

fn of_issuance(
    transaction: &Transaction<'_>,
    issuance: IssuanceId,
) -> Result<Vec<Delivery>, LedgerError> {
    let mut statement = transaction
        .prepare_cached("SELECT id, body FROM deliveries WHERE issuance = ?1 ORDER BY ordinal")?;
    let rows = statement.query_map([number(issuance.0)], numbered)?;
    rows.map(|row| row.map_err(LedgerError::from))
        .map(|row| row.and_then(|(id, text)| record(WHAT, id, &text)))
        .collect()
}

/// Its number is given here.
pub(super) fn add(transaction: &Transaction<'_>, delivery: &Delivery) -> Result<(), LedgerError> {
    let target = &delivery.target;
    transaction.execute(
        "INSERT INTO deliveries (issuance, request, ordinal, connector, account, region, state, body)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, '{}')",
        params![
            number(delivery.issuance.0),
            number(delivery.request.0),
            delivery.index,
            target.connector.as_str(),
            target.account,
            target.region,
            delivery.state.word(),
        ],
    )?;
    let mut made = delivery.clone();
    made.id = DeliveryId(transaction.last_insert_rowid().cast_unsigned());
    update(transaction, &made)
}

fn write(
    transaction: &Transaction<'_>,
    delivery: &Delivery,
    note: &Note,
) -> Result<(), LedgerError> {
    update(transaction, delivery)?;
    let about = (delivery.request, Some(delivery.issuance), Some(delivery.id));
    journal::write(transaction, about, note)
}

fn update(transaction: &Transaction<'_>, delivery: &Delivery) -> Result<(), LedgerError> {
    transaction.execute(
        "UPDATE deliveries SET state = ?2, body = ?3 WHERE id = ?1",
        params![
            number(delivery.id.0),
            delivery.state.word(),
            body(WHAT, delivery.id.0, delivery)?
        ],
    )?;
    Ok(())
}
