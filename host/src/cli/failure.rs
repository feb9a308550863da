//! How a command ends: exit codes, and errors with what to do next.
//! Above: `cli::main`. Below: nothing.
//! Invariant: every way out of the program passes through [`Outcome`].

use std::fmt;
use std::process::ExitCode;

/// How a command went that did not fail; the later, the worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// All of it: 0.
    All,
    /// Some of it; what is missing has been told: 3.
    Partial,
    /// None of it; why has been told: 1.
    Failed,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::All => Self::SUCCESS,
            Outcome::Failed => Self::from(1),
            Outcome::Partial => Self::from(3),
        }
    }
}

/// An error that the one who typed the command can mend by typing another: exit code 2.
#[derive(Debug)]
pub struct Usage(pub String);

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}

/// A [`Usage`] error as what commands return.
pub fn usage(message: impl Into<String>) -> anyhow::Error {
    Usage(message.into()).into()
}

/// The exit code for an error: 2 where the command line or a configuration file is at fault, else 1.
#[must_use]
pub fn exit_code(error: &anyhow::Error) -> u8 {
    let at_fault = error.chain().any(|cause| {
        cause.is::<Usage>()
            || cause.is::<crate::config::ConfigError>()
            || cause.is::<crate::config::StateDirError>()
            || matches!(
                cause.downcast_ref(),
                Some(
                    crate::store::StoreError::NotFound(_) | crate::store::StoreError::NoSuchRun(_)
                )
            )
            || matches!(
                cause.downcast_ref(),
                Some(crate::ledger::LedgerError::Missing { .. })
            )
            || cause
                .downcast_ref::<crate::app::AppError>()
                .is_some_and(crate::app::AppError::is_usage)
    });
    if at_fault { 2 } else { 1 }
}

/// Whether the reader of our output went away (`| head`): no error of ours.
#[must_use]
pub fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let direct = cause
            .downcast_ref::<std::io::Error>()
            .map(std::io::Error::kind);
        let in_csv = cause
            .downcast_ref::<csv::Error>()
            .and_then(|error| match error.kind() {
                csv::ErrorKind::Io(error) => Some(error.kind()),
                _ => None,
            });
        let in_json = cause
            .downcast_ref::<serde_json::Error>()
            .and_then(serde_json::Error::io_error_kind);
        [direct, in_csv, in_json].contains(&Some(std::io::ErrorKind::BrokenPipe))
    })
}

/// What went wrong, with the causes that the message does not tell by itself.
#[must_use]
pub fn message(error: &anyhow::Error) -> String {
    let mut text = error.to_string();
    for cause in error.chain().skip(1) {
        let more = cause.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
    }
    text.lines()
        .map(|line| super::style::safe(line) + "\n")
        .collect::<String>()
        .trim_end()
        .to_owned()
}
