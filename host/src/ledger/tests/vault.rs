//! The key-encryption key: where it comes from, what is told when it is not the one, and rotations cut short.
//! Above: nothing. Below: `ledger`.
//! Invariant: after every crash the ledger opens, with every secret and every key in it.

use super::super::kek::{self, Kek};
use super::super::{rotate, vault};
use super::*;
use crate::config::KekSource;
use crate::model::id::IssuanceId;
use crate::model::key::KeyType;

const ISSUANCE: IssuanceId = IssuanceId(7);

/// A ledger with a secret and a key, under this source.
fn filled(dir: &Dir, source: &KekSource) -> Ledger {
    let ledger = Ledger::open_with(&dir.0, source).unwrap();
    let secret = Secret::new("of a".into());
    ledger.put_secret("a", &secret, 1).unwrap();
    let data_key = SealKey::of(&[9; 32]).unwrap();
    let added = ledger.add_key(&NewKey {
        issuance: ISSUANCE,
        key_type: KeyType::P256,
        spki: b"public",
        data_key: &data_key,
        sealed: b"sealed",
        created_at: 5,
    });
    assert!(added.unwrap());
    ledger
}

/// Everything that was put there is there.
fn check_whole(ledger: &Ledger) {
    assert_eq!(ledger.get_secret("a").unwrap().unwrap().expose(), "of a");
    let data_key = ledger.data_key(ISSUANCE).unwrap().unwrap();
    assert_eq!(data_key.expose(), [9; 32]);
    let status = ledger.key_status().unwrap();
    assert!(matches!(status.state, KekState::Open(_)), "{status:?}");
    assert_eq!((status.secrets, status.in_ledger), (1, 1));
    assert!(status.unreadable.is_empty(), "{status:?}");
}

fn state_source(dir: &Dir) -> KekSource {
    KekSource::of_state_dir(&dir.0)
}

/// The key as it lies on disk.
fn on_disk(source: &KekSource) -> Kek {
    kek::load(source, "test").unwrap().unwrap()
}

#[test]
fn another_key_is_told_with_both_names_and_changes_nothing() {
    let dir = Dir::new("wrong-kek");
    drop(filled(&dir, &state_source(&dir)));
    let right = std::fs::read(dir.file("key")).unwrap();
    let id = on_disk(&state_source(&dir)).id;
    std::fs::write(dir.file("key"), "11".repeat(32)).unwrap();
    let ledger = Ledger::open(&dir.0).unwrap();
    let told = ledger.get_secret("a").unwrap_err().to_string();
    assert!(
        told.contains(id.as_str()) && told.contains("holds the key"),
        "{told}"
    );
    assert!(matches!(
        ledger.data_key(ISSUANCE),
        Err(LedgerError::KeyWrong { .. })
    ));
    let new = Secret::new("new".into());
    assert!(matches!(
        ledger.put_secret("b", &new, 2),
        Err(LedgerError::KeyWrong { .. })
    ));
    assert!(matches!(
        ledger.rotate(None),
        Err(LedgerError::KeyWrong { .. })
    ));
    assert!(matches!(
        ledger.key_status().unwrap().state,
        KekState::Shut(_)
    ));
    assert_eq!(ledger.keys().unwrap().len(), 1, "what is not sealed works");
    drop(ledger);
    std::fs::write(dir.file("key"), right).unwrap();
    check_whole(&Ledger::open(&dir.0).unwrap());
}

#[test]
fn a_key_that_is_not_there_is_told_with_where_it_was() {
    let dir = Dir::new("missing-kek");
    let elsewhere = Dir::new("missing-kek-elsewhere");
    let source = KekSource::File(elsewhere.file("kek"));
    drop(filled(&dir, &source));
    // Started without --kek-file.
    let ledger = Ledger::open(&dir.0).unwrap();
    let told = ledger.get_secret("a").unwrap_err().to_string();
    let was = elsewhere.file("kek").display().to_string();
    assert!(told.contains(&was) && told.contains("--kek-file"), "{told}");
    assert!(!dir.file("key").exists(), "no second key is made");
    drop(ledger);
    check_whole(&Ledger::open_with(&dir.0, &source).unwrap());
}

