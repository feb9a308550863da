//! What stands behind one instance: its handles, its meters, what it was lent.
//! Above: `connector`, `provider`, `mock_host` make one for each store. Below: `capability`.
//! Invariant: an instance that is closed reaches nothing but its log.

use super::cpu::{CpuExceeded, CpuMeter};
use super::engine::Engine;
use super::error::CallError;
use super::limits::{Limits, MemoryExceeded, Meter};
use crate::capability::Closed;
use crate::capability::aws::{AwsCapability, AwsView};
use crate::capability::clock::ClockView;
use crate::capability::known::{KnownMarkers, KnownView};
use crate::capability::log::{GuestLog, LogView};
use crate::capability::session::SessionView;
use crate::capability::settings::SettingsView;
use crate::credential::{Sources as CredentialSources, SourcesView};
use crate::model::text::clean;
use crate::model::time::Clock;
use std::collections::BTreeSet;
use std::sync::Arc;
use wasmtime::component::{HasData, ResourceTable};
use wasmtime::{Store, UpdateDeadline};

/// Data of a store.
pub(super) struct State {
    pub(super) table: ResourceTable,
    pub(super) log: GuestLog,
    /// None: closed.
    pub(super) clock: Option<Arc<dyn Clock>>,
    pub(super) settings: Option<String>,
    pub(super) aws: Option<Arc<AwsCapability>>,
    pub(super) known: Option<Arc<dyn KnownMarkers>>,
    pub(super) sources: Option<Arc<CredentialSources>>,
    /// What the credential's parameters name.
    pub(super) named: BTreeSet<String>,
    meter: Meter,
    cpu: Arc<CpuMeter>,
}

impl State {
    /// Closed: nothing lent but the log.
    pub(super) fn closed(log: GuestLog, limits: &Limits) -> Self {
        let mut table = ResourceTable::new();
        table.set_max_capacity(limits.handles);
        Self {
            table,
            log,
            clock: None,
            settings: None,
            aws: None,
            known: None,
            sources: None,
            named: BTreeSet::new(),
            meter: Meter::new(limits.memory),
            cpu: Arc::default(),
        }
    }

    pub(super) fn log(&mut self) -> LogView<'_> {
        LogView(&mut self.log)
    }
    pub(super) fn clock(&mut self) -> ClockView<'_> {
        ClockView(self.clock.as_ref())
    }
    pub(super) fn settings(&mut self) -> SettingsView<'_> {
        SettingsView(self.settings.as_deref())
    }
    pub(super) fn known(&mut self) -> KnownView<'_> {
        KnownView {
            lent: self.known.as_ref(),
            open: self.clock.is_some(),
        }
    }
    pub(super) fn sessions(&mut self) -> SessionView<'_> {
        SessionView(&mut self.table)
    }
    #[expect(
        clippy::expect_used,
        reason = "the linker with sources is used only for instances that were lent them"
    )]
    pub(super) fn sources(&mut self) -> SourcesView<'_> {
        SourcesView {
            sources: self.sources.as_ref().expect("sources are lent"),
            named: &self.named,
            table: &mut self.table,
        }
    }
    #[expect(
        clippy::expect_used,
        reason = "the linker with AWS is used only for instances that were lent AWS"
    )]
    pub(super) fn aws(&mut self) -> AwsView<'_> {
        AwsView {
            capability: self.aws.as_ref().expect("AWS is lent"),
            table: &mut self.table,
        }
    }
}

/// Says to `add_to_linker` of which kind each view is.
pub(super) struct Log;
impl HasData for Log {
    type Data<'a> = LogView<'a>;
}
pub(super) struct Time;
impl HasData for Time {
    type Data<'a> = ClockView<'a>;
}
pub(super) struct Settings;
impl HasData for Settings {
    type Data<'a> = SettingsView<'a>;
}
pub(super) struct Known;
impl HasData for Known {
    type Data<'a> = KnownView<'a>;
}
pub(super) struct Sessions;
impl HasData for Sessions {
    type Data<'a> = SessionView<'a>;
}
pub(super) struct Sources;
impl HasData for Sources {
    type Data<'a> = SourcesView<'a>;
}
pub(super) struct Aws;
impl HasData for Aws {
    type Data<'a> = AwsView<'a>;
}

/// A store with every limit set. The only place where stores are made.
pub(super) fn store(engine: &Engine, state: State, limits: &Limits) -> Store<State> {
    let mut store = Store::new(engine.inner(), state);
    store.limiter(|state| &mut state.meter);
    store.set_hostcall_fuel(limits.transfer);
    store.set_max_component_handles(limits.handles);
    store.set_epoch_deadline(1);
    let most = limits.cpu;
    // Each tick the guest makes room for others; it is stopped when it has used up its own time.
    store.epoch_deadline_callback(move |context| {
        if context.data().cpu.used() > most {
            return Err(CpuExceeded.into());
        }
        Ok(UpdateDeadline::Yield(1))
    });
    store
}

/// Runs one call of a guest under its limits and tells what ended it.
pub(super) async fn call<R>(
    store: &mut Store<State>,
    limits: &Limits,
    run: impl AsyncFnOnce(&mut Store<State>) -> wasmtime::Result<R>,
) -> Result<R, CallError> {
    let state = store.data_mut();
    state.log.begin();
    let cpu = Arc::clone(&state.cpu);
    cpu.restart();
    let ended = tokio::time::timeout(limits.call_timeout, cpu.metered(run(store))).await;
    #[cfg(feature = "failpoints")]
    super::dump::memories();
    let state = store.data_mut();
    state.log.end();
    match ended {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(classify(&error, state.log.take_panic(), limits)),
        Err(_) => Err(CallError::Deadline(limits.call_timeout)),
    }
}

fn classify(error: &wasmtime::Error, panic: Option<String>, limits: &Limits) -> CallError {
    if error.is::<CpuExceeded>() {
        return CallError::Spinning(limits.cpu);
    }
    if let Some(MemoryExceeded(most)) = error.downcast_ref() {
        return CallError::Memory(*most);
    }
    if let Some(closed) = error.downcast_ref::<Closed>() {
        return CallError::Closed(closed.to_string());
    }
    CallError::Trap(panic.unwrap_or_else(|| clean(&error.root_cause().to_string(), 500)))
}

/// Makes an instance; what a guest does at its start counts as a call.
pub(super) async fn start<R>(
    store: &mut Store<State>,
    limits: &Limits,
    run: impl AsyncFnOnce(&mut Store<State>) -> wasmtime::Result<R>,
) -> Result<R, CallError> {
    call(store, limits, run).await.map_err(|error| match error {
        CallError::Trap(text) => CallError::Instantiate(text),
        other => other,
    })
}
