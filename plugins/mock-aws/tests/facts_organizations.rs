//! The numbered facts about Organizations and regions, at the model's own interface.
//! Above: nothing. Below: `common`, the scenarios of the workspace.
//! Invariant: one test a fact, named by its number.
#![allow(clippy::unwrap_used, reason = "a test may stop")]

mod common;

use common::{enter, list_all, role_request, scenario, search_all, walk};
use mock_aws::{Caller, Fault, World};
use sensor_sdk::types::ErrorClass;
use sensor_sdk::types::aws::{Account, ListRegionsRequest};
use std::collections::BTreeMap;

/// All accounts; sizes of the pages beside them.
fn accounts(world: &mut World) -> Result<(Vec<Account>, Vec<usize>), Fault> {
    let (base, now) = (world.base(), world.start());
    let (mut all, mut sizes, mut token) = (Vec::new(), Vec::new(), None::<String>);
    loop {
        let page = world.list_accounts(now, &base, None, token.as_deref())?;
        sizes.push(page.accounts.len());
        all.extend(page.accounts);
        token = page.next_token;
        if token.is_none() {
            return Ok((all, sizes));
        }
    }
}

fn regions(
    world: &mut World,
    caller: &Caller,
    account: Option<&str>,
    statuses: &[&str],
) -> Result<Vec<String>, Fault> {
    let (now, mut all, mut token) = (world.start(), Vec::new(), None);
    loop {
        let request = ListRegionsRequest {
            account_id: account.map(str::to_owned),
            opt_statuses: statuses.iter().map(|word| (*word).to_owned()).collect(),
            next_token: token,
        };
        let page = world.list_regions(now, caller, None, &request)?;
        all.extend(page.regions.into_iter().map(|region| region.name));
        token = page.next_token;
        if token.is_none() {
            return Ok(all);
        }
    }
}

#[test]
fn fact_28_pages_of_twenty() {
    let mut world = scenario("fact-28-pages-of-twenty");
    let (all, sizes) = accounts(&mut world).unwrap();
    assert_eq!((all.len(), sizes), (45, vec![20, 0, 20, 5]));
    let (base, now) = (world.base(), world.start());
    assert!(world.list_accounts(now, &base, Some(21), None).is_err());
    assert_eq!(
        world
            .list_accounts(now, &base, Some(3), None)
            .unwrap()
            .accounts
            .len(),
        3
    );
}

#[test]
fn fact_29_states() {
    let mut world = scenario("fact-29-states");
    let (all, _) = accounts(&mut world).unwrap();
    let states: BTreeMap<_, _> = all
        .iter()
        .map(|a| (a.name.as_str(), a.state.as_deref().unwrap()))
        .collect();
    assert_eq!(states["suspended"], "SUSPENDED");
    assert_eq!(
        states
            .values()
            .collect::<std::collections::BTreeSet<_>>()
            .len(),
        5
    );
    let suspended = world.account_id("suspended").unwrap().to_owned();
    assert_eq!(
        common::assume(&mut world, &role_request(&suspended))
            .unwrap_err()
            .code,
        "AccessDenied"
    );
    enter(&mut world, "closing");
}

#[test]
fn fact_30_paths_and_the_walk() {
    let mut world = scenario("fact-30-no-paths");
    let (base, now) = (world.base(), world.start());
    let (all, _) = accounts(&mut world).unwrap();
    assert!(all.iter().all(|account| account.paths.is_empty()));
    let root = world.list_roots(now, &base, None, None).unwrap().roots[0]
        .id
        .clone();
    let names = |accounts: Vec<Account>| {
        accounts
            .into_iter()
            .map(|account| account.name)
            .collect::<Vec<_>>()
    };
    let outside = world
        .list_accounts_for_parent(now, &base, &root, None, None)
        .unwrap();
    assert_eq!(names(outside.accounts), ["root"]);
    let top = world
        .list_organizational_units_for_parent(now, &base, &root, None, None)
        .unwrap()
        .units;
    assert_eq!(top[0].name, "workloads");
    let web = world
        .list_accounts_for_parent(now, &base, &top[0].id, None, None)
        .unwrap();
    assert_eq!(names(web.accounts), ["web"]);
    let below = world
        .list_organizational_units_for_parent(now, &base, &top[0].id, None, None)
        .unwrap()
        .units;
    let shop = world
        .list_accounts_for_parent(now, &base, &below[0].id, None, None)
        .unwrap();
    assert_eq!(names(shop.accounts), ["shop"]);
    let fault = world
        .list_accounts_for_parent(now, &base, "ou-none", None, None)
        .unwrap_err();
    assert_eq!(fault.code, "ParentNotFoundException");

    let mut demo = scenario("demo");
    let (all, _) = accounts(&mut demo).unwrap();
    let payments = all
        .iter()
        .find(|account| account.name == "payments-production")
        .unwrap();
    let path = &payments.paths[0];
    assert!(
        path.starts_with("o-") && path.ends_with(&format!("/{}/", payments.id)),
        "{path}"
    );
    assert_eq!(path.matches("ou-").count(), 3);
}

#[test]
fn fact_31_who_may_list() {
    let mut member = scenario("fact-31-member-caller");
    let fault = accounts(&mut member).unwrap_err();
    assert_eq!(
        (fault.code.as_str(), fault.class),
        ("AccessDeniedException", ErrorClass::AccessDenied)
    );
    let (base, now) = (member.base(), member.start());
    assert!(
        member.describe_organization(now, &base).is_ok(),
        "a member may know its organization"
    );
    let mut alone = scenario("fact-31-no-organization");
    assert_eq!(
        accounts(&mut alone).unwrap_err().code,
        "AWSOrganizationsNotInUseException"
    );
    let mut delegated = scenario("fact-31-delegated");
    assert_eq!(accounts(&mut delegated).unwrap().0.len(), 3);
    enter(&mut delegated, "web");
}

