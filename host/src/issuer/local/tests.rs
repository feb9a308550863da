//! The local CA over a real ledger.
//! Above: nothing. Below: `local`, `ledger`, `judge`.
//! Invariant: every test has a directory of its own and a clock that stands.

use crate::config::IssuerConfig;
use crate::issuer::kit::{self, Asking, NAMES, NOW, Place};
use crate::issuer::{Issuer, IssuerErrorClass, OrderRef, Progress, Wanted, judge, open};
use crate::ledger::Ledger;
use crate::model::certificate::Certificate;
use crate::model::issuer::RevocationReason;
use rcgen::SignatureAlgorithm;
use std::sync::Arc;

impl Place {
    /// As after a start of the sensor.
    fn issuer(&self) -> (Arc<dyn Issuer>, Arc<Ledger>) {
        let ground = self.ground();
        (open(&config(), &ground).unwrap(), ground.ledger)
    }
}

fn config() -> IssuerConfig {
    kit::config("name = \"internal\"\nkind = \"local\"\nvalidity = \"30d\"\n")
}

fn wanted(token: &str, algorithm: &'static SignatureAlgorithm) -> Wanted {
    Asking::with(token, &NAMES, algorithm).wanted
}

async fn issued(issuer: &dyn Issuer, order: &OrderRef, wanted: &Wanted) -> (Vec<u8>, Vec<Vec<u8>>) {
    match issuer.advance(order, wanted).await.unwrap() {
        Progress::Issued { leaf, chain } => (leaf, chain),
        Progress::Pending { doing, .. } => panic!("pending: {doing}"),
    }
}

#[tokio::test]
async fn a_certificate_is_as_it_was_asked_for() {
    let place = Place::new("as-asked");
    let (issuer, _) = place.issuer();
    for (algorithm, own, signature) in [
        (
            &rcgen::PKCS_ECDSA_P256_SHA256,
            "EC-P256",
            "ecdsa-with-SHA256",
        ),
        (
            &rcgen::PKCS_ECDSA_P384_SHA384,
            "EC-P384",
            "ecdsa-with-SHA256",
        ),
        (
            &rcgen::PKCS_RSA_SHA256,
            "RSA-2048",
            "sha256WithRSAEncryption",
        ),
    ] {
        let wanted = wanted(own, algorithm);
        let order = issuer.order(&wanted).await.unwrap();
        let (leaf, chain) = issued(&*issuer, &order, &wanted).await;
        let judged = judge(&wanted, &leaf, &chain, NOW).unwrap();
        let certificate = &judged.certificate;
        assert_eq!(
            (certificate.key_algorithm.as_str(), judged.notes.len()),
            (own, 0)
        );
        // Fact 18: an RSA certificate under an RSA CA, an EC one under an EC CA.
        assert_eq!(certificate.signature_algorithm, signature);
        assert_eq!(certificate.subject, "CN=www.example.com,O=Example\\, Inc.");
        assert_eq!(certificate.serial.len(), 40, "20 octets");
        assert_eq!(
            certificate.not_after - certificate.not_before,
            47 * 86_400_000 - 1000
        );
        assert!(certificate.not_before <= NOW - 60_000, "clocks differ");
        assert!(issuer.roots().await.unwrap().contains(&chain[0]));
    }
}

#[tokio::test]
async fn one_token_gives_one_certificate_over_a_restart_too() {
    let place = Place::new("token");
    let one = wanted("one", &rcgen::PKCS_ECDSA_P256_SHA256);
    let (order, leaf) = {
        let (issuer, _) = place.issuer();
        let order = issuer.order(&one).await.unwrap();
        assert_eq!(issuer.order(&one).await.unwrap(), order);
        (order.clone(), issued(&*issuer, &order, &one).await)
    };
    let (issuer, _) = place.issuer();
    assert_eq!(issuer.order(&one).await.unwrap(), order);
    assert_eq!(issued(&*issuer, &order, &one).await, leaf);
    let other = issuer
        .order(&wanted("two", &rcgen::PKCS_ECDSA_P256_SHA256))
        .await;
    assert_ne!(other.unwrap(), order);
}

