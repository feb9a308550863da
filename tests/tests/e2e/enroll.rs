//! From a request to a certificate at its places, by the real sensor with its local CA.
//! Above: nothing. Below: `common`.
//! Invariant: what is asserted of AWS is read from the simulated AWS itself, not from what the sensor says.

use super::beside::Serving;
use super::common::{ORGANIZATION, account, connector, face};
use sensor_tests::face::Face;
use sensor_tests::harness::sensor::{Done, Sensor};
use serde_json::Value;

const ISSUER: &str = "name = \"internal\"\nkind = \"local\"\nvalidity = \"47d\"\n";

/// A profile's file: for example.com, by the local CA.
pub(crate) fn profile(more: &str, names: &str) -> String {
    format!(
        "name = \"web\"\nissuer = \"internal\"\n{more}\n[names]\nsuffixes = [\"example.com\"]\n{names}\n\
         [deliver_to]\nconnectors = [\"aws\"]\n"
    )
}

/// A sensor that may issue and deliver.
pub(crate) fn ready(face: &Face, more: &str) -> Sensor {
    let sensor = Sensor::with_plugins(face.env());
    // What a profile insists on, its connector has to allow.
    let keys = if more.contains("secrets-manager") {
        "secrets-manager"
    } else {
        "sensor"
    };
    let settings =
        format!("{ORGANIZATION}\n[settings.delivery]\nenabled = true\nkeys = \"{keys}\"\n");
    sensor.apply(&connector(&settings)).exit(0);
    let issuer = sensor.write("issuer.toml", ISSUER);
    sensor
        .run(&["issuer", "apply", "-f", &issuer.to_string_lossy()])
        .exit(0);
    let file = sensor.write("profile.toml", &profile(more, "wildcard = true"));
    sensor
        .run(&["profile", "apply", "-f", &file.to_string_lossy()])
        .exit(0);
    sensor
}

/// `aws:ACCOUNT:REGION`.
pub(crate) fn target(face: &Face, name: &str, region: &str) -> String {
    format!("aws:{}:{region}", account(face, name))
}

/// What a command prints as JSON.
#[track_caller]
pub(crate) fn json(done: &Done) -> Value {
    serde_json::from_str(&done.stdout).unwrap_or_else(|error| panic!("{error}: {done:#?}"))
}

fn create(sensor: &Sensor, names: &[&str], targets: &[String], more: &[&str]) -> Done {
    let mut line = vec!["request", "create"];
    line.extend(names);
    line.extend(["--profile", "web"]);
    for target in targets {
        line.extend(["--to", target]);
    }
    line.extend(more);
    sensor.run(&line)
}

fn show(sensor: &Sensor, id: u64) -> Value {
    json(
        &sensor
            .run(&["request", "show", &id.to_string(), "--output", "json"])
            .exit(0),
    )
}

#[test]
fn a_request_ends_at_every_place_and_its_key_is_gone() {
    let face = face("organization");
    let sensor = ready(&face, "custody = \"sensor\"");
    let targets = [
        target(&face, "web", "us-east-1"),
        target(&face, "payments", "us-east-1"),
    ];
    let done = create(
        &sensor,
        &["shop.example.com", "*.shop.example.com"],
        &targets,
        &["--wait"],
    );
    done.exit(0).says(&["verified", "done"]);
    let view = show(&sensor, 1);
    assert_eq!(view["state"], "delivered");
    assert_eq!(view["issuances"][0]["key"], "erased");
    let deliveries = view["deliveries"].as_array().unwrap();
    assert_eq!(deliveries.len(), 2);
    for delivery in deliveries {
        assert_eq!(delivery["state"], "verified", "{delivery}");
        assert!(
            delivery["arn"]
                .as_str()
                .unwrap()
                .starts_with("arn:aws:acm:us-east-1:")
        );
    }
    // The next import finds them, with what marks them.
    sensor.run(&["connector", "import", "aws"]).exit(3);
    let found: Vec<_> = sensor
        .export()
        .into_iter()
        .filter(|one| one["certificate"]["common_name"] == "shop.example.com")
        .collect();
    assert_eq!(found.len(), 2);
    for one in &found {
        assert_eq!(
            one["certificate"]["fingerprint"],
            view["issuances"][0]["sha256"]
        );
        assert!(one["tags"]["sensor-id"].is_string(), "{one}");
    }
}

#[test]
fn a_renewal_keeps_its_arn_and_nothing_is_doubled() {
    let face = face("organization");
    let sensor = ready(&face, "custody = \"sensor\"");
    let to = [target(&face, "web", "us-east-1")];
    create(
        &sensor,
        &["a.example.com"],
        &to,
        &["--wait", "--tag", "team=payments"],
    )
    .exit(0);
    let arn = show(&sensor, 1)["deliveries"][0]["arn"].clone();
    for generation in 2..4 {
        sensor.run(&["renew", "1", "--wait"]).exit(0);
        let view = show(&sensor, 1);
        assert_eq!(view["generation"], generation);
        assert_eq!(view["deliveries"][0]["arn"], arn);
        assert_eq!(view["deliveries"][0]["in_place"], true);
    }
    sensor.run(&["connector", "import", "aws"]).exit(3);
    let found: Vec<_> = sensor
        .export()
        .into_iter()
        .filter(|one| one["certificate"]["common_name"] == "a.example.com")
        .collect();
    assert_eq!(found.len(), 1, "one place");
    assert_eq!(found[0]["tags"]["team"], "payments");
    assert_eq!(
        found[0]["certificate"]["fingerprint"],
        show(&sensor, 1)["issuances"][0]["sha256"]
    );
}

