//! Canary keys: wherever a private key may not be, nothing of one is; and what looks for it would find it.
//! Above: nothing. Below: `enroll`, `common`, `sensor_tests::harness::canary`.
//! Invariant: every log is at its loudest, and every file is read as it lies on the disk.

use super::common::{ORGANIZATION, connector, face};
use super::enroll::{json, profile, ready, target};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mock_aws::World;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, RsaKeySize};
use sensor_tests::face::{Face, wall_ms};
use sensor_tests::harness::canary::{Canary, files};
use sensor_tests::harness::sensor::{Done, Sensor};
use sensor_tests::harness::{place, scenario};
use serde_json::Value;
use std::time::Duration;
use tempfile::TempDir;

/// As much as can be asked for: the libraries' own trace besides the sensor's.
const LOUDEST: &str = "trace,aws_smithy_runtime=trace,aws_sdk_acm=trace,hyper=trace,rustls=trace";

/// A sensor of which everything is kept that it says, prints, and leaves in its guests' memories.
struct Trial {
    sensor: Sensor,
    said: String,
    memories: TempDir,
}

impl Trial {
    fn of(mut sensor: Sensor) -> Self {
        let memories = tempfile::tempdir().unwrap();
        sensor.set("SENSOR_LOG", LOUDEST);
        let copy = format!("guest.called=return({})", memories.path().display());
        sensor.set("FAILPOINTS", &copy);
        Self {
            sensor,
            said: String::new(),
            memories,
        }
    }

    fn run(&mut self, line: &[&str]) -> Done {
        let done = self.sensor.run(line);
        for text in [&done.stdout, &done.stderr] {
            self.said.push_str(text);
            self.said.push('\n');
        }
        done
    }

    /// Everything that can be looked at.
    fn look_around(&mut self) {
        self.sensor.set("FAILPOINTS", "");
        self.sensor.set("SENSOR_LOG", "debug");
        self.run(&["connector", "import", "aws"]).exit(3);
        for line in [
            &["request", "list"][..],
            &["request", "show", "1"],
            &["delivery", "list"],
            &["delivery", "show", "1"],
            &["inventory", "list"],
            &["run", "list"],
            &["issuer", "show", "internal"],
            &["profile", "show", "web"],
            &["connector", "show", "aws"],
            &["secret", "list"],
            &["key", "status"],
        ] {
            for form in ["table", "json", "csv", "yaml"] {
                self.run(&[line, &["--output", form]].concat()).exit(0);
            }
        }
        let arn =
            json(&self.run(&["request", "show", "1", "--output", "json"]))["deliveries"][0]["arn"]
                .as_str()
                .unwrap()
                .to_owned();
        for form in ["table", "json"] {
            self.run(&["inventory", "show", &arn, "--output", form])
                .exit(0);
        }
        for form in ["json", "csv"] {
            self.run(&["inventory", "export", "--format", form]).exit(0);
        }
        self.run(&["serve", "--once", "--no-imports"]).exit(0);
    }

    /// Nothing of the key is in what was said, in the state directory, in a guest's memory. And all of these hold what
    /// they are taken to hold.
    #[track_caller]
    fn clean_of(&self, canary: &Canary, leaf: &[u8]) {
        let forms = canary.forms_in(self.said.as_bytes());
        assert!(forms.is_empty(), "said: {forms:?}");
        let state = self.sensor.state();
        assert_eq!(canary.in_folder(&state), Vec::<String>::new());
        assert_eq!(canary.in_folder(self.memories.path()), Vec::<String>::new());
        for word in [
            "operation=\"ImportCertificate\"",
            " audit: ",
            "DEBUG",
            "TRACE",
        ] {
            assert!(self.said.contains(word), "the log is silent: {word}");
        }
        let leaf = Canary::of_bytes("the leaf", leaf);
        assert!(
            leaf.is_in(self.memories.path()),
            "no guest's memory was seen"
        );
        assert!(leaf.is_in(&state), "the state directory was not read");
    }
}

/// A certificate that was delivered, by its name.
fn leaf_of(face: &Face, name: &str) -> Vec<u8> {
    face.with(|world, now| {
        let named = |der: &Vec<u8>| der.windows(name.len()).any(|part| part == name.as_bytes());
        let mut found = world.truth(now).filter_map(|one| one.der);
        found.find(named).unwrap()
    })
}

