//! Whether the delivery's calls are allowed, as far as that can be known without writing.
//! Above: `preflight`. Below: `check`'s words for refusals.
//! Invariant: what is tried is tried on a certificate that does not exist; what cannot be tried is told as simulated.

use super::Place;
use crate::check::report::{Line, Report};
use crate::check::{Refusal, refusal, refused};
use crate::delivery::park::Room;
use crate::error::{NOT_GRANTED, is_denied};
use crate::policy::missing;
use crate::settings::{Keys, Settings};
use sensor_sdk::host::{AwsWrite, Host};
use sensor_sdk::types::aws::{SearchCertificatesRequest, SearchFilter};
use sensor_sdk::types::delivery::Planned;
use sensor_sdk::types::{Error, Tag};

/// Whether the account has enabled the region at all; told when not.
pub(super) fn region_is_open<H: Host + AwsWrite>(
    place: &Place<'_, H>,
    report: &mut Report,
) -> bool {
    let nowhere = place.nowhere();
    let answer = place
        .host
        .get_certificate(&place.session, place.region, &nowhere);
    let Some((refusal, error)) = answer
        .err()
        .and_then(|error| Some((refusal(&error)?, error)))
    else {
        return true;
    };
    if matches!(refusal, Refusal::Disabled) {
        let message = format!("account {} has not enabled {}", place.account, place.region);
        report.add(Line::failure("region-disabled", message).about(place.account));
        return false;
    }
    let at = (place.account, place.region);
    report.add(refused(
        "acm:GetCertificate",
        at,
        &place.resource(),
        &refusal,
        &error,
        true,
    ));
    true
}

/// What every delivery needs.
pub(super) fn common<H: Host + AwsWrite>(
    place: &Place<'_, H>,
    planned: &Planned,
    report: &mut Report,
) {
    let (host, session, region) = (place.host, &*place.session, place.region);
    let nowhere = place.nowhere();
    let first = place.known().is_none();
    let tag = [Tag {
        key: "sensor".to_owned(),
        value: "preflight".to_owned(),
    }];
    // Without the right to tag, a first import would bear no mark of its owner, and a renewal would keep old marks.
    let tries: [(&str, bool, Option<Error>); 3] = [
        (
            "acm:AddTagsToCertificate",
            first && !planned.tags.is_empty(),
            host.add_tags_to_certificate(session, region, &nowhere, &tag)
                .err(),
        ),
        (
            "acm:DescribeCertificate",
            true,
            host.describe_certificate(session, region, &nowhere).err(),
        ),
        (
            "acm:ListTagsForCertificate",
            false,
            host.list_tags_for_certificate(session, region, &nowhere)
                .err(),
        ),
    ];
    let at = (place.account, region);
    for (action, needed, error) in tries {
        if let Some((refusal, error)) = error.and_then(|error| Some((refusal(&error)?, error))) {
            report.add(refused(
                action,
                at,
                &place.resource(),
                &refusal,
                &error,
                needed,
            ));
        }
    }
    if first {
        searchable(place, report);
    }
    let message = format!(
        "acm:ImportCertificate in account {}, {region} is simulated, not tried: AWS knows no import that imports nothing",
        place.account
    );
    let line = Line::skipped("permission", message)
        .about(&format!("{}/acm:ImportCertificate", place.account));
    report.add(line.allow(missing("acm:ImportCertificate", &place.resource())));
}

/// A first import whose answer is lost must be found again, or it would be made twice.
fn searchable<H: Host + AwsWrite>(place: &Place<'_, H>, report: &mut Report) {
    let request = SearchCertificatesRequest {
        filter: Some(SearchFilter {
            serial_number: Some("00".to_owned()),
            statuses: Vec::new(),
            types: vec!["IMPORTED".to_owned()],
        }),
        max_results: 1,
        next_token: None,
    };
    let search = place
        .host
        .search_certificates(&place.session, place.region, &request);
    let Some(error) = search.err().filter(|error| refusal(error).is_some()) else {
        return;
    };
    let mut words = crate::read::list::Words::all();
    let list =
        crate::read::list::listed(place.host, &*place.session, place.region, &mut words, None);
    let (action, at) = ("acm:SearchCertificates", (place.account, place.region));
    let refusal = refusal(&error).unwrap_or(Refusal::Failed);
    let line = refused(action, at, "*", &refusal, &error, list.is_err());
    report.add(if list.is_ok() {
        line.advise("ListCertificates is used instead: finding a lost import takes a call for each certificate")
    } else {
        line.advise("without it, and without acm:ListCertificates, an import whose answer was lost could not be found")
    });
}

/// Whether a key may wait in Secrets Manager.
pub(super) fn parking<H: Host + AwsWrite>(
    host: &H,
    settings: &Settings,
    report: &mut Report,
) -> Result<(), Error> {
    if settings.delivery.keys != Keys::SecretsManager {
        let message =
            "the key is to wait in Secrets Manager, and this connector's keys wait in the sensor"
                .to_owned();
        let advice = "write `keys = \"secrets-manager\"` in `delivery`, or choose the custody `sensor` in the profile";
        report.add(Line::failure("parking-off", message).advise(advice));
        return Ok(());
    }
    let (at, seen) = Room::open(host, settings)?.look();
    let line = match seen {
        Ok(()) => {
            let message = format!(
                "secrets can be listed in {at}; making, reading and deleting them is simulated, not tried"
            );
            Line::success("parking", message)
        }
        Err(error) if error.code == NOT_GRANTED => {
            let message = "this sensor does not grant Secrets Manager to the plugin".to_owned();
            Line::failure("parking", message).mend(&error, "secretsmanager:ListSecrets", "*")
        }
        Err(error) if is_denied(&error) => {
            let message = format!(
                "secretsmanager:ListSecrets is denied in {at}: a key left behind would not be found"
            );
            Line::failure("parking", message).mend(&error, "secretsmanager:ListSecrets", "*")
        }
        Err(error) => Line::warning(
            "parking",
            format!("Secrets Manager in {at}: {}", error.message),
        ),
    };
    report.add(line);
    Ok(())
}
