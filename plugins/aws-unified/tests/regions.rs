//! Regions, sessions and partitions: sections 3d and 3e of the facts, one test a fact.

mod common;

use common::{Cloud, regions};
use sensor_sdk::types::{ErrorClass, Severity, SkipReason};

/// A scenario without quotas.
fn organization(rest: &str) -> String {
    format!("rates = \"off\"\n{rest}")
}

#[test]
fn fact_36_the_management_account_does_not_pass_its_own_id() {
    let cloud = Cloud::organization(&organization(
        r#"
[organization]
[[account]]
name = "root"
[[account]]
name = "wide"
regions = ["us-east-1", "ap-east-1"]
disabled_regions = ["eu-south-1", "me-south-1"]"#,
    ));
    let run = cloud.plan().expect("a plan");
    assert_eq!(regions(&run, &cloud.id("wide")), ["ap-east-1", "us-east-1"]);
    let calls = cloud.calls.borrow();
    let asked: Vec<_> = calls
        .iter()
        .filter(|(name, ..)| name == "ListRegions")
        .map(|(.., id)| id.clone())
        .collect();
    assert_eq!(asked, [String::new(), cloud.id("wide")]);
    assert!(
        !calls.iter().any(|(name, ..)| name == "AssumeRole"),
        "the plan needs no role here"
    );
    assert!(
        run.skipped.is_empty(),
        "a disabled region that nobody asked for is no news"
    );
}

#[test]
fn fact_36_a_disabled_region_that_was_asked_for_is_told() {
    let scenario = organization(
        "[[account]]\nname = \"one\"\ndisabled_regions = [\"eu-south-1\", \"eu-south-2\"]",
    );
    let settings = r#""scope": "account", "regions": {"include": ["us-*", "eu-south-1"]}"#;
    let run = Cloud::new(&scenario, settings).plan().expect("a plan");
    assert_eq!(run.skipped.len(), 1);
    assert_eq!(
        (run.skipped[0].region.as_deref(), run.skipped[0].coverage),
        (Some("eu-south-1"), SkipReason::Disabled)
    );
}

#[test]
fn fact_36_without_trusted_access_each_account_is_asked() {
    let cloud = Cloud::organization(&organization(
        r#"
regions = ["us-east-1", "eu-west-1"]
[organization]
trusted_account_access = false
[[account]]
name = "root"
[generate]
accounts = 12
certificates_per_split = 1"#,
    ));
    let run = cloud.must_import();
    assert_eq!(run.splits.len(), 26);
    assert!(run.problems.is_empty(), "{:?}", run.problems);
    let refused = cloud
        .calls
        .borrow()
        .iter()
        .filter(|(name, .., id)| name == "ListRegions" && !id.is_empty())
        .count();
    assert_eq!(
        refused, 3,
        "after three refusals nobody asks centrally any more"
    );
}

#[test]
fn fact_36_many_accounts_answer_for_themselves_and_the_base_for_those_that_may_not() {
    for (rest, centrally) in [("", 3), ("denied_actions = [\"account:ListRegions\"]", 9)] {
        let members: Vec<_> = (1..=9)
            .map(|number| format!("[[account]]\nname = \"member {number}\"\n{rest}"))
            .collect();
        let cloud = Cloud::organization(&organization(&format!(
            "regions = [\"us-east-1\"]\n[organization]\n[[account]]\nname = \"root\"\n{}",
            members.join("\n")
        )));
        let run = cloud.plan().expect("a plan");
        assert_eq!(run.planned.len(), 10);
        assert!(run.problems.is_empty(), "{:?}", run.problems);
        let calls = cloud.calls.borrow();
        let of = |central: bool| {
            let asked = |(name, _, _, id): &&(String, String, String, String)| {
                name == "ListRegions" && id.is_empty() != central
            };
            calls.iter().filter(asked).count()
        };
        assert_eq!((of(true), of(false)), (centrally, 7), "{rest}");
    }
}

