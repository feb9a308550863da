//! `cargo xtask demo`: builds the sensor and its plugins, then plays the commands of `xtask/demo.toml`.
//! `plugins` builds the bundles that the commands install.
//! Invariant: the commands and what they have to print stand in the data file only, and each runs exactly as it is shown.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::place::{Place, cargo};
use crate::{plugins, step};

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Go on with the state that the last demo left behind
    #[arg(long)]
    keep: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Script {
    env: BTreeMap<String, String>,
    step: Vec<Step>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    say: Option<String>,
    run: String,
    #[serde(default)]
    exit: i32,
    #[serde(default)]
    says: Vec<String>,
}

pub(crate) fn run(place: &Place, options: &Options) -> Result<()> {
    let began = Instant::now();
    let script = read(&place.root().join("xtask/demo.toml"))?;
    step::begin("building the sensor");
    // With the whole workspace's features, as the tests build it: so the dependencies are built once for both.
    let mut build = Command::new(cargo());
    step::run(
        build
            .args(["build", "--locked", "--workspace", "--bin", "sensor"])
            .current_dir(place.root()),
    )?;
    plugins::run(place, &plugins::Options::default())?;
    let directory = prepare(place, options.keep)?;
    let total = script
        .step
        .iter()
        .filter(|entry| entry.say.is_some())
        .count();
    let mut number = 0;
    for entry in &script.step {
        if let Some(text) = &entry.say {
            number += 1;
            step::say("");
            step::begin(&format!("[{number}/{total}] {text}"));
        }
        play(place, &script.env, &directory, entry)?;
    }
    step::say("");
    step::begin(&format!(
        "the demo went as it should, in {}",
        step::seconds(began)
    ));
    step::say("    go on with what it left behind, for instance:");
    for (name, value) in &script.env {
        step::say(&format!(
            "    export {name}='{}'",
            value.replace("{demo}", &directory)
        ));
    }
    let program = place.program("sensor");
    step::say(&format!("    {} inventory list", program.display()));
    Ok(())
}

fn read(file: &Path) -> Result<Script> {
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("could not read {}", file.display()))?;
    toml::from_str(&text).with_context(|| format!("{} is not as expected", file.display()))
}

/// The directory for the demo's state, empty unless it is to be kept.
fn prepare(place: &Place, keep: bool) -> Result<String> {
    let directory = place.made("demo");
    if directory.exists() && !keep {
        step::begin(&format!("emptying {}", place.short(&directory)));
        std::fs::remove_dir_all(&directory)?;
    }
    std::fs::create_dir_all(&directory)?;
    Ok(directory.display().to_string())
}

fn play(
    place: &Place,
    env: &BTreeMap<String, String>,
    directory: &str,
    entry: &Step,
) -> Result<()> {
    let mut words = entry.run.split_whitespace();
    if words.next() != Some("sensor") {
        bail!(
            "xtask/demo.toml: `{}` is not a command of the sensor",
            entry.run
        );
    }
    step::say(&format!("\n$ {}", entry.run));
    let mut command = Command::new(place.program("sensor"));
    command.args(words).current_dir(place.root());
    for (name, value) in env {
        command.env(name, value.replace("{demo}", directory));
    }
    // Only what has to say something is listened to: the others have the terminal for themselves.
    let (ended, said) = if entry.says.is_empty() {
        (step::status(&mut command)?, String::new())
    } else {
        step::overheard(&mut command)?
    };
    match ended.code() {
        Some(code) if code == entry.exit => missing(entry, &said),
        Some(code) => bail!(
            "`{}` ended with exit code {code}, expected was {}",
            entry.run,
            entry.exit
        ),
        None => bail!("`{}` was ended by a signal", entry.run),
    }
}

/// What it was to print and did not is as bad as another exit code.
fn missing(entry: &Step, said: &str) -> Result<()> {
    match entry.says.iter().find(|words| !said.contains(*words)) {
        Some(words) => bail!("`{}` did not print `{words}`", entry.run),
        None => Ok(()),
    }
}
