//! What ends when, and who renews it: the inventory and the requests, seen together.
//! Above: `cli`, `drill`. Below: the inventory, `ledger`.
//! Invariant: a certificate that nobody renews is told as such, and one that the cloud renews itself alarms nobody.

use crate::app::{AppError, Sensor};
use crate::ledger::RequestFilter;
use crate::model::asset::{Asset, Place, Source};
use crate::model::certificate::Certificate;
use crate::model::enrollment::{Issuance, IssuanceState, Request, RequestState};
use crate::model::filter::{Filter, Query, Sort};
use crate::model::id::RequestId;
use crate::model::time::Millis;
use std::collections::{HashMap, HashSet};

/// A certificate at a place, and what will be done about its end.
#[derive(Debug, Clone)]
pub struct Ending {
    pub ends: Millis,
    pub name: String,
    pub account: String,
    pub region: String,
    /// The place's identifier: an ARN.
    pub place: String,
    pub in_use: Option<bool>,
    /// None for what no import has seen yet.
    pub certificate: Option<Certificate>,
    pub care: Care,
}

/// Who renews it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Care {
    /// This request, at this time.
    Due(RequestId, Millis),
    /// This request, now.
    UnderWay(RequestId),
    /// This request tries, and does not get on: what it met.
    Stuck(RequestId, String),
    /// This request keeps it, and does not renew it by itself: why.
    Not(RequestId, &'static str),
    /// The cloud itself.
    Cloud,
    /// The cloud would, and cannot: what it says.
    CloudStuck(String),
    /// Nobody, with what is known of why.
    Nobody(&'static str),
}

impl Care {
    /// Whether it will end unless somebody does something.
    #[must_use]
    pub fn is_alarming(&self) -> bool {
        match self {
            Self::Due(..) | Self::UnderWay(_) | Self::Cloud => false,
            Self::Stuck(..) | Self::Not(..) | Self::CloudStuck(_) | Self::Nobody(_) => true,
        }
    }

    /// The request that keeps it, whether it renews it or not.
    #[must_use]
    pub fn request(&self) -> Option<RequestId> {
        match self {
            Self::Due(id, _) | Self::UnderWay(id) | Self::Stuck(id, _) | Self::Not(id, _) => {
                Some(*id)
            }
            Self::Cloud | Self::CloudStuck(_) | Self::Nobody(_) => None,
        }
    }

    /// In a word, for machines.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Due(..) => "request",
            Self::UnderWay(_) => "under-way",
            Self::Stuck(..) => "request-stuck",
            Self::Not(..) => "request-does-not",
            Self::Cloud => "cloud",
            Self::CloudStuck(_) => "cloud-stuck",
            Self::Nobody(_) => "nobody",
        }
    }
}

impl Ending {
    /// Whether it will end, or has ended, unless somebody does something.
    #[must_use]
    pub fn is_alarming(&self, now: Millis) -> bool {
        let too_late = matches!(self.care, Care::Due(_, at) if at >= self.ends);
        too_late || self.ends <= now || self.care.is_alarming()
    }
}

/// The requests that keep places, by place.
pub(super) struct Kept(HashMap<String, (Request, Care)>);

impl Kept {
    pub(super) fn by(&self, place: &str) -> Option<&Request> {
        self.0.get(place).map(|(request, _)| request)
    }

    /// As it is by now, if its request has renewed it everywhere since the last import.
    fn newer(&self, mut one: Ending) -> Ending {
        let everywhere = |request: &&Request| request.outlook.behind.is_empty();
        let request = self.by(&one.place).filter(everywhere);
        if let Some(end) = request.and_then(|request| request.expires_at)
            && end > one.ends
        {
            one.ends = end;
            one.certificate = None;
        }
        one
    }
}

