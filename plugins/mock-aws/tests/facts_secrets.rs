//! The numbered facts about Secrets Manager, at the model's own interface.
//! Above: nothing. Below: `common`.
//! Invariant: one test a fact, named by its number.
#![allow(clippy::unwrap_used, reason = "a test may stop")]

mod common;

use common::{START, tag, world};
use mock_aws::{Fault, NewSecret, SecretDeletion, SecretNamed, SecretValue, World};
use sensor_sdk::types::ErrorClass;
use sensor_sdk::types::aws::ListSecretsRequest;

const EAST: &str = "us-east-1";
const ONE: &str = "[[account]]\nname = \"one\"\n";
const TOKEN: &str = "6f1c0d1e-0000-4000-8000-000000000001";
const DAY: i64 = 86_400_000;

fn secret(name: &str) -> NewSecret<'_> {
    NewSecret {
        name,
        token: Some(TOKEN),
        kms_key_id: None,
        tags: &[],
        text: Some("sealed"),
        binary: None,
    }
}

fn create(world: &mut World, now: i64, new: &NewSecret<'_>) -> Result<SecretNamed, Fault> {
    let base = world.base();
    world.create_secret(now, &base, EAST, new)
}

fn force(id: &str) -> SecretDeletion<'_> {
    SecretDeletion {
        id,
        force: true,
        window_days: None,
    }
}

fn delete(
    world: &mut World,
    now: i64,
    deletion: &SecretDeletion<'_>,
) -> Result<SecretNamed, Fault> {
    let base = world.base();
    world.delete_secret(now, &base, EAST, deletion)
}

fn value(world: &mut World, now: i64, id: &str) -> Result<SecretValue, Fault> {
    let base = world.base();
    world
        .get_secret_value(now, &base, EAST, id)
        .map(|content| content.value)
}

/// Names below a prefix.
fn listed(world: &mut World, now: i64, planned: bool) -> Vec<String> {
    let base = world.base();
    let request = ListSecretsRequest {
        name_prefix: Some("sensor/".to_owned()),
        include_planned_deletion: planned,
        max_results: 0,
        next_token: None,
    };
    let page = world.list_secrets(now, &base, EAST, &request).unwrap();
    page.secrets.into_iter().map(|secret| secret.name).collect()
}

#[track_caller]
fn refused<T: std::fmt::Debug>(answer: Result<T, Fault>, code: &str, words: &str) {
    let fault = answer.expect_err(words);
    assert_eq!(fault.code, code, "{fault}");
    assert!(fault.message.contains(words), "{fault}");
}

#[test]
fn fact_46_the_token_makes_a_repeat_the_same() {
    let mut world = world(ONE);
    let first = create(&mut world, START, &secret("sensor/s/1")).unwrap();
    assert!(first.arn.contains(":secret:sensor/s/1-"));
    let again = create(&mut world, START + 1000, &secret("sensor/s/1")).unwrap();
    assert_eq!(first, again);
    let other = NewSecret {
        text: Some("other"),
        ..secret("sensor/s/1")
    };
    refused(
        create(&mut world, START, &other),
        "ResourceExistsException",
        "already in use for a version",
    );
    let token = "6f1c0d1e-0000-4000-8000-000000000002";
    let newer = NewSecret {
        token: Some(token),
        ..secret("sensor/s/1")
    };
    refused(
        create(&mut world, START, &newer),
        "ResourceExistsException",
        "already exists",
    );
    assert_eq!(
        value(&mut world, START, "sensor/s/1").unwrap(),
        SecretValue::Text("sealed".to_owned())
    );
    assert_eq!(
        value(&mut world, START, &first.arn).unwrap(),
        SecretValue::Text("sealed".to_owned())
    );
    assert_eq!(listed(&mut world, START, false), ["sensor/s/1"]);
}

