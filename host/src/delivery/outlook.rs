//! What an issuance leaves to be done: the next date, the targets that it did not reach, the issuer's own word.
//! Above: `finish`, `round`. Below: `in_use`, the issuers, `model::profile`'s rule.
//! Invariant: something that is in use and will end, or has ended, always has a next date while its request is active and
//! renewed by itself.

use super::engine::{Engine, EngineError, Halt, Step};
use super::in_use::{CertificateInUse, in_use};
use crate::issuer::Issuer;
use crate::ledger::{LedgerError, Note};
use crate::model::enrollment::{
    Delivery, DeliveryState, Issuance, IssuanceState, Issued, Outlook, Request, RequestState,
    Source,
};
use crate::model::id::{IssuerId, RequestId};
use crate::model::issuer::RenewalWindow;
use crate::model::profile::{Life, RenewalRule, RenewalSpan};
use crate::model::time::Millis;
use std::sync::Arc;

/// What was refused is tried anew after this long, for as long as something is in use.
const ANEW: Millis = 24 * 3_600_000;
/// So many certificates in a row that no target took, and the next tries come less often: each costs the CA's quota, which
/// others need too.
const COSTLY: usize = 3;
const SELDOM: Millis = 7 * ANEW;
/// What has ended is missed for so long.
const CARED_FOR: Millis = 30 * ANEW;
/// When an issuer that did not answer is asked again when to renew.
const ASK_LATER: Millis = 6 * 3_600_000;
/// A date that moves by less is not told.
const WORTH_TELLING: Millis = 3_600_000;
/// Requests whose issuer is asked in one turn.
const ASKED_AT_ONCE: usize = 32;

/// What comes next for a request.
#[derive(Debug, Clone, Default)]
pub(super) struct Next {
    /// When its next issuance begins.
    pub(super) begin_at: Option<Millis>,
    /// When the certificate of this issuance is to be renewed.
    due_at: Option<Millis>,
    ask_at: Option<Millis>,
    /// Whether somebody uses the certificate now.
    pub(super) is_somewhere: bool,
}

impl Engine {
    /// When the request's next issuance begins.
    pub(super) async fn next(
        &self,
        issuance: &Issuance,
        request: &Request,
        deliveries: &[Delivery],
    ) -> Step<Next> {
        let somewhere = is_somewhere(deliveries);
        let mut next = Next {
            is_somewhere: somewhere && issuance.issued.is_some(),
            ..Next::default()
        };
        if request.state != RequestState::Active || request.source != Source::Issued {
            return Ok(next);
        }
        let anew = self.now() + self.pause(issuance, request).await?;
        let Some(issued) = issuance.issued.as_ref().filter(|_| somewhere) else {
            // Something is in use and will end, or has: nobody has to ask again.
            next.begin_at = request.expires_at.map(|_| anew);
            if request.expires_at.is_some_and(|end| end <= self.now()) {
                tracing::error!(request = %request.id, "its certificate has expired and could not be renewed");
            }
            return Ok(next);
        };
        let Ok(profile) = self.profile(request).await else {
            tracing::error!(request = %request.id, profile = %request.profile, "cannot be renewed: its profile is gone");
            next.begin_at = Some(anew);
            return Ok(next);
        };
        let issuer = issuance.issuer.as_ref().unwrap_or(&profile.issuer);
        let (span, ask_at) = self.window(issuer, &profile.renewal, &issued.leaf).await;
        next.ask_at = ask_at;
        next.due_at = profile.renewal.due(life(issued), span, request.id.0);
        let all = deliveries
            .iter()
            .all(|one| one.state == DeliveryState::Verified);
        next.begin_at = next.due_at.map(|due| if all { due } else { due.min(anew) });
        Ok(next)
    }

