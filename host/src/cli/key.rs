//! `sensor key`: status, rotate.
//! Above: `cli`. Below: `app`, `render`.
//! Invariant: no key is an argument, and none is ever shown.

use super::ask;
use super::context::Context;
use super::failure::Outcome;
use super::render::{KeyView, RotatedView};
use crate::app::RotateTo;
use crate::config::KekSource;
use crate::ledger::KekState;
use clap::Subcommand;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Show which key everything is sealed under, where it lies, and whether all of it opens
    #[command(
        before_long_help = "Examples:\n  sensor key status\n  sensor key status --output json\n"
    )]
    Status,
    /// Seal everything under another key
    #[command(
        before_long_help = "Examples:\n  sensor key rotate\n  sensor key rotate --to /etc/sensor/kek\n  sensor key rotate --to-kms alias/sensor\n",
        after_long_help = "Without --to a new key takes the place of the one before. With it the key in that file is \
            taken, or a new one is made there; name the file with --kek-file or SENSOR_KEK_FILE from then on. With \
            --to-kms AWS KMS makes the key and seals it (kms:GenerateDataKey, kms:Decrypt; encryption context \
            sensor-id), and the sensor asks KMS once when it needs the key; credentials come from AWS's default chain. Backups \
            of the state directory that were made before need the key of before."
    )]
    Rotate {
        /// The file of the next key; made if it is not there
        #[arg(long, value_name = "FILE")]
        to: Option<PathBuf>,
        /// An AWS KMS key (ARN, id or alias) under which the next key is made and sealed, in the state directory
        #[arg(long, value_name = "KEY", conflicts_with = "to")]
        to_kms: Option<String>,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
}

pub(super) fn act(verb: Verb, context: &Context) -> anyhow::Result<Outcome> {
    match verb {
        Verb::Status => status(context),
        Verb::Rotate { to, to_kms, yes } => {
            let to = match (to, to_kms) {
                (_, Some(key)) => Some(RotateTo::Kms(key)),
                (Some(file), None) => Some(RotateTo::File(file)),
                (None, None) => None,
            };
            rotate(to.as_ref(), yes, context)
        }
    }
}

fn status(context: &Context) -> anyhow::Result<Outcome> {
    let sensor = context.beside()?;
    let status = sensor.key_status()?;
    let now = sensor.clock().now();
    context.out.show(&KeyView {
        status: &status,
        now,
    })?;
    if let Some(stray) = &status.stray {
        context.out.warn(&format!(
            "{} is a key that seals nothing here: remove it if no backup needs it",
            stray.display()
        ));
    }
    let whole = matches!(status.state, KekState::Open(_)) && status.unreadable.is_empty();
    if whole && status.source.is_beside_the_data() {
        context
            .out
            .hint("sensor key rotate --to FILE puts the key elsewhere than beside the data");
    }
    Ok(if whole { Outcome::All } else { Outcome::Failed })
}

fn rotate(to: Option<&RotateTo>, yes: bool, context: &Context) -> anyhow::Result<Outcome> {
    let sensor = context.sensor()?;
    ask::confirm(
        "Backups of the state directory that were made before will need the key of before",
        "rotate",
        yes,
    )?;
    let rotated = sensor.rotate_key(to)?;
    context.out.show(&RotatedView { rotated: &rotated })?;
    if let Some(left) = &rotated.left {
        context.out.warn(&format!(
            "the key of before is still {left}: take it away once no backup needs it"
        ));
    }
    let by_file = !matches!(rotated.source, KekSource::Kms { .. });
    if by_file && !rotated.source.is_beside_the_data() {
        let path = rotated.source.path().display().to_string();
        context.out.hint(&format!(
            "export SENSOR_KEK_FILE={}",
            super::style::safe(&path)
        ));
    }
    Ok(Outcome::All)
}
