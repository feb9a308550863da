//! Every class of answer that a cloud may give to a delivery: what becomes of it, of its key, and of a second try.
//! Above: nothing. Below: `world`, the real engine.
//! Invariant: a refusal is told and waits for a person or its time; what may have arrived is looked for first.

use super::world::{A, HOUR, SECOND, World};
use crate::ledger::KeyPlace;
use crate::model::enrollment::{DeliveryState, IssuanceState};
use crate::model::problem::ErrorClass;

/// What an answer to a delivery means for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Means {
    /// Nothing was done, and nothing will be until somebody mends it.
    Person,
    /// Nothing was done; later it may be.
    Later,
    /// It may have arrived.
    Unsure,
}

const CLASSES: [ErrorClass; 13] = [
    ErrorClass::Config,
    ErrorClass::AuthExpired,
    ErrorClass::AccessDenied,
    ErrorClass::NotFound,
    ErrorClass::Conflict,
    ErrorClass::Throttled,
    ErrorClass::Transient,
    ErrorClass::InvalidResponse,
    ErrorClass::Unsupported,
    ErrorClass::LimitExceeded,
    ErrorClass::Cancelled,
    ErrorClass::Internal,
    ErrorClass::Other,
];

fn means(class: ErrorClass) -> Means {
    match class {
        ErrorClass::Config
        | ErrorClass::AccessDenied
        | ErrorClass::NotFound
        | ErrorClass::Conflict
        | ErrorClass::Unsupported
        | ErrorClass::LimitExceeded => Means::Person,
        ErrorClass::AuthExpired | ErrorClass::Throttled => Means::Later,
        ErrorClass::Transient
        | ErrorClass::InvalidResponse
        | ErrorClass::Cancelled
        | ErrorClass::Internal
        | ErrorClass::Other => Means::Unsure,
    }
}

fn unsure() -> impl Iterator<Item = ErrorClass> {
    CLASSES
        .into_iter()
        .filter(|class| means(*class) == Means::Unsure)
}

#[tokio::test]
async fn fact_24_an_answer_that_lasts_is_told_and_its_key_kept_no_longer_than_of_use() {
    for class in CLASSES {
        let world = World::new();
        world.refuse("deliver", A, class);
        let id = world.ask(&[A]);
        world.pass(HOUR).await;
        let at = format!("{class:?}, {:?}", means(class));
        let delivery = world.delivery(id);
        let tries = world.asked("deliver", A);
        assert!(world.tells(id, "the world says no"), "{at}");
        assert_eq!(delivery.setback.unwrap().error.class, class, "{at}");
        assert_eq!(world.keys(), [KeyPlace::Ledger], "{at}");
        match means(class) {
            Means::Person => {
                assert_eq!(delivery.state, DeliveryState::Failed, "{at}");
                assert_eq!(tries.len(), 1, "{at}");
            }
            Means::Later => {
                assert_eq!(delivery.state, DeliveryState::Waiting, "{at}");
                assert!(tries.len() > 5, "{at}: {tries:?}");
                assert!(
                    world.asked("find", A).is_empty(),
                    "{at}: nothing to look for"
                );
            }
            Means::Unsure => {
                assert_eq!(delivery.state, DeliveryState::Failed, "{at}");
                assert!((2..=5).contains(&tries.len()), "{at}: {tries:?}");
                assert!(tries.windows(2).all(|two| two[1] - two[0] >= 60 * SECOND));
                let looked = world.asked("find", A);
                for two in tries.windows(2) {
                    let between = looked.iter().filter(|at| (two[0]..=two[1]).contains(at));
                    assert!(between.count() >= 3, "{at}: {tries:?} {looked:?}");
                }
            }
        }
        world.pass(25 * HOUR).await;
        let ended = world.newest(id).state;
        if means(class) == Means::Later {
            assert_eq!(ended, IssuanceState::Delivering, "{at}");
            assert_eq!(world.keys(), [KeyPlace::Ledger], "{at}");
        } else {
            assert_eq!(ended, IssuanceState::Failed, "{at}");
            assert!(world.keys().is_empty(), "{at}");
            assert_eq!(world.asked("deliver", A), tries, "{at}");
        }
        assert_eq!(world.imports(A), 0, "{at}");
    }
}

