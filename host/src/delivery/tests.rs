//! The state machine against a world that refuses, loses answers and comes back days later.
//! Above: nothing. Below: the real engine, ledger, keys and local CA; `world` plays the cloud.
//! Invariant: time passes only in the world's clock.

mod answers;
mod arriving;
mod ca;
mod cancelled;
mod cloud;
mod handed_over;
mod midway;
mod waiting_room;
mod world;

use crate::issuer::IssuerErrorClass;
use crate::issuer::kit::{DAY, NOW};
use crate::model::certificate::Certificate;
use crate::model::enrollment::IssuanceState;
use crate::model::issuer::RenewalWindow;
use crate::model::problem::ErrorClass;
use crate::model::profile::Custody;
use crate::model::time::Clock;
use std::time::Duration;
use world::{A, B, HOUR, World};

#[tokio::test]
async fn a_target_that_was_missed_is_tried_daily_and_alone_until_it_has_a_certificate() {
    let world = World::new();
    world.refuse("deliver", B, ErrorClass::AccessDenied);
    let id = world.ask(&[A, B]);
    world.pass(30 * HOUR).await;
    assert_eq!((world.imports(A), world.imports(B)), (1, 0));
    let request = world.request(id);
    assert_eq!(request.outlook.behind, [1]);
    world.pass(4 * DAY).await;
    assert_eq!(world.imports(A), 1, "not renewed for the other's sake");
    world.cloud().refuses.clear();
    world.pass(2 * DAY).await;
    assert_eq!((world.imports(A), world.imports(B)), (1, 1));
    let request = world.request(id);
    assert!(request.outlook.behind.is_empty());
    let first = Certificate::from_der(&world.leaf(A)).unwrap().not_after;
    assert_eq!(request.expires_at, Some(first), "the first that ends");
    assert_eq!(request.renew_at, request.outlook.due_at);
    // From then on they are renewed together.
    world.pass(40 * DAY).await;
    assert_eq!((world.imports(A), world.imports(B)), (2, 2));
    assert_eq!(world.leaf(A), world.leaf(B));
}

#[tokio::test]
async fn an_account_that_cannot_be_reached_keeps_no_other_from_its_certificate() {
    let world = World::new();
    world.refuse("preflight", B, ErrorClass::Transient);
    world.refuse("deliver", B, ErrorClass::Throttled);
    let id = world.ask(&[A, B]);
    world.pass(HOUR).await;
    assert_eq!((world.imports(A), world.imports(B)), (1, 0));
    world.pass(2 * DAY).await;
    world.cloud().refuses.clear();
    world.pass(DAY).await;
    assert_eq!((world.imports(A), world.imports(B)), (1, 1));
    assert_eq!(world.leaf(A), world.leaf(B), "one order was enough");
    assert_eq!(*world.one.orders.lock().unwrap(), 1);
    assert!(world.request(id).outlook.behind.is_empty());
}

#[tokio::test]
async fn what_was_throttled_for_hours_is_still_brought_and_once() {
    let world = World::new();
    world.refuse("deliver", A, ErrorClass::Throttled);
    let id = world.ask(&[A]);
    world.pass(30 * HOUR).await;
    assert!(world.told(id, "not-taken") > 5);
    world.cloud().refuses.clear();
    world.pass(7 * HOUR).await;
    assert_eq!(world.imports(A), 1);
    assert_eq!(*world.one.orders.lock().unwrap(), 1);
}

