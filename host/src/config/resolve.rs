//! From the text of a connector's file to what it means.
//! Above: `config::parse`. Below: `reader`.
//! Invariant: either every connector of the file is well-formed, or none is returned.

use super::connector::{
    ConnectorConfig, CredentialConfig, ImportConfig, LimitsConfig, MockHostConfig,
};
use super::problem::ConfigProblem;
use super::reader::{Fields, Problems, json, kind};
use crate::model::id::{ConnectorId, PluginId};
use crate::model::text::clean;
use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

pub(super) fn resolve(text: &str, base: &Path) -> Result<Vec<ConnectorConfig>, Vec<ConfigProblem>> {
    let mut problems = Problems::new(text);
    let (root, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        problems.add(error.span(), "", clean(error.message(), 200));
    }
    // After a fault in the syntax the rest is guesswork: what it seems to say is not judged.
    if errors.is_empty() {
        let connectors = file(&root, base, &mut problems);
        problems.finish().map(|()| connectors)
    } else {
        problems.finish().map(|()| Vec::new())
    }
}

fn file(
    root: &Spanned<DeTable<'_>>,
    base: &Path,
    problems: &mut Problems<'_>,
) -> Vec<ConnectorConfig> {
    let mut fields = Fields::new("", 0..0, root.get_ref());
    if !root.get_ref().contains_key("connector") {
        return connector(fields, base, problems).into_iter().collect();
    }
    let Some(list) = fields.take("connector") else {
        return Vec::new();
    };
    let DeValue::Array(items) = list.get_ref() else {
        let message = format!(
            "one [[connector]] table for each connector is needed here, not {}",
            kind(list.get_ref())
        );
        problems.add(Some(list.span()), "connector", message);
        return Vec::new();
    };
    fields.finish(problems);
    let (mut found, mut names) = (Vec::new(), HashSet::new());
    for (index, item) in items.iter().enumerate() {
        let path = format!("connector[{index}]");
        let Some(table) = item.get_ref().as_table() else {
            problems.add(
                Some(item.span()),
                &path,
                format!("a table is needed here, not {}", kind(item.get_ref())),
            );
            continue;
        };
        let Some(config) = connector(Fields::new(&path, item.span(), table), base, problems) else {
            continue;
        };
        if !names.insert(config.name.clone()) {
            let message = format!(
                "`{}` stands in this file twice; a name is given once",
                config.name
            );
            problems.add(Some(item.span()), &path, message);
        }
        found.push(config);
    }
    found
}

/// None only with a problem told.
fn connector(
    mut fields: Fields<'_>,
    base: &Path,
    problems: &mut Problems<'_>,
) -> Option<ConnectorConfig> {
    let name: Option<ConnectorId> = fields.required("name", "aws-prod", problems);
    let plugin: Option<PluginId> = fields.required("plugin", "aws-unified", problems);
    let mock_written = fields.take("mock_host");
    let mock_host = mock_written
        .and_then(|value| mock_host(value, &fields.path_of("mock_host"), base, problems));
    let credential_table = fields.table("credential", problems);
    if credential_table.is_none() && mock_written.is_none() {
        let help = "write a table [credential] with provider = \"aws-credentials\" and method = \"default-chain\", \"profile\" or \"access-key\"";
        problems.add_with_help(
            Some(fields.at()),
            &fields.path_of("credential"),
            "is missing",
            Some(help.to_owned()),
        );
    }
    let credential = credential_table.and_then(|table| credential(table, problems));
    let settings = fields
        .table("settings", problems)
        .map(|table| free_table(table, problems))
        .unwrap_or_default();
    let import = fields
        .table("import", problems)
        .map(|table| import(table, problems))
        .unwrap_or_default();
    let limits = fields
        .table("limits", problems)
        .map(|table| limits(table, problems))
        .unwrap_or_default();
    let grants = fields
        .table("grants", problems)
        .and_then(|table| grants(table, problems));
    let rates = fields
        .table("rates", problems)
        .map(|table| rates(table, problems))
        .unwrap_or_default();
    fields.finish(problems);
    Some(ConnectorConfig {
        name: name?,
        plugin: plugin?,
        mock_host,
        credential,
        settings,
        import,
        limits,
        grants,
        rates,
    })
}

/// `"mock-aws"`, or a table with `plugin` and `scenario`.
fn mock_host(
    value: &Spanned<DeValue<'_>>,
    path: &str,
    base: &Path,
    problems: &mut Problems<'_>,
) -> Option<MockHostConfig> {
    let table = match value.get_ref() {
        DeValue::Table(table) => table,
        other => {
            let message = format!(
                "{{ plugin = \"mock-aws\", scenario = \"FILE\" }} is needed here, not {}",
                kind(other)
            );
            problems.add(Some(value.span()), path, message);
            return None;
        }
    };
    let mut fields = Fields::new(path, value.span(), table);
    let plugin = fields.required("plugin", "mock-aws", problems);
    let scenario = fields.string("scenario", problems).map(|(file, at)| {
        let scenario = base.join(file);
        if !scenario.is_file() {
            let message = format!(
                "there is no file {}",
                clean(&scenario.display().to_string(), 200)
            );
            problems.add(Some(at), &fields.path_of("scenario"), message);
        }
        scenario
    });
    fields.finish(problems);
    Some(MockHostConfig {
        plugin: plugin?,
        scenario,
    })
}

fn credential(mut fields: Fields<'_>, problems: &mut Problems<'_>) -> Option<CredentialConfig> {
    let provider = fields.required("provider", "aws-credentials", problems);
    let method: Option<String> = fields.required("method", "default-chain", problems);
    let parameters = fields
        .table("parameters", problems)
        .map(|table| free_table(table, problems))
        .unwrap_or_default();
    fields.finish(problems);
    Some(CredentialConfig {
        provider: provider?,
        method: method?,
        parameters,
    })
}

fn free_table(
    fields: Fields<'_>,
    problems: &mut Problems<'_>,
) -> serde_json::Map<String, serde_json::Value> {
    let prefix = fields.path_of("");
    fields
        .all()
        .map(|(key, _, value)| {
            let read = json(value, &format!("{prefix}{key}"), problems);
            (key, read)
        })
        .collect()
}

fn import(mut fields: Fields<'_>, problems: &mut Problems<'_>) -> ImportConfig {
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

fn limits(mut fields: Fields<'_>, problems: &mut Problems<'_>) -> LimitsConfig {
    let memory_mib = fields.number("memory_mib", 1..4097, problems);
    let call_timeout = fields.parsed("call_timeout", problems);
    let concurrency = fields.number("concurrency", 1..257, problems);
    fields.finish(problems);
    LimitsConfig {
        memory_mib,
        call_timeout,
        concurrency: concurrency.unwrap_or(LimitsConfig::default().concurrency),
    }
}

fn grants(mut fields: Fields<'_>, problems: &mut Problems<'_>) -> Option<Vec<String>> {
    let value = fields.take("operations");
    let path = fields.path_of("operations");
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

fn rates(fields: Fields<'_>, problems: &mut Problems<'_>) -> BTreeMap<String, f64> {
    let prefix = fields.path_of("");
    let mut rates = BTreeMap::new();
    for (key, at, value) in fields.all() {
        let path = format!("{prefix}\"{key}\"");
        if !is_operation(&key, false) {
            problems.add(
                Some(at),
                &path,
                "a rate is given to one operation, like \"acm:GetCertificate\" = 10.0",
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