#[test]
fn fact_46_limits_of_token_name_and_value() {
    let mut world = world(ONE);
    let none = NewSecret {
        token: None,
        ..secret("sensor/s/1")
    };
    refused(
        create(&mut world, START, &none),
        "InvalidRequestException",
        "ClientRequestToken",
    );
    for token in [&"x".repeat(31), &"x".repeat(65)] {
        let wrong = NewSecret {
            token: Some(token),
            ..secret("sensor/s/1")
        };
        refused(
            create(&mut world, START, &wrong),
            "ValidationException",
            "clientRequestToken",
        );
    }
    let long = "n".repeat(513);
    for name in ["", "a b", "ümlaut", &long] {
        refused(
            create(&mut world, START, &secret(name)),
            "ValidationException",
            "Invalid name",
        );
    }
    refused(
        create(&mut world, START, &secret("sensor-abcdef")),
        "ValidationException",
        "hyphen and six",
    );
    create(&mut world, START, &secret("sensor/A_b+c=d.e@f-g")).unwrap();
    let (fits, not) = ("v".repeat(65_536), "v".repeat(65_537));
    let fits = NewSecret {
        text: Some(&fits),
        ..secret("fits")
    };
    let not = NewSecret {
        text: Some(&not),
        ..secret("does.not")
    };
    create(&mut world, START, &fits).unwrap();
    refused(
        create(&mut world, START, &not),
        "ValidationException",
        "secretString",
    );
    let both = NewSecret {
        binary: Some("AAAA"),
        ..secret("both")
    };
    refused(
        create(&mut world, START, &both),
        "InvalidParameterException",
        "both",
    );
}

#[test]
fn fact_47_tags_are_told_and_the_value_is_not() {
    let mut world = world(ONE);
    let base = world.base();
    let tags = [tag("sensor-id", "s")];
    let new = NewSecret {
        tags: &tags,
        ..secret("sensor/s/1")
    };
    create(&mut world, START, &new).unwrap();
    let told = world
        .describe_secret(START, &base, EAST, "sensor/s/1")
        .unwrap();
    assert_eq!(
        (told.tags.as_slice(), told.created_at, told.deleted_at),
        (&tags[..], Some(START), None)
    );
    assert!(!format!("{told:?}").contains("sealed"));
}

#[test]
fn fact_48_a_deletion_with_a_window_can_be_taken_back() {
    let mut world = world(ONE);
    let base = world.base();
    create(&mut world, START, &secret("sensor/s/1")).unwrap();
    let window = |days| SecretDeletion {
        id: "sensor/s/1",
        force: false,
        window_days: days,
    };
    for days in [6, 31] {
        refused(
            delete(&mut world, START, &window(Some(days))),
            "InvalidParameterException",
            "between 7 and 30",
        );
    }
    let both = SecretDeletion {
        force: true,
        ..window(Some(7))
    };
    refused(
        delete(&mut world, START, &both),
        "InvalidParameterException",
        "in conjunction",
    );
    let named = delete(&mut world, START, &window(None)).unwrap();
    assert_eq!(named.gone_at, Some(START + 30 * DAY));
    refused(
        value(&mut world, START, "sensor/s/1"),
        "InvalidRequestException",
        "marked for deletion",
    );
    refused(
        create(&mut world, START, &secret("sensor/s/1")),
        "InvalidRequestException",
        "scheduled for deletion",
    );
    assert_eq!(listed(&mut world, START, false), [""; 0]);
    assert_eq!(listed(&mut world, START, true), ["sensor/s/1"]);
    world
        .restore_secret(START + 29 * DAY, &base, EAST, "sensor/s/1")
        .unwrap();
    assert!(
        value(&mut world, START + 29 * DAY, "sensor/s/1").is_ok(),
        "readable again"
    );
    delete(&mut world, START, &window(Some(7))).unwrap();
    assert_eq!(listed(&mut world, START + 7 * DAY, true), [""; 0]);
    let fault = value(&mut world, START + 7 * DAY, "sensor/s/1").unwrap_err();
    assert_eq!(
        (fault.code.as_str(), fault.class),
        ("ResourceNotFoundException", ErrorClass::NotFound)
    );
}

