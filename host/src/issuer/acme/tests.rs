//! What an ACME CA may do that pebble never does: stall, fail, mix up, forget.
//! Above: nothing. Below: `acme`; a small CA on loopback that checks no signature.
//! Invariant: each test changes one thing of a CA that is good otherwise.

mod ca;

use crate::backend::sdk::tests::server::{Asked, Reply};
use crate::issuer::kit::{self, Asking, NOW};
use crate::issuer::{
    Issuer, IssuerError, IssuerErrorClass, OrderRef, Progress, Wanted, judge, open,
};
use crate::model::issuer::RevocationReason;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ca::{Instead, World, payload, problem};
use serde_json::{Value, json};
use std::time::Duration;

/// Steps until the certificate is there; no more than ten.
async fn finish(issuer: &dyn Issuer, order: &OrderRef, wanted: &Wanted) -> (Vec<u8>, Vec<Vec<u8>>) {
    for _ in 0..10 {
        if let Progress::Issued { leaf, chain } = issuer.advance(order, wanted).await.unwrap() {
            return (leaf, chain);
        }
    }
    panic!("no certificate after ten steps")
}

async fn pending(issuer: &dyn Issuer, order: &OrderRef, wanted: &Wanted) -> Duration {
    match issuer.advance(order, wanted).await.unwrap() {
        Progress::Pending { retry_after, .. } => retry_after,
        Progress::Issued { .. } => panic!("issued"),
    }
}

async fn failure(world: &World) -> IssuerError {
    let issuer = world.issuer();
    let order = issuer.order(&world.wanted).await.unwrap();
    issuer.advance(&order, &world.wanted).await.unwrap_err()
}

#[tokio::test]
async fn an_order_goes_from_name_to_judged_certificate() {
    let world = World::new("acme-whole", |_| {}).await;
    let ground = world.place.ground();
    let issuer = world.open(&ground);
    let order = issuer.order(&world.wanted).await.unwrap();
    assert!(order.0.ends_with("/order/1"));
    assert_eq!(
        pending(&*issuer, &order, &world.wanted).await,
        Duration::from_millis(250)
    );
    assert_eq!(
        ground.http01.held_now(),
        1,
        "the answer is up while the CA validates"
    );
    let (leaf, chain) = finish(&*issuer, &order, &world.wanted).await;
    assert_eq!(ground.http01.held_now(), 0);
    let judged = judge(&world.wanted, &leaf, &chain, NOW).unwrap();
    assert_eq!((judged.leaf, judged.chain.len()), (world.leaf.clone(), 2));
    for (path, times) in [
        ("/account", 1),
        ("/new", 1),
        ("/challenge", 1),
        ("/finalize", 1),
    ] {
        assert_eq!(world.posted(path).len(), times, "{path}");
    }
    assert_eq!(
        world.posted("/account")[0]["contact"],
        json!(["mailto:pki@example.com"])
    );
}

#[tokio::test]
async fn after_a_crash_at_any_point_the_same_order_goes_on_with_the_same_account() {
    let world = World::new("acme-crash", |_| {}).await;
    let order = world.issuer().order(&world.wanted).await.unwrap();
    let mut done = None;
    for _ in 0..6 {
        // Another process each time: nothing but the ledger and the order's URL is left.
        let step = world.issuer().advance(&order, &world.wanted).await.unwrap();
        if let Progress::Issued { .. } = step {
            done = Some(step);
        }
    }
    assert!(
        done.is_some(),
        "asked for again after it was issued, it is handed over again"
    );
    for (path, times) in [("/account", 1), ("/new", 1), ("/finalize", 1)] {
        assert_eq!(world.posted(path).len(), times, "{path}");
    }
}

