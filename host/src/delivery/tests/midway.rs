//! What operators ask for, and what the world does, while an issuance is under way.
//! Above: nothing. Below: `world`.
//! Invariant: nobody's wish is lost because something was under way when it came.

use super::super::in_use;
use super::world::{A, B, HOUR, World};
use crate::issuer::IssuerErrorClass;
use crate::issuer::kit::{DAY, NOW};
use crate::ledger::Note;
use crate::model::enrollment::{DeliveryState, IssuanceState};
use crate::model::id::RequestId;
use crate::model::issuer::RevocationReason;
use crate::model::problem::ErrorClass;
use crate::model::revoke::{Revocation, RevocationState};

/// Writes down that the newest certificate of a request is to be revoked.
fn revoke_newest(world: &World, id: RequestId) {
    let newest = world.ledger.issuances(id).unwrap().remove(0);
    let wanted = Revocation {
        id: 0,
        request: id,
        issuance: newest.id,
        issuer: newest.issuer.unwrap(),
        leaf: newest.issued.unwrap().leaf,
        reason: RevocationReason::KeyCompromise,
        state: RevocationState::Due,
        due_at: NOW,
        setback: None,
    };
    let note = Note::new(NOW, "revoke", "");
    world.ledger.add_revocation(&wanted, &note).unwrap();
}

#[tokio::test]
async fn a_certificate_that_is_to_be_revoked_is_not_delivered_any_more() {
    let world = World::new();
    world.refuse("deliver", A, ErrorClass::Throttled);
    let id = world.ask(&[A]);
    world.pass(HOUR).await;
    revoke_newest(&world, id);
    world.cloud().refuses.clear();
    world.pass(7 * HOUR).await;
    assert_eq!(world.imports(A), 0);
    assert_eq!(world.told(id, "revoked"), 1);
    let ended = world.ledger.issuances(id).unwrap().remove(0);
    assert_eq!(ended.state, IssuanceState::Failed);
    assert!(world.keys().is_empty());
}

#[tokio::test]
async fn an_issuance_under_way_does_for_who_wants_the_one_in_use_replaced_and_revoked() {
    let world = World::new();
    let id = world.ask(&[A, B]);
    world.pass(HOUR).await;
    let exposed = world.leaf(A);
    world.refuse("deliver", B, ErrorClass::Throttled);
    world.change(id, |request| request.renew_at = Some(NOW + HOUR));
    world.pass(HOUR).await;
    assert_eq!((world.imports(A), world.imports(B)), (2, 1));
    world.replace_and_revoke(id);
    world.pass(HOUR).await;
    assert!(world.one.revoked.lock().unwrap().is_empty());
    world.cloud().refuses.clear();
    world.pass(7 * HOUR).await;
    assert_eq!(*world.one.revoked.lock().unwrap(), [exposed]);
    assert_eq!(world.one.orders(), 2, "and no third");
    let waiting = world.ledger.revocations_waiting().unwrap();
    assert!(waiting.is_empty(), "{waiting:?}");
}

#[tokio::test]
async fn an_issuance_for_one_target_alone_does_not_do_for_the_others() {
    let world = World::new();
    let id = world.ask(&[A, B]);
    world.pass(HOUR).await;
    let first = world.leaf(B);
    world.refuse("deliver", B, ErrorClass::AccessDenied);
    world.renew(id);
    world.pass(HOUR).await;
    let exposed = world.leaf(A);
    assert_ne!(exposed, first);
    world.pass(25 * HOUR).await;
    assert_eq!(world.request(id).outlook.behind, [1]);
    // The next day there is one for B alone.
    world.refuse("deliver", B, ErrorClass::Throttled);
    world.pass(25 * HOUR).await;
    assert!(!world.newest(id).state.is_over());
    world.replace_and_revoke(id);
    world.cloud().refuses.clear();
    world.pass(8 * HOUR).await;
    assert_ne!(world.leaf(A), exposed);
    assert_eq!(world.leaf(A), world.leaf(B));
    let revoked = world.one.revoked.lock().unwrap().clone();
    assert_eq!(revoked.len(), 2);
    assert!(revoked.contains(&first) && revoked.contains(&exposed));
}

#[tokio::test]
async fn whoever_cancels_revokes_what_was_exposed_and_not_what_has_replaced_it() {
    let world = World::new();
    let id = world.ask(&[A, B]);
    world.pass(HOUR).await;
    let exposed = world.leaf(A);
    world.refuse("deliver", B, ErrorClass::AccessDenied);
    world.replace_and_revoke(id);
    world.pass(30 * HOUR).await;
    assert_ne!(world.leaf(A), exposed);
    assert!(world.one.revoked.lock().unwrap().is_empty());
    world.cancel(id);
    world.pass(HOUR).await;
    assert_eq!(*world.one.revoked.lock().unwrap(), [exposed]);
}

