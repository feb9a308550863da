//! The hostile guest through the whole sensor: a check only reads, and a run goes on around what misbehaves.

use crate::support::hostile_bundle;
use sensor::app::{CheckOptions, ImportOptions, Sensor};
use sensor::connector::{ProgressSender, RunReport};
use sensor::model::id::ConnectorId;
use sensor::model::run::RunStatus;
use sensor::model::split::Coverage;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

const SCENARIO: &str = r#"
name = "kept"
clock = "virtual"
rates = "off"
[[account]]
name = "one"
id = "111122223333"
certificates = { eu-central-1 = 3 }
regions = ["eu-central-1"]
"#;

/// A sensor with a connector of the hostile guest that does this. Not by `apply`: it misbehaves when it describes
/// itself, too.
fn sensor(word: &str) -> (TempDir, Sensor, ConnectorId) {
    let dir = tempfile::tempdir().expect("a directory");
    std::fs::write(dir.path().join("aws.toml"), SCENARIO).expect("a scenario");
    let sensor = Sensor::open(&dir.path().join("state")).expect("a sensor");
    let mock = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/plugins/mock-aws");
    for bundle in [hostile_bundle(), mock] {
        sensor.install_plugin(&bundle, true).expect("it fits");
    }
    let file = format!(
        "name = 'bad'\nplugin = 'hostile'\n[settings]\ndo = '{word}'\n\
         [mock_host]\nplugin = 'mock-aws'\nscenario = 'aws.toml'\n"
    );
    let config = sensor::config::parse(&file, dir.path()).expect("a connector");
    let ledger = sensor.ledger();
    ledger.put_connector(&config[0], 0).expect("kept");
    let name = config[0].name.clone();
    (dir, sensor, name)
}

async fn import(word: &str) -> (TempDir, Sensor, RunReport) {
    let (dir, sensor, name) = sensor(word);
    let report = sensor
        .import(
            &name,
            &ImportOptions::default(),
            ProgressSender::default(),
            CancellationToken::new(),
        )
        .await
        .expect("a report");
    (dir, sensor, report)
}

#[tokio::test]
async fn a_run_goes_on_around_a_trap_an_endless_loop_and_a_memory_bomb() {
    for (word, code) in [
        ("trap", "plugin-trap"),
        ("spin", "plugin-spinning"),
        ("bomb", "plugin-memory"),
    ] {
        let (dir, sensor, report) = import(word).await;
        assert_eq!(report.run.status, RunStatus::Partial, "{word}");
        let told: Vec<_> = report
            .splits
            .iter()
            .map(|split| {
                let code = split.error.as_ref().map(|error| error.code.as_str());
                (split.region.as_deref(), split.coverage, code)
            })
            .collect();
        let failed = (Some("eu-central-1"), Coverage::Failed, Some(code));
        let whole = (Some("eu-west-1"), Coverage::Complete, None);
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told.contains(&failed) && told.contains(&whole), "{told:?}");
        // The same as a command: partial is exit code 3.
        drop(sensor);
        let mut command = Command::new(env!("CARGO_BIN_EXE_sensor"));
        command
            .args(["connector", "import", "bad"])
            .env_clear()
            .env("SENSOR_STATE_DIR", dir.path().join("state"));
        let output = command.output().expect("it ran");
        assert_eq!(output.status.code(), Some(3), "{word}: {output:?}");
    }
}

#[tokio::test]
async fn fact_29_a_plan_without_accounts_or_without_places_is_an_error() {
    for (word, code) in [
        ("no-account", "no-accounts"),
        ("no-place", "nothing-to-read"),
    ] {
        let (_dir, _sensor, report) = import(word).await;
        assert_eq!(report.run.status, RunStatus::Failed, "{word}");
        let error = report.run.error.expect("told");
        assert_eq!(error.code, code, "{word}");
    }
}

#[tokio::test]
async fn a_check_that_deletes_what_it_finds_is_refused_before_the_cloud() {
    let (_dir, sensor, name) = sensor("erase");
    let report = sensor
        .check(&name, &CheckOptions::default())
        .await
        .expect("a check");
    let codes: Vec<_> = report
        .findings
        .iter()
        .filter(|finding| finding.subject.is_some())
        .map(|finding| finding.code.as_str())
        .collect();
    let refused = "NotGranted NotGranted";
    let nowhere = "ResourceNotFoundException ResourceNotFoundException";
    assert_eq!(codes, [refused, refused, refused, nowhere]);
    let changes: Vec<_> = report
        .calls
        .iter()
        .filter(|(name, _)| name.ends_with("DeleteCertificate") || name.contains("AddTags"))
        .map(|(_, count)| *count)
        .collect();
    assert_eq!(
        changes,
        [1, 1],
        "only the one that does not exist is asked for"
    );
}