impl Sensor {
    /// What the filter finds, soonest to end first, with what will be done about it.
    ///
    /// # Errors
    /// When the inventory or the ledger cannot be read.
    pub fn endings(&self, filter: &Filter) -> Result<Vec<Ending>, AppError> {
        let kept = self.places_kept()?;
        let mut seen = HashSet::new();
        let mut all = Vec::new();
        for asset in self.every(filter)? {
            seen.insert(asset.location.place.id.clone());
            let one = told(asset, &kept).map(|one| kept.newer(one));
            let until = filter.expires_before.unwrap_or(Millis::MAX);
            all.extend(one.filter(|one| one.ends <= until));
        }
        let plain = Filter {
            expires_before: None,
            expires_after: None,
            ..filter.clone()
        };
        if plain == Filter::default() {
            all.extend(self.unseen(filter, &kept, &seen)?);
            all.sort_by_key(|one| one.ends);
        }
        Ok(all)
    }

    pub(super) fn places_kept(&self) -> Result<Kept, AppError> {
        let mut kept = HashMap::new();
        for request in self.ledger().requests(&RequestFilter::default())? {
            if request.state == RequestState::Cancelled {
                continue;
            }
            let newest = self.ledger().issuances(request.id)?.into_iter().next();
            let care = care_of(&request, newest.as_ref(), self.clock().now());
            for place in request.targets.iter().filter_map(|one| one.place.clone()) {
                kept.insert(place, (request.clone(), care.clone()));
            }
        }
        Ok(Kept(kept))
    }

    /// All pages of a list.
    pub(super) fn every(&self, filter: &Filter) -> Result<Vec<Asset>, AppError> {
        let inventory = self.inventory()?;
        let mut query = Query {
            filter: filter.clone(),
            sort: Sort::Expiry,
            descending: false,
            limit: 1_000,
            after: None,
        };
        let mut all = Vec::new();
        loop {
            let page = inventory.list(&query)?;
            all.extend(page.assets);
            match page.next {
                Some(next) => query.after = Some(next),
                None => return Ok(all),
            }
        }
    }

    /// What a request brought there since the last import.
    fn unseen(
        &self,
        filter: &Filter,
        kept: &Kept,
        seen: &HashSet<String>,
    ) -> Result<Vec<Ending>, AppError> {
        let inventory = self.inventory()?;
        let mut all = Vec::new();
        for (place, (request, care)) in &kept.0 {
            let Some(ends) = request.expires_at else {
                continue;
            };
            let asked = filter.expires_before.is_none_or(|until| ends <= until)
                && filter.expires_after.is_none_or(|from| ends >= from);
            // One that the inventory knows ends when the inventory says.
            if !asked || seen.contains(place) || inventory.show(place).is_ok() {
                continue;
            }
            let target = request
                .targets
                .iter()
                .find(|one| one.place.as_ref() == Some(place));
            all.extend(target.map(|target| Ending {
                ends,
                name: request.names.first().cloned().unwrap_or_default(),
                account: target.account.clone(),
                region: target.region.clone(),
                place: place.clone(),
                in_use: None,
                certificate: None,
                care: care.clone(),
            }));
        }
        Ok(all)
    }
}

/// So many tries that came to nothing, and it is no passing trouble.
const MANY: u32 = 3;

/// An order that a CA has not decided for so long is worth a question.
const LONG: Millis = 3 * 86_400_000;

fn care_of(request: &Request, newest: Option<&Issuance>, now: Millis) -> Care {
    if let Some(why) = newest.and_then(|newest| trouble(request, newest, now)) {
        return Care::Stuck(request.id, why);
    }
    let busy = newest.is_some_and(|one| !one.state.is_over());
    match (request.state, request.renew_at) {
        (RequestState::AwaitingApproval, _) => {
            Care::Not(request.id, "it waits for a second person")
        }
        _ if busy => Care::UnderWay(request.id),
        (_, Some(at)) => Care::Due(request.id, at),
        (_, None) if request.source == crate::model::enrollment::Source::Brought => {
            Care::Not(request.id, "it was brought with its key")
        }
        (_, None) => Care::Not(request.id, "only when somebody asks"),
    }
}

