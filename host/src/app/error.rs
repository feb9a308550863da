//! Why a sensor could not do what was asked.
//! Above: `cli` shows it and chooses the exit code. Below: every layer's own errors.
//! Invariant: each text says what to do next.

use crate::config::{ConfigProblem, nearest};
use crate::custody::CustodyError;
use crate::delivery::EngineError;
use crate::issuer::{IssuerError, IssuerErrorClass};
use crate::ledger::{LedgerError, LockError};
use crate::model::id::{DeliveryId, IssuerId, PluginId, ProfileId, RequestId};
use crate::model::problem::OperationError;
use crate::plugin::{CallError, CatalogError, LoadError, PackageError, StartError};
use crate::revocation::CheckerError;
use crate::store::StoreError;
use std::path::PathBuf;

/// What can come in the way of a request to the sensor.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    #[error(transparent)]
    Lock(#[from] LockError),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Custody(#[from] CustodyError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error(transparent)]
    Package(#[from] PackageError),
    #[error(transparent)]
    Start(#[from] StartError),
    #[error(transparent)]
    Call(#[from] CallError),
    #[error(transparent)]
    Issuer(#[from] IssuerError),
    #[error(transparent)]
    Checker(#[from] CheckerError),
    #[error("{}", told(.0))]
    Operation(OperationError),
    #[error(
        "there is no connector `{name}`{hint}: `sensor connector list` shows them, `sensor connector apply -f FILE` makes one"
    )]
    NoConnector { name: String, hint: String },
    #[error(
        "there is no issuer `{name}`{hint}: `sensor issuer list` shows them, `sensor issuer apply -f FILE` makes one"
    )]
    NoIssuer { name: String, hint: String },
    #[error(
        "the issuer `{name}` is of the kind {before}, which cannot change: give the new one another name"
    )]
    OtherKind {
        name: IssuerId,
        before: &'static str,
    },
    #[error(
        "there is no profile `{name}`{hint}: `sensor profile list` shows them, `sensor profile apply -f FILE` makes one"
    )]
    NoProfile { name: String, hint: String },
    #[error(
        "profile `{profile}`: there is no issuer `{issuer}`{hint}: `sensor issuer apply -f FILE` makes one"
    )]
    NoIssuerOf {
        profile: ProfileId,
        issuer: String,
        hint: String,
    },
    #[error("there is no plugin `{name}`{hint}: `sensor plugin install PATH` installs one")]
    NoPlugin { name: String, hint: String },
    #[error("`{name}` is a {kind} plugin, where a {wanted} is needed")]
    WrongKind {
        name: PluginId,
        kind: String,
        wanted: &'static str,
    },
    #[error("the plugin `{plugin}` is in use by {}: remove that first", connectors.join(", "))]
    InUse {
        plugin: PluginId,
        connectors: Vec<String>,
    },
    #[error("connector `{connector}` is not valid:\n{}", listed(problems))]
    Invalid {
        connector: String,
        problems: Vec<ConfigProblem>,
    },
    #[error("the issuer `{issuer}` is in use by the profiles {}: remove them, or give them another issuer, first", profiles.join(", "))]
    IssuerInUse {
        issuer: IssuerId,
        profiles: Vec<String>,
    },
    #[error("the {what} is needed by request {}: cancel that first (`sensor request cancel`), or nothing renews it", requests.join(", "))]
    Needed { what: String, requests: Vec<String> },
    #[error("issuer `{issuer}` is not valid:\n{}", listed(problems))]
    InvalidIssuer {
        issuer: IssuerId,
        problems: Vec<ConfigProblem>,
    },
    #[error("the scenario {} cannot be read: {error}", path.display())]
    Scenario {
        path: PathBuf,
        error: std::io::Error,
    },
    #[error(
        "`{0}` has no scenario: give one with --scenario FILE, or `scenario` in the connector's file"
    )]
    NoScenario(PluginId),
    #[error("the request is not valid:\n{}", listed(.0))]
    InvalidRequest(Vec<String>),
    #[error("request {0} is {1}: sensor request show {0} tells more")]
    Decided(RequestId, &'static str),
    #[error("request {0} needs a second person, and `{1}` asked for it")]
    OwnRequest(RequestId, String),
    #[error("nothing of request {0} failed: sensor renew {0} issues it anew")]
    NothingFailed(RequestId),
    #[error(
        "the key of request {0} was brought and is erased by now: make a new request with the certificate and its key"
    )]
    KeyGone(RequestId),
    #[error(
        "an issuance of request {0} is under way: sensor request show {0} tells how far, sensor request retry {0} hurries it"
    )]
    UnderWay(RequestId),
    #[error(
        "{at} cannot be listened at for HTTP-01 ({error}): give another address with --http01-listen, and pass /.well-known/acme-challenge/ on to it"
    )]
    Challenges {
        at: std::net::SocketAddr,
        error: std::io::Error,
    },
    #[error(
        "the inventory is in use, by an import if a sensor serves: try again when that is over; requests and deliveries can be listed meanwhile, and a certificate be taken over by its ARN"
    )]
    InventoryHeld,
    #[error("nothing was imported yet, and the sensor that serves has made no inventory")]
    NothingImported,
    #[error("nothing was issued for request {0} yet")]
    NothingIssued(RequestId),
    #[error("several certificates of request {0} are in use; say which with --serial:\n{1}")]
    WhichSerial(RequestId, String),
    #[error("request {0} has no certificate with the serial number {1}, but {2}")]
    NoSerial(RequestId, String, String),
    #[error(
        "the exposed key of request {0} is the operator's own, and a renewal would certify it again: make a request with a new signing request, then sensor request revoke {0}"
    )]
    OwnKey(RequestId),
    #[error("the certificate of request {0} was brought: only who issued it can revoke it")]
    NotOurs(RequestId),
    #[error("request {0} keeps this certificate: sensor request cancel {0} first")]
    StillKept(RequestId),
    #[error("delivery {0} was withdrawn before")]
    Withdrawn(DeliveryId),
    #[error("delivery {0} never arrived anywhere")]
    NeverArrived(DeliveryId),
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error("connector `{0}` has no [credential]: only one with a mock-host may do without")]
    NoCredential(String),
    #[error(
        "this needs a cloud and the connector's scope could not be asked: give --partition (aws, aws-cn, aws-us-gov): {0}"
    )]
    NoPartition(Box<AppError>),
}

