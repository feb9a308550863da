//! Certificates that stand in ACM already, taken over: renewed from now on, in their places.
//! Above: `cli`. Below: the inventory, `desk`.
//! Invariant: names and places come from what was imported; nothing is touched until the first renewal.

use super::Sensor;
use super::wish::{self, NewRequest, NewSource};
use crate::app::AppError;
use crate::model::asset::{Location, Source, Status};
use crate::model::enrollment::{Request, Wish};
use crate::model::id::ProfileId;
use crate::model::time::Millis;
use std::collections::BTreeMap;

/// What is to be taken over, and how it is renewed.
#[derive(Debug, Clone)]
pub struct TakeOver {
    /// A fingerprint or an ARN, as `inventory show` takes them.
    pub what: String,
    pub profile: ProfileId,
    /// Only the place that was named, not every place of the same certificate.
    pub only_there: bool,
    pub business_unit: Option<String>,
    pub contact: Option<String>,
    pub by: String,
    /// Renew it now, whatever its end.
    pub now: bool,
}

impl Sensor {
    /// Makes a request out of an imported certificate.
    ///
    /// # Errors
    /// When it is not to be found, was not imported into the cloud, or its profile does not allow it.
    pub fn take_over(&self, wanted: &TakeOver) -> Result<(Request, Vec<String>), AppError> {
        let shown = self.inventory()?.show(&wanted.what)?;
        let certificate = shown
            .certificate
            .as_ref()
            .ok_or_else(|| refused("it has no body yet, so its names are not known"))?;
        let there = |one: &&Location| !wanted.only_there || one.place.id == wanted.what.trim();
        let targets = targets(shown.locations.iter().filter(there))?;
        let new = NewRequest {
            profile: wanted.profile.clone(),
            names: wish::names_of(certificate),
            source: NewSource::Issued,
            targets,
            tags: BTreeMap::new(),
            business_unit: wanted.business_unit.clone(),
            contact: wanted.contact.clone(),
            by: wanted.by.clone(),
            another: false,
        };
        let begins = (!wanted.now).then_some(Ends {
            not_before: certificate.not_before,
            not_after: certificate.not_after,
        });
        self.desk().adopt(&new, begins)
    }
}

/// From when to when what is taken over is valid.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ends {
    pub(super) not_before: Millis,
    pub(super) not_after: Millis,
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
