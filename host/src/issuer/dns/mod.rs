//! Records in the DNS that prove names: by Route 53, or by a webhook for every other DNS.
//! Above: `acme`. Below: `route53`, `webhook`.
//! Invariant: putting up twice is the same as once; of a name's values only our own is touched.

mod route53;
#[cfg(test)]
mod tests;
mod webhook;

use super::vault::Vault;
use super::{IssuerError, IssuerGround};
use crate::config::DnsConfig;
use crate::model::check::Finding;
use route53::Route53;
use std::time::Duration;
use webhook::Webhook;

/// A TXT record. Several may have one name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Record {
    /// "_acme-challenge.www.example.com"
    pub(super) name: String,
    pub(super) value: String,
}

/// Where records are put up.
pub(super) enum Dns {
    Route53(Route53),
    Webhook(Box<Webhook>),
}

impl Dns {
    pub(super) fn new(
        config: &DnsConfig,
        vault: Vault,
        ground: &IssuerGround,
    ) -> Result<Self, IssuerError> {
        match config {
            DnsConfig::Route53(config) => Ok(Self::Route53(Route53::new(config, ground.aws()?))),
            DnsConfig::Webhook(config) => Ok(Self::Webhook(Box::new(Webhook::new(config, vault)?))),
        }
    }

    /// Puts records up. None: all of them are to be seen; else, when to ask again.
    pub(super) async fn present(
        &self,
        records: &[Record],
    ) -> Result<Option<Duration>, IssuerError> {
        match self {
            Self::Route53(route53) => route53.present(records).await,
            Self::Webhook(webhook) => webhook.present(records).await,
        }
    }

    /// Takes records down. One that is not there is no error.
    pub(super) async fn clean_up(&self, records: &[Record]) -> Result<(), IssuerError> {
        match self {
            Self::Route53(route53) => route53.clean_up(records).await,
            Self::Webhook(webhook) => webhook.clean_up(records).await,
        }
    }

    /// Whether it can be asked.
    pub(super) async fn check(&self) -> Finding {
        match self {
            Self::Route53(route53) => route53.check().await,
            Self::Webhook(webhook) => webhook.check().await,
        }
    }
}
