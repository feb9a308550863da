//! A connector's settings held against the schema that its plugin describes, and as the plugin gets them.
//! Above: `apply`, `cloud`. Below: `config`.
//! Invariant: all problems at once; no value of a setting is repeated, it could be a secret in the wrong place.

use super::cloud::problem;
use crate::config::{ConfigProblem, ConnectorConfig, nearest};
use crate::model::text::clean;
use crate::model::time::Millis;
use jsonschema::error::ValidationErrorKind;
use serde_json::{Map, Value, json};

/// The key under which a plugin finds the import filters.
const IMPORT: &str = "import";

/// The settings as the plugin gets them: the operator's, and the import filters.
pub(super) fn for_plugin(config: &ConnectorConfig, now: Millis) -> String {
    let mut all = config.settings.clone();
    let since = config
        .import
        .expired_since
        .as_ref()
        .map(|since| since.moment(now));
    all.insert(
        IMPORT.to_owned(),
        json!({
            "include_expired": since.is_some(),
            "expired_since": since,
            "include_revoked": config.import.revoked,
        }),
    );
    Value::Object(all).to_string()
}

/// What is wrong with a connector's settings. The filters of its imports have a section of their own: under their key
/// in the settings, nothing would read them.
pub(super) fn of_connector(config: &ConnectorConfig, schema: &str) -> Vec<ConfigProblem> {
    let mut own = config.settings.clone();
    let misplaced = own.remove(IMPORT).map(|_| {
        let message = "is set by the sensor: write it under [import]";
        problem(&format!("settings.{IMPORT}"), message)
    });
    let mut all = problems("settings", &own, schema);
    all.extend(misplaced);
    all
}

/// What is wrong with values under a JSON Schema.
pub(super) fn problems(
    section: &str,
    values: &Map<String, Value>,
    schema: &str,
) -> Vec<ConfigProblem> {
    let schema: Value = match serde_json::from_str(schema) {
        Ok(schema) => schema,
        Err(error) => {
            let message = format!("the plugin's schema for it is no JSON: {error}");
            return vec![problem(section, message)];
        }
    };
    let validator = match jsonschema::validator_for(&schema) {
        Ok(validator) => validator,
        Err(error) => {
            let message = format!("the plugin's schema for it is not valid: {error}");
            return vec![problem(section, message)];
        }
    };
    let values = Value::Object(values.clone());
    validator
        .iter_errors(&values)
        .flat_map(|error| told(section, &schema, &error))
        .collect()
}

fn told(
    section: &str,
    schema: &Value,
    error: &jsonschema::ValidationError<'_>,
) -> Vec<ConfigProblem> {
    let place = format!(
        "{section}{}",
        error.instance_path().as_str().replace('/', ".")
    );
    let path = error.schema_path().as_str();
    match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            let known = known_names(schema, path);
            let unknown = |name: &String| ConfigProblem {
                help: Some(match nearest(name, known.iter().map(String::as_str)) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("known here: {}", known.join(", ")),
                }),
                ..problem(&format!("{place}.{name}"), "is not known here")
            };
            unexpected.iter().map(unknown).collect()
        }
        // A schema that forbids something says why beside the `not`.
        ValidationErrorKind::Not { .. } => {
            let why = beside(schema, path, "description").and_then(Value::as_str);
            let why = why.map_or_else(|| "is not allowed here".to_owned(), |why| clean(why, 200));
            vec![problem(&place, why)]
        }
        ValidationErrorKind::Enum { options } => {
            let options = options.as_array().map_or(&[][..], Vec::as_slice);
            vec![none_of(&place, options, error.instance())]
        }
        _ => vec![problem(&place, error.masked_with("the value").to_string())],
    }
}

/// A value that is none of those that may stand there.
fn none_of(place: &str, options: &[Value], found: &Value) -> ConfigProblem {
    let listed: Vec<_> = options.iter().map(ToString::to_string).collect();
    let names = options.iter().filter_map(Value::as_str);
    let near = found.as_str().and_then(|found| nearest(found, names));
    let message = format!("the value is none of {}", clean(&listed.join(", "), 200));
    ConfigProblem {
        help: near.map(|near| format!("did you mean \"{near}\"?")),
        ..problem(place, message)
    }
}

/// What stands in the schema beside the keyword at this path.
fn beside<'s>(schema: &'s Value, path: &str, key: &str) -> Option<&'s Value> {
    let owner = path.rsplit_once('/').map_or("", |(owner, _)| owner);
    schema.pointer(owner)?.get(key)
}

/// The property names that stand beside the `additionalProperties` that refused something.
fn known_names(schema: &Value, path: &str) -> Vec<String> {
    beside(schema, path, "properties")
        .and_then(Value::as_object)
        .map(|properties| properties.keys().cloned().collect())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value};

    const SCHEMA: &str = r##"{ "type": "object", "additionalProperties": false,
        "properties": { "scope": { "enum": ["account", "organization"] }, "role_name": { "type": "string" },
            "regions": { "$ref": "#/$defs/selection" } },
        "if": { "properties": { "scope": { "const": "account" } } },
        "then": { "properties": { "role_name": { "description": "is for organizations", "not": {} } } },
        "$defs": { "selection": { "additionalProperties": false, "properties": { "include": {}, "exclude": {} } } },
        "required": ["scope"] }"##;

    fn problems(section: &str, values: &Map<String, Value>, schema: &str) -> Vec<String> {
        let told = super::problems(section, values, schema);
        told.iter().map(ToString::to_string).collect()
    }

    fn values(text: &str) -> Map<String, Value> {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn all_problems_are_told_at_once_with_the_nearest_name() {
        let told = problems(
            "settings",
            &values(r#"{ "role_nam": "x", "scope": "organisation", "regions": { "includ": [] } }"#),
            SCHEMA,
        );
        assert_eq!(told.len(), 3, "{told:?}");
        assert!(
            told.iter()
                .any(|line| line
                    == "settings.role_nam: is not known here (did you mean `role_name`?)"),
            "{told:?}"
        );
        let scope = "settings.scope: the value is none of \"account\", \"organization\" (did you mean \"organization\"?)";
        let include = "settings.regions.includ: is not known here (did you mean `include`?)";
        for line in [scope, include] {
            assert!(told.iter().any(|told| told == line), "{line}: {told:?}");
        }
        assert!(
            !told.iter().any(|line| line.contains("organisation")),
            "a value is repeated: {told:?}"
        );
    }

    #[test]
    fn what_a_schema_forbids_is_told_in_the_schemas_own_words() {
        let told = problems(
            "settings",
            &values(r#"{ "role_name": "x", "scope": "account", "regoins": {} }"#),
            SCHEMA,
        );
        for line in [
            "settings.role_name: is for organizations",
            "settings.regoins: is not known here (did you mean `regions`?)",
        ] {
            assert!(told.iter().any(|told| told == line), "{line}: {told:?}");
        }
        assert_eq!(told.len(), 2, "{told:?}");
    }

    #[test]
    fn what_is_missing_is_named() {
        let told = problems("settings", &values("{}"), SCHEMA);
        assert!(told[0].contains("\"scope\""), "{told:?}");
    }

    #[test]
    fn good_settings_have_no_problems() {
        assert!(problems("settings", &values(r#"{ "scope": "account" }"#), SCHEMA).is_empty());
    }
}
