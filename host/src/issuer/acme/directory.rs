//! The CA's directory: what it offers, and what it is called.
//! Above: `acme`. Below: `wire`.
//! Invariant: what is not known here is passed over.

use super::{Acme, told};
use crate::issuer::IssuerError;
use crate::model::check::{CheckStatus, Finding};
use crate::model::issuer::RevocationReason;
use crate::model::text::clean;
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Directory {
    pub(super) renewal_info: Option<String>,
    #[serde(default)]
    pub(super) meta: Meta,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Meta {
    terms_of_service: Option<String>,
    #[serde(default)]
    external_account_required: bool,
    #[serde(default)]
    pub(super) profiles: BTreeMap<String, String>,
}

impl Acme {
    pub(super) async fn read_directory(&self) -> Result<Directory, IssuerError> {
        let wire = self.wire();
        let bytes = wire.directory().await;
        let bytes = bytes.map_err(|error| told(&error, wire.heard()))?;
        serde_json::from_slice(&bytes).map_err(|_| {
            let text = format!("{} is no ACME directory", self.config.directory);
            IssuerError::config("directory", text)
        })
    }
}

impl Directory {
    /// What there is, in a line.
    pub(super) fn finding(&self, url: &str) -> Finding {
        let mut parts = vec!["the CA answers".to_owned()];
        if let Some(terms) = &self.meta.terms_of_service {
            parts.push(format!("its terms: {}", clean(terms, 200)));
        }
        if self.meta.external_account_required {
            parts.push("it wants an external account binding".to_owned());
        }
        if !self.meta.profiles.is_empty() {
            let names: Vec<&str> = self.meta.profiles.keys().map(String::as_str).collect();
            parts.push(format!("its profiles: {}", clean(&names.join(", "), 200)));
        }
        parts.push(match self.renewal_info {
            Some(_) => "it tells when to renew".to_owned(),
            None => "it does not tell when to renew".to_owned(),
        });
        Finding {
            status: CheckStatus::Success,
            code: "directory".to_owned(),
            subject: Some(clean(url, 200)),
            message: parts.join("; "),
            advice: None,
            statement: None,
        }
    }
}

/// In the library's words.
pub(super) fn reason(reason: RevocationReason) -> instant_acme::RevocationReason {
    use instant_acme::RevocationReason as Theirs;
    match reason {
        RevocationReason::Unspecified => Theirs::Unspecified,
        RevocationReason::KeyCompromise => Theirs::KeyCompromise,
        RevocationReason::AffiliationChanged => Theirs::AffiliationChanged,
        RevocationReason::Superseded => Theirs::Superseded,
        RevocationReason::CessationOfOperation => Theirs::CessationOfOperation,
        RevocationReason::PrivilegeWithdrawn => Theirs::PrivilegeWithdrawn,
    }
}
