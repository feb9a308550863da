//! AWS Private CA and Route 53 as moto has them: a second opinion on what the calls look like.
//! Above: nothing. Below: `common`, moto in `target/venv`.
//! Invariant: what is signed is judged like any CA's answer.

use super::common::{State, finish, issuer, wanted};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use sensor::model::issuer::RevocationReason;
use sensor::model::usage::{ExtendedKeyUsage, KeyUsage};
use sensor_tests::harness::moto::Moto;
use sensor_tests::harness::python;

fn aws(moto: &Moto) -> aws_config::SdkConfig {
    let credentials = Credentials::new("test", "test", None, None, "test");
    aws_config::SdkConfig::builder()
        .behavior_version(aws_config::BehaviorVersion::latest())
        .endpoint_url(moto.endpoint())
        .region(aws_config::Region::new("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .build()
}

#[tokio::test(flavor = "multi_thread")]
async fn motos_private_ca_issues_and_takes_back() {
    let moto = Moto::start().unwrap();
    let mut script = python::script("private_ca.py");
    let arn = python::output(script.arg(moto.endpoint())).unwrap();
    let mut ground = State::new().ground();
    ground.aws = Some(aws(&moto));
    let file = format!(
        "name = \"pca\"\nkind = \"aws-private-ca\"\nca_arn = \"{}\"\n[credential]\nprovider = \"aws-credentials\"\nmethod = \"default-chain\"\n",
        arn.trim()
    );
    let issuer = issuer(&file, &ground);
    let findings = issuer.check().await.unwrap();
    assert!(
        findings[0].message.starts_with("ACTIVE, RSA_2048"),
        "{findings:?}"
    );
    let mut wanted = wanted("1", &["www.example.com", "api.example.com"]);
    wanted.key_usages = vec![KeyUsage::DigitalSignature, KeyUsage::KeyEncipherment];
    wanted.extended_key_usages = vec![ExtendedKeyUsage::ServerAuth, ExtendedKeyUsage::ClientAuth];
    let order = issuer.order(&wanted).await.unwrap();
    let judged = finish(&*issuer, &order, &wanted).await;
    assert_eq!(judged.chain.len(), 1);
    // An EC key under moto's RSA CA: noted, since ACM may refuse it.
    assert_eq!(judged.notes.len(), 1, "{:?}", judged.notes);
    issuer
        .revoke(&judged.leaf, RevocationReason::Superseded)
        .await
        .unwrap();
}
