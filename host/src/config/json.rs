//! TOML values as JSON, for what a plugin reads.
//! Above: `resolve`. Below: `reader` takes the problems.
//! Invariant: what JSON cannot say is a problem, never a silent change.

use super::reader::Problems;
use serde_json::{Map, Value};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A TOML value as JSON, for what a plugin reads. Dates become texts.
pub(super) fn json(
    value: &Spanned<DeValue<'_>>,
    field: &str,
    problems: &mut Problems<'_>,
) -> Value {
    match value.get_ref() {
        DeValue::String(text) => Value::from(text.as_ref()),
        DeValue::Boolean(flag) => Value::from(*flag),
        DeValue::Datetime(date) => Value::from(date.to_string()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or_else(
                |_| {
                    problems.add(Some(value.span()), field, "this number is too large");
                    Value::Null
                },
                Value::from,
            ),
        DeValue::Float(number) => {
            let finite = number
                .as_str()
                .parse()
                .ok()
                .and_then(serde_json::Number::from_f64);
            finite.map_or_else(
                || {
                    problems.add(Some(value.span()), field, "a finite number is needed here");
                    Value::Null
                },
                Value::Number,
            )
        }
        DeValue::Array(items) => items
            .iter()
            .enumerate()
            .map(|(i, item)| json(item, &format!("{field}[{i}]"), problems))
            .collect(),
        DeValue::Table(table) => Value::Object(json_table(table, field, problems)),
    }
}

/// A TOML table as a JSON object.
pub(super) fn json_table(
    table: &DeTable<'_>,
    field: &str,
    problems: &mut Problems<'_>,
) -> Map<String, Value> {
    let mut entry = |(key, value): (&Spanned<std::borrow::Cow<'_, str>>, &Spanned<DeValue<'_>>)| {
        let name = key.get_ref();
        (
            name.to_string(),
            json(value, &format!("{field}.{name}"), problems),
        )
    };
    table.iter().map(&mut entry).collect()
}
