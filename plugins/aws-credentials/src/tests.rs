//! The provider, natively: which source each method asks for, and what it refuses.

use crate::AwsCredentials;
use sensor_sdk::provider::{CredentialProvider, Request, ResolvedPaths, Sources};
use sensor_sdk::types::Error;

/// Tells which source was asked, and with what.
struct Asked;

impl Sources for Asked {
    type Session = String;

    fn aws_default_chain(&self, region: Option<&str>) -> Result<String, Error> {
        Ok(format!("chain in {region:?}"))
    }
    fn aws_profile(&self, name: &str, region: Option<&str>) -> Result<String, Error> {
        Ok(format!("profile {name} in {region:?}"))
    }
    fn aws_access_key(&self, secret_name: &str, region: Option<&str>) -> Result<String, Error> {
        Ok(format!("key {secret_name} in {region:?}"))
    }
    fn aws_paths(&self) -> ResolvedPaths {
        ResolvedPaths {
            config_file: "/home/sensor/.aws/config".to_owned(),
            config_file_exists: true,
            credentials_file: "/home/sensor/.aws/credentials".to_owned(),
            credentials_file_exists: false,
            profiles: vec!["audit".to_owned(), "default".to_owned()],
            user: "sensor".to_owned(),
        }
    }
}

fn request(method: &str, parameters: &str) -> Request {
    Request {
        method: method.to_owned(),
        parameters: parameters.to_owned(),
    }
}

#[test]
fn each_method_asks_its_source() {
    for (method, parameters, asked) in [
        ("default-chain", "{}", "chain in None"),
        (
            "default-chain",
            r#"{"region": "cn-north-1"}"#,
            "chain in Some(\"cn-north-1\")",
        ),
        ("profile", r#"{"name": "audit"}"#, "profile audit in None"),
        (
            "profile",
            r#"{"name": "audit", "region": "us-gov-west-1"}"#,
            "profile audit in Some(\"us-gov-west-1\")",
        ),
        ("access-key", r#"{"secret": "prod"}"#, "key prod in None"),
    ] {
        let resolved = AwsCredentials::resolve(&Asked, &request(method, parameters));
        assert_eq!(resolved.as_deref().unwrap_or("error"), asked);
    }
}

#[test]
fn wrong_parameters_are_refused_with_a_reason() {
    for (method, parameters, reason) in [
        ("default-chain", "", "EOF"),
        (
            "default-chain",
            r#"{"regoin": "eu-central-1"}"#,
            "unknown field `regoin`, expected `region`",
        ),
        (
            "default-chain",
            r#"{"region": "https://example.com"}"#,
            "`region`",
        ),
        ("default-chain", r#"{"region": "eu-central"}"#, "`region`"),
        ("profile", "{}", "missing field `name`"),
        ("profile", r#"{"name": ""}"#, "`name`"),
        ("profile", r#"{"name": "a\nb"}"#, "`name`"),
        ("access-key", "{}", "missing field `secret`"),
        (
            "access-key",
            r#"{"secret": "prod", "secret_access_key": "x"}"#,
            "unknown field",
        ),
        ("token", "{}", "no method `token`"),
    ] {
        let error = AwsCredentials::resolve(&Asked, &request(method, parameters)).unwrap_err();
        assert!(
            error.message.contains(reason),
            "{method} {parameters}: {}",
            error.message
        );
    }
}

#[test]
fn the_resolved_paths_are_explained() {
    let lines = AwsCredentials::explain(&Asked, &request("profile", r#"{"name": "audti"}"#));
    let text = lines.join("\n");
    for part in [
        "`audti`: not found",
        "as user sensor",
        "/home/sensor/.aws/config (found",
        "credentials (not there",
        "audit, default",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let lines = AwsCredentials::explain(&Asked, &request("access-key", r#"{"secret": "prod"}"#));
    assert_eq!(lines, ["the access key stored in the sensor under `prod`"]);
}

#[test]
fn every_schema_is_json_and_allows_what_is_accepted() {
    for method in AwsCredentials::methods() {
        let schema: serde_json::Value = serde_json::from_str(&method.parameters_schema).unwrap();
        assert_eq!(schema["additionalProperties"], false, "{}", method.id);
        for required in schema["required"].as_array().unwrap() {
            assert!(
                schema["properties"][required.as_str().unwrap()].is_object(),
                "{}: {required}",
                method.id
            );
        }
        assert!(schema["properties"]["region"].is_object());
        if let Some(secret) = method.secret_parameter {
            assert!(schema["properties"][&secret].is_object());
        }
    }
}
