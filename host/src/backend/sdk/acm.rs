//! AWS Certificate Manager by the SDK: reading; `write` changes what is there.
//! Above: `SdkBackend`. Below: aws-sdk-acm, `records`.
//! Invariant: a filter goes out only if the plugin named one; what AWS says comes back in AWS's words.

mod records;
mod search;
pub(super) mod write;

use super::error::from_sdk;
use super::{SdkBackend, foreign};
use crate::backend::Session;
use crate::bindings::connector::sensor::aws::types::{
    CertificateBody, CertificateDetail, CertificatePage, ListCertificatesRequest,
    SearchCertificatesRequest,
};
use crate::bindings::connector::sensor::core::types::{Error, ErrorClass, Tag};
use aws_sdk_acm::config::Region;
use aws_sdk_acm::types::{CertificateKeyPairOrigin, CertificateStatus, Filters, KeyAlgorithm};

fn client(
    backend: &SdkBackend,
    session: &Session,
    region: &str,
) -> Result<aws_sdk_acm::Client, Error> {
    let made = backend.acm.get(session, region, |sdk| {
        let config =
            aws_sdk_acm::config::Builder::from(sdk.config()).region(Region::new(region.to_owned()));
        aws_sdk_acm::Client::from_conf(config.build())
    });
    made.ok_or_else(foreign)
}

/// The values as the SDK's enumeration, which keeps those that it does not know; none at all for none.
fn some<T: for<'a> From<&'a str>>(values: &[String]) -> Option<Vec<T>> {
    if values.is_empty() {
        None
    } else {
        Some(values.iter().map(|value| T::from(value.as_str())).collect())
    }
}

pub(super) async fn list(
    backend: &SdkBackend,
    session: &Session,
    region: &str,
    request: &ListCertificatesRequest,
) -> Result<CertificatePage, Error> {
    let includes = some::<KeyAlgorithm>(&request.key_types)
        .map(|types| Filters::builder().set_key_types(Some(types)).build());
    let call = client(backend, session, region)?
        .list_certificates()
        .set_includes(includes)
        .set_certificate_key_pair_origins(some::<CertificateKeyPairOrigin>(
            &request.key_pair_origins,
        ))
        .set_certificate_statuses(some::<CertificateStatus>(&request.statuses))
        .max_items(i32::try_from(request.max_items.clamp(1, 1000)).unwrap_or(1000))
        .set_next_token(request.next_token.clone());
    let answer = call.send().await.map_err(|error| from_sdk(error, true))?;
    let certificates = answer.certificate_summary_list.unwrap_or_default();
    Ok(CertificatePage {
        certificates: certificates.into_iter().map(records::summary).collect(),
        next_token: answer.next_token,
    })
}

pub(super) async fn search(
    backend: &SdkBackend,
    session: &Session,
    region: &str,
    request: &SearchCertificatesRequest,
) -> Result<CertificatePage, Error> {
    let call = client(backend, session, region)?
        .search_certificates()
        .set_filter_statement(request.filter.as_ref().and_then(search::statement))
        .max_results(i32::try_from(request.max_results.clamp(1, 500)).unwrap_or(500))
        .set_next_token(request.next_token.clone());
    let answer = call.send().await.map_err(|error| from_sdk(error, true))?;
    let certificates = answer.results.unwrap_or_default();
    Ok(CertificatePage {
        certificates: certificates.into_iter().map(search::summary).collect(),
        next_token: answer.next_token,
    })
}

pub(super) async fn describe(
    backend: &SdkBackend,
    session: &Session,
    region: &str,
    arn: &str,
) -> Result<CertificateDetail, Error> {
    let answer = client(backend, session, region)?
        .describe_certificate()
        .certificate_arn(arn)
        .send()
        .await;
    let found = answer.map_err(|error| from_sdk(error, true))?.certificate;
    found
        .map(records::detail)
        .ok_or_else(|| empty("a certificate"))
}

pub(super) async fn get(
    backend: &SdkBackend,
    session: &Session,
    region: &str,
    arn: &str,
) -> Result<CertificateBody, Error> {
    let answer = client(backend, session, region)?
        .get_certificate()
        .certificate_arn(arn)
        .send()
        .await;
    let answer = answer.map_err(|error| from_sdk(error, true))?;
    let certificate = answer.certificate.ok_or_else(|| empty("a body"))?;
    Ok(CertificateBody {
        certificate,
        chain: answer
            .certificate_chain
            .filter(|chain| !chain.trim().is_empty()),
    })
}

pub(super) async fn tags(
    backend: &SdkBackend,
    session: &Session,
    region: &str,
    arn: &str,
) -> Result<Vec<Tag>, Error> {
    let answer = client(backend, session, region)?
        .list_tags_for_certificate()
        .certificate_arn(arn)
        .send()
        .await;
    let tags = answer
        .map_err(|error| from_sdk(error, true))?
        .tags
        .unwrap_or_default();
    Ok(tags
        .into_iter()
        .map(|tag| Tag {
            key: tag.key,
            value: tag.value.unwrap_or_default(),
        })
        .collect())
}

fn empty(what: &str) -> Error {
    let message = format!("ACM answered without {what}");
    Error {
        class: ErrorClass::InvalidResponse,
        code: "invalid-response".to_owned(),
        message,
        ..foreign()
    }
}
