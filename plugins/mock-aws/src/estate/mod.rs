//! What exists in the simulated AWS before anybody calls: organization, accounts, roles, regions, certificates.
//! Above: `world` answers calls out of it. Below: `scenario`, `x509`, `noise`.
//! Invariant: nothing here changes after `build` (`world::written` lies over it); certificates are recipes that cost
//! nothing until asked for.

mod arn;
mod association;
mod body;
mod build;
mod certificate;
mod entry;
mod generated;
mod mix;
mod place;
mod rules;
mod settle;
mod words;

pub(crate) use association::Association;
pub(crate) use body::{Body, Brought};
pub(crate) use certificate::Certificate;
pub(crate) use rules::Rule;
pub(crate) use words::{Joined, Kind, Origin, Renewal, State, Status};

use crate::scenario::{Clock, Quotas, RateEntry, Scenario};
use crate::x509::Authorities;
use crate::{Identity, Op, Problems};
use entry::Entry;
use mix::Mix;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// All that exists.
#[derive(Debug)]
pub(crate) struct Estate {
    pub(crate) name: String,
    pub(crate) seed: u64,
    pub(crate) start: i64,
    pub(crate) clock: Clock,
    pub(crate) partition: String,
    pub(crate) signed: bool,
    pub(crate) token_life_ms: Option<i64>,
    visible_after_ms: i64,
    pub(crate) read_after_ms: i64,
    pub(crate) deleted_after_ms: i64,
    pub(crate) secret_gone_after_ms: i64,
    pub(crate) issuer_key_must_match: bool,
    pub(crate) associations: Vec<Association>,
    pub(crate) organization: Option<Organization>,
    pub(crate) units: Vec<Unit>,
    pub(crate) accounts: Vec<Account>,
    by_id: HashMap<String, usize>,
    entries: Vec<Entry>,
    /// How many bodies the accounts share.
    pool: u64,
    pub(crate) base: Base,
    pub(crate) rules: Vec<Rule>,
    pub(crate) rates: Option<BTreeMap<Op, RateEntry>>,
    pub(crate) latency: BTreeMap<Op, u64>,
    pub(crate) default_latency: u64,
    pub(crate) authorities: Authorities,
}

/// The organization.
#[derive(Debug)]
pub(crate) struct Organization {
    pub(crate) id: String,
    pub(crate) root: String,
    /// Index of the management account.
    pub(crate) management: usize,
    pub(crate) delegated: Vec<usize>,
    pub(crate) paths: bool,
    pub(crate) states: bool,
    pub(crate) trusted_account_access: bool,
}

/// An organizational unit.
#[derive(Debug)]
pub(crate) struct Unit {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) parent: Option<usize>,
}

/// The base credentials.
#[derive(Debug)]
pub(crate) struct Base {
    pub(crate) identity: Identity,
    pub(crate) is_role: bool,
    pub(crate) expires_at: Option<i64>,
    pub(crate) allows: Option<Vec<String>>,
}

/// An account.
#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) id: String,
    pub(crate) name: String,
    /// The name as it can stand in a domain.
    slug: String,
    pub(crate) unit: Option<usize>,
    pub(crate) state: State,
    pub(crate) joined: Joined,
    pub(crate) role: Option<Role>,
    pub(crate) denied_actions: Vec<String>,
    pub(crate) denied_regions: Vec<String>,
    pub(crate) disabled_regions: Vec<String>,
    /// One for each enabled region.
    pub(crate) splits: Vec<Split>,
    pub(crate) secrets: Vec<Secret>,
    pub(crate) quotas: Quotas,
}

/// The role that an account offers.
#[derive(Debug)]
pub(crate) struct Role {
    pub(crate) name: String,
    pub(crate) external_id: Option<String>,
    pub(crate) denied: bool,
    pub(crate) mfa: bool,
    pub(crate) from: Option<i64>,
    pub(crate) max_seconds: u32,
    pub(crate) allows: Option<Vec<String>>,
}

/// The certificates of one account in one region.
#[derive(Debug)]
pub(crate) struct Split {
    pub(crate) region: String,
    seed: u64,
    /// Indexes into the estate's entries: they come first.
    written: Vec<usize>,
    generated: u32,
    mix: Arc<Mix>,
}

impl Split {
    /// How many certificates have a number here.
    pub(crate) fn size(&self) -> u32 {
        self.generated + u32::try_from(self.written.len()).unwrap_or(0)
    }
}

/// A secret in Secrets Manager that is there from the start.
#[derive(Debug, Clone)]
pub(crate) struct Secret {
    pub(crate) name: String,
    pub(crate) region: String,
    pub(crate) arn: String,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) deleted_at: Option<i64>,
    pub(crate) value: Option<String>,
    pub(crate) replicated: bool,
}

impl Estate {
    /// Everything that a scenario describes.
    pub(crate) fn build(scenario: &Scenario, now_ms: i64) -> Result<Self, Problems> {
        build::build(scenario, now_ms)
    }

    /// The account of a number.
    pub(crate) fn account(&self, id: &str) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    /// The split of an account in a region, where it is enabled.
    pub(crate) fn split(&self, account: usize, region: &str) -> Option<usize> {
        self.accounts[account]
            .splits
            .iter()
            .position(|split| split.region == region)
    }

    /// How many certificates are placed.
    pub(crate) fn certificates(&self) -> u64 {
        let splits = self.accounts.iter().flat_map(|account| &account.splits);
        splits.map(|split| u64::from(split.size())).sum()
    }

    /// `arn:…:organizations::MANAGEMENT:account/ORGANIZATION/ID`.
    pub(crate) fn account_arn(&self, account: usize) -> String {
        let id = &self.accounts[account].id;
        match &self.organization {
            Some(organization) => format!(
                "arn:{}:organizations::{}:account/{}/{id}",
                self.partition, self.accounts[organization.management].id, organization.id
            ),
            None => format!("arn:{}:iam::{id}:root", self.partition),
        }
    }

    /// `o-…/r-…/ou-…/`, down to a unit.
    pub(crate) fn unit_path(&self, unit: Option<usize>) -> String {
        let Some(organization) = &self.organization else {
            return String::new();
        };
        let mut parts = Vec::new();
        let mut at = unit;
        while let Some(unit) = at {
            parts.push(self.units[unit].id.as_str());
            at = self.units[unit].parent;
        }
        parts.push(&organization.root);
        parts.push(&organization.id);
        parts.reverse();
        parts.join("/") + "/"
    }
}
