//! Bringing certificates into ACM, and letting their keys wait in Secrets Manager.
//! Above: the sensor's journal, through the exported contract. Below: `place`, `preflight`, `bring`, `find`, `park`.
//! Invariant: each function is one act that may be repeated; nothing here imports twice, or imports what it did not
//! first look for: that is the journal's.

mod bring;
mod find;
mod park;
mod pem;
mod place;
mod preflight;

use crate::AwsUnified;
use crate::access::Access;
use crate::error::{config, unsupported};
use crate::settings::{Keys, Settings};
use place::Place;
use sensor_sdk::delivery::Delivery;
use sensor_sdk::host::{Aws, AwsWrite, Host};
use sensor_sdk::types::delivery::{Found, Material, Parked, Planned, Target, Trace};
use sensor_sdk::types::{Error, Finding, Tag};

pub(crate) use place::nowhere;

impl Delivery for AwsUnified {
    fn preflight<H: Host + AwsWrite>(
        host: &H,
        target: Target,
        planned: Planned,
    ) -> Result<Vec<Finding>, Error> {
        let settings = Settings::load(host)?;
        preflight::run(host, &settings, &target, &planned)
    }

    fn deliver<H: Host + AwsWrite>(
        host: &H,
        target: Target,
        material: Material,
        key: &H::PrivateKey,
    ) -> Result<String, Error> {
        at(host, &target, |place| bring::deliver(place, &material, key))
    }

    fn find<H: Host + AwsWrite>(
        host: &H,
        target: Target,
        trace: Trace,
    ) -> Result<Vec<Found>, Error> {
        at(host, &target, |place| find::find(place, &trace))
    }

    fn verify<H: Host + AwsWrite>(host: &H, target: Target) -> Result<Found, Error> {
        at(host, &target, |place| bring::read_back(place, place.arn()?))
    }

    fn label<H: Host + AwsWrite>(host: &H, target: Target, tags: Vec<Tag>) -> Result<(), Error> {
        at(host, &target, |place| bring::label(place, &tags))
    }

    fn withdraw<H: Host + AwsWrite>(host: &H, target: Target) -> Result<(), Error> {
        at(host, &target, bring::withdraw)
    }

    fn park_key<H: Host + AwsWrite>(
        host: &H,
        name: &str,
        token: &str,
        tags: Vec<Tag>,
        key: &H::PrivateKey,
    ) -> Result<(), Error> {
        let settings = delivering(host)?;
        if settings.delivery.keys != Keys::SecretsManager {
            let message = "this connector's keys wait in the sensor: `keys = \"secrets-manager\"` in `delivery` lets them \
                           wait in Secrets Manager";
            return Err(unsupported("parking-off", message));
        }
        park::Room::open(host, &settings)?.park(name, token, tags, key)
    }

    fn take_key<H: Host + AwsWrite>(host: &H, name: &str) -> Result<H::PrivateKey, Error> {
        park::Room::open(host, &delivering(host)?)?.take(name)
    }

    fn drop_key<H: Host + AwsWrite>(host: &H, name: &str) -> Result<(), Error> {
        park::Room::open(host, &Settings::load(host)?)?.drop(name)
    }

    fn parked_keys<H: Host + AwsWrite>(host: &H, prefix: &str) -> Result<Vec<Parked>, Error> {
        park::Room::open(host, &Settings::load(host)?)?.all(prefix)
    }
}

/// The settings, if they allow deliveries. Keys are dropped and looked for whatever they say.
fn delivering<H: Host>(host: &H) -> Result<Settings, Error> {
    let settings = Settings::load(host)?;
    if settings.delivery.enabled {
        Ok(settings)
    } else {
        Err(config("delivery-off", place::OFF))
    }
}

/// Does something at a target.
fn at<H: Host + Aws, R>(
    host: &H,
    target: &Target,
    run: impl FnOnce(&Place<'_, H>) -> Result<R, Error>,
) -> Result<R, Error> {
    let settings = delivering(host)?;
    let access = Access::open(host, &settings)?;
    run(&Place::open(&access, &settings, target)?)
}
