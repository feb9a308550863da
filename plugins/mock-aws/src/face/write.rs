//! The writes of the mock-host plugin, and what it keeps of them.
//! Above: a host that loaded this component. Below: `face`, `World`.
//! Invariant: of a private key this learns the public half, by its handle; of a secret what the sensor sealed.

use super::{WORLD, call, error, with_world};
use crate::{Import, NewSecret, Op, SecretDeletion, SecretValue, World};
use sensor_sdk::bindings::connector::sensor::auth::credentials::Session;
use sensor_sdk::bindings::connector::sensor::auth::keys::PrivateKey;
use sensor_sdk::bindings::writable_mock_host::exports::sensor::aws::acm_write;
use sensor_sdk::bindings::writable_mock_host::exports::sensor::mock::{journal, secret_values};
use sensor_sdk::types::aws::{CreateSecretRequest, ImportCertificateRequest};
use sensor_sdk::types::{Error, ErrorClass, Tag, Timestamp};

struct Plugin;

sensor_sdk::bindings::writable_mock_host::export_writable_mock_host_world!(
    Plugin with_types_in sensor_sdk::bindings::writable_mock_host
);

impl acm_write::Guest for Plugin {
    fn import_certificate(
        session: &Session,
        region: String,
        request: ImportCertificateRequest,
        key: &PrivateKey,
    ) -> Result<String, Error> {
        let import = Import {
            arn: request.arn.as_deref(),
            certificate: &request.certificate,
            chain: request.chain.as_deref(),
            key: Ok(key.public_key()),
            key_length: None,
            tags: &request.tags,
        };
        call(
            session,
            &region,
            Op::ImportCertificate,
            |world, now, caller| world.import_certificate(now, caller, &region, &import),
        )
    }

    fn add_tags_to_certificate(
        session: &Session,
        region: String,
        arn: String,
        tags: Vec<Tag>,
    ) -> Result<(), Error> {
        call(
            session,
            &region,
            Op::AddTagsToCertificate,
            |world, now, caller| world.add_tags_to_certificate(now, caller, &region, &arn, &tags),
        )
    }

    fn delete_certificate(session: &Session, region: String, arn: String) -> Result<(), Error> {
        call(
            session,
            &region,
            Op::DeleteCertificate,
            |world, now, caller| world.delete_certificate(now, caller, &region, &arn),
        )
    }
}

impl secret_values::Guest for Plugin {
    fn create_secret(
        session: &Session,
        region: String,
        request: CreateSecretRequest,
        value: String,
    ) -> Result<String, Error> {
        let new = NewSecret {
            name: &request.name,
            token: Some(&request.client_request_token),
            kms_key_id: request.kms_key_id.as_deref(),
            tags: &request.tags,
            text: Some(&value),
            binary: None,
        };
        let named = call(session, &region, Op::CreateSecret, |world, now, caller| {
            world.create_secret(now, caller, &region, &new)
        })?;
        Ok(named.arn)
    }

    fn get_secret_value(
        session: &Session,
        region: String,
        secret_id: String,
    ) -> Result<String, Error> {
        let content = call(
            session,
            &region,
            Op::GetSecretValue,
            |world, now, caller| world.get_secret_value(now, caller, &region, &secret_id),
        )?;
        match content.value {
            SecretValue::Text(text) | SecretValue::Binary(text) => Ok(text),
        }
    }

    fn delete_secret(session: &Session, region: String, secret_id: String) -> Result<(), Error> {
        let deletion = SecretDeletion {
            id: &secret_id,
            force: true,
            window_days: None,
        };
        let named = call(session, &region, Op::DeleteSecret, |world, now, caller| {
            world.delete_secret(now, caller, &region, &deletion)
        });
        named.map(drop)
    }
}

impl journal::Guest for Plugin {
    fn take() -> Vec<String> {
        WORLD.with_borrow_mut(|world| world.as_mut().map(World::take_journal).unwrap_or_default())
    }

    fn replay(lines: Vec<String>) -> Result<Option<Timestamp>, Error> {
        with_world(|world| {
            world
                .replay(&lines)
                .map_err(|problems| error(ErrorClass::Config, "journal", &problems.to_string()))
        })
    }
}
