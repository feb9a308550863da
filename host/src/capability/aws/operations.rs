//! The contract's operations, each by way of the policy layer's one door, [`AwsCapability::call`].
//! Above: `view`. Below: `capability`.
//! Invariant: a function here says which operation, where and how; it decides nothing.

use super::AwsCapability;
use super::capability::Op;
use crate::backend::Session;
use crate::bindings::connector::sensor::aws::types as aws;
use crate::bindings::connector::sensor::core::types::{Error, Tag};

#[expect(
    clippy::missing_errors_doc,
    reason = "all alike: the operation's error, classified"
)]
impl AwsCapability {
    pub async fn get_caller_identity(
        &self,
        session: &Session,
    ) -> Result<aws::CallerIdentity, Error> {
        let op = Op::global("sts:GetCallerIdentity");
        self.call(op, session, || self.backend().get_caller_identity(session))
            .await
    }

    pub async fn describe_organization(
        &self,
        session: &Session,
    ) -> Result<aws::Organization, Error> {
        let op = Op::global("organizations:DescribeOrganization");
        self.call(op, session, || {
            self.backend().describe_organization(session)
        })
        .await
    }

    pub async fn describe_account(
        &self,
        session: &Session,
        id: &str,
    ) -> Result<aws::Account, Error> {
        let op = Op::global("organizations:DescribeAccount").about(id);
        self.call(op, session, || self.backend().describe_account(session, id))
            .await
    }

    pub async fn list_accounts(
        &self,
        session: &Session,
        next: Option<&str>,
    ) -> Result<aws::AccountPage, Error> {
        let op = Op::global("organizations:ListAccounts");
        self.call(op, session, || self.backend().list_accounts(session, next))
            .await
    }

    pub async fn list_roots(
        &self,
        session: &Session,
        next: Option<&str>,
    ) -> Result<aws::RootPage, Error> {
        let op = Op::global("organizations:ListRoots");
        self.call(op, session, || self.backend().list_roots(session, next))
            .await
    }

    pub async fn list_organizational_units_for_parent(
        &self,
        session: &Session,
        parent: &str,
        next: Option<&str>,
    ) -> Result<aws::OrganizationalUnitPage, Error> {
        let op = Op::global("organizations:ListOrganizationalUnitsForParent").about(parent);
        self.call(op, session, || {
            self.backend()
                .list_organizational_units_for_parent(session, parent, next)
        })
        .await
    }

    pub async fn list_accounts_for_parent(
        &self,
        session: &Session,
        parent: &str,
        next: Option<&str>,
    ) -> Result<aws::AccountPage, Error> {
        let op = Op::global("organizations:ListAccountsForParent").about(parent);
        self.call(op, session, || {
            self.backend()
                .list_accounts_for_parent(session, parent, next)
        })
        .await
    }

    pub async fn list_regions(
        &self,
        session: &Session,
        request: &aws::ListRegionsRequest,
    ) -> Result<aws::RegionPage, Error> {
        let op = Op::global("account:ListRegions");
        self.call(op, session, || {
            self.backend().list_regions(session, request)
        })
        .await
    }

    pub async fn list_certificates(
        &self,
        session: &Session,
        region: &str,
        request: &aws::ListCertificatesRequest,
    ) -> Result<aws::CertificatePage, Error> {
        let op = Op::regional("acm:ListCertificates", region);
        self.call(op, session, || {
            self.backend().list_certificates(session, region, request)
        })
        .await
    }

    pub async fn search_certificates(
        &self,
        session: &Session,
        region: &str,
        request: &aws::SearchCertificatesRequest,
    ) -> Result<aws::CertificatePage, Error> {
        let op = Op::regional("acm:SearchCertificates", region);
        self.call(op, session, || {
            self.backend().search_certificates(session, region, request)
        })
        .await
    }

    pub async fn describe_certificate(
        &self,
        session: &Session,
        region: &str,
        arn: &str,
    ) -> Result<aws::CertificateDetail, Error> {
        let op = Op::regional("acm:DescribeCertificate", region).about(arn);
        self.call(op, session, || {
            self.backend().describe_certificate(session, region, arn)
        })
        .await
    }

    pub async fn get_certificate(
        &self,
        session: &Session,
        region: &str,
        arn: &str,
    ) -> Result<aws::CertificateBody, Error> {
        let op = Op::regional("acm:GetCertificate", region).about(arn);
        self.call(op, session, || {
            self.backend().get_certificate(session, region, arn)
        })
        .await
    }

    pub async fn list_tags_for_certificate(
        &self,
        session: &Session,
        region: &str,
        arn: &str,
    ) -> Result<Vec<Tag>, Error> {
        let op = Op::regional("acm:ListTagsForCertificate", region).about(arn);
        self.call(op, session, || {
            self.backend()
                .list_tags_for_certificate(session, region, arn)
        })
        .await
    }

    pub async fn list_secrets(
        &self,
        session: &Session,
        region: &str,
        request: &aws::ListSecretsRequest,
    ) -> Result<aws::SecretPage, Error> {
        let op = Op::regional("secretsmanager:ListSecrets", region);
        self.call(op, session, || {
            self.backend().list_secrets(session, region, request)
        })
        .await
    }

    pub async fn describe_secret(
        &self,
        session: &Session,
        region: &str,
        id: &str,
    ) -> Result<aws::SecretDescription, Error> {
        let op = Op::regional("secretsmanager:DescribeSecret", region).about(id);
        self.call(op, session, || {
            self.backend().describe_secret(session, region, id)
        })
        .await
    }
}
