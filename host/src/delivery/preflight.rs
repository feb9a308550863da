//! What would refuse a delivery, asked before anything is ordered.
//! Above: `issue`, `app` (dry runs). Below: the places.
//! Invariant: a target that would refuse is told as failed and orders nothing; the others go on.

use super::engine::{Engine, Step, told, world};
use super::patience::{Verdict, verdict};
use super::ports::Place;
use super::queue::Errand;
use crate::ledger::Note;
use crate::model::check::{CheckStatus, Finding};
use crate::model::delivery::{Planned, Target};
use crate::model::enrollment::{Delivery, DeliveryState, Issuance, Request, Setback, Wish};
use crate::model::problem::{ErrorClass, OperationError};
use crate::model::profile::{Custody, Profile};

/// What came of one target's preflight.
#[derive(Debug, Clone)]
pub struct Preflight {
    pub target: Wish,
    pub findings: Vec<Finding>,
}

/// What came of all of them.
#[derive(Debug, Default)]
pub(super) struct Tried {
    /// Targets that would take the certificate.
    pub(super) willing: usize,
    /// Why one could not be asked now.
    pub(super) unreached: Option<OperationError>,
}

impl Preflight {
    /// What forbids the delivery, each with what to do about it; none when nothing does.
    #[must_use]
    pub fn refusal(&self) -> Option<String> {
        let failures: Vec<String> = self
            .findings
            .iter()
            .filter(|finding| finding.status == CheckStatus::Failure)
            .map(|finding| match &finding.advice {
                Some(advice) => format!("{} ({advice})", finding.message),
                None => finding.message.clone(),
            })
            .collect();
        (!failures.is_empty()).then(|| failures.join("; "))
    }
}

impl Engine {
    /// Tries every delivery that waits.
    pub(super) async fn preflight(
        &self,
        issuance: &Issuance,
        request: &Request,
        profile: &Profile,
    ) -> Step<Tried> {
        let id = issuance.id;
        let deliveries = self.ledger(move |ledger| ledger.deliveries_of(id)).await?;
        let mut tried = Tried::default();
        for delivery in deliveries {
            if delivery.state != DeliveryState::Waiting {
                continue;
            }
            let way = self.queue.enter(&delivery.target, Errand::Preflight).await;
            let answer = self.try_target(&delivery.target, request, profile).await;
            drop(way);
            match answer {
                Ok(preflight) => match preflight.refusal() {
                    None => {
                        self.note_tried(delivery).await?;
                        tried.willing += 1;
                    }
                    Some(why) => {
                        let error = OperationError::new(ErrorClass::Config, "preflight", why);
                        self.refuse(delivery, error).await?;
                    }
                },
                Err(error) if verdict(&error) == Verdict::Again => {
                    self.note_untried(delivery).await?;
                    tried.unreached = Some(error);
                }
                Err(error) => self.refuse(delivery, error).await?,
            }
        }
        Ok(tried)
    }

    /// If the others go on without it, it is tried before anything is sent there.
    async fn note_untried(&self, mut delivery: Delivery) -> Step {
        if delivery.untried {
            return Ok(());
        }
        delivery.untried = true;
        let told = "its place could not be asked yet".to_owned();
        self.keep_delivery(&delivery, "unreached", told).await
    }

    async fn note_tried(&self, mut delivery: Delivery) -> Step {
        if !delivery.untried {
            return Ok(());
        }
        delivery.untried = false;
        self.keep_delivery(&delivery, "reached", String::new())
            .await
    }

    /// Tries a delivery whose place could not be asked before the order; it is failed afterwards if that would refuse.
    pub(super) async fn try_now(
        &self,
        request: &Request,
        mut delivery: Delivery,
    ) -> Step<Delivery> {
        let profile = self.profile(request).await?;
        let way = self.queue.enter(&delivery.target, Errand::Preflight).await;
        let tried = self.try_target(&delivery.target, request, &profile).await;
        drop(way);
        match tried.map_err(world)?.refusal() {
            None => {
                delivery.untried = false;
                Ok(delivery)
            }
            Some(why) => {
                let id = delivery.id;
                let error = OperationError::new(ErrorClass::Config, "preflight", why);
                self.refuse(delivery, error).await?;
                Ok(self.ledger(move |ledger| ledger.delivery(id)).await?)
            }
        }
    }

