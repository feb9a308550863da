//! What a hostile guest does while it runs.

use crate::support::{cursor, hostile, instance, lend, limits, split, written};
use sensor::model::asset::{PageEntry, Poison, Unreadable};
use sensor::model::plan::ReadPage;
use sensor::model::problem::ErrorClass;
use sensor::plugin::{CallError, Limits};
use std::time::Duration;

async fn read(word: &str, limits: Limits) -> Result<ReadPage, CallError> {
    let answer = instance(word, limits).await.read_page(&split(), None).await;
    // Whatever it did, the next one is served.
    let after = instance("nothing", limits)
        .await
        .read_page(&split(), None)
        .await;
    assert!(
        after.is_ok_and(|page| page.entries.is_empty()),
        "after {word}"
    );
    answer
}

#[tokio::test]
async fn each_misbehaviour_ends_in_its_error() {
    let cases = [
        ("spin", "Spinning("),
        ("ask-time", "Spinning("),
        ("nap", "Spinning("),
        ("bomb", "Memory(16777216)"),
        ("trap", "Trap(\"wasm trap: wasm `unreachable`"),
        ("recurse", "Trap(\"wasm trap: "),
        ("panic", "the lock of example.com is rusted"),
        ("forged", "handle"),
        ("many-ids", "at most 1000 ids"),
        ("dropped", "Closed(\"the plugin called base of sensor:auth"),
        ("too-many", "Refused(\"a page of 1001 entries"),
        ("long-error", "code: \"long\""),
    ];
    for (word, expected) in cases {
        let error = read(word, limits()).await.expect_err(word);
        let told = format!("{error:?}");
        assert!(
            told.contains(expected) && told.len() < 2_500,
            "{word}: {told}"
        );
        assert!(!error.to_string().chars().any(char::is_control), "{word}");
    }
}

#[tokio::test]
async fn more_than_may_be_carried_is_a_trap() {
    let error = read(
        "huge",
        Limits {
            transfer: 1 << 20,
            ..limits()
        },
    )
    .await
    .expect_err("too much");
    assert!(matches!(error, CallError::Trap(_)), "{error:?}");
}

#[tokio::test]
async fn too_little_memory_to_start_is_an_error_of_the_start() {
    let Err(error) = hostile()
        .instantiate(lend(
            "nothing",
            Limits {
                memory: 1 << 16,
                ..limits()
            },
        ))
        .await
    else {
        panic!("it started");
    };
    assert!(matches!(error, CallError::Memory(65_536)), "{error:?}");
}

#[tokio::test]
async fn a_parked_host_call_ends_at_the_deadline() {
    let limits = Limits {
        call_timeout: Duration::from_millis(200),
        ..limits()
    };
    let error = read("pause", limits).await.expect_err("too late");
    assert!(matches!(error, CallError::Deadline(_)), "{error:?}");
    // So that the split is tried once more, from its checkpoint on.
    let error = error.into_operation_error();
    assert_eq!(
        (error.class, error.code.as_str()),
        (ErrorClass::Transient, "plugin-deadline")
    );
}

#[tokio::test]
async fn a_spinning_guest_leaves_room_for_others() {
    let limits = Limits {
        cpu: Duration::from_secs(20),
        ..limits()
    };
    let (mut spinning, mut other) = (
        instance("spin", limits).await,
        instance("nothing", limits).await,
    );
    let split = split();
    // On this one thread, so that the other is only served if the first makes room.
    tokio::select! {
        biased;
        _ = spinning.read_page(&split, None) => panic!("the spinning one ended first"),
        page = async {
            tokio::task::yield_now().await;
            other.read_page(&split, None).await
        } => assert!(page.is_ok()),
    }
}

#[tokio::test]
async fn an_instance_that_crashed_is_not_called_again() {
    let mut crashed = instance("trap", limits()).await;
    assert!(matches!(
        crashed.read_page(&split(), None).await,
        Err(CallError::Trap(_))
    ));
    assert_eq!(
        crashed.read_page(&split(), None).await,
        Err(CallError::Gone)
    );
    assert_eq!(crashed.plan(None).await, Err(CallError::Gone));
}

#[tokio::test]
async fn an_error_of_the_guests_own_leaves_it_alive() {
    let mut guest = instance("long-error", limits()).await;
    for _ in 0..2 {
        assert!(matches!(
            guest.read_page(&split(), None).await,
            Err(CallError::Guest(_))
        ));
    }
}

#[tokio::test]
async fn capabilities_that_are_not_lent_trap_by_name() {
    let error = hostile()
        .describe()
        .await
        .expect_err("it reads its settings");
    assert_eq!(
        error,
        CallError::Closed(
            "the plugin called sensor:core/config, which is closed to it here".into()
        )
    );
    let error = instance("nothing", limits())
        .await
        .check()
        .await
        .expect_err("it asks for the base session");
    assert!(
        matches!(&error, CallError::Closed(text) if text.contains("base of sensor:auth/credentials@0.1.0")),
        "{error:?}"
    );
}

