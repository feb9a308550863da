//! The policy layer over a simulated cloud on a virtual clock: quotas kept and used, retries, roles, refusals.

mod batch;
mod cloud;
mod writes;

use super::capability::{AwsCapability, AwsLend};
use super::rates::RateTable;
use crate::bindings::connector::sensor::aws::types::{AssumeRoleRequest, ListCertificatesRequest};
use crate::bindings::connector::sensor::core::types::{Error, ErrorClass};
use crate::grant::{Grants, Reach, session_policy};
use crate::model::time::{Clock, VirtualClock};
use cloud::{Cloud, HOUR_MS, START, base, failure, role};
use futures::future::join_all;
use std::sync::Arc;
use std::time::Duration;
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
async fn fact_43_one_role_is_assumed_once_for_all_who_ask() {
    let setup = setup(|_| {});
    let ask = |_| async {
        setup
            .aws
            .assume_role(setup.aws.base(), role("222222222222"))
            .await
            .unwrap()
            .id()
    };
    let sessions = join_all((0..50).map(ask)).await;
    assert!(sessions.iter().all(|id| *id == sessions[0]));
    assert_eq!(calls(&setup.aws, "sts:AssumeRole"), 1);
    let other = AssumeRoleRequest {
        external_id: Some("another".into()),
        ..role("222222222222")
    };
    assert_ne!(
        setup
            .aws
            .assume_role(setup.aws.base(), other)
            .await
            .unwrap()
            .id(),
        sessions[0]
    );
}

#[tokio::test]
async fn fact_35_a_refused_role_is_asked_once_in_a_while_and_the_message_says_what_it_can_be() {
    let setup = setup(|cloud| cloud.fail("sts:AssumeRole", [ErrorClass::AccessDenied; 9]));
    let ask = |_| async {
        setup
            .aws
            .assume_role(setup.aws.base(), role("222222222222"))
            .await
            .unwrap_err()
    };
    let errors = join_all((0..4).map(ask)).await;
    assert_eq!(calls(&setup.aws, "sts:AssumeRole"), 1);
    let detail = errors[3].detail.as_ref().unwrap();
    for word in [
        "external ID",
        "MFA",
        "\"Action\":\"sts:AssumeRole\"",
        "role/Reader",
    ] {
        assert!(detail.contains(word), "{word} in {detail}");
    }
    assert!(!errors[3].message.contains("MFA"), "AWS's words alone");
    setup.clock.sleep(Duration::from_mins(31)).await;
    ask(0).await;
    assert_eq!(calls(&setup.aws, "sts:AssumeRole"), 2, "it may be mended");
}

#[tokio::test]
async fn fact_44_a_wrong_clock_does_not_take_the_statements_place() {
    let setup = setup(|cloud| {
        let error = Error {
            detail: Some("this machine's clock is 90 s behind AWS's".to_owned()),
            ..failure(ErrorClass::AccessDenied)
        };
        cloud.fail_with("acm:GetCertificate", vec![error]);
    });
    let error = setup
        .aws
        .get_certificate(setup.aws.base(), "eu-test-1", "arn")
        .await
        .unwrap_err();
    let detail = error.detail.unwrap();
    for part in ["clock", r#""Action":"acm:GetCertificate""#] {
        assert!(detail.contains(part), "{part} in {detail}");
    }
}

#[tokio::test]
async fn fact_35_a_service_control_policy_is_not_mended_by_a_statement() {
    let words = "not authorized with an explicit deny in a service control policy";
    let setup = setup(|cloud| {
        for operation in ["sts:AssumeRole", "acm:GetCertificate"] {
            let error = Error {
                message: words.to_owned(),
                ..failure(ErrorClass::AccessDenied)
            };
            cloud.fail_with(operation, vec![error]);
        }
    });
    let base = setup.aws.base();
    let errors = [
        setup
            .aws
            .get_certificate(base, "eu-test-1", "arn")
            .await
            .unwrap_err(),
        setup
            .aws
            .assume_role(base, role("222222222222"))
            .await
            .unwrap_err(),
    ];
    for error in errors {
        assert_eq!(
            error.detail.as_deref(),
            Some("a service control policy of the organization denies this")
        );
    }
}

#[tokio::test]
async fn a_role_whose_refusal_may_pass_is_asked_again() {
    let setup = setup(|cloud| cloud.fail("sts:AssumeRole", [ErrorClass::Transient; 5]));
    let ask = || {
        setup
            .aws
            .assume_role(setup.aws.base(), role("222222222222"))
    };
    assert_eq!(ask().await.unwrap_err().class, ErrorClass::Transient);
    ask().await.unwrap();
}