    /// How long to wait before what was refused is tried anew.
    async fn pause(&self, issuance: &Issuance, request: &Request) -> Step<Millis> {
        if issuance.issued.is_none() {
            return Ok(ANEW);
        }
        let (id, this) = (request.id, issuance.id);
        let all = self.ledger(move |ledger| ledger.issuances(id)).await?;
        let in_vain = |one: &&Issuance| one.state == IssuanceState::Failed && one.issued.is_some();
        let before = all.iter().filter(|one| one.id != this);
        let times = before.take_while(in_vain).count();
        let doublings = (times + 1).saturating_sub(COSTLY).min(3);
        let pause = (ANEW << doublings).min(SELDOM);
        let left = request.expires_at.map(|end| end - self.now());
        // As long as somebody may care, its end comes first.
        let hurries = left.is_some_and(|left| (-CARED_FOR..2 * pause).contains(&left));
        Ok(if hurries { ANEW } else { pause })
    }

    /// The issuer's word on when to renew, and when to ask it again; nothing of it can fail an issuance.
    async fn window(
        &self,
        issuer: &IssuerId,
        rule: &RenewalRule,
        leaf: &[u8],
    ) -> (Option<RenewalSpan>, Option<Millis>) {
        if !rule.follow_issuer || !rule.automatic {
            return (None, None);
        }
        let later = Some(self.now() + ASK_LATER);
        let opened: Result<Arc<dyn Issuer>, _> = self.ground.issuers.open(issuer).await;
        let asked = match opened {
            Ok(issuer) => issuer.renewal_window(leaf).await,
            Err(error) => {
                tracing::warn!(%error, "the issuer could not be asked when to renew");
                return (None, later);
            }
        };
        match asked {
            Ok(Some(window)) => {
                let span = RenewalSpan {
                    start: window.start,
                    end: window.end,
                };
                (Some(span), Some(self.now() + again(&window)))
            }
            Ok(None) => (None, None),
            Err(error) => {
                tracing::warn!(%error, "the issuer did not tell when to renew");
                (None, later)
            }
        }
    }

    /// What issuers are to be asked beside orders: revocations, and dates that they may have changed.
    ///
    /// # Errors
    /// When the ledger cannot be read or written.
    pub async fn tidy(&self) -> Result<(), EngineError> {
        self.revoke_due().await?;
        self.ask_again().await
    }

    /// Asks issuers again whether they want a certificate renewed at another date.
    async fn ask_again(&self) -> Result<(), EngineError> {
        let now = self.now();
        let due = self
            .ledger(move |ledger| ledger.requests_to_ask(now, ASKED_AT_ONCE))
            .await?;
        for request in due {
            match self.ask_one(request).await {
                // One that cannot be read has been told where it is listed; the others are asked about.
                Ok(())
                | Err(Halt::Own(EngineError::Ledger(
                    LedgerError::Overtaken { .. } | LedgerError::Record { .. },
                ))) => {}
                Err(Halt::Own(error)) => return Err(error),
                Err(Halt::World(error)) => {
                    tracing::warn!(%request, %error, "could not be asked when to renew");
                }
            }
        }
        Ok(())
    }

    async fn ask_one(&self, id: RequestId) -> Step {
        let before = self.ledger(move |ledger| ledger.request(id)).await?;
        let mut after = before.clone();
        after.outlook.ask_at = Some(self.now() + ASK_LATER);
        let mut note = None;
        // One that is under way, or behind, has a nearer date than any that the issuer could tell.
        if let (Some(planned), true, Some(in_use)) = (
            before.renew_at,
            before.outlook.behind.is_empty(),
            self.in_use_if_readable(id).await?,
        ) && let Ok(profile) = self.profile(&before).await
        {
            let issuer = in_use.issuer.as_ref().unwrap_or(&profile.issuer);
            let (span, ask_at) = self
                .window(issuer, &profile.renewal, &in_use.issued.leaf)
                .await;
            after.outlook.ask_at = ask_at;
            if span.is_some() {
                let due = profile.renewal.due(life(&in_use.issued), span, id.0);
                after.renew_at = due;
                after.outlook.due_at = due;
                note = moved(planned, due, self.now());
            }
        }
        Ok(self
            .ledger(move |ledger| ledger.change_request(&before, &after, note.as_ref()))
            .await?)
    }

