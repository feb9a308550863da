//! A CA for tests that checks no signature and behaves as a test wants.
//! Above: the tests of `acme`. Below: the scripted server.
//! Invariant: without an edit it is a good CA that hands its chain over in the wrong order.

use crate::backend::sdk::tests::server::{Asked, Reply, Server};
use crate::config::IssuerConfig;
use crate::issuer::kit::{Asking, Place, ca, config, leaf_params, signed_for};
use crate::issuer::{Issuer, IssuerGround, Wanted, open};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

pub(super) const NAME: [&str; 1] = ["www.example.com"];

/// A reply in place of the usual one.
pub(super) type Instead = fn(&Asked, usize) -> Option<Reply>;

/// How the CA behaves.
#[derive(Clone)]
pub(super) struct Mood {
    /// What the order's status is, one look after the other; the last stays.
    pub(super) statuses: Vec<&'static str>,
    /// What it hands over.
    pub(super) bundle: String,
    /// What the order itself says went wrong.
    pub(super) order_error: Option<Value>,
    /// What the name's challenge says went wrong.
    pub(super) challenge_error: Option<Value>,
    /// In place of the usual answer, by path; asked with the request and how often this path was asked before.
    pub(super) instead: Instead,
    pub(super) profiles: Value,
    pub(super) renewal_info: bool,
}

impl Mood {
    fn good(bundle: String) -> Self {
        Self {
            statuses: vec!["pending", "ready", "processing", "valid"],
            bundle,
            order_error: None,
            challenge_error: None,
            instead: |_, _| None,
            profiles: json!({"classic": "", "shortlived": ""}),
            renewal_info: false,
        }
    }
}

/// A CA, a certificate that it will hand over, and what is asked of it.
pub(super) struct World {
    pub(super) place: Place,
    pub(super) server: Server,
    pub(super) wanted: Wanted,
    pub(super) leaf: Vec<u8>,
}

impl World {
    pub(super) async fn new(name: &str, edit: impl FnOnce(&mut Mood)) -> Self {
        let root = ca("Root", None);
        let lower = ca("Lower", Some(&root));
        let asking = Asking::new("1", &NAME);
        let leaf = signed_for(leaf_params(&NAME), asking.key, Some(&lower));
        // The wrong way round: the judge puts it right.
        let mut mood = Mood::good(format!("{}{}{}", root.pem(), lower.pem(), leaf.pem()));
        edit(&mut mood);
        Self {
            place: Place::new(name),
            server: server(mood).await,
            wanted: asking.wanted,
            leaf: leaf.der,
        }
    }

    pub(super) fn config(&self, more: &str) -> IssuerConfig {
        config(&format!(
            "name = \"ca\"\nkind = \"acme\"\ndirectory = \"{}/dir\"\nterms_of_service_agreed = true\ncontact = [\"pki@example.com\"]\n{more}",
            self.server.url
        ))
    }

    pub(super) fn open(&self, ground: &IssuerGround) -> Arc<dyn Issuer> {
        open(&self.config(""), ground).unwrap()
    }

    pub(super) fn issuer(&self) -> Arc<dyn Issuer> {
        self.open(&self.place.ground())
    }

    /// The bodies that were posted to a path, their payloads decoded.
    pub(super) fn posted(&self, path: &str) -> Vec<Value> {
        let all = self.server.asked();
        let of_path = all.iter().filter(|asked| asked.target == path);
        of_path.map(payload).collect()
    }
}

pub(super) fn payload(asked: &Asked) -> Value {
    let body: Value = serde_json::from_str(&asked.body).unwrap_or_default();
    let text = body["payload"].as_str().unwrap_or_default();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap_or_default()
}

pub(super) fn problem(status: u16, kind: &str) -> Reply {
    Reply {
        status,
        headers: Vec::new(),
        body:
            json!({"type": format!("urn:ietf:params:acme:error:{kind}"), "detail": "for a reason"})
                .to_string(),
    }
}

async fn server(mood: Mood) -> Server {
    let seen: Mutex<std::collections::HashMap<String, usize>> = Mutex::default();
    let looks = Mutex::new(0_usize);
    Server::start(move |asked, _| {
        let count = {
            let mut seen = seen.lock().unwrap();
            let count = seen.entry(asked.target.clone()).or_default();
            *count += 1;
            *count - 1
        };
        let reply = (mood.instead)(asked, count);
        let reply = reply.unwrap_or_else(|| answer(&mood, asked, &looks));
        reply.with("replay-nonce", "nonce")
    })
    .await
}

fn answer(mood: &Mood, asked: &Asked, looks: &Mutex<usize>) -> Reply {
    let url = |path: &str| format!("http://{}{path}", asked.headers["host"]);
    let order = |status: &str| {
        json!({
            "status": status,
            "authorizations": [url("/authz")],
            "finalize": url("/finalize"),
            "certificate": url("/certificate"),
            "error": mood.order_error,
        })
    };
    match asked.target.as_str() {
        "/dir" => {
            let mut directory = json!({
                "newNonce": url("/nonce"), "newAccount": url("/account"), "newOrder": url("/new"),
                "revokeCert": url("/revoke"), "meta": {"profiles": mood.profiles},
            });
            if mood.renewal_info {
                directory["renewalInfo"] = url("/ari").into();
            }
            Reply::ok(directory.to_string())
        }
        "/account" => Reply {
            status: 201,
            ..Reply::ok("{\"status\":\"valid\"}")
        }
        .with("location", &url("/account/1")),
        "/new" => {
            let mut order = order("pending");
            order["replaces"] = payload(asked)["replaces"].clone();
            Reply {
                status: 201,
                ..Reply::ok(order.to_string())
            }
            .with("location", &url("/order/1"))
        }
        "/order/1" => {
            let mut looks = looks.lock().unwrap();
            let status = mood.statuses[(*looks).min(mood.statuses.len() - 1)];
            *looks += 1;
            Reply::ok(order(status).to_string())
        }
        "/finalize" => Reply::ok(order("processing").to_string()),
        "/authz" => {
            let challenge = json!({
                "type": "http-01", "url": url("/challenge"), "token": "the-token", "status": "pending",
                "error": mood.challenge_error,
            });
            let authorization = json!({
                "identifier": {"type": "dns", "value": NAME[0]}, "status": "pending", "challenges": [challenge],
            });
            Reply::ok(authorization.to_string())
        }
        "/challenge" => {
            Reply::ok(json!({"type": "http-01", "url": url("/challenge"), "token": "the-token", "status": "processing"}).to_string())
        }
        "/certificate" => Reply::ok(mood.bundle.clone()),
        _ => Reply::ok(""),
    }
}
