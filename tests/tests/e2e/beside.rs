//! What operators do beside a sensor that serves.
//! Above: `sigterm`, `enroll`. Below: `enroll_desk`, `enroll`, `common`.
//! Invariant: the sensor that serves is a process of its own, and is ended with the test.

use super::common::face;
use super::enroll::{json, profile, ready, target};
use super::enroll_desk::{create, show};
use sensor_tests::harness::sensor::{Done, Sensor};
use std::process::Child;
use std::time::Duration;

/// A sensor that serves.
pub(crate) struct Serving(Child);

impl Serving {
    pub(crate) fn start(sensor: &Sensor) -> Self {
        Self::start_with(sensor, &["serve", "--no-imports"])
    }

    pub(crate) fn start_with(sensor: &Sensor, line: &[&str]) -> Self {
        let child = sensor.spawn(line);
        let lock = sensor.state().join("lock");
        let held = || {
            let pid = std::fs::read_to_string(&lock).unwrap_or_default();
            pid.trim() == child.id().to_string()
        };
        let begun = std::time::Instant::now();
        while !held() {
            assert!(begun.elapsed().as_secs() < 30, "it never began to serve");
            std::thread::sleep(Duration::from_millis(20));
        }
        Self(child)
    }

    /// SIGTERM, as a service manager sends it.
    pub(crate) fn terminate(&self) {
        let pid = nix::unistd::Pid::from_raw(i32::try_from(self.0.id()).unwrap());
        nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).unwrap();
    }

    /// The exit code, once it has ended.
    pub(crate) fn ended(mut self) -> Option<i32> {
        self.0.wait().unwrap().code()
    }

    pub(crate) fn end(self) {
        self.terminate();
        assert_eq!(self.ended(), Some(0));
    }
}

