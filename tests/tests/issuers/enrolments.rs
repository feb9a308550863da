//! Many enrolments at once: by an ACME CA that refuses half of its nonces, delivered to the simulated AWS.
//! Above: nothing. Below: `sensor_tests`.
//! Invariant: each ends, with one order and one key; orders are counted at the CA. `SENSOR_ENROLMENTS` says how many.

use mock_aws::Scenario;
use mock_aws::scenario::Rates;
use sensor_tests::face::Face;
use sensor_tests::harness::pebble::{Options, Pebble};
use sensor_tests::harness::sensor::Sensor;
use sensor_tests::harness::{place, scenario};
use serde_json::Value;
use std::collections::BTreeSet;
use x509_cert::der::{Decode, Encode};

fn how_many() -> usize {
    place::variable("SENSOR_ENROLMENTS")
        .and_then(|text| text.to_str()?.parse().ok())
        .unwrap_or(100)
}

const CONNECTOR: &str = r#"
name = "aws"
plugin = "aws-unified"
[credential]
provider = "aws-credentials"
method = "default-chain"
[settings]
scope = "organization"
external_id = "example-7f3a91"
[settings.delivery]
enabled = true
# Not the rate of AWS: what is counted here is orders and keys.
[rates]
"acm:ImportCertificate" = 100
"#;

const PROFILE: &str = r#"
name = "web"
issuer = "pebble"
custody = "sensor"
# As the CA: ACM takes no other (fact 18).
key_type = "rsa-2048"
[names]
suffixes = ["example.com"]
[deliver_to]
connectors = ["aws"]
"#;

#[test]
fn all_enrolments_end_with_one_order_and_one_key() {
    let file = place::file("cases/organization/scenario.toml");
    let quick = Scenario {
        rates: Rates::Off,
        ..scenario(&file).unwrap()
    };
    let face = Face::start(&quick).unwrap();
    let pebble = Pebble::start(&Options::default()).unwrap();
    let sensor = ready(&face, &pebble);
    let account = face.with(|world, _| world.account_id("web").unwrap().to_owned());
    let to = format!("aws:{account}:us-east-1");
    for number in 0..how_many() {
        let name = format!("n{number}.example.com");
        let line = ["request", "create", &name, "--profile", "web", "--to", &to];
        sensor.run(&line).exit(0);
    }
    let at = pebble.http01.to_string();
    let serve = ["serve", "--once", "--no-imports", "--http01-listen", &at];
    sensor.run(&serve).exit(0);
    let list = json(&sensor, &["request", "list", "--limit", "100000"]);
    let all = list["requests"].as_array().unwrap();
    assert_eq!(all.len(), how_many());
    for one in all {
        let id = one["request"].to_string();
        let view = || json(&sensor, &["request", "show", &id]);
        assert_eq!(one["state"], "delivered", "{:#}", view());
    }
    one_of_each(&sensor);
    // Nobody's word but the CA's own.
    assert_eq!(pebble.counts().unwrap(), (how_many(), how_many()));
    let there: Vec<Vec<u8>> = face.with(|world, now| {
        let web = world.truth(now).filter(|one| one.account == account);
        let bodies = web.filter_map(|one| one.der);
        bodies.filter(|der| is_ours(der)).collect()
    });
    assert_eq!(there.len(), how_many());
    let delivered: BTreeSet<_> = there.iter().map(|der| public_key(der)).collect();
    assert_eq!(delivered, keys(&sensor), "each with a key of its own");
}

/// What was done is told once each, for every request.
fn one_of_each(sensor: &Sensor) {
    let ledger = ledger(sensor);
    let query = "SELECT count(*) FROM journal WHERE request = ?1 AND what = ?2";
    let mut statement = ledger.prepare(query).unwrap();
    for number in 1..=how_many() {
        for what in [
            "key-made", "ordered", "issued", "imported", "verified", "done",
        ] {
            let request = i64::try_from(number).unwrap();
            let times: i64 = statement
                .query_row((request, what), |row| row.get(0))
                .unwrap();
            assert_eq!(times, 1, "request {number}: {what}");
        }
    }
}

/// The public halves of all keys that were ever made: as many as requests, and nothing else of them is left.
fn keys(sensor: &Sensor) -> BTreeSet<Vec<u8>> {
    let ledger = ledger(sensor);
    let mut statement = ledger.prepare("SELECT spki, place FROM keys").unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
    let rows: Vec<(Vec<u8>, String)> = rows.unwrap().map(Result::unwrap).collect();
    assert_eq!(rows.len(), how_many());
    for (_, place) in &rows {
        assert_eq!(place, "dropped");
    }
    rows.into_iter().map(|(spki, _)| spki).collect()
}

fn ledger(sensor: &Sensor) -> rusqlite::Connection {
    rusqlite::Connection::open(sensor.state().join("ledger.sqlite")).unwrap()
}

fn public_key(der: &[u8]) -> Vec<u8> {
    let certificate = x509_cert::Certificate::from_der(der).unwrap();
    let key = certificate.tbs_certificate.subject_public_key_info;
    key.to_der().unwrap()
}

fn is_ours(der: &[u8]) -> bool {
    let issuer = b"Pebble Intermediate";
    der.windows(issuer.len()).any(|part| part == issuer)
}

fn ready(face: &Face, pebble: &Pebble) -> Sensor {
    let sensor = Sensor::with_plugins(face.env());
    sensor.apply(CONNECTOR).exit(0);
    let issuer = format!(
        "name = \"pebble\"\nkind = \"acme\"\ndirectory = \"{}\"\nca_file = \"{}\"\nterms_of_service_agreed = true\n",
        pebble.url(),
        pebble.ca_file().display()
    );
    for (noun, text) in [("issuer", issuer.as_str()), ("profile", PROFILE)] {
        let file = sensor.write(&format!("{noun}.toml"), text);
        sensor
            .run(&[noun, "apply", "-f", &file.to_string_lossy()])
            .exit(0);
    }
    sensor
}

fn json(sensor: &Sensor, line: &[&str]) -> Value {
    let mut line = line.to_vec();
    line.extend(["--output", "json"]);
    serde_json::from_str(&sensor.run(&line).exit(0).stdout).unwrap()
}
