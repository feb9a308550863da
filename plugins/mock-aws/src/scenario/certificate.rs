//! What a scenario says about certificates: some one by one, the others as a mix.
//! Above: `scenario`. Below: serde.
//! Invariant: every field left out is filled in from the seed.

use super::{Harm, Moment};
use serde::Deserialize;
use std::collections::BTreeMap;

/// `[[account.certificate]]`: one certificate, in one or several regions.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertificateEntry {
    /// Its domain; made up where it is left out.
    pub name: Option<String>,
    /// One region.
    pub region: Option<String>,
    /// Several regions; every region of the account where neither is given.
    pub regions: Option<Vec<String>>,
    /// Entries of the same label, wherever they are, hold the same bytes.
    pub same: Option<String>,
    /// The subject's common name, if another than the domain.
    pub common_name: Option<String>,
    /// ACM knows no domain for it, and the body has no alternative names.
    #[serde(default)]
    pub no_domain: bool,
    /// Further alternative names: DNS names, or IP addresses.
    #[serde(default)]
    pub sans: Vec<String>,
    /// Made-up alternative names, until there are so many.
    #[serde(default)]
    pub san_count: u32,
    /// `RSA_2048`, `EC_prime256v1`, …
    pub key: Option<String>,
    /// `ISSUED`, … ; by its dates where it is left out.
    pub status: Option<String>,
    /// `IMPORTED`, `AMAZON_ISSUED`, `PRIVATE`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// `AWS_MANAGED`, `CUSTOMER_PROVIDED`, `ACME`.
    pub origin: Option<String>,
    /// From the start until it expires; negative when it has.
    pub days_left: Option<f64>,
    /// How many days it is valid.
    pub days_valid: Option<f64>,
    /// Instead of the two above.
    pub not_before: Option<Moment>,
    /// Instead of the two above.
    pub not_after: Option<Moment>,
    /// ARNs; `true` in `in_use` makes one up.
    #[serde(default)]
    pub in_use_by: Vec<String>,
    /// Whether something uses it.
    pub in_use: Option<bool>,
    /// Its tags.
    pub tags: Option<BTreeMap<String, String>>,
    /// `CLOUDFRONT`.
    pub managed_by: Option<String>,
    /// Whether it was exported.
    pub exported: Option<bool>,
    /// `PENDING_AUTO_RENEWAL`, `PENDING_VALIDATION`, `SUCCESS`, `FAILED`.
    pub renewal: Option<String>,
    /// Signed by itself.
    #[serde(default)]
    pub self_signed: bool,
    /// What GetCertificate answers instead of the body.
    pub body: Option<Harm>,
    /// Comes to be so long after the start.
    pub appears_ms: Option<i64>,
    /// Goes away so long after the start.
    pub vanishes_ms: Option<i64>,
    /// Goes away after so many lists of its region.
    pub vanishes_after_lists: Option<u64>,
    /// Is imported again so long after the start: same ARN, new body.
    pub reimported_ms: Option<i64>,
}

/// `[mix]`: weights and shares for generated certificates. Weights need not sum up to anything.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertificateMix {
    /// Weights by key type.
    pub keys: Option<BTreeMap<String, f64>>,
    /// Weights by certificate type.
    pub types: Option<BTreeMap<String, f64>>,
    /// Weights by status; ISSUED becomes EXPIRED by the date.
    pub statuses: Option<BTreeMap<String, f64>>,
    /// Weights by when they expire.
    pub expiry: Option<Expiry>,
    /// Share (0 to 1) of Amazon's own with origin ACME.
    pub acme: Option<f64>,
    /// Share that something uses.
    pub in_use: Option<f64>,
    /// Share that has tags.
    pub tagged: Option<f64>,
    /// Share that is drawn from a pool which all accounts and regions share, so that bodies repeat.
    pub shared: Option<f64>,
    /// Share without a domain.
    pub no_domain: Option<f64>,
    /// Share with more than 100 alternative names.
    pub many_names: Option<f64>,
}

/// `[mix.expiry]`: weights.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expiry {
    /// In the year before the start.
    #[serde(default)]
    pub expired: f64,
    /// Within 7 days.
    #[serde(default)]
    pub within_7_days: f64,
    /// In 8 to 30 days.
    #[serde(default)]
    pub within_30_days: f64,
    /// In 31 to 90 days.
    #[serde(default)]
    pub within_90_days: f64,
    /// Later, as late as the validity allows.
    #[serde(default)]
    pub later: f64,
}
