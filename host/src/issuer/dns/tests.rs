//! Records by a webhook and by Route 53, as their servers see them.
//! Above: nothing. Below: `dns`; servers on loopback that answer as scripted.
//! Invariant: a record of somebody else is never lost.

use super::webhook::Webhook;
use super::{Dns, Record};
use crate::backend::sdk::tests::server::{Asked, Reply, Server};
use crate::backend::sdk::tests::session;
use crate::config::{CredentialConfig, DnsConfig, Route53Config, WebhookConfig};
use crate::issuer::kit::Place;
use crate::issuer::vault::Vault;
use crate::issuer::{IssuerErrorClass, IssuerGround};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;

fn record(value: &str) -> Record {
    Record {
        name: "_acme-challenge.www.example.com".to_owned(),
        value: value.to_owned(),
    }
}

fn vault(ground: &IssuerGround) -> Vault {
    Vault {
        ledger: Arc::clone(&ground.ledger),
        issuer: "ca".parse().unwrap(),
        clock: Arc::clone(&ground.clock),
    }
}

fn webhook(ground: &IssuerGround, url: &str) -> Webhook {
    let config = WebhookConfig {
        url: format!("{url}/acme"),
        ca_file: None,
        secret: Some("bearer".to_owned()),
    };
    Webhook::new(&config, vault(ground)).unwrap()
}

#[tokio::test]
async fn a_webhook_is_told_each_record_with_its_bearer_and_may_ask_for_time() {
    let place = Place::new("webhook");
    let server = Server::start(|_, number| match number {
        0 => Reply {
            status: 202,
            ..Reply::ok("").with("retry-after", "9")
        },
        _ => Reply::ok(""),
    })
    .await;
    let ground = place.ground_with("bearer", "tok-123\n");
    let webhook = webhook(&ground, &server.url);
    let records = [record("v1"), record("v2")];
    let wait = webhook.present(&records).await.unwrap();
    assert_eq!(wait, Some(Duration::from_secs(9)));
    assert_eq!(webhook.present(&records).await, Ok(None));
    webhook.clean_up(&records[..1]).await.unwrap();
    let asked = server.asked();
    assert!(asked.iter().all(|asked| asked.target == "/acme"));
    assert!(
        asked
            .iter()
            .all(|asked| asked.headers["authorization"] == "Bearer tok-123")
    );
    let bodies: Vec<Value> = asked
        .iter()
        .map(|asked| serde_json::from_str(&asked.body).unwrap())
        .collect();
    let expected = |action: &str, value: &str| json!({"action": action, "name": "_acme-challenge.www.example.com", "type": "TXT", "value": value, "ttl": 60});
    assert_eq!(bodies[0], expected("present", "v1"));
    assert_eq!(bodies[3], expected("present", "v2"));
    assert_eq!(bodies[4], expected("cleanup", "v1"));
}

#[tokio::test]
async fn a_webhooks_answer_says_who_has_to_do_something() {
    let place = Place::new("webhook-errors");
    let ground = place.ground_with("bearer", "tok-123");
    for (status, class) in [
        (401, IssuerErrorClass::Denied),
        (404, IssuerErrorClass::Config),
        (
            503,
            IssuerErrorClass::Retry {
                after: Duration::from_secs(10),
            },
        ),
    ] {
        let server = Server::start(move |_, _| Reply {
            status,
            ..Reply::ok("no\u{1b}[2J way tok")
        })
        .await;
        let webhook = webhook(&ground, &server.url);
        let error = webhook.present(&[record("v1")]).await.unwrap_err();
        assert_eq!(error.class, class);
        assert!(error.message.ends_with("no[2J way tok"), "{error}");
        let cleaned = webhook.clean_up(&[record("v1")]).await;
        assert_eq!(
            cleaned.is_ok(),
            status == 404,
            "what is not there is cleaned up"
        );
    }
}

/// A Route 53 with one zone and one record of somebody else's.
#[derive(Default)]
struct Zone {
    values: Vec<String>,
    changes: usize,
}

