//! The SDK's writes as a server sees them: what goes out, what AWS's refusals become, and that no log knows a key.

use super::server::{Reply, Server};
use super::{answering, body};
use crate::backend::sdk::SdkBackend;
use crate::backend::{AwsBackend, KeyError, KeySource, PrivateKey};
use crate::bindings::connector::sensor::aws::types as aws;
use crate::bindings::connector::sensor::core::types::{ErrorClass, Tag};
use crate::model::secret::Secret;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use std::io::Write;
use std::sync::{Arc, Mutex};

const REGION: &str = "eu-central-1";
const ARN: &str = "arn:aws:acm:eu-central-1:111111111111:certificate/1";
const NAME: &str = "sensor/one/1";
const TOKEN: &str = "7f9c24e8-3b1d-4a6e-9f52-0c8d1e2f3a4b";
/// What must be seen nowhere but in the request.
const CANARY: &str = "-----BEGIN PRIVATE KEY-----\ncanary-2f6b0c1d9e8a7f5e4d3c2b1a0f9e8d7c\n-----END PRIVATE KEY-----\n";

struct Caged;

impl KeySource for Caged {
    fn open(&self) -> Result<Secret, KeyError> {
        Ok(Secret::new(CANARY.to_owned()))
    }
    fn sealed(&self) -> Result<String, KeyError> {
        Ok("sealed-5b1e".to_owned())
    }
}

struct Erased;

impl KeySource for Erased {
    fn open(&self) -> Result<Secret, KeyError> {
        Err(KeyError::Gone)
    }
    fn sealed(&self) -> Result<String, KeyError> {
        Err(KeyError::Gone)
    }
}

fn key() -> PrivateKey {
    PrivateKey::new("EC_prime256v1".into(), vec![1, 2, 3], Caged)
}

fn tag(key: &str, value: &str) -> Tag {
    let (key, value) = (key.to_owned(), value.to_owned());
    Tag { key, value }
}

fn import(arn: Option<&str>, tags: Vec<Tag>) -> aws::ImportCertificateRequest {
    aws::ImportCertificateRequest {
        arn: arn.map(str::to_owned),
        certificate: "the leaf".into(),
        chain: None,
        tags,
    }
}

fn secret() -> aws::CreateSecretRequest {
    aws::CreateSecretRequest {
        name: NAME.into(),
        client_request_token: TOKEN.into(),
        description: Some("A key on its way.".into()),
        kms_key_id: None,
        tags: vec![tag("sensor", "one")],
    }
}

fn imported() -> Reply {
    Reply::ok(json!({"CertificateArn": ARN}).to_string())
}

#[tokio::test]
async fn fact_14_16_an_import_brings_the_key_and_leaves_out_what_there_is_none_of() {
    let (server, session) = answering(imported()).await;
    let backend = SdkBackend::new();
    let first = import(None, vec![tag("sensor-id", "one")]);
    let arn = backend
        .import_certificate(&session, REGION, &first, &key())
        .await
        .unwrap();
    assert_eq!(arn, ARN);
    let mut again = import(Some(ARN), Vec::new());
    again.chain = Some("the chain".into());
    backend
        .import_certificate(&session, REGION, &again, &key())
        .await
        .unwrap();
    let asked = server.asked();
    assert_eq!(asked[0].target, "CertificateManager.ImportCertificate");
    assert_eq!(asked[0].signed_for(), REGION);
    let (first, again) = (body(&asked[0]), body(&asked[1]));
    assert_eq!(first["Certificate"], STANDARD.encode("the leaf"));
    assert_eq!(first["PrivateKey"], STANDARD.encode(CANARY));
    assert_eq!(first["Tags"], json!([{"Key": "sensor-id", "Value": "one"}]));
    for absent in ["CertificateArn", "CertificateChain"] {
        assert!(first.get(absent).is_none(), "{absent}");
    }
    assert_eq!(again["CertificateArn"], ARN);
    assert_eq!(again["CertificateChain"], STANDARD.encode("the chain"));
    assert_eq!(again["PrivateKey"], STANDARD.encode(CANARY));
    assert!(again.get("Tags").is_none());
}

