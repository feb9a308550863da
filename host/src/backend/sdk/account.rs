//! AWS Account Management by the SDK: the regions of an account.
//! Above: `SdkBackend`. Below: aws-sdk-account.
//! Invariant: an account ID goes out only if the plugin named one: the management account must not name itself.

use super::error::from_sdk;
use super::{SdkBackend, foreign, place::global_region};
use crate::backend::Session;
use crate::bindings::connector::sensor::aws::types::{ListRegionsRequest, Region, RegionPage};
use crate::bindings::connector::sensor::core::types::Error;
use aws_sdk_account::types::RegionOptStatus;

/// As many as a page may hold (fact 36).
const PAGE: i32 = 50;

fn client(backend: &SdkBackend, session: &Session) -> Result<aws_sdk_account::Client, Error> {
    let region = global_region(session.partition());
    let made = backend.account.get(session, region, |sdk| {
        let region = aws_sdk_account::config::Region::from_static(region);
        let config = aws_sdk_account::config::Builder::from(sdk.config()).region(region);
        aws_sdk_account::Client::from_conf(config.build())
    });
    made.ok_or_else(foreign)
}

pub(super) async fn list_regions(
    backend: &SdkBackend,
    session: &Session,
    request: &ListRegionsRequest,
) -> Result<RegionPage, Error> {
    let statuses: Vec<_> = request
        .opt_statuses
        .iter()
        .map(|status| RegionOptStatus::from(status.as_str()))
        .collect();
    let call = client(backend, session)?
        .list_regions()
        .max_results(PAGE)
        .set_account_id(request.account_id.clone())
        .set_next_token(request.next_token.clone())
        .set_region_opt_status_contains(Some(statuses).filter(|statuses| !statuses.is_empty()));
    let answer = call.send().await.map_err(|error| from_sdk(error, false))?;
    let regions = answer
        .regions
        .unwrap_or_default()
        .into_iter()
        .map(|region| Region {
            name: region.region_name.unwrap_or_default(),
            opt_status: region
                .region_opt_status
                .map(|status| status.as_str().to_owned())
                .unwrap_or_default(),
        });
    Ok(RegionPage {
        regions: regions.collect(),
        next_token: answer.next_token,
    })
}
