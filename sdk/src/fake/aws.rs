//! AWS as the test scripted it: one function an operation.
//! Above: `fake`. Below: nothing.
//! Invariant: nothing is answered that the test did not write down, but for `base`.

use super::{Call, FakeHost, FakeSession};
use crate::host::Aws;
use crate::types::aws::{
    Account, AccountPage, AssumeRoleRequest, CallerIdentity, CertificateBody, CertificateDetail,
    CertificatePage, ListCertificatesRequest, ListRegionsRequest, ListSecretsRequest, Organization,
    OrganizationalUnitPage, RegionPage, RootPage, SearchCertificatesRequest, SecretDescription,
    SecretPage,
};
use crate::types::{Error, Tag};

impl FakeHost {
    pub(super) fn ask<T: 'static>(
        &self,
        operation: &'static str,
        session: &FakeSession,
        region: &str,
        subject: &str,
    ) -> Result<T, Error> {
        self.give(Call {
            operation,
            account: session.account.clone(),
            region: region.to_owned(),
            subject: subject.to_owned(),
        })
    }
}

impl Aws for FakeHost {
    type Session = FakeSession;

    fn base(&self) -> Result<FakeSession, Error> {
        Ok(self.base.clone())
    }
    fn get_caller_identity(&self, session: &FakeSession) -> Result<CallerIdentity, Error> {
        self.ask("GetCallerIdentity", session, "", "")
    }
    fn assume_role(
        &self,
        session: &FakeSession,
        request: &AssumeRoleRequest,
    ) -> Result<FakeSession, Error> {
        self.ask("AssumeRole", session, "", &request.role_arn)
    }
    fn describe_organization(&self, session: &FakeSession) -> Result<Organization, Error> {
        self.ask("DescribeOrganization", session, "", "")
    }
    fn describe_account(&self, session: &FakeSession, account_id: &str) -> Result<Account, Error> {
        self.ask("DescribeAccount", session, "", account_id)
    }
    fn list_accounts(
        &self,
        session: &FakeSession,
        _next_token: Option<&str>,
    ) -> Result<AccountPage, Error> {
        self.ask("ListAccounts", session, "", "")
    }
    fn list_roots(
        &self,
        session: &FakeSession,
        _next_token: Option<&str>,
    ) -> Result<RootPage, Error> {
        self.ask("ListRoots", session, "", "")
    }
    fn list_organizational_units_for_parent(
        &self,
        session: &FakeSession,
        parent_id: &str,
        _next_token: Option<&str>,
    ) -> Result<OrganizationalUnitPage, Error> {
        self.ask("ListOrganizationalUnitsForParent", session, "", parent_id)
    }
    fn list_accounts_for_parent(
        &self,
        session: &FakeSession,
        parent_id: &str,
        _next_token: Option<&str>,
    ) -> Result<AccountPage, Error> {
        self.ask("ListAccountsForParent", session, "", parent_id)
    }
    fn list_regions(
        &self,
        session: &FakeSession,
        request: &ListRegionsRequest,
    ) -> Result<RegionPage, Error> {
        let subject = request.account_id.as_deref().unwrap_or_default();
        self.ask("ListRegions", session, "", subject)
    }
    fn list_certificates(
        &self,
        session: &FakeSession,
        region: &str,
        _request: &ListCertificatesRequest,
    ) -> Result<CertificatePage, Error> {
        self.ask("ListCertificates", session, region, "")
    }
    fn search_certificates(
        &self,
        session: &FakeSession,
        region: &str,
        _request: &SearchCertificatesRequest,
    ) -> Result<CertificatePage, Error> {
        self.ask("SearchCertificates", session, region, "")
    }
    fn describe_certificate(
        &self,
        session: &FakeSession,
        region: &str,
        arn: &str,
    ) -> Result<CertificateDetail, Error> {
        self.ask("DescribeCertificate", session, region, arn)
    }
    fn get_certificate(
        &self,
        session: &FakeSession,
        region: &str,
        arn: &str,
    ) -> Result<CertificateBody, Error> {
        self.ask("GetCertificate", session, region, arn)
    }
    fn list_tags_for_certificate(
        &self,
        session: &FakeSession,
        region: &str,
        arn: &str,
    ) -> Result<Vec<Tag>, Error> {
        self.ask("ListTagsForCertificate", session, region, arn)
    }
    fn list_secrets(
        &self,
        session: &FakeSession,
        region: &str,
        _request: &ListSecretsRequest,
    ) -> Result<SecretPage, Error> {
        self.ask("ListSecrets", session, region, "")
    }
    fn describe_secret(
        &self,
        session: &FakeSession,
        region: &str,
        secret_id: &str,
    ) -> Result<SecretDescription, Error> {
        self.ask("DescribeSecret", session, region, secret_id)
    }
}
