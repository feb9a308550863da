//! Which regions an account has enabled.
//! Above: `plan`. Below: `partition` for the list of last resort.
//! Invariant: the management account never passes its own id; a role is assumed only when the way without one is shut; a list
//! of last resort never looks like the whole.

use super::Planner;
use super::state::{Central, State};
use crate::partition::default_regions;
use crate::settings::Pattern;
use crate::tokens::{Tokens, endless};
use sensor_sdk::host::{Aws, Host};
use sensor_sdk::types::aws::{ListRegionsRequest, Region};
use sensor_sdk::types::{Error, ErrorClass, PlanEntry, Severity, SkipReason, Skipped};

pub(crate) type Regions = Vec<Region>;

/// After so many refusals in a row, with no answer ever, nobody asks any more.
const PATIENCE: u8 = 3;
/// More pages than AWS has regions for.
const PAGES: u32 = 20;

/// Whether certificates can be read there now.
pub(crate) fn usable(opt_status: &str) -> bool {
    matches!(opt_status, "ENABLED" | "ENABLED_BY_DEFAULT")
}

impl<H: Host + Aws> Planner<'_, H> {
    /// All regions with their status: asked for centrally, else in the account itself, else the list of last resort.
    pub(super) fn regions(&mut self, state: &mut State, account: &str) -> Result<Regions, Error> {
        let own = account == self.access.account;
        if !own && state.central != Central::Refused(PATIENCE) {
            match list(self.access.host, &self.access.base, Some(account)) {
                Ok(regions) => {
                    state.central = Central::Answers;
                    return Ok(regions);
                }
                Err(error) if ends_the_plan(&error) => return Err(error),
                Err(_) => {
                    if let Central::Refused(times) = state.central {
                        state.central = Central::Refused(times + 1);
                    }
                }
            }
        }
        let role = self.access.role_arn(account);
        let session = self.access.act(role.as_deref());
        let answer = session.and_then(|session| list(self.access.host, &session, None));
        match answer {
            Ok(regions) => Ok(regions),
            Err(error) if own && ends_the_plan(&error) => Err(error),
            Err(error) => Ok(self.last_resort(state, account, &error)),
        }
    }

    /// The regions that every account has. Those named in `regions.include` are tried too: the read will tell. Unless
    /// all are named, some that the account has enabled may be missing, so the account is not covered wholly.
    fn last_resort(&mut self, state: &mut State, account: &str, error: &Error) -> Regions {
        let message = format!(
            "account {account} does not tell its regions, so those that are enabled by default are read and those \
             named in `regions.include`: allow account:ListRegions ({}: {})",
            error.code, error.message
        );
        self.note(Severity::Warning, "regions-unknown", account, message);
        let include = &self.settings.regions.include;
        if include.is_empty() || !include.iter().all(Pattern::is_exact) {
            state.skipped += 1;
            self.entries
                .push(PlanEntry::Skipped(unlisted(account, error)));
        }
        let default = default_regions(&self.access.partition)
            .iter()
            .map(|name| (*name).to_owned());
        let mut names: Vec<String> = default.collect();
        let named = self
            .settings
            .regions
            .include
            .iter()
            .filter(|pattern| pattern.is_exact());
        for name in named.map(|pattern| pattern.text().to_owned()) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
            .into_iter()
            .map(|name| Region {
                name,
                opt_status: "ENABLED_BY_DEFAULT".to_owned(),
            })
            .collect()
    }
}

/// The regions that nobody could name.
fn unlisted(account: &str, error: &Error) -> Skipped {
    let coverage = match error.class {
        ErrorClass::AccessDenied => SkipReason::Denied,
        ErrorClass::Throttled => SkipReason::Throttled,
        _ => SkipReason::Failed,
    };
    Skipped {
        account: account.to_owned(),
        region: None,
        coverage,
        message: format!(
            "the regions of this account could not be listed; only the default ones are read: allow account:ListRegions, \
             or name every region in `regions.include` ({})",
            error.message
        ),
    }
}

/// Every page; an empty one with a token is not the end.
pub(crate) fn list<H: Host + Aws>(
    host: &H,
    session: &H::Session,
    account: Option<&str>,
) -> Result<Regions, Error> {
    let mut tokens = Tokens::default();
    let mut request = ListRegionsRequest {
        account_id: account.map(str::to_owned),
        opt_statuses: Vec::new(),
        next_token: None,
    };
    let mut regions: Regions = Vec::new();
    for page in 0.. {
        let answer = host.list_regions(session, &request)?;
        for region in answer.regions {
            if !regions.iter().any(|known| known.name == region.name) {
                regions.push(region);
            }
        }
        let Some(next) = answer.next_token else { break };
        tokens.pass("ListRegions", &[&next])?;
        if page == PAGES {
            return Err(endless("ListRegions"));
        }
        request.next_token = Some(next);
    }
    if regions.is_empty() {
        let message = "ListRegions answered without one region";
        return Err(crate::error::error(
            ErrorClass::InvalidResponse,
            "no-regions",
            message,
        ));
    }
    Ok(regions)
}

/// Errors that another way of asking would only repeat.
fn ends_the_plan(error: &Error) -> bool {
    matches!(error.class, ErrorClass::AuthExpired | ErrorClass::Cancelled)
}
