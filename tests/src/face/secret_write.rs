//! Secrets Manager's writes, and the values of secrets: JSON 1.1.
//! Above: `secrets`. Below: the model.
//! Invariant: a value stands in one answer only, that of GetSecretValue.

use super::acm::missing;
use super::acm_write::{TagInput, given};
use super::answer::{Answer, Seconds};
use super::dispatch::{Call, unreadable};
use mock_aws::{Fault, NewSecret, Op, SecretDeletion, SecretNamed, SecretValue, World};
use serde::{Deserialize, Serialize};

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Input {
    secret_id: Option<String>,
    name: Option<String>,
    client_request_token: Option<String>,
    kms_key_id: Option<String>,
    secret_string: Option<String>,
    secret_binary: Option<String>,
    tags: Vec<TagInput>,
    force_delete_without_recovery: bool,
    recovery_window_in_days: Option<i64>,
}

pub(super) fn perform(world: &mut World, call: &Call<'_>) -> Result<Answer, Fault> {
    let input: Input = serde_json::from_slice(call.body).map_err(|error| unreadable(&error))?;
    if call.op == Op::CreateSecret {
        return create(world, call, input);
    }
    let id = input.secret_id.ok_or_else(|| missing("secretId"))?;
    let named = match call.op {
        Op::GetSecretValue => return value(world, call, &id),
        Op::DeleteSecret => {
            let deletion = SecretDeletion {
                id: &id,
                force: input.force_delete_without_recovery,
                window_days: input.recovery_window_in_days,
            };
            world.delete_secret(call.now, call.caller, call.region, &deletion)?
        }
        _ => world.restore_secret(call.now, call.caller, call.region, &id)?,
    };
    Answer::json(call.wire, &Named::of(&named))
}

fn create(world: &mut World, call: &Call<'_>, input: Input) -> Result<Answer, Fault> {
    let name = input.name.ok_or_else(|| missing("name"))?;
    let new = NewSecret {
        name: &name,
        token: input.client_request_token.as_deref(),
        kms_key_id: input.kms_key_id.as_deref(),
        tags: &given(input.tags),
        text: input.secret_string.as_deref(),
        binary: input.secret_binary.as_deref(),
    };
    let named = world.create_secret(call.now, call.caller, call.region, &new)?;
    let version_id = input.client_request_token.as_deref();
    Answer::json(
        call.wire,
        &Named {
            version_id,
            ..Named::of(&named)
        },
    )
}

fn value(world: &mut World, call: &Call<'_>, id: &str) -> Result<Answer, Fault> {
    let content = world.get_secret_value(call.now, call.caller, call.region, id)?;
    let (secret_string, secret_binary) = match &content.value {
        SecretValue::Text(text) => (Some(text.as_str()), None),
        SecretValue::Binary(base64) => (None, Some(base64.as_str())),
    };
    Answer::json(
        call.wire,
        &Content {
            arn: &content.arn,
            name: &content.name,
            version_id: &content.version,
            version_stages: ["AWSCURRENT"],
            secret_string,
            secret_binary,
            created_date: Seconds(content.created_at),
        },
    )
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Named<'a> {
    #[serde(rename = "ARN")]
    arn: &'a str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    version_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deletion_date: Option<Seconds>,
}

impl<'a> Named<'a> {
    fn of(named: &'a SecretNamed) -> Self {
        Self {
            arn: &named.arn,
            name: &named.name,
            version_id: None,
            deletion_date: named.gone_at.map(Seconds),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Content<'a> {
    #[serde(rename = "ARN")]
    arn: &'a str,
    name: &'a str,
    version_id: &'a str,
    version_stages: [&'a str; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_string: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_binary: Option<&'a str>,
    created_date: Seconds,
}
