//! What a scenario says about faults and quotas.
//! Above: `scenario`. Below: serde.
//! Invariant: a rule with no condition applies to every call of its operation.

use serde::{Deserialize, Deserializer, de};
use std::collections::BTreeMap;

/// What a fault does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// Answers "too many requests".
    Throttle,
    /// Answers AccessDenied.
    Deny,
    /// Answers with `code`, `status` and `message`.
    Error,
    /// The session's credentials have expired.
    ExpiredToken,
    /// The page token is not accepted.
    TokenExpired,
    /// The next page is this page again.
    RepeatedPage,
    /// The whole list comes in another order, for every call.
    ReorderedPages,
    /// A page without anything, and a token.
    EmptyPage,
    /// The list is empty, and that is all.
    EmptyList,
    /// The service does not know the operation.
    UnknownOperation,
    /// The service does not know the values in `values`.
    UnknownEnum,
    /// GetCertificate answers `body` instead.
    MalformedBody,
    /// The first listed ARN belongs to another account.
    ForeignArn,
    /// The last `certificates` of each list go away (for `after_calls`: counted in lists).
    Vanish,
    /// `ms` more for each call.
    Latency,
    /// A write is done, and its tags are not.
    IgnoreTags,
    /// The answer ends in the middle.
    TruncatedResponse,
    /// The answer is not what the protocol says.
    GarbledResponse,
    /// The connection ends without an answer.
    Reset,
}

/// What GetCertificate answers instead of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Harm {
    /// Some page of HTML.
    NotPem,
    /// PEM around noise.
    Garbage,
    /// PEM around half a certificate.
    Truncated,
    /// Nothing.
    Empty,
    /// The certificate twice.
    Two,
}

/// `[[fault]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultRule {
    /// What it does.
    pub kind: FaultKind,
    /// Where: an operation; every one where it is left out.
    pub operation: Option<String>,
    /// A name or number of an account; every one where it is left out.
    pub account: Option<String>,
    /// A region; every one where it is left out.
    pub region: Option<String>,
    /// Lets so many matching calls pass first.
    #[serde(default)]
    pub after_calls: u64,
    /// Strikes so many times at most.
    pub count: Option<u64>,
    /// Strikes every so many matching calls only.
    pub every: Option<u64>,
    /// Strikes with this probability, drawn from the seed.
    pub probability: Option<f64>,
    /// Not before, after the start.
    pub from_ms: Option<i64>,
    /// Not from then on, after the start.
    pub until_ms: Option<i64>,
    /// For `error`.
    pub code: Option<String>,
    /// For `error`.
    pub status: Option<u16>,
    /// For `error`, `deny`.
    pub message: Option<String>,
    /// For `error` and `throttle`: how long to wait, told to the caller.
    pub retry_after_ms: Option<u64>,
    /// For `unknown-enum`; `CertificateKeyPairOrigins` refuses the field altogether.
    #[serde(default)]
    pub values: Vec<String>,
    /// For `malformed-body`.
    pub body: Option<Harm>,
    /// For `vanish`.
    pub certificates: Option<u32>,
    /// For `latency`.
    pub ms: Option<u64>,
}

/// A quota: `10`, or `{ per_second = 10, burst = 20 }`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RateEntry {
    /// How fast the bucket fills.
    pub per_second: f64,
    /// How much it holds.
    pub burst: f64,
}

/// `rates`.
#[derive(Debug, Clone, PartialEq)]
pub enum Rates {
    /// None at all.
    Off,
    /// AWS's own, but for these operations.
    Real(BTreeMap<String, RateEntry>),
}

impl Default for Rates {
    fn default() -> Self {
        Self::Real(BTreeMap::new())
    }
}

impl<'de> Deserialize<'de> for Rates {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match toml::Value::deserialize(deserializer)? {
            toml::Value::String(word) if word == "real" => Ok(Self::default()),
            toml::Value::String(word) if word == "off" => Ok(Self::Off),
            toml::Value::Table(table) => table
                .into_iter()
                .map(|(op, value)| Ok((op, rate(&value)?)))
                .collect::<Result<_, D::Error>>()
                .map(Self::Real),
            _ => Err(de::Error::custom(
                "expected \"real\", \"off\", or a table of operation = calls per second",
            )),
        }
    }
}

fn rate<E: de::Error>(value: &toml::Value) -> Result<RateEntry, E> {
    let number = |value: &toml::Value| {
        let exact = value.as_integer().and_then(|n| i32::try_from(n).ok());
        value.as_float().or_else(|| exact.map(f64::from))
    };
    let fields = value.as_table();
    let known = fields.is_none_or(|t| t.keys().all(|k| k == "per_second" || k == "burst"));
    let per_second = number(fields.and_then(|t| t.get("per_second")).unwrap_or(value));
    let burst = fields.and_then(|t| t.get("burst")).map(number);
    match (known, per_second, burst) {
        (true, Some(per_second), None) => Ok(RateEntry {
            per_second,
            burst: per_second.max(1.0),
        }),
        (true, Some(per_second), Some(Some(burst))) => Ok(RateEntry { per_second, burst }),
        _ => Err(E::custom(
            "a rate is a number, or { per_second = 10, burst = 20 }",
        )),
    }
}