/// What keeps the newest certificate of a request from coming, or kept it.
fn trouble(request: &Request, newest: &Issuance, now: Millis) -> Option<String> {
    if request.state != RequestState::Active || request.renew_at.is_none() && newest.state.is_over()
    {
        return None;
    }
    let setback = newest.setback.as_ref();
    let told = || {
        let error = setback.map(|setback| setback.error.to_string());
        error.unwrap_or_else(|| format!("sensor request show {}", request.id))
    };
    match newest.state {
        IssuanceState::Failed => Some(format!("the last try failed: {}", told())),
        _ if newest.resting_since.is_some() => Some(told()),
        IssuanceState::Ordered if now - newest.created_at > LONG => {
            let days = (now - newest.created_at) / 86_400_000;
            Some(format!("its CA has not decided for {days} days"))
        }
        _ => setback
            .filter(|setback| setback.times >= MANY)
            .map(|_| told()),
    }
}

/// One row; none for what has no certificate.
pub(super) fn told(asset: Asset, kept: &Kept) -> Option<Ending> {
    let Asset {
        location,
        certificate,
        ..
    } = asset;
    let certificate = certificate?;
    let care = match kept.0.get(&location.place.id) {
        Some((_, care)) => care.clone(),
        None => unkept(&location.place),
    };
    let first = certificate.dns_names.first();
    let name = first.or(certificate.common_name.as_ref()).cloned();
    Some(Ending {
        ends: certificate.not_after,
        name: name.unwrap_or_else(|| certificate.subject.clone()),
        account: location.account,
        region: location.region.unwrap_or_else(|| "global".to_owned()),
        in_use: location.place.in_use,
        place: location.place.id,
        certificate: Some(certificate),
        care,
    })
}

fn unkept(place: &Place) -> Care {
    let stuck = matches!(
        place.renewal.status.as_deref(),
        Some("PENDING_VALIDATION" | "FAILED")
    );
    match place.source {
        Source::Imported | Source::Unknown => Care::Nobody("no request keeps it"),
        Source::CloudIssued | Source::PrivateCa if stuck => {
            let reason = place.renewal.reason.clone();
            Care::CloudStuck(
                reason
                    .or_else(|| place.renewal.status.clone())
                    .unwrap_or_default(),
            )
        }
        Source::CloudIssued | Source::PrivateCa if place.renewal.automatic => Care::Cloud,
        Source::CloudIssued | Source::PrivateCa => {
            Care::CloudStuck("it is not eligible for renewal".to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Care, unkept};
    use crate::model::asset::{Place, Renewal, Source, Status};

    fn place(source: Source, automatic: bool, status: Option<&str>) -> Place {
        Place {
            id: "arn".to_owned(),
            display_name: None,
            status: Status::Issued,
            provider_status: "ISSUED".to_owned(),
            source,
            in_use: None,
            in_use_by: Vec::new(),
            renewal: Renewal {
                automatic,
                status: status.map(str::to_owned),
                reason: None,
            },
            origin: None,
            managed_by: None,
            tags: Vec::new(),
            created_at: None,
            imported_at: None,
            issued_at: None,
            revoked_at: None,
            attributes: Vec::new(),
            marker: String::new(),
        }
    }

    #[test]
    fn what_the_cloud_renews_itself_alarms_nobody_unless_it_is_stuck() {
        let care = |source, automatic, status| unkept(&place(source, automatic, status));
        assert_eq!(
            care(Source::CloudIssued, true, Some("SUCCESS")),
            Care::Cloud
        );
        assert_eq!(care(Source::PrivateCa, true, None), Care::Cloud);
        for alarming in [
            care(Source::CloudIssued, true, Some("PENDING_VALIDATION")),
            care(Source::CloudIssued, false, None),
            care(Source::Imported, false, None),
        ] {
            assert!(alarming.is_alarming(), "{alarming:?}");
        }
    }
}
