//! Keys that wait in the cloud, and a cloud that changes its mind about it in mid-way.
//! Above: nothing. Below: `world`, the real engine and keeper.
//! Invariant: whatever is refused, and when, at the end no half of a key is left anywhere.

use super::world::{A, HOUR, MINUTE, World};
use crate::ledger::KeyPlace;
use crate::model::enrollment::{DeliveryState, IssuanceState};
use crate::model::id::RequestId;
use crate::model::problem::ErrorClass;
use crate::model::profile::Custody;

const PARKING: [Custody; 2] = [Custody::Auto, Custody::SecretsManager];

fn assert_nothing_is_left(world: &World) {
    assert!(world.keys().is_empty(), "in the ledger");
    let parked: Vec<_> = world.cloud().parked.keys().cloned().collect();
    assert_eq!(parked, Vec::<String>::new(), "in the cloud");
}

/// A request whose key is parked and whose delivery waits.
async fn parked(custody: Custody) -> (World, RequestId) {
    let world = World::new();
    world.custody(custody);
    world.refuse("deliver", A, ErrorClass::Throttled);
    let id = world.ask(&[A]);
    world.pass(MINUTE).await;
    assert_eq!(world.delivery(id).state, DeliveryState::Waiting);
    assert_eq!(world.keys(), [KeyPlace::Parked], "{custody:?}");
    assert_eq!(world.cloud().parked.len(), 1, "{custody:?}");
    world.cloud().refuses.clear();
    (world, id)
}

#[tokio::test]
async fn where_a_key_may_wait_in_the_cloud_it_does_and_is_gone_at_the_end() {
    for custody in PARKING {
        let (world, id) = parked(custody).await;
        world.pass(HOUR).await;
        assert_eq!(world.imports(A), 1, "{custody:?}");
        assert_eq!(world.told(id, "done"), 1, "{custody:?}");
        assert_nothing_is_left(&world);
    }
}

#[tokio::test]
async fn where_a_key_may_not_wait_in_the_cloud_it_stays_here_if_the_profile_leaves_that_open() {
    let world = World::new();
    world.custody(Custody::Auto);
    world.refuse("park", "", ErrorClass::AccessDenied);
    world.refuse("deliver", A, ErrorClass::Throttled);
    let id = world.ask(&[A]);
    world.pass(MINUTE).await;
    assert_eq!(world.keys(), [KeyPlace::Ledger]);
    assert!(world.tells(id, "the key waits in the sensor"));
    world.cloud().refuses.remove(&("deliver", A));
    world.pass(HOUR).await;
    assert_eq!(world.imports(A), 1);
    assert_eq!(world.told(id, "done"), 1);
    assert_nothing_is_left(&world);
}

#[tokio::test]
async fn where_a_key_has_to_wait_in_the_cloud_nothing_is_imported_until_it_may() {
    for refused in ["park", "take"] {
        let world = World::new();
        world.custody(Custody::SecretsManager);
        world.refuse(refused, "", ErrorClass::AccessDenied);
        let id = world.ask(&[A]);
        world.pass(10 * HOUR).await;
        assert_eq!(world.newest(id).state, IssuanceState::Parking, "{refused}");
        assert!(world.asked("deliver", A).is_empty(), "{refused}");
        assert!(world.asked(refused, "").len() > 5, "{refused}");
        // What the cloud could not give back is still whole here.
        assert_eq!(world.keys(), [KeyPlace::Ledger], "{refused}");
        world.cloud().refuses.clear();
        world.pass(2 * HOUR).await;
        assert_eq!(world.imports(A), 1, "{refused}");
        assert_eq!(world.one.orders(), 1, "{refused}");
        assert_nothing_is_left(&world);
    }
}

#[tokio::test]
async fn where_a_key_has_to_wait_in_the_cloud_and_never_may_it_is_given_up() {
    for refused in ["park", "take"] {
        let world = World::new();
        world.custody(Custody::SecretsManager);
        world.refuse(refused, "", ErrorClass::AccessDenied);
        let id = world.ask(&[A]);
        world.pass(26 * HOUR).await;
        assert_eq!(world.newest(id).state, IssuanceState::Failed, "{refused}");
        assert!(world.asked("deliver", A).is_empty(), "{refused}");
        assert!(world.tells(id, "the world says no"), "{refused}");
        assert_nothing_is_left(&world);
    }
}