    /// A record that cannot be read keeps no other request from being asked about.
    async fn in_use_if_readable(
        &self,
        id: RequestId,
    ) -> Result<Option<CertificateInUse>, EngineError> {
        match self.in_use(id).await {
            Err(EngineError::Ledger(error @ LedgerError::Record { .. })) => {
                tracing::error!(request = %id, %error, "its issuer is not asked when to renew");
                Ok(None)
            }
            in_use => in_use,
        }
    }

    /// The newest certificate of a request that somebody uses.
    pub(super) async fn in_use(
        &self,
        request: RequestId,
    ) -> Result<Option<CertificateInUse>, EngineError> {
        let all = self.ledger(move |ledger| in_use(ledger, request)).await?;
        Ok(all.into_iter().next())
    }
}

fn life(issued: &Issued) -> Life {
    Life {
        not_before: issued.not_before,
        not_after: issued.not_after,
    }
}

fn again(window: &RenewalWindow) -> Millis {
    Millis::try_from(window.ask_again.as_millis()).unwrap_or(ASK_LATER)
}

fn moved(planned: Millis, due: Option<Millis>, now: Millis) -> Option<Note> {
    let due = due.filter(|due| due.abs_diff(planned) >= WORTH_TELLING.unsigned_abs())?;
    let way = if due < planned { "earlier" } else { "later" };
    let hours = due.abs_diff(planned) / WORTH_TELLING.unsigned_abs();
    let detail = format!("the issuer wants it renewed {hours} hours {way} than planned");
    Some(Note::new(now, "renewal-moved", detail))
}

/// What is in use now, and when to go on.
pub(super) fn learn(
    request: &mut Request,
    issuance: &Issuance,
    deliveries: &[Delivery],
    next: &Next,
) {
    for delivery in deliveries {
        // A place that was taken is the request's from now on, even if it could not be read back.
        if let (Some(place), Some(target)) = (
            &delivery.target.place,
            request.targets.get_mut(delivery.index as usize),
        ) {
            target.place = Some(place.clone());
        }
    }
    if let Some(issued) = issuance.issued.as_ref().filter(|_| next.is_somewhere) {
        reached(request, issued, deliveries, next);
    }
    // What the others have may be due before this one.
    let others = request.outlook.due_at.filter(|_| next.is_somewhere);
    request.renew_at = next.begin_at.map(|at| others.map_or(at, |due| at.min(due)));
    request.updated_at = issuance.updated_at;
}

/// Some targets have the new certificate: all of them, unless it was only for those that were behind.
fn reached(request: &mut Request, issued: &Issued, deliveries: &[Delivery], next: &Next) {
    let full = deliveries.len() == request.targets.len();
    let Outlook {
        behind,
        ends_at,
        due_at,
        ask_at,
    } = &mut request.outlook;
    for delivery in deliveries {
        behind.retain(|index| *index != delivery.index);
        if delivery.state != DeliveryState::Verified {
            behind.push(delivery.index);
        }
    }
    let sooner = |one: Option<Millis>, other: Option<Millis>| match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    };
    let before = if full { None } else { *ends_at };
    *ends_at = sooner(before, Some(issued.not_after));
    *due_at = sooner(if full { None } else { *due_at }, next.due_at);
    *ask_at = next.ask_at;
    request.expires_at = if behind.is_empty() {
        *ends_at
    } else {
        sooner(request.expires_at, *ends_at)
    };
}

/// Whether somebody uses it now: a place of ours, or the operator who brought the signing request.
fn is_somewhere(deliveries: &[Delivery]) -> bool {
    deliveries.is_empty()
        || deliveries
            .iter()
            .any(|one| one.state == DeliveryState::Verified)
}
