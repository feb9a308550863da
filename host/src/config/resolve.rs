//! From the text of a connector's file to what it means.
//! Above: `config::parse`. Below: `tables`, `reader`.
//! Invariant: either every connector of the file is well-formed, or none is returned.

use super::connector::{ConnectorConfig, CredentialConfig, MockHostConfig};
use super::json::json;
use super::problem::ConfigProblem;
use super::reader::{Fields, Problems, kind};
use super::sections::{grants, import, limits, rates};
use super::tables::{Named, tables};
use crate::model::id::{ConnectorId, PluginId};
use crate::model::text::clean;
use std::path::Path;
use toml::Spanned;
use toml::de::DeValue;

pub(super) fn resolve(text: &str, base: &Path) -> Result<Vec<ConnectorConfig>, Vec<ConfigProblem>> {
    tables(text, &|fields, problems| connector(fields, base, problems))
}

impl Named for ConnectorConfig {
    const NOUN: &'static str = "connector";
    fn name(&self) -> &str {
        self.name.as_str()
    }
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

/// A table with `plugin` and, unless every run names its own, `scenario`.
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

pub(super) fn credential(
    mut fields: Fields<'_>,
    problems: &mut Problems<'_>,
) -> Option<CredentialConfig> {
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
