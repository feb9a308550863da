//! The preflight while AWS cannot be asked: what will pass is no word about the delivery, and is asked again.

mod common;

use aws_unified::AwsUnified;
use common::ca::{Leaf, Wanted};
use common::parcel::{authority, cloud, cloud_with, leaf, mark, planned, target, trace};
use common::{Cloud, failures, of};
use sensor_sdk::delivery::Delivery;
use sensor_sdk::types::delivery::Planned;
use sensor_sdk::types::{CheckStatus, Error, ErrorClass, Finding};

/// How the simulated AWS fails for a moment, and how the sensor tells it.
const PASSING: [(&str, ErrorClass); 3] = [
    ("error", ErrorClass::Transient),
    ("throttle", ErrorClass::Throttled),
    ("expired-token", ErrorClass::AuthExpired),
];
const PARKS: &str =
    r#""scope": "account", "delivery": {"enabled": true, "keys": "secrets-manager"}"#;
const ORGANIZATION: &str = "rates = \"off\"\n[organization]\n[[account]]\nname = \"root\"\n[[account]]\n\
                            name = \"one\"\nid = \"111122223333\"\n";

fn fault(kind: &str, operation: &str) -> String {
    let code = if kind == "error" {
        "code = \"InternalFailure\"\n"
    } else {
        ""
    };
    format!("[[fault]]\nkind = \"{kind}\"\noperation = \"{operation}\"\n{code}")
}

fn once(kind: &str, operation: &str) -> String {
    fault(kind, operation) + "count = 1\n"
}

/// A leaf whose serial is known.
fn known_leaf(cloud: &Cloud) -> Leaf {
    authority().issue(&Wanted {
        serial: Some(vec![7; 8]),
        ..Wanted::new(cloud.clock.get(), &["www.example.com"])
    })
}
const SERIAL: &str = "707070707070707";

/// The sensor's patience with a call is used up.
fn impatient(cloud: Cloud) -> Cloud {
    cloud.retries.set(0);
    cloud
}

fn ask(cloud: &Cloud, id: Option<&str>, planned: Planned) -> Result<Vec<Finding>, Error> {
    AwsUnified::preflight(cloud, target(id), planned)
}

/// An error of its class that names the call; the next time, nothing is in the way.
#[track_caller]
fn passes(cloud: &Cloud, id: Option<&str>, planned: &Planned, class: ErrorClass, words: &str) {
    let error = ask(cloud, id, planned.clone()).expect_err(words);
    assert_eq!(error.class, class, "{words}: {error:?}");
    assert!(error.message.contains(words), "{words}: {error:?}");
    let findings = ask(cloud, id, planned.clone()).expect(words);
    assert!(failures(&findings).is_empty(), "{words}: {findings:#?}");
}

#[test]
fn a_call_that_fails_for_a_moment_refuses_no_first_import() {
    for (kind, class) in PASSING {
        for operation in [
            "GetCertificate",
            "AddTagsToCertificate",
            "DescribeCertificate",
            "ListTagsForCertificate",
        ] {
            let cloud = impatient(cloud(&once(kind, operation)));
            passes(&cloud, None, &planned(), class, operation);
        }
    }
}

#[test]
fn a_call_that_fails_for_a_moment_refuses_no_renewal() {
    let plan = Planned {
        extended_key_usages: vec![
            "TLS_WEB_SERVER_AUTHENTICATION".to_owned(),
            "TLS_WEB_CLIENT_AUTHENTICATION".to_owned(),
        ],
        ..planned()
    };
    for (kind, class) in PASSING {
        for operation in [
            "GetCertificate",
            "DescribeCertificate",
            "ListTagsForCertificate",
            "AddTagsToCertificate",
        ] {
            let cloud = impatient(cloud_with(&format!(
                "certificate = [{{ name = \"www.example.com\", key = \"EC_prime256v1\" }}]\n{}",
                once(kind, operation)
            )));
            let arn = cloud.truth().into_keys().next().expect("one");
            passes(&cloud, Some(&arn), &plan, class, operation);
        }
    }
}

#[test]
fn an_account_that_lets_nobody_in_for_a_moment_is_not_shut() {
    for (kind, class) in PASSING {
        let scenario = format!("{ORGANIZATION}{}", once(kind, "AssumeRole"));
        let settings = r#""scope": "organization", "delivery": {"enabled": true}"#;
        let cloud = impatient(Cloud::new(&scenario, settings));
        passes(&cloud, None, &planned(), class, "could not be assumed");
    }
}

#[test]
fn secrets_that_cannot_be_listed_for_a_moment_are_asked_again() {
    let park = Planned {
        park: true,
        ..planned()
    };
    for (kind, class) in PASSING {
        let cloud = impatient(cloud(&once(kind, "ListSecrets")));
        cloud.set(PARKS);
        passes(&cloud, None, &park, class, "Secrets Manager");
    }
}

#[test]
fn what_is_held_is_counted_when_it_can_be() {
    for (kind, class) in PASSING {
        let both = once(kind, "SearchCertificates") + &once(kind, "ListCertificates");
        let cloud = impatient(cloud(&both));
        passes(&cloud, None, &planned(), class, "cannot be counted");
    }
}