#[tokio::test]
async fn a_ca_that_stalls_for_days_is_looked_at_ever_less_often() {
    let world = World::new("acme-stall", |mood| mood.statuses = vec!["processing"]).await;
    let issuer = world.issuer();
    let order = issuer.order(&world.wanted).await.unwrap();
    let mut waits = Vec::new();
    for _ in 0..16 {
        waits.push(pending(&*issuer, &order, &world.wanted).await);
    }
    assert!(waits.is_sorted(), "{waits:?}");
    assert_eq!(waits[15], Duration::from_mins(15));
    let told = World::new("acme-stall-told", |mood| {
        mood.statuses = vec!["processing"];
        mood.instead = |asked, _| {
            let order = json!({"status": "processing", "authorizations": [], "finalize": "/"});
            (asked.target == "/order/1")
                .then(|| Reply::ok(order.to_string()).with("retry-after", "3600"))
        };
    })
    .await;
    let issuer = told.issuer();
    let order = issuer.order(&told.wanted).await.unwrap();
    assert_eq!(
        pending(&*issuer, &order, &told.wanted).await,
        Duration::from_hours(1)
    );
}

#[tokio::test]
async fn refused_nonces_are_tried_again() {
    let world = World::new("acme-nonces", |mood| {
        // Three of four, on every path.
        mood.instead = |asked, count| {
            (!asked.body.is_empty() && count % 4 != 3).then(|| problem(400, "badNonce"))
        };
    })
    .await;
    let issuer = world.issuer();
    let order = issuer.order(&world.wanted).await.unwrap();
    finish(&*issuer, &order, &world.wanted).await;
    assert_eq!(world.posted("/new").len(), 4);
}

#[tokio::test]
async fn a_server_in_trouble_and_a_limit_say_when_to_come_again() {
    let cases: [(&str, Instead, u64); 3] = [
        (
            "acme-503",
            |asked, _| {
                (asked.target == "/new").then(|| Reply {
                    status: 503,
                    ..Reply::ok("<html>busy</html>").with("retry-after", "7")
                })
            },
            7,
        ),
        (
            "acme-limit",
            |asked, _| {
                (asked.target == "/new")
                    .then(|| problem(429, "rateLimited").with("retry-after", "36"))
            },
            36,
        ),
        (
            "acme-directory",
            |asked, _| {
                (asked.target == "/dir").then(|| Reply {
                    status: 502,
                    ..Reply::ok("bad gateway")
                })
            },
            60,
        ),
    ];
    for (name, instead, seconds) in cases {
        let world = World::new(name, |mood| mood.instead = instead).await;
        let error = world.issuer().order(&world.wanted).await.unwrap_err();
        assert_eq!(
            error.retry_after(),
            Some(Duration::from_secs(seconds)),
            "{error}"
        );
    }
    let world = World::new("acme-away", |_| {}).await;
    let away = "name = \"ca\"\nkind = \"acme\"\ndirectory = \"http://127.0.0.1:1/dir\"\nterms_of_service_agreed = true\n";
    let issuer = open(&kit::config(away), &world.place.ground()).unwrap();
    let error = issuer.order(&world.wanted).await.unwrap_err();
    assert_eq!(
        (error.code.as_str(), error.retry_after().is_some()),
        ("unreachable", true)
    );
}

#[tokio::test]
async fn an_order_that_the_ca_forgot_or_failed_has_ended() {
    let gone = World::new("acme-gone", |mood| {
        mood.instead = |asked, _| (asked.target == "/order/1").then(|| problem(404, "malformed"));
    })
    .await;
    let error = failure(&gone).await;
    assert_eq!(
        (error.class, error.code.as_str()),
        (IssuerErrorClass::OrderEnded, "order-gone")
    );
    let wrong = |kind: &str| json!({"type": format!("urn:ietf:params:acme:error:{kind}"), "detail": "for a reason"});
    for (kind, class) in [
        ("connection", IssuerErrorClass::OrderEnded),
        ("unauthorized", IssuerErrorClass::OrderEnded),
        ("caa", IssuerErrorClass::Refused),
    ] {
        let world = World::new(&format!("acme-{kind}"), |mood| {
            mood.statuses = vec!["invalid"];
            mood.order_error = Some(wrong("malformed"));
            mood.challenge_error = Some(wrong(kind));
        })
        .await;
        let error = failure(&world).await;
        assert_eq!((error.class, error.code.as_str()), (class, kind));
        assert_eq!(error.message, "www.example.com: for a reason");
    }
    let silent = World::new("acme-silent", |mood| mood.statuses = vec!["invalid"]).await;
    assert_eq!(failure(&silent).await.class, IssuerErrorClass::OrderEnded);
}

