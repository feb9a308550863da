//! How an issuance begins: the first of a request, a renewal, one that was brought.
//! Above: `turn`, `app`. Below: the ledger.
//! Invariant: a request has one issuance under way at most.

use super::engine::{Engine, EngineError, named};
use crate::ledger::{LedgerError, Note};
use crate::model::enrollment::{
    Delivery, DeliveryState, Issuance, IssuanceState, Issued, KeyPlace, Request, Source,
};
use crate::model::id::{DeliveryId, IssuanceId};
use crate::model::time::Millis;

/// What a new issuance is for.
#[derive(Debug, Clone, Default)]
pub struct Begin {
    /// For the journal.
    pub why: String,
}

impl Engine {
    /// Begins the next issuance of a request. None when one is under way, or the request was changed meanwhile.
    ///
    /// # Errors
    /// When the ledger cannot be read or written.
    pub async fn begin(
        &self,
        request: &Request,
        begin: Begin,
    ) -> Result<Option<Issuance>, EngineError> {
        let now = self.now();
        let before = request.clone();
        let mut after = request.clone();
        after.generation += 1;
        after.renew_at = None;
        after.updated_at = now;
        let in_use = self.in_use(request.id).await?;
        let issuance = Issuance {
            replaces: in_use.map(|one| hex::encode(one.issued.leaf)),
            ..blank(&after, now)
        };
        let mut planned = planned(request, now);
        if only_behind(request, now) {
            planned.retain(|one| request.outlook.behind.contains(&one.index));
        }
        let detail = format!(
            "{}, generation {}{}{}",
            named(request),
            after.generation,
            if begin.why.is_empty() { "" } else { ": " },
            begin.why
        );
        let note = Note::new(now, "planned", detail);
        let begun = self
            .ledger(move |ledger| {
                ledger.begin_issuance((&before, &after), &issuance, &planned, &note)
            })
            .await;
        match begun {
            Ok(issuance) => Ok(Some(issuance)),
            Err(EngineError::Ledger(LedgerError::Overtaken { .. })) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Whether only those targets want a certificate that the last one did not reach: the others' is not due.
fn only_behind(request: &Request, now: Millis) -> bool {
    let outlook = &request.outlook;
    !outlook.behind.is_empty() && outlook.due_at.is_none_or(|due| due > now)
}

/// First issuances go before renewals whose certificates last longer than this.
const FIRST_WANTED_IN: Millis = 24 * 3_600_000;
/// How long a key that the operator brings may take from the request to the ledger.
const UNTIL_BROUGHT: Millis = 60_000;

/// The issuance of a certificate that the operator brought: nothing is ordered, its key is on its way to the ledger.
#[must_use]
pub fn brought(request: &Request, issued: Issued, now: Millis) -> Issuance {
    Issuance {
        generation: 1,
        issued: Some(issued),
        due_at: Some(now + UNTIL_BROUGHT),
        ..blank(request, now)
    }
}

/// The next issuance of a request as it begins.
fn blank(request: &Request, now: Millis) -> Issuance {
    Issuance {
        id: IssuanceId(0),
        request: request.id,
        generation: request.generation,
        state: IssuanceState::Planned,
        csr: None,
        order: None,
        orders: 0,
        key: match request.source {
            Source::SigningRequest { .. } => KeyPlace::Operator,
            Source::Issued | Source::Brought => KeyPlace::Sensor,
        },
        issuer: None,
        issued: None,
        replaces: None,
        setback: None,
        resting_since: None,
        due_at: Some(now),
        // A renewal has until the end of the one in use; a first one is waited for, but nothing breaks meanwhile.
        urgency: request.expires_at.unwrap_or(now + FIRST_WANTED_IN),
        created_at: now,
        updated_at: now,
    }
}

/// A delivery to each target.
#[must_use]
pub fn planned(request: &Request, now: Millis) -> Vec<Delivery> {
    (0..)
        .zip(&request.targets)
        .map(|(index, target)| Delivery {
            id: DeliveryId(0),
            issuance: IssuanceId(0),
            request: request.id,
            index,
            target: target.clone(),
            state: DeliveryState::Waiting,
            in_place: target.place.is_some(),
            untried: false,
            importing_since: None,
            attempts: 0,
            setback: None,
            notes: Vec::new(),
            due_at: Some(now),
            created_at: now,
            updated_at: now,
        })
        .collect()
}
