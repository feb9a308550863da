//! What a run does to the inventory: pages, resuming, what is gone, mock and real.
//! Above: nothing. Below: `sensor::store`.
//! Invariant: every rule of what counts as gone has its test.

#![allow(clippy::unwrap_used, reason = "tests")]

mod inventory_support;

use inventory_support::*;
use sensor::model::account::Account;
use sensor::model::asset::{Location, PageEntry, Poison};
use sensor::model::filter::Filter;
use sensor::model::problem::{ErrorClass, OperationError};
use sensor::model::run::RunStatus;
use sensor::model::split::{Coverage, Split};
use sensor::model::time::Clock;
use sensor::store::{ImportLabels, Inventory, PageCommit, RunFilter, SplitEnd, StoreError};

fn eu() -> Split {
    split("111122223333", "eu-central-1")
}

fn location(house: &House, split: &Split, number: u32) -> Location {
    let shown = house.inventory.show(&arn(split, number)).unwrap();
    shown
        .locations
        .into_iter()
        .find(|location| location.place.id == arn(split, number))
        .unwrap()
}

fn count(house: &House) -> u64 {
    house
        .inventory
        .summary(&Filter::default())
        .unwrap()
        .locations
}

#[test]
fn what_is_committed_is_there_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let (split, clock) = (eu(), SetClock::new());
    let before = {
        let house = House::open(dir.path());
        let outcome = house.scan(&split, all(&split, 0..100));
        assert_eq!(
            (outcome.coverage, outcome.counts.new, outcome.counts.seen),
            (Coverage::Complete, 100, 100)
        );
        house.inventory.show(&arn(&split, 7)).unwrap()
    };
    let inventory = Inventory::open(dir.path(), clock).unwrap().inventory;
    let after = inventory.show(&arn(&split, 7)).unwrap();
    assert_eq!(after, before);
    let (certificate, der) = certificate(7);
    assert_eq!(after.certificate.as_ref(), Some(&certificate));
    assert_eq!(after.chain, [inventory_support::certificate(1_000_000).0]);
    assert_eq!(inventory.body(certificate.fingerprint).unwrap(), Some(der));
    assert_eq!(after.locations[0].place, place(&split, 7));
    for text in [
        certificate.fingerprint.to_string(),
        certificate.fingerprint.to_string()[..12].to_owned(),
        "A7".into(),
    ] {
        assert_eq!(
            inventory.show(&text).unwrap().certificate,
            Some(certificate.clone()),
            "{text}"
        );
    }
    for text in ["ffff", "arn:aws:acm:eu-central-1:1:certificate/none", ""] {
        assert!(
            matches!(inventory.show(text), Err(StoreError::NotFound(_))),
            "{text}"
        );
    }
}

#[test]
fn the_same_page_twice_changes_nothing_but_when_it_was_seen() {
    let dir = tempfile::tempdir().unwrap();
    let (house, split) = (House::open(dir.path()), eu());
    let run = house.begin();
    house
        .page(run.id, &split, None, all(&split, 0..10), cursor(1))
        .unwrap();
    let first = house
        .page(run.id, &split, cursor(1), all(&split, 10..20), cursor(2))
        .unwrap();
    assert_eq!((first.counts.new, first.counts.pages), (10, 1));
    let before = location(&house, &split, 12);
    let checkpoint = house
        .inventory
        .checkpoint(&house.connector, &split.id)
        .unwrap()
        .unwrap();
    house.clock.pass(HOUR);
    let again = house
        .page(run.id, &split, cursor(1), all(&split, 10..20), cursor(2))
        .unwrap();
    assert_eq!(again.counts, sensor::model::run::Counts::default());
    let after = location(&house, &split, 12);
    assert_eq!(after.last_seen, before.last_seen + HOUR);
    assert_eq!(
        Location {
            last_seen: before.last_seen,
            ..after
        },
        before
    );
    assert_eq!(
        house
            .inventory
            .checkpoint(&house.connector, &split.id)
            .unwrap()
            .unwrap(),
        checkpoint
    );
    assert_eq!(count(&house), 20);
}

#[test]
fn a_page_out_of_order_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (house, split) = (House::open(dir.path()), eu());
    let run = house.begin();
    let early = house.page(run.id, &split, cursor(1), all(&split, 0..2), None);
    assert!(
        matches!(early, Err(StoreError::OutOfOrder { .. })),
        "{early:?}"
    );
    house
        .page(run.id, &split, None, all(&split, 0..2), cursor(1))
        .unwrap();
    let late = house.page(run.id, &split, cursor(2), all(&split, 2..4), None);
    assert!(
        matches!(late, Err(StoreError::OutOfOrder { .. })),
        "{late:?}"
    );
    // What was refused left nothing, and the store works on.
    assert_eq!(count(&house), 2);
    house
        .page(run.id, &split, cursor(1), all(&split, 2..4), None)
        .unwrap();
    assert_eq!(count(&house), 4);
}

#[test]
fn only_a_split_whose_last_page_is_there_can_end_complete() {
    let dir = tempfile::tempdir().unwrap();
    let (house, split) = (House::open(dir.path()), eu());
    let run = house.begin();
    let end = || SplitEnd {
        coverage: Coverage::Complete,
        error: None,
        problems: Vec::new(),
        started_at: START,
        accept_vanished: false,
    };
    let nothing = house
        .inventory
        .finish_split(&house.connector, run.id, &split, end());
    assert!(
        matches!(nothing, Err(StoreError::NotEnded { .. })),
        "{nothing:?}"
    );
    house
        .page(run.id, &split, None, all(&split, 0..2), cursor(1))
        .unwrap();
    let half = house
        .inventory
        .finish_split(&house.connector, run.id, &split, end());
    assert!(matches!(half, Err(StoreError::NotEnded { .. })), "{half:?}");
}

