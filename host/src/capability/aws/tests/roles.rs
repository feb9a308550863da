//! Roles: assumed once for all who ask, renewed before they end, narrowed to what was granted.

use super::cloud::{HOUR_MS, START, failure, role};
use super::{calls, setup, setup_with};
use crate::bindings::connector::sensor::aws::types::AssumeRoleRequest;
use crate::bindings::connector::sensor::core::types::{Error, ErrorClass};
use crate::grant::{Grants, Reach, session_policy};
use crate::model::time::Clock;
use futures::future::join_all;
use std::time::Duration;

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
