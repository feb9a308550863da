//! The preflight: what it refuses before anything is ordered, and that ACM would have refused it indeed.

mod common;

use aws_unified::AwsUnified;
use common::ca::{Ca, Wanted};
use common::parcel::{
    EAST, authority, cloud, cloud_with, key, mark, material, planned, tag, target,
};
use common::{Cloud, failures, of};
use rcgen::{ExtendedKeyUsagePurpose as Purpose, KeyUsagePurpose as Usage};
use sensor_sdk::delivery::Delivery;
use sensor_sdk::types::delivery::Planned;
use sensor_sdk::types::{CheckStatus, Finding};

const WRITES: [&str; 3] = ["ImportCertificate", "DeleteCertificate", "CreateSecret"];

fn codes(findings: &[Finding]) -> Vec<&str> {
    failures(findings)
        .iter()
        .map(|finding| finding.code.as_str())
        .collect()
}

/// Nothing was written, whatever was found.
#[track_caller]
fn wrote_nothing(cloud: &Cloud) {
    for name in WRITES {
        assert_eq!(cloud.count(name), 0, "{name}");
    }
}

#[test]
fn all_is_well_for_a_first_delivery() {
    let cloud = cloud("");
    let findings = cloud.preflight(None, planned());
    assert_eq!(codes(&findings), [""; 0], "{findings:#?}");
    let warned: Vec<_> = findings
        .iter()
        .filter(|f| f.status == CheckStatus::Warning)
        .collect();
    assert!(warned.is_empty(), "{warned:#?}");
    for code in ["quota-held", "quota-imports", "first-import"] {
        assert_eq!(
            of(&findings, code)[0].status,
            CheckStatus::Success,
            "{code}"
        );
    }
    let untried = of(&findings, "permission")[0];
    assert_eq!(untried.status, CheckStatus::Skipped);
    assert!(untried.message.contains("cannot be tried") && untried.statement.is_some());
    wrote_nothing(&cloud);
    assert_eq!(cloud.held(), 0);
}

/// One that stands there, and what may follow: the preflight's codes, and ACM's own word.
struct Follow {
    first: Wanted,
    second: Wanted,
    codes: &'static [&'static str],
}

/// What the sensor knows of a leaf that is to be made.
fn plan_of(wanted: &Wanted) -> Planned {
    let usages = wanted.key_usages.iter().map(|usage| match usage {
        Usage::DigitalSignature => "DIGITAL_SIGNATURE",
        Usage::KeyEncipherment => "KEY_ENCIPHERMENT",
        other => panic!("{other:?}"),
    });
    let purposes = wanted.purposes.iter().map(|purpose| match purpose {
        Purpose::ServerAuth => "TLS_WEB_SERVER_AUTHENTICATION",
        Purpose::ClientAuth => "TLS_WEB_CLIENT_AUTHENTICATION",
        Purpose::EmailProtection => "EMAIL_PROTECTION",
        other => panic!("{other:?}"),
    });
    Planned {
        names: wanted.names.clone(),
        key_algorithm: wanted.key.to_owned(),
        key_usages: usages.map(str::to_owned).collect(),
        extended_key_usages: purposes.map(str::to_owned).collect(),
        ..planned()
    }
}

