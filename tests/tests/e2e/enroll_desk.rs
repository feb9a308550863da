//! The desk: what operators bring and decide.
//! Above: `beside`, `own_csr`, `sigterm`. Below: `enroll`, `common`.
//! Invariant: what is asserted of AWS is read from the simulated AWS itself, not from what the sensor says.

use super::common::{face, truth};
use super::enroll::{json, profile, ready, target};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use sensor_tests::face::{Face, wall_ms};
use sensor_tests::harness::sensor::{Done, Sensor};
use serde_json::Value;
use std::time::Duration;

pub(crate) fn show(sensor: &Sensor, id: u64) -> Value {
    let id = id.to_string();
    json(
        &sensor
            .run(&["request", "show", &id, "--output", "json"])
            .exit(0),
    )
}

pub(crate) fn imports(face: &Face) -> u64 {
    let calls = face.calls();
    calls.get("ImportCertificate").copied().unwrap_or(0)
}

/// A certificate with its chain and its key, as files.
fn bring(sensor: &Sensor, names: &[&str]) -> [String; 2] {
    let mut ca = CertificateParams::default();
    ca.distinguished_name
        .push(DnType::CommonName, "a CA of the desk's tests");
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca_key = KeyPair::generate().unwrap();
    let ca_certificate = ca.self_signed(&ca_key).unwrap();
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut leaf = CertificateParams::new(names).unwrap();
    leaf.use_authority_key_identifier_extension = true;
    leaf.key_usages = vec![rcgen::KeyUsagePurpose::DigitalSignature];
    leaf.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
    let now = Duration::from_millis(u64::try_from(wall_ms()).unwrap());
    leaf.not_before = rcgen::date_time_ymd(1970, 1, 1) + now - Duration::from_hours(24);
    leaf.not_after = leaf.not_before + Duration::from_hours(24 * 46);
    let key = KeyPair::generate().unwrap();
    let made = leaf
        .signed_by(&key, &Issuer::from_params(&ca, &ca_key))
        .unwrap();
    let bundle = format!("{}{}", made.pem(), ca_certificate.pem());
    [
        sensor.write("brought.pem", &bundle),
        sensor.write("brought.key", &key.serialize_pem()),
    ]
    .map(|path| path.to_string_lossy().into_owned())
}

fn csr(sensor: &Sensor, names: &[&str], organization: Option<&str>) -> String {
    let key = KeyPair::generate().unwrap();
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).unwrap();
    params.distinguished_name = rcgen::DistinguishedName::new();
    if let Some(organization) = organization {
        params
            .distinguished_name
            .push(DnType::OrganizationName, organization);
    }
    let pem = params.serialize_request(&key).unwrap().pem().unwrap();
    sensor.write("own.csr", &pem).to_string_lossy().into_owned()
}

pub(crate) fn create(sensor: &Sensor, more: &[&str]) -> Done {
    let mut line = vec!["request", "create", "--profile", "web"];
    line.extend(more);
    sensor.run(&line)
}

/// A second person, who acts as the same user, agrees.
#[track_caller]
fn approve(sensor: &Sensor, id: u64) {
    let other = [(
        "FAILPOINTS".to_owned(),
        "who.login=return(54321)".to_owned(),
    )];
    let line = ["request", "approve", &id.to_string()];
    sensor.run_with(&line, &other).exit(0);
}

