//! What a scenario says about writing: quotas, and what comes to use a certificate.
//! Above: `scenario`. Below: serde.
//! Invariant: every quota left out is AWS's own.

use serde::Deserialize;

/// `quotas`: ACM's, for each account and region.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quotas {
    /// Imported certificates held at once, expired ones too.
    pub imported: Option<u32>,
    /// Imports within 365 days.
    pub imports_per_year: Option<u32>,
    /// Whether importing again under the same ARN counts among them; AWS does not say.
    pub reimports_count: Option<bool>,
}

impl Quotas {
    /// These, with others over them.
    #[must_use]
    pub(crate) fn with(self, over: Self) -> Self {
        Self {
            imported: over.imported.or(self.imported),
            imports_per_year: over.imports_per_year.or(self.imports_per_year),
            reimports_count: over.reimports_count.or(self.reimports_count),
        }
    }

    pub(crate) fn most_imported(self) -> u32 {
        self.imported.unwrap_or(2500)
    }

    pub(crate) fn most_imports(self) -> u32 {
        self.imports_per_year.unwrap_or(5000)
    }

    pub(crate) fn counts_again(self) -> bool {
        self.reimports_count.unwrap_or(true)
    }
}

/// `[[association]]`: something uses the certificates of a domain, those that are imported later too.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssociationEntry {
    /// The certificate's domain.
    pub domain: String,
    /// A name or number of an account; every one where it is left out.
    pub account: Option<String>,
    /// A region; every one where it is left out.
    pub region: Option<String>,
    /// Its ARN; made up where it is left out.
    pub by: Option<String>,
    /// From then on, after the start.
    pub from_ms: Option<i64>,
    /// Until then, after the start.
    pub until_ms: Option<i64>,
}
