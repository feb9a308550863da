//! What was brought shows late, twice, or as it was before; and its tags do not stick.
//! Above: nothing. Below: `world`, the real engine.
//! Invariant: no certificate is made a second time, and no key is erased before its certificate was seen.

use super::cloud::Held;
use super::world::{A, HOUR, MINUTE, SECOND, World};
use crate::issuer::kit::NOW;
use crate::model::enrollment::{DeliveryState, IssuanceState};
use crate::model::id::RequestId;
use crate::model::problem::ErrorClass;
use crate::model::time::Millis;

fn after(seconds: &[Millis]) -> Vec<Millis> {
    seconds.iter().map(|one| NOW + one * SECOND).collect()
}

#[tokio::test]
async fn fact_14_a_first_import_that_the_cloud_shows_late_is_found_and_not_made_twice() {
    let world = World::new();
    world.cloud().loses_next = Some(ErrorClass::Transient);
    world.cloud().shows_after = 30 * SECOND;
    let id = world.ask(&[A]);
    world.pass(HOUR).await;
    assert_eq!(world.imports(A), 1);
    assert_eq!(world.asked("deliver", A), after(&[0]));
    assert_eq!(world.asked("find", A), after(&[5, 15, 60]));
    let delivery = world.delivery(id);
    assert_eq!(delivery.state, DeliveryState::Verified);
    assert_eq!(delivery.target.place.as_deref(), Some("arn-0"));
    assert_eq!(world.told(id, "done"), 1);
}

#[tokio::test]
async fn fact_14_what_no_search_shows_is_sent_again_and_only_after_the_last_one() {
    let world = World::new();
    world.refuse("deliver", A, ErrorClass::Transient);
    let id = world.ask(&[A]);
    world.pass(10 * SECOND).await;
    world.cloud().refuses.clear();
    world.pass(HOUR).await;
    assert_eq!(world.asked("find", A), after(&[5, 15, 60]));
    assert_eq!(world.asked("deliver", A), after(&[0, 60]));
    assert_eq!(world.imports(A), 1);
    assert_eq!(world.one.orders(), 1);
    assert_eq!(world.told(id, "done"), 1);
}

#[tokio::test]
async fn fact_14_while_nobody_can_look_nothing_is_sent_again() {
    let world = World::new();
    world.cloud().loses_next = Some(ErrorClass::Transient);
    world.refuse("find", A, ErrorClass::Throttled);
    let id = world.ask(&[A]);
    world.pass(3 * HOUR).await;
    assert!(world.asked("find", A).len() > 5);
    assert_eq!(world.delivery(id).state, DeliveryState::Importing);
    assert_eq!(world.asked("deliver", A).len(), 1);
    world.cloud().refuses.clear();
    world.pass(7 * HOUR).await;
    assert_eq!(world.asked("deliver", A).len(), 1);
    assert_eq!(world.delivery(id).state, DeliveryState::Verified);
    assert_eq!(world.told(id, "done"), 1);
}

#[tokio::test]
async fn fact_25_a_place_that_still_shows_the_old_certificate_is_read_again_and_the_key_kept() {
    let world = World::new();
    let id = world.ask(&[A]);
    world.pass(HOUR).await;
    let old = world.leaf(A);
    world.cloud().shows_old_for = 20 * SECOND;
    world.renew(id);
    world.pass(10 * SECOND).await;
    assert_eq!(world.delivery(id).state, DeliveryState::Imported);
    assert_eq!(world.newest(id).state, IssuanceState::Delivering);
    assert!(world.told(id, "reading-back") > 1);
    assert_eq!(world.told(id, "verified"), 1, "only the first");
    assert_eq!(world.keys().len(), 1, "erased before it was seen there");
    world.pass(MINUTE).await;
    assert_eq!(world.told(id, "verified"), 2);
    assert_eq!(world.told(id, "done"), 2);
    assert!(world.keys().is_empty(), "{:?}", world.keys());
    assert_eq!(world.imports(A), 2, "read again, not sent again");
    assert_ne!(world.leaf(A), old);
}

#[tokio::test]
async fn fact_25_a_first_import_that_cannot_be_read_yet_is_read_again_and_the_key_kept() {
    let world = World::new();
    world.cloud().shows_after = 20 * SECOND;
    let id = world.ask(&[A]);
    world.pass(10 * SECOND).await;
    assert_eq!(world.delivery(id).state, DeliveryState::Imported);
    assert_eq!(world.keys().len(), 1);
    world.pass(MINUTE).await;
    assert_eq!(world.told(id, "verified"), 1);
    assert!(world.keys().is_empty(), "{:?}", world.keys());
    assert_eq!(world.asked("deliver", A).len(), 1);
}

