//! The check and the policies: what an operator is told.

mod common;

use aws_unified::AwsUnified;
use common::{Cloud, failures, of};
use sensor_sdk::connector::Connector;
use sensor_sdk::types::{CheckStatus, Finding};
use serde_json::Value;

fn advice(finding: &Finding) -> &str {
    finding.advice.as_deref().unwrap_or_default()
}

/// The statement that a finding says is missing.
fn missing(finding: &Finding) -> (String, String) {
    let text = finding.statement.as_deref().expect("a statement");
    let value: Value = serde_json::from_str(text).expect("JSON");
    assert_eq!(value["Effect"], "Allow");
    let word = |key: &str| value[key].as_str().expect(key).to_owned();
    (word("Action"), word("Resource"))
}

const GOOD: &str = r#"
rates = "off"
[organization]
[[account]]
name = "root"
certificates = 1
[[account]]
name = "one"
certificates = 2
[[account]]
name = "two"
"#;

#[test]
fn all_is_well() {
    let cloud = Cloud::organization(GOOD);
    let findings = cloud.check();
    let bad: Vec<_> = findings
        .iter()
        .filter(|finding| finding.status != CheckStatus::Success)
        .collect();
    assert!(bad.is_empty(), "{bad:#?}");
    assert_eq!(of(&findings, "assume-role").len(), 2);
    assert_eq!(of(&findings, "permissions").len(), 3);
    assert!(cloud.known.borrow().is_empty());
}

#[test]
fn fact_42_the_caller_is_told_first() {
    let findings = Cloud::account("[[account]]\nname = \"one\"\nid = \"111122223333\"").check();
    assert_eq!(findings[0].code, "caller-identity");
    assert_eq!(
        findings[0].message,
        "acting as arn:aws:iam::111122223333:user/sensor in account 111122223333, partition aws"
    );
}

#[test]
fn credentials_that_have_ended_are_told_and_nothing_else_is_tried() {
    let cloud = Cloud::account("[[account]]\nname = \"one\"\n[caller]\nexpires_ms = 1000");
    cloud.pass(2000);
    let findings = cloud.check();
    let told: Vec<_> = findings
        .iter()
        .map(|finding| (finding.status, finding.code.as_str()))
        .collect();
    assert_eq!(told, [(CheckStatus::Failure, "caller-identity")]);
}

#[test]
fn wrong_settings_are_findings() {
    let findings = Cloud::new(
        "[[account]]\nname = \"one\"",
        r#""scope": "account", "raed": "list", "details_max_age": 5"#,
    )
    .check();
    assert_eq!(findings.len(), 2);
    assert!(
        findings
            .iter()
            .all(|finding| finding.code == "settings" && finding.subject.is_some())
    );
}

#[test]
fn each_missing_permission_comes_with_its_statement() {
    let cloud = Cloud::account(
        r#"
rates = "off"
[[account]]
name = "one"
id = "111122223333"
certificates = 2
[caller]
allows = ["acm:ListCertificates", "acm:DescribeCertificate"]"#,
    );
    let findings = cloud.check();
    let told: Vec<_> = findings
        .iter()
        .filter(|finding| finding.statement.is_some())
        .map(missing)
        .collect();
    let certificates = "arn:aws:acm:*:111122223333:certificate/*";
    for (action, resource) in [
        ("account:ListRegions", "*"),
        ("acm:SearchCertificates", "*"),
        ("acm:GetCertificate", certificates),
        ("acm:ListTagsForCertificate", certificates),
        ("secretsmanager:ListSecrets", "*"),
    ] {
        assert!(
            told.contains(&(action.to_owned(), resource.to_owned())),
            "{action}: {told:#?}"
        );
    }
    assert_eq!(told.len(), 5, "{told:#?}");
    let codes: Vec<_> = failures(&findings)
        .iter()
        .map(|finding| finding.code.as_str())
        .collect();
    assert_eq!(
        codes,
        ["permission", "permission"],
        "search and regions have a substitute"
    );
}

#[test]
fn a_permission_is_tried_where_there_is_no_certificate_too() {
    let findings = Cloud::account(
        "rates = \"off\"\n[[account]]\nname = \"one\"\ndenied_actions = [\"acm:GetCertificate\"]",
    )
    .check();
    let failed = failures(&findings);
    assert_eq!(failed.len(), 1);
    assert!(
        failed[0].statement.is_none(),
        "no statement helps against the organization"
    );
    assert!(advice(failed[0]).contains("service control policy"));
}

