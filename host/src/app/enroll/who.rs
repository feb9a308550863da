//! Who asks: the person, and the user whose rights the command has.
//! Above: `cli` finds out. Below: nothing.
//! Invariant: two people who act as the same user stay two.

use std::fmt;

/// Somebody at the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Who {
    /// Who logged in.
    pub name: String,
    /// As whom the command runs, if that is another user.
    pub acting_as: Option<String>,
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        match &self.acting_as {
            Some(user) => write!(f, " as {user}"),
            None => Ok(()),
        }
    }
}
