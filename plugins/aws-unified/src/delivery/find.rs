//! Whether a delivery arrived, when nobody knows: by the serial, confirmed by the leaf's hash.
//! Above: `delivery`. Below: `bring`, `read::list`.
//! Invariant: "not there" is said only after every imported certificate of the place was looked at; what cannot be
//! known is an error.

use super::bring::{described, leaf, read_back};
use super::place::Place;
use crate::error::{error, while_doing};
use crate::read::list::{Words, listed, may_list_instead};
use crate::settings::ReadMode;
use crate::tokens::Tokens;
use sensor_sdk::host::{Aws, Host};
use sensor_sdk::types::aws::{CertificateSummary, SearchCertificatesRequest, SearchFilter};
use sensor_sdk::types::delivery::{Found, Trace};
use sensor_sdk::types::{Error, ErrorClass, Level};
use sha2::{Digest, Sha256};

const IMPORTED: &str = "IMPORTED";

pub(super) fn find<H: Host + Aws>(
    place: &Place<'_, H>,
    trace: &Trace,
) -> Result<Vec<Found>, Error> {
    if let Some(arn) = place.known() {
        return match read_back(place, arn) {
            Ok(found) => Ok(vec![found]),
            Err(cause) if cause.class == ErrorClass::NotFound => Ok(Vec::new()),
            Err(cause) => Err(cause),
        };
    }
    let mut all = Vec::new();
    for arn in candidates(place, &plain(&trace.serial))? {
        match same(place, &arn, trace) {
            Ok(found) => all.extend(found),
            Err(cause) if cause.class == ErrorClass::NotFound => return Err(not_yet(&arn)),
            Err(cause) => return Err(cause),
        }
    }
    Ok(all)
}

/// What stands at an ARN, if it is the leaf that is looked for.
fn same<H: Host + Aws>(
    place: &Place<'_, H>,
    arn: &str,
    trace: &Trace,
) -> Result<Option<Found>, Error> {
    let leaf = leaf(place, arn)?;
    if *Sha256::digest(&leaf) == *trace.sha256 {
        described(place, arn, leaf).map(Some)
    } else {
        Ok(None)
    }
}

/// Certificates that bear the serial.
fn candidates<H: Host + Aws>(place: &Place<'_, H>, serial: &str) -> Result<Vec<String>, Error> {
    if place.settings.read == ReadMode::List {
        return by_list(place, serial);
    }
    match by_search(place, serial) {
        Err(cause) if place.settings.read == ReadMode::Auto && may_list_instead(&cause) => {
            let text = format!(
                "{}, {}: SearchCertificates is of no use here ({})",
                place.account, place.region, cause.code
            );
            place.host.log(Level::Debug, &text);
            by_list(place, serial)
        }
        other => other,
    }
}

/// One call finds what is there. How ACM writes a serial is not promised, so that nothing is believed to be absent
/// before all imported certificates were looked at.
fn by_search<H: Host + Aws>(place: &Place<'_, H>, serial: &str) -> Result<Vec<String>, Error> {
    let found = searched(place, Some(acm_serial(serial)), serial)?;
    if found.is_empty() {
        searched(place, None, serial)
    } else {
        Ok(found)
    }
}

fn searched<H: Host + Aws>(
    place: &Place<'_, H>,
    asked: Option<String>,
    serial: &str,
) -> Result<Vec<String>, Error> {
    let mut request = SearchCertificatesRequest {
        filter: Some(SearchFilter {
            serial_number: asked,
            statuses: Vec::new(),
            types: vec![IMPORTED.to_owned()],
        }),
        max_results: 500,
        next_token: None,
    };
    let (mut tokens, mut found) = (Tokens::default(), Vec::new());
    loop {
        let page = place
            .host
            .search_certificates(&place.session, place.region, &request)
            .map_err(|cause| while_doing("SearchCertificates", cause))?;
        let bears = |summary: &CertificateSummary| {
            summary
                .serial_number
                .as_deref()
                .is_none_or(|told| plain(told) == serial)
        };
        found.extend(
            page.certificates
                .into_iter()
                .filter(bears)
                .map(|summary| summary.arn),
        );
        let Some(token) = page.next_token else {
            return Ok(found);
        };
        tokens.pass("SearchCertificates", &[&token])?;
        request.next_token = Some(token);
    }
}

/// Lists tell no serial, so each imported certificate is asked for its own; the newest first.
fn by_list<H: Host + Aws>(place: &Place<'_, H>, serial: &str) -> Result<Vec<String>, Error> {
    let (host, session, region) = (place.host, &*place.session, place.region);
    let (mut tokens, mut words, mut token) = (Tokens::default(), Words::all(), None::<String>);
    let mut imported = Vec::new();
    loop {
        let page = listed(host, session, region, &mut words, token.as_deref())?;
        let kept = page.certificates.into_iter();
        imported
            .extend(kept.filter(|summary| summary.certificate_type.as_deref() == Some(IMPORTED)));
        let Some(next) = page.next_token else { break };
        tokens.pass("ListCertificates", &[&next])?;
        token = Some(next);
    }
    imported.sort_by_key(|summary| std::cmp::Reverse(summary.created_at));
    let mut found = Vec::new();
    for CertificateSummary { arn, .. } in imported {
        match host.describe_certificate(session, region, &arn) {
            Ok(detail) => {
                if detail
                    .serial
                    .as_deref()
                    .is_none_or(|told| plain(told) == serial)
                {
                    found.push(arn);
                }
            }
            Err(cause) if cause.class == ErrorClass::NotFound => return Err(not_yet(&arn)),
            Err(cause) => return Err(while_doing("DescribeCertificate", cause)),
        }
    }
    Ok(found)
}

/// Lists show it, and it cannot be read: too young, or just deleted.
fn not_yet(arn: &str) -> Error {
    let message = format!("{arn} is listed and cannot be read: ask again in a moment");
    error(ErrorClass::Transient, "not-readable-yet", message)
}

/// Digits alone: `0A:1B:…` and `a1b…` are one serial.
fn plain(serial: &str) -> String {
    let digits: String = serial.chars().filter(char::is_ascii_hexdigit).collect();
    digits.trim_start_matches('0').to_ascii_lowercase()
}

/// As ACM writes it: octets with colons.
fn acm_serial(plain: &str) -> String {
    let even = if plain.len().is_multiple_of(2) {
        plain.to_owned()
    } else {
        format!("0{plain}")
    };
    let octets: Vec<&str> = (0..even.len())
        .step_by(2)
        .filter_map(|at| even.get(at..at + 2))
        .collect();
    octets.join(":")
}

#[cfg(test)]
mod tests {
    use super::{acm_serial, plain};

    #[test]
    fn serials_in_either_writing() {
        for (told, digits, octets) in [
            ("0A:1B:FF", "a1bff", "0a:1b:ff"),
            ("00:b2:00", "b200", "b2:00"),
            ("7", "7", "07"),
        ] {
            assert_eq!(plain(told), digits);
            assert_eq!(acm_serial(&plain(told)), octets);
        }
    }
}
