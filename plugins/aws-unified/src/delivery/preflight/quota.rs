//! ACM's quotas of imported certificates: what is left of them, and how long.
//! Above: `preflight`. Below: ACM's lists for what is held, the sensor's own count for what was imported.
//! Invariant: AWS tells neither quota nor count here; only a quota that the settings name refuses, AWS's usual one
//! warns, and no renewal in its place is ever refused for either.

use super::Told;
use crate::check::report::{Line, Report};
use crate::error::lasting;
use crate::read::list::{Words, listed, may_list_instead};
use crate::settings::ReadMode;
use crate::tokens::Tokens;
use sensor_sdk::host::{AwsWrite, Host};
use sensor_sdk::types::aws::{SearchCertificatesRequest, SearchFilter};
use sensor_sdk::types::{Error, Timestamp};

/// AWS's default quotas for each account and region.
const HELD: usize = 2500;
const IN_A_YEAR: u32 = 5000;
const DAY: i64 = 86_400_000;

/// Imported certificates held, before one more comes.
pub(super) fn held<H: Host + AwsWrite>(
    told: &Told<'_, '_, H>,
    report: &mut Report,
) -> Result<(), Error> {
    let place = format!("account {}, {}", told.place.account, told.place.region);
    let known = told.place.settings.delivery.imported_held;
    let quota = known.map_or(HELD, |quota| quota as usize);
    let line = match count(told) {
        Ok(held) if known.is_none() && held >= quota => {
            let message = format!(
                "{held} imported certificates are held in {place}, expired ones too, and AWS's usual quota is {quota}: \
                 how many more it takes is not known"
            );
            Line::warning("quota-held", message).advise("write `imported_held` in `delivery`")
        }
        Ok(held) if held >= quota => {
            let message = format!(
                "{held} imported certificates are held in {place}, expired ones too, and its quota is {quota}"
            );
            Line::failure("quota-held", message).advise(
                "take away what has expired and is not in use, or ask AWS for more and write `imported_held` in `delivery`",
            )
        }
        Ok(held) => {
            let left = quota - held;
            let message = format!(
                "{held} of {quota} imported certificates are held in {place}: room for {left} more (new accounts may have \
                 a smaller quota)"
            );
            if left < quota / 10 {
                let advice = "take away what has expired and is not in use, or ask AWS for more";
                Line::warning("quota-held", message).advise(advice)
            } else {
                Line::success("quota-held", message)
            }
        }
        Err(error) => {
            let what = format!("what is held in {place} cannot be counted");
            let error = lasting(&what, error)?;
            Line::warning("quota-held", format!("{what}: {}", error.message))
        }
    };
    report.add(line.about(told.place.account));
    Ok(())
}

fn count<H: Host + AwsWrite>(told: &Told<'_, '_, H>) -> Result<usize, Error> {
    let read = told.place.settings.read;
    if read == ReadMode::List {
        return by_list(told);
    }
    match by_search(told) {
        Err(error) if read == ReadMode::Auto && may_list_instead(&error) => by_list(told),
        other => other,
    }
}

fn by_search<H: Host + AwsWrite>(told: &Told<'_, '_, H>) -> Result<usize, Error> {
    let place = told.place;
    let mut request = SearchCertificatesRequest {
        filter: Some(SearchFilter {
            serial_number: None,
            statuses: Vec::new(),
            types: vec!["IMPORTED".to_owned()],
        }),
        max_results: 500,
        next_token: None,
    };
    let (mut tokens, mut held) = (Tokens::default(), 0);
    loop {
        let page = place
            .host
            .search_certificates(&place.session, place.region, &request)?;
        held += page.certificates.len();
        let Some(token) = page.next_token else {
            return Ok(held);
        };
        tokens.pass("SearchCertificates", &[&token])?;
        request.next_token = Some(token);
    }
}

fn by_list<H: Host + AwsWrite>(told: &Told<'_, '_, H>) -> Result<usize, Error> {
    let place = told.place;
    let (mut tokens, mut words, mut token, mut held) =
        (Tokens::default(), Words::all(), None::<String>, 0);
    loop {
        let page = listed(
            place.host,
            &*place.session,
            place.region,
            &mut words,
            token.as_deref(),
        )?;
        let imported = page.certificates.iter();
        held += imported
            .filter(|summary| summary.certificate_type.as_deref() == Some("IMPORTED"))
            .count();
        let Some(next) = page.next_token else {
            return Ok(held);
        };
        tokens.pass("ListCertificates", &[&next])?;
        token = Some(next);
    }
}