#[tokio::test]
async fn an_exposed_key_is_replaced_everywhere_and_only_then_revoked() {
    let world = World::new();
    let id = world.ask(&[A, B]);
    world.pass(HOUR).await;
    let exposed = world.leaf(A);
    world.refuse("deliver", B, ErrorClass::AccessDenied);
    world.replace_and_revoke(id);
    world.pass(30 * HOUR).await;
    assert_eq!((world.imports(A), world.imports(B)), (2, 1));
    assert!(
        world.one.revoked.lock().unwrap().is_empty(),
        "B still uses it"
    );
    world.cloud().refuses.clear();
    // The CA is away when it comes to it.
    let away = IssuerErrorClass::Retry {
        after: Duration::from_mins(1),
    };
    world.one.refuse("revoke", away);
    world.pass(2 * DAY).await;
    assert_eq!((world.imports(A), world.imports(B)), (2, 2));
    assert!(world.told(id, "not-revoked-yet") > 0);
    world.one.refuses.lock().unwrap().clear();
    world.pass(7 * HOUR).await;
    assert_eq!(*world.one.revoked.lock().unwrap(), [exposed]);
    assert_eq!(world.told(id, "revoked"), 1);
}

#[tokio::test]
async fn a_certificate_is_revoked_at_the_issuer_that_made_it() {
    let world = World::new();
    let id = world.ask(&[A]);
    world.pass(HOUR).await;
    let exposed = world.leaf(A);
    world.profile.lock().unwrap().issuer = "other".parse().unwrap();
    world.replace_and_revoke(id);
    world.pass(HOUR).await;
    assert_eq!(*world.other.orders.lock().unwrap(), 1);
    assert_eq!(*world.one.revoked.lock().unwrap(), [exposed]);
    assert!(world.other.revoked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn an_import_that_nobody_could_look_for_is_found_before_another_is_made() {
    let world = World::new();
    world.cloud().loses_next = Some(ErrorClass::Transient);
    world.refuse("find", A, ErrorClass::AccessDenied);
    let id = world.ask(&[A]);
    world.pass(2 * DAY).await;
    let ended = world.ledger.issuances(id).unwrap().remove(0);
    assert_eq!(ended.state, IssuanceState::Failed);
    assert_eq!(world.imports(A), 1);
    world.cloud().refuses.clear();
    let now = world.clock.now();
    world.change(id, |request| request.renew_at = Some(now));
    world.pass(HOUR).await;
    // `leaf` sees to it that there is one.
    let there = world.leaf(A);
    let newest = world.ledger.issuances(id).unwrap().remove(0);
    assert_eq!(newest.state, IssuanceState::Done);
    assert_eq!(newest.issued.unwrap().leaf, there, "renewed in its place");
}

#[tokio::test]
async fn where_an_earlier_record_cannot_be_read_no_second_import_is_made() {
    let world = World::new();
    world.cloud().loses_next = Some(ErrorClass::Transient);
    world.refuse("find", A, ErrorClass::AccessDenied);
    let id = world.ask(&[A]);
    world.pass(2 * DAY).await;
    assert_eq!(world.imports(A), 1);
    world.damage_deliveries();
    world.cloud().refuses.clear();
    let now = world.clock.now();
    world.change(id, |request| request.renew_at = Some(now));
    // Not `pass`: what its own record keeps from going on is tried again and again.
    let stop = tokio_util::sync::CancellationToken::new();
    let mut crank = super::Crank::new(std::sync::Arc::clone(&world.engine));
    for _ in 0..50 {
        crank.turn(&stop).await.unwrap();
    }
    assert_eq!(world.imports(A), 1);
}

#[tokio::test]
async fn a_window_that_the_ca_moves_forward_is_followed() {
    let world = World::new();
    let window = |start, end| {
        Some(RenewalWindow {
            start,
            end,
            explanation: None,
            ask_again: Duration::from_hours(6),
        })
    };
    *world.one.window.lock().unwrap() = window(NOW + 30 * DAY, NOW + 31 * DAY);
    let id = world.ask(&[A]);
    world.pass(10 * DAY).await;
    assert_eq!(world.imports(A), 1);
    *world.one.window.lock().unwrap() = window(NOW + 9 * DAY, NOW + 10 * DAY);
    world.pass(DAY).await;
    assert_eq!(world.imports(A), 2);
    assert!(world.told(id, "renewal-moved") > 0);
    // Now the window is past for every new certificate too: that must not renew without end.
    world.pass(10 * DAY).await;
    assert!(world.imports(A) <= 8, "{}", world.imports(A));
}

#[tokio::test]
async fn a_key_that_cannot_be_read_back_from_the_cloud_stays_here() {
    let world = World::new();
    world.profile.lock().unwrap().custody = Custody::Auto;
    world.refuse("take", "", ErrorClass::AccessDenied);
    let id = world.ask(&[A]);
    world.pass(HOUR).await;
    assert_eq!(world.imports(A), 1);
    assert!(world.cloud().parked.is_empty(), "nothing is left behind");
    assert_eq!(world.told(id, "done"), 1);
}

#[tokio::test]
async fn a_key_that_nobody_waits_for_is_told_and_erased_after_a_day_and_no_other() {
    let world = World::new();
    world.profile.lock().unwrap().custody = Custody::SecretsManager;
    world.refuse("deliver", A, ErrorClass::Throttled);
    world.ask(&[A]);
    world.pass(HOUR).await;
    let own = world.cloud().parked.keys().next().unwrap().clone();
    let ownerless = format!("{}/77", own.strip_suffix("/1").unwrap());
    let foreign = "sensor/another/1".to_owned();
    for name in [&ownerless, &foreign] {
        let sealed = (String::new(), world.clock.now());
        world.cloud().parked.insert(name.clone(), sealed);
    }
    world.make_key(99);
    let told = || {
        let sweeps = world.ledger.key_status().unwrap().sweeps.unwrap();
        (sweeps.left, sweeps.erased, sweeps.unasked)
    };
    world.engine.sweep().await.unwrap();
    assert_eq!(told(), (1, 1, 0), "that of the ledger at once");
    assert!(world.cloud().parked.contains_key(&ownerless));
    world.pass(25 * HOUR).await;
    world.refuse("list", "", ErrorClass::AccessDenied);
    world.engine.sweep().await.unwrap();
    assert_eq!(told(), (0, 1, 1));
    world.cloud().refuses.remove(&("list", ""));
    world.engine.sweep().await.unwrap();
    assert_eq!(told(), (0, 2, 0));
    assert!(world.cloud().parked.contains_key(&own));
    assert!(!world.cloud().parked.contains_key(&ownerless));
    world.cloud().refuses.clear();
    world.pass(7 * HOUR).await;
    assert_eq!(
        world.imports(A),
        1,
        "the sweeps took nothing that was needed"
    );
    let left: Vec<_> = world.cloud().parked.keys().cloned().collect();
    assert_eq!(left, [foreign]);
}

#[tokio::test]
async fn what_an_operator_can_mend_is_waited_for_while_the_order_is_kept() {
    let world = World::new();
    world.one.refuse("advance", IssuerErrorClass::Denied);
    let id = world.ask(&[A]);
    world.pass(10 * HOUR).await;
    let waits = world.ledger.issuances(id).unwrap().remove(0);
    assert_eq!(waits.state, IssuanceState::Ordered);
    assert!(waits.resting_since.is_some());
    world.one.refuses.lock().unwrap().clear();
    world.pass(2 * HOUR).await;
    assert_eq!(world.imports(A), 1);
    assert_eq!(*world.one.orders.lock().unwrap(), 1);
}

#[tokio::test]
async fn what_nobody_mends_in_a_day_is_given_up_and_its_key_is_gone() {
    let world = World::new();
    world.one.refuse("advance", IssuerErrorClass::Denied);
    let id = world.ask(&[A]);
    world.pass(22 * HOUR).await;
    assert_eq!(world.keys().len(), 1, "it may still be of use");
    world.pass(4 * HOUR).await;
    assert_eq!(world.newest(id).state, IssuanceState::Failed);
    assert_eq!(world.told(id, "failed"), 1);
    assert!(world.keys().is_empty(), "{:?}", world.keys());
}

#[tokio::test]
async fn a_certificate_that_has_expired_is_still_renewed_once_the_ca_issues_again() {
    let world = World::new();
    let id = world.ask(&[A]);
    world.pass(HOUR).await;
    world.one.refuse("order", IssuerErrorClass::Refused);
    world.pass(60 * DAY).await;
    assert_eq!(world.imports(A), 1);
    assert!(world.request(id).renew_at.is_some(), "dead for ever");
    world.one.refuses.lock().unwrap().clear();
    world.pass(2 * DAY).await;
    assert_eq!(world.imports(A), 2);
}

#[tokio::test]
async fn trouble_of_the_sensors_own_ends_no_issuance() {
    let world = World::new();
    *world.shut.lock().unwrap() = Some(ErrorClass::Internal);
    let id = world.ask(&[A]);
    world.pass(DAY).await;
    assert_eq!(world.told(id, "failed"), 0);
    *world.shut.lock().unwrap() = None;
    world.pass(7 * HOUR).await;
    assert_eq!(world.imports(A), 1);
}

#[tokio::test]
async fn tags_that_are_throttled_are_put_later() {
    let world = World::new();
    let id = world.ask(&[A]);
    world.pass(HOUR).await;
    world.refuse("label", A, ErrorClass::Throttled);
    world.change(id, |request| request.renew_at = Some(NOW + HOUR));
    world.pass(60_000).await;
    assert_eq!(world.told(id, "verified"), 1);
    world.cloud().refuses.clear();
    world.pass(HOUR).await;
    assert_eq!(world.told(id, "verified"), 2);
    assert_eq!(world.imports(A), 2);
}

#[tokio::test]
async fn a_ca_that_takes_days_is_waited_for_with_one_order() {
    let world = World::new();
    *world.one.decides_at.lock().unwrap() = NOW + 5 * DAY;
    let id = world.ask(&[A]);
    world.pass(4 * DAY).await;
    assert_eq!(world.told(id, "set-back"), 0, "waiting is no failure");
    world.pass(2 * DAY).await;
    assert_eq!(world.imports(A), 1);
    assert_eq!(*world.one.orders.lock().unwrap(), 1);
}

#[tokio::test]
async fn a_disk_that_is_full_at_any_write_loses_and_doubles_nothing() {
    // How many writes one takes.
    let world = World::new();
    let id = world.ask(&[A, B]);
    world.ledger.disk.fill(0..0);
    world.pass(HOUR).await;
    assert_eq!(world.told(id, "done"), 1);
    let writes = world.ledger.disk.writes();
    assert!(writes > 15, "{writes}");
    for first in 0..writes {
        let world = World::new();
        let id = world.ask(&[A, B]);
        world.ledger.disk.fill(first..first + 5);
        world.pass(2 * DAY).await;
        let at = format!("full from write {first} of {writes}");
        assert_eq!(world.told(id, "done"), 1, "{at}");
        assert_eq!(world.leaf(A), world.leaf(B), "{at}");
        assert_eq!((world.imports(A), world.imports(B)), (1, 1), "{at}");
        let keys = world.ledger.keys().unwrap();
        let left = keys
            .iter()
            .filter(|key| key.place != crate::ledger::KeyPlace::Dropped);
        assert_eq!(left.count(), 0, "{at}");
    }
}

#[tokio::test]
async fn a_certificate_that_somebody_deleted_meanwhile_is_told_and_not_ordered_again() {
    let world = World::new();
    let id = world.ask(&[A, B]);
    world.pass(HOUR).await;
    let gone: Vec<String> = {
        let cloud = world.cloud();
        let in_a = cloud.held.iter().filter(|(_, held)| held.account == A);
        in_a.map(|(id, _)| id.clone()).collect()
    };
    world.cloud().held.remove(&gone[0]);
    world.change(id, |request| request.renew_at = Some(NOW + HOUR));
    world.pass(HOUR).await;
    assert_eq!((world.imports(A), world.imports(B)), (1, 2));
    let refused = world.ledger.journal(id).unwrap();
    let told = refused.iter().find(|event| event.what == "refused");
    assert!(
        told.unwrap().detail.contains("not there any more"),
        "{told:?}"
    );
}
