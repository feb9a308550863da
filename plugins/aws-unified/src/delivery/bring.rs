//! What is done at a target: the import, reading back, tags, taking away.
//! Above: `delivery`. Below: `place`, `pem`.
//! Invariant: an import onto an ARN brings no tags; only what was imported is ever taken away; tags that cannot be read
//! now are never told as none.

use super::pem;
use super::place::Place;
use crate::error::{error, lasting, while_doing};
use crate::read::pem as reading;
use sensor_sdk::host::{Aws, AwsWrite, Host};
use sensor_sdk::types::aws::ImportCertificateRequest;
use sensor_sdk::types::delivery::{Found, Material};
use sensor_sdk::types::{Error, ErrorClass, Level, Tag};

/// Brings a certificate there; its ARN.
pub(super) fn deliver<H: Host + AwsWrite>(
    place: &Place<'_, H>,
    material: &Material,
    key: &H::PrivateKey,
) -> Result<String, Error> {
    let chain: String = material
        .chain
        .iter()
        .map(|der| pem::certificate(der))
        .collect();
    let arn = place.known().map(str::to_owned);
    let request = ImportCertificateRequest {
        tags: if arn.is_some() {
            Vec::new()
        } else {
            material.tags.clone()
        },
        arn,
        certificate: pem::certificate(&material.leaf),
        chain: (!chain.is_empty()).then_some(chain),
    };
    place
        .host
        .import_certificate(&place.session, place.region, &request, key)
        .map_err(|cause| while_doing("ImportCertificate", cause))
}

/// What stands at an ARN.
pub(super) fn read_back<H: Host + Aws>(place: &Place<'_, H>, arn: &str) -> Result<Found, Error> {
    let leaf = leaf(place, arn)?;
    described(place, arn, leaf)
}

/// Its body, DER.
pub(super) fn leaf<H: Host + Aws>(place: &Place<'_, H>, arn: &str) -> Result<Vec<u8>, Error> {
    let body = place
        .host
        .get_certificate(&place.session, place.region, arn)
        .map_err(|cause| while_doing("GetCertificate", cause))?;
    reading::certificate(&body.certificate).map_err(|why| {
        let message = format!("the body of {arn} cannot be read: {why}");
        error(ErrorClass::InvalidResponse, "malformed-body", message)
    })
}

/// The rest of what is to be told of it. Tags that nobody may read hide no certificate; the preflight tells of them.
pub(super) fn described<H: Host + Aws>(
    place: &Place<'_, H>,
    arn: &str,
    leaf: Vec<u8>,
) -> Result<Found, Error> {
    let (host, session, region) = (place.host, &place.session, place.region);
    let detail = host
        .describe_certificate(session, region, arn)
        .map_err(|cause| while_doing("DescribeCertificate", cause))?;
    let tags = match host.list_tags_for_certificate(session, region, arn) {
        Ok(tags) => tags,
        Err(cause) if cause.class == ErrorClass::NotFound => {
            return Err(while_doing("ListTagsForCertificate", cause));
        }
        Err(cause) => {
            let cause = lasting("ListTagsForCertificate", cause)?;
            let text = format!(
                "the tags of {arn} are not known ({}: {})",
                cause.code, cause.message
            );
            host.log(Level::Warn, &text);
            Vec::new()
        }
    };
    Ok(Found {
        id: arn.to_owned(),
        leaf,
        in_use: !detail.in_use_by.is_empty(),
        tags,
        created_at: detail.created_at,
    })
}

/// Puts tags on it.
pub(super) fn label<H: Host + AwsWrite>(place: &Place<'_, H>, tags: &[Tag]) -> Result<(), Error> {
    if tags.is_empty() {
        return Ok(());
    }
    place
        .host
        .add_tags_to_certificate(&place.session, place.region, place.arn()?, tags)
        .map_err(|cause| while_doing("AddTagsToCertificate", cause))
}

/// Takes it away. One that is not there is as good as taken away.
pub(super) fn withdraw<H: Host + AwsWrite>(place: &Place<'_, H>) -> Result<(), Error> {
    let arn = place.arn()?;
    let (host, session, region) = (place.host, &place.session, place.region);
    let detail = match host.describe_certificate(session, region, arn) {
        Err(cause) if cause.class == ErrorClass::NotFound => return Ok(()),
        other => other.map_err(|cause| while_doing("DescribeCertificate", cause))?,
    };
    if detail.certificate_type.as_deref() != Some("IMPORTED") {
        let message = format!("{arn} was not imported, so it is not this sensor's to take away");
        return Err(error(ErrorClass::Conflict, "not-imported", message));
    }
    if !detail.in_use_by.is_empty() {
        let message = format!("{arn} is used by {}", detail.in_use_by.join(", "));
        return Err(error(ErrorClass::Conflict, "in-use", message));
    }
    match host.delete_certificate(session, region, arn) {
        Err(cause) if cause.class == ErrorClass::NotFound => Ok(()),
        other => other.map_err(|cause| while_doing("DeleteCertificate", cause)),
    }
}