fn follows() -> Vec<Follow> {
    let now = cloud("").clock.get();
    let www = Wanted::new(now, &["www.example.com"]);
    let with = |change: &dyn Fn(&mut Wanted)| {
        let mut wanted = www.clone();
        change(&mut wanted);
        wanted
    };
    let rsa = with(&|w| w.key = "RSA_2048");
    let enciphers = |w: &mut Wanted| w.key_usages.push(Usage::KeyEncipherment);
    let rsa_both = with(&|w| {
        w.key = "RSA_2048";
        enciphers(w);
    });
    let client = with(&|w| w.purposes.push(Purpose::ClientAuth));
    let mail = with(&|w| w.purposes.push(Purpose::EmailProtection));
    let silent = with(&|w| {
        w.key_usages.clear();
        w.purposes.clear();
    });
    let follow = |first: &Wanted, second: &Wanted, codes| Follow {
        first: first.clone(),
        second: second.clone(),
        codes,
    };
    vec![
        follow(&www, &www, &[]),
        follow(&www, &with(&|w| w.key = "EC_secp384r1"), &["key-change"]),
        follow(&www, &rsa, &["key-change"]),
        follow(&rsa, &with(&|w| w.key = "RSA_3072"), &["key-change"]),
        follow(&rsa_both, &rsa, &["usages-lost"]),
        follow(&with(&|w| enciphers(w)), &www, &[]),
        follow(&client, &www, &[]),
        follow(&mail, &www, &["usages-lost"]),
        follow(&www, &mail, &[]),
        follow(&silent, &www, &["usages-added", "usages-added"]),
        follow(&silent, &silent, &[]),
        follow(
            &www,
            &with(&|w| w.names = vec!["other.example.com".to_owned()]),
            &["names-replaced"],
        ),
        follow(
            &www,
            &with(&|w| w.names.push("more.example.com".to_owned())),
            &[],
        ),
    ]
}

#[test]
fn fact_20_what_the_preflight_refuses_acm_would_have_refused() {
    let authorities = [("EC", authority()), ("RSA", Ca::root("Root", "RSA_2048"))];
    for (index, follow) in follows().into_iter().enumerate() {
        let ca = |wanted: &Wanted| {
            let found = authorities
                .iter()
                .find(|(word, _)| wanted.key.starts_with(word));
            &found.expect("an authority").1
        };
        let cloud = cloud("");
        let first = ca(&follow.first).issue(&follow.first);
        let arn = cloud.deliver(None, &first).expect("delivered");
        let findings = cloud.preflight(Some(&arn), plan_of(&follow.second));
        assert_eq!(codes(&findings), follow.codes, "{index}: {findings:#?}");
        let second = ca(&follow.second).issue(&follow.second);
        let answer =
            AwsUnified::deliver(&cloud, target(Some(&arn)), material(&second), &key(&second));
        assert_eq!(
            answer.is_ok(),
            follow.codes.is_empty(),
            "{index}: {answer:?}"
        );
    }
}

#[test]
fn fact_11_and_21_only_an_imported_certificate_of_the_target() {
    let cloud = cloud_with(
        "certificate = [{ type = \"AMAZON_ISSUED\", key = \"EC_prime256v1\", name = \"www.example.com\" },\n\
         { type = \"AMAZON_ISSUED\", origin = \"ACME\", key = \"EC_prime256v1\", name = \"www.example.com\" },\n\
         { managed_by = \"CLOUDFRONT\", key = \"EC_prime256v1\", name = \"www.example.com\" }]\n",
    );
    let plan = || Planned {
        extended_key_usages: vec![
            "TLS_WEB_SERVER_AUTHENTICATION".to_owned(),
            "TLS_WEB_CLIENT_AUTHENTICATION".to_owned(),
        ],
        ..planned()
    };
    let truth = cloud.truth();
    let mut told: Vec<Vec<String>> = Vec::new();
    for arn in truth.keys() {
        let findings = cloud.preflight(Some(arn), plan());
        told.push(codes(&findings).into_iter().map(str::to_owned).collect());
    }
    told.sort();
    assert_eq!(
        told,
        [
            vec!["managed"],
            vec!["not-imported"],
            vec!["not-imported", "acme-origin"]
        ]
    );
    let gone =
        format!("arn:aws:acm:{EAST}:111122223333:certificate/00000000-0000-4000-8000-000000000001");
    assert_eq!(codes(&cloud.preflight(Some(&gone), plan())), ["place-gone"]);
    let foreign = gone.replace(EAST, "eu-west-1");
    assert_eq!(
        codes(&cloud.preflight(Some(&foreign), plan())),
        ["target-arn"]
    );
    wrote_nothing(&cloud);
}

