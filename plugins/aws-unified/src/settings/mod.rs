//! The connector's settings: as written, JSON; as meant, [`Settings`].
//! Above: every part of the connector. Below: `reader`, `pattern`, `duration`.
//! Invariant: past `Settings::load` there is nothing left to interpret, and every problem was told at once.

mod duration;
mod nearest;
mod pattern;
mod reader;

pub(crate) use nearest::hint;
pub(crate) use pattern::{Pattern, Selection};
pub(crate) use reader::SettingsProblem;

use crate::error::config;
use reader::{Problems, Table};
use sensor_sdk::host::Host;
use sensor_sdk::types::{Error, Timestamp};

/// The settings as JSON Schema (draft 2020-12).
pub const SCHEMA: &str = include_str!("schema.json");

const DEFAULT_ROLE: &str = "OrganizationAccountAccessRole";
const DEFAULT_SESSION: &str = "sensor";
const WEEK: i64 = 604_800_000;

/// What has no meaning in one account.
const ORGANIZATION_ONLY: [&str; 6] = [
    "role_name",
    "external_id",
    "session_name",
    "session_duration",
    "accounts",
    "organizational_units",
];

/// What a connector covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    Account,
    Organization,
}

/// How certificates are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReadMode {
    /// SearchCertificates where it works, else ListCertificates.
    Auto,
    Search,
    List,
}

/// The role that all member accounts have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Role {
    pub(crate) name: String,
    pub(crate) external_id: Option<String>,
    pub(crate) session_name: String,
    pub(crate) duration_seconds: Option<u32>,
}

/// Where a key waits between its making and its delivery.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Keys {
    #[default]
    Sensor,
    SecretsManager,
}

/// Whether certificates may be brought into ACM, and how.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Delivery {
    pub(crate) enabled: bool,
    pub(crate) keys: Keys,
    /// Where they wait in Secrets Manager; the partition's home region where it is left out.
    pub(crate) key_region: Option<String>,
    /// What encrypts them there; the account's `aws/secretsmanager` where it is left out.
    pub(crate) kms_key: Option<String>,
    /// The account's own quotas, where the operator knows them.
    pub(crate) imported_held: Option<u32>,
    pub(crate) imports_per_year: Option<u32>,
}

/// Which certificates are wanted; set by the host.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Import {
    pub(crate) expired_since: Option<Timestamp>,
    pub(crate) include_expired: bool,
    pub(crate) include_revoked: bool,
}

/// The settings as meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) scope: Scope,
    pub(crate) role: Role,
    pub(crate) accounts: Selection,
    pub(crate) units: Selection,
    pub(crate) regions: Selection,
    pub(crate) read: ReadMode,
    /// Milliseconds; none means that details never grow old.
    pub(crate) details_max_age: Option<i64>,
    pub(crate) delivery: Delivery,
    pub(crate) import: Import,
}

impl Settings {
    /// Reads the host's settings.
    pub(crate) fn load<H: Host>(host: &H) -> Result<Self, Error> {
        Self::parse(&host.settings()).map_err(|problems| {
            let told: Vec<_> = problems.iter().map(ToString::to_string).collect();
            config(
                "settings",
                format!("the settings are wrong: {}", told.join("; ")),
            )
        })
    }

    /// Everything that is wrong, or the settings.
    pub(crate) fn parse(text: &str) -> Result<Self, Vec<SettingsProblem>> {
        let problems = Problems::default();
        let value = serde_json::from_str(text).unwrap_or_default();
        let settings = read(Table::root(&value, &problems));
        let problems = problems.into_vec();
        if problems.is_empty() {
            Ok(settings)
        } else {
            Err(problems)
        }
    }
}

impl std::fmt::Display for SettingsProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.key.is_empty() {
            f.write_str(&self.message)
        } else {
            write!(f, "`{}` {}", self.key, self.message)
        }
    }
}

fn read(mut table: Table<'_>) -> Settings {
    let scope = scope(&mut table);
    let settings = Settings {
        scope,
        role: role(&mut table),
        accounts: table.selection("accounts"),
        units: table.selection("organizational_units"),
        regions: regions(&mut table),
        read: match table.choice("read", &["auto", "search", "list"]) {
            Some("search") => ReadMode::Search,
            Some("list") => ReadMode::List,
            _ => ReadMode::Auto,
        },
        details_max_age: details_max_age(&mut table),
        delivery: delivery(&mut table),
        import: import(&mut table),
    };
    table.finish();
    settings
}

fn scope(table: &mut Table<'_>) -> Scope {
    if !table.has("scope") {
        table.complain("scope", "is missing: write \"account\" or \"organization\"");
    }
    if table.choice("scope", &["account", "organization"]) != Some("account") {
        return Scope::Organization;
    }
    for key in ORGANIZATION_ONLY.into_iter().filter(|key| table.has(key)) {
        table.complain(key, "has a meaning with scope = \"organization\" only");
    }
    Scope::Account
}

