//! What the READMEs say is done as it is written.
//! Above: nothing. Below: `common`.
//! Invariant: commands and files come out of the READMEs themselves; nothing of them is repeated here.

use super::common::sensor;
use sensor_tests::harness::place;
use serde_json::Value;
use std::process::Command;

/// The blocks of this language.
fn blocks(readme: &str, language: &str) -> Vec<String> {
    let text = std::fs::read_to_string(place::file("..").join(readme)).unwrap();
    let open = format!("```{language}\n");
    let parts = text.split(open.as_str()).skip(1);
    parts
        .map(|part| part.split("```").next().unwrap_or_default().to_owned())
        .collect()
}

/// The lines that do something, without their remarks.
fn commands(block: &str) -> Vec<&str> {
    let lines = block
        .lines()
        .map(|line| line.split(" #").next().unwrap_or_default().trim());
    lines
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect()
}

fn of_authors(readme: &str) -> String {
    let all = blocks(readme, "sh");
    let block = all.into_iter().find(|block| block.contains("sdk/template"));
    block.unwrap_or_else(|| panic!("{readme} says how to begin a plugin"))
}

/// A copy of what git keeps, which shares this checkout's target directory.
fn checkout() -> tempfile::TempDir {
    let root = place::file("..").canonicalize().unwrap();
    let copy = tempfile::tempdir().unwrap();
    let shell = format!(
        "git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents -t '{}' 2>/dev/null; ln -s \"$PWD/target\" '{}/target'",
        copy.path().display(),
        copy.path().display()
    );
    let mut command = Command::new("sh");
    command.args(["-c", &shell]).current_dir(root);
    assert!(command.status().unwrap().success());
    assert!(copy.path().join("sdk/template/Cargo.toml").is_file());
    copy
}

#[test]
fn a_plugin_begins_with_the_commands_of_the_readmes() {
    let (short, long) = (of_authors("README.md"), of_authors("sdk/README.md"));
    let long = commands(&long);
    for command in commands(&short) {
        assert!(long.contains(&command), "{command} is in one README only");
    }
    let copy = checkout();
    let program = place::program("sensor");
    let path = format!(
        "{}:{}",
        program.parent().unwrap().display(),
        place::variable("PATH").unwrap().to_string_lossy()
    );
    let mut command = Command::new("bash");
    command
        .args(["-euxc", &long.join("\n")])
        .current_dir(copy.path())
        .env("PATH", path)
        .env("CARGO_NET_OFFLINE", "true")
        .env("SENSOR_STATE_DIR", copy.path().join("state"));
    // What cargo says to its tests is about this crate.
    for name in ["CARGO_MANIFEST_DIR", "CARGO_TARGET_DIR", "CARGO_PKG_NAME"] {
        command.env_remove(name);
    }
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    let _made = std::fs::remove_dir_all(place::made("plugins/my-cloud"));
    assert!(output.status.success(), "{said}");
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(shown.contains("my-cloud 0.1.0"), "{shown}");
    assert!(shown.contains("can be set under [settings]"), "{shown}");
}

#[test]
fn the_connectors_whole_file_is_applied_and_leaves_nothing_out() {
    let sensor = sensor(Vec::new(), "scope = \"account\"");
    let file = blocks("plugins/aws-unified/README.md", "toml").remove(0);
    let done = sensor.apply(&file).exit(0);
    assert!(!done.stderr.contains("allows nothing"), "{}", done.stderr);
    let written: toml::Table = file.parse().unwrap();
    let schema: Value = serde_json::from_str(aws_unified::SCHEMA).unwrap();
    for (name, property) in schema["properties"].as_object().unwrap() {
        if property["readOnly"] == true {
            continue;
        }
        let value = &written["settings"].get(name);
        assert!(value.is_some(), "settings.{name} is not in the file");
        for inner in property["properties"].as_object().into_iter().flatten() {
            // Of a table, what excludes each other is there as a remark.
            assert!(
                file.contains(&format!("{} = ", inner.0)),
                "{name}.{}",
                inner.0
            );
        }
        if let Some(default) = property.get("default").and_then(Value::as_str) {
            assert_eq!(value.unwrap().as_str(), Some(default), "{name}");
        }
    }
}

#[test]
fn a_plugins_settings_are_told_by_the_program() {
    let sensor = sensor(Vec::new(), "scope = \"account\"");
    let told = sensor.run(&["plugin", "inspect", "aws-unified"]).exit(0);
    told.says(&[
        "organizational_units.include",
        "details_max_age",
        "default \"7d\"",
    ]);
    let bundle = place::plugin("aws-credentials");
    let told = sensor
        .run(&["plugin", "inspect", &bundle.to_string_lossy()])
        .exit(0);
    told.says(&["method \"access-key\"", "Where STS is asked"]);
}