#[test]
fn fact_31_the_account_scope_is_advised_outside_an_organization() {
    let findings = Cloud::organization("[[account]]\nname = \"alone\"").check();
    let told = of(&findings, "organization")[0];
    assert_eq!(told.status, CheckStatus::Failure);
    assert!(advice(told).contains("scope = \"account\""));
}

#[test]
fn fact_31_a_member_is_told_who_may_ask() {
    let findings = Cloud::organization(
        "[organization]\n[[account]]\nname = \"root\"\n[[account]]\nname = \"member\"\n[caller]\naccount = \"member\"",
    )
    .check();
    let told = failures(&findings)[0];
    assert!(
        advice(told).contains("delegated administrator"),
        "{told:#?}"
    );
    assert_eq!(missing(told).0, "organizations:ListAccounts");
}

#[test]
fn fact_34_an_invited_account_without_the_role_is_explained() {
    let cloud = Cloud::organization(
        r#"
rates = "off"
[organization]
[[account]]
name = "root"
[[account]]
name = "good"
[[account]]
name = "invited"
joined = "INVITED""#,
    );
    let findings = cloud.check();
    let failed = failures(&findings);
    assert_eq!(failed.len(), 1, "{failed:#?}");
    assert_eq!(
        (failed[0].code.as_str(), failed[0].subject.as_deref()),
        ("assume-role", Some(&*cloud.id("invited")))
    );
    assert!(
        advice(failed[0]).contains("invited accounts do not get OrganizationAccountAccessRole")
    );
    let (action, resource) = missing(failed[0]);
    assert_eq!(action, "sts:AssumeRole");
    assert_eq!(
        resource,
        format!(
            "arn:aws:iam::{}:role/OrganizationAccountAccessRole",
            cloud.id("invited")
        )
    );
}

#[test]
fn fact_35_no_statement_is_proposed_where_an_organization_forbids_the_way_in() {
    let cloud = Cloud::organization(
        r#"
rates = "off"
[organization]
delegated = ["security"]
[[account]]
name = "root"
[[account]]
name = "security"
denied_actions = ["sts:AssumeRole", "account:ListRegions", "secretsmanager:*"]
[[account]]
name = "one"
[caller]
account = "security""#,
    );
    let findings = cloud.check();
    let tried = of(&findings, "assume-role");
    assert_eq!(tried.len(), 2, "{findings:#?}");
    for told in tried {
        assert_eq!(
            (told.status, &told.statement),
            (CheckStatus::Failure, &None)
        );
        let said = advice(told);
        assert!(
            said.contains("no IAM policy can allow it: a service control policy"),
            "{said}"
        );
        assert!(
            said.contains(&cloud.id("security")) && said.contains("management account"),
            "{said}"
        );
        assert!(!said.contains("trust"), "{said}");
    }
    // The same where the call is not needed.
    for code in ["regions", "secrets-manager"] {
        let told = of(&findings, code)[0];
        assert_eq!(told.statement, None, "{code}");
        assert!(
            advice(told).contains("service control policy"),
            "{code}: {}",
            advice(told)
        );
    }
}

#[test]
fn fact_36_a_shut_way_to_the_regions_is_a_warning_with_advice() {
    let findings = Cloud::organization(&GOOD.replace(
        "[organization]",
        "[organization]\ntrusted_account_access = false",
    ))
    .check();
    let told = of(&findings, "regions")[0];
    assert_eq!(told.status, CheckStatus::Warning);
    assert!(advice(told).contains("trusted access"));
}

#[test]
fn fact_41_mfa_is_named_among_the_causes() {
    let cloud = Cloud::organization(
        "rates = \"off\"\n[organization]\n[[account]]\nname = \"root\"\n[[account]]\nname = \"guarded\"\nrole_mfa = true",
    );
    assert!(advice(failures(&cloud.check())[0]).contains("MFA"));
}

#[test]
fn a_large_organization_is_checked_with_few_calls() {
    let cloud = Cloud::organization(
        "rates = \"off\"\n[organization]\n[[account]]\nname = \"root\"\n[generate]\naccounts = 3000\nous = 30\ndepth = 3\ncertificates_per_split = 1",
    );
    let findings = cloud.check();
    assert!(failures(&findings).is_empty());
    assert!(
        cloud.calls.borrow().len() < 200,
        "{} calls",
        cloud.calls.borrow().len()
    );
}

