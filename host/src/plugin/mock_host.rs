//! A mock-host: one instance that lives as long as the command and stands in for the cloud.
//! Above: `app` puts it in the backend's place. Below: `state`, `bindings`; `mock_backend` implements the seam.
//! Invariant: one task owns the instance, so that a caller who gives up never leaves it in mid-call.

use super::engine::Engine;
use super::error::{CallError, LoadError};
use super::limits::Limits;
use super::link::{self, MockCode};
use super::manifest::{Kind, Manifest};
use super::mock_journal::Journal;
use super::package::Package;
use super::state::{self, State, store};
use super::surface;
use crate::backend::{PrivateKey, Session, SessionSource};
use crate::bindings::convert;
use crate::bindings::mock::MockHostPlugin as Bound;
use crate::bindings::writable_mock::WritableMockHostPlugin as Writable;
use crate::capability::log::GuestLog;
use crate::model::check::World;
use crate::model::time::{Clock, Millis, SwitchClock};
use futures::future::BoxFuture;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tracing::Span;
use wasmtime::Store;
use wasmtime::component::Resource;

/// Calls that may wait for the instance.
const WAITING: usize = 64;

/// A running simulation.
pub struct MockHost {
    turns: mpsc::Sender<Turn>,
    manifest: Manifest,
    clock: Arc<SwitchClock>,
    /// Ends the instance when the mock-host is dropped.
    _owner: JoinSet<()>,
}

type Turn = Box<dyn for<'i> FnOnce(&'i mut Instance) -> BoxFuture<'i, ()> + Send>;

/// The instance, in its task.
pub(super) struct Instance {
    pub(super) store: Store<State>,
    pub(super) guest: Bound,
    /// None: nothing can be written here.
    writable: Option<Writable>,
    /// None: what is written ends with the instance.
    journal: Option<Journal>,
    limits: Limits,
    /// What made it unusable.
    broken: Option<CallError>,
}

impl MockHost {
    /// Starts a simulation that knows no world yet. `clock` becomes a virtual one if the scenario says so.
    ///
    /// # Errors
    /// When it is no mock-host, does not compile, its imports and exports do not fit, or it crashes at its start.
    pub async fn start(
        engine: &Engine,
        package: &Package,
        clock: Arc<SwitchClock>,
    ) -> Result<Self, StartError> {
        let manifest = package.manifest.clone();
        let code = linked(engine, package)?;
        let limits = manifest.limits;
        let mut state = State::closed(
            GuestLog::new(manifest.id.to_string(), Span::current()),
            &limits,
        );
        state.clock = Some(Arc::clone(&clock) as Arc<dyn Clock>);
        let mut store = store(engine, state, &limits);
        let (guest, writable) = state::start(&mut store, &limits, async |store| {
            let made = code
                .mock
                .instance_pre()
                .instantiate_async(&mut *store)
                .await?;
            let writable = code.writable.as_ref();
            let writable = writable
                .map(|_| Writable::new(&mut *store, &made))
                .transpose()?;
            Ok((Bound::new(store, &made)?, writable))
        })
        .await?;
        let (turns, mut coming) = mpsc::channel::<Turn>(WAITING);
        let mut owner = JoinSet::new();
        owner.spawn(async move {
            let mut instance = Instance {
                store,
                guest,
                writable,
                journal: None,
                limits,
                broken: None,
            };
            while let Some(turn) = coming.recv().await {
                turn(&mut instance).await;
            }
        });
        Ok(Self {
            turns,
            manifest,
            clock,
            _owner: owner,
        })
    }

    /// What the plugin says that it is.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Builds the world that a scenario's text describes, and switches the clock if its time is a simulated one.
    ///
    /// # Errors
    /// The guest's own, when the scenario is wrong; or its crash.
    pub async fn load(&self, scenario: String) -> Result<World, CallError> {
        self.load_kept(scenario, None).await
    }

