//! Deliveries over the simulated AWS: what arrives, what is found again, what is taken away.

mod common;

use aws_unified::AwsUnified;
use common::ca::Wanted;
use common::parcel::{authority, cloud, cloud_with, key, leaf, mark, material, tag, target, trace};
use common::{Cloud, HOUR};
use sensor_sdk::delivery::Delivery;
use sensor_sdk::types::{Error, ErrorClass};

/// A serial with a high bit and a leading zero digit: `0x0ab2…`.
const SERIAL: [u8; 9] = [0x0a, 0xb2, 0, 0, 0, 0, 0, 0, 7];
const SERIAL_TEXT: &str = "ab200000000000007";

fn known_leaf(cloud: &Cloud) -> common::ca::Leaf {
    let wanted = Wanted::new(cloud.clock.get(), &["www.example.com"]);
    authority().issue(&Wanted {
        serial: Some(SERIAL.to_vec()),
        ..wanted
    })
}

#[track_caller]
fn refused<T: std::fmt::Debug>(answer: Result<T, Error>, class: ErrorClass, words: &str) {
    let error = answer.expect_err(words);
    assert_eq!(error.class, class, "{error:?}");
    assert!(
        error.message.contains(words) || error.code.contains(words),
        "{error:?}"
    );
}

#[test]
fn a_first_delivery_is_tagged_in_the_call_and_reads_back() {
    let cloud = cloud("");
    let leaf = leaf(&cloud);
    let arn = cloud.deliver(None, &leaf).expect("delivered");
    assert_eq!(
        cloud.count("AddTagsToCertificate"),
        0,
        "the import brings them"
    );
    let found = cloud.verify(&arn).expect("it stands there");
    assert_eq!((found.id.as_str(), &found.leaf), (arn.as_str(), &leaf.der));
    assert_eq!((found.in_use, found.tags), (false, mark()));
    assert_eq!(found.created_at, Some(cloud.clock.get()));
    let run = cloud.must_import();
    cloud.holds_the_truth(&run);
    assert_eq!(
        run.certificates[&arn].chain, leaf.chain,
        "nearest first, without the leaf"
    );
}

#[test]
fn fact_20_a_renewal_keeps_the_arn_and_sends_no_tags() {
    let cloud = cloud("[[association]]\ndomain = \"www.example.com\"\n");
    let arn = cloud.deliver(None, &leaf(&cloud)).expect("delivered");
    for _ in 0..3 {
        cloud.pass(24 * HOUR);
        let next = leaf(&cloud);
        assert_eq!(cloud.deliver(Some(&arn), &next).expect("renewed"), arn);
        let found = cloud.verify(&arn).expect("it stands there");
        assert_eq!(
            (found.leaf, found.in_use, found.tags),
            (next.der, true, mark())
        );
    }
    assert_eq!(cloud.held(), 1);
}

#[test]
fn fact_22_tags_are_mended_apart() {
    let cloud = cloud("");
    let arn = cloud.deliver(None, &leaf(&cloud)).expect("delivered");
    AwsUnified::label(&cloud, target(Some(&arn)), vec![tag("owner", "pki")]).expect("labelled");
    let tags = cloud.verify(&arn).expect("it stands there").tags;
    assert!(tags.contains(&tag("owner", "pki")) && tags.contains(&mark()[0]));
    cloud.forget_calls();
    AwsUnified::label(&cloud, target(Some(&arn)), Vec::new()).expect("nothing to do");
    assert_eq!(cloud.count("AddTagsToCertificate"), 0);
    refused(
        AwsUnified::label(&cloud, target(None), mark()),
        ErrorClass::NotFound,
        "no-place-yet",
    );
}

const LOST: &str = "[[fault]]\nkind = \"reset\"\noperation = \"ImportCertificate\"\ncount = 1\n";

