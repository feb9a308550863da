//! Account Management: the regions of an account.
//! Above: the faces. Below: `world::gate`, `world::page`.
//! Invariant: another account's regions are told only to who may ask for them.

use super::{Caller, World, refuse};
use crate::fault::Fault;
use crate::op::Op;
use sensor_sdk::types::aws::{ListRegionsRequest, Region, RegionPage};

/// The most, and the default.
const PAGE: u32 = 50;

/// Regions that every account has from the beginning.
const BY_DEFAULT: [&str; 17] = [
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
    "ca-central-1",
    "eu-central-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "eu-north-1",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "sa-east-1",
];

const STATUSES: [&str; 5] = [
    "ENABLED",
    "ENABLING",
    "DISABLING",
    "DISABLED",
    "ENABLED_BY_DEFAULT",
];

impl World {
    /// Account ListRegions. At most 50 a page.
    pub fn list_regions(
        &mut self,
        now_ms: i64,
        caller: &Caller,
        max_results: Option<u32>,
        request: &ListRegionsRequest,
    ) -> Result<RegionPage, Fault> {
        let op = Op::ListRegions;
        let principal = self.gate(now_ms, caller, "", op)?;
        let account = self.asked_account(principal.account, request.account_id.as_deref())?;
        let asked = max_results.unwrap_or(PAGE);
        if !(1..=PAGE).contains(&asked) {
            return Err(Fault::validation("MaxResults: 1 to 50"));
        }
        if let Some(unknown) = request
            .opt_statuses
            .iter()
            .find(|status| !STATUSES.contains(&status.as_str()))
        {
            return Err(Fault::validation(format!(
                "RegionOptStatusContains: `{unknown}` is none of {}",
                STATUSES.join(", ")
            )));
        }
        let all: Vec<Region> = self
            .regions(account)
            .into_iter()
            .filter(|region| {
                request.opt_statuses.is_empty() || request.opt_statuses.contains(&region.opt_status)
            })
            .collect();
        let filter = request.opt_statuses.join(" ");
        let id = self.estate.accounts[account].id.clone();
        let limit = usize::try_from(asked).unwrap_or(1);
        let token = request.next_token.as_deref();
        let (regions, next_token) = self.page(
            now_ms,
            (principal.account, "", op),
            &[&id, &filter],
            &all,
            limit,
            token,
        )?;
        Ok(RegionPage {
            regions,
            next_token,
        })
    }

    fn asked_account(&self, own: usize, asked: Option<&str>) -> Result<usize, Fault> {
        let Some(asked) = asked else { return Ok(own) };
        let denied = |text: &str| refuse::denied(Op::ListRegions, text);
        let Some(organization) = &self.estate.organization else {
            return Err(denied(
                "AccountId can be given only within an organization.",
            ));
        };
        if own == organization.management && asked == self.estate.accounts[own].id {
            return Err(Fault::validation(
                "The management account can't specify its own AccountId.",
            ));
        }
        if own != organization.management && !organization.delegated.contains(&own) {
            return Err(denied(
                "User is not authorized to ask about other accounts.",
            ));
        }
        if !organization.trusted_account_access {
            return Err(denied(
                "Trusted access for Account Management is not enabled.",
            ));
        }
        self.estate
            .account(asked)
            .ok_or_else(|| denied("The account is not a member of the organization."))
    }

    fn regions(&self, account: usize) -> Vec<Region> {
        let account = &self.estate.accounts[account];
        let enabled = account.splits.iter().map(|split| {
            let by_default = BY_DEFAULT.contains(&split.region.as_str());
            let status = if by_default {
                "ENABLED_BY_DEFAULT"
            } else {
                "ENABLED"
            };
            (split.region.clone(), status)
        });
        let disabled = account
            .disabled_regions
            .iter()
            .map(|name| (name.clone(), "DISABLED"));
        let mut all: Vec<Region> = enabled
            .chain(disabled)
            .map(|(name, status)| Region {
                name,
                opt_status: status.to_owned(),
            })
            .collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        all
    }
}
