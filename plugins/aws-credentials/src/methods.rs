//! The methods as an operator sees them: titles, descriptions, parameters as JSON Schema.
//! Above: `AwsCredentials`. Below: nothing.
//! Invariant: a schema allows what `parameters` accepts, and nothing else.

use sensor_sdk::provider::Method;

pub(crate) const DEFAULT_CHAIN: &str = "default-chain";
pub(crate) const PROFILE: &str = "profile";
pub(crate) const ACCESS_KEY: &str = "access-key";

const REGION: &str = r#"{
      "type": "string",
      "title": "Home region",
      "description": "Where STS is asked (\"eu-central-1\"), unless it is a region that accounts must enable first: then in the partition's first. Left out: the environment's or the profile's, else the partition's first.",
      "pattern": "^[a-z]{2,4}(-[a-z0-9]+)+-[0-9]{1,2}$",
      "maxLength": 32
    }"#;

pub(crate) fn all() -> Vec<Method> {
    vec![
        method(
            DEFAULT_CHAIN,
            "Default chain",
            "Environment, shared configuration files, SSO, web identity, container and instance metadata, in the AWS \
             SDK's order, as the user that the sensor runs as.",
            None,
        ),
        method(
            PROFILE,
            "Profile",
            "One profile of the shared configuration files of the user that the sensor runs as.",
            Some((
                "name",
                r#"{ "type": "string", "title": "Profile", "description": "As in [profile NAME] of the config file or [NAME] of the credentials file.", "minLength": 1, "maxLength": 128 }"#,
            )),
        ),
        Method {
            secret_parameter: Some("secret".to_owned()),
            ..method(
                ACCESS_KEY,
                "Access key",
                "An access key that is kept encrypted in the sensor and never shown again.",
                Some((
                    "secret",
                    r#"{ "type": "string", "title": "Stored secret", "description": "The name that the access key is stored under in the sensor.", "minLength": 1, "maxLength": 128 }"#,
                )),
            )
        },
    ]
}

fn method(id: &str, title: &str, description: &str, own: Option<(&str, &str)>) -> Method {
    let (property, required) = match own {
        Some((name, schema)) => (
            format!("\"{name}\": {schema},\n    "),
            format!("\"{name}\""),
        ),
        None => (String::new(), String::new()),
    };
    let parameters_schema = format!(
        r#"{{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "properties": {{
    {property}"region": {REGION}
  }},
  "required": [{required}],
  "additionalProperties": false
}}"#
    );
    Method {
        id: id.to_owned(),
        title: title.to_owned(),
        description: description.to_owned(),
        parameters_schema,
        secret_parameter: None,
    }
}
