//! AWS Private CA as its server sees it.
//! Above: nothing. Below: `private_ca`; a server on loopback that answers as scripted.
//! Invariant: no call is made twice that costs money once.

use crate::backend::sdk::tests::server::{Asked, Reply, Server};
use crate::backend::sdk::tests::session;
use crate::issuer::kit::{Asking, NOW, Place, ca, config, leaf_params, signed_for};
use crate::issuer::{Issuer, IssuerErrorClass, OrderRef, Progress, judge, open};
use crate::model::check::CheckStatus;
use crate::model::issuer::RevocationReason;
use crate::model::usage::ExtendedKeyUsage;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

const NAME: [&str; 1] = ["www.example.com"];
const CA: &str = "arn:aws:acm-pca:eu-west-1:111122223333:certificate-authority/11111111-2222-3333-4444-555555555555";

fn issuer(place: &Place, url: &str, more: &str) -> Arc<dyn Issuer> {
    let mut ground = place.ground();
    ground.aws = session(url, "eu-central-1", "aws").sdk_config().cloned();
    let text = format!(
        "name = \"ca\"\nkind = \"aws-private-ca\"\nca_arn = \"{CA}\"\n{more}\n[credential]\nprovider = \"aws-credentials\"\nmethod = \"default-chain\"\n"
    );
    open(&config(&text), &ground).unwrap()
}

fn described(usage: &str) -> Reply {
    Reply::ok(
        json!({"CertificateAuthority": {
            "Arn": CA, "Status": "ACTIVE", "UsageMode": usage, "NotAfter": 1_900_000_000,
            "CertificateAuthorityConfiguration": {
                "KeyAlgorithm": "EC_prime256v1", "SigningAlgorithm": "SHA256WITHECDSA", "Subject": {},
            },
        }})
        .to_string(),
    )
}

fn body(asked: &Asked) -> Value {
    serde_json::from_str(&asked.body).unwrap()
}

#[tokio::test]
async fn a_certificate_is_issued_once_and_fetched_when_it_is_there() {
    let place = Place::new("pca");
    let root = ca("Root", None);
    let asking = Asking::new("token-1", &NAME);
    let leaf = signed_for(leaf_params(&NAME), asking.key, Some(&root));
    let (leaf_pem, chain_pem) = (leaf.pem(), root.pem());
    let server =
        Server::start(
            move |asked, number| match asked.target.rsplit('.').next().unwrap() {
                "DescribeCertificateAuthority" => described("GENERAL_PURPOSE"),
                "IssueCertificate" => Reply::ok(
                    json!({"CertificateArn": format!("{CA}/certificate/abc")}).to_string(),
                ),
                "GetCertificate" if number < 4 => {
                    Reply::error(400, "RequestInProgressException", "wait")
                }
                "GetCertificate" => Reply::ok(
                    json!({"Certificate": leaf_pem, "CertificateChain": chain_pem}).to_string(),
                ),
                _ => Reply::error(400, "InvalidAction", "what?"),
            },
        )
        .await;
    let first = issuer(&place, &server.url, "");
    let order = first.order(&asking.wanted).await.unwrap();
    assert_eq!(order.0, format!("{CA}/certificate/abc"));
    assert_eq!(first.order(&asking.wanted).await.unwrap(), order);
    let waits = first.advance(&order, &asking.wanted).await.unwrap();
    assert!(
        matches!(waits, Progress::Pending { retry_after, .. } if retry_after == Duration::from_secs(2))
    );
    // Another process goes on with nothing but the ARN.
    let later = issuer(&place, &server.url, "");
    let Progress::Issued { leaf: given, chain } =
        later.advance(&order, &asking.wanted).await.unwrap()
    else {
        panic!("pending")
    };
    assert!(judge(&asking.wanted, &given, &chain, NOW).is_ok());
    let issued: Vec<Value> = server
        .asked()
        .iter()
        .filter(|asked| asked.target.ends_with("IssueCertificate"))
        .map(body)
        .collect();
    assert_eq!(issued[0], issued[1], "the same token and the same wishes");
    assert_eq!(issued[0]["IdempotencyToken"].as_str().unwrap().len(), 36);
    assert_eq!(issued[0]["Validity"], json!({"Value": 47, "Type": "DAYS"}));
    assert_eq!(issued[0]["SigningAlgorithm"], "SHA256WITHECDSA");
    assert_eq!(
        issued[0]["TemplateArn"],
        "arn:aws:acm-pca:::template/EndEntityServerAuthCertificate/V1"
    );
    assert_eq!(
        server.asked()[0].signed_for(),
        "eu-west-1",
        "the CA's region, not the session's"
    );
}

