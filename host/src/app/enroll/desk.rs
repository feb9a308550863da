//! Where requests are made, looked at and decided: on the ledger alone, beside a sensor that serves.
//! Above: `cli`. Below: `wish`, `ledger`, `custody`.
//! Invariant: whoever asked for a request that needs a second person is not that person.

use super::take_over::Ends;
use super::wish::{self, NewRequest, NewSource};
use crate::app::AppError;
use crate::config::KekSource;
use crate::custody::{Keeper, read_csr, spki_of_key};
use crate::issuer::{Wanted, judge};
use crate::ledger::{DeliveryFilter, Ledger, Note, RequestFilter};
use crate::model::certificate::{Certificate, from_pem};
use crate::model::enrollment::{
    Delivery, Event, Issuance, IssuanceState, Issued, Request, RequestState, Source,
};
use crate::model::id::{DeliveryId, RequestId};
use crate::model::issuer::RevocationReason;
use crate::model::profile::{Life, Profile};
use crate::model::revoke::{Revocation, RevocationState};
use crate::model::secret::Secret;
use crate::model::time::{Clock, Millis, SystemClock};
use std::path::Path;
use std::sync::Arc;

/// Requests of one state directory. Needs no lock: another sensor may serve meanwhile.
pub struct Desk {
    ledger: Arc<Ledger>,
    clock: Arc<dyn Clock>,
}

/// A request with all that was done for it.
#[derive(Debug, Clone)]
pub struct RequestView {
    pub request: Request,
    /// Newest first.
    pub issuances: Vec<Issuance>,
    /// Of the newest issuance.
    pub deliveries: Vec<Delivery>,
    pub journal: Vec<Event>,
}

/// What a retry did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retried {
    /// Deliveries that go on with the key that is still there.
    Deliveries(usize),
    /// The key is gone: a new certificate will be issued.
    Anew,
    /// An issuance that waited goes on at once.
    GoesOn,
}

impl Desk {
    /// The desk of a state directory.
    ///
    /// # Errors
    /// When the ledger cannot be opened.
    pub fn open(dir: &Path, kek: &KekSource) -> Result<Self, AppError> {
        let ledger = Arc::new(Ledger::open_with(dir, kek)?);
        Ok(Self::on(ledger, Arc::new(SystemClock)))
    }

    pub(in crate::app) fn on(ledger: Arc<Ledger>, clock: Arc<dyn Clock>) -> Self {
        Self { ledger, clock }
    }

    /// The sensor's time.
    #[must_use]
    pub fn now(&self) -> Millis {
        self.clock.now()
    }

    /// One delivery.
    ///
    /// # Errors
    /// When there is none of this number.
    pub fn delivery(&self, id: DeliveryId) -> Result<Delivery, AppError> {
        Ok(self.ledger.delivery(id)?)
    }

