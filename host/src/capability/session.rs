//! The handles of sessions and keys, for guests that get theirs from elsewhere than a connector's link: credential
//! providers and mock-hosts.
//! Above: `plugin` links it. Below: `backend`.
//! Invariant: there is no base session here, and of a key no more than its public half.

use super::Closed;
use crate::backend::{PrivateKey, Session};
use crate::bindings::connector::sensor::auth::credentials::{Host, HostSession};
use crate::bindings::connector::sensor::auth::keys;
use crate::bindings::connector::sensor::core::types::Error;
use crate::model::time::Millis;
use wasmtime::component::{Resource, ResourceTable};

/// One instance's view of the sessions that it holds.
pub struct SessionView<'a>(pub &'a mut ResourceTable);

impl Host for SessionView<'_> {
    async fn base(&mut self) -> wasmtime::Result<Result<Resource<Session>, Error>> {
        Err(Closed::new("sensor:auth/credentials.base").into())
    }
}

impl HostSession for SessionView<'_> {
    async fn account(&mut self, session: Resource<Session>) -> wasmtime::Result<String> {
        Ok(self.0.get(&session)?.account().to_owned())
    }
    async fn principal(&mut self, session: Resource<Session>) -> wasmtime::Result<String> {
        Ok(self.0.get(&session)?.principal().to_owned())
    }
    async fn partition(&mut self, session: Resource<Session>) -> wasmtime::Result<String> {
        Ok(self.0.get(&session)?.partition().to_owned())
    }
    async fn expires_at(&mut self, session: Resource<Session>) -> wasmtime::Result<Option<Millis>> {
        Ok(self.0.get(&session)?.expires_at())
    }
    async fn drop(&mut self, session: Resource<Session>) -> wasmtime::Result<()> {
        self.0.delete(session)?;
        Ok(())
    }
}

impl keys::Host for SessionView<'_> {}

impl keys::HostPrivateKey for SessionView<'_> {
    async fn algorithm(&mut self, key: Resource<PrivateKey>) -> wasmtime::Result<String> {
        Ok(self.0.get(&key)?.algorithm().to_owned())
    }
    async fn public_key(&mut self, key: Resource<PrivateKey>) -> wasmtime::Result<Vec<u8>> {
        Ok(self.0.get(&key)?.public_key().to_vec())
    }
    async fn drop(&mut self, key: Resource<PrivateKey>) -> wasmtime::Result<()> {
        self.0.delete(key)?;
        Ok(())
    }
}
