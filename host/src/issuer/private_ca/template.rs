//! Which of AWS Private CA's templates gives the usages that are wanted.
//! Above: `private_ca`. Below: nothing.
//! Invariant: a template gives exactly the extended usages that were asked for, or nothing is ordered.

use crate::issuer::{IssuerError, Wanted};
use crate::model::issuer::RevocationReason;
use crate::model::usage::ExtendedKeyUsage as Usage;
use aws_sdk_acmpca::types::RevocationReason as Theirs;

/// Templates take the names from the request and set the usages themselves.
pub(super) fn for_usages(partition: &str, wanted: &Wanted) -> Result<String, IssuerError> {
    let mut usages = wanted.extended_key_usages.clone();
    usages.sort_unstable();
    usages.dedup();
    let name = match usages.as_slice() {
        [Usage::ServerAuth, Usage::ClientAuth] => "EndEntityCertificate",
        [Usage::ServerAuth] => "EndEntityServerAuthCertificate",
        [Usage::ClientAuth] => "EndEntityClientAuthCertificate",
        [Usage::CodeSigning] => "CodeSigningCertificate",
        [Usage::OcspSigning] => "OCSPSigningCertificate",
        other => {
            let words: Vec<&str> = other.iter().map(|usage| usage.as_str()).collect();
            let text = format!(
                "AWS Private CA has no template of its own for the extended key usages [{}]: name one by `template` in the issuer's file",
                words.join(", ")
            );
            return Err(IssuerError::config("template", text));
        }
    };
    Ok(format!("arn:{partition}:acm-pca:::template/{name}/V1"))
}

/// In AWS's words.
pub(super) fn reason(reason: RevocationReason) -> Theirs {
    match reason {
        RevocationReason::Unspecified => Theirs::Unspecified,
        RevocationReason::KeyCompromise => Theirs::KeyCompromise,
        RevocationReason::AffiliationChanged => Theirs::AffiliationChanged,
        RevocationReason::Superseded => Theirs::Superseded,
        RevocationReason::CessationOfOperation => Theirs::CessationOfOperation,
        RevocationReason::PrivilegeWithdrawn => Theirs::PrivilegeWithdrawn,
    }
}
