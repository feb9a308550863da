//! Imports by the real SDK path: the HTTP face is AWS, nothing else is special.
//! Above: nothing. Below: `common`.
//! Invariant: the inventory is compared with the model's truth, certificate by certificate.

use super::common::{ORGANIZATION, account, face, found, reachable, same, sensor, truth};
use std::collections::BTreeMap;

#[test]
fn organization_scope_finds_every_certificate_once() {
    let face = face("organization");
    let sensor = sensor(face.env(), ORGANIZATION);
    let [partner, sandbox] = ["partner", "sandbox"].map(|name| account(&face, name));
    // One account and one region are denied: partial, and said so.
    sensor.run(&["connector", "import", "aws"]).exit(3);
    let assets = sensor.export();
    same(&found(&assets), &reachable(&face));
    assert!(
        assets
            .iter()
            .all(|asset| asset["mock"] == false && asset["stale"] == false)
    );
    sensor
        .run(&["connector", "show", "aws"])
        .exit(0)
        .says(&[&partner, &sandbox, "denied"]);
    unchanged_costs_next_to_nothing(&face, &sensor);
}

/// At most one call per 500 certificates and one a split, besides finding out what the splits are.
fn unchanged_costs_next_to_nothing(
    face: &sensor_tests::face::Face,
    sensor: &sensor_tests::harness::sensor::Sensor,
) {
    let before = face.calls();
    sensor.run(&["connector", "import", "aws"]).exit(3);
    let cost: BTreeMap<_, _> = face
        .calls()
        .into_iter()
        .map(|(operation, calls)| {
            (
                operation.clone(),
                calls - before.get(&operation).unwrap_or(&0),
            )
        })
        .filter(|(_, calls)| *calls > 0)
        .collect();
    let cheap = ["ListCertificates", "SearchCertificates"];
    let reads: u64 = cheap.iter().filter_map(|name| cost.get(*name)).sum();
    // 10 accounts of two regions, one of three, and the denied region.
    assert!(reads <= 22, "{cost:?}");
    for dear in [
        "DescribeCertificate",
        "GetCertificate",
        "ListTagsForCertificate",
    ] {
        assert_eq!(cost.get(dear), None, "{cost:?}");
    }
    same(&found(&sensor.export()), &reachable(face));
}

#[test]
fn account_scope_finds_its_own_account() {
    let face = face("organization");
    let sensor = sensor(face.env(), "scope = \"account\"");
    sensor.run(&["connector", "import", "aws"]).exit(0);
    let root = account(&face, "root");
    same(
        &found(&sensor.export()),
        &truth(&face, |account, _| account == root),
    );
    assert_eq!(face.calls().get("AssumeRole"), None);
}

#[test]
fn only_what_is_valid_is_imported_by_default() {
    let face = face("organization");
    let sensor = sensor_tests::harness::sensor::Sensor::with_plugins(face.env());
    let text = super::common::connector(ORGANIZATION);
    sensor.apply(text.split("[import]").next().unwrap()).exit(0);
    sensor.run(&["connector", "import", "aws"]).exit(3);
    let statuses: BTreeMap<String, String> = face.with(|world, now| {
        world
            .truth(now)
            .map(|placed| (placed.arn, placed.status))
            .collect()
    });
    let mut valid = reachable(&face);
    valid.retain(|arn, _| ["ISSUED", "INACTIVE"].contains(&statuses[arn].as_str()));
    same(&found(&sensor.export()), &valid);
}
