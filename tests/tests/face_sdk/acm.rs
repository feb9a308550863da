//! ACM: lists, one certificate in full, search.
//! Above: nothing. Below: `support`.
//! Invariant: what is expected comes from the scenario or from the model's truth.

use super::support::{account, assume, base, client, face, list};
use aws_sdk_acm::operation::search_certificates::SearchCertificatesOutput;
use aws_sdk_acm::types::{
    AcmCertificateMetadata, AcmCertificateMetadataFilter, CertificateFilter,
    CertificateFilterStatement, CertificateMetadata, CertificateStatus, CertificateType,
    GeneralName, RenewalStatus,
};
use sensor_tests::pem;
use std::collections::{BTreeMap, BTreeSet};

#[tokio::test]
async fn lists_page_to_the_truth() {
    let face = face();
    let keys = assume(&face, "member").await.unwrap();
    let mut found = BTreeSet::new();
    for region in ["us-east-1", "eu-west-1"] {
        let acm = client!(aws_sdk_acm, face, region, keys.clone());
        found.extend(
            list(&acm, 7)
                .await
                .into_iter()
                .map(|summary| summary.certificate_arn.unwrap()),
        );
    }
    let member = account(&face, "member");
    let truth: BTreeSet<_> = face.with(|world, now| {
        world
            .truth(now)
            .filter(|placed| placed.account == member && placed.visible)
            .map(|placed| placed.arn)
            .collect()
    });
    assert_eq!(truth.len(), 120);
    assert_eq!(found, truth);
}

#[tokio::test]
async fn one_certificate_in_full() {
    let face = face();
    let acm = client!(aws_sdk_acm, face, "us-east-1", base(&face));
    let summaries = list(&acm, 1000).await;
    let named = |name: &str| {
        summaries
            .iter()
            .find(|s| s.domain_name() == Some(name))
            .unwrap()
    };
    let summary = named("a.example.com");
    let arn = summary.certificate_arn().unwrap();
    assert_eq!(summary.r#type(), Some(&CertificateType::Imported));
    assert_eq!(summary.in_use(), Some(true));
    let detail = acm
        .describe_certificate()
        .certificate_arn(arn)
        .send()
        .await
        .unwrap()
        .certificate
        .unwrap();
    assert_eq!(detail.status(), Some(&CertificateStatus::Issued));
    assert_eq!(detail.in_use_by().len(), 1);
    assert_eq!(detail.not_after(), summary.not_after());
    assert!(detail.renewal_summary().is_none(), "fact 11");
    let body = acm
        .get_certificate()
        .certificate_arn(arn)
        .send()
        .await
        .unwrap();
    let truth = face.with(|world, now| {
        world
            .truth(now)
            .find(|placed| placed.arn == arn)
            .unwrap()
            .der
            .unwrap()
    });
    assert_eq!(pem::decode(body.certificate().unwrap()).unwrap(), truth);
    let tags = acm
        .list_tags_for_certificate()
        .certificate_arn(arn)
        .send()
        .await
        .unwrap();
    let tags: BTreeMap<_, _> = tags
        .tags()
        .iter()
        .map(|tag| (tag.key(), tag.value().unwrap()))
        .collect();
    assert_eq!(tags, BTreeMap::from([("owner", "web <&>"), ("empty", "")]));
    let many = named("many.example.com");
    assert_eq!(many.subject_alternative_name_summaries().len(), 100);
    assert_eq!(many.has_additional_subject_alternative_names(), Some(true));
    let many = acm
        .describe_certificate()
        .certificate_arn(many.certificate_arn().unwrap())
        .send()
        .await
        .unwrap();
    let renewal = many.certificate.unwrap().renewal_summary.unwrap();
    assert_eq!(renewal.renewal_status(), &RenewalStatus::Success);
}

#[tokio::test]
async fn search_finds_what_lists_hide() {
    let face = face();
    let acm = client!(aws_sdk_acm, face, "us-east-1", base(&face));
    let all = acm.search_certificates().send().await.unwrap();
    let by_name = |found: &SearchCertificatesOutput| -> BTreeMap<String, AcmCertificateMetadata> {
        let results = found.results().iter().map(|result| {
            let attributes = result.x509_attributes().unwrap();
            let name = attributes
                .subject()
                .unwrap()
                .common_name()
                .unwrap()
                .to_owned();
            let Some(CertificateMetadata::AcmCertificateMetadata(metadata)) =
                result.certificate_metadata()
            else {
                panic!("no metadata: {result:?}")
            };
            (name, metadata.clone())
        });
        results.collect()
    };
    let found = by_name(&all);
    assert_eq!(
        found["a.example.com"].r#type(),
        Some(&CertificateType::Imported)
    );
    assert_eq!(
        found["pending.example.com"].status(),
        Some(&CertificateStatus::PendingValidation)
    );
    let names = all.results().iter().find_map(|r| {
        let names = r.x509_attributes()?.subject_alternative_names();
        names
            .contains(&GeneralName::IpAddress("192.0.2.1".to_owned()))
            .then_some(names)
    });
    assert!(
        names
            .unwrap()
            .contains(&GeneralName::DnsName("b.example.com".to_owned()))
    );
    let only = |status| {
        CertificateFilterStatement::Filter(CertificateFilter::AcmCertificateMetadataFilter(
            AcmCertificateMetadataFilter::Status(status),
        ))
    };
    let either = CertificateFilterStatement::Or(vec![
        only(CertificateStatus::PendingValidation),
        only(CertificateStatus::Failed),
    ]);
    let pending = acm
        .search_certificates()
        .filter_statement(either)
        .send()
        .await
        .unwrap();
    assert_eq!(
        by_name(&pending).into_keys().collect::<Vec<_>>(),
        ["pending.example.com"]
    );
}
