//! What a CA hands over instead of the certificate, or too early; and certificates that another sensor keeps.
//! Above: nothing. Below: `world`, the real engine and judge.
//! Invariant: nothing is imported that is not the request's own and valid, and no key is kept for it.

use super::ca::Mistake;
use super::world::{A, HOUR, World};
use crate::issuer::IssuerErrorClass;
use crate::issuer::kit::{DAY, NOW};
use crate::ledger::KeyPlace;
use crate::model::certificate::Certificate;
use crate::model::enrollment::IssuanceState;

const MISTAKES: [(Mistake, &str); 3] = [
    (Mistake::OtherKey, "for other keys"),
    (Mistake::OtherNames, "names that were not asked for"),
    (Mistake::ForeignToo, "of somebody else"),
];
/// More than that is no accident.
const MOST_ORDERS: u32 = 5;

/// Asks again only where another order may bring something else.
fn few(mistake: Mistake, orders: u32) -> bool {
    match mistake {
        Mistake::OtherKey => (1..=MOST_ORDERS).contains(&orders),
        Mistake::OtherNames | Mistake::ForeignToo => orders == 1,
    }
}

#[tokio::test]
async fn a_certificate_that_is_not_valid_yet_is_waited_for_and_imported_once() {
    let world = World::new();
    let id = world.ask(&[A]);
    world.pass(HOUR).await;
    // The local CA dates back by one hour.
    world.one.runs_ahead(3 * HOUR);
    let valid_from = NOW + 3 * HOUR;
    world.renew(id);
    world.pass(HOUR).await;
    assert_eq!(world.imports(A), 1);
    assert_eq!(world.newest(id).state, IssuanceState::Ordered);
    assert_eq!(world.told(id, "pending"), 1);
    assert_eq!(world.keys(), [KeyPlace::Ledger]);
    world.pass(2 * HOUR).await;
    assert_eq!(world.told(id, "done"), 2);
    let renewed = Certificate::from_der(&world.leaf(A)).unwrap();
    assert_eq!(renewed.not_before, valid_from);
    let brought = world.asked("deliver", A);
    assert_eq!(brought.len(), 2);
    assert!(brought[1] >= valid_from, "{brought:?}");
    assert_eq!(world.one.orders(), 2, "one for each certificate");
    assert!(world.keys().is_empty());
}

#[tokio::test]
async fn what_a_ca_mistakes_for_the_certificate_is_not_imported_and_its_key_goes() {
    for (mistake, words) in MISTAKES {
        let world = World::new();
        *world.one.mistakes.lock().unwrap() = Some(mistake);
        let id = world.ask(&[A]);
        world.pass(2 * DAY).await;
        assert!(world.asked("deliver", A).is_empty(), "{mistake:?}");
        assert_eq!(world.newest(id).state, IssuanceState::Failed, "{mistake:?}");
        assert!(world.keys().is_empty(), "{mistake:?}");
        assert_eq!(world.keys_made(id), 1, "{mistake:?}");
        let orders = world.one.orders();
        assert!(few(mistake, orders), "{mistake:?}: {orders} orders");
        assert!(world.tells(id, words), "{mistake:?}");
    }
}

#[tokio::test]
async fn a_mistake_of_the_ca_leaves_the_certificate_in_use_and_is_asked_about_again() {
    for (mistake, words) in MISTAKES {
        let world = World::new();
        let id = world.ask(&[A]);
        world.pass(HOUR).await;
        let in_use = world.leaf(A);
        *world.one.mistakes.lock().unwrap() = Some(mistake);
        world.renew(id);
        world.pass(20 * HOUR).await;
        assert_eq!(world.imports(A), 1, "{mistake:?}");
        assert_eq!(world.leaf(A), in_use, "{mistake:?}");
        assert!(world.keys().is_empty(), "{mistake:?}");
        let orders = world.one.orders() - 1;
        assert!(few(mistake, orders), "{mistake:?}: {orders} orders");
        assert!(world.tells(id, words), "{mistake:?}");
        *world.one.mistakes.lock().unwrap() = None;
        world.pass(2 * DAY).await;
        assert_eq!(world.imports(A), 2, "{mistake:?}");
        assert_eq!(world.newest(id).issued.unwrap().leaf, world.leaf(A));
        assert!(world.keys().is_empty(), "{mistake:?}");
    }
}

#[tokio::test]
async fn an_order_that_ended_is_made_anew_a_few_times_and_no_more() {
    let world = World::new();
    world.one.refuse("advance", IssuerErrorClass::OrderEnded);
    let id = world.ask(&[A]);
    world.pass(2 * DAY).await;
    assert_eq!(world.one.orders(), MOST_ORDERS);
    let ended = u32::try_from(world.told(id, "order-ended")).unwrap();
    assert_eq!(ended, MOST_ORDERS - 1);
    assert!(world.tells(id, "the CA says no"));
    assert_eq!(world.newest(id).state, IssuanceState::Failed);
    assert!(world.asked("deliver", A).is_empty());
    assert!(world.keys().is_empty());
}

#[tokio::test]
async fn an_order_that_ended_is_made_anew_for_the_same_key() {
    let world = World::new();
    world.one.refuse("advance", IssuerErrorClass::OrderEnded);
    let id = world.ask(&[A]);
    world.pass(HOUR / 60).await;
    assert_eq!(world.newest(id).state, IssuanceState::Ordering);
    assert_eq!(world.keys(), [KeyPlace::Ledger]);
    let ordered = world.one.orders();
    assert!(ordered > 1, "{ordered}");
    world.one.refuses.lock().unwrap().clear();
    world.pass(HOUR).await;
    assert_eq!(world.imports(A), 1);
    assert_eq!(world.one.orders(), ordered + 1);
    assert_eq!(world.keys_made(id), 1);
    assert_eq!(world.told(id, "done"), 1);
    assert!(world.keys().is_empty());
}

#[tokio::test]
async fn a_certificate_that_another_sensor_keeps_is_not_renewed_in_its_place() {
    let world = World::new();
    let id = world.ask(&[A]);
    world.pass(HOUR).await;
    let theirs = world.leaf(A);
    let own = world.cloud().held["arn-0"].tags.clone();
    let others = own.iter().map(|(key, value)| match key.as_str() {
        "sensor-id" => (key.clone(), "another".to_owned()),
        _ => (key.clone(), value.clone()),
    });
    let others: Vec<_> = others.collect();
    assert_ne!(own, others);
    world.cloud().held.get_mut("arn-0").unwrap().tags = others;
    world.renew(id);
    world.pass(HOUR).await;
    assert_eq!(world.asked("deliver", A).len(), 1);
    assert_eq!(world.leaf(A), theirs);
    assert_eq!(world.one.orders(), 1, "nothing is ordered for it");
    assert_eq!(world.keys_made(id), 1, "and no key made");
    assert_eq!(world.newest(id).state, IssuanceState::Failed);
    assert!(world.tells(id, "another sensor (another) keeps this certificate"));
    // Once the other one lets go of it.
    world.cloud().held.get_mut("arn-0").unwrap().tags = own;
    world.pass(2 * DAY).await;
    assert_eq!(world.imports(A), 2);
    assert_ne!(world.leaf(A), theirs);
}
