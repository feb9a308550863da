//! `cargo xtask test`: plugins, the second AWS mock, then every test of the workspace.
//! `plugins` builds the bundles, `python` the virtual environment, `apt` installs an ACME CA; the tests find the first
//! two by the variables set here, the CA on the path.
//! Invariant: plain `cargo test` runs the same tests once this has prepared `target/`.

use std::process::Command;

use anyhow::Result;

use crate::place::{Place, cargo, on_path};
use crate::{apt, plugins, python, step};

#[derive(clap::Args, Default)]
pub(crate) struct Options {
    /// Passed on to `cargo test`, for instance `-p sensor` or the name of a test
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "ARGUMENTS"
    )]
    rest: Vec<String>,
}

pub(crate) fn run(place: &Place, options: &Options) -> Result<()> {
    plugins::run(place, &plugins::Options::default())?;
    let python = python::prepare(place)?;
    pebble()?;
    let mut command = Command::new(cargo());
    command.args(["test", "--locked", "--no-fail-fast"]);
    if !options
        .rest
        .iter()
        .any(|word| word == "-p" || word == "--package")
    {
        command.arg("--workspace");
    }
    command
        .args(&options.rest)
        .current_dir(place.root())
        .env("SENSOR_PLUGINS_DIR", place.made("plugins"))
        .env("SENSOR_GUESTS_DIR", place.made("guests"))
        .env("SENSOR_MOTO_SERVER", python.moto_server)
        .env("SENSOR_PYTHON", python.interpreter)
        .env("AWS_EC2_METADATA_DISABLED", "true");
    step::begin(&step::line_of(
        Command::new("cargo").args(command.get_args()),
    ));
    step::run(&mut command)
}

/// An ACME CA that nobody here wrote.
fn pebble() -> Result<()> {
    if on_path("pebble").is_some() && on_path("pebble-challtestsrv").is_some() {
        return Ok(());
    }
    step::begin("pebble: installing Debian's package, an ACME CA for the tests of issuers");
    apt::install(&["pebble"])
}
