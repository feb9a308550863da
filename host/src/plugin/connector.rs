//! Connector plugins: loaded once, instantiated afresh for every split.
//! Above: `connector` (the runs). Below: `state`, `surface`, `bindings`.
//! Invariant: after an error that is not the guest's own, the instance is never called again.

use super::delivery::DeliveryInstance;
use super::engine::Engine;
use super::error::{CallError, LoadError};
use super::limits::Limits;
use super::link::{self, ConnectorCode};
use super::manifest::{Kind, Manifest};
use super::package::Package;
use super::state::{self, State, store};
use super::surface;
use crate::bindings::connector::ConnectorPlugin as Bound;
use crate::bindings::convert::{self, ChainMemory};
use crate::capability::aws::AwsCapability;
use crate::capability::known::KnownMarkers;
use crate::capability::log::GuestLog;
use crate::model::check::{Description, Finding, Policy};
use crate::model::id::Sha256;
use crate::model::plan::{PlanPage, ReadPage};
use crate::model::split::{Cursor, Split};
use crate::model::time::Clock;
use std::sync::Arc;
use tracing::Span;
use wasmtime::Store;

/// What an instance is lent for its life.
pub struct Lend {
    /// A JSON object.
    pub settings: String,
    pub clock: Arc<dyn Clock>,
    /// The connector's AWS, base session included. None: every AWS function traps.
    pub aws: Option<Arc<AwsCapability>>,
    /// What is remembered of the split to be read. None: nothing.
    pub known: Option<Arc<dyn KnownMarkers>>,
    /// The guest's log lines become events of it.
    pub span: Span,
    /// The operator's, else the manifest's ([`Manifest::limits`]); at most [`Limits::MOST`].
    pub limits: Limits,
}

/// A connector's code, ready to be instantiated. Clones share it.
#[derive(Clone)]
pub struct ConnectorPlugin(Arc<Loaded>);

struct Loaded {
    engine: Engine,
    manifest: Manifest,
    sha256: Sha256,
    code: ConnectorCode,
}

impl std::fmt::Debug for ConnectorPlugin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "ConnectorPlugin({} {})",
            self.0.manifest.id, self.0.manifest.version
        )
    }
}

impl ConnectorPlugin {
    /// Loads a package: from the cache if it was compiled before.
    ///
    /// # Errors
    /// When it is no connector, does not compile, or imports and exports do not fit.
    pub fn load(engine: &Engine, package: &Package) -> Result<Self, LoadError> {
        let manifest = package.manifest.clone();
        manifest.must_be(Kind::Connector)?;
        let component = engine.component(package)?;
        surface::check(engine.inner(), &component, &manifest)?;
        let code = link::connector(engine, &component)
            .map_err(|error| surface::unfit(&manifest, &error))?;
        let sha256 = package.component_sha256;
        Ok(Self(Arc::new(Loaded {
            engine: engine.clone(),
            manifest,
            sha256,
            code,
        })))
    }

    /// What the plugin says that it is.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.0.manifest
    }

    /// SHA-256 of the component that runs.
    #[must_use]
    pub fn sha256(&self) -> Sha256 {
        self.0.sha256
    }

    /// The settings' schema and the operations, with every capability closed.
    ///
    /// # Errors
    /// When the guest traps, or uses a capability.
    pub async fn describe(&self) -> Result<Description, CallError> {
        let limits = self.0.manifest.limits;
        let state = State::closed(
            GuestLog::new(self.0.manifest.id.to_string(), Span::current()),
            &limits,
        );
        let mut instance = self.start(state, limits).await?;
        instance.describe().await
    }

    /// A fresh instance.
    ///
    /// # Errors
    /// When its memory does not fit, or its start traps.
    pub async fn instantiate(&self, lend: Lend) -> Result<ConnectorInstance, CallError> {
        let limits = lend.limits;
        self.start(self.lent(lend), limits).await
    }

    /// Whether it can bring certificates to their places.
    #[must_use]
    pub fn can_deliver(&self) -> bool {
        self.0.code.delivery.is_some()
    }

    /// A fresh instance, for delivering.
    ///
    /// # Errors
    /// When it does not deliver, its memory does not fit, or its start traps.
    pub async fn deliver(&self, lend: Lend) -> Result<DeliveryInstance, CallError> {
        let id = &self.0.manifest.id;
        let Some(code) = &self.0.code.delivery else {
            return Err(CallError::Closed(format!(
                "plugin {id} does not deliver certificates"
            )));
        };
        if lend.aws.is_none() {
            return Err(CallError::Closed(format!(
                "plugin {id} was to deliver and was lent no cloud"
            )));
        }
        let limits = lend.limits;
        let mut store = store(&self.0.engine, self.lent(lend), &limits);
        let guest = state::start(&mut store, &limits, async |store| {
            code.instantiate_async(store).await
        })
        .await?;
        Ok(DeliveryInstance::new(store, guest, limits))
    }

    fn lent(&self, lend: Lend) -> State {
        let mut state = State::closed(
            GuestLog::new(self.0.manifest.id.to_string(), lend.span),
            &lend.limits,
        );
        state.clock = Some(lend.clock);
        state.settings = Some(lend.settings);
        state.aws = lend.aws;
        state.known = lend.known;
        state
    }

    async fn start(&self, state: State, limits: Limits) -> Result<ConnectorInstance, CallError> {
        let code = if state.aws.is_some() {
            &self.0.code.connector.open
        } else {
            &self.0.code.connector.closed
        };
        let mut store = store(&self.0.engine, state, &limits);
        let guest = state::start(&mut store, &limits, async |store| {
            code.instantiate_async(store).await
        })
        .await?;
        Ok(ConnectorInstance {
            store,
            guest,
            limits,
            alive: true,
            chains: ChainMemory::default(),
        })
    }
}

