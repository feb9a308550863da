//! A connector's deliveries: each call is one act, which the guest may have done even when it does not say so.
//! Above: `delivery` (the journal). Below: `state`, `bindings`.
//! Invariant: no key enters the guest, only a handle for the time of a call; what it says came of an act is held
//! against the target.

use super::error::CallError;
use super::limits::Limits;
use super::state::{self, State};
use crate::backend::PrivateKey;
use crate::bindings::convert::{self, delivery as to};
use crate::bindings::delivery::DeliveryPlugin as Bound;
use crate::bindings::delivery::exports::sensor::connector::delivery::Guest;
use crate::model::check::Finding;
use crate::model::delivery::{Found, Material, Parked, Planned, Tag, Target, Trace};
use wasmtime::component::Resource;
use wasmtime::{Result as Trap, Store};

/// One instance of a connector, for deliveries.
pub struct DeliveryInstance {
    store: Store<State>,
    guest: Bound,
    limits: Limits,
    alive: bool,
}

impl std::fmt::Debug for DeliveryInstance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DeliveryInstance")
    }
}

/// Whether an error leaves it open that the act was done is told by [`CallError::may_have_acted`].
impl DeliveryInstance {
    pub(super) fn new(store: Store<State>, guest: Bound, limits: Limits) -> Self {
        Self {
            store,
            guest,
            limits,
            alive: true,
        }
    }

    /// Everything that would refuse this delivery, told before a certificate is ordered.
    ///
    /// # Errors
    /// As all calls: when the guest traps, spins, is late or breaks the contract, or its own error.
    pub async fn preflight(
        &mut self,
        target: &Target,
        planned: &Planned,
    ) -> Result<Vec<Finding>, CallError> {
        let (target, planned) = (to::to_target(target), to::to_planned(planned));
        let answer = self
            .call(async |store, guest| guest.call_preflight(store, &target, &planned).await)
            .await?;
        Ok(convert::findings(answer.map_err(convert::operation_error)?))
    }

    /// Brings it there; the ARN of the place.
    ///
    /// # Errors
    /// As [`Self::preflight`].
    pub async fn deliver(
        &mut self,
        target: &Target,
        material: &Material,
        key: &PrivateKey,
    ) -> Result<String, CallError> {
        let (place, material) = (to::to_target(target), to::to_material(material));
        let answer = self
            .call_with(key, async |store, guest, key| {
                guest.call_deliver(store, &place, &material, key).await
            })
            .await?;
        let id = answer.map_err(convert::operation_error)?;
        to::delivered(id, target).map_err(CallError::Refused)
    }

    /// What is there of this delivery; none was ever there, if it is empty. Hold each one's fingerprint against yours.
    ///
    /// # Errors
    /// As [`Self::preflight`]; also when the guest cannot know.
    pub async fn find(&mut self, target: &Target, trace: &Trace) -> Result<Vec<Found>, CallError> {
        let (place, trace) = (to::to_target(target), to::to_trace(trace));
        let answer = self
            .call(async |store, guest| guest.call_find(store, &place, &trace).await)
            .await?;
        let found = answer.map_err(convert::operation_error)?;
        to::found(found, target).map_err(CallError::Refused)
    }

    /// The certificate that stands at the place now.
    ///
    /// # Errors
    /// As [`Self::preflight`]; `not-found` when the place is gone.
    pub async fn verify(&mut self, target: &Target) -> Result<Found, CallError> {
        let place = to::to_target(target);
        let answer = self
            .call(async |store, guest| guest.call_verify(store, &place).await)
            .await?;
        let found = answer.map_err(convert::operation_error)?;
        to::found_one(found, target).map_err(CallError::Refused)
    }

    /// Puts tags on the place.
    ///
    /// # Errors
    /// As [`Self::preflight`].
    pub async fn label(&mut self, target: &Target, tags: &[Tag]) -> Result<(), CallError> {
        let (place, tags) = (to::to_target(target), to::to_tags(tags));
        let answer = self
            .call(async |store, guest| guest.call_label(store, &place, &tags).await)
            .await?;
        Ok(answer.map_err(convert::operation_error)?)
    }

