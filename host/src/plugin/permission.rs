//! What a plugin may use, and how that changes from version to version.
//! Above: `catalog`, `cli`. Below: `manifest`.
//! Invariant: an operation that becomes required instead of optional is no new permission.

use super::manifest::Manifest;
use serde::Serialize;
use std::collections::BTreeSet;
use std::fmt;

/// One operation of one capability.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Permission {
    /// "acm"
    pub capability: String,
    /// "ListCertificates"
    pub operation: String,
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.capability, self.operation)
    }
}

/// What a new version asks for more, and for less.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PermissionDiff {
    pub added: Vec<Permission>,
    pub removed: Vec<Permission>,
}

impl PermissionDiff {
    /// From nothing (`None`) or an older manifest to a newer.
    #[must_use]
    pub fn between(older: Option<&Manifest>, newer: &Manifest) -> Self {
        let before = older.map(asked).unwrap_or_default();
        let after = asked(newer);
        Self {
            added: after.difference(&before).cloned().collect(),
            removed: before.difference(&after).cloned().collect(),
        }
    }

    /// Whether the newer one asks for more.
    #[must_use]
    pub fn grows(&self) -> bool {
        !self.added.is_empty()
    }
}

impl fmt::Display for PermissionDiff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let added = self.added.iter().map(|one| format!("+ {one}"));
        let removed = self.removed.iter().map(|one| format!("- {one}"));
        let all: Vec<_> = added.chain(removed).collect();
        f.write_str(&if all.is_empty() {
            "the same permissions".to_owned()
        } else {
            all.join(", ")
        })
    }
}

fn asked(manifest: &Manifest) -> BTreeSet<Permission> {
    let mut all = BTreeSet::new();
    for (capability, operations) in &manifest.capabilities {
        for operation in operations.all() {
            all.insert(Permission {
                capability: capability.clone(),
                operation: operation.to_owned(),
            });
        }
    }
    all
}