#[test]
fn the_next_run_goes_on_where_a_dead_one_stopped() {
    let dir = tempfile::tempdir().unwrap();
    let split = eu();
    {
        let house = House::open(dir.path());
        house.scan(&split, all(&split, 0..30));
        let run = house.begin();
        house
            .page(run.id, &split, None, unchanged(&split, 0..10), cursor(1))
            .unwrap();
        house
            .page(
                run.id,
                &split,
                cursor(1),
                unchanged(&split, 10..20),
                cursor(2),
            )
            .unwrap();
        // Gone without a word.
    }
    let house = House::open(dir.path());
    let dead = &house.inventory.runs(&RunFilter::default()).unwrap()[0];
    assert_eq!(dead.status, RunStatus::Interrupted);
    let run = house.begin();
    let checkpoint = house
        .inventory
        .checkpoint(&house.connector, &split.id)
        .unwrap()
        .unwrap();
    assert_eq!(
        (checkpoint.cursor.clone(), checkpoint.seen, checkpoint.run),
        (cursor(2), 20, dead.id)
    );
    house
        .page(
            run.id,
            &split,
            checkpoint.cursor,
            unchanged(&split, 20..30),
            None,
        )
        .unwrap();
    let outcome = house.end(run.id, &split, Coverage::Complete, false);
    assert_eq!(
        (
            outcome.counts.seen,
            outcome.counts.unchanged,
            outcome.counts.missing
        ),
        (30, 30, 0)
    );
    assert_eq!(outcome.counts.pages, 3);
    assert_eq!(
        house
            .inventory
            .checkpoint(&house.connector, &split.id)
            .unwrap(),
        None
    );
}

#[test]
fn a_scan_that_stood_still_for_a_day_begins_anew() {
    let dir = tempfile::tempdir().unwrap();
    let (house, split) = (House::open(dir.path()), eu());
    let run = house.begin();
    house
        .page(run.id, &split, None, all(&split, 0..3), cursor(1))
        .unwrap();
    house.clock.pass(DAY - 1);
    assert!(
        house
            .inventory
            .checkpoint(&house.connector, &split.id)
            .unwrap()
            .is_some()
    );
    house.clock.pass(1);
    assert_eq!(
        house
            .inventory
            .checkpoint(&house.connector, &split.id)
            .unwrap(),
        None
    );
}

#[test]
fn three_misses_and_a_day_retire_a_place_and_it_comes_back() {
    let dir = tempfile::tempdir().unwrap();
    let (house, split) = (House::open(dir.path()), eu());
    house.scan(&split, all(&split, 0..20));
    let seen = house.clock.now();
    house.clock.pass(HOUR);
    let first = house.scan(&split, unchanged(&split, 1..20));
    assert_eq!(
        (first.counts.missing, first.counts.retired, first.held),
        (1, 0, false)
    );
    let missed = house.clock.now();
    let lost = location(&house, &split, 0);
    assert_eq!(
        (lost.missing_since, lost.misses, lost.last_seen),
        (Some(missed), 1, seen)
    );
    assert_eq!(location(&house, &split, 1).last_seen, missed);
    house.clock.pass(HOUR);
    house.scan(&split, unchanged(&split, 1..20));
    house.clock.pass(HOUR);
    // Three misses, but no day has passed.
    let third = house.scan(&split, unchanged(&split, 1..20));
    assert_eq!((third.counts.missing, third.counts.retired), (1, 0));
    assert_eq!(location(&house, &split, 0).retired_at, None);
    house.clock.pass(22 * HOUR);
    let fourth = house.scan(&split, unchanged(&split, 1..20));
    assert_eq!(fourth.counts.retired, 1);
    let gone = location(&house, &split, 0);
    assert_eq!(
        (gone.retired_at, gone.missing_since, gone.last_seen),
        (Some(house.clock.now()), Some(missed), seen)
    );
    assert_eq!(count(&house), 19);
    assert_eq!(
        house
            .inventory
            .markers(&house.connector, &[arn(&split, 0), arn(&split, 1)])
            .unwrap()[0],
        None
    );
    house.clock.pass(HOUR);
    let mut back = unchanged(&split, 1..20);
    back.push(found(&split, 0));
    let fifth = house.scan(&split, back);
    assert_eq!((fifth.counts.changed, fifth.counts.missing), (1, 0));
    let restored = location(&house, &split, 0);
    assert_eq!(
        (restored.retired_at, restored.missing_since, restored.misses),
        (None, None, 0)
    );
    assert_eq!(restored.first_seen, START);
    assert_eq!(count(&house), 20);
}

#[test]
fn a_day_without_three_misses_does_not_retire() {
    let dir = tempfile::tempdir().unwrap();
    let (house, split) = (House::open(dir.path()), eu());
    house.scan(&split, all(&split, 0..20));
    for _ in 0..2 {
        house.clock.pass(10 * DAY);
        let outcome = house.scan(&split, unchanged(&split, 1..20));
        assert_eq!(outcome.counts.retired, 0);
    }
    assert_eq!(location(&house, &split, 0).misses, 2);
    // Seen again: the count begins anew.
    house.scan(&split, unchanged(&split, 0..20));
    house.scan(&split, unchanged(&split, 1..20));
    assert_eq!(location(&house, &split, 0).misses, 1);
}

