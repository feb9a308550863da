//! Reading and planning when something goes wrong on the way.

mod common;

use aws_unified::AwsUnified;
use common::{Cloud, Run};
use sensor_sdk::connector::Connector;
use sensor_sdk::types::{Cursor, ErrorClass, Split};
use std::collections::BTreeSet;

fn one(count: u32, more: &str) -> Cloud {
    Cloud::account(&format!(
        "rates = \"off\"\n[[account]]\nname = \"one\"\ncertificates = {count}\n\
         mix = {{ statuses = {{ ISSUED = 1 }}, expiry = {{ later = 1 }} }}\n{more}"
    ))
}

fn split_of(cloud: &Cloud) -> Split {
    cloud.plan().expect("a plan").planned.remove(0)
}

#[test]
fn a_page_token_that_is_refused_starts_the_split_over() {
    let cloud = one(620, "[[fault]]\nkind = \"token-expired\"\ncount = 1");
    let run = cloud.must_import();
    assert!(run.all_complete());
    cloud.holds_the_truth(&run);
    let fetched = cloud.count("GetCertificate");
    assert_eq!(fetched, 620, "what was committed is not fetched again");

    let cloud = one(620, "[[fault]]\nkind = \"token-expired\"");
    let split = split_of(&cloud);
    let error = cloud
        .read_from(&split, None, &mut Run::default())
        .expect_err("refused");
    assert_eq!(
        (error.class, error.code.as_str()),
        (ErrorClass::InvalidResponse, "cursor-expired")
    );
}

#[test]
fn a_new_instance_at_any_cursor_ends_at_the_same_truth() {
    let cloud = one(620, "");
    let split = split_of(&cloud);
    let (mut run, mut at, mut instances) = (Run::default(), None::<Cursor>, 0);
    loop {
        forget(&cloud, &split);
        let page = AwsUnified::read_page(&cloud, split.clone(), at).expect("a page");
        at = page.next.clone();
        cloud.commit(&split, page, &mut run);
        instances += 1;
        if at.is_none() {
            break;
        }
    }
    assert!(instances > 10);
    cloud.holds_the_truth(&run);
    assert_eq!(
        cloud.count("GetCertificate"),
        620,
        "nothing is fetched twice"
    );
}

/// Makes this thread's instance forget, as a new one: another split is begun.
fn forget(cloud: &Cloud, split: &Split) {
    let other = Split {
        id: "other".to_owned(),
        ..split.clone()
    };
    let calls = cloud.calls.borrow().len();
    let page = AwsUnified::read_page(cloud, other, None);
    assert!(page.is_ok());
    cloud.calls.borrow_mut().truncate(calls);
}

#[test]
fn a_cursor_of_another_version_is_refused() {
    let cloud = one(1, "");
    let cursor = Cursor {
        version: 2,
        value: String::new(),
    };
    let error = AwsUnified::read_page(&cloud, split_of(&cloud), Some(cursor)).expect_err("refused");
    assert_eq!(
        (error.class, error.code.as_str()),
        (ErrorClass::InvalidResponse, "cursor-version")
    );
}

#[test]
fn a_list_without_end_is_an_error_and_a_page_that_comes_twice_is_not() {
    let cloud = one(
        30,
        "[[fault]]\nkind = \"repeated-page\"\noperation = \"SearchCertificates\"",
    );
    let split = split_of(&cloud);
    let mut run = Run::default();
    let error = cloud
        .read_from(&split, None, &mut run)
        .expect_err("endless");
    assert_eq!(error.code, "repeated-page");

    let fault = "[[fault]]\nkind = \"repeated-page\"\noperation = \"SearchCertificates\"\nafter_calls = 1\ncount = 2";
    let cloud = one(620, &format!("{fault}\n"));
    let split = split_of(&cloud);
    let mut run = Run::default();
    // Time goes by between two pages, so that the tokens differ.
    let mut at = None;
    loop {
        let page = AwsUnified::read_page(&cloud, split.clone(), at).expect("a page");
        cloud.pass(1000);
        at = page.next.clone();
        cloud.commit(&split, page, &mut run);
        if at.is_none() {
            break;
        }
    }
    cloud.holds_the_truth(&run);
    assert!(run.problems.is_empty(), "{:?}", run.problems);
    assert_eq!(cloud.count("GetCertificate"), 620);
}

#[test]
fn certificates_that_go_away_between_list_and_fetch_are_simply_gone() {
    let cloud = one(
        40,
        "[[fault]]\nkind = \"vanish\"\ncertificates = 5\nafter_calls = 0\noperation = \"ListCertificates\"",
    );
    let run = cloud.must_import();
    assert!(
        run.all_complete() && run.problems.is_empty(),
        "{:?}",
        run.problems
    );
    cloud.holds_the_truth(&run);
}

