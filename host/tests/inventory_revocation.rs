//! What CAs say of certificates, in the inventory: kept, found, asked about in turn.
//! Above: nothing. Below: `sensor::store`.
//! Invariant: the word belongs to the certificate, wherever and however often it is imported.

#![allow(clippy::unwrap_used, reason = "tests")]

mod inventory_support;

use inventory_support::*;
use sensor::model::filter::{Filter, Query};
use sensor::model::revocation::{
    Finding, Revocation, RevocationWord, RevokedFor, SourceKind, StatusSource, ToldStatus,
};
use sensor::model::run::RunStatus;
use sensor::model::split::Coverage;
use sensor::model::time::{Clock, Millis};
use sensor::store::{Candidate, Inventory};

fn told(status: ToldStatus, now: Millis) -> Revocation {
    let source = StatusSource {
        kind: SourceKind::Crl,
        url: "http://crl.example.com/1.crl".into(),
    };
    let finding = Finding::Told {
        status,
        next_update: Some(now + 6 * HOUR),
        source,
    };
    Revocation::after(None, finding, now)
}

const REVOKED: ToldStatus = ToldStatus::Revoked {
    at: Some(START - DAY),
    reason: Some(RevokedFor::Superseded),
};

fn due(inventory: &Inventory) -> Vec<Candidate> {
    inventory.revocations_due(1_000).unwrap().0
}

fn listed(inventory: &Inventory, filter: Filter) -> Vec<String> {
    let query = Query {
        filter,
        limit: 1_000,
        ..Query {
            filter: Filter::default(),
            sort: sensor::model::filter::Sort::Expiry,
            descending: false,
            limit: 0,
            after: None,
        }
    };
    let page = inventory.list(&query).unwrap();
    assert_eq!(page.total, page.assets.len() as u64);
    let ids = page.assets.into_iter().map(|asset| asset.location.place.id);
    ids.collect()
}

fn revoked() -> Filter {
    Filter {
        revoked: Some(true),
        ..Filter::default()
    }
}

fn word(wanted: RevocationWord) -> Filter {
    Filter {
        revocation: Some(wanted),
        ..Filter::default()
    }
}

#[test]
fn the_word_is_kept_over_restarts_and_imports() {
    let dir = tempfile::tempdir().unwrap();
    let eu = split("111122223333", "eu-central-1");
    let house = House::open(dir.path());
    house.scan(&eu, all(&eu, 1..41));
    let candidates = due(&house.inventory);
    assert_eq!(candidates.len(), 40);
    let seventh = certificate(7).0.fingerprint;
    let now = house.clock.now();
    let words: Vec<_> = candidates
        .iter()
        .map(|one| {
            let status = if one.fingerprint == seventh {
                REVOKED
            } else {
                ToldStatus::Good
            };
            (*one, told(status, now))
        })
        .collect();
    house.inventory.put_revocations(&words).unwrap();
    drop(house);
    let house = House::open(dir.path());
    // The place is read anew, and another place of the same certificate comes.
    house.scan(&eu, all(&eu, 1..41));
    let us = split("111122223333", "us-east-1");
    house.scan(&us, vec![found(&us, 7), found(&us, 41)]);
    let mut ids = listed(&house.inventory, revoked());
    ids.sort();
    assert_eq!(ids, [arn(&eu, 7), arn(&us, 7)]);
    assert_eq!(
        listed(&house.inventory, word(RevocationWord::Good)).len(),
        39
    );
    let none = listed(&house.inventory, word(RevocationWord::NotChecked));
    assert_eq!(none, [arn(&us, 41)]);
    let shown = house.inventory.show(&arn(&us, 7)).unwrap();
    assert_eq!(shown.revocation, Some(told(REVOKED, now)));
    let summary = house.inventory.summary(&Filter::default()).unwrap();
    let counts: Vec<_> = ["good", "revoked", "not-checked"]
        .iter()
        .map(|word| {
            let found = summary.by_revocation.iter().find(|(name, _)| name == word);
            found.unwrap().1
        })
        .collect();
    assert_eq!(counts, [39, 2, 1]);
    // The body and the chain are there to ask with.
    let one = house.inventory.revocations_of(&revoked()).unwrap()[0];
    let question = house.inventory.question(&one).unwrap().unwrap();
    assert_eq!(question.leaf, certificate(7).1);
    assert_eq!(question.chain, [certificate(1_000_000).1]);
    let known = house.inventory.revocation(&one).unwrap();
    assert_eq!(known, Some(told(REVOKED, now)));
}

#[test]
fn each_has_its_turn_and_what_ended_has_none() {
    let dir = tempfile::tempdir().unwrap();
    let eu = split("111122223333", "eu-central-1");
    let house = House::open(dir.path());
    // 400 ends at once; 3 is in use and 4 is not.
    house.scan(&eu, all(&eu, [3, 4, 400, 200]));
    let first = due(&house.inventory);
    let prints: Vec<_> = first.iter().map(|one| one.fingerprint).collect();
    let expected = [3, 4, 200].map(|number| certificate(number).0.fingerprint);
    assert_eq!(prints, expected);
    let now = house.clock.now();
    let word = told(ToldStatus::Good, now);
    house
        .inventory
        .put_revocations(&[(first[1], word.clone())])
        .unwrap();
    let (left, next) = house.inventory.revocations_due(1_000).unwrap();
    assert_eq!((left.len(), next), (2, Some(word.due_at)));
    let (left, next) = house.inventory.revocations_due(1).unwrap();
    assert_eq!((left.len(), next), (1, Some(0)), "there is more at once");
    house.clock.pass(6 * HOUR);
    let last = due(&house.inventory);
    assert_eq!(last.len(), 3);
    assert_eq!(last[2].fingerprint, certificate(4).0.fingerprint);
}

#[test]
fn a_word_does_not_pass_to_another_certificate_and_none_is_asked_for_a_simulation() {
    let dir = tempfile::tempdir().unwrap();
    let eu = split("111122223333", "eu-central-1");
    let house = House::open(dir.path());
    house.scan(&eu, all(&eu, 1..20));
    let now = house.clock.now();
    let words: Vec<_> = due(&house.inventory)
        .into_iter()
        .map(|one| (one, told(REVOKED, now)))
        .collect();
    house.inventory.put_revocations(&words).unwrap();
    house.inventory.forget_connector(&house.connector).unwrap();
    let run = house.try_begin(true).unwrap();
    house
        .page(run.id, &eu, None, all(&eu, 100..120), None)
        .unwrap();
    house.end(run.id, &eu, Coverage::Complete, false);
    house.finish(run.id, RunStatus::Complete);
    // A word that comes late is about a certificate that is gone.
    house.inventory.put_revocations(&words).unwrap();
    for _ in 0..2 {
        assert_eq!(listed(&house.inventory, revoked()), [""; 0]);
        assert_eq!(due(&house.inventory), []);
    }
    let all = house.inventory.revocations_of(&Filter::default()).unwrap();
    assert_eq!(all, []);
    drop(house);
    let house = House::open(dir.path());
    assert_eq!(
        listed(&house.inventory, revoked()),
        [""; 0],
        "after a restart"
    );
}
