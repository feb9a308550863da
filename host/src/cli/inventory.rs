//! `sensor inventory`: list, show, summary, export, check-revocation.
//! Above: `cli`. Below: the inventory, `render`, `export`.
//! Invariant: all but `check-revocation` only read.

use super::check_revocation::{self, CheckArgs};
use super::context::Context;
use super::export::{self, ExportArgs};
use super::failure::Outcome;
use super::filter::FilterArgs;
use super::render::{AssetList, Expiring, QuarantineList, ShownView, SummaryView};
use crate::app::{Care, Ending, Sensor};
use crate::model::filter::{Filter, Query, Sort};
use crate::model::id::ConnectorId;
use crate::model::time::Millis;
use crate::store::Inventory;
use clap::{Args, Subcommand, ValueEnum};

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// List certificates, soonest to expire first
    #[command(visible_alias = "ls", before_long_help = LIST)]
    List(ListArgs),
    /// Show one certificate and every place where it lies
    #[command(
        before_long_help = "Examples:\n  sensor inventory show 3f9ac1d2\n  sensor inventory show arn:aws:acm:eu-central-1:123456789012:certificate/…\n"
    )]
    Show {
        /// An ARN, a fingerprint or its beginning, or a serial number
        certificate: String,
    },
    /// What ends when, and who renews it: a request, ACM itself, or nobody
    #[command(before_long_help = EXPIRING)]
    Expiring(ExpiringArgs),
    /// The inventory in numbers
    #[command(
        before_long_help = "Examples:\n  sensor inventory summary\n  sensor inventory summary --business-unit platform --output json\n"
    )]
    Summary(FilterArgs),
    /// List what came in certificates' places and is none
    #[command(before_long_help = QUARANTINE)]
    Quarantine {
        /// Of this connector only
        #[arg(long, value_name = "NAME")]
        connector: Option<ConnectorId>,
    },
    /// Write out every certificate that matches
    #[command(before_long_help = EXPORT)]
    Export(ExportArgs),
    /// Ask CAs now whether certificates are revoked
    #[command(before_long_help = check_revocation::EXAMPLES)]
    CheckRevocation(CheckArgs),
}

const LIST: &str = "Examples:
  sensor inventory list --expires-within 30d
  sensor inventory list --name example.com --in-use
  sensor inventory list --account payments-prod --status issued --output csv
";

const EXPIRING: &str = "Examples:
  sensor inventory expiring
  sensor inventory expiring --expires-within 30d --unmanaged
  sensor inventory expiring --issuer \"Example CA\" --output csv

Without --expires-within: what ends within 90 days.
";

/// How far `expiring` looks, unless told.
const SOON: Millis = 90 * 86_400_000;
/// And how far back, for what is used and has ended.
const LATELY: Millis = 30 * 86_400_000;

const QUARANTINE: &str = "Examples:
  sensor inventory quarantine --connector aws-prod
  sensor inventory quarantine --output json | jq -r '.quarantine[0].body' | base64 -d

The bytes that came (up to 16 KiB of each) are in the JSON and YAML forms, in Base64.
What looked like a private key was not kept.
";

const EXPORT: &str = "Examples:
  sensor inventory export certificates.csv
  sensor inventory export --format pem --expires-within 30d soon.pem
  sensor inventory export --format json | jq '.certificates[].id'
";

#[derive(Debug, Args)]
#[command(next_help_heading = "Order and pages")]
pub(super) struct ListArgs {
    /// What to sort by
    #[arg(long, value_enum, default_value = "expiry", value_name = "ORDER")]
    sort: Order,
    /// The other way round
    #[arg(long)]
    desc: bool,
    /// At most this many
    #[arg(long, default_value_t = 50, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,
    /// Go on where the last page ended (its `next`)
    #[arg(long, value_name = "TOKEN")]
    after: Option<String>,
    #[command(flatten)]
    filter: FilterArgs,
}

