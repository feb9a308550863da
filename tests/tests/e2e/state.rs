//! State directories in trouble: held by another sensor, full, damaged.
//! Above: nothing. Below: `common`.
//! Invariant: the message names the directory or the file; what was in the inventory before is there after.

use super::common::{ORGANIZATION, connector, face, found, reachable, same, sensor};
use std::process::Command;
use std::time::{Duration, Instant};

#[test]
fn two_sensors_do_not_share_a_state_directory() {
    let face = sensor_tests::face::Face::start(&mock_aws::Scenario::parse(SLOW).unwrap()).unwrap();
    let sensor = sensor(face.env(), "scope = \"account\"");
    let mut first = sensor.spawn(&["connector", "import", "aws"]);
    let began = Instant::now();
    while face.calls().is_empty() && began.elapsed() < Duration::from_mins(1) {
        std::thread::sleep(Duration::from_millis(20));
    }
    let state = sensor.state();
    let second = sensor.run(&["connector", "import", "aws"]);
    first.kill().unwrap();
    first.wait().unwrap();
    second
        .exit(1)
        .says(&["another sensor", &state.to_string_lossy()]);
    sensor.run(&["inventory", "list"]).exit(0);
}

/// Long enough for a second sensor to lose its patience.
const SLOW: &str =
    "name = 'slow'\nlatency = { default = 8000 }\n[[account]]\nname = 'a'\ncertificates = 3\n";

/// No privilege is needed for a limit on the size of files; the sensor sees a failed write, as on a full disk.
#[test]
fn a_write_that_fails_ends_the_import_and_loses_nothing() {
    let face = face("organization");
    let sensor = sensor(face.env(), ORGANIZATION);
    let import = sensor.command(&["connector", "import", "aws"]);
    let mut limited = Command::new("sh");
    limited
        .args(["-c", "trap '' XFSZ; ulimit -f 64; exec \"$@\"", "sh"])
        .arg(import.get_program())
        .args(import.get_args());
    limited
        .env_clear()
        .current_dir(import.get_current_dir().unwrap());
    limited.envs(
        import
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    let output = limited.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(!said.contains("panicked"), "{said}");
    // With room again, everything is there.
    sensor.run(&["connector", "import", "aws"]).exit(3);
    same(&found(&sensor.export()), &reachable(&face));
}

#[test]
fn a_damaged_inventory_is_moved_aside_and_rebuilt() {
    let face = face("organization");
    let sensor = sensor(face.env(), ORGANIZATION);
    sensor.run(&["connector", "import", "aws"]).exit(3);
    let database = sensor.state().join("inventory");
    let mut harmed = 0;
    for file in files(&database)
        .into_iter()
        .filter(|file| file.ends_with("db"))
    {
        let mut bytes = std::fs::read(&file).unwrap();
        let middle = bytes.len() / 2;
        bytes[..middle].fill(0xff);
        std::fs::write(&file, bytes).unwrap();
        harmed += 1;
    }
    assert!(harmed > 0, "no database below {}", database.display());
    sensor
        .run(&["connector", "import", "aws"])
        .exit(3)
        .says(&["damaged", "import again"]);
    same(&found(&sensor.export()), &reachable(&face));
    // Connectors live elsewhere and were not touched.
    let again = sensor.write("again.toml", &connector(ORGANIZATION));
    sensor
        .run(&["connector", "apply", "-f", &again.to_string_lossy()])
        .exit(0)
        .says(&["unchanged"]);
}

fn files(directory: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}
