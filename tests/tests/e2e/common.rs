//! What the end-to-end tests share: connector files, truths, inventories as maps.
//! Above: the test modules. Below: `sensor_tests`.
//! Invariant: an inventory that shows one place twice never gets past `found`.

use sensor_tests::face::Face;
use sensor_tests::harness::sensor::Sensor;
use sensor_tests::harness::{place, scenario};
use serde_json::Value;
use std::collections::BTreeMap;

/// ARN to SHA-256 of the body, in hex.
pub(crate) type Places = BTreeMap<String, String>;

/// The scenario of `cases/<name>/scenario.toml`, served.
pub(crate) fn face(name: &str) -> Face {
    Face::start(&scenario(&place::file(&format!("cases/{name}/scenario.toml"))).unwrap()).unwrap()
}

/// A connector's file: imports everything that has a body.
pub(crate) fn connector(settings: &str) -> String {
    format!(
        r#"name = "aws"
plugin = "aws-unified"
[credential]
provider = "aws-credentials"
method = "default-chain"
[settings]
{settings}
[import]
expired_since = "2000-01-01"
revoked = true
"#
    )
}

/// The organization scope of `cases/organization`.
pub(crate) const ORGANIZATION: &str = "scope = \"organization\"\nexternal_id = \"example-7f3a91\"";

/// A sensor with that connector.
pub(crate) fn sensor(env: Vec<(String, String)>, settings: &str) -> Sensor {
    let sensor = Sensor::with_plugins(env);
    sensor.apply(&connector(settings)).exit(0);
    sensor
}

/// What an inventory shows that has a body.
#[track_caller]
pub(crate) fn found(assets: &[Value]) -> Places {
    let mut places = Places::new();
    for asset in assets {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let Some(fingerprint) = text(&asset["certificate"]["fingerprint"]) else {
            continue;
        };
        let id = text(&asset["id"]).unwrap();
        assert_eq!(
            places.insert(id.clone(), fingerprint),
            None,
            "{id} stands in the inventory twice"
        );
    }
    places
}

/// What is there to be found in accounts and regions that a rule picks.
pub(crate) fn truth(face: &Face, pick: impl Fn(&str, &str) -> bool) -> Places {
    face.with(|world, now| {
        let placed = world
            .truth(now)
            .filter(|p| p.visible && p.intact && pick(&p.account, &p.region));
        placed
            .filter_map(|p| Some((p.arn.clone(), hex::encode(p.sha256()?))))
            .collect()
    })
}

/// An account's number.
pub(crate) fn account(face: &Face, name: &str) -> String {
    face.with(|world, _| world.account_id(name).unwrap().to_owned())
}

/// What `cases/organization` lets the operator see.
pub(crate) fn reachable(face: &Face) -> Places {
    let [partner, closing, sandbox] =
        ["partner", "closing", "sandbox"].map(|name| account(face, name));
    truth(face, |account, region| {
        account != partner
            && account != closing
            && !(account == sandbox && region == "eu-central-1")
    })
}

/// Compares two maps and tells the difference, not the maps.
#[track_caller]
pub(crate) fn same(found: &Places, truth: &Places) {
    let missing: Vec<_> = truth
        .keys()
        .filter(|arn| !found.contains_key(*arn))
        .take(5)
        .collect();
    let extra: Vec<_> = found
        .keys()
        .filter(|arn| !truth.contains_key(*arn))
        .take(5)
        .collect();
    let other: Vec<_> = truth
        .iter()
        .filter(|(arn, sha)| found.get(*arn).is_some_and(|s| s != *sha))
        .take(5)
        .collect();
    let told = (found.len(), truth.len());
    assert!(
        missing.is_empty() && extra.is_empty() && other.is_empty(),
        "{told:?}: missing {missing:?}, extra {extra:?}, other bytes {other:?}"
    );
}