#[tokio::test]
async fn what_the_ca_hands_over_must_be_certificates() {
    for (name, bundle) in [
        ("acme-empty", ""),
        ("acme-torn", "-----BEGIN CERTIFICATE-----\nAAAA"),
    ] {
        let world = World::new(name, |mood| {
            mood.statuses = vec!["valid"];
            mood.bundle = bundle.to_owned();
        })
        .await;
        let error = failure(&world).await;
        assert_eq!(
            (error.class, error.code.as_str()),
            (IssuerErrorClass::Internal, "certificate")
        );
    }
}

#[tokio::test]
async fn nothing_is_ordered_that_cannot_be_proven_or_is_not_offered() {
    let mut world = World::new("acme-before", |_| {}).await;
    let issuer = world.issuer();
    world.wanted.acme_profile = Some("short-lived".to_owned());
    let error = issuer.order(&world.wanted).await.unwrap_err();
    assert!(
        error.message.contains("did you mean `shortlived`?"),
        "{error}"
    );
    let wild = Asking::new("2", &["*.example.com"]).wanted;
    assert_eq!(
        issuer.order(&wild).await.unwrap_err().code,
        "wildcard-over-http"
    );
    let dns = world.config(
        "challenge = \"dns-01\"\n[dns]\nprovider = \"webhook\"\nurl = \"http://127.0.0.1:1/\"\n",
    );
    let dns = open(&dns, &world.place.ground()).unwrap();
    let address = Asking::new("3", &["192.0.2.7"]).wanted;
    assert_eq!(
        dns.order(&address).await.unwrap_err().code,
        "address-over-dns"
    );
    assert!(world.posted("/new").is_empty());
    world.wanted.acme_profile = Some("shortlived".to_owned());
    issuer.order(&world.wanted).await.unwrap();
    assert_eq!(world.posted("/new")[0]["profile"], "shortlived");
}

