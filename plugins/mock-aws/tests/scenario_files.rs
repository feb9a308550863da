//! Scenario files: those of the workspace are good, and bad ones say everything that is wrong with them.
//! Above: nothing. Below: `common`.
//! Invariant: every folder of `tests/scenarios` with an `aws.toml` makes a world.
#![allow(clippy::unwrap_used, reason = "a test may stop")]

mod common;

use common::{START, scenario};
use mock_aws::{Scenario, World};
use std::collections::BTreeSet;

#[test]
fn every_scenario_makes_a_world() {
    let root = format!("{}/../../tests/scenarios", env!("CARGO_MANIFEST_DIR"));
    let mut count = 0;
    for entry in std::fs::read_dir(root).unwrap() {
        let path = entry.unwrap().path();
        if path.join("aws.toml").exists() {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            assert_eq!(scenario(&name).name(), name);
            count += 1;
        }
    }
    assert!(count >= 40, "{count}");
}

#[test]
fn the_demo_is_what_it_promises() {
    let world = scenario("demo");
    assert!(world.account_count() >= 12);
    let start = world.start();
    let unseen: BTreeSet<_> = ["partner-portal", "legacy-billing"]
        .iter()
        .filter_map(|name| world.account_id(name))
        .map(str::to_owned)
        .collect();
    let seen: Vec<_> = world
        .truth(start)
        .filter(|placed| !unseen.contains(&placed.account))
        .collect();
    assert!(seen.len() >= 2000, "{}", seen.len());
    let keys: BTreeSet<_> = seen
        .iter()
        .map(|placed| placed.key_algorithm.as_str())
        .collect();
    let statuses: BTreeSet<_> = seen.iter().map(|placed| placed.status.as_str()).collect();
    let regions: BTreeSet<_> = seen.iter().map(|placed| placed.region.as_str()).collect();
    assert_eq!((keys.len(), statuses.len(), regions.len()), (7, 7, 4));
    let bodies: BTreeSet<_> = seen.iter().filter_map(mock_aws::Placed::sha256).collect();
    let with_body = seen.iter().filter(|placed| placed.der.is_some()).count();
    assert!(
        bodies.len() + 10 < with_body,
        "some bodies are in several places"
    );
}

fn problems(text: &str) -> String {
    match Scenario::parse(text) {
        Err(problems) => problems.to_string(),
        Ok(scenario) => World::new(&scenario, START).unwrap_err().to_string(),
    }
}

#[test]
fn all_problems_at_once() {
    let text = r#"
name = "bad"
partition = "aws-moon"
[organization]
management = "nobody"
[[ou]]
name = "a"
parent = "missing"
[[account]]
name = "one"
id = "12"
ou = "b"
state = "ASLEEP"
certificates = { eu-west-1 = 3 }
certificate = [{ key = "DSA", status = "FINE", region = "mars-1" }]
[[account]]
name = "one"
[[fault]]
kind = "error"
operation = "ListTables"
account = "two"
[mix]
shared = 2.0
keys = { RSA_512 = 1 }
[rates]
ListUsers = 5
"#;
    let told = problems(text);
    for word in [
        "aws-moon",
        "nobody",
        "missing",
        "`12`",
        "`b`",
        "ASLEEP",
        "eu-west-1",
        "DSA",
        "FINE",
        "mars-1",
        "twice",
        "ListTables",
        "`two`",
        "wants a `code`",
        "mix.shared",
        "RSA_512",
        "ListUsers",
    ] {
        assert!(told.contains(word), "{word} in:\n{told}");
    }
}

#[test]
fn unknown_keys_are_errors() {
    assert!(problems("name = \"x\"\nregion = [\"us-east-1\"]").contains("region"));
    assert!(problems("name = \"x\"\n[[account]]\nname = \"a\"\nowner = \"b\"").contains("owner"));
    assert!(problems("name = \"x\"\n[[fault]]\nkind = \"flood\"").contains("throttle"));
    assert!(problems("name = \"x\"").contains("account"));
    assert!(problems("name = \"x\"\nrates = \"fast\"").contains("real"));
    assert!(problems("[[account]]\nname = \"a\"").contains("name"));
}

#[test]
fn entries_of_one_label_are_the_same() {
    let text = "name = \"x\"\n[[account]]\nname = \"a\"\ncertificate = [{ same = \"w\", name = \"w.example.com\" }, { same = \"w\", name = \"v.example.com\" }]";
    assert!(problems(text).contains("\"w\" differ"));
}

#[test]
fn secrets_are_listed_without_values() {
    use sensor_sdk::types::aws::ListSecretsRequest;
    let mut world = common::world(
        "[[account]]\nname = \"a\"\nsecret = [{ name = \"sensor/1\", tags = { of = \"sensor\" } }, { name = \"other\" }, { name = \"sensor/2\", deleted_ms = 0 }]",
    );
    let (base, now) = (world.base(), world.start());
    let mut request = ListSecretsRequest {
        name_prefix: Some("sensor/".to_owned()),
        include_planned_deletion: false,
        max_results: 0,
        next_token: None,
    };
    assert_eq!(
        world
            .list_secrets(now, &base, "us-east-1", &request)
            .unwrap()
            .secrets
            .len(),
        1
    );
    request.include_planned_deletion = true;
    let all = world
        .list_secrets(now, &base, "us-east-1", &request)
        .unwrap()
        .secrets;
    assert_eq!(all.len(), 2);
    assert_eq!(
        world
            .describe_secret(now, &base, "us-east-1", &all[1].arn)
            .unwrap()
            .name,
        "sensor/2"
    );
    assert_eq!(
        world
            .describe_secret(now, &base, "us-east-1", "none")
            .unwrap_err()
            .code,
        "ResourceNotFoundException"
    );
}

#[test]
fn what_is_made_today_is_valid_where_certificates_follow_the_day() {
    let (midnight, noon) = (1_800_057_600_000, 1_800_100_800_000);
    let start = |clock: &str| {
        let scenario = Scenario::parse(&format!(
            "name = \"x\"\nclock = \"{clock}\"\n[[account]]\nname = \"one\"\n"
        ))
        .unwrap();
        World::new(&scenario, noon).unwrap().virtual_start(noon)
    };
    assert_eq!(start("real"), None);
    assert_eq!(start("virtual-today"), Some(noon));
    assert!(start("virtual").is_some_and(|start| start < midnight));
}
