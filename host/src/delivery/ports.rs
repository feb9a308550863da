//! What the state machine asks of the world: places to deliver to, issuers and profiles.
//! Above: the steps. Below: `app` implements them over connectors and the ledger.
//! Invariant: every function of a place may be repeated; only `deliver` to no place yet may do a second thing.

use crate::backend::PrivateKey;
use crate::issuer::Issuer;
use crate::model::check::Finding;
use crate::model::delivery::{Found, Material, Parked, Planned, Target, Trace};
use crate::model::id::{ConnectorId, IssuerId, ProfileId};
use crate::model::problem::OperationError;
use crate::model::profile::Profile;
use std::sync::Arc;

type Answer<T> = Result<T, OperationError>;

/// A connector, as what certificates are delivered by.
#[async_trait::async_trait]
pub trait Place: Send + Sync {
    /// Everything that would refuse this delivery.
    async fn preflight(&self, target: &Target, planned: &Planned) -> Answer<Vec<Finding>>;
    /// Brings it there; the place's identifier.
    async fn deliver(
        &self,
        target: &Target,
        material: &Material,
        key: &PrivateKey,
    ) -> Answer<String>;
    /// What is there of this delivery.
    async fn find(&self, target: &Target, trace: &Trace) -> Answer<Vec<Found>>;
    /// What stands at the place now.
    async fn verify(&self, target: &Target) -> Answer<Found>;
    /// Puts tags on the place.
    async fn label(&self, target: &Target, tags: &[(String, String)]) -> Answer<()>;
    /// Takes away what the place holds.
    async fn withdraw(&self, target: &Target) -> Answer<()>;
    /// Lets a key wait in the cloud.
    async fn park_key(
        &self,
        name: &str,
        token: &str,
        tags: &[(String, String)],
        key: &PrivateKey,
    ) -> Answer<()>;
    /// The key that waits there.
    async fn take_key(&self, name: &str) -> Answer<PrivateKey>;
    /// Erases it there.
    async fn drop_key(&self, name: &str) -> Answer<()>;
    /// All keys that wait below a prefix.
    async fn parked_keys(&self, prefix: &str) -> Answer<Vec<Parked>>;
}

/// Opens places by their connector.
#[async_trait::async_trait]
pub trait Places: Send + Sync {
    /// The place of a connector, with its session; kept open between calls.
    async fn open(&self, connector: &ConnectorId) -> Answer<Arc<dyn Place>>;
    /// Every connector that can deliver, or of which nobody can tell.
    ///
    /// # Errors
    /// When it is not known which connectors there are.
    async fn all(&self) -> Answer<Vec<ConnectorId>>;
}

/// Opens issuers, and knows profiles.
#[async_trait::async_trait]
pub trait Issuers: Send + Sync {
    async fn open(&self, issuer: &IssuerId) -> Answer<Arc<dyn Issuer>>;
    async fn profile(&self, profile: &ProfileId) -> Answer<Profile>;
}
