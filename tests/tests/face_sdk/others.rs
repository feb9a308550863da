//! STS, Organizations, Account Management, Secrets Manager.
//! Above: nothing. Below: `support`.
//! Invariant: what is expected comes from the scenario or from the model's truth.

use super::support::{account, base, client, code, face};
use aws_sdk_organizations::operation::list_accounts::ListAccountsOutput;
use std::collections::{BTreeMap, BTreeSet};

#[tokio::test]
async fn identity_is_the_scenarios() {
    let face = face();
    let sts = client!(aws_sdk_sts, face, "us-east-1", base(&face));
    let who = sts.get_caller_identity().send().await.unwrap();
    let identity = face.identity();
    assert_eq!(who.account.as_deref(), Some(identity.account.as_str()));
    assert_eq!(who.arn.as_deref(), Some(identity.arn.as_str()));
    assert_eq!(who.user_id.as_deref(), Some(identity.user_id.as_str()));
}

#[tokio::test]
async fn organization_is_walked() {
    let face = face();
    let organizations = client!(aws_sdk_organizations, face, "us-east-1", base(&face));
    let first = organizations.list_accounts().send().await.unwrap();
    assert_eq!(first.accounts().len(), 20, "fact 28: at most 20 a page");
    let all: Vec<_> = organizations
        .list_accounts()
        .into_paginator()
        .send()
        .try_collect()
        .await
        .unwrap();
    let accounts: Vec<_> = all.iter().flat_map(ListAccountsOutput::accounts).collect();
    assert_eq!(accounts.len(), 34);
    let states: BTreeMap<_, _> = accounts
        .iter()
        .map(|a| (a.name().unwrap(), a.state().unwrap().as_str()))
        .collect();
    assert_eq!(
        (states["member"], states["closed"]),
        ("ACTIVE", "SUSPENDED")
    );
    let organization = organizations
        .describe_organization()
        .send()
        .await
        .unwrap()
        .organization
        .unwrap();
    assert_eq!(
        organization.master_account_id(),
        Some(account(&face, "management").as_str())
    );
    let root = organizations
        .list_roots()
        .send()
        .await
        .unwrap()
        .roots
        .unwrap()
        .remove(0);
    let root = root.id().unwrap();
    let units = organizations
        .list_organizational_units_for_parent()
        .parent_id(root)
        .send()
        .await
        .unwrap();
    let unit = units.organizational_units()[0].id().unwrap();
    assert_eq!(units.organizational_units()[0].name(), Some("workloads"));
    let within = organizations
        .list_accounts_for_parent()
        .parent_id(unit)
        .send()
        .await
        .unwrap();
    let names: BTreeSet<_> = within
        .accounts()
        .iter()
        .map(|account| account.name().unwrap())
        .collect();
    assert_eq!(names, BTreeSet::from(["closed", "member"]));
    let too_many = organizations
        .list_accounts()
        .max_results(21)
        .send()
        .await
        .unwrap_err();
    assert!(too_many.into_service_error().is_invalid_input_exception());
}

#[tokio::test]
async fn regions_are_told() {
    let face = face();
    let regions = client!(aws_sdk_account, face, "us-east-1", base(&face));
    let member = account(&face, "member");
    let told = regions
        .list_regions()
        .account_id(&member)
        .send()
        .await
        .unwrap();
    let told: BTreeMap<_, _> = told
        .regions()
        .iter()
        .map(|r| {
            (
                r.region_name().unwrap(),
                r.region_opt_status().unwrap().as_str(),
            )
        })
        .collect();
    assert!(told["eu-west-1"].starts_with("ENABLED"), "{told:?}");
    assert_eq!(told["ap-east-1"], "DISABLED");
    let own = regions
        .list_regions()
        .account_id(account(&face, "management"));
    let own = own.send().await.unwrap_err();
    assert_eq!(
        code(&own),
        (Some("ValidationException".to_owned()), 400),
        "fact 36"
    );
}

#[tokio::test]
async fn secrets_are_listed() {
    let face = face();
    let secrets = client!(aws_sdk_secretsmanager, face, "us-east-1", base(&face));
    let all = secrets.list_secrets().send().await.unwrap();
    assert_eq!(all.secret_list().len(), 2);
    let one = secrets
        .describe_secret()
        .secret_id("sensor/s1/one")
        .send()
        .await
        .unwrap();
    assert_eq!(one.name(), Some("sensor/s1/one"));
    assert_eq!(one.tags()[0].key(), Some("owner"));
    let gone = secrets
        .describe_secret()
        .secret_id("nothing")
        .send()
        .await
        .unwrap_err();
    assert!(gone.into_service_error().is_resource_not_found_exception());
}