/// One instance: for one split, one plan or one check.
pub struct ConnectorInstance {
    store: Store<State>,
    guest: Bound,
    limits: Limits,
    alive: bool,
    chains: ChainMemory,
}

impl ConnectorInstance {
    /// Settings and needs.
    ///
    /// # Errors
    /// As all calls: when the guest traps, spins, is late, or breaks the contract.
    pub async fn describe(&mut self) -> Result<Description, CallError> {
        let answer = self
            .call(async |store, guest| guest.call_describe(store).await)
            .await?;
        convert::description(answer).map_err(CallError::Refused)
    }

    /// What an import would need, tried.
    ///
    /// # Errors
    /// As [`Self::describe`], or the guest's own error.
    pub async fn check(&mut self) -> Result<Vec<Finding>, CallError> {
        let answer = self
            .call(async |store, guest| guest.call_check(store).await)
            .await?;
        let found = answer.map_err(convert::operation_error)?;
        Ok(convert::findings(found))
    }

    /// The next part of the plan.
    ///
    /// # Errors
    /// As [`Self::check`].
    pub async fn plan(&mut self, at: Option<Cursor>) -> Result<PlanPage, CallError> {
        let at = at.map(convert::to_cursor);
        let answer = self
            .call(async |store, guest| guest.call_plan(store, at.as_ref()).await)
            .await?;
        let page = convert::plan_page(answer.map_err(convert::operation_error)?)
            .map_err(CallError::Refused)?;
        goes_on(at.as_ref(), page.next.as_ref())?;
        Ok(page)
    }

    /// The next page of a split; the guest is not believed about anything that the page itself can show.
    ///
    /// # Errors
    /// As [`Self::check`].
    pub async fn read_page(
        &mut self,
        split: &Split,
        at: Option<Cursor>,
    ) -> Result<ReadPage, CallError> {
        let (asked, at) = (convert::to_split(split), at.map(convert::to_cursor));
        let answer = self
            .call(async |store, guest| guest.call_read_page(store, &asked, at.as_ref()).await)
            .await?;
        let page = answer.map_err(convert::operation_error)?;
        let page = convert::read_page(page, split, &mut self.chains).map_err(CallError::Refused)?;
        goes_on(at.as_ref(), page.next.as_ref())?;
        Ok(page)
    }

    /// The least-privilege policies for these settings.
    ///
    /// # Errors
    /// As [`Self::check`].
    pub async fn policy(&mut self, partition: &str) -> Result<Vec<Policy>, CallError> {
        let answer = self
            .call(async |store, guest| guest.call_policy(store, partition).await)
            .await?;
        convert::policies(answer.map_err(convert::operation_error)?).map_err(CallError::Refused)
    }

    async fn call<R>(
        &mut self,
        run: impl AsyncFnOnce(
            &mut Store<State>,
            &crate::bindings::connector::exports::sensor::connector::connector::Guest,
        ) -> wasmtime::Result<R>,
    ) -> Result<R, CallError> {
        if !std::mem::replace(&mut self.alive, false) {
            return Err(CallError::Gone);
        }
        let guest = self.guest.sensor_connector_connector();
        let answer = state::call(&mut self.store, &self.limits, async |store| {
            run(store, guest).await
        })
        .await?;
        self.alive = true;
        Ok(answer)
    }
}

/// A page that leads to itself would never end. Longer ways around are found by who pulls the pages.
fn goes_on(at: Option<&convert::WitCursor>, next: Option<&Cursor>) -> Result<(), CallError> {
    match (at, next) {
        (Some(at), Some(next)) if at.version == next.version && at.value == next.value => {
            Err(CallError::Refused(
                "it gave the cursor that it was called with; its pages would never end".into(),
            ))
        }
        _ => Ok(()),
    }
}
