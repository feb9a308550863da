//! The real cloud: each operation by the AWS SDK, one attempt a call.
//! Above: the policy layer. Below: the aws-sdk crates, `clients`, `error`, `place`.
//! Invariant: nothing here is special to a simulation: endpoints come from the session's configuration alone.

mod account;
mod acm;
mod body;
mod class;
mod clients;
mod error;
pub(crate) mod kms;
mod organizations;
mod place;
mod quiet;
mod secrets_manager;
mod sts;
#[cfg(test)]
pub(crate) mod tests;

pub(crate) use clients::http_client;
pub(crate) use error::from_sdk;
pub(crate) use place::{default_region, partition_of, sts_region};

use super::{AwsBackend, PrivateKey, Session};
use crate::bindings::connector::sensor::aws::types as aws;
use crate::bindings::connector::sensor::core::types::{Error, ErrorClass, Tag};
use crate::model::time::Millis;
use aws_smithy_types::DateTime;
use clients::Cache;

/// AWS by its SDK.
pub struct SdkBackend {
    sts: Cache<aws_sdk_sts::Client>,
    organizations: Cache<aws_sdk_organizations::Client>,
    account: Cache<aws_sdk_account::Client>,
    acm: Cache<aws_sdk_acm::Client>,
    secrets_manager: Cache<aws_sdk_secretsmanager::Client>,
}

impl SdkBackend {
    /// Opens nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            sts: Cache::new(),
            organizations: Cache::new(),
            account: Cache::new(),
            acm: Cache::new(),
            secrets_manager: Cache::new(),
        }
    }
}

impl Default for SdkBackend {
    fn default() -> Self {
        Self::new()
    }
}

/// A session of a mock-host at the real cloud's door: a fault of the host.
fn foreign() -> Error {
    Error {
        class: ErrorClass::Internal,
        code: "foreign-session".to_owned(),
        message: "a mock-host's session cannot act in the real cloud".to_owned(),
        detail: None,
        retry_after_ms: None,
        subject: None,
    }
}

fn millis(at: Option<&DateTime>) -> Option<Millis> {
    at.and_then(|at| at.to_millis().ok())
}

/// An enumeration's value in AWS's word, known to the SDK or not.
fn word<T: AsRef<str>>(value: Option<&T>) -> Option<String> {
    value.map(|value| value.as_ref().to_owned())
}

#[async_trait::async_trait]
impl AwsBackend for SdkBackend {
    fn is_mock(&self) -> bool {
        false
    }

    async fn get_caller_identity(&self, session: &Session) -> Result<aws::CallerIdentity, Error> {
        sts::get_caller_identity(self, session).await
    }
    async fn assume_role(
        &self,
        session: &Session,
        request: &aws::AssumeRoleRequest,
    ) -> Result<Session, Error> {
        sts::assume_role(self, session, request).await
    }

    async fn describe_organization(&self, session: &Session) -> Result<aws::Organization, Error> {
        organizations::describe_organization(self, session).await
    }
    async fn describe_account(&self, session: &Session, id: &str) -> Result<aws::Account, Error> {
        organizations::describe_account(self, session, id).await
    }
    async fn list_accounts(
        &self,
        session: &Session,
        next_token: Option<&str>,
    ) -> Result<aws::AccountPage, Error> {
        organizations::list_accounts(self, session, next_token).await
    }
    async fn list_roots(
        &self,
        session: &Session,
        next_token: Option<&str>,
    ) -> Result<aws::RootPage, Error> {
        organizations::list_roots(self, session, next_token).await
    }
    async fn list_organizational_units_for_parent(
        &self,
        session: &Session,
        parent_id: &str,
        next_token: Option<&str>,
    ) -> Result<aws::OrganizationalUnitPage, Error> {
        organizations::list_units(self, session, parent_id, next_token).await
    }
    async fn list_accounts_for_parent(
        &self,
        session: &Session,
        parent_id: &str,
        next_token: Option<&str>,
    ) -> Result<aws::AccountPage, Error> {
        organizations::list_accounts_for_parent(self, session, parent_id, next_token).await
    }

    async fn list_regions(
        &self,
        session: &Session,
        request: &aws::ListRegionsRequest,
    ) -> Result<aws::RegionPage, Error> {
        account::list_regions(self, session, request).await
    }

    async fn list_certificates(
        &self,
        session: &Session,
        region: &str,
        request: &aws::ListCertificatesRequest,
    ) -> Result<aws::CertificatePage, Error> {
        acm::list(self, session, region, request).await
    }
    async fn search_certificates(
        &self,
        session: &Session,
        region: &str,
        request: &aws::SearchCertificatesRequest,
    ) -> Result<aws::CertificatePage, Error> {
        acm::search(self, session, region, request).await
    }
    async fn describe_certificate(
        &self,
        session: &Session,
        region: &str,
        arn: &str,
    ) -> Result<aws::CertificateDetail, Error> {
        acm::describe(self, session, region, arn).await
    }
    async fn get_certificate(
        &self,
        session: &Session,
        region: &str,
        arn: &str,
    ) -> Result<aws::CertificateBody, Error> {
        acm::get(self, session, region, arn).await
    }
    async fn list_tags_for_certificate(
        &self,
        session: &Session,
        region: &str,
        arn: &str,
    ) -> Result<Vec<Tag>, Error> {
        acm::tags(self, session, region, arn).await
    }

    async fn list_secrets(
        &self,
        session: &Session,
        region: &str,
        request: &aws::ListSecretsRequest,
    ) -> Result<aws::SecretPage, Error> {
        secrets_manager::list(self, session, region, request).await
    }
    async fn describe_secret(
        &self,
        session: &Session,
        region: &str,
        secret_id: &str,
    ) -> Result<aws::SecretDescription, Error> {
        secrets_manager::describe(self, session, region, secret_id).await
    }

    async fn import_certificate(
        &self,
        session: &Session,
        region: &str,
        request: &aws::ImportCertificateRequest,
        key: &PrivateKey,
    ) -> Result<String, Error> {
        acm::write::import(self, session, region, request, key).await
    }
    async fn add_tags_to_certificate(
        &self,
        session: &Session,
        region: &str,
        arn: &str,
        tags: &[Tag],
    ) -> Result<(), Error> {
        acm::write::add_tags(self, session, region, arn, tags).await
    }
    async fn delete_certificate(
        &self,
        session: &Session,
        region: &str,
        arn: &str,
    ) -> Result<(), Error> {
        acm::write::delete(self, session, region, arn).await
    }

    async fn create_secret(
        &self,
        session: &Session,
        region: &str,
        request: &aws::CreateSecretRequest,
        sealed: &str,
    ) -> Result<String, Error> {
        secrets_manager::create(self, session, region, request, sealed).await
    }
    async fn get_secret_value(
        &self,
        session: &Session,
        region: &str,
        secret_id: &str,
    ) -> Result<String, Error> {
        secrets_manager::value(self, session, region, secret_id).await
    }
    async fn delete_secret(
        &self,
        session: &Session,
        region: &str,
        secret_id: &str,
    ) -> Result<(), Error> {
        secrets_manager::delete(self, session, region, secret_id).await
    }
}