#[test]
fn what_a_second_person_approved_is_issued_and_delivered() {
    let face = face("organization");
    let sensor = ready(&face, "approval = true\ncustody = \"sensor\"");
    let to = target(&face, "web", "us-east-1");
    create(&sensor, &["q.example.com", "--to", &to, "--wait"])
        .exit(3)
        .says(&["request approve 1"]);
    sensor.run(&["serve", "--once", "--no-imports"]).exit(0);
    let waiting = show(&sensor, 1);
    assert_eq!(waiting["state"], "awaiting-approval", "{waiting}");
    assert_eq!(waiting["issuances"], serde_json::json!([]));
    approve(&sensor, 1);
    sensor
        .run(&["request", "approve", "1"])
        .exit(2)
        .says(&["active"]);
    sensor.run(&["serve", "--once", "--no-imports"]).exit(0);
    let view = show(&sensor, 1);
    assert_eq!(view["state"], "delivered", "{view}");
    assert_eq!(view["generation"], 1);
    assert!(view["requested_by"].is_string(), "{view}");
    assert_eq!(view["approved_by"], "uid-54321");
    let arn = view["deliveries"][0]["arn"].as_str().unwrap();
    let there = truth(&face, |_, region| region == "us-east-1");
    assert_eq!(
        there.get(arn).map(String::as_str),
        view["issuances"][0]["sha256"].as_str(),
        "{view}"
    );
    assert_eq!(imports(&face), 1);
}

#[test]
fn what_is_brought_waits_for_the_second_person_too() {
    let face = face("organization");
    let sensor = ready(&face, "approval = true\ncustody = \"sensor\"");
    let [certificate, key] = bring(&sensor, &["a.example.com"]);
    let to = target(&face, "web", "us-east-1");
    let brought = ["--certificate", &certificate, "--key", &key, "--to", &to];
    create(&sensor, &brought).exit(0);
    sensor.run(&["serve", "--once", "--no-imports"]).exit(0);
    assert_eq!(show(&sensor, 1)["state"], "awaiting-approval");
    assert_eq!(imports(&face), 0, "nothing is delivered unapproved");
    approve(&sensor, 1);
    sensor.run(&["serve", "--once", "--no-imports"]).exit(0);
    let view = show(&sensor, 1);
    assert_eq!(view["state"], "delivered", "{view}");
    assert_eq!(imports(&face), 1);
}

#[test]
fn the_names_and_the_subject_of_what_is_brought_are_held_against_the_profile() {
    let face = face("organization");
    let sensor = ready(&face, "custody = \"sensor\"");
    let to = target(&face, "web", "us-east-1");
    let [certificate, key] = bring(&sensor, &["evil.example.org"]);
    let brought = ["--certificate", &certificate, "--key", &key, "--to", &to];
    for typed in [&[][..], &["ok.example.com"]] {
        create(&sensor, &[typed, &brought].concat())
            .exit(2)
            .says(&["evil.example.org"]);
    }
    let evil = csr(&sensor, &["evil.example.org"], None);
    for typed in [&[][..], &["ok.example.com"]] {
        create(&sensor, &[typed, &["--csr", &evil]].concat())
            .exit(2)
            .says(&["evil.example.org"]);
    }
    let bank = csr(&sensor, &["ok.example.com"], Some("Other Bank"));
    create(&sensor, &["--csr", &bank])
        .exit(2)
        .says(&["csr.subject.O"]);
    let good = csr(&sensor, &["ok.example.com", "b.example.com"], None);
    create(
        &sensor,
        &["b.example.com", "ok.example.com", "--csr", &good],
    )
    .exit(0);
    assert_eq!(
        show(&sensor, 1)["names"],
        serde_json::json!(["ok.example.com", "b.example.com"])
    );
}

#[test]
fn without_its_key_the_sensor_begins_nothing_and_with_it_goes_on_as_before() {
    let face = face("organization");
    let sensor = ready(&face, "custody = \"sensor\"");
    let kek = sensor.write("kek-to-be", "").with_file_name("kek");
    let kek = kek.to_string_lossy().into_owned();
    sensor
        .run(&["key", "rotate", "--to", &kek, "--yes"])
        .exit(0);
    let to = target(&face, "web", "us-east-1");
    let line = ["k.example.com", "--to", &to, "--wait"];
    create(&sensor, &line).exit(1).says(&["key"]);
    sensor.run(&["serve", "--once", "--no-imports"]).exit(1);
    let list = json(&sensor.run(&["request", "list", "--output", "json"]).exit(0));
    assert_eq!(
        list["requests"],
        serde_json::json!([]),
        "none was made in vain"
    );
    let key = [("SENSOR_KEK_FILE".to_owned(), kek)];
    let check = sensor.run_with(&["connector", "check", "aws"], &key);
    assert!(!check.stderr.contains("compiling again"), "{check:#?}");
    let line = [
        "request",
        "create",
        "--profile",
        "web",
        "k.example.com",
        "--to",
        &to,
    ];
    let made = sensor.run_with(&[&line[..], &["--output", "json"]].concat(), &key);
    assert_eq!(json(&made.exit(0))["request"], 1);
    sensor
        .run_with(&["serve", "--once", "--no-imports"], &key)
        .exit(0);
    let list = sensor
        .run_with(&["request", "list", "--output", "csv"], &key)
        .exit(0);
    let line = list.stdout.lines().nth(1).unwrap_or_default();
    let stamps = line
        .split(',')
        .filter(|cell| cell.parse::<jiff::Timestamp>().is_ok());
    assert_eq!(
        stamps.count(),
        2,
        "when it ends and when it is renewed: {line}"
    );
}