fn role(table: &mut Table<'_>) -> Role {
    let name = table.checked(
        "role_name",
        "a role's name, not its ARN: letters, digits and +=,.@-_/",
        |text| {
            (1..=512).contains(&text.len())
                && made_of(text, "+=,.@-_/")
                && !text.starts_with('/')
                && !text.ends_with('/')
        },
    );
    let external_id = table.checked(
        "external_id",
        "2 to 1,224 letters, digits and +=,.@:/-_",
        |text| (2..=1224).contains(&text.len()) && made_of(text, "+=,.@:/-_"),
    );
    let session_name = table.checked(
        "session_name",
        "2 to 64 letters, digits and +=,.@-_",
        |text| (2..=64).contains(&text.len()) && made_of(text, "+=,.@-_"),
    );
    Role {
        name: name.unwrap_or_else(|| DEFAULT_ROLE.to_owned()),
        external_id,
        session_name: session_name.unwrap_or_else(|| DEFAULT_SESSION.to_owned()),
        duration_seconds: session_duration(table),
    }
}

fn session_duration(table: &mut Table<'_>) -> Option<u32> {
    let text = table.text("session_duration")?;
    let seconds = duration::parse(text)
        .map(|ms| ms / 1000)
        .filter(|seconds| (900..=43_200).contains(seconds));
    if seconds.is_none() {
        table.complain("session_duration", "must be from \"15m\" to \"12h\"");
    }
    seconds.and_then(|seconds| u32::try_from(seconds).ok())
}

fn regions(table: &mut Table<'_>) -> Selection {
    let regions = table.selection("regions");
    for (key, patterns) in [("include", &regions.include), ("exclude", &regions.exclude)] {
        for pattern in patterns {
            let name = pattern.text().trim_end_matches('*');
            let legal = name
                .bytes()
                .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
            if !legal || (pattern.is_exact() && !is_region(name)) {
                let near = hint(name, crate::partition::all_regions());
                table.complain(
                    &format!("regions.{key}"),
                    format!("has no region `{}`{near}", pattern.text()),
                );
            }
        }
    }
    regions
}

fn details_max_age(table: &mut Table<'_>) -> Option<i64> {
    match table.text("details_max_age") {
        None => Some(WEEK),
        Some("never") => None,
        Some(text) => {
            let age = duration::parse(text);
            if age.is_none() {
                table.complain(
                    "details_max_age",
                    "must be a length of time, like \"7d\", or \"never\"",
                );
            }
            age
        }
    }
}

fn delivery(table: &mut Table<'_>) -> Delivery {
    let mut delivery = table.table("delivery");
    let rule = "a region's name, like \"eu-central-1\"";
    let read = Delivery {
        enabled: delivery.flag("enabled").unwrap_or(false),
        keys: match delivery.choice("keys", &["sensor", "secrets-manager"]) {
            Some("secrets-manager") => Keys::SecretsManager,
            _ => Keys::Sensor,
        },
        key_region: delivery.checked("key_region", rule, is_region),
        kms_key: delivery.checked("kms_key", "a KMS key's ARN, id or `alias/…`", |text| {
            (1..=2048).contains(&text.len()) && made_of(text, ":/_-")
        }),
        imported_held: quota(&mut delivery, "imported_held"),
        imports_per_year: quota(&mut delivery, "imports_per_year"),
    };
    if !read.enabled && delivery.has("keys") {
        delivery.complain("keys", "has a meaning with enabled = true only");
    }
    for key in ["key_region", "kms_key"] {
        if read.keys != Keys::SecretsManager && delivery.has(key) {
            delivery.complain(key, "has a meaning with keys = \"secrets-manager\" only");
        }
    }
    delivery.finish();
    read
}

fn quota(table: &mut Table<'_>, key: &'static str) -> Option<u32> {
    let told = table.integer(key)?;
    let quota = u32::try_from(told).ok().filter(|quota| *quota > 0);
    if quota.is_none() {
        table.complain(key, "must be a whole number from 1 up");
    }
    quota
}

fn import(table: &mut Table<'_>) -> Import {
    let mut import = table.table("import");
    let read = Import {
        expired_since: import.integer("expired_since"),
        include_expired: import.flag("include_expired").unwrap_or(false),
        include_revoked: import.flag("include_revoked").unwrap_or(false),
    };
    import.finish();
    read
}

fn made_of(text: &str, signs: &str) -> bool {
    text.chars()
        .all(|sign| sign.is_ascii_alphanumeric() || signs.contains(sign))
}

/// A word of small letters, words that may have digits, a number: `us-gov-west-1`. As the sensor and the credential
/// provider judge it.
fn is_region(text: &str) -> bool {
    let mut parts = text.split('-');
    let number = parts
        .next_back()
        .is_some_and(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
    let mut words = 0;
    let legal = parts.all(|part| {
        words += 1;
        let fits = |b: u8| b.is_ascii_lowercase() || (words > 1 && b.is_ascii_digit());
        !part.is_empty() && part.bytes().all(fits)
    });
    number && legal && words >= 2
}

#[cfg(test)]
mod tests;
