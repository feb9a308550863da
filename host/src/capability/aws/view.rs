//! The contract's AWS interfaces, for one plugin instance.
//! Above: `plugin` links it. Below: [`AwsCapability`].
//! Invariant: what a guest gets is a handle; a handle that is none is a trap of that guest alone.

use super::AwsCapability;
use crate::backend::Session;
use crate::bindings::connector::sensor::auth::credentials;
use crate::bindings::connector::sensor::aws::{
    account, acm, batch, organizations, secrets_manager, sts, types as aws,
};
use crate::bindings::connector::sensor::core::types::{Error, Tag};
use crate::model::time::Millis;
use std::sync::Arc;
use wasmtime::Result as Trap;
use wasmtime::component::{Resource, ResourceTable};

/// One instance's view of it. Implements the contract's `sensor:aws` interfaces and `sensor:auth/credentials`.
pub struct AwsView<'a> {
    pub capability: &'a Arc<AwsCapability>,
    pub table: &'a mut ResourceTable,
}

type Handle = Resource<Session>;
type Answer<T> = Trap<Result<T, Error>>;

impl AwsView<'_> {
    pub(super) fn session(&self, handle: &Handle) -> Trap<Session> {
        Ok(self.table.get(handle)?.clone())
    }

    fn lend(&mut self, session: Result<Session, Error>) -> Answer<Handle> {
        match session {
            Ok(session) => Ok(Ok(self.table.push(session)?)),
            Err(error) => Ok(Err(error)),
        }
    }
}

impl aws::Host for AwsView<'_> {}

impl credentials::Host for AwsView<'_> {
    async fn base(&mut self) -> Answer<Handle> {
        let base = self.capability.base().clone();
        self.lend(Ok(base))
    }
}

impl credentials::HostSession for AwsView<'_> {
    async fn account(&mut self, handle: Handle) -> Trap<String> {
        Ok(self.session(&handle)?.account().to_owned())
    }
    async fn principal(&mut self, handle: Handle) -> Trap<String> {
        Ok(self.session(&handle)?.principal().to_owned())
    }
    async fn partition(&mut self, handle: Handle) -> Trap<String> {
        Ok(self.session(&handle)?.partition().to_owned())
    }
    async fn expires_at(&mut self, handle: Handle) -> Trap<Option<Millis>> {
        Ok(self.session(&handle)?.expires_at())
    }
    async fn drop(&mut self, handle: Handle) -> Trap<()> {
        self.table.delete(handle)?;
        Ok(())
    }
}

impl sts::Host for AwsView<'_> {
    async fn get_caller_identity(&mut self, handle: Handle) -> Answer<aws::CallerIdentity> {
        Ok(self
            .capability
            .get_caller_identity(&self.session(&handle)?)
            .await)
    }
    async fn assume_role(
        &mut self,
        handle: Handle,
        request: aws::AssumeRoleRequest,
    ) -> Answer<Handle> {
        let assumed = self
            .capability
            .assume_role(&self.session(&handle)?, request)
            .await;
        self.lend(assumed)
    }
}

impl organizations::Host for AwsView<'_> {
    async fn describe_organization(&mut self, handle: Handle) -> Answer<aws::Organization> {
        Ok(self
            .capability
            .describe_organization(&self.session(&handle)?)
            .await)
    }
    async fn describe_account(
        &mut self,
        handle: Handle,
        account_id: String,
    ) -> Answer<aws::Account> {
        Ok(self
            .capability
            .describe_account(&self.session(&handle)?, &account_id)
            .await)
    }
    async fn list_accounts(
        &mut self,
        handle: Handle,
        next: Option<String>,
    ) -> Answer<aws::AccountPage> {
        Ok(self
            .capability
            .list_accounts(&self.session(&handle)?, next.as_deref())
            .await)
    }
    async fn list_roots(&mut self, handle: Handle, next: Option<String>) -> Answer<aws::RootPage> {
        Ok(self
            .capability
            .list_roots(&self.session(&handle)?, next.as_deref())
            .await)
    }
    async fn list_organizational_units_for_parent(
        &mut self,
        handle: Handle,
        parent: String,
        next: Option<String>,
    ) -> Answer<aws::OrganizationalUnitPage> {
        let session = self.session(&handle)?;
        Ok(self
            .capability
            .list_organizational_units_for_parent(&session, &parent, next.as_deref())
            .await)
    }
    async fn list_accounts_for_parent(
        &mut self,
        handle: Handle,
        parent: String,
        next: Option<String>,
    ) -> Answer<aws::AccountPage> {
        Ok(self
            .capability
            .list_accounts_for_parent(&self.session(&handle)?, &parent, next.as_deref())
            .await)
    }
}