#[test]
fn fact_14_a_lost_answer_is_found_and_never_imported_twice() {
    let cloud = cloud(LOST);
    let leaf = known_leaf(&cloud);
    refused(
        cloud.deliver(None, &leaf),
        ErrorClass::Transient,
        "ImportCertificate",
    );
    assert_eq!((cloud.count("ImportCertificate"), cloud.held()), (1, 1));
    let found = cloud.find(&trace(&leaf, SERIAL_TEXT)).expect("it can know");
    assert_eq!(found.len(), 1);
    assert_eq!((&found[0].leaf, &found[0].tags), (&leaf.der, &mark()));
    assert_eq!(cloud.count("SearchCertificates"), 1);
}

#[test]
fn fact_14_every_copy_is_told_and_no_namesake() {
    let cloud = cloud("");
    let leaf = known_leaf(&cloud);
    // Another issuer's certificate with the same serial.
    let namesake = known_leaf(&cloud);
    let (one, two) = (cloud.deliver(None, &leaf), cloud.deliver(None, &leaf));
    cloud.deliver(None, &namesake).expect("delivered");
    let found = cloud.find(&trace(&leaf, SERIAL_TEXT)).expect("it can know");
    let mut arns: Vec<_> = found.into_iter().map(|found| found.id).collect();
    let mut both = vec![one.expect("delivered"), two.expect("delivered")];
    arns.sort();
    both.sort();
    assert_eq!(arns, both);
}

#[test]
fn nothing_is_there_only_after_everything_imported_was_looked_at() {
    let cloud = cloud_with("certificates = 40\n");
    let leaf = known_leaf(&cloud);
    assert_eq!(cloud.find(&trace(&leaf, SERIAL_TEXT)), Ok(Vec::new()));
    assert_eq!(
        cloud.count("SearchCertificates"),
        2,
        "by serial, then all of them"
    );
}

#[test]
fn fact_01_and_14_without_search_every_key_type_is_listed() {
    let scenario = "[[fault]]\nkind = \"deny\"\noperation = \"SearchCertificates\"\n";
    let cloud = cloud(scenario);
    let leaf = known_leaf(&cloud);
    cloud.deliver(None, &leaf).expect("delivered");
    let found = cloud.find(&trace(&leaf, SERIAL_TEXT)).expect("it can know");
    assert_eq!(found.len(), 1, "an EC key, which the list hides by itself");
    let other = common::parcel::leaf(&cloud);
    assert_eq!(cloud.find(&trace(&other, "1234")), Ok(Vec::new()));
}

#[test]
fn what_cannot_be_known_is_an_error() {
    let both = "[[fault]]\nkind = \"deny\"\noperation = \"SearchCertificates\"\n\
                [[fault]]\nkind = \"deny\"\noperation = \"ListCertificates\"\n";
    let body = "[[fault]]\nkind = \"deny\"\noperation = \"GetCertificate\"\n";
    let circles = "[[fault]]\nkind = \"repeated-page\"\noperation = \"SearchCertificates\"\n\
                   [[fault]]\nkind = \"repeated-page\"\noperation = \"ListCertificates\"\n";
    for (scenario, class) in [
        (both, ErrorClass::AccessDenied),
        (body, ErrorClass::AccessDenied),
        (circles, ErrorClass::InvalidResponse),
    ] {
        let cloud = cloud(scenario);
        let leaf = known_leaf(&cloud);
        cloud.deliver(None, &leaf).expect("delivered");
        refused(cloud.find(&trace(&leaf, SERIAL_TEXT)), class, "");
    }
}

#[test]
fn what_is_listed_and_not_readable_yet_is_asked_again() {
    let cloud = cloud(
        "[[fault]]\nkind = \"error\"\noperation = \"GetCertificate\"\ncode = \"ResourceNotFoundException\"\n\
         status = 400\ncount = 1\n",
    );
    let leaf = known_leaf(&cloud);
    cloud.deliver(None, &leaf).expect("delivered");
    let trace = trace(&leaf, SERIAL_TEXT);
    refused(
        cloud.find(&trace),
        ErrorClass::Transient,
        "not-readable-yet",
    );
    assert_eq!(cloud.find(&trace).map(|found| found.len()), Ok(1));
}

