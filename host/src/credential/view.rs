//! The contract's `sensor:auth/sources`, for an instance of a credential provider.
//! Above: `plugin` links it. Below: `Sources`.
//! Invariant: what a guest gets is a handle, of a profile or key that the connector's file names.

use super::{Sources, failed};
use crate::backend::Session;
use crate::bindings::connector::sensor::core::types::{Error, ErrorClass};
use crate::bindings::provider::sensor::auth::sources;
use crate::model::text::clean;
use std::collections::BTreeSet;
use std::sync::Arc;
use wasmtime::Result as Trap;
use wasmtime::component::{Resource, ResourceTable};

/// One credential provider instance's view of the sources.
pub struct SourcesView<'a> {
    pub sources: &'a Arc<Sources>,
    /// What the parameters name, as texts: no other profile and no other key is lent.
    pub named: &'a BTreeSet<String>,
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

    fn unnamed(&self, what: &str, name: &str) -> Option<Error> {
        let text = || {
            format!(
                "the {what} `{}` stands nowhere in the credential's parameters: no other is lent",
                clean(name, 80)
            )
        };
        (!self.named.contains(name)).then(|| failed(ErrorClass::AccessDenied, "not-named", text()))
    }
}

impl sources::Host for SourcesView<'_> {
    async fn aws_default_chain(&mut self, region: Option<String>) -> Answer<Handle> {
        let session = self.sources.default_chain(region).await;
        self.lend(session)
    }
    async fn aws_profile(&mut self, name: String, region: Option<String>) -> Answer<Handle> {
        if let Some(refused) = self.unnamed("profile", &name) {
            return Ok(Err(refused));
        }
        let session = self.sources.profile(&name, region).await;
        self.lend(session)
    }
    async fn aws_access_key(
        &mut self,
        secret_name: String,
        region: Option<String>,
    ) -> Answer<Handle> {
        if let Some(refused) = self.unnamed("secret", &secret_name) {
            return Ok(Err(refused));
        }
        let session = self.sources.access_key(&secret_name, region).await;
        self.lend(session)
    }
    async fn aws_paths(&mut self) -> Trap<sources::ResolvedPaths> {
        Ok(self.sources.paths())
    }
}