#[test]
fn fact_19_cloudfront_takes_fewer_keys() {
    let user = "arn:aws:cloudfront::111122223333:distribution/EXAMPLE";
    let cloud = cloud_with(&format!(
        "certificate = [{{ name = \"www.example.com\", key = \"EC_secp384r1\", in_use_by = [\"{user}\"] }}]\n"
    ));
    let arn = cloud.truth().into_keys().next().expect("one");
    let plan = Planned {
        key_algorithm: "EC_secp384r1".to_owned(),
        extended_key_usages: vec![
            "TLS_WEB_SERVER_AUTHENTICATION".to_owned(),
            "TLS_WEB_CLIENT_AUTHENTICATION".to_owned(),
        ],
        ..planned()
    };
    let findings = cloud.preflight(Some(&arn), plan);
    assert_eq!(codes(&findings), ["user-key"], "{findings:#?}");
    assert!(failures(&findings)[0].message.contains(user));
}

#[test]
fn fact_18_another_algorithm_of_the_issuer_is_a_warning() {
    let plan = Planned {
        issuer_key_algorithm: Some("RSA_2048".to_owned()),
        ..planned()
    };
    let findings = cloud("").preflight(None, plan);
    assert_eq!(of(&findings, "issuer-key")[0].status, CheckStatus::Warning);
    assert!(failures(&findings).is_empty());
}

#[test]
fn fact_22_tags_that_acm_would_refuse() {
    let many = (0..51).map(|n| tag(&format!("k{n}"), "v")).collect();
    for (tags, count) in [
        (vec![tag("aws:x", "v")], 1),
        (vec![tag("a", "1"), tag("a", "2")], 1),
        (
            vec![tag("", "v"), tag("a;b", "v"), tag("k", &"v".repeat(257))],
            3,
        ),
        (many, 1),
        (mark(), 0),
    ] {
        let findings = cloud("").preflight(None, Planned { tags, ..planned() });
        assert_eq!(codes(&findings), vec!["tags"; count], "{findings:#?}");
    }
}

