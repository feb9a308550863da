//! Keys on a real disk: made once, never readable in any file, erased for good.
//! Above: nothing. Below: `custody`.
//! Invariant: what is looked for in the files is looked for in all of them.

use super::*;
use crate::backend::{KeyError, KeyRoom};
use crate::ledger::LedgerError;
use crate::model::name::SanName;
use crate::model::profile::{Subject, SubjectPart};
use crate::model::time::VirtualClock;
use crate::model::usage::{ExtendedKeyUsage, KeyUsage};
use rcgen::PublicKeyData;
use std::collections::HashSet;
use std::path::Path;

mod brought;
mod erased;

const ONE: IssuanceId = IssuanceId(1);
const TWO: IssuanceId = IssuanceId(2);

fn keeper(dir: &Path) -> Keeper {
    let ledger = Ledger::open(dir).unwrap();
    Keeper::new(Arc::new(ledger), Arc::new(VirtualClock::starting_at(1_000)))
}

/// The private key in PEM, as AWS would get it.
fn pem(keeper: &Keeper, issuance: IssuanceId) -> Secret {
    keeper.handle(issuance).unwrap().open().unwrap()
}

/// Every 16 bytes that follow one another in any file of the directory.
fn raw(dir: &Path) -> HashSet<[u8; 16]> {
    let mut found = HashSet::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let bytes = std::fs::read(path).unwrap();
            found.extend(
                bytes
                    .windows(16)
                    .map(|window| <[u8; 16]>::try_from(window).unwrap()),
            );
        }
    }
    found
}

/// Whether any 16 bytes of these stand in the files.
fn stands(raw: &HashSet<[u8; 16]>, bytes: &[u8]) -> bool {
    bytes.windows(16).any(|window| raw.contains(window))
}

#[test]
fn a_key_is_made_once_and_told_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let keeper = keeper(dir.path());
    for (number, key_type) in (1..).zip(KeyType::ALL) {
        let issuance = IssuanceId(number);
        let made = keeper.make(issuance, key_type).unwrap();
        assert_eq!(KeyType::of_spki(&made.spki), Some(key_type));
        assert_eq!(made.algorithm(), key_type.acm());
        let first = pem(&keeper, issuance);
        assert_eq!(keeper.make(issuance, key_type).unwrap(), made);
        assert_eq!(pem(&keeper, issuance).expose(), first.expose());
        assert!(first.expose().len() < 5_120, "ACM takes no longer key");
        let pair = Pair::from_pem(first.expose()).unwrap();
        assert_eq!(
            pair.spki().unwrap(),
            made.spki,
            "the handle's key is the public one's"
        );
        let handle = keeper.handle(issuance).unwrap();
        assert_eq!(
            (handle.algorithm(), handle.public_key()),
            (made.algorithm(), &*made.spki)
        );
    }
    assert_eq!(keeper.keys().unwrap().len(), 5);
    let other = keeper.make(ONE, KeyType::P384).unwrap_err();
    assert!(matches!(other, CustodyError::AnotherType { .. }), "{other}");
}

