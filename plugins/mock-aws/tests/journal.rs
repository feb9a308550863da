//! What was written goes on in another world of the same scenario.
//! Above: nothing. Below: `common`, certificates by rcgen.
//! Invariant: the second world cannot be told from the first.
#![allow(clippy::unwrap_used, reason = "a test may stop")]

mod common;

use common::brings::{EAST, ONE, again, authority, import};
use common::ca::Wanted;
use common::{START, tag, world};

#[test]
fn a_journal_builds_the_same_world_again() {
    let mut first = world(ONE);
    let base = first.base();
    first.keep_journal();
    let ca = authority();
    let wanted = Wanted::new(START, &["www.example.com"]);
    let arn = import(&mut first, START, &ca.issue(&wanted)).unwrap();
    let gone = import(&mut first, START, &ca.issue(&wanted)).unwrap();
    let mut lines = first.take_journal();
    assert_eq!(lines.len(), 2);
    again(&mut first, START + 1000, &arn, &ca.issue(&wanted)).unwrap();
    first
        .add_tags_to_certificate(START + 2000, &base, EAST, &arn, &[tag("a", "b")])
        .unwrap();
    lines.extend(first.take_journal());
    let mut second = world(ONE);
    assert_eq!(second.replay(&lines).unwrap(), Some(START + 2000));
    let now = START + 3000;
    for at in [START, now] {
        assert_eq!(
            first.truth(at).collect::<Vec<_>>(),
            second.truth(at).collect::<Vec<_>>()
        );
    }
    assert_eq!(
        first.describe_certificate(now, &base, EAST, &gone).unwrap(),
        second
            .describe_certificate(now, &base, EAST, &gone)
            .unwrap()
    );
    assert_eq!(
        second
            .list_tags_for_certificate(now, &base, EAST, &arn)
            .unwrap(),
        [tag("a", "b")]
    );
    // It goes on from there: another ARN, and nothing that was written twice.
    let third = import(&mut second, now, &ca.issue(&wanted)).unwrap();
    assert!(third != arn && third != gone && second.take_journal().is_empty());
    assert!(second.replay(&["{}".to_owned()]).is_err());
    let foreign = lines[0].replace("111122223333", "999988887777");
    assert!(second.replay(&[foreign]).is_err());
}
