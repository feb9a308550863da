//! Whether to try again, and when: pure.
//! Above: `AwsCapability::call`. Below: nothing.
//! Invariant: what may have been done already, and must not be done twice, is not tried again; bounded in attempts and in time; what will not pass is never tried again.

use super::capability::Effect;
use crate::bindings::connector::sensor::core::types::{Error, ErrorClass};
use crate::model::time::Millis;
use std::time::Duration;

/// Attempts that end in a throttle, and in a passing fault.
const MOST_THROTTLES: u32 = 8;
const MOST_FAULTS: u32 = 5;
/// No wait begins that would end later than this after the call began.
const MOST_TIME_MS: i64 = 600_000;
const LONGEST_WAIT_MS: f64 = 60_000.0;

/// What one call has been through.
#[derive(Debug)]
pub(super) struct Retry {
    started: Millis,
    effect: Effect,
    throttles: u32,
    faults: u32,
}

impl Retry {
    pub(super) fn new(now: Millis, effect: Effect) -> Self {
        Self {
            started: now,
            effect,
            throttles: 0,
            faults: 0,
        }
    }

    /// How long to wait before trying again; none when the error stands. `dice` is random, from 0 to 1: the wait
    /// lies anywhere below a bound that doubles each time, and never below what AWS asked for.
    pub(super) fn after(&mut self, error: &Error, now: Millis, dice: f64) -> Option<Duration> {
        let (count, most, first_ms) = match error.class {
            ErrorClass::Throttled => (&mut self.throttles, MOST_THROTTLES, 500.0),
            ErrorClass::Transient if self.effect == Effect::WritesOnce => return None,
            ErrorClass::Transient => (&mut self.faults, MOST_FAULTS, 200.0),
            _ => return None,
        };
        *count += 1;
        if *count >= most {
            return None;
        }
        let bound = (first_ms * f64::from(1 << (*count - 1).min(16))).min(LONGEST_WAIT_MS);
        let wait = Duration::from_secs_f64(bound * dice.clamp(0.0, 1.0) / 1000.0);
        let wait = wait.max(Duration::from_millis(
            error.retry_after_ms.unwrap_or_default(),
        ));
        let ends = i64::try_from(wait.as_millis())
            .unwrap_or(i64::MAX)
            .saturating_add(now - self.started);
        (ends <= MOST_TIME_MS).then_some(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::{Effect, Error, ErrorClass, Retry};

    fn error(class: ErrorClass, retry_after_ms: Option<u64>) -> Error {
        let (code, message) = (String::new(), String::new());
        Error {
            class,
            code,
            message,
            detail: None,
            retry_after_ms,
            subject: None,
        }
    }

    fn waits(class: ErrorClass, dice: f64) -> Vec<u128> {
        let mut retry = Retry::new(0, Effect::Reads);
        std::iter::from_fn(|| retry.after(&error(class, None), 0, dice))
            .map(|wait| wait.as_millis())
            .collect()
    }

    #[test]
    fn waits_double_up_to_a_bound() {
        assert_eq!(
            waits(ErrorClass::Throttled, 1.0),
            [500, 1000, 2000, 4000, 8000, 16_000, 32_000]
        );
        assert_eq!(waits(ErrorClass::Transient, 1.0), [200, 400, 800, 1600]);
        assert_eq!(waits(ErrorClass::Throttled, 0.0), [0; 7]);
    }

    #[test]
    fn what_will_not_pass_is_not_tried_again() {
        for class in [
            ErrorClass::AccessDenied,
            ErrorClass::Config,
            ErrorClass::NotFound,
            ErrorClass::Conflict,
            ErrorClass::Unsupported,
            ErrorClass::LimitExceeded,
            ErrorClass::InvalidResponse,
            ErrorClass::AuthExpired,
            ErrorClass::Other,
        ] {
            assert!(waits(class, 0.5).is_empty(), "{class:?}");
        }
    }

    #[test]
    fn fact_14_what_may_be_done_already_is_not_done_twice() {
        let again = |class, effect| {
            Retry::new(0, effect)
                .after(&error(class, None), 0, 0.5)
                .is_some()
        };
        assert!(!again(ErrorClass::Transient, Effect::WritesOnce));
        assert!(again(ErrorClass::Transient, Effect::Writes));
        // A throttled call did nothing.
        assert!(again(ErrorClass::Throttled, Effect::WritesOnce));
    }

    #[test]
    fn awss_own_word_is_honoured_within_the_time_of_a_call() {
        let asked = |ms| {
            Retry::new(0, Effect::Writes)
                .after(&error(ErrorClass::Throttled, Some(ms)), 0, 0.0)
                .map(|w| w.as_millis())
        };
        assert_eq!(asked(90_000), Some(90_000));
        assert_eq!(asked(u64::MAX), None);
        let mut late = Retry::new(0, Effect::Reads);
        assert_eq!(
            late.after(&error(ErrorClass::Throttled, None), 599_900, 1.0),
            None
        );
    }
}
