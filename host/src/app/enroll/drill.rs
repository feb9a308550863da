//! All certificates of one CA, key type, profile or name replaced at once: the plan, before anything is done.
//! Above: `cli`. Below: `endings`, `ledger`.
//! Invariant: what fits and cannot be replaced is told with why; nothing that fits is left out silently.

use super::endings::{Ending, Kept, told};
use crate::app::{AppError, Sensor};
use crate::capability::aws::RateTable;
use crate::ledger::RequestFilter;
use crate::model::certificate::Certificate;
use crate::model::enrollment::{Request, RequestState, Source};
use crate::model::filter::Filter;
use crate::model::id::{ConnectorId, IssuerId, ProfileId, RequestId};
use crate::model::key::KeyType;
use crate::model::profile::Profile;
use crate::model::time::Millis;
use crate::store::Inventory;
use std::collections::{BTreeMap, BTreeSet};

const IMPORT: &str = "acm:ImportCertificate";

/// Which certificates. All given conditions hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Drill {
    /// An issuer of this sensor.
    pub issuer: Option<IssuerId>,
    /// Part of the issuer's name in the certificate, whatever the case.
    pub issuer_name: Option<String>,
    pub key_type: Option<KeyType>,
    pub profile: Option<ProfileId>,
    /// A DNS name, or what it ends with.
    pub name: Option<String>,
    pub expires_before: Option<Millis>,
}

/// What would be done.
#[derive(Debug)]
pub struct DrillPlan {
    /// Soonest to end first: in this order they are renewed.
    pub replace: Vec<Replaced>,
    pub cannot: Vec<Unreplaced>,
    /// Certificates that fit and that no request keeps; none where the inventory cannot be looked at.
    pub unmanaged: Option<Vec<Ending>>,
    pub loads: Vec<Load>,
}

/// One request whose certificate is replaced.
#[derive(Debug)]
pub struct Replaced {
    pub request: Request,
    /// What is in use, where it is known.
    pub certificate: Option<Certificate>,
}

/// One that fits and stays as it is.
#[derive(Debug)]
pub struct Unreplaced {
    pub request: RequestId,
    pub name: String,
    pub why: String,
}

/// How much comes to one account and region.
#[derive(Debug, PartialEq, Eq)]
pub struct Load {
    pub account: String,
    pub region: String,
    pub imports: u64,
    /// How long they take there at the rate that is allowed.
    pub takes: Millis,
}

impl Sensor {
    /// Plans a drill. Changes nothing.
    ///
    /// # Errors
    /// When the ledger or the inventory cannot be read, or the issuer or the profile is not there.
    pub fn drill(&self, drill: &Drill) -> Result<DrillPlan, AppError> {
        if let Some(issuer) = &drill.issuer {
            self.issuer(issuer)?;
        }
        if let Some(profile) = &drill.profile {
            self.profile(profile)?;
        }
        let inventory = self.free_inventory()?;
        let (mut replace, mut cannot) = (Vec::new(), Vec::new());
        let mut issuers = BTreeSet::new();
        for request in self.ledger().requests(&RequestFilter::default())? {
            if request.state == RequestState::Cancelled {
                continue;
            }
            let profile = self.ledger().profile(&request.profile)?;
            let profile = profile.map(|stored| stored.config);
            let (certificate, issuer) = self.in_use(&request, inventory.as_ref())?;
            let issuer = issuer.or_else(|| profile.as_ref().map(|profile| profile.issuer.clone()));
            if !drill.fits(
                &request,
                profile.as_ref(),
                certificate.as_ref(),
                issuer.as_ref(),
            ) {
                continue;
            }
            issuers.extend(certificate.iter().map(|one| one.issuer.clone()));
            match self.why_not(&request, profile.as_ref(), certificate.as_ref())? {
                Some(why) => cannot.push(Unreplaced {
                    request: request.id,
                    name: request.names.first().cloned().unwrap_or_default(),
                    why,
                }),
                None => replace.push(Replaced {
                    request,
                    certificate,
                }),
            }
        }
        replace.sort_by_key(|one| (one.request.expires_at.is_none(), one.request.expires_at));
        Ok(DrillPlan {
            loads: self.loads(&replace)?,
            // A profile says nothing of certificates that were not issued under it.
            unmanaged: match &inventory {
                Some(_) if drill.profile.is_none() => Some(self.unmanaged(drill, &issuers)?),
                _ => None,
            },
            replace,
            cannot,
        })
    }

    /// What is in use, what was issued last or what was taken over; and who issued it, where that is known.
    fn in_use(
        &self,
        request: &Request,
        inventory: Option<&Inventory>,
    ) -> Result<(Option<Certificate>, Option<IssuerId>), AppError> {
        for issuance in self.ledger().issuances(request.id)? {
            if let Some(issued) = issuance.issued {
                return Ok((Certificate::from_der(&issued.leaf).ok(), issuance.issuer));
            }
        }
        let place = request.targets.iter().find_map(|one| one.place.as_deref());
        let shown = place.zip(inventory);
        let shown = shown.and_then(|(place, inventory)| inventory.show(place).ok());
        Ok((shown.and_then(|shown| shown.certificate), None))
    }

