//! Batches: as fast as the rates allow, and no way around any rule.

use super::cloud::{START, role};
use super::{ErrorClass, Setup, calls, setup, setup_with};
use crate::bindings::connector::sensor::aws::batch::{CertificateAnswer, CertificateWish};
use crate::bindings::connector::sensor::aws::types::ListRegionsRequest;
use crate::model::time::Clock;

fn wishes(count: usize) -> Vec<CertificateWish> {
    let wish = |number| CertificateWish {
        arn: format!("arn:{number}"),
        details: true,
        tags: true,
        body: true,
    };
    (0..count).map(wish).collect()
}

async fn fetch(setup: &Setup, wishes: &[CertificateWish]) -> Vec<CertificateAnswer> {
    let base = setup.aws.base();
    setup
        .aws
        .fetch_certificates(base, "eu-test-1", wishes)
        .await
}

#[tokio::test]
async fn fact_09_a_batch_takes_as_long_as_its_slowest_operation_and_is_handed_over_bit_by_bit() {
    let setup = setup(|_| {});
    let all = wishes(300);
    let (mut left, mut batches) = (&all[..], 0);
    while !left.is_empty() {
        let answers = fetch(&setup, left).await;
        assert!(answers.iter().all(|answer| {
            let parts = (&answer.details, &answer.tags, &answer.body);
            matches!(parts, (Some(Ok(_)), Some(Ok(_)), Some(Ok(_))))
        }));
        left = &left[answers.len()..];
        batches += 1;
    }
    let took = (setup.clock.now() - START) as f64 / 1000.0;
    assert!(took <= 29.0 * 1.05, "took {took} s, at best 29 s");
    assert_eq!(setup.cloud.throttled(), 0);
    assert!(batches > 1, "nobody waits half a minute for the first one");
    assert!(setup.cloud.most_at_once("acm") > 3);
}

#[tokio::test]
async fn nothing_more_is_begun_after_what_fails_for_all() {
    for class in [ErrorClass::AuthExpired, ErrorClass::LimitExceeded] {
        let setup = setup(|cloud| cloud.fail("acm:GetCertificate", [class; 100]));
        let answers = fetch(&setup, &wishes(50)).await;
        assert!((1..20).contains(&answers.len()), "{}", answers.len());
        let failed = |answer: &CertificateAnswer| matches!(&answer.body, Some(Err(error)) if error.class == class);
        assert!(answers.iter().all(failed), "each tells its own error");
    }
}

#[tokio::test]
async fn what_fails_for_one_is_told_of_that_one() {
    let setup = setup(|cloud| {
        cloud.fail(
            "acm:DescribeCertificate",
            [ErrorClass::AccessDenied, ErrorClass::NotFound],
        );
    });
    let answers = fetch(&setup, &wishes(20)).await;
    let failed = |answer: &&CertificateAnswer| matches!(answer.details, Some(Err(_)));
    assert_eq!(answers.len(), 20);
    assert_eq!(answers.iter().filter(failed).count(), 2);
}

#[tokio::test]
async fn each_call_of_a_batch_needs_its_own_grant() {
    let setup = setup_with(|_| {}, &["acm:*"], Some(&["acm:Get*"]));
    let answers = fetch(&setup, &wishes(3)).await;
    for answer in &answers {
        let Some(Err(refused)) = &answer.details else {
            panic!("{answer:?}")
        };
        assert_eq!(refused.code, "NotGranted");
        assert!(matches!(answer.body, Some(Ok(_))));
    }
    let asked: Vec<_> = setup.aws.calls();
    assert_eq!(asked, [("acm:GetCertificate".to_owned(), 3)]);
}

#[tokio::test]
async fn fact_43_roles_and_regions_of_many_accounts_come_in_order() {
    let setup = setup(|_| {});
    let numbers: Vec<String> = (0..40).map(|n| format!("{:012}", n % 30)).collect();
    let requests = numbers.iter().map(|number| role(number)).collect();
    let base = setup.aws.base();
    let sessions = setup.aws.assume_roles(base, requests).await;
    let accounts: Vec<_> = sessions
        .iter()
        .map(|session| session.as_ref().unwrap().account().to_owned())
        .collect();
    assert_eq!(accounts, numbers);
    assert_eq!(calls(&setup.aws, "sts:AssumeRole"), 30);
    let request = ListRegionsRequest {
        account_id: None,
        opt_statuses: vec![],
        next_token: None,
    };
    let asked: Vec<_> = sessions
        .into_iter()
        .map(|session| (session.unwrap(), request.clone()))
        .collect();
    assert_eq!(setup.aws.list_regions_of(&asked).await.len(), 40);
    assert!(setup.aws.list_regions_of(&[]).await.is_empty());
}
