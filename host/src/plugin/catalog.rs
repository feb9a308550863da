//! The plugins that the operator installed: `<state>/plugins/`, each pinned by the SHA-256 of both of its files.
//! Above: `cli`, `app`. Below: `package`, `engine`.
//! Invariant: what is not as it was pinned is never handed out; the catalog's file is whole or not there.

use super::aot::write_private;
use super::connector::ConnectorPlugin;
use super::engine::Engine;
use super::error::{CatalogError, LoadError, PackageError};
use super::manifest::Kind;
use super::mock_host::check_mock_host;
use super::package::{COMPONENT, MANIFEST, Package};
use super::permission::PermissionDiff;
use super::provider::CredentialProvider;
use crate::model::id::{PluginId, Sha256};
use crate::model::nearest::nearest;
use crate::model::time::Millis;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

mod listing;

pub use listing::Entry;
use listing::Listing;

/// What an installation did.
#[derive(Debug, Clone)]
pub struct Installed {
    pub entry: Entry,
    /// What was there before.
    pub replaced: Option<Entry>,
    /// Against what was there before; everything is added at first.
    pub change: PermissionDiff,
}

/// The installed plugins.
pub struct Catalog {
    folder: PathBuf,
    engine: Engine,
}

impl Catalog {
    /// The catalog in this folder, with an engine whose cache lies there too.
    ///
    /// # Errors
    /// When the engine does not start or the folder cannot be made.
    pub fn open(folder: &Path) -> Result<Self, CatalogError> {
        fs::create_dir_all(folder).map_err(|source| CatalogError::Io {
            path: folder.to_owned(),
            source,
        })?;
        let engine = Engine::new(Some(folder.join("cache")))?;
        Ok(Self {
            folder: folder.to_owned(),
            engine,
        })
    }

    /// The engine of this catalog's plugins.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// All plugins, by id.
    ///
    /// # Errors
    /// When the catalog's file cannot be read.
    pub fn list(&self) -> Result<Vec<Entry>, CatalogError> {
        Ok(self.read()?.plugins.into_values().collect())
    }

    /// One plugin.
    ///
    /// # Errors
    /// When it is not installed.
    pub fn entry(&self, id: &str) -> Result<Entry, CatalogError> {
        let listed = self.read()?;
        if let Some(entry) = listed
            .plugins
            .values()
            .find(|entry| entry.id.as_str() == id)
        {
            return Ok(entry.clone());
        }
        let names = listed.plugins.keys().map(PluginId::as_str);
        Err(CatalogError::NotInstalled {
            id: crate::model::text::clean(id, 80),
            nearest: nearest(id, names).map(str::to_owned),
        })
    }

    /// The package of an installed plugin, read and found as it was pinned.
    ///
    /// # Errors
    /// When it is not installed, or was changed since.
    pub fn package(&self, id: &str) -> Result<Package, CatalogError> {
        let entry = self.entry(id)?;
        Ok(self.pinned(&entry)?)
    }

    fn pinned(&self, entry: &Entry) -> Result<Package, PackageError> {
        let package = Package::read(&self.folder.join(&entry.folder));
        // A manifest that was changed so that it is wrong was changed all the same.
        let changed = |error| match error {
            PackageError::Manifest { path, .. } => {
                let found = fs::read(&path)
                    .map(|bytes| Sha256::of(&bytes).to_string())
                    .unwrap_or_default();
                let (plugin, pinned) = (entry.id.clone(), entry.manifest_sha256.to_string());
                PackageError::Changed {
                    plugin,
                    file: MANIFEST,
                    found,
                    pinned,
                }
            }
            other => other,
        };
        let package = package.map_err(changed)?;
        package.check_pins(&entry.id, entry.component_sha256, entry.manifest_sha256)?;
        Ok(package)
    }

    /// What installing this package would change.
    ///
    /// # Errors
    /// When the catalog's file cannot be read.
    pub fn change(
        &self,
        package: &Package,
    ) -> Result<(Option<Entry>, PermissionDiff), CatalogError> {
        let before = self.read()?.plugins.remove(&package.manifest.id);
        // A damaged predecessor counts as one without permissions: everything has to be accepted anew.
        let older = before.as_ref().and_then(|entry| self.pinned(entry).ok());
        let change = PermissionDiff::between(
            older.as_ref().map(|package| &package.manifest),
            &package.manifest,
        );
        Ok((before, change))
    }