impl AppError {
    pub(super) fn no_connector<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Self {
        let (name, hint) = with_hint(name, names);
        Self::NoConnector { name, hint }
    }

    pub(super) fn no_issuer<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Self {
        let (name, hint) = with_hint(name, names);
        Self::NoIssuer { name, hint }
    }

    pub(super) fn no_plugin<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Self {
        let (name, hint) = with_hint(name, names);
        Self::NoPlugin { name, hint }
    }

    /// Whether what the operator wrote is at fault, rather than the world.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        if let Self::Issuer(error) = self {
            return error.class == IssuerErrorClass::Config;
        }
        matches!(
            self,
            Self::NoConnector { .. }
                | Self::Ledger(LedgerError::Missing { .. })
                | Self::Store(StoreError::NotFound(_) | StoreError::NoSuchRun(_))
                | Self::NoIssuer { .. }
                | Self::OtherKind { .. }
                | Self::InvalidIssuer { .. }
                | Self::IssuerInUse { .. }
                | Self::Needed { .. }
                | Self::NoPlugin { .. }
                | Self::NoProfile { .. }
                | Self::NoIssuerOf { .. }
                | Self::WrongKind { .. }
                | Self::InUse { .. }
                | Self::Invalid { .. }
                | Self::InvalidRequest(_)
                | Self::Decided(..)
                | Self::OwnRequest(..)
                | Self::NothingFailed(_)
                | Self::KeyGone(_)
                | Self::NothingIssued(_)
                | Self::WhichSerial(..)
                | Self::NoSerial(..)
                | Self::NotOurs(_)
                | Self::OwnKey(_)
                | Self::UnderWay(_)
                | Self::StillKept(_)
                | Self::NeverArrived(_)
                | Self::Withdrawn(_)
                | Self::Scenario { .. }
                | Self::NoScenario(_)
                | Self::NoCredential(_)
                | Self::NoPartition(_)
        )
    }
}

impl From<OperationError> for AppError {
    fn from(error: OperationError) -> Self {
        Self::Operation(error)
    }
}

pub(super) fn with_hint<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> (String, String) {
    let names: Vec<&str> = names.collect();
    let hint = nearest(name, names.iter().copied())
        .map_or_else(String::new, |near| format!(" (did you mean `{near}`?)"));
    (name.to_owned(), hint)
}

fn listed<T: std::fmt::Display>(problems: &[T]) -> String {
    let lines: Vec<String> = problems.iter().map(|one| format!("  - {one}")).collect();
    lines.join("\n")
}

fn told(error: &OperationError) -> String {
    let mut text = error.to_string();
    if let Some(subject) = &error.subject {
        text = format!("{subject}: {text}");
    }
    if let Some(detail) = &error.detail {
        text = format!("{text}\n  {detail}");
    }
    text
}