#[tokio::test]
async fn places_outside_the_split_are_left_out_and_told() {
    let page = read("foreign", limits()).await.expect("a page");
    let [PageEntry::Found(found)] = page.entries.as_slice() else {
        panic!("{:?}", page.entries)
    };
    assert_eq!(
        found.place.id,
        "arn:aws:acm:eu-central-1:111122223333:certificate/mine"
    );
    assert_eq!(page.problems.len(), 14);
    assert!(
        page.problems
            .iter()
            .all(|problem| problem.code == "foreign-id")
    );
}

#[tokio::test]
async fn bytes_that_are_no_certificate_stay_an_unreadable_place() {
    let page = read("bad-der", limits()).await.expect("a page");
    let kept: Vec<_> = page
        .entries
        .iter()
        .map(|entry| {
            let PageEntry::Unreadable(Unreadable {
                id,
                poison: Some(poison),
            }) = entry
            else {
                panic!("{entry:?}");
            };
            assert_eq!(poison.code, "unparseable-certificate");
            (id.as_str(), poison.bytes.len(), poison.length)
        })
        .collect();
    // What came goes along, but not all of it.
    assert_eq!(
        kept,
        [
            (
                "arn:aws:acm:eu-central-1:111122223333:certificate/bad",
                7,
                7
            ),
            (
                "arn:aws:acm:eu-central-1:111122223333:certificate/large",
                Poison::KEPT,
                1 << 20
            ),
        ]
    );
    assert!(
        page.problems
            .iter()
            .all(|problem| problem.code == "unparseable-certificate")
    );
    assert!(
        page.problems[1].message.contains("1048576 bytes"),
        "{}",
        page.problems[1].message
    );
}

#[tokio::test]
async fn escapes_and_impossible_times_do_not_come_through() {
    let page = read("escapes", limits()).await.expect("a page");
    let [PageEntry::Found(found)] = page.entries.as_slice() else {
        panic!("{:?}", page.entries)
    };
    let place = &found.place;
    assert_eq!(place.display_name.as_deref(), Some("[31mred[0mline"));
    assert_eq!(
        (place.created_at, place.imported_at, place.issued_at),
        (None, None, Some(1_700_000_000_000))
    );
    assert_eq!(place.tags[0].1.chars().count(), 512);
    let problem = &page.problems[0];
    let texts = [
        &place.provider_status,
        &place.tags[0].0,
        &place.tags[0].1,
        &problem.code,
        &problem.message,
    ];
    assert!(
        texts
            .iter()
            .all(|text| !text.contains(['\u{1b}', '\u{202e}', '\u{7}', '\n']))
    );
    let error = instance("odd-split", limits())
        .await
        .plan(None)
        .await
        .expect_err("not a key");
    assert!(
        matches!(&error, CallError::Refused(text) if text.contains("[31mred")),
        "{error:?}"
    );
}

#[tokio::test]
async fn pages_that_lead_nowhere_end() {
    let mut guest = instance("endless", limits()).await;
    let next = guest
        .read_page(&split(), None)
        .await
        .expect("the first page")
        .next;
    let error = guest
        .read_page(&split(), next)
        .await
        .expect_err("the same again");
    assert!(
        matches!(&error, CallError::Refused(text) if text.contains("never end")),
        "{error:?}"
    );
    let error = guest
        .plan(Some(cursor(1, "round")))
        .await
        .expect_err("the same again");
    assert!(matches!(error, CallError::Refused(_)), "{error:?}");
}

#[tokio::test]
async fn a_refused_cursor_leaves_the_guest_alive() {
    let mut guest = instance("new-cursor", limits()).await;
    let error = guest
        .read_page(&split(), Some(cursor(7, "from the future")))
        .await
        .expect_err("unknown");
    assert!(
        matches!(&error, CallError::Guest(error) if error.code == "cursor-version"),
        "{error:?}"
    );
    assert!(guest.read_page(&split(), None).await.is_ok());
}

#[tokio::test]
async fn a_million_lines_become_two_hundred_and_a_count() {
    for word in ["shout", "escapes"] {
        let mut guest = instance(
            word,
            Limits {
                cpu: Duration::from_mins(1),
                ..limits()
            },
        )
        .await;
        guest.read_page(&split(), None).await.expect("it ends");
    }
    let written = written();
    assert!(!written.contains('\u{1b}'));
    let lines = |split: &str| {
        written
            .lines()
            .filter(|line| line.contains(split))
            .collect::<Vec<_>>()
    };
    let shouted = lines("split{split=\"shout\"}");
    assert_eq!(shouted.len(), 201);
    assert!(
        shouted[..200]
            .iter()
            .all(|line| line.contains("INFO") && line.contains("guest: again plugin=\"hostile\""))
    );
    assert!(
        shouted[200].contains("log lines dropped") && shouted[200].contains("dropped=999800"),
        "{}",
        shouted[200]
    );
    let [escaped, ..] = lines("split{split=\"escapes\"}")[..] else {
        panic!("not written")
    };
    assert!(
        escaped.contains("WARN") && escaped.contains("[31mred[0m line"),
        "{escaped}"
    );
}
