//! `sensor request`: create, take-over, list, show, approve, cancel, revoke, retry.
//! Above: `cli`. Below: `app`'s desk, `wait`, `render`.
//! Invariant: a command that only reads or decides works beside a sensor that serves.

use super::context::Context;
use super::failure::{Outcome, usage};
use super::render::{RehearsalView, RequestList, RequestShown};
use super::target::Target;
use super::who::who;
use super::{ask, wait};
use crate::app::{Brought, NewRequest, NewSource, Retried, TakeOver, Use};
use crate::ledger::RequestFilter;
use crate::model::enrollment::RequestState;
use crate::model::id::{ConnectorId, ProfileId, RequestId};
use crate::model::issuer::RevocationReason;
use crate::model::secret::Secret;
use clap::{Args, Subcommand, ValueEnum};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Ask for a certificate: issued, delivered, and from then on renewed in its places
    #[command(before_long_help = CREATE)]
    Create(CreateArgs),
    /// Take over a certificate that stands in ACM already: renewed from now on under the same ARN
    #[command(before_long_help = TAKE_OVER)]
    TakeOver(TakeOverArgs),
    /// List requests, newest first
    #[command(
        visible_alias = "ls",
        before_long_help = "Examples:\n  sensor request list\n  sensor request list --state active --output json\n"
    )]
    List {
        /// Only in this state: awaiting-approval, active, cancelled
        #[arg(long, value_parser = state)]
        state: Option<RequestState>,
        /// At most this many
        #[arg(long, default_value_t = 50, value_name = "N")]
        limit: usize,
    },
    /// Show a request: how far it is, where it went, what was done and when
    #[command(
        before_long_help = "Examples:\n  sensor request show 12\n  sensor request show 12 --output json\n"
    )]
    Show {
        /// The request's number
        request: RequestId,
    },
    /// Let a request begin that waits for a second person
    #[command(before_long_help = "Examples:\n  sensor request approve 12\n")]
    Approve {
        /// The request's number
        request: RequestId,
    },
    /// End a request: nothing more is issued or renewed; what was delivered stays
    #[command(before_long_help = "Examples:\n  sensor request cancel 12 --yes\n")]
    Cancel {
        /// The request's number
        request: RequestId,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
    /// Revoke the certificate of a request at its issuer, at once; `sensor renew --revoke` replaces it first
    #[command(
        before_long_help = "Examples:\n  sensor request revoke 12 --reason cessation-of-operation --yes\n  sensor request revoke 12 --reason key-compromise --serial 66d8e35354675e92\n"
    )]
    Revoke {
        /// The request's number
        request: RequestId,
        /// unspecified, key-compromise, affiliation-changed, superseded, cessation-of-operation, privilege-withdrawn
        #[arg(long)]
        reason: RevocationReason,
        /// Which one, where targets have different ones: its serial number
        #[arg(long)]
        serial: Option<String>,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
    /// Try again what failed, at once
    #[command(before_long_help = "Examples:\n  sensor request retry 12 --wait\n")]
    Retry {
        /// The request's number
        request: RequestId,
        #[command(flatten)]
        wait: wait::WaitArgs,
    },
}

const CREATE: &str = "Examples:
  sensor request create www.example.com --profile web --to aws-prod:123456789012:eu-central-1
  sensor request create shop.example.com '*.shop.example.com' --profile web \\
    --to aws-prod:123456789012:us-east-1 --to aws-prod:210987654321:eu-west-1 --wait
  sensor request create www.example.com --profile web --to aws-prod:123456789012:us-east-1 --dry-run
  sensor request create --profile web --csr server.csr
  sensor request create --profile web --certificate server.pem --key server.key --to aws-prod:123456789012:eu-west-1
  sensor request create www.example.com --profile web --for cloudfront --to aws-prod:123456789012:us-east-1
";

const TAKE_OVER: &str = "Examples:
  sensor request take-over 3f9a1c --profile web
  sensor request take-over arn:aws:acm:eu-west-1:123456789012:certificate/… --profile web --only-there --renew-now
";

/// What a certificate is for.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum For {
    /// An Amazon CloudFront distribution
    Cloudfront,
}