#[test]
fn fact_32_too_many_requests() {
    let mut world = scenario("fact-32-organizations-throttle");
    let (base, now) = (world.base(), world.start());
    assert!(world.list_accounts(now, &base, None, None).is_ok());
    let fault = world.list_accounts(now, &base, None, None).unwrap_err();
    assert_eq!(
        (fault.code.as_str(), fault.status),
        ("TooManyRequestsException", 400)
    );
    assert!(world.list_accounts(now, &base, None, None).is_ok());
}

#[test]
fn fact_34_no_common_role() {
    let mut world = scenario("fact-34-no-common-role");
    for name in ["root", "invited", "new", "other-role"] {
        let id = world.account_id(name).unwrap().to_owned();
        let fault = common::assume(&mut world, &role_request(&id)).unwrap_err();
        assert_eq!(
            (fault.code.as_str(), fault.status),
            ("AccessDenied", 403),
            "{name}"
        );
    }
    let new = world.account_id("new").unwrap().to_owned();
    let (base, later) = (world.base(), world.start() + 300_000);
    assert!(
        world
            .assume_role(later, &base, None, &role_request(&new))
            .is_ok()
    );
    let now = world.start();
    assert_eq!(
        walk(&mut world, now, &base, "us-east-1", 100)
            .unwrap()
            .len(),
        2,
        "by base credentials"
    );
}

#[test]
fn fact_35_denials() {
    let mut world = scenario("fact-35-denials");
    let now = world.start();
    let region_denied = enter(&mut world, "region-denied");
    assert!(walk(&mut world, now, &region_denied, "us-east-1", 100).is_ok());
    let fault = walk(&mut world, now, &region_denied, "eu-west-1", 100).unwrap_err();
    assert!(
        fault.code == "AccessDeniedException" && fault.message.contains("explicit deny"),
        "{fault}"
    );
    let no_bodies = enter(&mut world, "no-bodies");
    let arn = walk(&mut world, now, &no_bodies, "us-east-1", 100).unwrap()[0]
        .arn
        .clone();
    assert!(
        world
            .describe_certificate(now, &no_bodies, "us-east-1", &arn)
            .is_ok()
    );
    assert!(
        world
            .get_certificate(now, &no_bodies, "us-east-1", &arn)
            .is_err()
    );
    let no_search = enter(&mut world, "no-search");
    assert!(
        world
            .search_certificates(now, &no_search, "us-east-1", &search_all(9, None))
            .is_err()
    );
    let narrow = enter(&mut world, "narrow-role");
    assert!(
        world
            .get_certificate(now, &narrow, "us-east-1", &arn)
            .unwrap_err()
            .message
            .contains("identity-based")
    );
    let closed = world.account_id("closed-role").unwrap().to_owned();
    assert!(common::assume(&mut world, &role_request(&closed)).is_err());
}

#[test]
fn fact_36_regions() {
    let mut world = scenario("fact-36-regions");
    let base = world.base();
    let wide = world.account_id("wide").unwrap().to_owned();
    assert_eq!(
        regions(&mut world, &base, Some(&wide), &[]).unwrap().len(),
        62
    );
    assert_eq!(world.calls(), [("ListRegions".to_owned(), 2)]);
    assert_eq!(
        regions(&mut world, &base, Some(&wide), &["ENABLED"]).unwrap(),
        ["ap-east-1"]
    );
    assert_eq!(
        regions(&mut world, &base, Some(&wide), &["ENABLED_BY_DEFAULT"]).unwrap(),
        ["us-east-1"]
    );
    assert_eq!(
        regions(&mut world, &base, None, &[]).unwrap(),
        ["us-east-1"]
    );
    let own = base.account.clone();
    assert_eq!(
        regions(&mut world, &base, Some(&own), &[])
            .unwrap_err()
            .code,
        "ValidationException"
    );
    let mut denied = scenario("fact-36-list-regions-denied");
    let (base, one) = (denied.base(), enter(&mut denied, "one"));
    assert_eq!(
        regions(&mut denied, &base, Some(&one.account), &[])
            .unwrap_err()
            .class,
        ErrorClass::AccessDenied
    );
    assert_eq!(
        regions(&mut denied, &one, None, &[]).unwrap_err().class,
        ErrorClass::AccessDenied
    );
}

#[test]
fn fact_37_disabled_region() {
    let mut world = scenario("fact-37-disabled-region");
    let (base, now) = (world.base(), world.start());
    let fault = world
        .list_certificates(now, &base, "eu-west-1", &list_all(10, None))
        .unwrap_err();
    assert_eq!(fault.code, "UnrecognizedClientException");
    assert!(
        world
            .list_certificates(now, &base, "us-east-1", &list_all(10, None))
            .is_ok()
    );
}

#[test]
fn fact_45_partitions() {
    let mut world = scenario("fact-45-china");
    let (all, _) = accounts(&mut world).unwrap();
    assert!(
        all.iter()
            .all(|account| account.arn.starts_with("arn:aws-cn:organizations::"))
    );
    assert!(world.base().arn.starts_with("arn:aws-cn:iam::"));
    let mut request = role_request(world.account_id("one").unwrap());
    assert!(
        common::assume(&mut world, &request).is_err(),
        "no role across partitions"
    );
    request.role_arn = request.role_arn.replace("arn:aws:", "arn:aws-cn:");
    let session = Caller::from(common::assume(&mut world, &request).unwrap());
    let now = world.start();
    let certificates = walk(&mut world, now, &session, "cn-north-1", 100).unwrap();
    assert!(
        certificates[0]
            .arn
            .starts_with("arn:aws-cn:acm:cn-north-1:")
    );
}
