//! The plugins that the operator installed: `<state>/plugins/`, each pinned by the SHA-256 of both of its files.
//! Above: `cli`, `app`. Below: `package`, `engine`.
//! Invariant: what is not as it was pinned is never handed out, nor pinned by anybody else; the catalog's file is whole
//! or not there.

use super::aot::write_private;
use super::connector::ConnectorPlugin;
use super::engine::Engine;
use super::error::{CatalogError, LoadError, PackageError};
use super::manifest::{Kind, Manifest};
use super::mock_host::check_mock_host;
use super::package::{COMPONENT, MANIFEST, Package, manifest_of};
use super::permission::PermissionDiff;
use super::provider::CredentialProvider;
use super::witness::Witness;
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
    /// What was there before had been changed or was gone, at least in part.
    pub healed: bool,
}

/// What a package would take the place of.
struct Before {
    entry: Entry,
    /// As it was pinned; none if nothing is left of it that can be believed.
    manifest: Option<Manifest>,
    /// Whether both files are as they were pinned.
    whole: bool,
}

/// The installed plugins. Clones share the key that the catalog is sealed under.
#[derive(Clone)]
pub struct Catalog {
    folder: PathBuf,
    engine: Engine,
    witness: Witness,
}

impl Catalog {
    /// The catalog in this folder, with an engine whose cache lies there too. What the witness does not know is refused.
    ///
    /// # Errors
    /// When the engine does not start or the folder cannot be made.
    pub fn open(folder: &Path, witness: Witness) -> Result<Self, CatalogError> {
        fs::create_dir_all(folder).map_err(|source| CatalogError::Io {
            path: folder.to_owned(),
            source,
        })?;
        let engine = Engine::new(Some((folder.join("cache"), witness.clone())))?;
        Ok(Self {
            folder: folder.to_owned(),
            engine,
            witness,
        })
    }

    /// The key is about to change: the catalog can be known by the next one too. A crash on either side of the change
    /// leaves it known. One that is not this sensor's stays so.
    ///
    /// # Errors
    /// When the catalog cannot be read or written.
    pub fn prepare(&self, next: [u8; 32]) -> Result<(), CatalogError> {
        let next = Witness::new(next);
        self.seal_for(&[&self.witness, &next])
    }

    /// The key has changed.
    ///
    /// # Errors
    /// When the catalog cannot be read or written.
    pub fn turn(&self, key: [u8; 32]) -> Result<(), CatalogError> {
        self.witness.turn(key);
        self.seal_for(&[&self.witness])
    }

    fn seal_for(&self, witnesses: &[&Witness]) -> Result<(), CatalogError> {
        // What is compiled can be compiled again: that it could not be sealed keeps no key from changing.
        if let Err(error) = self.engine.seal_for(witnesses) {
            tracing::warn!(%error, "compiled plugins will be compiled again");
        }
        self.known()?
            .map_or(Ok(()), |mut listed| listed.write(&self.folder, witnesses))
    }

    /// None: not this sensor's, or nothing is in it.
    fn known(&self) -> Result<Option<Listing>, CatalogError> {
        match self.read() {
            Ok(listed) => Ok((!listed.plugins.is_empty()).then_some(listed)),
            Err(error @ CatalogError::Io { .. }) => Err(error),
            Err(_) => Ok(None),
        }
    }

    /// The engine of this catalog's plugins.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// All plugins, by id; without the key, as the file has them.
    ///
    /// # Errors
    /// When the catalog's file cannot be read, or is not this sensor's.
    pub fn list(&self) -> Result<Vec<Entry>, CatalogError> {
        let listed = Listing::read(&self.folder)?;
        match listed.check(&self.folder, &self.witness) {
            Ok(()) | Err(CatalogError::Shut { .. }) => Ok(listed.plugins.into_values().collect()),
            Err(error) => Err(error),
        }
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

    /// What is installed under this package's name.
    fn before(&self, package: &Package) -> Result<Option<Before>, CatalogError> {
        let Some(entry) = self.read()?.plugins.remove(&package.manifest.id) else {
            return Ok(None);
        };
        let whole = self.pinned(&entry);
        let manifest = match &whole {
            Ok(before) => Some(before.manifest.clone()),
            // What was pinned comes back: nobody need ask what it was.
            Err(_) if entry.manifest_sha256 == package.manifest_sha256 => {
                Some(package.manifest.clone())
            }
            Err(_) => self.pinned_manifest(&entry),
        };
        Ok(Some(Before {
            whole: whole.is_ok(),
            entry,
            manifest,
        }))
    }

    /// The manifest of a plugin whose component may be damaged; none if it is damaged itself.
    fn pinned_manifest(&self, entry: &Entry) -> Option<Manifest> {
        let bytes = manifest_of(&self.folder.join(&entry.folder)).ok()?;
        let same = Sha256::of(&bytes) == entry.manifest_sha256;
        let text = String::from_utf8(bytes).ok().filter(|_| same)?;
        Manifest::parse(&text).ok()
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
        let before = self.before(&package)?;
        let manifest = before.as_ref().and_then(|before| before.manifest.as_ref());
        let change = PermissionDiff::between(manifest, &package.manifest);
        if let Some(before) = before.as_ref().filter(|_| change.grows() && !accept) {
            return Err(grows(before, &package, change));
        }
        self.fits(&package)?;
        let entry = self.put(&package, now)?;
        let mut listed = self.read()?;
        listed.plugins.insert(entry.id.clone(), entry.clone());
        listed.write(&self.folder, &[&self.witness])?;
        let healed = before.as_ref().is_some_and(|before| !before.whole);
        let replaced = before.map(|before| before.entry);
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
            healed,
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
        listed.write(&self.folder, &[&self.witness])?;
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
        let listed = Listing::read(&self.folder)?;
        listed.check(&self.folder, &self.witness)?;
        Ok(listed)
    }
}

/// The package asks for more than what it would replace, or than anybody knows that to have had.
fn grows(before: &Before, package: &Package, change: PermissionDiff) -> CatalogError {
    let (id, version) = (
        package.manifest.id.clone(),
        package.manifest.version.to_string(),
    );
    let (installed, change) = (before.entry.version.clone(), Box::new(change));
    if before.manifest.is_some() {
        return CatalogError::Grows {
            id,
            version,
            installed,
            change,
        };
    }
    CatalogError::Forgotten {
        id,
        version,
        installed,
        change,
    }
}