/// The keys that came to the simulated AWS, each once, as PEM; and every other body that came.
fn heard(face: &Face) -> (Vec<String>, Vec<(String, bytes::Bytes)>) {
    let (imports, others): (Vec<_>, Vec<_>) = face
        .heard()
        .into_iter()
        .partition(|(name, _)| name == "acm.ImportCertificate");
    let mut keys: Vec<String> = imports
        .iter()
        .map(|(_, body)| {
            let body: Value = serde_json::from_slice(body).unwrap();
            let key = STANDARD.decode(body["PrivateKey"].as_str().unwrap());
            String::from_utf8(key.unwrap()).unwrap()
        })
        .collect();
    keys.sort();
    keys.dedup();
    (keys, others)
}

/// Nothing waits in Secrets Manager, and nothing can be restored there. Fact 48: it takes a little while.
#[track_caller]
fn nothing_waits(face: &Face) {
    let mut held = Vec::new();
    for _ in 0..100 {
        held = face.with(|world, now| world.secrets_held(now));
        held.retain(|name| name.starts_with("sensor/"));
        if held.is_empty() {
            return;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("left in Secrets Manager: {held:?}");
}

/// Of the import's own bodies each holds its key: what looks for it finds it there.
#[track_caller]
fn only_imports_hold(face: &Face, canary: &Canary) {
    let (_, others) = heard(face);
    for (name, body) in &others {
        let forms = canary.forms_in(body);
        assert!(forms.is_empty(), "{name}: {forms:?}");
    }
    let imports = face.heard().into_iter();
    let holding = imports.filter(|(_, body)| !canary.forms_in(body).is_empty());
    assert!(holding.count() > 0, "the scanner is blind");
}

#[test]
fn a_key_that_waits_in_the_sensor_is_seen_by_the_import_alone() {
    a_key_of_its_own("custody = \"sensor\"");
}

#[test]
fn a_key_that_waits_in_secrets_manager_is_seen_by_the_import_alone() {
    a_key_of_its_own("custody = \"secrets-manager\"");
}

fn a_key_of_its_own(custody: &str) {
    let face = face("organization");
    face.overhear();
    let sensor = ready(&face, custody);
    let rsa = format!("{custody}\nkey_type = \"rsa-2048\"");
    let rsa = profile(&rsa, "").replace("name = \"web\"", "name = \"rsa\"");
    let rsa = sensor.write("rsa.toml", &rsa);
    sensor
        .run(&["profile", "apply", "-f", &rsa.to_string_lossy()])
        .exit(0);
    let mut trial = Trial::of(sensor);
    let to = [
        target(&face, "web", "us-east-1"),
        target(&face, "payments", "us-east-1"),
    ];
    for (name, profile) in [("ec.example.com", "web"), ("rsa.example.com", "rsa")] {
        let line = ["request", "create", name, "--profile", profile];
        let there = ["--to", &to[0], "--to", &to[1], "--wait"];
        trial.run(&[&line[..], &there].concat()).exit(0);
    }
    trial.run(&["renew", "1", "--wait"]).exit(0);
    nothing_waits(&face);
    trial.look_around();
    let (keys, others) = heard(&face);
    assert_eq!(keys.len(), 3, "one key each");
    let parked = others
        .iter()
        .filter(|(name, _)| name == "secretsmanager.CreateSecret");
    let expected = if custody.contains("secrets") { 3 } else { 0 };
    assert_eq!(parked.count(), expected);
    let leaf = leaf_of(&face, "rsa.example.com");
    trial.clean_of(&Canary::of_keys(&keys), &leaf);
    assert!(
        trial.said.contains("aws_smithy_runtime"),
        "the SDK is silent"
    );
    for key in keys {
        only_imports_hold(&face, &Canary::of_keys(&[key]));
    }
}

/// A certificate of a small CA, with its key: the bundle, the leaf, the key.
fn brought(name: &str, rsa: bool) -> (String, Vec<u8>, String) {
    let key = || {
        if rsa {
            KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap()
        } else {
            KeyPair::generate().unwrap()
        }
    };
    let mut ca = CertificateParams::default();
    ca.distinguished_name
        .push(DnType::CommonName, "a CA of the tests");
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca_key = key();
    let ca_der = ca.self_signed(&ca_key).unwrap();
    let mut leaf = CertificateParams::new(vec![name.to_owned()]).unwrap();
    leaf.distinguished_name.push(DnType::CommonName, name);
    leaf.use_authority_key_identifier_extension = true;
    let day = Duration::from_hours(24);
    let now = Duration::from_millis(u64::try_from(wall_ms()).unwrap());
    leaf.not_before = rcgen::date_time_ymd(1970, 1, 1) + now - day;
    leaf.not_after = rcgen::date_time_ymd(1970, 1, 1) + now + day * 46;
    leaf.key_usages = vec![rcgen::KeyUsagePurpose::DigitalSignature];
    leaf.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
    let leaf_key = key();
    let made = leaf
        .signed_by(&leaf_key, &Issuer::from_params(&ca, &ca_key))
        .unwrap();
    let bundle = format!("{}{}", made.pem(), ca_der.pem());
    (bundle, made.der().to_vec(), leaf_key.serialize_pem())
}

/// Delivers a certificate that was brought with its key; the key, and the leaf.
fn bring(trial: &mut Trial, rsa: bool, to: &str) -> (Canary, Vec<u8>) {
    let (bundle, leaf, key) = brought("brought.example.com", rsa);
    let certificate = trial.sensor.write("server.pem", &bundle);
    let file = trial.sensor.write("server.key", &key);
    let canary = Canary::of_keys(std::slice::from_ref(&key));
    let (certificate, key) = (certificate.to_string_lossy(), file.to_string_lossy());
    trial
        .run(&[
            "request",
            "create",
            "--profile",
            "web",
            "--certificate",
            &certificate,
            "--key",
            &key,
            "--to",
            to,
            "--wait",
        ])
        .exit(0);
    // Where the operator left it, it is found.
    let beside = trial.sensor.state();
    let found = canary.in_folder(beside.parent().unwrap());
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains("server.key"), "{found:?}");
    (canary, leaf)
}

#[test]
fn a_key_that_was_brought_is_seen_by_the_import_alone() {
    for custody in ["sensor", "secrets-manager"] {
        let face = face("organization");
        face.overhear();
        let mut trial = Trial::of(ready(&face, &format!("custody = \"{custody}\"")));
        let to = target(&face, "web", "us-east-1");
        let (canary, leaf) = bring(&mut trial, false, &to);
        nothing_waits(&face);
        trial.look_around();
        trial.clean_of(&canary, &leaf);
        only_imports_hold(&face, &canary);
    }
}

/// A mock-host runs in the sensor's own process, and what it was told is kept in the state directory.
#[test]
fn a_key_that_was_brought_is_seen_by_no_mock_host() {
    let file = place::file("cases/organization/scenario.toml");
    let world = World::new(&scenario(&file).unwrap(), wall_ms()).unwrap();
    let to = format!("aws:{}:us-east-1", world.account_id("web").unwrap());
    for custody in ["sensor", "secrets-manager"] {
        let mut trial = Trial::of(mocked(custody, &file.to_string_lossy()));
        let (canary, leaf) = bring(&mut trial, true, &to);
        trial.look_around();
        trial.clean_of(&canary, &leaf);
        let deeds = deeds(&trial.sensor);
        assert_eq!(count(&deeds, "import"), 1);
        let secrets: Vec<_> = deeds.iter().filter(|one| one["did"] == "secret").collect();
        assert_eq!(secrets.is_empty(), custody == "sensor");
        if let Some(last) = secrets.last() {
            assert_eq!(last["held"]["deletion"]["forced"], true, "{last}");
        }
    }
}

/// A sensor whose connector has a mock-host in AWS's place, for RSA.
fn mocked(custody: &str, scenario: &str) -> Sensor {
    let sensor = Sensor::with_plugins(Vec::new());
    let settings =
        format!("{ORGANIZATION}\n[settings.delivery]\nenabled = true\nkeys = \"{custody}\"\n");
    let file = format!(
        "mock_host = {{ plugin = \"mock-aws\", scenario = \"{scenario}\" }}\n{}",
        connector(&settings)
    );
    sensor.apply(&file).exit(0);
    let issuer = sensor.write("issuer.toml", "name = \"internal\"\nkind = \"local\"\n");
    sensor
        .run(&["issuer", "apply", "-f", &issuer.to_string_lossy()])
        .exit(0);
    let rsa = format!("custody = \"{custody}\"\nkey_type = \"rsa-2048\"");
    let file = sensor.write("profile.toml", &profile(&rsa, ""));
    sensor
        .run(&["profile", "apply", "-f", &file.to_string_lossy()])
        .exit(0);
    sensor
}

/// What was written to a sensor's mock-host.
pub(crate) fn deeds(sensor: &Sensor) -> Vec<Value> {
    let folder = sensor.state().join("mock");
    let kept = if folder.is_dir() {
        files(&folder)
    } else {
        Vec::new()
    };
    let lines = kept
        .iter()
        .flat_map(|file| std::fs::read_to_string(file).into_iter())
        .flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>());
    lines
        .filter_map(|line| serde_json::from_str(&line).ok())
        .collect()
}

/// How often this was done.
pub(crate) fn count(deeds: &[Value], did: &str) -> usize {
    deeds.iter().filter(|one| one["did"] == did).count()
}