#[test]
fn a_place_that_is_known_is_read_alone() {
    let cloud = cloud("");
    let (first, second) = (known_leaf(&cloud), leaf(&cloud));
    let arn = cloud.deliver(None, &first).expect("delivered");
    let at = |trace| AwsUnified::find(&cloud, target(Some(&arn)), trace);
    let found = at(trace(&second, "99")).expect("it can know");
    assert_eq!(
        (found.len(), &found[0].leaf),
        (1, &first.der),
        "the host compares"
    );
    AwsUnified::withdraw(&cloud, target(Some(&arn))).expect("gone");
    assert_eq!(at(trace(&first, SERIAL_TEXT)), Ok(Vec::new()));
    refused(cloud.verify(&arn), ErrorClass::NotFound, "GetCertificate");
}

#[test]
fn fact_26_only_what_nothing_uses_is_taken_away() {
    let cloud = cloud("[[association]]\ndomain = \"www.example.com\"\nuntil_ms = 3600000\n");
    let arn = cloud.deliver(None, &leaf(&cloud)).expect("delivered");
    let withdraw = || AwsUnified::withdraw(&cloud, target(Some(&arn)));
    refused(withdraw(), ErrorClass::Conflict, "is used by");
    assert_eq!(cloud.count("DeleteCertificate"), 0);
    cloud.pass(HOUR);
    refused(withdraw(), ErrorClass::Conflict, "in use");
    cloud.pass(HOUR);
    withdraw().expect("gone");
    withdraw().expect("one that is gone is as good as taken away");
    assert_eq!(cloud.held(), 0);
}

#[test]
fn what_amazon_issued_is_never_taken_away() {
    let cloud = cloud_with("certificate = [{ type = \"AMAZON_ISSUED\" }]\n");
    let arn = cloud.truth().into_keys().next().expect("one");
    let answer = AwsUnified::withdraw(&cloud, target(Some(&arn)));
    refused(answer, ErrorClass::Conflict, "not-imported");
    assert_eq!(cloud.held(), 1);
}

