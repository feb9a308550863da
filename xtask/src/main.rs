//! The project's own commands: `cargo xtask plugins | demo | test | bench | ci`.
//! Each command is one file beside this one; `step` runs programs for all of them, `place` knows the directories.
//! Invariant: this file only reads the command line and passes it on.

mod apt;
mod bench;
mod ci;
mod component;
mod demo;
mod manifest;
mod place;
mod plugins;
mod python;
mod step;
mod test;
mod toolchain;
mod way;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Builds, shows and tests the sensor")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build every plugin (or the named ones) to a component and lay out its bundle
    Plugins(plugins::Options),
    /// Build the sensor and its plugins, and play through the demo
    Demo(demo::Options),
    /// Build the plugins, prepare the second AWS mock, and run all tests
    Test(test::Options),
    /// Build everything for release and measure how fast it is; BENCHMARKS.md keeps the figures
    Bench(bench::Options),
    /// Everything a change must pass: fmt, clippy, doc, deny, plugins, tests
    Ci,
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            step::complain(&format!("error: {reason:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let place = place::Place::find()?;
    match Arguments::parse().command {
        Command::Plugins(options) => plugins::run(&place, &options),
        Command::Demo(options) => demo::run(&place, &options),
        Command::Test(options) => test::run(&place, &options),
        Command::Bench(options) => bench::run(&place, &options),
        Command::Ci => ci::run(&place),
    }
}
