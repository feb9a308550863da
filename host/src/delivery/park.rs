//! Where the key waits between its making and its delivery.
//! Above: `engine`. Below: `custody`, the places.
//! Invariant: what lies in the cloud is sealed and the ledger keeps the other half; the ledger gives its own half of
//! the text up only once the cloud has it.

use super::engine::{Engine, Step, world};
use super::failpoint::failpoint;
use crate::backend::PrivateKey;
use crate::ledger;
use crate::model::enrollment::{Issuance, IssuanceState, KeyPlace, Request};
use crate::model::problem::{ErrorClass, OperationError};
use crate::model::profile::Custody;

/// So often a room that passes again is waited for.
const MOST_TRIES: u32 = 3;

impl Engine {
    /// The certificate is here: decides where the key waits.
    pub(super) async fn choose_custody(&self, mut issuance: Issuance, request: &Request) -> Step {
        let Some(first) = request.targets.first() else {
            // A signing request of the operator's own: the certificate is all there is to give.
            return Ok(self
                .enter(issuance, IssuanceState::KeyDropping, "nothing to deliver")
                .await?);
        };
        let profile = self.profile(request).await?;
        if profile.custody == Custody::Sensor {
            return Ok(self
                .enter(
                    issuance,
                    IssuanceState::Delivering,
                    "the key waits in the sensor",
                )
                .await?);
        }
        let name = self.ground.keeper.parking(issuance.id).name;
        issuance.key = KeyPlace::Cloud {
            connector: first.connector.clone(),
            name: name.clone(),
        };
        Ok(self.enter(issuance, IssuanceState::Parking, name).await?)
    }

    /// Puts the sealed key into the cloud; the same call again is the same secret.
    pub(super) async fn park(&self, mut issuance: Issuance, request: &Request) -> Step {
        let KeyPlace::Cloud { connector, name } = issuance.key.clone() else {
            return Ok(self.enter(issuance, IssuanceState::Delivering, "").await?);
        };
        let id = issuance.id;
        let record = self.keys(move |keeper| keeper.record(id)).await?;
        if record.place == ledger::KeyPlace::Parked {
            // It was put there and written down, and then the sensor ended.
            let detail = format!("the key waits, sealed, in {name}");
            return Ok(self
                .enter(issuance, IssuanceState::Delivering, detail)
                .await?);
        }
        let place = self.ground.places.open(&connector).await.map_err(world)?;
        let key = self.keys(move |keeper| keeper.handle(id)).await?;
        let token = self.ground.keeper.parking(id).token;
        let tags = self.tags_of(request, None);
        failpoint!("park.before");
        let parked = place.park_key(&name, &token, &tags, &key).await;
        failpoint!("park.after");
        // What cannot be read back would be lost with the ledger's half.
        let parked = match parked {
            Ok(()) => place.take_key(&name).await.map(drop),
            refused => refused,
        };
        match parked {
            Ok(()) => {
                self.keys(move |keeper| keeper.park_out(id)).await?;
                failpoint!("park.kept");
                Ok(self
                    .enter(
                        issuance,
                        IssuanceState::Delivering,
                        format!("the key waits, sealed, in {name}"),
                    )
                    .await?)
            }
            Err(error) if !self.insists(request).await? && stays(&issuance, &error) => {
                // It may have arrived all the same; then it is a half that opens nothing, and if it cannot be erased now,
                // the sweep takes it.
                if let Err(error) = place.drop_key(&name).await {
                    tracing::debug!(%error, secret = %name, "not erased yet");
                }
                let detail = format!("the key waits in the sensor: {error}");
                issuance.key = KeyPlace::Sensor;
                Ok(self
                    .enter(issuance, IssuanceState::Delivering, detail)
                    .await?)
            }
            Err(error) => Err(world(error)),
        }
    }

    async fn insists(&self, request: &Request) -> Step<bool> {
        Ok(self.profile(request).await?.custody == Custody::SecretsManager)
    }

    /// The key of an issuance, from where it waits.
    pub(super) async fn key(&self, issuance: &Issuance) -> Step<PrivateKey> {
        if let KeyPlace::Cloud { connector, name } = &issuance.key {
            let place = self.ground.places.open(connector).await.map_err(world)?;
            return place.take_key(name).await.map_err(world);
        }
        let id = issuance.id;
        Ok(self.keys(move |keeper| keeper.handle(id)).await?)
    }
}

/// Whether the key stays in the sensor where the profile leaves that open.
fn stays(issuance: &Issuance, error: &OperationError) -> bool {
    let tries = issuance.setback.as_ref().map_or(0, |setback| setback.times);
    is_refusal(error.class) || tries >= MOST_TRIES
}

fn is_refusal(class: ErrorClass) -> bool {
    matches!(
        class,
        ErrorClass::AccessDenied
            | ErrorClass::InvalidResponse
            | ErrorClass::Conflict
            | ErrorClass::Unsupported
            | ErrorClass::LimitExceeded
            | ErrorClass::Config
            | ErrorClass::NotFound
    )
}
