//! What every test of the model needs: a world out of a few lines, requests that hide nothing.
//! Above: `tests/*.rs`. Below: the crate under test.
//! Invariant: a test's scenario is written out in the test, or stands in `tests/scenarios` of the workspace.
#![allow(dead_code, reason = "each test crate uses a part of it")]

pub(crate) mod brings;
pub(crate) mod ca;

use mock_aws::{AssumedRole, Caller, Fault, Scenario, World};
use sensor_sdk::types::Tag;
use sensor_sdk::types::aws::{
    AssumeRoleRequest, CertificateSummary, ListCertificatesRequest, SearchCertificatesRequest,
};

/// 2026-11-01T00:00:00Z.
pub(crate) const START: i64 = 1_793_491_200_000;

/// A world with a virtual clock and no quotas.
pub(crate) fn world(text: &str) -> World {
    let head = "name = \"test\"\nclock = \"virtual\"\nrates = \"off\"\n";
    exact(&format!("{head}{text}"))
}

/// A world of exactly this scenario.
pub(crate) fn exact(text: &str) -> World {
    let scenario = Scenario::parse(text).unwrap_or_else(|problems| panic!("{problems}"));
    World::new(&scenario, START).unwrap_or_else(|problems| panic!("{problems}"))
}

/// A scenario of the workspace.
pub(crate) fn scenario(folder: &str) -> World {
    let path = format!(
        "{}/../../tests/scenarios/{folder}/aws.toml",
        env!("CARGO_MANIFEST_DIR")
    );
    exact(&std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}")))
}

/// Every key type, every origin.
pub(crate) fn list_all(max_items: u32, next_token: Option<String>) -> ListCertificatesRequest {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    ListCertificatesRequest {
        key_types: words(&[
            "RSA_1024",
            "RSA_2048",
            "RSA_3072",
            "RSA_4096",
            "EC_prime256v1",
            "EC_secp384r1",
            "EC_secp521r1",
        ]),
        key_pair_origins: words(&["AWS_MANAGED", "CUSTOMER_PROVIDED", "ACME"]),
        statuses: Vec::new(),
        max_items,
        next_token,
    }
}

/// AWS's defaults.
pub(crate) fn list_default() -> ListCertificatesRequest {
    ListCertificatesRequest {
        key_types: Vec::new(),
        key_pair_origins: Vec::new(),
        statuses: Vec::new(),
        max_items: 0,
        next_token: None,
    }
}

/// Everything, by search.
pub(crate) fn search_all(
    max_results: u32,
    next_token: Option<String>,
) -> SearchCertificatesRequest {
    SearchCertificatesRequest {
        filter: None,
        max_results,
        next_token,
    }
}

/// All pages of one split.
pub(crate) fn walk(
    world: &mut World,
    now: i64,
    caller: &Caller,
    region: &str,
    size: u32,
) -> Result<Vec<CertificateSummary>, Fault> {
    let (mut all, mut token) = (Vec::new(), None);
    for _ in 0..10_000 {
        let page = world.list_certificates(now, caller, region, &list_all(size, token))?;
        all.extend(page.certificates);
        token = page.next_token;
        if token.is_none() {
            return Ok(all);
        }
    }
    panic!("the list has no end");
}

pub(crate) fn tag(key: &str, value: &str) -> Tag {
    Tag {
        key: key.to_owned(),
        value: value.to_owned(),
    }
}

/// A request for the common role of an account.
pub(crate) fn role_request(account: &str) -> AssumeRoleRequest {
    AssumeRoleRequest {
        role_arn: format!("arn:aws:iam::{account}:role/OrganizationAccountAccessRole"),
        session_name: "sensor".to_owned(),
        external_id: None,
        policy: None,
        duration_seconds: None,
    }
}

/// A session in the account of this name.
pub(crate) fn enter(world: &mut World, name: &str) -> Caller {
    let id = world.account_id(name).expect("no such account").to_owned();
    assume(world, &role_request(&id))
        .expect("the role is closed")
        .into()
}

/// AssumeRole by the operator, at the start.
pub(crate) fn assume(world: &mut World, request: &AssumeRoleRequest) -> Result<AssumedRole, Fault> {
    let (base, start) = (world.base(), world.start());
    world.assume_role(start, &base, None, request)
}