    fn why_not(
        &self,
        request: &Request,
        profile: Option<&Profile>,
        certificate: Option<&Certificate>,
    ) -> Result<Option<String>, AppError> {
        let Some(profile) = profile else {
            return Ok(Some(format!(
                "its profile `{}` is not there",
                request.profile
            )));
        };
        if request.state == RequestState::AwaitingApproval {
            return Ok(Some("it waits for a second person".to_owned()));
        }
        if request.source == Source::Brought {
            return Ok(Some(
                "it was brought with its key: bring the next one as a new request".to_owned(),
            ));
        }
        let newest = self.ledger().issuances(request.id)?.into_iter().next();
        if let Some(open) = newest.filter(|one| !one.state.is_over()) {
            return Ok(Some(format!(
                "an issuance is under way ({})",
                open.state.word()
            )));
        }
        let there = request.targets.iter().any(|one| one.place.is_some());
        let key = certificate.and_then(KeyType::of_certificate);
        if let Some(key) = key.filter(|key| there && *key != profile.key_type) {
            return Ok(Some(format!(
                "its place holds a key of type {key}, and takes no other in place: the profile `{}` makes {}",
                profile.name, profile.key_type
            )));
        }
        for target in &request.targets {
            if self.ledger().connector(&target.connector)?.is_none() {
                return Ok(Some(format!(
                    "the connector `{}` is not there",
                    target.connector
                )));
            }
        }
        Ok(None)
    }

    /// How much comes to each place, most first, at the rate that the connector's file or AWS allows.
    fn loads(&self, replace: &[Replaced]) -> Result<Vec<Load>, AppError> {
        let mut counts: BTreeMap<(&str, &str), (u64, &ConnectorId)> = BTreeMap::new();
        for target in replace.iter().flat_map(|one| &one.request.targets) {
            let place = (target.account.as_str(), target.region.as_str());
            counts.entry(place).or_insert((0, &target.connector)).0 += 1;
        }
        let mut loads = Vec::new();
        for ((account, region), (imports, connector)) in counts {
            let config = self.connector(connector)?.config;
            let own = config.rates.get(IMPORT).copied();
            let rate = own.unwrap_or_else(|| RateTable::default().rate(IMPORT));
            loads.push(Load {
                account: account.to_owned(),
                region: region.to_owned(),
                imports,
                takes: takes(imports, rate),
            });
        }
        loads.sort_by_key(|load| std::cmp::Reverse(load.imports));
        Ok(loads)
    }

    /// What fits in the inventory and no request keeps.
    fn unmanaged(
        &self,
        drill: &Drill,
        issuers: &BTreeSet<String>,
    ) -> Result<Vec<Ending>, AppError> {
        let kept: Kept = self.places_kept()?;
        let filter = Filter {
            expires_before: drill.expires_before,
            name: drill
                .name
                .as_ref()
                .map(|name| name.trim_start_matches("*.").to_lowercase()),
            issuer: drill.issuer_name.clone(),
            key_algorithm: drill.key_type.map(|key| key.in_certificates().to_owned()),
            ..Filter::default()
        };
        let all = self.every(&filter)?.into_iter();
        let found = all
            .filter(|asset| kept.by(&asset.location.place.id).is_none())
            .filter_map(|asset| told(asset, &kept))
            .filter(|one| {
                let issuer = one.certificate.as_ref().map(|one| &one.issuer);
                drill.issuer.is_none() || issuer.is_some_and(|name| issuers.contains(name))
            });
        Ok(found.collect())
    }
}

impl Drill {
    fn fits(
        &self,
        request: &Request,
        profile: Option<&Profile>,
        certificate: Option<&Certificate>,
        issuer: Option<&IssuerId>,
    ) -> bool {
        let by_issuer = self
            .issuer
            .as_ref()
            .is_none_or(|wanted| issuer == Some(wanted));
        let by_issuer_name = self.issuer_name.as_ref().is_none_or(|part| {
            let part = part.to_lowercase();
            certificate.is_some_and(|one| one.issuer.to_lowercase().contains(&part))
        });
        let by_key = self.key_type.is_none_or(|key| match certificate {
            Some(one) => KeyType::of_certificate(one) == Some(key),
            None => profile.is_some_and(|profile| profile.key_type == key),
        });
        let by_name = self.name.as_ref().is_none_or(|wanted| {
            let wanted = wanted.trim_start_matches("*.").to_lowercase();
            request.names.iter().any(|name| {
                let name = name.trim_start_matches("*.");
                name.strip_suffix(&wanted)
                    .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
            })
        });
        let by_end = self
            .expires_before
            .is_none_or(|until| request.expires_at.is_some_and(|end| end <= until));
        let by_profile = self
            .profile
            .as_ref()
            .is_none_or(|wanted| request.profile == *wanted);
        by_issuer && by_issuer_name && by_key && by_name && by_end && by_profile
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "an estimate"
)]
fn takes(imports: u64, rate: f64) -> Millis {
    (imports as f64 * 1000.0 / rate) as Millis
}
