//! `cargo xtask ci`: everything that a change must pass, in one command.
//! `.ci/run` calls it on a bare machine after installing what is missing; `test` is its last and longest part.
//! Invariant: a part that fails does not hide the next; the list at the end tells all.

use std::process::Command;
use std::time::Instant;

use anyhow::{Result, bail};

use crate::place::{Place, cargo, environment};
use crate::{step, test};

type Part = fn(&Place) -> Result<()>;

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
    ("test", |place| test::run(place, &test::Options::default())),
];

pub(crate) fn run(place: &Place) -> Result<()> {
    let mut lines = Vec::new();
    let mut failed = Vec::new();
    for (name, part) in PARTS {
        let began = Instant::now();
        step::say("");
        step::begin(&format!("ci: {name}"));
        let verdict = match part(place) {
            Ok(()) => "passed",
            Err(reason) => {
                step::say(&format!("    {reason:#}"));
                failed.push(*name);
                "FAILED"
            }
        };
        lines.push(format!(
            "    {name:8} {verdict}  {:>9}",
            step::seconds(began)
        ));
    }
    step::say("");
    step::begin("ci: result");
    for line in &lines {
        step::say(line);
    }
    if !failed.is_empty() {
        bail!("failed: {}", failed.join(", "));
    }
    Ok(())
}

fn run_cargo(place: &Place, arguments: &[&str]) -> Result<()> {
    step::say(&format!("    $ cargo {}", arguments.join(" ")));
    step::run(
        Command::new(cargo())
            .args(arguments)
            .current_dir(place.root()),
    )
}

fn doc(place: &Place) -> Result<()> {
    step::say("    $ RUSTDOCFLAGS=\"-D warnings\" cargo doc --workspace --no-deps --locked");
    let mut command = Command::new(cargo());
    command
        .args(["doc", "--workspace", "--no-deps", "--locked", "--quiet"])
        .env("RUSTDOCFLAGS", "-D warnings");
    step::run(command.current_dir(place.root()))
}

/// Licences, bans and sources always; advisories only with a database on this machine, as fetching it may be barred.
fn deny(place: &Place) -> Result<()> {
    if step::answer(Command::new(cargo()).args(["deny", "--version"])).is_none() {
        step::say("    cargo-deny is not installed: licences, bans and advisories are NOT checked");
        return Ok(());
    }
    run_cargo(
        place,
        &["deny", "--offline", "check", "bans", "licenses", "sources"],
    )?;
    if !has_advisories() {
        step::say(
            "    there is no advisory database here: advisories are NOT checked (`cargo deny fetch` gets it)",
        );
        return Ok(());
    }
    run_cargo(place, &["deny", "--offline", "check", "advisories"])
}

fn has_advisories() -> bool {
    let home = environment("CARGO_HOME")
        .map(std::path::PathBuf::from)
        .or_else(|| environment("HOME").map(|home| std::path::Path::new(&home).join(".cargo")));
    home.is_some_and(|home| home.join("advisory-dbs").is_dir())
}
