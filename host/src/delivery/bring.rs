//! One delivery: written down, brought, read back.
//! Above: `engine`. Below: `recover` when nobody knows whether it arrived; the places.
//! Invariant: a place that does not exist yet is asked for once; after that the cloud is searched before it is asked again.

use super::engine::{Engine, Step, told, world};
use super::failpoint::failpoint;
use super::patience::{self, Verdict};
use super::ports::Place;
use super::preflight::whither;
use super::queue::Errand;
use crate::backend::PrivateKey;
use crate::ledger::Note;
use crate::model::delivery::Material;
use crate::model::enrollment::{Delivery, DeliveryState, Issuance, IssuanceState, Issued, Request};
use crate::model::problem::{ErrorClass, OperationError};
use crate::model::time::Millis;
use futures::future::join_all;

/// How long a key is kept for a delivery that failed, for the operator to mend what was in the way.
pub(super) const KEPT_FOR_RETRY: Millis = 24 * 3_600_000;
/// So many calls whose end nobody saw, each looked into, and somebody has to.
const MOST_ATTEMPTS: u32 = 5;
/// When the place is looked at after such a call.
const FIRST_LOOK: Millis = 5_000;
/// When a new place is read back again if it does not show what was brought (eventual consistency).
const READ_BACK: &[Millis] = &[1_000, 2_000, 5_000, 15_000, 60_000, 300_000, 600_000];

/// What all deliveries of one issuance share.
pub(super) struct Load<'a> {
    pub(super) issuance: &'a Issuance,
    pub(super) issued: &'a Issued,
    pub(super) request: &'a Request,
    /// Why nothing more is to be sent.
    pub(super) ended: Option<&'static str>,
}

impl Engine {
    /// Brings every delivery as far as it goes, each for itself.
    pub(super) async fn bring_all(
        &self,
        mut issuance: Issuance,
        request: &Request,
        ended: Option<&'static str>,
    ) -> Step {
        let issued = issuance.issued.clone().ok_or_else(|| {
            let message = "a delivery without a certificate";
            world(OperationError::new(
                ErrorClass::Internal,
                "no-certificate",
                message,
            ))
        })?;
        let id = issuance.id;
        let deliveries = self.ledger(move |ledger| ledger.deliveries_of(id)).await?;
        let load = Load {
            issuance: &issuance,
            issued: &issued,
            request,
            ended,
        };
        let now = self.now();
        let is_due = |one: &Delivery| {
            let unsent = ended.is_some() && one.state == DeliveryState::Waiting;
            unsent || one.due_at.is_none_or(|due| due <= now)
        };
        let open = deliveries
            .into_iter()
            .filter(|one| !one.state.is_over() && is_due(one))
            .map(|one| self.bring(&load, one));
        // Each is told in its own record; the first trouble of the sensor's own ends the turn.
        join_all(open)
            .await
            .into_iter()
            .collect::<Step<Vec<()>>>()?;
        let deliveries = self.ledger(move |ledger| ledger.deliveries_of(id)).await?;
        let failed = deliveries
            .iter()
            .filter(|one| one.state == DeliveryState::Failed)
            .count();
        let over = deliveries.iter().all(|one| one.state.is_over());
        let now = self.now();
        let until = kept_until(&deliveries);
        if over && (failed == 0 || until <= now || ended.is_some()) {
            let arrived = |one: &&Delivery| one.state == DeliveryState::Verified;
            let arrived = deliveries.iter().filter(arrived).count();
            let detail = format!("{arrived} delivered, {failed} failed");
            failpoint!("delivered.before");
            self.enter(issuance, IssuanceState::KeyDropping, detail)
                .await?;
            failpoint!("delivered.kept");
            return Ok(());
        }
        // Only failed ones are left: somebody has to mend what they met, and retry.
        issuance.resting_since = over.then(|| issuance.resting_since.unwrap_or(now));
        let next = deliveries.iter().filter_map(|one| one.due_at).min();
        issuance.due_at = Some(next.unwrap_or(until).max(now + 1));
        if ended.is_none() && self.ended_by_now(&issuance).await?.is_some() {
            issuance.due_at = Some(now + 1);
        }
        Ok(self.keep(issuance, None).await?)
    }

    /// One delivery, as far as it goes now. The world's refusals end in its record.
    async fn bring(&self, load: &Load<'_>, delivery: Delivery) -> Step {
        let id = delivery.id;
        match self.bring_on(load, delivery).await {
            Err(super::engine::Halt::World(error)) => {
                let delivery = self.ledger(move |ledger| ledger.delivery(id)).await?;
                self.delivery_set_back(delivery, error).await
            }
            other => other,
        }
    }

