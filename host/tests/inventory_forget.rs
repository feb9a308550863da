//! What is forgotten when the operator says so.
//! Above: nothing. Below: `sensor::store`.
//! Invariant: what was not named stays.
#![allow(clippy::unwrap_used, reason = "tests")]

mod inventory_support;

use inventory_support::*;
use sensor::model::filter::Filter;

/// For one that is never planned again: nothing else would ever call its certificates gone.
#[test]
fn an_account_can_be_forgotten_and_the_others_stay() {
    let dir = tempfile::tempdir().unwrap();
    let house = House::open(dir.path());
    let (left, stays) = (
        split("111111111111", "eu-central-1"),
        split("222222222222", "eu-central-1"),
    );
    for split in [&left, &stays] {
        house.scan(split, all(split, 1..10));
    }
    let forget = |account: &str| house.inventory.forget_account(&house.connector, account);
    assert_eq!(forget("333333333333").unwrap(), None);
    assert_eq!(forget(&left.account).unwrap(), Some(9));
    assert_eq!(forget(&left.account).unwrap(), None);
    let accounts = house.inventory.accounts(&house.connector).unwrap();
    let ids: Vec<_> = accounts.iter().map(|one| one.account.id.as_str()).collect();
    assert_eq!(ids, [stays.account.as_str()]);
    let places = || {
        house
            .inventory
            .summary(&Filter::default())
            .unwrap()
            .locations
    };
    assert_eq!(places(), 9);
    // Seen again, it is there again.
    house.scan(&left, all(&left, 1..10));
    assert_eq!(places(), 18);
}
