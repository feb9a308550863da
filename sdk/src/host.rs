//! What a plugin may ask of its host, as traits: the sandbox implements them by the contract's imports, a native
//! harness by anything else.
//! Above: a connector's logic. Below: `bindings`.
//! Invariant: a connector that is generic over `Host + Aws` runs unchanged inside and outside the sandbox.

use crate::types::aws::{
    Account, AccountPage, AssumeRoleRequest, CallerIdentity, CertificateBody, CertificateDetail,
    CertificatePage, ListCertificatesRequest, ListRegionsRequest, ListSecretsRequest, Organization,
    OrganizationalUnitPage, RegionPage, RootPage, SearchCertificatesRequest, SecretDescription,
    SecretPage,
};
use crate::types::batch::{CertificateAnswer, CertificateWish};
use crate::types::{Error, Level, Marker, Tag, Timestamp};

mod write;
pub use write::{AwsWrite, PrivateKey};

/// The capabilities that have nothing to do with a particular cloud.
pub trait Host {
    /// The connector's settings: a JSON object, valid under the described schema.
    fn settings(&self) -> String;
    /// One line for the sensor's log.
    fn log(&self, level: Level, message: &str);
    /// Milliseconds since 1970, by the host's clock.
    fn now(&self) -> Timestamp;
    /// Pauses; the host caps one pause at 60 seconds.
    fn sleep(&self, ms: u32);
    /// What the host remembers of these places of the split being read, one answer each, in order.
    fn markers(&self, ids: &[String]) -> Vec<Option<Marker>>;
}

/// What a session is, seen from a plugin: a handle.
pub trait Session {
    /// The account that it acts in.
    fn account(&self) -> String;
    /// The ARN of who acts.
    fn principal(&self) -> String;
    /// "aws", "aws-cn", …
    fn partition(&self) -> String;
}

/// AWS, one function an operation. Errors carry AWS's code; the host has retried already.
#[expect(
    clippy::missing_errors_doc,
    reason = "all alike: the operation's error, classified"
)]
pub trait Aws {
    /// The handle of a session.
    type Session: Session;

    /// The session that the operator linked to this connector.
    fn base(&self) -> Result<Self::Session, Error>;
    /// Who a session is, as AWS sees it.
    fn get_caller_identity(&self, session: &Self::Session) -> Result<CallerIdentity, Error>;
    /// A session in another role.
    fn assume_role(
        &self,
        session: &Self::Session,
        request: &AssumeRoleRequest,
    ) -> Result<Self::Session, Error>;

    /// The organization of the session's account.
    fn describe_organization(&self, session: &Self::Session) -> Result<Organization, Error>;
    /// One account of the organization.
    fn describe_account(&self, session: &Self::Session, account_id: &str)
    -> Result<Account, Error>;
    /// A page of all accounts.
    fn list_accounts(
        &self,
        session: &Self::Session,
        next_token: Option<&str>,
    ) -> Result<AccountPage, Error>;
    /// A page of roots.
    fn list_roots(
        &self,
        session: &Self::Session,
        next_token: Option<&str>,
    ) -> Result<RootPage, Error>;
    /// A page of the units below a root or unit.
    fn list_organizational_units_for_parent(
        &self,
        session: &Self::Session,
        parent_id: &str,
        next_token: Option<&str>,
    ) -> Result<OrganizationalUnitPage, Error>;
    /// A page of the accounts directly below a root or unit.
    fn list_accounts_for_parent(
        &self,
        session: &Self::Session,
        parent_id: &str,
        next_token: Option<&str>,
    ) -> Result<AccountPage, Error>;

    /// A page of an account's regions.
    fn list_regions(
        &self,
        session: &Self::Session,
        request: &ListRegionsRequest,
    ) -> Result<RegionPage, Error>;

