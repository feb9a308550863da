//! The checks of what a CA handed over: ours, as asked, valid, and with a chain that builds.
//! Above: `delivery`. Below: `chain`, `model::certificate`.
//! Invariant: nothing is delivered that has not passed here; the order in which a CA gave its chain counts for nothing.

mod chain;
#[cfg(test)]
mod tests;

use super::Wanted;
use crate::model::certificate::Certificate;
use crate::model::id::Sha256;
use crate::model::text::clean;
use crate::model::time::{Millis, rfc3339};
use chain::Bag;
use std::collections::BTreeSet;
use std::time::Duration;

/// A certificate that starts later than this is a mistake, not a clock that is off.
const LATEST_START: Millis = 48 * 3_600_000;

/// A certificate that may be delivered.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// DER.
    pub leaf: Vec<u8>,
    /// DER, each the issuer of the one before it; the leaf's own issuer first.
    pub chain: Vec<Vec<u8>>,
    pub certificate: Certificate,
    /// What is not as asked, and no reason to refuse.
    pub notes: Vec<String>,
}

impl Judged {
    /// Lower-case hexadecimal without leading zeros.
    #[must_use]
    pub fn serial(&self) -> &str {
        &self.certificate.serial
    }

    /// Of the leaf.
    #[must_use]
    pub fn sha256(&self) -> Sha256 {
        self.certificate.fingerprint
    }

    /// How long until it is valid; none if it is. ACM refuses a certificate of the future, so one waits.
    #[must_use]
    pub fn wait(&self, now: Millis) -> Option<Duration> {
        let left = u64::try_from(self.certificate.not_before - now).unwrap_or(0);
        (left > 0).then(|| Duration::from_millis(left))
    }
}

/// Why what a CA handed over is not delivered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("the CA handed over {0}")]
    Unreadable(String),
    #[error("none of the certificates is for the key of this request: they are for other keys")]
    OtherKey,
    #[error("the CA handed over a certificate of somebody else too: {0}")]
    ForeignLeaf(String),
    #[error("the CA handed over a CA certificate for the key of this request")]
    IsCa,
    #[error("the certificate holds names that were not asked for: {}", .0.join(", "))]
    NamesNotAsked(Vec<String>),
    #[error("the certificate lacks names that were asked for: {}", .0.join(", "))]
    NamesMissing(Vec<String>),
    #[error("the certificate starts only at {}: its CA's clock or the sensor's is wrong", rfc3339(*.0))]
    NotYetValid(Millis),
    #[error("the certificate ended at {}: its CA's clock or the sensor's is wrong", rfc3339(*.0))]
    Expired(Millis),
    #[error("the CA handed over no certificate of the issuer {0}")]
    NoIssuer(String),
    #[error("{0} was not signed by the certificate that the CA gave as its issuer")]
    NotSigned(String),
    #[error("the CA's own certificate {0} is not valid now")]
    ChainNotValid(String),
}

impl Refusal {
    /// Kebab-case, stable.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "unreadable",
            Self::OtherKey => "other-key",
            Self::ForeignLeaf(_) => "foreign-leaf",
            Self::IsCa => "ca-certificate",
            Self::NamesNotAsked(_) => "names-not-asked",
            Self::NamesMissing(_) => "names-missing",
            Self::NotYetValid(_) => "not-yet-valid",
            Self::Expired(_) => "expired",
            Self::NoIssuer(_) => "no-issuer",
            Self::NotSigned(_) => "not-signed",
            Self::ChainNotValid(_) => "chain-not-valid",
        }
    }
}

/// Judges a leaf and its chain, given in whatever order.
///
/// # Errors
/// Why it may not be delivered.
pub fn judge(
    wanted: &Wanted,
    leaf: &[u8],
    chain: &[Vec<u8>],
    now: Millis,
) -> Result<Judged, Refusal> {
    let bag = Bag::read(std::iter::once(leaf).chain(chain.iter().map(Vec::as_slice)))?;
    let ours = bag.of_key(&wanted.spki).ok_or(Refusal::OtherKey)?;
    let certificate = &bag.at(ours).certificate;
    if certificate.is_ca {
        return Err(Refusal::IsCa);
    }
    judge_names(wanted, certificate)?;
    if certificate.not_after <= now || certificate.not_after <= certificate.not_before {
        return Err(Refusal::Expired(certificate.not_after));
    }
    if certificate.not_before > now.saturating_add(LATEST_START) {
        return Err(Refusal::NotYetValid(certificate.not_before));
    }
    let (path, mut notes) = bag.path(ours, now)?;
    notes.extend(missing_usages(wanted, certificate));
    notes.extend(other_family(certificate));
    Ok(Judged {
        leaf: bag.at(ours).der.to_vec(),
        chain: path.iter().map(|at| bag.at(*at).der.to_vec()).collect(),
        certificate: certificate.clone(),
        notes,
    })
}

/// Every name that was asked for, and no other, in the subject neither.
fn judge_names(wanted: &Wanted, certificate: &Certificate) -> Result<(), Refusal> {
    let asked: BTreeSet<String> = wanted.names.iter().map(ToString::to_string).collect();
    let address = |name: &str| name.strip_prefix("ip:").unwrap_or(name).to_owned();
    let held: BTreeSet<String> = certificate
        .dns_names
        .iter()
        .cloned()
        .chain(certificate.other_names.iter().map(|name| address(name)))
        .collect();
    let mut foreign: Vec<String> = held.difference(&asked).cloned().collect();
    // Some clients read the common name as one more name.
    let common = certificate.common_name.as_ref();
    foreign.extend(
        common
            .filter(|name| looks_like_a_name(name) && !asked.contains(&name.to_ascii_lowercase()))
            .cloned(),
    );
    if !foreign.is_empty() {
        return Err(Refusal::NamesNotAsked(told(foreign)));
    }
    let missing: Vec<String> = asked.difference(&held).cloned().collect();
    if missing.is_empty() {
        Ok(())
    } else {
        Err(Refusal::NamesMissing(told(missing)))
    }
}

/// A DNS name or an address, rather than "Payments, Inc."
fn looks_like_a_name(text: &str) -> bool {
    text.contains('.') && !text.contains(' ') || text.contains(':')
}

/// Fact 18: ACM wants a certificate signed by a key of its own kind.
fn other_family(certificate: &Certificate) -> Option<String> {
    let key = certificate.key_algorithm.starts_with("RSA");
    let signature = certificate.signature_algorithm.contains("RSA");
    (key != signature).then(|| {
        format!(
            "a key of {} is certified with {}: ACM may not take it",
            certificate.key_algorithm, certificate.signature_algorithm
        )
    })
}

/// A hundred names fit no message.
fn told(mut names: Vec<String>) -> Vec<String> {
    let more = names.len().saturating_sub(5);
    names.truncate(5);
    let mut names: Vec<String> = names.iter().map(|name| clean(name, 80)).collect();
    if more > 0 {
        names.push(format!("{more} more"));
    }
    names
}

fn missing_usages(wanted: &Wanted, certificate: &Certificate) -> Vec<String> {
    let keys = wanted.key_usages.iter().map(|usage| usage.x509());
    let keys = keys.filter(|word| !certificate.key_usages.iter().any(|held| held == word));
    let extended = wanted.extended_key_usages.iter().map(|usage| usage.x509());
    let extended = extended.filter(|word| {
        !certificate
            .extended_key_usages
            .iter()
            .any(|held| held == word)
    });
    keys.chain(extended)
        .map(|word| format!("the CA did not grant the usage {word}"))
        .collect()
}
