//! One thing that is wrong with what somebody wrote, told so that one reading mends it.
//! Above: `config`, `profile`, `delivery`; `cli` shows it. Below: nothing.
//! Invariant: a file's value is never repeated in full unless it is a name by its own grammar; it could be a secret in
//! the wrong place.

use std::fmt;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigProblem {
    /// Counted from 1; none where no single line is at fault.
    pub line: Option<usize>,
    /// Where, as a dotted path ("import.every"); empty for the file as a whole.
    pub field: String,
    pub message: String,
    /// What to write in its place.
    pub help: Option<String>,
}

impl fmt::Display for ConfigProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        if !self.field.is_empty() {
            write!(f, "{}: ", self.field)?;
        }
        f.write_str(&self.message)?;
        if let Some(help) = &self.help {
            write!(f, " ({help})")?;
        }
        Ok(())
    }
}