#[derive(Debug, Args)]
pub(super) struct ExpiringArgs {
    /// Only what nobody renews
    #[arg(long)]
    unmanaged: bool,
    #[command(flatten)]
    filter: FilterArgs,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Order {
    Expiry,
    Name,
    Account,
    FirstSeen,
}

impl Verb {
    /// The only one whose finds are asked for.
    fn connector(&self) -> Option<&ConnectorId> {
        match self {
            Self::List(args) => args.filter.connector(),
            Self::Expiring(args) => args.filter.connector(),
            Self::Summary(filter) => filter.connector(),
            Self::Export(args) => args.filter.connector(),
            Self::CheckRevocation(args) => args.filter.connector(),
            Self::Quarantine { connector } => connector.as_ref(),
            Self::Show { .. } => None,
        }
    }
}

pub(super) async fn act(verb: Verb, context: &Context) -> anyhow::Result<Outcome> {
    let sensor = context.beside()?;
    let now = sensor.clock().now();
    // One that is not there would find nothing, and not say why.
    if let Some(name) = verb.connector() {
        sensor.connector(name)?;
    }
    match verb {
        Verb::List(args) => list(args, &sensor, now, context)?,
        Verb::Show { certificate } => {
            let shown = sensor.inventory()?.show(&certificate)?;
            context.out.show(&ShownView { shown: &shown, now })?;
        }
        Verb::Expiring(args) => expiring(args, &sensor, now, context)?,
        Verb::Summary(filter) => {
            let inventory = sensor.inventory()?;
            let accounts = accounts(&inventory)?;
            let filter = filter.filter(now, &accounts)?;
            let summary = inventory.summary(&filter)?;
            context.out.show(&SummaryView {
                summary: &summary,
                accounts: &accounts.into_iter().collect(),
            })?;
            context.out.hint(match summary.locations {
                0 if filter == Filter::default() => {
                    "sensor connector import NAME fills the inventory"
                }
                0 => "sensor inventory summary without filters shows what there is",
                _ => "sensor inventory list --expires-within 30d",
            });
        }
        Verb::Quarantine { connector } => {
            let places = sensor.inventory()?.quarantine(connector.as_ref())?;
            context.out.show(&QuarantineList { places: &places })?;
        }
        Verb::Export(args) => {
            let inventory = sensor.inventory()?;
            let accounts = accounts(&inventory)?;
            export::act(args, &inventory, now, &accounts, context)?;
        }
        Verb::CheckRevocation(args) => {
            // Held, so that it is not opened twice.
            let inventory = sensor.inventory()?;
            let accounts = accounts(&inventory)?;
            return check_revocation::act(args, &accounts, &sensor, context).await;
        }
    }
    Ok(Outcome::All)
}

fn list(args: ListArgs, sensor: &Sensor, now: Millis, context: &Context) -> anyhow::Result<()> {
    let inventory = sensor.inventory()?;
    let sort = match args.sort {
        Order::Expiry => Sort::Expiry,
        Order::Name => Sort::Name,
        Order::Account => Sort::Account,
        Order::FirstSeen => Sort::FirstSeen,
    };
    let query = Query {
        filter: args.filter.filter(now, &accounts(&inventory)?)?,
        sort,
        descending: args.desc,
        limit: args.limit as usize,
        after: args.after,
    };
    let page = inventory.list(&query)?;
    context.out.show(&AssetList { page: &page, now })?;
    if let Some(next) = &page.next {
        context.out.hint(&format!(
            "the same again with --after {next} for the next page, or --limit N"
        ));
    }
    if page.total == 0 {
        context
            .out
            .hint("sensor inventory summary shows what there is");
    }
    Ok(())
}

fn expiring(
    args: ExpiringArgs,
    sensor: &Sensor,
    now: Millis,
    context: &Context,
) -> anyhow::Result<()> {
    // Held, so that it is not opened once more.
    let inventory = sensor.inventory()?;
    let mut filter = args.filter.filter(now, &accounts(&inventory)?)?;
    let any = filter.expires_before.is_none();
    if any {
        filter.expires_before = Some(now.saturating_add(SOON));
        filter.expires_after = Some(now.saturating_sub(LATELY));
    }
    let mut all = sensor.endings(&filter)?;
    if any {
        // What has ended matters where somebody still uses it.
        let used = |one: &Ending| one.in_use == Some(true) || one.care.request().is_some();
        all.retain(|one| one.ends > now || used(one));
    }
    if args.unmanaged {
        all.retain(|one| one.is_alarming(now));
    }
    context.out.show(&Expiring { endings: &all, now })?;
    let nobody = |one: &&Ending| matches!(one.care, Care::Nobody(_));
    if let Some(first) = all.iter().find(nobody) {
        context.out.hint(&format!(
            "sensor request take-over {} --profile PROFILE",
            super::style::safe(&first.place)
        ));
    }
    Ok(())
}

/// Every known account as (id, name).
fn accounts(inventory: &Inventory) -> anyhow::Result<Vec<(String, String)>> {
    let mut known = Vec::new();
    for status in inventory.connectors()? {
        let accounts = inventory.accounts(&status.connector)?;
        known.extend(
            accounts
                .into_iter()
                .map(|status| (status.account.id, status.account.name)),
        );
    }
    Ok(known)
}
