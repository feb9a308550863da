//! ACM: JSON 1.1.
//! Above: `dispatch`. Below: `search` (filters and results of SearchCertificates), `acm_write`, the model.
//! Invariant: a field that the model leaves empty is left out, as AWS does.

use super::answer::{Answer, Seconds};
use super::detail::Detail;
use super::dispatch::{Call, unreadable};
use super::{acm_write, search};
use mock_aws::{Fault, Op, World};
use sensor_sdk::types::Tag;
use sensor_sdk::types::aws::{CertificatePage, CertificateSummary, ListCertificatesRequest};
use serde::{Deserialize, Serialize};

pub(crate) fn perform(world: &mut World, call: &Call<'_>) -> Result<Answer, Fault> {
    match call.op {
        Op::ListCertificates => list(world, call),
        Op::SearchCertificates => search::perform(world, call),
        Op::DescribeCertificate => {
            let arn = arn(call)?;
            let detail = world.describe_certificate(call.now, call.caller, call.region, &arn)?;
            Answer::json(
                call.wire,
                &Described {
                    certificate: Detail::of(&detail),
                },
            )
        }
        Op::GetCertificate => {
            let arn = arn(call)?;
            let body = world.get_certificate(call.now, call.caller, call.region, &arn)?;
            let (certificate, certificate_chain) = (&body.certificate, body.chain.as_deref());
            Answer::json(
                call.wire,
                &Got {
                    certificate,
                    certificate_chain,
                },
            )
        }
        Op::ImportCertificate
        | Op::AddTagsToCertificate
        | Op::RemoveTagsFromCertificate
        | Op::DeleteCertificate => acm_write::perform(world, call),
        _ => {
            let arn = arn(call)?;
            let tags = world.list_tags_for_certificate(call.now, call.caller, call.region, &arn)?;
            Answer::json(
                call.wire,
                &Tagged {
                    tags: tags_of(&tags),
                },
            )
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OneArn {
    certificate_arn: Option<String>,
}

fn arn(call: &Call<'_>) -> Result<String, Fault> {
    let request: OneArn = serde_json::from_slice(call.body).map_err(|error| unreadable(&error))?;
    request
        .certificate_arn
        .ok_or_else(|| missing("certificateArn"))
}

/// What AWS says about a member that has to be there.
pub(crate) fn missing(member: &str) -> Fault {
    Fault::validation(format!(
        "1 validation error detected: Value null at '{member}' failed to satisfy constraint: Member must not be null"
    ))
}

/// A page's size: 0 where it is left to AWS.
pub(crate) fn page_size(given: Option<i64>, member: &str, largest: u32) -> Result<u32, Fault> {
    let Some(given) = given else { return Ok(0) };
    let bound = if given < 1 {
        format!("greater than or equal to {}", 1)
    } else {
        format!("less than or equal to {largest}")
    };
    let size = u32::try_from(given)
        .ok()
        .filter(|size| (1..=largest).contains(size));
    size.ok_or_else(|| {
        Fault::validation(format!(
            "1 validation error detected: Value '{given}' at '{member}' failed to satisfy constraint: Member must have \
             value {bound}"
        ))
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListInput {
    #[serde(default)]
    certificate_statuses: Vec<String>,
    #[serde(default)]
    certificate_key_pair_origins: Vec<String>,
    #[serde(default)]
    includes: Includes,
    next_token: Option<String>,
    max_items: Option<i64>,
    sort_by: Option<String>,
    sort_order: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Includes {
    #[serde(default)]
    key_types: Vec<String>,
}

fn list(world: &mut World, call: &Call<'_>) -> Result<Answer, Fault> {
    let input: ListInput = serde_json::from_slice(call.body).map_err(|error| unreadable(&error))?;
    if input.sort_by.is_some() != input.sort_order.is_some() {
        return Err(Fault::validation(
            "SortBy and SortOrder must be specified together.",
        ));
    }
    let request = ListCertificatesRequest {
        key_types: input.includes.key_types,
        key_pair_origins: input.certificate_key_pair_origins,
        statuses: input.certificate_statuses,
        max_items: page_size(input.max_items, "maxItems", 1000)?,
        next_token: input.next_token,
    };
    let page = world.list_certificates(call.now, call.caller, call.region, &request)?;
    Answer::json(call.wire, &Listed::of(&page))
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Listed<'a> {
    certificate_summary_list: Vec<Summary<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<&'a str>,
}

impl<'a> Listed<'a> {
    fn of(page: &'a CertificatePage) -> Self {
        Self {
            certificate_summary_list: page.certificates.iter().map(Summary::of).collect(),
            next_token: page.next_token.as_deref(),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Summary<'a> {
    certificate_arn: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    domain_name: Option<&'a str>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    subject_alternative_name_summaries: &'a [String],
    has_additional_subject_alternative_names: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'a str>,
    #[serde(rename = "Type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_algorithm: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    export_option: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    in_use: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exported: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    renewal_eligibility: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_before: Option<Seconds>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_after: Option<Seconds>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<Seconds>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issued_at: Option<Seconds>,
    #[serde(skip_serializing_if = "Option::is_none")]
    imported_at: Option<Seconds>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked_at: Option<Seconds>,
    #[serde(skip_serializing_if = "Option::is_none")]
    managed_by: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate_key_pair_origin: Option<&'a str>,
}

impl<'a> Summary<'a> {
    fn of(summary: &'a CertificateSummary) -> Self {
        Self {
            certificate_arn: &summary.arn,
            domain_name: summary.domain_name.as_deref(),
            subject_alternative_name_summaries: &summary.subject_alternative_names,
            has_additional_subject_alternative_names: summary
                .has_additional_subject_alternative_names,
            status: summary.status.as_deref(),
            kind: summary.certificate_type.as_deref(),
            key_algorithm: summary.key_algorithm.as_deref(),
            export_option: summary.export_option.as_deref(),
            in_use: summary.in_use,
            exported: summary.exported,
            renewal_eligibility: summary.renewal_eligibility.as_deref(),
            not_before: summary.not_before.map(Seconds),
            not_after: summary.not_after.map(Seconds),
            created_at: summary.created_at.map(Seconds),
            issued_at: summary.issued_at.map(Seconds),
            imported_at: summary.imported_at.map(Seconds),
            revoked_at: summary.revoked_at.map(Seconds),
            managed_by: summary.managed_by.as_deref(),
            certificate_key_pair_origin: summary.key_pair_origin.as_deref(),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Got<'a> {
    certificate: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate_chain: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Tagged<'a> {
    tags: Vec<WireTag<'a>>,
}

/// A tag, as every service but Organizations' policies writes it.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct WireTag<'a> {
    key: &'a str,
    value: &'a str,
}

pub(crate) fn tags_of(tags: &[Tag]) -> Vec<WireTag<'_>> {
    tags.iter()
        .map(|tag| WireTag {
            key: &tag.key,
            value: &tag.value,
        })
        .collect()
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Described<'a> {
    certificate: Detail<'a>,
}
