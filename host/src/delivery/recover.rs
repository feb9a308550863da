//! Nobody knows whether a delivery arrived: looks, before anything is asked a second time.
//! Above: `bring`. Below: the places.
//! Invariant: a new place is asked for again only after the cloud was searched, could be searched, and showed nothing for
//! as long as it may take to show.

use super::bring::Load;
use super::engine::{Engine, Step, world};
use super::ports::Place;
use super::preflight::whither;
use crate::model::delivery::{Found, Trace};
use crate::model::enrollment::{Delivery, DeliveryState, Issued};
use crate::model::problem::{ErrorClass, OperationError};
use crate::model::time::Millis;

/// When the cloud is searched after a call whose end nobody saw. For imports AWS tells no figure: these are a guess.
const SEARCHES: [Millis; 3] = [5_000, 15_000, 60_000];

/// The same, or shorter where a test has no minute for each of a thousand rounds.
fn searches() -> [Millis; 3] {
    #[cfg(feature = "failpoints")]
    fail::fail_point!("search.wait", |millis| {
        let most: Millis = millis.and_then(|text| text.parse().ok()).unwrap_or(0);
        SEARCHES.map(|wait| wait.min(most))
    });
    SEARCHES
}

impl Engine {
    /// The delivery as it now is known to stand; none when it is to be looked for again later.
    pub(super) async fn recover(
        &self,
        place: &dyn Place,
        load: &Load<'_>,
        delivery: Delivery,
    ) -> Step<Option<Delivery>> {
        tracing::info!(delivery = %delivery.id, target = %delivery.target, "looking whether it arrived");
        if delivery.in_place {
            self.recover_in_place(place, load, delivery).await.map(Some)
        } else {
            self.recover_new(place, load, delivery).await
        }
    }

    /// The place is known: the same certificate again would only make it what it is.
    async fn recover_in_place(
        &self,
        place: &dyn Place,
        load: &Load<'_>,
        mut delivery: Delivery,
    ) -> Step<Delivery> {
        let target = whither(&delivery.target);
        let found = place.verify(&target).await.map_err(world)?;
        if found.leaf == load.issued.leaf {
            return self.arrived(delivery, found.id, "found in its place").await;
        }
        delivery.state = DeliveryState::Waiting;
        Ok(delivery)
    }

    async fn recover_new(
        &self,
        place: &dyn Place,
        load: &Load<'_>,
        mut delivery: Delivery,
    ) -> Step<Option<Delivery>> {
        let found = self.search(place, load.issued, &delivery).await?;
        if let Some(ours) = chosen(&found) {
            let id = ours.id.clone();
            self.clear_doubles(place, &found, &id, &mut delivery).await;
            let delivery = self.arrived(delivery, id, "found").await?;
            return Ok(Some(delivery));
        }
        let since = delivery.importing_since.unwrap_or(delivery.updated_at);
        let now = self.now();
        if let Some(next) = searches()
            .into_iter()
            .map(|wait| since + wait)
            .find(|at| *at > now)
        {
            delivery.due_at = Some(next);
            let detail = "the cloud does not show it; it may still come".to_owned();
            self.keep_delivery(&delivery, "searching", detail).await?;
            return Ok(None);
        }
        delivery.state = DeliveryState::Waiting;
        Ok(Some(delivery))
    }

    /// Everything at the place that is this certificate, by its bytes and not by its name.
    async fn search(
        &self,
        place: &dyn Place,
        issued: &Issued,
        delivery: &Delivery,
    ) -> Step<Vec<Found>> {
        let trace = Trace {
            sha256: crate::model::id::Sha256::of(&issued.leaf),
            serial: issued.serial.clone(),
            tag: self.trace_tag(delivery),
        };
        let mut found = place
            .find(&whither(&delivery.target), &trace)
            .await
            .map_err(|error| {
                if error.class == ErrorClass::AccessDenied {
                    let message = format!(
                        "nobody may look whether the certificate arrived, so it is not sent again: allow \
                         acm:SearchCertificates or acm:ListCertificates, then retry ({error})"
                    );
                    return world(OperationError::new(
                        ErrorClass::AccessDenied,
                        "needs-a-person",
                        message,
                    ));
                }
                world(error)
            })?;
        found.retain(|one| one.leaf == issued.leaf);
        Ok(found)
    }

    /// Before a new place is asked for: whether an earlier certificate of this request arrived there after all, while nobody
    /// could look. Then that is the place, and it is renewed.
    pub(super) async fn look_for_earlier(
        &self,
        place: &dyn Place,
        mut delivery: Delivery,
    ) -> Step<Delivery> {
        let (request, index, id) = (delivery.request, delivery.index, delivery.id);
        let lost = self
            .ledger(move |ledger| ledger.lost_deliveries(request, index, id))
            .await?;
        for mut earlier in lost {
            let of = earlier.issuance;
            let issuance = self.ledger(move |ledger| ledger.issuance(of)).await?;
            let Some(issued) = issuance.issued else {
                continue;
            };
            let found = self.search(place, &issued, &earlier).await?;
            earlier.importing_since = None;
            let Some(there) = chosen(&found) else {
                let told = "nothing of it is there".to_owned();
                self.keep_delivery(&earlier, "looked-for", told).await?;
                continue;
            };
            let told = format!("found after all: {}", there.id);
            delivery.target.place = Some(there.id.clone());
            delivery.in_place = true;
            // First the new one, so that a crash in between looks once more.
            let at = there.id.clone();
            self.keep_delivery(&delivery, "found-earlier", at).await?;
            earlier.target.place = Some(there.id.clone());
            self.keep_delivery(&earlier, "looked-for", told).await?;
            break;
        }
        Ok(delivery)
    }

    /// More than one: those that nothing uses and that bear our mark go.
    async fn clear_doubles(
        &self,
        place: &dyn Place,
        found: &[Found],
        kept: &str,
        delivery: &mut Delivery,
    ) {
        let mark = self.trace_tag(delivery);
        for double in found.iter().filter(|one| one.id != kept) {
            let ours = !double.in_use && double.tags.contains(&mark);
            let mut target = whither(&delivery.target);
            target.id = Some(double.id.clone());
            let gone = ours && place.withdraw(&target).await.is_ok();
            tracing::error!(id = %double.id, gone, "the certificate was there twice");
            if !gone {
                delivery
                    .notes
                    .push(format!("the same certificate also stands at {}", double.id));
            }
        }
    }
}

/// The one that is used, else the oldest.
fn chosen(found: &[Found]) -> Option<&Found> {
    found.iter().min_by_key(|one| {
        (
            !one.in_use,
            one.created_at.unwrap_or(Millis::MAX),
            one.id.clone(),
        )
    })
}
