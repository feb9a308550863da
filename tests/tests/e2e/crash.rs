//! kill -9 at random moments of first imports: sixty of the hundred rounds; `crash_filled` has the others.
//! Above: nothing. Below: `common`.
//! Invariant: each import that is at last left alone ends at the exact truth, and nothing was ever called gone.

use super::common::{ORGANIZATION, Places, connector, face, found, reachable, same};
use sensor_tests::face::Face;
use sensor_tests::harness::sensor::Sensor;
use serde_json::Value;
use std::process::Command;
use std::time::Duration;

const ROUNDS: u32 = 60;
/// An import is killed before this many calls.
const DEEPEST: u64 = 450;
/// How often the inventory is looked at after a kill.
const EVERY: u32 = 5;

#[test]
fn killed_in_first_imports_and_exact() {
    let face = face("organization");
    let truth = reachable(&face);
    let mut dice = Dice(0x5eed_0001);
    let (mut killed, mut finished, mut halfway) = (0, 0, 0);
    let mut current = fresh(&face);
    while killed < ROUNDS {
        if !killed_in_mid_run(&face, &current, &mut dice, DEEPEST) {
            finished += 1;
            exact(&current, &truth);
            current = fresh(&face);
            continue;
        }
        killed += 1;
        if killed % EVERY == 0 {
            let assets = current.export();
            nothing_is_gone(&assets);
            let places = found(&assets);
            halfway += u32::from(!places.is_empty() && places.len() < truth.len());
            let wrong = places
                .iter()
                .find(|(arn, fingerprint)| truth.get(*arn) != Some(*fingerprint));
            assert_eq!(wrong, None, "after {killed} kills");
        }
    }
    current.run(&["connector", "import", "aws"]).exit(3);
    exact(&current, &truth);
    // Or the kills fell before anything was done, or after everything was.
    assert!(
        finished > 0 && halfway > 2,
        "{finished} imports ended unharmed; {halfway} of {} looks fell into the middle of one",
        ROUNDS / EVERY
    );
}

/// Few splits at once, so that an import has many commits, one after another.
pub(super) fn fresh(face: &Face) -> Sensor {
    let sensor = Sensor::with_plugins(face.env());
    let text = connector(ORGANIZATION) + "[limits]\nconcurrency = 3\n";
    sensor.apply(&text).exit(0);
    sensor
}

fn exact(sensor: &Sensor, truth: &Places) {
    let assets = sensor.export();
    nothing_is_gone(&assets);
    same(&found(&assets), truth);
}

fn nothing_is_gone(assets: &[Value]) {
    for asset in assets {
        assert!(
            asset["missing_since"].is_null() && asset["retired_at"].is_null(),
            "{asset}"
        );
    }
}

/// Kills an import some calls after its start, and some milliseconds after those: by calls, so that a fast machine
/// and a slow one kill at the same depth. False where the import came to its end before.
pub(super) fn killed_in_mid_run(
    face: &Face,
    sensor: &Sensor,
    dice: &mut Dice,
    deepest: u64,
) -> bool {
    let at = calls(face) + dice.below(deepest);
    let after = Duration::from_millis(dice.below(40));
    let mut child = sensor.spawn(&["connector", "import", "aws"]);
    while calls(face) < at {
        if let Some(status) = child.try_wait().unwrap() {
            assert_eq!(status.code(), Some(3));
            return false;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    std::thread::sleep(after);
    child.kill().unwrap();
    child.wait().unwrap().code().is_none()
}

fn calls(face: &Face) -> u64 {
    face.calls().values().sum()
}

/// The same dice in every run of the test.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        // xorshift64
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

fn interrupt(child: &std::process::Child) {
    let pid = child.id().to_string();
    let mut kill = Command::new("kill");
    assert!(kill.args(["-INT", &pid]).status().unwrap().success());
}

/// One Ctrl-C ends the whole command, not the turn of one connector.
#[test]
fn an_interrupt_ends_an_import_of_all_that_is_due() {
    let face = face("organization");
    let sensor = fresh(&face);
    let other = connector(ORGANIZATION).replace("name = \"aws\"", "name = \"bws\"");
    sensor.apply(&other).exit(0);
    let before = calls(&face);
    let mut child = sensor.spawn(&["connector", "import", "--due"]);
    while calls(&face) < before + 100 {
        assert_eq!(child.try_wait().unwrap(), None, "it ended too early");
        std::thread::sleep(Duration::from_millis(2));
    }
    interrupt(&child);
    assert_eq!(child.wait().unwrap().code(), Some(3));
    let runs = sensor.run(&["run", "list", "--output", "csv"]).exit(0);
    assert!(!runs.stdout.contains("bws"), "{}", runs.stdout);
    runs.says(&["aws", "stopped"]);
}

/// What Ctrl-C does.
#[test]
fn an_interrupt_stops_at_a_page_and_the_next_import_goes_on() {
    let face = face("organization");
    let sensor = fresh(&face);
    let before = calls(&face);
    let mut child = sensor.spawn(&["connector", "import", "aws"]);
    while calls(&face) < before + 300 {
        assert_eq!(child.try_wait().unwrap(), None, "it ended too early");
        std::thread::sleep(Duration::from_millis(2));
    }
    interrupt(&child);
    let code = child.wait().unwrap().code();
    assert!(code.is_some_and(|code| code != 0), "{code:?}");
    let stopped = sensor
        .run(&["run", "show", "latest", "--output", "json"])
        .exit(0);
    stopped.says(&["\"stopped\""]);
    nothing_is_gone(&sensor.export());
    sensor.run(&["connector", "import", "aws"]).exit(3);
    exact(&sensor, &reachable(&face));
}
