//! What cannot be delivered is refused before anything is ordered.
//! Above: nothing. Below: `clouds`.
//! Invariant: that nothing was done is counted where it would have been done: at the CA, in the ledger, in the cloud.

use super::clouds::{By, Clouds};

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
    for key_type in ["p-256", "p-384", "rsa-3072", "rsa-2048"] {
        clouds.apply_profile(key_type, &format!("key_type = \"{key_type}\""));
    }
    let mut requests = 0_u64;
    for (name, user) in [
        ("cdn.example.com", CLOUDFRONT),
        ("shop.example.com", BALANCER),
    ] {
        let place = clouds.imported(name);
        assert_eq!(place["in_use_by"], serde_json::json!([user]));
        let arn = place["id"].as_str().unwrap();
        for (profile, told) in [
            ("p-384", "EC_secp384r1"),
            ("p-256", "EC_prime256v1"),
            ("rsa-3072", "RSA_3072"),
        ] {
            requests += 1;
            let done = take_over(&clouds, arn, profile);
            done.exit(1).says(&[
                &format!("the key there is of type RSA_2048 and the new one is of type {told}"),
                "choose a profile with RSA_2048",
                "none was ordered",
                "no key was made",
            ]);
            let request = clouds.request(requests);
            assert_eq!(request["state"], "failed", "{request:#}");
            assert_eq!(request["issuances"][0]["order"], serde_json::Value::Null);
            clouds
                .run(&["request", "cancel", &requests.to_string(), "--yes"])
                .exit(0);
        }
        assert_eq!(clouds.imported(name)["certificate"], place["certificate"]);
    }
    assert_eq!(clouds.rows("local_certificates"), 0, "orders");
    assert_eq!(clouds.rows("keys"), 0, "keys");
    assert_eq!(clouds.rows("imports"), 0, "imports");
    assert_eq!(clouds.imports(), 0, "imports");
    // The key's type was all that was wrong.
    let arn = clouds.imported("cdn.example.com")["id"].clone();
    take_over(&clouds, arn.as_str().unwrap(), "rsa-2048").exit(0);
    assert_eq!(clouds.rows("local_certificates"), 1);
    assert_eq!(clouds.imports(), 1);
}

fn take_over(clouds: &Clouds, arn: &str, profile: &str) -> sensor_tests::harness::sensor::Done {
    clouds.run(&[
        "request",
        "take-over",
        arn,
        "--profile",
        profile,
        "--renew-now",
        "--wait",
    ])
}
