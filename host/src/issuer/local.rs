//! A CA of the sensor's own, for tests and internal names.
//! Above: `issuer::open`. Below: `ca` (keys and signatures), `ledger` (what was issued).
//! Invariant: one token, one serial number, one certificate: what was signed first is what every later call returns.

mod ca;
#[cfg(test)]
mod tests;

use super::vault::Vault;
use super::{Issuer, IssuerError, OrderRef, Progress, Wanted};
use crate::config::LocalConfig;
use crate::model::certificate::Certificate;
use crate::model::check::{CheckStatus, Finding};
use crate::model::issuer::{RenewalWindow, RevocationReason};
use crate::model::time::{Millis, rfc3339};
use ca::{Authority, Family};

/// A CA that ends within this is told.
const SOON: Millis = 365 * 86_400_000;

pub(super) struct Local {
    config: LocalConfig,
    vault: Vault,
}

impl Local {
    pub(super) fn new(config: LocalConfig, vault: Vault) -> Self {
        Self { config, vault }
    }

    /// The CA for a family of keys, made with the first use. ACM wants a certificate signed by a key of its own
    /// kind (fact 18), so there are two.
    async fn authority(&self, family: Family) -> Result<Authority, IssuerError> {
        if let Some(stored) = self.vault.own(family.secret()).await? {
            return Authority::open(&stored);
        }
        let (subject, now) = (self.config.subject.clone(), self.vault.clock.now());
        let made = tokio::task::spawn_blocking(move || ca::make(&subject, family, now))
            .await
            .map_err(|error| IssuerError::internal("panic", error.to_string()))??;
        Authority::open(&self.vault.keep(family.secret(), made).await?)
    }
}

#[async_trait::async_trait]
impl Issuer for Local {
    async fn order(&self, wanted: &Wanted) -> Result<OrderRef, IssuerError> {
        let family = ca::check_request(wanted)?;
        let authority = self.authority(family).await?;
        let serial = authority.serial(&wanted.token);
        let (issuer, token) = (self.vault.issuer.clone(), wanted.token.clone());
        let (number, now) = (serial.clone(), self.vault.clock.now());
        self.vault
            .on_disk(move |ledger| ledger.order_local(&issuer, &number, &token, now))
            .await?;
        Ok(OrderRef(serial))
    }

    async fn advance(&self, order: &OrderRef, wanted: &Wanted) -> Result<Progress, IssuerError> {
        let family = ca::check_request(wanted)?;
        let (issuer, serial) = (self.vault.issuer.clone(), order.0.clone());
        let found = self
            .vault
            .on_disk(move |ledger| ledger.local_certificate(&issuer, &serial))
            .await?;
        let found = found.ok_or_else(|| {
            let text = format!("nothing was ordered under the serial number {}", order.0);
            IssuerError::new(super::IssuerErrorClass::OrderEnded, "unknown-order", text)
        })?;
        let authority = self.authority(family).await?;
        let chain = vec![authority.certificate.clone()];
        if let Some(leaf) = found.der {
            return Ok(Progress::Issued { leaf, chain });
        }
        let (now, life) = (self.vault.clock.now(), self.config.validity.duration());
        let leaf = authority.sign(wanted, &order.0, wanted.validity.unwrap_or(life), now)?;
        let (issuer, serial) = (self.vault.issuer.clone(), order.0.clone());
        let leaf = self
            .vault
            .on_disk(move |ledger| ledger.sign_local(&issuer, &serial, &leaf, now))
            .await?;
        Ok(Progress::Issued { leaf, chain })
    }

    async fn renewal_window(&self, _leaf: &[u8]) -> Result<Option<RenewalWindow>, IssuerError> {
        Ok(None)
    }

    async fn revoke(&self, leaf: &[u8], reason: RevocationReason) -> Result<(), IssuerError> {
        let leaf = Certificate::from_der(leaf)
            .map_err(|error| IssuerError::config("unreadable", error.to_string()))?;
        let (issuer, now) = (self.vault.issuer.clone(), self.vault.clock.now());
        let serial = leaf.serial.clone();
        let known = self
            .vault
            .on_disk(move |ledger| ledger.revoke_local(&issuer, &serial, reason, now))
            .await?;
        if known {
            Ok(())
        } else {
            let text = format!(
                "this CA issued no certificate of serial number {}",
                leaf.serial
            );
            Err(IssuerError::refused("unknown-certificate", text))
        }
    }

    async fn check(&self) -> Result<Vec<Finding>, IssuerError> {
        let mut findings = Vec::new();
        for family in Family::ALL {
            let authority = self.authority(family).await?;
            let own = Certificate::from_der(&authority.certificate)
                .map_err(|error| IssuerError::internal("unreadable", error.to_string()))?;
            let ends_soon = own.not_after < self.vault.clock.now() + SOON;
            findings.push(Finding {
                status: if ends_soon {
                    CheckStatus::Warning
                } else {
                    CheckStatus::Success
                },
                code: "ca-key".to_owned(),
                subject: Some(own.subject),
                message: format!("valid until {}", rfc3339(own.not_after)),
                advice: ends_soon
                    .then(|| "make another local issuer and move the profiles to it".to_owned()),
                statement: None,
            });
        }
        Ok(findings)
    }

    async fn roots(&self) -> Result<Vec<Vec<u8>>, IssuerError> {
        let mut roots = Vec::new();
        for family in Family::ALL {
            roots.push(self.authority(family).await?.certificate);
        }
        Ok(roots)
    }
}