    /// Makes a request, if its profile allows it. Returns it with what is worth knowing.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn create(&self, mut new: NewRequest) -> Result<(Request, Vec<String>), AppError> {
        let now = self.clock.now();
        let profile = self.profile(&new)?;
        let (source, key, brought) = self.read_source(&mut new, &profile)?;
        let allowed = wish::judge(&new, &profile, source, key, &self.ledger, now)
            .map_err(AppError::InvalidRequest)?;
        let note = Note::new(now, "requested", format!("by {}", new.by));
        let mut wanted = allowed.request;
        if brought.is_some() {
            // It waits until its key lies in the ledger.
            wanted.renew_at = None;
        }
        let request = self.ledger.add_request(&wanted, &note)?;
        if let (Some(issued), NewSource::Brought(brought)) = (brought, new.source) {
            self.take_in(&request, issued, &brought.key)?;
        }
        Ok((self.ledger.request(request.id)?, allowed.advice))
    }

    /// Makes a request for what stands in the cloud already; `ends` is when that begins and ends, if it is to be renewed
    /// only then.
    pub(super) fn adopt(
        &self,
        new: &NewRequest,
        ends: Option<Ends>,
    ) -> Result<(Request, Vec<String>), AppError> {
        let now = self.clock.now();
        let profile = self.profile(new)?;
        let allowed = wish::judge(new, &profile, Source::Issued, None, &self.ledger, now)
            .map_err(AppError::InvalidRequest)?;
        let mut wanted = allowed.request;
        if let Some(ends) = ends {
            wanted.expires_at = Some(ends.not_after);
            let life = Life {
                not_before: ends.not_before,
                not_after: ends.not_after,
            };
            let due = profile
                .renewal
                .due(life, None, ends.not_after.cast_unsigned());
            wanted.renew_at = wanted.renew_at.and(due);
        }
        let note = Note::new(now, "taken-over", format!("by {}", new.by));
        Ok((self.ledger.add_request(&wanted, &note)?, allowed.advice))
    }

    /// What would be made, without making it.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn rehearse(
        &self,
        mut new: NewRequest,
    ) -> Result<(Request, Profile, Vec<String>), AppError> {
        let profile = self.profile(&new)?;
        let (source, key, _) = self.read_source(&mut new, &profile)?;
        let allowed = wish::judge(&new, &profile, source, key, &self.ledger, self.clock.now())
            .map_err(AppError::InvalidRequest)?;
        Ok((allowed.request, profile, allowed.advice))
    }

    fn profile(&self, new: &NewRequest) -> Result<Profile, AppError> {
        Ok(crate::app::profiles::stored(&self.ledger, &new.profile)?.config)
    }

    /// Reads what the operator brought; fills the names in from it where none were typed.
    fn read_source(
        &self,
        new: &mut NewRequest,
        profile: &Profile,
    ) -> Result<(Source, Option<crate::model::key::KeyType>, Option<Issued>), AppError> {
        let invalid = |message: String| AppError::InvalidRequest(vec![message]);
        match &new.source {
            NewSource::Issued => Ok((Source::Issued, None, None)),
            NewSource::SigningRequest(pem) => {
                let csr = read_csr(pem.as_bytes()).map_err(|why| invalid(why.to_string()))?;
                if new.names.is_empty() {
                    new.names = csr.names.iter().map(ToString::to_string).collect();
                }
                let source = Source::SigningRequest {
                    csr: hex::encode(&csr.der),
                };
                Ok((source, Some(csr.key_type), None))
            }
            NewSource::Brought(brought) => {
                let spki = spki_of_key(&brought.key).map_err(|why| invalid(why.to_string()))?;
                let issued = bundle(&brought.certificate, &spki, profile, self.clock.now())
                    .map_err(invalid)?;
                if new.names.is_empty() {
                    let leaf = Certificate::from_der(&issued.leaf)
                        .map_err(|why| invalid(why.to_string()))?;
                    new.names = wish::names_of(&leaf);
                }
                let key = crate::model::key::KeyType::of_spki(&spki);
                Ok((Source::Brought, key, Some(issued)))
            }
        }
    }

    /// Seals the key that was brought, then lets the delivery begin.
    fn take_in(&self, request: &Request, issued: Issued, key: &Secret) -> Result<(), AppError> {
        let keeper = Keeper::new(Arc::clone(&self.ledger), Arc::clone(&self.clock));
        let now = self.clock.now();
        let issuance = crate::delivery::brought(request, issued, now);
        let mut after = request.clone();
        after.generation = 1;
        let planned = crate::delivery::planned(request, now);
        let note = Note::new(now, "planned", "brought with its key");
        // It is planned for later than now: the key has to lie here first.
        let begun = self
            .ledger
            .begin_issuance((request, &after), &issuance, &planned, &note)?;
        keeper.adopt(begun.id, key)?;
        self.wake(request.id)
    }

    /// Requests, newest first.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn list(
        &self,
        filter: &RequestFilter,
    ) -> Result<Vec<(Request, Option<Issuance>)>, AppError> {
        let requests = self.ledger.requests(filter)?;
        requests
            .into_iter()
            .map(|request| {
                let newest = self.ledger.issuances(request.id)?.into_iter().next();
                Ok((request, newest))
            })
            .collect()
    }

    /// One request, in full.
    ///
    /// # Errors
    /// When there is none of this number.
    pub fn show(&self, id: RequestId) -> Result<RequestView, AppError> {
        let request = self.ledger.request(id)?;
        let issuances = self.ledger.issuances(id)?;
        let deliveries = match issuances.first() {
            Some(newest) => self.ledger.deliveries_of(newest.id)?,
            None => Vec::new(),
        };
        Ok(RequestView {
            journal: self.ledger.journal(id)?,
            request,
            issuances,
            deliveries,
        })
    }

    /// Deliveries, newest first.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn deliveries(&self, filter: &DeliveryFilter) -> Result<Vec<Delivery>, AppError> {
        Ok(self.ledger.deliveries(filter)?)
    }

    /// Lets a request begin that waited for a second person.
    ///
    /// # Errors
    /// When it waits for nobody, or `by` asked for it.
    pub fn approve(&self, id: RequestId, by: &str) -> Result<Request, AppError> {
        let before = self.ledger.request(id)?;
        if before.state != RequestState::AwaitingApproval {
            return Err(AppError::Decided(id, word(before.state)));
        }
        if before.requested_by == by {
            return Err(AppError::OwnRequest(id, by.to_owned()));
        }
        let now = self.clock.now();
        let after = Request {
            state: RequestState::Active,
            approved_by: Some(by.to_owned()),
            renew_at: Some(now),
            updated_at: now,
            ..before.clone()
        };
        let note = Note::new(now, "approved", format!("by {by}"));
        self.ledger.change_request(&before, &after, &note)?;
        Ok(after)
    }

    /// Ends a request: nothing more is issued or renewed. What was delivered stays where it is.
    ///
    /// # Errors
    /// When it was cancelled before.
    pub fn cancel(&self, id: RequestId, by: &str) -> Result<Request, AppError> {
        let before = self.ledger.request(id)?;
        if before.state == RequestState::Cancelled {
            return Err(AppError::Decided(id, word(before.state)));
        }
        let now = self.clock.now();
        let after = Request {
            state: RequestState::Cancelled,
            renew_at: None,
            updated_at: now,
            ..before.clone()
        };
        let note = Note::new(now, "cancelled", format!("by {by}"));
        self.ledger.change_request(&before, &after, &note)?;
        self.wake(id)?;
        Ok(after)
    }

    /// Tries again what failed, at once: with the same key while it is kept, else by a new issuance.
    ///
    /// # Errors
    /// When the request is not active, or nothing failed.
    pub fn retry(&self, id: RequestId) -> Result<Retried, AppError> {
        let request = self.ledger.request(id)?;
        if request.state != RequestState::Active {
            return Err(AppError::Decided(id, word(request.state)));
        }
        let now = self.clock.now();
        let newest = self.ledger.issuances(id)?.into_iter().next();
        match newest {
            Some(issuance) if issuance.state == IssuanceState::Delivering => {
                let failed = self.ledger.reopen_failed(issuance.id, now)?;
                Ok(if failed > 0 {
                    Retried::Deliveries(failed)
                } else {
                    Retried::GoesOn
                })
            }
            Some(issuance) if !issuance.state.is_over() => {
                self.wake(id)?;
                Ok(Retried::GoesOn)
            }
            Some(issuance) if issuance.state == IssuanceState::Done => {
                Err(AppError::NothingFailed(id))
            }
            _ if request.source == Source::Brought => Err(AppError::KeyGone(id)),
            _ => {
                let after = Request {
                    renew_at: Some(now),
                    updated_at: now,
                    ..request.clone()
                };
                let note = Note::new(now, "retry", "asked for");
                self.ledger.change_request(&request, &after, &note)?;
                Ok(Retried::Anew)
            }
        }
    }

    /// Renews a request now, whatever its date. With a reason, the certificate in use is revoked afterwards.
    ///
    /// # Errors
    /// When the request is not active, is not renewed by the sensor, or an issuance is under way.
    pub fn renew(
        &self,
        id: RequestId,
        revoke: Option<RevocationReason>,
    ) -> Result<Request, AppError> {
        let before = self.ledger.request(id)?;
        if before.state != RequestState::Active {
            return Err(AppError::Decided(id, word(before.state)));
        }
        if before.source == Source::Brought {
            return Err(AppError::KeyGone(id));
        }
        let newest = self.ledger.issuances(id)?.into_iter().next();
        if newest.is_some_and(|one| !one.state.is_over()) {
            return Err(AppError::UnderWay(id));
        }
        if revoke.is_some()
            && !self
                .ledger
                .issuances(id)?
                .iter()
                .any(|one| one.issued.is_some())
        {
            return Err(AppError::NothingIssued(id));
        }
        let now = self.clock.now();
        let mut after = Request {
            renew_at: Some(now),
            revoke_next: revoke.or(before.revoke_next),
            updated_at: now,
            ..before.clone()
        };
        // All targets, not only those that the last one did not reach.
        after.outlook.due_at = Some(now);
        let detail = revoke.map_or_else(
            || "asked for".to_owned(),
            |reason| format!("asked for; the one in use is revoked afterwards: {reason}"),
        );
        let note = Note::new(now, "renew", detail);
        self.ledger.change_request(&before, &after, &note)?;
        Ok(after)
    }

    /// Writes down that the newest certificate of a request is to be revoked; whoever serves does it. The revocation's
    /// number.
    ///
    /// # Errors
    /// When nothing was issued by an issuer of this sensor.
    pub fn ask_to_revoke(
        &self,
        id: RequestId,
        reason: RevocationReason,
        by: &str,
    ) -> Result<(Issuance, u64), AppError> {
        let request = self.ledger.request(id)?;
        let newest = self.ledger.issuances(id)?.into_iter();
        let issuance = newest
            .filter(|_| request.source != Source::Brought)
            .find(|one| one.issued.is_some())
            .ok_or(AppError::NothingIssued(id))?;
        let issuer = match &issuance.issuer {
            Some(issuer) => issuer.clone(),
            None => {
                crate::app::profiles::stored(&self.ledger, &request.profile)?
                    .config
                    .issuer
            }
        };
        let issued = issuance.issued.as_ref();
        let now = self.clock.now();
        let wanted = Revocation {
            id: 0,
            request: id,
            issuance: issuance.id,
            issuer,
            leaf: issued.map(|issued| issued.leaf.clone()).unwrap_or_default(),
            reason,
            state: RevocationState::Due,
            due_at: now,
            setback: None,
        };
        let note = Note::new(now, "revoke", format!("{reason}, asked for by {by}"));
        let number = self.ledger.add_revocation(&wanted, &note)?;
        Ok((issuance, number))
    }

    /// The issuance under way goes on at once.
    fn wake(&self, id: RequestId) -> Result<(), AppError> {
        self.ledger.wake_issuance(id, self.clock.now())?;
        Ok(())
    }
}

