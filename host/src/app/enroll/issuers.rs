//! Issuers and profiles as the ledger keeps them.
//! Above: `delivery`, by its port. Below: `issuer`, `ledger`.
//! Invariant: an issuer that was changed is opened anew.

use crate::app::Sensor;
use crate::delivery::Issuers;
use crate::issuer::Issuer;
use crate::model::id::{IssuerId, ProfileId};
use crate::model::problem::{ErrorClass, OperationError};
use crate::model::profile::Profile;
use crate::model::time::Millis;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::Mutex;

/// With the time at which it was applied.
type Opened = (Millis, Arc<dyn Issuer>);

/// The issuers of a sensor, opened when first asked for.
pub(super) struct AppIssuers {
    sensor: Arc<Sensor>,
    open: Mutex<HashMap<IssuerId, Opened>>,
}

impl AppIssuers {
    pub(super) fn new(sensor: Arc<Sensor>) -> Self {
        Self {
            sensor,
            open: Mutex::default(),
        }
    }
}

#[async_trait::async_trait]
impl Issuers for AppIssuers {
    async fn open(&self, issuer: &IssuerId) -> Result<Arc<dyn Issuer>, OperationError> {
        let stored = self
            .sensor
            .issuer(issuer)
            .map_err(|error| unusable(&error))?;
        let mut open = self.open.lock().await;
        if let Some((at, known)) = open.get(issuer)
            && *at == stored.updated_at
        {
            return Ok(Arc::clone(known));
        }
        let opened = self
            .sensor
            .open_issuer(issuer)
            .await
            .map_err(|error| unusable(&error))?;
        open.insert(issuer.clone(), (stored.updated_at, Arc::clone(&opened)));
        Ok(opened)
    }

    async fn profile(&self, profile: &ProfileId) -> Result<Profile, OperationError> {
        let stored = self.sensor.profile(profile);
        Ok(stored.map_err(|error| unusable(&error))?.config)
    }
}

fn unusable(error: &crate::app::AppError) -> OperationError {
    OperationError::new(ErrorClass::Config, "configuration", error.to_string())
}
