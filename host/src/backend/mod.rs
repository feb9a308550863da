//! The seam between the policy layer and the cloud: one async function an AWS operation, one attempt a call.
//! Above: `capability::aws` (grants, rates, retries, audit). Below: `sdk` (aws-sdk crates); a mock-host plugin
//! implements the same trait in `plugin`.
//! Invariant: a backend retries nothing, waits for nothing and forgets nothing: that is the policy layer's part.

use crate::bindings::connector::sensor::aws::types as aws;
use crate::bindings::connector::sensor::core::types::{Error, ErrorClass, Tag};

mod key;
pub(crate) mod sdk;
mod session;
pub use key::{KeyError, KeyRoom, KeySource, PrivateKey};
pub use sdk::SdkBackend;
pub use session::{SdkSession, Session, SessionSource};

/// AWS, as far as the contract goes. Records are the contract's own.
#[async_trait::async_trait]
pub trait AwsBackend: Send + Sync {
    /// Whether this is a simulation: what comes from it is marked so in the inventory.
    fn is_mock(&self) -> bool;

    async fn get_caller_identity(&self, session: &Session) -> Result<aws::CallerIdentity, Error>;
    /// The session's home region says which regional STS endpoint is asked.
    async fn assume_role(
        &self,
        session: &Session,
        request: &aws::AssumeRoleRequest,
    ) -> Result<Session, Error>;

    async fn describe_organization(&self, session: &Session) -> Result<aws::Organization, Error>;
    async fn describe_account(&self, session: &Session, id: &str) -> Result<aws::Account, Error>;
    async fn list_accounts(
        &self,
        session: &Session,
        next_token: Option<&str>,
    ) -> Result<aws::AccountPage, Error>;
    async fn list_roots(
        &self,
        session: &Session,
        next_token: Option<&str>,
    ) -> Result<aws::RootPage, Error>;
    async fn list_organizational_units_for_parent(
        &self,
        session: &Session,
        parent_id: &str,
        next_token: Option<&str>,
    ) -> Result<aws::OrganizationalUnitPage, Error>;
    async fn list_accounts_for_parent(
        &self,
        session: &Session,
        parent_id: &str,
        next_token: Option<&str>,
    ) -> Result<aws::AccountPage, Error>;

    async fn list_regions(
        &self,
        session: &Session,
        request: &aws::ListRegionsRequest,
    ) -> Result<aws::RegionPage, Error>;

    async fn list_certificates(
        &self,
        session: &Session,
        region: &str,
        request: &aws::ListCertificatesRequest,
    ) -> Result<aws::CertificatePage, Error>;
    async fn search_certificates(
        &self,
        session: &Session,
        region: &str,
        request: &aws::SearchCertificatesRequest,
    ) -> Result<aws::CertificatePage, Error>;
    async fn describe_certificate(
        &self,
        session: &Session,
        region: &str,
        arn: &str,
    ) -> Result<aws::CertificateDetail, Error>;
    async fn get_certificate(
        &self,
        session: &Session,
        region: &str,
        arn: &str,
    ) -> Result<aws::CertificateBody, Error>;
    async fn list_tags_for_certificate(
        &self,
        session: &Session,
        region: &str,
        arn: &str,
    ) -> Result<Vec<Tag>, Error>;

    async fn list_secrets(
        &self,
        session: &Session,
        region: &str,
        request: &aws::ListSecretsRequest,
    ) -> Result<aws::SecretPage, Error>;
    async fn describe_secret(
        &self,
        session: &Session,
        region: &str,
        secret_id: &str,
    ) -> Result<aws::SecretDescription, Error>;

    /// The ARN. The key goes to AWS and nowhere else; a simulation gets only its public half.
    async fn import_certificate(
        &self,
        session: &Session,
        region: &str,
        request: &aws::ImportCertificateRequest,
        key: &PrivateKey,
    ) -> Result<String, Error>;
    async fn add_tags_to_certificate(
        &self,
        session: &Session,
        region: &str,
        arn: &str,
        tags: &[Tag],
    ) -> Result<(), Error>;
    async fn delete_certificate(
        &self,
        session: &Session,
        region: &str,
        arn: &str,
    ) -> Result<(), Error>;

    /// The ARN. `sealed` is a key as the sensor parks it.
    async fn create_secret(
        &self,
        session: &Session,
        region: &str,
        request: &aws::CreateSecretRequest,
        sealed: &str,
    ) -> Result<String, Error>;
    async fn get_secret_value(
        &self,
        session: &Session,
        region: &str,
        secret_id: &str,
    ) -> Result<String, Error>;
    /// At once and for good.
    async fn delete_secret(
        &self,
        session: &Session,
        region: &str,
        secret_id: &str,
    ) -> Result<(), Error>;
}

/// What a cloud that does not know an operation says.
#[must_use]
pub fn unsupported(operation: &str) -> Error {
    Error {
        class: ErrorClass::Unsupported,
        code: "unsupported-operation".to_owned(),
        message: format!("this simulation does not know {operation}"),
        detail: None,
        retry_after_ms: None,
        subject: None,
    }
}
