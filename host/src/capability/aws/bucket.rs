//! How often one operation may be called at one place: pure arithmetic on the time that is handed in.
//! Above: `lanes`. Below: nothing.
//! Invariant: in any window, no more calls than the burst and what the rate allows; a burst stays below what AWS
//! takes in one second, so that calls which arrive closer together than they were sent are not throttled.
//! A call counts from when it is booked, so it is booked when it is made.

use crate::model::time::Millis;

/// Of AWS's rate, as much as is used: the rest is for what a network does to the distance between calls.
const SHARE_OF_RATE: f64 = 0.98;
/// Of what AWS takes in a second, as much as is sent at once.
const SHARE_OF_BURST: f64 = 0.9;
/// A throttled operation gets slower, but no slower than this share of its rate.
const FLOOR: f64 = 1.0 / 16.0;
/// What comes back of the full rate in a minute.
const RECOVERY_PER_MINUTE: f64 = 0.05;
/// How fast an answer is taken to come before one was seen.
const UNKNOWN_TRIP_MS: f64 = 20.0;

/// One bucket.
#[derive(Debug)]
pub(super) struct Bucket {
    /// Calls a second as configured, and at present.
    full: f64,
    rate: f64,
    burst: f64,
    /// When the next call would be due if there were no burst (milliseconds).
    due: f64,
    /// When the rate was last looked at.
    seen: Millis,
    lowered: Option<Millis>,
    /// The fastest round trip so far (milliseconds).
    fastest: Option<f64>,
}

impl Bucket {
    /// A full bucket of this many calls a second.
    pub(super) fn new(rate: f64, now: Millis) -> Self {
        let burst = (rate * SHARE_OF_BURST).floor().max(1.0);
        Self {
            full: rate,
            rate,
            burst,
            due: f64_of(now),
            seen: now,
            lowered: None,
            fastest: None,
        }
    }

    /// The same bucket for calls that take no time of their own: whatever passes until an answer passed on the way
    /// there. So it is with a simulation on a virtual clock.
    pub(super) fn without_a_way_back(mut self) -> Self {
        self.fastest = Some(0.0);
        self
    }

    /// When the next call may be made.
    pub(super) fn moment(&mut self, now: Millis) -> Millis {
        self.recover(now);
        let at = f64_of(now).max(self.due - (self.burst - 1.0) * self.interval());
        millis_of(at.ceil())
    }

    /// Books the next call; returns when it may be made.
    pub(super) fn book(&mut self, now: Millis) -> Millis {
        let at = self.moment(now);
        self.due = self.due.max(f64_of(at)) + self.interval();
        at
    }

    /// Tells that a booked call, made alone, took from `sent` to `done`. It reached AWS at some time between them,
    /// at the latest one fastest way back before `done`: the next one keeps its distance from that.
    pub(super) fn settle(&mut self, sent: Millis, done: Millis) {
        let trip = f64_of(done - sent);
        let way = self.fastest.unwrap_or(UNKNOWN_TRIP_MS).min(trip);
        self.fastest = Some(
            self.fastest
                .map_or(trip.min(self.interval() / 4.0), |fastest| fastest.min(trip)),
        );
        self.due = self.due.max(f64_of(done) - way + self.interval());
    }

    /// AWS said that it was too much: no more bursts, and half the rate, once for all calls that were under way.
    pub(super) fn throttled(&mut self, now: Millis) {
        self.recover(now);
        let fresh = self
            .lowered
            .is_none_or(|at| f64_of(now - at) >= self.interval().max(1000.0));
        if fresh {
            self.rate = (self.rate / 2.0).max(self.full * FLOOR);
            self.lowered = Some(now);
        }
        self.due = self.due.max(f64_of(now) + self.burst * self.interval());
    }

    fn interval(&self) -> f64 {
        1000.0 / (self.rate * SHARE_OF_RATE)
    }

    fn recover(&mut self, now: Millis) {
        let minutes = f64_of((now - self.seen).max(0)) / 60_000.0;
        self.rate = (self.rate + self.full * RECOVERY_PER_MINUTE * minutes).min(self.full);
        self.seen = self.seen.max(now);
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "milliseconds of this era are exact in an f64"
)]
fn f64_of(at: Millis) -> f64 {
    at as f64
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "whole milliseconds of this era"
)]
fn millis_of(at: f64) -> Millis {
    at as Millis
}

