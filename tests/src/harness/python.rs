//! The Python virtual environment in `target/venv`, with boto3 and moto.
//! Above: tests that want others' word. Below: `place`; `cargo xtask test` makes the same environment.
//! Invariant: made where it is missing or its list changed, with a line that says so; never skipped.

use super::place;
use anyhow::{Context, bail};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The interpreter of the virtual environment.
///
/// # Panics
/// If it cannot be made: without Python or a package index these tests cannot say anything.
pub fn interpreter() -> &'static Path {
    static MADE: OnceLock<PathBuf> = OnceLock::new();
    MADE.get_or_init(|| {
        let given = place::variable("SENSOR_PYTHON").map(PathBuf::from);
        given
            .map_or_else(prepare, Ok)
            .unwrap_or_else(|error| panic!("no Python environment: {error:#}"))
    })
}

/// `moto_server`, beside the interpreter or where SENSOR_MOTO_SERVER says.
pub fn moto_server() -> PathBuf {
    let given = place::variable("SENSOR_MOTO_SERVER").map(PathBuf::from);
    given.unwrap_or_else(|| interpreter().with_file_name("moto_server"))
}

/// A helper script of `tests/python`, ready to be given arguments.
pub fn script(name: &str) -> Command {
    let mut command = Command::new(interpreter());
    command
        .arg(place::file("python").join(name))
        .env("AWS_EC2_METADATA_DISABLED", "true");
    command
}

/// Runs a script to its end and gives what it printed.
///
/// # Errors
/// What it complained about.
pub fn output(command: &mut Command) -> anyhow::Result<String> {
    let done = command.output().context("starting Python")?;
    if !done.status.success() {
        bail!(
            "{:?} failed:\n{}{}",
            command.get_args(),
            String::from_utf8_lossy(&done.stdout),
            String::from_utf8_lossy(&done.stderr)
        );
    }
    Ok(String::from_utf8(done.stdout)?)
}

fn prepare() -> anyhow::Result<PathBuf> {
    let venv = place::made("venv");
    std::fs::create_dir_all(place::made(""))?;
    // Test programs run side by side: one makes it, the others wait.
    let lock = File::create(place::made("venv.lock"))?;
    lock.lock()?;
    let list = place::file("python/requirements.txt");
    let wanted = std::fs::read_to_string(&list)?;
    let noted = venv.join("requirements.installed");
    let python = venv.join("bin/python");
    if std::fs::read_to_string(&noted).is_ok_and(|there| there == wanted) && python.exists() {
        return Ok(python);
    }
    say("making target/venv with moto and boto3 (tests/python/requirements.txt)");
    if venv.exists() {
        std::fs::remove_dir_all(&venv)?;
    }
    let made = output(Command::new("python3").args(["-m", "venv"]).arg(&venv));
    made.context("on Debian, `apt-get install python3-venv` brings what is missing")?;
    let mut pip = Command::new(&python);
    pip.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--requirement",
    ])
    .arg(&list);
    output(&mut pip)?;
    std::fs::write(&noted, wanted)?;
    Ok(python)
}

#[expect(clippy::print_stderr, reason = "whoever waits for it should know why")]
fn say(text: &str) {
    eprintln!("{text}");
}
