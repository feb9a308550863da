//! A large inventory: bytes on disk, time to open, p99 of a list page, resident memory.
//! Above: `main`. Below: the example `bench_inventory` of the crate `sensor`, in a process of its own.
//! Invariant: resident memory is that of a process which did nothing else.

use anyhow::{Context, bail};
use sensor_tests::harness::place;
use std::path::PathBuf;
use std::process::Command;

/// What the store's own benchmark prints, as it prints it.
pub(crate) fn measure(certificates: u64) -> anyhow::Result<String> {
    let program = program()?;
    let output = Command::new(&program)
        .arg(certificates.to_string())
        .output()
        .with_context(|| format!("starting {}", program.display()))?;
    if !output.status.success() {
        bail!(
            "{} ended with {}:\n{}",
            program.display(),
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(String::from_utf8(output.stdout)?)
}

fn program() -> anyhow::Result<PathBuf> {
    let sensor = place::program("sensor");
    let program = sensor.with_file_name("examples").join("bench_inventory");
    if !program.is_file() {
        bail!("{} is missing: run `cargo xtask bench`", program.display());
    }
    Ok(program)
}
