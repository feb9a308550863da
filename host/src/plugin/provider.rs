//! Credential providers: plugins that say which of the host's sources makes a session.
//! Above: `app`, `cli`. Below: `state`, `bindings`, `credential`.
//! Invariant: a fresh instance for every call; what it returns is a handle, never a secret.

use super::engine::Engine;
use super::error::{CallError, LoadError};
use super::link::{self, Pair};
use super::manifest::{Kind, Manifest};
use super::package::Package;
use super::state::{self, State, store};
use super::surface;
use crate::backend::Session;
use crate::bindings::convert;
use crate::bindings::provider::CredentialProviderPluginPre;
use crate::bindings::provider::exports::sensor::auth::provider::{Guest, Request};
use crate::capability::log::GuestLog;
use crate::credential::Sources;
use crate::model::check::Method;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tracing::Span;
use wasmtime::Store;

/// A credential provider's code. Clones share it.
#[derive(Clone)]
pub struct CredentialProvider(Arc<Loaded>);

struct Loaded {
    engine: Engine,
    manifest: Manifest,
    code: Pair<CredentialProviderPluginPre<State>>,
}

impl std::fmt::Debug for CredentialProvider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "CredentialProvider({} {})",
            self.0.manifest.id, self.0.manifest.version
        )
    }
}

impl CredentialProvider {
    /// Loads a package: from the cache if it was compiled before.
    ///
    /// # Errors
    /// When it is no credential provider, does not compile, or imports and exports do not fit.
    pub fn load(engine: &Engine, package: &Package) -> Result<Self, LoadError> {
        let manifest = package.manifest.clone();
        manifest.must_be(Kind::CredentialProvider)?;
        let component = engine.component(package)?;
        surface::check(engine.inner(), &component, &manifest)?;
        let code = link::provider(engine, &component)
            .map_err(|error| surface::unfit(&manifest, &error))?;
        Ok(Self(Arc::new(Loaded {
            engine: engine.clone(),
            manifest,
            code,
        })))
    }

    /// What the plugin says that it is.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.0.manifest
    }

    /// The ways to obtain a session, with every capability closed.
    ///
    /// # Errors
    /// When the guest traps, or uses a capability.
    pub async fn methods(&self) -> Result<Vec<Method>, CallError> {
        let run = async |store: &mut Store<State>, guest: &Guest| guest.call_methods(store).await;
        let (_, found) = self.call(None, "", run).await?;
        convert::methods(found).map_err(CallError::Refused)
    }

    /// Makes a session.
    ///
    /// # Errors
    /// When the guest traps, or its own error: no such profile, no credentials found.
    pub async fn resolve(
        &self,
        sources: Arc<Sources>,
        method: &str,
        parameters: String,
    ) -> Result<Session, CallError> {
        let named = parameters.clone();
        let request = Request {
            method: method.to_owned(),
            parameters,
        };
        let run = async |store: &mut Store<State>, guest: &Guest| {
            guest.call_resolve(store, &request).await
        };
        let (mut store, answer) = self.call(Some(sources), &named, run).await?;
        let handle = answer.map_err(convert::operation_error)?;
        let taken = store.data_mut().table.delete(handle);
        taken.map_err(|error| {
            CallError::Refused(format!("the session that it gave is none: {error}"))
        })
    }

    /// Lines for a person who wonders which credentials are used.
    ///
    /// # Errors
    /// When the guest traps.
    pub async fn explain(
        &self,
        sources: Arc<Sources>,
        method: &str,
        parameters: String,
    ) -> Result<Vec<String>, CallError> {
        let named = parameters.clone();
        let request = Request {
            method: method.to_owned(),
            parameters,
        };
        let run = async |store: &mut Store<State>, guest: &Guest| {
            guest.call_explain(store, &request).await
        };
        let (_, lines) = self.call(Some(sources), &named, run).await?;
        Ok(convert::lines(lines))
    }

    async fn call<R>(
        &self,
        sources: Option<Arc<Sources>>,
        parameters: &str,
        run: impl AsyncFnOnce(&mut Store<State>, &Guest) -> wasmtime::Result<R>,
    ) -> Result<(Store<State>, R), CallError> {
        let Loaded {
            engine,
            manifest,
            code,
        } = &*self.0;
        let limits = manifest.limits;
        let mut state = State::closed(
            GuestLog::new(manifest.id.to_string(), Span::current()),
            &limits,
        );
        state.clock = sources.as_ref().map(|sources| Arc::clone(&sources.clock));
        let code = if sources.is_some() {
            &code.open
        } else {
            &code.closed
        };
        state.sources = sources;
        state.named = named(parameters);
        let mut store = store(engine, state, &limits);
        let bound = state::start(&mut store, &limits, async |store| {
            code.instantiate_async(store).await
        })
        .await?;
        let guest = bound.sensor_auth_provider();
        let answer =
            state::call(&mut store, &limits, async |store| run(store, guest).await).await?;
        Ok((store, answer))
    }
}

/// Every text among the parameters.
fn named(parameters: &str) -> BTreeSet<String> {
    let parameters: BTreeMap<String, serde_json::Value> =
        serde_json::from_str(parameters).unwrap_or_default();
    let texts = parameters.into_values().filter_map(|value| match value {
        serde_json::Value::String(text) => Some(text),
        _ => None,
    });
    texts.collect()
}
