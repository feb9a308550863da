//! Clients of the HTTP face, and who they act as.
//! Above: the test modules. Below: `sensor_tests::face`, the aws-sdk crates.
//! Invariant: a client differs from one of the real AWS by its endpoint alone.

use aws_credential_types::Credentials;
use aws_sdk_acm::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_acm::types::{CertificateKeyPairOrigin, CertificateSummary, Filters, KeyAlgorithm};
use mock_aws::Identity;
use sensor_tests::face::Face;
use sensor_tests::harness::{place, scenario};

pub(crate) fn face() -> Face {
    Face::start(&scenario(&place::file("cases/face/scenario.toml")).unwrap()).unwrap()
}

macro_rules! client {
    ($name:ident, $face:expr, $region:expr, $keys:expr) => {{
        let config = $name::Config::builder()
            .behavior_version(aws_sdk_acm::config::BehaviorVersion::latest())
            .endpoint_url($face.endpoint())
            .region(aws_sdk_acm::config::Region::new($region))
            .credentials_provider($keys)
            .build();
        $name::Client::from_conf(config)
    }};
}

pub(crate) fn base(face: &Face) -> Credentials {
    let Identity {
        access_key,
        secret_key,
        ..
    } = face.identity();
    Credentials::new(access_key, secret_key, None, None, "test")
}

pub(crate) fn account(face: &Face, name: &str) -> String {
    face.with(|world, _| world.account_id(name).unwrap().to_owned())
}

pub(crate) async fn assume(
    face: &Face,
    account_name: &str,
) -> Result<Credentials, (Option<String>, u16)> {
    let sts = client!(aws_sdk_sts, face, "eu-west-1", base(face));
    let role = format!(
        "arn:aws:iam::{}:role/OrganizationAccountAccessRole",
        account(face, account_name)
    );
    let asked = sts
        .assume_role()
        .role_arn(role)
        .role_session_name("face")
        .external_id("face-test");
    let done = asked.send().await.map_err(|error| code(&error))?;
    let keys = done.credentials.unwrap();
    let expires = std::time::SystemTime::try_from(keys.expiration).unwrap();
    Ok(Credentials::new(
        keys.access_key_id,
        keys.secret_access_key,
        Some(keys.session_token),
        Some(expires),
        "test",
    ))
}

pub(crate) fn code<E: ProvideErrorMetadata>(
    error: &SdkError<E, aws_smithy_runtime_api::http::Response>,
) -> (Option<String>, u16) {
    let status = error.raw_response().map_or(0, |raw| raw.status().as_u16());
    (error.code().map(str::to_owned), status)
}

pub(crate) async fn list(acm: &aws_sdk_acm::Client, page: i32) -> Vec<CertificateSummary> {
    let types = KeyAlgorithm::values()
        .iter()
        .map(|name| KeyAlgorithm::from(*name));
    let origins = ["AWS_MANAGED", "CUSTOMER_PROVIDED", "ACME"].map(CertificateKeyPairOrigin::from);
    let pages = acm
        .list_certificates()
        .includes(
            Filters::builder()
                .set_key_types(Some(types.collect()))
                .build(),
        )
        .set_certificate_key_pair_origins(Some(origins.into()))
        .max_items(page)
        .into_paginator()
        .items()
        .send();
    pages.collect::<Result<_, _>>().await.unwrap()
}

pub(crate) use client;
