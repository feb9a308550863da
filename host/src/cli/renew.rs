//! `sensor renew`: now what would be renewed later, one by one or all of a CA, a key type, a profile, a name.
//! Above: `cli`. Below: `app`'s desk and drill, `wait`, `render`.
//! Invariant: whoever picks by a rule sees the plan before anything is done; works beside a sensor that serves.

use super::context::Context;
use super::failure::Outcome;
use super::render::DrillView;
use super::who::who;
use super::{ask, wait};
use crate::app::{Desk, Drill, DrillPlan};
use crate::model::id::{IssuerId, ProfileId, RequestId};
use crate::model::issuer::RevocationReason;
use crate::model::key::KeyType;
use crate::model::period::Period;
use clap::Args;

pub(super) const EXAMPLES: &str = "Examples:
  sensor renew 12 --wait
  sensor renew --expires-within 30d --yes
  sensor renew --issuer-name \"Example CA G2\" --dry-run
  sensor renew --key-type rsa-2048 --name example.com
  sensor renew 12 --revoke key-compromise --wait

Renewals happen by themselves when they are due; this is for the rest. Whoever picks by a rule is shown first what
would be replaced, where and how fast, and what would not and why; --dry-run ends there.
";

#[derive(Debug, Args)]
pub(super) struct RenewArgs {
    /// The requests' numbers
    #[arg(required_unless_present = "rule", conflicts_with = "rule")]
    requests: Vec<RequestId>,
    #[command(flatten)]
    rule: RuleArgs,
    /// Only print the plan
    #[arg(long, requires = "rule")]
    dry_run: bool,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
    /// The key was exposed, or the like: once the new certificate is everywhere, revoke the one in use for this reason
    #[arg(long, value_name = "REASON")]
    revoke: Option<RevocationReason>,
    #[command(flatten)]
    wait: wait::WaitArgs,
}

/// All given conditions hold.
#[derive(Debug, Args)]
#[group(id = "rule", multiple = true, required = false)]
#[command(next_help_heading = "Which certificates")]
struct RuleArgs {
    /// What requests keep that ends within this time
    #[arg(long, value_name = "TIME")]
    expires_within: Option<Period>,
    /// What is issued by this issuer: sensor issuer list
    #[arg(long, value_name = "ISSUER")]
    issuer: Option<IssuerId>,
    /// Part of the issuing CA's name, as it stands in the certificate
    #[arg(long, value_name = "TEXT")]
    issuer_name: Option<String>,
    /// What has a key of this type: rsa-2048, rsa-3072, rsa-4096, p-256, p-384
    #[arg(long, value_name = "TYPE")]
    key_type: Option<KeyType>,
    /// What is issued under this profile
    #[arg(long, value_name = "PROFILE")]
    profile: Option<ProfileId>,
    /// A DNS name, or what it ends with: "example.com" finds "www.example.com"
    #[arg(long, value_name = "DNS")]
    name: Option<String>,
}

pub(super) async fn act(args: RenewArgs, context: &Context) -> anyhow::Result<Outcome> {
    let picked = args.requests.is_empty();
    let ids = if picked {
        let plan = planned(args.rule, context)?;
        if args.dry_run {
            return Ok(Outcome::All);
        }
        if plan.replace.is_empty() {
            return Ok(Outcome::All);
        }
        let what = super::style::count(plan.replace.len() as u64, "certificate", "certificates");
        ask::confirm(&format!("{what} will be replaced"), "replace", args.yes)?;
        plan.replace.iter().map(|one| one.request.id).collect()
    } else {
        args.requests
    };
    let (desk, by) = (context.desk()?, who());
    let mut outcome = Outcome::All;
    let mut begun = Vec::new();
    for id in ids {
        match desk.renew(id, args.revoke, &by) {
            Ok(_) => begun.push(id),
            // Somebody was quicker: the others are not to stay for that.
            Err(error) if picked => {
                context.out.warn(&error.to_string());
                outcome = Outcome::Partial;
            }
            Err(error) => return Err(error.into()),
        }
    }
    context.out.say(&format!(
        "{} will be renewed",
        super::style::count(begun.len() as u64, "request", "requests")
    ));
    if begun.len() > 1 && !args.wait.waits() {
        let hint = "sensor serve does what is due; sensor request list tells how far it is";
        context.out.hint(hint);
        return Ok(outcome);
    }
    for id in begun {
        outcome = outcome.max(wait::follow(id, &args.wait, context).await?);
        if args.revoke.is_some() && args.wait.waits() {
            tell_revoked(&desk, id, context)?;
        }
    }
    Ok(outcome)
}

/// What came of the certificates that were replaced.
fn tell_revoked(desk: &Desk, id: RequestId, context: &Context) -> anyhow::Result<()> {
    let view = desk.show(id)?;
    let since = view.journal.iter().rposition(|event| event.what == "renew");
    let told = ["revoked", "not-revoked", "not-revoked-yet"];
    for event in view.journal.iter().skip(since.unwrap_or(0)) {
        if told.contains(&event.what.as_str()) {
            let detail = super::style::safe(&event.detail);
            context.out.say(&format!("  {:<14} {detail}", event.what));
        }
    }
    if !view.to_revoke.is_empty() {
        context.out.hint(&format!(
            "sensor serve revokes the one before once no target has it; sensor request show {id}"
        ));
    }
    Ok(())
}

/// Shows what would be done.
fn planned(rule: RuleArgs, context: &Context) -> anyhow::Result<DrillPlan> {
    let sensor = context.beside()?;
    let now = sensor.clock().now();
    let drill = Drill {
        issuer: rule.issuer,
        issuer_name: rule.issuer_name,
        key_type: rule.key_type,
        profile: rule.profile,
        name: rule.name,
        expires_before: rule
            .expires_within
            .map(|within| now.saturating_add(within.millis())),
    };
    let plan = sensor.drill(&drill)?;
    context.out.show(&DrillView { plan: &plan, now })?;
    if plan.unmanaged.is_none() && drill.profile.is_none() {
        context.out.warn(
            "another sensor has the inventory: certificates that no request keeps are not told here",
        );
    }
    Ok(plan)
}
