//! ACM's writes: JSON 1.1.
//! Above: `acm`. Below: the model, `key`.
//! Invariant: of a private key the model learns the public half.

use super::acm::missing;
use super::answer::Answer;
use super::dispatch::{Call, unreadable};
use super::key::public_half;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mock_aws::{Fault, Import, Op, World};
use sensor_sdk::types::{ErrorClass, Tag};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

pub(super) fn perform(world: &mut World, call: &Call<'_>) -> Result<Answer, Fault> {
    if call.op == Op::ImportCertificate {
        return import(world, call);
    }
    let Input {
        certificate_arn,
        tags,
    } = serde_json::from_slice(call.body).map_err(|error| unreadable(&error))?;
    let arn = certificate_arn.ok_or_else(|| missing("certificateArn"))?;
    match call.op {
        Op::AddTagsToCertificate => {
            let tags = given(tags);
            world.add_tags_to_certificate(call.now, call.caller, call.region, &arn, &tags)?;
        }
        Op::RemoveTagsFromCertificate => {
            let tags: Vec<_> = tags.into_iter().map(|tag| (tag.key, tag.value)).collect();
            world.remove_tags_from_certificate(call.now, call.caller, call.region, &arn, &tags)?;
        }
        _ => world.delete_certificate(call.now, call.caller, call.region, &arn)?,
    }
    Answer::json(call.wire, &serde_json::json!({}))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    certificate_arn: Option<String>,
    #[serde(default)]
    tags: Vec<TagInput>,
}

/// A tag as a client writes it.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct TagInput {
    key: String,
    value: Option<String>,
}

/// Tags without a value have an empty one.
pub(super) fn given(tags: Vec<TagInput>) -> Vec<Tag> {
    let tag = |TagInput { key, value }| Tag {
        key,
        value: value.unwrap_or_default(),
    };
    tags.into_iter().map(tag).collect()
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ImportInput {
    certificate_arn: Option<String>,
    certificate: Option<String>,
    private_key: Option<Zeroizing<String>>,
    certificate_chain: Option<String>,
    #[serde(default)]
    tags: Vec<TagInput>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Imported<'a> {
    certificate_arn: &'a str,
}

fn import(world: &mut World, call: &Call<'_>) -> Result<Answer, Fault> {
    let input: ImportInput =
        serde_json::from_slice(call.body).map_err(|error| unreadable(&error))?;
    let certificate = input.certificate.ok_or_else(|| missing("certificate"))?;
    let private_key = input.private_key.ok_or_else(|| missing("privateKey"))?;
    let key = Zeroizing::new(blob(&private_key)?);
    let certificate = text(&certificate)?;
    let chain = input
        .certificate_chain
        .map(|chain| text(&chain))
        .transpose()?;
    let import = Import {
        arn: input.certificate_arn.as_deref(),
        certificate: &certificate,
        chain: chain.as_deref(),
        key: public_half(&key),
        key_length: Some(key.len()),
        tags: &given(input.tags),
    };
    drop(private_key);
    let arn = world.import_certificate(call.now, call.caller, call.region, &import)?;
    Answer::json(
        call.wire,
        &Imported {
            certificate_arn: &arn,
        },
    )
}

fn blob(base64: &str) -> Result<Vec<u8>, Fault> {
    STANDARD.decode(base64).map_err(|error| {
        Fault::new(
            ErrorClass::Unsupported,
            400,
            "SerializationException",
            error.to_string(),
        )
    })
}

/// PEM is text; what is none will not be PEM either.
fn text(base64: &str) -> Result<String, Fault> {
    Ok(String::from_utf8_lossy(&blob(base64)?).into_owned())
}