#[test]
fn history_is_kept_for_four_hundred_days() {
    let dir = tempfile::tempdir().unwrap();
    let (house, split) = (House::open(dir.path()), eu());
    house.scan(&split, all(&split, 0..20));
    for _ in 0..3 {
        house.clock.pass(DAY);
        house.scan(&split, unchanged(&split, 1..20));
    }
    let history = Filter {
        retired: true,
        ..Filter::default()
    };
    house.clock.pass(400 * DAY);
    house.scan(&split, unchanged(&split, 1..20));
    assert_eq!(house.inventory.summary(&history).unwrap().retired, 1);
    house.clock.pass(1);
    house.scan(&split, unchanged(&split, 1..20));
    assert_eq!(house.inventory.summary(&history).unwrap().retired, 0);
    assert!(matches!(
        house.inventory.show(&arn(&split, 0)),
        Err(StoreError::NotFound(_))
    ));
    assert_eq!(
        house.inventory.body(certificate(0).0.fingerprint).unwrap(),
        None
    );
}

#[test]
fn more_than_a_fifth_gone_at_once_is_held_until_it_is_accepted() {
    let dir = tempfile::tempdir().unwrap();
    let (house, split) = (House::open(dir.path()), eu());
    house.scan(&split, all(&split, 0..50));
    let seen = house.clock.now();
    house.clock.pass(HOUR);
    // 10 of 50 are a fifth, not more.
    assert!(!house.scan(&split, unchanged(&split, 10..50)).held);
    house.scan(&split, unchanged(&split, 0..50));
    let complete = house.clock.now();
    house.clock.pass(HOUR);
    let held = house.scan(&split, unchanged(&split, 11..50));
    assert!(held.held);
    assert_eq!((held.coverage, held.counts.missing), (Coverage::Partial, 0));
    assert_eq!(held.problems[0].code, "vanished-held");
    assert!(
        held.problems[0].message.contains("11 of 50"),
        "{}",
        held.problems[0].message
    );
    let kept = location(&house, &split, 0);
    assert_eq!(
        (kept.misses, kept.missing_since, kept.last_seen, kept.stale),
        (0, None, complete, false)
    );
    assert_eq!(location(&house, &split, 20).last_seen, house.clock.now());
    assert!(complete >= seen);
    let run = house.begin();
    house
        .page(run.id, &split, None, unchanged(&split, 11..50), None)
        .unwrap();
    let accepted = house.end(run.id, &split, Coverage::Complete, true);
    assert_eq!(
        (accepted.held, accepted.coverage, accepted.counts.missing),
        (false, Coverage::Complete, 11)
    );
}

#[test]
fn a_few_may_go_from_a_small_split_and_an_empty_answer_for_a_large_one_is_held() {
    let dir = tempfile::tempdir().unwrap();
    let (house, small, large) = (
        House::open(dir.path()),
        eu(),
        split("111122223333", "us-east-1"),
    );
    house.scan(&small, all(&small, 0..5));
    assert!(!house.scan(&small, unchanged(&small, 0..1)).held);
    house.scan(&large, all(&large, 100..106));
    assert!(house.scan(&large, Vec::new()).held);
    // New ones do not make up for those that are gone.
    assert!(house.scan(&large, all(&large, 200..400)).held);
}

#[test]
fn a_small_split_that_is_suddenly_empty_is_held_until_it_is_empty_again() {
    let dir = tempfile::tempdir().unwrap();
    let (house, split) = (House::open(dir.path()), eu());
    house.scan(&split, all(&split, 0..3));
    house.clock.pass(HOUR);
    let held = house.scan(&split, Vec::new());
    assert_eq!(
        (held.held, held.coverage, held.counts.missing),
        (true, Coverage::Partial, 0)
    );
    assert_eq!(held.problems[0].code, "vanished-held");
    assert!(
        held.problems[0].message.contains("3 of 3"),
        "{}",
        held.problems[0].message
    );
    assert_eq!(location(&house, &split, 0).misses, 0);
    // A run that could not look says nothing about it, in either direction.
    let run = house.begin();
    house.end(run.id, &split, Coverage::Denied, false);
    house.finish(run.id, RunStatus::Failed);
    house.clock.pass(HOUR);
    let repeated = house.scan(&split, Vec::new());
    assert_eq!(
        (repeated.held, repeated.coverage, repeated.counts.missing),
        (false, Coverage::Complete, 3)
    );
    // From here on the rules for any other: three misses, and a day.
    for (wait, retired) in [(HOUR, 0), (23 * HOUR, 3)] {
        house.clock.pass(wait);
        assert_eq!(house.scan(&split, Vec::new()).counts.retired, retired);
    }
    // Back again, and gone again: the question is asked anew.
    house.scan(&split, all(&split, 0..3));
    assert!(house.scan(&split, Vec::new()).held);
    // Somebody answers at once.
    let run = house.begin();
    house.page(run.id, &split, None, Vec::new(), None).unwrap();
    let accepted = house.end(run.id, &split, Coverage::Complete, true);
    assert_eq!((accepted.held, accepted.counts.missing), (false, 3));
}

