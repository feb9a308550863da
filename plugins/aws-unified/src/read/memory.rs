//! What an instance remembers between two pages of a split, to save calls.
//! Above: `read`. Below: nothing.
//! Invariant: all of it may be lost at any time; then the list page is asked for again, and nothing else differs.

use super::cursor::At;
use crate::hash::hash;
use sensor_sdk::types::aws::CertificateSummary;
use sensor_sdk::types::{Cursor, Timestamp};
use std::cell::RefCell;
use std::collections::HashSet;

/// What is to be done about a listed certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// To be fetched; the filters may still leave it out.
    New,
    /// To be fetched, and to be told whatever the filters say: the host has it.
    Known,
    /// Known, but for something that was denied the last time.
    Incomplete,
    Unchanged,
    Filtered,
}

/// A listed certificate.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) arn: String,
    pub(super) summary: CertificateSummary,
    pub(super) verdict: Verdict,
}

impl From<CertificateSummary> for Item {
    fn from(mut summary: CertificateSummary) -> Self {
        // The body is the truth about names; a hundred of them a certificate need not wait in memory.
        summary.subject_alternative_names.truncate(1);
        Self {
            arn: summary.arn.clone(),
            summary,
            verdict: Verdict::New,
        }
    }
}

/// What is left of a list page, in reverse order, and the token of the one after it.
#[derive(Debug, Clone)]
pub(super) struct Listing {
    pub(super) items: Vec<Item>,
    pub(super) next: Option<String>,
    /// How often in a row each operation has failed.
    pub(super) failures: Failures,
}

/// Of the details, the tags, the body.
pub(super) type Failures = [usize; 3];

struct Waiting {
    split: String,
    cursor: Cursor,
    at: At,
    listing: Listing,
}

#[derive(Default)]
struct Seen {
    split: String,
    started: Timestamp,
    /// ARNs by hash, with the list page that showed them first.
    arns: HashSet<(u64, u32)>,
    all: HashSet<u64>,
}

thread_local! {
    static WAITING: RefCell<Option<Waiting>> = const { RefCell::new(None) };
    static SEEN: RefCell<Seen> = RefCell::default();
}

pub(super) fn put(split: &str, cursor: Cursor, at: At, listing: Listing) {
    let waiting = Waiting {
        split: split.to_owned(),
        cursor,
        at,
        listing,
    };
    WAITING.set(Some(waiting));
}

/// What waits behind exactly this cursor.
pub(super) fn take(split: &str, cursor: &Cursor) -> Option<(At, Listing)> {
    let waiting = WAITING.take()?;
    (waiting.split == split && waiting.cursor == *cursor).then_some((waiting.at, waiting.listing))
}

/// A split is begun.
pub(super) fn forget(split: &str) {
    WAITING.set(None);
    SEEN.set(Seen {
        split: split.to_owned(),
        ..Seen::default()
    });
}

/// Leaves out what earlier list pages of this split showed already, and says how many those were.
pub(super) fn fresh(
    split: &str,
    started: Timestamp,
    page: u32,
    listed: Vec<Item>,
) -> (Vec<Item>, usize) {
    let count = listed.len();
    let fresh: Vec<_> = SEEN.with_borrow_mut(|seen| {
        if seen.split != split || seen.started != started {
            *seen = Seen {
                split: split.to_owned(),
                started,
                ..Seen::default()
            };
        }
        listed
            .into_iter()
            .filter(|item| seen.take(&item.arn, page))
            .collect()
    });
    let again = count - fresh.len();
    (fresh, again)
}

impl Seen {
    /// False for an ARN of an earlier page; a page that is asked for again is no earlier one.
    fn take(&mut self, arn: &str, page: u32) -> bool {
        let mark = hash([arn]);
        let new = self.all.insert(mark);
        if new {
            self.arns.insert((mark, page));
        }
        new || self.arns.contains(&(mark, page))
    }
}
