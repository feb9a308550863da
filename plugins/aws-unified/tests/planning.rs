//! Planning an organization: section 3c of the facts, one test a fact.

mod common;

use common::{Cloud, account, regions};
use sensor_sdk::types::{ErrorClass, PlanEntry};
use std::collections::BTreeSet;

/// An organization of a root account and these others.
fn organization(rest: &str) -> String {
    format!("rates = \"off\"\n{rest}")
}

fn codes_of(cloud: &Cloud) -> (ErrorClass, String, String) {
    let error = cloud.plan().expect_err("no plan");
    (error.class, error.code, error.message)
}

#[test]
fn fact_28_empty_pages_are_not_the_end() {
    let cloud = Cloud::organization(&organization(
        r#"
[organization]
[[account]]
name = "root"
[generate]
accounts = 44
certificates_per_split = 1
[[fault]]
kind = "empty-page"
operation = "ListAccounts"
after_calls = 1
count = 1"#,
    ));
    let run = cloud.must_import();
    assert_eq!(run.accounts.len(), 45);
    assert_eq!(run.certificates.len() + run.filtered.len(), 44);
    assert_eq!(cloud.count("ListAccounts"), 4);
}

#[test]
fn fact_29_state_decides_and_every_account_is_in_the_tree() {
    let cloud = Cloud::organization(&organization(
        r#"
[organization]
[[account]]
name = "root"
[[account]]
name = "active"
[[account]]
name = "suspended"
state = "SUSPENDED"
[[account]]
name = "closing"
state = "PENDING_CLOSURE"
[[account]]
name = "closed"
state = "CLOSED"
[[account]]
name = "coming"
state = "PENDING_ACTIVATION""#,
    ));
    let run = cloud.must_import();
    let covered: Vec<_> = run
        .accounts
        .iter()
        .filter(|a| a.excluded.is_none())
        .map(|a| a.name.as_str())
        .collect();
    assert_eq!(covered, ["root", "active"]);
    assert_eq!(run.accounts.len(), 6);
    assert!(
        account(&run, "closed")
            .excluded
            .as_ref()
            .expect("a reason")
            .contains("CLOSED")
    );
    assert!(regions(&run, &cloud.id("suspended")).is_empty());
}

#[test]
fn fact_29_a_partition_without_states_is_read() {
    let cloud = Cloud::organization(&organization(
        "[organization]\nstates = false\n[[account]]\nname = \"root\"\n[[account]]\nname = \"one\"\ncertificates = 2",
    ));
    let run = cloud.must_import();
    assert!(run.all_complete());
    assert_eq!(
        (
            account(&run, "one").state.as_str(),
            account(&run, "one").excluded.is_none()
        ),
        ("UNKNOWN", true)
    );
}

const NESTED: &str = r#"
[[ou]]
name = "workloads"
[[ou]]
name = "payments"
parent = "workloads"
[[ou]]
name = "empty"
[[account]]
name = "root"
[[account]]
name = "web"
ou = "workloads"
certificates = 2
[[account]]
name = "shop"
ou = "payments"
certificates = 2
[[account]]
name = "cart"
ou = "payments"
certificates = 2
"#;

#[test]
fn fact_30_the_tree_is_the_same_with_paths_and_without() {
    for (paths, walks) in [(true, false), (false, true)] {
        let cloud = Cloud::organization(&organization(&format!(
            "[organization]\npaths = {paths}\n{NESTED}"
        )));
        let run = cloud.must_import();
        assert_eq!(account(&run, "root").path, [""; 0], "{paths}");
        assert_eq!(account(&run, "web").path, ["workloads"], "{paths}");
        assert_eq!(
            account(&run, "shop").path,
            ["workloads", "payments"],
            "{paths}"
        );
        assert!(account(&run, "root").management && !account(&run, "web").management);
        assert_eq!(run.accounts.len(), 4, "{paths}");
        assert_eq!(cloud.count("ListAccountsForParent") > 0, walks);
        assert!(
            cloud.count("ListOrganizationalUnitsForParent") <= 4,
            "each unit is asked once"
        );
        cloud.holds_the_truth(&run);
    }
}

#[test]
fn fact_30_units_that_may_not_be_read_cost_their_names_only() {
    for paths in [true, false] {
        let caller = r#"[caller]
allows = ["organizations:DescribeOrganization", "organizations:ListAccounts", "account:*", "sts:*", "acm:*"]"#;
        let scenario = organization(&format!(
            "[organization]\npaths = {paths}\n{NESTED}\n{caller}"
        ));
        let cloud = Cloud::organization(&scenario);
        let run = cloud.must_import();
        cloud.holds_the_truth(&run);
        assert_eq!(run.codes(), ["units-unreadable"], "{paths}");

        // A filter by name that cannot be followed must not let in what it leaves out.
        for filter in ["include", "exclude"] {
            cloud.set(&format!(
                r#""scope": "organization", "organizational_units": {{"{filter}": ["payments"]}}"#
            ));
            let (class, _, message) = codes_of(&cloud);
            assert_eq!(class, ErrorClass::AccessDenied, "{paths} {filter}");
            assert!(message.contains("`organizational_units`"), "{message}");
        }
    }
}

