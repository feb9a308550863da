//! What a plugin's folder says about itself: `plugin.toml` and `Cargo.toml`.
//! `plugins` lists them with `find`; reads only what building needs, the host checks the rest.
//! Invariant: a folder with a `plugin.toml` is a plugin, any other is not.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;

/// One plugin crate.
pub(crate) struct Plugin {
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) package: String,
    pub(crate) library: String,
    pub(crate) directory: PathBuf,
}

#[derive(Deserialize)]
struct PluginManifest {
    id: String,
    kind: String,
}

#[derive(Deserialize)]
struct CrateManifest {
    package: Package,
    lib: Option<Library>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
}

#[derive(Deserialize)]
struct Library {
    name: Option<String>,
}

impl Plugin {
    pub(crate) fn is_called(&self, name: &str) -> bool {
        self.id == name
            || self.package == name
            || self
                .directory
                .file_name()
                .is_some_and(|folder| folder == name)
    }
}

/// All plugins in the folders right below `parent`, by id. No such folder, no plugins.
pub(crate) fn find(parent: &Path) -> Result<Vec<Plugin>> {
    let Ok(entries) = std::fs::read_dir(parent) else {
        return Ok(Vec::new());
    };
    let mut found = Vec::new();
    for entry in entries {
        let directory = entry?.path();
        if directory.join("plugin.toml").is_file() {
            found.push(read(directory)?);
        }
    }
    found.sort_by(|a: &Plugin, b: &Plugin| a.id.cmp(&b.id));
    Ok(found)
}

fn read(directory: PathBuf) -> Result<Plugin> {
    let about: PluginManifest = read_toml(&directory.join("plugin.toml"))?;
    let built: CrateManifest = read_toml(&directory.join("Cargo.toml"))?;
    let library = built
        .lib
        .and_then(|lib| lib.name)
        .unwrap_or_else(|| built.package.name.replace('-', "_"));
    Ok(Plugin {
        id: about.id,
        kind: about.kind,
        package: built.package.name,
        library,
        directory,
    })
}

fn read_toml<T: serde::de::DeserializeOwned>(file: &Path) -> Result<T> {
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("could not read {}", file.display()))?;
    toml::from_str(&text).with_context(|| format!("{} is not as expected", file.display()))
}