    /// Takes what the place holds away, if nothing uses it.
    ///
    /// # Errors
    /// As [`Self::preflight`]; `conflict` when something uses it.
    pub async fn withdraw(&mut self, target: &Target) -> Result<(), CallError> {
        let place = to::to_target(target);
        let answer = self
            .call(async |store, guest| guest.call_withdraw(store, &place).await)
            .await?;
        Ok(answer.map_err(convert::operation_error)?)
    }

    /// Lets a key wait in the cloud under this name. The same again is the same.
    ///
    /// # Errors
    /// As [`Self::preflight`].
    pub async fn park_key(
        &mut self,
        name: &str,
        token: &str,
        tags: &[Tag],
        key: &PrivateKey,
    ) -> Result<(), CallError> {
        let tags = to::to_tags(tags);
        let answer = self
            .call_with(key, async |store, guest, key| {
                guest.call_park_key(store, name, token, &tags, key).await
            })
            .await?;
        Ok(answer.map_err(convert::operation_error)?)
    }

    /// The key that waits there. Hold its public half against the certificate's.
    ///
    /// # Errors
    /// As [`Self::preflight`]; `not-found` when none waits there.
    pub async fn take_key(&mut self, name: &str) -> Result<PrivateKey, CallError> {
        let answer = self
            .call(async |store, guest| guest.call_take_key(store, name).await)
            .await?;
        let handle = answer.map_err(convert::operation_error)?;
        let taken = self.store.data_mut().table.delete(handle);
        taken.map_err(|error| CallError::Refused(format!("the key that it gave is none: {error}")))
    }

    /// Erases it. One that is not there is no error.
    ///
    /// # Errors
    /// As [`Self::preflight`].
    pub async fn drop_key(&mut self, name: &str) -> Result<(), CallError> {
        let answer = self
            .call(async |store, guest| guest.call_drop_key(store, name).await)
            .await?;
        Ok(answer.map_err(convert::operation_error)?)
    }

    /// All that waits below a prefix, what is about to be deleted included.
    ///
    /// # Errors
    /// As [`Self::preflight`].
    pub async fn parked_keys(&mut self, prefix: &str) -> Result<Vec<Parked>, CallError> {
        let answer = self
            .call(async |store, guest| guest.call_parked_keys(store, prefix).await)
            .await?;
        let all = answer.map_err(convert::operation_error)?;
        to::parked(all, prefix).map_err(CallError::Refused)
    }

    async fn call<R>(
        &mut self,
        run: impl AsyncFnOnce(&mut Store<State>, &Guest) -> Trap<R>,
    ) -> Result<R, CallError> {
        if !std::mem::replace(&mut self.alive, false) {
            return Err(CallError::Gone);
        }
        let guest = self.guest.sensor_connector_delivery();
        let answer = state::call(&mut self.store, &self.limits, async |store| {
            run(store, guest).await
        })
        .await?;
        self.alive = true;
        Ok(answer)
    }

    /// The same, with a key's handle lent for the time of the call.
    async fn call_with<R>(
        &mut self,
        key: &PrivateKey,
        run: impl AsyncFnOnce(&mut Store<State>, &Guest, Resource<PrivateKey>) -> Trap<R>,
    ) -> Result<R, CallError> {
        let handle = self.store.data_mut().table.push(key.clone());
        let handle =
            handle.map_err(|error| CallError::Closed(format!("no handle for its key: {error}")))?;
        let lent = Resource::new_borrow(handle.rep());
        let answer = self
            .call(async |store, guest| run(store, guest, lent).await)
            .await;
        let taken = self.store.data_mut().table.delete(handle);
        let answer = answer?;
        taken.map_err(|error| {
            CallError::Refused(format!("it dropped a key that it had borrowed: {error}"))
        })?;
        Ok(answer)
    }
}