#[tokio::test]
async fn renewal_information_is_asked_for_and_a_renewal_names_what_it_replaces() {
    let window = |asked: &Asked, _| {
        let body = json!({
            "suggestedWindow": {"start": "2027-01-15T00:00:00Z", "end": "2027-01-16T00:00:00Z"},
            "explanationURL": "https://ca.example.com/why",
        });
        (asked.target.starts_with("/ari/"))
            .then(|| Reply::ok(body.to_string()).with("retry-after", "21600"))
    };
    let mut world = World::new("acme-ari", |mood| {
        mood.renewal_info = true;
        mood.instead = window;
    })
    .await;
    let issuer = world.issuer();
    let told = issuer.renewal_window(&world.leaf).await.unwrap().unwrap();
    assert_eq!(
        (told.start, told.end),
        (1_799_971_200_000, 1_800_057_600_000)
    );
    assert_eq!(told.ask_again, Duration::from_hours(6));
    world.wanted.replaces = Some(world.leaf.clone());
    issuer.order(&world.wanted).await.unwrap();
    let replaced = world.posted("/new")[0]["replaces"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(
        world.server.count(&format!("/ari/{replaced}")),
        1,
        "the same identifier"
    );
}

#[tokio::test]
async fn a_hint_that_the_ca_does_not_like_stands_in_no_renewals_way() {
    let mut world = World::new("acme-replaced", |mood| {
        mood.renewal_info = true;
        mood.instead = |asked, _| {
            let replaces = asked.target == "/new" && payload(asked)["replaces"].is_string();
            let unknown = asked.target.starts_with("/ari/");
            match (replaces, unknown) {
                (true, _) => Some(problem(409, "alreadyReplaced")),
                (_, true) => Some(problem(404, "malformed")),
                _ => None,
            }
        };
    })
    .await;
    let issuer = world.issuer();
    assert_eq!(issuer.renewal_window(&world.leaf).await, Ok(None));
    world.wanted.replaces = Some(world.leaf.clone());
    issuer.order(&world.wanted).await.unwrap();
    assert_eq!(world.posted("/new").len(), 2);
}

#[tokio::test]
async fn an_external_account_is_bound_with_the_key_that_the_operator_stored() {
    let world = World::new("acme-eab", |_| {}).await;
    let with_eab = world.config("[eab]\nkey_id = \"kid-1\"\nsecret = \"eab\"\n");
    let error = open(&with_eab, &world.place.ground()).unwrap();
    let error = error.order(&world.wanted).await.unwrap_err();
    assert_eq!(
        (error.class, error.code.as_str()),
        (IssuerErrorClass::Config, "unknown-secret")
    );
    let ground = world.place.ground_with("eab", "a+/b==\n");
    open(&with_eab, &ground)
        .unwrap()
        .order(&world.wanted)
        .await
        .unwrap();
    let bound = &world.posted("/account")[0]["externalAccountBinding"];
    let protected = URL_SAFE_NO_PAD
        .decode(bound["protected"].as_str().unwrap())
        .unwrap();
    let protected: Value = serde_json::from_slice(&protected).unwrap();
    assert_eq!(
        (&protected["kid"], &protected["alg"]),
        (&json!("kid-1"), &json!("HS256"))
    );
    let raw = std::fs::read(world.place.0.join("ledger.sqlite")).unwrap();
    assert!(
        !raw.windows(9).any(|bytes| bytes == b"key_pkcs8"),
        "the account's key is sealed"
    );
}

#[tokio::test]
async fn taken_back_already_is_taken_back() {
    let world = World::new("acme-revoke", |mood| {
        mood.instead = |asked, count| {
            (asked.target == "/revoke" && count > 0).then(|| problem(400, "alreadyRevoked"))
        };
    })
    .await;
    let issuer = world.issuer();
    for _ in 0..2 {
        issuer
            .revoke(&world.leaf, RevocationReason::KeyCompromise)
            .await
            .unwrap();
    }
    let posted = world.posted("/revoke");
    assert_eq!((posted.len(), &posted[0]["reason"]), (2, &json!(1)));
}

#[tokio::test]
async fn two_first_orders_at_once_make_one_account() {
    let world = World::new("acme-once", |_| {}).await;
    let issuer = world.issuer();
    let orders = futures::future::join_all((0..8).map(|_| issuer.order(&world.wanted))).await;
    assert!(orders.iter().all(Result::is_ok));
    assert_eq!(world.posted("/account").len(), 1);
}

#[tokio::test]
async fn a_check_tells_what_there_is_and_what_fails() {
    let world = World::new("acme-check", |mood| mood.renewal_info = true).await;
    let findings = world.issuer().check().await.unwrap();
    let codes: Vec<_> = findings
        .iter()
        .map(|finding| finding.code.as_str())
        .collect();
    assert_eq!(codes, ["directory", "account", "http-01"]);
    assert!(
        findings[0].message.contains("classic, shortlived"),
        "{}",
        findings[0].message
    );
    let denied = World::new("acme-check-denied", |mood| {
        mood.instead = |asked, _| {
            (asked.target == "/account").then(|| problem(403, "externalAccountRequired"))
        };
    })
    .await;
    let findings = denied.issuer().check().await.unwrap();
    assert!(
        findings[1].message.contains("externalAccountRequired"),
        "{}",
        findings[1].message
    );
}