#[tokio::test]
async fn a_certificate_that_is_revoked_when_it_stands_at_some_targets_is_replaced_at_all() {
    let world = World::new();
    world.refuse("deliver", B, ErrorClass::Throttled);
    let id = world.ask(&[A, B]);
    world.pass(HOUR).await;
    let revoked = world.leaf(A);
    revoke_newest(&world, id);
    world.cloud().refuses.clear();
    world.pass(7 * HOUR).await;
    assert_eq!(
        *world.one.revoked.lock().unwrap(),
        std::slice::from_ref(&revoked)
    );
    assert_ne!(world.leaf(A), revoked);
    assert_eq!(world.leaf(A), world.leaf(B));
    assert_eq!(world.one.orders(), 2);
}

#[tokio::test]
async fn what_is_in_use_is_told_target_by_target() {
    let world = World::new();
    let id = world.ask(&[A, B]);
    world.pass(HOUR).await;
    let told = || {
        let all = in_use(&world.ledger, id).unwrap();
        let one = |one: &super::super::CertificateInUse| {
            let at: Vec<_> = one.at.iter().map(|wish| wish.account.clone()).collect();
            (one.generation, at)
        };
        all.iter().map(one).collect::<Vec<_>>()
    };
    assert_eq!(told(), [(1, vec![A.to_owned(), B.to_owned()])]);
    world.refuse("deliver", B, ErrorClass::AccessDenied);
    world.change(id, |request| request.renew_at = Some(NOW + HOUR));
    world.pass(HOUR).await;
    assert_eq!(told(), [(2, vec![A.to_owned()]), (1, vec![B.to_owned()])]);
    // One that reached nobody is in nobody's use, however new.
    world.refuse("deliver", A, ErrorClass::AccessDenied);
    world.pass(3 * DAY).await;
    assert_eq!(told(), [(2, vec![A.to_owned()]), (1, vec![B.to_owned()])]);
}

#[tokio::test]
async fn a_target_that_takes_nothing_costs_the_ca_less_and_less() {
    let world = World::new();
    let id = world.ask(&[A, B]);
    world.pass(HOUR).await;
    world.refuse("deliver", B, ErrorClass::AccessDenied);
    world.pass(200 * DAY).await;
    let orders = world.one.orders();
    assert!(world.imports(A) >= 5, "A is renewed: {}", world.imports(A));
    // Every other day it would be a hundred.
    assert!((20..60).contains(&orders), "{orders}");
    world.cloud().refuses.clear();
    world.pass(8 * DAY).await;
    assert!(world.request(id).outlook.behind.is_empty());
}

#[tokio::test]
async fn a_senseless_answer_costs_neither_order_nor_key() {
    for operation in ["order", "advance"] {
        let world = World::new();
        world.one.refuse(operation, IssuerErrorClass::Internal);
        let id = world.ask(&[A]);
        world.pass(10 * HOUR).await;
        assert_eq!(world.told(id, "failed"), 0, "{operation}");
        world.one.refuses.lock().unwrap().clear();
        world.pass(2 * HOUR).await;
        assert_eq!(world.imports(A), 1, "{operation}");
        assert_eq!(world.one.orders(), 1, "{operation}");
    }
}

#[tokio::test]
async fn a_target_that_could_not_be_asked_before_the_order_is_asked_before_anything_is_sent() {
    let world = World::new();
    world.refuse("preflight", B, ErrorClass::Transient);
    world.refuse("deliver", B, ErrorClass::Throttled);
    let id = world.ask(&[A, B]);
    world.pass(HOUR).await;
    assert_eq!((world.imports(A), world.imports(B)), (1, 0));
    assert_eq!(world.told(id, "unreached"), 1);
    world.cloud().refuses.clear();
    world.refuse("preflight", B, ErrorClass::AccessDenied);
    world.pass(7 * HOUR).await;
    assert_eq!(world.imports(B), 0);
    let newest = world.ledger.issuances(id).unwrap().remove(0);
    let deliveries = world.ledger.deliveries_of(newest.id).unwrap();
    assert_eq!(deliveries[1].state, DeliveryState::Failed);
}

#[tokio::test]
async fn a_revocation_that_cannot_be_read_keeps_no_other_waiting() {
    let world = World::new();
    let (one, other) = (world.ask(&[A]), world.ask(&[B]));
    world.pass(HOUR).await;
    revoke_newest(&world, one);
    world.damage("UPDATE revocations SET reason = 'because'");
    revoke_newest(&world, other);
    world.pass(HOUR).await;
    assert_eq!(*world.one.revoked.lock().unwrap(), [world.leaf(B)]);
}
