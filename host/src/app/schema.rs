//! What can be set of a plugin, read out of its JSON Schemas for people.
//! Above: `plugins`, `cli`. Below: `model`.
//! Invariant: every property of the schema is there, whatever it refers to; nothing loops on a schema that does.

use crate::model::text::clean;
use serde::Serialize;
use serde_json::{Map, Value};

/// One thing that can be set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Setting {
    /// With what it lies in: "regions.include".
    pub name: String,
    /// "text", "list of text", "true or false", or the words that may stand there.
    #[serde(rename = "type")]
    pub kind: String,
    pub required: bool,
    /// As one writes it.
    pub default: Option<String>,
    pub description: String,
}

/// What can be set in one place of a connector's file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Settings {
    /// The section, and the method of a credential provider.
    pub section: String,
    pub settings: Vec<Setting>,
}

/// Tables within tables.
const DEEPEST: usize = 4;
const LONGEST: usize = 400;

impl Settings {
    /// Those of a schema; nothing if it is none.
    #[must_use]
    pub fn of(section: &str, schema: &str) -> Self {
        let schema: Value = serde_json::from_str(schema).unwrap_or_default();
        let mut settings = Vec::new();
        properties(&schema, &schema, "", 0, &mut settings);
        Self {
            section: section.to_owned(),
            settings,
        }
    }
}

fn properties(root: &Value, of: &Value, prefix: &str, depth: usize, found: &mut Vec<Setting>) {
    let required: Vec<&str> = of["required"]
        .as_array()
        .map(|names| names.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    let Some(all) = of["properties"].as_object() else {
        return;
    };
    for (name, schema) in all {
        let schema = resolved(root, schema);
        if schema.get("readOnly") == Some(&Value::Bool(true)) {
            continue;
        }
        let path = format!("{prefix}{}", clean(name, 80));
        let within = depth < DEEPEST && schema.get("properties").is_some();
        let description = schema.get("description").and_then(Value::as_str);
        let description = clean(description.unwrap_or_default(), LONGEST);
        if !within || !description.is_empty() {
            found.push(Setting {
                name: path.clone(),
                kind: kind(root, &schema),
                required: required.contains(&name.as_str()),
                default: schema
                    .get("default")
                    .map(|value| clean(&value.to_string(), LONGEST)),
                description,
            });
        }
        if within {
            let schema = Value::Object(schema);
            properties(root, &schema, &format!("{path}."), depth + 1, found);
        }
    }
}

/// A schema with what it refers to; its own words go first.
fn resolved(root: &Value, schema: &Value) -> Map<String, Value> {
    let mut all = Map::new();
    let mut next = Some(schema);
    for _ in 0..DEEPEST {
        let Some(one) = next.and_then(Value::as_object) else {
            break;
        };
        for (key, value) in one {
            all.entry(key.clone()).or_insert_with(|| value.clone());
        }
        let pointer = one.get("$ref").and_then(Value::as_str);
        next = pointer
            .and_then(|to| to.strip_prefix('#'))
            .and_then(|to| root.pointer(to));
    }
    all
}

fn kind(root: &Value, schema: &Map<String, Value>) -> String {
    if let Some(words) = schema.get("enum").and_then(Value::as_array) {
        let words: Vec<String> = words.iter().map(ToString::to_string).collect();
        return clean(&words.join(", "), LONGEST);
    }
    let known = |name: &str| match name {
        "string" => "text".to_owned(),
        "integer" | "number" => "number".to_owned(),
        "boolean" => "true or false".to_owned(),
        "object" => "table".to_owned(),
        "array" => {
            let items = schema.get("items").map(|items| resolved(root, items));
            let items = items.map_or_else(|| "any".to_owned(), |items| kind(root, &items));
            format!("list of {items}")
        }
        other => clean(other, 40),
    };
    match schema.get("type") {
        Some(Value::String(name)) => known(name),
        Some(Value::Array(names)) => {
            let names = names.iter().filter_map(Value::as_str);
            names.map(known).collect::<Vec<_>>().join(" or ")
        }
        _ => "any".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::Settings;

    #[test]
    fn a_schema_becomes_lines() {
        let schema = r##"{ "type": "object", "required": ["scope"], "properties": {
            "scope": { "enum": ["account", "organization"], "description": "How far." },
            "regions": { "$ref": "#/$defs/selection", "description": "Which." },
            "hidden": { "readOnly": true, "type": "string" },
            "delivery": { "type": "object", "properties": { "enabled": { "type": "boolean", "default": false } } },
            "round": { "$ref": "#/$defs/round" } },
            "$defs": {
              "selection": { "type": "object", "properties": { "include": { "type": "array", "items": { "type": "string" } } } },
              "round": { "type": "object", "properties": { "again": { "$ref": "#/$defs/round" } } } } }"##;
        let settings = Settings::of("settings", schema).settings;
        let lines: Vec<_> = settings
            .iter()
            .map(|one| (one.name.as_str(), one.kind.as_str(), one.default.as_deref()))
            .collect();
        for line in [
            ("scope", "\"account\", \"organization\"", None),
            ("regions", "table", None),
            ("regions.include", "list of text", None),
            ("delivery.enabled", "true or false", Some("false")),
        ] {
            assert!(lines.contains(&line), "{line:?} of {lines:?}");
        }
        assert!(
            !lines
                .iter()
                .any(|(name, ..)| *name == "hidden" || *name == "delivery")
        );
        assert!(lines.len() < 12, "{lines:?}");
        assert!(
            settings
                .iter()
                .any(|one| one.required && one.name == "scope")
        );
        assert!(Settings::of("settings", "nonsense").settings.is_empty());
    }
}