#[test]
fn a_small_split_whose_certificates_were_replaced_is_not_empty() {
    let dir = tempfile::tempdir().unwrap();
    let (house, split) = (House::open(dir.path()), eu());
    house.scan(&split, all(&split, 0..3));
    let replaced = house.scan(&split, all(&split, 10..13));
    assert_eq!((replaced.held, replaced.counts.missing), (false, 3));
}

#[test]
fn a_split_that_was_always_empty_is_complete() {
    let dir = tempfile::tempdir().unwrap();
    let (house, split) = (House::open(dir.path()), eu());
    for _ in 0..3 {
        let outcome = house.scan(&split, Vec::new());
        assert_eq!(
            (outcome.held, outcome.coverage),
            (false, Coverage::Complete)
        );
    }
}

#[test]
fn one_poisoned_certificate_does_not_keep_the_others_from_being_gone() {
    let dir = tempfile::tempdir().unwrap();
    let (house, split) = (House::open(dir.path()), eu());
    house.scan(&split, all(&split, 0..20));
    for (wait, retired) in [(HOUR, 0), (HOUR, 0), (24 * HOUR, 1)] {
        house.clock.pass(wait);
        // The first is there and no certificate any more, the second is gone.
        let mut entries = unchanged(&split, 2..20);
        entries.push(poison(&split, 0));
        let outcome = house.scan(&split, entries);
        assert_eq!(outcome.coverage, Coverage::Partial, "it is told");
        assert_eq!(
            (
                outcome.counts.unreadable,
                outcome.counts.quarantined,
                outcome.counts.missing,
                outcome.counts.retired
            ),
            (1, 1, 1, retired)
        );
        let poisoned = location(&house, &split, 0);
        assert_eq!(
            (poisoned.misses, poisoned.stale, poisoned.last_seen),
            (0, false, house.clock.now())
        );
        let tree = house.inventory.accounts(&house.connector).unwrap();
        assert_eq!(tree[0].splits[0].complete_at, Some(house.clock.now()));
    }
}

#[test]
fn what_was_poison_is_kept_with_its_plugin_until_it_is_read_or_gone() {
    let dir = tempfile::tempdir().unwrap();
    let split = eu();
    {
        let house = House::open(dir.path());
        let mut entries = all(&split, 2..20);
        entries.push(poison(&split, 0));
        house.scan(&split, entries);
        house.clock.pass(HOUR);
        let mut entries = unchanged(&split, 2..20);
        entries.push(poison(&split, 0));
        house.scan(&split, entries);
    }
    let house = House::open(dir.path());
    let kept = house.inventory.quarantine(Some(&house.connector)).unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!(
        (kept[0].id.clone(), kept[0].plugin, kept[0].split.clone()),
        (arn(&split, 0), plugin(), split.id.clone())
    );
    assert_eq!(
        (&kept[0].poison.bytes[..], kept[0].poison.length),
        (&b"poison 0"[..], 8)
    );
    assert_eq!(
        (kept[0].first_seen, kept[0].last_seen),
        (START, START + HOUR)
    );
    assert_eq!(
        house
            .inventory
            .quarantine(Some(&connector("other")))
            .unwrap(),
        []
    );
    // It is a certificate again.
    let mut entries = unchanged(&split, 2..20);
    entries.push(found(&split, 0));
    house.scan(&split, entries);
    assert_eq!(house.inventory.quarantine(None).unwrap(), []);
    // Another one is poison, and is deleted.
    let mut entries = unchanged(&split, (0..1).chain(2..20));
    entries.push(poison(&split, 1));
    house.scan(&split, entries);
    assert_eq!(house.inventory.quarantine(None).unwrap().len(), 1);
    let everything_else: Vec<u32> = (0..1).chain(2..20).collect();
    let run = house.begin();
    house.end(run.id, &split, Coverage::Denied, false);
    assert_eq!(
        house.inventory.quarantine(None).unwrap().len(),
        1,
        "nobody looked"
    );
    house.scan(&split, unchanged(&split, everything_else));
    assert_eq!(house.inventory.quarantine(None).unwrap(), []);
    // And with its connector everything goes.
    let mut entries = unchanged(&split, 2..20);
    entries.push(poison(&split, 1));
    house.scan(&split, entries);
    house.inventory.forget_connector(&house.connector).unwrap();
    assert_eq!(house.inventory.quarantine(None).unwrap(), []);
}

#[test]
fn what_looks_like_a_private_key_is_not_kept_and_long_things_are_cut() {
    let key = b"-----BEGIN EC PRIVATE KEY-----".to_vec();
    let poison = Poison::new("malformed-body", "a key", key);
    assert_eq!((poison.bytes.len(), poison.length), (0, 30));
    let long = Poison::new("malformed-body", "long", vec![7; 1 << 20]);
    assert_eq!((long.bytes.len(), long.length), (Poison::KEPT, 1 << 20));
}