#[tokio::test]
async fn fact_25_a_place_that_never_shows_it_fails_and_the_key_is_kept_for_a_day() {
    let world = World::new();
    let id = world.ask(&[A]);
    world.pass(HOUR).await;
    world.cloud().shows_old_for = Millis::MAX;
    world.renew(id);
    world.pass(HOUR).await;
    let delivery = world.delivery(id);
    assert_eq!(delivery.state, DeliveryState::Failed);
    assert_eq!(delivery.setback.unwrap().error.code, "not-shown");
    assert_eq!(world.newest(id).state, IssuanceState::Delivering);
    assert_eq!(world.told(id, "verified"), 1, "only the first");
    world.pass(22 * HOUR).await;
    assert_eq!(world.keys().len(), 1, "somebody may still mend it");
    world.pass(2 * HOUR).await;
    assert!(world.keys().is_empty(), "{:?}", world.keys());
    assert_eq!(world.newest(id).state, IssuanceState::Failed);
    assert_eq!(world.imports(A), 2);
}

/// A place, and how its copy differs.
type Copied<'a> = (&'a str, fn(&mut Held));

/// A lost first import, and what else stands there when it is looked for.
async fn with_copies(copies: &[Copied<'_>]) -> (World, RequestId) {
    let world = World::new();
    world.cloud().loses_next = Some(ErrorClass::Transient);
    let id = world.ask(&[A]);
    world.pass(SECOND).await;
    let ours = world.cloud().held["arn-0"].clone();
    for (place, change) in copies {
        let mut copy = ours.clone();
        change(&mut copy);
        world.cloud().held.insert((*place).to_owned(), copy);
    }
    (world, id)
}

fn left(world: &World) -> Vec<String> {
    world.cloud().held.keys().cloned().collect()
}

#[tokio::test]
async fn of_two_that_nobody_uses_the_older_is_kept_and_a_foreign_one_stays_and_is_told() {
    let (world, id) = with_copies(&[
        ("arn-older", |copy| copy.made_at -= HOUR),
        ("arn-foreign", |copy| {
            copy.tags.clear();
            copy.made_at += SECOND;
        }),
    ])
    .await;
    world.pass(HOUR).await;
    let delivery = world.delivery(id);
    assert_eq!(delivery.target.place.as_deref(), Some("arn-older"));
    assert_eq!(delivery.state, DeliveryState::Verified);
    assert_eq!(left(&world), ["arn-foreign", "arn-older"]);
    assert_eq!(delivery.notes.len(), 1, "{:?}", delivery.notes);
    assert!(delivery.notes[0].contains("arn-foreign"));
    assert_eq!(world.request(id).targets[0].place, delivery.target.place);
    assert_eq!(world.imports(A), 1);
}

#[tokio::test]
async fn of_two_the_one_in_use_is_kept_and_the_unused_goes() {
    let (world, id) = with_copies(&[("arn-used", |copy| {
        copy.in_use = true;
        copy.made_at += SECOND;
    })])
    .await;
    world.pass(HOUR).await;
    let delivery = world.delivery(id);
    assert_eq!(delivery.target.place.as_deref(), Some("arn-used"));
    assert_eq!(left(&world), ["arn-used"]);
    assert!(delivery.notes.is_empty(), "{:?}", delivery.notes);
}

#[tokio::test]
async fn a_copy_that_is_in_use_or_cannot_be_removed_stays_and_is_told() {
    let (world, id) = with_copies(&[
        ("arn-used", |copy| copy.in_use = true),
        ("arn-used-too", |copy| {
            copy.in_use = true;
            copy.made_at += SECOND;
        }),
    ])
    .await;
    world.refuse("withdraw", A, ErrorClass::AccessDenied);
    world.pass(HOUR).await;
    let delivery = world.delivery(id);
    assert_eq!(delivery.target.place.as_deref(), Some("arn-used"));
    assert_eq!(delivery.state, DeliveryState::Verified);
    assert_eq!(left(&world), ["arn-0", "arn-used", "arn-used-too"]);
    let told = delivery.notes.join("; ");
    assert!(
        told.contains("arn-0") && told.contains("arn-used-too"),
        "{told}"
    );
    // What is in use is not even tried.
    assert_eq!(world.asked("withdraw", A).len(), 1);
}

#[tokio::test]
async fn tags_that_a_renewed_certificate_never_takes_are_told_and_it_counts_as_delivered() {
    for class in [ErrorClass::AccessDenied, ErrorClass::Throttled] {
        let world = World::new();
        let id = world.ask(&[A]);
        world.pass(HOUR).await;
        world.refuse("label", A, class);
        world.renew(id);
        world.pass(HOUR).await;
        let delivery = world.delivery(id);
        assert_eq!(delivery.state, DeliveryState::Verified, "{class:?}");
        assert_eq!(delivery.notes.len(), 1, "{class:?}: {:?}", delivery.notes);
        assert!(delivery.notes[0].contains("tags could not be put"));
        assert!(delivery.notes[0].contains("the world says no"));
        assert_eq!(world.told(id, "done"), 2, "{class:?}");
        assert_eq!(world.imports(A), 2, "{class:?}");
    }
}
