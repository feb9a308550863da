//! Writes through the policy layer: granted, checked, paced, and never done twice by mistake.

use super::cloud::{Cloud, base, failure, role};
use super::{ALL, AwsCapability, Setup, calls, setup, setup_lending, setup_with};
use crate::backend::{KeyError, KeyRoom, KeySource, PrivateKey, Session};
use crate::bindings::connector::sensor::aws::types as aws;
use crate::bindings::connector::sensor::core::types::{Error, ErrorClass, Tag};
use crate::grant::{NOWHERE, Reach};
use crate::model::certificate::to_pem;
use crate::model::id::RunId;
use crate::model::secret::Secret;
use crate::model::time::Clock;
use rcgen::{CertificateParams, KeyPair, PublicKeyData};
use std::io::Write;
use std::sync::{Arc, Mutex};

const REGION: &str = "eu-test-1";
const OURS: &str = "arn:aws:acm:eu-test-1:111111111111:certificate/7";
const NAME: &str = "sensor/one/1";
const IMPORT: &str = "acm:ImportCertificate";

/// Each of the writes, refused.
async fn every_write(
    aws: &AwsCapability,
    base: &Session,
    request: &aws::ImportCertificateRequest,
    key: &PrivateKey,
) -> [Error; 6] {
    [
        aws.import_certificate(base, REGION, request, key)
            .await
            .unwrap_err(),
        aws.add_tags_to_certificate(base, REGION, OURS, &[])
            .await
            .unwrap_err(),
        aws.delete_certificate(base, REGION, OURS)
            .await
            .unwrap_err(),
        aws.create_secret(base, REGION, &secret(NAME), key)
            .await
            .unwrap_err(),
        aws.get_secret_value(base, REGION, NAME).await.unwrap_err(),
        aws.delete_secret(base, REGION, NAME).await.unwrap_err(),
    ]
}

/// A key whose sealed form is its name.
struct Sealed(&'static str);

impl KeySource for Sealed {
    fn open(&self) -> Result<Secret, KeyError> {
        Err(KeyError::Gone)
    }
    fn sealed(&self) -> Result<String, KeyError> {
        Ok(self.0.to_owned())
    }
}

struct Room;

impl KeyRoom for Room {
    fn unseal(&self, secret_id: &str, sealed: &str) -> Result<PrivateKey, KeyError> {
        match sealed {
            "sealed" => Ok(PrivateKey::new(
                secret_id.to_owned(),
                vec![1],
                Sealed("sealed"),
            )),
            _ => Err(KeyError::Foreign("it was changed".to_owned())),
        }
    }
    fn prefix(&self) -> &'static str {
        "sensor/one/"
    }
}

/// A request and its key.
fn request() -> (aws::ImportCertificateRequest, PrivateKey) {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["www.example.com".into()]).unwrap();
    let request = aws::ImportCertificateRequest {
        arn: None,
        certificate: to_pem(params.self_signed(&key).unwrap().der()),
        chain: None,
        tags: Vec::new(),
    };
    let public = key.subject_public_key_info();
    let key = PrivateKey::new("EC_prime256v1".into(), public, Sealed("sealed"));
    (request, key)
}

fn secret(name: &str) -> aws::CreateSecretRequest {
    aws::CreateSecretRequest {
        name: name.to_owned(),
        client_request_token: "7f9c24e8-3b1d-4a6e-9f52-0c8d1e2f3a4b".into(),
        description: None,
        kms_key_id: None,
        tags: Vec::new(),
    }
}

async fn import(setup: &Setup, arn: Option<&str>) -> Result<String, Error> {
    let (mut request, key) = request();
    request.arn = arn.map(str::to_owned);
    setup
        .aws
        .import_certificate(setup.aws.base(), REGION, &request, &key)
        .await
}

fn with_room(cloud: impl FnOnce(&mut Cloud)) -> Setup {
    setup_lending(cloud, ALL, None, |lend| lend.keys = Some(Arc::new(Room)))
}

