//! Whether the delivery's calls are allowed, as far as that can be known without writing.
//! Above: `preflight`. Below: `check`'s words for refusals.
//! Invariant: what is tried is tried on a certificate that does not exist; what cannot be tried is told as such,
//! and what cannot be tried now is an error.

use super::Place;
use crate::check::report::{Line, Report};
use crate::check::{Refusal, refusal, refused};
use crate::delivery::park::Room;
use crate::error::{NOT_GRANTED, is_denied, lasting, while_doing};
use crate::policy::missing;
use crate::read::list::{Words, listed, may_list_instead};
use crate::settings::{Keys, Settings};
use sensor_sdk::host::{AwsWrite, Host};
use sensor_sdk::types::aws::{SearchCertificatesRequest, SearchFilter};
use sensor_sdk::types::delivery::Planned;
use sensor_sdk::types::{Error, Tag};

/// Whether the account has enabled the region at all; told when not.
pub(super) fn region_is_open<H: Host + AwsWrite>(
    place: &Place<'_, H>,
    report: &mut Report,
) -> Result<bool, Error> {
    let nowhere = place.nowhere();
    let answer = place
        .host
        .get_certificate(&place.session, place.region, &nowhere)
        .err();
    if let Some(Refusal::Disabled) = answer.as_ref().and_then(refusal) {
        let message = format!("account {} has not enabled {}", place.account, place.region);
        report.add(Line::failure("region-disabled", message).about(place.account));
        return Ok(false);
    }
    tell(place, ("acm:GetCertificate", true), answer, report)?;
    Ok(true)
}

/// What a call that was tried says of its right; a failure where the delivery needs the call.
fn tell<H: Host + AwsWrite>(
    place: &Place<'_, H>,
    (action, needed): (&str, bool),
    answer: Option<Error>,
    report: &mut Report,
) -> Result<(), Error> {
    let Some(error) = answer else { return Ok(()) };
    let error = lasting(action, error)?;
    if let Some(refusal) = refusal(&error) {
        let at = (place.account, place.region);
        report.add(refused(
            action,
            at,
            &place.resource(),
            &refusal,
            &error,
            needed,
        ));
    }
    Ok(())
}

/// What every delivery needs.
pub(super) fn common<H: Host + AwsWrite>(
    place: &Place<'_, H>,
    planned: &Planned,
    report: &mut Report,
) -> Result<(), Error> {
    let (host, session, region) = (place.host, &*place.session, place.region);
    let nowhere = place.nowhere();
    let first = place.known().is_none();
    let tag = [Tag {
        key: "sensor".to_owned(),
        value: "preflight".to_owned(),
    }];
    // Without the right to tag, a first import would bear no mark of its owner, and a renewal would keep old marks.
    let call = (
        "acm:AddTagsToCertificate",
        first && !planned.tags.is_empty(),
    );
    let answer = host.add_tags_to_certificate(session, region, &nowhere, &tag);
    tell(place, call, answer.err(), report)?;
    let answer = host.describe_certificate(session, region, &nowhere);
    tell(
        place,
        ("acm:DescribeCertificate", true),
        answer.err(),
        report,
    )?;
    if first {
        let answer = host.list_tags_for_certificate(session, region, &nowhere);
        tell(
            place,
            ("acm:ListTagsForCertificate", false),
            answer.err(),
            report,
        )?;
        searchable(place, report)?;
    }
    let message = format!(
        "acm:ImportCertificate in account {}, {region} cannot be tried: AWS knows no import that imports nothing",
        place.account
    );
    let line = Line::skipped("permission", message)
        .about(&format!("{}/acm:ImportCertificate", place.account));
    report.add(line.allow(missing("acm:ImportCertificate", &place.resource())));
    Ok(())
}

/// A first import whose answer is lost must be found again, or it would be made twice.
fn searchable<H: Host + AwsWrite>(place: &Place<'_, H>, report: &mut Report) -> Result<(), Error> {
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
    let refusal_of = |error| Some((refusal(&error)?, error));
    let Some((refusal, error)) = search.err().and_then(refusal_of) else {
        return Ok(());
    };
    let what = "how a lost import would be found";
    let mut words = Words::all();
    let list = listed(place.host, &*place.session, place.region, &mut words, None);
    let listable = match list {
        Ok(_) => true,
        Err(cause) => lasting(what, cause).map(|_| false)?,
    };
    // Where the list works, a search that fails for its own sake is missed by nobody.
    let error = if listable && may_list_instead(&error) {
        error
    } else {
        lasting(what, while_doing("SearchCertificates", error))?
    };
    let (action, at) = ("acm:SearchCertificates", (place.account, place.region));
    let line = refused(action, at, "*", &refusal, &error, !listable);
    report.add(if listable {
        line.advise("ListCertificates is used instead: finding a lost import takes a call for each certificate")
    } else {
        line.advise("without it, and without acm:ListCertificates, an import whose answer was lost could not be found")
    });
    Ok(())
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
                "secrets can be listed in {at}; making, reading and deleting them cannot be tried"
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
        Err(error) => {
            let what = format!("Secrets Manager in {at}");
            let error = lasting(&what, error)?;
            Line::warning("parking", format!("{what}: {}", error.message))
        }
    };
    report.add(line);
    Ok(())
}
