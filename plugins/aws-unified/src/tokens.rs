//! Page tokens that were there before: how a list that goes in a circle is found out.
//! Above: `plan`, `read`. Below: `hash`.
//! Invariant: every list ends, by AWS or by an error.

use crate::error::error;
use crate::hash::hash;
use sensor_sdk::types::{Error, ErrorClass};
use serde::{Deserialize, Serialize};

/// Tokens remembered.
const KEPT: usize = 32;
/// How often a token, or a page, may come again: AWS makes mistakes too, but not for ever.
pub(crate) const REPEATS: u8 = 3;

/// The last page tokens, as hashes, and how often one of them came again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tokens(Vec<u64>, u8);

impl Tokens {
    /// Notes a token; too many known ones are an error.
    pub(crate) fn pass(&mut self, operation: &str, token: &[&str]) -> Result<(), Error> {
        let mark = hash(std::iter::once(operation).chain(token.iter().copied()));
        if self.0.contains(&mark) {
            self.1 += 1;
            if self.1 > REPEATS {
                let message = format!(
                    "{operation} gives the same page tokens again and again: its list goes in a circle"
                );
                return Err(error(
                    ErrorClass::InvalidResponse,
                    "repeated-token",
                    message,
                ));
            }
            return Ok(());
        }
        if self.0.len() == KEPT {
            self.0.remove(0);
        }
        self.0.push(mark);
        Ok(())
    }
}

/// The error of a list whose pages are always the same.
pub(crate) fn endless(operation: &str) -> Error {
    let message = format!("{operation} shows the same page over and over: its list has no end");
    error(ErrorClass::InvalidResponse, "repeated-page", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_circle_of_any_size_is_found() {
        for size in 1..=KEPT {
            let mut tokens = Tokens::default();
            let mut names = (0..size).cycle().map(|n| n.to_string());
            let passed = names.find(|name| tokens.pass("List", &[name]).is_err());
            assert!(passed.is_some(), "{size}");
        }
    }

    #[test]
    fn a_long_list_is_no_circle() {
        let mut tokens = Tokens::default();
        for n in 0..10_000 {
            tokens.pass("List", &[&n.to_string()]).expect("new");
        }
    }
}