#[tokio::test]
async fn fact_14_a_first_import_is_not_repeated_when_nobody_knows_whether_it_was_made() {
    for class in [ErrorClass::Transient, ErrorClass::InvalidResponse] {
        let setup = setup(|cloud| cloud.fail(IMPORT, [class]));
        let error = import(&setup, None).await.unwrap_err();
        assert_eq!(
            error.class,
            ErrorClass::Transient,
            "{class:?} leaves it open"
        );
        assert_eq!((calls(&setup.aws, IMPORT), setup.cloud.imports()), (1, 0));
    }
}

#[tokio::test]
async fn an_import_onto_an_arn_may_be_repeated() {
    let setup = setup(|cloud| cloud.fail(IMPORT, [ErrorClass::Transient; 2]));
    assert_eq!(import(&setup, Some(OURS)).await.unwrap(), OURS);
    assert_eq!((calls(&setup.aws, IMPORT), setup.cloud.imports()), (3, 1));
}

#[tokio::test]
async fn fact_08_a_throttled_import_did_nothing_and_is_repeated() {
    let setup = setup(|cloud| cloud.fail(IMPORT, [ErrorClass::Throttled; 2]));
    import(&setup, None).await.unwrap();
    assert_eq!((calls(&setup.aws, IMPORT), setup.cloud.imports()), (3, 1));
}

#[tokio::test]
async fn fact_24_what_aws_refuses_is_asked_once() {
    for class in [
        ErrorClass::LimitExceeded,
        ErrorClass::Conflict,
        ErrorClass::Unsupported,
        ErrorClass::AccessDenied,
    ] {
        let setup = setup(|cloud| cloud.fail(IMPORT, [class]));
        assert_eq!(import(&setup, None).await.unwrap_err().class, class);
        assert_eq!(calls(&setup.aws, IMPORT), 1);
    }
}

#[tokio::test]
async fn fact_08_imports_use_their_rate_to_a_twentieth() {
    let setup = setup(|_| {});
    let began = setup.clock.now();
    for _ in 0..20 {
        import(&setup, None).await.unwrap();
    }
    let took = (setup.clock.now() - began) as f64 / 1000.0;
    assert!(
        (18.9..=19.0 * 1.05).contains(&took),
        "20 imports took {took} s"
    );
    assert_eq!((setup.cloud.throttled(), setup.cloud.imports()), (0, 20));
}

#[tokio::test]
async fn an_answer_of_another_account_is_not_believed() {
    let foreign = OURS.replace("111111111111", "999999999999");
    let setup = setup(|cloud| cloud.answer_imports_with(&foreign));
    for arn in [None, Some(OURS)] {
        let error = import(&setup, arn).await.unwrap_err();
        assert_eq!(
            (error.class, error.code.as_str()),
            (ErrorClass::InvalidResponse, "other-place")
        );
    }
}

#[tokio::test]
async fn what_is_wrong_does_not_reach_the_cloud() {
    let setup = with_room(|_| {});
    let (aws, base) = (&setup.aws, setup.aws.base());
    let (request, _) = request();
    let (_, other) = self::request();
    let foreign = OURS.replace("111111111111", "999999999999");
    let tag = |key: &str| {
        let (key, value) = (key.to_owned(), String::new());
        vec![Tag { key, value }]
    };
    for (error, code) in [
        (
            aws.import_certificate(base, REGION, &request, &other)
                .await
                .unwrap_err(),
            "key-mismatch",
        ),
        (
            aws.add_tags_to_certificate(base, REGION, &foreign, &tag("a"))
                .await
                .unwrap_err(),
            "invalid-arn",
        ),
        (
            aws.add_tags_to_certificate(base, REGION, OURS, &tag("aws:a"))
                .await
                .unwrap_err(),
            "invalid-tag",
        ),
        (
            aws.delete_certificate(base, REGION, &foreign)
                .await
                .unwrap_err(),
            "invalid-arn",
        ),
        (
            aws.create_secret(base, REGION, &secret("sensor/two/1"), &other)
                .await
                .unwrap_err(),
            "foreign-secret",
        ),
        (
            aws.get_secret_value(base, REGION, "prod/database")
                .await
                .unwrap_err(),
            "foreign-secret",
        ),
        (
            aws.delete_secret(base, REGION, "prod/database")
                .await
                .unwrap_err(),
            "foreign-secret",
        ),
    ] {
        assert_eq!(error.code, code);
    }
    assert!(aws.calls().is_empty(), "{:?}", aws.calls());
}

