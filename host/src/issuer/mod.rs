//! Certificate authorities: one narrow trait, one file for each kind.
//! Above: `delivery`, `app`. Below: `ledger`, `config`, `model`.
//! Invariant: an order's reference is all that must be journalled; every function may be called again after a crash
//! at any point, with the same arguments.
//!
//! No private key comes here: a CA is handed a signed request. What it hands over is believed only after [`judge`].

mod acme;
mod aws;
mod dns;
mod error;
mod http;
mod http01;
mod judge;
#[cfg(test)]
pub(crate) mod kit;
mod local;
mod private_ca;
mod vault;

pub use error::{IssuerError, IssuerErrorClass};
pub use http01::Http01;
pub use judge::{Judged, Refusal, judge};

use crate::config::{IssuerConfig, IssuerKind};
use crate::ledger::Ledger;
use crate::model::check::Finding;
use crate::model::issuer::{RenewalWindow, RevocationReason};
use crate::model::name::SanName;
use crate::model::time::Clock;
use crate::model::usage::{ExtendedKeyUsage, KeyUsage};
use std::sync::Arc;
use std::time::Duration;

/// A certificate authority as the sensor uses it.
#[async_trait::async_trait]
pub trait Issuer: Send + Sync {
    /// Places an order. The reference is to be on disk before anything else happens with it. Asked again with the
    /// same token, an issuer gives the same order where its CA has means for that: `local` always, AWS Private CA
    /// within five minutes, an ACME CA if it reuses orders. An ACME order that is never gone on with costs nothing.
    async fn order(&self, wanted: &Wanted) -> Result<OrderRef, IssuerError>;

    /// Brings an order one step on. `Pending` is no failure, whatever how long it takes: the caller waits at least
    /// `retry_after`, longer with each time.
    async fn advance(&self, order: &OrderRef, wanted: &Wanted) -> Result<Progress, IssuerError>;

    /// When the CA would have a certificate renewed; none if it does not say.
    async fn renewal_window(&self, leaf: &[u8]) -> Result<Option<RenewalWindow>, IssuerError>;

    /// Takes a certificate back. One that is taken back already is no error.
    async fn revoke(&self, leaf: &[u8], reason: RevocationReason) -> Result<(), IssuerError>;

    /// Tries what an order needs, without ordering.
    async fn check(&self) -> Result<Vec<Finding>, IssuerError>;

    /// What kind of key it signs with, in ACM's words, where that is known before it signs and does not follow the
    /// certificate's own.
    async fn signing_key(&self) -> Option<String> {
        None
    }

    /// The CA's own certificates (DER), for those who are to trust it. Empty if others distribute them.
    async fn roots(&self) -> Result<Vec<Vec<u8>>, IssuerError> {
        Ok(Vec::new())
    }
}

/// One certificate to be issued: the same for every try.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    pub names: Vec<SanName>,
    /// The signed request, DER.
    pub csr: Vec<u8>,
    /// The public key in it (`SubjectPublicKeyInfo`, DER).
    pub spki: Vec<u8>,
    /// None: as long as the CA gives.
    pub validity: Option<Duration>,
    pub key_usages: Vec<KeyUsage>,
    pub extended_key_usages: Vec<ExtendedKeyUsage>,
    /// The same for every try of one issuance, another for every other issuance. No secret.
    pub token: String,
    /// A profile of the ACME CA.
    pub acme_profile: Option<String>,
    /// The certificate that this one takes the place of (DER), for CAs that ask.
    pub replaces: Option<Vec<u8>>,
}

/// An order at a CA: its URL, its ARN, its serial number.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OrderRef(pub String);

/// How far an order is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// Not yet.
    Pending {
        retry_after: Duration,
        /// For the one who waits: "the CA is validating www.example.com".
        doing: String,
    },
    /// As the CA handed it over, not judged yet. DER.
    Issued { leaf: Vec<u8>, chain: Vec<Vec<u8>> },
}

/// What issuers stand on.
#[derive(Clone)]
pub struct IssuerGround {
    pub ledger: Arc<Ledger>,
    pub clock: Arc<dyn Clock>,
    /// Answers to HTTP-01 challenges; whoever serves starts its listener.
    pub http01: Http01,
    /// The session that [`IssuerConfig::credential`] names, for issuers that act in AWS.
    pub aws: Option<aws_config::SdkConfig>,
}

impl IssuerGround {
    fn aws(&self) -> Result<&aws_config::SdkConfig, IssuerError> {
        self.aws.as_ref().ok_or_else(|| {
            IssuerError::config(
                "no-credential",
                "this issuer acts in AWS and has no session there",
            )
        })
    }
}

/// The issuer that a configuration describes. Asks nobody anything yet.
///
/// # Errors
/// When the configuration names what is not there.
pub fn open(config: &IssuerConfig, ground: &IssuerGround) -> Result<Arc<dyn Issuer>, IssuerError> {
    let vault = vault::Vault {
        ledger: Arc::clone(&ground.ledger),
        issuer: config.name.clone(),
        clock: Arc::clone(&ground.clock),
    };
    Ok(match &config.kind {
        IssuerKind::Acme(acme) => Arc::new(acme::Acme::new(acme, vault, ground)?),
        IssuerKind::AwsPrivateCa(ca) => Arc::new(private_ca::PrivateCa::new(ca, ground.aws()?)),
        IssuerKind::Local(local) => Arc::new(local::Local::new(local.clone(), vault)),
    })
}