#[test]
fn a_body_that_is_no_certificate_is_one_problem_and_not_the_page() {
    let cloud = one(
        5,
        r#"certificate = [
  { name = "html.example.com", body = "not-pem" },
  { name = "half.example.com", body = "truncated" },
  { name = "nothing.example.com", body = "empty" },
  { name = "double.example.com", body = "two" },
]"#,
    );
    let run = cloud.must_import();
    assert!(run.all_complete());
    assert_eq!((run.certificates.len(), run.unreadable.len()), (5, 4));
    assert_eq!(run.codes(), ["malformed-body"; 4]);
    let subjects: BTreeSet<_> = run
        .problems
        .iter()
        .filter_map(|problem| problem.subject.clone())
        .collect();
    assert_eq!(
        subjects, run.unreadable,
        "each problem names its certificate"
    );
    cloud.holds_the_truth(&run);
}

#[test]
fn a_foreign_arn_is_a_problem_and_is_left_alone() {
    let cloud = one(
        10,
        "[[fault]]\nkind = \"foreign-arn\"\noperation = \"SearchCertificates\"",
    );
    let run = cloud.must_import();
    assert_eq!(run.codes(), ["foreign-arn"]);
    assert_eq!(run.certificates.len(), 9);
    assert!(
        !cloud
            .calls
            .borrow()
            .iter()
            .any(|(.., arn)| arn.contains("999999999999"))
    );
}

#[test]
fn credentials_that_end_in_mid_run_end_the_split_after_what_was_read() {
    let cloud = one(
        200,
        "[[fault]]\nkind = \"expired-token\"\noperation = \"GetCertificate\"\nafter_calls = 70",
    );
    let split = split_of(&cloud);
    let mut run = Run::default();
    let error = cloud
        .read_from(&split, None, &mut run)
        .expect_err("expired");
    assert_eq!(error.class, ErrorClass::AuthExpired);
    assert_eq!(
        run.certificates.len(),
        70,
        "all that was fetched was handed over first"
    );
}

#[test]
fn one_certificate_that_fails_for_ever_does_not_hold_up_the_others() {
    let cloud = one(
        30,
        "[[fault]]\nkind = \"error\"\noperation = \"GetCertificate\"\nstatus = 400\ncode = \"Oddity\"\nevery = 7",
    );
    let run = cloud.must_import();
    assert!(run.all_complete());
    assert_eq!((run.certificates.len(), run.unreadable.len()), (26, 4));
    assert_eq!(run.codes(), ["Oddity"; 4]);
}

#[test]
fn a_service_that_fails_for_all_is_given_up_soon() {
    let cloud = one(
        200,
        "[[fault]]\nkind = \"error\"\noperation = \"DescribeCertificate\"\nstatus = 500\ncode = \"InternalFailure\"",
    );
    cloud.retries.set(0);
    let run = cloud.must_import();
    let error = run
        .splits
        .values()
        .next()
        .expect("a split")
        .as_ref()
        .expect_err("failed");
    assert_eq!(error.class, ErrorClass::Transient);
    assert!(cloud.count("DescribeCertificate") <= 6);
}

#[test]
fn a_throttle_storm_in_one_account_is_waited_out() {
    let cloud = Cloud::organization(
        r#"
rates = "off"
[organization]
[[account]]
name = "root"
[[account]]
name = "stormy"
certificates = 20
[[account]]
name = "calm"
certificates = 20
[[fault]]
kind = "throttle"
account = "stormy"
probability = 0.9
until_ms = 60000"#,
    );
    cloud.retries.set(100);
    let run = cloud.must_import();
    assert!(run.all_complete());
    cloud.holds_the_truth(&run);
}

#[test]
fn a_list_from_its_end_is_a_list() {
    let cloud = one(620, "[[fault]]\nkind = \"reordered-pages\"");
    let run = cloud.must_import();
    cloud.holds_the_truth(&run);
    assert!(run.problems.is_empty());
}

#[test]
fn endless_pages_of_accounts_and_regions_have_an_end() {
    let cloud = Cloud::organization(
        "rates = \"off\"\n[organization]\n[[account]]\nname = \"root\"\n[generate]\naccounts = 3\ncertificates_per_split = 1\n\
         [[fault]]\nkind = \"repeated-page\"\noperation = \"ListAccounts\"",
    );
    assert_eq!(cloud.plan().expect_err("endless").code, "repeated-token");
    let cloud = one(
        3,
        "[[fault]]\nkind = \"repeated-page\"\noperation = \"ListRegions\"",
    );
    assert_eq!(
        cloud.plan().expect("the last resort").codes(),
        ["regions-unknown"]
    );
}

#[test]
fn settings_that_are_wrong_are_told_all_at_once() {
    let cloud = Cloud::new(
        "[[account]]\nname = \"one\"",
        r#""scop": "account", "read": "fast""#,
    );
    let error = cloud.plan().expect_err("wrong");
    assert_eq!(
        (error.class, error.code.as_str()),
        (ErrorClass::Config, "settings")
    );
    for part in [
        "`scope` is missing",
        "`scop` is not known; did you mean `scope`?",
        "`read` must be one of",
    ] {
        assert!(error.message.contains(part), "{part}: {}", error.message);
    }
}
