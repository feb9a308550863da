//! Requests that are cancelled while something is under way for them.
//! Above: nothing. Below: `world`, the real engine.
//! Invariant: what arrived is known, nothing more is brought, and no key is left.

use super::world::{A, B, HOUR, MINUTE, SECOND, World};
use crate::issuer::kit::{DAY, NOW};
use crate::ledger::KeyPlace;
use crate::model::enrollment::{DeliveryState, IssuanceState, RequestState};
use crate::model::id::RequestId;
use crate::model::problem::ErrorClass;
use crate::model::profile::Custody;

#[tokio::test]
async fn what_is_cancelled_while_the_ca_takes_its_time_leaves_neither_import_nor_key() {
    let world = World::new();
    *world.one.decides_at.lock().unwrap() = NOW + 5 * DAY;
    let id = world.ask(&[A]);
    world.pass(HOUR).await;
    assert_eq!(world.newest(id).state, IssuanceState::Ordered);
    assert_eq!(world.keys(), [KeyPlace::Ledger]);
    world.cancel(id);
    world.pass(MINUTE).await;
    assert_eq!(world.newest(id).state, IssuanceState::Abandoned);
    assert_eq!(world.delivery(id).state, DeliveryState::GivenUp);
    assert!(world.keys().is_empty());
    // The CA decides, and nobody waits for it.
    world.pass(6 * DAY).await;
    assert!(world.asked("deliver", A).is_empty());
    assert_eq!(world.one.orders(), 1);
    let request = world.request(id);
    assert_eq!(request.state, RequestState::Cancelled);
    assert_eq!(request.renew_at, None);
}

#[tokio::test]
async fn what_is_cancelled_while_its_key_waits_in_the_cloud_leaves_nothing_there() {
    let world = World::new();
    world.custody(Custody::SecretsManager);
    world.refuse("deliver", A, ErrorClass::Throttled);
    let id = world.ask(&[A]);
    world.pass(MINUTE).await;
    assert_eq!(world.keys(), [KeyPlace::Parked]);
    world.cancel(id);
    world.cloud().refuses.clear();
    world.pass(HOUR).await;
    assert_eq!(world.newest(id).state, IssuanceState::Abandoned);
    assert_eq!(world.imports(A), 0);
    assert!(world.keys().is_empty());
    assert!(world.cloud().parked.is_empty());
}

#[tokio::test]
async fn what_arrived_before_the_cancel_is_found_and_recorded() {
    let world = World::new();
    world.cloud().loses_next = Some(ErrorClass::Transient);
    world.cloud().shows_after = 30 * SECOND;
    let id = world.ask(&[A]);
    world.pass(SECOND).await;
    assert_eq!(world.delivery(id).state, DeliveryState::Importing);
    world.cancel(id);
    world.pass(HOUR).await;
    assert_eq!(world.asked("deliver", A).len(), 1);
    let delivery = world.delivery(id);
    assert_eq!(delivery.state, DeliveryState::Verified);
    assert_eq!(delivery.target.place.as_deref(), Some("arn-0"));
    let request = world.request(id);
    assert_eq!(request.targets[0].place.as_deref(), Some("arn-0"));
    assert_eq!(request.renew_at, None, "it is not renewed");
    assert!(world.newest(id).state.is_over());
    assert!(world.keys().is_empty());
}

#[tokio::test]
async fn what_is_cancelled_before_it_could_be_read_back_is_still_read_back() {
    let world = World::new();
    world.cloud().shows_after = 20 * SECOND;
    let id = world.ask(&[A]);
    world.pass(10 * SECOND).await;
    assert_eq!(world.delivery(id).state, DeliveryState::Imported);
    world.cancel(id);
    world.pass(HOUR).await;
    assert_eq!(world.delivery(id).state, DeliveryState::Verified);
    assert_eq!(world.asked("deliver", A).len(), 1);
    assert!(world.newest(id).state.is_over());
    assert!(world.keys().is_empty());
}

/// Cancelled while nobody knows whether its import arrived; it did not, and the cloud takes everything again.
async fn cancelled_unsure(world: &World, id: RequestId) {
    let tries = world.asked("deliver", A).len();
    assert_eq!(world.delivery(id).state, DeliveryState::Importing);
    world.cancel(id);
    world.cloud().refuses.clear();
    world.pass(30 * HOUR).await;
    let more = world.asked("deliver", A).len() - tries;
    assert_eq!(more, 0, "sent after the cancel");
    let ended = world.newest(id).state;
    assert!(ended.is_over(), "{ended:?}");
    assert!(world.keys().is_empty());
}

#[tokio::test]
async fn what_did_not_arrive_before_the_cancel_is_not_sent_again() {
    let world = World::new();
    world.refuse("deliver", A, ErrorClass::Transient);
    let id = world.ask(&[A]);
    world.pass(SECOND).await;
    cancelled_unsure(&world, id).await;
    assert!(world.cloud().held.is_empty());
}

#[tokio::test]
async fn a_renewal_that_did_not_arrive_before_the_cancel_is_not_sent_again() {
    let world = World::new();
    let id = world.ask(&[A]);
    world.pass(HOUR).await;
    let in_use = world.leaf(A);
    world.refuse("deliver", A, ErrorClass::Transient);
    world.renew(id);
    world.pass(SECOND).await;
    cancelled_unsure(&world, id).await;
    assert_eq!(world.leaf(A), in_use);
}

#[tokio::test]
async fn where_one_target_is_unsure_at_the_cancel_the_others_are_sent_nothing() {
    let world = World::new();
    world.cloud().loses_next = Some(ErrorClass::Transient);
    world.refuse("deliver", B, ErrorClass::Throttled);
    let id = world.ask(&[A, B]);
    world.pass(SECOND).await;
    cancelled_unsure(&world, id).await;
    assert_eq!((world.imports(A), world.imports(B)), (1, 0));
    assert_eq!(world.delivery(id).state, DeliveryState::Verified);
}