#[test]
fn fact_36_accounts_of_later_pages_are_told_their_own_refusal() {
    // More accounts than Organizations lists in one page, and nobody may list regions anywhere.
    let members: Vec<_> = (1..=25)
        .map(|number| {
            format!("[[account]]\nname = \"member {number}\"\ndenied_actions = [\"account:ListRegions\"]")
        })
        .collect();
    let cloud = Cloud::organization(&organization(&format!(
        "regions = [\"us-east-1\"]\n[organization]\ntrusted_account_access = false\n[[account]]\nname = \"root\"\n{}",
        members.join("\n")
    )));
    let run = cloud.plan().expect("a plan");
    assert_eq!(run.skipped.len(), 25, "each is told");
    for gap in &run.skipped {
        assert_eq!(gap.coverage, SkipReason::Denied, "{gap:?}");
        assert!(!gap.message.contains("left some unanswered"), "{gap:?}");
    }
}

#[test]
fn fact_36_accounts_without_the_role_or_with_a_denial_do_not_speak_for_the_others() {
    // The first page covers three accounts only, and none of them answers; the others do.
    for first in ["role = \"\"", "denied_actions = [\"account:ListRegions\"]"] {
        let mut members = Vec::new();
        for number in 1..=30 {
            let (unit, rest) = match number {
                1..=3 => ("covered", first),
                4..=20 => ("other", ""),
                _ => ("covered", "regions = [\"us-east-1\", \"ap-east-1\"]"),
            };
            members.push(format!(
                "[[account]]\nname = \"member {number}\"\nou = \"{unit}\"\n{rest}"
            ));
        }
        let scenario = organization(&format!(
            "regions = [\"us-east-1\"]\n[organization]\ntrusted_account_access = false\n[[ou]]\nname = \"covered\"\n\
             [[ou]]\nname = \"other\"\n[[account]]\nname = \"root\"\n{}",
            members.join("\n")
        ));
        let cloud = Cloud::new(
            &scenario,
            r#""scope": "organization", "organizational_units": {"include": ["covered"]}"#,
        );
        let run = cloud.plan().expect("a plan");
        assert_eq!(run.skipped.len(), 3, "{first}: {:?}", run.skipped);
        for number in 21..=30 {
            assert_eq!(
                regions(&run, &cloud.id(&format!("member {number}"))),
                ["ap-east-1", "us-east-1"],
                "{first}"
            );
        }
    }
}

#[test]
fn fact_36_where_nobody_answers_to_list_regions_the_reason_is_the_last_answer() {
    // A partition without the service: each account is not asked for ever, and is told why.
    let members: Vec<_> = (1..=45)
        .map(|number| format!("[[account]]\nname = \"member {number}\""))
        .collect();
    let cloud = Cloud::organization(&organization(&format!(
        "regions = [\"us-east-1\"]\n[organization]\n[[account]]\nname = \"root\"\n{}\n[[fault]]\n\
         kind = \"unknown-operation\"\noperation = \"ListRegions\"",
        members.join("\n")
    )));
    let run = cloud.plan().expect("a plan");
    assert_eq!(run.skipped.len(), 46);
    for gap in &run.skipped {
        assert_eq!(gap.coverage, SkipReason::Failed, "{gap:?}");
        assert!(!gap.message.contains("left some unanswered"), "{gap:?}");
        assert!(gap.message.contains("ListRegions"), "{gap:?}");
    }
    assert!(
        cloud.count("ListRegions") < 46,
        "in vain: {}",
        cloud.count("ListRegions")
    );
}

