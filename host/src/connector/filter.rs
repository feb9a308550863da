//! The import filters, applied by the sensor itself: a plugin filters to save calls, the sensor to be sure.
//! Above: `split`. Below: `model`.
//! Invariant: what the inventory knows already is never filtered: it is kept and shown for what it is.

use crate::model::asset::{Found, PageEntry, Status};
use crate::model::time::Millis;
use std::collections::HashSet;

/// Which certificates a connector imports. Valid ones always.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ImportFilter {
    /// Expired ones too, if they expired at or after this time.
    pub expired_since: Option<Millis>,
    /// Revoked ones too.
    pub revoked: bool,
}

impl ImportFilter {
    fn wants(&self, found: &Found, now: Millis) -> bool {
        if found.place.status == Status::Revoked && !self.revoked {
            return false;
        }
        match found.body.as_ref().map(|body| body.certificate.not_after) {
            Some(not_after) if not_after < now => {
                self.expired_since.is_some_and(|since| not_after >= since)
            }
            _ => true,
        }
    }

    /// The ids that the filter would leave out.
    pub(super) fn unwanted(&self, entries: &[PageEntry], now: Millis) -> Vec<String> {
        entries
            .iter()
            .filter_map(|entry| match entry {
                PageEntry::Found(found) if !self.wants(found, now) => Some(found.place.id.clone()),
                _ => None,
            })
            .collect()
    }
}

/// Turns these entries into ones that are only counted.
pub(super) fn leave_out(entries: &mut [PageEntry], ids: &HashSet<String>) {
    for entry in entries {
        if let PageEntry::Found(found) = entry
            && ids.contains(&found.place.id)
        {
            *entry = PageEntry::Filtered(found.place.id.clone());
        }
    }
}
