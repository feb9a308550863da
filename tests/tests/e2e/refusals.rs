//! What cannot be delivered is refused before anything is ordered.
//! Above: nothing. Below: `clouds`.
//! Invariant: that nothing was done is counted where it would have been done: at the CA, in the ledger, in the cloud.

use super::clouds::{By, Clouds};
use sensor_tests::harness::sensor::Done;

const CLOUDFRONT: &str = "arn:aws:cloudfront::111122223333:distribution/EDFDVBD632BHDS5";
const BALANCER: &str =
    "arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/app/shop/50dc6c495c0c9188";

#[test]
fn fact_20_a_key_of_another_type_is_refused_before_an_order_over_http() {
    a_key_of_another_type(By::Http);
}

#[test]
fn fact_20_a_key_of_another_type_is_refused_before_an_order_in_the_mock_host() {
    a_key_of_another_type(By::MockHost);
}

fn a_key_of_another_type(by: By) {
    let clouds = Clouds::start(
        by,
        &format!(
            "{{ name = 'cdn.example.com', key = 'RSA_2048', in_use_by = ['{CLOUDFRONT}'] }},\n\
             {{ name = 'shop.example.com', key = 'RSA_2048', in_use_by = ['{BALANCER}'] }}"
        ),
    );
    for (id, (profile, user)) in (1_u64..).zip([("cdn", CLOUDFRONT), ("shop", BALANCER)]) {
        let name = format!("{profile}.example.com");
        let place = clouds.imported(&name);
        assert_eq!(place["in_use_by"], serde_json::json!([user]));
        clouds.apply_profile(profile, "key_type = \"rsa-2048\"");
        let arn = place["id"].as_str().unwrap();
        not_taken_over(&clouds, arn);
        take_over(&clouds, arn, profile).exit(0);
        not_renewed(&clouds, id, profile);
        assert_eq!(clouds.imported(&name)["certificate"], place["certificate"]);
    }
    nothing_was_done(&clouds);
    // The key's type was all that was wrong.
    clouds.apply_profile("cdn", "key_type = \"rsa-2048\"");
    renew(&clouds, 1).exit(0);
    assert_eq!(clouds.rows("local_certificates"), 1);
    assert_eq!(clouds.imports(), 1);
}

/// Before there is a request: the profile is not for this certificate.
fn not_taken_over(clouds: &Clouds, arn: &str) {
    let requests = clouds.rows("requests");
    for key_type in ["p-384", "p-256", "rsa-3072"] {
        clouds.apply_profile(key_type, &format!("key_type = \"{key_type}\""));
        take_over(clouds, arn, key_type).exit(2).says(&[&format!(
            "the key is rsa-2048, where the profile `{key_type}` wants {key_type}"
        )]);
    }
    assert_eq!(clouds.rows("requests"), requests);
}

/// A profile that was changed after the request was made: the preflight before each renewal finds it.
fn not_renewed(clouds: &Clouds, id: u64, profile: &str) {
    for (key_type, told) in [
        ("p-384", "EC_secp384r1"),
        ("p-256", "EC_prime256v1"),
        ("rsa-3072", "RSA_3072"),
    ] {
        clouds.apply_profile(profile, &format!("key_type = \"{key_type}\""));
        renew(clouds, id).exit(1).says(&[
            &format!("the key there is of type RSA_2048 and the new one is of type {told}"),
            "choose a profile with RSA_2048",
            "none was ordered",
            "none was made",
        ]);
        let request = clouds.request(id);
        assert_eq!(request["issuances"][0]["state"], "failed", "{request:#}");
        assert_eq!(request["issuances"][0]["order"], serde_json::Value::Null);
    }
}

fn nothing_was_done(clouds: &Clouds) {
    assert_eq!(clouds.rows("local_certificates"), 0, "orders");
    assert_eq!(clouds.rows("keys"), 0, "keys");
    assert_eq!(clouds.rows("imports"), 0, "imports");
    assert_eq!(clouds.imports(), 0, "imports");
}

fn take_over(clouds: &Clouds, arn: &str, profile: &str) -> Done {
    clouds.run(&["request", "take-over", arn, "--profile", profile])
}

fn renew(clouds: &Clouds, id: u64) -> Done {
    clouds.run(&["renew", &id.to_string(), "--wait"])
}
