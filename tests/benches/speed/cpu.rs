//! CPU seconds: of this process, and of child processes that have ended.
//! Above: every measurement. Below: the operating system's own accounts.
//! Invariant: user and system time together; wall time says nothing on a shared machine.

use anyhow::Context;
use nix::sys::resource::{Usage, UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use std::process::{Command, Stdio};

/// What this process has used so far, in seconds.
pub(crate) fn own() -> anyhow::Result<f64> {
    Ok(seconds(&getrusage(UsageWho::RUSAGE_SELF)?))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "microseconds of a process's life are exact in an f64"
)]
fn seconds(usage: &Usage) -> f64 {
    (usage.user_time().num_microseconds() + usage.system_time().num_microseconds()) as f64 / 1e6
}

/// What a child process used, and what it printed.
pub(crate) struct Spent {
    pub(crate) seconds: f64,
    pub(crate) printed: String,
}

/// Runs a child to its end. `exits` are the exit codes that count as a success.
pub(crate) fn child(command: &mut Command, exits: &[i32]) -> anyhow::Result<Spent> {
    let before = seconds(&getrusage(UsageWho::RUSAGE_CHILDREN)?);
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("starting {}", command.get_program().display()))?;
    let after = seconds(&getrusage(UsageWho::RUSAGE_CHILDREN)?);
    if !output
        .status
        .code()
        .is_some_and(|code| exits.contains(&code))
    {
        anyhow::bail!(
            "{command:?} ended with {}:\n{}{}",
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(Spent {
        seconds: after - before,
        printed: String::from_utf8(output.stdout)?,
    })
}

/// The middle one; of an even number, the mean of the two in the middle.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let half = sorted.len() / 2;
    match sorted.as_slice() {
        [] => f64::NAN,
        all if all.len() % 2 == 1 => all[half],
        all => f64::midpoint(all[half - 1], all[half]),
    }
}
