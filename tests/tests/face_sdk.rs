//! The HTTP face as AWS's own Rust SDK sees it.
//! Above: nothing. Below: `sensor_tests::face`, the aws-sdk crates.
//! Invariant: every answer is read by the SDK's own parsers; nothing is compared as text.

use aws_credential_types::Credentials;
use aws_sdk_acm::config::{BehaviorVersion, Region};
use aws_sdk_acm::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_acm::operation::search_certificates::SearchCertificatesOutput;
use aws_sdk_acm::types::{
    AcmCertificateMetadata, AcmCertificateMetadataFilter, CertificateFilter,
    CertificateFilterStatement, CertificateKeyPairOrigin, CertificateMetadata, CertificateStatus,
    CertificateSummary, CertificateType, Filters, GeneralName, KeyAlgorithm, RenewalStatus,
};
use mock_aws::{Identity, Scenario};
use sensor_tests::face::Face;
use sensor_tests::harness::{place, scenario};
use std::collections::{BTreeMap, BTreeSet};

fn face() -> Face {
    Face::start(&scenario(&place::file("cases/face/scenario.toml")).unwrap()).unwrap()
}

macro_rules! client {
    ($name:ident, $face:expr, $region:expr, $keys:expr) => {{
        let config = $name::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .endpoint_url($face.endpoint())
            .region(Region::new($region))
            .credentials_provider($keys)
            .build();
        $name::Client::from_conf(config)
    }};
}

fn base(face: &Face) -> Credentials {
    let Identity {
        access_key,
        secret_key,
        ..
    } = face.identity();
    Credentials::new(access_key, secret_key, None, None, "test")
}

fn account(face: &Face, name: &str) -> String {
    face.with(|world, _| world.account_id(name).unwrap().to_owned())
}