#[test]
fn more_poison_than_one_in_a_hundred_fails_the_split_and_what_was_known_stays() {
    let cases = [
        (1, 1, Coverage::Partial),
        (1, 20, Coverage::Partial),
        (2, 20, Coverage::Failed),
        (2, 200, Coverage::Partial),
        (3, 200, Coverage::Failed),
        (100, 9_999, Coverage::Failed),
        (100, 10_000, Coverage::Partial),
        (101, 20_000, Coverage::Failed),
    ];
    for (bad, seen, expected) in cases {
        let dir = tempfile::tempdir().unwrap();
        let (house, split) = (House::open(dir.path()), eu());
        house.scan(&split, all(&split, 30_000..30_020));
        let mut entries: Vec<_> = (0..bad).map(|n| poison(&split, n)).collect();
        entries.extend((bad..seen).map(|n| PageEntry::Filtered(arn(&split, n))));
        let outcome = house.scan(&split, entries);
        assert_eq!(outcome.coverage, expected, "{bad} of {seen}");
        let kept = location(&house, &split, 30_000);
        assert_eq!(
            (kept.misses, kept.stale),
            (0, expected == Coverage::Failed),
            "{bad} of {seen}"
        );
        assert_eq!(
            house.inventory.quarantine(None).unwrap().len(),
            bad.min(100) as usize
        );
    }
}

#[test]
fn what_could_not_be_had_keeps_a_split_from_saying_what_is_gone() {
    let dir = tempfile::tempdir().unwrap();
    let (house, split) = (House::open(dir.path()), eu());
    house.scan(&split, all(&split, 0..20));
    let mut entries = unchanged(&split, 3..20);
    entries.extend([poison(&split, 0), unread(&split, 1)]);
    let outcome = house.scan(&split, entries);
    assert_eq!(
        (
            outcome.coverage,
            outcome.counts.unreadable,
            outcome.counts.quarantined,
            outcome.counts.missing
        ),
        (Coverage::Partial, 2, 1, 0)
    );
    assert_eq!(location(&house, &split, 2).misses, 0);
}

#[test]
fn a_split_that_was_not_complete_says_nothing_is_gone_and_is_stale() {
    for coverage in [
        Coverage::Denied,
        Coverage::Throttled,
        Coverage::Failed,
        Coverage::Skipped,
    ] {
        let dir = tempfile::tempdir().unwrap();
        let (house, split) = (House::open(dir.path()), eu());
        house.scan(&split, all(&split, 0..20));
        let complete = house.clock.now();
        house.clock.pass(DAY);
        let run = house.begin();
        house
            .page(run.id, &split, None, unchanged(&split, 0..4), cursor(1))
            .unwrap();
        let partly = house.clock.now();
        house.clock.pass(HOUR);
        let outcome = house.end(run.id, &split, coverage, false);
        assert_eq!((outcome.coverage, outcome.counts.missing), (coverage, 0));
        let (seen, unseen) = (location(&house, &split, 3), location(&house, &split, 4));
        assert!(seen.stale && unseen.stale);
        assert_eq!(
            (seen.last_seen, unseen.last_seen, unseen.missing_since),
            (partly, complete, None)
        );
        let stale = Filter {
            stale: Some(true),
            ..Filter::default()
        };
        assert_eq!(house.inventory.summary(&stale).unwrap().locations, 20);
        // Only where the cloud may let it go on does the next run go on.
        let checkpoint = house
            .inventory
            .checkpoint(&house.connector, &split.id)
            .unwrap();
        assert_eq!(
            checkpoint.is_some(),
            coverage == Coverage::Throttled,
            "{coverage:?}"
        );
        house.finish(run.id, RunStatus::Partial);
        house.scan(&split, unchanged(&split, 0..20));
        assert!(!location(&house, &split, 4).stale);
        assert_eq!(location(&house, &split, 4).last_seen, house.clock.now());
    }
}

#[test]
fn a_passing_fault_leaves_the_checkpoint() {
    let dir = tempfile::tempdir().unwrap();
    let (house, split) = (House::open(dir.path()), eu());
    let run = house.begin();
    house
        .page(run.id, &split, None, all(&split, 0..4), cursor(1))
        .unwrap();
    let end = SplitEnd {
        coverage: Coverage::Failed,
        error: Some(OperationError::new(
            ErrorClass::Transient,
            "timeout",
            "no answer",
        )),
        problems: Vec::new(),
        started_at: START,
        accept_vanished: false,
    };
    house
        .inventory
        .finish_split(&house.connector, run.id, &split, end)
        .unwrap();
    let checkpoint = house
        .inventory
        .checkpoint(&house.connector, &split.id)
        .unwrap()
        .unwrap();
    assert_eq!(checkpoint.cursor, cursor(1));
}

#[test]
fn the_time_when_a_place_was_last_seen_never_goes_back() {
    let dir = tempfile::tempdir().unwrap();
    let (house, split) = (House::open(dir.path()), eu());
    house.scan(&split, all(&split, 0..20));
    house.clock.pass(DAY);
    let run = house.begin();
    house
        .page(run.id, &split, None, unchanged(&split, 0..10), cursor(1))
        .unwrap();
    house.end(run.id, &split, Coverage::Denied, false);
    let tenth = location(&house, &split, 9).last_seen;
    house.clock.pass(DAY);
    let run = house.begin();
    house
        .page(run.id, &split, None, unchanged(&split, 0..3), cursor(1))
        .unwrap();
    house.end(run.id, &split, Coverage::Denied, false);
    assert_eq!(location(&house, &split, 9).last_seen, tenth);
    assert_eq!(location(&house, &split, 2).last_seen, tenth + DAY);
}