    /// The same, going on from what earlier instances wrote, which is kept at `journal`. A simulated clock goes on too.
    ///
    /// # Errors
    /// As [`Self::load`]; also when the journal cannot be read, or is of another scenario.
    pub async fn load_kept(
        &self,
        scenario: String,
        journal: Option<PathBuf>,
    ) -> Result<World, CallError> {
        let answer = self
            .turn(move |instance| {
                Box::pin(instance.call(async move |store, guest| {
                    guest
                        .sensor_mock_control()
                        .call_load(store, &scenario)
                        .await
                }))
            })
            .await?;
        let world = answer.map_err(convert::operation_error)?;
        let went_on = match journal {
            Some(path) => {
                self.turn(move |instance| Box::pin(instance.go_on(path)))
                    .await?
            }
            None => None,
        };
        if let Some(start) = world.virtual_start {
            self.clock
                .simulate_from(start.max(went_on.unwrap_or(start)));
        }
        Ok(World {
            name: crate::model::text::clean(&world.name, 200),
            accounts: world.accounts,
            certificates: world.certificates,
            virtual_start: world.virtual_start,
        })
    }

    /// Whom the operator's credentials stand for.
    ///
    /// # Errors
    /// When no world is loaded; or its crash.
    pub async fn identity(&self) -> Result<Session, CallError> {
        let answer = self
            .turn(|instance| {
                Box::pin(instance.call(async |store, guest| {
                    guest.sensor_mock_control().call_identity(store).await
                }))
            })
            .await?;
        let found = answer.map_err(convert::operation_error)?;
        Ok(Session::new(
            found.account,
            found.arn,
            found.partition,
            SessionSource::Mock,
            false,
            None,
        ))
    }

    /// Calls that the simulation has answered, by operation.
    ///
    /// # Errors
    /// When it crashed.
    pub async fn calls(&self) -> Result<Vec<(String, u64)>, CallError> {
        let found = self
            .turn(|instance| {
                Box::pin(
                    instance.call(async |store, guest| {
                        guest.sensor_mock_control().call_calls(store).await
                    }),
                )
            })
            .await?;
        Ok(found
            .into_iter()
            .map(|(name, count)| (crate::model::text::clean(&name, 200), count))
            .collect())
    }

    /// Gives a closure its turn with the instance. It runs to its end even if the caller stops waiting.
    pub(super) async fn turn<R: Send + 'static>(
        &self,
        run: impl for<'i> FnOnce(&'i mut Instance) -> BoxFuture<'i, Result<R, CallError>>
        + Send
        + 'static,
    ) -> Result<R, CallError> {
        let (reply, answer) = oneshot::channel();
        let turn: Turn = Box::new(move |instance| {
            Box::pin(async move {
                let _nobody_waits = reply.send(run(instance).await);
            })
        });
        self.turns.send(turn).await.map_err(|_| CallError::Gone)?;
        answer.await.map_err(|_| CallError::Gone)?
    }
}

impl Instance {
    /// One call of an export. A crash is remembered and told to every later caller.
    pub(super) async fn call<R>(
        &mut self,
        run: impl AsyncFnOnce(&mut Store<State>, &Bound) -> wasmtime::Result<R>,
    ) -> Result<R, CallError> {
        if let Some(broken) = &self.broken {
            return Err(broken.clone());
        }
        let Self {
            store,
            guest,
            limits,
            ..
        } = self;
        let ended = state::call(store, limits, async |store| run(store, guest).await).await;
        ended.inspect_err(|error| self.broken = Some(error.clone()))
    }

    /// One call of what a writable one exports besides, with the handles of a session and of a key lent for the time of
    /// the call. None when this one is not writable.
    pub(super) async fn write_as<R>(
        &mut self,
        session: Session,
        key: Option<PrivateKey>,
        run: impl AsyncFnOnce(&mut Store<State>, &Writable, Handles) -> wasmtime::Result<R>,
    ) -> Result<Option<R>, CallError> {
        let Some(writable) = self.writable.take() else {
            return Ok(None);
        };
        let answer = self.lend_key(session, key, &writable, run).await;
        let kept = self.keep(&writable).await;
        self.writable = Some(writable);
        let answer = answer?;
        kept?;
        Ok(Some(answer))
    }

