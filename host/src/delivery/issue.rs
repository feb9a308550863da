//! From a plan to a certificate: preflight, key, order, download.
//! Above: `engine`. Below: `preflight`, `issuer`, `custody`.
//! Invariant: nothing is ordered that could not be delivered; one issuance has one key, and one order as far as the
//! issuer can tell one from two.

use super::engine::{Engine, Halt, Step, named, world};
use super::failpoint::failpoint;
use crate::custody::{CsrWanted, Keeper, read_csr};
use crate::issuer::{Issuer, IssuerErrorClass, Judged, OrderRef, Progress, Refusal, Wanted, judge};
use crate::ledger::Note;
use crate::model::enrollment::{Issuance, IssuanceState, Issued, KeyPlace, Request, Source};
use crate::model::id::IssuanceId;
use crate::model::problem::{ErrorClass, OperationError};
use crate::model::profile::Profile;
use crate::model::time::Millis;
use std::sync::Arc;

/// A target that cannot be asked is waited for so long, if the certificate in use lasts longer than that.
const WAITED_FOR: Millis = 10 * 60_000;
const ENDS_SOON: Millis = 3 * 24 * 3_600_000;
/// So many orders that came to nothing, and it is no accident.
const MOST_ORDERS: u32 = 4;

impl Engine {
    /// Tries every target before anything is made; then makes the key.
    pub(super) async fn plan(&self, mut issuance: Issuance, request: &Request) -> Step {
        let profile = self.profile(request).await?;
        let tried = self.preflight(&issuance, request, &profile).await?;
        if let Some(error) = tried.unreached
            && (tried.willing == 0 || !self.hurries(&issuance, request))
        {
            return Err(world(error));
        }
        if tried.willing == 0 && !request.targets.is_empty() {
            let message = "no target would take the certificate, so none was ordered";
            return Err(world(OperationError::new(
                ErrorClass::Config,
                "preflight",
                message,
            )));
        }
        failpoint!("key.before");
        match &request.source {
            Source::Issued => {
                let (id, key_type) = (issuance.id, profile.key_type);
                self.keys(move |keeper| keeper.make(id, key_type)).await?;
            }
            Source::SigningRequest { .. } => issuance.key = KeyPlace::Operator,
            Source::Brought => {
                let id = issuance.id;
                if !self.has_key(id).await? {
                    let message =
                        "the key that was to be brought never came: make the request again";
                    return Err(world(OperationError::new(
                        ErrorClass::Config,
                        "no-key",
                        message,
                    )));
                }
                return Ok(self
                    .enter(issuance, IssuanceState::Issued, "brought by the operator")
                    .await?);
            }
        }
        issuance.issuer = Some(profile.issuer.clone());
        failpoint!("key.after");
        self.enter(issuance, IssuanceState::KeyMade, "").await?;
        failpoint!("key.kept");
        Ok(())
    }

    /// Whether the others go on without a target that cannot be asked.
    fn hurries(&self, issuance: &Issuance, request: &Request) -> bool {
        let now = self.now();
        let ends_soon = request.expires_at.is_some_and(|end| end - now < ENDS_SOON);
        ends_soon || now - issuance.created_at >= WAITED_FOR
    }

    async fn has_key(&self, id: IssuanceId) -> Step<bool> {
        let all = self.keys(Keeper::keys).await?;
        Ok(all.iter().any(|key| key.issuance == id))
    }

    /// Keeps the signed request, then says that the issuer is going to be asked. A second signature by an EC key would
    /// be another request.
    pub(super) async fn begin_order(&self, mut issuance: Issuance, request: &Request) -> Step {
        let csr = match &request.source {
            Source::SigningRequest { csr } => csr.clone(),
            Source::Issued | Source::Brought => {
                let profile = self.profile(request).await?;
                let names = parse_names(request)?;
                let id = issuance.id;
                let signed = self.keys(move |keeper| {
                    let wanted = CsrWanted {
                        names: &names,
                        subject: &profile.subject_for(&names),
                        key_usages: &profile.key_usages,
                        extended_key_usages: &profile.extended_key_usages,
                    };
                    keeper.csr(id, &wanted)
                });
                hex::encode(signed.await?)
            }
        };
        issuance.csr = Some(csr);
        Ok(self.enter(issuance, IssuanceState::Ordering, "").await?)
    }

    /// Asks the issuer; the same question again after a crash.
    pub(super) async fn order(&self, mut issuance: Issuance, request: &Request) -> Step {
        let profile = self.profile(request).await?;
        let wanted = self.wanted(&issuance, request, &profile)?;
        let issuer = self.issuer(&issuance, &profile).await?;
        failpoint!("order.before");
        let order = issuer.order(&wanted).await.map_err(refused)?;
        failpoint!("order.after");
        issuance.order = Some(order.0.clone());
        self.enter(issuance, IssuanceState::Ordered, order.0)
            .await?;
        failpoint!("order.kept");
        Ok(())
    }

