//! SearchCertificates: AWS's filter tree in, X.509 attributes and ACM's metadata out.
//! Above: `acm`. Below: the model, which takes a serial, statuses and types, all at once.
//! Invariant: a filter that the model cannot apply is refused, never ignored.

use super::acm::page_size;
use super::answer::{Answer, Seconds};
use super::dispatch::{Call, unreadable};
use mock_aws::{Fault, World};
use sensor_sdk::types::aws::{CertificateSummary, SearchCertificatesRequest, SearchFilter};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::net::IpAddr;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    filter_statement: Option<Value>,
    max_results: Option<i64>,
    next_token: Option<String>,
}

pub(crate) fn perform(world: &mut World, call: &Call<'_>) -> Result<Answer, Fault> {
    let input: Input = serde_json::from_slice(call.body).map_err(|error| unreadable(&error))?;
    let request = SearchCertificatesRequest {
        filter: input.filter_statement.as_ref().map(filter).transpose()?,
        max_results: page_size(input.max_results, "maxResults", 500)?,
        next_token: input.next_token,
    };
    let page = world.search_certificates(call.now, call.caller, call.region, &request)?;
    let found = Found {
        results: page.certificates.iter().map(Hit::of).collect(),
        next_token: page.next_token.as_deref(),
    };
    Answer::json(call.wire, &found)
}

/// Folds the tree into what the model takes: `And` over filters and over `Or`s of one attribute.
fn filter(statement: &Value) -> Result<SearchFilter, Fault> {
    let mut all = SearchFilter {
        serial_number: None,
        statuses: Vec::new(),
        types: Vec::new(),
    };
    let (kind, content) = member(statement)?;
    match (kind, content) {
        ("And", Value::Array(parts)) => {
            for part in parts {
                merge(&mut all, filter(part)?)?;
            }
        }
        ("Or", Value::Array(parts)) => {
            for part in parts {
                widen(&mut all, filter(part)?)?;
            }
        }
        ("Filter", content) => leaf(&mut all, content)?,
        _ => return Err(too_much(kind)),
    }
    Ok(all)
}

fn leaf(all: &mut SearchFilter, content: &Value) -> Result<(), Fault> {
    let (family, attribute) = member(content)?;
    let (name, value) = member(attribute)?;
    let text = || {
        value
            .as_str()
            .map(str::to_owned)
            .ok_or_else(|| too_much(name))
    };
    match (family, name) {
        ("X509AttributeFilter", "SerialNumber") => all.serial_number = Some(text()?),
        ("AcmCertificateMetadataFilter", "Status") => all.statuses.push(text()?),
        ("AcmCertificateMetadataFilter", "Type") => all.types.push(text()?),
        _ => return Err(too_much(name)),
    }
    Ok(())
}

/// Both hold: each attribute may be bound once.
fn merge(all: &mut SearchFilter, more: SearchFilter) -> Result<(), Fault> {
    let twice = (all.serial_number.is_some() && more.serial_number.is_some())
        || (!all.statuses.is_empty() && !more.statuses.is_empty())
        || (!all.types.is_empty() && !more.types.is_empty());
    if twice {
        return Err(too_much("And over one attribute"));
    }
    all.serial_number = all.serial_number.take().or(more.serial_number);
    all.statuses.extend(more.statuses);
    all.types.extend(more.types);
    Ok(())
}

/// One of them holds: of one attribute, statuses or types.
fn widen(all: &mut SearchFilter, more: SearchFilter) -> Result<(), Fault> {
    all.statuses.extend(more.statuses);
    all.types.extend(more.types);
    let mixed = !all.statuses.is_empty() && !all.types.is_empty();
    if mixed || more.serial_number.is_some() {
        return Err(too_much("Or over several attributes"));
    }
    Ok(())
}

/// The one member of a union.
fn member(union: &Value) -> Result<(&str, &Value), Fault> {
    let mut members = union
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(_, value)| !value.is_null());
    match (members.next(), members.next()) {
        (Some((name, value)), None) => Ok((name, value)),
        _ => Err(Fault::validation("A filter has exactly one member.")),
    }
}

fn too_much(what: &str) -> Fault {
    Fault::validation(format!(
        "The simulated AWS does not know the filter '{what}'."
    ))
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Found<'a> {
    results: Vec<Hit<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Hit<'a> {
    certificate_arn: &'a str,
    #[serde(rename = "X509Attributes")]
    attributes: Attributes<'a>,
    certificate_metadata: Wrapped<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Attributes<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<Subject<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    subject_alternative_names: Vec<GeneralName<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_algorithm: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    serial_number: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_after: Option<Seconds>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_before: Option<Seconds>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Subject<'a> {
    common_name: &'a str,
}

