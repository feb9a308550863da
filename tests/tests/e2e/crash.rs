//! kill -9 at random moments of imports, a hundred times.
//! Above: nothing. Below: `common`.
//! Invariant: each import that is at last left alone ends at the exact truth, and nothing was ever called gone.

use super::common::{ORGANIZATION, face, found, reachable, same, sensor};
use sensor_tests::harness::sensor::Sensor;
use serde_json::Value;
use std::time::{Duration, Instant};

const ROUNDS: u32 = 100;

#[test]
fn killed_a_hundred_times_and_exact() {
    let face = face("organization");
    let truth = reachable(&face);
    let mut dice = Dice(0x5eed_0001);
    let (mut killed, mut finished) = (0, 0);
    let mut current = sensor(face.env(), ORGANIZATION);
    while killed < ROUNDS {
        if killed_in_mid_run(&current, dice.between(20, 900)) {
            killed += 1;
            let assets = if killed % 10 == 0 {
                current.export()
            } else {
                Vec::new()
            };
            nothing_is_gone(&assets);
            for (arn, fingerprint) in found(&assets) {
                assert_eq!(truth.get(&arn), Some(&fingerprint), "{arn}");
            }
        } else {
            finished += 1;
            exact(&current, &truth);
            current = sensor(face.env(), ORGANIZATION);
        }
    }
    current.run(&["connector", "import", "aws"]).exit(3);
    exact(&current, &truth);
    assert!(
        finished < ROUNDS,
        "most imports ended before they could be killed"
    );
}

fn exact(sensor: &Sensor, truth: &super::common::Places) {
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

/// False where the import came to its end before.
fn killed_in_mid_run(sensor: &Sensor, after_ms: u64) -> bool {
    let mut child = sensor.spawn(&["connector", "import", "aws"]);
    let end = Instant::now() + Duration::from_millis(after_ms);
    while Instant::now() < end {
        if let Some(status) = child.try_wait().unwrap() {
            assert_eq!(status.code(), Some(3));
            return false;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap().code().is_none()
}

/// The same dice in every run of the test; where they fall depends on the machine anyway.
struct Dice(u64);

impl Dice {
    fn between(&mut self, low: u64, high: u64) -> u64 {
        // xorshift64
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        low + self.0 % (high - low)
    }
}
