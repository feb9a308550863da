//! Tries each ACM permission in one account and region by a call that changes nothing.
//! Above: `check`. Below: the SDK's ACM.
//! Invariant: "allowed" means that AWS did it or found nothing to do it to; authorization comes before existence.

use super::barrier::Barrier;
use super::report::{Line, Report};
use crate::access::Access;
use crate::delivery::nowhere;
use crate::error::{is_denied, is_region_disabled, is_validation};
use crate::policy::missing;
use crate::read::{ALL_KEY_TYPES, ALL_ORIGINS};
use crate::settings::{ReadMode, Settings};
use sensor_sdk::host::{AwsWrite, Host};
use sensor_sdk::types::aws::{CertificatePage, ListCertificatesRequest, SearchCertificatesRequest};
use sensor_sdk::types::{Error, ErrorClass, Tag};

/// What a list answered.
type Answer = Result<CertificatePage, Error>;

/// One account and region to be tried.
pub(super) struct Probe<'a, H: Host + AwsWrite> {
    pub(super) access: &'a Access<'a, H>,
    pub(super) settings: &'a Settings,
    pub(super) session: &'a H::Session,
    pub(super) account: &'a str,
    pub(super) region: &'a str,
}

impl<H: Host + AwsWrite> Probe<'_, H> {
    pub(super) fn run(&self, report: &mut Report) {
        let (search, list) = (self.search(), self.list());
        let found = [&search, &list]
            .into_iter()
            .flatten()
            .filter_map(|page| page.as_ref().ok());
        let arn = found
            .flat_map(|page| &page.certificates)
            .map(|summary| summary.arn.clone())
            .next();
        let arn = arn.unwrap_or_else(|| self.nowhere());
        let mut denied = self.lists(search.as_ref(), list.as_ref(), report);
        denied |= self.certificates(&arn, report);
        if !denied {
            let message = format!("certificates can be listed and read in {}", self.region);
            report.add(Line::success("permissions", message).about(self.account));
        }
        if self.settings.delivery.enabled {
            self.deliveries(report);
        }
    }

    /// Deliveries: tried on a certificate that does not exist, but for the import itself.
    fn deliveries(&self, report: &mut Report) {
        let (host, session, region) = (self.access.host, self.session, self.region);
        let nowhere = self.nowhere();
        let tag = [Tag {
            key: "sensor".to_owned(),
            value: "check".to_owned(),
        }];
        let tried = [
            (
                "acm:AddTagsToCertificate",
                host.add_tags_to_certificate(session, region, &nowhere, &tag)
                    .err(),
            ),
            (
                "acm:DeleteCertificate",
                host.delete_certificate(session, region, &nowhere).err(),
            ),
        ];
        let mut impaired = false;
        for (action, error) in tried {
            if let Some((refusal, error)) = error.and_then(|error| Some((refusal(&error)?, error)))
            {
                impaired = true;
                report.add(self.refused(action, &self.resource(), &refusal, &error, true));
            }
        }
        if !impaired {
            let message = format!("certificates can be tagged and deleted in {region}");
            report.add(Line::success("delivery", message).about(self.account));
        }
        let message = format!(
            "acm:ImportCertificate in account {}, {region} cannot be tried: AWS knows no import that imports \
             nothing",
            self.account
        );
        let line = Line::skipped("delivery-import", message).about(self.account);
        let advice = "this statement is what it needs; each request is checked again before its certificate is ordered";
        report.add(
            line.advise(advice)
                .allow(missing("acm:ImportCertificate", &self.resource())),
        );
    }

    fn search(&self) -> Option<Answer> {
        let request = SearchCertificatesRequest {
            filter: None,
            max_results: 1,
            next_token: None,
        };
        let wanted = self.settings.read != ReadMode::List;
        wanted.then(|| {
            self.access
                .host
                .search_certificates(self.session, self.region, &request)
        })
    }

    fn list(&self) -> Option<Answer> {
        let request = ListCertificatesRequest {
            key_types: ALL_KEY_TYPES.map(str::to_owned).to_vec(),
            key_pair_origins: ALL_ORIGINS.map(str::to_owned).to_vec(),
            statuses: Vec::new(),
            max_items: 1,
            next_token: None,
        };
        let wanted = self.settings.read != ReadMode::Search;
        wanted.then(|| {
            self.access
                .host
                .list_certificates(self.session, self.region, &request)
        })
    }

    /// One of the two lists is enough; without ListCertificates there is nothing to fall back on. Tells whether reading
    /// is impaired.
    fn lists(&self, search: Option<&Answer>, list: Option<&Answer>, report: &mut Report) -> bool {
        let verdict = |answer: Option<&Answer>| match answer {
            Some(Err(error)) => refusal(error).map(|refusal| (refusal, error.clone())),
            _ => None,
        };
        let (no_search, no_list) = (verdict(search), verdict(list));
        let search_works = search.is_some() && no_search.is_none();
        let list_works = list.is_some() && no_list.is_none();
        if let Some((refusal, error)) = no_search {
            let line = self.refused("acm:SearchCertificates", "*", &refusal, &error, !list_works);
            report.add(if list_works {
                line.advise("ListCertificates is used instead, with fewer certificates a call; nothing is missed")
            } else {
                line
            });
        }
        if let Some((refusal, error)) = no_list {
            report.add(self.refused("acm:ListCertificates", "*", &refusal, &error, !search_works));
        }
        !search_works && !list_works
    }

    fn certificates(&self, arn: &str, report: &mut Report) -> bool {
        let (host, session, region) = (self.access.host, self.session, self.region);
        let tried = [
            (
                "acm:DescribeCertificate",
                host.describe_certificate(session, region, arn).err(),
            ),
            (
                "acm:GetCertificate",
                host.get_certificate(session, region, arn).err(),
            ),
            (
                "acm:ListTagsForCertificate",
                host.list_tags_for_certificate(session, region, arn).err(),
            ),
        ];
        let mut impaired = false;
        for (action, error) in tried {
            if let Some((refusal, error)) = error.and_then(|error| Some((refusal(&error)?, error)))
            {
                impaired = true;
                report.add(self.refused(action, &self.resource(), &refusal, &error, true));
            }
        }
        impaired
    }

    fn resource(&self) -> String {
        format!(
            "arn:{}:acm:*:{}:certificate/*",
            self.access.partition, self.account
        )
    }

    fn refused(
        &self,
        action: &str,
        resource: &str,
        refusal: &Refusal,
        error: &Error,
        needed: bool,
    ) -> Line {
        refused(
            action,
            (self.account, self.region),
            resource,
            refusal,
            error,
            needed,
        )
    }

    fn nowhere(&self) -> String {
        nowhere(&self.access.partition, self.region, self.account)
    }
}

