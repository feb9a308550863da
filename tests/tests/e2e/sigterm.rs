//! A sensor that serves is told to end in the middle of deliveries.
//! Above: nothing. Below: `beside`, `delivery_trial`, `enroll_desk`, `enroll`.
//! Invariant: the signal comes while the simulated AWS owes the answer to an import; imports are counted there.

use super::beside::Serving;
use super::common::truth;
use super::delivery_trial::calm;
use super::enroll::{ready, target};
use super::enroll_desk::{create, imports, show};
use mock_aws::Scenario;
use sensor_tests::face::Face;
use sensor_tests::harness::place;
use sensor_tests::harness::sensor::Sensor;
use std::time::{Duration, Instant};

/// More than go to one place at a time.
const REQUESTS: u64 = 3;

/// Answers imports late; the import itself is done at once.
fn slow() -> Face {
    let file = place::file("cases/organization/scenario.toml");
    let text = std::fs::read_to_string(file).unwrap();
    let late = "[[fault]]\nkind = \"latency\"\noperation = \"ImportCertificate\"\nms = 3000\n";
    Face::start(&Scenario::parse(&format!("{text}\n{late}")).unwrap()).unwrap()
}

/// As many requests to one place, and a sensor that serves, in the middle of the first imports.
fn under_way(face: &Face, sensor: &Sensor) -> Serving {
    let to = target(face, "web", "us-east-1");
    for number in 1..=REQUESTS {
        let name = format!("t{number}.example.com");
        create(sensor, &[&name, "--to", &to]).exit(0);
    }
    let serving = Serving::start(sensor);
    let begun = Instant::now();
    while imports(face) == 0 {
        assert!(begun.elapsed().as_secs() < 120, "nothing was imported");
        std::thread::sleep(Duration::from_millis(20));
    }
    serving
}

fn delivered(sensor: &Sensor) -> u64 {
    let all = (1..=REQUESTS).filter(|id| show(sensor, *id)["state"] == "delivered");
    all.count() as u64
}

/// The next sensor ends what the last one began: every request has its certificate, by one import in all.
fn goes_on(face: &Face, sensor: &Sensor) {
    assert!(delivered(sensor) < REQUESTS, "it was in the middle");
    let line = ["serve", "--once", "--no-imports"];
    sensor.run_with(&line, &calm("")).exit(0);
    let there = truth(face, |_, region| region == "us-east-1");
    for id in 1..=REQUESTS {
        let view = show(sensor, id);
        assert_eq!(view["state"], "delivered", "{view:#}");
        assert_eq!(view["issuances"].as_array().unwrap().len(), 1);
        assert_eq!(view["issuances"][0]["key"], "erased");
        let sha256 = view["issuances"][0]["sha256"].as_str().unwrap();
        let arns: Vec<_> = there.iter().filter(|(_, sha)| *sha == sha256).collect();
        assert_eq!(arns.len(), 1, "{view:#}");
        assert_eq!(view["deliveries"][0]["arn"], arns[0].0.as_str());
    }
    assert_eq!(imports(face), REQUESTS, "one each");
}

#[test]
fn a_sensor_that_is_told_to_end_in_mid_delivery_ends_well_and_the_next_goes_on() {
    let face = slow();
    let sensor = ready(&face, "custody = \"sensor\"");
    let serving = under_way(&face, &sensor);
    serving.terminate();
    assert_eq!(serving.ended(), Some(0));
    // What was under way was waited for: nobody has to look whether it arrived.
    for id in 1..=REQUESTS {
        let view = show(&sensor, id);
        let state = &view["deliveries"][0]["state"];
        assert_ne!(state, "importing", "{view:#}");
    }
    goes_on(&face, &sensor);
}

#[test]
fn a_second_signal_ends_it_at_once_and_nothing_is_imported_twice() {
    let face = slow();
    let sensor = ready(&face, "custody = \"sensor\"");
    let serving = under_way(&face, &sensor);
    serving.terminate();
    // Two signals at once would be one.
    std::thread::sleep(Duration::from_millis(300));
    serving.terminate();
    assert_eq!(serving.ended(), Some(1));
    let states = (1..=REQUESTS).map(|id| show(&sensor, id)["deliveries"][0]["state"].clone());
    assert!(
        states.into_iter().any(|state| state == "importing"),
        "at once: nobody saw the end of an import"
    );
    goes_on(&face, &sensor);
}
