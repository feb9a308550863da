//! What stands in the files before and after a key is parked or dropped.
//! Above: nothing. Below: `custody`.
//! Invariant: the search finds what is there: each test shows it with bytes that may be found.

use super::*;

/// The parts of a key that nobody may read: of an RSA key what follows the modulus, of an EC key the scalar.
fn private_parts(pem_text: &str) -> Vec<u8> {
    let pair = Pair::from_pem(pem_text).unwrap();
    let der = pair.pkcs8().unwrap();
    let public = pair.der_bytes();
    let start = if pair.key_type().is_rsa() {
        // RSAPublicKey is a sequence of the modulus and the exponent; its last bytes stand in the private key too.
        let end_of_public = &public[public.len() - 20..];
        20 + position(&der, end_of_public)
    } else {
        // ECPrivateKey: version 1, then the scalar as an octet string.
        let length: usize = if pair.key_type() == KeyType::P256 {
            32
        } else {
            48
        };
        let head = [2, 1, 1, 4, u8::try_from(length).unwrap()];
        let start = position(&der, &head) + head.len();
        return der[start..start + length].to_vec();
    };
    der[start..].to_vec()
}

fn position(bytes: &[u8], part: &[u8]) -> usize {
    bytes
        .windows(part.len())
        .position(|window| window == part)
        .unwrap()
}

/// Base64 of the key as every line of its PEM has it.
fn check_unreadable(dir: &Path, pem_text: &str) {
    let raw = raw(dir);
    assert!(
        !stands(&raw, &private_parts(pem_text)),
        "a private part stands in a file"
    );
    for line in pem_text.lines() {
        assert!(
            !stands(&raw, line.as_bytes()),
            "a line of PEM stands in a file"
        );
    }
    let hex = hex::encode(private_parts(pem_text));
    assert!(
        !stands(&raw, hex.as_bytes()),
        "hexadecimal of it stands in a file"
    );
}

#[test]
fn a_canary_key_is_readable_in_no_file_before_and_after_it_is_dropped() {
    for key_type in KeyType::ALL {
        let dir = tempfile::tempdir().unwrap();
        let keeper = keeper(dir.path());
        let made = keeper.make(ONE, key_type).unwrap();
        let canary = pem(&keeper, ONE);
        assert!(private_parts(canary.expose()).len() >= 32);
        let names = SanName::parse_all(&["canary.example"]).unwrap();
        let subject = Subject {
            common_name: None,
            parts: [].into(),
        };
        keeper.csr(ONE, &wanted(&names, &subject)).unwrap();
        assert!(
            stands(&raw(dir.path()), &made.spki),
            "the search sees the files"
        );
        check_unreadable(dir.path(), canary.expose());
        keeper.rotate(None).unwrap();
        check_unreadable(dir.path(), canary.expose());
        keeper.drop_key(ONE).unwrap();
        check_unreadable(dir.path(), canary.expose());
        drop(keeper);
        check_unreadable(dir.path(), canary.expose());
    }
}

