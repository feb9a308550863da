//! How long a public CA may issue for: the Baseline Requirements, 6.3.2.
//! Above: `judge`. Below: nothing.
//! Invariant: only ever advises; a private CA is bound by none of it.

use crate::model::time::Millis;

/// From when (UTC), and how many days at most.
const STEPS: [(Millis, u32, &str); 3] = [
    (1_773_532_800_000, 200, "2026-03-15"),
    (1_805_068_800_000, 100, "2027-03-15"),
    (1_868_227_200_000, 47, "2029-03-15"),
];
const BEFORE: u32 = 398;

/// The longest life, in days, that a public CA may give to a certificate issued at this moment.
#[must_use]
pub fn longest_public_days(at: Millis) -> u32 {
    STEPS
        .iter()
        .rev()
        .find(|(from, ..)| *from <= at)
        .map_or(BEFORE, |(_, days, _)| *days)
}

/// The next step after this moment: its date and its days.
pub(super) fn next_step(at: Millis) -> Option<(&'static str, u32)> {
    STEPS
        .iter()
        .find(|(from, ..)| *from > at)
        .map(|(_, days, date)| (*date, *days))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::rfc3339;

    #[test]
    fn every_step_begins_at_its_date() {
        let mut last = BEFORE;
        for (from, days, date) in STEPS {
            assert_eq!(rfc3339(from), format!("{date}T00:00:00Z"));
            assert_eq!(longest_public_days(from - 1), last);
            assert_eq!(longest_public_days(from), days);
            assert_eq!(next_step(from - 1), Some((date, days)));
            last = days;
        }
        assert_eq!(next_step(STEPS[2].0), None);
    }
}
