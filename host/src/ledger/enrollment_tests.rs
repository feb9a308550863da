//! Requests, issuances and deliveries on a real disk: what is kept, what is refused, whose turn it is.
//! Above: nothing. Below: `ledger`.
//! Invariant: every test has a directory of its own.

use super::*;
use crate::model::enrollment::{
    Delivery, DeliveryState, Issuance, IssuanceState, KeyPlace, Request, RequestState, Source, Wish,
};
use crate::model::id::{DeliveryId, IssuanceId, RequestId};
use crate::model::problem::{ErrorClass, OperationError};
use std::collections::BTreeMap;

const DAY: i64 = 86_400_000;

fn ledger() -> (tempfile::TempDir, Ledger) {
    let dir = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(dir.path()).unwrap();
    (dir, ledger)
}

fn request(name: &str, renew_at: Option<i64>, expires_at: Option<i64>) -> Request {
    Request {
        id: RequestId(0),
        state: RequestState::Active,
        profile: "web".parse().unwrap(),
        names: vec![name.to_owned()],
        source: Source::Issued,
        targets: vec![Wish {
            connector: "aws".parse().unwrap(),
            account: "111111111111".to_owned(),
            region: "eu-west-1".to_owned(),
            place: None,
        }],
        tags: BTreeMap::new(),
        business_unit: None,
        contact: None,
        requested_by: "root".to_owned(),
        approved_by: None,
        created_at: 1,
        updated_at: 1,
        renew_at,
        expires_at,
        outlook: crate::model::enrollment::Outlook::default(),
        found_revoked: None,
        generation: 0,
    }
}

fn issuance(request: &Request, urgency: i64) -> Issuance {
    Issuance {
        id: IssuanceId(0),
        request: request.id,
        generation: request.generation + 1,
        state: IssuanceState::Planned,
        csr: None,
        order: None,
        orders: 0,
        key: KeyPlace::Sensor,
        issuer: None,
        issued: None,
        replaces: None,
        setback: None,
        resting_since: None,
        due_at: Some(10),
        urgency,
        created_at: 10,
        updated_at: 10,
    }
}

fn delivery(request: &Request) -> Delivery {
    Delivery {
        id: DeliveryId(0),
        issuance: IssuanceId(0),
        request: request.id,
        index: 0,
        target: request.targets[0].clone(),
        state: DeliveryState::Waiting,
        in_place: false,
        untried: false,
        importing_since: None,
        attempts: 0,
        setback: None,
        notes: Vec::new(),
        due_at: Some(10),
        created_at: 10,
        updated_at: 10,
    }
}

fn begin(ledger: &Ledger, name: &str, urgency: i64) -> (Request, Issuance) {
    let before = ledger
        .add_request(
            &request(name, Some(5), None),
            &Note::new(1, "requested", ""),
        )
        .unwrap();
    let after = Request {
        generation: 1,
        renew_at: None,
        ..before.clone()
    };
    let begun = ledger
        .begin_issuance(
            (&before, &after),
            &issuance(&before, urgency),
            &[delivery(&before)],
            &Note::new(10, "planned", ""),
        )
        .unwrap();
    (after, begun)
}

#[test]
fn a_request_has_one_issuance_under_way() {
    let (_dir, ledger) = ledger();
    let (request, begun) = begin(&ledger, "a.example", 7);
    assert_eq!(ledger.request(request.id).unwrap(), request);
    assert_eq!(ledger.issuance(begun.id).unwrap(), begun);
    let again = ledger.begin_issuance(
        (&request, &request),
        &issuance(&request, 7),
        &[],
        &Note::new(11, "planned", ""),
    );
    assert!(
        matches!(again, Err(LedgerError::Overtaken { .. })),
        "{again:?}"
    );
    let deliveries = ledger.deliveries_of(begun.id).unwrap();
    assert_eq!(deliveries.len(), 1);
    assert_eq!(deliveries[0].issuance, begun.id);
    assert_eq!(ledger.delivery(deliveries[0].id).unwrap(), deliveries[0]);
}

