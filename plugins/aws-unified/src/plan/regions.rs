//! Which regions accounts have enabled: a few are asked for centrally, the others in the accounts themselves, all at once.
//! Above: `plan`. Below: `partition` for the list of last resort.
//! Invariant: the management account never passes its own id; a list of last resort never looks like the whole.

use super::Planner;
use super::state::{State, Way};
use crate::error::unanswered;
use crate::partition::default_regions;
use crate::settings::Pattern;
use crate::tokens::{Tokens, endless};
use sensor_sdk::host::{Aws, Host};
use sensor_sdk::types::aws::{ListRegionsRequest, Region, RegionPage};
use sensor_sdk::types::{Error, ErrorClass, PlanEntry, Severity, SkipReason, Skipped};

pub(crate) type Regions = Vec<Region>;

/// So many accounts are asked for centrally at once: all of an organization share five calls a second there, while
/// each account answers for itself as fast as it is asked.
const CENTRALLY: usize = Way::PATIENCE as usize;
/// More pages than AWS has regions for.
const PAGES: u32 = 20;

/// Whether certificates can be read there now.
pub(crate) fn usable(opt_status: &str) -> bool {
    matches!(opt_status, "ENABLED" | "ENABLED_BY_DEFAULT")
}

impl<H: Host + Aws> Planner<'_, H> {
    /// All regions of each of these accounts with their status. An account that does not answer one way is asked the
    /// other way, and then has the list of last resort.
    pub(super) fn regions(
        &mut self,
        state: &mut State,
        accounts: &[String],
    ) -> Result<Vec<Regions>, Error> {
        let ask = |account: &String| Asked {
            own: *account == self.access.account,
            account: account.clone(),
            centrally: false,
            within: false,
            answer: None,
        };
        let mut asked: Vec<Asked> = accounts.iter().map(ask).collect();
        loop {
            let questions = questions(&mut asked, state);
            if questions.is_empty() {
                break;
            }
            for Answer {
                place,
                whom,
                entered,
                regions,
            } in self.ask(&asked, questions)
            {
                let one = &mut asked[place];
                let ends = one.own || whom == Whom::Base;
                match &regions {
                    Err(error) if ends && ends_the_plan(error) => return Err(error.clone()),
                    _ if one.own => {}
                    answer if whom == Whom::Base => state.central.note(answer.is_ok()),
                    // A role that cannot be assumed says nothing of what its account would answer.
                    answer if entered => state.note_within(answer.as_ref().err()),
                    _ => {}
                }
                one.answer = Some(regions);
            }
        }
        let answered = asked.into_iter().map(|one| {
            let error = match one.answer {
                Some(Ok(regions)) => return regions,
                Some(Err(error)) => Some(error),
                None => state.silent(),
            };
            let error = error.unwrap_or_else(|| unanswered("ListRegions"));
            self.last_resort(state, &one.account, &error)
        });
        Ok(answered.collect())
    }

    /// Asks all questions at once.
    fn ask(&self, asked: &[Asked], questions: Vec<(usize, Whom)>) -> Vec<Answer> {
        let access = &self.access;
        let role_of = |(place, whom): &(usize, Whom)| match whom {
            Whom::Base => None,
            Whom::Account => access.role_arn(&asked[*place].account),
        };
        let roles: Vec<Option<String>> = questions.iter().map(role_of).collect();
        let arns: Vec<String> = roles.iter().flatten().cloned().collect();
        let mut sessions = access.act_all(&arns).into_iter();
        let acting: Vec<_> = roles
            .iter()
            .map(|role| match role {
                Some(_) => sessions
                    .next()
                    .unwrap_or_else(|| Err(unanswered("AssumeRole"))),
                None => access.act(None),
            })
            .collect();
        let requests: Vec<_> = questions
            .iter()
            .map(|(place, whom)| {
                request((*whom == Whom::Base).then(|| asked[*place].account.as_str()))
            })
            .collect();
        let batch: Vec<(&H::Session, ListRegionsRequest)> = acting
            .iter()
            .zip(&requests)
            .filter_map(|(acting, request)| Some((&**acting.as_ref().ok()?, request.clone())))
            .collect();
        let missing = || Err(unanswered("ListRegions"));
        let first = if batch.is_empty() {
            Vec::new()
        } else {
            access.host.list_regions_of(&batch)
        };
        let mut first = first.into_iter().chain(std::iter::repeat_with(missing));
        questions
            .into_iter()
            .zip(acting)
            .zip(requests)
            .map(|(((place, whom), acting), request)| {
                let entered = acting.is_ok();
                let regions = acting.and_then(|session| {
                    let page = first.next().unwrap_or_else(missing)?;
                    complete(access.host, &session, request, page)
                });
                Answer {
                    place,
                    whom,
                    entered,
                    regions,
                }
            })
            .collect()
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
        id: None,
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

/// An account whose regions are wanted.
struct Asked {
    account: String,
    /// The operator's own, which answers for itself alone.
    own: bool,
    centrally: bool,
    within: bool,
    answer: Option<Result<Regions, Error>>,
}

/// Who is asked about an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whom {
    /// The base account, for another one: Account Management.
    Base,
    /// The account itself.
    Account,
}

/// What came of a question.
struct Answer {
    /// The account's among those asked.
    place: usize,
    whom: Whom,
    /// Whether there was a session to ask with.
    entered: bool,
    regions: Result<Regions, Error>,
}

/// Who is asked next, for each account that has no regions yet and a way left. The base account is done with once it
/// was refused often enough; an account itself only where none answers at all.
fn questions(asked: &mut [Asked], state: &State) -> Vec<(usize, Whom)> {
    let silent = state.silent().is_some();
    let mut room = match (state.central.is_shut(), state.within.is_shut() || silent) {
        (true, _) => 0,
        (false, true) => usize::MAX,
        (false, false) => CENTRALLY,
    };
    let mut questions = Vec::new();
    let open = |one: &&mut Asked| !matches!(one.answer, Some(Ok(_)));
    for (place, one) in asked.iter_mut().enumerate().filter(|(_, one)| open(one)) {
        let last = one.within || silent;
        if !one.own && !one.centrally && !state.central.is_shut() && (room > 0 || last) {
            room = room.saturating_sub(1);
            one.centrally = true;
            questions.push((place, Whom::Base));
        } else if !one.within && (one.own || !silent) {
            one.within = true;
            questions.push((place, Whom::Account));
        }
    }
    questions
}

/// Every page.
pub(crate) fn list<H: Host + Aws>(
    host: &H,
    session: &H::Session,
    account: Option<&str>,
) -> Result<Regions, Error> {
    let request = request(account);
    let first = host.list_regions(session, &request)?;
    complete(host, session, request, first)
}

fn request(account: Option<&str>) -> ListRegionsRequest {
    ListRegionsRequest {
        account_id: account.map(str::to_owned),
        opt_statuses: Vec::new(),
        next_token: None,
    }
}

/// The first page and all others; an empty one with a token is not the end.
fn complete<H: Host + Aws>(
    host: &H,
    session: &H::Session,
    mut request: ListRegionsRequest,
    first: RegionPage,
) -> Result<Regions, Error> {
    let mut tokens = Tokens::default();
    let mut regions: Regions = Vec::new();
    let mut answer = first;
    for page in 0.. {
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
        answer = host.list_regions(session, &request)?;
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