    /// Installs a folder or a bundle: checked, compiled, pinned. `accept` says that the operator has seen
    /// that a replaced plugin asks for more than before.
    ///
    /// # Errors
    /// When the package is not accepted, does not fit this sensor, or asks for more than what it replaces.
    pub fn install(
        &self,
        path: &Path,
        accept: bool,
        now: Millis,
    ) -> Result<Installed, CatalogError> {
        let package = Package::read(path)?;
        let (replaced, change) = self.change(&package)?;
        if let Some(before) = replaced.as_ref().filter(|_| change.grows() && !accept) {
            let (id, version) = (
                package.manifest.id.clone(),
                package.manifest.version.to_string(),
            );
            return Err(CatalogError::Grows {
                id,
                version,
                installed: before.version.clone(),
                change: Box::new(change),
            });
        }
        self.fits(&package)?;
        let entry = self.put(&package, now)?;
        let mut listed = self.read()?;
        listed.plugins.insert(entry.id.clone(), entry.clone());
        listed.write(&self.folder)?;
        if let Some(before) = replaced
            .as_ref()
            .filter(|before| before.folder != entry.folder)
        {
            self.clear(before)?;
        }
        Ok(Installed {
            entry,
            replaced,
            change,
        })
    }

    /// Removes a plugin. Whether a connector still needs it is the caller's question.
    ///
    /// # Errors
    /// When it is not installed or its files cannot be removed.
    pub fn remove(&self, id: &str) -> Result<Entry, CatalogError> {
        let entry = self.entry(id)?;
        let mut listed = self.read()?;
        listed.plugins.remove(&entry.id);
        listed.write(&self.folder)?;
        self.clear(&entry)?;
        Ok(entry)
    }

    /// Compiles and links it, which finds everything that can be wrong before a run.
    fn fits(&self, package: &Package) -> Result<(), LoadError> {
        let engine = &self.engine;
        match package.manifest.kind {
            Kind::Connector => ConnectorPlugin::load(engine, package).map(drop),
            Kind::CredentialProvider => CredentialProvider::load(engine, package).map(drop),
            Kind::MockHost => check_mock_host(engine, package),
        }
    }

    fn put(&self, package: &Package, now: Millis) -> Result<Entry, CatalogError> {
        let manifest = &package.manifest;
        let hashes = [
            package.component_sha256.to_string(),
            package.manifest_sha256.to_string(),
        ];
        let folder = format!(
            "{}-{}-{}-{}",
            manifest.id,
            manifest.version,
            &hashes[0][..8],
            &hashes[1][..8]
        );
        let place = self.folder.join(&folder);
        let failed = |source| CatalogError::Io {
            path: place.clone(),
            source,
        };
        fs::create_dir_all(&place).map_err(failed)?;
        write_private(&place.join(MANIFEST), package.manifest_text.as_bytes()).map_err(failed)?;
        write_private(&place.join(COMPONENT), &package.component).map_err(failed)?;
        Ok(Entry {
            id: manifest.id.clone(),
            version: manifest.version.to_string(),
            kind: manifest.kind.as_str().to_owned(),
            component_sha256: package.component_sha256,
            manifest_sha256: package.manifest_sha256,
            size: package.component.len() as u64,
            installed_at: now,
            source: package.source.clone(),
            folder,
        })
    }

    /// Removes the files of an entry that the catalog does not list any more.
    fn clear(&self, entry: &Entry) -> Result<(), CatalogError> {
        let still_used = self
            .read()?
            .plugins
            .values()
            .any(|other| other.component_sha256 == entry.component_sha256);
        if !still_used {
            self.engine.forget(entry.component_sha256)?;
        }
        let place = self.folder.join(&entry.folder);
        match fs::remove_dir_all(&place) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(CatalogError::Io {
                path: place,
                source: error,
            }),
            _ => Ok(()),
        }
    }

    fn read(&self) -> Result<Listing, CatalogError> {
        Listing::read(&self.folder)
    }
}