fn route53(zone: &Arc<Mutex<Zone>>) -> impl Fn(&Asked, usize) -> Reply + Send + Sync + 'static {
    const XMLNS: &str = "xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"";
    let zone = Arc::clone(zone);
    move |asked, _| {
        let mut zone = zone.lock().unwrap();
        let path = asked.target.as_str();
        if path.contains("/hostedzonesbyname") {
            let private = "<HostedZone><Id>/hostedzone/ZPRIVATE</Id><Name>example.com.</Name><CallerReference>r</CallerReference><Config><PrivateZone>true</PrivateZone></Config></HostedZone>";
            let public = "<HostedZone><Id>/hostedzone/ZPUBLIC</Id><Name>example.com.</Name><CallerReference>r</CallerReference></HostedZone>";
            return Reply::ok(format!(
                "<ListHostedZonesByNameResponse {XMLNS}><HostedZones>{private}{public}</HostedZones><IsTruncated>false</IsTruncated><MaxItems>10</MaxItems></ListHostedZonesByNameResponse>"
            ));
        }
        if path.contains("/change/") {
            // In sync with the second look.
            zone.changes += 1;
            let status = if zone.changes > 1 {
                "INSYNC"
            } else {
                "PENDING"
            };
            return Reply::ok(format!(
                "<GetChangeResponse {XMLNS}><ChangeInfo><Id>/change/C1</Id><Status>{status}</Status><SubmittedAt>2027-01-15T08:00:00Z</SubmittedAt></ChangeInfo></GetChangeResponse>"
            ));
        }
        if path.contains("/hostedzone/ZPUBLIC/rrset") && asked.body.is_empty() {
            let record =
                |value: &String| format!("<ResourceRecord><Value>{value}</Value></ResourceRecord>");
            let records = zone.values.iter().map(record).collect::<Vec<_>>().concat();
            let set = format!(
                "<ResourceRecordSet><Name>_acme-challenge.www.example.com.</Name><Type>TXT</Type><TTL>300</TTL><ResourceRecords>{records}</ResourceRecords></ResourceRecordSet>"
            );
            let set = if zone.values.is_empty() {
                String::new()
            } else {
                set
            };
            return Reply::ok(format!(
                "<ListResourceRecordSetsResponse {XMLNS}><ResourceRecordSets>{set}</ResourceRecordSets><IsTruncated>false</IsTruncated><MaxItems>1</MaxItems></ListResourceRecordSetsResponse>"
            ));
        }
        if path.contains("/hostedzone/ZPUBLIC/rrset") {
            let values = asked.body.split("<Value>").skip(1);
            let values = values.map(|rest| {
                rest.split("</Value>")
                    .next()
                    .unwrap()
                    .replace("&quot;", "\"")
                    .replace("&#x22;", "\"")
            });
            zone.values = if asked.body.contains("<Action>DELETE") {
                Vec::new()
            } else {
                values.collect()
            };
            return Reply::ok(format!(
                "<ChangeResourceRecordSetsResponse {XMLNS}><ChangeInfo><Id>/change/C1</Id><Status>PENDING</Status><SubmittedAt>2027-01-15T08:00:00Z</SubmittedAt></ChangeInfo></ChangeResourceRecordSetsResponse>"
            ));
        }
        Reply {
            status: 404,
            ..Reply::ok(path)
        }
    }
}

fn dns(ground: &mut IssuerGround, url: &str) -> Dns {
    let session = session(url, "eu-central-1", "aws");
    ground.aws = session.sdk_config().cloned();
    let config = Route53Config {
        credential: CredentialConfig {
            provider: "aws-credentials".parse().unwrap(),
            method: "default-chain".to_owned(),
            parameters: serde_json::Map::new(),
        },
        hosted_zone: None,
    };
    let vault = vault(ground);
    Dns::new(&DnsConfig::Route53(config), vault, ground).unwrap()
}

#[tokio::test]
async fn route_53_keeps_the_values_of_others_and_is_up_once_in_sync() {
    let place = Place::new("route53");
    let zone = Arc::new(Mutex::new(Zone {
        values: vec!["\"of-somebody-else\"".to_owned()],
        changes: 0,
    }));
    let server = Server::start(route53(&zone)).await;
    let mut ground = place.ground();
    let dns_now = dns(&mut ground, &server.url);
    let held = || zone.lock().unwrap().values.clone();
    // A name and its wildcard are proven by two values at one name.
    let records = [record("v1"), record("v2")];
    assert_eq!(
        dns_now.present(&records).await,
        Ok(Some(Duration::from_secs(5)))
    );
    assert_eq!(held(), ["\"of-somebody-else\"", "\"v1\"", "\"v2\""]);
    assert_eq!(dns_now.present(&records).await, Ok(None));
    let writes = |server: &Server| {
        server
            .asked()
            .iter()
            .filter(|asked| !asked.body.is_empty())
            .count()
    };
    assert_eq!(writes(&server), 1, "one change, then only looks");
    // After a restart it is put up again, and nothing is there twice.
    let dns_later = dns(&mut ground, &server.url);
    assert_eq!(dns_later.present(&records).await, Ok(None));
    assert_eq!(held().len(), 3);
    dns_later.clean_up(&records[..1]).await.unwrap();
    assert_eq!(held(), ["\"of-somebody-else\"", "\"v2\""]);
    zone.lock().unwrap().values.remove(0);
    dns_later.clean_up(&records).await.unwrap();
    assert_eq!(
        held(),
        Vec::<String>::new(),
        "the last value goes with its set"
    );
    dns_later.clean_up(&records).await.unwrap();
}

#[tokio::test]
async fn route_53_without_the_zone_or_the_permission_says_so() {
    let place = Place::new("route53-errors");
    let mut ground = place.ground();
    let server = Server::start(route53(&Arc::default())).await;
    let dns_here = dns(&mut ground, &server.url);
    let elsewhere = Record {
        name: "_acme-challenge.www.example.net".to_owned(),
        value: "v1".to_owned(),
    };
    let error = dns_here.present(&[elsewhere]).await.unwrap_err();
    assert_eq!(error.code, "no-hosted-zone");
    let denied = Server::start(|_, _| {
        let body = "<ErrorResponse xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>not you</Message></Error><RequestId>r</RequestId></ErrorResponse>";
        Reply {
            status: 403,
            ..Reply::ok(body)
        }
    })
    .await;
    let dns_there = dns(&mut ground, &denied.url);
    let error = dns_there.present(&[record("v1")]).await.unwrap_err();
    assert_eq!(error.class, IssuerErrorClass::Denied);
    let finding = dns_there.check().await;
    assert!(
        finding
            .statement
            .is_some_and(|text| text.contains("route53:ChangeResourceRecordSets"))
    );
}
