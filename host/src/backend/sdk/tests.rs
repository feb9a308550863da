//! The SDK's calls as a server sees them, and a server's answers as the policy layer sees them.

pub(crate) mod server;
mod writes;

use super::{SdkBackend, http_client};
use crate::backend::{AwsBackend, SdkSession, Session, SessionSource};
use crate::bindings::connector::sensor::aws::types as aws;
use crate::bindings::connector::sensor::core::types::{Error, ErrorClass};
use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use serde_json::{Value, json};
use server::{Asked, Reply, Server, assumed, identity};

/// A session at this server.
pub(crate) fn session(url: &str, region: &str, partition: &str) -> Session {
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(url)
        .region(Region::new(region.to_owned()))
        .http_client(http_client())
        .retry_config(RetryConfig::disabled())
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new(
            "AKIDBASE", "secret", None, None, "test",
        )))
        .build();
    let source = SessionSource::Sdk(Box::new(SdkSession::of(config)));
    let principal = format!("arn:{partition}:iam::111111111111:user/sensor");
    Session::new(
        "111111111111".to_owned(),
        principal,
        partition.to_owned(),
        source,
        false,
        None,
    )
}

const KEY_TYPES: [&str; 7] = [
    "RSA_1024",
    "RSA_2048",
    "RSA_3072",
    "RSA_4096",
    "EC_prime256v1",
    "EC_secp384r1",
    "EC_secp521r1",
];

fn owned(values: &[&str]) -> Vec<String> {
    values.iter().map(|value| (*value).to_owned()).collect()
}

fn list(key_types: &[&str], origins: &[&str]) -> aws::ListCertificatesRequest {
    aws::ListCertificatesRequest {
        key_types: owned(key_types),
        key_pair_origins: owned(origins),
        statuses: Vec::new(),
        max_items: 1000,
        next_token: None,
    }
}

async fn answering(reply: Reply) -> (Server, Session) {
    let server = Server::start(move |_, _| reply.clone()).await;
    let session = session(&server.url, "eu-central-1", "aws");
    (server, session)
}

fn body(asked: &Asked) -> Value {
    serde_json::from_str(&asked.body).unwrap()
}

#[tokio::test]
async fn fact_01_every_key_type_and_origin_is_asked_for() {
    let (server, session) = answering(Reply::ok("{}")).await;
    let backend = SdkBackend::new();
    let origins = ["AWS_MANAGED", "CUSTOMER_PROVIDED", "ACME"];
    backend
        .list_certificates(&session, "eu-west-1", &list(&KEY_TYPES, &origins))
        .await
        .unwrap();
    let asked = &server.asked()[0];
    assert_eq!(asked.target, "CertificateManager.ListCertificates");
    assert_eq!(asked.signed_for(), "eu-west-1");
    assert_eq!(body(asked)["Includes"]["keyTypes"], json!(KEY_TYPES));
    assert_eq!(body(asked)["CertificateKeyPairOrigins"], json!(origins));
    assert_eq!(body(asked)["MaxItems"], 1000);
}

#[tokio::test]
async fn fact_02_what_is_not_named_is_left_out() {
    let (server, session) = answering(Reply::ok("{}")).await;
    SdkBackend::new()
        .list_certificates(&session, "eu-west-1", &list(&[], &[]))
        .await
        .unwrap();
    let body = body(&server.asked()[0]);
    for field in [
        "Includes",
        "CertificateKeyPairOrigins",
        "CertificateStatuses",
        "NextToken",
    ] {
        assert!(body.get(field).is_none(), "{field}");
    }
}

#[tokio::test]
async fn fact_05_06_a_summary_keeps_what_is_absent_absent_and_what_is_new_as_text() {
    let (_server, session) = answering(Reply::ok(
        json!({"CertificateSummaryList": [
            {"CertificateArn": "arn:aws:acm:eu-west-1:111111111111:certificate/1", "Status": "SOMETHING_NEW",
             "KeyAlgorithm": "RSA-2048", "HasAdditionalSubjectAlternativeNames": true,
             "SubjectAlternativeNameSummaries": ["a.example.com"], "NotAfter": 1_800_000_000.5},
        ], "NextToken": "more"})
        .to_string(),
    ))
    .await;
    let page = SdkBackend::new()
        .list_certificates(&session, "eu-west-1", &list(&[], &[]))
        .await
        .unwrap();
    let found = &page.certificates[0];
    assert_eq!(page.next_token.as_deref(), Some("more"));
    assert_eq!(found.status.as_deref(), Some("SOMETHING_NEW"));
    assert_eq!(found.key_algorithm.as_deref(), Some("RSA-2048"));
    assert_eq!(found.not_after, Some(1_800_000_000_500));
    assert_eq!(
        (found.domain_name.as_ref(), found.imported_at, found.in_use),
        (None, None, None)
    );
    assert!(found.has_additional_subject_alternative_names);
}

