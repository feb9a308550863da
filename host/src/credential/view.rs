//! The contract's `sensor:auth/sources` and `credentials`, for an instance of a credential provider.
//! Above: `plugin` links it. Below: `Sources`.
//! Invariant: what a guest gets is a handle.

use super::Sources;
use crate::backend::Session;
use crate::bindings::connector::sensor::auth::credentials;
use crate::bindings::connector::sensor::core::types::{Error, ErrorClass};
use crate::bindings::provider::sensor::auth::sources;
use crate::model::time::Millis;
use std::sync::Arc;
use wasmtime::Result as Trap;
use wasmtime::component::{Resource, ResourceTable};

/// One credential provider instance's view of the sources.
pub struct SourcesView<'a> {
    pub sources: &'a Arc<Sources>,
    pub table: &'a mut ResourceTable,
}

type Handle = Resource<Session>;
type Answer<T> = Trap<Result<T, Error>>;

impl SourcesView<'_> {
    fn lend(&mut self, session: Result<Session, Error>) -> Answer<Handle> {
        match session {
            Ok(session) => Ok(Ok(self.table.push(session)?)),
            Err(error) => Ok(Err(error)),
        }
    }
}

impl sources::Host for SourcesView<'_> {
    async fn aws_default_chain(&mut self, region: Option<String>) -> Answer<Handle> {
        let session = self.sources.default_chain(region).await;
        self.lend(session)
    }
    async fn aws_profile(&mut self, name: String, region: Option<String>) -> Answer<Handle> {
        let session = self.sources.profile(&name, region).await;
        self.lend(session)
    }
    async fn aws_access_key(
        &mut self,
        secret_name: String,
        region: Option<String>,
    ) -> Answer<Handle> {
        let session = self.sources.access_key(&secret_name, region).await;
        self.lend(session)
    }
    async fn aws_paths(&mut self) -> Trap<sources::ResolvedPaths> {
        Ok(self.sources.paths())
    }
}

impl credentials::Host for SourcesView<'_> {
    /// A provider makes sessions; none was linked to it.
    async fn base(&mut self) -> Answer<Handle> {
        Ok(Err(Error {
            class: ErrorClass::Unsupported,
            code: "no-base-session".to_owned(),
            message: "a credential provider has no base session: use the sources".to_owned(),
            detail: None,
            retry_after_ms: None,
            subject: None,
        }))
    }
}

impl credentials::HostSession for SourcesView<'_> {
    async fn account(&mut self, handle: Handle) -> Trap<String> {
        Ok(self.table.get(&handle)?.account().to_owned())
    }
    async fn principal(&mut self, handle: Handle) -> Trap<String> {
        Ok(self.table.get(&handle)?.principal().to_owned())
    }
    async fn partition(&mut self, handle: Handle) -> Trap<String> {
        Ok(self.table.get(&handle)?.partition().to_owned())
    }
    async fn expires_at(&mut self, handle: Handle) -> Trap<Option<Millis>> {
        Ok(self.table.get(&handle)?.expires_at())
    }
    async fn drop(&mut self, handle: Handle) -> Trap<()> {
        self.table.delete(handle)?;
        Ok(())
    }
}