    /// A page of certificates, as ListCertificates tells them.
    fn list_certificates(
        &self,
        session: &Self::Session,
        region: &str,
        request: &ListCertificatesRequest,
    ) -> Result<CertificatePage, Error>;
    /// A page of certificates, as SearchCertificates tells them.
    fn search_certificates(
        &self,
        session: &Self::Session,
        region: &str,
        request: &SearchCertificatesRequest,
    ) -> Result<CertificatePage, Error>;
    /// Everything about one certificate but its body.
    fn describe_certificate(
        &self,
        session: &Self::Session,
        region: &str,
        arn: &str,
    ) -> Result<CertificateDetail, Error>;
    /// The body, PEM.
    fn get_certificate(
        &self,
        session: &Self::Session,
        region: &str,
        arn: &str,
    ) -> Result<CertificateBody, Error>;
    /// The tags.
    fn list_tags_for_certificate(
        &self,
        session: &Self::Session,
        region: &str,
        arn: &str,
    ) -> Result<Vec<Tag>, Error>;

    /// A page of secrets, without their values.
    fn list_secrets(
        &self,
        session: &Self::Session,
        region: &str,
        request: &ListSecretsRequest,
    ) -> Result<SecretPage, Error>;
    /// One secret, without its value.
    fn describe_secret(
        &self,
        session: &Self::Session,
        region: &str,
        secret_id: &str,
    ) -> Result<SecretDescription, Error>;

    /// What is wished of these certificates, in order; fewer answers than wishes when time went by or something failed
    /// that would fail for the others too. The sandbox asks for many at once; this one asks for one after the other.
    fn fetch_certificates(
        &self,
        session: &Self::Session,
        region: &str,
        wishes: &[CertificateWish],
    ) -> Vec<CertificateAnswer> {
        crate::batch::one_by_one(self, session, region, wishes)
    }
    /// A session in each of these roles, in order.
    fn assume_roles(
        &self,
        session: &Self::Session,
        requests: &[AssumeRoleRequest],
    ) -> Vec<Result<Self::Session, Error>> {
        let assume = |request| self.assume_role(session, request);
        requests.iter().map(assume).collect()
    }
    /// A page of regions from each of these accounts, in order.
    fn list_regions_of(
        &self,
        asked: &[(&Self::Session, ListRegionsRequest)],
    ) -> Vec<Result<RegionPage, Error>> {
        let list = |(session, request): &(&Self::Session, _)| self.list_regions(session, request);
        asked.iter().map(list).collect()
    }
}

/// The sandbox: every capability by the contract's imports.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sandbox;

mod sandbox {
    use super::{
        Account, AccountPage, AssumeRoleRequest, Aws, CallerIdentity, CertificateAnswer,
        CertificateBody, CertificateDetail, CertificatePage, CertificateWish, Error, Host, Level,
        ListCertificatesRequest, ListRegionsRequest, ListSecretsRequest, Marker, Organization,
        OrganizationalUnitPage, RegionPage, RootPage, Sandbox, SearchCertificatesRequest,
        SecretDescription, SecretPage, Session, Tag, Timestamp,
    };
    use crate::bindings::connector::sensor::auth::credentials;
    use crate::bindings::connector::sensor::aws::{
        account, acm, batch, organizations, secrets_manager, sts,
    };
    use crate::bindings::connector::sensor::connector::known;
    use crate::bindings::connector::sensor::core::{clock, config, log};

    impl Session for credentials::Session {
        fn account(&self) -> String {
            credentials::Session::account(self)
        }
        fn principal(&self) -> String {
            credentials::Session::principal(self)
        }
        fn partition(&self) -> String {
            credentials::Session::partition(self)
        }
    }

    impl Host for Sandbox {
        fn settings(&self) -> String {
            config::get_json()
        }
        fn log(&self, level: Level, message: &str) {
            log::write(level, message);
        }
        fn now(&self) -> Timestamp {
            clock::now()
        }
        fn sleep(&self, ms: u32) {
            clock::sleep(ms);
        }
        fn markers(&self, ids: &[String]) -> Vec<Option<Marker>> {
            known::markers(ids)
        }
    }

    impl Aws for Sandbox {
        type Session = credentials::Session;

