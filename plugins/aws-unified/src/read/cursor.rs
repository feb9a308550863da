//! Where a split's reading stands between two pages.
//! Above: `read`. Below: serde_json.
//! Invariant: enough to go on in a new instance: the list page is asked for again, and what was committed is known by
//! its marker.

use super::list::Mode;
use crate::error::{CURSOR_EXPIRED, CURSOR_VERSION, error};
use crate::hash::hash;
use crate::settings::{ReadMode, Settings};
use crate::tokens::{REPEATS, Tokens, endless};
use sensor_sdk::types::{Cursor, Error, ErrorClass, Timestamp};
use serde::{Deserialize, Serialize};

const VERSION: u32 = 1;
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
    tokens: Tokens,
    /// What the list pages before this one and this one showed.
    #[serde(rename = "h")]
    shown: (u64, u64),
    /// How many list pages in a row showed the same.
    #[serde(rename = "r")]
    pub(super) repeats: u8,
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
            tokens: Tokens::default(),
            shown: (0, 0),
            repeats: 0,
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

    /// Notes what a list page shows. One that comes again now and then is AWS's mistake; one that always does has no end.
    pub(super) fn shows<'a>(&mut self, arns: impl Iterator<Item = &'a str>) -> Result<(), Error> {
        let mut arns = arns.peekable();
        if arns.peek().is_none() {
            return Ok(());
        }
        self.shown.1 = hash(arns);
        let again = self.shown.0 == self.shown.1;
        self.repeats = if again { self.repeats + 1 } else { 0 };
        if self.repeats > REPEATS {
            return Err(endless("ACM"));
        }
        Ok(())
    }

    /// On to the next list page.
    pub(super) fn turn(mut self, token: String) -> Result<Self, Error> {
        self.tokens.pass("ACM", &[&token])?;
        Ok(Self {
            token: Some(token),
            pages: self.pages + 1,
            done: 0,
            attempts: 0,
            shown: (self.shown.1, 0),
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
    fn the_same_page_again_and_again_has_an_end() {
        let mut at = start();
        for page in 0..=REPEATS {
            at.shows(["a", "b"].into_iter()).expect("not yet");
            at = at.turn(format!("token {page}")).expect("new");
        }
        assert_eq!(
            at.shows(["a", "b"].into_iter()).expect_err("enough").code,
            "repeated-page"
        );
        assert!(at.shows(["a", "c"].into_iter()).is_ok());
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
