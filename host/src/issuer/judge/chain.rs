//! Certificates as a CA gave them, in a heap, and the path from the leaf upward that is found in it.
//! Above: `judge`. Below: x509-parser.
//! Invariant: a step of the path is a matching name, a matching key identifier and a signature that holds.

use super::Refusal;
use crate::model::certificate::Certificate;
use crate::model::text::clean;
use crate::model::time::Millis;
use std::collections::BTreeSet;
use x509_parser::prelude::{FromDer, ParsedExtension, X509Certificate};

/// More than any CA hands over.
const MOST: usize = 16;
/// Of one certificate.
const LARGEST: usize = 64 * 1024;

/// One certificate, read twice: as the sensor tells it, and as its DER has it.
pub(super) struct Read<'d> {
    pub(super) der: &'d [u8],
    pub(super) certificate: Certificate,
    x509: X509Certificate<'d>,
}

/// All of them, each once.
pub(super) struct Bag<'d>(Vec<Read<'d>>);

impl<'d> Bag<'d> {
    pub(super) fn read(ders: impl Iterator<Item = &'d [u8]>) -> Result<Self, Refusal> {
        let (mut all, mut seen) = (Vec::new(), BTreeSet::new());
        for der in ders {
            if all.len() == MOST {
                return Err(Refusal::Unreadable(format!(
                    "more than {MOST} certificates"
                )));
            }
            if der.len() > LARGEST {
                return Err(Refusal::Unreadable(
                    "a certificate of more than 64 KiB".to_owned(),
                ));
            }
            let unreadable =
                |error: String| Refusal::Unreadable(format!("what is {}", clean(&error, 200)));
            let certificate =
                Certificate::from_der(der).map_err(|error| unreadable(error.to_string()))?;
            let (_, x509) =
                X509Certificate::from_der(der).map_err(|error| unreadable(error.to_string()))?;
            if seen.insert(certificate.fingerprint) {
                all.push(Read {
                    der,
                    certificate,
                    x509,
                });
            }
        }
        Ok(Self(all))
    }

    pub(super) fn at(&self, index: usize) -> &Read<'d> {
        &self.0[index]
    }

    /// The first certificate for this public key.
    pub(super) fn of_key(&self, spki: &[u8]) -> Option<usize> {
        self.0
            .iter()
            .position(|read| read.x509.public_key().raw == spki)
    }

    /// The issuers from the leaf's upward, and notes on what was left out.
    pub(super) fn path(
        &self,
        leaf: usize,
        now: Millis,
    ) -> Result<(Vec<usize>, Vec<String>), Refusal> {
        let (mut path, mut below) = (Vec::new(), leaf);
        while below == leaf || !self.at(below).certificate.self_signed {
            match self.issuer_of(below, leaf, &path)? {
                Some(above) => {
                    self.valid(above, now)?;
                    path.push(above);
                    below = above;
                }
                // A public CA leaves its root out; a leaf without any issuer is of no use.
                None if below == leaf => {
                    let issuer = &self.at(leaf).certificate.issuer;
                    return Err(Refusal::NoIssuer(clean(issuer, 200)));
                }
                None => break,
            }
        }
        let mut notes = Vec::new();
        for (index, read) in self.0.iter().enumerate() {
            if index == leaf || path.contains(&index) {
                continue;
            }
            let subject = clean(&read.certificate.subject, 200);
            if !read.certificate.is_ca {
                return Err(Refusal::ForeignLeaf(subject));
            }
            notes.push(format!(
                "the CA's certificate {subject} is not part of the chain and was left out"
            ));
        }
        Ok((path, notes))
    }

    fn issuer_of(
        &self,
        below: usize,
        leaf: usize,
        path: &[usize],
    ) -> Result<Option<usize>, Refusal> {
        let child = &self.at(below).x509;
        let wanted = authority_key(child);
        let mut named_so = false;
        for (index, read) in self.0.iter().enumerate() {
            let taken = index == leaf || path.contains(&index);
            let keys_differ = matches!((wanted, subject_key(&read.x509)), (Some(one), Some(other)) if one != other);
            let named = read.x509.subject().as_raw() == child.issuer().as_raw();
            if taken || !named || keys_differ || !read.certificate.is_ca {
                continue;
            }
            named_so = true;
            if child.verify_signature(Some(read.x509.public_key())).is_ok() {
                return Ok(Some(index));
            }
        }
        if named_so {
            let subject = clean(&self.at(below).certificate.subject, 200);
            return Err(Refusal::NotSigned(subject));
        }
        Ok(None)
    }

    fn valid(&self, index: usize, now: Millis) -> Result<(), Refusal> {
        let certificate = &self.at(index).certificate;
        if (certificate.not_before..=certificate.not_after).contains(&now) {
            Ok(())
        } else {
            Err(Refusal::ChainNotValid(clean(&certificate.subject, 200)))
        }
    }
}

fn authority_key<'c>(certificate: &'c X509Certificate<'_>) -> Option<&'c [u8]> {
    certificate
        .iter_extensions()
        .find_map(|extension| match extension.parsed_extension() {
            ParsedExtension::AuthorityKeyIdentifier(key) => key.key_identifier.as_ref(),
            _ => None,
        })
        .map(|key| key.0)
}

fn subject_key<'c>(certificate: &'c X509Certificate<'_>) -> Option<&'c [u8]> {
    certificate
        .iter_extensions()
        .find_map(|extension| match extension.parsed_extension() {
            ParsedExtension::SubjectKeyIdentifier(key) => Some(key.0),
            _ => None,
        })
}
