//! The numbered facts about reading ACM, at the model's own interface.
//! Above: nothing. Below: `common`, the scenarios of the workspace.
//! Invariant: one test a fact, named by its number.
#![allow(clippy::unwrap_used, reason = "a test may stop")]

mod common;

use common::{exact, list_all, list_default, scenario, search_all, walk};
use mock_aws::{Fault, World};
use sensor_sdk::types::ErrorClass;
use sensor_sdk::types::aws::{CertificateSummary, SearchFilter};
use std::collections::{BTreeMap, BTreeSet};

const EAST: &str = "us-east-1";

/// All certificates, by domain.
fn by_name(world: &mut World) -> BTreeMap<String, CertificateSummary> {
    let (base, start) = (world.base(), world.start());
    let all = walk(world, start, &base, EAST, 1000).unwrap();
    all.into_iter()
        .map(|summary| (summary.domain_name.clone().unwrap_or_default(), summary))
        .collect()
}

fn code<T: std::fmt::Debug>(answer: Result<T, Fault>) -> String {
    answer.unwrap_err().code
}

#[test]
fn fact_01_default_hiding() {
    let mut world = scenario("fact-01-default-hiding");
    let (base, now) = (world.base(), world.start());
    let shown = world
        .list_certificates(now, &base, EAST, &list_default())
        .unwrap();
    let names: Vec<_> = shown
        .certificates
        .iter()
        .filter_map(|c| c.domain_name.as_deref())
        .collect();
    assert_eq!(names, ["a.example.com", "b.example.com"]);
    assert_eq!(walk(&mut world, now, &base, EAST, 1000).unwrap().len(), 9);
    let mut keys_only = list_all(1000, None);
    keys_only.key_pair_origins.clear();
    let page = world
        .list_certificates(now, &base, EAST, &keys_only)
        .unwrap();
    assert_eq!(page.certificates.len(), 8, "ACME stays hidden");
    assert_eq!(
        world
            .search_certificates(now, &base, EAST, &search_all(0, None))
            .unwrap()
            .certificates
            .len(),
        9
    );
}

#[test]
fn fact_02_old_region() {
    let mut world = scenario("fact-02-old-region");
    let (base, now) = (world.base(), world.start());
    let fault = world
        .list_certificates(now, &base, EAST, &list_all(100, None))
        .unwrap_err();
    assert_eq!(
        (fault.code.as_str(), fault.status),
        ("ValidationException", 400)
    );
    assert!(
        fault.message.contains("CertificateKeyPairOrigins"),
        "{fault}"
    );
    let mut without = list_all(100, None);
    without.key_pair_origins.clear();
    assert!(world.list_certificates(now, &base, EAST, &without).is_ok());
    let fault = world
        .search_certificates(now, &base, EAST, &search_all(100, None))
        .unwrap_err();
    assert_eq!(
        (fault.code.as_str(), fault.class),
        ("UnknownOperationException", ErrorClass::Unsupported)
    );
    let mut wrong = list_all(100, None);
    wrong.key_pair_origins.clear();
    wrong.key_types.push("RSA_8192".to_owned());
    let fault = world
        .list_certificates(now, &base, EAST, &wrong)
        .unwrap_err();
    assert!(
        fault.message.contains("EC_secp521r1"),
        "names the accepted set: {fault}"
    );
}

#[test]
fn fact_03_bodies_by_status() {
    let mut world = scenario("fact-03-no-body-yet");
    let (base, now) = (world.base(), world.start());
    let all = by_name(&mut world);
    assert_eq!(
        all.values()
            .filter_map(|c| c.status.as_deref())
            .collect::<BTreeSet<_>>()
            .len(),
        7
    );
    for (name, summary) in &all {
        let body = world.get_certificate(now, &base, EAST, &summary.arn);
        match name.as_str() {
            "pending.example.com" => assert_eq!(code(body), "RequestInProgressException"),
            "late.example.com" | "failed.example.com" => {
                assert_eq!(code(body), "ResourceNotFoundException");
            }
            _ => assert!(
                body.unwrap()
                    .certificate
                    .starts_with("-----BEGIN CERTIFICATE-----\n")
            ),
        }
    }
    let failed = world
        .describe_certificate(now, &base, EAST, &all["failed.example.com"].arn)
        .unwrap();
    assert!(
        failed.failure_reason.is_some() && failed.serial.is_none() && failed.not_after.is_none()
    );
}

