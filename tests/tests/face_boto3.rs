//! The HTTP face as AWS's Python SDK sees it: a second reader of the same answers.
//! Above: nothing. Below: `sensor_tests::face`, `tests/python/face_boto3.py`.
//! Invariant: what boto3 read is compared with the model's own truth.
#![allow(clippy::unwrap_used, reason = "tests")]

use sensor_tests::face::Face;
use sensor_tests::harness::{place, python, scenario};
use sensor_tests::pem;
use serde_json::{Value, json};
use std::collections::BTreeMap;

#[test]
fn boto3_reads_every_service() {
    let face = Face::start(&scenario(&place::file("cases/face/scenario.toml")).unwrap()).unwrap();
    let account = |name: &str| face.with(|world, _| world.account_id(name).unwrap().to_owned());
    let (member, denied) = (account("member"), account("denied"));
    let mut script = python::script("face_boto3.py");
    script.args([&member, &denied]).envs(face.env());
    let seen: Value = serde_json::from_str(&python::output(&mut script).unwrap()).unwrap();

    assert_eq!(seen["identity"], face.identity().arn);
    assert_eq!(seen["accounts"].as_array().unwrap().len(), 34);
    assert_eq!(seen["regions"]["ap-east-1"], "DISABLED");
    assert_eq!(
        seen["search"],
        json!(["a.example.com", "many.example.com", "pending.example.com"])
    );
    let errors = json!({
        "denied": ["AccessDenied", 403],
        "early": ["RequestInProgressException", 400],
        "stale": ["ValidationException", 400],
        "gone": ["ResourceNotFoundException", 400],
        "unknown": ["UnrecognizedClientException", 400],
        "too-many": ["InvalidInputException", 400],
    });
    assert_eq!(seen["errors"], errors);

    let certificates = seen["certificates"].as_object().unwrap();
    assert_eq!(certificates.len(), 120);
    let body = |(arn, pem): (&String, &Value)| Some((arn.clone(), pem::decode(pem.as_str()?)?));
    let bodies: BTreeMap<_, _> = certificates.iter().filter_map(body).collect();
    let truth: BTreeMap<_, _> = face.with(|world, now| {
        let placed = world
            .truth(now)
            .filter(|placed| placed.account == member && placed.visible);
        placed
            .filter_map(|placed| Some((placed.arn, placed.der?)))
            .collect()
    });
    assert_eq!(bodies, truth);
}