#[test]
fn ten_at_once_make_one_key() {
    let dir = tempfile::tempdir().unwrap();
    let keeper = keeper(dir.path());
    let made: Vec<MadeKey> = std::thread::scope(|scope| {
        let make = || keeper.make(ONE, KeyType::P256).unwrap();
        let threads: Vec<_> = (0..10).map(|_| scope.spawn(make)).collect();
        threads.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert!(made.iter().all(|one| *one == made[0]));
    assert_eq!(keeper.keys().unwrap().len(), 1);
}

#[test]
fn a_key_survives_the_end_of_the_process() {
    let dir = tempfile::tempdir().unwrap();
    let first = {
        let keeper = keeper(dir.path());
        keeper.make(ONE, KeyType::P256).unwrap();
        pem(&keeper, ONE)
    };
    let keeper = keeper(dir.path());
    assert_eq!(pem(&keeper, ONE).expose(), first.expose());
    let record = keeper.record(ONE).unwrap();
    assert_eq!((record.place, record.created_at), (KeyPlace::Ledger, 1_000));
}

#[test]
fn without_the_right_kek_no_key_is_made_or_opened() {
    let dir = tempfile::tempdir().unwrap();
    keeper(dir.path()).make(ONE, KeyType::P256).unwrap();
    std::fs::write(dir.path().join("key"), "11".repeat(32)).unwrap();
    let keeper = keeper(dir.path());
    let refused = keeper.handle(ONE).unwrap_err();
    assert!(
        matches!(refused, CustodyError::Ledger(LedgerError::KeyWrong { .. })),
        "{refused}"
    );
    assert!(keeper.make(TWO, KeyType::P256).is_err());
    assert_eq!(
        keeper.keys().unwrap().len(),
        1,
        "a key that cannot be sealed is not kept"
    );
    keeper.drop_key(ONE).unwrap();
    assert!(keeper.keys().unwrap().is_empty(), "erasing needs no key");
}

#[test]
fn what_is_sealed_opens_only_in_its_own_row() {
    let dir = tempfile::tempdir().unwrap();
    let keeper = keeper(dir.path());
    keeper.make(ONE, KeyType::P256).unwrap();
    keeper.make(TWO, KeyType::P256).unwrap();
    let text = keeper.handle(ONE).unwrap().sealed().unwrap();
    // As somebody with the file, but not with the key-encryption key, could do it.
    let other = rusqlite::Connection::open(dir.path().join("ledger.sqlite")).unwrap();
    let swap = |column: &str| {
        let statement = format!(
            "UPDATE keys SET {column} = (SELECT {column} FROM keys WHERE issuance = 1) WHERE issuance = 2"
        );
        other.execute(&statement, []).unwrap();
        keeper.handle(TWO).unwrap_err()
    };
    assert!(matches!(swap("sealed"), CustodyError::Damaged(TWO)));
    assert!(matches!(
        swap("wrapped"),
        CustodyError::Ledger(LedgerError::Sealed(_))
    ));
    drop(other);
    let spki = rcgen::KeyPair::generate()
        .unwrap()
        .subject_public_key_info();
    let other = rusqlite::Connection::open(dir.path().join("ledger.sqlite")).unwrap();
    other
        .execute("UPDATE keys SET spki = ?1 WHERE issuance = 1", [spki])
        .unwrap();
    assert!(matches!(
        keeper.handle(ONE),
        Err(CustodyError::Damaged(ONE))
    ));
    let unsealed = keeper.unseal("sensor/x/1", &text);
    assert!(
        matches!(unsealed, Err(KeyError::Foreign(_))),
        "a public half put in its place"
    );
}

fn wanted<'a>(names: &'a [SanName], subject: &'a Subject) -> CsrWanted<'a> {
    CsrWanted {
        names,
        subject,
        key_usages: &[KeyUsage::DigitalSignature],
        extended_key_usages: &[ExtendedKeyUsage::ServerAuth],
    }
}

#[test]
fn a_request_asks_for_what_is_wanted_with_the_kept_key() {
    let dir = tempfile::tempdir().unwrap();
    let keeper = keeper(dir.path());
    let names = SanName::parse_all(&[
        "www.example.com",
        "*.bücher.example",
        "10.0.0.1",
        "2001:db8::1",
    ])
    .unwrap();
    let subject = Subject {
        common_name: Some("www.example.com".to_owned()),
        parts: [
            (SubjectPart::Organization, "Example, Inc.".to_owned()),
            (SubjectPart::Country, "DE".to_owned()),
        ]
        .into(),
    };
    for (number, key_type) in (1..).zip(KeyType::ALL) {
        let issuance = IssuanceId(number);
        let made = keeper.make(issuance, key_type).unwrap();
        let der = keeper.csr(issuance, &wanted(&names, &subject)).unwrap();
        let read = read_csr(&der).unwrap();
        assert_eq!((&read.spki, read.key_type), (&made.spki, key_type));
        assert_eq!(read.names, names);
        let told: Vec<_> = read
            .subject
            .iter()
            .map(|(part, text)| format!("{part}={text}"))
            .collect();
        assert_eq!(told, ["C=DE", "O=Example, Inc.", "CN=www.example.com"]);
        let parsed = rcgen::CertificateSigningRequestParams::from_der(&der.into()).unwrap();
        assert_eq!(
            parsed.params.key_usages,
            [rcgen::KeyUsagePurpose::DigitalSignature]
        );
        assert_eq!(
            parsed.params.extended_key_usages,
            [rcgen::ExtendedKeyUsagePurpose::ServerAuth]
        );
    }
    let bare = Subject {
        common_name: None,
        parts: [].into(),
    };
    let der = keeper.csr(ONE, &wanted(&names, &bare)).unwrap();
    assert!(
        read_csr(&der).unwrap().subject.is_empty(),
        "no name that nobody asked for"
    );
}
