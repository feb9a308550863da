//! Certificates that stand in ACM already, taken over: renewed from now on, in their places.
//! Above: `cli`. Below: the inventory, or the place itself; `desk`.
//! Invariant: names and places come from what was found there; nothing is touched until the first renewal.

use super::Sensor;
use super::cloudfront::Use;
use super::places::AppPlaces;
use super::who::Who;
use super::wish::{self, NewRequest, NewSource};
use crate::app::AppError;
use crate::delivery::Places;
use crate::model::asset::{Location, Source, Status};
use crate::model::certificate::Certificate;
use crate::model::delivery::Target;
use crate::model::enrollment::{Request, Wish};
use crate::model::id::{ConnectorId, ProfileId};
use crate::model::key::KeyType;
use crate::model::profile::{Life, Profile};
use crate::store::Inventory;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What is to be taken over, and how it is renewed.
#[derive(Debug, Clone)]
pub struct TakeOver {
    /// A fingerprint or an ARN, as `inventory show` takes them.
    pub what: String,
    pub profile: ProfileId,
    /// Look at the place itself by this connector, not into the inventory.
    pub by_connector: Option<ConnectorId>,
    /// Only the place that was named, not every place of the same certificate.
    pub only_there: bool,
    pub business_unit: Option<String>,
    pub contact: Option<String>,
    pub by: Who,
    /// Although another request asks for the same name there.
    pub another: bool,
    pub used_for: Option<Use>,
    /// Renew it now, whatever its end.
    pub now: bool,
}

/// What was found, wherever it was looked for.
struct Standing {
    certificate: Certificate,
    targets: Vec<Wish>,
}

impl Sensor {
    /// Makes a request out of an imported certificate. Returns it with what is worth knowing.
    ///
    /// # Errors
    /// When it is not to be found, was not imported into the cloud, its profile does not allow it, or its place would
    /// not take what the profile issues.
    pub async fn take_over(
        self: &Arc<Self>,
        wanted: &TakeOver,
    ) -> Result<(Request, Vec<String>), AppError> {
        let inventory = match wanted.by_connector {
            Some(_) => None,
            None => self.free_inventory()?,
        };
        let stands = match inventory {
            Some(inventory) => Self::in_inventory(&inventory, wanted)?,
            None => self.in_cloud(wanted).await?,
        };
        let certificate = &stands.certificate;
        let new = NewRequest {
            profile: wanted.profile.clone(),
            names: wish::names_of(certificate).map_err(|why| refused(&why))?,
            source: NewSource::Issued,
            targets: stands.targets,
            tags: BTreeMap::new(),
            business_unit: wanted.business_unit.clone(),
            contact: wanted.contact.clone(),
            by: wanted.by.clone(),
            another: wanted.another,
            used_for: wanted.used_for,
        };
        let key = KeyType::of_certificate(certificate).ok_or_else(|| {
            let kind = &certificate.key_algorithm;
            refused(&format!(
                "its key is {kind}, which the sensor does not make"
            ))
        })?;
        let ends = (!wanted.now).then_some(Life {
            not_before: certificate.not_before,
            not_after: certificate.not_after,
        });
        let desk = self.desk();
        let (request, profile, mut advice) = desk.adoptable(&new, key, ends)?;
        advice.extend(self.tried(&request, &profile).await?);
        advice.extend(self.advice_on_cloudfront(&request)?);
        Ok((desk.adopt(&request, &wanted.by)?, advice))
    }

    fn in_inventory(inventory: &Inventory, wanted: &TakeOver) -> Result<Standing, AppError> {
        let shown = inventory.show(&wanted.what)?;
        let certificate = shown
            .certificate
            .ok_or_else(|| refused("it has no body yet, so its names are not known"))?;
        let there = |one: &&Location| !wanted.only_there || one.place.id == wanted.what.trim();
        Ok(Standing {
            certificate,
            targets: targets(shown.locations.iter().filter(there))?,
        })
    }

    /// Without the inventory, which another sensor may hold: the place itself is asked.
    async fn in_cloud(self: &Arc<Self>, wanted: &TakeOver) -> Result<Standing, AppError> {
        let arn = wanted.what.trim();
        let Some((region, account)) = place_of(arn) else {
            return Err(refused(
                "where the inventory is not asked (another sensor holds it, or --connector is given) it takes the ARN of a certificate",
            ));
        };
        let places = AppPlaces::new(Arc::clone(self), Arc::new(self.keeper()));
        let connector = match &wanted.by_connector {
            Some(named) => named.clone(),
            None => match &places.all().await.map_err(AppError::Operation)?[..] {
                [only] => only.clone(),
                [] => return Err(refused("no connector delivers")),
                _ => {
                    return Err(refused(
                        "several connectors deliver: say which with --connector",
                    ));
                }
            },
        };
        let target = Target {
            account: account.to_owned(),
            region: region.to_owned(),
            id: Some(arn.to_owned()),
        };
        let found = places.open(&connector).await?.verify(&target).await?;
        Ok(Standing {
            certificate: found.certificate,
            targets: vec![Wish {
                connector,
                account: target.account,
                region: target.region,
                place: target.id,
            }],
        })
    }

    /// Asks each place whether it would take what the profile issues.
    async fn tried(
        self: &Arc<Self>,
        request: &Request,
        profile: &Profile,
    ) -> Result<Vec<String>, AppError> {
        let engine = self.engine();
        let (mut problems, mut advice) = (Vec::new(), Vec::new());
        for target in &request.targets {
            let place = target.place.as_deref().unwrap_or_default();
            match engine.try_target(target, request, profile).await {
                Ok(tried) => problems.extend(
                    tried
                        .refusal()
                        .map(|why| format!("{place} could not be renewed: {why}")),
                ),
                Err(error) => advice.push(format!(
                    "whether {place} can be renewed could not be tried: {error}"
                )),
            }
        }
        if problems.is_empty() {
            return Ok(advice);
        }
        Err(AppError::InvalidRequest(problems))
    }
}

/// Region and account of a certificate's ARN.
fn place_of(arn: &str) -> Option<(&str, &str)> {
    match arn.split(':').collect::<Vec<_>>()[..] {
        ["arn", _, "acm", region, account, id] if id.starts_with("certificate/") => {
            Some((region, account))
        }
        _ => None,
    }
}

/// Fact 11: only what was imported may be imported anew.
fn targets<'a>(places: impl Iterator<Item = &'a Location>) -> Result<Vec<Wish>, AppError> {
    let fits = |one: &&Location| {
        one.place.source == Source::Imported
            && matches!(one.place.status, Status::Issued | Status::Expired)
            && one.place.managed_by.is_none()
            && one.retired_at.is_none()
    };
    let targets: Vec<Wish> = places
        .filter(fits)
        .filter_map(|one| {
            Some(Wish {
                connector: one.connector.clone(),
                account: one.account.clone(),
                region: one.region.clone()?,
                place: Some(one.place.id.clone()),
            })
        })
        .collect();
    if targets.is_empty() {
        return Err(refused(
            "none of its places holds an imported certificate: ACM renews its own itself, and nothing else can be put there",
        ));
    }
    Ok(targets)
}

fn refused(why: &str) -> AppError {
    AppError::InvalidRequest(vec![why.to_owned()])
}
