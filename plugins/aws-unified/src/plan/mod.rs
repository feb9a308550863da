//! The plan: which accounts there are, which of their regions are read. One page is a handful of accounts.
//! Above: the connector's export. Below: `accounts` finds them, `scope` decides, `regions` asks, `state` remembers.
//! Invariant: no account is left out silently, and a plan that covers nothing is an error.

mod accounts;
mod regions;
mod scope;
mod state;
mod tree;

use crate::access::Access;
use crate::error::{config, problem};
use crate::settings::{Scope, Settings, hint};
use accounts::Found;
use regions::Regions;
use sensor_sdk::host::{Aws, Host};
use sensor_sdk::types::{
    Account, Cursor, Error, PlanEntry, PlanPage, Problem, Severity, SkipReason, Skipped, Split, aws,
};
use state::State;
use tree::Unit;

pub(crate) use regions::{list as regions_of, usable as is_usable};

/// What a split needs to be read again: nothing but the way in.
#[derive(serde::Serialize, serde::Deserialize, Default)]
pub(crate) struct Payload {
    /// The role to assume; none for the operator's own account.
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    pub(crate) role: Option<String>,
}

pub(crate) const SERVICE: &str = "acm";

/// The next part of the plan.
pub(crate) fn page<H: Host + Aws>(host: &H, at: Option<Cursor>) -> Result<PlanPage, Error> {
    let settings = Settings::load(host)?;
    let access = Access::open(host, &settings)?;
    let planner = Planner {
        access,
        settings: &settings,
        entries: Vec::new(),
        problems: Vec::new(),
    };
    match settings.scope {
        Scope::Account => planner.own_account(),
        Scope::Organization => planner.organization(at),
    }
}

/// One page in the making.
pub(crate) struct Planner<'a, H: Host + Aws> {
    pub(crate) access: Access<'a, H>,
    pub(crate) settings: &'a Settings,
    entries: Vec<PlanEntry>,
    problems: Vec<Problem>,
}

