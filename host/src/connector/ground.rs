//! What a scan stands on: a cursor is only good under the settings and the plugin that it was made with.
//! Above: `split` marks what it stores and checks what it finds. Below: `model`.
//! Invariant: a plugin never sees the mark.

use crate::model::id::Sha256;
use crate::model::split::Cursor;

/// Between the mark and the plugin's own text.
const END: char = '|';

/// A short name for everything that a page's content depends on besides the cloud.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ground(String);

impl Ground {
    /// Of these parts: settings, import filters, the plugin's hash.
    #[must_use]
    pub fn of(parts: &[&str]) -> Self {
        let hash = Sha256::of(parts.join("\0").as_bytes()).to_string();
        Self(hash.chars().take(16).chain([END]).collect())
    }

    /// The cursor as it is stored.
    pub(super) fn marked(&self, cursor: &Cursor) -> Cursor {
        Cursor {
            version: cursor.version,
            value: format!("{}{}", self.0, cursor.value),
        }
    }

    /// Whether a stored cursor was made on this ground.
    pub(super) fn holds(&self, stored: &Cursor) -> bool {
        stored.value.starts_with(&self.0)
    }

    /// The cursor as the plugin gave it.
    pub(super) fn unmarked(&self, stored: &Cursor) -> Cursor {
        let value = stored.value.strip_prefix(&self.0);
        Cursor {
            version: stored.version,
            value: value.unwrap_or(&stored.value).to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Cursor, Ground};

    #[test]
    fn a_cursor_comes_back_as_it_was_and_only_on_its_own_ground() {
        let (here, elsewhere) = (Ground::of(&["a", "b"]), Ground::of(&["ab", ""]));
        let cursor = Cursor {
            version: 1,
            value: "page|2".to_owned(),
        };
        let stored = here.marked(&cursor);
        assert!(here.holds(&stored));
        assert!(!elsewhere.holds(&stored));
        assert_eq!(here.unmarked(&stored), cursor);
    }
}