#[test]
fn one_target_fails_alone_and_is_retried_alone() {
    let face = face("organization");
    let sensor = ready(&face, "custody = \"sensor\"");
    // Nobody may enter that account.
    let targets = [
        target(&face, "web", "us-east-1"),
        target(&face, "partner", "us-east-1"),
    ];
    let done = create(&sensor, &["b.example.com"], &targets, &["--wait"]);
    done.exit(3);
    let view = show(&sensor, 1);
    let states: Vec<_> = view["deliveries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["state"].clone())
        .collect();
    assert_eq!(states, ["verified", "failed"]);
    let sha256 = view["issuances"][0]["sha256"].clone();
    sensor
        .run(&["request", "retry", "1", "--wait"])
        .exit(3)
        .says(&["one delivery goes on with the same certificate"]);
    let view = show(&sensor, 1);
    assert_eq!(view["issuances"].as_array().unwrap().len(), 1);
    assert_eq!(view["issuances"][0]["sha256"], sha256);
    assert_eq!(
        view["deliveries"][0]["attempts"], 1,
        "the other was left alone"
    );
}

#[test]
fn a_request_that_its_profile_does_not_allow_is_told_all_at_once() {
    let face = face("organization");
    let sensor = ready(&face, "business_units = [\"platform\"]");
    let done = create(
        &sensor,
        &["shop.exmaple.com", "a_b.example.com"],
        &[
            "aws:123456789012:us-east-1".to_owned(),
            "azure:123456789012:us-east-1".to_owned(),
        ],
        &["--tag", "aws:x=y"],
    );
    done.exit(2).says(&["a_b.example.com", "aws:x", "azure"]);
    let done = create(
        &sensor,
        &["shop.exmaple.com"],
        &["aws:123456789012:us-east-1".to_owned()],
        &["--business-unit", "platfrom"],
    );
    done.exit(2)
        .says(&["shop.example.com", "platform", "did you mean"]);
    let list = json(&sensor.run(&["request", "list", "--output", "json"]).exit(0));
    assert_eq!(
        list["requests"].as_array().unwrap().len(),
        0,
        "nothing was stored"
    );
}

#[test]
fn a_request_waits_for_a_second_person() {
    let face = face("organization");
    let sensor = ready(&face, "approval = true\ncustody = \"sensor\"");
    let to = [target(&face, "web", "us-east-1")];
    create(&sensor, &["c.example.com"], &to, &[]).exit(0);
    sensor.run(&["serve", "--once", "--no-imports"]).exit(0);
    assert_eq!(show(&sensor, 1)["state"], "awaiting-approval");
    sensor
        .run(&["request", "approve", "1"])
        .exit(2)
        .says(&["second person"]);
    sensor.run(&["request", "cancel", "1", "--yes"]).exit(0);
    assert_eq!(show(&sensor, 1)["state"], "cancelled");
    sensor.run(&["serve", "--once", "--no-imports"]).exit(0);
    assert_eq!(show(&sensor, 1)["issuances"].as_array().unwrap().len(), 0);
}

#[test]
fn requests_are_made_beside_a_sensor_that_serves() {
    let face = face("organization");
    let sensor = ready(&face, "custody = \"sensor\"");
    let serving = Serving::start(&sensor);
    let to = [target(&face, "web", "us-east-1")];
    create(&sensor, &["d.example.com"], &to, &["--wait"]).exit(0);
    assert_eq!(show(&sensor, 1)["state"], "delivered");
    serving.end();
}

#[test]
fn a_dry_run_names_every_call_and_makes_none_that_writes() {
    let face = face("organization");
    let sensor = ready(&face, "custody = \"sensor\"");
    let to = [target(&face, "web", "us-east-1")];
    let done = create(&sensor, &["e.example.com"], &to, &["--dry-run"]);
    done.exit(0)
        .says(&["acm:ImportCertificate", "acm:GetCertificate", "order"]);
    let calls = face.calls();
    assert_eq!(calls.get("ImportCertificate"), None, "{calls:?}");
    let list = json(&sensor.run(&["request", "list", "--output", "json"]).exit(0));
    assert_eq!(list["requests"].as_array().unwrap().len(), 0);
}

#[test]
fn a_certificate_that_stands_in_acm_is_taken_over_under_its_arn() {
    let face = face("organization");
    let sensor = ready(&face, "custody = \"sensor\"");
    let to = [target(&face, "web", "us-east-1")];
    create(&sensor, &["f.example.com"], &to, &["--wait"]).exit(0);
    let arn = show(&sensor, 1)["deliveries"][0]["arn"].clone();
    let arn = arn.as_str().unwrap();
    sensor.run(&["request", "cancel", "1", "--yes"]).exit(0);
    sensor.run(&["connector", "import", "aws"]).exit(3);
    sensor
        .run(&[
            "request",
            "take-over",
            arn,
            "--profile",
            "web",
            "--renew-now",
            "--wait",
        ])
        .exit(0);
    let view = show(&sensor, 2);
    assert_eq!(view["deliveries"][0]["arn"], arn);
    assert_eq!(view["deliveries"][0]["in_place"], true);
    assert_eq!(view["names"], serde_json::json!(["f.example.com"]));
}