/// A refused call of (account, region), as a line; a failure where the call is needed.
pub(crate) fn refused(
    action: &str,
    (account, region): (&str, &str),
    resource: &str,
    refusal: &Refusal,
    error: &Error,
    needed: bool,
) -> Line {
    let place = format!("{action} in account {account}, {region}");
    let (message, advice) = match refusal {
        Refusal::Denied => (
            format!("{place}: denied"),
            Some("add this statement to the policy of the sensor's role"),
        ),
        Refusal::Barred(Barrier::Grants) => (
            format!("{place}: this sensor does not grant it to the plugin"),
            None,
        ),
        Refusal::Barred(barrier) if barrier.is_organization() => (
            format!("{place}: denied by the organization"),
            Some("a region can be left out by `regions.exclude`, an account by `accounts.exclude`"),
        ),
        Refusal::Barred(_) => (format!("{place}: denied"), None),
        Refusal::Disabled => (
            format!("{place}: the region is not enabled in this account"),
            Some("nothing to do: it is left out of the plan"),
        ),
        Refusal::Failed => (
            format!("{place}: {}", error.message),
            Some("try again; if it stays, see the sensor's log"),
        ),
    };
    let line = if needed {
        Line::failure("permission", message)
    } else {
        Line::warning("permission", message)
    };
    let line = line.about(&format!("{account}/{action}"));
    let line = match advice {
        Some(advice) => line.advise(advice),
        None => line,
    };
    line.mend(error, action, resource)
}

/// Why a call was refused.
pub(crate) enum Refusal {
    Denied,
    /// No statement could allow it.
    Barred(Barrier),
    Disabled,
    Failed,
}

/// Nothing when the answer shows that the call is allowed.
pub(crate) fn refusal(error: &Error) -> Option<Refusal> {
    if let Some(barrier) = Barrier::of(error) {
        return Some(Refusal::Barred(barrier));
    }
    if is_region_disabled(error) {
        return Some(Refusal::Disabled);
    }
    if is_denied(error) {
        return Some(Refusal::Denied);
    }
    let allowed = error.class == ErrorClass::NotFound || error.code == "RequestInProgressException";
    (!allowed && !is_validation(error)).then_some(Refusal::Failed)
}