impl From<For> for Use {
    fn from(used_for: For) -> Self {
        match used_for {
            For::Cloudfront => Self::CloudFront,
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct CreateArgs {
    /// DNS names or IP addresses; the first is the common name
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// How it is issued: sensor profile list
    #[arg(long, value_name = "PROFILE")]
    profile: ProfileId,
    /// Where it goes, CONNECTOR:ACCOUNT:REGION; may be given several times
    #[arg(long = "to", value_name = "TARGET")]
    targets: Vec<Target>,
    /// A tag for the certificate in the cloud, KEY=VALUE; may be given several times
    #[arg(long = "tag", value_name = "KEY=VALUE")]
    tags: Vec<String>,
    /// Whose it is
    #[arg(long)]
    business_unit: Option<String>,
    /// Whom to ask about it
    #[arg(long)]
    contact: Option<String>,
    /// Your own signing request, PEM: the certificate is issued and shown, its key stays with you
    #[arg(long, value_name = "FILE", conflicts_with_all = ["certificate", "key"])]
    csr: Option<PathBuf>,
    /// Your own certificate with its chain, PEM: delivered, not renewed
    #[arg(long, value_name = "FILE", requires = "key")]
    certificate: Option<PathBuf>,
    /// Its private key, PEM, not encrypted
    #[arg(long, value_name = "FILE", requires = "certificate")]
    key: Option<PathBuf>,
    /// What it is for: CloudFront takes certificates from us-east-1 only
    #[arg(long = "for", value_enum, value_name = "USE")]
    used_for: Option<For>,
    /// Although another request keeps the same name there
    #[arg(long)]
    another: bool,
    /// Only try every target and print what would be done
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    wait: wait::WaitArgs,
}

#[derive(Debug, Args)]
pub(super) struct TakeOverArgs {
    /// A fingerprint (six digits are enough) or an ARN from the inventory
    #[arg(value_name = "CERTIFICATE")]
    what: String,
    /// How it is renewed: sensor profile list
    #[arg(long, value_name = "PROFILE")]
    profile: ProfileId,
    /// Look at the ARN itself by this connector, not into the inventory: as while `sensor serve` imports
    #[arg(long, value_name = "CONNECTOR")]
    connector: Option<ConnectorId>,
    /// Only the ARN that was named, not every place of the same certificate
    #[arg(long)]
    only_there: bool,
    /// Whose it is
    #[arg(long)]
    business_unit: Option<String>,
    /// Whom to ask about it
    #[arg(long)]
    contact: Option<String>,
    /// What it is for: CloudFront takes certificates from us-east-1 only
    #[arg(long = "for", value_enum, value_name = "USE")]
    used_for: Option<For>,
    /// Although another request keeps the same name there
    #[arg(long)]
    another: bool,
    /// Renew it now, not only when it is due
    #[arg(long)]
    renew_now: bool,
    #[command(flatten)]
    wait: wait::WaitArgs,
}

pub(super) async fn act(verb: Verb, context: &Context) -> anyhow::Result<Outcome> {
    match verb {
        Verb::Create(args) => create(args, context).await,
        Verb::TakeOver(args) => take_over(args, context).await,
        Verb::List { state, limit } => list(state, limit, context),
        Verb::Show { request } => show(request, context),
        Verb::Approve { request } => approve(request, context),
        Verb::Cancel { request, yes } => cancel(request, yes, context),
        Verb::Revoke {
            request,
            reason,
            serial,
            yes,
        } => revoke(request, reason, serial.as_deref(), yes, context).await,
        Verb::Retry { request, wait } => retry(request, &wait, context).await,
    }
}

async fn create(args: CreateArgs, context: &Context) -> anyhow::Result<Outcome> {
    let (wait, dry_run) = (args.wait, args.dry_run);
    let new = wanted(args)?;
    if dry_run {
        let sensor = Arc::new(context.beside()?);
        let rehearsal = sensor.rehearse(new).await?;
        context.out.show(&RehearsalView {
            rehearsal: &rehearsal,
        })?;
        return Ok(if rehearsal.is_refused() {
            Outcome::Failed
        } else {
            Outcome::All
        });
    }
    let sensor = context.beside()?;
    if wait.waits() {
        // Or the request would be there, and end at once.
        sensor.need_key()?;
    }
    let (request, advice) = sensor.create(new)?;
    drop(sensor);
    for line in &advice {
        context.out.warn(line);
    }
    context.out.say(&format!("request {}", request.id));
    wait::follow(request.id, &wait, context).await
}

fn wanted(args: CreateArgs) -> anyhow::Result<NewRequest> {
    let source = match (args.csr, args.certificate, args.key) {
        (Some(csr), ..) => NewSource::SigningRequest(text(&csr)?),
        (None, Some(certificate), Some(key)) => NewSource::Brought(Brought {
            certificate: text(&certificate)?,
            key: Secret::new(text(&key)?),
        }),
        _ => NewSource::Issued,
    };
    Ok(NewRequest {
        profile: args.profile,
        names: args.names,
        source,
        targets: args.targets.into_iter().map(Into::into).collect(),
        tags: tags(&args.tags)?,
        business_unit: args.business_unit,
        contact: args.contact,
        by: who(),
        another: args.another,
        used_for: args.used_for.map(Into::into),
    })
}

fn text(file: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(file).map_err(|error| usage(format!("{}: {error}", file.display())))
}

fn tags(pairs: &[String]) -> anyhow::Result<BTreeMap<String, String>> {
    pairs
        .iter()
        .map(|pair| match pair.split_once('=') {
            Some((key, value)) => Ok((key.to_owned(), value.to_owned())),
            None => Err(usage(format!("`{pair}` is no tag: write KEY=VALUE"))),
        })
        .collect()
}

async fn take_over(args: TakeOverArgs, context: &Context) -> anyhow::Result<Outcome> {
    let wanted = TakeOver {
        what: args.what,
        profile: args.profile,
        by_connector: args.connector,
        only_there: args.only_there,
        business_unit: args.business_unit,
        contact: args.contact,
        by: who(),
        another: args.another,
        used_for: args.used_for.map(Into::into),
        now: args.renew_now,
    };
    let sensor = Arc::new(context.beside()?);
    let (request, advice) = sensor.take_over(&wanted).await?;
    // Whoever waits takes the state directory.
    drop(sensor);
    for line in &advice {
        context.out.warn(line);
    }
    let targets = request.targets.len();
    context.out.say(&format!(
        "request {} keeps {} from now on",
        request.id,
        super::style::count(targets as u64, "place", "places")
    ));
    if args.renew_now {
        return wait::follow(request.id, &args.wait, context).await;
    }
    context
        .out
        .hint(&format!("sensor request show {}", request.id));
    Ok(Outcome::All)
}

fn list(state: Option<RequestState>, limit: usize, context: &Context) -> anyhow::Result<Outcome> {
    let filter = RequestFilter {
        state,
        limit: Some(limit),
    };
    let desk = context.desk()?;
    let requests = desk.list(&filter)?;
    context.out.show(&RequestList {
        requests: &requests,
        now: desk.now(),
    })?;
    match requests.first() {
        Some((first, _)) => context
            .out
            .hint(&format!("sensor request show {}", first.id)),
        None => context
            .out
            .hint("sensor request create NAME --profile PROFILE --to CONNECTOR:ACCOUNT:REGION"),
    }
    Ok(Outcome::All)
}

fn show(id: RequestId, context: &Context) -> anyhow::Result<Outcome> {
    let desk = context.desk()?;
    let view = desk.show(id)?;
    context.out.show(&RequestShown {
        view: &view,
        now: desk.now(),
        history: true,
    })?;
    Ok(Outcome::All)
}

fn approve(id: RequestId, context: &Context) -> anyhow::Result<Outcome> {
    let request = context.desk()?.approve(id, &who())?;
    context.out.say(&format!(
        "request {id} approved; {} asked for it",
        super::style::safe(&request.requested_by)
    ));
    context.out.hint("sensor serve does what is due");
    Ok(Outcome::All)
}

fn cancel(id: RequestId, yes: bool, context: &Context) -> anyhow::Result<Outcome> {
    let desk = context.desk()?;
    let view = desk.show(id)?;
    let open = view
        .issuances
        .first()
        .is_some_and(|one| !one.state.is_over());
    let request = view.request;
    let first = request.names.first().cloned().unwrap_or_default();
    ask::confirm(
        &format!("Request {id} ({first}) will not be issued or renewed any more"),
        &id.to_string(),
        yes,
    )?;
    let revoked = desk.cancel(id, &who())?;
    context
        .out
        .say(&format!("request {id} cancelled; what was delivered stays"));
    if open {
        context
            .out
            .hint("sensor serve ends what is under way and erases its key");
    }
    if revoked > 0 {
        context.out.warn("its certificate was to be revoked once it is replaced: it is revoked now, by sensor serve");
    }
    Ok(Outcome::All)
}

async fn revoke(
    id: RequestId,
    reason: RevocationReason,
    serial: Option<&str>,
    yes: bool,
    context: &Context,
) -> anyhow::Result<Outcome> {
    let desk = context.desk()?;
    let view = desk.show(id)?;
    let certificate = desk.to_revoke(id, serial)?;
    let first = view.request.names.first().cloned().unwrap_or_default();
    let what = format!("The certificate of request {id} ({first}), {certificate}, will be revoked");
    ask::confirm(&what, &id.to_string(), yes)?;
    let sensor = Arc::new(context.beside()?);
    sensor.revoke(&certificate, reason, &who()).await?;
    context.out.say(&format!("revoked {certificate}: {reason}"));
    if view.request.state == RequestState::Active && !view.request.targets.is_empty() {
        context.out.hint(&format!(
            "sensor renew {id} replaces it where it is still in use"
        ));
    }
    Ok(Outcome::All)
}

async fn retry(id: RequestId, wait: &wait::WaitArgs, context: &Context) -> anyhow::Result<Outcome> {
    let done = context.desk()?.retry(id, &who())?;
    context.out.say(&match done {
        Retried::Deliveries(1) => "one delivery goes on with the same certificate".to_owned(),
        Retried::Deliveries(more) => format!("{more} deliveries go on with the same certificate"),
        Retried::Anew => "a new certificate will be issued".to_owned(),
        Retried::GoesOn => "it goes on at once".to_owned(),
    });
    wait::follow(id, wait, context).await
}

fn state(text: &str) -> Result<RequestState, String> {
    match text {
        "awaiting-approval" => Ok(RequestState::AwaitingApproval),
        "active" => Ok(RequestState::Active),
        "cancelled" => Ok(RequestState::Cancelled),
        _ => Err("use awaiting-approval, active or cancelled".to_owned()),
    }
}
