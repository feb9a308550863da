//! Faults: their codes, the checks of credentials, harm on the way.
//! Above: nothing. Below: `support`.
//! Invariant: what is expected comes from the scenario or from the model's truth.

use super::support::{assume, base, client, code, face, list};
use aws_credential_types::Credentials;
use aws_sdk_acm::error::SdkError;
use mock_aws::{Identity, Scenario};
use sensor_tests::face::Face;

#[tokio::test]
async fn fact_33_global_services_sign_for_their_home() {
    let face = face();
    let organizations = client!(aws_sdk_organizations, face, "eu-west-1", base(&face));
    let refused = organizations.list_accounts().send().await.unwrap_err();
    assert_eq!(
        code(&refused),
        (Some("InvalidSignatureException".to_owned()), 400)
    );
}

#[tokio::test]
async fn errors_carry_their_code() {
    let face = face();
    let acm = client!(aws_sdk_acm, face, "us-east-1", base(&face));
    let summaries = list(&acm, 1000).await;
    let pending = summaries
        .iter()
        .find(|s| s.domain_name() == Some("pending.example.com"))
        .unwrap();
    let early = acm
        .get_certificate()
        .certificate_arn(pending.certificate_arn().unwrap())
        .send()
        .await
        .unwrap_err();
    assert!(
        early
            .into_service_error()
            .is_request_in_progress_exception()
    );
    let nowhere = pending
        .certificate_arn()
        .unwrap()
        .replace("certificate/", "certificate/0");
    let gone = acm
        .describe_certificate()
        .certificate_arn(nowhere)
        .send()
        .await
        .unwrap_err();
    assert!(gone.into_service_error().is_resource_not_found_exception());
    let stale = acm
        .list_certificates()
        .next_token("stale")
        .send()
        .await
        .unwrap_err();
    assert_eq!(code(&stale), (Some("ValidationException".to_owned()), 400));
    let denied = assume(&face, "denied").await.unwrap_err();
    assert_eq!(denied, (Some("AccessDenied".to_owned()), 403));
    let disabled = client!(
        aws_sdk_acm,
        face,
        "ap-east-1",
        assume(&face, "member").await.unwrap()
    );
    let disabled = disabled.list_certificates().send().await.unwrap_err();
    assert_eq!(
        code(&disabled),
        (Some("UnrecognizedClientException".to_owned()), 400),
        "fact 37"
    );
}

#[tokio::test]
async fn credentials_are_checked() {
    let face = face();
    let Identity {
        access_key,
        secret_key,
        ..
    } = face.identity();
    let member = assume(&face, "member").await.unwrap();
    let rows = [
        (
            "unknown key",
            Credentials::new("AKIAUNKNOWN000000000", &*secret_key, None, None, "t"),
            "UnrecognizedClientException",
            "InvalidClientTokenId",
        ),
        (
            "wrong secret",
            Credentials::new(&*access_key, "wrong", None, None, "t"),
            "InvalidSignatureException",
            "SignatureDoesNotMatch",
        ),
        (
            "no token",
            Credentials::new(
                member.access_key_id(),
                member.secret_access_key(),
                None,
                None,
                "t",
            ),
            "UnrecognizedClientException",
            "InvalidClientTokenId",
        ),
    ];
    for (row, keys, json, query) in rows {
        let acm = client!(aws_sdk_acm, face, "us-east-1", keys.clone());
        let refused = acm.list_certificates().send().await.unwrap_err();
        assert_eq!(code(&refused), (Some(json.to_owned()), 400), "{row}");
        let sts = client!(aws_sdk_sts, face, "us-east-1", keys);
        let refused = sts.get_caller_identity().send().await.unwrap_err();
        assert_eq!(code(&refused), (Some(query.to_owned()), 403), "{row}");
    }
    assert_eq!(
        face.calls().get("ListCertificates"),
        None,
        "nothing of this reached the model"
    );
}

#[tokio::test]
async fn ended_credentials_are_told_apart() {
    let ended = "name = 'ended'\n[[account]]\nname = 'a'\n[caller]\nexpires_ms = 0";
    let face = Face::start(&Scenario::parse(ended).unwrap()).unwrap();
    let acm = client!(aws_sdk_acm, face, "us-east-1", base(&face));
    let refused = acm.list_certificates().send().await.unwrap_err();
    assert_eq!(
        code(&refused),
        (Some("ExpiredTokenException".to_owned()), 400)
    );
    let sts = client!(aws_sdk_sts, face, "us-east-1", base(&face));
    let refused = sts.get_caller_identity().send().await.unwrap_err();
    assert_eq!(code(&refused), (Some("ExpiredToken".to_owned()), 403));
    let regions = client!(aws_sdk_account, face, "us-east-1", base(&face));
    let refused = regions.list_regions().send().await.unwrap_err();
    assert_eq!(
        code(&refused),
        (Some("ExpiredTokenException".to_owned()), 403)
    );
}

#[tokio::test]
async fn faults_on_the_way_are_retried() {
    let face = face();
    let acm = client!(
        aws_sdk_acm,
        face,
        "eu-west-1",
        assume(&face, "member").await.unwrap()
    );
    let summary = list(&acm, 1000).await.remove(0);
    let arn = summary.certificate_arn().unwrap();
    acm.list_tags_for_certificate()
        .certificate_arn(arn)
        .send()
        .await
        .unwrap();
    assert_eq!(face.calls()["ListTagsForCertificate"], 2, "throttled once");
    acm.describe_certificate()
        .certificate_arn(arn)
        .send()
        .await
        .unwrap();
    assert_eq!(face.calls()["DescribeCertificate"], 2, "reset once");
    let garbled = acm
        .get_certificate()
        .certificate_arn(arn)
        .send()
        .await
        .unwrap_err();
    assert!(matches!(garbled, SdkError::ResponseError(_)), "{garbled:?}");
    assert_eq!(face.calls()["GetCertificate"], 2, "truncated, then garbled");
    acm.get_certificate()
        .certificate_arn(arn)
        .send()
        .await
        .unwrap();
}