async fn assume(face: &Face, account_name: &str) -> Result<Credentials, (Option<String>, u16)> {
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

fn code<E: ProvideErrorMetadata>(
    error: &SdkError<E, aws_smithy_runtime_api::http::Response>,
) -> (Option<String>, u16) {
    let status = error.raw_response().map_or(0, |raw| raw.status().as_u16());
    (error.code().map(str::to_owned), status)
}

async fn list(acm: &aws_sdk_acm::Client, page: i32) -> Vec<CertificateSummary> {
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

#[tokio::test]
async fn identity_is_the_scenarios() {
    let face = face();
    let sts = client!(aws_sdk_sts, face, "us-east-1", base(&face));
    let who = sts.get_caller_identity().send().await.unwrap();
    let identity = face.identity();
    assert_eq!(who.account.as_deref(), Some(identity.account.as_str()));
    assert_eq!(who.arn.as_deref(), Some(identity.arn.as_str()));
    assert_eq!(who.user_id.as_deref(), Some(identity.user_id.as_str()));
}

#[tokio::test]
async fn organization_is_walked() {
    let face = face();
    let organizations = client!(aws_sdk_organizations, face, "us-east-1", base(&face));
    let first = organizations.list_accounts().send().await.unwrap();
    assert_eq!(first.accounts().len(), 20, "fact 28: at most 20 a page");
    let all: Vec<_> = organizations
        .list_accounts()
        .into_paginator()
        .send()
        .try_collect()
        .await
        .unwrap();
    let accounts: Vec<_> = all.iter().flat_map(|page| page.accounts()).collect();
    assert_eq!(accounts.len(), 34);
    let states: BTreeMap<_, _> = accounts
        .iter()
        .map(|a| (a.name().unwrap(), a.state().unwrap().as_str()))
        .collect();
    assert_eq!(
        (states["member"], states["closed"]),
        ("ACTIVE", "SUSPENDED")
    );
    let organization = organizations
        .describe_organization()
        .send()
        .await
        .unwrap()
        .organization
        .unwrap();
    assert_eq!(
        organization.master_account_id(),
        Some(account(&face, "management").as_str())
    );
    let root = organizations
        .list_roots()
        .send()
        .await
        .unwrap()
        .roots
        .unwrap()
        .remove(0);
    let root = root.id().unwrap();
    let units = organizations
        .list_organizational_units_for_parent()
        .parent_id(root)
        .send()
        .await
        .unwrap();
    let unit = units.organizational_units()[0].id().unwrap();
    assert_eq!(units.organizational_units()[0].name(), Some("workloads"));
    let within = organizations
        .list_accounts_for_parent()
        .parent_id(unit)
        .send()
        .await
        .unwrap();
    let names: BTreeSet<_> = within
        .accounts()
        .iter()
        .map(|account| account.name().unwrap())
        .collect();
    assert_eq!(names, BTreeSet::from(["closed", "member"]));
    let too_many = organizations
        .list_accounts()
        .max_results(21)
        .send()
        .await
        .unwrap_err();
    assert!(too_many.into_service_error().is_invalid_input_exception());
}

#[tokio::test]
async fn fact_33_global_services_sign_for_their_home() {
    let face = face();
    let organizations = client!(aws_sdk_organizations, face, "eu-west-1", base(&face));
    let refused = organizations.list_accounts().send().await.unwrap_err();
    assert_eq!(
        code(&refused),
        (Some("InvalidSignatureException".to_owned()), 400)
    );
}

#[tokio::test]
async fn regions_are_told() {
    let face = face();
    let regions = client!(aws_sdk_account, face, "us-east-1", base(&face));
    let member = account(&face, "member");
    let told = regions
        .list_regions()
        .account_id(&member)
        .send()
        .await
        .unwrap();
    let told: BTreeMap<_, _> = told
        .regions()
        .iter()
        .map(|r| {
            (
                r.region_name().unwrap(),
                r.region_opt_status().unwrap().as_str(),
            )
        })
        .collect();
    assert!(told["eu-west-1"].starts_with("ENABLED"), "{told:?}");
    assert_eq!(told["ap-east-1"], "DISABLED");
    let own = regions
        .list_regions()
        .account_id(account(&face, "management"));
    let own = own.send().await.unwrap_err();
    assert_eq!(
        code(&own),
        (Some("ValidationException".to_owned()), 400),
        "fact 36"
    );
}

#[tokio::test]
async fn lists_page_to_the_truth() {
    let face = face();
    let keys = assume(&face, "member").await.unwrap();
    let mut found = BTreeSet::new();
    for region in ["us-east-1", "eu-west-1"] {
        let acm = client!(aws_sdk_acm, face, region, keys.clone());
        found.extend(
            list(&acm, 7)
                .await
                .into_iter()
                .map(|summary| summary.certificate_arn.unwrap()),
        );
    }
    let member = account(&face, "member");
    let truth: BTreeSet<_> = face.with(|world, now| {
        world
            .truth(now)
            .filter(|placed| placed.account == member && placed.visible)
            .map(|placed| placed.arn)
            .collect()
    });
    assert_eq!(truth.len(), 120);
    assert_eq!(found, truth);
}

#[tokio::test]
async fn one_certificate_in_full() {
    let face = face();
    let acm = client!(aws_sdk_acm, face, "us-east-1", base(&face));
    let summaries = list(&acm, 1000).await;
    let named = |name: &str| {
        summaries
            .iter()
            .find(|s| s.domain_name() == Some(name))
            .unwrap()
    };
    let summary = named("a.example.com");
    let arn = summary.certificate_arn().unwrap();
    assert_eq!(summary.r#type(), Some(&CertificateType::Imported));
    assert_eq!(summary.in_use(), Some(true));
    let detail = acm
        .describe_certificate()
        .certificate_arn(arn)
        .send()
        .await
        .unwrap()
        .certificate
        .unwrap();
    assert_eq!(detail.status(), Some(&CertificateStatus::Issued));
    assert_eq!(detail.in_use_by().len(), 1);
    assert_eq!(detail.not_after(), summary.not_after());
    assert!(detail.renewal_summary().is_none(), "fact 11");
    let body = acm
        .get_certificate()
        .certificate_arn(arn)
        .send()
        .await
        .unwrap();
    let truth = face.with(|world, now| {
        world
            .truth(now)
            .find(|placed| placed.arn == arn)
            .unwrap()
            .der
            .unwrap()
    });
    assert_eq!(
        sensor_tests::pem::decode(body.certificate().unwrap()).unwrap(),
        truth
    );
    let tags = acm
        .list_tags_for_certificate()
        .certificate_arn(arn)
        .send()
        .await
        .unwrap();
    let tags: BTreeMap<_, _> = tags
        .tags()
        .iter()
        .map(|tag| (tag.key(), tag.value().unwrap()))
        .collect();
    assert_eq!(tags, BTreeMap::from([("owner", "web <&>"), ("empty", "")]));
    let many = named("many.example.com");
    assert_eq!(many.subject_alternative_name_summaries().len(), 100);
    assert_eq!(many.has_additional_subject_alternative_names(), Some(true));
    let many = acm
        .describe_certificate()
        .certificate_arn(many.certificate_arn().unwrap())
        .send()
        .await
        .unwrap();
    let renewal = many.certificate.unwrap().renewal_summary.unwrap();
    assert_eq!(renewal.renewal_status(), &RenewalStatus::Success);
}

#[tokio::test]
async fn search_finds_what_lists_hide() {
    let face = face();
    let acm = client!(aws_sdk_acm, face, "us-east-1", base(&face));
    let all = acm.search_certificates().send().await.unwrap();
    let by_name = |found: &SearchCertificatesOutput| -> BTreeMap<String, AcmCertificateMetadata> {
        let results = found.results().iter().map(|result| {
            let attributes = result.x509_attributes().unwrap();
            let name = attributes
                .subject()
                .unwrap()
                .common_name()
                .unwrap()
                .to_owned();
            let Some(CertificateMetadata::AcmCertificateMetadata(metadata)) =
                result.certificate_metadata()
            else {
                panic!("no metadata: {result:?}")
            };
            (name, metadata.clone())
        });
        results.collect()
    };
    let found = by_name(&all);
    assert_eq!(
        found["a.example.com"].r#type(),
        Some(&CertificateType::Imported)
    );
    assert_eq!(
        found["pending.example.com"].status(),
        Some(&CertificateStatus::PendingValidation)
    );
    let names = all.results().iter().find_map(|r| {
        let names = r.x509_attributes()?.subject_alternative_names();
        names
            .contains(&GeneralName::IpAddress("192.0.2.1".to_owned()))
            .then_some(names)
    });
    assert!(
        names
            .unwrap()
            .contains(&GeneralName::DnsName("b.example.com".to_owned()))
    );
    let only = |status| {
        CertificateFilterStatement::Filter(CertificateFilter::AcmCertificateMetadataFilter(
            AcmCertificateMetadataFilter::Status(status),
        ))
    };
    let either = CertificateFilterStatement::Or(vec![
        only(CertificateStatus::PendingValidation),
        only(CertificateStatus::Failed),
    ]);
    let pending = acm
        .search_certificates()
        .filter_statement(either)
        .send()
        .await
        .unwrap();
    assert_eq!(
        by_name(&pending).into_keys().collect::<Vec<_>>(),
        ["pending.example.com"]
    );
}

#[tokio::test]
async fn secrets_are_listed() {
    let face = face();
    let secrets = client!(aws_sdk_secretsmanager, face, "us-east-1", base(&face));
    let all = secrets.list_secrets().send().await.unwrap();
    assert_eq!(all.secret_list().len(), 2);
    let one = secrets
        .describe_secret()
        .secret_id("sensor/s1/one")
        .send()
        .await
        .unwrap();
    assert_eq!(one.name(), Some("sensor/s1/one"));
    assert_eq!(one.tags()[0].key(), Some("owner"));
    let gone = secrets
        .describe_secret()
        .secret_id("nothing")
        .send()
        .await
        .unwrap_err();
    assert!(gone.into_service_error().is_resource_not_found_exception());
}

#[tokio::test]
async fn errors_carry_their_code() {
    let face = face();
    let acm = client!(aws_sdk_acm, face, "us-east-1", base(&face));
    let summaries = list(&acm, 1000).await;
    let pending = summaries
        .iter()
        .find(|s| s.domain_name() == Some("pending.example.com"))
        .unwrap();
    let early = acm
        .get_certificate()
        .certificate_arn(pending.certificate_arn().unwrap())
        .send()
        .await
        .unwrap_err();
    assert!(
        early
            .into_service_error()
            .is_request_in_progress_exception()
    );
    let nowhere = pending
        .certificate_arn()
        .unwrap()
        .replace("certificate/", "certificate/0");
    let gone = acm
        .describe_certificate()
        .certificate_arn(nowhere)
        .send()
        .await
        .unwrap_err();
    assert!(gone.into_service_error().is_resource_not_found_exception());
    let stale = acm
        .list_certificates()
        .next_token("stale")
        .send()
        .await
        .unwrap_err();
    assert_eq!(code(&stale), (Some("ValidationException".to_owned()), 400));
    let denied = assume(&face, "denied").await.unwrap_err();
    assert_eq!(denied, (Some("AccessDenied".to_owned()), 403));
    let disabled = client!(
        aws_sdk_acm,
        face,
        "ap-east-1",
        assume(&face, "member").await.unwrap()
    );
    let disabled = disabled.list_certificates().send().await.unwrap_err();
    assert_eq!(
        code(&disabled),
        (Some("UnrecognizedClientException".to_owned()), 400),
        "fact 37"
    );
}

#[tokio::test]
async fn credentials_are_checked() {
    let face = face();
    let Identity {
        access_key,
        secret_key,
        ..
    } = face.identity();
    let member = assume(&face, "member").await.unwrap();
    let rows = [
        (
            "unknown key",
            Credentials::new("AKIAUNKNOWN000000000", &*secret_key, None, None, "t"),
            "UnrecognizedClientException",
            "InvalidClientTokenId",
        ),
        (
            "wrong secret",
            Credentials::new(&*access_key, "wrong", None, None, "t"),
            "InvalidSignatureException",
            "SignatureDoesNotMatch",
        ),
        (
            "no token",
            Credentials::new(
                member.access_key_id(),
                member.secret_access_key(),
                None,
                None,
                "t",
            ),
            "UnrecognizedClientException",
            "InvalidClientTokenId",
        ),
    ];
    for (row, keys, json, query) in rows {
        let acm = client!(aws_sdk_acm, face, "us-east-1", keys.clone());
        let refused = acm.list_certificates().send().await.unwrap_err();
        assert_eq!(code(&refused), (Some(json.to_owned()), 400), "{row}");
        let sts = client!(aws_sdk_sts, face, "us-east-1", keys);
        let refused = sts.get_caller_identity().send().await.unwrap_err();
        assert_eq!(code(&refused), (Some(query.to_owned()), 403), "{row}");
    }
    assert_eq!(
        face.calls().get("ListCertificates"),
        None,
        "nothing of this reached the model"
    );
}

#[tokio::test]
async fn ended_credentials_are_told_apart() {
    let ended = "name = 'ended'\n[[account]]\nname = 'a'\n[caller]\nexpires_ms = 0";
    let face = Face::start(&Scenario::parse(ended).unwrap()).unwrap();
    let acm = client!(aws_sdk_acm, face, "us-east-1", base(&face));
    let refused = acm.list_certificates().send().await.unwrap_err();
    assert_eq!(
        code(&refused),
        (Some("ExpiredTokenException".to_owned()), 400)
    );
    let sts = client!(aws_sdk_sts, face, "us-east-1", base(&face));
    let refused = sts.get_caller_identity().send().await.unwrap_err();
    assert_eq!(code(&refused), (Some("ExpiredToken".to_owned()), 403));
    let regions = client!(aws_sdk_account, face, "us-east-1", base(&face));
    let refused = regions.list_regions().send().await.unwrap_err();
    assert_eq!(
        code(&refused),
        (Some("ExpiredTokenException".to_owned()), 403)
    );
}

#[tokio::test]
async fn faults_on_the_way_are_retried() {
    let face = face();
    let acm = client!(
        aws_sdk_acm,
        face,
        "eu-west-1",
        assume(&face, "member").await.unwrap()
    );
    let summary = list(&acm, 1000).await.remove(0);
    let arn = summary.certificate_arn().unwrap();
    acm.list_tags_for_certificate()
        .certificate_arn(arn)
        .send()
        .await
        .unwrap();
    assert_eq!(face.calls()["ListTagsForCertificate"], 2, "throttled once");
    acm.describe_certificate()
        .certificate_arn(arn)
        .send()
        .await
        .unwrap();
    assert_eq!(face.calls()["DescribeCertificate"], 2, "reset once");
    let garbled = acm
        .get_certificate()
        .certificate_arn(arn)
        .send()
        .await
        .unwrap_err();
    assert!(matches!(garbled, SdkError::ResponseError(_)), "{garbled:?}");
    assert_eq!(face.calls()["GetCertificate"], 2, "truncated, then garbled");
    acm.get_certificate()
        .certificate_arn(arn)
        .send()
        .await
        .unwrap();
}