    /// Asks one target what it would refuse.
    ///
    /// # Errors
    /// When the place cannot be opened or asked.
    pub async fn try_target(
        &self,
        target: &Wish,
        request: &Request,
        profile: &Profile,
    ) -> Result<Preflight, OperationError> {
        let place = self.ground.places.open(&target.connector).await?;
        let now = self.now();
        let (account, region) = (target.account.clone(), target.region.clone());
        let counted = self
            .ledger(move |ledger| {
                let made = ledger.imports_made(&account, &region, now)?;
                Ok((made, ledger.imports_planned(&account, &region)?))
            })
            .await;
        let (made, planned) = counted.map_err(|error| {
            OperationError::new(ErrorClass::Internal, "ledger", error.to_string())
        })?;
        let planned = Planned {
            names: request.names.clone(),
            key_algorithm: profile.key_type.acm().to_owned(),
            key_usages: words(&profile.key_usages, |usage| usage.acm()),
            extended_key_usages: words(&profile.extended_key_usages, |usage| usage.acm()),
            issuer_key_algorithm: self.signing_key(profile).await,
            tags: self.tags_of(request, None),
            imports_planned: planned.max(1),
            imports_made: made,
            park: profile.custody == Custody::SecretsManager,
        };
        let target_of = whither(target);
        if target.place.is_none() {
            let findings = self
                .memo
                .first(&*place, target, &target_of, &planned)
                .await?;
            let target = target.clone();
            return Ok(Preflight { target, findings });
        }
        let mut findings = place.preflight(&target_of, &planned).await?;
        findings.extend(self.owner(&*place, &target_of).await?);
        Ok(Preflight {
            target: target.clone(),
            findings,
        })
    }

    /// Fact 18: ACM's reference wants leaf and issuer to have keys of one algorithm.
    async fn signing_key(&self, profile: &Profile) -> Option<String> {
        let issuer = self.ground.issuers.open(&profile.issuer).await.ok()?;
        issuer.signing_key().await
    }

    /// Two sensors that renew one certificate would undo each other's work.
    async fn owner(
        &self,
        place: &dyn Place,
        target: &Target,
    ) -> Result<Option<Finding>, OperationError> {
        let found = match place.verify(target).await {
            Ok(found) => found,
            Err(error) if error.class == ErrorClass::NotFound => {
                let message = "the certificate to be renewed in place is not there any more";
                return Ok(Some(failure(
                    "place-gone",
                    target,
                    message.to_owned(),
                    Some("cancel this request and make a new one, which makes a new certificate"),
                )));
            }
            Err(error) => return Err(error),
        };
        let other = found
            .tags
            .iter()
            .find(|(key, value)| key == "sensor-id" && *value != self.sensor);
        Ok(other.map(|(_, other)| {
            let message = format!("another sensor ({other}) keeps this certificate");
            let advice = "let that one renew it, or remove its tag `sensor-id`";
            failure("other-sensor", target, message, Some(advice))
        }))
    }

    async fn refuse(&self, mut delivery: Delivery, error: OperationError) -> Step {
        let now = self.now();
        let note = Note::new(now, "refused", told(&error));
        delivery.state = DeliveryState::Failed;
        delivery.due_at = None;
        delivery.updated_at = now;
        delivery.setback = Some(Setback {
            times: 1,
            at: now,
            error,
        });
        Ok(self
            .ledger(move |ledger| ledger.put_delivery(&delivery, &note))
            .await?)
    }
}

fn failure(code: &str, target: &Target, message: String, advice: Option<&str>) -> Finding {
    Finding {
        status: CheckStatus::Failure,
        code: code.to_owned(),
        subject: target.id.clone(),
        message,
        advice: advice.map(str::to_owned),
        statement: None,
    }
}

/// A wish as connectors read it.
pub(super) fn whither(wish: &Wish) -> Target {
    Target {
        account: wish.account.clone(),
        region: wish.region.clone(),
        id: wish.place.clone(),
    }
}

fn words<T>(usages: &[T], word: impl Fn(&T) -> &'static str) -> Vec<String> {
    usages.iter().map(|usage| word(usage).to_owned()).collect()
}
