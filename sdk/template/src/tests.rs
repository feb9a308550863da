//! The connector under a fake host: no sandbox, no network, milliseconds.

use super::Shelf;
use sensor_sdk::connector::Connector;
use sensor_sdk::fake::{FakeHost, import};
use sensor_sdk::types::CheckStatus;

const SETTINGS: &str = r#"{"shelves": {
    "upper": {"a.example.com": "300100", "b.example.com": "300101", "c.example.com": "300102"},
    "lower": {"d.example.com": "300103", "e.example.com": "no hex"}
}}"#;

#[test]
fn imports_everything_and_the_second_time_nothing() {
    let host = FakeHost::new(SETTINGS);
    let first = import::<Shelf, _>(&host).expect("a plan");
    // The harness holds the connector to its promises.
    assert!(first.broken.is_empty(), "{:#?}", first.broken);
    assert!(first.all_complete());
    assert_eq!((first.certificates.len(), first.pages), (4, 3));
    assert_eq!(first.unreadable.len(), 1);
    assert_eq!(first.codes(), ["malformed-body"]);

    let second = import::<Shelf, _>(&host).expect("a plan");
    assert_eq!((second.certificates.len(), second.unchanged.len()), (0, 4));
}

#[test]
fn a_cursor_of_another_version_starts_the_split_over() {
    let host = FakeHost::new(SETTINGS);
    let mut run = import::<Shelf, _>(&host).expect("a plan");
    let split = run.planned[0].clone();
    let foreign = sensor_sdk::types::Cursor {
        version: 99,
        value: "2".to_owned(),
    };
    let answer = run.read::<Shelf, _>(&host, &split, Some(foreign));
    assert_eq!(answer.expect_err("refused").code, "cursor-version");
}

#[test]
fn a_check_tells_what_is_wrong_with_the_settings() {
    let findings = Shelf::check(&FakeHost::new(r#"{"shelfs": {}}"#)).expect("findings");
    assert_eq!(findings[0].status, CheckStatus::Failure);
    assert!(
        findings[0].message.contains("shelfs"),
        "{}",
        findings[0].message
    );
}