#[derive(Serialize)]
enum GeneralName<'a> {
    DnsName(&'a str),
    IpAddress(&'a str),
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Wrapped<'a> {
    acm_certificate_metadata: Metadata<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Metadata<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<Seconds>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exported: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    imported_at: Option<Seconds>,
    #[serde(skip_serializing_if = "Option::is_none")]
    in_use: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issued_at: Option<Seconds>,
    #[serde(skip_serializing_if = "Option::is_none")]
    renewal_eligibility: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked_at: Option<Seconds>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    renewal_status: Option<&'a str>,
    #[serde(rename = "Type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    export_option: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    managed_by: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate_key_pair_origin: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    validation_method: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    acme_endpoint_arn: Option<&'a str>,
}

impl<'a> Hit<'a> {
    fn of(summary: &'a CertificateSummary) -> Self {
        Self {
            certificate_arn: &summary.arn,
            attributes: Attributes {
                subject: summary
                    .domain_name
                    .as_deref()
                    .map(|common_name| Subject { common_name }),
                subject_alternative_names: summary
                    .subject_alternative_names
                    .iter()
                    .map(|n| general(n))
                    .collect(),
                key_algorithm: summary.key_algorithm.as_deref(),
                serial_number: summary.serial_number.as_deref(),
                not_after: summary.not_after.map(Seconds),
                not_before: summary.not_before.map(Seconds),
            },
            certificate_metadata: Wrapped {
                acm_certificate_metadata: Metadata::of(summary),
            },
        }
    }
}

fn general(name: &str) -> GeneralName<'_> {
    if name.parse::<IpAddr>().is_ok() {
        GeneralName::IpAddress(name)
    } else {
        GeneralName::DnsName(name)
    }
}

impl<'a> Metadata<'a> {
    fn of(summary: &'a CertificateSummary) -> Self {
        Self {
            created_at: summary.created_at.map(Seconds),
            exported: summary.exported,
            imported_at: summary.imported_at.map(Seconds),
            in_use: summary.in_use,
            issued_at: summary.issued_at.map(Seconds),
            renewal_eligibility: summary.renewal_eligibility.as_deref(),
            revoked_at: summary.revoked_at.map(Seconds),
            status: summary.status.as_deref(),
            renewal_status: summary.renewal_status.as_deref(),
            kind: summary.certificate_type.as_deref(),
            export_option: summary.export_option.as_deref(),
            managed_by: summary.managed_by.as_deref(),
            certificate_key_pair_origin: summary.key_pair_origin.as_deref(),
            validation_method: summary.validation_method.as_deref(),
            acme_endpoint_arn: summary.acme_endpoint_arn.as_deref(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_filters() {
        let statement = serde_json::json!({"And": [
            {"Filter": {"X509AttributeFilter": {"SerialNumber": "0a:1b"}}},
            {"Or": [{"Filter": {"AcmCertificateMetadataFilter": {"Status": "ISSUED"}}},
                    {"Filter": {"AcmCertificateMetadataFilter": {"Status": "EXPIRED"}}}]},
            {"Filter": {"AcmCertificateMetadataFilter": {"Type": "IMPORTED"}}}]});
        let folded = filter(&statement).unwrap();
        assert_eq!(folded.serial_number.as_deref(), Some("0a:1b"));
        assert_eq!(folded.statuses, ["ISSUED", "EXPIRED"]);
        assert_eq!(folded.types, ["IMPORTED"]);
    }

    #[test]
    fn refuses_what_it_cannot_apply() {
        let status =
            serde_json::json!({"Filter": {"AcmCertificateMetadataFilter": {"Status": "ISSUED"}}});
        let kind =
            serde_json::json!({"Filter": {"AcmCertificateMetadataFilter": {"Type": "PRIVATE"}}});
        for statement in [
            serde_json::json!({"Not": status}),
            serde_json::json!({"Or": [status, kind]}),
            serde_json::json!({"And": [status, status]}),
            serde_json::json!({"Filter": {"X509AttributeFilter": {"KeyUsage": "ANY"}}}),
            serde_json::json!({"Filter": {"CertificateArn": "arn:aws:acm:us-east-1:111111111111:certificate/x"}}),
            serde_json::json!({}),
        ] {
            assert!(filter(&statement).is_err(), "{statement}");
        }
    }
}