#[test]
fn what_is_there_but_unreadable_or_filtered_is_not_gone() {
    let dir = tempfile::tempdir().unwrap();
    let (house, split) = (House::open(dir.path()), eu());
    house.scan(&split, all(&split, 0..20));
    house.clock.pass(HOUR);
    let mut entries = unchanged(&split, 2..20);
    entries.push(unread(&split, 0));
    entries.push(PageEntry::Filtered(arn(&split, 1)));
    entries.push(PageEntry::Filtered(arn(&split, 99)));
    entries.push(PageEntry::Filtered(arn(&split, 99)));
    let outcome = house.scan(&split, entries);
    assert_eq!(outcome.coverage, Coverage::Partial);
    assert_eq!(
        (
            outcome.counts.unreadable,
            outcome.counts.filtered,
            outcome.counts.missing
        ),
        (1, 2, 0)
    );
    assert_eq!(outcome.counts.seen, 21);
    for number in 0..2 {
        let location = location(&house, &split, number);
        assert_eq!(
            (location.misses, location.last_seen, location.stale),
            (0, house.clock.now(), false)
        );
    }
}

#[test]
fn too_much_unreadable_fails_the_split() {
    let cases = [
        (5, 20, Coverage::Partial),
        (10, 300, Coverage::Failed),
        (10, 1000, Coverage::Partial),
        (100, 20_000, Coverage::Failed),
    ];
    for (unreadable, seen, expected) in cases {
        let dir = tempfile::tempdir().unwrap();
        let (house, split) = (House::open(dir.path()), eu());
        let mut entries: Vec<_> = (0..unreadable).map(|n| unread(&split, n)).collect();
        entries.extend((unreadable..seen.min(9_000)).map(|n| PageEntry::Filtered(arn(&split, n))));
        if seen > 9_000 {
            entries.truncate(9_000);
        }
        assert_eq!(
            house.scan(&split, entries).coverage,
            expected,
            "{unreadable} of {seen}"
        );
    }
}

#[test]
fn an_unchanged_place_that_is_not_remembered_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let (house, split) = (House::open(dir.path()), eu());
    let run = house.begin();
    let answer = house
        .page(run.id, &split, None, unchanged(&split, 0..2), None)
        .unwrap();
    assert_eq!(answer.unknown, [arn(&split, 0), arn(&split, 1)]);
    assert_eq!(answer.counts.seen, 0);
}

#[test]
fn a_place_with_another_certificate_has_changed_and_the_old_body_goes() {
    let dir = tempfile::tempdir().unwrap();
    let (house, split) = (House::open(dir.path()), eu());
    house.scan(&split, all(&split, 0..3));
    house.clock.pass(HOUR);
    let mut entries = unchanged(&split, 1..3);
    entries.push(found_with(&split, 0, 500));
    let outcome = house.scan(&split, entries);
    assert_eq!(
        (
            outcome.counts.changed,
            outcome.counts.unchanged,
            outcome.counts.new
        ),
        (1, 2, 0)
    );
    let shown = house.inventory.show(&arn(&split, 0)).unwrap();
    assert_eq!(shown.certificate, Some(certificate(500).0));
    assert_eq!(
        (shown.locations[0].first_seen, shown.locations[0].read_at),
        (START, house.clock.now())
    );
    assert_eq!(
        house.inventory.body(certificate(0).0.fingerprint).unwrap(),
        None
    );
    assert_eq!(
        house
            .inventory
            .body(certificate(500).0.fingerprint)
            .unwrap(),
        Some(certificate(500).1)
    );
    // Its number is used again; nothing of the old one shows.
    house.scan(&split, all(&split, 0..4));
    assert_eq!(
        house.inventory.body(certificate(3).0.fingerprint).unwrap(),
        Some(certificate(3).1)
    );
}

#[test]
fn a_certificate_in_many_places_is_kept_once() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path());
    for region in ["eu-central-1", "us-east-1", "ap-south-1"] {
        let split = split("111122223333", region);
        house.scan(&split, vec![found_with(&split, 1, 9)]);
    }
    let summary = house.inventory.summary(&Filter::default()).unwrap();
    assert_eq!((summary.locations, summary.certificates), (3, 1));
    assert_eq!(
        house
            .inventory
            .show(&certificate(9).0.fingerprint.to_string())
            .unwrap()
            .locations
            .len(),
        3
    );
}

#[test]
fn markers_are_what_the_plugin_gave() {
    let dir = tempfile::tempdir().unwrap();
    let (house, split) = (House::open(dir.path()), eu());
    house.scan(&split, all(&split, 0..3));
    let ids = [arn(&split, 2), arn(&split, 9), arn(&split, 0)];
    let markers = house.inventory.markers(&house.connector, &ids).unwrap();
    let values: Vec<_> = markers
        .iter()
        .map(|marker| marker.as_ref().map(|marker| marker.value.as_str()))
        .collect();
    assert_eq!(values, [Some("m2"), None, Some("m0")]);
    assert_eq!(markers[0].as_ref().unwrap().read_at, START);
    // Another connector knows nothing of them.
    assert_eq!(
        house.inventory.markers(&connector("other"), &ids).unwrap(),
        [None, None, None]
    );
}