#[tokio::test]
async fn writes_are_granted_one_by_one() {
    let reads = ["acm:Get*", "acm:ImportCertificate", "secretsmanager:List*"];
    let setup = setup_with(|_| {}, &reads, None);
    let (aws, base) = (&setup.aws, setup.aws.base());
    let (mut request, key) = request();
    request.tags = vec![Tag {
        key: "a".into(),
        value: "b".into(),
    }];
    // With a tag: AWS wants the permission to label, too.
    for error in every_write(aws, base, &request, &key).await {
        assert_eq!(error.code, "NotGranted");
    }
    assert!(aws.calls().is_empty());
    request.tags.clear();
    aws.import_certificate(base, REGION, &request, &key)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_check_tries_on_nothing_that_exists_and_imports_nothing() {
    let setup = setup_lending(
        |_| {},
        ALL,
        None,
        |lend| {
            lend.keys = Some(Arc::new(Room));
            lend.reach = Reach::Tries;
        },
    );
    let (aws, base) = (&setup.aws, setup.aws.base());
    let (request, key) = request();
    let errors = [
        aws.delete_certificate(base, REGION, OURS)
            .await
            .unwrap_err(),
        aws.add_tags_to_certificate(base, REGION, OURS, &[])
            .await
            .unwrap_err(),
        aws.import_certificate(base, REGION, &request, &key)
            .await
            .unwrap_err(),
        aws.create_secret(base, REGION, &secret(NAME), &key)
            .await
            .unwrap_err(),
        aws.get_secret_value(base, REGION, NAME).await.unwrap_err(),
        aws.delete_secret(base, REGION, NAME).await.unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.code, "NotGranted", "{error:?}");
    }
    assert!(aws.calls().is_empty());
    let nowhere = OURS.replace("/7", &format!("/{NOWHERE}"));
    aws.delete_certificate(base, REGION, &nowhere)
        .await
        .unwrap();
    let tag = [Tag {
        key: "sensor".into(),
        value: "check".into(),
    }];
    aws.add_tags_to_certificate(base, REGION, &nowhere, &tag)
        .await
        .unwrap();
    assert_eq!(aws.calls().len(), 2, "{:?}", aws.calls());
}

#[tokio::test]
async fn an_import_changes_nothing_whatever_was_granted() {
    let setup = setup_lending(
        |_| {},
        ALL,
        None,
        |lend| {
            lend.keys = Some(Arc::new(Room));
            lend.run = Some(RunId(1));
            lend.reach = Reach::Reads;
        },
    );
    let (aws, base) = (&setup.aws, setup.aws.base());
    let (request, key) = request();
    for error in every_write(aws, base, &request, &key).await {
        assert!(
            error.message.contains("imports and checks only read"),
            "{error:?}"
        );
    }
    assert!(aws.calls().is_empty());
    aws.assume_role(base, role("222222222222")).await.unwrap();
    let policy = setup.cloud.assumed()[0].policy.clone().unwrap();
    assert!(policy.contains("Deny"), "{policy}");
}