    /// Writes down what was written, before anybody is told of it.
    async fn keep(&mut self, writable: &Writable) -> Result<(), CallError> {
        if self.journal.is_none() {
            return Ok(());
        }
        let lines = self
            .call(async |store, _| writable.sensor_mock_journal().call_take(store).await)
            .await?;
        let journal = self.journal.as_mut();
        let written = journal.map_or(Ok(()), |journal| journal.append(&lines));
        written.map_err(|error| unkept(&error))
    }

    /// Replays what earlier instances wrote; the time of the last of it.
    async fn go_on(&mut self, path: PathBuf) -> Result<Option<Millis>, CallError> {
        let Some(writable) = self.writable.take() else {
            return Ok(None);
        };
        let (journal, lines) = Journal::open(path).map_err(|error| unkept(&error))?;
        let answer = self
            .call(async |store, _| {
                let replayed = writable.sensor_mock_journal();
                replayed.call_replay(store, &lines).await
            })
            .await;
        self.writable = Some(writable);
        self.journal = Some(journal);
        Ok(answer?.map_err(convert::operation_error)?)
    }

    async fn lend_key<R>(
        &mut self,
        session: Session,
        key: Option<PrivateKey>,
        writable: &Writable,
        run: impl AsyncFnOnce(&mut Store<State>, &Writable, Handles) -> wasmtime::Result<R>,
    ) -> Result<R, CallError> {
        let key = key
            .map(|key| self.store.data_mut().table.push(key))
            .transpose()
            .map_err(|error| CallError::Refused(format!("no handle for its key: {error}")))?;
        let lent = key.as_ref().map(|key| Resource::new_borrow(key.rep()));
        let answer = self
            .call_as(session, async |store, _, session| {
                let handles = Handles { session, key: lent };
                run(store, writable, handles).await
            })
            .await;
        if let Some(key) = key {
            let taken = self.store.data_mut().table.delete(key);
            let answer = answer?;
            taken.map_err(|error| {
                CallError::Refused(format!("it dropped a key that it had borrowed: {error}"))
            })?;
            return Ok(answer);
        }
        answer
    }

    /// The same, with a session's handle lent for the time of the call.
    pub(super) async fn call_as<R>(
        &mut self,
        session: Session,
        run: impl AsyncFnOnce(&mut Store<State>, &Bound, Resource<Session>) -> wasmtime::Result<R>,
    ) -> Result<R, CallError> {
        let handle = self.store.data_mut().table.push(session);
        let handle = handle
            .map_err(|error| CallError::Refused(format!("no handle for its session: {error}")))?;
        let lent = Resource::new_borrow(handle.rep());
        let answer = self
            .call(async |store, guest| run(store, guest, lent).await)
            .await;
        let taken = self.store.data_mut().table.delete(handle);
        let answer = answer?;
        taken.map_err(|error| {
            CallError::Refused(format!(
                "it dropped a session that it had borrowed: {error}"
            ))
        })?;
        Ok(answer)
    }
}

fn unkept(error: &std::io::Error) -> CallError {
    CallError::Refused(format!(
        "what is written to it cannot be kept in the state directory: {error}"
    ))
}

/// What is lent for one write.
pub(super) struct Handles {
    pub(super) session: Resource<Session>,
    /// Of the call that needs one.
    pub(super) key: Option<Resource<PrivateKey>>,
}

fn linked(engine: &Engine, package: &Package) -> Result<MockCode, LoadError> {
    let manifest = &package.manifest;
    manifest.must_be(Kind::MockHost)?;
    let component = engine.component(package)?;
    surface::check(engine.inner(), &component, manifest)?;
    link::mock_host(engine, &component).map_err(|error| surface::unfit(manifest, &error))
}

/// Everything that starting it would find wrong, but its own crash.
pub(super) fn check_mock_host(engine: &Engine, package: &Package) -> Result<(), LoadError> {
    linked(engine, package).map(drop)
}

/// Why a simulation does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error(transparent)]
    Call(#[from] CallError),
}