#[test]
fn a_key_that_others_may_read_is_refused_wherever_it_lies() {
    let dir = Dir::new("exposed-kek");
    let elsewhere = Dir::new("exposed-kek-elsewhere");
    let source = KekSource::File(elsewhere.file("kek"));
    drop(filled(&dir, &source));
    for (mode, refused) in [(0o640, true), (0o604, true), (0o400, false)] {
        std::fs::set_permissions(elsewhere.file("kek"), PermissionsExt::from_mode(mode)).unwrap();
        let opened = Ledger::open_with(&dir.0, &source);
        assert_eq!(
            matches!(opened, Err(LedgerError::KeyExposed { mode: m, .. }) if m == mode),
            refused,
            "{mode:o}"
        );
    }
}

#[test]
fn systemds_credential_may_be_readable_by_its_group_and_is_never_made() {
    let dir = Dir::new("credential");
    let credentials = Dir::new("credential-dir");
    let source = KekSource::Credential(credentials.file("sensor-kek"));
    let ledger = Ledger::open_with(&dir.0, &source).unwrap();
    let secret = Secret::new("x".into());
    assert!(matches!(
        ledger.put_secret("a", &secret, 1),
        Err(LedgerError::KeyMissing { .. })
    ));
    assert!(!credentials.file("sensor-kek").exists());
    std::fs::write(credentials.file("sensor-kek"), [3; 32]).unwrap();
    std::fs::set_permissions(
        credentials.file("sensor-kek"),
        PermissionsExt::from_mode(0o440),
    )
    .unwrap();
    let ledger = filled(&dir, &source);
    check_whole(&ledger);
    assert!(matches!(
        ledger.rotate(None),
        Err(LedgerError::NotRotated(_))
    ));
    let to = KekSource::File(credentials.file("next"));
    let rotated = ledger.rotate(Some(&to)).unwrap();
    assert_eq!(rotated.left, Some(source));
    check_whole(&ledger);
}

#[test]
fn a_ledger_of_before_it_knew_its_keys_name_asks_its_secrets() {
    let dir = Dir::new("legacy");
    let forget = |ledger: Ledger| {
        ledger
            .connection()
            .execute_batch("UPDATE sensor SET kek = NULL, kek_source = NULL")
            .unwrap();
    };
    forget(filled(&dir, &state_source(&dir)));
    let ledger = Ledger::open(&dir.0).unwrap();
    check_whole(&ledger);
    forget(ledger);
    std::fs::write(dir.file("key"), "11".repeat(32)).unwrap();
    let ledger = Ledger::open(&dir.0).unwrap();
    assert!(matches!(
        ledger.get_secret("a"),
        Err(LedgerError::KeyWrong { .. })
    ));
}

#[test]
fn a_rotation_in_place_seals_everything_anew_and_wipes_the_key_of_before() {
    let dir = Dir::new("rotate");
    let ledger = filled(&dir, &state_source(&dir));
    let old_file = std::fs::File::open(dir.file("key")).unwrap();
    let sealed: Vec<Vec<u8>> = ["SELECT ciphertext FROM secrets", "SELECT wrapped FROM keys"]
        .map(|what| {
            ledger
                .connection()
                .query_row(what, [], |row| row.get(0))
                .unwrap()
        })
        .into();
    let rotated = ledger.rotate(None).unwrap();
    assert_eq!((rotated.secrets, rotated.keys, rotated.left), (1, 1, None));
    assert_ne!(rotated.before, rotated.after);
    assert_eq!(on_disk(&state_source(&dir)).id, rotated.after);
    assert!(!kek::next_path(&dir.file("key")).exists());
    check_whole(&ledger);
    let mut old = String::new();
    std::io::Read::read_to_string(&mut { old_file }, &mut old).unwrap();
    assert!(
        old.bytes().all(|byte| byte == 0),
        "the old key's bytes are overwritten"
    );
    let raw = dir.raw();
    let found = |bytes: &[u8]| raw.windows(bytes.len()).any(|window| window == bytes);
    assert!(!sealed.is_empty() && !sealed.iter().any(|bytes| found(bytes)));
    drop(ledger);
    check_whole(&Ledger::open(&dir.0).unwrap());
}