#[tokio::test]
async fn a_key_waits_sealed_and_comes_back() {
    let setup = with_room(|_| {});
    let (aws, base) = (&setup.aws, setup.aws.base());
    let (_, key) = request();
    aws.create_secret(base, REGION, &secret(NAME), &key)
        .await
        .unwrap();
    assert_eq!(setup.cloud.secrets(), [(NAME.into(), "sealed".into())]);
    let found = aws.get_secret_value(base, REGION, NAME).await.unwrap();
    assert_eq!(found.algorithm(), NAME);
    for _ in 0..2 {
        aws.delete_secret(base, REGION, NAME)
            .await
            .expect("fact 48: one that is not there is no error");
    }
    let error = aws.get_secret_value(base, REGION, NAME).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::NotFound);
}

#[tokio::test]
async fn fact_48_a_secret_on_its_way_out_is_gone_for_who_reads_and_in_the_way_of_who_makes_it() {
    let message = "You can't perform this operation: the secret was marked for deletion.";
    let leaving = || Error {
        code: "InvalidRequestException".into(),
        message: message.into(),
        ..failure(ErrorClass::Unsupported)
    };
    let setup = with_room(|cloud| {
        for operation in [
            "secretsmanager:CreateSecret",
            "secretsmanager:GetSecretValue",
            "secretsmanager:DeleteSecret",
        ] {
            cloud.fail_with(operation, vec![leaving()]);
        }
    });
    let (aws, base) = (&setup.aws, setup.aws.base());
    let (_, key) = request();
    let made = aws.create_secret(base, REGION, &secret(NAME), &key).await;
    assert_eq!(made.unwrap_err().class, ErrorClass::Conflict);
    let read = aws.get_secret_value(base, REGION, NAME).await;
    assert_eq!(read.unwrap_err().class, ErrorClass::NotFound);
    aws.delete_secret(base, REGION, NAME).await.unwrap();
}

#[tokio::test]
async fn what_somebody_changed_is_no_key() {
    let setup = with_room(|_| {});
    let (aws, base) = (&setup.aws, setup.aws.base());
    let key = PrivateKey::new("EC_prime256v1".into(), vec![1], Sealed("other"));
    aws.create_secret(base, REGION, &secret(NAME), &key)
        .await
        .unwrap();
    let error = aws.get_secret_value(base, REGION, NAME).await.unwrap_err();
    assert_eq!(
        (error.class, error.code.as_str()),
        (ErrorClass::InvalidResponse, "foreign-key")
    );
}

#[tokio::test]
async fn without_a_room_no_key_waits_in_the_cloud() {
    let setup = setup(|_| {});
    let (aws, base) = (&setup.aws, base());
    let (_, key) = request();
    for error in [
        aws.create_secret(&base, REGION, &secret(NAME), &key)
            .await
            .unwrap_err(),
        aws.get_secret_value(&base, REGION, NAME).await.unwrap_err(),
        aws.delete_secret(&base, REGION, NAME).await.unwrap_err(),
    ] {
        assert_eq!(error.code, "no-key-room");
    }
    assert!(aws.calls().is_empty());
}

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn the_audit_tells_a_write_before_and_after() {
    // So that tracing has met the audit before the log is there.
    import(&setup(|_| {}), None).await.unwrap();
    let kept = Kept::default();
    let to = kept.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_writer(move || to.clone())
        .finish();
    let told = tracing::subscriber::set_default(subscriber);
    let setup = setup(|cloud| cloud.fail_with(IMPORT, vec![failure(ErrorClass::Transient)]));
    import(&setup, Some(OURS)).await.unwrap();
    setup
        .aws
        .get_certificate(setup.aws.base(), REGION, OURS)
        .await
        .unwrap();
    drop(told);
    let log = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
    let outcomes: Vec<&str> = log
        .lines()
        .filter(|line| line.contains("audit"))
        .filter_map(|line| line.split("outcome=\"").nth(1)?.split('"').next())
        .collect();
    assert_eq!(
        outcomes,
        ["begins", "ErrorClass::Transient", "begins", "ok", "ok"]
    );
    let named = log.lines().filter(|line| line.contains(OURS)).count();
    assert_eq!(named, 4, "writes name what they are about: {log}");
    assert!(!log.contains("BEGIN"), "{log}");
}