/// The leaf and its chain out of a bundle, judged as if an issuer had handed it over.
fn bundle(pem: &str, spki: &[u8], profile: &Profile, now: Millis) -> Result<Issued, String> {
    let all = from_pem(pem).map_err(|why| format!("the certificate file: {why}"))?;
    let leaf = all
        .iter()
        .find(|der| Certificate::from_der(der).is_ok_and(|one| !one.is_ca))
        .or(all.first())
        .ok_or("the certificate file holds no certificate")?;
    let certificate = Certificate::from_der(leaf).map_err(|why| why.to_string())?;
    let names = wish::names_of(&certificate);
    let wanted = Wanted {
        names: names.iter().filter_map(|name| name.parse().ok()).collect(),
        csr: Vec::new(),
        spki: spki.to_vec(),
        validity: None,
        key_usages: profile.key_usages.clone(),
        extended_key_usages: profile.extended_key_usages.clone(),
        token: String::new(),
        acme_profile: None,
        replaces: None,
    };
    let rest: Vec<Vec<u8>> = all.iter().filter(|der| *der != leaf).cloned().collect();
    let judged = judge(&wanted, leaf, &rest, now).map_err(|why| why.to_string())?;
    Ok(Issued {
        serial: judged.serial().to_owned(),
        sha256: judged.sha256().to_string(),
        not_before: judged.certificate.not_before,
        not_after: judged.certificate.not_after,
        leaf: judged.leaf,
        chain: judged.chain,
    })
}

fn word(state: RequestState) -> &'static str {
    match state {
        RequestState::AwaitingApproval => "awaiting approval",
        RequestState::Active => "active",
        RequestState::Cancelled => "cancelled",
    }
}
