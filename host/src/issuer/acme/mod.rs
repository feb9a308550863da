//! Any ACME CA (RFC 8555) by instant-acme.
//! Above: `issuer::open`. Below: `account`, `order`, `prove`, `renewal`, `wire`; `http01` and `dns` for challenges.
//! Invariant: what a crash must not lose is at the CA (orders, by URL) or in the vault (the account); what is held in
//! memory can be put up again from them.

mod account;
mod directory;
mod order;
mod prove;
mod renewal;
#[cfg(test)]
mod tests;
mod told;
mod wire;

use super::dns::Dns;
use super::http::Http;
use super::http01::Http01;
use super::vault::Vault;
use super::{Issuer, IssuerError, IssuerGround, OrderRef, Progress, Wanted};
use crate::config::{AcmeConfig, ChallengeConfig};
use crate::model::check::{CheckStatus, Finding};
use crate::model::issuer::{RenewalWindow, RevocationReason};
use account::Session;
use instant_acme::{Error, RevocationRequest};
use rustls::pki_types::CertificateDer;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use told::{is, told};
use wire::DirectoryCache;

/// How often a request is sent anew whose nonce was not taken. The library tries three times by itself.
const NONCES: u32 = 20;
/// Between the first looks at an order. Each wait is twice the one before.
const FIRST_LOOK: Duration = Duration::from_millis(250);
/// Between the last ones: some CAs have a person look at an order.
const LAST_LOOK: Duration = Duration::from_mins(15);
/// Orders whose looks are counted.
const COUNTED: usize = 10_000;

/// A call to the CA, again and again while only its nonce is refused: nothing was done then.
macro_rules! patient {
    ($call:expr) => {{
        let mut refused = 0;
        loop {
            match $call.await {
                Err(error) if refused < NONCES && is(&error, "badNonce") => refused += 1,
                other => break other,
            }
        }
    }};
}
use patient;

pub(super) struct Acme {
    config: AcmeConfig,
    vault: Vault,
    http: Http,
    http01: Http01,
    /// Where challenges are put up; none: over HTTP.
    dns: Option<Dns>,
    directory: DirectoryCache,
    /// Two accounts for one issuer would not see each other's orders.
    registering: tokio::sync::Mutex<()>,
    /// How often each order was looked at in vain.
    looks: Mutex<HashMap<String, u32>>,
}

impl Acme {
    pub(super) fn new(
        config: &AcmeConfig,
        vault: Vault,
        ground: &IssuerGround,
    ) -> Result<Self, IssuerError> {
        let dns = match &config.challenge {
            ChallengeConfig::Http01 => None,
            ChallengeConfig::Dns01(dns) => Some(Dns::new(dns, vault.clone(), ground)?),
        };
        Ok(Self {
            http: Http::new(config.ca_file.as_deref())?,
            config: config.clone(),
            vault,
            http01: ground.http01.clone(),
            dns,
            directory: DirectoryCache::default(),
            registering: tokio::sync::Mutex::default(),
            looks: Mutex::default(),
        })
    }

    /// Not yet: as long as the CA says, else longer each time.
    fn pending(&self, order: &str, session: &Session, doing: String) -> Progress {
        let mut looks = self.looks.lock().unwrap_or_else(PoisonError::into_inner);
        if looks.len() > COUNTED {
            looks.clear();
        }
        let seen = looks.entry(order.to_owned()).or_default();
        let wait = FIRST_LOOK
            .saturating_mul(1 << (*seen).min(16))
            .min(LAST_LOOK);
        *seen += 1;
        Progress::Pending {
            retry_after: session.wire.heard().retry_after.unwrap_or(wait),
            doing,
        }
    }

    /// An order that came to its end, one way or the other.
    fn ended(&self, order: &str) {
        self.http01.clear(order);
        let mut looks = self.looks.lock().unwrap_or_else(PoisonError::into_inner);
        looks.remove(order);
    }
}

#[async_trait::async_trait]
impl Issuer for Acme {
    async fn order(&self, wanted: &Wanted) -> Result<OrderRef, IssuerError> {
        self.place(wanted).await
    }

    async fn advance(&self, order: &OrderRef, wanted: &Wanted) -> Result<Progress, IssuerError> {
        let done = self.step(&order.0, wanted).await;
        let over = match &done {
            Ok(Progress::Issued { .. }) => true,
            Ok(Progress::Pending { .. }) => false,
            Err(error) => error.retry_after().is_none(),
        };
        if over {
            self.ended(&order.0);
        }
        done
    }

    async fn renewal_window(&self, leaf: &[u8]) -> Result<Option<RenewalWindow>, IssuerError> {
        let Some(url) = self.read_directory().await?.renewal_info else {
            return Ok(None);
        };
        renewal::window(&self.http, &url, leaf).await
    }

    async fn revoke(&self, leaf: &[u8], reason: RevocationReason) -> Result<(), IssuerError> {
        let session = self.session().await?;
        let certificate = CertificateDer::from(leaf);
        let request = RevocationRequest {
            certificate: &certificate,
            reason: Some(directory::reason(reason)),
        };
        match patient!(session.account.revoke(&request)) {
            Ok(()) => Ok(()),
            Err(error) if is(&error, "alreadyRevoked") => Ok(()),
            Err(error) => Err(session.told(&error)),
        }
    }

    async fn check(&self) -> Result<Vec<Finding>, IssuerError> {
        self.directory.forget();
        let directory = match self.read_directory().await {
            Ok(directory) => directory,
            Err(error) => return Ok(vec![failed("directory", &error)]),
        };
        let mut findings = vec![directory.finding(&self.config.directory)];
        match self.session().await {
            Ok(session) => findings.push(Finding {
                status: CheckStatus::Success,
                code: "account".to_owned(),
                subject: Some(session.account.id().to_owned()),
                message: "the CA knows the sensor's account".to_owned(),
                advice: None,
                statement: None,
            }),
            Err(error) => findings.push(failed("account", &error)),
        }
        match &self.dns {
            Some(dns) => findings.push(dns.check().await),
            None => findings.push(Finding {
                status: CheckStatus::Skipped,
                code: "http-01".to_owned(),
                subject: None,
                message: "answers are served while the sensor runs; an order tries whether the CA reaches them"
                    .to_owned(),
                advice: Some(
                    "pass http://NAME/.well-known/acme-challenge/ on to the sensor's listener".to_owned(),
                ),
                statement: None,
            }),
        }
        Ok(findings)
    }
}

/// An error as what a check found.
pub(super) fn failed(code: &str, error: &IssuerError) -> Finding {
    Finding {
        status: CheckStatus::Failure,
        code: code.to_owned(),
        subject: None,
        message: error.to_string(),
        advice: None,
        statement: None,
    }
}

impl Session {
    fn told(&self, error: &Error) -> IssuerError {
        told(error, self.wire.heard())
    }
}