#[tokio::test]
async fn search_sends_the_filter_tree_and_reads_the_nested_records() {
    let names: Vec<Value> = (0..120)
        .map(|n| json!({"DnsName": format!("{n}.example.com")}))
        .collect();
    let (server, session) = answering(Reply::ok(
        json!({"Results": [{
            "CertificateArn": "arn:aws:acm:eu-west-1:111111111111:certificate/1",
            "X509Attributes": {"Subject": {"CommonName": "a.example.com"}, "SubjectAlternativeNames": names,
                "KeyAlgorithm": "EC_prime256v1", "SerialNumber": "0a:0b", "NotBefore": 1_700_000_000, "NotAfter": 1_800_000_000},
            "CertificateMetadata": {"AcmCertificateMetadata": {"Status": "ISSUED", "Type": "IMPORTED", "InUse": true,
                "CertificateKeyPairOrigin": "CUSTOMER_PROVIDED", "ImportedAt": 1_700_000_001}},
        }]})
        .to_string(),
    ))
    .await;
    let request = aws::SearchCertificatesRequest {
        filter: Some(aws::SearchFilter {
            serial_number: Some("0a:0b".into()),
            statuses: vec![],
            types: owned(&["IMPORTED"]),
        }),
        max_results: 500,
        next_token: None,
    };
    let page = SdkBackend::new()
        .search_certificates(&session, "eu-west-1", &request)
        .await
        .unwrap();
    let asked = body(&server.asked()[0]);
    assert_eq!(asked["MaxResults"], 500);
    assert_eq!(
        asked["FilterStatement"]["And"],
        json!([
            {"Filter": {"X509AttributeFilter": {"SerialNumber": "0a:0b"}}},
            {"Filter": {"AcmCertificateMetadataFilter": {"Type": "IMPORTED"}}},
        ])
    );
    let found = &page.certificates[0];
    assert_eq!(found.domain_name.as_deref(), Some("a.example.com"));
    assert_eq!(
        (
            found.subject_alternative_names.len(),
            found.has_additional_subject_alternative_names
        ),
        (100, true)
    );
    assert_eq!(found.serial_number.as_deref(), Some("0a:0b"));
    assert_eq!(found.certificate_type.as_deref(), Some("IMPORTED"));
    assert_eq!(found.imported_at, Some(1_700_000_001_000));
    assert_eq!(found.not_after, Some(1_800_000_000_000));
}

#[tokio::test]
async fn fact_28_29_33_accounts_by_state_twenty_a_page_signed_for_the_partition() {
    let reply = Reply::ok(
        json!({"Accounts": [
            {"Id": "222222222222", "Name": "a", "State": "PENDING_CLOSURE", "Paths": ["o-1/r-1/ou-1/222222222222/"]},
            {"Id": "333333333333", "Name": "b", "Status": "ACTIVE"},
        ], "NextToken": "t"})
        .to_string(),
    );
    let server = Server::start(move |_, _| reply.clone()).await;
    let backend = SdkBackend::new();
    for (home, partition, signed) in [
        ("eu-central-1", "aws", "us-east-1"),
        ("cn-north-1", "aws-cn", "cn-northwest-1"),
        ("us-gov-east-1", "aws-us-gov", "us-gov-west-1"),
    ] {
        let session = session(&server.url, home, partition);
        let page = backend.list_accounts(&session, None).await.unwrap();
        let states: Vec<_> = page
            .accounts
            .iter()
            .map(|account| account.state.as_deref())
            .collect();
        assert_eq!(states, [Some("PENDING_CLOSURE"), Some("ACTIVE")]);
        assert_eq!(page.accounts[0].paths, ["o-1/r-1/ou-1/222222222222/"]);
        let asked = server.asked().pop().unwrap();
        assert_eq!(asked.target, "AWSOrganizationsV20161128.ListAccounts");
        assert_eq!(asked.signed_for(), signed);
        assert_eq!(body(&asked)["MaxResults"], 20);
    }
}

