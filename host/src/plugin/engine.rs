//! The engine: one in a process, with the clock that stops endless guests.
//! Above: `connector`, `provider`, `mock_host`, `catalog`. Below: `aot`, wasmtime.
//! Invariant: the ticker runs on a thread of its own, so that no busy runtime can hold it up.

use super::aot::Cache;
use super::error::LoadError;
use super::package::Package;
use super::witness::Witness;
use crate::model::id::Sha256;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use wasmtime::component::Component;

/// How often a guest is asked to stop for a moment.
const TICK: Duration = Duration::from_millis(10);

/// Compiles and runs plugins. Clones share it.
#[derive(Clone)]
pub struct Engine {
    inner: wasmtime::Engine,
    cache: Option<Arc<Cache>>,
}

impl Engine {
    /// Starts the engine. `cache` is the folder of compiled plugins, and who knows what was written there; without one
    /// each load compiles.
    ///
    /// # Errors
    /// When the machine cannot run compiled code.
    pub fn new(cache: Option<(PathBuf, Witness)>) -> Result<Self, LoadError> {
        let failed = |error: &dyn std::fmt::Display| LoadError::Engine(error.to_string());
        let mut config = wasmtime::Config::new();
        config.epoch_interruption(true).wasm_component_model(true);
        let inner = wasmtime::Engine::new(&config).map_err(|error| failed(&error))?;
        let ticked = inner.weak();
        let ticker = std::thread::Builder::new().name("plugin-ticker".into());
        ticker
            .spawn(move || {
                while let Some(engine) = ticked.upgrade() {
                    engine.increment_epoch();
                    drop(engine);
                    std::thread::sleep(TICK);
                }
            })
            .map_err(|error| failed(&error))?;
        let cache = cache.map(|(folder, witness)| Arc::new(Cache::new(folder, witness, &inner)));
        Ok(Self { inner, cache })
    }

    pub(super) fn inner(&self) -> &wasmtime::Engine {
        &self.inner
    }

    /// The package's component: from the cache, or compiled (seconds of CPU) and put there.
    pub(super) fn component(&self, package: &Package) -> Result<Component, LoadError> {
        let hash = package.component_sha256;
        if let Some(found) = self
            .cache
            .as_ref()
            .and_then(|cache| cache.load(&self.inner, hash))
        {
            return Ok(found);
        }
        let plugin = || package.manifest.id.clone();
        if is_core_module(&package.component) {
            return Err(LoadError::CoreModule { plugin: plugin() });
        }
        let failed = |error: wasmtime::Error| LoadError::Compile {
            plugin: plugin(),
            reason: crate::model::text::clean(&format!("{error:#}"), 500),
        };
        let compiled = self
            .inner
            .precompile_component(&package.component)
            .map_err(failed)?;
        if let Some(cache) = &self.cache {
            cache.keep(hash, &compiled)?;
        }
        super::trusted::component_of(&self.inner, &compiled).map_err(failed)
    }

    /// The key of the cache's witness changes: what is compiled stays known to these.
    pub(super) fn seal_for(&self, witnesses: &[&Witness]) -> std::io::Result<()> {
        self.cache
            .as_ref()
            .map_or(Ok(()), |cache| cache.seal_for(witnesses))
    }

    /// Drops a component from the cache.
    pub(super) fn forget(&self, component: Sha256) -> Result<(), LoadError> {
        self.cache
            .as_ref()
            .map_or(Ok(()), |cache| cache.forget(component))
    }
}

/// The version word of a binary: 1 is a core module, a component has a layer in its upper half.
fn is_core_module(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\0asm\x01\0\0\0")
}
