//! Lengths of time as people write them: "24h", "90d", "1h 30m".
//! Above: `config`, `profile`, `cli`'s filters. Below: nothing.
//! Invariant: a day is 24 hours; no period is negative.

use super::time::{Millis, rfc3339};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A length of time, to the millisecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Period(Duration);

/// Why a text is no length of time or no date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PeriodError {
    #[error("not a length of time: write it like \"30d\", \"24h\", \"90m\" or \"1h 30m\"")]
    Period,
    #[error("neither a date like \"2026-01-31\" nor a length of time like \"90d\"")]
    Since,
}

impl Period {
    /// The same as the standard library's type, cut to milliseconds.
    #[must_use]
    pub fn duration(self) -> Duration {
        self.0
    }

    /// In milliseconds.
    #[must_use]
    pub fn millis(self) -> Millis {
        Millis::try_from(self.0.as_millis()).unwrap_or(Millis::MAX / 4)
    }
}

impl From<Duration> for Period {
    fn from(duration: Duration) -> Self {
        let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        Self(Duration::from_millis(millis))
    }
}

impl FromStr for Period {
    type Err = PeriodError;
    fn from_str(text: &str) -> Result<Self, PeriodError> {
        let span: jiff::Span = text.trim().parse().map_err(|_| PeriodError::Period)?;
        let exact = span
            .to_duration(jiff::SpanRelativeTo::days_are_24_hours())
            .map_err(|_| PeriodError::Period)?;
        Duration::try_from(exact)
            .map(Self::from)
            .map_err(|_| PeriodError::Period)
    }
}

impl TryFrom<String> for Period {
    type Error = PeriodError;
    fn try_from(text: String) -> Result<Self, PeriodError> {
        text.parse()
    }
}

impl From<Period> for String {
    fn from(period: Period) -> Self {
        period.to_string()
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [(u128, &str); 5] = [
            (86_400_000, "d"),
            (3_600_000, "h"),
            (60_000, "m"),
            (1_000, "s"),
            (1, "ms"),
        ];
        let mut rest = self.0.as_millis();
        if rest == 0 {
            return f.write_str("0s");
        }
        let mut space = "";
        // "36h" reads better than "1d 12h": a smaller unit that divides evenly is taken alone below a week.
        if rest < 7 * 86_400_000
            && !rest.is_multiple_of(86_400_000)
            && rest.is_multiple_of(3_600_000)
        {
            return write!(f, "{}h", rest / 3_600_000);
        }
        for (size, unit) in UNITS {
            if rest >= size {
                write!(f, "{space}{}{unit}", rest / size)?;
                (rest, space) = (rest % size, " ");
            }
        }
        Ok(())
    }
}

/// A start in the past: a day, or a distance from now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Since {
    /// Midnight UTC at the beginning of a day, or a moment.
    At(Millis),
    /// That long before now.
    Ago(Period),
}

impl Since {
    /// The moment that is meant, if it is `now`.
    #[must_use]
    pub fn moment(self, now: Millis) -> Millis {
        match self {
            Self::At(at) => at,
            Self::Ago(period) => now.saturating_sub(period.millis()),
        }
    }
}

impl FromStr for Since {
    type Err = PeriodError;
    fn from_str(text: &str) -> Result<Self, PeriodError> {
        let text = text.trim();
        if let Ok(stamp) = text.parse::<jiff::Timestamp>() {
            return Ok(Self::At(stamp.as_millisecond()));
        }
        if let Ok(date) = text.parse::<jiff::civil::Date>() {
            let midnight = jiff::tz::TimeZone::UTC
                .to_timestamp(date.at(0, 0, 0, 0))
                .map_err(|_| PeriodError::Since)?;
            return Ok(Self::At(midnight.as_millisecond()));
        }
        text.parse().map(Self::Ago).map_err(|_| PeriodError::Since)
    }
}

impl TryFrom<String> for Since {
    type Error = PeriodError;
    fn try_from(text: String) -> Result<Self, PeriodError> {
        text.parse()
    }
}

impl From<Since> for String {
    fn from(since: Since) -> Self {
        since.to_string()
    }
}

impl fmt::Display for Since {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(at) => {
                let text = rfc3339(*at);
                f.write_str(text.strip_suffix("T00:00:00Z").unwrap_or(&text))
            }
            Self::Ago(period) => period.fmt(f),
        }
    }
}
