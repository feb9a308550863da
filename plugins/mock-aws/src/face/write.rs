//! The writes of the mock-host plugin. The model does not know them yet, and says so.
//! Above: a host that loaded this component. Below: `face`.
//! Invariant: nothing looks written that is not.

use super::error;
use sensor_sdk::bindings::connector::sensor::auth::credentials::Session;
use sensor_sdk::bindings::connector::sensor::auth::keys::PrivateKey;
use sensor_sdk::bindings::writable_mock_host::exports::sensor::aws::acm_write;
use sensor_sdk::bindings::writable_mock_host::exports::sensor::mock::secret_values;
use sensor_sdk::types::aws::{CreateSecretRequest, ImportCertificateRequest};
use sensor_sdk::types::{Error, ErrorClass, Tag};

struct Plugin;

sensor_sdk::bindings::writable_mock_host::export_writable_mock_host_world!(
    Plugin with_types_in sensor_sdk::bindings::writable_mock_host
);

fn unsupported<T>(operation: &str) -> Result<T, Error> {
    Err(error(
        ErrorClass::Unsupported,
        "unsupported-operation",
        &format!("this simulation does not know {operation}"),
    ))
}

impl acm_write::Guest for Plugin {
    fn import_certificate(
        _: &Session,
        _: String,
        _: ImportCertificateRequest,
        _: &PrivateKey,
    ) -> Result<String, Error> {
        unsupported("acm:ImportCertificate")
    }
    fn add_tags_to_certificate(
        _: &Session,
        _: String,
        _: String,
        _: Vec<Tag>,
    ) -> Result<(), Error> {
        unsupported("acm:AddTagsToCertificate")
    }
    fn delete_certificate(_: &Session, _: String, _: String) -> Result<(), Error> {
        unsupported("acm:DeleteCertificate")
    }
}

impl secret_values::Guest for Plugin {
    fn create_secret(
        _: &Session,
        _: String,
        _: CreateSecretRequest,
        _: String,
    ) -> Result<String, Error> {
        unsupported("secretsmanager:CreateSecret")
    }
    fn get_secret_value(_: &Session, _: String, _: String) -> Result<String, Error> {
        unsupported("secretsmanager:GetSecretValue")
    }
    fn delete_secret(_: &Session, _: String, _: String) -> Result<(), Error> {
        unsupported("secretsmanager:DeleteSecret")
    }
}
