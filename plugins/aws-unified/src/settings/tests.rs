//! What the settings accept, and what they say about the rest.

use super::*;

fn problems(text: &str) -> Vec<String> {
    Settings::parse(text)
        .expect_err(text)
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn defaults() {
    let settings = Settings::parse(r#"{"scope": "organization"}"#).expect("legal");
    assert_eq!(settings.role.name, "OrganizationAccountAccessRole");
    assert_eq!(settings.role.session_name, "sensor");
    assert_eq!(settings.read, ReadMode::Auto);
    assert_eq!(settings.details_max_age, Some(WEEK));
    assert_eq!(settings.import, Import::default());
}

#[test]
fn everything() {
    let text = r#"{"scope": "organization", "role_name": "audit/Reader", "external_id": "a:b/c", "session_name": "s-1",
        "session_duration": "12h", "accounts": {"include": ["123456789012", "prod-*"]},
        "organizational_units": {"exclude": ["Sandbox"]}, "regions": {"include": ["eu-*", "us-east-1"]},
        "read": "list", "details_max_age": "never",
        "import": {"expired_since": 1700000000000, "include_expired": true, "include_revoked": null}}"#;
    let settings = Settings::parse(text).expect("legal");
    assert_eq!(settings.role.duration_seconds, Some(43_200));
    assert!(settings.accounts.selects("Prod-eu") && settings.regions.selects("eu-west-2"));
    assert_eq!(settings.details_max_age, None);
    assert_eq!(settings.import.expired_since, Some(1_700_000_000_000));
}

#[test]
fn all_problems_at_once_with_the_nearest_name() {
    let told = problems(
        r#"{"scope": "organisation", "rolename": "x", "regions": {"includ": [], "exclude": ["eu-central1"]},
            "read": 5, "session_duration": "5m", "details_max_age": "soon"}"#,
    );
    for part in [
        "`scope` must be one of account, organization, not `organisation`; did you mean `organization`?",
        "`rolename` is not known; did you mean `role_name`?",
        "`regions.includ` is not known; did you mean `include`?",
        "`regions.exclude` has no region `eu-central1`; did you mean `eu-central-1`?",
        "`read` must be a text",
        "`session_duration` must be from \"15m\" to \"12h\"",
        "`details_max_age` must be a length of time, like \"7d\", or \"never\"",
    ] {
        assert!(
            told.iter().any(|line| line == part),
            "{part} is not in {told:#?}"
        );
    }
    assert_eq!(told.len(), 7, "{told:#?}");
}

#[test]
fn rejects() {
    for (text, key) in [
        ("", "the settings must be a table"),
        ("[]", "the settings must be a table"),
        ("{}", "`scope` is missing"),
        (
            r#"{"scope": "account", "role_name": "x"}"#,
            "`role_name` has a meaning with",
        ),
        (
            r#"{"scope": "account", "accounts": {}}"#,
            "`accounts` has a meaning with",
        ),
        (
            r#"{"scope": "organization", "role_name": "arn:aws:iam::1:role/x"}"#,
            "`role_name` must be",
        ),
        (
            r#"{"scope": "organization", "external_id": "x"}"#,
            "`external_id` must be",
        ),
        (
            r#"{"scope": "organization", "session_name": "a b"}"#,
            "`session_name` must be",
        ),
        (
            r#"{"scope": "organization", "accounts": {"include": ["a*b"]}}"#,
            "`accounts.include[0]`",
        ),
        (
            r#"{"scope": "organization", "region": "eu-central-1"}"#,
            "`region` is not known",
        ),
        (
            r#"{"scope": "organization", "import": {"expired_since": "2026"}}"#,
            "`import.expired_since` must be",
        ),
    ] {
        let told = problems(text);
        assert!(
            told.iter().any(|line| line.contains(key)),
            "{text}: {told:?}"
        );
    }
}

#[test]
fn fact_40_an_external_id_and_a_session_name_have_a_grammar() {
    let long = "x".repeat(1225);
    for (key, value) in [
        ("external_id", "x"),
        ("external_id", "a b"),
        ("external_id", &*long),
        ("session_name", "x"),
    ] {
        assert!(
            problems(&format!(
                r#"{{"scope": "organization", "{key}": "{value}"}}"#
            ))[0]
                .contains(key)
        );
    }
}

#[test]
fn the_schema_is_json_and_knows_the_same_keys() {
    let schema: serde_json::Value = serde_json::from_str(SCHEMA).expect("JSON");
    let keys = schema["properties"]
        .as_object()
        .expect("an object")
        .keys()
        .cloned();
    let all: serde_json::Map<_, _> = keys.map(|key| (key, serde_json::Value::from(7))).collect();
    let told = problems(&serde_json::Value::Object(all).to_string());
    assert!(
        !told.iter().any(|line| line.contains("is not known")),
        "{told:#?}"
    );
}

#[test]
fn the_schema_forbids_under_account_scope_what_is_forbidden_here() {
    let schema: serde_json::Value = serde_json::from_str(SCHEMA).expect("JSON");
    assert_eq!(schema["if"]["properties"]["scope"]["const"], "account");
    let forbidden = schema["then"]["properties"].as_object().expect("an object");
    let mut here = ORGANIZATION_ONLY;
    here.sort_unstable();
    assert!(forbidden.keys().eq(here), "{:?}", forbidden.keys());
    let said = &schema["$defs"]["organization_only"]["description"];
    assert_eq!(said, "has a meaning with scope = \"organization\" only");
    let told = problems(r#"{"scope": "account", "role_name": "x", "accounts": {}}"#);
    let said = |key| format!("`{key}` {}", said.as_str().expect("a text"));
    assert_eq!(told, [said("role_name"), said("accounts")]);
}
