//! A scenario as its author writes it: TOML in, plain structs with their defaults out. `SCENARIOS.md` explains it.
//! Above: `World::new` makes a world of it. Below: serde, toml, `count`, `moment`.
//! Invariant: an unknown key is an error; nothing here is checked against anything else (that is `world::build`).

mod certificate;
mod count;
pub(crate) mod moment;
mod rule;
mod write;

pub use certificate::{CertificateEntry, CertificateMix, Expiry};
pub use count::Counts;
pub use moment::Moment;
pub use rule::{FaultKind, FaultRule, Harm, RateEntry, Rates};
pub use write::{AssociationEntry, Quotas};

use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;

/// Everything that is wrong with a scenario, at once.
#[derive(Debug, Clone, PartialEq)]
pub struct Problems(pub Vec<String>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for Problems {}

/// Which clock a host should use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Clock {
    /// Wall time.
    #[default]
    Real,
    /// Starts at `start`, moves when somebody sleeps.
    Virtual,
    /// The same, from today's midnight (UTC): for a scenario whose dates are to look alike on any day.
    VirtualToday,
}

/// A simulated organization and its faults.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What it calls itself.
    pub name: String,
    /// Everything pseudo-random comes from it.
    #[serde(default = "one")]
    pub seed: u64,
    /// When the world begins; every other time is relative to it.
    pub start: Option<Moment>,
    /// Real or virtual.
    #[serde(default)]
    pub clock: Clock,
    /// `aws`, `aws-cn`, …
    #[serde(default = "aws")]
    pub partition: String,
    /// The regions of accounts that name none.
    #[serde(default = "one_region")]
    pub regions: Vec<String>,
    /// Certificates carry signatures that verify (by a P-256 authority), instead of noise.
    #[serde(default)]
    pub signed: bool,
    /// The role that the accounts have in common.
    #[serde(default = "common_role")]
    pub role: String,
    /// The external ID that the common role wants.
    pub external_id: Option<String>,
    /// How long a page token lives.
    pub token_life_ms: Option<i64>,
    /// Until a new certificate shows in lists.
    #[serde(default)]
    pub visible_after_ms: i64,
    /// Until an import shows in DescribeCertificate, GetCertificate and ListTagsForCertificate.
    #[serde(default)]
    pub read_after_ms: i64,
    /// Until a deleted certificate shows nowhere.
    #[serde(default)]
    pub deleted_after_ms: i64,
    /// Until a secret that was deleted without recovery is gone, and its name free.
    #[serde(default = "one_second")]
    pub secret_gone_after_ms: i64,
    /// Whether an import's key must be of its issuer's algorithm, as ACM's reference says.
    #[serde(default = "yes")]
    pub issuer_key_must_match: bool,
    /// ACM's quotas.
    #[serde(default)]
    pub quotas: Quotas,
    /// Quotas: `"real"`, `"off"`, or figures per operation over the real ones.
    #[serde(default)]
    pub rates: Rates,
    /// Milliseconds a call takes, by operation; `default` for the others.
    #[serde(default)]
    pub latency: BTreeMap<String, u64>,
    /// The organization; none means that the accounts stand alone.
    pub organization: Option<OrganizationEntry>,
    /// Organizational units.
    #[serde(default, rename = "ou")]
    pub ous: Vec<OuEntry>,
    /// Accounts written out.
    #[serde(default, rename = "account")]
    pub accounts: Vec<AccountEntry>,
    /// Accounts made by the dozen.
    pub generate: Option<Generate>,
    /// Whom the operator's credentials stand for.
    #[serde(default)]
    pub caller: CallerEntry,
    /// What generated certificates are like.
    #[serde(default)]
    pub mix: CertificateMix,
    /// What comes to use certificates.
    #[serde(default, rename = "association")]
    pub associations: Vec<AssociationEntry>,
    /// What goes wrong.
    #[serde(default, rename = "fault")]
    pub faults: Vec<FaultRule>,
}

impl Scenario {
    /// Reads a scenario.
    ///
    /// # Errors
    /// What TOML or the format objects to.
    pub fn parse(text: &str) -> Result<Self, Problems> {
        toml::from_str(text).map_err(|error| Problems(vec![error.to_string()]))
    }
}

/// `[organization]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrganizationEntry {
    /// The management account: a name or number of an account; the first account where it is left out.
    pub management: Option<String>,
    /// `o-…`; made from the seed where it is left out.
    pub id: Option<String>,
    /// Accounts that may ask Organizations too.
    #[serde(default)]
    pub delegated: Vec<String>,
    /// Whether `Paths` is filled in.
    #[serde(default = "yes")]
    pub paths: bool,
    /// Whether `State` is filled in (older partitions do not know it).
    #[serde(default = "yes")]
    pub states: bool,
    /// Whether Account Management may be asked about other accounts.
    #[serde(default = "yes")]
    pub trusted_account_access: bool,
}

