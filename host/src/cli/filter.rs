//! Filters of the inventory as options.
//! Above: `inventory`. Below: `model::filter`.
//! Invariant: every word that a list shows can be given back to its filter.

use super::failure::usage;
use super::words::{REVOCATIONS, SOURCES, STATUSES};
use crate::config::Period;
use crate::model::asset::{Source, Status};
use crate::model::filter::Filter;
use crate::model::id::ConnectorId;
use crate::model::key::KeyType;
use crate::model::nearest::nearest;
use crate::model::revocation::RevocationWord;
use crate::model::time::Millis;
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

/// All given conditions hold.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of its own on the command line"
)]
#[derive(Debug, Args)]
#[command(next_help_heading = "Filters")]
pub(super) struct FilterArgs {
    /// Ends within this time from now ("30d", "12h") and has not ended
    #[arg(long, value_name = "PERIOD")]
    expires_within: Option<Period>,
    /// Has ended; with --expires-within: or ends soon
    #[arg(long)]
    expired: bool,
    /// A DNS name, or what it ends with: "example.com" finds "www.example.com"
    #[arg(long, value_name = "DNS")]
    name: Option<String>,
    /// An account's number or name
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<String>,
    #[arg(long, value_name = "REGION", help = "A region")]
    region: Option<String>,
    #[arg(long, value_name = "NAME", help = "What this connector found")]
    connector: Option<ConnectorId>,
    #[arg(long, value_parser = words(&STATUSES), value_name = "STATUS", help = "The cloud's own status; it does not know what other CAs have revoked: see --revoked")]
    status: Option<Status>,
    #[arg(long, value_parser = words(&SOURCES), value_name = "SOURCE", help = "How the cloud came by it")]
    source: Option<Source>,
    /// Something uses it
    #[arg(long, conflicts_with = "not_in_use")]
    in_use: bool,
    /// Nothing uses it
    #[arg(long)]
    not_in_use: bool,
    /// Like "RSA-2048", "EC-P256" or "p-256"
    #[arg(long, value_name = "ALGORITHM")]
    key_algorithm: Option<String>,
    /// Part of the issuer's name
    #[arg(long, value_name = "TEXT")]
    issuer: Option<String>,
    /// A tag, with its value if given
    #[arg(long, value_name = "KEY[=VALUE]")]
    tag: Option<String>,
    #[arg(
        long,
        value_name = "UNIT",
        help = "The business unit given by its connector"
    )]
    business_unit: Option<String>,
    /// Not up to date: its region could not be read to the end lately
    #[arg(long)]
    stale: bool,
    /// Not seen by the last complete read of its region
    #[arg(long)]
    missing: bool,
    /// Revoked: its CA says so, or the cloud that issued it
    #[arg(long)]
    revoked: bool,
    #[arg(long, value_parser = words(&REVOCATIONS), value_name = "WORD", help = "What its CA says of it, where it was asked")]
    revocation: Option<RevocationWord>,
    /// Show what is gone for good too
    #[arg(long)]
    retired: bool,
    /// Only what came from a mock-host
    #[arg(long, conflicts_with = "real")]
    mock: bool,
    /// Only what is real
    #[arg(long)]
    real: bool,
}

fn words<T: Copy + Send + Sync + PartialEq + 'static>(
    words: &'static [(&'static str, T)],
) -> impl TypedValueParser<Value = T> {
    PossibleValuesParser::new(words.iter().map(|(word, _)| *word)).try_map(|text| {
        let found = words.iter().find(|(word, _)| *word == text);
        found.map(|(_, value)| *value).ok_or("not one of them")
    })
}

fn either(yes: bool, no: bool) -> Option<bool> {
    match (yes, no) {
        (true, _) => Some(true),
        (_, true) => Some(false),
        _ => None,
    }
}

impl FilterArgs {
    /// The only one whose finds are asked for.
    pub(super) fn connector(&self) -> Option<&ConnectorId> {
        self.connector.as_ref()
    }

