//! What a plugin that delivers may change in AWS, as a trait: the sandbox implements it by the contract's imports.
//! Above: a connector's deliveries. Below: `bindings`.
//! Invariant: a private key is a handle: it can be handed on, not looked into.

use super::{Aws, Sandbox};
use crate::bindings::connector::sensor::auth::keys;
use crate::bindings::connector::sensor::aws::{acm_write, secrets_manager_keys};
use crate::types::aws::{CreateSecretRequest, ImportCertificateRequest};
use crate::types::{Error, Tag};

/// What a private key is, seen from a plugin: a handle.
pub trait PrivateKey {
    /// In ACM's words: RSA_2048, RSA_3072, RSA_4096, EC_prime256v1, EC_secp384r1.
    fn algorithm(&self) -> String;
    /// Its public half: SubjectPublicKeyInfo, DER.
    fn public_key(&self) -> Vec<u8>;
}

/// AWS's operations that change something. The host has checked the request against AWS's limits, and that a
/// certificate is of its key.
#[expect(
    clippy::missing_errors_doc,
    reason = "all alike: the operation's error, classified"
)]
pub trait AwsWrite: Aws {
    /// The handle of a private key.
    type PrivateKey: PrivateKey;

    /// Imports a certificate, or renews one in place; its ARN. After an error of the class `transient` nobody knows
    /// whether it was imported: look before asking again.
    fn import_certificate(
        &self,
        session: &Self::Session,
        region: &str,
        request: &ImportCertificateRequest,
        key: &Self::PrivateKey,
    ) -> Result<String, Error>;
    /// Adds tags, or changes their values.
    fn add_tags_to_certificate(
        &self,
        session: &Self::Session,
        region: &str,
        arn: &str,
        tags: &[Tag],
    ) -> Result<(), Error>;
    /// Deletes a certificate; `conflict` while something uses it.
    fn delete_certificate(
        &self,
        session: &Self::Session,
        region: &str,
        arn: &str,
    ) -> Result<(), Error>;

    /// Parks a key under a name below the sensor's prefix; the secret's ARN. The same again is the same secret.
    fn create_secret(
        &self,
        session: &Self::Session,
        region: &str,
        request: &CreateSecretRequest,
        key: &Self::PrivateKey,
    ) -> Result<String, Error>;
    /// The key that waits under this name.
    fn get_secret_value(
        &self,
        session: &Self::Session,
        region: &str,
        name: &str,
    ) -> Result<Self::PrivateKey, Error>;
    /// Erases it, at once and for good. One that is not there is no error.
    fn delete_secret(&self, session: &Self::Session, region: &str, name: &str)
    -> Result<(), Error>;
}

impl PrivateKey for keys::PrivateKey {
    fn algorithm(&self) -> String {
        keys::PrivateKey::algorithm(self)
    }
    fn public_key(&self) -> Vec<u8> {
        keys::PrivateKey::public_key(self)
    }
}

impl AwsWrite for Sandbox {
    type PrivateKey = keys::PrivateKey;

    fn import_certificate(
        &self,
        session: &Self::Session,
        region: &str,
        request: &ImportCertificateRequest,
        key: &Self::PrivateKey,
    ) -> Result<String, Error> {
        acm_write::import_certificate(session, region, request, key)
    }
    fn add_tags_to_certificate(
        &self,
        session: &Self::Session,
        region: &str,
        arn: &str,
        tags: &[Tag],
    ) -> Result<(), Error> {
        acm_write::add_tags_to_certificate(session, region, arn, tags)
    }
    fn delete_certificate(
        &self,
        session: &Self::Session,
        region: &str,
        arn: &str,
    ) -> Result<(), Error> {
        acm_write::delete_certificate(session, region, arn)
    }
    fn create_secret(
        &self,
        session: &Self::Session,
        region: &str,
        request: &CreateSecretRequest,
        key: &Self::PrivateKey,
    ) -> Result<String, Error> {
        secrets_manager_keys::create_secret(session, region, request, key)
    }
    fn get_secret_value(
        &self,
        session: &Self::Session,
        region: &str,
        name: &str,
    ) -> Result<Self::PrivateKey, Error> {
        secrets_manager_keys::get_secret_value(session, region, name)
    }
    fn delete_secret(
        &self,
        session: &Self::Session,
        region: &str,
        name: &str,
    ) -> Result<(), Error> {
        secrets_manager_keys::delete_secret(session, region, name)
    }
}
