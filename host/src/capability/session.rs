//! The handle of a session, for guests that get theirs from elsewhere than a connector's link: credential providers
//! and mock-hosts.
//! Above: `plugin` links it. Below: `backend`.
//! Invariant: there is no base session here.

use super::Closed;
use crate::backend::Session;
use crate::bindings::connector::sensor::auth::credentials::{Host, HostSession};
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