#[test]
fn a_change_that_was_overtaken_changes_nothing() {
    let (_dir, ledger) = ledger();
    let note = Note::new(1, "requested", "");
    let first = ledger
        .add_request(&request("a.example", None, None), &note)
        .unwrap();
    let cancelled = Request {
        state: RequestState::Cancelled,
        ..first.clone()
    };
    ledger.change_request(&first, &cancelled, &note).unwrap();
    let late = Request {
        contact: Some("x".to_owned()),
        ..first.clone()
    };
    let refused = ledger.change_request(&first, &late, &note);
    assert!(matches!(refused, Err(LedgerError::Overtaken { .. })));
    assert_eq!(ledger.request(first.id).unwrap(), cancelled);
    let missing = ledger.request(RequestId(99));
    assert!(matches!(missing, Err(LedgerError::Missing { id: 99, .. })));
}

#[test]
fn the_most_urgent_has_its_turn_first() {
    let (_dir, ledger) = ledger();
    for (name, urgency) in [("a.example", 30), ("b.example", 10), ("c.example", 20)] {
        begin(&ledger, name, urgency);
    }
    let (due, next) = ledger.issuances_due(10, 10).unwrap();
    let read = |id| ledger.issuance(id).unwrap();
    let order: Vec<_> = due.iter().map(|(id, _)| read(*id).urgency).collect();
    assert_eq!((order, next), (vec![10, 20, 30], None));
    assert_eq!(due[0].1, "aws:111111111111:eu-west-1");
    let mut later = read(due[0].0);
    later.due_at = Some(500);
    ledger.put_issuance(&later, None).unwrap();
    let (due, next) = ledger.issuances_due(10, 10).unwrap();
    assert_eq!((due.len(), next), (2, Some(500)));
    ledger.wake_issuance(later.request, 10).unwrap();
    assert_eq!(ledger.issuances_due(10, 10).unwrap().0.len(), 3);
}

#[test]
fn renewals_come_in_the_order_in_which_certificates_end() {
    let (_dir, ledger) = ledger();
    let note = Note::new(1, "requested", "");
    for (name, renew, ends) in [
        ("late", Some(5), Some(90)),
        ("soon", Some(5), Some(20)),
        ("first", Some(5), None),
        ("not-yet", Some(50), Some(60)),
        ("never", None, Some(10)),
    ] {
        ledger
            .add_request(&request(name, renew, ends), &note)
            .unwrap();
    }
    let (due, next) = ledger.renewals_due(5, 10).unwrap();
    let names: Vec<_> = due.iter().map(|one| one.names[0].as_str()).collect();
    assert_eq!(names, ["first", "soon", "late"]);
    assert_eq!(next, Some(50));
}

#[test]
fn the_end_of_an_issuance_and_its_request_are_one() {
    let (_dir, ledger) = ledger();
    let (request, mut issuance) = begin(&ledger, "a.example", 7);
    issuance.state = IssuanceState::Done;
    issuance.due_at = None;
    ledger
        .end_issuance(
            &issuance,
            |request| request.renew_at = Some(77),
            &Note::new(20, "done", ""),
        )
        .unwrap();
    assert_eq!(ledger.request(request.id).unwrap().renew_at, Some(77));
    assert_eq!(ledger.issuance_is_over(issuance.id).unwrap(), Some(true));
    assert_eq!(ledger.issuance_is_over(IssuanceId(99)).unwrap(), None);
    let told: Vec<_> = ledger
        .journal(request.id)
        .unwrap()
        .into_iter()
        .map(|event| event.what)
        .collect();
    assert_eq!(told, ["requested", "planned", "done"]);
}

#[test]
fn imports_are_counted_for_a_year_by_account_and_region() {
    let (_dir, ledger) = ledger();
    let (_, begun) = begin(&ledger, "a.example", 7);
    let mut one = ledger.deliveries_of(begun.id).unwrap().remove(0);
    assert_eq!(
        ledger.imports_planned("111111111111", "eu-west-1").unwrap(),
        1
    );
    one.state = DeliveryState::Imported;
    ledger
        .put_arrival(&one, &Note::new(100 * DAY, "imported", ""))
        .unwrap();
    let made = |account, region, now| ledger.imports_made(account, region, now).unwrap();
    assert_eq!(made("111111111111", "eu-west-1", 100 * DAY), 1);
    assert_eq!(made("111111111111", "eu-west-1", 464 * DAY), 1);
    assert_eq!(made("111111111111", "eu-west-1", 466 * DAY), 0);
    assert_eq!(made("111111111111", "us-east-1", 100 * DAY), 0);
    assert_eq!(made("222222222222", "eu-west-1", 100 * DAY), 0);
    assert_eq!(
        ledger.imports_planned("111111111111", "eu-west-1").unwrap(),
        0
    );
}

