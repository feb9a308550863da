//! `sensor policy`: what to allow, and no more.
//! Above: `cli`. Below: `app`, `render::policy`.
//! Invariant: asks the cloud nothing but which partition it is, and not even that when told.

use super::cloud::CloudArgs;
use super::context::Context;
use super::failure::Outcome;
use super::render::PolicyView;
use crate::model::id::ConnectorId;
use clap::Args;
use clap::builder::PossibleValuesParser;

/// All that AWS has.
const PARTITIONS: [&str; 8] = [
    "aws",
    "aws-cn",
    "aws-us-gov",
    "aws-eusc",
    "aws-iso",
    "aws-iso-b",
    "aws-iso-e",
    "aws-iso-f",
];

#[derive(Debug, Args)]
#[command(
    before_long_help = "Examples:\n  sensor policy aws-prod --partition aws\n  sensor policy aws-prod --output json\n"
)]
pub(super) struct PolicyArgs {
    /// The connector that needs the policies
    connector: ConnectorId,
    /// The partition to write them for (aws, aws-cn, aws-us-gov); without it the credentials are asked
    #[arg(long, value_parser = PossibleValuesParser::new(PARTITIONS), hide_possible_values = true)]
    partition: Option<String>,
    #[command(flatten)]
    cloud: CloudArgs,
}

pub(super) async fn act(args: PolicyArgs, context: &Context) -> anyhow::Result<Outcome> {
    let sensor = context.beside()?;
    let config = sensor.connector(&args.connector)?.config;
    let over = args.cloud.over(&config)?;
    let policies = sensor
        .policy(&args.connector, args.partition, over.as_ref())
        .await?;
    context.out.show(&PolicyView {
        policies: &policies,
    })?;
    context.out.hint(&format!(
        "attach them, then: sensor connector check {}",
        args.connector
    ));
    Ok(Outcome::All)
}
