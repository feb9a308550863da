//! Where things lie: the root of the workspace and what is made below its target directory.
//! Every command starts from here; reads the environment for all of them.
//! Invariant: bundles and the virtual environment always lie in `target/` of the root, wherever the host is built.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The directories of one checkout.
pub(crate) struct Place {
    root: PathBuf,
}

impl Place {
    pub(crate) fn find() -> Result<Self> {
        // `cargo run` says it anew; what was compiled in may be of the checkout that this one was copied from.
        let own =
            environment("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
        let root = Path::new(&own)
            .parent()
            .context("xtask lies in no workspace")?;
        Ok(Self {
            root: root.to_owned(),
        })
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// What this tool makes: `target/<name>`.
    pub(crate) fn made(&self, name: &str) -> PathBuf {
        self.root.join("target").join(name)
    }

    /// Where cargo puts the program of that name for this machine.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        let target = environment("CARGO_TARGET_DIR")
            .map_or_else(|| self.root.join("target"), |dir| self.root.join(dir));
        target
            .join("debug")
            .join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
    }

    /// The path as seen from the root, for messages.
    pub(crate) fn short(&self, path: &Path) -> String {
        path.strip_prefix(&self.root)
            .unwrap_or(path)
            .display()
            .to_string()
    }
}

/// The cargo that runs this tool.
pub(crate) fn cargo() -> OsString {
    environment("CARGO").unwrap_or_else(|| "cargo".into())
}

/// A program found on the search path.
pub(crate) fn on_path(program: &str) -> Option<PathBuf> {
    let path = environment("PATH")?;
    std::env::split_paths(&path)
        .map(|dir| dir.join(program))
        .find(|file| file.is_file())
}

/// A variable that is set and not empty.
#[expect(
    clippy::disallowed_methods,
    reason = "a build tool has no configuration file"
)]
pub(crate) fn environment(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}
