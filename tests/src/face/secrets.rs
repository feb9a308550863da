//! Secrets Manager: JSON 1.1; what is there, never what is in it.
//! Above: `dispatch`. Below: `secret_write` (values and writes), the model.
//! Invariant: of ListSecrets' filters only a name's prefix is known; another one is refused, never ignored.

use super::acm::{WireTag, missing, page_size, tags_of};
use super::answer::{Answer, Seconds};
use super::dispatch::{Call, unreadable};
use super::secret_write;
use mock_aws::{Fault, Op, World};
use sensor_sdk::types::aws::{ListSecretsRequest, SecretDescription};
use serde::{Deserialize, Serialize};

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Input {
    secret_id: Option<String>,
    include_planned_deletion: bool,
    max_results: Option<i64>,
    next_token: Option<String>,
    filters: Vec<WireFilter>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WireFilter {
    key: String,
    values: Vec<String>,
}

pub(crate) fn perform(world: &mut World, call: &Call<'_>) -> Result<Answer, Fault> {
    if !matches!(call.op, Op::ListSecrets | Op::DescribeSecret) {
        return secret_write::perform(world, call);
    }
    let input: Input = serde_json::from_slice(call.body).map_err(|error| unreadable(&error))?;
    if call.op == Op::DescribeSecret {
        let id = input.secret_id.ok_or_else(|| missing("secretId"))?;
        let secret = world.describe_secret(call.now, call.caller, call.region, &id)?;
        return Answer::json(call.wire, &Secret::of(&secret));
    }
    let request = ListSecretsRequest {
        name_prefix: name_prefix(input.filters)?,
        include_planned_deletion: input.include_planned_deletion,
        max_results: page_size(input.max_results, "maxResults", 100)?,
        next_token: input.next_token,
    };
    let page = world.list_secrets(call.now, call.caller, call.region, &request)?;
    let secret_list = page.secrets.iter().map(Secret::of).collect();
    Answer::json(
        call.wire,
        &Secrets {
            secret_list,
            next_token: page.next_token.as_deref(),
        },
    )
}

fn name_prefix(filters: Vec<WireFilter>) -> Result<Option<String>, Fault> {
    let mut prefix = None;
    for filter in filters {
        let [value] =
            <[String; 1]>::try_from(filter.values).map_err(|_| unknown("several values"))?;
        if filter.key != "name" || prefix.is_some() {
            return Err(unknown(&filter.key));
        }
        prefix = Some(value);
    }
    Ok(prefix)
}

fn unknown(what: &str) -> Fault {
    Fault::validation(format!(
        "The simulated AWS does not know the filter '{what}'."
    ))
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Secrets<'a> {
    secret_list: Vec<Secret<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Secret<'a> {
    #[serde(rename = "ARN")]
    arn: &'a str,
    name: &'a str,
    tags: Vec<WireTag<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_date: Option<Seconds>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted_date: Option<Seconds>,
}

impl<'a> Secret<'a> {
    fn of(secret: &'a SecretDescription) -> Self {
        Self {
            arn: &secret.arn,
            name: &secret.name,
            tags: tags_of(&secret.tags),
            created_date: secret.created_at.map(Seconds),
            deleted_date: secret.deleted_at.map(Seconds),
        }
    }
}