#[test]
fn units_and_accounts_are_chosen_by_id_name_or_path() {
    for (settings, names) in [
        (
            r#""organizational_units": {"include": ["workloads"]}"#,
            &["web", "shop", "cart"][..],
        ),
        (
            r#""organizational_units": {"include": ["workloads/payments"]}"#,
            &["shop", "cart"],
        ),
        (
            r#""organizational_units": {"exclude": ["payments"]}"#,
            &["root", "web"],
        ),
        (
            r#""accounts": {"include": ["c*", "web"]}"#,
            &["web", "cart"],
        ),
        (
            r#""accounts": {"exclude": ["root"]}, "organizational_units": {"exclude": ["payments"]}"#,
            &["web"],
        ),
        (
            r#""accounts": {"include": ["root"]}, "organizational_units": {"include": ["payments"]}"#,
            &["root", "shop", "cart"],
        ),
    ] {
        for paths in [true, false] {
            let scenario = organization(&format!("[organization]\npaths = {paths}\n{NESTED}"));
            let cloud = Cloud::new(
                &scenario,
                &format!(r#""scope": "organization", {settings}"#),
            );
            let run = cloud
                .plan()
                .unwrap_or_else(|error| panic!("{settings}: {}", error.message));
            let covered: BTreeSet<_> = run
                .accounts
                .iter()
                .filter(|a| a.excluded.is_none())
                .map(|a| a.name.as_str())
                .collect();
            assert_eq!(
                covered,
                names.iter().copied().collect(),
                "{settings} {paths}"
            );
            assert_eq!(run.accounts.len(), 4, "who is out is in the tree too");
        }
    }
}

#[test]
fn a_filter_that_matches_nothing_is_told() {
    let scenario = organization(&format!("[organization]\n{NESTED}"));
    let settings = r#""scope": "organization", "accounts": {"include": ["web", "wep"]}, "regions": {"include": ["us-east-1", "us-east-9"]}"#;
    let run = Cloud::new(&scenario, settings)
        .plan()
        .expect("something is left");
    let told: Vec<_> = run
        .problems
        .iter()
        .map(|problem| problem.message.as_str())
        .collect();
    assert_eq!(
        run.codes(),
        ["filter-unmatched", "filter-unmatched"],
        "{told:?}"
    );
    assert!(
        told[0].contains("`wep`") && told[1].contains("did you mean `us-east-"),
        "{told:?}"
    );
}

#[test]
fn a_plan_that_covers_nothing_is_an_error() {
    let scenario = organization(&format!("[organization]\n{NESTED}"));
    for (settings, code, words) in [
        (
            r#""accounts": {"include": ["nobody"]}"#,
            "all-accounts-excluded",
            "nothing is called nobody",
        ),
        (
            r#""organizational_units": {"include": ["empty"]}"#,
            "all-accounts-excluded",
            "organizational_units.include",
        ),
        (
            r#""regions": {"include": ["eu-*"]}"#,
            "all-regions-excluded",
            "`regions`",
        ),
    ] {
        let cloud = Cloud::new(
            &scenario,
            &format!(r#""scope": "organization", {settings}"#),
        );
        let (class, told, message) = codes_of(&cloud);
        assert_eq!(
            (class, told.as_str()),
            (ErrorClass::Config, code),
            "{message}"
        );
        assert!(message.contains(words), "{message}");
    }
}

#[test]
fn fact_31_a_delegated_administrator_reads_its_own_account_without_a_role() {
    let cloud = Cloud::organization(&organization(
        r#"
[organization]
management = "root"
delegated = ["pki"]
[[account]]
name = "root"
certificates = 1
[[account]]
name = "pki"
certificates = 2
[[account]]
name = "web"
certificates = 3
[caller]
account = "pki""#,
    ));
    let run = cloud.must_import();
    let outcome = |name: &str| run.splits[&format!("{}/us-east-1/acm", cloud.id(name))].is_ok();
    assert!(outcome("pki") && outcome("web"));
    assert!(
        !outcome("root"),
        "fact 34: the management account lacks the common role"
    );
    let calls = cloud.calls.borrow();
    let own = format!(":{}:role/", cloud.id("pki"));
    assert!(
        !calls
            .iter()
            .any(|(name, _, _, arn)| name == "AssumeRole" && arn.contains(&own))
    );
}

#[test]
fn fact_31_a_member_and_an_account_without_organization_are_told_apart() {
    let member = Cloud::organization(&organization(
        "[organization]\n[[account]]\nname = \"root\"\n[[account]]\nname = \"member\"\n[caller]\naccount = \"member\"",
    ));
    let (class, _, message) = codes_of(&member);
    assert_eq!(class, ErrorClass::AccessDenied);
    assert!(
        message.contains("management account") && message.contains("delegated"),
        "{message}"
    );

    let alone = Cloud::organization(&organization(
        "[[account]]\nname = \"alone\"\ncertificates = 3",
    ));
    let (class, code, message) = codes_of(&alone);
    assert_eq!(
        (class, code.as_str()),
        (ErrorClass::Config, "AWSOrganizationsNotInUseException")
    );
    assert!(message.contains("scope = \"account\""), "{message}");
    alone.set(r#""scope": "account""#);
    alone.must_import();
}

#[test]
fn fact_32_a_throttled_organization_is_read_to_the_end() {
    let cloud = Cloud::organization(&organization(
        r#"
[organization]
[[account]]
name = "root"
[generate]
accounts = 25
certificates_per_split = 1
[[fault]]
kind = "throttle"
operation = "ListAccounts"
every = 2"#,
    ));
    assert_eq!(cloud.must_import().accounts.len(), 26);
}

#[test]
fn fact_34_accounts_without_the_role_are_denied_and_the_others_go_on() {
    let cloud = Cloud::organization(&organization(
        r#"
[organization]
[[account]]
name = "root"
certificates = 2
[[account]]
name = "invited"
joined = "INVITED"
certificates = 2
[[account]]
name = "new"
role_from_ms = 300000
certificates = 2
[[account]]
name = "good"
certificates = 2"#,
    ));
    let run = cloud.must_import();
    for (name, works) in [
        ("root", true),
        ("invited", false),
        ("new", false),
        ("good", true),
    ] {
        let outcome = &run.splits[&format!("{}/us-east-1/acm", cloud.id(name))];
        assert_eq!(outcome.is_ok(), works, "{name}");
        if let Err(error) = outcome {
            assert_eq!(error.class, ErrorClass::AccessDenied);
            assert!(
                error.message.contains("could not be assumed"),
                "{}",
                error.message
            );
        }
    }
    cloud.pass(300_000);
    assert!(cloud.must_import().splits[&format!("{}/us-east-1/acm", cloud.id("new"))].is_ok());
}

#[test]
fn fact_35_a_region_that_is_denied_fails_alone() {
    let cloud = Cloud::organization(&organization(
        r#"
regions = ["us-east-1", "eu-west-1"]
[organization]
[[account]]
name = "root"
[[account]]
name = "one"
denied_regions = ["eu-west-1"]
certificates = 3"#,
    ));
    let run = cloud.must_import();
    let failed: Vec<_> = run
        .splits
        .iter()
        .filter(|(_, outcome)| outcome.is_err())
        .map(|(id, _)| id.clone())
        .collect();
    assert_eq!(failed, [format!("{}/eu-west-1/acm", cloud.id("one"))]);
}

#[test]
fn a_plan_is_lazy_and_its_cursor_is_small() {
    use aws_unified::AwsUnified;
    use sensor_sdk::connector::Connector;
    let cloud = Cloud::organization(&organization(
        "[organization]\n[[account]]\nname = \"root\"\n[generate]\naccounts = 500\nous = 40\ndepth = 4\ncertificates_per_split = 1",
    ));
    let (mut at, mut accounts, mut largest) = (None, 0, 0);
    loop {
        cloud.forget_calls();
        let page = AwsUnified::plan(&cloud, at).expect("a page");
        accounts += page
            .entries
            .iter()
            .filter(|entry| matches!(entry, PlanEntry::Account(_)))
            .count();
        assert!(
            cloud.count("ListRegions") <= 40,
            "no page asks for the whole organization"
        );
        let Some(next) = page.next else { break };
        largest = largest.max(next.value.len());
        at = Some(next);
    }
    assert_eq!(accounts, 501);
    assert!(largest < 2_000, "the cursor has {largest} bytes");
}

#[test]
fn a_foreign_cursor_is_refused_by_version() {
    use aws_unified::AwsUnified;
    use sensor_sdk::connector::Connector;
    use sensor_sdk::types::Cursor;
    let cloud = Cloud::organization(&organization(&format!("[organization]\n{NESTED}")));
    let answer = AwsUnified::plan(
        &cloud,
        Some(Cursor {
            version: 99,
            value: String::new(),
        }),
    );
    assert_eq!(answer.expect_err("refused").code, "cursor-version");
}
