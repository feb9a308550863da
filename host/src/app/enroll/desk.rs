//! Where requests are made and looked at: on the ledger alone, beside a sensor that serves.
//! Above: `cli`. Below: `brought`, `wish`, `ledger`, `custody`; `decide` is the rest of the desk.
//! Invariant: nothing of a request is done before its profile has allowed all of it.

use super::brought;
use super::who::Who;
use super::wish::{self, Brings, NewRequest, NewSource};
use crate::app::{AppError, opened};
use crate::config::KekSource;
use crate::custody::Keeper;
use crate::ledger::{DeliveryFilter, Ledger, Note, RequestFilter};
use crate::model::enrollment::{Delivery, Event, Issuance, Issued, Request, RequestState};
use crate::model::id::{DeliveryId, RequestId, Sha256};
use crate::model::key::KeyType;
use crate::model::profile::{Life, Profile};
use crate::model::revoke::{Revocation, RevocationState};
use crate::model::secret::Secret;
use crate::model::time::{Clock, Millis, SystemClock};
use std::path::Path;
use std::sync::Arc;

/// Requests of one state directory. Needs no lock: another sensor may serve meanwhile.
pub struct Desk {
    pub(super) ledger: Arc<Ledger>,
    pub(super) clock: Arc<dyn Clock>,
}

/// A request with all that was done for it.
#[derive(Debug, Clone)]
pub struct RequestView {
    pub request: Request,
    /// Newest first.
    pub issuances: Vec<Issuance>,
    /// Of the newest issuance.
    pub deliveries: Vec<Delivery>,
    /// What is to be revoked once it is replaced.
    pub to_revoke: Vec<Revocation>,
    pub journal: Vec<Event>,
}

impl Desk {
    /// The desk of a state directory.
    ///
    /// # Errors
    /// When the ledger cannot be opened.
    pub fn open(dir: &Path, kek: &KekSource) -> Result<Self, AppError> {
        // The lock, if it was free, only for the opening: whoever serves next must not wait for a desk.
        let (ledger, _lock) = opened(dir, kek)?;
        Ok(Self::on(Arc::new(ledger), Arc::new(SystemClock)))
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
        let read = brought::read(&mut new, &profile, now)?;
        let allowed = wish::judge(&new, &profile, &read.brings, &self.ledger, now)
            .map_err(AppError::InvalidRequest)?;
        let note = Note::new(now, "requested", format!("by {}", new.by));
        let mut wanted = allowed.request;
        if read.issued.is_some() {
            // It waits until its key lies in the ledger.
            wanted.renew_at = None;
        }
        let request = self.ledger.add_request(&wanted, &note)?;
        if let (Some(issued), NewSource::Brought(brought)) = (read.issued, new.source) {
            self.take_in(&request, issued, &brought.key)?;
        }
        Ok((self.ledger.request(request.id)?, allowed.advice))
    }

    /// A request for what stands in the cloud already, if its profile allows it; not kept yet. `ends` is when that begins
    /// and ends, if it is to be renewed only then.
    pub(super) fn adoptable(
        &self,
        new: &NewRequest,
        key: KeyType,
        ends: Option<Life>,
    ) -> Result<(Request, Profile, Vec<String>), AppError> {
        let profile = self.profile(new)?;
        let brings = Brings {
            key: Some(key),
            ..Brings::default()
        };
        let allowed = wish::judge(new, &profile, &brings, &self.ledger, self.clock.now())
            .map_err(AppError::InvalidRequest)?;
        let mut wanted = allowed.request;
        if let Some(ends) = ends {
            wanted.expires_at = Some(ends.not_after);
            // Also while it waits for a second person, who only lets it stand.
            wanted.renew_at = profile.renewal.due(ends, None, seed(&wanted));
        }
        Ok((wanted, profile, allowed.advice))
    }

    pub(super) fn adopt(&self, request: &Request, by: &Who) -> Result<Request, AppError> {
        let note = Note::new(self.clock.now(), "taken-over", format!("by {by}"));
        Ok(self.ledger.add_request(request, &note)?)
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
        let now = self.clock.now();
        let read = brought::read(&mut new, &profile, now)?;
        let allowed = wish::judge(&new, &profile, &read.brings, &self.ledger, now)
            .map_err(AppError::InvalidRequest)?;
        Ok((allowed.request, profile, allowed.advice))
    }

    fn profile(&self, new: &NewRequest) -> Result<Profile, AppError> {
        Ok(crate::app::profiles::stored(&self.ledger, &new.profile)?.config)
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
        if request.state == RequestState::AwaitingApproval {
            return Ok(());
        }
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
        let mut to_revoke = self.ledger.revocations(id)?;
        to_revoke.retain(|one| one.state == RevocationState::Waiting);
        Ok(RequestView {
            to_revoke,
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
}

/// Tells certificates apart that end in the same second.
fn seed(request: &Request) -> u64 {
    let place = request.targets.iter().find_map(|one| one.place.as_deref());
    let Sha256(hash) = Sha256::of(place.unwrap_or_default().as_bytes());
    hash.iter()
        .take(8)
        .fold(0, |seed, byte| seed << 8 | u64::from(*byte))
}