#[tokio::test]
async fn what_aws_refuses_is_told_with_what_follows() {
    let place = Place::new("pca-errors");
    let asking = Asking::new("token-1", &NAME);
    for (code, class) in [
        ("MalformedCSRException", IssuerErrorClass::Refused),
        ("InvalidStateException", IssuerErrorClass::Config),
        ("ResourceNotFoundException", IssuerErrorClass::Config),
        ("AccessDeniedException", IssuerErrorClass::Denied),
        (
            "ThrottlingException",
            IssuerErrorClass::Retry {
                after: Duration::from_secs(10),
            },
        ),
        (
            "LimitExceededException",
            IssuerErrorClass::Retry {
                after: Duration::from_mins(15),
            },
        ),
    ] {
        let server = Server::start(move |asked, _| {
            if asked.target.ends_with("DescribeCertificateAuthority") {
                described("GENERAL_PURPOSE")
            } else {
                Reply::error(400, code, "so it is")
            }
        })
        .await;
        let issuer = issuer(&place, &server.url, "");
        let error = issuer.order(&asking.wanted).await.unwrap_err();
        assert_eq!((error.class, error.code.as_str()), (class, code));
    }
    let failed = Server::start(|_, _| Reply::error(400, "RequestFailedException", "no")).await;
    let order = OrderRef(format!("{CA}/certificate/abc"));
    let issuer = issuer(&place, &failed.url, "");
    let error = issuer.advance(&order, &asking.wanted).await.unwrap_err();
    assert_eq!(error.class, IssuerErrorClass::OrderEnded);
}

#[tokio::test]
async fn usages_without_a_template_and_lives_below_a_day_order_nothing() {
    let place = Place::new("pca-before");
    let server = Server::start(|_, _| described("GENERAL_PURPOSE")).await;
    let mut wanted = Asking::new("token-1", &NAME).wanted;
    wanted.extended_key_usages = vec![ExtendedKeyUsage::EmailProtection];
    let plain = issuer(&place, &server.url, "");
    assert_eq!(plain.order(&wanted).await.unwrap_err().code, "template");
    wanted.validity = Some(Duration::from_hours(23));
    let named =
        "template = \"arn:aws:acm-pca:::template/BlankEndEntityCertificate_APIPassthrough/V1\"";
    let named = issuer(&place, &server.url, named);
    assert_eq!(named.order(&wanted).await.unwrap_err().code, "validity");
    assert_eq!(server.count("IssueCertificate"), 0);
}

#[tokio::test]
async fn a_certificate_is_taken_back_by_its_serial_number() {
    let place = Place::new("pca-revoke");
    let server = Server::start(|_, number| match number {
        0 => Reply::ok("{}"),
        _ => Reply::error(400, "RequestAlreadyProcessedException", "it was"),
    })
    .await;
    let root = ca("Root", None);
    let mut params = leaf_params(&NAME);
    params.serial_number = Some(rcgen::SerialNumber::from_slice(&[0x0a, 0xbc, 0xde]));
    let leaf = signed_for(params, rcgen::KeyPair::generate().unwrap(), Some(&root));
    let issuer = issuer(&place, &server.url, "");
    for _ in 0..2 {
        issuer
            .revoke(&leaf.der, RevocationReason::KeyCompromise)
            .await
            .unwrap();
    }
    let expected = json!({"CertificateAuthorityArn": CA, "CertificateSerial": "0a:bc:de", "RevocationReason": "KEY_COMPROMISE"});
    assert_eq!(body(&server.asked()[0]), expected);
}

#[tokio::test]
async fn a_check_reads_the_authority_and_prints_the_missing_statement() {
    let place = Place::new("pca-check");
    let server = Server::start(|_, _| described("SHORT_LIVED_CERTIFICATE")).await;
    let finding = issuer(&place, &server.url, "")
        .check()
        .await
        .unwrap()
        .remove(0);
    assert_eq!(finding.status, CheckStatus::Warning);
    assert!(
        finding.message.contains("7 days at most"),
        "{}",
        finding.message
    );
    let finding = issuer(&place, &server.url, "validity = \"7d\"")
        .check()
        .await
        .unwrap()
        .remove(0);
    assert_eq!(finding.status, CheckStatus::Success);
    // Fact 18: what a preflight holds the certificate's key against.
    let signs_with = issuer(&place, &server.url, "").signing_key().await;
    assert_eq!(signs_with.as_deref(), Some("EC_prime256v1"));
    let denied = Server::start(|_, _| Reply::error(400, "AccessDeniedException", "not you")).await;
    let finding = issuer(&place, &denied.url, "")
        .check()
        .await
        .unwrap()
        .remove(0);
    assert!(
        finding
            .statement
            .is_some_and(|text| text.contains("acm-pca:IssueCertificate"))
    );
}
