//! What a scenario can do to an honest list, an honest body, an honest connection.
//! Above: nothing. Below: `common`, the scenarios of the workspace.
//! Invariant: a fault does what its scenario says, and nothing to the calls beside it.
#![allow(clippy::unwrap_used, reason = "a test may stop")]

mod common;

use common::{enter, list_all, scenario, walk};
use mock_aws::{Damage, Op};
use sensor_sdk::types::ErrorClass;
use std::collections::BTreeSet;

const EAST: &str = "us-east-1";

#[test]
fn repeated_pages() {
    let mut world = scenario("fault-repeated-pages");
    let (base, now) = (world.base(), world.start());
    let all = walk(&mut world, now, &base, EAST, 500).unwrap();
    assert_eq!(all.len(), 2800, "two pages of 500 came again");
    assert_eq!(
        all.iter().map(|c| &c.arn).collect::<BTreeSet<_>>().len(),
        1800
    );
}

#[test]
fn endless_pages() {
    let mut world = scenario("fault-endless-pages");
    let (base, now) = (world.base(), world.start());
    let first = world
        .list_certificates(now, &base, EAST, &list_all(100, None))
        .unwrap();
    let second = world
        .list_certificates(now, &base, EAST, &list_all(100, first.next_token.clone()))
        .unwrap();
    assert_eq!(first, second);
}

#[test]
fn reordered_pages() {
    let (mut usual, mut world) = (
        scenario("fault-repeated-pages"),
        scenario("fault-reordered-pages"),
    );
    let (base, now) = (world.base(), world.start());
    let all = walk(&mut world, now, &base, EAST, 500).unwrap();
    assert_eq!(
        all.iter().map(|c| &c.arn).collect::<BTreeSet<_>>().len(),
        1800
    );
    let first = usual
        .list_certificates(now, &base, EAST, &list_all(500, None))
        .unwrap();
    assert_ne!(first.certificates[0], all[0]);
}

#[test]
fn token_expired() {
    let mut world = scenario("fault-token-expired");
    let (base, now) = (world.base(), world.start());
    assert_eq!(
        walk(&mut world, now, &base, EAST, 1000).unwrap_err().code,
        "ValidationException"
    );
    assert_eq!(
        walk(&mut world, now, &base, EAST, 1000).unwrap().len(),
        1800
    );
    let mut brief =
        common::world("token_life_ms = 1000\n[[account]]\nname = \"one\"\ncertificates = 9");
    let base = brief.base();
    let token = brief
        .list_certificates(now, &base, EAST, &list_all(5, None))
        .unwrap()
        .next_token;
    assert!(
        brief
            .list_certificates(now + 1000, &base, EAST, &list_all(5, token.clone()))
            .is_ok()
    );
    assert!(
        brief
            .list_certificates(now + 1001, &base, EAST, &list_all(5, token))
            .is_err()
    );
}

#[test]
fn vanish_mid_run() {
    let mut world = scenario("fault-vanish-mid-run");
    let (base, now) = (world.base(), world.start());
    let first = walk(&mut world, now, &base, EAST, 1000).unwrap();
    assert_eq!(first.len(), 41);
    let second = walk(&mut world, now, &base, EAST, 1000).unwrap();
    assert_eq!(second.len(), 36);
    let gone = &first[40].arn;
    let fault = world.get_certificate(now, &base, EAST, gone).unwrap_err();
    assert_eq!(
        (fault.code.as_str(), fault.class),
        ("ResourceNotFoundException", ErrorClass::NotFound)
    );
    assert_eq!(
        walk(&mut world, now + 60_000, &base, EAST, 1000)
            .unwrap()
            .len(),
        35
    );
    let visible = world
        .truth(now + 60_000)
        .filter(|placed| placed.visible)
        .count();
    assert_eq!(visible, 35, "the truth knows");
}

#[test]
fn late_to_show() {
    let mut world = scenario("fault-late-to-show");
    let (base, now) = (world.base(), world.start());
    let arn = world.truth(now).next().unwrap().arn;
    assert!(
        world
            .describe_certificate(now + 9_999, &base, EAST, &arn)
            .is_err()
    );
    assert!(
        world
            .describe_certificate(now + 10_000, &base, EAST, &arn)
            .is_ok()
    );
    assert_eq!(
        walk(&mut world, now + 39_999, &base, EAST, 100)
            .unwrap()
            .len(),
        5
    );
    assert_eq!(
        walk(&mut world, now + 40_000, &base, EAST, 100)
            .unwrap()
            .len(),
        6
    );
}