#[test]
fn fact_36_the_last_resort_is_the_list_of_default_regions() {
    let scenario = organization(
        "regions = [\"us-east-1\", \"eu-west-1\"]\n[[account]]\nname = \"one\"\ndenied_actions = [\"account:ListRegions\"]\ncertificates = 2",
    );
    for (include, planned, partial) in [
        (r"[]", 17, true),
        (r#"["eu-*", "us-east-1"]"#, 6, true),
        (r#"["us-east-1", "ap-east-1"]"#, 2, false),
    ] {
        let settings = format!(r#""scope": "account", "regions": {{"include": {include}}}"#);
        let run = Cloud::new(&scenario, &settings).plan().expect("a plan");
        assert_eq!(run.planned.len(), planned, "{include}");
        let warned = run
            .problems
            .iter()
            .find(|problem| problem.code == "regions-unknown");
        assert_eq!(warned.expect("told").severity, Severity::Warning);
        let gaps: Vec<_> = run
            .skipped
            .iter()
            .map(|gap| (gap.region.as_deref(), gap.coverage))
            .collect();
        let expected: &[_] = if partial {
            &[(None, SkipReason::Denied)]
        } else {
            &[]
        };
        assert_eq!(gaps, expected, "{include}");
    }
}

#[test]
fn fact_36_regions_that_could_not_be_listed_for_another_reason_are_told_as_such() {
    for (kind, coverage) in [
        ("throttle", SkipReason::Throttled),
        ("unknown-operation", SkipReason::Failed),
    ] {
        let scenario = organization(&format!(
            "[[account]]\nname = \"one\"\n[[fault]]\nkind = \"{kind}\"\noperation = \"ListRegions\""
        ));
        let run = Cloud::account(&scenario).plan().expect("a plan");
        assert_eq!(run.skipped.len(), 1, "{kind}");
        assert_eq!(run.skipped[0].coverage, coverage, "{kind}");
    }
}

#[test]
fn fact_39_a_session_that_the_role_does_not_allow_becomes_shorter() {
    for (caller, most) in [("", 3600), ("[caller]\nrole = \"SensorRole\"", 43_200)] {
        let scenario = organization(&format!(
            "[organization]\n[[account]]\nname = \"root\"\n[[account]]\nname = \"one\"\nrole_max_seconds = {most}\n\
             certificates = 2\n{caller}"
        ));
        let cloud = Cloud::new(
            &scenario,
            r#""scope": "organization", "session_duration": "12h""#,
        );
        let run = cloud.must_import();
        assert!(run.all_complete(), "{caller}: {:?}", run.splits);
        assert!(
            cloud
                .log
                .borrow()
                .iter()
                .any(|line| line.contains("one hour"))
        );
    }
}

#[test]
fn fact_40_the_external_id_is_given() {
    let scenario = organization(
        r#"
external_id = "example-42"
[organization]
[[account]]
name = "root"
[[account]]
name = "same"
certificates = 2
[[account]]
name = "other"
external_id = "something-else"
certificates = 2"#,
    );
    let cloud = Cloud::new(
        &scenario,
        r#""scope": "organization", "external_id": "example-42""#,
    );
    let run = cloud.must_import();
    let outcome = |name: &str| &run.splits[&format!("{}/us-east-1/acm", cloud.id(name))];
    assert!(outcome("same").is_ok());
    assert_eq!(
        outcome("other").as_ref().expect_err("denied").class,
        ErrorClass::AccessDenied
    );
}

#[test]
fn fact_45_every_arn_is_of_the_callers_partition() {
    for (partition, region) in [
        ("aws-cn", "cn-north-1"),
        ("aws-us-gov", "us-gov-west-1"),
        ("aws-eusc", "eusc-de-east-1"),
    ] {
        let scenario = organization(&format!(
            "partition = \"{partition}\"\nregions = [\"{region}\"]\n[organization]\n[[account]]\nname = \"root\"\n\
             [[account]]\nname = \"one\"\ncertificates = 4"
        ));
        let cloud = Cloud::organization(&scenario);
        let run = cloud.must_import();
        assert!(run.all_complete(), "{partition}");
        cloud.holds_the_truth(&run);
        let head = format!("arn:{partition}:iam::");
        let calls = cloud.calls.borrow();
        assert!(
            calls
                .iter()
                .filter(|(name, ..)| name == "AssumeRole")
                .all(|(.., arn)| arn.starts_with(&head))
        );
    }
}