#[test]
fn fact_04_paging() {
    let mut world = scenario("fact-04-paging");
    let (base, now) = (world.base(), world.start());
    let all = walk(&mut world, now, &base, EAST, 1000).unwrap();
    assert_eq!(
        all.iter().map(|c| &c.arn).collect::<BTreeSet<_>>().len(),
        1250
    );
    assert_eq!(world.calls(), [("ListCertificates".to_owned(), 2)]);
    let small = walk(&mut world, now, &base, EAST, 7).unwrap();
    assert_eq!(all, small);
    assert_eq!(
        code(world.list_certificates(now, &base, EAST, &list_all(1001, None))),
        "ValidationException"
    );
    assert_eq!(
        code(world.search_certificates(now, &base, EAST, &search_all(501, None))),
        "ValidationException"
    );
    let first = world
        .list_certificates(now, &base, EAST, &list_all(1000, None))
        .unwrap();
    let mut other = list_all(1000, first.next_token);
    other.key_types.pop();
    assert_eq!(
        code(world.list_certificates(now, &base, EAST, &other)),
        "ValidationException",
        "a token of another request"
    );
}

#[test]
fn fact_04_search_pages_and_filters() {
    let mut world = scenario("fact-04-paging");
    let (base, now) = (world.base(), world.start());
    let (mut all, mut token) = (Vec::new(), None);
    loop {
        let page = world
            .search_certificates(now, &base, EAST, &search_all(500, token))
            .unwrap();
        all.extend(page.certificates);
        token = page.next_token;
        if token.is_none() {
            break;
        }
    }
    assert_eq!(all.len(), 1250);
    let wanted = all.iter().find(|c| c.serial_number.is_some()).unwrap();
    let filter = |serial: Option<String>, types: &[&str]| SearchFilter {
        serial_number: serial,
        statuses: Vec::new(),
        types: types.iter().map(|word| (*word).to_owned()).collect(),
    };
    let mut request = search_all(500, None);
    request.filter = Some(filter(
        wanted.serial_number.clone().map(|s| s.to_uppercase()),
        &[],
    ));
    let found = world
        .search_certificates(now, &base, EAST, &request)
        .unwrap()
        .certificates;
    assert!(found.iter().any(|c| c.arn == wanted.arn) && found.len() < 3);
    request.filter = Some(filter(None, &["PRIVATE"]));
    let found = world
        .search_certificates(now, &base, EAST, &request)
        .unwrap()
        .certificates;
    assert!(
        !found.is_empty()
            && found
                .iter()
                .all(|c| c.certificate_type.as_deref() == Some("PRIVATE"))
    );
}

#[test]
fn fact_05_first_hundred_names() {
    let mut world = scenario("fact-05-many-names");
    let (base, now) = (world.base(), world.start());
    let all = by_name(&mut world);
    let few = &all["few.example.com"];
    assert!(
        !few.has_additional_subject_alternative_names && few.subject_alternative_names.len() == 100
    );
    let lots = &all["lots.example.com"];
    assert!(
        lots.has_additional_subject_alternative_names
            && lots.subject_alternative_names.len() == 100
    );
    let detail = world
        .describe_certificate(now, &base, EAST, &lots.arn)
        .unwrap();
    assert_eq!(detail.subject_alternative_names.len(), 250);
}

#[test]
fn fact_06_domains_and_dates() {
    let mut world = scenario("fact-06-no-domain");
    let all = by_name(&mut world);
    assert!(all.contains_key("") && all.contains_key("-"));
    let (imported, issued) = (&all["imported.example.com"], &all["issued.example.com"]);
    assert!(imported.imported_at.is_some() && imported.issued_at.is_none());
    assert!(issued.issued_at.is_some() && issued.imported_at.is_none());
    let pending = &all["pending.example.com"];
    assert!(
        pending.created_at.is_some() && pending.not_before.is_none() && pending.issued_at.is_none()
    );
}

#[test]
fn fact_07_key_spelling() {
    let mut world = scenario("fact-07-key-spelling");
    let (base, now) = (world.base(), world.start());
    let all = by_name(&mut world);
    let rsa = &all["a.example.com"];
    assert_eq!(rsa.key_algorithm.as_deref(), Some("RSA_2048"));
    let detail = world
        .describe_certificate(now, &base, EAST, &rsa.arn)
        .unwrap();
    assert_eq!(detail.key_algorithm.as_deref(), Some("RSA-2048"));
    let detail = world
        .describe_certificate(now, &base, EAST, &all["b.example.com"].arn)
        .unwrap();
    assert_eq!(detail.key_algorithm.as_deref(), Some("EC_prime256v1"));
}

