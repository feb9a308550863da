//! The cloud is swapped for a mock-host by one flag, and nothing else changes.
//! Above: nothing. Below: `common`.
//! Invariant: both imports see the same scenario; what may differ is named here.

use super::common::{ORGANIZATION, sensor};
use mock_aws::Scenario;
use sensor_tests::face::{Face, wall_ms};
use sensor_tests::harness::place;
use sensor_tests::harness::sensor::Sensor;
use serde_json::Value;

/// When it was seen, by which run, and that it is not real.
const MAY_DIFFER: [&str; 5] = ["first_seen", "last_seen", "read_at", "run", "mock"];

#[test]
fn a_mock_host_gives_the_same_inventory() {
    // Both worlds begin at the same moment, or their certificates would differ.
    let text = std::fs::read_to_string(place::file("cases/organization/scenario.toml")).unwrap();
    let start = jiff::Timestamp::from_millisecond(wall_ms()).unwrap();
    let text = format!("start = {start}\n{text}");
    let face = Face::start(&Scenario::parse(&text).unwrap()).unwrap();
    let real = sensor(face.env(), ORGANIZATION);
    let mock = sensor(Vec::new(), ORGANIZATION);
    let path = mock.write("aws.toml", &text);
    real.run(&["connector", "import", "aws"]).exit(3);
    let flag = [
        "--mock-host",
        "mock-aws",
        "--scenario",
        &path.to_string_lossy(),
    ];
    mock.run(&[&["connector", "import", "aws"], &flag[..]].concat())
        .exit(3);
    let (real_assets, mock_assets) = (comparable(&real, false), comparable(&mock, true));
    assert!(real_assets.len() > 200, "{}", real_assets.len());
    assert_eq!(real_assets.len(), mock_assets.len());
    for (real, mock) in real_assets.iter().zip(&mock_assets) {
        assert_eq!(real, mock);
    }
}

fn comparable(sensor: &Sensor, mock: bool) -> Vec<Value> {
    let mut assets = sensor.export();
    for asset in &mut assets {
        assert_eq!(asset["mock"], mock);
        asset
            .as_object_mut()
            .unwrap()
            .retain(|field, _| !MAY_DIFFER.contains(&field.as_str()));
    }
    assets.sort_by_key(|asset| asset["id"].to_string());
    assets
}
