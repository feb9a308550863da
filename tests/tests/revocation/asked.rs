//! One certificate, one question: what counts as an answer and what does not.
//! Above: nothing. Below: `Checker`, the harness.
//! Invariant: each test changes one thing of a world in which the answer would be good.

use rcgen::RevocationReason;
use sensor::model::revocation::{Finding, RevokedFor, SourceKind, ToldStatus};
use sensor::model::time::SystemClock;
use sensor::revocation::{Checker, Networks};
use sensor_tests::harness::authority::{Authority, DAY, Listing, Named, Pair, Saying, revoked};
use sensor_tests::harness::responder::Responder;
use std::sync::Arc;
use x509_cert::der::Encode;
use x509_cert::ext::pkix::CrlReason;
use x509_ocsp::{CertStatus, OcspResponse};

struct World {
    ca: Arc<Authority>,
    responder: Responder,
    checker: Checker,
}

impl World {
    fn new() -> Self {
        Self {
            ca: Arc::new(Authority::new("Example CA")),
            responder: Responder::start(),
            checker: checker(&["127.0.0.0/8"]),
        }
    }

    fn leaf(&self, serial: u8, ocsp: bool, crl: bool) -> Pair {
        let (one, other) = (self.responder.url("/ocsp"), self.responder.url("/crl"));
        let named = Named {
            ocsp: ocsp.then_some(one.as_str()),
            crl: crl.then_some(other.as_str()),
            issuer: None,
        };
        self.ca.leaf("www.example.com", &[serial], named)
    }

    /// The CA itself answers.
    fn says(&self, saying: Saying) {
        let ca = Arc::clone(&self.ca);
        self.responder.say("/ocsp", move |question| {
            (200, ca.own.answer(question, saying, false))
        });
    }

    async fn check(&self, leaf: &Pair) -> Finding {
        self.checker
            .check(&leaf.der, std::slice::from_ref(&self.ca.own.der))
            .await
    }
}

fn checker(networks: &[&str]) -> Checker {
    let networks = networks.iter().map(|text| text.parse().unwrap()).collect();
    Checker::new(Networks(networks), Arc::new(SystemClock)).unwrap()
}

