//! What an operator brings along: a signing request, or a certificate with its key.
//! Above: `desk`. Below: `custody`, `issuer`'s judge.
//! Invariant: the names are those that stand in what was brought; typed ones must be the same.

use super::wish::{self, Brings, NewRequest, NewSource};
use crate::app::AppError;
use crate::custody::{read_csr, spki_of_key};
use crate::issuer::{Wanted, judge};
use crate::model::certificate::{Certificate, from_pem};
use crate::model::enrollment::{Issued, Source};
use crate::model::key::KeyType;
use crate::model::name::SanName;
use crate::model::profile::Profile;
use crate::model::time::Millis;
use std::collections::BTreeSet;

/// What was read of it.
pub(super) struct Read {
    pub(super) brings: Brings,
    /// A certificate that needs no order.
    pub(super) issued: Option<Issued>,
}

/// Reads what the operator brought, and puts its names in the place of those that were typed.
pub(super) fn read(new: &mut NewRequest, profile: &Profile, now: Millis) -> Result<Read, AppError> {
    let invalid = |message: String| AppError::InvalidRequest(vec![message]);
    match &new.source {
        NewSource::Issued => Ok(Read {
            brings: Brings::default(),
            issued: None,
        }),
        NewSource::SigningRequest(pem) => {
            let csr = read_csr(pem.as_bytes()).map_err(|why| invalid(why.to_string()))?;
            let names = csr.names.iter().map(ToString::to_string).collect();
            new.names = as_brought(&new.names, names, "signing request").map_err(invalid)?;
            let source = Source::SigningRequest {
                csr: hex::encode(&csr.der),
            };
            Ok(Read {
                brings: Brings {
                    source,
                    key: Some(csr.key_type),
                    subject: Some(csr.subject),
                },
                issued: None,
            })
        }
        NewSource::Brought(brought) => {
            let spki = spki_of_key(&brought.key).map_err(|why| invalid(why.to_string()))?;
            let issued = bundle(&brought.certificate, &spki, profile, now).map_err(invalid)?;
            let leaf =
                Certificate::from_der(&issued.leaf).map_err(|why| invalid(why.to_string()))?;
            let names = wish::names_of(&leaf).map_err(invalid)?;
            new.names = as_brought(&new.names, names, "certificate").map_err(invalid)?;
            Ok(Read {
                brings: Brings {
                    source: Source::Brought,
                    key: KeyType::of_spki(&spki),
                    subject: None,
                },
                issued: Some(issued),
            })
        }
    }
}

/// The names in what was brought, if those that were typed are the same, or none were.
fn as_brought(typed: &[String], found: Vec<String>, what: &str) -> Result<Vec<String>, String> {
    let all = |texts: &[String]| -> Option<BTreeSet<SanName>> {
        texts.iter().map(|text| text.parse().ok()).collect()
    };
    if typed.is_empty() || all(typed).is_some_and(|typed| Some(typed) == all(&found)) {
        return Ok(found);
    }
    Err(format!(
        "the {what} is for {}, which is not what was typed: leave the names out",
        found.join(", ")
    ))
}

/// The leaf and its chain out of a bundle, judged as if an issuer had handed it over.
fn bundle(pem: &str, spki: &[u8], profile: &Profile, now: Millis) -> Result<Issued, String> {
    let all = from_pem(pem).map_err(|why| format!("the certificate file: {why}"))?;
    let leaf = all
        .iter()
        .find(|der| Certificate::from_der(der).is_ok_and(|one| !one.is_ca))
        .or(all.first())
        .ok_or("the certificate file holds no certificate")?;
    let certificate = Certificate::from_der(leaf).map_err(|why| why.to_string())?;
    let names = wish::names_of(&certificate)?;
    let wanted = Wanted {
        names: names.iter().filter_map(|name| name.parse().ok()).collect(),
        csr: Vec::new(),
        spki: spki.to_vec(),
        validity: None,
        key_usages: profile.key_usages.clone(),
        extended_key_usages: profile.extended_key_usages.clone(),
        token: String::new(),
        acme_profile: None,
        replaces: None,
    };
    let rest: Vec<Vec<u8>> = all.iter().filter(|der| *der != leaf).cloned().collect();
    let judged = judge(&wanted, leaf, &rest, now).map_err(|why| why.to_string())?;
    Ok(Issued {
        serial: judged.serial().to_owned(),
        sha256: judged.sha256().to_string(),
        not_before: judged.certificate.not_before,
        not_after: judged.certificate.not_after,
        leaf: judged.leaf,
        chain: judged.chain,
    })
}