#[test]
fn malformed_bodies() {
    let mut world = scenario("fault-malformed-body");
    let (base, now) = (world.base(), world.start());
    let placed: Vec<_> = world.truth(now).collect();
    assert_eq!(placed.iter().filter(|p| p.intact).count(), 10);
    for certificate in placed {
        let body = world
            .get_certificate(now, &base, EAST, &certificate.arn)
            .unwrap()
            .certificate;
        let readable = read_pem(&body) == certificate.der;
        assert_eq!(readable, certificate.intact, "{body}");
    }
}

/// The body of a PEM text with exactly one certificate.
fn read_pem(text: &str) -> Option<Vec<u8>> {
    use base64::Engine;
    let inner = text
        .strip_prefix("-----BEGIN CERTIFICATE-----\n")?
        .strip_suffix("-----END CERTIFICATE-----\n")?;
    base64::engine::general_purpose::STANDARD
        .decode(inner.replace('\n', ""))
        .ok()
}

#[test]
fn foreign_arn() {
    let mut world = scenario("fault-foreign-arn");
    let (base, now) = (world.base(), world.start());
    let all = walk(&mut world, now, &base, EAST, 100).unwrap();
    assert!(all[0].arn.contains(":999999999999:") && all[1].arn.contains(&base.account));
}

#[test]
fn throttle_storm() {
    let mut world = scenario("fault-throttle-storm");
    let now = world.start();
    let (stormy, calm) = (enter(&mut world, "stormy"), enter(&mut world, "calm"));
    let mut refused = |caller: &mock_aws::Caller, at: i64| {
        (0..100)
            .filter(|_| {
                world
                    .list_certificates(at, caller, EAST, &list_all(9, None))
                    .is_err()
            })
            .count()
    };
    let storm = refused(&stormy, now);
    assert!((75..=99).contains(&storm), "{storm}");
    assert_eq!(refused(&calm, now), 0);
    assert_eq!(refused(&stormy, now + 60_000), 0);
}

#[test]
fn expired_base_credentials() {
    let mut world = scenario("fault-expired-token");
    let (base, now) = (world.base(), world.start());
    assert!(world.get_caller_identity(now + 59_999, &base).is_ok());
    let fault = world.get_caller_identity(now + 60_000, &base).unwrap_err();
    assert_eq!(
        (fault.code.as_str(), fault.class),
        ("ExpiredToken", ErrorClass::AuthExpired)
    );
    let fault = world
        .list_accounts(now + 60_000, &base, None, None)
        .unwrap_err();
    assert_eq!(fault.code, "ExpiredTokenException");
    assert_eq!(
        world
            .transport(now, &base, EAST, Op::ListCertificates)
            .latency_ms,
        3000
    );
}

#[test]
fn server_errors() {
    let mut world = scenario("fault-server-errors");
    let (base, now) = (world.base(), world.start());
    let answers: Vec<bool> = (0..10)
        .map(|_| {
            world
                .list_certificates(now, &base, EAST, &list_all(9, None))
                .is_ok()
        })
        .collect();
    assert_eq!(
        answers,
        [true, true, true, true, false, true, true, true, true, false]
    );
}

#[test]
fn broken_answers() {
    let mut world = scenario("fault-broken-answers");
    let (base, now) = (world.base(), world.start());
    let mut damage = |op| world.transport(now, &base, EAST, op).damage;
    assert_eq!(damage(Op::ListCertificates), Some(Damage::Truncated));
    assert_eq!(damage(Op::ListCertificates), None);
    let garbled = (0..7)
        .filter(|_| damage(Op::DescribeCertificate) == Some(Damage::Garbled))
        .count();
    let reset = (0..9)
        .filter(|_| damage(Op::GetCertificate) == Some(Damage::Reset))
        .count();
    assert_eq!((garbled, reset), (1, 1));
}