#[track_caller]
fn told(finding: &Finding) -> (ToldStatus, SourceKind) {
    match finding {
        Finding::Told { status, source, .. } => (*status, source.kind),
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn trouble(finding: Finding, words: &str) {
    match finding {
        Finding::Trouble(why) => assert!(why.contains(words), "`{why}` does not say `{words}`"),
        other => panic!("{other:?}, and not `{words}`"),
    }
}

#[tokio::test]
async fn a_responder_says_good_and_revoked_with_its_reason() {
    let world = World::new();
    let leaf = world.leaf(1, true, false);
    world.says(Saying::now(CertStatus::good()));
    let finding = world.check(&leaf).await;
    assert_eq!(told(&finding), (ToldStatus::Good, SourceKind::Ocsp));
    world.says(Saying::now(revoked(CrlReason::KeyCompromise)));
    let finding = world.check(&leaf).await;
    let ToldStatus::Revoked { at, reason } = told(&finding).0 else {
        panic!("{finding:?}");
    };
    assert!(at.is_some());
    assert_eq!(reason, Some(RevokedFor::KeyCompromise));
    world.says(Saying::now(CertStatus::unknown()));
    trouble(world.check(&leaf).await, "does not know the certificate");
}

#[tokio::test]
async fn a_serial_number_of_twenty_octets_is_asked_about() {
    let world = World::new();
    let url = world.responder.url("/ocsp");
    let named = Named {
        ocsp: Some(&url),
        ..Named::default()
    };
    let leaf = world.ca.leaf("www.example.com", &[0xff; 20], named);
    world.says(Saying::now(CertStatus::good()));
    assert_eq!(told(&world.check(&leaf).await).0, ToldStatus::Good);
}

#[tokio::test]
async fn an_answer_of_another_time_is_none() {
    let world = World::new();
    let leaf = world.leaf(2, true, false);
    let good = Saying::now(CertStatus::good());
    world.says(Saying {
        age: 3 * DAY,
        ..good
    });
    trouble(world.check(&leaf).await, "out of date");
    world.says(Saying {
        age: 2 * DAY,
        holds: None,
        ..good
    });
    trouble(world.check(&leaf).await, "out of date");
    world.says(Saying {
        holds: None,
        ..good
    });
    assert_eq!(told(&world.check(&leaf).await).0, ToldStatus::Good);
}

#[tokio::test]
async fn an_answer_counts_when_the_issuer_or_whom_it_appointed_signed_it() {
    let world = World::new();
    let leaf = world.leaf(3, true, false);
    let good = Saying::now(CertStatus::good());
    let say = |pair: Pair, shown: bool| {
        world.responder.say("/ocsp", move |question| {
            (200, pair.answer(question, good, shown))
        });
    };
    say(world.ca.delegate("Responder", true), true);
    assert_eq!(told(&world.check(&leaf).await).0, ToldStatus::Good);
    say(world.ca.delegate("Responder", true), false);
    trouble(world.check(&leaf).await, "neither the issuer nor shown");
    say(world.ca.delegate("Responder", false), true);
    trouble(world.check(&leaf).await, "not for signing OCSP answers");
    // The same names, other keys.
    let other = Authority::new("Example CA");
    say(other.delegate("Responder", true), true);
    trouble(world.check(&leaf).await, "not from the issuer");
    say(other.own, false);
    trouble(world.check(&leaf).await, "signature does not verify");
}

#[tokio::test]
async fn an_answer_about_another_certificate_or_none_at_all_is_trouble() {
    let world = World::new();
    let leaf = world.leaf(4, true, false);
    let good = Saying::now(CertStatus::good());
    let ca = Arc::clone(&world.ca);
    world.responder.say("/ocsp", move |question| {
        (200, ca.own.answer_about(&[99], question, good))
    });
    trouble(world.check(&leaf).await, "another certificate");
    let later = OcspResponse::try_later().to_der().unwrap();
    world.responder.hold("/ocsp", later);
    trouble(world.check(&leaf).await, "try later");
    world.responder.hold("/ocsp", b"<html>".to_vec());
    trouble(world.check(&leaf).await, "no OCSP answer");
    world.responder.say("/ocsp", |_| (503, Vec::new()));
    trouble(world.check(&leaf).await, "503");
    // One flipped bit of a good answer, at each of its bytes: never a word that counts.
    let ca = Arc::clone(&world.ca);
    let kept = Arc::new(std::sync::Mutex::new(Vec::new()));
    let keep = Arc::clone(&kept);
    world.responder.say("/ocsp", move |question| {
        let answer = ca.own.answer(question, good, false);
        keep.lock().unwrap().clone_from(&answer);
        (200, answer)
    });
    assert_eq!(told(&world.check(&leaf).await).0, ToldStatus::Good);
    let answer = kept.lock().unwrap().clone();
    for at in (0..answer.len()).step_by(3) {
        let mut bad = answer.clone();
        bad[at] ^= 1 << (at % 8);
        world.responder.hold("/ocsp", bad);
        let finding = world.check(&leaf).await;
        assert!(matches!(finding, Finding::Trouble(_)), "{at}: {finding:?}");
    }
}

#[tokio::test]
async fn a_list_is_looked_up_when_the_responder_is_down_and_fetched_once() {
    let world = World::new();
    let (good, bad) = (world.leaf(5, true, true), world.leaf(6, true, true));
    world.responder.hold(
        "/crl",
        world.ca.list(&Listing {
            revoked: vec![(bad.serial(), Some(RevocationReason::Superseded))],
            ..Listing::default()
        }),
    );
    let finding = world.check(&good).await;
    assert_eq!(told(&finding), (ToldStatus::Good, SourceKind::Crl));
    let finding = world.check(&bad).await;
    let (ToldStatus::Revoked { reason, .. }, SourceKind::Crl) = told(&finding) else {
        panic!("{finding:?}");
    };
    assert_eq!(reason, Some(RevokedFor::Superseded));
    assert_eq!(world.responder.asked("/crl"), 1, "kept until the next one");
}

#[tokio::test]
async fn a_list_that_is_stale_foreign_or_for_others_says_nothing() {
    let world = World::new();
    let leaf = world.leaf(7, false, true);
    let here = world.responder.url("/crl");
    let other = Authority::new("Example CA");
    let stranger = Authority::new("Other CA");
    let fresh = |list: Vec<u8>| {
        world.responder.hold("/crl", list);
        // Another memory, so that nothing of the list before is left.
        checker(&["127.0.0.1"])
    };
    let others = [world.ca.own.der.clone()];
    let plain = Listing::default();
    let stale = Listing {
        ended: Some(DAY),
        ..Listing::default()
    };
    let elsewhere = Listing {
        point: Some("http://crl.example.com/other"),
        ..Listing::default()
    };
    for (list, words) in [
        (world.ca.list(&stale), "out of date"),
        (other.list(&plain), "signature does not verify"),
        (stranger.list(&plain), "another issuer's list"),
        (world.ca.list(&elsewhere), "another distribution point"),
        (b"nothing".to_vec(), "no revocation list"),
    ] {
        trouble(fresh(list).check(&leaf.der, &others).await, words);
    }
    let ours = Listing {
        point: Some(&here),
        ..Listing::default()
    };
    let finding = fresh(world.ca.list(&ours)).check(&leaf.der, &others).await;
    assert_eq!(told(&finding).0, ToldStatus::Good);
}

#[tokio::test]
async fn an_answer_without_end_is_not_read_to_its_end() {
    let world = World::new();
    let leaf = world.leaf(8, true, true);
    world.responder.hold("/ocsp", vec![0x30; 300 << 10]);
    world.responder.hold("/crl", vec![0x30; 17 << 20]);
    trouble(world.check(&leaf).await, "length limit exceeded");
}

#[tokio::test]
async fn addresses_of_the_machine_its_link_and_private_networks_are_not_asked() {
    let world = World::new();
    let ocsp = world.responder.url("/ocsp");
    let own = [world.ca.own.der.clone()];
    world.says(Saying::now(CertStatus::good()));
    let all = checker(&["0.0.0.0/0", "::/0"]);
    let none = checker(&[]);
    for (asks, url, words) in [
        (
            &all,
            "http://169.254.169.254/latest/meta-data",
            "never asked",
        ),
        (&all, "http://[::ffff:169.254.169.254]/", "never asked"),
        (&none, ocsp.as_str(), "private address"),
        (&none, "http://localhost:1/", "private address"),
        (&none, "http://2130706433/", "private address"),
        (&none, "http://user@example.com/", "its address is none"),
    ] {
        let named = Named {
            ocsp: Some(url),
            ..Named::default()
        };
        let leaf = world.ca.leaf("www.example.com", &[9], named);
        trouble(asks.check(&leaf.der, &own).await, words);
    }
    assert_eq!(world.responder.asked("/ocsp"), 0);
    let named = Named {
        crl: Some("ldap://10.0.0.1/cn=crl"),
        ..Named::default()
    };
    let leaf = world.ca.leaf("www.example.com", &[10], named);
    let finding = all.check(&leaf.der, &own).await;
    assert!(matches!(finding, Finding::Nobody(_)), "{finding:?}");
}

#[tokio::test]
async fn an_issuer_that_is_not_known_is_fetched_and_must_fit() {
    let world = World::new();
    let (ocsp, issuer) = (world.responder.url("/ocsp"), world.responder.url("/ca"));
    let named = Named {
        ocsp: Some(&ocsp),
        issuer: Some(&issuer),
        crl: None,
    };
    let leaf = world.ca.leaf("www.example.com", &[11], named);
    world.says(Saying::now(CertStatus::good()));
    let other = Authority::new("Example CA");
    world.responder.hold("/ca", other.own.der.clone());
    let finding = world.checker.check(&leaf.der, &[]).await;
    trouble(finding, "not its issuer's certificate");
    world.responder.hold("/ca", world.ca.own.der.clone());
    let wrong = [other.own.der.clone()];
    let finding = world.checker.check(&leaf.der, &wrong).await;
    assert_eq!(told(&finding).0, ToldStatus::Good);
}

#[tokio::test]
async fn nobody_is_asked_where_nobody_is_named() {
    let world = World::new();
    for der in [
        &world.leaf(12, false, false).der,
        &world.ca.own.der,
        &b"none".to_vec(),
    ] {
        let finding = world
            .checker
            .check(der, std::slice::from_ref(&world.ca.own.der))
            .await;
        assert!(matches!(finding, Finding::Nobody(_)), "{finding:?}");
    }
}

#[tokio::test]
async fn a_server_that_stays_silent_is_left_alone_for_a_while() {
    let world = World::new();
    let silent = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}/", listener.local_addr().unwrap())
    };
    let named = Named {
        ocsp: Some(&silent),
        ..Named::default()
    };
    let leaf = world.ca.leaf("www.example.com", &[13], named);
    for _ in 0..3 {
        trouble(world.check(&leaf).await, "onnect");
    }
    trouble(world.check(&leaf).await, "left alone");
}