#[tokio::test]
async fn fact_36_regions_are_asked_without_an_account_unless_one_is_named() {
    let (server, session) = answering(Reply::ok(
        json!({"Regions": [{"RegionName": "eu-west-1", "RegionOptStatus": "ENABLED_BY_DEFAULT"}]})
            .to_string(),
    ))
    .await;
    let backend = SdkBackend::new();
    let mut request = aws::ListRegionsRequest {
        account_id: None,
        opt_statuses: owned(&["ENABLED", "ENABLED_BY_DEFAULT"]),
        next_token: None,
    };
    let page = backend.list_regions(&session, &request).await.unwrap();
    assert_eq!(page.regions[0].opt_status, "ENABLED_BY_DEFAULT");
    request.account_id = Some("222222222222".to_owned());
    backend.list_regions(&session, &request).await.unwrap();
    let asked = server.asked();
    assert_eq!(asked[0].target, "/listRegions");
    assert!(body(&asked[0]).get("AccountId").is_none());
    assert_eq!(body(&asked[0])["MaxResults"], 50);
    assert_eq!(body(&asked[1])["AccountId"], "222222222222");
}

#[tokio::test]
async fn fact_38_39_40_a_role_is_assumed_at_a_regional_endpoint_with_all_that_was_asked() {
    let server =
        Server::start(|_, _| assumed("222222222222", "ASIAROLE", "2030-01-01T00:00:00Z")).await;
    let base = session(&server.url, "eu-south-2", "aws");
    let request = aws::AssumeRoleRequest {
        role_arn: "arn:aws:iam::222222222222:role/Reader".to_owned(),
        session_name: "sensor".to_owned(),
        external_id: Some("an:id".to_owned()),
        policy: Some("{}".to_owned()),
        duration_seconds: Some(3600),
    };
    let role = SdkBackend::new()
        .assume_role(&base, &request)
        .await
        .unwrap();
    let asked = &server.asked()[0];
    assert_eq!(
        asked.signed_for(),
        "us-east-1",
        "eu-south-2 must be enabled first"
    );
    for (field, value) in [
        ("RoleArn", "arn:aws:iam::222222222222:role/Reader"),
        ("RoleSessionName", "sensor"),
        ("ExternalId", "an:id"),
        ("Policy", "{}"),
        ("DurationSeconds", "3600"),
    ] {
        assert_eq!(asked.field(field).as_deref(), Some(value), "{field}");
    }
    assert_eq!(
        (role.account(), role.partition(), role.chained()),
        ("222222222222", "aws", true)
    );
    assert_eq!(role.expires_at(), Some(1_893_456_000_000));
}

#[tokio::test]
async fn an_assumed_session_keeps_the_endpoints_and_a_renewal_reaches_its_clients() {
    let server = Server::start(|asked, number| match asked.target.as_str() {
        "AssumeRole" if number == 0 => assumed("222222222222", "ASIAFIRST", "2030-01-01T00:00:00Z"),
        "AssumeRole" => assumed("222222222222", "ASIASECOND", "2031-01-01T00:00:00Z"),
        _ => Reply::ok("{}"),
    })
    .await;
    let (backend, base) = (
        SdkBackend::new(),
        session(&server.url, "eu-central-1", "aws"),
    );
    let request = aws::AssumeRoleRequest {
        role_arn: "arn:aws:iam::222222222222:role/Reader".to_owned(),
        session_name: "sensor".to_owned(),
        external_id: None,
        policy: None,
        duration_seconds: None,
    };
    let role = backend.assume_role(&base, &request).await.unwrap();
    backend
        .list_certificates(&role, "eu-west-1", &list(&[], &[]))
        .await
        .unwrap();
    role.renew(&backend.assume_role(&base, &request).await.unwrap());
    backend
        .list_certificates(&role, "eu-west-1", &list(&[], &[]))
        .await
        .unwrap();
    let asked = server.asked();
    let lists: Vec<_> = asked
        .iter()
        .filter(|asked| asked.target.ends_with("ListCertificates"))
        .collect();
    assert_eq!(
        lists
            .iter()
            .map(|asked| asked.signed_by())
            .collect::<Vec<_>>(),
        ["ASIAFIRST", "ASIASECOND"]
    );
    assert!(
        lists
            .iter()
            .all(|asked| asked.headers["x-amz-security-token"] == "token")
    );
}

async fn error_of(reply: Reply) -> (Error, usize) {
    let (server, session) = answering(reply).await;
    let error = SdkBackend::new()
        .get_certificate(&session, "eu-west-1", "arn")
        .await
        .unwrap_err();
    (error, server.asked().len())
}