#[test]
fn fact_23_what_is_held_and_what_was_imported() {
    let text = "[mix]\nstatuses = { ISSUED = 1 }\ntypes = { IMPORTED = 1 }\n";
    let with = |count: u32| cloud_with(&format!("certificates = {count}\n{text}"));
    for (count, status, words) in [
        (0, CheckStatus::Success, "room for 2500 more"),
        (2300, CheckStatus::Warning, "room for 200 more"),
        // AWS's usual number may not be this account's: only a number in the settings refuses.
        (
            2500,
            CheckStatus::Warning,
            "2500 imported certificates are held",
        ),
    ] {
        let cloud = with(count);
        let findings = cloud.preflight(None, planned());
        let held = of(&findings, "quota-held")[0];
        assert_eq!(held.status, status, "{held:?}");
        assert!(held.message.contains(words), "{held:?}");
    }
    let by_list = with(700);
    by_list.set(r#""scope": "account", "read": "list", "delivery": {"enabled": true}"#);
    let findings = by_list.preflight(None, planned());
    assert!(
        of(&findings, "quota-held")[0]
            .message
            .contains("room for 1800 more")
    );
    assert_eq!(
        by_list.count("SearchCertificates"),
        1,
        "the way to find a lost import is tried"
    );
    let full = Planned {
        imports_made: 5000,
        ..planned()
    };
    let findings = cloud("").preflight(None, full);
    assert_eq!(
        of(&findings, "quota-imports")[0].status,
        CheckStatus::Warning
    );
}

#[test]
fn fact_23_a_quota_that_the_settings_name_refuses() {
    for (quotas, made, refused) in [
        (r#""imported_held": 3"#, 0, &["quota-held"][..]),
        (r#""imported_held": 4"#, 0, &[]),
        (r#""imports_per_year": 5000"#, 5000, &["quota-imports"]),
        (r#""imports_per_year": 5001"#, 5000, &[]),
    ] {
        let cloud = cloud_with(
            "certificates = 3\n[mix]\nstatuses = { ISSUED = 1 }\ntypes = { IMPORTED = 1 }\n",
        );
        cloud.set(&format!(
            r#""scope": "account", "delivery": {{"enabled": true, {quotas}}}"#
        ));
        let plan = Planned {
            imports_made: made,
            ..planned()
        };
        assert_eq!(codes(&cloud.preflight(None, plan)), refused, "{quotas}");
    }
}

#[test]
fn rights_that_a_first_import_needs() {
    for (denied, failed) in [
        ("AddTagsToCertificate", vec!["permission"]),
        ("DescribeCertificate", vec!["permission"]),
        ("GetCertificate", vec!["permission"]),
        ("ListTagsForCertificate", vec![]),
        ("SearchCertificates", vec![]),
    ] {
        let cloud = cloud_with(&format!("denied_actions = [\"acm:{denied}\"]\n"));
        let findings = cloud.preflight(None, planned());
        assert_eq!(codes(&findings), failed, "{denied}: {findings:#?}");
        let told = findings
            .iter()
            .any(|f| f.subject.as_deref() == Some(&format!("111122223333/acm:{denied}")));
        assert!(told, "{denied}: {findings:#?}");
        wrote_nothing(&cloud);
    }
    // Neither way to find a lost import.
    let cloud =
        cloud_with("denied_actions = [\"acm:SearchCertificates\", \"acm:ListCertificates\"]\n");
    assert_eq!(codes(&cloud.preflight(None, planned())), ["permission"]);
}

#[test]
fn a_statement_mends_what_iam_denies() {
    let cloud = cloud_with(
        "[caller]\nallows = [\"acm:Get*\", \"acm:Describe*\", \"acm:List*\", \"acm:Search*\"]\n",
    );
    let findings = cloud.preflight(None, planned());
    let failed = failures(&findings);
    assert_eq!(failed.len(), 1, "{failed:#?}");
    let statement = failed[0].statement.as_deref().expect("a statement");
    assert!(
        statement.contains("acm:AddTagsToCertificate"),
        "{statement}"
    );
    assert!(
        statement.contains("arn:aws:acm:*:111122223333:certificate/*"),
        "{statement}"
    );
}

#[test]
fn places_that_are_shut() {
    let findings = |settings: &str| {
        let cloud = cloud("");
        cloud.set(settings);
        cloud.preflight(None, planned())
    };
    assert_eq!(codes(&findings(r#""scope": "account""#)), ["delivery-off"]);
    let regions =
        r#""scope": "account", "delivery": {"enabled": true}, "regions": {"include": ["eu-*"]}"#;
    assert_eq!(codes(&findings(regions)), ["target-region"]);
    let disabled = cloud("regions = [\"eu-west-1\"]\n");
    assert_eq!(
        codes(&disabled.preflight(None, planned())),
        ["region-disabled"]
    );
    let scenario = "rates = \"off\"\n[organization]\n[[account]]\nname = \"root\"\n[[account]]\nname = \"one\"\n\
                    id = \"111122223333\"\nrole_denied = true\n";
    let shut = Cloud::new(
        scenario,
        r#""scope": "organization", "delivery": {"enabled": true}"#,
    );
    let findings = shut.preflight(None, planned());
    assert_eq!(codes(&findings), ["assume-role"]);
    assert!(failures(&findings)[0].statement.is_some());
}

#[test]
fn parking_is_looked_at_when_it_is_wanted() {
    let park = || Planned {
        park: true,
        ..planned()
    };
    assert_eq!(codes(&cloud("").preflight(None, park())), ["parking-off"]);
    let settings =
        r#""scope": "account", "delivery": {"enabled": true, "keys": "secrets-manager"}"#;
    let open = cloud("");
    open.set(settings);
    let findings = open.preflight(None, park());
    assert!(failures(&findings).is_empty());
    assert!(
        of(&findings, "parking")[0]
            .message
            .contains("cannot be tried")
    );
    let shut = cloud_with("denied_actions = [\"secretsmanager:*\"]\n");
    shut.set(settings);
    assert_eq!(codes(&shut.preflight(None, park())), ["parking"]);
    wrote_nothing(&shut);
}

#[test]
fn a_name_and_a_key_that_acm_takes() {
    let plan = Planned {
        names: Vec::new(),
        key_algorithm: "ED25519".to_owned(),
        ..planned()
    };
    assert_eq!(
        codes(&cloud("").preflight(None, plan)),
        ["key-algorithm", "no-names"]
    );
}