#[tokio::test]
async fn fact_24_what_passes_or_is_mended_is_brought_once_with_the_same_key_and_order() {
    for class in CLASSES {
        let world = World::new();
        world.refuse("deliver", A, class);
        let id = world.ask(&[A]);
        world.pass(30 * SECOND).await;
        world.cloud().refuses.clear();
        world.pass(20 * HOUR).await;
        let at = format!("{class:?}, {:?}", means(class));
        if means(class) == Means::Person {
            assert_eq!(world.asked("deliver", A).len(), 1, "{at}: not by itself");
            world.retry(id);
            world.pass(HOUR).await;
        }
        assert_eq!(world.imports(A), 1, "{at}");
        assert_eq!(world.told(id, "done"), 1, "{at}");
        assert_eq!(world.one.orders(), 1, "{at}");
        assert_eq!(world.keys_made(id), 1, "{at}");
        assert!(world.keys().is_empty(), "{at}");
    }
}

#[tokio::test]
async fn fact_24_an_import_that_arrived_whatever_was_answered_is_not_made_again() {
    for class in unsure() {
        let world = World::new();
        world.cloud().loses_next = Some(class);
        let id = world.ask(&[A]);
        world.pass(2 * HOUR).await;
        assert_eq!(world.asked("deliver", A).len(), 1, "{class:?}");
        let delivery = world.delivery(id);
        assert_eq!(delivery.state, DeliveryState::Verified, "{class:?}");
        assert_eq!(delivery.target.place.as_deref(), Some("arn-0"), "{class:?}");
        assert_eq!(world.told(id, "done"), 1, "{class:?}");
    }
}

#[tokio::test]
async fn fact_24_in_its_place_the_same_is_brought_again_for_as_long_as_it_takes() {
    // The sensor's own stop does not last.
    for class in unsure().filter(|class| *class != ErrorClass::Cancelled) {
        let world = World::new();
        let id = world.ask(&[A]);
        world.pass(HOUR).await;
        world.refuse("deliver", A, class);
        world.renew(id);
        world.pass(10 * HOUR).await;
        assert!(world.asked("deliver", A).len() > 6, "{class:?}");
        assert_eq!(world.told(id, "failed"), 0, "{class:?}");
        world.cloud().refuses.clear();
        world.pass(7 * HOUR).await;
        assert_eq!(world.imports(A), 2, "{class:?}");
        assert_eq!(world.told(id, "done"), 2, "{class:?}");
        // `leaf` sees to it that there is one.
        assert_eq!(world.newest(id).issued.unwrap().leaf, world.leaf(A));
    }
}

#[tokio::test]
async fn a_session_that_ends_between_order_and_import_costs_neither_order_nor_second_import() {
    let world = World::new();
    world.refuse("deliver", A, ErrorClass::AuthExpired);
    let id = world.ask(&[A]);
    world.pass(30 * HOUR).await;
    assert!(world.told(id, "not-taken") > 5);
    assert_eq!(world.keys(), [KeyPlace::Ledger], "longer than a day");
    assert_eq!((world.imports(A), world.told(id, "failed")), (0, 0));
    world.cloud().refuses.clear();
    // The next session is not to be had either, for a while.
    *world.shut.lock().unwrap() = Some(ErrorClass::AuthExpired);
    world.pass(7 * HOUR).await;
    assert_eq!((world.imports(A), world.told(id, "failed")), (0, 0));
    *world.shut.lock().unwrap() = None;
    world.pass(7 * HOUR).await;
    assert_eq!(world.imports(A), 1);
    assert_eq!(world.one.orders(), 1);
    assert_eq!(world.told(id, "done"), 1);
    assert!(world.keys().is_empty());
}