    async fn bring_on(&self, load: &Load<'_>, mut delivery: Delivery) -> Step {
        let place = self
            .ground
            .places
            .open(&delivery.target.connector)
            .await
            .map_err(world)?;
        if delivery.state == DeliveryState::Importing {
            let Some(found) = self.recover(&*place, load, delivery).await? else {
                return Ok(());
            };
            delivery = found;
        }
        if let (DeliveryState::Waiting, Some(why)) = (delivery.state, load.ended) {
            return self.give_up_delivery(delivery, why).await;
        }
        if delivery.state == DeliveryState::Waiting && delivery.untried {
            delivery = self.try_now(load.request, delivery).await?;
        }
        if delivery.state == DeliveryState::Waiting && !delivery.in_place {
            delivery = self.look_for_earlier(&*place, delivery).await?;
        }
        if delivery.state == DeliveryState::Failed {
            return Ok(());
        }
        if delivery.state == DeliveryState::Waiting {
            let _way = self.queue.enter(&delivery.target, Errand::Import).await;
            if let Some(why) = self.ended_by_now(load.issuance).await? {
                return self.give_up_delivery(delivery, why).await;
            }
            let key = self.key(load.issuance).await?;
            let Some(sent) = self.send(&*place, load, delivery, &key).await? else {
                return Ok(());
            };
            delivery = sent;
        }
        self.read_back(&*place, load, delivery).await
    }

    /// Writes down that it is being brought, then brings it.
    pub(super) async fn send(
        &self,
        place: &dyn Place,
        load: &Load<'_>,
        mut delivery: Delivery,
        key: &PrivateKey,
    ) -> Step<Option<Delivery>> {
        let now = self.now();
        delivery.state = DeliveryState::Importing;
        delivery.importing_since = Some(now);
        delivery.attempts += 1;
        delivery.due_at = Some(now);
        failpoint!("import.before");
        self.keep_delivery(&delivery, "importing", attempt(&delivery))
            .await?;
        failpoint!("import.written");
        let tags = if delivery.in_place {
            Vec::new()
        } else {
            self.tags_of(load.request, Some(&delivery))
        };
        let material = Material {
            leaf: load.issued.leaf.clone(),
            chain: load.issued.chain.clone(),
            tags,
        };
        let sent = place
            .deliver(&whither(&delivery.target), &material, key)
            .await;
        failpoint!("import.after");
        match sent {
            Ok(id) => self.arrived(delivery, id, "taken").await.map(Some),
            Err(error) if was_refused(&error) => {
                delivery.state = DeliveryState::Waiting;
                delivery.importing_since = None;
                delivery.attempts -= 1;
                self.keep_delivery(&delivery, "not-taken", told(&error))
                    .await?;
                Err(world(error))
            }
            Err(error) => self.unsure(delivery, error).await.map(|()| None),
        }
    }

    /// Nobody saw how it ended: the place is looked at before anything else.
    async fn unsure(&self, mut delivery: Delivery, error: OperationError) -> Step {
        // In its place the same again does no harm, for as long as it takes.
        if delivery.attempts >= MOST_ATTEMPTS && !delivery.in_place {
            return self.fail_delivery(delivery, error).await;
        }
        let setback = patience::after(delivery.setback.as_ref(), error, self.now());
        delivery.due_at =
            Some(self.now() + FIRST_LOOK.max(patience::wait(&setback, delivery.id.0)));
        let detail = format!("not known whether it arrived: {}", told(&setback.error));
        delivery.setback = Some(setback);
        self.keep_delivery(&delivery, "unsure", detail).await
    }

    /// The cloud has it, at this place.
    pub(super) async fn arrived(
        &self,
        mut delivery: Delivery,
        id: String,
        how: &'static str,
    ) -> Step<Delivery> {
        let now = self.now();
        delivery.state = DeliveryState::Imported;
        delivery.target.place = Some(id.clone());
        delivery.due_at = Some(now);
        delivery.setback = None;
        delivery.updated_at = now;
        let note = Note::new(now, "imported", format!("{how}: {id}"));
        let kept = delivery.clone();
        self.ledger(move |ledger| ledger.put_arrival(&kept, &note))
            .await?;
        failpoint!("import.kept");
        Ok(delivery)
    }

    /// What stands at the place must be ours to the last byte.
    async fn read_back(&self, place: &dyn Place, load: &Load<'_>, delivery: Delivery) -> Step {
        let target = whither(&delivery.target);
        failpoint!("verify.before");
        let seen = match place.verify(&target).await {
            Ok(found) => found.leaf == load.issued.leaf,
            Err(error) if error.class == ErrorClass::NotFound => false,
            Err(error) => return Err(world(error)),
        };
        failpoint!("verify.after");
        if !seen {
            return self.look_again(delivery).await;
        }
        self.verified(place, load, delivery).await
    }