#[test]
fn a_take_over_holds_the_key_and_the_place_against_what_is_there() {
    let face = face("organization");
    let sensor = ready(&face, "custody = \"sensor\"");
    let to = target(&face, "web", "us-east-1");
    create(&sensor, &["h.example.com", "--to", &to, "--wait"]).exit(0);
    let arn = show(&sensor, 1)["deliveries"][0]["arn"].clone();
    let arn = arn.as_str().unwrap();
    sensor.run(&["connector", "import", "aws"]).exit(3);
    let take_over = ["request", "take-over", arn, "--profile", "web", "--another"];
    sensor
        .run(&take_over)
        .exit(2)
        .says(&["request 1 keeps this place already"]);
    sensor.run(&["request", "cancel", "1", "--yes"]).exit(0);
    let rsa = profile("key_type = \"rsa-2048\"", "").replace("\"web\"", "\"rsa\"");
    let rsa = sensor
        .write("rsa.toml", &rsa)
        .to_string_lossy()
        .into_owned();
    sensor.run(&["profile", "apply", "-f", &rsa]).exit(0);
    sensor
        .run(&["request", "take-over", arn, "--profile", "rsa"])
        .exit(2)
        .says(&["the key is p-256"]);
    sensor.run(&take_over).exit(0);
    let view = show(&sensor, 2);
    assert!(view["renew_at"].is_string(), "only when it is due: {view}");
}

#[test]
fn a_profile_that_a_request_needs_stays() {
    let face = face("organization");
    let sensor = ready(&face, "custody = \"sensor\"");
    let to = target(&face, "web", "us-east-1");
    create(&sensor, &["i.example.com", "--to", &to]).exit(0);
    let remove = ["profile", "remove", "web", "--yes"];
    sensor.run(&remove).exit(2).says(&["request 1"]);
    sensor
        .run(&["connector", "remove", "aws", "--yes"])
        .exit(2)
        .says(&["request 1"]);
    sensor.run(&["request", "cancel", "1", "--yes"]).exit(0);
    sensor.run(&remove).exit(0);
}