#[tokio::test]
async fn a_parked_key_that_may_not_be_taken_any_more_fails_the_delivery_until_somebody_mends_it() {
    for custody in PARKING {
        let (world, id) = parked(custody).await;
        world.refuse("take", "", ErrorClass::AccessDenied);
        world.pass(7 * HOUR).await;
        let delivery = world.delivery(id);
        assert_eq!(delivery.state, DeliveryState::Failed, "{custody:?}");
        let error = delivery.setback.unwrap().error;
        assert_eq!(error.class, ErrorClass::AccessDenied, "{custody:?}");
        assert_eq!(world.imports(A), 0, "{custody:?}");
        assert_eq!(world.keys(), [KeyPlace::Parked], "{custody:?}");
        world.cloud().refuses.clear();
        world.retry(id);
        world.pass(HOUR).await;
        assert_eq!(world.imports(A), 1, "{custody:?}");
        assert_eq!(world.one.orders(), 1, "{custody:?}");
        assert_nothing_is_left(&world);
    }
}

#[tokio::test]
async fn a_parked_key_that_may_not_be_taken_for_a_day_is_gone_in_both_places() {
    for custody in PARKING {
        let (world, id) = parked(custody).await;
        world.refuse("take", "", ErrorClass::AccessDenied);
        world.pass(26 * HOUR).await;
        assert_eq!(world.newest(id).state, IssuanceState::Failed, "{custody:?}");
        assert_eq!(world.imports(A), 0, "{custody:?}");
        assert_nothing_is_left(&world);
    }
}

#[tokio::test]
async fn a_parked_key_that_cannot_be_taken_for_a_while_is_taken_later() {
    for class in [ErrorClass::Throttled, ErrorClass::AuthExpired] {
        let (world, id) = parked(Custody::SecretsManager).await;
        world.refuse("take", "", class);
        world.pass(2 * HOUR).await;
        assert_eq!(
            world.delivery(id).state,
            DeliveryState::Waiting,
            "{class:?}"
        );
        world.cloud().refuses.clear();
        world.pass(7 * HOUR).await;
        assert_eq!(world.imports(A), 1, "{class:?}");
        assert_nothing_is_left(&world);
    }
}

#[tokio::test]
async fn a_parked_key_that_cannot_be_erased_opens_nothing_and_is_erased_later() {
    for custody in PARKING {
        let (world, id) = parked(custody).await;
        world.refuse("drop", "", ErrorClass::AccessDenied);
        world.pass(5 * MINUTE).await;
        assert_eq!(world.told(id, "verified"), 1, "{custody:?}");
        assert_eq!(world.newest(id).state, IssuanceState::KeyDropping);
        assert!(
            world.keys().is_empty(),
            "{custody:?}: the sensor's half first"
        );
        assert_eq!(world.cloud().parked.len(), 1, "{custody:?}");
        world.cloud().refuses.clear();
        world.pass(HOUR).await;
        assert_eq!(world.told(id, "done"), 1, "{custody:?}");
        assert_nothing_is_left(&world);
    }
}

#[tokio::test]
async fn a_parked_key_that_cannot_be_erased_for_hours_is_left_to_the_sweep() {
    for custody in PARKING {
        let (world, id) = parked(custody).await;
        world.refuse("drop", "", ErrorClass::AccessDenied);
        world.pass(12 * HOUR).await;
        assert_eq!(world.told(id, "done"), 1, "{custody:?}");
        assert!(world.keys().is_empty(), "{custody:?}");
        let left = || {
            let sweeps = world.ledger.key_status().unwrap().sweeps.unwrap();
            (sweeps.left, world.cloud().parked.len())
        };
        world.engine.sweep().await.unwrap();
        assert_eq!(left(), (1, 1), "{custody:?}: told as left");
        world.cloud().refuses.clear();
        world.engine.sweep().await.unwrap();
        assert_eq!(left(), (0, 0), "{custody:?}");
        assert_nothing_is_left(&world);
    }
}
