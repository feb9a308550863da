//! What is written by the real SDK is there, and nothing private stays.
//! Above: nothing. Below: `support`, certificates by rcgen.
//! Invariant: keys are made by the test, and looked for where they may not be.

use super::support::{base, client, code};
use aws_sdk_acm::primitives::Blob;
use aws_sdk_acm::types::Tag;
use mock_aws::Scenario;
use rcgen::{CertificateParams, KeyPair};
use sensor_tests::face::Face;

const ONE: &str = "name = \"writes\"\nrates = \"off\"\n[[account]]\nname = \"one\"\n";

fn serve(more: &str) -> Face {
    Face::start(&Scenario::parse(&format!("{ONE}{more}")).unwrap()).unwrap()
}

/// A certificate that signed itself, and its key.
fn certificate(name: &str) -> (String, KeyPair) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.not_before = rcgen::date_time_ymd(2024, 1, 1);
    params.not_after = rcgen::date_time_ymd(2044, 1, 1);
    (params.self_signed(&key).unwrap().pem(), key)
}

fn tag(key: &str, value: &str) -> Tag {
    Tag::builder().key(key).value(value).build().unwrap()
}

#[tokio::test]
async fn an_import_is_kept_and_its_key_is_not() {
    let face = serve("");
    let acm = client!(aws_sdk_acm, face, "us-east-1", base(&face));
    let (pem, key) = certificate("www.example.com");
    let import = || {
        let import = acm.import_certificate().certificate(Blob::new(pem.clone()));
        import.private_key(Blob::new(key.serialize_pem()))
    };
    let arn = import().tags(tag("owner", "pki")).send().await.unwrap();
    let arn = arn.certificate_arn.unwrap();
    let got = acm
        .get_certificate()
        .certificate_arn(&arn)
        .send()
        .await
        .unwrap();
    assert_eq!(got.certificate(), Some(pem.as_str()));
    let tagged = acm.add_tags_to_certificate().certificate_arn(&arn);
    tagged.tags(tag("stage", "prod")).send().await.unwrap();
    let untagged = acm.remove_tags_from_certificate().certificate_arn(&arn);
    untagged.tags(tag("owner", "pki")).send().await.unwrap();
    let tags = acm
        .list_tags_for_certificate()
        .certificate_arn(&arn)
        .send()
        .await
        .unwrap();
    assert_eq!(tags.tags(), [tag("stage", "prod")]);
    let again = import().certificate_arn(&arn).send().await.unwrap();
    assert_eq!(again.certificate_arn(), Some(arn.as_str()));
    let private = key.serialize_pem();
    let secret = private.lines().nth(1).unwrap();
    assert!(!face.with(|world, _| format!("{world:?}")).contains(secret));
    acm.delete_certificate()
        .certificate_arn(&arn)
        .send()
        .await
        .unwrap();
    let gone = acm
        .get_certificate()
        .certificate_arn(&arn)
        .send()
        .await
        .unwrap_err();
    assert!(gone.into_service_error().is_resource_not_found_exception());
}

#[tokio::test]
async fn fact_15_a_key_of_another_certificate_is_refused() {
    let face = serve("");
    let acm = client!(aws_sdk_acm, face, "us-east-1", base(&face));
    let (pem, _) = certificate("www.example.com");
    let other = KeyPair::generate().unwrap();
    let import = acm.import_certificate().certificate(Blob::new(pem));
    let refused = import
        .private_key(Blob::new(other.serialize_pem()))
        .send()
        .await;
    assert_eq!(
        code(&refused.unwrap_err()),
        (Some("ValidationException".to_owned()), 400)
    );
}

#[tokio::test]
async fn fact_14_a_lost_answer_leaves_a_certificate_behind() {
    let face = serve("[[fault]]\nkind = \"reset\"\noperation = \"ImportCertificate\"\ncount = 1");
    let acm = client!(aws_sdk_acm, face, "us-east-1", base(&face));
    let (pem, key) = certificate("www.example.com");
    let once = aws_sdk_acm::config::Config::builder()
        .retry_config(aws_sdk_acm::config::retry::RetryConfig::disabled());
    let import = acm.import_certificate().certificate(Blob::new(pem));
    let import = import
        .private_key(Blob::new(key.serialize_pem()))
        .customize();
    assert!(import.config_override(once).send().await.is_err());
    assert_eq!(face.with(|world, now| world.truth(now).count()), 1);
}

#[tokio::test]
async fn fact_46_and_48_a_secret_comes_and_goes() {
    let face = serve("");
    let secrets = client!(aws_sdk_secretsmanager, face, "us-east-1", base(&face));
    let token = "6f1c0d1e-0000-4000-8000-000000000001";
    let create = |value: &str| {
        let create = secrets
            .create_secret()
            .name("sensor/s1/1")
            .secret_string(value);
        create.client_request_token(token).send()
    };
    let made = create("sealed").await.unwrap();
    assert_eq!(
        (made.arn(), made.version_id()),
        (create("sealed").await.unwrap().arn(), Some(token))
    );
    let other = create("other").await.unwrap_err();
    assert!(other.into_service_error().is_resource_exists_exception());
    let value = secrets
        .get_secret_value()
        .secret_id("sensor/s1/1")
        .send()
        .await
        .unwrap();
    assert_eq!(value.secret_string(), Some("sealed"));
    let delete = || secrets.delete_secret().secret_id("sensor/s1/1");
    delete().recovery_window_in_days(7).send().await.unwrap();
    let marked = secrets
        .get_secret_value()
        .secret_id("sensor/s1/1")
        .send()
        .await
        .unwrap_err();
    assert!(marked.into_service_error().is_invalid_request_exception());
    secrets
        .restore_secret()
        .secret_id("sensor/s1/1")
        .send()
        .await
        .unwrap();
    for _ in 0..2 {
        delete()
            .force_delete_without_recovery(true)
            .send()
            .await
            .unwrap();
    }
    let never = secrets.delete_secret().secret_id("sensor/s1/never");
    assert!(
        never
            .force_delete_without_recovery(true)
            .send()
            .await
            .is_ok()
    );
}
