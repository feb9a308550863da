//! ACME against pebble with half of its nonces refused, over real HTTP-01 and through a webhook's DNS-01.
//! Above: nothing. Below: `common`, pebble.
//! Invariant: one order a certificate, whatever the nonces and wherever the process ends.

use super::common::{Listener, State, finish, issuer, step, wanted};
use sensor::issuer::{IssuerErrorClass, Progress};
use sensor::model::issuer::RevocationReason;
use sensor_tests::harness::pebble::{Options, Pebble};
use serde_json::Value;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

fn file(pebble: &Pebble, more: &str) -> String {
    format!(
        "name = \"pebble\"\nkind = \"acme\"\ndirectory = \"{}\"\nca_file = \"{}\"\ncontact = [\"pki@example.com\"]\nterms_of_service_agreed = true\n{more}",
        pebble.url(),
        pebble.ca_file().display()
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_five_certificates_at_once_with_half_of_the_nonces_refused() {
    let pebble = Pebble::start(&Options::default()).unwrap();
    let state = State::new();
    let ground = state.ground();
    let _listener = Listener::start(&ground.http01, pebble.http01).await;
    let issuer = issuer(&file(&pebble, ""), &ground);
    let mut all = JoinSet::new();
    for number in 0..25 {
        let issuer = Arc::clone(&issuer);
        all.spawn(async move {
            let names = [
                format!("a{number}.example.com"),
                format!("b{number}.example.com"),
            ];
            let wanted = wanted(&number.to_string(), &[&names[0], &names[1]]);
            let order = issuer.order(&wanted).await.unwrap();
            (order.clone(), finish(&*issuer, &order, &wanted).await)
        });
    }
    let done = all.join_all().await;
    let orders: std::collections::HashSet<_> = done.iter().map(|(order, _)| order).collect();
    assert_eq!(orders.len(), 25);
    for (_, judged) in &done {
        assert_eq!(
            (judged.certificate.dns_names.len(), judged.chain.len()),
            (2, 1)
        );
    }
    assert_eq!(ground.http01.held_now(), 0, "every answer was taken down");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_process_at_every_step_ends_the_same_order() {
    let pebble = Pebble::start(&Options::default()).unwrap();
    let (state, wanted) = (State::new(), wanted("1", &["www.example.com"]));
    let order = {
        let ground = state.ground();
        issuer(&file(&pebble, ""), &ground)
            .order(&wanted)
            .await
            .unwrap()
    };
    let mut judged = None;
    for _ in 0..40 {
        // Nothing of the last step is left but the ledger and the order's URL.
        let ground = state.ground();
        let listener = Listener::start(&ground.http01, pebble.http01).await;
        let step = step(&*issuer(&file(&pebble, ""), &ground), &order, &wanted)
            .await
            .unwrap();
        listener.stop().await;
        if step.is_some() {
            judged = step;
            break;
        }
    }
    let judged = judged.unwrap();
    // Asked again after it was handed over: the same certificate, not another one.
    let ground = state.ground();
    let again = issuer(&file(&pebble, ""), &ground);
    assert_eq!(finish(&*again, &order, &wanted).await.leaf, judged.leaf);
    for _ in 0..2 {
        again
            .revoke(&judged.leaf, RevocationReason::Superseded)
            .await
            .unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_chain_comes_nearest_first_and_renewal_information_is_asked_for() {
    let options = Options {
        chain: 3,
        ..Options::default()
    };
    let pebble = Pebble::start(&options).unwrap();
    let state = State::new();
    let ground = state.ground();
    let _listener = Listener::start(&ground.http01, pebble.http01).await;
    let issuer = issuer(&file(&pebble, ""), &ground);
    let wanted = wanted("1", &["www.example.com"]);
    let order = issuer.order(&wanted).await.unwrap();
    let judged = finish(&*issuer, &order, &wanted).await;
    assert_eq!(judged.chain.len(), 3);
    // Debian's pebble is older than RFC 9773; a newer one tells a window.
    let window = issuer.renewal_window(&judged.leaf).await.unwrap();
    assert!(window.is_none_or(|window| window.end > window.start));
    let findings = issuer.check().await.unwrap();
    assert!(findings[0].message.contains("terms"), "{findings:?}");
    assert_eq!(findings[1].code, "account");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_external_account_is_bound_or_refused() {
    let key = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W";
    let options = Options {
        external_accounts: vec![("kid-1".to_owned(), key.to_owned())],
        ..Options::default()
    };
    let pebble = Pebble::start(&options).unwrap();
    let bound = file(&pebble, "[eab]\nkey_id = \"kid-1\"\nsecret = \"eab\"\n");
    let wanted = wanted("1", &["www.example.com"]);
    let state = State::new();
    let refused = issuer(&file(&pebble, ""), &state.ground())
        .order(&wanted)
        .await;
    assert_eq!(refused.unwrap_err().class, IssuerErrorClass::Denied);
    state.secret("eab", &key.replace('z', "y"));
    let refused = issuer(&bound, &state.ground())
        .order(&wanted)
        .await
        .unwrap_err();
    assert!(
        matches!(
            refused.class,
            IssuerErrorClass::Denied | IssuerErrorClass::Refused
        ),
        "{refused}"
    );
    state.secret("eab", key);
    issuer(&bound, &state.ground())
        .order(&wanted)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_only_its_file_vouches_for_is_not_trusted_without_it() {
    let pebble = Pebble::start(&Options::default()).unwrap();
    let state = State::new();
    let text = file(&pebble, "");
    let kept: Vec<&str> = text
        .lines()
        .filter(|line| !line.starts_with("ca_file"))
        .collect();
    let without = kept.join("\n");
    let error = issuer(&without, &state.ground())
        .order(&wanted("1", &["www.example.com"]))
        .await
        .unwrap_err();
    assert_eq!(error.code, "unreachable");
    assert!(error.message.contains("certificate"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_is_not_ours_ends_the_order_with_the_cas_words() {
    let pebble = Pebble::start(&Options::default()).unwrap();
    let state = State::new();
    let ground = state.ground();
    // Nobody listens where the CA looks.
    let issuer = issuer(&file(&pebble, ""), &ground);
    let wanted = wanted("1", &["www.example.com"]);
    let order = issuer.order(&wanted).await.unwrap();
    let error = loop {
        if let Err(error) = step(&*issuer, &order, &wanted).await {
            break error;
        }
    };
    assert_eq!(
        (error.class, error.code.as_str()),
        (IssuerErrorClass::OrderEnded, "connection")
    );
    assert!(error.message.starts_with("www.example.com: "), "{error}");
    assert_eq!(ground.http01.held_now(), 0);
}

/// A webhook over the DNS of pebble-challtestsrv. It wants its bearer and takes each record up with the second call.
async fn webhook(pebble: Arc<Pebble>) -> (String, Arc<Mutex<Vec<Value>>>, JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/acme", listener.local_addr().unwrap());
    let calls: Arc<Mutex<Vec<Value>>> = Arc::default();
    let (log, mut tasks) = (Arc::clone(&calls), JoinSet::new());
    tasks.spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let mut stream = BufReader::new(stream);
            let (mut length, mut allowed, mut line) = (0, false, String::new());
            while stream.read_line(&mut line).await.unwrap() > 2 {
                let lower = line.to_ascii_lowercase();
                if let Some(value) = lower.strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                allowed |= lower.starts_with("authorization:") && line.contains("Bearer tok-123");
                line.clear();
            }
            let mut body = vec![0; length];
            stream.read_exact(&mut body).await.unwrap();
            let body: Value = serde_json::from_slice(&body).unwrap();
            let status = if allowed { take(&pebble, &body, &log) } else { 401 };
            let answer = format!("HTTP/1.1 {status} X\r\nretry-after: 1\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    (url, calls, tasks)
}

fn take(pebble: &Pebble, body: &Value, log: &Mutex<Vec<Value>>) -> u16 {
    let (name, value) = (
        body["name"].as_str().unwrap(),
        body["value"].as_str().unwrap(),
    );
    let known = log.lock().unwrap().contains(body);
    log.lock().unwrap().push(body.clone());
    match (body["action"].as_str().unwrap(), known) {
        ("present", false) => {
            pebble.set_txt(name, value).unwrap();
            202
        }
        ("cleanup", _) => {
            pebble.clear_txt(name).unwrap();
            204
        }
        _ => 200,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_and_its_wildcard_are_proven_over_a_webhooks_dns() {
    let pebble = Arc::new(Pebble::start(&Options::default()).unwrap());
    let (url, calls, _tasks) = webhook(Arc::clone(&pebble)).await;
    let state = State::new();
    state.secret("bearer", "tok-123");
    let dns = format!(
        "challenge = \"dns-01\"\n[dns]\nprovider = \"webhook\"\nurl = \"{url}\"\nsecret = \"bearer\"\n"
    );
    let issuer = issuer(&file(&pebble, &dns), &state.ground());
    let wanted = wanted("1", &["example.com", "*.example.com"]);
    let order = issuer.order(&wanted).await.unwrap();
    let first = issuer.advance(&order, &wanted).await.unwrap();
    assert!(
        matches!(&first, Progress::Pending { doing, .. } if doing.contains("DNS")),
        "{first:?}"
    );
    let judged = finish(&*issuer, &order, &wanted).await;
    assert_eq!(judged.certificate.dns_names.len(), 2);
    let calls = calls.lock().unwrap();
    let values = |action: &str| {
        let of_action = calls.iter().filter(|call| call["action"] == action);
        of_action
            .map(|call| call["value"].to_string())
            .collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(values("present").len(), 2, "two values at one name");
    assert_eq!(values("present"), values("cleanup"));
    assert!(
        calls
            .iter()
            .all(|call| call["name"] == "_acme-challenge.example.com")
    );
}