#[tokio::test]
async fn fact_39_a_session_is_renewed_before_it_ends_for_all_who_hold_it() {
    let setup = setup(|_| {});
    let session = setup
        .aws
        .assume_role(setup.aws.base(), role("222222222222"))
        .await
        .unwrap();
    let describe = || setup.aws.describe_certificate(&session, "eu-test-1", "arn");
    describe().await.unwrap();
    assert_eq!(session.expires_at(), Some(START + HOUR_MS));
    setup.clock.sleep(Duration::from_mins(46)).await;
    join_all((0..5).map(|_| describe()))
        .await
        .into_iter()
        .for_each(|answer| _ = answer.unwrap());
    assert_eq!(calls(&setup.aws, "sts:AssumeRole"), 2);
    assert!(session.expires_at().unwrap() > START + HOUR_MS + 40 * 60_000);
}

#[tokio::test]
async fn a_session_that_ended_early_is_renewed_once_and_the_call_repeated() {
    let setup = setup(|cloud| cloud.fail("acm:DescribeCertificate", [ErrorClass::AuthExpired]));
    let session = setup
        .aws
        .assume_role(setup.aws.base(), role("222222222222"))
        .await
        .unwrap();
    setup
        .aws
        .describe_certificate(&session, "eu-test-1", "arn")
        .await
        .unwrap();
    assert_eq!(calls(&setup.aws, "sts:AssumeRole"), 2);
    assert_eq!(calls(&setup.aws, "acm:DescribeCertificate"), 2);
}

#[tokio::test]
async fn a_base_session_that_ended_is_told() {
    let setup = setup(|cloud| cloud.fail("acm:DescribeCertificate", [ErrorClass::AuthExpired; 3]));
    let error = setup
        .aws
        .describe_certificate(setup.aws.base(), "eu-test-1", "arn")
        .await
        .unwrap_err();
    assert_eq!(error.class, ErrorClass::AuthExpired);
    assert_eq!(calls(&setup.aws, "acm:DescribeCertificate"), 1);
}

#[tokio::test]
async fn fact_40_roles_are_narrowed_to_the_grants_and_a_policy_of_the_plugins_own_is_refused() {
    let setup = setup_with(
        |_| {},
        &["sts:AssumeRole", "acm:*"],
        Some(&["sts:*", "acm:List*"]),
    );
    setup
        .aws
        .assume_role(setup.aws.base(), role("222222222222"))
        .await
        .unwrap();
    let own = AssumeRoleRequest {
        policy: Some("{\"own\":1}".into()),
        ..role("333333333333")
    };
    let refused = setup
        .aws
        .assume_role(setup.aws.base(), own)
        .await
        .unwrap_err();
    assert_eq!(
        (refused.class, refused.code.as_str()),
        (ErrorClass::Unsupported, "session-policy-not-taken")
    );
    let policies: Vec<_> = setup
        .cloud
        .assumed()
        .into_iter()
        .map(|request| request.policy.unwrap())
        .collect();
    let narrowed = Grants::parse(&["sts:AssumeRole".into(), "acm:List*".into()], None).unwrap();
    assert_eq!(
        policies,
        [session_policy(&narrowed, Reach::Writes, "aws").unwrap()]
    );
}

#[tokio::test]
async fn fact_39_chained_roles_get_an_hour_and_others_what_they_allow() {
    let setup = setup(|cloud| cloud.longest_role_s = 7200);
    let long = |account: &str| AssumeRoleRequest {
        duration_seconds: Some(43_200),
        ..role(account)
    };
    let first = setup
        .aws
        .assume_role(setup.aws.base(), long("222222222222"))
        .await
        .unwrap();
    setup
        .aws
        .assume_role(&first, long("333333333333"))
        .await
        .unwrap();
    let asked: Vec<_> = setup
        .cloud
        .assumed()
        .iter()
        .map(|request| request.duration_seconds)
        .collect();
    assert_eq!(asked, [Some(43_200), Some(3600), Some(3600)]);
}

#[tokio::test]
async fn chains_of_roles_have_an_end() {
    let setup = setup(|_| {});
    let mut session = setup.aws.base().clone();
    let mut outcome = Ok(());
    for _ in 0..10 {
        match setup.aws.assume_role(&session, role("222222222222")).await {
            Ok(next) => session = next,
            Err(error) => outcome = Err(error.code),
        }
    }
    assert_eq!(outcome, Err("too-many-roles".to_owned()));
    assert_eq!(calls(&setup.aws, "sts:AssumeRole"), 4);
}

#[tokio::test]
async fn an_answer_for_another_account_is_not_believed() {
    let setup = setup(|cloud| cloud.answers_for = Some("999999999999".to_owned()));
    let error = setup
        .aws
        .assume_role(setup.aws.base(), role("222222222222"))
        .await
        .unwrap_err();
    assert_eq!(
        (error.class, error.code.as_str()),
        (ErrorClass::InvalidResponse, "other-account")
    );
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
