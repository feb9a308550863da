//! `sensor profile`: apply, list, show, remove.
//! Above: `cli`. Below: `app`, `render`.
//! Invariant: a file with one mistake changes nothing.

use super::ask;
use super::connector::tell_all;
use super::context::Context;
use super::failure::Outcome;
use super::render::{AppliedProfiles, ProfileList, ProfileView};
use super::style::safe;
use crate::config;
use crate::model::id::ProfileId;
use clap::Subcommand;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Make profiles, or change them, as a file says
    #[command(before_long_help = "Examples:\n  sensor profile apply -f profile.toml\n")]
    Apply {
        /// A file with one profile, or several as [[profile]] tables
        #[arg(long, short, required = true, value_name = "FILE")]
        file: Vec<PathBuf>,
    },
    /// List profiles
    #[command(
        visible_alias = "ls",
        before_long_help = "Examples:\n  sensor profile list\n  sensor profile list --output json\n"
    )]
    List,
    /// Show a profile: its issuer, key, names, renewal, and where it delivers
    #[command(
        before_long_help = "Examples:\n  sensor profile show web\n  sensor profile show web --output yaml\n"
    )]
    Show {
        /// The profile's name
        profile: ProfileId,
    },
    /// Remove a profile that no request needs; what was issued under it stays
    #[command(
        visible_alias = "rm",
        before_long_help = "Examples:\n  sensor profile remove web --yes\n"
    )]
    Remove {
        /// The profile's name
        profile: ProfileId,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
}

pub(super) fn act(verb: Verb, context: &Context) -> anyhow::Result<Outcome> {
    match verb {
        Verb::Apply { file } => apply(&file, context),
        Verb::List => list(context),
        Verb::Show { profile } => show(&profile, context),
        Verb::Remove { profile, yes } => remove(&profile, yes, context),
    }
}

fn apply(files: &[PathBuf], context: &Context) -> anyhow::Result<Outcome> {
    let (mut wanted, mut wrong) = (Vec::new(), Vec::new());
    for file in files {
        match config::read_profiles(file) {
            Ok(read) => wanted.extend(read),
            Err(error) => wrong.push(error.into()),
        }
    }
    if !wrong.is_empty() {
        return tell_all(wrong, context);
    }
    let (sensor, mut applied) = (context.beside()?, Vec::new());
    for profile in &wanted {
        match sensor.apply_profile(profile) {
            Ok(done) => applied.push(done),
            Err(error) => wrong.push(error.into()),
        }
    }
    if !applied.is_empty() {
        context.out.show(&AppliedProfiles { applied: &applied })?;
    }
    for done in &applied {
        done.notes
            .iter()
            .for_each(|note| context.out.warn(&format!("{}: {}", done.name, safe(note))));
    }
    if !wrong.is_empty() {
        return tell_all(wrong, context);
    }
    if let Some(done) = applied.first() {
        context
            .out
            .hint(&format!("sensor profile show {}", done.name));
    }
    Ok(Outcome::All)
}

fn list(context: &Context) -> anyhow::Result<Outcome> {
    let profiles = context.beside()?.profiles()?;
    context.out.show(&ProfileList {
        profiles: &profiles,
    })?;
    match profiles.first() {
        Some(first) => context
            .out
            .hint(&format!("sensor profile show {}", first.config.name)),
        None => context.out.hint("sensor profile apply -f FILE"),
    }
    Ok(Outcome::All)
}

fn show(name: &ProfileId, context: &Context) -> anyhow::Result<Outcome> {
    let sensor = context.beside()?;
    let profile = sensor.profile(name)?;
    let advice = profile.config.advice(sensor.clock().now());
    context.out.show(&ProfileView { profile: &profile })?;
    for note in &advice {
        context.out.warn(note);
    }
    Ok(Outcome::All)
}

fn remove(name: &ProfileId, yes: bool, context: &Context) -> anyhow::Result<Outcome> {
    let sensor = context.beside()?;
    sensor.profile_is_unused(name)?;
    ask::confirm(
        &format!("The profile `{name}` will be forgotten"),
        name.as_str(),
        yes,
    )?;
    sensor.remove_profile(name)?;
    context.out.say(&format!("removed {name}"));
    Ok(Outcome::All)
}
