//! Issuers and profiles as the ledger keeps them.
//! Above: `delivery`, by its port. Below: `issuer`, `ledger`.
//! Invariant: an issuer that was changed is opened anew.

use super::opened::Opened;
use super::told::told;
use crate::app::Sensor;
use crate::delivery::Issuers;
use crate::issuer::Issuer;
use crate::model::id::{IssuerId, ProfileId};
use crate::model::problem::OperationError;
use crate::model::profile::Profile;
use std::sync::Arc;

/// The issuers of a sensor, opened when first asked for.
pub(super) struct AppIssuers {
    sensor: Arc<Sensor>,
    open: Opened<IssuerId, dyn Issuer>,
}

impl AppIssuers {
    pub(super) fn new(sensor: Arc<Sensor>) -> Self {
        Self {
            sensor,
            open: Opened::default(),
        }
    }
}

#[async_trait::async_trait]
impl Issuers for AppIssuers {
    async fn open(&self, issuer: &IssuerId) -> Result<Arc<dyn Issuer>, OperationError> {
        let unusable = |error| told(&format!("issuer `{issuer}`"), &error);
        let stored = self.sensor.issuer(issuer).map_err(unusable)?;
        let open = async || self.sensor.open_issuer(issuer).await.map_err(unusable);
        self.open.get(issuer, stored.updated_at, open).await
    }

    async fn profile(&self, profile: &ProfileId) -> Result<Profile, OperationError> {
        let stored = self.sensor.profile(profile);
        let unusable = |error| told(&format!("profile `{profile}`"), &error);
        Ok(stored.map_err(unusable)?.config)
    }
}
