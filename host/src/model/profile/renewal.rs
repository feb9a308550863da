//! When a certificate is renewed.
//! Above: `delivery`. Below: `period`.
//! Invariant: the moment depends on nothing but its arguments, so a restart never moves it; it lies within the life.

use crate::model::period::Period;
use crate::model::time::Millis;
use serde::{Deserialize, Serialize};

/// The rule of a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenewalRule {
    /// False: only when somebody asks.
    pub automatic: bool,
    /// The issuer's own word (ACME renewal information) goes first, where it is given.
    pub follow_issuer: bool,
    pub at: RenewAt,
    /// Renewals are spread over this much of the life before that moment, in percent.
    pub jitter_percent: u32,
}

/// The moment, without the issuer's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RenewAt {
    /// When this much of the life has passed.
    Percent(u32),
    /// This long before its end.
    Before(Period),
}

impl Default for RenewalRule {
    fn default() -> Self {
        Self {
            automatic: true,
            follow_issuer: true,
            at: RenewAt::Percent(66),
            jitter_percent: 5,
        }
    }
}

/// From when to when a certificate is valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Life {
    pub not_before: Millis,
    pub not_after: Millis,
}

/// When the issuer wants it renewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RenewalSpan {
    pub start: Millis,
    pub end: Millis,
}

/// The issuer's word counts up to here: one that asks for later would let a certificate expire.
const LATEST_PERCENT: i64 = 90;
/// Nor does the issuer's word count before: a window that is always past would renew without end.
const ISSUERS_EARLIEST_PERCENT: i64 = 5;
/// No rule renews before this: with a life that is shorter than expected it would renew without end.
const EARLIEST_PERCENT: i64 = 40;

impl RenewalRule {
    /// When a certificate is due; none if it is renewed only when asked for. `seed` tells certificates apart, so that
    /// those of one hour are not all renewed in one minute.
    #[must_use]
    pub fn due(&self, life: Life, issuer: Option<RenewalSpan>, seed: u64) -> Option<Millis> {
        if !self.automatic {
            return None;
        }
        let length = life.not_after.saturating_sub(life.not_before).max(0);
        let at_percent = |percent: i64| {
            let part = i128::from(length) * i128::from(percent) / 100;
            life.not_before + Millis::try_from(part).unwrap_or(length)
        };
        let span = issuer.filter(|span| self.follow_issuer && span.start <= span.end);
        if let Some(span) = span {
            let chosen = span.start + part(span.end - span.start, seed);
            let (first, last) = (ISSUERS_EARLIEST_PERCENT, LATEST_PERCENT);
            return Some(chosen.clamp(at_percent(first), at_percent(last)));
        }
        let base = match self.at {
            RenewAt::Percent(percent) => at_percent(percent.into()),
            RenewAt::Before(period) => life.not_after.saturating_sub(period.millis()),
        };
        let spread = length / 100 * i64::from(self.jitter_percent);
        let chosen = base.saturating_sub(part(spread, seed));
        Some(chosen.clamp(at_percent(EARLIEST_PERCENT), at_percent(LATEST_PERCENT)))
    }
}

/// An even share of `whole`, the same for the same seed.
fn part(whole: Millis, seed: u64) -> Millis {
    // SplitMix64: neighbouring seeds land far apart.
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^= z >> 31;
    let whole = u128::try_from(whole).unwrap_or(0);
    Millis::try_from((whole * u128::from(z)) >> 64).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Millis = 86_400_000;

    fn life(days: i64) -> Life {
        Life {
            not_before: 1_000 * DAY,
            not_after: (1_000 + days) * DAY,
        }
    }

    /// Days after the start.
    fn due(rule: RenewalRule, days: i64, span: Option<RenewalSpan>, seed: u64) -> f64 {
        let at = rule.due(life(days), span, seed).unwrap();
        (at - life(days).not_before) as f64 / DAY as f64
    }

    #[test]
    fn two_thirds_of_a_life_less_a_jitter_that_differs_and_repeats() {
        let rule = RenewalRule::default();
        let moments: Vec<_> = (0..1000).map(|seed| due(rule, 90, None, seed)).collect();
        let most = 90.0 * 0.66;
        assert!(moments.iter().all(|at| *at <= most && *at >= most - 4.5));
        let early = moments.iter().filter(|at| **at < most - 2.25).count();
        assert!((400..600).contains(&early), "spread evenly: {early}");
        assert_eq!(moments[7].to_bits(), due(rule, 90, None, 7).to_bits());
    }

    #[test]
    fn the_issuers_window_goes_first_and_cannot_let_it_expire() {
        let rule = RenewalRule::default();
        let span = |start: i64, end: i64| {
            Some(RenewalSpan {
                start: (1_000 + start) * DAY,
                end: (1_000 + end) * DAY,
            })
        };
        for seed in 0..100 {
            let at = due(rule, 90, span(20, 22), seed);
            assert!((20.0..=22.0).contains(&at), "{at}");
        }
        let past = due(rule, 90, span(-5, -4), 1);
        assert_eq!(
            past.to_bits(),
            4.5_f64.to_bits(),
            "a window that is always past"
        );
        assert_eq!(
            due(rule, 90, span(500, 600), 1).to_bits(),
            81.0_f64.to_bits()
        );
        let backward = due(rule, 90, span(30, 20), 1);
        assert!((54.0..60.0).contains(&backward), "nonsense is not followed");
        let own = RenewalRule {
            follow_issuer: false,
            ..rule
        };
        assert!(due(own, 90, span(20, 22), 1) > 50.0);
    }

    #[test]
    fn a_life_shorter_than_the_lead_does_not_renew_without_end() {
        let rule = RenewalRule {
            at: RenewAt::Before(Period::from(std::time::Duration::from_hours(30 * 24))),
            jitter_percent: 0,
            ..RenewalRule::default()
        };
        assert_eq!(due(rule, 90, None, 1).to_bits(), 60.0_f64.to_bits());
        assert_eq!(due(rule, 10, None, 1).to_bits(), 4.0_f64.to_bits());
        assert_eq!(due(rule, 0, None, 1).to_bits(), 0.0_f64.to_bits());
        let never = RenewalRule {
            automatic: false,
            ..rule
        };
        assert_eq!(never.due(life(90), None, 1), None);
    }

    #[test]
    fn the_end_of_time_does_not_overflow() {
        let long = Life {
            not_before: 0,
            not_after: 253_402_300_799_000,
        };
        let at = RenewalRule::default().due(long, None, u64::MAX).unwrap();
        assert!(at > 0 && at < long.not_after);
    }
}