#[test]
fn a_retry_opens_what_failed_where_it_stands() {
    let (_dir, ledger) = ledger();
    let (_, mut begun) = begin(&ledger, "a.example", 7);
    let refused = ledger.reopen_failed(begun.id, 30);
    assert!(matches!(refused, Err(LedgerError::Overtaken { .. })));
    begun.state = IssuanceState::Delivering;
    ledger.put_issuance(&begun, None).unwrap();
    let note = Note::new(20, "failed", "");
    let mut one = ledger.deliveries_of(begun.id).unwrap().remove(0);
    for (since, place, in_place, expected) in [
        (None, None, false, DeliveryState::Waiting),
        (Some(15), None, false, DeliveryState::Importing),
        (Some(15), Some("arn:x"), true, DeliveryState::Importing),
        (Some(15), Some("arn:x"), false, DeliveryState::Imported),
    ] {
        one.state = DeliveryState::Failed;
        one.due_at = None;
        one.importing_since = since;
        one.target.place = place.map(str::to_owned);
        one.in_place = in_place;
        one.setback = Some(crate::model::enrollment::Setback {
            times: 3,
            at: 20,
            error: OperationError::new(ErrorClass::AccessDenied, "AccessDenied", "no"),
        });
        ledger.put_delivery(&one, &note).unwrap();
        assert_eq!(ledger.reopen_failed(begun.id, 30).unwrap(), 1);
        let open = ledger.delivery(one.id).unwrap();
        assert_eq!((open.state, open.due_at), (expected, Some(30)));
        assert_eq!(open.setback, None);
    }
    assert_eq!(ledger.reopen_failed(begun.id, 40).unwrap(), 0);
}

#[test]
fn a_retry_hurries_what_waits_too() {
    let (_dir, ledger) = ledger();
    let (_, mut begun) = begin(&ledger, "a.example", 7);
    begun.state = IssuanceState::Delivering;
    ledger.put_issuance(&begun, None).unwrap();
    let mut one = ledger.deliveries_of(begun.id).unwrap().remove(0);
    for state in [
        DeliveryState::Waiting,
        DeliveryState::Importing,
        DeliveryState::Imported,
    ] {
        one.state = state;
        one.due_at = Some(20_000);
        let note = Note::new(20, "set-back", "");
        ledger.put_delivery(&one, &note).unwrap();
        assert_eq!(ledger.reopen_failed(begun.id, 30).unwrap(), 0);
        let open = ledger.delivery(one.id).unwrap();
        assert_eq!((open.state, open.due_at), (state, Some(30)));
    }
    one.state = DeliveryState::Verified;
    one.due_at = None;
    let note = Note::new(20, "verified", "");
    ledger.put_delivery(&one, &note).unwrap();
    ledger.reopen_failed(begun.id, 30).unwrap();
    assert_eq!(ledger.delivery(one.id).unwrap(), one);
}

#[test]
fn the_end_of_an_issuance_closes_its_deliveries() {
    for (before, after) in [
        (DeliveryState::Waiting, DeliveryState::GivenUp),
        (DeliveryState::Importing, DeliveryState::Failed),
        (DeliveryState::Imported, DeliveryState::Failed),
        (DeliveryState::Verified, DeliveryState::Verified),
        (DeliveryState::Failed, DeliveryState::Failed),
    ] {
        let (_dir, ledger) = ledger();
        let (_, mut issuance) = begin(&ledger, "a.example", 7);
        let mut one = ledger.deliveries_of(issuance.id).unwrap().remove(0);
        one.state = before;
        one.importing_since = Some(15);
        ledger.put_delivery(&one, &Note::new(15, "x", "")).unwrap();
        issuance.state = IssuanceState::Failed;
        issuance.due_at = None;
        let note = Note::new(20, "failed", "");
        ledger.end_issuance(&issuance, |_| {}, &note).unwrap();
        let closed = ledger.delivery(one.id).unwrap();
        assert_eq!(closed.state, after, "{before:?}");
        assert_eq!(closed.importing_since, Some(15), "{before:?}");
        let planned = ledger.imports_planned("111111111111", "eu-west-1");
        assert_eq!(planned.unwrap(), 0, "{before:?}");
    }
}

