//! Where a split's reading stands between two pages.
//! Above: `read`. Below: serde_json.
//! Invariant: enough to go on in a new instance: the list page is asked for again, and what was committed is known by
//! its marker.

use super::list::Mode;
use crate::error::{CURSOR_EXPIRED, CURSOR_VERSION, error};
use crate::hash::hash;
use crate::settings::{ReadMode, Settings};
use sensor_sdk::types::{Cursor, Error, ErrorClass, Timestamp};
use serde::{Deserialize, Serialize};

const VERSION: u32 = 1;
/// Tokens remembered, to notice a list that goes in a circle.
const TOKENS: usize = 32;
/// How often one list page may be asked for anew, by instances that remember nothing.
const ATTEMPTS: u32 = 100;

/// A split's cursor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct At {
    #[serde(rename = "m")]
    pub(super) mode: Mode,
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    pub(super) token: Option<String>,
    /// When the split was begun: what was read since is not read again.
    #[serde(rename = "b")]
    pub(super) started: Timestamp,
    /// List pages before this one.
    #[serde(rename = "p")]
    pub(super) pages: u32,
    /// How far in this list page; tells two cursors apart, and nothing else.
    #[serde(rename = "d")]
    pub(super) done: u32,
    /// How often this list page was asked for.
    #[serde(rename = "a")]
    attempts: u32,
    #[serde(rename = "s")]
    seen: Vec<u64>,
}

impl At {
    pub(super) fn start(settings: &Settings, now: Timestamp) -> Self {
        let mode = if settings.read == ReadMode::List {
            Mode::all()
        } else {
            Mode::Search
        };
        Self {
            mode,
            token: None,
            started: now,
            pages: 0,
            done: 0,
            attempts: 0,
            seen: Vec::new(),
        }
    }

    pub(super) fn read(cursor: &Cursor) -> Result<Self, Error> {
        if cursor.version != VERSION {
            let message = format!(
                "the cursor has version {}, this plugin knows {VERSION}",
                cursor.version
            );
            return Err(error(ErrorClass::InvalidResponse, CURSOR_VERSION, message));
        }
        serde_json::from_str(&cursor.value).map_err(|cause| {
            let message = format!("the cursor is not one of this plugin's: {cause}");
            error(ErrorClass::InvalidResponse, CURSOR_EXPIRED, message)
        })
    }

    pub(super) fn write(&self) -> Cursor {
        Cursor {
            version: VERSION,
            value: serde_json::to_string(self).unwrap_or_default(),
        }
    }

    /// Counts how often the list page is asked for: a host that never remembers anything must not go on for ever.
    pub(super) fn list_again(&mut self) -> Result<(), Error> {
        self.attempts += 1;
        if self.attempts > ATTEMPTS {
            let message =
                format!("one list page was asked for {ATTEMPTS} times and never finished");
            return Err(error(ErrorClass::Internal, "no-progress", message));
        }
        Ok(())
    }

    /// On to the next list page.
    pub(super) fn turn(mut self, token: String) -> Result<Self, Error> {
        let mark = hash([token.as_str()]);
        if self.seen.contains(&mark) || self.token.as_ref() == Some(&token) {
            let message = "ACM gave a page token twice: its list goes in a circle";
            return Err(error(
                ErrorClass::InvalidResponse,
                "repeated-token",
                message,
            ));
        }
        if self.seen.len() == TOKENS {
            self.seen.remove(0);
        }
        self.seen.push(mark);
        Ok(Self {
            token: Some(token),
            pages: self.pages + 1,
            done: 0,
            attempts: 0,
            ..self
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start() -> At {
        At::start(
            &Settings::parse(r#"{"scope": "account"}"#).expect("legal"),
            5,
        )
    }

    #[test]
    fn survives_being_written_down() {
        let at = start().turn("a".to_owned()).expect("new");
        assert_eq!(At::read(&at.write()).expect("own"), at);
    }

    #[test]
    fn a_circle_is_found() {
        let at = start()
            .turn("a".to_owned())
            .and_then(|at| at.turn("b".to_owned()))
            .expect("new");
        assert_eq!(
            at.turn("a".to_owned()).expect_err("again").code,
            "repeated-token"
        );
    }

    #[test]
    fn rejects() {
        let other = Cursor {
            version: 2,
            ..start().write()
        };
        assert_eq!(At::read(&other).expect_err("version").code, CURSOR_VERSION);
        let garbage = Cursor {
            version: 1,
            value: "{}".to_owned(),
        };
        assert_eq!(
            At::read(&garbage).expect_err("garbage").code,
            CURSOR_EXPIRED
        );
    }
}