/// The two halves as they lie in the ledger.
fn halves(dir: &Path) -> (Vec<u8>, Vec<u8>) {
    let other = rusqlite::Connection::open(dir.join("ledger.sqlite")).unwrap();
    let both = "SELECT wrapped, sealed FROM keys WHERE issuance = 1";
    other
        .query_row(both, [], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
}

#[test]
fn a_dropped_key_leaves_neither_half_in_any_file() {
    for key_type in [KeyType::P256, KeyType::Rsa4096] {
        let dir = tempfile::tempdir().unwrap();
        let keeper = keeper(dir.path());
        keeper.make(ONE, key_type).unwrap();
        keeper.make(TWO, KeyType::P256).unwrap();
        let (wrapped, sealed) = halves(dir.path());
        let before = raw(dir.path());
        assert!(stands(&before, &wrapped) && stands(&before, &sealed));
        let handle = keeper.handle(ONE).unwrap();
        keeper.drop_key(ONE).unwrap();
        let after = raw(dir.path());
        assert!(!stands(&after, &wrapped) && !stands(&after, &sealed));
        assert_eq!(handle.open().unwrap_err(), KeyError::Gone);
        assert_eq!(handle.sealed().unwrap_err(), KeyError::Gone);
        assert!(matches!(
            keeper.handle(ONE),
            Err(CustodyError::Dropped(ONE))
        ));
        keeper.drop_key(ONE).unwrap();
        keeper.drop_key(IssuanceId(99)).unwrap();
        let again = keeper.make(ONE, key_type).unwrap_err();
        assert!(
            matches!(again, CustodyError::Dropped(ONE)),
            "no second key: {again}"
        );
        assert_eq!(keeper.keys().unwrap().len(), 1);
        assert!(keeper.handle(TWO).is_ok());
        assert_eq!(keeper.record(ONE).unwrap().dropped_at, Some(1_000));
    }
}

#[test]
fn of_a_parked_key_neither_half_opens_anything_alone() {
    let dir = tempfile::tempdir().unwrap();
    let keeper = keeper(dir.path());
    let made = keeper.make(ONE, KeyType::P384).unwrap();
    let canary = pem(&keeper, ONE);
    let (_, sealed) = halves(dir.path());
    let handle = keeper.handle(ONE).unwrap();
    let text = handle.sealed().unwrap();
    assert_eq!(
        text,
        keeper.handle(ONE).unwrap().sealed().unwrap(),
        "the same again"
    );
    assert!(text.is_ascii() && text.len() < 65_536);
    // The cloud's half holds nothing of the key.
    assert!(!text.contains(canary.expose().lines().nth(1).unwrap()));
    keeper.park_out(ONE).unwrap();
    keeper.park_out(ONE).unwrap();
    assert!(
        !stands(&raw(dir.path()), &sealed),
        "the ledger's half is the data key alone"
    );
    assert!(matches!(keeper.handle(ONE), Err(CustodyError::Parked(ONE))));
    assert!(
        handle.open().is_err(),
        "a handle of before does not open either"
    );
    // Another sensor with the text has nothing.
    let stranger_dir = tempfile::tempdir().unwrap();
    let stranger = super::keeper(stranger_dir.path());
    stranger.make(ONE, KeyType::P384).unwrap();
    let name = keeper.parking(ONE).name;
    assert!(matches!(
        stranger.unseal(&name, &text),
        Err(KeyError::Foreign(_))
    ));
    // Both halves are the key.
    let back = keeper.unseal(&name, &text).unwrap();
    assert_eq!(back.open().unwrap().expose(), canary.expose());
    assert_eq!(
        (back.public_key(), back.sealed().unwrap()),
        (&*made.spki, text.clone())
    );
    keeper.rotate(None).unwrap();
    assert_eq!(
        back.open().unwrap().expose(),
        canary.expose(),
        "rotated under its feet"
    );
    // Without the ledger's half the cloud's is noise.
    keeper.drop_key(ONE).unwrap();
    assert_eq!(back.open().unwrap_err(), KeyError::Gone);
    assert_eq!(keeper.unseal(&name, &text).unwrap_err(), KeyError::Gone);
    assert!(matches!(
        keeper.park_out(ONE),
        Err(CustodyError::Dropped(ONE))
    ));
    check_unreadable(dir.path(), canary.expose());
}

#[test]
fn what_lies_under_the_wrong_name_or_was_changed_is_foreign() {
    let dir = tempfile::tempdir().unwrap();
    let keeper = keeper(dir.path());
    keeper.make(ONE, KeyType::P256).unwrap();
    let text = keeper.handle(ONE).unwrap().sealed().unwrap();
    let name = keeper.parking(ONE).name;
    let mut changed = text.clone().into_bytes();
    let middle = changed.len() / 2;
    changed[middle] = if changed[middle] == b'A' { b'B' } else { b'A' };
    for (name, text) in [
        (keeper.parking(TWO).name, text.clone()),
        (name.clone(), text.replacen(".1.", ".2.", 1)),
        (name.clone(), String::from_utf8(changed).unwrap()),
        (name.clone(), text[..text.len() - 4].to_owned()),
        (name.clone(), "-----BEGIN PRIVATE KEY-----".to_owned()),
        (name.clone(), String::new()),
    ] {
        let refused = keeper.unseal(&name, &text).unwrap_err();
        assert!(matches!(refused, KeyError::Foreign(_)), "{refused}");
    }
    let arn = format!("arn:aws:secretsmanager:eu-central-1:111122223333:secret:{name}-AbCdEf");
    assert!(keeper.unseal(&arn, &text).is_ok());
}

#[test]
fn names_of_parked_keys_read_back() {
    let dir = tempfile::tempdir().unwrap();
    let keeper = keeper(dir.path());
    let parking = keeper.parking(IssuanceId(42));
    assert!(parking.name.starts_with(keeper.prefix()) && keeper.prefix().starts_with("sensor/"));
    assert_eq!(parking, keeper.parking(IssuanceId(42)));
    assert!((32..=64).contains(&parking.token.len()));
    assert_ne!(parking.token, keeper.parking(IssuanceId(43)).token);
    assert_eq!(keeper.issuance_of(&parking.name), Some(IssuanceId(42)));
    let prefix = keeper.prefix().to_owned();
    for name in [
        format!("{prefix}x"),
        format!("{prefix}+42"),
        format!("{prefix}42-AbCdEf"),
        format!("other/{prefix}42"),
        "sensor/000000000000/42".to_owned(),
        prefix.clone(),
    ] {
        assert_eq!(keeper.issuance_of(&name), None, "{name}");
    }
}

#[test]
fn a_reader_that_holds_the_log_is_told_and_the_drop_is_repeated() {
    let dir = tempfile::tempdir().unwrap();
    let keeper = keeper(dir.path());
    keeper.make(ONE, KeyType::P256).unwrap();
    let (_, sealed) = halves(dir.path());
    let other = rusqlite::Connection::open(dir.path().join("ledger.sqlite")).unwrap();
    other
        .execute_batch("BEGIN; SELECT count(*) FROM keys")
        .unwrap();
    let busy = keeper.drop_key(ONE).unwrap_err();
    assert!(
        matches!(busy, CustodyError::Ledger(LedgerError::LogBusy)),
        "{busy}"
    );
    drop(other);
    keeper.drop_key(ONE).unwrap();
    assert!(!stands(&raw(dir.path()), &sealed));
}