        fn base(&self) -> Result<Self::Session, Error> {
            credentials::base()
        }
        fn get_caller_identity(&self, session: &Self::Session) -> Result<CallerIdentity, Error> {
            sts::get_caller_identity(session)
        }
        fn assume_role(
            &self,
            session: &Self::Session,
            request: &AssumeRoleRequest,
        ) -> Result<Self::Session, Error> {
            sts::assume_role(session, request)
        }
        fn describe_organization(&self, session: &Self::Session) -> Result<Organization, Error> {
            organizations::describe_organization(session)
        }
        fn describe_account(
            &self,
            session: &Self::Session,
            account_id: &str,
        ) -> Result<Account, Error> {
            organizations::describe_account(session, account_id)
        }
        fn list_accounts(
            &self,
            session: &Self::Session,
            next_token: Option<&str>,
        ) -> Result<AccountPage, Error> {
            organizations::list_accounts(session, next_token)
        }
        fn list_roots(
            &self,
            session: &Self::Session,
            next_token: Option<&str>,
        ) -> Result<RootPage, Error> {
            organizations::list_roots(session, next_token)
        }
        fn list_organizational_units_for_parent(
            &self,
            session: &Self::Session,
            parent_id: &str,
            next_token: Option<&str>,
        ) -> Result<OrganizationalUnitPage, Error> {
            organizations::list_organizational_units_for_parent(session, parent_id, next_token)
        }
        fn list_accounts_for_parent(
            &self,
            session: &Self::Session,
            parent_id: &str,
            next_token: Option<&str>,
        ) -> Result<AccountPage, Error> {
            organizations::list_accounts_for_parent(session, parent_id, next_token)
        }
        fn list_regions(
            &self,
            session: &Self::Session,
            request: &ListRegionsRequest,
        ) -> Result<RegionPage, Error> {
            account::list_regions(session, request)
        }
        fn list_certificates(
            &self,
            session: &Self::Session,
            region: &str,
            request: &ListCertificatesRequest,
        ) -> Result<CertificatePage, Error> {
            acm::list_certificates(session, region, request)
        }
        fn search_certificates(
            &self,
            session: &Self::Session,
            region: &str,
            request: &SearchCertificatesRequest,
        ) -> Result<CertificatePage, Error> {
            acm::search_certificates(session, region, request)
        }
        fn describe_certificate(
            &self,
            session: &Self::Session,
            region: &str,
            arn: &str,
        ) -> Result<CertificateDetail, Error> {
            acm::describe_certificate(session, region, arn)
        }
        fn get_certificate(
            &self,
            session: &Self::Session,
            region: &str,
            arn: &str,
        ) -> Result<CertificateBody, Error> {
            acm::get_certificate(session, region, arn)
        }
        fn list_tags_for_certificate(
            &self,
            session: &Self::Session,
            region: &str,
            arn: &str,
        ) -> Result<Vec<Tag>, Error> {
            acm::list_tags_for_certificate(session, region, arn)
        }
        fn list_secrets(
            &self,
            session: &Self::Session,
            region: &str,
            request: &ListSecretsRequest,
        ) -> Result<SecretPage, Error> {
            secrets_manager::list_secrets(session, region, request)
        }
        fn describe_secret(
            &self,
            session: &Self::Session,
            region: &str,
            secret_id: &str,
        ) -> Result<SecretDescription, Error> {
            secrets_manager::describe_secret(session, region, secret_id)
        }
        fn fetch_certificates(
            &self,
            session: &Self::Session,
            region: &str,
            wishes: &[CertificateWish],
        ) -> Vec<CertificateAnswer> {
            batch::fetch_certificates(session, region, wishes)
        }
        fn assume_roles(
            &self,
            session: &Self::Session,
            requests: &[AssumeRoleRequest],
        ) -> Vec<Result<Self::Session, Error>> {
            batch::assume_roles(session, requests)
        }
        fn list_regions_of(
            &self,
            asked: &[(&Self::Session, ListRegionsRequest)],
        ) -> Vec<Result<RegionPage, Error>> {
            batch::list_regions_of(asked)
        }
    }
}
