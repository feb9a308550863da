//! One operation a line, from the SDK's trait to the simulated AWS.

use super::{Cloud, Handle};
use sensor_sdk::host::Aws;
use sensor_sdk::types::aws::{
    Account, AccountPage, AssumeRoleRequest, CallerIdentity, CertificateBody, CertificateDetail,
    CertificatePage, ListCertificatesRequest, ListRegionsRequest, ListSecretsRequest, Organization,
    OrganizationalUnitPage, RegionPage, RootPage, SearchCertificatesRequest, SecretDescription,
    SecretPage,
};
use sensor_sdk::types::{Error, Tag};

impl Aws for Cloud {
    type Session = Handle;

    fn base(&self) -> Result<Handle, Error> {
        let world = self.world.borrow();
        Ok(Handle {
            caller: world.base(),
            partition: world.identity().partition.clone(),
        })
    }
    fn get_caller_identity(&self, session: &Handle) -> Result<CallerIdentity, Error> {
        self.call(("GetCallerIdentity", session, "", ""), |w, now, who| {
            w.get_caller_identity(now, who)
        })
    }
    fn assume_role(&self, session: &Handle, request: &AssumeRoleRequest) -> Result<Handle, Error> {
        let operation = ("AssumeRole", session, "", request.role_arn.as_str());
        let role = self.call(operation, |w, now, who| {
            w.assume_role(now, who, None, request)
        })?;
        Ok(Handle {
            partition: role.partition.clone(),
            caller: role.into(),
        })
    }
    fn describe_organization(&self, session: &Handle) -> Result<Organization, Error> {
        self.call(("DescribeOrganization", session, "", ""), |w, now, who| {
            w.describe_organization(now, who)
        })
    }
    fn describe_account(&self, session: &Handle, id: &str) -> Result<Account, Error> {
        self.call(("DescribeAccount", session, "", id), |w, now, who| {
            w.describe_account(now, who, id)
        })
    }
    fn list_accounts(&self, session: &Handle, next: Option<&str>) -> Result<AccountPage, Error> {
        self.call(("ListAccounts", session, "", ""), |w, now, who| {
            w.list_accounts(now, who, None, next)
        })
    }
    fn list_roots(&self, session: &Handle, next: Option<&str>) -> Result<RootPage, Error> {
        self.call(("ListRoots", session, "", ""), |w, now, who| {
            w.list_roots(now, who, None, next)
        })
    }
    fn list_organizational_units_for_parent(
        &self,
        session: &Handle,
        parent: &str,
        next: Option<&str>,
    ) -> Result<OrganizationalUnitPage, Error> {
        self.call(
            ("ListOrganizationalUnitsForParent", session, "", parent),
            |w, now, who| w.list_organizational_units_for_parent(now, who, parent, None, next),
        )
    }
    fn list_accounts_for_parent(
        &self,
        session: &Handle,
        parent: &str,
        next: Option<&str>,
    ) -> Result<AccountPage, Error> {
        self.call(
            ("ListAccountsForParent", session, "", parent),
            |w, now, who| w.list_accounts_for_parent(now, who, parent, None, next),
        )
    }
    fn list_regions(
        &self,
        session: &Handle,
        request: &ListRegionsRequest,
    ) -> Result<RegionPage, Error> {
        let subject = request.account_id.as_deref().unwrap_or_default();
        self.call(("ListRegions", session, "", subject), |w, now, who| {
            w.list_regions(now, who, None, request)
        })
    }
    fn list_certificates(
        &self,
        session: &Handle,
        region: &str,
        request: &ListCertificatesRequest,
    ) -> Result<CertificatePage, Error> {
        self.call(("ListCertificates", session, region, ""), |w, now, who| {
            w.list_certificates(now, who, region, request)
        })
    }
    fn search_certificates(
        &self,
        session: &Handle,
        region: &str,
        request: &SearchCertificatesRequest,
    ) -> Result<CertificatePage, Error> {
        self.call(
            ("SearchCertificates", session, region, ""),
            |w, now, who| w.search_certificates(now, who, region, request),
        )
    }
    fn describe_certificate(
        &self,
        session: &Handle,
        region: &str,
        arn: &str,
    ) -> Result<CertificateDetail, Error> {
        self.call(
            ("DescribeCertificate", session, region, arn),
            |w, now, who| w.describe_certificate(now, who, region, arn),
        )
    }
    fn get_certificate(
        &self,
        session: &Handle,
        region: &str,
        arn: &str,
    ) -> Result<CertificateBody, Error> {
        self.call(("GetCertificate", session, region, arn), |w, now, who| {
            w.get_certificate(now, who, region, arn)
        })
    }
    fn list_tags_for_certificate(
        &self,
        session: &Handle,
        region: &str,
        arn: &str,
    ) -> Result<Vec<Tag>, Error> {
        self.call(
            ("ListTagsForCertificate", session, region, arn),
            |w, now, who| w.list_tags_for_certificate(now, who, region, arn),
        )
    }
    fn list_secrets(
        &self,
        session: &Handle,
        region: &str,
        request: &ListSecretsRequest,
    ) -> Result<SecretPage, Error> {
        self.call(("ListSecrets", session, region, ""), |w, now, who| {
            w.list_secrets(now, who, region, request)
        })
    }
    fn describe_secret(
        &self,
        session: &Handle,
        region: &str,
        id: &str,
    ) -> Result<SecretDescription, Error> {
        self.call(("DescribeSecret", session, region, id), |w, now, who| {
            w.describe_secret(now, who, region, id)
        })
    }
}
