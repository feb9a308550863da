//! `cargo xtask bench`: builds everything as it is released, then runs the benchmark of `tests/benches/speed`.
//! `plugins` builds the components, `python` the environment of the script that the sensor is compared with.
//! Invariant: what is measured is built here, never something that an earlier command left behind.

use std::process::Command;

use anyhow::Result;

use crate::place::{Place, cargo};
use crate::{plugins, python, step};

#[derive(clap::Args, Default)]
#[command(disable_help_flag = true)]
pub(crate) struct Options {
    /// Passed on to the benchmark: --only PART, --certificates N, --quick, … (--help lists them)
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "ARGUMENTS"
    )]
    rest: Vec<String>,
}

/// What the benchmark measures or starts, beside itself.
const PROGRAMS: &[&str] = &[
    "--bin",
    "sensor",
    "--bin",
    "fake-aws",
    "--example",
    "bench_inventory",
];

/// The packages of all of it, so that every call of cargo builds with the same features.
const PACKAGES: &[&str] = &["--package", "sensor", "--package", "sensor-tests"];

pub(crate) fn run(place: &Place, options: &Options) -> Result<()> {
    plugins::run(place, &plugins::Options::default())?;
    let python = python::prepare(place)?;
    step::begin("building the sensor, the simulated AWS and the benchmark for release");
    step::run(
        cargo_of(place, "build")
            .args(["--release"])
            .args(PROGRAMS)
            .args(["--bench", "speed"]),
    )?;
    let mut command = cargo_of(place, "bench");
    command
        .args(["--bench", "speed", "--"])
        .args(&options.rest)
        .env("SENSOR_PLUGINS_DIR", place.made("plugins"))
        .env("SENSOR_PYTHON", python.interpreter)
        .env("AWS_EC2_METADATA_DISABLED", "true");
    step::begin(&step::line_of(
        Command::new("cargo").args(command.get_args()),
    ));
    step::run(&mut command)
}

fn cargo_of(place: &Place, verb: &str) -> Command {
    let mut command = Command::new(cargo());
    command
        .args([verb, "--locked"])
        .args(PACKAGES)
        .current_dir(place.root());
    command
}
