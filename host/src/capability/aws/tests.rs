//! The policy layer over a simulated cloud on a virtual clock: quotas kept and used, retries, roles, refusals.

mod batch;
mod cloud;
mod roles;
mod writes;

use super::capability::{AwsCapability, AwsLend};
use super::rates::RateTable;
use crate::bindings::connector::sensor::aws::types::ListCertificatesRequest;
use crate::bindings::connector::sensor::core::types::{Error, ErrorClass};
use crate::grant::{Grants, Reach};
use crate::model::time::{Clock, VirtualClock};
use cloud::{Cloud, START, base, failure, role};
use futures::future::join_all;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

const ALL: &[&str] = &[
    "sts:*",
    "organizations:*",
    "account:*",
    "acm:*",
    "secretsmanager:*",
];

struct Setup {
    cloud: Arc<Cloud>,
    clock: Arc<VirtualClock>,
    cancel: CancellationToken,
    aws: Arc<AwsCapability>,
}

fn setup_with(
    cloud: impl FnOnce(&mut Cloud),
    requested: &[&str],
    granted: Option<&[&str]>,
) -> Setup {
    setup_lending(cloud, requested, granted, |_| {})
}

fn setup_lending(
    cloud: impl FnOnce(&mut Cloud),
    requested: &[&str],
    granted: Option<&[&str]>,
    lend: impl FnOnce(&mut AwsLend),
) -> Setup {
    let clock = Arc::new(VirtualClock::starting_at(START));
    let mut world = Cloud::new(clock.clone());
    cloud(&mut world);
    let cloud = Arc::new(world);
    let cancel = CancellationToken::new();
    let owned = |rules: &[&str]| {
        rules
            .iter()
            .map(|rule| (*rule).to_owned())
            .collect::<Vec<_>>()
    };
    let mut lent = AwsLend {
        backend: cloud.clone(),
        grants: Grants::parse(&owned(requested), granted.map(owned).as_deref()).unwrap(),
        clock: clock.clone(),
        rates: RateTable::default(),
        connector: "aws-prod".parse().unwrap(),
        run: None,
        reach: Reach::Writes,
        base: base(),
        cancel: cancel.clone(),
        keys: None,
    };
    lend(&mut lent);
    let aws = AwsCapability::new(lent);
    Setup {
        cloud,
        clock,
        cancel,
        aws,
    }
}

fn setup(cloud: impl FnOnce(&mut Cloud)) -> Setup {
    setup_with(cloud, ALL, None)
}

fn list() -> ListCertificatesRequest {
    ListCertificatesRequest {
        key_types: vec![],
        key_pair_origins: vec![],
        statuses: vec![],
        max_items: 1,
        next_token: None,
    }
}

fn calls(aws: &AwsCapability, operation: &str) -> u64 {
    aws.calls()
        .iter()
        .find(|(name, _)| name == operation)
        .map_or(0, |(_, count)| *count)
}

/// Lists and describes as many regions do at once, each in its own sequence; returns how long it took, in seconds.
async fn read_regions(setup: &Setup, regions: usize, lists: usize, describes: usize) -> f64 {
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..regions {
        let aws = setup.aws.clone();
        tasks.spawn(async move {
            let region = format!("eu-test-{number}");
            for _ in 0..lists {
                aws.list_certificates(aws.base(), &region, &list())
                    .await
                    .unwrap();
            }
            for _ in 0..describes {
                aws.describe_certificate(aws.base(), &region, "arn")
                    .await
                    .unwrap();
            }
        });
    }
    tasks.join_all().await;
    (setup.clock.now() - START) as f64 / 1000.0
}