    /// Brings the order forward; ends with a certificate that fits, or with a later moment.
    pub(super) async fn fetch(&self, mut issuance: Issuance, request: &Request) -> Step {
        let profile = self.profile(request).await?;
        let wanted = self.wanted(&issuance, request, &profile)?;
        let issuer = self.issuer(&issuance, &profile).await?;
        let order = OrderRef(issuance.order.clone().unwrap_or_default());
        failpoint!("fetch.before");
        let progress = match issuer.advance(&order, &wanted).await {
            Err(error)
                if error.class == IssuerErrorClass::OrderEnded && issuance.orders < MOST_ORDERS =>
            {
                return self.order_anew(issuance, error.to_string()).await;
            }
            other => other.map_err(refused)?,
        };
        failpoint!("fetch.after");
        match progress {
            Progress::Pending { retry_after, doing } => {
                let wait = Millis::try_from(retry_after.as_millis()).unwrap_or(Millis::MAX / 4);
                issuance.due_at = Some(self.now() + wait.max(100));
                issuance.setback = None;
                tracing::debug!(%doing, "pending");
                Ok(self.keep(issuance, None).await?)
            }
            Progress::Issued { leaf, chain } => {
                let judged = match judge(&wanted, &leaf, &chain, self.now()) {
                    // Some CAs give two requests for the same names one order: the other's key has used it up.
                    Err(refusal @ Refusal::OtherKey) if issuance.orders < MOST_ORDERS => {
                        return self.order_anew(issuance, refusal.to_string()).await;
                    }
                    judged => judged.map_err(|refusal| {
                        let message = refusal.to_string();
                        world(OperationError::new(
                            ErrorClass::Other,
                            refusal.code(),
                            message,
                        ))
                    })?,
                };
                self.keep_issued(issuance, judged).await
            }
        }
    }

    /// The order ended without a certificate: another one, for the same key, after a while.
    async fn order_anew(&self, mut issuance: Issuance, why: String) -> Step {
        issuance.orders += 1;
        issuance.order = None;
        issuance.state = IssuanceState::Ordering;
        let wait = 30_000 * Millis::from(issuance.orders * issuance.orders);
        issuance.due_at = Some(self.now() + wait);
        let note = Note::new(self.now(), "order-ended", why);
        Ok(self.keep(issuance, Some(note)).await?)
    }

    /// Keeps what fits; one that is not valid yet is waited for, as ACM would refuse it.
    async fn keep_issued(&self, mut issuance: Issuance, judged: Judged) -> Step {
        let now = self.now();
        if judged.wait(now).is_some() {
            issuance.due_at = Some(judged.certificate.not_before);
            let note = Note::new(now, "pending", "the certificate is not valid yet");
            return Ok(self.keep(issuance, Some(note)).await?);
        }
        let (serial, sha256) = (judged.serial().to_owned(), judged.sha256().to_string());
        let detail = [format!("serial {serial}, sha256 {sha256}")]
            .into_iter()
            .chain(judged.notes)
            .collect::<Vec<_>>()
            .join("; ");
        issuance.issued = Some(Issued {
            leaf: judged.leaf,
            chain: judged.chain,
            serial,
            sha256,
            not_before: judged.certificate.not_before,
            not_after: judged.certificate.not_after,
        });
        self.enter(issuance, IssuanceState::Issued, detail).await?;
        failpoint!("issued.kept");
        Ok(())
    }

    /// What the issuer is asked for, the same at every try.
    fn wanted(&self, issuance: &Issuance, request: &Request, profile: &Profile) -> Step<Wanted> {
        let names = parse_names(request)?;
        let unreadable = || {
            let message = "the stored signing request cannot be read";
            world(OperationError::new(ErrorClass::Internal, "csr", message))
        };
        let csr = issuance.csr.as_deref().map(hex::decode);
        let csr = csr.and_then(Result::ok).ok_or_else(unreadable)?;
        let spki = read_csr(&csr).map_err(|_| unreadable())?.spki;
        Ok(Wanted {
            names,
            csr,
            spki,
            validity: profile.validity.map(crate::model::period::Period::duration),
            key_usages: profile.key_usages.clone(),
            extended_key_usages: profile.extended_key_usages.clone(),
            token: self.token(issuance),
            acme_profile: profile.acme_profile.clone(),
            replaces: issuance
                .replaces
                .as_ref()
                .and_then(|leaf| hex::decode(leaf).ok()),
        })
    }

    /// The same for every try of an order, and another one for the next.
    fn token(&self, issuance: &Issuance) -> String {
        match issuance.orders {
            0 => format!("{}-{}", self.sensor, issuance.id),
            ended => format!("{}-{}-{ended}", self.sensor, issuance.id),
        }
    }

    pub(super) async fn profile(&self, request: &Request) -> Step<Profile> {
        self.ground
            .issuers
            .profile(&request.profile)
            .await
            .map_err(world)
    }

    /// The one that the order went to, whatever the profile says by now.
    async fn issuer(&self, issuance: &Issuance, profile: &Profile) -> Step<Arc<dyn Issuer>> {
        let issuer = issuance.issuer.as_ref().unwrap_or(&profile.issuer);
        self.ground.issuers.open(issuer).await.map_err(world)
    }
}

pub(super) fn parse_names(request: &Request) -> Step<Vec<crate::model::name::SanName>> {
    request
        .names
        .iter()
        .map(|name| name.parse())
        .collect::<Result<_, _>>()
        .map_err(|error: crate::model::name::NameError| {
            let message = format!("{}: {error}", named(request));
            world(OperationError::new(ErrorClass::Config, "name", message))
        })
}

/// What the issuer said, as an error of the world.
pub(super) fn refused(error: crate::issuer::IssuerError) -> Halt {
    let (class, after) = match error.class {
        IssuerErrorClass::Config => (ErrorClass::Config, None),
        IssuerErrorClass::Denied => (ErrorClass::AccessDenied, None),
        IssuerErrorClass::Refused | IssuerErrorClass::OrderEnded => (ErrorClass::Other, None),
        IssuerErrorClass::Retry { after } => (ErrorClass::Transient, Some(after)),
        IssuerErrorClass::Internal => (ErrorClass::InvalidResponse, None),
    };
    let after = after.map(|after| u64::try_from(after.as_millis()).unwrap_or(u64::MAX));
    world(OperationError {
        retry_after_ms: after,
        ..OperationError::new(class, &error.code, error.message)
    })
}