#[tokio::test]
async fn a_key_that_was_erased_sends_nothing() {
    let (server, session) = answering(imported()).await;
    let erased = PrivateKey::new("EC_prime256v1".into(), vec![1, 2, 3], Erased);
    let error = SdkBackend::new()
        .import_certificate(&session, REGION, &import(None, Vec::new()), &erased)
        .await
        .unwrap_err();
    assert_eq!(
        (error.class, error.code.as_str()),
        (ErrorClass::NotFound, "key-erased")
    );
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn fact_24_refusals_of_writes_have_their_classes() {
    use ErrorClass as C;
    for (code, class) in [
        ("LimitExceededException", C::LimitExceeded),
        ("TooManyTagsException", C::LimitExceeded),
        ("ResourceInUseException", C::Conflict),
        ("ConflictException", C::Conflict),
        ("ResourceNotFoundException", C::NotFound),
        ("InvalidTagException", C::Config),
        ("TagPolicyException", C::Config),
        ("InvalidArnException", C::Unsupported),
        ("InvalidParameterException", C::Unsupported),
        ("ValidationException", C::Unsupported),
        ("AccessDeniedException", C::AccessDenied),
        // Fact 8: not among the declared ones, and comes all the same.
        ("ThrottlingException", C::Throttled),
        ("InternalFailure", C::Transient),
    ] {
        let status = if code == "InternalFailure" { 500 } else { 400 };
        let (_server, session) = answering(Reply::error(status, code, "no")).await;
        let backend = SdkBackend::new();
        let request = import(None, Vec::new());
        let imported = backend
            .import_certificate(&session, REGION, &request, &key())
            .await;
        let labelled = backend
            .add_tags_to_certificate(&session, REGION, ARN, &[tag("a", "b")])
            .await;
        let deleted = backend.delete_certificate(&session, REGION, ARN).await;
        for error in [
            imported.unwrap_err(),
            labelled.unwrap_err(),
            deleted.unwrap_err(),
        ] {
            assert_eq!((error.class, error.code.as_str()), (class, code));
        }
    }
}

#[tokio::test]
async fn an_import_without_an_arn_in_its_answer_is_no_success() {
    let (_server, session) = answering(Reply::ok("{}")).await;
    let error = SdkBackend::new()
        .import_certificate(&session, REGION, &import(None, Vec::new()), &key())
        .await
        .unwrap_err();
    assert_eq!(error.class, ErrorClass::InvalidResponse);
}

#[tokio::test]
async fn tags_and_deletions_name_their_certificate() {
    let (server, session) = answering(Reply::ok("{}")).await;
    let backend = SdkBackend::new();
    backend
        .add_tags_to_certificate(&session, REGION, ARN, &[tag("a", "b")])
        .await
        .unwrap();
    backend
        .delete_certificate(&session, REGION, ARN)
        .await
        .unwrap();
    let asked = server.asked();
    assert_eq!(asked[0].target, "CertificateManager.AddTagsToCertificate");
    assert_eq!(
        body(&asked[0]),
        json!({"CertificateArn": ARN, "Tags": [{"Key": "a", "Value": "b"}]})
    );
    assert_eq!(asked[1].target, "CertificateManager.DeleteCertificate");
    assert_eq!(body(&asked[1]), json!({"CertificateArn": ARN}));
}

#[tokio::test]
async fn fact_46_48_secrets_are_made_with_a_token_and_erased_for_good() {
    let server = Server::start(|asked, _| match asked.target.as_str() {
        "secretsmanager.CreateSecret" => Reply::ok(json!({"ARN": "arn"}).to_string()),
        "secretsmanager.GetSecretValue" => Reply::ok(json!({"SecretString": "sealed"}).to_string()),
        _ => Reply::ok("{}"),
    })
    .await;
    let session = super::session(&server.url, REGION, "aws");
    let backend = SdkBackend::new();
    let request = secret();
    let arn = backend.create_secret(&session, REGION, &request, "sealed");
    assert_eq!(arn.await.unwrap(), "arn");
    let value = backend.get_secret_value(&session, REGION, NAME);
    assert_eq!(value.await.unwrap(), "sealed");
    backend.delete_secret(&session, REGION, NAME).await.unwrap();
    let asked = server.asked();
    let made = body(&asked[0]);
    assert_eq!(made["ClientRequestToken"], TOKEN);
    assert_eq!(
        (&made["Name"], &made["SecretString"]),
        (&json!(NAME), &json!("sealed"))
    );
    assert!(made.get("KmsKeyId").is_none());
    assert_eq!(body(&asked[1]), json!({"SecretId": NAME}));
    assert_eq!(
        body(&asked[2]),
        json!({"SecretId": NAME, "ForceDeleteWithoutRecovery": true})
    );
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

/// A log that shows everything there is; with LOG_SIGNABLE_BODY set the SDK would even write bodies into it.
#[tokio::test]
async fn no_log_shows_a_key_however_much_it_shows() {
    let kept = Kept::default();
    let to = kept.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || to.clone())
        .finish();
    let shown = tracing::subscriber::set_default(subscriber);
    let server = Server::start(|asked, number| match (asked.target.as_str(), number) {
        ("CertificateManager.ImportCertificate", 0) => imported(),
        ("CertificateManager.ImportCertificate", _) => Reply::error(400, "Nope", "no"),
        ("CertificateManager.AddTagsToCertificate", _) => Reply::ok("{}"),
        _ => Reply::ok(json!({"ARN": "arn", "SecretString": "sealed-77aa"}).to_string()),
    })
    .await;
    let session = super::session(&server.url, REGION, "aws");
    let backend = SdkBackend::new();
    for _ in 0..2 {
        let request = import(None, Vec::new());
        drop(
            backend
                .import_certificate(&session, REGION, &request, &key())
                .await,
        );
    }
    backend
        .create_secret(&session, REGION, &secret(), "sealed-5b1e")
        .await
        .unwrap();
    backend
        .get_secret_value(&session, REGION, NAME)
        .await
        .unwrap();
    // An ordinary call does show: the log was on.
    backend
        .add_tags_to_certificate(&session, REGION, ARN, &[tag("a", "b")])
        .await
        .unwrap();
    drop(shown);
    let log = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("CertificateManager.AddTagsToCertificate"));
    for quiet in [
        "CertificateManager.ImportCertificate",
        "secretsmanager.CreateSecret",
        "secretsmanager.GetSecretValue",
    ] {
        assert!(!log.contains(quiet), "{quiet} is in the log");
    }
    let encoded = STANDARD.encode(CANARY);
    for secret in [
        "canary-2f6b",
        "sealed-5b1e",
        "sealed-77aa",
        &encoded[40..80],
    ] {
        let told: Vec<_> = log.lines().filter(|line| line.contains(secret)).collect();
        assert!(told.is_empty(), "`{secret}` is in the log: {told:#?}");
    }
    assert_eq!(server.count("ImportCertificate"), 2);
}
