//! A plugin as it comes: a folder with plugin.toml and plugin.wasm, or a .tar of the two.
//! Above: `catalog`, and whoever tries a plugin without installing it. Below: `manifest`.
//! Invariant: every byte is read once, and what was hashed is what is used.

use super::error::PackageError;
use super::manifest::Manifest;
use crate::model::id::{PluginId, Sha256};
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

/// Bytes of the largest component: four times the largest that is known (JavaScript and Python bring their engine).
const LARGEST_COMPONENT: u64 = 80 << 20;
const LARGEST_MANIFEST: u64 = 256 << 10;

pub(super) const MANIFEST: &str = "plugin.toml";
pub(super) const COMPONENT: &str = "plugin.wasm";

/// A plugin, read.
#[derive(Clone)]
pub struct Package {
    pub manifest: Manifest,
    /// The text of plugin.toml.
    pub manifest_text: String,
    pub component: Vec<u8>,
    pub component_sha256: Sha256,
    pub manifest_sha256: Sha256,
    /// Where it was read.
    pub source: PathBuf,
}

impl std::fmt::Debug for Package {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Package({} {}, {})",
            self.manifest.id, self.manifest.version, self.component_sha256
        )
    }
}

impl Package {
    /// Reads a folder or a bundle.
    ///
    /// # Errors
    /// When a file is missing, too large or no plain file, or the manifest is wrong (all of its problems at once).
    pub fn read(path: &Path) -> Result<Self, PackageError> {
        let about = fs::symlink_metadata(path).map_err(|error| PackageError::io(path, error))?;
        if about.is_symlink() {
            return Err(PackageError::NotPlain(path.to_owned()));
        }
        let (manifest, component) = if about.is_dir() {
            let manifest = manifest_of(path)?;
            (
                manifest,
                read_plain(&path.join(COMPONENT), LARGEST_COMPONENT)?,
            )
        } else if path.extension().is_some_and(|end| end == "tar") {
            read_bundle(path)?
        } else {
            return Err(PackageError::Unknown(path.to_owned()));
        };
        Self::of(path, manifest, component)
    }

    fn of(path: &Path, manifest: Vec<u8>, component: Vec<u8>) -> Result<Self, PackageError> {
        let wrong = |problems| PackageError::Manifest {
            path: path.join(MANIFEST),
            problems,
        };
        let manifest_sha256 = Sha256::of(&manifest);
        let text =
            String::from_utf8(manifest).map_err(|_| wrong(vec!["it is not UTF-8 text".into()]))?;
        let manifest = Manifest::parse(&text).map_err(wrong)?;
        let component_sha256 = Sha256::of(&component);
        let source = path.to_owned();
        Ok(Self {
            manifest,
            manifest_text: text,
            component,
            component_sha256,
            manifest_sha256,
            source,
        })
    }

    /// Fails unless it is exactly what was pinned.
    pub(super) fn check_pins(
        &self,
        plugin: &PluginId,
        component: Sha256,
        manifest: Sha256,
    ) -> Result<(), PackageError> {
        let pairs = [
            (MANIFEST, self.manifest_sha256, manifest),
            (COMPONENT, self.component_sha256, component),
        ];
        for (file, found, pinned) in pairs {
            if found != pinned {
                let (found, pinned) = (found.to_string(), pinned.to_string());
                return Err(PackageError::Changed {
                    plugin: plugin.clone(),
                    file,
                    found,
                    pinned,
                });
            }
        }
        Ok(())
    }
}

/// The manifest of a folder, unread and unjudged.
pub(super) fn manifest_of(folder: &Path) -> Result<Vec<u8>, PackageError> {
    read_plain(&folder.join(MANIFEST), LARGEST_MANIFEST)
}

/// Reads a plain file; a link, also one that is put in its place meanwhile, is refused.
fn read_plain(path: &Path, max: u64) -> Result<Vec<u8>, PackageError> {
    let io = |error| PackageError::io(path, error);
    let named = fs::symlink_metadata(path).map_err(io)?;
    if !named.is_file() {
        return Err(PackageError::NotPlain(path.to_owned()));
    }
    let file = File::open(path).map_err(io)?;
    let opened = file.metadata().map_err(io)?;
    if (opened.dev(), opened.ino()) != (named.dev(), named.ino()) {
        return Err(PackageError::NotPlain(path.to_owned()));
    }
    read_capped(file, path, max)
}

fn read_capped(from: impl Read, path: &Path, max: u64) -> Result<Vec<u8>, PackageError> {
    let mut bytes = Vec::new();
    from.take(max + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| PackageError::io(path, error))?;
    if bytes.len() as u64 > max {
        return Err(PackageError::TooLarge {
            path: path.to_owned(),
            max,
        });
    }
    Ok(bytes)
}

/// Nothing is unpacked to disk; an entry that is not one of the two files, by its plain name, is refused.
fn read_bundle(path: &Path) -> Result<(Vec<u8>, Vec<u8>), PackageError> {
    // Headers and padding come on top of the two files.
    let bytes = read_plain(path, LARGEST_COMPONENT + LARGEST_MANIFEST + (1 << 20))?;
    let io = |error| PackageError::io(path, error);
    let (mut manifest, mut component) = (None, None);
    for entry in tar::Archive::new(bytes.as_slice()).entries().map_err(io)? {
        let entry = entry.map_err(io)?;
        let name = entry.path().map_err(io)?.into_owned();
        let kind = entry.header().entry_type();
        if kind.is_dir() && plain_name(&name) == Some(Path::new("")) {
            continue;
        }
        let refused = || PackageError::Entry {
            path: path.to_owned(),
            entry: crate::model::text::clean(&name.to_string_lossy(), 200),
        };
        let (place, max) = match plain_name(&name).and_then(Path::to_str) {
            Some(MANIFEST) => (&mut manifest, LARGEST_MANIFEST),
            Some(COMPONENT) => (&mut component, LARGEST_COMPONENT),
            _ => return Err(refused()),
        };
        if !kind.is_file() || place.is_some() {
            return Err(refused());
        }
        *place = Some(read_capped(entry, path, max)?);
    }
    let missing = |file| PackageError::Missing {
        path: path.to_owned(),
        file,
    };
    Ok((
        manifest.ok_or_else(|| missing(MANIFEST))?,
        component.ok_or_else(|| missing(COMPONENT))?,
    ))
}

/// The name without a leading `./`; none when it leads anywhere else.
fn plain_name(path: &Path) -> Option<&Path> {
    let mut rest = path.components();
    if rest.clone().next() == Some(Component::CurDir) {
        rest.next();
    }
    let name = rest.as_path();
    name.components()
        .all(|part| matches!(part, Component::Normal(_)))
        .then_some(name)
}
