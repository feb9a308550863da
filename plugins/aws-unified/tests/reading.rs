//! Reading: section 3a of the facts, one test a fact.

mod common;

use common::{Cloud, HOUR, named};
use sensor_sdk::types::{CertificateSource, CertificateStatus, ErrorClass};

const ONE_OF_EACH_KEY: &str = r#"
rates = "off"
[[account]]
name = "one"
certificate = [
  { name = "a.example.com", key = "RSA_1024" },
  { name = "b.example.com", key = "RSA_2048" },
  { name = "c.example.com", key = "RSA_3072" },
  { name = "d.example.com", key = "RSA_4096" },
  { name = "e.example.com", key = "EC_prime256v1" },
  { name = "f.example.com", key = "EC_secp384r1" },
  { name = "g.example.com", key = "EC_secp521r1" },
  { name = "h.example.com", key = "RSA_2048", origin = "ACME" },
  { no_domain = true, key = "RSA_2048" },
]
"#;

/// A scenario of one account with so many certificates, all of them valid.
fn many(count: u32, more: &str) -> String {
    format!(
        "rates = \"off\"\n[[account]]\nname = \"one\"\ncertificates = {count}\n\
         mix = {{ statuses = {{ ISSUED = 1 }}, expiry = {{ later = 1 }} }}\n{more}"
    )
}