#[test]
fn fact_08_real_rates() {
    let mut world = scenario("fact-08-real-rates");
    let (base, now) = (world.base(), world.start());
    let arn = world
        .list_certificates(now, &base, EAST, &list_all(10, None))
        .unwrap()
        .certificates[0]
        .arn
        .clone();
    let fault = world
        .list_certificates(now + 500, &base, EAST, &list_all(10, None))
        .unwrap_err();
    assert_eq!(
        (fault.code.as_str(), fault.status, fault.class),
        ("ThrottlingException", 400, ErrorClass::Throttled)
    );
    assert!(
        world
            .list_certificates(now + 1000, &base, EAST, &list_all(10, None))
            .is_ok()
    );
    let mut passed = |ms: i64| {
        (0..50)
            .filter(|_| {
                world
                    .describe_certificate(now + ms, &base, EAST, &arn)
                    .is_ok()
            })
            .count()
    };
    assert_eq!(passed(5_000), 10);
    assert_eq!(passed(5_500), 5);
    assert_eq!(passed(60_000), 10, "a bucket holds one second's worth");
    let mut off = exact("name = \"x\"\nrates = \"off\"\n[[account]]\nname = \"one\"");
    let base = off.base();
    assert!((0..50).all(|_| {
        off.list_certificates(now, &base, EAST, &list_all(10, None))
            .is_ok()
    }));
}

#[test]
fn fact_09_reimport_keeps_the_arn() {
    let mut world = scenario("fact-09-reimport");
    let (base, now) = (world.base(), world.start());
    let arn = by_name(&mut world)["rotated.example.com"].arn.clone();
    let before = world.describe_certificate(now, &base, EAST, &arn).unwrap();
    let after = world
        .describe_certificate(now + 3_600_000, &base, EAST, &arn)
        .unwrap();
    assert_ne!(before.serial, after.serial);
    assert!(after.not_after > before.not_after && after.imported_at > before.imported_at);
    assert_eq!(before.created_at, after.created_at);
}

#[test]
fn fact_10_in_use_elsewhere() {
    let mut world = scenario("fact-10-in-use-elsewhere");
    let (base, now) = (world.base(), world.start());
    let all = by_name(&mut world);
    let used = |world: &mut World, name: &str| {
        world
            .describe_certificate(now, &base, EAST, &all[name].arn)
            .unwrap()
    };
    assert!(used(&mut world, "api.example.com").in_use_by[0].contains("999988887777"));
    assert!(used(&mut world, "enclave.example.com").in_use_by[0].contains(":role/"));
    assert_eq!(
        used(&mut world, "cdn.example.com").managed_by.as_deref(),
        Some("CLOUDFRONT")
    );
    assert_eq!(all["idle.example.com"].in_use, Some(false));
}

#[test]
fn fact_11_types_and_renewals() {
    let mut world = scenario("fact-11-types");
    let (base, now) = (world.base(), world.start());
    let all = by_name(&mut world);
    let detail = |world: &mut World, name: &str| {
        world
            .describe_certificate(now, &base, EAST, &all[name].arn)
            .unwrap()
    };
    assert_eq!(
        detail(&mut world, "imported.example.com")
            .renewal_eligibility
            .as_deref(),
        Some("INELIGIBLE")
    );
    assert_eq!(
        detail(&mut world, "renewing.example.com")
            .renewal_status
            .as_deref(),
        Some("PENDING_AUTO_RENEWAL")
    );
    assert!(
        detail(&mut world, "stuck.example.com")
            .renewal_status_reason
            .is_some()
    );
    assert!(
        detail(&mut world, "private.example.com")
            .certificate_authority_arn
            .is_some()
    );
}

#[test]
fn fact_12_revoked() {
    let mut world = scenario("fact-12-revoked");
    let (base, now) = (world.base(), world.start());
    let arn = by_name(&mut world)["revoked.example.com"].arn.clone();
    let detail = world.describe_certificate(now, &base, EAST, &arn).unwrap();
    assert!(detail.revoked_at.is_some() && detail.revocation_reason.is_some());
    assert!(world.get_certificate(now, &base, EAST, &arn).is_ok());
}

#[test]
fn fact_13_same_certificate() {
    let world = scenario("fact-13-same-certificate");
    let placed: Vec<_> = world.truth(world.start()).collect();
    assert_eq!(
        placed.iter().map(|p| &p.arn).collect::<BTreeSet<_>>().len(),
        4
    );
    assert_eq!(
        placed
            .iter()
            .map(mock_aws::Placed::sha256)
            .collect::<BTreeSet<_>>()
            .len(),
        1
    );
}

#[test]
fn tags_and_foreign_arns() {
    let mut world = exact(
        "name = \"x\"\nrates = \"off\"\n[[account]]\nname = \"one\"\ncertificate = [{ tags = { owner = \"pki\" } }]\n[[account]]\nname = \"two\"\ncertificates = 1",
    );
    let (base, now) = (world.base(), world.start());
    let placed: Vec<_> = world.truth(now).collect();
    let tags = world
        .list_tags_for_certificate(now, &base, EAST, &placed[0].arn)
        .unwrap();
    assert_eq!(
        (tags[0].key.as_str(), tags[0].value.as_str()),
        ("owner", "pki")
    );
    assert_eq!(
        code(world.describe_certificate(now, &base, EAST, &placed[1].arn)),
        "ResourceNotFoundException"
    );
    assert_eq!(
        code(world.describe_certificate(now, &base, EAST, "nonsense")),
        "InvalidArnException"
    );
}
