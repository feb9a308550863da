//! What a delivery changes, as the test scripted it: one function an operation.
//! Above: `fake`. Below: nothing.
//! Invariant: nothing is answered that the test did not write down.

use super::{FakeHost, FakeSession};
use crate::host::{AwsWrite, PrivateKey};
use crate::types::aws::{CreateSecretRequest, ImportCertificateRequest};
use crate::types::{Error, Tag};

/// A private key of the fake: no more of it than a plugin sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FakeKey {
    /// In ACM's words.
    pub algorithm: String,
    /// SubjectPublicKeyInfo, DER.
    pub public_key: Vec<u8>,
}

impl PrivateKey for FakeKey {
    fn algorithm(&self) -> String {
        self.algorithm.clone()
    }
    fn public_key(&self) -> Vec<u8> {
        self.public_key.clone()
    }
}

impl AwsWrite for FakeHost {
    type PrivateKey = FakeKey;

    fn import_certificate(
        &self,
        session: &FakeSession,
        region: &str,
        request: &ImportCertificateRequest,
        _key: &FakeKey,
    ) -> Result<String, Error> {
        let subject = request.arn.as_deref().unwrap_or_default();
        self.ask("ImportCertificate", session, region, subject)
    }
    fn add_tags_to_certificate(
        &self,
        session: &FakeSession,
        region: &str,
        arn: &str,
        _tags: &[Tag],
    ) -> Result<(), Error> {
        self.ask("AddTagsToCertificate", session, region, arn)
    }
    fn delete_certificate(
        &self,
        session: &FakeSession,
        region: &str,
        arn: &str,
    ) -> Result<(), Error> {
        self.ask("DeleteCertificate", session, region, arn)
    }
    fn create_secret(
        &self,
        session: &FakeSession,
        region: &str,
        request: &CreateSecretRequest,
        _key: &FakeKey,
    ) -> Result<String, Error> {
        self.ask("CreateSecret", session, region, &request.name)
    }
    fn get_secret_value(
        &self,
        session: &FakeSession,
        region: &str,
        name: &str,
    ) -> Result<FakeKey, Error> {
        self.ask("GetSecretValue", session, region, name)
    }
    fn delete_secret(&self, session: &FakeSession, region: &str, name: &str) -> Result<(), Error> {
        self.ask("DeleteSecret", session, region, name)
    }
}
