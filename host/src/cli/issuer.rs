//! `sensor issuer`: apply, list, show, check, remove.
//! Above: `cli`. Below: `app`, `render`.
//! Invariant: no secret of an issuer is ever shown; a CA's certificates are.

use super::ask;
use super::connector::tell_all;
use super::context::Context;
use super::failure::Outcome;
use super::render::{
    AppliedIssuers, CheckView, Checked, IssuerCertificate, IssuerList, IssuerView,
};
use crate::app::AppError;
use crate::config;
use crate::model::check::CheckStatus;
use crate::model::id::IssuerId;
use clap::Subcommand;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Make issuers, or change them, as a file says
    #[command(before_long_help = "Examples:\n  sensor issuer apply -f issuer.toml\n")]
    Apply {
        /// A file with one issuer, or several as [[issuer]] tables
        #[arg(long, short, required = true, value_name = "FILE")]
        file: Vec<PathBuf>,
    },
    /// List issuers
    #[command(
        visible_alias = "ls",
        before_long_help = "Examples:\n  sensor issuer list\n  sensor issuer list --output json\n"
    )]
    List,
    /// Show an issuer; of a local CA also its certificates, for those who are to trust it
    #[command(
        before_long_help = "Examples:\n  sensor issuer show internal\n  sensor issuer show internal --output json\n"
    )]
    Show {
        /// The issuer's name
        issuer: IssuerId,
    },
    /// Try what an order needs, without ordering
    #[command(before_long_help = "Examples:\n  sensor issuer check internal\n")]
    Check {
        /// The issuer's name
        issuer: IssuerId,
    },
    /// Remove an issuer, with its account's key or its CA's
    #[command(
        visible_alias = "rm",
        before_long_help = "Examples:\n  sensor issuer remove internal --yes\n"
    )]
    Remove {
        /// The issuer's name
        issuer: IssuerId,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
}

pub(super) async fn act(verb: Verb, context: &Context) -> anyhow::Result<Outcome> {
    match verb {
        Verb::Apply { file } => apply(&file, context).await,
        Verb::List => list(context),
        Verb::Show { issuer } => show(&issuer, context).await,
        Verb::Check { issuer } => check(&issuer, context).await,
        Verb::Remove { issuer, yes } => remove(&issuer, yes, context),
    }
}

async fn apply(files: &[PathBuf], context: &Context) -> anyhow::Result<Outcome> {
    let (mut wanted, mut wrong) = (Vec::new(), Vec::new());
    for file in files {
        match config::read_issuers(file) {
            Ok(read) => wanted.extend(read.into_iter().map(|config| (file, config))),
            Err(error) => wrong.push(error.into()),
        }
    }
    // A file with a mistake stops all: half of what was meant is not what was meant.
    if !wrong.is_empty() {
        return tell_all(wrong, context);
    }
    let (sensor, mut applied) = (context.beside()?, Vec::new());
    for (file, config) in &wanted {
        match sensor.apply_issuer(config).await {
            Ok(done) => applied.push(done),
            Err(mut error) => {
                if let AppError::InvalidIssuer { problems, .. } = &mut error {
                    config::locate(file, "issuer", config.name.as_str(), problems);
                }
                wrong.push(error.into());
            }
        }
    }
    if !applied.is_empty() {
        context.out.show(&AppliedIssuers { applied: &applied })?;
    }
    if !wrong.is_empty() {
        return tell_all(wrong, context);
    }
    if let Some(done) = applied.first() {
        context
            .out
            .hint(&format!("sensor issuer check {}", done.name));
    }
    Ok(Outcome::All)
}

fn list(context: &Context) -> anyhow::Result<Outcome> {
    let issuers = context.beside()?.issuers()?;
    context.out.show(&IssuerList { issuers: &issuers })?;
    match issuers.first() {
        Some(first) => context
            .out
            .hint(&format!("sensor issuer show {}", first.config.name)),
        None => context.out.hint("sensor issuer apply -f FILE"),
    }
    Ok(Outcome::All)
}

async fn show(name: &IssuerId, context: &Context) -> anyhow::Result<Outcome> {
    let sensor = context.beside()?;
    let issuer = sensor.issuer(name)?;
    let roots = sensor.issuer_roots(name).await?;
    let certificates: Result<Vec<_>, _> = roots
        .iter()
        .map(|der| IssuerCertificate::read(der))
        .collect();
    context.out.show(&IssuerView {
        issuer: &issuer,
        certificates: &certificates?,
    })?;
    context.out.hint(&format!("sensor issuer check {name}"));
    Ok(Outcome::All)
}

async fn check(name: &IssuerId, context: &Context) -> anyhow::Result<Outcome> {
    let findings = context.beside()?.check_issuer(name).await?;
    context.out.show(&CheckView {
        checked: Checked::Issuer(name.as_str()),
        findings: &findings,
    })?;
    let failed = |status| status == CheckStatus::Failure;
    if findings.iter().any(|finding| failed(finding.status)) {
        return Ok(Outcome::Failed);
    }
    Ok(Outcome::All)
}

fn remove(name: &IssuerId, yes: bool, context: &Context) -> anyhow::Result<Outcome> {
    let sensor = context.beside()?;
    let kind = sensor.issuer(name)?.config.kind();
    sensor.issuer_is_unused(name)?;
    let lost = match kind {
        "local" => "its CA's keys and what it issued",
        _ => "its account",
    };
    ask::confirm(
        &format!("The issuer `{name}` goes with {lost}"),
        name.as_str(),
        yes,
    )?;
    sensor.remove_issuer(name)?;
    context.out.say(&format!("removed {name}"));
    Ok(Outcome::All)
}