    async fn verified(&self, place: &dyn Place, load: &Load<'_>, mut delivery: Delivery) -> Step {
        if delivery.in_place {
            // Tags do not go with a renewal in place; without them the certificate is still the right one.
            let tags = self.tags_of(load.request, Some(&delivery));
            if let Err(error) = place.label(&whither(&delivery.target), &tags).await {
                if patience::verdict(&error) == Verdict::Again && !tired(&delivery) {
                    return Err(world(error));
                }
                delivery
                    .notes
                    .push(format!("its tags could not be put: {error}"));
            }
        }
        failpoint!("label.after");
        delivery.state = DeliveryState::Verified;
        delivery.due_at = None;
        delivery.setback = None;
        let detail = format!("sha256 {}", load.issued.sha256);
        self.keep_delivery(&delivery, "verified", detail).await?;
        failpoint!("verified.kept");
        Ok(())
    }

    /// The cloud does not show it yet.
    async fn look_again(&self, mut delivery: Delivery) -> Step {
        let times = delivery.setback.as_ref().map_or(0, |setback| setback.times);
        let message = "the place does not show the certificate that was brought";
        let error = OperationError::new(ErrorClass::Transient, "not-shown", message);
        let setback = patience::after(delivery.setback.as_ref(), error, self.now());
        match READ_BACK.get(times as usize) {
            Some(wait) => {
                delivery.due_at = Some(self.now() + wait);
                delivery.setback = Some(setback);
                self.keep_delivery(&delivery, "reading-back", message.to_owned())
                    .await
            }
            None => self.fail_delivery(delivery, setback.error).await,
        }
    }

    /// The world refused this delivery, or could not be reached.
    async fn delivery_set_back(&self, mut delivery: Delivery, error: OperationError) -> Step {
        if patience::verdict(&error) == Verdict::Stop {
            return self.fail_delivery(delivery, error).await;
        }
        let setback = patience::after(delivery.setback.as_ref(), error, self.now());
        delivery.due_at = Some(self.now() + patience::wait(&setback, delivery.id.0));
        let detail = told(&setback.error);
        delivery.setback = Some(setback);
        self.keep_delivery(&delivery, "set-back", detail).await
    }

    pub(super) async fn fail_delivery(
        &self,
        mut delivery: Delivery,
        error: OperationError,
    ) -> Step {
        let setback = patience::after(delivery.setback.as_ref(), error, self.now());
        tracing::info!(delivery = %delivery.id, target = %delivery.target, error = %setback.error, "delivery failed");
        delivery.state = DeliveryState::Failed;
        delivery.due_at = None;
        let detail = told(&setback.error);
        delivery.setback = Some(setback);
        self.keep_delivery(&delivery, "failed", detail).await
    }

    pub(super) async fn keep_delivery(
        &self,
        delivery: &Delivery,
        what: &'static str,
        detail: String,
    ) -> Step {
        let mut kept = delivery.clone();
        kept.updated_at = self.now();
        let note = Note::new(self.now(), what, detail);
        Ok(self
            .ledger(move |ledger| ledger.put_delivery(&kept, &note))
            .await?)
    }

    /// What marks a certificate as this sensor's, and what the operator wants on it.
    pub(super) fn tags_of(
        &self,
        request: &Request,
        delivery: Option<&Delivery>,
    ) -> Vec<(String, String)> {
        let mut tags: Vec<(String, String)> = request
            .tags
            .iter()
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        tags.push(("sensor-id".to_owned(), self.sensor.clone()));
        tags.push(("sensor-request".to_owned(), request.id.to_string()));
        tags.extend(delivery.map(|delivery| self.trace_tag(delivery)));
        tags
    }

    /// The tag by which a delivery is known again.
    pub(super) fn trace_tag(&self, delivery: &Delivery) -> (String, String) {
        (
            "sensor-delivery".to_owned(),
            format!("{}/{}", self.sensor, delivery.id),
        )
    }
}

/// Whether tags were tried for long enough: the certificate itself is where it belongs.
fn tired(delivery: &Delivery) -> bool {
    delivery
        .setback
        .as_ref()
        .is_some_and(|setback| setback.times >= MOST_ATTEMPTS)
}

fn attempt(delivery: &Delivery) -> String {
    match delivery.attempts {
        1 => delivery.target.to_string(),
        more => format!("{}, attempt {more}", delivery.target),
    }
}

/// Until then a failed delivery may be retried with the same key.
fn kept_until(deliveries: &[Delivery]) -> Millis {
    let failed = deliveries
        .iter()
        .filter(|one| one.state == DeliveryState::Failed);
    let last = failed
        .filter_map(|one| one.setback.as_ref())
        .map(|setback| setback.at)
        .max();
    last.map_or(0, |last| last + KEPT_FOR_RETRY)
}

/// A definite refusal: nothing was done. After anything else the place has to be looked at.
fn was_refused(error: &OperationError) -> bool {
    matches!(
        error.class,
        ErrorClass::Config
            | ErrorClass::AccessDenied
            | ErrorClass::AuthExpired
            | ErrorClass::Throttled
            | ErrorClass::NotFound
            | ErrorClass::Conflict
            | ErrorClass::Unsupported
            | ErrorClass::LimitExceeded
    )
}
