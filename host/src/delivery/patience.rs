//! Whether to try again, and when: pure.
//! Above: every step. Below: nothing.
//! Invariant: what needs a person is not tried again by itself; what passes is tried for as long as it takes.

use crate::model::enrollment::Setback;
use crate::model::problem::{ErrorClass, OperationError};
use crate::model::time::Millis;

const FIRST: Millis = 5_000;
const LONGEST: Millis = 6 * 3_600_000;

/// What an error means for the one who met it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It will pass.
    Again,
    /// Somebody has to do something first.
    Stop,
}

pub(super) fn verdict(error: &OperationError) -> Verdict {
    match error.class {
        ErrorClass::Transient
        | ErrorClass::Throttled
        | ErrorClass::AuthExpired
        | ErrorClass::Cancelled
        | ErrorClass::Internal => Verdict::Again,
        ErrorClass::Config
        | ErrorClass::AccessDenied
        | ErrorClass::NotFound
        | ErrorClass::Conflict
        | ErrorClass::InvalidResponse
        | ErrorClass::Unsupported
        | ErrorClass::LimitExceeded
        | ErrorClass::Other => Verdict::Stop,
    }
}

/// The setback after one more; a stop of the sensor itself is none.
pub(super) fn after(before: Option<&Setback>, error: OperationError, at: Millis) -> Setback {
    let times = before.map_or(0, |before| before.times);
    let more = u32::from(error.class != ErrorClass::Cancelled);
    Setback {
        times: times.saturating_add(more),
        at,
        error,
    }
}

/// How long to wait after a setback: doubling to six hours, never less than the other side asked for. `seed` spreads
/// those that failed together over a fifth of it.
pub(super) fn wait(setback: &Setback, seed: u64) -> Millis {
    let doubled = FIRST.saturating_mul(1 << setback.times.saturating_sub(1).min(20));
    let asked = setback.error.retry_after_ms.unwrap_or(0);
    let asked = Millis::try_from(asked).unwrap_or(LONGEST);
    let wait = doubled.min(LONGEST);
    let spread = spread(seed.wrapping_add(u64::from(setback.times)), wait / 5);
    (wait - spread).max(asked)
}

/// A number below `most` that is the same for the same seed.
pub(super) fn spread(seed: u64, most: Millis) -> Millis {
    // SplitMix64's last step: neighbours come out far apart.
    let mut x = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^= x >> 31;
    let most = most.max(1).cast_unsigned();
    (x % most).cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setback(times: u32, retry_after_ms: Option<u64>) -> Setback {
        let error = OperationError {
            retry_after_ms,
            ..OperationError::new(ErrorClass::Transient, "x", "x")
        };
        Setback {
            times,
            at: 0,
            error,
        }
    }

    #[test]
    fn waits_grow_to_six_hours_and_honour_what_was_asked() {
        let mut last = 0;
        for times in 1..14 {
            let wait = wait(&setback(times, None), 7);
            assert!(wait >= last, "{times}: {wait} after {last}");
            assert!(wait <= LONGEST);
            last = wait;
        }
        assert!(last >= LONGEST / 5 * 4);
        assert!(wait(&setback(1, None), 7) >= 4_000);
        assert_eq!(wait(&setback(1, Some(90_000)), 7), 90_000);
    }

    #[test]
    fn those_that_failed_together_do_not_come_back_together() {
        let waits: std::collections::HashSet<_> =
            (0..100).map(|seed| wait(&setback(8, None), seed)).collect();
        assert!(waits.len() > 90, "{}", waits.len());
    }

    #[test]
    fn a_stop_of_the_sensor_is_no_setback() {
        let error = |class| OperationError::new(class, "x", "x");
        let one = after(None, error(ErrorClass::Transient), 1);
        assert_eq!(after(Some(&one), error(ErrorClass::Cancelled), 2).times, 1);
        assert_eq!(after(Some(&one), error(ErrorClass::Throttled), 2).times, 2);
    }
}
