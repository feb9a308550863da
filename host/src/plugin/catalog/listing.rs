//! The catalog's file: which plugins are installed, and how each is pinned.
//! Above: `catalog`. Below: `aot` writes files whole.
//! Invariant: an entry leads to a folder of the catalog's own and nowhere else.

use crate::model::id::{PluginId, Sha256};
use crate::model::time::Millis;
use crate::plugin::aot::write_private;
use crate::plugin::error::CatalogError;
use crate::plugin::witness::Witness;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

/// A plugin in the catalog.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub id: PluginId,
    pub version: String,
    pub kind: String,
    pub component_sha256: Sha256,
    pub manifest_sha256: Sha256,
    /// Bytes of the component.
    pub size: u64,
    pub installed_at: Millis,
    /// Where it came from.
    pub source: PathBuf,
    /// The folder below the catalog's.
    pub(super) folder: String,
}

/// The file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Listing {
    form: u32,
    pub(super) plugins: BTreeMap<PluginId, Entry>,
    /// Of `plugins`. Two while the key is about to change.
    #[serde(default)]
    seals: Vec<String>,
}

/// What the file's seals are of.
const KIND: &str = "plugin catalog";

/// Grows when the file's form changes.
const FORM: u32 = 2;

fn path_in(folder: &Path) -> PathBuf {
    folder.join("catalog.json")
}

impl Listing {
    /// The file in the catalog's folder; none is an empty one.
    pub(super) fn read(folder: &Path) -> Result<Self, CatalogError> {
        let path = path_in(folder);
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Self {
                    form: FORM,
                    plugins: BTreeMap::new(),
                    seals: Vec::new(),
                });
            }
            Err(source) => return Err(CatalogError::Io { path, source }),
        };
        Self::parse(&text).map_err(|reason| CatalogError::Damaged { path, reason })
    }

    fn parse(text: &[u8]) -> Result<Self, String> {
        let listed: Self = serde_json::from_slice(text).map_err(|error| error.to_string())?;
        if listed.form != FORM {
            return Err(format!("form {}, this sensor writes {FORM}", listed.form));
        }
        for (id, entry) in &listed.plugins {
            let plain = entry.folder.starts_with(id.as_str())
                && !entry.folder.contains(['/', '\\'])
                && !entry.folder.contains("..");
            if &entry.id != id || !plain {
                return Err(format!("the entry of {id} is not one of ours"));
            }
        }
        Ok(listed)
    }

    /// Whether this sensor wrote it; the other error is that there is no key to tell by. An empty one is nobody's.
    pub(super) fn check(&self, folder: &Path, witness: &Witness) -> Result<(), CatalogError> {
        if self.plugins.is_empty() {
            return Ok(());
        }
        let path = path_in(folder);
        match witness.knows(KIND, &self.sealed(&path)?, &self.seals) {
            Ok(true) => Ok(()),
            Ok(false) => Err(CatalogError::Forged { path }),
            Err(reason) => Err(CatalogError::Shut { path, reason }),
        }
    }

    /// Writes the file, whole or not at all, sealed by each of these.
    pub(super) fn write(
        &mut self,
        folder: &Path,
        witnesses: &[&Witness],
    ) -> Result<(), CatalogError> {
        let path = path_in(folder);
        let sealed = self.sealed(&path)?;
        let seals = witnesses.iter().map(|witness| witness.seal(KIND, &sealed));
        match seals.collect() {
            Ok(seals) => self.seals = seals,
            Err(reason) => return Err(CatalogError::Shut { path, reason }),
        }
        let text = serde_json::to_vec_pretty(self).map_err(io::Error::from);
        text.and_then(|text| write_private(&path, &text))
            .map_err(|source| CatalogError::Io { path, source })
    }

    /// What is sealed.
    fn sealed(&self, path: &Path) -> Result<Vec<u8>, CatalogError> {
        serde_json::to_vec(&self.plugins).map_err(|error| CatalogError::Io {
            path: path.to_owned(),
            source: error.into(),
        })
    }
}