#[test]
fn a_rotation_cut_short_at_any_step_is_settled_by_the_next_start() {
    for step in 0..4 {
        let dir = Dir::new(&format!("cut-{step}"));
        let source = state_source(&dir);
        drop(filled(&dir, &source));
        let old = on_disk(&source);
        cut(&dir, &source, None, step);
        let ledger = Ledger::open(&dir.0).unwrap();
        check_whole(&ledger);
        assert!(!kek::next_path(&dir.file("key")).exists(), "step {step}");
        assert_eq!(on_disk(&source).id == old.id, step < 2, "step {step}");
        ledger.rotate(None).unwrap();
        check_whole(&ledger);
    }
}

#[test]
fn a_rotation_to_another_place_cut_short_opens_with_whichever_key_it_is_sealed_under() {
    for step in 0..4 {
        let dir = Dir::new(&format!("moved-{step}"));
        let elsewhere = Dir::new(&format!("moved-to-{step}"));
        let (source, to) = (state_source(&dir), KekSource::File(elsewhere.file("kek")));
        drop(filled(&dir, &source));
        cut(&dir, &source, Some(&to), step);
        let sealed_under = if step < 2 { &source } else { &to };
        let ledger = Ledger::open_with(&dir.0, sealed_under).unwrap();
        check_whole(&ledger);
        assert_eq!(
            ledger.key_status().unwrap().stray.is_some(),
            step == 2,
            "step {step}"
        );
        if step < 2 {
            // The key that was made there already is taken, not another.
            let there = elsewhere.file("kek").exists().then(|| on_disk(&to).id);
            let rotated = ledger.rotate(Some(&to)).unwrap();
            assert!(there.is_none_or(|id| id == rotated.after), "step {step}");
            check_whole(&ledger);
        }
        assert_eq!(dir.file("key").exists(), step == 2, "step {step}");
        let back = ledger.rotate(Some(&source));
        if step == 2 {
            assert!(back.is_ok(), "a stray key may be taken again");
        } else {
            assert_eq!(back.unwrap().left, Some(to));
        }
        drop(ledger);
        check_whole(&Ledger::open(&dir.0).unwrap());
    }
}

#[test]
fn whoever_looks_beside_a_rotation_takes_no_key_away() {
    for step in 1..4 {
        let dir = Dir::new(&format!("beside-{step}"));
        let source = state_source(&dir);
        drop(filled(&dir, &source));
        cut(&dir, &source, None, step);
        let files = || {
            let there = |name: &str| std::fs::read(dir.file(name)).ok();
            (there("key"), there("key.next"))
        };
        let before = files();
        let beside = Ledger::beside(&dir.0, &source).unwrap();
        check_whole(&beside);
        assert!(files() == before, "step {step}: a key was moved or erased");
        // The rotation goes on to its end: what was made by the one that looked is sealed under the key of after.
        drop(Ledger::open(&dir.0).unwrap());
        check_whole(&beside);
        let secret = Secret::new("of b".into());
        beside.put_secret("b", &secret, 2).unwrap();
        let ledger = Ledger::open(&dir.0).unwrap();
        assert_eq!(ledger.get_secret("b").unwrap().unwrap().expose(), "of b");
        ledger.rotate(None).unwrap();
        assert_eq!(beside.get_secret("b").unwrap().unwrap().expose(), "of b");
    }
}

#[test]
fn what_is_sealed_beside_a_rotation_opens_after_it() {
    let dir = Dir::new("beside-stale");
    let ledger = filled(&dir, &state_source(&dir));
    let beside = Ledger::beside(&dir.0, &state_source(&dir)).unwrap();
    ledger.rotate(None).unwrap();
    let data_key = SealKey::of(&[8; 32]).unwrap();
    let added = beside.add_key(&NewKey {
        issuance: IssuanceId(8),
        key_type: KeyType::P256,
        spki: b"public",
        data_key: &data_key,
        sealed: b"sealed",
        created_at: 5,
    });
    assert!(added.unwrap());
    let found = ledger.data_key(IssuanceId(8)).unwrap().unwrap();
    assert_eq!(found.expose(), [8; 32]);
}

