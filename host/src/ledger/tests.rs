//! The ledger on a real disk: what comes back, what stays sealed, what is refused.
//! Above: nothing. Below: `ledger`.
//! Invariant: every test has a directory of its own.

use super::*;
use crate::config::{ConnectorConfig, parse};
use crate::model::secret::Secret;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

/// A directory of its own, removed at the end.
struct Dir(PathBuf);

impl Dir {
    fn new(name: &str) -> Self {
        let dir = std::env::temp_dir().join(format!("sensor-ledger-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        Self(dir)
    }
    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
    fn raw(&self) -> Vec<u8> {
        let read = |name| std::fs::read(self.file(name)).unwrap_or_default();
        [read("ledger.sqlite"), read("ledger.sqlite-wal")].concat()
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

fn config(unit: &str) -> ConnectorConfig {
    let text = format!(
        "name = \"a\"\nplugin = \"p\"\nmock_host = {{ plugin = \"m\" }}\n[import]\nbusiness_unit = \"{unit}\"\n"
    );
    parse(&text, Path::new("/")).unwrap().remove(0)
}

#[test]
fn connectors_are_kept_changed_and_removed() {
    let dir = Dir::new("connectors");
    let ledger = Ledger::open(&dir.0).unwrap();
    assert_eq!(ledger.put_connector(&config("x"), 1).unwrap(), Put::Created);
    assert_eq!(
        ledger.put_connector(&config("x"), 2).unwrap(),
        Put::Unchanged
    );
    assert_eq!(ledger.put_connector(&config("y"), 3).unwrap(), Put::Changed);
    drop(ledger);
    let ledger = Ledger::open(&dir.0).unwrap();
    let expected = StoredConnector {
        config: config("y"),
        created_at: 1,
        updated_at: 3,
    };
    assert_eq!(ledger.connectors().unwrap(), [expected]);
    let name = config("y").name;
    assert!(ledger.remove_connector(&name).unwrap());
    assert!(!ledger.remove_connector(&name).unwrap());
    assert!(ledger.connector(&name).unwrap().is_none());
}

#[test]
fn a_secret_comes_back_and_is_never_readable_in_the_files() {
    let dir = Dir::new("secrets");
    let ledger = Ledger::open(&dir.0).unwrap();
    ledger
        .put_secret("key-1", &Secret::new("first-value-of-it".into()), 5)
        .unwrap();
    ledger
        .put_secret("key-1", &Secret::new("second-value-of-it".into()), 6)
        .unwrap();
    assert_eq!(
        ledger.get_secret("key-1").unwrap().unwrap().expose(),
        "second-value-of-it"
    );
    assert!(ledger.get_secret("key-2").unwrap().is_none());
    assert_eq!(ledger.secrets().unwrap(), [("key-1".to_owned(), 6)]);
    let raw = dir.raw();
    assert!(
        raw.windows(5).any(|bytes| bytes == b"key-1"),
        "the files that are searched are the right ones"
    );
    assert!(!raw.windows(11).any(|bytes| bytes == b"value-of-it"));
    assert!(matches!(
        ledger.put_secret("no spaces", &Secret::new(String::new()), 7),
        Err(LedgerError::SecretName(_))
    ));
}

#[test]
fn a_removed_secret_is_overwritten_in_the_files() {
    let dir = Dir::new("erased");
    let ledger = Ledger::open(&dir.0).unwrap();
    ledger
        .put_secret("gone", &Secret::new("x".repeat(64)), 1)
        .unwrap();
    let sealed: Vec<u8> = ledger
        .connection()
        .query_row("SELECT ciphertext FROM secrets", [], |row| row.get(0))
        .unwrap();
    assert!(dir.raw().windows(sealed.len()).any(|bytes| bytes == sealed));
    assert!(ledger.remove_secret("gone").unwrap());
    assert!(!dir.raw().windows(sealed.len()).any(|bytes| bytes == sealed));
}

#[test]
fn a_sealed_row_opens_only_at_its_own_place() {
    let dir = Dir::new("swapped");
    let ledger = Ledger::open(&dir.0).unwrap();
    ledger
        .put_secret("a", &Secret::new("of a".into()), 1)
        .unwrap();
    ledger
        .put_secret("b", &Secret::new("of b".into()), 1)
        .unwrap();
    let swap = "UPDATE secrets SET (nonce, ciphertext) = (SELECT nonce, ciphertext FROM secrets WHERE name = 'a') WHERE name = 'b'";
    ledger.connection().execute(swap, []).unwrap();
    assert!(ledger.get_secret("a").is_ok());
    assert!(
        matches!(ledger.get_secret("b"), Err(LedgerError::Sealed(what)) if what == "secret `b`")
    );
}

#[test]
fn files_are_private_and_an_exposed_key_is_refused() {
    let dir = Dir::new("modes");
    drop(Ledger::open(&dir.0).unwrap());
    for name in ["key", "ledger.sqlite"] {
        assert_eq!(
            std::fs::metadata(dir.file(name))
                .unwrap()
                .permissions()
                .mode()
                & 0o777,
            0o600,
            "{name}"
        );
    }
    std::fs::set_permissions(dir.file("key"), PermissionsExt::from_mode(0o640)).unwrap();
    let refused = Ledger::open(&dir.0).unwrap_err();
    assert!(
        matches!(refused, LedgerError::KeyExposed { mode: 0o640, .. }),
        "{refused}"
    );
}

#[test]
fn without_its_key_a_secret_stays_shut_and_no_new_key_is_made() {
    let dir = Dir::new("keyless");
    let ledger = Ledger::open(&dir.0).unwrap();
    ledger
        .put_secret("a", &Secret::new("of a".into()), 1)
        .unwrap();
    drop(ledger);
    std::fs::remove_file(dir.file("key")).unwrap();
    let ledger = Ledger::open(&dir.0).unwrap();
    assert!(matches!(
        ledger.get_secret("a"),
        Err(LedgerError::KeyMissing { .. })
    ));
    assert!(!dir.file("key").exists());
    assert!(ledger.remove_secret("a").unwrap());
    drop(ledger);
    Ledger::open(&dir.0)
        .unwrap()
        .put_secret("a", &Secret::new("again".into()), 2)
        .unwrap();
}

#[test]
fn a_newer_schema_and_a_damaged_file_are_refused() {
    let dir = Dir::new("newer");
    Ledger::open(&dir.0)
        .unwrap()
        .connection()
        .execute_batch("PRAGMA user_version = 99")
        .unwrap();
    assert!(matches!(
        Ledger::open(&dir.0).unwrap_err(),
        LedgerError::Newer { found: 99, .. }
    ));
    let dir = Dir::new("damaged");
    std::fs::write(
        dir.file("ledger.sqlite"),
        "no database at all, whatever it may be called",
    )
    .unwrap();
    let refused = Ledger::open(&dir.0).unwrap_err();
    assert!(matches!(refused, LedgerError::Damaged { .. }), "{refused}");
}

#[test]
fn a_second_sensor_is_told_who_holds_the_directory() {
    let dir = Dir::new("lock");
    let inner = dir.file("state");
    let held = StateLock::acquire(&inner, Duration::ZERO).unwrap();
    assert_eq!(
        std::fs::metadata(&inner).unwrap().permissions().mode() & 0o777,
        0o700
    );
    let refused = StateLock::acquire(&inner, Duration::from_millis(60)).unwrap_err();
    assert!(
        refused
            .to_string()
            .contains(&format!("(pid {})", std::process::id())),
        "{refused}"
    );
    drop(held);
    StateLock::acquire(&inner, Duration::ZERO).unwrap();
}

mod vault;
