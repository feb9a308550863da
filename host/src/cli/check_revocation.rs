//! `sensor inventory check-revocation`: asks CAs now.
//! Above: `inventory`. Below: `app`, `render`.
//! Invariant: what is told was kept in the inventory before.

use super::context::Context;
use super::failure::Outcome;
use super::filter::FilterArgs;
use super::output::Output;
use super::render::{RevocationLine, RevocationReport};
use super::style::safe;
use crate::app::{Checked, Sensor};
use crate::model::profile::Network;
use crate::model::revocation::RevocationWord;
use crate::revocation::Networks;
use clap::Args;
use tokio_util::sync::CancellationToken;

pub(super) const EXAMPLES: &str = "Examples:
  sensor inventory check-revocation
  sensor inventory check-revocation --account payments-prod --in-use
  sensor inventory check-revocation --issuer 'Corp CA' --revocation-networks 10.0.0.0/8
  sensor inventory list --revoked

Each valid certificate's OCSP responder is asked, or its CA's revocation list is looked up. An answer counts when it is
signed by the CA, about this certificate and in time; anything else is `unknown`, with its reason. `sensor serve` does the
same by itself. Certificates of a mock-host are left out.
";

/// Whom certificates may send the sensor to.
#[derive(Debug, Args)]
#[command(next_help_heading = "Whom to ask")]
pub(super) struct NetworkArgs {
    /// Private networks whose OCSP responders and revocation lists may be asked; public ones always may, the link's own
    /// addresses never
    #[arg(
        long,
        value_name = "NETWORK",
        value_delimiter = ',',
        env = "SENSOR_REVOCATION_NETWORKS",
        hide_env_values = true
    )]
    revocation_networks: Vec<Network>,
}

impl NetworkArgs {
    pub(super) fn networks(self) -> Networks {
        Networks(self.revocation_networks)
    }
}

#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    #[command(flatten)]
    networks: NetworkArgs,
    #[command(flatten)]
    pub(super) filter: FilterArgs,
}

pub(super) async fn act(
    args: CheckArgs,
    accounts: &[(String, String)],
    sensor: &Sensor,
    context: &Context,
) -> anyhow::Result<Outcome> {
    let now = sensor.clock().now();
    let filter = args.filter.filter(now, accounts)?;
    let checker = sensor.checker(args.networks.networks())?;
    let stop = CancellationToken::new();
    let mut report = RevocationReport::default();
    let asked = {
        let checking = sensor.check_matching(&checker, &filter, &stop, |checked| {
            tell(&checked, &context.out);
            report.add(checked);
        });
        tokio::pin!(checking);
        loop {
            tokio::select! {
                done = &mut checking => break done?,
                _ = tokio::signal::ctrl_c() => stop.cancel(),
            }
        }
    };
    report.sort();
    context.out.show(&report)?;
    if asked == 0 {
        context
            .out
            .hint("no valid certificate matches (nobody is asked about what a mock-host told): sensor inventory summary shows what there is");
    }
    let partly = stop.is_cancelled() || report.lines.iter().any(RevocationLine::is_trouble);
    Ok(if partly {
        Outcome::Partial
    } else {
        Outcome::All
    })
}

/// A revocation is told at once and loudly, with what follows.
pub(super) fn tell(checked: &Checked, out: &Output) {
    if checked.revocation.word() != RevocationWord::Revoked || !checked.is_news() {
        return;
    }
    let line = RevocationLine::from(checked.clone());
    out.error(&format!(
        "REVOKED by its CA: {}, {}{}",
        safe(&line.name),
        &checked.fingerprint.to_string()[..12],
        line.when()
    ));
    for (id, consequence) in &checked.requests {
        out.warn(&format!("request {id} keeps it; {}", consequence.told()));
    }
    if checked.requests.is_empty() {
        out.hint("sensor request take-over CERTIFICATE --profile PROFILE --renew-now replaces it");
    }
}