#[tokio::test]
async fn without_a_wish_the_issuers_own_validity_counts() {
    let place = Place::new("validity");
    let (issuer, _) = place.issuer();
    let mut wanted = wanted("one", &rcgen::PKCS_ECDSA_P256_SHA256);
    wanted.validity = None;
    let order = issuer.order(&wanted).await.unwrap();
    let (leaf, _) = issued(&*issuer, &order, &wanted).await;
    let read = Certificate::from_der(&leaf).unwrap();
    assert_eq!(read.not_after - read.not_before, 30 * 86_400_000 - 1000);
    assert_eq!(issuer.renewal_window(&leaf).await, Ok(None));
}

#[tokio::test]
async fn a_request_that_its_key_did_not_sign_is_refused() {
    let place = Place::new("csr");
    let (issuer, _) = place.issuer();
    let good = wanted("one", &rcgen::PKCS_ECDSA_P256_SHA256);
    let mut broken = good.clone();
    *broken.csr.last_mut().unwrap() ^= 1;
    let mut swapped = good.clone();
    swapped.spki = wanted("two", &rcgen::PKCS_ECDSA_P256_SHA256).spki;
    let mut nameless = good.clone();
    nameless.names.clear();
    for (wanted, code) in [
        (broken, "bad-request"),
        (swapped, "other-key"),
        (nameless, "no-names"),
    ] {
        assert_eq!(issuer.order(&wanted).await.unwrap_err().code, code);
    }
    let unknown = issuer
        .advance(&OrderRef("4f".repeat(20)), &good)
        .await
        .unwrap_err();
    assert_eq!(unknown.class, IssuerErrorClass::OrderEnded);
}

#[tokio::test]
async fn a_revocation_is_recorded_once_and_foreign_ones_are_refused() {
    let place = Place::new("revoke");
    let (issuer, ledger) = place.issuer();
    let wanted = wanted("one", &rcgen::PKCS_ECDSA_P256_SHA256);
    let order = issuer.order(&wanted).await.unwrap();
    let (leaf, chain) = issued(&*issuer, &order, &wanted).await;
    for reason in [
        RevocationReason::KeyCompromise,
        RevocationReason::Superseded,
    ] {
        issuer.revoke(&leaf, reason).await.unwrap();
    }
    let kept = ledger
        .local_certificate(&config().name, &order.0)
        .unwrap()
        .unwrap();
    assert_eq!(kept.revoked_at, Some(NOW));
    let refused = issuer.revoke(&chain[0], RevocationReason::Superseded).await;
    assert_eq!(refused.unwrap_err().code, "unknown-certificate");
}

#[tokio::test]
async fn the_cas_key_is_sealed_and_goes_with_its_issuer() {
    let place = Place::new("sealed");
    let (issuer, ledger) = place.issuer();
    ledger.put_issuer(&config(), NOW).unwrap();
    let roots = issuer.roots().await.unwrap();
    assert_eq!(issuer.check().await.unwrap().len(), 2);
    assert_eq!(place.issuer().0.roots().await.unwrap(), roots, "made once");
    let raw = std::fs::read(place.0.join("ledger.sqlite")).unwrap();
    assert!(
        raw.windows(21)
            .any(|bytes| bytes == b"issuer.internal.ca-ec")
    );
    assert!(!raw.windows(11).any(|bytes| bytes == b"PRIVATE KEY"));
    assert!(
        ledger.secrets().unwrap().is_empty(),
        "no secret of an operator's"
    );
    assert!(ledger.remove_issuer(&config().name).unwrap());
    assert!(
        ledger
            .get_secret("issuer.internal.ca-ec")
            .unwrap()
            .is_none()
    );
}
