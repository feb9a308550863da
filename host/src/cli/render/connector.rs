//! A connector: what it is, its last run, its account tree.
//! Above: `connector show`. Below: `tree`.
//! Invariant: shows the configuration as applied, which holds no secret.

use super::pair;
use super::tree::{coverage_of, legend, tree};
use crate::cli::output::View;
use crate::cli::records::{RunRecord, Stamp};
use crate::cli::style::{Style, Tone, count, minute, relative, safe};
use crate::cli::table::Rows;
use crate::cli::words;
use crate::config::ConnectorConfig;
use crate::ledger::StoredConnector;
use crate::model::account::Account;
use crate::model::run::Run;
use crate::model::split::Coverage;
use crate::model::time::Millis;
use crate::store::{AccountStatus, SplitStatus};
use serde::Serialize;

/// A connector and what is known of its accounts.
#[derive(Debug)]
pub struct ConnectorView<'a> {
    pub connector: &'a StoredConnector,
    pub accounts: &'a [AccountStatus],
    pub last_run: Option<&'a Run>,
    pub now: Millis,
}

#[derive(Serialize)]
struct Data<'a> {
    connector: &'a ConnectorConfig,
    created_at: Stamp,
    updated_at: Stamp,
    last_run: Option<RunRecord<'a>>,
    accounts: Vec<AccountData<'a>>,
}

#[derive(Serialize)]
struct AccountData<'a> {
    #[serde(flatten)]
    account: &'a Account,
    coverage: Option<Coverage>,
    certificates: u64,
    stale: u64,
    missing: u64,
    splits: Vec<SplitData<'a>>,
}

#[derive(Serialize)]
struct SplitData<'a> {
    split: &'a str,
    region: Option<&'a str>,
    service: &'a str,
    coverage: Option<Coverage>,
    complete_at: Option<Stamp>,
    held: bool,
    stale: bool,
    certificates: u64,
    error: Option<&'a crate::model::problem::OperationError>,
}

impl<'a> From<&'a SplitStatus> for SplitData<'a> {
    fn from(split: &'a SplitStatus) -> Self {
        Self {
            split: &split.split,
            region: split.region.as_deref(),
            service: &split.service,
            coverage: split.coverage,
            complete_at: split.complete_at.map(Stamp),
            held: split.held,
            stale: split.stale,
            certificates: split.assets,
            error: split.error.as_ref(),
        }
    }
}

impl View for ConnectorView<'_> {
    const SCHEMA: &'static str = "sensor.connector/v1";

    fn data(&self) -> impl Serialize + '_ {
        Data {
            connector: &self.connector.config,
            created_at: Stamp(self.connector.created_at),
            updated_at: Stamp(self.connector.updated_at),
            last_run: self.last_run.map(Into::into),
            accounts: self.accounts.iter().map(account_data).collect(),
        }
    }

    fn rows(&self) -> Rows {
        let mut rows = Rows::new(&[
            "account",
            "name",
            "path",
            "state",
            "coverage",
            "certificates",
            "stale",
            "missing",
            "excluded",
        ]);
        for status in self.accounts {
            let account = &status.account;
            rows.push(vec![
                account.id.as_str().into(),
                account.name.as_str().into(),
                account.path.join("/").into(),
                account.state.as_str().into(),
                words::coverage(coverage_of(status)).1.into(),
                status.assets.to_string().into(),
                status.stale.to_string().into(),
                status.missing.to_string().into(),
                account.excluded.clone().unwrap_or_default().into(),
            ]);
        }
        rows
    }

    fn text(&self, style: Style) -> String {
        let mut text = head(self.connector, style);
        match self.last_run {
            Some(run) => {
                let (word, tone) = words::run_status(run.status);
                let when = format!(
                    "{}, {}",
                    minute(run.started_at),
                    relative(run.started_at, self.now)
                );
                text += &pair(
                    style,
                    "last run",
                    &format!("{} {} ({when})", run.id, style.paint(tone, word)),
                );
            }
            None => text += &pair(style, "last run", "none yet"),
        }
        if self.accounts.is_empty() {
            return text;
        }
        let all: u64 = self.accounts.iter().map(|status| status.assets).sum();
        let accounts = count(self.accounts.len() as u64, "account", "accounts");
        text += &pair(
            style,
            "found",
            &format!(
                "{} in {accounts}",
                count(all, "certificate", "certificates")
            ),
        );
        text += "\n";
        text += &tree(self.accounts, style);
        text += "\n";
        text += &legend(self.accounts, style);
        text
    }
}

fn account_data(status: &AccountStatus) -> AccountData<'_> {
    AccountData {
        account: &status.account,
        coverage: coverage_of(status),
        certificates: status.assets,
        stale: status.stale,
        missing: status.missing,
        splits: status.splits.iter().map(Into::into).collect(),
    }
}

fn head(connector: &StoredConnector, style: Style) -> String {
    let config = &connector.config;
    let mut text = format!("{}\n", style.paint(Tone::Strong, config.name.as_str()));
    let mut line = |name: &str, value: &str| text += &pair(style, name, value);
    line("plugin", config.plugin.as_str());
    if let Some(mock) = &config.mock_host {
        let scenario = mock.scenario.as_ref().map_or_else(String::new, |path| {
            format!(", scenario {}", safe(&path.display().to_string()))
        });
        line(
            "mock-host",
            &format!("{}{scenario} (nothing here is real)", mock.plugin),
        );
    }
    if let Some(credential) = &config.credential {
        line(
            "credential",
            &format!("{} by {}", safe(&credential.method), credential.provider),
        );
    }
    let import = &config.import;
    let since = import.expired_since.map_or_else(String::new, |since| {
        format!(", and those expired since {since}")
    });
    let revoked = if import.revoked {
        ", and revoked ones"
    } else {
        ""
    };
    line(
        "imports",
        &format!("valid certificates{since}{revoked}; every {}", import.every),
    );
    if let Some(unit) = &import.business_unit {
        line("business unit", &safe(unit));
    }
    if !import.tags.is_empty() {
        let tags: Vec<_> = import
            .tags
            .iter()
            .map(|(key, value)| format!("{}={}", safe(key), safe(value)))
            .collect();
        line("tags", &tags.join(", "));
    }
    text
}