#[test]
fn fact_01_nothing_is_hidden_by_a_default() {
    for read in ["search", "list", "auto"] {
        let cloud = Cloud::new(
            ONE_OF_EACH_KEY,
            &format!(r#""scope": "account", "read": "{read}""#),
        );
        let run = cloud.must_import();
        assert_eq!(run.certificates.len(), 9, "{read}");
        cloud.holds_the_truth(&run);
    }
}

#[test]
fn fact_02_a_region_that_does_not_know_a_value_is_asked_without_it() {
    for values in [
        "\"CertificateKeyPairOrigins\"",
        "\"ACME\"",
        "\"EC_secp521r1\", \"RSA_1024\"",
    ] {
        let fault = format!(
            "[[fault]]\nkind = \"unknown-enum\"\noperation = \"ListCertificates\"\nvalues = [{values}]\n\
             [[fault]]\nkind = \"unknown-operation\"\noperation = \"SearchCertificates\""
        );
        let cloud = Cloud::account(&many(20, &fault));
        let run = cloud.must_import();
        assert!(run.all_complete(), "{values}: {:?}", run.splits);
        assert!(!run.certificates.is_empty(), "{values}");
        // What is remembered in the cursor is not asked twice.
        assert!(
            cloud.count("SearchCertificates") <= run.splits.len(),
            "{values}"
        );
    }
}

#[test]
fn fact_03_what_has_no_body_is_told_without_one() {
    let cloud = Cloud::new(
        r#"
rates = "off"
[[account]]
name = "one"
certificate = [
  { name = "pending.example.com", status = "PENDING_VALIDATION" },
  { name = "issued.example.com", status = "ISSUED" },
  { name = "inactive.example.com", status = "INACTIVE" },
  { name = "expired.example.com", days_left = -20 },
  { name = "late.example.com", status = "VALIDATION_TIMED_OUT" },
  { name = "revoked.example.com", status = "REVOKED" },
  { name = "failed.example.com", status = "FAILED" },
]"#,
        r#""scope": "account", "import": {"include_expired": true, "include_revoked": true}"#,
    );
    let run = cloud.must_import();
    for (name, status, body) in [
        ("pending.example.com", CertificateStatus::Pending, false),
        ("issued.example.com", CertificateStatus::Issued, true),
        ("inactive.example.com", CertificateStatus::Inactive, true),
        ("expired.example.com", CertificateStatus::Expired, true),
        ("late.example.com", CertificateStatus::Failed, false),
        ("revoked.example.com", CertificateStatus::Revoked, true),
        ("failed.example.com", CertificateStatus::Failed, false),
    ] {
        let certificate = named(&run, name);
        assert_eq!(
            (certificate.status, certificate.der.is_some()),
            (status, body),
            "{name}"
        );
    }
    assert_eq!(
        cloud.count("GetCertificate"),
        4,
        "no body is asked for where there is none"
    );
    assert!(run.problems.is_empty(), "{:?}", run.problems);
}

#[test]
fn fact_03_a_body_that_is_not_there_yet_is_no_problem() {
    let fault = "[[fault]]\nkind = \"error\"\noperation = \"GetCertificate\"\n\
                 code = \"RequestInProgressException\"\nstatus = 400";
    let run = Cloud::account(&many(1, fault)).must_import();
    let certificate = run.certificates.values().next().expect("told");
    assert!(certificate.der.is_none() && run.problems.is_empty());
}

#[test]
fn fact_04_pages_are_read_to_the_end() {
    for (read, operation, lists) in [
        ("search", "SearchCertificates", 3),
        ("list", "ListCertificates", 2),
    ] {
        let cloud = Cloud::new(
            &many(1050, ""),
            &format!(r#""scope": "account", "read": "{read}""#),
        );
        let run = cloud.must_import();
        cloud.holds_the_truth(&run);
        assert_eq!(cloud.count(operation), lists, "{read}");
        assert!(
            run.pages >= 21,
            "a page is committed every fifty certificates"
        );
    }
}

#[test]
fn fact_05_more_than_a_hundred_names_are_in_the_body() {
    let cloud = Cloud::account(
        "rates = \"off\"\n[[account]]\nname = \"one\"\ncertificate = [{ name = \"lots.example.com\", san_count = 250 }]",
    );
    let run = cloud.must_import();
    cloud.holds_the_truth(&run);
    assert!(
        named(&run, "lots.example.com")
            .der
            .as_ref()
            .expect("a body")
            .len()
            > 250 * 10
    );
}

#[test]
fn fact_06_a_domain_may_be_absent() {
    let cloud = Cloud::account(
        r#"
rates = "off"
[[account]]
name = "one"
certificate = [{ no_domain = true }, { name = "-", common_name = "-" }, { name = "x.example.com", type = "AMAZON_ISSUED" }]"#,
    );
    let run = cloud.must_import();
    cloud.holds_the_truth(&run);
    assert_eq!(named(&run, "-").provider_status, "ISSUED");
    assert!(named(&run, "x.example.com").imported_at.is_none());
}

#[test]
fn fact_07_a_key_algorithm_has_one_spelling() {
    let run = Cloud::account(ONE_OF_EACH_KEY).must_import();
    let algorithms = run
        .certificates
        .values()
        .flat_map(|certificate| &certificate.attributes);
    let mut words: Vec<_> = algorithms
        .filter(|tag| tag.key == "key-algorithm")
        .map(|tag| tag.value.as_str())
        .collect();
    words.sort_unstable();
    words.dedup();
    let all = [
        "EC_prime256v1",
        "EC_secp384r1",
        "EC_secp521r1",
        "RSA_1024",
        "RSA_2048",
        "RSA_3072",
        "RSA_4096",
    ];
    assert_eq!(words, all);
}

#[test]
fn fact_09_only_what_is_new_or_changed_is_fetched() {
    let cloud = Cloud::account(
        r#"
rates = "off"
[[account]]
name = "one"
certificates = 60
mix = { statuses = { ISSUED = 1 }, expiry = { later = 1 } }
certificate = [{ name = "rotated.example.com", days_left = 20, reimported_ms = 3600000 }]"#,
    );
    let first = cloud.must_import();
    cloud.holds_the_truth(&first);
    cloud.forget_calls();
    let second = cloud.must_import();
    assert_eq!((second.certificates.len(), second.unchanged.len()), (0, 61));
    assert_eq!(cloud.count("SearchCertificates"), 1);
    assert_eq!(
        cloud.count("GetCertificate") + cloud.count("DescribeCertificate"),
        0
    );

    cloud.pass(HOUR);
    cloud.forget_calls();
    let third = cloud.must_import();
    let arns: Vec<_> = third.certificates.keys().collect();
    assert_eq!(
        arns,
        [&named(&first, "rotated.example.com").id],
        "the ARN stays, the body changes"
    );
    assert_ne!(
        named(&third, "rotated.example.com").der,
        named(&first, "rotated.example.com").der
    );
    assert_eq!(cloud.count("GetCertificate"), 1);
}

#[test]
fn fact_09_details_grow_old_bit_by_bit() {
    let cloud = Cloud::new(
        &many(200, ""),
        r#""scope": "account", "details_max_age": "8d""#,
    );
    cloud.must_import();
    let mut fetched = 0;
    for day in 1..=8 {
        cloud.pass(24 * HOUR);
        let run = cloud.must_import();
        assert!(
            run.certificates.len() < 120,
            "day {day}: {} at once",
            run.certificates.len()
        );
        fetched += run.certificates.len();
    }
    assert!(fetched >= 200, "{fetched} of 200 were refreshed in time");
}

#[test]
fn fact_10_foreign_users_and_cloudfront_are_told_as_they_are() {
    let cloud = Cloud::account(
        r#"
rates = "off"
[[account]]
name = "one"
certificate = [
  { name = "enclave.example.com", in_use_by = ["arn:aws:iam::999988887777:role/enclave"] },
  { name = "cdn.example.com", type = "AMAZON_ISSUED", managed_by = "CLOUDFRONT", in_use_by = ["arn:aws:cloudfront::999988887777:distribution/E2EXAMPLE00001"] },
  { name = "idle.example.com" },
]"#,
    );
    let run = cloud.must_import();
    let enclave = named(&run, "enclave.example.com");
    assert_eq!(
        enclave.in_use_by,
        ["arn:aws:iam::999988887777:role/enclave"]
    );
    assert_eq!(enclave.in_use, Some(true));
    assert_eq!(
        named(&run, "cdn.example.com").managed_by.as_deref(),
        Some("CLOUDFRONT")
    );
    assert_eq!(named(&run, "idle.example.com").in_use, Some(false));
}

#[test]
fn fact_11_only_what_acm_issued_renews_itself() {
    let cloud = Cloud::account(
        r#"
rates = "off"
[[account]]
name = "one"
certificate = [
  { name = "imported.example.com", type = "IMPORTED", in_use = true },
  { name = "renewing.example.com", type = "AMAZON_ISSUED", in_use = true, renewal = "PENDING_AUTO_RENEWAL" },
  { name = "stuck.example.com", type = "AMAZON_ISSUED", in_use = true, renewal = "FAILED" },
  { name = "private.example.com", type = "PRIVATE", in_use = true },
]"#,
    );
    let run = cloud.must_import();
    for (name, source, automatic, status) in [
        (
            "imported.example.com",
            CertificateSource::Imported,
            false,
            None,
        ),
        (
            "renewing.example.com",
            CertificateSource::CloudIssued,
            true,
            Some("PENDING_AUTO_RENEWAL"),
        ),
        (
            "stuck.example.com",
            CertificateSource::CloudIssued,
            true,
            Some("FAILED"),
        ),
        (
            "private.example.com",
            CertificateSource::PrivateCa,
            true,
            None,
        ),
    ] {
        let certificate = named(&run, name);
        let renewal = &certificate.renewal;
        let told = (
            certificate.source,
            renewal.automatic,
            renewal.status.as_deref(),
        );
        assert_eq!(told, (source, automatic, status), "{name}");
    }
    assert!(named(&run, "stuck.example.com").renewal.reason.is_some());
}

#[test]
fn fact_12_revoked_ones_come_when_asked_for_and_stay_when_known() {
    let scenario = r#"
rates = "off"
[[account]]
name = "one"
certificate = [{ name = "revoked.example.com", type = "PRIVATE", status = "REVOKED" }, { name = "good.example.com" }]"#;
    let cloud = Cloud::account(scenario);
    let run = cloud.must_import();
    assert_eq!((run.certificates.len(), run.filtered.len()), (1, 1));
    cloud.set(r#""scope": "account", "import": {"include_revoked": true}"#);
    let run = cloud.must_import();
    assert!(named(&run, "revoked.example.com").revoked_at.is_some());
    cloud.set(r#""scope": "account""#);
    assert_eq!(
        cloud.must_import().unchanged.len(),
        2,
        "what is known is never filtered away"
    );
}

#[test]
fn fact_13_the_same_certificate_has_many_places() {
    let cloud = Cloud::account(
        r#"
rates = "off"
regions = ["us-east-1", "eu-west-1", "eu-central-1"]
[[account]]
name = "one"
certificate = [{ same = "shop", name = "shop.example.com" }]"#,
    );
    let run = cloud.must_import();
    let mut bodies: Vec<_> = run
        .certificates
        .values()
        .map(|certificate| certificate.der.clone())
        .collect();
    assert_eq!(bodies.len(), 3);
    bodies.dedup();
    assert_eq!(bodies.len(), 1);
}

#[test]
fn fact_08_the_real_rates_are_enough() {
    let cloud = Cloud::account("rates = \"real\"\n[[account]]\nname = \"one\"\ncertificates = 60");
    let run = cloud.must_import();
    assert!(run.all_complete());
    cloud.holds_the_truth(&run);
}

#[test]
fn fact_35_a_denied_search_becomes_a_list_and_a_denied_list_a_denial() {
    let denied = |actions: &str| {
        format!(
            "rates = \"off\"\n[[account]]\nname = \"one\"\ncertificates = 4\ndenied_actions = [{actions}]"
        )
    };
    let cloud = Cloud::account(&denied("\"acm:SearchCertificates\""));
    let run = cloud.must_import();
    cloud.holds_the_truth(&run);
    for actions in [
        "\"acm:SearchCertificates\", \"acm:ListCertificates\"",
        "\"acm:GetCertificate\"",
    ] {
        let run = Cloud::account(&denied(actions)).must_import();
        let outcome = run.splits.values().next().expect("one split");
        let error = outcome.as_ref().expect_err("denied");
        assert_eq!(
            error.class,
            ErrorClass::AccessDenied,
            "{actions}: {}",
            error.message
        );
        assert!(
            error.message.contains("service control policy"),
            "{}",
            error.message
        );
    }
}

#[test]
fn fact_02_a_search_that_always_fails_becomes_a_list() {
    for (code, status) in [
        ("InternalFailure", 500),
        ("Oddity", 404),
        ("ThrottlingException", 400),
    ] {
        let fault = format!(
            "[[fault]]\nkind = \"error\"\noperation = \"SearchCertificates\"\nstatus = {status}\ncode = \"{code}\""
        );
        let cloud = Cloud::account(&many(5, &fault));
        let run = cloud.must_import();
        assert!(run.all_complete(), "{code}");
        cloud.holds_the_truth(&run);
    }
    // Who asks for searching alone gets the error.
    let fault = "[[fault]]\nkind = \"unknown-operation\"\noperation = \"SearchCertificates\"";
    let run = Cloud::new(&many(5, fault), r#""scope": "account", "read": "search""#).must_import();
    let error = run.splits.values().next().expect("a split").as_ref();
    assert_eq!(
        error.expect_err("no list").code,
        "UnknownOperationException"
    );
}

#[test]
fn fact_35_without_details_or_tags_the_certificates_are_still_found() {
    let cloud = Cloud::new(
        &many(
            10,
            "denied_actions = [\"acm:DescribeCertificate\", \"acm:ListTagsForCertificate\"]",
        ),
        r#""scope": "account""#,
    );
    let run = cloud.must_import();
    cloud.holds_the_truth(&run);
    assert_eq!(
        run.codes(),
        ["access-denied", "access-denied"],
        "{:?}",
        run.problems
    );
    assert!(
        cloud.count("DescribeCertificate") <= 3,
        "a denial is not asked for again and again"
    );
    // The next run tries once whether it is allowed by now, and fetches nothing else.
    cloud.pass(HOUR);
    cloud.forget_calls();
    let again = cloud.must_import();
    assert_eq!((again.certificates.len(), again.unchanged.len()), (1, 9));
}

#[test]
fn fact_37_a_disabled_region_is_not_taken_for_bad_credentials() {
    let cloud = Cloud::new(
        r#"
rates = "off"
regions = ["us-east-1"]
[[account]]
name = "one"
disabled_regions = ["eu-west-1"]
denied_actions = ["account:ListRegions"]
certificates = 4"#,
        r#""scope": "account", "regions": {"include": ["us-east-1", "eu-west-1"]}"#,
    );
    let run = cloud.must_import();
    assert_eq!(run.certificates.len() + run.filtered.len(), 4);
    let id = cloud.id("one");
    let error = run.splits[&format!("{id}/eu-west-1/acm")]
        .as_ref()
        .expect_err("disabled");
    assert_eq!(
        (error.class, error.code.as_str()),
        (ErrorClass::AccessDenied, "region-disabled")
    );
}