#[tokio::test]
async fn fact_08_09_the_quota_is_used_to_a_twentieth_and_never_exceeded() {
    let setup = setup(|_| {});
    let took = read_regions(&setup, 1, 10, 500).await;
    let best = 9.0 + 49.0;
    assert!(took <= best * 1.05, "took {took} s, at best {best} s");
    assert_eq!(setup.cloud.throttled(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fact_08_many_places_at_once_stay_within_their_quotas() {
    let setup = setup(|_| {});
    read_regions(&setup, 40, 5, 60).await;
    assert_eq!(setup.cloud.throttled(), 0);
    assert_eq!(calls(&setup.aws, "acm:DescribeCertificate"), 40 * 60);
}

#[tokio::test]
async fn many_callers_of_one_place_share_its_quota_in_turn() {
    let setup = setup(|_| {});
    let one = |_| async {
        setup
            .aws
            .list_certificates(setup.aws.base(), "eu-test-1", &list())
            .await
            .unwrap()
    };
    join_all((0..20).map(one)).await;
    let took = (setup.clock.now() - START) as f64 / 1000.0;
    assert_eq!(setup.cloud.throttled(), 0);
    assert!(took <= 19.0 * 1.05, "20 calls at 1/s took {took} s");
}

#[tokio::test]
async fn throttles_and_faults_are_tried_again_until_they_pass() {
    let setup = setup(|cloud| {
        cloud.fail(
            "acm:GetCertificate",
            [
                ErrorClass::Throttled,
                ErrorClass::Transient,
                ErrorClass::Throttled,
            ],
        );
    });
    setup
        .aws
        .get_certificate(setup.aws.base(), "eu-test-1", "arn")
        .await
        .unwrap();
    assert_eq!(calls(&setup.aws, "acm:GetCertificate"), 4);
}

#[tokio::test]
async fn a_throttle_that_does_not_end_is_told_after_eight_attempts() {
    let setup = setup(|cloud| cloud.fail("acm:GetCertificate", [ErrorClass::Throttled; 100]));
    let error = setup
        .aws
        .get_certificate(setup.aws.base(), "eu-test-1", "arn:one")
        .await
        .unwrap_err();
    assert_eq!(
        (error.class, error.subject.as_deref()),
        (ErrorClass::Throttled, Some("arn:one"))
    );
    assert_eq!(calls(&setup.aws, "acm:GetCertificate"), 8);
}

#[tokio::test]
async fn what_will_not_pass_is_asked_once() {
    let setup = setup(|cloud| cloud.fail("acm:GetCertificate", [ErrorClass::AccessDenied]));
    let error = setup
        .aws
        .get_certificate(setup.aws.base(), "eu-test-1", "arn")
        .await
        .unwrap_err();
    assert_eq!(calls(&setup.aws, "acm:GetCertificate"), 1);
    assert!(
        error
            .detail
            .unwrap()
            .contains(r#""Action":"acm:GetCertificate""#),
        "the missing statement is told"
    );
}

#[tokio::test]
async fn what_is_not_granted_does_not_reach_the_cloud() {
    let setup = setup_with(|_| {}, &["acm:List*", "acm:Get*"], Some(&["acm:List*"]));
    let base = setup.aws.base();
    let errors = [
        setup
            .aws
            .get_certificate(base, "eu-test-1", "arn")
            .await
            .unwrap_err(),
        setup.aws.list_accounts(base, None).await.unwrap_err(),
        setup
            .aws
            .assume_role(base, role("222222222222"))
            .await
            .unwrap_err(),
    ];
    for error in &errors {
        assert_eq!(
            (error.class, error.code.as_str()),
            (ErrorClass::AccessDenied, "NotGranted"),
            "{error:?}"
        );
    }
    assert!(
        errors[0].message.contains("[grants] operations")
            && errors[1].message.contains("plugin.toml")
    );
    assert!(setup.aws.calls().is_empty());
    setup
        .aws
        .list_certificates(base, "eu-test-1", &list())
        .await
        .unwrap();
}

#[tokio::test]
async fn a_region_that_is_none_does_not_reach_the_cloud() {
    let setup = setup(|_| {});
    for region in [
        "",
        "example.com",
        "eu-central-1.example.com",
        "169.254.169.254",
        "global",
    ] {
        let answer = setup
            .aws
            .list_certificates(setup.aws.base(), region, &list())
            .await;
        assert_eq!(answer.unwrap_err().code, "invalid-region", "{region}");
    }
    assert!(setup.aws.calls().is_empty());
}

#[tokio::test]
async fn fact_32_organizations_is_asked_one_call_at_a_time() {
    let setup = setup(|_| {});
    let ask = |number: usize| {
        let aws = &setup.aws;
        async move {
            if number.is_multiple_of(2) {
                aws.list_accounts(aws.base(), None).await.map(drop)
            } else {
                aws.list_roots(aws.base(), None).await.map(drop)
            }
        }
    };
    join_all((0..20).map(ask))
        .await
        .into_iter()
        .for_each(|answer| answer.unwrap());
    assert_eq!(setup.cloud.most_at_once("organizations"), 1);
    assert_eq!(setup.cloud.throttled(), 0);
}

#[tokio::test]
async fn stopping_ends_every_wait() {
    let setup = setup(|cloud| cloud.fail("acm:GetCertificate", [ErrorClass::Throttled; 100]));
    setup.cancel.cancel();
    let error: Error = setup
        .aws
        .get_certificate(setup.aws.base(), "eu-test-1", "arn")
        .await
        .unwrap_err();
    assert_eq!(
        (error.class, error.code.as_str()),
        (ErrorClass::Cancelled, "cancelled")
    );
    assert!(setup.aws.calls().is_empty());
    let error = setup
        .aws
        .assume_role(setup.aws.base(), role("222222222222"))
        .await
        .unwrap_err();
    assert_eq!(error.class, ErrorClass::Cancelled);
}

#[tokio::test]
async fn what_aws_asks_to_wait_is_waited() {
    let mut slow = failure(ErrorClass::Throttled);
    slow.retry_after_ms = Some(30_000);
    let setup = setup(|cloud| cloud.fail_with("acm:GetCertificate", vec![slow]));
    setup
        .aws
        .get_certificate(setup.aws.base(), "eu-test-1", "arn")
        .await
        .unwrap();
    assert!(setup.clock.now() - START >= 30_000);
}
