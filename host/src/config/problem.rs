//! What is wrong with a file, told so that one reading mends it.
//! Above: `cli` shows it. Below: nothing.
//! Invariant: no value of a file is repeated in full; it could be a secret in the wrong place.

pub use crate::model::config_problem::ConfigProblem;

use std::fmt;
use std::path::{Path, PathBuf};

/// Everything that is wrong with one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    pub file: PathBuf,
    pub problems: Vec<ConfigProblem>,
}

impl ConfigError {
    pub(super) fn unreadable(file: &Path, error: &std::io::Error) -> Self {
        let message = format!("cannot be read: {error}");
        let problem = ConfigProblem {
            line: None,
            field: String::new(),
            message,
            help: None,
        };
        Self {
            file: file.to_owned(),
            problems: vec![problem],
        }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.file.display();
        match self.problems.as_slice() {
            [one] => write!(f, "{file}: {one}"),
            many => {
                write!(f, "{file} has {} problems:", many.len())?;
                many.iter()
                    .try_for_each(|problem| write!(f, "\n  {problem}"))
            }
        }
    }
}

impl std::error::Error for ConfigError {}