impl Drop for Serving {
    /// After a test that failed: otherwise it would serve for ever.
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

#[test]
fn an_operator_is_not_locked_out_by_a_sensor_that_serves() {
    let face = face("organization");
    let sensor = ready(&face, "custody = \"sensor\"");
    let serving = Serving::start(&sensor);
    let run = |line: &[&str]| sensor.run(line);
    let file = sensor.write("p2.toml", &profile("", "").replace("\"web\"", "\"web2\""));
    let file = file.to_string_lossy().into_owned();
    let secret = sensor
        .write("token.txt", "abcdef")
        .to_string_lossy()
        .into_owned();
    for line in [
        &["profile", "apply", "-f", &file][..],
        &["profile", "list"],
        &["profile", "show", "web2"],
        &["profile", "remove", "web2", "--yes"],
        &["issuer", "list"],
        &["issuer", "show", "internal"],
        &["issuer", "check", "internal"],
        &["secret", "set", "token", "--from-file", &secret],
        &["secret", "list"],
        &["secret", "remove", "token", "--yes"],
        &["key", "status"],
        &["policy", "aws", "--partition", "aws"],
        &["connector", "check", "aws"],
    ] {
        let done = run(line);
        assert!(matches!(done.code, Some(0 | 1 | 3)), "{line:?}: {done:#?}");
        assert!(
            !done.stderr.contains("another sensor"),
            "{line:?}: {done:#?}"
        );
    }
    let to = target(&face, "web", "us-east-1");
    create(&sensor, &["g.example.com", "--to", &to, "--dry-run"]).exit(0);
    serving.end();
}

/// Runs it until the inventory is free and there is something in it.
fn look(sensor: &Sensor, line: &[&str]) -> Done {
    let begun = std::time::Instant::now();
    loop {
        let done = sensor.run(line);
        if done.code == Some(0) {
            return done;
        }
        // While an import is under way it is one process's alone.
        let waits = [
            "by an import if a sensor serves",
            "there is no run yet",
            "nothing was imported yet",
        ];
        assert!(
            waits.iter().any(|why| done.stderr.contains(why)),
            "{done:#?}"
        );
        assert!(begun.elapsed().as_secs() < 240, "{line:?}: never");
    }
}

#[test]
fn a_sensor_that_serves_fills_an_inventory_that_was_begun_anew() {
    let face = face("organization");
    let sensor = ready(&face, "custody = \"sensor\"");
    let serving = Serving::start_with(&sensor, &["serve"]);
    look(&sensor, &["run", "show", "latest"]).says(&["partial"]);
    let there = sensor.state().join("inventory");
    std::fs::rename(&there, sensor.state().join("inventory.aside")).unwrap();
    look(&sensor, &["run", "show", "latest"]).says(&["partial"]);
    let list = json(&look(&sensor, &["inventory", "list", "--output", "json"]));
    assert!(!list["certificates"].as_array().unwrap().is_empty());
    serving.end();
}

#[test]
fn an_operator_looks_into_the_inventory_beside_a_sensor_that_serves() {
    let face = face("organization");
    let sensor = ready(&face, "custody = \"sensor\"");
    let serving = Serving::start_with(&sensor, &["serve"]);
    let look = |line: &[&str]| look(&sensor, line);
    look(&["run", "show", "latest"]).says(&["partial"]);
    let list = json(&look(&["inventory", "list", "--output", "json"]));
    let print = list["certificates"][0]["certificate"]["fingerprint"].as_str();
    look(&["inventory", "show", print.unwrap()]);
    look(&["inventory", "export", "--format", "csv"]);
    look(&["inventory", "expiring"]);
    look(&["connector", "list"]).says(&["aws"]);
    look(&["connector", "show", "aws"]);
    serving.end();
}

#[test]
fn a_certificate_is_revoked_and_withdrawn_beside_a_sensor_that_serves() {
    let face = face("organization");
    let sensor = ready(&face, "custody = \"sensor\"");
    let serving = Serving::start(&sensor);
    let run = |line: &[&str]| sensor.run(line);
    let to = target(&face, "web", "us-east-1");
    create(&sensor, &["g.example.com", "--to", &to, "--wait"]).exit(0);
    let revoke = ["request", "revoke", "1", "--reason", "superseded", "--yes"];
    let other = [&revoke[..], &["--serial", "00:ff"]].concat();
    run(&other)
        .exit(2)
        .says(&["no certificate with the serial number 00:ff"]);
    let told = ["revoked serial ", &to, "sensor renew 1"];
    run(&revoke).exit(0).says(&told);
    let revoked = show(&sensor, 1);
    assert_eq!(revoked["state"], "revoked", "{revoked:#}");
    assert_eq!(revoked["found_revoked"]["reason"], "superseded");
    let arn = show(&sensor, 1)["deliveries"][0]["arn"].clone();
    let withdraw = ["delivery", "withdraw", "1", "--yes"];
    run(&withdraw).exit(2).says(&["sensor request cancel 1"]);
    run(&["request", "cancel", "1", "--yes"]).exit(0);
    // Taken over by its ARN: the inventory does not know it yet.
    let arn = arn.as_str().unwrap();
    let take_over = [
        "request",
        "take-over",
        arn,
        "--profile",
        "web",
        "--connector",
        "aws",
    ];
    run(&take_over).exit(0);
    assert_eq!(
        show(&sensor, 2)["names"],
        serde_json::json!(["g.example.com"])
    );
    run(&withdraw)
        .exit(2)
        .says(&["request 2 keeps this certificate"]);
    run(&["request", "cancel", "2", "--yes"]).exit(0);
    run(&withdraw).exit(0);
    run(&withdraw).exit(2).says(&["withdrawn before"]);
    let list = [
        "delivery",
        "list",
        "--state",
        "withdrawn",
        "--output",
        "json",
    ];
    let list = json(&run(&list).exit(0));
    assert_eq!(list["deliveries"].as_array().unwrap().len(), 1);
    assert_eq!(face.calls().get("DeleteCertificate"), Some(&1));
    serving.end();
}

#[test]
fn an_issuer_that_is_applied_beside_a_sensor_that_serves_has_its_challenges_answered() {
    let face = face("organization");
    let sensor = ready(&face, "custody = \"sensor\"");
    // Free a moment ago.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap();
    drop(listener);
    let line = ["serve", "--no-imports", "--http01-listen", &at.to_string()];
    let serving = Serving::start_with(&sensor, &line);
    assert!(std::net::TcpStream::connect(at).is_err(), "nobody needs it");
    let acme = "name = \"acme\"\nkind = \"acme\"\ndirectory = \"https://127.0.0.1:1/dir\"\nchallenge = \"http-01\"\nterms_of_service_agreed = true\n";
    let file = sensor.write("acme.toml", acme);
    sensor
        .run(&["issuer", "apply", "-f", &file.to_string_lossy()])
        .exit(0);
    let begun = std::time::Instant::now();
    while std::net::TcpStream::connect(at).is_err() {
        assert!(begun.elapsed().as_secs() < 60, "never answered");
        std::thread::sleep(Duration::from_millis(100));
    }
    serving.end();
}

#[test]
fn what_was_to_be_revoked_once_it_is_replaced_is_revoked_when_its_request_is_cancelled() {
    let face = face("organization");
    let sensor = ready(&face, "custody = \"sensor\"");
    let to = target(&face, "web", "us-east-1");
    create(&sensor, &["g.example.com", "--to", &to, "--wait"]).exit(0);
    let replaced = ["renew", "1", "--revoke", "superseded", "--wait"];
    sensor
        .run(&replaced)
        .exit(0)
        .says(&["revoked        serial"]);
    sensor
        .run(&["renew", "1", "--revoke", "key-compromise"])
        .exit(0);
    let shown = sensor.run(&["request", "show", "1"]).exit(0);
    shown.says(&["to be revoked", "key-compromise"]);
    sensor
        .run(&["request", "cancel", "1", "--yes"])
        .exit(0)
        .says(&["it is revoked now"]);
    let serve = ["serve", "--once", "--no-imports"];
    sensor.run(&serve).exit(0);
    let told = show(&sensor, 1)["journal"].to_string();
    assert!(told.contains("\"revoked\""), "{told}");
    assert_eq!(face.calls().get("ImportCertificate"), Some(&2));
}

#[test]
fn a_sensor_that_dies_leaves_no_core_with_what_it_knew() {
    let face = face("organization");
    let sensor = ready(&face, "custody = \"sensor\"");
    let serving = Serving::start(&sensor);
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", serving.0.id())).unwrap();
    let core = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"));
    let words: Vec<_> = core.unwrap().split_whitespace().collect();
    assert_eq!(words[4..6], ["0", "0"], "{limits}");
    serving.end();
}
