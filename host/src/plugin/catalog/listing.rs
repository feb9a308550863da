//! The catalog's file: which plugins are installed, and how each is pinned.
//! Above: `catalog`. Below: `aot` writes files whole.
//! Invariant: an entry leads to a folder of the catalog's own and nowhere else.

use crate::model::id::{PluginId, Sha256};
use crate::model::time::Millis;
use crate::plugin::aot::write_private;
use crate::plugin::error::CatalogError;
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
}

/// Grows when the file's form changes.
const FORM: u32 = 1;

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

    /// Writes the file, whole or not at all.
    pub(super) fn write(&self, folder: &Path) -> Result<(), CatalogError> {
        let path = path_in(folder);
        let text = serde_json::to_vec_pretty(self).map_err(io::Error::from);
        text.and_then(|text| write_private(&path, &text))
            .map_err(|source| CatalogError::Io { path, source })
    }
}
