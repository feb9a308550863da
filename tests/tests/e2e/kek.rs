//! The key-encryption key in AWS KMS: there and back, asked once, and what is told when KMS refuses.
//! Above: nothing. Below: a face of KMS, moto's KMS, the real sensor.
//! Invariant: the key itself never lies on disk.

use super::enroll::json;
use sensor_tests::harness::kms::{KEY, Kms};
use sensor_tests::harness::moto::Moto;
use sensor_tests::harness::python;
use sensor_tests::harness::sensor::Sensor;
use serde_json::Value;
use std::process::Command;

const OTHER: &str = "arn:aws:kms:eu-west-1:123456789012:alias/other";

/// A sensor with something sealed: the key of a CA.
fn sensor(env: Vec<(String, String)>) -> Sensor {
    let sensor = Sensor::bare(env);
    let issuer = sensor.write("issuer.toml", "name = \"internal\"\nkind = \"local\"\n");
    let issuer = issuer.to_string_lossy();
    sensor.run(&["issuer", "apply", "-f", &issuer]).exit(0);
    sensor
}

#[track_caller]
fn status(sensor: &Sensor) -> Value {
    let status = json(&sensor.run(&["key", "status", "--output=json"]).exit(0));
    assert!(status["secrets"].as_u64() > Some(0), "{status}");
    assert_eq!(status["unreadable"], serde_json::json!([]));
    status
}

#[test]
fn the_key_moves_to_kms_to_another_kms_key_and_back() {
    let kms = Kms::start();
    let sensor = sensor(kms.env());
    let sealed = sensor.state().join("key.kms");
    let first = status(&sensor)["key"].clone();
    sensor
        .run(&["key", "rotate", "--to-kms", KEY, "--yes"])
        .exit(0)
        .says(&["AWS KMS key", KEY]);
    assert!(!sensor.state().join("key").exists());
    // Found by itself from then on.
    let second = status(&sensor);
    assert_ne!(second["key"], first);
    assert_eq!(second["beside_the_data"], false);
    assert!(second["source"].as_str().unwrap().contains(KEY));
    // What needs no secret asks nobody.
    let asked = kms.asked();
    sensor.run(&["issuer", "list"]).exit(0);
    sensor.run(&["secret", "list"]).exit(0);
    assert_eq!(kms.asked(), asked);
    sensor.run(&["key", "status"]).exit(0);
    assert_eq!(kms.asked(), asked + 1, "once");
    sensor.run(&["key", "rotate", "--yes"]).exit(0);
    let third = status(&sensor);
    assert_ne!(third["key"], second["key"]);
    sensor
        .run(&["key", "rotate", "--to-kms", OTHER, "--yes"])
        .exit(0);
    assert!(status(&sensor)["source"].as_str().unwrap().contains(OTHER));
    let text = std::fs::read_to_string(&sealed).unwrap();
    assert_eq!(kms.plain().len(), 3);
    assert!(!kms.plain().iter().any(|plain| text.contains(plain)));
    // Back to a file.
    let file = sensor.write("x", "").with_file_name("kek");
    let file = file.to_string_lossy();
    sensor
        .run(&["key", "rotate", "--to", &file, "--yes"])
        .exit(0);
    assert!(!sealed.exists());
    let asked = kms.asked();
    sensor
        .run(&["key", "status", "--kek-file", &file])
        .exit(0)
        .says(&["open"]);
    assert_eq!(kms.asked(), asked);
}

#[test]
fn a_new_state_directory_never_has_a_plain_key() {
    let kms = Kms::start();
    let mut env = kms.env();
    env.push(("SENSOR_KEK_KMS".to_owned(), KEY.to_owned()));
    let sensor = sensor(env);
    assert!(!sensor.state().join("key").exists());
    assert!(sensor.state().join("key.kms").exists());
    status(&sensor);
}

#[test]
fn what_kms_refuses_is_told_with_what_to_do_and_shuts_nothing_else() {
    let kms = Kms::start();
    let sensor = sensor(kms.env());
    sensor
        .run(&["key", "rotate", "--to-kms", KEY, "--yes"])
        .exit(0);
    for (fault, words) in [
        (
            (400, "AccessDeniedException"),
            ["denied", "allow kms:Decrypt", "sensor-id="],
        ),
        (
            (400, "DisabledException"),
            ["is disabled", "enable-key", KEY],
        ),
        (
            (400, "KMSInvalidStateException"),
            ["pending deletion", "cancel-key-deletion", KEY],
        ),
        (
            (400, "NotFoundException"),
            ["no such key", "eu-west-1", KEY],
        ),
        (
            (400, "InvalidCiphertextException"),
            ["for this sensor", "restore", "key.kms"],
        ),
    ] {
        kms.refuse(Some(fault));
        sensor.run(&["key", "status"]).exit(1).says(&words);
        sensor.run(&["issuer", "list"]).exit(0);
    }
    kms.refuse(None);
    status(&sensor);
    // Refused while it moves, nothing has moved.
    let before = status(&sensor)["key"].clone();
    kms.refuse(Some((400, "AccessDeniedException")));
    sensor
        .run(&["key", "rotate", "--to-kms", OTHER, "--yes"])
        .exit(1);
    kms.refuse(None);
    assert_eq!(status(&sensor)["key"], before);
}

#[test]
fn moto_seals_and_opens_it_too() {
    let moto = Moto::start().unwrap();
    let made = Command::new(python::interpreter())
        .args(["-c", MAKE_KEY, moto.endpoint()])
        .output()
        .unwrap();
    let key = String::from_utf8(made.stdout).unwrap();
    let sensor = sensor(moto.env());
    sensor
        .run(&["key", "rotate", "--to-kms", key.trim(), "--yes"])
        .exit(0);
    let first = status(&sensor);
    assert!(first["source"].as_str().unwrap().contains(key.trim()));
    sensor.run(&["key", "rotate", "--yes"]).exit(0);
    assert_ne!(status(&sensor)["key"], first["key"]);
}

const MAKE_KEY: &str = "import boto3, sys
kms = boto3.client('kms', endpoint_url=sys.argv[1], region_name='us-east-1', aws_access_key_id='test', aws_secret_access_key='test')
print(kms.create_key()['KeyMetadata']['Arn'])";
