//! `sensor serve`: in the foreground, until SIGTERM or Ctrl-C.
//! Above: `cli`. Below: `app`.
//! Invariant: the first signal drains, the second ends at once; the ledger makes both safe.

use super::check_revocation::NetworkArgs;
use super::context::Context;
use super::failure::Outcome;
use super::output::Output;
use super::style::{count, safe};
use super::wait::ChallengeArgs;
use crate::app::{Happened, ServeOptions};
use crate::model::run::RunStatus;
use clap::Args;
use std::sync::Arc;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

pub(super) const EXAMPLES: &str = "Examples:
  sensor serve
  sensor serve --no-imports
  sensor serve --once

It imports when a connector's `every` says so, issues and delivers what was requested, renews in time, asks CAs daily
whether certificates are revoked, and looks every hour for keys that nobody waits for. SIGTERM or Ctrl-C ends it at the
next safe point; requests can be made, approved and looked at meanwhile.
";

/// Of the journal, what goes well on the way and is of no interest to whoever watches all requests.
const STEPS: [&str; 11] = [
    "key-made",
    "ordering",
    "ordered",
    "issued",
    "parking",
    "delivering",
    "importing",
    "imported",
    "verified",
    "key-dropping",
    "waiting",
];

#[derive(Debug, Args)]
pub(super) struct ServeArgs {
    /// Leave imports to `sensor connector import`
    #[arg(long)]
    no_imports: bool,
    /// Do not ask CAs whether certificates are revoked
    #[arg(long)]
    no_revocation_checks: bool,
    /// Do what is due, then end
    #[arg(long)]
    once: bool,
    #[command(flatten)]
    challenges: ChallengeArgs,
    #[command(flatten)]
    networks: NetworkArgs,
}

pub(super) async fn act(args: ServeArgs, context: &Context) -> anyhow::Result<Outcome> {
    // Before the state directory is held: from then on nothing ends it but in order.
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let sensor = Arc::new(context.sensor()?);
    let (sender, mut news) = mpsc::unbounded_channel();
    let stop = CancellationToken::new();
    let options = ServeOptions {
        imports: !args.no_imports,
        revocation: (!args.no_revocation_checks).then(|| args.networks.networks()),
        once: args.once,
        http01: args.challenges.http01_listen,
    };
    if !args.once {
        context.out.say("serving; Ctrl-C or SIGTERM ends it");
        if sensor.key_status()?.source.is_beside_the_data() {
            context.out.warn("the key lies beside what it opens: whoever copies the state directory has both; sensor key rotate --to FILE, or --to-kms, puts it elsewhere");
        }
    }
    let work = sensor.serve(options, sender, stop.clone());
    tokio::pin!(work);
    let mut troubled = false;
    loop {
        tokio::select! {
            done = &mut work => {
                done?;
                break;
            }
            Some(happened) = news.recv() => {
                troubled |= is_trouble(&happened);
                tell(&happened, &context.out);
            }
            _ = terminate.recv() => end(&stop, context)?,
            _ = interrupt.recv() => end(&stop, context)?,
        }
    }
    while let Ok(happened) = news.try_recv() {
        troubled |= is_trouble(&happened);
        tell(&happened, &context.out);
    }
    if !args.once {
        context.out.say("ended");
    }
    // Whoever serves for months has told of it and gone on; a timer wants to know.
    Ok(if args.once && troubled {
        Outcome::Failed
    } else {
        Outcome::All
    })
}

/// Trouble of the sensor's own; what a CA or a cloud refuses is its request's.
fn is_trouble(happened: &Happened) -> bool {
    matches!(happened, Happened::Trouble(_) | Happened::ImportFailed(..))
}

fn end(stop: &CancellationToken, context: &Context) -> anyhow::Result<()> {
    if stop.is_cancelled() {
        anyhow::bail!("ended at once; what was under way goes on with the next sensor serve");
    }
    stop.cancel();
    context
        .out
        .warn("ending at the next safe point; once more ends at once");
    Ok(())
}

fn tell(happened: &Happened, out: &Output) {
    match happened {
        Happened::Told(event) => {
            let line = format!(
                "request {}: {}  {}",
                event.request,
                event.what,
                safe(&event.detail)
            );
            match event.what.as_str() {
                "failed" | "abandoned" | "refused" | "given-up" | "found-revoked" => {
                    out.warn(line.trim_end());
                }
                what if !STEPS.contains(&what) => out.say(line.trim_end()),
                // `request show` has every step.
                _ => {}
            }
        }
        Happened::ImportBegun(name) => out.say(&format!("importing {name}")),
        Happened::Imported(run) => {
            let line = format!(
                "imported {}: {} seen, run {}",
                run.connector,
                count(run.counts.seen, "certificate", "certificates"),
                run.id
            );
            if run.status == RunStatus::Complete {
                out.say(&line);
            } else {
                out.warn(&format!("{line} did not cover everything"));
            }
        }
        Happened::ImportFailed(name, error) => out.warn(&format!("{name}: {error}")),
        Happened::Swept(swept) => out.warn(&format!(
            "{} without an owner, {} erased{}",
            count(swept.orphans, "key", "keys"),
            swept.erased,
            if swept.unasked > 0 {
                format!(
                    "; {} could not be asked",
                    count(swept.unasked, "connector", "connectors")
                )
            } else {
                String::new()
            }
        )),
        Happened::Revoked(checked) => super::check_revocation::tell(checked, out),
        Happened::Trouble(text) => out.error(text),
    }
}
