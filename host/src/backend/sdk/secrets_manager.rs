//! AWS Secrets Manager by the SDK: which secrets there are, and the sealed keys among them.
//! Above: `SdkBackend`. Below: aws-sdk-secretsmanager.
//! Invariant: a value goes in and comes out sealed, and leaves no log.

use super::error::from_sdk;
use super::quiet::quietly;
use super::{SdkBackend, foreign, millis};
use crate::backend::Session;
use crate::bindings::connector::sensor::aws::types::{
    CreateSecretRequest, ListSecretsRequest, SecretDescription, SecretPage,
};
use crate::bindings::connector::sensor::core::types::{Error, ErrorClass, Tag};
use aws_sdk_secretsmanager::config::Region;
use aws_sdk_secretsmanager::types::{self, Filter, FilterNameStringType};

fn client(
    backend: &SdkBackend,
    session: &Session,
    region: &str,
) -> Result<aws_sdk_secretsmanager::Client, Error> {
    let made = backend.secrets_manager.get(session, region, |sdk| {
        let region = Region::new(region.to_owned());
        let config = aws_sdk_secretsmanager::config::Builder::from(sdk.config()).region(region);
        aws_sdk_secretsmanager::Client::from_conf(config.build())
    });
    made.ok_or_else(foreign)
}

pub(super) async fn list(
    backend: &SdkBackend,
    session: &Session,
    region: &str,
    request: &ListSecretsRequest,
) -> Result<SecretPage, Error> {
    // The service matches a name by its beginning.
    let prefix = request.name_prefix.as_ref().map(|prefix| {
        vec![
            Filter::builder()
                .key(FilterNameStringType::Name)
                .values(prefix)
                .build(),
        ]
    });
    let call = client(backend, session, region)?
        .list_secrets()
        .include_planned_deletion(request.include_planned_deletion)
        .max_results(i32::try_from(request.max_results.clamp(1, 100)).unwrap_or(100))
        .set_next_token(request.next_token.clone())
        .set_filters(prefix);
    let answer = call.send().await.map_err(|error| from_sdk(error, true))?;
    let secrets = answer
        .secret_list
        .unwrap_or_default()
        .into_iter()
        .map(|secret| SecretDescription {
            arn: secret.arn.unwrap_or_default(),
            name: secret.name.unwrap_or_default(),
            tags: tags(secret.tags),
            created_at: millis(secret.created_date.as_ref()),
            deleted_at: millis(secret.deleted_date.as_ref()),
        });
    Ok(SecretPage {
        secrets: secrets.collect(),
        next_token: answer.next_token,
    })
}

pub(super) async fn describe(
    backend: &SdkBackend,
    session: &Session,
    region: &str,
    id: &str,
) -> Result<SecretDescription, Error> {
    let answer = client(backend, session, region)?
        .describe_secret()
        .secret_id(id)
        .send()
        .await;
    let secret = answer.map_err(|error| from_sdk(error, true))?;
    Ok(SecretDescription {
        arn: secret.arn.unwrap_or_default(),
        name: secret.name.unwrap_or_default(),
        tags: tags(secret.tags),
        created_at: millis(secret.created_date.as_ref()),
        deleted_at: millis(secret.deleted_date.as_ref()),
    })
}

/// Fact 46: the token always.
pub(super) async fn create(
    backend: &SdkBackend,
    session: &Session,
    region: &str,
    request: &CreateSecretRequest,
    sealed: &str,
) -> Result<String, Error> {
    let labels = request
        .tags
        .iter()
        .map(|tag| {
            types::Tag::builder()
                .key(&tag.key)
                .value(&tag.value)
                .build()
        })
        .collect::<Vec<_>>();
    let call = client(backend, session, region)?
        .create_secret()
        .name(&request.name)
        .client_request_token(&request.client_request_token)
        .set_description(request.description.clone())
        .set_kms_key_id(request.kms_key_id.clone())
        .set_tags(Some(labels).filter(|labels| !labels.is_empty()))
        .secret_string(sealed);
    let answer = quietly(call.send()).await;
    let answer = answer.map_err(|error| from_sdk(error, true))?;
    answer.arn.ok_or_else(|| without("an ARN"))
}

pub(super) async fn value(
    backend: &SdkBackend,
    session: &Session,
    region: &str,
    id: &str,
) -> Result<String, Error> {
    let call = client(backend, session, region)?
        .get_secret_value()
        .secret_id(id);
    let answer = quietly(call.send()).await;
    let answer = answer.map_err(|error| from_sdk(error, true))?;
    answer.secret_string.ok_or_else(|| without("a text"))
}

/// Fact 48: without the window in which it could be restored.
pub(super) async fn delete(
    backend: &SdkBackend,
    session: &Session,
    region: &str,
    id: &str,
) -> Result<(), Error> {
    let call = client(backend, session, region)?
        .delete_secret()
        .secret_id(id)
        .force_delete_without_recovery(true);
    let answer = call.send().await;
    answer.map(drop).map_err(|error| from_sdk(error, true))
}

fn without(what: &str) -> Error {
    Error {
        class: ErrorClass::InvalidResponse,
        code: "invalid-response".to_owned(),
        message: format!("Secrets Manager answered without {what}"),
        ..foreign()
    }
}

fn tags(tags: Option<Vec<types::Tag>>) -> Vec<Tag> {
    let tags = tags.unwrap_or_default().into_iter();
    tags.map(|tag| Tag {
        key: tag.key.unwrap_or_default(),
        value: tag.value.unwrap_or_default(),
    })
    .collect()
}