#[test]
fn a_drill_shows_its_plan_first_and_then_replaces_all() {
    let face = face("organization");
    let sensor = ready(&face, "custody = \"sensor\"");
    let to = [
        target(&face, "web", "us-east-1"),
        target(&face, "payments", "us-east-1"),
    ];
    create(&sensor, &["j.example.com", "--to", &to[0], "--wait"]).exit(0);
    create(&sensor, &["k.example.com", "--to", &to[1], "--wait"]).exit(0);
    sensor.run(&["connector", "import", "aws"]).exit(3);
    let plan = |rule: &[&str]| {
        let line = [&["renew"], rule, &["--dry-run", "--output", "json"]].concat();
        json(&sensor.run(&line).exit(0))
    };
    let count = |plan: &Value, what: &str| plan[what].as_array().unwrap().len();
    let by_issuer = plan(&["--issuer", "internal"]);
    assert_eq!(count(&by_issuer, "replace"), 2, "{by_issuer}");
    assert_eq!(count(&by_issuer, "unmanaged"), 0, "{by_issuer}");
    assert_eq!(count(&by_issuer, "places"), 2, "{by_issuer}");
    let by_name = plan(&["--issuer", "internal", "--name", "j.example.com"]);
    assert_eq!(count(&by_name, "replace"), 1, "{by_name}");
    let rsa = plan(&["--key-type", "rsa-2048"]);
    assert_eq!(count(&rsa, "replace"), 0, "{rsa}");
    assert!(
        count(&rsa, "unmanaged") > 0,
        "what no request keeps is told: {rsa}"
    );
    // Its key cannot change in place, whatever the profile says by now.
    let changed = profile("custody = \"sensor\"\nkey_type = \"rsa-2048\"", "");
    let changed = sensor
        .write("p3.toml", &changed)
        .to_string_lossy()
        .into_owned();
    sensor.run(&["profile", "apply", "-f", &changed]).exit(0);
    let stays = plan(&["--issuer", "internal"]);
    assert_eq!((count(&stays, "replace"), count(&stays, "cannot")), (0, 2));
    let back = profile("custody = \"sensor\"", "");
    let back = sensor
        .write("p3.toml", &back)
        .to_string_lossy()
        .into_owned();
    sensor.run(&["profile", "apply", "-f", &back]).exit(0);
    sensor
        .run(&["renew", "--issuer", "internal"])
        .exit(2)
        .says(&["j.example.com", "2 certificates will be replaced", "--yes"]);
    assert_eq!(show(&sensor, 1)["generation"], 1);
    sensor
        .run(&["renew", "--issuer", "internal", "--yes"])
        .exit(0);
    sensor.run(&["serve", "--once", "--no-imports"]).exit(0);
    for id in [1, 2] {
        let view = show(&sensor, id);
        assert_eq!(
            (&view["generation"], &view["state"]),
            (&2.into(), &"delivered".into())
        );
    }
}

#[test]
fn what_ends_is_told_with_who_renews_it() {
    let face = face("organization");
    let sensor = ready(&face, "custody = \"sensor\"");
    let to = target(&face, "web", "us-east-1");
    create(&sensor, &["l.example.com", "--to", &to, "--wait"]).exit(0);
    let expiring = || {
        let line = ["inventory", "expiring", "--output", "json"];
        let told = json(&sensor.run(&line).exit(0));
        told["certificates"].as_array().unwrap().clone()
    };
    let ours = |all: &[Value]| {
        let mut found = all.iter().filter(|one| one["name"] == "l.example.com");
        let one = found.next().cloned().unwrap();
        assert!(found.next().is_none(), "told once");
        one
    };
    // Before the next import has seen it, and after.
    for imported in [false, true] {
        if imported {
            sensor.run(&["connector", "import", "aws"]).exit(3);
        }
        let all = expiring();
        let one = ours(&all);
        assert_eq!(
            (&one["renewed_by"], &one["request"]),
            (&"request".into(), &1.into())
        );
        assert_eq!(one["alarming"], false);
        assert!(one["due_at"].is_string());
        assert_eq!(all.len() > 1, imported);
    }
    let nobody = expiring()
        .into_iter()
        .filter(|one| one["renewed_by"] == "nobody");
    assert!(nobody.count() > 0, "what no request keeps is told");
    sensor.run(&["request", "cancel", "1", "--yes"]).exit(0);
    assert_eq!(ours(&expiring())["renewed_by"], "nobody");
}

#[test]
fn a_certificate_for_cloudfront_goes_to_us_east_1() {
    let face = face("organization");
    let sensor = ready(&face, "custody = \"sensor\"");
    let (there, elsewhere) = (
        target(&face, "web", "us-east-1"),
        target(&face, "web", "eu-central-1"),
    );
    let wanted = ["m.example.com", "--for", "cloudfront", "--to"];
    create(&sensor, &[&wanted[..], &[&elsewhere]].concat())
        .exit(2)
        .says(&[&format!("--to {there}")]);
    create(&sensor, &[&wanted[..], &[&there]].concat()).exit(0);
}