fn policies(settings: &str, partition: &str) -> Vec<(String, Value)> {
    let cloud = Cloud::new("[[account]]\nname = \"one\"", settings);
    let documents = AwsUnified::policy(&cloud, partition).expect("policies");
    assert!(
        cloud.calls.borrow().is_empty(),
        "a policy is written without asking AWS"
    );
    documents
        .into_iter()
        .map(|(title, text)| (title, serde_json::from_str(&text).expect("JSON")))
        .collect()
}

/// All actions that a policy allows.
fn actions(policy: &Value) -> Vec<String> {
    let statements = policy["Statement"].as_array().expect("statements").iter();
    let actions = statements.flat_map(|statement| match &statement["Action"] {
        Value::Array(all) => all.clone(),
        one => vec![one.clone()],
    });
    actions
        .map(|action| action.as_str().expect("a text").to_owned())
        .collect()
}

#[test]
fn an_account_needs_one_policy_and_it_is_enough() {
    let all = policies(r#""scope": "account""#, "aws");
    assert_eq!(all.len(), 1);
    let allowed = serde_json::to_string(&actions(&all[0].1)).expect("JSON");
    let scenario = format!(
        "rates = \"off\"\n[[account]]\nname = \"one\"\ncertificates = 5\n[caller]\nallows = {allowed}"
    );
    let cloud = Cloud::account(&scenario);
    let run = cloud.must_import();
    cloud.holds_the_truth(&run);
    assert!(run.problems.is_empty(), "{:?}", run.problems);
    assert!(failures(&cloud.check()).is_empty());
}

#[test]
fn an_organization_needs_three_policies_and_they_are_enough() {
    let settings = r#""scope": "organization", "role_name": "audit/CertificateReader", "external_id": "example-42""#;
    let all = policies(settings, "aws-cn");
    assert_eq!(all.len(), 3);
    let text = all[0].1.to_string();
    assert!(
        text.contains("arn:aws-cn:iam::*:role/audit/CertificateReader"),
        "{text}"
    );
    let trust = &all[2].1["Statement"][0];
    assert_eq!(
        trust["Condition"]["StringEquals"]["sts:ExternalId"],
        "example-42"
    );
    assert!(
        all[2].0.contains("ACCOUNT_OF_THE_SENSOR")
            && trust.to_string().contains("ACCOUNT_OF_THE_SENSOR")
    );

    let list = |policy: &Value| serde_json::to_string(&actions(policy)).expect("JSON");
    let scenario = format!(
        "rates = \"off\"\nrole = \"CertificateReader\"\nexternal_id = \"example-42\"\npartition = \"aws-cn\"\n\
         regions = [\"cn-north-1\"]\n[organization]\n[[account]]\nname = \"root\"\ncertificates = 1\n[[account]]\nname = \"one\"\n\
         certificates = 3\nrole_allows = {}\n[caller]\nallows = {}",
        list(&all[1].1),
        list(&all[0].1)
    );
    let cloud = Cloud::new(&scenario, settings);
    let run = cloud.must_import();
    assert!(
        run.all_complete() && run.problems.is_empty(),
        "{:?} {:?}",
        run.splits,
        run.problems
    );
    cloud.holds_the_truth(&run);
    assert!(failures(&cloud.check()).is_empty());
}

#[test]
fn policies_are_as_narrow_as_the_settings() {
    let settings = r#""scope": "account", "read": "list", "regions": {"include": ["eu-*"], "exclude": ["eu-west-3"]}"#;
    let (_, policy) = policies(settings, "aws").remove(0);
    assert!(
        !actions(&policy)
            .iter()
            .any(|action| action == "acm:SearchCertificates")
    );
    let condition = &policy["Statement"][1]["Condition"];
    assert_eq!(condition["StringLike"]["aws:RequestedRegion"][0], "eu-*");
    assert_eq!(
        condition["StringNotLike"]["aws:RequestedRegion"][0],
        "eu-west-3"
    );
}

#[test]
fn what_is_described_is_what_the_manifest_requests() {
    let text = include_str!("../plugin.toml");
    let described = AwsUnified::describe();
    let mut section = "";
    let mut requested = Vec::new();
    for line in text.lines() {
        if let Some(name) = line
            .strip_prefix("[capabilities.")
            .and_then(|rest| rest.strip_suffix(']'))
        {
            section = name;
        }
        let quoted = line
            .split('"')
            .skip(1)
            .step_by(2)
            .filter(|word| word.chars().all(char::is_alphabetic));
        if !section.is_empty() {
            requested.extend(quoted.map(|word| format!("{section}:{word}")));
        }
    }
    let mut told = [described.required_operations, described.optional_operations].concat();
    told.sort();
    requested.sort();
    assert_eq!(told, requested);
}