#[test]
fn the_way_to_a_lost_import_is_known_or_asked_again() {
    // What is held is counted by the one that is denied.
    for (read, denied, throttled) in [
        ("list", "ListCertificates", "SearchCertificates"),
        ("search", "SearchCertificates", "ListCertificates"),
    ] {
        let cloud = impatient(cloud_with(&format!(
            "denied_actions = [\"acm:{denied}\"]\n{}",
            fault("throttle", throttled)
        )));
        cloud.set(&format!(
            r#""scope": "account", "read": "{read}", "delivery": {{"enabled": true}}"#
        ));
        let error = ask(&cloud, None, planned()).expect_err(throttled);
        assert_eq!(error.class, ErrorClass::Throttled, "{error:?}");
        assert!(error.message.contains("lost import"), "{error:?}");
        assert!(error.message.contains(throttled), "{error:?}");
    }
    // Some endpoints know no search and say so as if they were ill: a list does as well.
    for kind in ["error", "throttle"] {
        let cloud = impatient(cloud(&fault(kind, "SearchCertificates")));
        let findings = ask(&cloud, None, planned()).expect("the list answers");
        assert!(failures(&findings).is_empty(), "{findings:#?}");
        let told = of(&findings, "permission")[0];
        assert_eq!(told.status, CheckStatus::Warning, "{told:?}");
    }
}

#[test]
fn fact_22_tags_that_cannot_be_read_now_are_not_no_tags() {
    for (kind, class) in PASSING {
        let cloud = impatient(cloud(&once(kind, "ListTagsForCertificate")));
        let leaf = leaf(&cloud);
        let arn = cloud.deliver(None, &leaf).expect("delivered");
        let error = cloud.verify(&arn).expect_err(kind);
        assert_eq!(error.class, class, "{error:?}");
        assert!(
            error.message.contains("ListTagsForCertificate"),
            "{error:?}"
        );
        assert_eq!(cloud.verify(&arn).expect("now they are").tags, mark());
    }
    let cloud = impatient(cloud(&once("throttle", "ListTagsForCertificate")));
    let leaf = known_leaf(&cloud);
    cloud.deliver(None, &leaf).expect("delivered");
    let trace = trace(&leaf, SERIAL);
    let error = cloud.find(&trace).expect_err("throttled");
    assert_eq!(error.class, ErrorClass::Throttled, "{error:?}");
    assert_eq!(cloud.find(&trace).expect("found")[0].tags, mark());
}

#[test]
fn fact_22_tags_that_go_while_they_are_read_are_not_no_tags() {
    let gone = "[[fault]]\nkind = \"error\"\noperation = \"ListTagsForCertificate\"\n\
                code = \"ResourceNotFoundException\"\nstatus = 400\ncount = 2\n";
    let cloud = cloud(gone);
    let leaf = known_leaf(&cloud);
    let arn = cloud.deliver(None, &leaf).expect("delivered");
    let error = cloud.verify(&arn).expect_err("gone");
    assert_eq!(error.class, ErrorClass::NotFound, "{error:?}");
    let error = cloud.find(&trace(&leaf, SERIAL)).expect_err("not yet");
    assert_eq!(error.code, "not-readable-yet", "{error:?}");
}

#[test]
fn fact_22_tags_that_nobody_may_read_are_told_before_a_renewal() {
    let rights = "[caller]\nallows = [\"acm:Get*\", \"acm:Describe*\", \"acm:Search*\", \"acm:Import*\", \
                  \"acm:AddTags*\"]\n";
    let forbidden = "denied_actions = [\"acm:ListTagsForCertificate\"]\n";
    for (scenario, mends) in [(rights, true), (forbidden, false)] {
        let cloud = cloud_with(scenario);
        let arn = cloud.deliver(None, &leaf(&cloud)).expect("delivered");
        let findings = cloud.preflight(Some(&arn), planned());
        assert!(failures(&findings).is_empty(), "{findings:#?}");
        let told = of(&findings, "owner-unknown");
        assert_eq!(told.len(), 1, "{findings:#?}");
        assert_eq!(told[0].status, CheckStatus::Warning);
        assert_eq!(told[0].subject.as_deref(), Some(arn.as_str()));
        let statement = told[0].statement.as_deref().unwrap_or_default();
        assert_eq!(
            statement.contains("acm:ListTagsForCertificate"),
            mends,
            "{told:?}"
        );
        let advice = told[0].advice.as_deref().expect("an advice");
        assert_eq!(advice.contains("service control policy"), !mends);
        // The certificate is the right one whatever its tags are.
        assert!(cloud.verify(&arn).expect("read back").tags.is_empty());
        let log = cloud.log.borrow();
        assert!(
            log.iter().any(|line| line.contains("the tags of")),
            "{log:?}"
        );
    }
}

#[test]
fn a_check_tells_what_failed_for_a_moment() {
    for (kind, _) in PASSING {
        let cloud = impatient(cloud(&once(kind, "AddTagsToCertificate")));
        let findings = cloud.check();
        let told = failures(&findings);
        assert_eq!(told.len(), 1, "{findings:#?}");
        assert_eq!(
            told[0].subject.as_deref(),
            Some("111122223333/acm:AddTagsToCertificate")
        );
    }
}
