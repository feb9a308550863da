//! Where a plan stands between two pages.
//! Above: `plan`. Below: serde_json.
//! Invariant: everything that the next page depends on is in here; what an instance remembers besides saves calls only.

use super::scope::Hits;
use super::tree::Walk;
use crate::error::{CURSOR_EXPIRED, CURSOR_VERSION, error};
use crate::hash::hash;
use sensor_sdk::types::{Cursor, Error, ErrorClass};
use serde::{Deserialize, Serialize};

const VERSION: u32 = 1;
/// Tokens remembered, to notice a list that goes in a circle.
const TOKENS: usize = 32;

/// Whether Account Management answers for member accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Central {
    /// Refused so many times, never answered.
    Refused(u8),
    Answers,
}

/// A plan's cursor.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct State {
    #[serde(rename = "o")]
    pub(crate) organization: String,
    #[serde(rename = "m")]
    pub(crate) management: String,
    #[serde(rename = "t")]
    pub(crate) started: i64,
    #[serde(rename = "w")]
    pub(crate) walk: Walk,
    #[serde(rename = "c")]
    pub(crate) central: Central,
    #[serde(rename = "n")]
    pub(crate) seen: u32,
    #[serde(rename = "i")]
    pub(crate) included: u32,
    #[serde(rename = "s")]
    pub(crate) splits: u32,
    #[serde(rename = "k")]
    pub(crate) skipped: u32,
    #[serde(rename = "h")]
    pub(crate) hits: Hits,
    #[serde(rename = "u")]
    pub(crate) units_unreadable: bool,
    #[serde(rename = "l")]
    tokens: Tokens,
}

impl State {
    pub(crate) fn new(organization: &str, management: &str, started: i64) -> Self {
        Self {
            organization: organization.to_owned(),
            management: management.to_owned(),
            started,
            walk: Walk::List {
                token: None,
                first: true,
            },
            central: Central::Refused(0),
            seen: 0,
            included: 0,
            splits: 0,
            skipped: 0,
            hits: Hits::default(),
            units_unreadable: false,
            tokens: Tokens::default(),
        }
    }

    pub(crate) fn read(cursor: &Cursor) -> Result<Self, Error> {
        if cursor.version != VERSION {
            let message = format!(
                "a plan's cursor has version {}, this plugin knows {VERSION}",
                cursor.version
            );
            return Err(error(ErrorClass::InvalidResponse, CURSOR_VERSION, message));
        }
        serde_json::from_str(&cursor.value).map_err(|cause| {
            let message = format!("the plan's cursor is not one of this plugin's: {cause}");
            error(ErrorClass::InvalidResponse, CURSOR_EXPIRED, message)
        })
    }

    pub(crate) fn write(&self) -> Cursor {
        Cursor {
            version: VERSION,
            value: serde_json::to_string(self).unwrap_or_default(),
        }
    }

    pub(crate) fn is_over(&self) -> bool {
        matches!(self.walk, Walk::Over)
    }

    /// Notes a page token, and refuses one that was there before.
    pub(crate) fn pass(
        &mut self,
        operation: &str,
        scope: &str,
        token: Option<&str>,
    ) -> Result<(), Error> {
        match token {
            Some(token) => self.tokens.pass(operation, &[scope, token]),
            None => Ok(()),
        }
    }
}

/// The last page tokens, as hashes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Tokens(Vec<u64>);

impl Tokens {
    pub(crate) fn pass(&mut self, operation: &str, token: &[&str]) -> Result<(), Error> {
        let mark = hash(std::iter::once(operation).chain(token.iter().copied()));
        if self.0.contains(&mark) {
            let message = format!("{operation} gave a page token twice: its list goes in a circle");
            return Err(error(
                ErrorClass::InvalidResponse,
                "repeated-token",
                message,
            ));
        }
        if self.0.len() == TOKENS {
            self.0.remove(0);
        }
        self.0.push(mark);
        Ok(())
    }
}