#[test]
fn labels_are_those_of_the_last_import() {
    let dir = tempfile::tempdir().unwrap();
    let (house, split) = (House::open(dir.path()), eu());
    house.scan(&split, all(&split, 0..3));
    let run = house.begin();
    let labels = ImportLabels {
        business_unit: Some("payments".into()),
        tags: vec![("cost".into(), "42".into())],
    };
    house
        .inventory
        .commit_page(PageCommit {
            connector: &house.connector,
            run: run.id,
            split: &split,
            at: None,
            entries: unchanged(&split, 0..2),
            problems: Vec::new(),
            next: None,
            plugin: plugin(),
            labels: &labels,
        })
        .unwrap();
    let relabelled = location(&house, &split, 0);
    assert_eq!(
        (relabelled.business_unit, relabelled.import_tags),
        (labels.business_unit, labels.tags)
    );
    assert_eq!(location(&house, &split, 2).business_unit, None);
    let filter = Filter {
        business_unit: Some("payments".into()),
        ..Filter::default()
    };
    assert_eq!(house.inventory.summary(&filter).unwrap().locations, 2);
}

#[test]
fn mock_and_real_never_mix() {
    let dir = tempfile::tempdir().unwrap();
    let (house, split) = (House::open(dir.path()), eu());
    house.scan(&split, all(&split, 0..3));
    assert!(!location(&house, &split, 0).mock);
    let refused = house.try_begin(true);
    assert!(
        matches!(
            refused,
            Err(StoreError::MockMix {
                holds_mock: false,
                ..
            })
        ),
        "{refused:?}"
    );
    assert_eq!(
        house.inventory.forget_connector(&house.connector).unwrap(),
        3
    );
    let run = house.try_begin(true).unwrap();
    house
        .page(run.id, &split, None, all(&split, 0..3), None)
        .unwrap();
    assert!(location(&house, &split, 0).mock);
    assert!(matches!(
        house.try_begin(false),
        Err(StoreError::MockMix {
            holds_mock: true,
            ..
        })
    ));
    let real = Filter {
        mock: Some(false),
        ..Filter::default()
    };
    assert_eq!(house.inventory.summary(&real).unwrap().locations, 0);
    assert_eq!(house.inventory.summary(&Filter::default()).unwrap().mock, 3);
}

#[test]
fn a_forgotten_connector_leaves_nothing_and_others_keep_everything() {
    let dir = tempfile::tempdir().unwrap();
    let split = eu();
    let first = House::open(dir.path());
    first.scan(&split, all(&split, 0..40));
    let second = House {
        inventory: first.inventory.clone(),
        clock: first.clock.clone(),
        connector: connector("second"),
    };
    second.scan(&split, all(&split, 20..50));
    assert_eq!(
        first.inventory.forget_connector(&first.connector).unwrap(),
        40
    );
    assert_eq!(first.inventory.connectors().unwrap().len(), 1);
    assert_eq!(count(&second), 30);
    assert!(
        first
            .inventory
            .runs(&RunFilter {
                connector: Some(first.connector.clone()),
                limit: None
            })
            .unwrap()
            .is_empty()
    );
    assert_eq!(
        first.inventory.body(certificate(5).0.fingerprint).unwrap(),
        None
    );
    assert_eq!(
        first.inventory.body(certificate(25).0.fingerprint).unwrap(),
        Some(certificate(25).1)
    );
    // What becomes free is used again, and all of it is sound after a restart.
    first.scan(&split, all(&split, 100..170));
    drop((first, second));
    let house = House::open(dir.path());
    assert_eq!(count(&house), 100);
    for number in (20..50).chain(100..170) {
        let shown = house
            .inventory
            .show(&certificate(number).0.fingerprint.to_string())
            .unwrap();
        assert_eq!(shown.certificate, Some(certificate(number).0));
        assert_eq!(shown.locations[0].place, place(&split, number));
    }
}

#[test]
fn accounts_carry_coverage_and_numbers() {
    let dir = tempfile::tempdir().unwrap();
    let (house, covered, denied) = (
        House::open(dir.path()),
        eu(),
        split("444455556666", "eu-central-1"),
    );
    let account = |id: &str, excluded: Option<&str>| Account {
        id: id.into(),
        name: format!("account {id}"),
        email: None,
        path: vec!["Root".into(), "Prod".into()],
        state: "ACTIVE".into(),
        management: false,
        excluded: excluded.map(str::to_owned),
    };
    let told = [
        account("111122223333", None),
        account("444455556666", None),
        account("777788889999", Some("suspended")),
    ];
    let run = house.begin();
    house
        .inventory
        .put_accounts(&house.connector, run.id, &told)
        .unwrap();
    house
        .page(run.id, &covered, None, all(&covered, 0..7), None)
        .unwrap();
    house.end(run.id, &covered, Coverage::Complete, false);
    house.end(run.id, &denied, Coverage::Denied, false);
    let finished = house.finish(run.id, RunStatus::Partial);
    assert_eq!((finished.counts.splits, finished.counts.new), (2, 7));
    assert_eq!(house.inventory.split_runs(run.id).unwrap().len(), 2);
    let tree = house.inventory.accounts(&house.connector).unwrap();
    assert_eq!(
        tree.iter()
            .map(|status| status.account.clone())
            .collect::<Vec<_>>(),
        told
    );
    assert_eq!(
        (tree[0].assets, tree[0].splits[0].coverage),
        (7, Some(Coverage::Complete))
    );
    assert_eq!(
        (tree[1].assets, tree[1].splits[0].coverage),
        (0, Some(Coverage::Denied))
    );
    assert!(tree[2].splits.is_empty());
    assert_eq!((tree[0].missing, tree[0].stale), (0, 0));
    // The next plan does not tell two of them; their places stay, stale.
    let run = house.begin();
    house
        .inventory
        .put_accounts(&house.connector, run.id, &told[1..2])
        .unwrap();
    house.end(run.id, &denied, Coverage::Denied, false);
    house.finish(run.id, RunStatus::Partial);
    let tree = house.inventory.accounts(&house.connector).unwrap();
    assert_eq!(tree.len(), 2);
    // What is known of the one without a plan is no part of what is there now.
    assert_eq!(
        (
            tree[0].account.id.as_str(),
            tree[0].account.name.as_str(),
            tree[0].assets,
            tree[0].stale
        ),
        ("111122223333", "", 0, 7)
    );
    assert!(location(&house, &covered, 0).stale);
}

