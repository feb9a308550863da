//! Plugins that are not what they say they are.
//! Above: nothing. Below: `target/plugins`, copied and changed.
//! Invariant: none of them is ever run, and the others go on working.

use super::common::{ORGANIZATION, face, found, reachable, same, sensor};
use sensor_tests::harness::place;
use sensor_tests::harness::sensor::Sensor;
use std::path::{Path, PathBuf};

/// A copy of a plugin's bundle, for a test to change.
fn bundle(sensor: &Sensor, id: &str) -> PathBuf {
    let to = sensor.state().with_file_name(format!("bundle-{id}"));
    std::fs::create_dir_all(&to).unwrap();
    for entry in std::fs::read_dir(place::plugin(id)).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
    to
}

fn edit(bundle: &Path, from: &str, to: &str) {
    let path = bundle.join("plugin.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{text}");
    std::fs::write(path, text.replacen(from, to, 1)).unwrap();
}

#[test]
fn a_bundle_must_be_made_for_this_contract() {
    let sensor = Sensor::bare(Vec::new());
    let path = bundle(&sensor, "aws-unified");
    edit(
        &path,
        "\"sensor:connector\" = \"0.1.0\"",
        "\"sensor:connector\" = \"0.9.0\"",
    );
    let done = sensor.run(&["plugin", "install", &path.to_string_lossy()]);
    done.exit(1).says(&["sensor:connector", "0.9.0", "0.1.0"]);
    sensor.run(&["plugin", "list"]).exit(0);
}

#[test]
fn a_component_may_import_only_what_its_manifest_asks_for() {
    let sensor = Sensor::bare(Vec::new());
    let path = bundle(&sensor, "aws-unified");
    edit(
        &path,
        "[capabilities.secretsmanager]\noptional = [\"ListSecrets\", \"CreateSecret\", \"GetSecretValue\", \"DeleteSecret\"]",
        "",
    );
    let done = sensor.run(&["plugin", "install", &path.to_string_lossy()]);
    done.exit(1).says(&["secrets-manager"]);
}

#[test]
fn a_component_that_is_none_is_refused() {
    let sensor = Sensor::bare(Vec::new());
    let path = bundle(&sensor, "aws-unified");
    let component = wasm_of(&path);
    std::fs::write(&component, b"\0asm\x01\0\0\0").unwrap();
    sensor
        .run(&["plugin", "install", &path.to_string_lossy()])
        .exit(1)
        .says(&["component"]);
}

#[test]
fn an_installed_plugin_whose_bytes_changed_is_not_run() {
    let face = face("organization");
    let sensor = sensor(face.env(), ORGANIZATION);
    sensor.run(&["connector", "import", "aws"]).exit(3);
    let mut harmed = 0;
    for component in all_wasm(&sensor.state()) {
        if component.to_string_lossy().contains("aws-unified") {
            let mut bytes = std::fs::read(&component).unwrap();
            let last = bytes.len() - 1;
            bytes[last] ^= 1;
            std::fs::write(&component, bytes).unwrap();
            harmed += 1;
        }
    }
    assert_eq!(harmed, 1);
    sensor
        .run(&["connector", "import", "aws"])
        .exit(1)
        .says(&["aws-unified", "SHA-256"]);
    same(&found(&sensor.export()), &reachable(&face));
    // Installing it again heals it, without a question: it asks for what it was granted before.
    let path = place::plugin("aws-unified");
    sensor
        .run(&["plugin", "install", &path.to_string_lossy()])
        .exit(0)
        .says(&["installed again; its files had been changed"]);
    sensor.run(&["connector", "import", "aws"]).exit(3);
}

fn wasm_of(bundle: &Path) -> PathBuf {
    all_wasm(bundle).remove(0)
}

fn all_wasm(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(all_wasm(&path));
        } else if path.extension().is_some_and(|end| end == "wasm") {
            found.push(path);
        }
    }
    found
}
