//! The contract's interfaces that take or give keys, for one plugin instance.
//! Above: `plugin` links it. Below: [`AwsCapability`](super::AwsCapability).
//! Invariant: a guest sees of a key its algorithm and its public half, and nothing else.

use super::AwsView;
use crate::backend::{PrivateKey, Session};
use crate::bindings::connector::sensor::auth::keys;
use crate::bindings::connector::sensor::aws::{acm_write, secrets_manager_keys, types as aws};
use crate::bindings::connector::sensor::core::types::{Error, Tag};
use wasmtime::Result as Trap;
use wasmtime::component::Resource;

type Handle = Resource<Session>;
type Key = Resource<PrivateKey>;
type Answer<T> = Trap<Result<T, Error>>;

impl AwsView<'_> {
    fn key(&self, handle: &Key) -> Trap<PrivateKey> {
        Ok(self.table.get(handle)?.clone())
    }
}

impl keys::Host for AwsView<'_> {}

impl keys::HostPrivateKey for AwsView<'_> {
    async fn algorithm(&mut self, handle: Key) -> Trap<String> {
        Ok(self.key(&handle)?.algorithm().to_owned())
    }
    async fn public_key(&mut self, handle: Key) -> Trap<Vec<u8>> {
        Ok(self.key(&handle)?.public_key().to_vec())
    }
    async fn drop(&mut self, handle: Key) -> Trap<()> {
        self.table.delete(handle)?;
        Ok(())
    }
}

impl acm_write::Host for AwsView<'_> {
    async fn import_certificate(
        &mut self,
        handle: Handle,
        region: String,
        request: aws::ImportCertificateRequest,
        key: Key,
    ) -> Answer<String> {
        let (session, key) = (self.session(&handle)?, self.key(&key)?);
        Ok(self
            .capability
            .import_certificate(&session, &region, &request, &key)
            .await)
    }
    async fn add_tags_to_certificate(
        &mut self,
        handle: Handle,
        region: String,
        arn: String,
        tags: Vec<Tag>,
    ) -> Answer<()> {
        Ok(self
            .capability
            .add_tags_to_certificate(&self.session(&handle)?, &region, &arn, &tags)
            .await)
    }
    async fn delete_certificate(
        &mut self,
        handle: Handle,
        region: String,
        arn: String,
    ) -> Answer<()> {
        Ok(self
            .capability
            .delete_certificate(&self.session(&handle)?, &region, &arn)
            .await)
    }
}

impl secrets_manager_keys::Host for AwsView<'_> {
    async fn create_secret(
        &mut self,
        handle: Handle,
        region: String,
        request: aws::CreateSecretRequest,
        key: Key,
    ) -> Answer<String> {
        let (session, key) = (self.session(&handle)?, self.key(&key)?);
        Ok(self
            .capability
            .create_secret(&session, &region, &request, &key)
            .await)
    }
    async fn get_secret_value(
        &mut self,
        handle: Handle,
        region: String,
        secret_id: String,
    ) -> Answer<Key> {
        let found = self
            .capability
            .get_secret_value(&self.session(&handle)?, &region, &secret_id)
            .await;
        match found {
            Ok(key) => Ok(Ok(self.table.push(key)?)),
            Err(error) => Ok(Err(error)),
        }
    }
    async fn delete_secret(
        &mut self,
        handle: Handle,
        region: String,
        secret_id: String,
    ) -> Answer<()> {
        Ok(self
            .capability
            .delete_secret(&self.session(&handle)?, &region, &secret_id)
            .await)
    }
}
