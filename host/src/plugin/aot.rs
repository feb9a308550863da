//! The cache of compiled plugins: compile once, at install time, and load in milliseconds ever after.
//! Above: `engine`. Below: `trusted`.
//! Invariant: compiled code is loaded only if its SHA-256 stands in the index that this host wrote and sealed.

use super::error::LoadError;
use super::trusted;
use super::witness::Witness;
use crate::model::id::Sha256;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::hash::{Hash, Hasher};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use wasmtime::Engine;
use wasmtime::component::Component;

/// A folder of compiled components.
pub(super) struct Cache {
    folder: PathBuf,
    witness: Witness,
    /// What compiled code depends on besides the component: this host's version and the engine's settings.
    compatibility: String,
    /// Serializes changes of the index within this process.
    index: Mutex<()>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Index {
    /// SHA-256 of the compiled code by its file's name.
    files: BTreeMap<String, Sha256>,
    /// Of `files`.
    #[serde(default)]
    seals: Vec<String>,
}

/// What the index's seals are of.
const KIND: &str = "plugin cache";

impl Cache {
    pub(super) fn new(folder: PathBuf, witness: Witness, engine: &Engine) -> Self {
        let mut hasher = std::hash::DefaultHasher::new();
        engine.precompile_compatibility_hash().hash(&mut hasher);
        let compatibility = format!("{}-{:016x}", env!("CARGO_PKG_VERSION"), hasher.finish());
        Self {
            folder,
            witness,
            compatibility,
            index: Mutex::new(()),
        }
    }

    fn name_of(&self, component: Sha256) -> String {
        format!("{component}-{}.cwasm", self.compatibility)
    }

    /// The compiled component, if this host has it.
    pub(super) fn load(&self, engine: &Engine, component: Sha256) -> Option<Component> {
        let name = self.name_of(component);
        let compiled = fs::read(self.folder.join(&name)).ok()?;
        if self.read_index().files.get(&name) != Some(&Sha256::of(&compiled)) {
            tracing::warn!(
                file = name,
                "compiled plugin is not as this host wrote it; compiling again"
            );
            return None;
        }
        match trusted::component_of(engine, &compiled) {
            Ok(loaded) => Some(loaded),
            Err(error) => {
                tracing::warn!(file = name, error = %error, "compiled plugin does not load; compiling again");
                None
            }
        }
    }

    /// Notes down and keeps what has just been compiled.
    pub(super) fn keep(&self, component: Sha256, compiled: &[u8]) -> Result<(), LoadError> {
        let failed = |source| LoadError::Cache {
            path: self.folder.clone(),
            source,
        };
        fs::create_dir_all(&self.folder).map_err(failed)?;
        // Code of an older host is of no use any more.
        self.forget(component)?;
        let name = self.name_of(component);
        write_private(&self.folder.join(&name), compiled).map_err(failed)?;
        self.change_index(|index| index.files.insert(name, Sha256::of(compiled)))
            .map_err(failed)
    }

    /// Forgets a component, compiled by whatever version.
    pub(super) fn forget(&self, component: Sha256) -> Result<(), LoadError> {
        let failed = |source| LoadError::Cache {
            path: self.folder.clone(),
            source,
        };
        let start = component.to_string();
        let names: Vec<_> = self
            .read_index()
            .files
            .into_keys()
            .filter(|name| name.starts_with(&start))
            .collect();
        for name in &names {
            match fs::remove_file(self.folder.join(name)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
                _ => {}
            }
        }
        self.change_index(|index| index.files.retain(|name, _| !names.contains(name)))
            .map_err(failed)
    }

    fn read_index(&self) -> Index {
        let text = fs::read(self.folder.join("index.json")).unwrap_or_default();
        let index: Index = serde_json::from_slice(&text).unwrap_or_default();
        let files = serde_json::to_vec(&index.files).unwrap_or_default();
        match self.witness.knows(KIND, &files, &index.seals) {
            Ok(true) => index,
            _ => Index::default(),
        }
    }

    fn change_index<R>(&self, change: impl FnOnce(&mut Index) -> R) -> io::Result<()> {
        let _one_at_a_time = self
            .index
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut index = self.read_index();
        change(&mut index);
        self.write_index(index, &[&self.witness])
    }

    /// Lets these know it from now on.
    pub(super) fn seal_for(&self, witnesses: &[&Witness]) -> io::Result<()> {
        let _one_at_a_time = self
            .index
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let index = self.read_index();
        if index.files.is_empty() {
            return Ok(());
        }
        self.write_index(index, witnesses)
    }

    fn write_index(&self, mut index: Index, witnesses: &[&Witness]) -> io::Result<()> {
        let files = serde_json::to_vec(&index.files)?;
        // Without the key nothing is sealed, and so nothing of it will be loaded.
        let seals = witnesses.iter().map(|one| one.seal(KIND, &files));
        index.seals = seals.filter_map(Result::ok).collect();
        write_private(
            &self.folder.join("index.json"),
            &serde_json::to_vec_pretty(&index)?,
        )
    }
}

/// Tells the parts apart that this process has written.
static WRITTEN: AtomicU64 = AtomicU64::new(0);

/// Writes a file that is whole or not there, readable by its owner only.
pub(super) fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    // A name of its own: two engines of one process may write the same file at once.
    let turn = WRITTEN.fetch_add(1, Ordering::Relaxed);
    let part = folder.join(format!(".{name}.{}-{turn}.part", std::process::id()));
    match fs::remove_file(&part) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&part)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&part, path)?;
    File::open(folder)?.sync_all()
}
