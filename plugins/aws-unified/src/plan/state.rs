//! Where a plan stands between two pages.
//! Above: `plan`. Below: serde_json.
//! Invariant: everything that the next page depends on is in here; what an instance remembers besides saves calls only.

use super::scope::Hits;
use super::tree::Walk;
use crate::error::{CURSOR_EXPIRED, CURSOR_VERSION, error};
use crate::hash::hash;
use crate::tokens::{REPEATS, Tokens, endless};
use sensor_sdk::types::aws::Account;
use sensor_sdk::types::{Cursor, Error, ErrorClass};
use serde::{Deserialize, Serialize};

const VERSION: u32 = 1;
/// Accounts remembered, the last ones: two full pages of Organizations.
const RECENT: usize = 40;

/// Whether one way of asking for regions is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Way {
    /// Refused so many times, never answered.
    Refused(u8),
    Answers,
}

impl Way {
    /// After so many refusals, with no answer ever, the other way is tried first.
    pub(crate) const PATIENCE: u8 = 3;

    pub(crate) fn note(&mut self, answered: bool) {
        *self = match self {
            _ if answered => Self::Answers,
            Self::Refused(times) => Self::Refused(times.saturating_add(1)),
            Self::Answers => Self::Answers,
        };
    }

    pub(crate) fn is_shut(self) -> bool {
        matches!(self, Self::Refused(times) if times >= Self::PATIENCE)
    }
}

/// What accounts answered to whom they let in, but for denials and throttles: it is likely to be the answer of all,
/// as where a partition has no such service.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Silence {
    #[serde(rename = "n")]
    times: u8,
    #[serde(rename = "c")]
    code: String,
    #[serde(rename = "m")]
    message: String,
}

/// More of a message than this does not help.
const MESSAGE: usize = 300;

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
    /// Asking Account Management for a member account's regions, from the base account.
    #[serde(rename = "c")]
    pub(crate) central: Way,
    /// Asking a member account itself.
    #[serde(rename = "e")]
    pub(crate) within: Way,
    #[serde(rename = "q", default, skip_serializing_if = "Option::is_none")]
    silence: Option<Silence>,
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
    /// What the last page of accounts showed, and how often in a row.
    #[serde(rename = "p")]
    shown: (u64, u8),
    /// The last accounts, by number.
    #[serde(rename = "d")]
    recent: Vec<u64>,
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
            central: Way::Refused(0),
            within: Way::Refused(0),
            silence: None,
            seen: 0,
            included: 0,
            splits: 0,
            skipped: 0,
            hits: Hits::default(),
            units_unreadable: false,
            tokens: Tokens::default(),
            shown: (0, 0),
            recent: Vec::new(),
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

    /// What came of asking an account itself, which had let us in. A denial is its own and says nothing of others.
    pub(crate) fn note_within(&mut self, error: Option<&Error>) {
        self.within.note(error.is_none());
        let common = |error: &&Error| {
            !matches!(
                error.class,
                ErrorClass::AccessDenied | ErrorClass::Throttled
            )
        };
        if let Some(error) = error.filter(common) {
            let times = self.silence.as_ref().map_or(0, |silence| silence.times);
            self.silence = Some(Silence {
                times: times.saturating_add(1),
                code: error.code.clone(),
                message: error.message.chars().take(MESSAGE).collect(),
            });
        }
    }

    /// The error of an account that need not be asked, because none has ever answered.
    pub(crate) fn silent(&self) -> Option<Error> {
        let silence = self
            .silence
            .as_ref()
            .filter(|silence| silence.times >= Way::PATIENCE && self.within != Way::Answers)?;
        let message = format!(
            "not asked, since no account has answered to ListRegions: {}",
            silence.message
        );
        Some(error(ErrorClass::Unsupported, &silence.code, message))
    }

    pub(crate) fn is_over(&self) -> bool {
        matches!(self.walk, Walk::Over)
    }

    /// The accounts of a page, but for those that come again: pages may repeat and overlap. Always the same page is a
    /// list without an end.
    pub(crate) fn fresh(&mut self, accounts: Vec<Account>) -> Result<Vec<Account>, Error> {
        if accounts.is_empty() {
            return Ok(accounts);
        }
        let mark = hash(accounts.iter().map(|account| account.id.as_str()));
        if mark != self.shown.0 {
            self.shown = (mark, 0);
            return Ok(accounts
                .into_iter()
                .filter(|account| self.is_new(&account.id))
                .collect());
        }
        self.shown.1 += 1;
        if self.shown.1 > REPEATS {
            return Err(endless("the list of accounts"));
        }
        Ok(Vec::new())
    }

    /// Whether an account is none of the last ones; it is one of them now.
    fn is_new(&mut self, id: &str) -> bool {
        // Twelve digits, as every id of an account is, are shorter than a hash.
        let number = id.parse().unwrap_or_else(|_| hash([id]));
        if self.recent.contains(&number) {
            return false;
        }
        if self.recent.len() == RECENT {
            self.recent.remove(0);
        }
        self.recent.push(number);
        true
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

#[cfg(test)]
mod tests {
    use super::*;

    fn page(ids: &[u64]) -> Vec<Account> {
        let account = |id: &u64| Account {
            id: format!("{id:012}"),
            arn: String::new(),
            name: String::new(),
            email: None,
            state: None,
            joined_method: None,
            paths: Vec::new(),
        };
        ids.iter().map(account).collect()
    }

    #[test]
    fn fact_28_pages_that_repeat_or_overlap_give_each_account_once() {
        let mut state = State::new("o-1", "1", 0);
        let mut all = Vec::new();
        for ids in [
            &[1, 2, 2, 3][..],
            &[3, 4, 5],
            &[1, 2, 2, 3],
            &[5, 6],
            &[5, 6],
            &[7],
        ] {
            let fresh = state.fresh(page(ids)).expect("no circle");
            all.extend(fresh.into_iter().map(|account| account.id));
            state = State::read(&state.write()).expect("its own cursor");
        }
        let told: Vec<_> = (1..=7).map(|id: u64| format!("{id:012}")).collect();
        assert_eq!(all, told);
    }
}
