//! Account Management: REST with JSON.
//! Above: `dispatch`. Below: the model.
//! Invariant: one path, `/listRegions`; `request` knows it.

use super::acm::page_size;
use super::answer::Answer;
use super::dispatch::{Call, unreadable};
use mock_aws::{Fault, World};
use sensor_sdk::types::aws::ListRegionsRequest;
use serde::{Deserialize, Serialize};

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Input {
    account_id: Option<String>,
    max_results: Option<i64>,
    next_token: Option<String>,
    region_opt_status_contains: Vec<String>,
}

pub(crate) fn perform(world: &mut World, call: &Call<'_>) -> Result<Answer, Fault> {
    let body = if call.body.is_empty() {
        b"{}"
    } else {
        call.body
    };
    let input: Input = serde_json::from_slice(body).map_err(|error| unreadable(&error))?;
    let size = page_size(input.max_results, "maxResults", 50)?;
    let request = ListRegionsRequest {
        account_id: input.account_id,
        opt_statuses: input.region_opt_status_contains,
        next_token: input.next_token,
    };
    let size = (size > 0).then_some(size);
    let page = world.list_regions(call.now, call.caller, size, &request)?;
    let region = |region| {
        let sensor_sdk::types::aws::Region { name, opt_status } = region;
        WireRegion {
            region_name: name,
            region_opt_status: opt_status,
        }
    };
    let regions = page.regions.into_iter().map(region).collect();
    Answer::json(
        call.wire,
        &Regions {
            regions,
            next_token: page.next_token,
        },
    )
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Regions {
    regions: Vec<WireRegion>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct WireRegion {
    region_name: String,
    region_opt_status: String,
}
