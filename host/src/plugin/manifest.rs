//! plugin.toml: what a plugin says that it is and what it asks for.
//! Above: `package`, `catalog`, `surface`. Below: `limits`; `reader` knows the keys.
//! Invariant: reading tells all problems at once, each with the line to write.

use super::error::LoadError;
use super::limits::Limits;
use crate::model::id::PluginId;
use crate::model::nearest::nearest;
use semver::Version;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use toml::Table;

mod reader;

/// What a plugin is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    Connector,
    CredentialProvider,
    MockHost,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Connector, Self::CredentialProvider, Self::MockHost];

    /// As manifests write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Connector => "connector",
            Self::CredentialProvider => "credential-provider",
            Self::MockHost => "mock-host",
        }
    }
}

/// Operations of one capability that a plugin asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Operations {
    /// Without them it does not work.
    pub required: Vec<String>,
    /// It uses them when it may.
    pub optional: Vec<String>,
}

impl Operations {
    /// Both kinds.
    pub fn all(&self) -> impl Iterator<Item = &str> {
        self.required
            .iter()
            .chain(&self.optional)
            .map(String::as_str)
    }
}

/// A plugin's manifest.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Manifest {
    pub id: PluginId,
    pub version: Version,
    pub kind: Kind,
    pub description: String,
    /// Packages of the contract that it was made for, with their versions.
    pub contract: BTreeMap<String, Version>,
    /// By capability ("acm").
    pub capabilities: BTreeMap<String, Operations>,
    #[serde(skip)]
    pub limits: Limits,
}

impl Manifest {
    /// Reads a manifest.
    ///
    /// # Errors
    /// All problems of the text, each a sentence.
    pub fn parse(text: &str) -> Result<Self, Vec<String>> {
        let table: Table = text
            .parse()
            .map_err(|error: toml::de::Error| vec![error.to_string().trim().to_owned()])?;
        reader::manifest(&table)
    }

    pub(super) fn must_be(&self, wanted: Kind) -> Result<(), LoadError> {
        if self.kind == wanted {
            return Ok(());
        }
        Err(LoadError::Kind {
            plugin: self.id.clone(),
            found: self.kind.as_str(),
            wanted: wanted.as_str(),
        })
    }

    /// Everything that it asks for, as `capability:Operation`.
    #[must_use]
    pub fn operations(&self) -> Vec<String> {
        let each = self.capabilities.iter();
        each.flat_map(|(name, operations)| operations.all().map(move |one| format!("{name}:{one}")))
            .collect()
    }
}

/// What a plugin needs and what it uses besides, by its manifest and by its own description, as `capability:Operation`.
#[derive(Debug, Clone, Default)]
pub struct Needs {
    pub required: BTreeSet<String>,
    pub optional: BTreeSet<String>,
}

impl Needs {
    /// Both words together: an operation that one of them requires is required.
    #[must_use]
    pub fn of(manifest: &Manifest, required: &[String], optional: &[String]) -> Self {
        let named = |name: &str, one: &String| format!("{name}:{one}");
        let mut needs = Self {
            required: required.iter().cloned().collect(),
            optional: optional.iter().cloned().collect(),
        };
        for (name, operations) in &manifest.capabilities {
            let required = operations.required.iter().map(|one| named(name, one));
            needs.required.extend(required);
            let optional = operations.optional.iter().map(|one| named(name, one));
            needs.optional.extend(optional);
        }
        let required = &needs.required;
        needs.optional.retain(|one| !required.contains(one));
        needs
    }
}

/// The nearest name, or all.
fn hint(name: &str, known: &[&str]) -> String {
    match nearest(name, known.iter().copied()) {
        Some(near) => format!("; did you mean `{near}`?"),
        None => format!("; known are {}", known.join(", ")),
    }
}