/// Imports of the last 365 days, and how far the rest of them reaches.
pub(super) fn imports<H: Host + AwsWrite>(
    told: &Told<'_, '_, H>,
    now: Timestamp,
    report: &mut Report,
) {
    let (made, planned) = (told.planned.imports_made, told.planned.imports_planned);
    let place = format!("account {}, {}", told.place.account, told.place.region);
    let year = Year {
        made,
        planned,
        known: told.place.settings.delivery.imports_per_year,
        in_place: told.place.known().is_some(),
    };
    report.add(year.line(&place, now).about(told.place.account));
}

/// The imports of the last 365 days against their quota.
struct Year {
    made: u32,
    planned: u32,
    /// The account's own quota, where the settings name it.
    known: Option<u32>,
    in_place: bool,
}

impl Year {
    fn line(&self, place: &str, now: Timestamp) -> Line {
        let (made, planned) = (self.made, self.planned);
        let quota = self.known.unwrap_or(IN_A_YEAR);
        let left = quota.saturating_sub(made);
        let counted = format!(
            "this sensor made {made} imports in {place} in the last 365 days, renewals counted, of AWS's {quota}"
        );
        let advice = "ask AWS for more and write `imports_per_year` in `delivery`, or choose a longer validity; others' imports \
                  count too and are not seen here";
        if left == 0 {
            let message = format!("{counted}: none is left");
            // Whether AWS counts renewals is not told; it has the last word, and a certificate in use must not wait for ours.
            let refuses = !self.in_place && self.known.is_some();
            let line = if refuses {
                Line::failure("quota-imports", message)
            } else {
                Line::warning("quota-imports", message)
            };
            return line.advise(advice);
        }
        if planned > left {
            let message = format!("{counted}: {left} are left, and {planned} stand in line");
            return Line::warning("quota-imports", message).advise(advice);
        }
        let reach = match runs_out(made, left, now) {
            Some(date) if left < quota / 2 => {
                format!("; at this pace they last until {date} or longer")
            }
            _ => String::new(),
        };
        let message = format!("{counted}: {left} are left{reach}");
        if left < quota / 10 {
            Line::warning("quota-imports", message).advise(advice)
        } else {
            Line::success("quota-imports", message)
        }
    }
}

/// The day on which the rest is used up, if as many come a day as in the last year and none of those drops out.
fn runs_out(made: u32, left: u32, now: Timestamp) -> Option<String> {
    let days = i64::from(left) * 365 / i64::from(made.max(1));
    (made > 0 && days < 3650).then(|| date(now.div_euclid(DAY) + days))
}

/// The civil date of a day since 1970-01-01.
fn date(days: i64) -> String {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let index = (5 * of_year + 2) / 153;
    let day = of_year - (153 * index + 2) / 5 + 1;
    let month = if index < 10 { index + 3 } else { index - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::{DAY, Year, date};
    use crate::check::report::Report;
    use sensor_sdk::types::{CheckStatus, Finding};

    fn told(made: u32, planned: u32) -> Finding {
        judged(&Year {
            made,
            planned,
            known: None,
            in_place: false,
        })
    }

    fn judged(year: &Year) -> Finding {
        let mut report = Report::default();
        report.add(year.line("account 1, us-east-1", 20_758 * DAY));
        report.into_findings().remove(0)
    }

    #[test]
    fn fact_23_the_years_imports() {
        for (made, planned, status, words) in [
            (0, 1, CheckStatus::Success, "5000 are left"),
            (1000, 1, CheckStatus::Success, "4000 are left"),
            (
                4000,
                10,
                CheckStatus::Success,
                "1000 are left; at this pace they last until 2027-01-31",
            ),
            (
                4600,
                10,
                CheckStatus::Warning,
                "400 are left; at this pace they last until 2026-12-02",
            ),
            (
                4600,
                401,
                CheckStatus::Warning,
                "400 are left, and 401 stand in line",
            ),
            // AWS's usual number may not be this account's: AWS has the last word.
            (5000, 1, CheckStatus::Warning, "none is left"),
            (9000, 1, CheckStatus::Warning, "none is left"),
        ] {
            let finding = told(made, planned);
            assert_eq!(finding.status, status, "{finding:?}");
            assert!(finding.message.contains(words), "{finding:?}");
        }
    }

    #[test]
    fn fact_23_a_renewal_in_its_place_is_never_refused_for_a_quota() {
        for known in [None, Some(10)] {
            let year = Year {
                made: 9000,
                planned: 1,
                known,
                in_place: true,
            };
            assert_eq!(judged(&year).status, CheckStatus::Warning);
        }
        let first = Year {
            made: 10,
            planned: 1,
            known: Some(10),
            in_place: false,
        };
        assert_eq!(judged(&first).status, CheckStatus::Failure);
    }

    #[test]
    fn days_are_dates() {
        for (days, expected) in [
            (0, "1970-01-01"),
            (20_758, "2026-11-01"),
            (19_782, "2024-02-29"),
        ] {
            assert_eq!(date(days), expected);
        }
    }
}
