//! A revocation list (RFC 5280): read, judged, and looked up in.
//! Above: `lists`. Below: `chain`, x509-parser.
//! Invariant: a list that does not cover a certificate says nothing about it, though its serial number is not there.

use super::chain::{bare, key_usage, verify};
use super::{Told, in_time};
use crate::model::revocation::{RevokedFor, ToldStatus};
use crate::model::time::Millis;
use std::collections::HashMap;
use x509_parser::der_parser::oid;
use x509_parser::extensions::{
    DistributionPointName, GeneralName, IssuingDistributionPoint, ParsedExtension,
};
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::revocation_list::{CertificateRevocationList, RevokedCertificate};

/// A list that the issuer has signed.
#[derive(Debug)]
pub(super) struct List {
    this_update: Millis,
    pub(super) next_update: Millis,
    scope: Scope,
    /// By serial number.
    entries: HashMap<Box<[u8]>, Entry>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    at: Millis,
    reason: Option<RevokedFor>,
}

/// Which certificates it covers.
#[derive(Debug, Default)]
struct Scope {
    /// The distribution points that it is for; none: all of the issuer's.
    points: Option<Vec<String>>,
    only_leaves: bool,
    only_cas: bool,
    some_reasons: bool,
}

impl List {
    /// Reads a list and verifies that `issuer` has signed it.
    pub(super) fn read(der: &[u8], issuer: &X509Certificate<'_>) -> Result<Self, String> {
        let Ok(([], list)) = CertificateRevocationList::from_der(der) else {
            return Err("it is no revocation list".to_owned());
        };
        if list.issuer().as_raw() != issuer.subject().as_raw() {
            return Err("it is another issuer's list".to_owned());
        }
        if key_usage(issuer).is_some_and(|usage| !usage.crl_sign()) {
            return Err("the issuer's key is not for signing lists".to_owned());
        }
        verify(
            issuer.public_key(),
            &list.signature_algorithm,
            &list.signature_value,
            list.tbs_cert_list.as_ref(),
        )?;
        let next_update = list
            .next_update()
            .ok_or("it does not say until when it holds")?;
        let scope = Scope::of(&list)?;
        let mut entries = HashMap::with_capacity(list.tbs_cert_list.revoked_certificates.len());
        for revoked in list.iter_revoked_certificates() {
            entries.insert(bare(revoked.raw_serial()).into(), entry(revoked)?);
        }
        Ok(Self {
            this_update: millis(list.last_update()),
            next_update: millis(next_update),
            scope,
            entries,
        })
    }

    /// How many certificates stand in it.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// What it says of a certificate whose distribution point has these names.
    pub(super) fn says(
        &self,
        leaf: &X509Certificate<'_>,
        names: &[String],
        now: Millis,
    ) -> Result<Told, String> {
        in_time(self.this_update, Some(self.next_update), now)?;
        self.scope.covers(leaf, names)?;
        let next_update = Some(self.next_update);
        let status = match self.entries.get(bare(leaf.raw_serial())) {
            Some(entry) => ToldStatus::Revoked {
                at: Some(entry.at),
                reason: entry.reason,
            },
            None if self.scope.some_reasons => {
                return Err("it covers some reasons only".to_owned());
            }
            None => ToldStatus::Good,
        };
        Ok(Told {
            status,
            next_update,
        })
    }
}

impl Scope {
    fn of(list: &CertificateRevocationList<'_>) -> Result<Self, String> {
        let mut scope = Self::default();
        for extension in list.extensions() {
            match extension.parsed_extension() {
                ParsedExtension::IssuingDistributionPoint(point) => scope.narrow(point)?,
                _ if extension.oid == oid!(2.5.29.27) => {
                    return Err("it tells changes only".to_owned());
                }
                _ if extension.oid == oid!(2.5.29.28) => {
                    return Err("whom it covers cannot be read".to_owned());
                }
                _ if extension.critical => {
                    return Err(
                        "it holds a critical extension that the sensor does not know".to_owned(),
                    );
                }
                _ => {}
            }
        }
        Ok(scope)
    }

    fn narrow(&mut self, point: &IssuingDistributionPoint<'_>) -> Result<(), &'static str> {
        if point.indirect_crl {
            return Err("it is a list for other issuers, which is not understood");
        }
        if point.only_contains_attribute_certs {
            return Err("it is about attribute certificates only");
        }
        self.only_leaves = point.only_contains_user_certs;
        self.only_cas = point.only_contains_ca_certs;
        self.some_reasons = point.only_some_reasons.is_some();
        self.points = match &point.distribution_point {
            None => None,
            Some(DistributionPointName::FullName(names)) => {
                let urls = names.iter().filter_map(|name| match name {
                    GeneralName::URI(url) => Some((*url).to_owned()),
                    _ => None,
                });
                Some(urls.collect())
            }
            Some(DistributionPointName::NameRelativeToCRLIssuer(_)) => {
                return Err("its name is relative, which is not understood");
            }
        };
        Ok(())
    }

    fn covers(&self, leaf: &X509Certificate<'_>, names: &[String]) -> Result<(), &'static str> {
        if (leaf.is_ca() && self.only_leaves) || (!leaf.is_ca() && self.only_cas) {
            return Err("it is about certificates of another kind");
        }
        let same = |points: &Vec<String>| points.iter().any(|point| names.contains(point));
        if self.points.as_ref().is_some_and(|points| !same(points)) {
            return Err("it is the list of another distribution point");
        }
        Ok(())
    }
}

fn entry(revoked: &RevokedCertificate<'_>) -> Result<Entry, &'static str> {
    for extension in revoked.extensions() {
        let known = matches!(
            extension.parsed_extension(),
            ParsedExtension::ReasonCode(_) | ParsedExtension::InvalidityDate(_)
        );
        if extension.critical && !known {
            return Err("an entry holds a critical extension that the sensor does not know");
        }
    }
    Ok(Entry {
        at: millis(revoked.revocation_date),
        reason: revoked
            .reason_code()
            .map(|(_, reason)| RevokedFor::of(reason.0)),
    })
}

fn millis(time: x509_parser::time::ASN1Time) -> Millis {
    time.timestamp().saturating_mul(1000)
}
