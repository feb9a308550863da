//! Checks an organization: whether it answers, which accounts are in scope, whether a sample of them lets the sensor in.
//! Above: `check`. Below: `plan`, whose own pages are the sample; `permissions`, `barrier`.
//! Invariant: a small, fixed number of calls, however large the organization.

use super::barrier::Barrier;
use super::permissions::Probe;
use super::report::{Line, Report};
use crate::access::Access;
use crate::error::is_denied;
use crate::plan;
use crate::settings::Settings;
use sensor_sdk::host::{Aws, AwsWrite, Host, Session};
use sensor_sdk::types::aws::Organization;
use sensor_sdk::types::{Account, Error, PlanEntry};
use std::collections::{BTreeMap, BTreeSet};

/// Accounts whose role is tried.
const SAMPLE: usize = 5;
/// Pages of the plan that are looked at.
const PAGES: usize = 3;

pub(super) fn check<H: Host + AwsWrite>(
    access: &Access<'_, H>,
    settings: &Settings,
    report: &mut Report,
) {
    match access.host.describe_organization(&access.base) {
        Ok(organization) => describe(access, &organization, report),
        Err(error) => return report.add(unreachable("organizations:DescribeOrganization", &error)),
    }
    let invited = match invited(access) {
        Ok(invited) => invited,
        Err(error) => return report.add(unreachable("organizations:ListAccounts", &error)),
    };
    let seen = match look(access.host) {
        Ok(seen) => seen,
        Err(error) => {
            return report.add(Line::failure("plan", error.message.clone()).about(&error.code));
        }
    };
    tell(&seen, report);
    regions(access, &seen, report);
    for account in sample(access, &seen, &invited) {
        enter(access, settings, &seen, account, &invited, report);
    }
}

/// The first pages of the plan, as an import would get them.
#[derive(Default)]
struct Seen {
    accounts: Vec<Account>,
    /// Regions to read, by account.
    regions: BTreeMap<String, Vec<String>>,
    problems: Vec<String>,
    more: bool,
}

fn look<H: Host + Aws>(host: &H) -> Result<Seen, Error> {
    let (mut seen, mut at) = (Seen::default(), None);
    for _ in 0..PAGES {
        let page = plan::page(host, at)?;
        for entry in page.entries {
            match entry {
                PlanEntry::Account(account) => seen.accounts.push(account),
                PlanEntry::Split(split) => {
                    seen.regions
                        .entry(split.account)
                        .or_default()
                        .extend(split.region);
                }
                // One without a region comes with a problem that says the same.
                PlanEntry::Skipped(skipped) if skipped.region.is_none() => {}
                PlanEntry::Skipped(skipped) => seen.problems.push(skipped.message),
            }
        }
        seen.problems
            .extend(page.problems.into_iter().map(|problem| problem.message));
        at = page.next;
        if at.is_none() {
            return Ok(seen);
        }
    }
    seen.more = true;
    Ok(seen)
}

fn describe<H: Host + Aws>(
    access: &Access<'_, H>,
    organization: &Organization,
    report: &mut Report,
) {
    let Organization {
        id,
        management_account_id,
        feature_set,
    } = organization;
    let by = if *management_account_id == access.account {
        "the credentials are of its management account".to_owned()
    } else {
        format!(
            "the credentials are of a member; its management account is {management_account_id}"
        )
    };
    report.add(Line::success("organization", format!("organization {id} answers; {by}")).about(id));
    if feature_set != "ALL" {
        let message = format!(
            "the organization has {feature_set} only, so it cannot be asked for its accounts' regions"
        );
        let advice = "each account is asked by its role; enable all features to save those calls";
        report.add(
            Line::warning("organization-features", message)
                .about(id)
                .advise(advice),
        );
    }
}

fn unreachable(action: &str, error: &Error) -> Line {
    let advice = match error.code.as_str() {
        "AWSOrganizationsNotInUseException" => {
            "write scope = \"account\" for an account that stands alone"
        }
        _ if is_denied(error) => {
            "use credentials of the management account, or of one that is registered as a delegated administrator, and \
             let them do this"
        }
        _ => "try again; if it stays, see the sensor's log",
    };
    let line = Line::failure("organization", plan::explain(error.clone()).message);
    line.about(action).advise(advice).mend(error, action, "*")
}

/// Accounts that joined by invitation, among the first: they do not get the common role by themselves.
fn invited<H: Host + Aws>(access: &Access<'_, H>) -> Result<BTreeSet<String>, Error> {
    let (mut invited, mut token) = (BTreeSet::new(), None::<String>);
    for _ in 0..PAGES {
        let page = access.host.list_accounts(&access.base, token.as_deref())?;
        let joined = page
            .accounts
            .into_iter()
            .filter(|a| a.joined_method.as_deref() == Some("INVITED"));
        invited.extend(joined.map(|account| account.id));
        token = page.next_token;
        if token.is_none() {
            break;
        }
    }
    Ok(invited)
}