#[test]
fn beside_a_sensor_nothing_is_made_and_no_schema_is_brought_forward() {
    let dir = Dir::new("beside-new");
    let refused = Ledger::beside(&dir.0, &state_source(&dir)).unwrap_err();
    assert!(
        matches!(refused, LedgerError::Older { found: 0, .. }),
        "{refused}"
    );
    assert!(!dir.file("ledger.sqlite").exists() && !dir.file("key").exists());
    let ledger = Ledger::open(&dir.0).unwrap();
    ledger
        .connection()
        .execute_batch("PRAGMA user_version = 4")
        .unwrap();
    drop(ledger);
    assert!(matches!(
        Ledger::beside(&dir.0, &state_source(&dir)),
        Err(LedgerError::Older { found: 4, .. })
    ));
}

/// Rotates up to a step and dies there: 0 before the new key is in place, 1 before the commit, 2 behind it, 3 at the end.
fn cut(dir: &Dir, source: &KekSource, to: Option<&KekSource>, step: u32) {
    let mut connection = schema::open(&dir.file("ledger.sqlite")).unwrap();
    let old = on_disk(source);
    if step == 0 {
        let path = to.map_or_else(|| kek::next_path(source.path()), |to| to.path().to_owned());
        let half = path.with_file_name(format!("{}.new", path.file_name().unwrap().display()));
        std::fs::write(half, "half a key").unwrap();
        return;
    }
    let new = rotate::stage(source, to, &old, "test").unwrap();
    let transaction = connection.transaction().unwrap();
    rotate::reseal(&transaction, &old, &new, to.unwrap_or(source)).unwrap();
    if step == 1 {
        return;
    }
    transaction.commit().unwrap();
    if step == 3 {
        rotate::retire(source, to).unwrap();
    }
}

#[test]
fn a_row_that_does_not_open_stops_a_rotation_and_is_named() {
    let dir = Dir::new("stuck");
    let ledger = filled(&dir, &state_source(&dir));
    let spoil = "UPDATE keys SET wrapped = zeroblob(length(wrapped))";
    ledger.connection().execute(spoil, []).unwrap();
    let refused = ledger.rotate(None).unwrap_err();
    assert!(
        matches!(&refused, LedgerError::Sealed(what) if what == "key of issuance 7"),
        "{refused}"
    );
    assert_eq!(
        ledger.key_status().unwrap().unreadable,
        ["key of issuance 7"]
    );
    assert_eq!(ledger.get_secret("a").unwrap().unwrap().expose(), "of a");
    drop(ledger);
    let ledger = Ledger::open(&dir.0).unwrap();
    assert_eq!(ledger.get_secret("a").unwrap().unwrap().expose(), "of a");
}

#[test]
fn the_name_of_a_sensor_is_made_once() {
    let dir = Dir::new("name");
    let name = Ledger::open(&dir.0).unwrap().sensor_id().to_owned();
    assert_eq!(
        (name.len(), Ledger::open(&dir.0).unwrap().sensor_id()),
        (12, name.as_str())
    );
    let other = Dir::new("other-name");
    assert_ne!(Ledger::open(&other.0).unwrap().sensor_id(), name);
}

#[test]
fn nothing_sealed_takes_any_key() {
    let dir = Dir::new("fresh");
    drop(Ledger::open(&dir.0).unwrap());
    std::fs::write(dir.file("key"), "22".repeat(32)).unwrap();
    let connection = schema::open(&dir.file("ledger.sqlite")).unwrap();
    assert!(matches!(
        vault::open(&connection, &state_source(&dir), "test").unwrap(),
        Vault::Open(_)
    ));
}

#[test]
fn the_ledgers_own_key_is_no_stray_one_while_a_wrong_one_is_given() {
    let dir = Dir::new("wrong-given");
    let elsewhere = Dir::new("wrong-given-elsewhere");
    drop(filled(&dir, &state_source(&dir)));
    let wrong = KekSource::File(elsewhere.file("kek"));
    let ledger = Ledger::open_with(&dir.0, &wrong).unwrap();
    let status = ledger.key_status().unwrap();
    assert!(matches!(status.state, KekState::Shut(_)));
    assert_eq!(status.stray, None, "it would be removed, and all with it");
}
