//! The Python virtual environment in `target/venv` with moto, an AWS mock that nobody here wrote.
//! `test` uses it; what goes in stands in `tests/python/requirements.txt` with exact versions.
//! Invariant: it is made anew when the list changes, and left alone otherwise.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::place::Place;
use crate::{apt, step};

/// Programs of the virtual environment.
pub(crate) struct Python {
    pub(crate) interpreter: PathBuf,
    pub(crate) moto_server: PathBuf,
}

pub(crate) fn prepare(place: &Place) -> Result<Python> {
    let directory = place.made("venv");
    let list = place.root().join("tests/python/requirements.txt");
    let wanted = std::fs::read_to_string(&list)
        .with_context(|| format!("could not read {}", list.display()))?;
    let programs = directory.join(if cfg!(windows) { "Scripts" } else { "bin" });
    let python = Python {
        interpreter: programs.join("python"),
        moto_server: programs.join("moto_server"),
    };
    let noted = directory.join("requirements.installed");
    if std::fs::read_to_string(&noted).is_ok_and(|there| there == wanted) && works(&python) {
        step::begin("Python: target/venv is up to date");
        return Ok(python);
    }
    step::begin("Python: making target/venv with moto and boto3 (tests/python/requirements.txt)");
    create(&directory)?;
    install(&python.interpreter, &list)?;
    std::fs::write(&noted, wanted)?;
    Ok(python)
}

/// Not so after the interpreter that it was made with has gone.
fn works(python: &Python) -> bool {
    python.moto_server.is_file()
        && step::answer(Command::new(&python.interpreter).arg("--version")).is_some()
}

fn create(directory: &Path) -> Result<()> {
    if let Err(reason) = venv(directory) {
        step::say(&format!("    {reason}; installing Debian's python3-venv"));
        apt::install(&["python3-venv"])?;
        venv(directory)?;
    }
    Ok(())
}

fn venv(directory: &Path) -> Result<()> {
    if directory.exists() {
        std::fs::remove_dir_all(directory)?;
    }
    let mut command = Command::new("python3");
    step::run(
        command
            .args(["-m", "venv"])
            .arg(directory)
            .stdout(std::process::Stdio::null()),
    )
}

fn install(interpreter: &Path, list: &Path) -> Result<()> {
    let mut command = Command::new(interpreter);
    command
        .args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--requirement",
        ])
        .arg(list);
    step::run(&mut command).context(
        "the tests against moto need a package index for Python; plain `cargo test` does not",
    )
}
