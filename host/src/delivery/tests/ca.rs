//! Issuers that refuse, take their time, mistake one order for another or have a clock of their own.
//! Above: `world`, the tests. Below: the real local CA.
//! Invariant: every certificate was signed by the real CA, whatever it was asked for.

use super::super::Issuers;
use super::cloud::{Answer, error};
use crate::issuer::kit;
use crate::issuer::{
    Http01, Issuer, IssuerError, IssuerErrorClass, IssuerGround, OrderRef, Progress, Wanted,
};
use crate::ledger::Ledger;
use crate::model::check::Finding;
use crate::model::id::{IssuerId, ProfileId};
use crate::model::issuer::{RenewalWindow, RevocationReason};
use crate::model::problem::ErrorClass;
use crate::model::profile::Profile;
use crate::model::time::{Clock, Millis, VirtualClock};
use rcgen::{CertificateParams, KeyPair, PublicKeyData};
use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What a CA hands over in place of what was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mistake {
    /// A certificate for somebody else's key.
    OtherKey,
    /// One for this key, with names that nobody asked for.
    OtherNames,
    /// The right one, and somebody else's beside it.
    ForeignToo,
}

/// The world's clock, with somebody else's mistake added to it.
#[derive(Debug)]
struct OwnClock {
    clock: Arc<VirtualClock>,
    ahead: AtomicI64,
}

#[async_trait::async_trait]
impl Clock for OwnClock {
    fn now(&self) -> Millis {
        self.clock.now() + self.ahead.load(Ordering::SeqCst)
    }
    async fn sleep(&self, duration: Duration) {
        self.clock.sleep(duration).await;
    }
}

/// An issuer that may refuse; below it the real local CA.
pub(super) struct Ca {
    inner: Arc<dyn Issuer>,
    pub(super) window: Mutex<Option<RenewalWindow>>,
    /// By operation.
    pub(super) refuses: Mutex<HashMap<&'static str, IssuerError>>,
    pub(super) orders: Mutex<u32>,
    /// Until then it has not decided.
    pub(super) decides_at: Mutex<Millis>,
    pub(super) mistakes: Mutex<Option<Mistake>>,
    clock: Arc<OwnClock>,
    pub(super) revoked: Mutex<Vec<Vec<u8>>>,
}

impl Ca {
    pub(super) fn new(name: &str, ledger: &Arc<Ledger>, clock: &Arc<VirtualClock>) -> Self {
        let text = format!("name = \"{name}\"\nkind = \"local\"\nvalidity = \"47d\"\n");
        let clock = Arc::new(OwnClock {
            clock: Arc::clone(clock),
            ahead: AtomicI64::new(0),
        });
        let ground = IssuerGround {
            ledger: Arc::clone(ledger),
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            http01: Http01::default(),
            aws: None,
        };
        Self {
            inner: crate::issuer::open(&kit::config(&text), &ground).unwrap(),
            window: Mutex::default(),
            refuses: Mutex::default(),
            orders: Mutex::default(),
            decides_at: Mutex::default(),
            mistakes: Mutex::default(),
            clock,
            revoked: Mutex::default(),
        }
    }

    /// From now on it refuses this.
    pub(super) fn refuse(&self, operation: &'static str, class: IssuerErrorClass) {
        let refusal = IssuerError {
            class,
            code: "told-so".to_owned(),
            message: "the CA says no".to_owned(),
        };
        self.refuses.lock().unwrap().insert(operation, refusal);
    }

    /// From now on its clock is that much ahead of everybody else's.
    pub(super) fn runs_ahead(&self, by: Millis) {
        self.clock.ahead.store(by, Ordering::SeqCst);
    }

    /// How many orders it had.
    pub(super) fn orders(&self) -> u32 {
        *self.orders.lock().unwrap()
    }

    fn may(&self, operation: &'static str) -> Result<(), IssuerError> {
        let refuses = self.refuses.lock().unwrap();
        refuses.get(operation).cloned().map_or(Ok(()), Err)
    }

    /// What it hands over by mistake was ordered by somebody.
    async fn mistaken(
        &self,
        mistake: Mistake,
        order: &OrderRef,
        wanted: &Wanted,
    ) -> Result<Progress, IssuerError> {
        let mut other = wanted.clone();
        other.token = format!("somebody-else-{}", order.0);
        other.names = vec!["other.example.com".parse().unwrap()];
        if mistake != Mistake::OtherNames {
            let key = KeyPair::generate().unwrap();
            let params = CertificateParams::new(vec!["other.example.com".to_owned()]).unwrap();
            other.csr = params.serialize_request(&key).unwrap().der().to_vec();
            other.spki = key.subject_public_key_info();
        }
        let others = self.inner.order(&other).await?;
        let others = self.inner.advance(&others, &other).await?;
        if mistake != Mistake::ForeignToo {
            return Ok(others);
        }
        let own = self.inner.advance(order, wanted).await?;
        match (own, others) {
            (Progress::Issued { leaf, mut chain }, Progress::Issued { leaf: foreign, .. }) => {
                chain.push(foreign);
                Ok(Progress::Issued { leaf, chain })
            }
            pending => panic!("{pending:?}"),
        }
    }
}

#[async_trait::async_trait]
impl Issuer for Ca {
    async fn order(&self, wanted: &Wanted) -> Result<OrderRef, IssuerError> {
        self.may("order")?;
        *self.orders.lock().unwrap() += 1;
        self.inner.order(wanted).await
    }
    async fn advance(&self, order: &OrderRef, wanted: &Wanted) -> Result<Progress, IssuerError> {
        self.may("advance")?;
        if self.clock.now() < *self.decides_at.lock().unwrap() {
            return Ok(Progress::Pending {
                retry_after: Duration::from_mins(30),
                doing: "somebody looks into it".to_owned(),
            });
        }
        let mistake = *self.mistakes.lock().unwrap();
        match mistake {
            Some(mistake) => self.mistaken(mistake, order, wanted).await,
            None => self.inner.advance(order, wanted).await,
        }
    }
    async fn renewal_window(&self, _: &[u8]) -> Result<Option<RenewalWindow>, IssuerError> {
        Ok(self.window.lock().unwrap().clone())
    }
    async fn revoke(&self, leaf: &[u8], reason: RevocationReason) -> Result<(), IssuerError> {
        self.may("revoke")?;
        self.inner.revoke(leaf, reason).await?;
        self.revoked.lock().unwrap().push(leaf.to_vec());
        Ok(())
    }
    async fn check(&self) -> Result<Vec<Finding>, IssuerError> {
        Ok(Vec::new())
    }
}

/// All of them, and the one profile.
pub(super) struct Cas(
    pub(super) HashMap<IssuerId, Arc<Ca>>,
    pub(super) Arc<Mutex<Profile>>,
);

#[async_trait::async_trait]
impl Issuers for Cas {
    async fn open(&self, issuer: &IssuerId) -> Answer<Arc<dyn Issuer>> {
        let ca = self.0.get(issuer);
        ca.map(|ca| Arc::clone(ca) as Arc<dyn Issuer>)
            .ok_or_else(|| error(ErrorClass::Config))
    }
    async fn profile(&self, _: &ProfileId) -> Answer<Profile> {
        Ok(self.1.lock().unwrap().clone())
    }
}