#[test]
fn an_account_counts_what_was_read_to_its_end_and_apart_from_it_what_is_stale() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path());
    let regions = ["eu-central-1", "eu-north-1", "us-east-1", "us-west-2"];
    let [complete, partial, denied, begun] = regions.map(|region| split("111122223333", region));
    house.scan(&denied, all(&denied, 0..10));
    let run = house.begin();
    house
        .page(run.id, &complete, None, all(&complete, 10..30), None)
        .unwrap();
    house.end(run.id, &complete, Coverage::Complete, false);
    let mut entries = all(&partial, 40..70);
    entries.push(unread(&partial, 70));
    house.page(run.id, &partial, None, entries, None).unwrap();
    house.end(run.id, &partial, Coverage::Complete, false);
    house.end(run.id, &denied, Coverage::Denied, false);
    house
        .page(run.id, &begun, None, all(&begun, 80..120), cursor(1))
        .unwrap();
    let tree = house.inventory.accounts(&house.connector).unwrap();
    assert_eq!((tree[0].assets, tree[0].stale), (50, 10));
    let by_split: Vec<_> = tree[0]
        .splits
        .iter()
        .map(|split| (split.region.as_deref().unwrap(), split.assets, split.stale))
        .collect();
    assert_eq!(
        by_split,
        [
            ("us-east-1", 10, true),
            ("eu-central-1", 20, false),
            ("eu-north-1", 30, false),
            ("us-west-2", 40, false)
        ]
    );
}

#[test]
fn a_split_that_was_never_read_leaves_with_the_plan_that_told_it() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path());
    let [read, skipped, denied] =
        ["eu-central-1", "af-south-1", "us-east-1"].map(|region| split("111122223333", region));
    let begin = || {
        let run = house.begin();
        house
            .page(run.id, &read, None, all(&read, 0..3), None)
            .unwrap();
        house.end(run.id, &read, Coverage::Complete, false);
        run
    };
    let run = begin();
    house.end(run.id, &skipped, Coverage::Skipped, false);
    house.end(run.id, &denied, Coverage::Denied, false);
    house.finish(run.id, RunStatus::Partial);
    let splits = || {
        let tree = house.inventory.accounts(&house.connector).unwrap();
        let all = tree[0].splits.iter().map(|split| split.split.clone());
        all.collect::<Vec<_>>()
    };
    assert_eq!(splits().len(), 3);
    // A run whose plan did not end says nothing about splits.
    let run = begin();
    house.finish(run.id, RunStatus::Stopped);
    assert_eq!(splits().len(), 3);
    let run = begin();
    house.finish(run.id, RunStatus::Complete);
    assert_eq!(splits(), [read.id.as_str()]);
    // One that was read once stays, since it may hold what is known.
    let run = house.begin();
    house.end(run.id, &denied, Coverage::Denied, false);
    house.finish(run.id, RunStatus::Partial);
    let mut both = splits();
    both.sort();
    assert_eq!(both, [read.id.as_str(), denied.id.as_str()]);
    assert_eq!(count(&house), 3);
}

#[test]
fn a_skipped_split_that_is_read_later_knows_its_service() {
    let dir = tempfile::tempdir().unwrap();
    let (house, split) = (House::open(dir.path()), eu());
    let run = house.begin();
    let unserved = Split {
        service: String::new(),
        ..split.clone()
    };
    house.end(run.id, &unserved, Coverage::Skipped, false);
    house.scan(&split, all(&split, 0..1));
    assert_eq!(location(&house, &split, 0).service, "acm");
}

#[test]
fn splits_of_runs_are_forgotten_after_thirty_runs_however_they_ended() {
    let dir = tempfile::tempdir().unwrap();
    let (house, split) = (House::open(dir.path()), eu());
    let mut runs = Vec::new();
    for number in 0..40 {
        let run = house.begin();
        house
            .page(run.id, &split, None, all(&split, 0..3), None)
            .unwrap();
        house.end(run.id, &split, Coverage::Complete, false);
        // Two of three are interrupted by the next one.
        if number % 3 == 0 {
            house.finish(run.id, RunStatus::Complete);
        }
        runs.push(run.id);
    }
    for (age, run) in runs.iter().rev().enumerate() {
        let splits = house.inventory.split_runs(*run).unwrap().len();
        assert_eq!(splits, usize::from(age < 30), "{age} runs ago");
    }
}

#[test]
fn pages_and_ends_of_unknown_runs_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (house, split) = (House::open(dir.path()), eu());
    let stranger = sensor::model::id::RunId(99);
    let refused = house.page(stranger, &split, None, all(&split, 0..1), None);
    assert!(
        matches!(refused, Err(StoreError::NoSuchRun(_))),
        "{refused:?}"
    );
    assert_eq!(count(&house), 0);
    assert!(matches!(
        house.inventory.run(stranger),
        Err(StoreError::NoSuchRun(_))
    ));
}
