//! What can go wrong with a plugin: reading it, loading it, keeping it, calling it.
//! Above: `connector`, `cli` show these. Below: `model::problem`.
//! Invariant: each message says what to do; no guest text enters before it is cleaned.

use super::permission::PermissionDiff;
use crate::model::id::PluginId;
use crate::model::problem::{ErrorClass, OperationError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Why a package is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    #[error("cannot read {}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("{} is neither a folder with plugin.toml and plugin.wasm nor a .tar of them", .0.display())]
    Unknown(PathBuf),
    #[error("{} is a symbolic link or no plain file; a package holds plain files only", .0.display())]
    NotPlain(PathBuf),
    #[error("{} is larger than {max} bytes", path.display())]
    TooLarge { path: PathBuf, max: u64 },
    #[error("{}: entry `{entry}` does not belong into a bundle; it holds plugin.toml and plugin.wasm only", path.display())]
    Entry { path: PathBuf, entry: String },
    #[error("{}: there is no {file} in the bundle", path.display())]
    Missing { path: PathBuf, file: &'static str },
    #[error("{} is not accepted:{}", path.display(), listed(problems))]
    Manifest {
        path: PathBuf,
        problems: Vec<String>,
    },
    #[error(
        "{file} of plugin {plugin} was changed after it was installed: its SHA-256 is {found}, pinned is {pinned}; it is \
         not used until it is installed again: `sensor plugin install PATH`"
    )]
    Changed {
        plugin: PluginId,
        file: &'static str,
        found: String,
        pinned: String,
    },
}

impl PackageError {
    pub(super) fn io(path: &Path, source: io::Error) -> Self {
        Self::Io {
            path: path.to_owned(),
            source,
        }
    }
}

/// Why a package is not loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error(transparent)]
    Package(#[from] PackageError),
    #[error("plugin {plugin} is a {found}, here a {wanted} is needed")]
    Kind {
        plugin: PluginId,
        found: &'static str,
        wanted: &'static str,
    },
    #[error(
        "plugin {plugin}: plugin.wasm is a core module; make a component of it with `cargo xtask plugins`"
    )]
    CoreModule { plugin: PluginId },
    #[error("plugin {plugin}: plugin.wasm does not compile: {reason}")]
    Compile { plugin: PluginId, reason: String },
    #[error("plugin {plugin} does not fit:{}", listed(problems))]
    Surface {
        plugin: PluginId,
        problems: Vec<String>,
    },
    #[error("the plugin engine does not start: {0}")]
    Engine(String),
    #[error("the cache of compiled plugins at {}: {source}", path.display())]
    Cache { path: PathBuf, source: io::Error },
}

/// Why the catalog does not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error("plugin {id} is not installed{}; see `sensor plugin list`", nearest.as_ref().map(|n| format!(" (did you mean {n}?)")).unwrap_or_default())]
    NotInstalled { id: String, nearest: Option<String> },
    #[error(
        "plugin {id} {version} asks for more than the installed {installed}: {change}; accept it explicitly"
    )]
    Grows {
        id: PluginId,
        version: String,
        installed: String,
        change: Box<PermissionDiff>,
    },
    #[error(
        "the installed {id} {installed} was damaged, its plugin.toml too, so what it was allowed is not known any more; \
         version {version} asks for {change}; accept it explicitly"
    )]
    Forgotten {
        id: PluginId,
        version: String,
        installed: String,
        change: Box<PermissionDiff>,
    },
    #[error("the catalog of plugins {}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("the catalog of plugins {} is not as this sensor wrote it, or it was written under another key-encryption key; \
         move it away and install the plugins again", path.display())]
    Forged { path: PathBuf },
    #[error("the catalog of plugins {} cannot be trusted without the key that it is sealed under: {reason}", path.display())]
    Shut { path: PathBuf, reason: String },
    #[error("the catalog of plugins {} cannot be understood ({reason}); move it away and install the plugins again", path.display())]
    Damaged { path: PathBuf, reason: String },
}

impl From<PackageError> for CatalogError {
    fn from(error: PackageError) -> Self {
        Self::Load(error.into())
    }
}

/// Why a call of a guest brought nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The guest trapped; a panic's text is in it.
    #[error("the plugin crashed: {0}")]
    Trap(String),
    #[error("the plugin computed for longer than {} without an answer and was stopped", seconds(*.0))]
    Spinning(Duration),
    #[error("the plugin gave no answer within {} and was stopped", seconds(*.0))]
    Deadline(Duration),
    #[error("the plugin wanted more than its {} MiB of memory and was stopped", .0 >> 20)]
    Memory(usize),
    /// It called what it was not lent.
    #[error("{0}")]
    Closed(String),
    #[error(transparent)]
    Guest(#[from] OperationError),
    /// The answer breaks the contract as a whole.
    #[error("the plugin's answer is not acceptable: {0}")]
    Refused(String),
    #[error("the plugin could not be started: {0}")]
    Instantiate(String),
    /// A former call of this instance failed.
    #[error("this instance of the plugin has crashed before and cannot be used again")]
    Gone,
}

impl CallError {
    /// Whether a call that was to change something may have changed it all the same: look before doing it again.
    #[must_use]
    pub fn may_have_acted(&self) -> bool {
        use ErrorClass as C;
        match self {
            Self::Trap(_)
            | Self::Spinning(_)
            | Self::Deadline(_)
            | Self::Memory(_)
            | Self::Refused(_) => true,
            // Nothing was called, or a former call failed and told so.
            Self::Closed(_) | Self::Instantiate(_) | Self::Gone => false,
            Self::Guest(error) => matches!(
                error.class,
                // A write is not repeated once its end is unknown, so a throttle is the only answer that there was.
                C::Transient | C::InvalidResponse | C::Internal | C::Other
            ),
        }
    }

    /// The same as an operation's error, for the record of a run.
    #[must_use]
    pub fn into_operation_error(self) -> OperationError {
        let (class, code) = match &self {
            Self::Guest(error) => return error.clone(),
            Self::Trap(_) => (ErrorClass::Internal, "plugin-trap"),
            Self::Spinning(_) => (ErrorClass::LimitExceeded, "plugin-spinning"),
            // The cloud may have been slow: a second try goes on from the checkpoint.
            Self::Deadline(_) => (ErrorClass::Transient, "plugin-deadline"),
            Self::Memory(_) => (ErrorClass::LimitExceeded, "plugin-memory"),
            Self::Closed(_) => (ErrorClass::Unsupported, "capability-closed"),
            Self::Refused(_) => (ErrorClass::InvalidResponse, "plugin-answer"),
            Self::Instantiate(_) => (ErrorClass::Internal, "plugin-instantiate"),
            Self::Gone => (ErrorClass::Internal, "plugin-gone"),
        };
        OperationError::new(class, code, self.to_string())
    }
}

fn seconds(duration: Duration) -> String {
    if duration < Duration::from_secs(1) {
        format!("{} ms", duration.as_millis())
    } else {
        format!("{} s", duration.as_secs())
    }
}

fn listed(problems: &[String]) -> String {
    problems
        .iter()
        .fold(String::new(), |text, one| text + "\n  - " + one)
}