#[cfg(test)]
mod tests {
    use super::Bucket;

    const START: i64 = 1_800_000_000_000;

    /// When `calls` calls that are all wanted at once may be made.
    fn moments(rate: f64, calls: usize) -> Vec<i64> {
        let mut bucket = Bucket::new(rate, START);
        let mut now = START;
        let mut book = || {
            now = bucket.book(now);
            now
        };
        (0..calls).map(|_| book()).collect()
    }

    #[test]
    fn no_window_holds_more_than_the_rate_and_the_burst() {
        for rate in [0.5, 1.0, 2.0, 5.0, 10.0, 100.0, 600.0] {
            let moments = moments(rate, 2000);
            for length in [100, 1000, 3000, 60_000] {
                let most = rate * length as f64 / 1000.0 + rate.max(1.0);
                for (first, start) in moments.iter().enumerate() {
                    let count = moments[first..]
                        .iter()
                        .take_while(|at| **at < start + length)
                        .count();
                    assert!(
                        count as f64 <= most + 1e-6,
                        "{rate}/s: {count} calls in {length} ms"
                    );
                }
            }
        }
    }

    #[test]
    fn the_quota_is_used_to_a_twentieth() {
        for (rate, calls) in [
            (1.0, 20),
            (1.0, 500),
            (5.0, 200),
            (10.0, 100),
            (10.0, 5000),
            (600.0, 12_000),
        ] {
            let moments = moments(rate, calls);
            let took = (moments[calls - 1] - START) as f64 / 1000.0;
            let best = (calls as f64 - rate.max(1.0)) / rate;
            assert!(
                took <= best * 1.05,
                "{calls} calls at {rate}/s took {took} s, at best {best} s"
            );
            assert!(
                took >= best * 0.999,
                "{calls} calls at {rate}/s took {took} s: faster than AWS allows"
            );
        }
    }

    #[test]
    fn a_pause_gives_one_burst_and_no_more() {
        let mut bucket = Bucket::new(10.0, START);
        let later = START + 3_600_000;
        let at_once = (0..100).take_while(|_| bucket.book(later) == later).count();
        assert_eq!(at_once, 9);
    }

    #[test]
    fn a_throttle_halves_the_rate_once_and_it_comes_back() {
        let mut bucket = Bucket::new(10.0, START);
        let gap = |bucket: &mut Bucket, now| {
            let first = bucket.book(now);
            bucket.book(first) - first
        };
        bucket.throttled(START);
        bucket.throttled(START + 5);
        let halved = gap(&mut bucket, START + 10);
        assert!((203..=206).contains(&halved), "halved: {halved} ms");
        let later = START + 60_000;
        (0..9).for_each(|_| _ = bucket.book(later));
        let (slow, fast) = (gap(&mut bucket, later), gap(&mut bucket, later + 3_600_000));
        assert!((180..205).contains(&slow), "a minute later: {slow} ms");
        assert!(fast <= 103, "an hour later: {fast} ms");
    }

    #[test]
    fn a_rate_has_a_floor() {
        let mut bucket = Bucket::new(1.0, START);
        (0..50).for_each(|n| bucket.throttled(START + n * 20_000));
        let now = START + 50 * 20_000;
        assert!(bucket.book(now) - now <= 17_000);
    }

    #[test]
    fn a_call_that_arrived_late_is_kept_at_a_distance() {
        let mut bucket = Bucket::new(1.0, START);
        let sent = bucket.book(START);
        bucket.settle(sent, sent + 800);
        assert!(bucket.book(sent + 800) >= sent + 800 + 1000);
    }

    #[test]
    fn a_steady_distance_costs_nothing() {
        let mut bucket = Bucket::new(1.0, START);
        let mut now = START;
        for _ in 0..100 {
            let sent = bucket.book(now);
            now = sent + 60;
            bucket.settle(sent, now);
        }
        let took = (now - START) as f64 / 1000.0;
        assert!(took <= 99.0 * 1.05, "{took} s for 100 calls at 1/s");
    }
}
