//! AWS Certificate Manager by the SDK: importing, labelling, deleting.
//! Above: `SdkBackend`. Below: aws-sdk-acm, `body`.
//! Invariant: the SDK's own records never hold a private key: it enters the request's body last, and leaves no log.

use super::super::SdkBackend;
use super::super::body::{PLACE, with_key};
use super::super::error::{answered_at, from_sdk};
use super::super::quiet::quietly;
use super::{client, empty};
use crate::backend::{PrivateKey, Session};
use crate::bindings::connector::sensor::aws::types::ImportCertificateRequest;
use crate::bindings::connector::sensor::core::types::{Error, ErrorClass, Tag};
use crate::model::certificate::{Certificate, from_pem};
use crate::model::time::Millis;
use aws_sdk_acm::error::SdkError;
use aws_sdk_acm::types;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::Blob;
use std::sync::Arc;

/// Longer than the policy layer waits within a call: a place is not held for it.
const LATER: Millis = 601_000;
const LONGEST: Millis = 6 * 3_600_000;

pub(in super::super) async fn import(
    backend: &SdkBackend,
    session: &Session,
    region: &str,
    request: &ImportCertificateRequest,
    key: &PrivateKey,
) -> Result<String, Error> {
    let labels = Some(tags(&request.tags)?).filter(|tags| !tags.is_empty());
    let chain = request.chain.as_deref();
    let call = client(backend, session, region)?
        .import_certificate()
        .set_certificate_arn(request.arn.clone())
        .certificate(Blob::new(request.certificate.as_bytes()))
        .set_certificate_chain(chain.map(|chain| Blob::new(chain.as_bytes())))
        .set_tags(labels)
        .private_key(Blob::new(PLACE));
    let key = Arc::new(key.open()?);
    let call = call
        .customize()
        .map_request(move |request| with_key(request, "PrivateKey", &key));
    let answer = quietly(call.send()).await.map_err(|error| {
        let early = starts_in(&error, &request.certificate);
        let told = from_sdk(error, true);
        match early {
            Some(wait_ms) if told.class == ErrorClass::Unsupported => too_early(told, wait_ms),
            _ => told,
        }
    })?;
    answer.certificate_arn.ok_or_else(|| empty("an ARN"))
}

/// How long the certificate is not valid yet by AWS's clock, when AWS refused it: milliseconds.
fn starts_in<E>(error: &SdkError<E, HttpResponse>, certificate: &str) -> Option<Millis> {
    let now = answered_at(error.raw_response()?)?;
    let leaf = from_pem(certificate).ok()?.into_iter().next()?;
    let starts = Certificate::from_der(&leaf).ok()?.not_before;
    Some(starts - now * 1000).filter(|wait| *wait > 0)
}

/// Nothing is wrong with it but a clock, so it is told as what passes: AWS did nothing, and wants it later.
fn too_early(told: Error, wait_ms: Millis) -> Error {
    // A clock may be mended at any time.
    let wait = wait_ms.clamp(LATER, LONGEST);
    Error {
        class: ErrorClass::Throttled,
        message: format!(
            "by AWS's clock the certificate is not valid before {} minutes from now, so this machine's clock or its CA's is \
             wrong: correct it (NTP); AWS said: {}",
            (wait_ms + 59_999) / 60_000,
            told.message
        ),
        retry_after_ms: u64::try_from(wait).ok(),
        ..told
    }
}

pub(in super::super) async fn add_tags(
    backend: &SdkBackend,
    session: &Session,
    region: &str,
    arn: &str,
    labels: &[Tag],
) -> Result<(), Error> {
    let call = client(backend, session, region)?
        .add_tags_to_certificate()
        .certificate_arn(arn)
        .set_tags(Some(tags(labels)?));
    let answer = call.send().await;
    answer.map(drop).map_err(|error| from_sdk(error, true))
}

pub(in super::super) async fn delete(
    backend: &SdkBackend,
    session: &Session,
    region: &str,
    arn: &str,
) -> Result<(), Error> {
    let call = client(backend, session, region)?
        .delete_certificate()
        .certificate_arn(arn);
    let answer = call.send().await;
    answer.map(drop).map_err(|error| from_sdk(error, true))
}

fn tags(all: &[Tag]) -> Result<Vec<types::Tag>, Error> {
    let one = |tag: &Tag| {
        types::Tag::builder()
            .key(&tag.key)
            .value(&tag.value)
            .build()
            .map_err(|_| empty("a tag's key"))
    };
    all.iter().map(one).collect()
}
