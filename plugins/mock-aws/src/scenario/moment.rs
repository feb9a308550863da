//! A point in time in a scenario, and the civil calendar behind it.
//! Above: `scenario`, `x509` (dates in certificates). Below: nothing.
//! Invariant: milliseconds since 1970 everywhere; a local time zone never enters.

use serde::{Deserialize, Deserializer, de};

/// Milliseconds since 1970, written as a TOML date or date-time in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(pub i64);

/// One day in milliseconds.
pub(crate) const DAY: i64 = 86_400_000;

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = toml::value::Datetime::deserialize(deserializer)?;
        let date = value
            .date
            .ok_or_else(|| de::Error::custom("expected a date like 2026-11-01T00:00:00Z"))?;
        let shift = match value.offset {
            Some(toml::value::Offset::Custom { minutes }) => i64::from(minutes) * 60_000,
            Some(toml::value::Offset::Z) | None => 0,
        };
        let days = days_of(i64::from(date.year), date.month.into(), date.day.into());
        let time = value.time.map_or(0, |time| {
            let seconds = i64::from(time.hour) * 3600
                + i64::from(time.minute) * 60
                + i64::from(time.second.unwrap_or(0));
            seconds * 1000 + i64::from(time.nanosecond.unwrap_or(0) / 1_000_000)
        });
        Ok(Self(days * DAY + time - shift))
    }
}

/// Days since 1970-01-01 of a date of the Gregorian calendar.
pub(crate) fn days_of(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The date of a day since 1970-01-01.
pub(crate) fn date_of(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let index = (5 * of_year + 2) / 153;
    let day = of_year - (153 * index + 2) / 5 + 1;
    let month = if index < 10 { index + 3 } else { index - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_calendar_goes_both_ways() {
        assert_eq!(days_of(1970, 1, 1), 0);
        assert_eq!(days_of(2026, 11, 1), 20_758);
        for days in (-200_000..2_000_000).step_by(97) {
            let (year, month, day) = date_of(days);
            assert_eq!(days_of(year, month, day), days);
        }
    }
}
