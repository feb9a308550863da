//! The sections of a connector's file that are not the plugin's: import, limits, grants, rates.
//! Above: `resolve`. Below: `reader`.
//! Invariant: reading goes on after every problem; what is returned beside a problem is never used.

use super::connector::{ImportConfig, LimitsConfig};
use super::json::json;
use super::reader::{Fields, Problems, kind};
use crate::model::period::Period;
use crate::model::text::clean;
use std::collections::BTreeMap;

pub(super) fn import(mut fields: Fields<'_>, problems: &mut Problems<'_>) -> ImportConfig {
    let default = ImportConfig::default();
    let every_at = fields.at();
    let every = fields.parsed("every", problems).unwrap_or(default.every);
    if every.millis() < 60_000 {
        problems.add(
            Some(every_at),
            &fields.path_of("every"),
            "an import runs once a minute at most",
        );
    }
    let expired_since = fields.parsed("expired_since", problems);
    let revoked = fields
        .boolean("revoked", problems)
        .unwrap_or(default.revoked);
    let business_unit = fields
        .string("business_unit", problems)
        .map(|(text, _)| clean(&text, 128));
    let tags = fields
        .table("tags", problems)
        .map(|table| tags(table, problems))
        .unwrap_or_default();
    fields.finish(problems);
    ImportConfig {
        every,
        expired_since,
        revoked,
        business_unit,
        tags,
    }
}

fn tags(fields: Fields<'_>, problems: &mut Problems<'_>) -> BTreeMap<String, String> {
    let prefix = fields.path_of("");
    let mut tags = BTreeMap::new();
    for (key, _, value) in fields.all() {
        match value.get_ref().as_str() {
            Some(text) => _ = tags.insert(clean(&key, 128), clean(text, 256)),
            None => problems.add(
                Some(value.span()),
                &format!("{prefix}{key}"),
                "a tag's value is a text",
            ),
        }
    }
    tags
}

pub(super) fn limits(mut fields: Fields<'_>, problems: &mut Problems<'_>) -> LimitsConfig {
    let memory_mib = fields.number("memory_mib", 1..1025, problems);
    let call_timeout_at = fields.at();
    let call_timeout: Option<Period> = fields.parsed("call_timeout", problems);
    if call_timeout.is_some_and(|most| !(1_000..=3_600_000).contains(&most.millis())) {
        problems.add(
            Some(call_timeout_at),
            &fields.path_of("call_timeout"),
            "one call takes between a second and an hour",
        );
    }
    let concurrency = fields.number("concurrency", 1..1025, problems);
    fields.finish(problems);
    LimitsConfig {
        memory_mib,
        call_timeout,
        concurrency: concurrency.unwrap_or(LimitsConfig::default().concurrency),
    }
}

pub(super) fn grants(mut fields: Fields<'_>, problems: &mut Problems<'_>) -> Option<Vec<String>> {
    let (value, path) = (fields.take("operations"), fields.path_of("operations"));
    if value.is_none() {
        // An empty table looks like "nothing" and would be "everything".
        let help = "write operations = [\"acm:List*\", …], or leave [grants] out to allow all that the plugin's manifest asks for";
        problems.add_with_help(Some(fields.at()), &path, "is missing", Some(help.into()));
    }
    fields.finish(problems);
    let value = value?;
    let Some(items) = value.get_ref().as_array() else {
        problems.add(
            Some(value.span()),
            &path,
            format!("a list is needed here, not {}", kind(value.get_ref())),
        );
        return None;
    };
    let mut granted = Vec::new();
    for item in items {
        match item
            .get_ref()
            .as_str()
            .filter(|text| is_operation(text, true))
        {
            Some(text) => granted.push(text.to_owned()),
            None => problems.add(
                Some(item.span()),
                &path,
                "write operations like \"acm:GetCertificate\", \"acm:List*\" or \"acm:*\"",
            ),
        }
    }
    Some(granted)
}

pub(super) fn rates(fields: Fields<'_>, problems: &mut Problems<'_>) -> BTreeMap<String, f64> {
    let prefix = fields.path_of("");
    let mut rates = BTreeMap::new();
    for (key, at, value) in fields.all() {
        let path = format!("{prefix}\"{key}\"");
        let of_service = key
            .strip_suffix('*')
            .is_some_and(|name| name.ends_with(':'));
        if !is_operation(&key, of_service) {
            problems.add(
                Some(at),
                &path,
                "a rate is given to one operation, like \"acm:GetCertificate\" = 10.0, or to a service's others: \"acm:*\"",
            );
        }
        let rate = json(value, &path, problems)
            .as_f64()
            .filter(|rate| *rate > 0.0 && *rate <= 10_000.0);
        match rate {
            Some(rate) => _ = rates.insert(key, rate),
            None => problems.add(
                Some(value.span()),
                &path,
                "requests a second, above 0 and up to 10000, are needed here",
            ),
        }
    }
    rates
}

/// `service:Operation`; as a pattern the operation may end in `*`.
fn is_operation(text: &str, pattern: bool) -> bool {
    let Some((service, operation)) = text.split_once(':') else {
        return false;
    };
    let name = if pattern {
        operation.strip_suffix('*').unwrap_or(operation)
    } else {
        operation
    };
    let service_fits = !service.is_empty()
        && service
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    service_fits && !operation.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric())
}
