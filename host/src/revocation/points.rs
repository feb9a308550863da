//! Where a certificate says that its CA is to be asked.
//! Above: `checker`. Below: x509-parser.
//! Invariant: an address is http or https and of moderate length, or it is not taken; a certificate names a few at most.

use x509_parser::der_parser::oid;
use x509_parser::extensions::{
    CRLDistributionPoint, DistributionPointName, GeneralName, ParsedExtension,
};
use x509_parser::prelude::X509Certificate;

/// Of each kind; more are left out.
const MOST: usize = 4;
const LONGEST: usize = 2048;

/// The addresses of one certificate.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Points {
    pub(super) ocsp: Vec<String>,
    /// Each with the other names of the same list.
    pub(super) crl: Vec<ListPoint>,
    /// Where the issuer's own certificate is to be had.
    pub(super) issuers: Vec<String>,
    /// Why some that it names are of no use.
    pub(super) unusable: Vec<&'static str>,
}

/// One distribution point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ListPoint {
    /// To be tried in order.
    pub(super) urls: Vec<String>,
    /// Every name of the point, those of no use to us too: a list may call itself by any of them.
    pub(super) names: Vec<String>,
}

impl Points {
    pub(super) fn of(certificate: &X509Certificate<'_>) -> Self {
        let mut points = Self::default();
        for extension in certificate.extensions() {
            match extension.parsed_extension() {
                ParsedExtension::AuthorityInfoAccess(access) => {
                    for one in access.iter() {
                        let GeneralName::URI(url) = one.access_location else {
                            continue;
                        };
                        if one.access_method == oid!(1.3.6.1.5.5.7.48.1) {
                            points.add(url, |points| &mut points.ocsp);
                        } else if one.access_method == oid!(1.3.6.1.5.5.7.48.2) {
                            points.add(url, |points| &mut points.issuers);
                        }
                    }
                }
                ParsedExtension::CRLDistributionPoints(all) => {
                    for point in all.iter() {
                        points.add_list(point);
                    }
                }
                _ => {}
            }
        }
        points
    }

    fn add(&mut self, url: &str, list: impl Fn(&mut Self) -> &mut Vec<String>) {
        if !is_usable(url) {
            self.unusable.push("an address is neither http nor https");
        } else if list(self).len() < MOST {
            list(self).push(url.to_owned());
        }
    }

    fn add_list(&mut self, point: &CRLDistributionPoint<'_>) {
        if point.crl_issuer.is_some() {
            self.unusable
                .push("a list of another issuer's is not understood");
            return;
        }
        if point.reasons.is_some() {
            self.unusable.push("a list covers some reasons only");
            return;
        }
        let Some(DistributionPointName::FullName(names)) = &point.distribution_point else {
            self.unusable.push("a list has no address");
            return;
        };
        let names: Vec<String> = names
            .iter()
            .filter_map(|name| match name {
                GeneralName::URI(url) => Some((*url).to_owned()),
                _ => None,
            })
            .collect();
        let urls: Vec<String> = names
            .iter()
            .filter(|url| is_usable(url))
            .take(MOST)
            .cloned()
            .collect();
        if urls.is_empty() {
            self.unusable.push("an address is neither http nor https");
        } else if self.crl.len() < MOST {
            self.crl.push(ListPoint { urls, names });
        }
    }
}

fn is_usable(url: &str) -> bool {
    let scheme = url.split(':').next().unwrap_or_default();
    let web = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    web && url.len() <= LONGEST && url.bytes().all(|byte| byte.is_ascii_graphic())
}