impl account::Host for AwsView<'_> {
    async fn list_regions(
        &mut self,
        handle: Handle,
        request: aws::ListRegionsRequest,
    ) -> Answer<aws::RegionPage> {
        Ok(self
            .capability
            .list_regions(&self.session(&handle)?, &request)
            .await)
    }
}

impl acm::Host for AwsView<'_> {
    async fn list_certificates(
        &mut self,
        handle: Handle,
        region: String,
        request: aws::ListCertificatesRequest,
    ) -> Answer<aws::CertificatePage> {
        Ok(self
            .capability
            .list_certificates(&self.session(&handle)?, &region, &request)
            .await)
    }
    async fn search_certificates(
        &mut self,
        handle: Handle,
        region: String,
        request: aws::SearchCertificatesRequest,
    ) -> Answer<aws::CertificatePage> {
        Ok(self
            .capability
            .search_certificates(&self.session(&handle)?, &region, &request)
            .await)
    }
    async fn describe_certificate(
        &mut self,
        handle: Handle,
        region: String,
        arn: String,
    ) -> Answer<aws::CertificateDetail> {
        Ok(self
            .capability
            .describe_certificate(&self.session(&handle)?, &region, &arn)
            .await)
    }
    async fn get_certificate(
        &mut self,
        handle: Handle,
        region: String,
        arn: String,
    ) -> Answer<aws::CertificateBody> {
        Ok(self
            .capability
            .get_certificate(&self.session(&handle)?, &region, &arn)
            .await)
    }
    async fn list_tags_for_certificate(
        &mut self,
        handle: Handle,
        region: String,
        arn: String,
    ) -> Answer<Vec<Tag>> {
        Ok(self
            .capability
            .list_tags_for_certificate(&self.session(&handle)?, &region, &arn)
            .await)
    }
}

impl secrets_manager::Host for AwsView<'_> {
    async fn list_secrets(
        &mut self,
        handle: Handle,
        region: String,
        request: aws::ListSecretsRequest,
    ) -> Answer<aws::SecretPage> {
        Ok(self
            .capability
            .list_secrets(&self.session(&handle)?, &region, &request)
            .await)
    }
    async fn describe_secret(
        &mut self,
        handle: Handle,
        region: String,
        secret_id: String,
    ) -> Answer<aws::SecretDescription> {
        Ok(self
            .capability
            .describe_secret(&self.session(&handle)?, &region, &secret_id)
            .await)
    }
}

impl batch::Host for AwsView<'_> {
    async fn fetch_certificates(
        &mut self,
        handle: Handle,
        region: String,
        wishes: Vec<batch::CertificateWish>,
    ) -> Trap<Vec<batch::CertificateAnswer>> {
        Ok(self
            .capability
            .fetch_certificates(&self.session(&handle)?, &region, &wishes)
            .await)
    }
    async fn assume_roles(
        &mut self,
        handle: Handle,
        requests: Vec<aws::AssumeRoleRequest>,
    ) -> Trap<Vec<Result<Handle, Error>>> {
        let assumed = self
            .capability
            .assume_roles(&self.session(&handle)?, requests)
            .await;
        assumed.into_iter().map(|one| self.lend(one)).collect()
    }
    async fn list_regions_of(
        &mut self,
        asked: Vec<(Handle, aws::ListRegionsRequest)>,
    ) -> Trap<Vec<Result<aws::RegionPage, Error>>> {
        let asked: Vec<_> = asked
            .into_iter()
            .map(|(handle, request)| Ok((self.session(&handle)?, request)))
            .collect::<Trap<_>>()?;
        Ok(self.capability.list_regions_of(&asked).await)
    }
}