impl<H: Host + Aws> Planner<'_, H> {
    fn own_account(mut self) -> Result<PlanPage, Error> {
        let id = self.access.account.clone();
        let account = Account {
            id: id.clone(),
            name: id.clone(),
            email: None,
            path: Vec::new(),
            state: "ACTIVE".to_owned(),
            management: false,
            excluded: None,
        };
        self.entries.push(PlanEntry::Account(account));
        let mut state = State::new("", "", self.access.host.now());
        let regions = self.regions(&mut state, std::slice::from_ref(&id))?;
        for regions in &regions {
            self.splits(&mut state, &id, regions);
        }
        self.finish(&state)
    }

    fn organization(mut self, at: Option<Cursor>) -> Result<PlanPage, Error> {
        let mut state = match at {
            Some(cursor) => State::read(&cursor)?,
            None => self.begin()?,
        };
        let found = self.accounts(&mut state)?;
        let covered: Vec<String> = found
            .into_iter()
            .filter_map(|found| self.account(&mut state, found))
            .collect();
        let regions = self.regions(&mut state, &covered)?;
        for (account, regions) in covered.iter().zip(&regions) {
            self.splits(&mut state, account, regions);
        }
        if state.is_over() {
            return self.finish(&state);
        }
        let next = Some(state.write());
        Ok(PlanPage {
            entries: self.entries,
            problems: self.problems,
            next,
        })
    }

    /// Looks at the organization as a whole.
    fn begin(&self) -> Result<State, Error> {
        let organization = self
            .access
            .host
            .describe_organization(&self.access.base)
            .map_err(explain)?;
        tree::forget();
        Ok(State::new(
            &organization.id,
            &organization.management_account_id,
            self.access.host.now(),
        ))
    }

    /// One account: a node of the tree. Its id when it is in scope.
    fn account(&mut self, state: &mut State, found: Found) -> Option<String> {
        let Found { account, units } = found;
        state.seen += 1;
        let verdict = scope::verdict(self.settings, &account, &units, &mut state.hits);
        let management = account.id == state.management;
        self.entries.push(PlanEntry::Account(node(
            &account,
            &units,
            management,
            verdict.clone(),
        )));
        state.included += u32::from(verdict.is_none());
        verdict.is_none().then_some(account.id)
    }

    /// A split for each region that is enabled and wanted; a line for one that was asked for by name and is not.
    fn splits(&mut self, state: &mut State, account: &str, regions: &Regions) {
        let payload = serde_json::to_string(&Payload {
            role: self.access.role_arn(account),
        })
        .unwrap_or_default();
        for region in regions {
            state.hits.regions(&self.settings.regions, &region.name);
            if !self.settings.regions.selects(&region.name) {
                continue;
            }
            if regions::usable(&region.opt_status) {
                state.splits += 1;
                self.entries.push(PlanEntry::Split(Split {
                    id: split_id(account, &region.name),
                    account: account.to_owned(),
                    region: Some(region.name.clone()),
                    service: SERVICE.to_owned(),
                    payload: payload.clone(),
                }));
            } else if self.settings.regions.names(&region.name) {
                state.skipped += 1;
                self.entries
                    .push(PlanEntry::Skipped(disabled(account, region)));
            }
        }
    }

    /// The end of the plan: what was never matched is told, and nothing at all is an error.
    fn finish(mut self, state: &State) -> Result<PlanPage, Error> {
        let organization = self.settings.scope == Scope::Organization;
        if organization && state.seen == 0 {
            let message = "the organization lists no account at all; this is never right, so nothing is concluded from it";
            return Err(config("no-accounts", message));
        }
        let unmatched: Vec<_> = state.hits.unmatched(self.settings).collect();
        if organization && state.included == 0 {
            let message = format!(
                "none of the organization's {} accounts is in scope: {}",
                state.seen,
                scope::reasons(self.settings, &unmatched)
            );
            return Err(config("all-accounts-excluded", message));
        }
        if state.splits == 0 && state.skipped == 0 {
            let message = "no region is left to read: `regions` leaves out every enabled region of every account in scope";
            return Err(config("all-regions-excluded", message));
        }
        for (key, pattern) in unmatched {
            let known = crate::partition::all_regions();
            let near = if key.starts_with("regions") {
                hint(pattern, known)
            } else {
                String::new()
            };
            let message = format!("`{key}` names `{pattern}`, and nothing is called so{near}");
            self.problems
                .push(problem(Severity::Warning, "filter-unmatched", key, message));
        }
        Ok(PlanPage {
            entries: self.entries,
            problems: self.problems,
            next: None,
        })
    }

    pub(crate) fn note(&mut self, severity: Severity, code: &str, subject: &str, message: String) {
        self.problems
            .push(problem(severity, code, subject, message));
    }
}

fn node(
    account: &aws::Account,
    units: &[Unit],
    management: bool,
    excluded: Option<String>,
) -> Account {
    Account {
        id: account.id.clone(),
        name: account.name.clone(),
        email: account.email.clone(),
        path: units.iter().map(|unit| unit.name.clone()).collect(),
        state: account
            .state
            .clone()
            .unwrap_or_else(|| "UNKNOWN".to_owned()),
        management,
        excluded,
    }
}

/// The same in every run, whether the region is read or not.
fn split_id(account: &str, region: &str) -> String {
    format!("{account}/{region}/{SERVICE}")
}

fn disabled(account: &str, region: &aws::Region) -> Skipped {
    Skipped {
        id: Some(split_id(account, &region.name)),
        account: account.to_owned(),
        region: Some(region.name.clone()),
        coverage: SkipReason::Disabled,
        message: format!(
            "{} is not enabled in account {account} (it is {}); enable it there or take it out of `regions.include`",
            region.name, region.opt_status
        ),
    }
}

/// What the operator can do about an organization that does not answer.
pub(crate) fn explain(mut error: Error) -> Error {
    let advice = match error.code.as_str() {
        "AWSOrganizationsNotInUseException" => {
            error.class = sensor_sdk::types::ErrorClass::Config;
            "this account is in no organization; write scope = \"account\" to read it alone"
        }
        _ if crate::error::is_denied(&error) => {
            "the credentials must be of the management account, or of a delegated administrator for AWS Organizations, \
             and be allowed organizations:DescribeOrganization and organizations:List*"
        }
        _ => return error,
    };
    error.message = format!("{advice} ({})", error.message);
    error
}