    /// What is asked for, now. `accounts` are the known ones as (id, name).
    pub(super) fn filter(
        self,
        now: Millis,
        accounts: &[(String, String)],
    ) -> anyhow::Result<Filter> {
        let soon = self
            .expires_within
            .map(|period| now.saturating_add(period.millis()));
        let tag = self.tag.map(|text| match text.split_once('=') {
            Some((key, value)) => (key.to_owned(), Some(value.to_owned())),
            None => (text, None),
        });
        Ok(Filter {
            expires_before: soon.or(self.expired.then_some(now)),
            expires_after: soon.filter(|_| !self.expired).map(|_| now),
            name: self
                .name
                .map(|name| name.trim_start_matches("*.").to_lowercase()),
            account: self
                .account
                .map(|account| account_id(account, accounts))
                .transpose()?,
            region: self.region,
            connector: self.connector,
            status: self.status,
            source: self.source,
            in_use: either(self.in_use, self.not_in_use),
            key_algorithm: self.key_algorithm.map(as_in_certificates),
            issuer: self.issuer,
            tag,
            business_unit: self.business_unit,
            stale: self.stale.then_some(true),
            missing: self.missing.then_some(true),
            revocation: self.revocation,
            revoked: self.revoked.then_some(true),
            mock: either(self.mock, self.real),
            retired: self.retired,
        })
    }
}

/// A profile's word and ACM's mean the same key.
fn as_in_certificates(text: String) -> String {
    KeyType::of_any(&text).map_or(text, |key| key.in_certificates().to_owned())
}

/// An account is given by its number, or by a name that only one has.
fn account_id(text: String, accounts: &[(String, String)]) -> anyhow::Result<String> {
    if text.bytes().all(|b| b.is_ascii_digit()) {
        return Ok(text);
    }
    let mut found: Vec<_> = accounts
        .iter()
        .filter(|(_, name)| *name == text)
        .map(|(id, _)| id.clone())
        .collect();
    found.sort();
    found.dedup();
    match found.len() {
        1 => Ok(found.remove(0)),
        0 => {
            let near = nearest(&text, accounts.iter().map(|(_, name)| name.as_str()));
            let help = near.map_or_else(String::new, |near| format!(" (did you mean `{near}`?)"));
            Err(usage(format!(
                "--account: no account is called `{text}`{help}"
            )))
        }
        _ => Err(usage(format!(
            "--account: several accounts are called `{text}`; give the number: {}",
            found.join(", ")
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        filter: FilterArgs,
    }

    fn filter(words: &str) -> anyhow::Result<Filter> {
        let accounts = [("1", "prod"), ("2", "twin"), ("3", "twin")]
            .map(|(id, name)| (id.to_owned(), name.to_owned()));
        let line = Line::try_parse_from(std::iter::once("test").chain(words.split_whitespace()))?;
        line.filter.filter(1_000, &accounts)
    }

    #[test]
    fn options_become_conditions() {
        let soon = filter(
            "--expires-within 1s --name *.Example.com --account prod --tag owner=pki --not-in-use",
        )
        .unwrap();
        let expected = Filter {
            expires_before: Some(2_000),
            expires_after: Some(1_000),
            name: Some("example.com".into()),
            account: Some("1".into()),
            tag: Some(("owner".into(), Some("pki".into()))),
            in_use: Some(false),
            ..Filter::default()
        };
        assert_eq!(soon, expected);
        let ended = filter("--expired --status issued --real").unwrap();
        let expected = Filter {
            expires_before: Some(1_000),
            status: Some(Status::Issued),
            mock: Some(false),
            ..Filter::default()
        };
        assert_eq!(ended, expected);
        assert_eq!(filter("").unwrap(), Filter::default());
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for words in [
            "--account prd",
            "--account twin",
            "--in-use --not-in-use",
            "--status gone",
            "--expires-within soon",
        ] {
            assert!(filter(words).is_err(), "{words}");
        }
        assert!(
            filter("--account prd")
                .unwrap_err()
                .to_string()
                .contains("did you mean `prod`")
        );
    }
}
