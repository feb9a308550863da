//! Many enrolments at once: by an ACME CA that refuses half of its nonces, delivered to the simulated AWS.
//! Above: nothing. Below: `sensor_tests`.
//! Invariant: each ends, with one order and one key. `SENSOR_ENROLMENTS` says how many.

use mock_aws::Scenario;
use mock_aws::scenario::Rates;
use sensor_tests::face::Face;
use sensor_tests::harness::pebble::{Options, Pebble};
use sensor_tests::harness::sensor::Sensor;
use sensor_tests::harness::{place, scenario};
use serde_json::Value;

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
    // What was done is told once each, for a sample.
    for number in (1..=how_many()).step_by(17) {
        let view = json(&sensor, &["request", "show", &number.to_string()]);
        let times = |what: &str| {
            let journal = view["journal"].as_array().unwrap();
            journal.iter().filter(|line| line["what"] == what).count()
        };
        for what in [
            "key-made", "ordered", "issued", "imported", "verified", "done",
        ] {
            assert_eq!(times(what), 1, "{what}: {view}");
        }
    }
    let there = face.with(|world, now| {
        let web = world.truth(now).filter(|one| one.account == account);
        web.filter(|one| one.der.as_deref().is_some_and(is_ours))
            .count()
    });
    assert_eq!(there, how_many());
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