fn tell(seen: &Seen, report: &mut Report) {
    let covered = seen
        .accounts
        .iter()
        .filter(|account| account.excluded.is_none())
        .count();
    let splits: usize = seen.regions.values().map(Vec::len).sum();
    let among = if seen.more { "the first " } else { "" };
    let message = format!(
        "{covered} of {among}{} accounts are in scope, with {splits} pairs of account and region to read",
        seen.accounts.len()
    );
    report.add(if covered == 0 {
        let advice = "see `accounts` and `organizational_units` in the settings";
        Line::warning("accounts", message).advise(advice)
    } else {
        Line::success("accounts", message)
    });
    for problem in &seen.problems {
        report.add(Line::warning("plan", problem.clone()));
    }
}

/// Whether regions can be asked for without entering each account.
fn regions<H: Host + Aws>(access: &Access<'_, H>, seen: &Seen, report: &mut Report) {
    let member = seen
        .accounts
        .iter()
        .find(|account| account.excluded.is_none() && account.id != access.account);
    let Some(member) = member else { return };
    report.add(match plan::regions_of(access.host, &access.base, Some(&member.id)) {
        Ok(_) => Line::success("regions", "the accounts' regions can be listed from here".to_owned()),
        Err(error) => {
            let message = format!("the accounts' regions cannot be listed from here: {}", error.message);
            let advice = "each account is asked by its role, which costs a call more; to save it, enable trusted access \
                          for Account Management in the organization, and let the sensor do this";
            let line = Line::warning("regions", message).about(&member.id).advise(advice);
            line.mend(&error, "account:ListRegions", "*")
        }
    });
}

/// The sensor's own account, an invited one if there is one, and others from all over the list.
fn sample<'s, H: Host + Aws>(
    access: &Access<'_, H>,
    seen: &'s Seen,
    invited: &BTreeSet<String>,
) -> impl Iterator<Item = &'s Account> {
    let covered: Vec<_> = seen
        .accounts
        .iter()
        .filter(|account| account.excluded.is_none())
        .collect();
    let (own, others): (Vec<_>, Vec<_>) = covered
        .into_iter()
        .partition(|account| account.id == access.account);
    let guest = others
        .iter()
        .copied()
        .find(|account| invited.contains(&account.id));
    let step = others.len().div_ceil(SAMPLE).max(1);
    let spread = others
        .iter()
        .copied()
        .step_by(step)
        .filter(|account| Some(account.id.as_str()) != guest.map(|g| g.id.as_str()));
    let mut chosen = own;
    chosen.extend(guest.into_iter().chain(spread).take(SAMPLE));
    chosen.into_iter()
}

fn enter<H: Host + AwsWrite>(
    access: &Access<'_, H>,
    settings: &Settings,
    seen: &Seen,
    account: &Account,
    invited: &BTreeSet<String>,
    report: &mut Report,
) {
    let arn = access.role_arn(&account.id);
    let session = match access.act(arn.as_deref()) {
        Ok(session) => session,
        Err(error) => {
            let arn = arn.unwrap_or_default();
            let advice = advice(access, settings, account, invited, &error);
            let line = Line::failure(
                "assume-role",
                format!(
                    "account {} ({}): {}",
                    account.id, account.name, error.message
                ),
            );
            let line = line.about(&account.id).advise(advice);
            return report.add(line.mend(&error, "sts:AssumeRole", &arn));
        }
    };
    if let Some(arn) = &arn {
        report
            .add(Line::success("assume-role", format!("{arn} can be assumed")).about(&account.id));
    }
    let planned = seen.regions.get(&account.id).map_or(&[][..], Vec::as_slice);
    let region = super::probe_region(access, settings, planned);
    Probe {
        access,
        settings,
        session: &session,
        account: &account.id,
        region: &region,
    }
    .run(report);
}

/// AWS says no more than "denied": what it can be, most likely first.
fn advice<H: Host + Aws>(
    access: &Access<'_, H>,
    settings: &Settings,
    account: &Account,
    invited: &BTreeSet<String>,
    error: &Error,
) -> String {
    let role = &settings.role.name;
    if !is_denied(error) {
        return "try again; if it stays, see the sensor's log".to_owned();
    }
    // What AWS does name needs no guess.
    if let Some(barrier) = Barrier::of(error) {
        return match barrier {
            Barrier::ServiceControl => format!(
                "it stands over the sensor's own account {}; over the management account none stands, so credentials \
                 of that would do",
                access.account
            ),
            Barrier::ResourceControl => format!(
                "it stands over account {}, which can be left out by `accounts.exclude`",
                account.id
            ),
            _ => format!(
                "tried was {}",
                access.role_arn(&account.id).unwrap_or_default()
            ),
        };
    }
    let mut causes = Vec::new();
    if account.management {
        causes.push(format!(
            "the management account has no {role} unless somebody made it, and StackSets do not reach it: make it there, \
             or leave the account out by `accounts.exclude`"
        ));
    }
    if invited.contains(&account.id) {
        causes.push(format!("the account was invited, and invited accounts do not get {role} by themselves: make it there"));
    }
    causes.push(format!(
        "{role} must exist there (a new account gets it some minutes late) and trust {}",
        access.base.principal()
    ));
    causes.push(match settings.role.external_id {
        Some(_) => {
            "its trust policy must ask for the external ID in the settings, or for none".to_owned()
        }
        None => "if its trust policy asks for an external ID, write it as `external_id`".to_owned(),
    });
    causes.push("it must not ask for MFA, which nobody could give to a sensor".to_owned());
    causes.push("the sensor's own policy must allow it".to_owned());
    causes.join("; ")
}