#[test]
fn fact_48_without_recovery_it_is_gone_for_good_and_soon() {
    let mut world = world(&format!("secret_gone_after_ms = 5000\n{ONE}"));
    let base = world.base();
    let first = create(&mut world, START, &secret("sensor/s/1")).unwrap();
    delete(&mut world, START, &force("sensor/s/1")).unwrap();
    assert!(
        world
            .restore_secret(START, &base, EAST, "sensor/s/1")
            .is_err()
    );
    assert!(value(&mut world, START, "sensor/s/1").is_err());
    let early = create(&mut world, START + 4999, &secret("sensor/s/1"));
    refused(early, "InvalidRequestException", "scheduled for deletion");
    assert_eq!(listed(&mut world, START + 4999, true).len(), 1);
    let second = create(&mut world, START + 5000, &secret("sensor/s/1")).unwrap();
    assert_ne!(first.arn, second.arn);
    // Deleting what is deleted, or was never there, is no error.
    delete(&mut world, START + 6000, &force("sensor/s/1")).unwrap();
    delete(&mut world, START + 6001, &force("sensor/s/1")).unwrap();
    delete(&mut world, START + 6000, &force("sensor/s/never")).unwrap();
    let soft = SecretDeletion {
        id: "sensor/s/never",
        force: false,
        window_days: None,
    };
    refused(
        delete(&mut world, START, &soft),
        "ResourceNotFoundException",
        "can't find",
    );
}

#[test]
fn fact_48_a_planned_deletion_can_be_made_at_once() {
    let mut world = world(
        "[[account]]\nname = \"one\"\nsecret = [{ name = \"sensor/s/old\", deleted_ms = 0 }]",
    );
    assert_eq!(listed(&mut world, START, true), ["sensor/s/old"]);
    delete(&mut world, START, &force("sensor/s/old")).unwrap();
    assert_eq!(listed(&mut world, START + 1000, true), [""; 0]);
}

#[test]
fn fact_49_replicas_tags_and_keys_want_more() {
    let mut world = world(
        "[[account]]\nname = \"one\"\nsecret = [{ name = \"sensor/s/1\", value = \"x\", replicated = true }]\n\
         [caller]\nallows = [\"secretsmanager:CreateSecret\", \"secretsmanager:DeleteSecret\"]",
    );
    refused(
        delete(&mut world, START, &force("sensor/s/1")),
        "InvalidRequestException",
        "replicated",
    );
    let tags = [tag("sensor-id", "s")];
    let tagged = NewSecret {
        tags: &tags,
        ..secret("sensor/s/2")
    };
    refused(
        create(&mut world, START, &tagged),
        "AccessDeniedException",
        "secretsmanager:TagResource",
    );
    let own = NewSecret {
        kms_key_id: Some("alias/own"),
        ..secret("sensor/s/2")
    };
    refused(
        create(&mut world, START, &own),
        "AccessDeniedException",
        "kms:GenerateDataKey",
    );
    create(&mut world, START, &secret("sensor/s/2")).unwrap();
}

#[test]
fn fact_50_a_secret_survives_whoever_made_it() {
    let mut first = world(ONE);
    first.keep_journal();
    create(&mut first, START, &secret("sensor/s/1")).unwrap();
    create(&mut first, START, &secret("sensor/s/2")).unwrap();
    delete(&mut first, START, &force("sensor/s/2")).unwrap();
    let mut second = world(ONE);
    second.replay(&first.take_journal()).unwrap();
    assert_eq!(listed(&mut second, START, false), ["sensor/s/1"]);
    assert_eq!(
        value(&mut second, START, "sensor/s/1").unwrap(),
        SecretValue::Text("sealed".to_owned())
    );
}

#[test]
fn fact_51_every_call_is_counted() {
    let mut world = world(ONE);
    create(&mut world, START, &secret("sensor/s/1")).unwrap();
    value(&mut world, START, "sensor/s/1").unwrap();
    delete(&mut world, START, &force("sensor/s/1")).unwrap();
    let calls = world.calls();
    for name in ["CreateSecret", "GetSecretValue", "DeleteSecret"] {
        assert!(calls.contains(&(name.to_owned(), 1)), "{calls:?}");
    }
}
