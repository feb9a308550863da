//! The three ways to credentials, and where no secret may ever be found.
//! Above: nothing. Below: `common`.
//! Invariant: the simulated AWS verifies each signature, so an import that succeeds had the right key.

use super::common::{ORGANIZATION, account, connector, face, found, same, truth};
use sensor_tests::face::Face;
use sensor_tests::harness::sensor::Sensor;
use std::path::Path;

type Env = Vec<(String, String)>;

/// What a face tells a child process: its keys, and the rest.
fn split(face: &Face) -> (Env, Env) {
    let is_key = |(name, _): &(String, String)| name.ends_with("KEY") || name.ends_with("KEY_ID");
    face.env().into_iter().partition(is_key)
}

fn with_method(method: &str, parameters: &str) -> String {
    let text = connector("scope = \"account\"");
    text.replace(
        "method = \"default-chain\"",
        &format!("method = \"{method}\"\nparameters = {{ {parameters} }}"),
    )
}

/// Imports the account of the base credentials.
fn imports(face: &Face, sensor: &Sensor, connector: &str) {
    sensor.apply(connector).exit(0);
    sensor.run(&["connector", "check", "aws"]).exit(0);
    sensor.run(&["connector", "import", "aws"]).exit(0);
    let root = account(face, "root");
    same(
        &found(&sensor.export()),
        &truth(face, |account, _| account == root),
    );
}

#[test]
fn a_profile_of_the_shared_files() {
    let face = face("organization");
    let (keys, rest) = split(&face);
    let sensor = Sensor::with_plugins(rest);
    let home = sensor.state().with_file_name(".aws");
    std::fs::create_dir_all(&home).unwrap();
    let lines = keys
        .iter()
        .map(|(name, value)| format!("{} = {value}\n", name.to_lowercase()));
    let text = format!("[production]\n{}", lines.collect::<String>());
    std::fs::write(home.join("credentials"), text).unwrap();
    imports(
        &face,
        &sensor,
        &with_method("profile", "name = \"production\""),
    );
}

#[test]
fn an_access_key_of_the_sensors_own() {
    let face = face("organization");
    let (keys, rest) = split(&face);
    let sensor = Sensor::with_plugins(rest);
    let missing = with_method("access-key", "secret = \"aws-key\"");
    sensor
        .apply(&missing)
        .exit(2)
        .says(&["sensor secret set aws-key"]);
    let set = ["secret", "set", "aws-key", "--access-key", "--from-env"];
    sensor.run_with(&set, &keys).exit(0);
    imports(&face, &sensor, &missing);
    sensor
        .run(&["secret", "remove", "aws-key", "--yes"])
        .exit(2)
        .says(&["`aws-key` is in use by aws"]);
    nowhere(&face, &sensor, &[]);
}

#[test]
fn no_secret_is_written_down_anywhere() {
    let face = face("organization");
    let sensor = Sensor::with_plugins(face.env());
    sensor.apply(&connector(ORGANIZATION)).exit(0);
    let mut said = Vec::new();
    for verb in ["check", "import", "show"] {
        let done = sensor.run(&["connector", verb, "aws", "--log-level", "trace,sled=off"]);
        said.extend([done.stdout, done.stderr]);
    }
    said.push(
        sensor
            .run(&["run", "show", "latest", "--output", "json"])
            .stdout,
    );
    assert!(
        said.iter().any(|text| text.contains("TRACE")),
        "nothing was traced"
    );
    nowhere(&face, &sensor, &said);
}

/// The operator's secret, and every session's secret and token.
fn nowhere(face: &Face, sensor: &Sensor, said: &[String]) {
    let mut places: Vec<(String, String)> = Vec::new();
    places.extend(said.iter().map(|text| ("output".to_owned(), text.clone())));
    gather(&sensor.state(), &mut places);
    assert!(places.len() > 5);
    for secret in face.secrets() {
        let holds = places.iter().find(|(_, text)| text.contains(&secret));
        assert_eq!(holds.map(|(name, _)| name), None, "a secret stands there");
    }
}

fn gather(directory: &Path, places: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            gather(&path, places);
        } else if path
            .extension()
            .is_none_or(|end| end != "wasm" && end != "cwasm")
        {
            let bytes = std::fs::read(&path).unwrap();
            let text = String::from_utf8_lossy(&bytes).into_owned();
            places.push((path.display().to_string(), text));
        }
    }
}