#[test]
fn nothing_goes_on_before_a_second_person_has_agreed() {
    let (_dir, ledger) = ledger();
    let (active, begun) = begin(&ledger, "a.example", 7);
    let waiting = Request {
        state: RequestState::AwaitingApproval,
        ..active.clone()
    };
    let note = Note::new(11, "x", "");
    ledger.change_request(&active, &waiting, &note).unwrap();
    assert_eq!(ledger.issuances_due(10, 10).unwrap(), (vec![], None));
    assert_eq!(ledger.issuances_due(5, 10).unwrap(), (vec![], None));
    ledger.change_request(&waiting, &active, &note).unwrap();
    let (due, _) = ledger.issuances_due(10, 10).unwrap();
    assert_eq!(
        due.iter().map(|(id, _)| *id).collect::<Vec<_>>(),
        [begun.id]
    );
    assert_eq!(ledger.issuances_due(5, 10).unwrap().1, Some(10));
}

#[test]
fn a_record_that_cannot_be_read_does_not_keep_the_others_from_going_on() {
    let (_dir, ledger) = ledger();
    begin(&ledger, "a.example", 7);
    let (request, _) = begin(&ledger, "b.example", 8);
    ledger
        .connection()
        .execute_batch(
            "UPDATE requests SET body = '{}', renew_at = 5 WHERE id = 1;
             UPDATE deliveries SET body = '{}' WHERE issuance = 1;",
        )
        .unwrap();
    assert_eq!(ledger.renewals_due(10, 10).unwrap().0, []);
    let listed = ledger.requests(&RequestFilter::default()).unwrap();
    assert_eq!(listed, [request]);
    let deliveries = ledger.deliveries(&DeliveryFilter::default()).unwrap();
    assert_eq!(deliveries.len(), 1);
    assert!(matches!(
        ledger.request(RequestId(1)),
        Err(LedgerError::Record { id: 1, .. })
    ));
}

#[test]
fn a_place_is_kept_by_whoever_has_it_or_is_bringing_something_there() {
    let (_dir, ledger) = ledger();
    let note = Note::new(1, "requested", "");
    let mut wanted = request("a.example", None, None);
    wanted.targets[0].place = Some("arn:1".to_owned());
    let first = ledger.add_request(&wanted, &note).unwrap();
    assert_eq!(ledger.keeper_of("arn:1").unwrap(), Some(first.id));
    assert_eq!(ledger.keeper_of("arn:2").unwrap(), None);
    let cancelled = Request {
        state: RequestState::Cancelled,
        ..first.clone()
    };
    ledger.change_request(&first, &cancelled, &note).unwrap();
    assert_eq!(ledger.keeper_of("arn:1").unwrap(), None);
    let (other, begun) = begin(&ledger, "b.example", 7);
    let mut delivery = ledger.deliveries_of(begun.id).unwrap().remove(0);
    delivery.target.place = Some("arn:1".to_owned());
    ledger.put_delivery(&delivery, &note).unwrap();
    assert_eq!(ledger.keeper_of("arn:1").unwrap(), Some(other.id));
    delivery.state = DeliveryState::Verified;
    ledger.put_delivery(&delivery, &note).unwrap();
    assert_eq!(ledger.keeper_of("arn:1").unwrap(), None);
}

#[test]
fn a_sensor_keeps_its_name() {
    let (dir, ledger) = ledger();
    let name = ledger.sensor_id().to_owned();
    drop(ledger);
    assert_eq!(Ledger::open(dir.path()).unwrap().sensor_id(), name);
}