/// `[[ou]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OuEntry {
    /// Its name, unique in the scenario.
    pub name: String,
    /// The unit above it; the root where it is left out.
    pub parent: Option<String>,
}

/// `[[account]]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountEntry {
    /// Its name, unique in the scenario.
    pub name: String,
    /// Twelve digits; made from its place in the file where it is left out.
    pub id: Option<String>,
    /// The unit it is in; the root where it is left out.
    pub ou: Option<String>,
    /// ACTIVE where it is left out.
    pub state: Option<String>,
    /// CREATED where it is left out; an INVITED one has no common role.
    pub joined: Option<String>,
    /// The role to assume, if another than the common one; `""` for none at all.
    pub role: Option<String>,
    /// The external ID that its role wants, if another than the common one; `""` for none.
    pub external_id: Option<String>,
    /// The role is there and does not trust the caller.
    #[serde(default)]
    pub role_denied: bool,
    /// The role asks for a second factor.
    #[serde(default)]
    pub role_mfa: bool,
    /// The role comes to be so long after the start.
    pub role_from_ms: Option<i64>,
    /// The role's longest session.
    pub role_max_seconds: Option<u32>,
    /// What the role may do; everything where it is left out.
    pub role_allows: Option<Vec<String>>,
    /// Actions that a service control policy denies.
    #[serde(default)]
    pub denied_actions: Vec<String>,
    /// Regions that a service control policy denies.
    #[serde(default)]
    pub denied_regions: Vec<String>,
    /// Enabled regions.
    pub regions: Option<Vec<String>>,
    /// Regions that exist and are not enabled.
    #[serde(default)]
    pub disabled_regions: Vec<String>,
    /// Generated certificates: a number for every region, or one for each.
    #[serde(default)]
    pub certificates: Counts,
    /// Over the scenario's mix.
    pub mix: Option<CertificateMix>,
    /// Certificates written out.
    #[serde(default, rename = "certificate")]
    pub entries: Vec<CertificateEntry>,
    /// Secrets written out.
    #[serde(default, rename = "secret")]
    pub secrets: Vec<SecretEntry>,
    /// Over the scenario's quotas.
    #[serde(default)]
    pub quotas: Quotas,
}

/// `[[account.secret]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecretEntry {
    /// Its name.
    pub name: String,
    /// Where; every region of the account where it is left out.
    pub region: Option<String>,
    /// Its tags.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// Deleted so long after the start, and kept for a while.
    pub deleted_ms: Option<i64>,
    /// What is in it; nothing where it is left out.
    pub value: Option<String>,
    /// Whether it has replicas in other regions.
    #[serde(default)]
    pub replicated: bool,
}

/// `[generate]`: accounts by the dozen, besides those written out.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Generate {
    /// How many accounts.
    pub accounts: u32,
    /// How many units they are spread over; 0 puts them below the root.
    #[serde(default)]
    pub ous: u32,
    /// How deep the units are nested.
    #[serde(default = "one_u32")]
    pub depth: u32,
    /// Their regions; the scenario's where it is left out.
    pub regions: Option<Vec<String>>,
    /// Certificates in each region of each.
    #[serde(default)]
    pub certificates_per_split: u32,
}

/// `[caller]`: the base credentials.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallerEntry {
    /// A name or number of an account; the management account, else the first, where it is left out.
    pub account: Option<String>,
    /// The user's name; `sensor` where it is left out.
    pub user: Option<String>,
    /// A role's name: the caller is a session of it, so that AssumeRole is chaining.
    pub role: Option<String>,
    /// The credentials end so long after the start.
    pub expires_ms: Option<i64>,
    /// What the caller may do; everything where it is left out.
    pub allows: Option<Vec<String>>,
    /// `AKIA…`; what an HTTP face takes for the base credentials.
    pub access_key: Option<String>,
    /// Its secret.
    pub secret_key: Option<String>,
}

fn one() -> u64 {
    1
}

fn one_second() -> i64 {
    1000
}

fn one_u32() -> u32 {
    1
}

fn yes() -> bool {
    true
}

fn aws() -> String {
    "aws".to_owned()
}

fn one_region() -> Vec<String> {
    vec!["us-east-1".to_owned()]
}

fn common_role() -> String {
    "OrganizationAccountAccessRole".to_owned()
}
