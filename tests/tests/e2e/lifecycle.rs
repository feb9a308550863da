//! A certificate that somebody once imported, taken over and renewed three times in 47-day lives.
//! Above: nothing. Below: `clouds`.
//! Invariant: when it is due is reckoned here, from the certificate's own dates.

use super::clouds::{By, Clouds, DAY, HOUR, moment};
use serde_json::Value;

const NAME: &str = "shop.example.com";
const USER: &str =
    "arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/app/shop/50dc6c495c0c9188";

#[test]
fn one_arn_its_tags_and_its_users_through_three_renewals_over_http() {
    three_renewals(By::Http);
}

#[test]
fn one_arn_its_tags_and_its_users_through_three_renewals_in_the_mock_host() {
    three_renewals(By::MockHost);
}

fn three_renewals(by: By) {
    let certificate = format!(
        "{{ name = '{NAME}', sans = ['www.{NAME}'], key = 'EC_prime256v1', days_valid = 47, days_left = 40, \
         in_use_by = ['{USER}'], tags = {{ owner = 'web-team', cost-center = '4711' }} }}"
    );
    let mut clouds = Clouds::start(by, &certificate);
    clouds.apply_profile("web", "[renewal]\nat_percent = 66\njitter_percent = 0");
    let first = clouds.imported(NAME);
    let arn = first["id"].as_str().unwrap().to_owned();
    assert!(arn.starts_with(&clouds.place()), "{arn}");
    clouds
        .run(&["request", "take-over", &arn, "--profile", "web"])
        .exit(0);
    let mut before = first.clone();
    let mut prints = vec![print(&first)];
    for generation in 1..=3 {
        let due = due(&before);
        clouds.pass_until(due - HOUR);
        serve(&clouds);
        assert_eq!(clouds.request(1)["generation"], generation - 1, "too early");
        assert_eq!(clouds.imports() as u64, generation - 1, "too early");

        clouds.pass_until(due + 60_000);
        serve(&clouds);
        let request = clouds.request(1);
        assert_eq!(request["generation"], generation, "{request:#}");
        assert_eq!(request["state"], "delivered", "{request:#}");
        assert_eq!(clouds.imports() as u64, generation, "one import each");
        let delivery = &request["deliveries"][0];
        assert_eq!(
            (&delivery["arn"], &delivery["in_place"]),
            (&arn.clone().into(), &true.into())
        );

        let now = clouds.imported(NAME);
        same_place(&first, &now);
        lives_47_days(&now, clouds.now());
        assert!(!prints.contains(&print(&now)), "a new certificate");
        prints.push(print(&now));
        before = now;
    }
    told_as_replaced(&clouds, &arn, &prints);
}

fn serve(clouds: &Clouds) {
    clouds.run(&["serve", "--once", "--no-imports"]).exit(0);
}

/// Two thirds of its life.
fn due(place: &Value) -> i64 {
    let life = &place["certificate"];
    let (begin, end) = (moment(&life["not_before"]), moment(&life["not_after"]));
    begin + (end - begin) / 100 * 66
}

fn print(place: &Value) -> Value {
    place["certificate"]["fingerprint"].clone()
}

/// The certificate has changed, its place has not.
#[track_caller]
fn same_place(first: &Value, now: &Value) {
    for field in [
        "id",
        "account",
        "region",
        "in_use",
        "in_use_by",
        "created_at",
        "source",
        "status",
    ] {
        assert_eq!(first[field], now[field], "{field}");
    }
    assert_eq!(now["in_use_by"], serde_json::json!([USER]));
    assert_eq!(
        now["certificate"]["dns_names"],
        first["certificate"]["dns_names"]
    );
    let tags = now["tags"].as_object().unwrap();
    let keys: Vec<_> = tags.keys().map(String::as_str).collect();
    assert_eq!(
        keys,
        [
            "cost-center",
            "owner",
            "sensor-delivery",
            "sensor-id",
            "sensor-request"
        ]
    );
    for (key, value) in first["tags"].as_object().unwrap() {
        assert_eq!(tags[key], *value, "the owner's tag {key}");
    }
    assert_eq!(tags["sensor-request"], "1");
}

#[track_caller]
fn lives_47_days(place: &Value, now: i64) {
    let life = &place["certificate"];
    let (begin, end) = (moment(&life["not_before"]), moment(&life["not_after"]));
    assert!((end - begin - 47 * DAY).abs() <= 2 * HOUR, "{life}");
    assert!(begin <= now && now < end, "valid now: {life}");
}

/// Of the certificates before, the request's history tells; the inventory holds the newest alone.
#[track_caller]
fn told_as_replaced(clouds: &Clouds, arn: &str, prints: &[Value]) {
    let request = clouds.request(1);
    let issued: Vec<_> = request["issuances"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["generation"].clone(), one["sha256"].clone()))
        .collect();
    let expected: Vec<_> = (1..=3_usize)
        .rev()
        .map(|generation| (Value::from(generation), prints[generation].clone()))
        .collect();
    assert_eq!(issued, expected);
    let shown = clouds.run(&["inventory", "show", arn]).exit(0);
    assert!(
        shown.stdout.contains(&prints[3].as_str().unwrap()[..12]),
        "{}",
        shown.stdout
    );
    for old in &prints[..3] {
        clouds
            .run(&["inventory", "show", old.as_str().unwrap()])
            .exit(2);
    }
}
