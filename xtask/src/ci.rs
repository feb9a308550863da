//! `cargo xtask ci`: everything that a change must pass, in one command.
//! `.ci/run` calls it on a bare machine after installing what is missing; `test` is its last and longest part.
//! Invariant: a part that fails does not hide the next; the list at the end tells all, what was left out too.

use std::process::Command;
use std::time::Instant;

use anyhow::{Result, bail};

use crate::place::{Place, cargo, environment};
use crate::{step, test};

type Part = fn(&Place) -> Result<Verdict>;

/// How a part ended that did not fail.
enum Verdict {
    Passed,
    /// Passed as far as it went; what was not looked at, and why.
    Without(&'static str),
    /// Nothing was looked at, and why.
    Skipped(&'static str),
}

const PARTS: &[(&str, Part)] = &[
    ("fmt", |place| {
        run_cargo(place, &["fmt", "--all", "--check"])
    }),
    ("clippy", |place| {
        run_cargo(
            place,
            &[
                "clippy",
                "--workspace",
                "--all-targets",
                "--locked",
                "--",
                "-D",
                "warnings",
            ],
        )
    }),
    ("doc", doc),
    ("deny", deny),
    ("test", |place| {
        test::run(place, &test::Options::default())?;
        Ok(Verdict::Passed)
    }),
];

pub(crate) fn run(place: &Place) -> Result<()> {
    let (mut lines, mut failed, mut left_out) = (Vec::new(), Vec::new(), Vec::new());
    for (name, part) in PARTS {
        let began = Instant::now();
        step::say("");
        step::begin(&format!("ci: {name}"));
        let (verdict, note) = match part(place) {
            Ok(Verdict::Passed) => ("passed", ""),
            Ok(Verdict::Without(what)) => ("passed", what),
            Ok(Verdict::Skipped(why)) => ("SKIPPED", why),
            Err(reason) => {
                step::say(&format!("    {reason:#}"));
                failed.push(*name);
                ("FAILED", "")
            }
        };
        if !note.is_empty() {
            step::say(&format!("    {note}"));
            left_out.push(*name);
        }
        let line = format!(
            "    {name:8} {verdict:7}  {:>9}  {note}",
            step::seconds(began)
        );
        lines.push(line.trim_end().to_owned());
    }
    step::say("");
    step::begin("ci: result");
    for line in &lines {
        step::say(line);
    }
    if !failed.is_empty() {
        bail!("failed: {}", failed.join(", "));
    }
    if !left_out.is_empty() {
        step::say(&format!(
            "    not everything was looked at: {}",
            left_out.join(", ")
        ));
    }
    Ok(())
}

fn run_cargo(place: &Place, arguments: &[&str]) -> Result<Verdict> {
    step::say(&format!("    $ cargo {}", arguments.join(" ")));
    step::run(
        Command::new(cargo())
            .args(arguments)
            .current_dir(place.root()),
    )?;
    Ok(Verdict::Passed)
}

fn doc(place: &Place) -> Result<Verdict> {
    step::say("    $ RUSTDOCFLAGS=\"-D warnings\" cargo doc --workspace --no-deps --locked");
    let mut command = Command::new(cargo());
    command
        .args(["doc", "--workspace", "--no-deps", "--locked", "--quiet"])
        .env("RUSTDOCFLAGS", "-D warnings");
    step::run(command.current_dir(place.root()))?;
    Ok(Verdict::Passed)
}

/// Licences, bans and sources where cargo-deny is installed: building it takes longer than everything here. Advisories
/// only with a database on this machine, as fetching it may be barred.
fn deny(place: &Place) -> Result<Verdict> {
    if step::answer(Command::new(cargo()).args(["deny", "--version"])).is_none() {
        return Ok(Verdict::Skipped(
            "cargo-deny is not installed (`cargo install --locked cargo-deny`): licences, bans, sources and advisories \
             are NOT checked",
        ));
    }
    run_cargo(
        place,
        &["deny", "--offline", "check", "bans", "licenses", "sources"],
    )?;
    if !has_advisories() {
        return Ok(Verdict::Without(
            "there is no advisory database here (`cargo deny fetch` gets it): advisories are NOT checked",
        ));
    }
    run_cargo(place, &["deny", "--offline", "check", "advisories"])
}

fn has_advisories() -> bool {
    let home = environment("CARGO_HOME")
        .map(std::path::PathBuf::from)
        .or_else(|| environment("HOME").map(|home| std::path::Path::new(&home).join(".cargo")));
    home.is_some_and(|home| home.join("advisory-dbs").is_dir())
}