#[tokio::test]
async fn errors_keep_awss_code_and_one_call_is_one_attempt() {
    for (reply, class, code) in [
        (
            Reply::error(
                400,
                "com.amazonaws.acm#ThrottlingException",
                "Rate exceeded",
            ),
            ErrorClass::Throttled,
            "ThrottlingException",
        ),
        (
            Reply::error(400, "AccessDeniedException", "no"),
            ErrorClass::AccessDenied,
            "AccessDeniedException",
        ),
        (
            Reply::error(400, "RequestInProgressException", "pending"),
            ErrorClass::NotFound,
            "RequestInProgressException",
        ),
        (
            Reply::error(400, "ResourceNotFoundException", "gone"),
            ErrorClass::NotFound,
            "ResourceNotFoundException",
        ),
        (
            Reply::error(400, "UnrecognizedClientException", "invalid token"),
            ErrorClass::Unsupported,
            "UnrecognizedClientException",
        ),
        (
            Reply::error(400, "ExpiredTokenException", "late"),
            ErrorClass::AuthExpired,
            "ExpiredTokenException",
        ),
        (
            Reply::error(500, "InternalFailure", ""),
            ErrorClass::Transient,
            "InternalFailure",
        ),
        (
            Reply {
                status: 502,
                headers: vec![],
                body: "<html>".into(),
            },
            ErrorClass::Transient,
            "http-502",
        ),
        (
            Reply::ok("not json"),
            ErrorClass::InvalidResponse,
            "invalid-response",
        ),
        (
            Reply::ok("{}"),
            ErrorClass::InvalidResponse,
            "invalid-response",
        ),
    ] {
        let shown = format!("{reply:?}");
        let (error, calls) = error_of(reply).await;
        assert_eq!(
            (error.class, error.code.as_str(), calls),
            (class, code, 1),
            "{shown}: {error:?}"
        );
    }
}

#[tokio::test]
async fn retry_after_and_the_clocks_error_are_told() {
    let late = Reply::error(400, "ThrottlingException", "slow down").with("retry-after", "7");
    let (error, _) = error_of(late.with("date", "Tue, 01 Jan 2030 00:00:00 GMT")).await;
    assert_eq!(error.retry_after_ms, Some(7000));
    assert!(error.detail.unwrap().contains("clock"));
}

#[tokio::test]
async fn nobody_at_the_endpoint_is_a_passing_fault() {
    let session = session("http://127.0.0.1:1", "eu-central-1", "aws");
    let error = SdkBackend::new()
        .get_caller_identity(&session)
        .await
        .unwrap_err();
    assert_eq!(
        (error.class, error.code.as_str()),
        (ErrorClass::Transient, "connection-failed")
    );
}

#[tokio::test]
async fn fact_42_the_caller_is_known_by_its_arn() {
    let server = Server::start(|_, _| identity("arn:aws-cn:iam::444444444444:user/sensor")).await;
    let session = session(&server.url, "cn-north-1", "aws-cn");
    let identity = SdkBackend::new()
        .get_caller_identity(&session)
        .await
        .unwrap();
    assert_eq!(
        (identity.account.as_str(), identity.user_id.as_str()),
        ("444444444444", "AIDAEXAMPLE")
    );
    assert_eq!(server.asked()[0].signed_for(), "cn-north-1");
}

#[tokio::test]
async fn secrets_are_described_and_their_values_never_asked_for() {
    let (server, session) = answering(Reply::ok(
        json!({"SecretList": [{"ARN": "a", "Name": "sensor/x", "Tags": [{"Key": "k", "Value": "v"}], "CreatedDate": 1_700_000_000}]})
            .to_string(),
    ))
    .await;
    let request = aws::ListSecretsRequest {
        name_prefix: Some("sensor/".to_owned()),
        include_planned_deletion: true,
        max_results: 100,
        next_token: None,
    };
    let page = SdkBackend::new()
        .list_secrets(&session, "eu-west-1", &request)
        .await
        .unwrap();
    assert_eq!(page.secrets[0].created_at, Some(1_700_000_000_000));
    assert_eq!(page.secrets[0].tags[0].value, "v");
    let asked = &server.asked()[0];
    assert_eq!(asked.target, "secretsmanager.ListSecrets");
    assert_eq!(
        body(asked)["Filters"],
        json!([{"Key": "name", "Values": ["sensor/"]}])
    );
    assert_eq!(body(asked)["IncludePlannedDeletion"], true);
}