#[test]
fn nothing_is_done_outside_the_target() {
    let cloud = cloud("regions = [\"us-east-1\", \"eu-west-1\"]\n");
    let leaf = leaf(&cloud);
    let arn = cloud.deliver(None, &leaf).expect("delivered");
    cloud.forget_calls();
    let mut elsewhere = target(Some(&arn));
    elsewhere.region = "eu-west-1".to_owned();
    let mut foreign = target(None);
    foreign.account = "999988887777".to_owned();
    for (target, code) in [(elsewhere, "target-arn"), (foreign, "target-account")] {
        let answer = AwsUnified::deliver(&cloud, target, material(&leaf), &key(&leaf));
        refused(answer, ErrorClass::Config, code);
    }
    cloud.set(
        r#""scope": "account", "delivery": {"enabled": true}, "regions": {"include": ["eu-*"]}"#,
    );
    refused(
        cloud.deliver(None, &leaf),
        ErrorClass::Config,
        "target-region",
    );
    cloud.set(r#""scope": "account""#);
    refused(
        cloud.deliver(None, &leaf),
        ErrorClass::Config,
        "delivery-off",
    );
    assert!(
        cloud.calls.borrow().is_empty(),
        "{:?}",
        cloud.calls.borrow()
    );
}

#[test]
fn a_member_account_is_entered_by_the_common_role() {
    let scenario = "rates = \"off\"\n[organization]\n[[account]]\nname = \"root\"\n[[account]]\nname = \"one\"\n\
                    id = \"111122223333\"\n";
    let cloud = Cloud::new(
        scenario,
        r#""scope": "organization", "delivery": {"enabled": true}"#,
    );
    let leaf = leaf(&cloud);
    let arn = cloud.deliver(None, &leaf).expect("delivered");
    assert!(arn.contains(":111122223333:"));
    let calls = cloud.calls.borrow();
    let import = calls.iter().find(|(name, ..)| name == "ImportCertificate");
    assert_eq!(import.map(|call| call.1.as_str()), Some("111122223333"));
}

const TOKEN: &str = "6f1c0d1e-0000-4000-8000-000000000007";
const NAME: &str = "sensor/s1/7";

fn parking(scenario: &str, more: &str) -> Cloud {
    let cloud = cloud(scenario);
    cloud.set(&format!(
        r#""scope": "account", "delivery": {{"enabled": true, "keys": "secrets-manager"{more}}}"#
    ));
    cloud
}

#[test]
fn fact_46_to_50_a_key_waits_and_is_gone() {
    let cloud = parking("", "");
    let key = key(&leaf(&cloud));
    let park = || AwsUnified::park_key(&cloud, NAME, TOKEN, mark(), &key);
    park().expect("parked");
    park().expect("the same again is the same");
    assert_eq!(AwsUnified::take_key(&cloud, NAME), Ok(key.clone()));
    let all = AwsUnified::parked_keys(&cloud, "sensor/s1/").expect("listed");
    assert_eq!(all.len(), 1);
    assert_eq!((all[0].name.as_str(), &all[0].tags), (NAME, &mark()));
    assert_eq!(
        AwsUnified::parked_keys(&cloud, "sensor/s2/"),
        Ok(Vec::new())
    );
    // Another key under the same name and token is not the same.
    let other = common::parcel::key(&leaf(&cloud));
    let clash = AwsUnified::park_key(&cloud, NAME, TOKEN, mark(), &other);
    refused(clash, ErrorClass::Conflict, "ResourceExistsException");
    AwsUnified::drop_key(&cloud, NAME).expect("dropped");
    AwsUnified::drop_key(&cloud, NAME).expect("one that is gone is no error");
    assert!(AwsUnified::take_key(&cloud, NAME).is_err());
    cloud.pass(1000);
    assert_eq!(AwsUnified::parked_keys(&cloud, "sensor/"), Ok(Vec::new()));
    refused(
        AwsUnified::take_key(&cloud, NAME),
        ErrorClass::NotFound,
        "GetSecretValue",
    );
}

#[test]
fn fact_48_what_is_about_to_be_deleted_still_waits() {
    let text = "secret = [{ name = \"sensor/s1/old\", deleted_ms = 0 }, { name = \"other\" }]\n";
    let cloud = cloud_with(text);
    let all = AwsUnified::parked_keys(&cloud, "sensor/").expect("listed");
    let names: Vec<_> = all.iter().map(|parked| parked.name.as_str()).collect();
    assert_eq!(names, ["sensor/s1/old"]);
    // Sweeping does not ask whether deliveries are still allowed.
    cloud.set(r#""scope": "account""#);
    AwsUnified::drop_key(&cloud, "sensor/s1/old").expect("dropped");
    cloud.pass(1000);
    assert_eq!(AwsUnified::parked_keys(&cloud, "sensor/"), Ok(Vec::new()));
}

#[test]
fn keys_wait_where_the_settings_say() {
    let cloud = parking(
        "regions = [\"us-east-1\", \"eu-central-1\"]\n",
        r#", "key_region": "eu-central-1", "kms_key": "alias/sensor""#,
    );
    let key = key(&leaf(&cloud));
    AwsUnified::park_key(&cloud, NAME, TOKEN, mark(), &key).expect("parked");
    let calls = cloud.calls.borrow();
    let create = calls.iter().find(|(name, ..)| name == "CreateSecret");
    assert_eq!(create.map(|call| call.2.as_str()), Some("eu-central-1"));
}

#[test]
fn a_lost_answer_of_create_secret_is_repeated_safely() {
    let cloud = parking(
        "[[fault]]\nkind = \"reset\"\noperation = \"CreateSecret\"\ncount = 1\n",
        "",
    );
    let key = key(&leaf(&cloud));
    AwsUnified::park_key(&cloud, NAME, TOKEN, mark(), &key).expect("parked");
    assert_eq!(cloud.count("CreateSecret"), 2);
    let all = AwsUnified::parked_keys(&cloud, "sensor/").expect("listed");
    assert_eq!(all.len(), 1);
}
