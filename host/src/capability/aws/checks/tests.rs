//! What is refused before AWS is asked, and what passes.

use super::*;
use crate::backend::{KeyError, KeySource, SessionSource};
use crate::model::certificate::to_pem;
use crate::model::secret::Secret;
use rcgen::{CertificateParams, KeyPair, PublicKeyData};

/// A key that nobody opens.
struct Closed;

impl KeySource for Closed {
    fn open(&self) -> Result<Secret, KeyError> {
        Err(KeyError::Gone)
    }
    fn sealed(&self) -> Result<String, KeyError> {
        Err(KeyError::Gone)
    }
}

fn session() -> Session {
    Session::new(
        "111122223333".into(),
        "arn:aws:iam::111122223333:user/sensor".into(),
        "aws".into(),
        SessionSource::Mock,
        false,
        None,
    )
}

fn pair() -> (String, PrivateKey) {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["www.example.com".into()]).unwrap();
    let pem = to_pem(params.self_signed(&key).unwrap().der());
    let public = key.subject_public_key_info();
    (pem, PrivateKey::new("EC_prime256v1".into(), public, Closed))
}

fn request(certificate: &str) -> ImportCertificateRequest {
    ImportCertificateRequest {
        arn: None,
        certificate: certificate.to_owned(),
        chain: None,
        tags: Vec::new(),
    }
}

fn tag(key: &str, value: &str) -> Tag {
    Tag {
        key: key.to_owned(),
        value: value.to_owned(),
    }
}

const OURS: &str = "arn:aws:acm:eu-central-1:111122223333:certificate/0f5e";

/// The code of the refusal of an import.
fn refusal(request: &ImportCertificateRequest, key: &PrivateKey) -> Option<String> {
    let session = session();
    let place = Place {
        session: &session,
        region: "eu-central-1",
    };
    import(request, key, place).err().map(|error| error.code)
}

#[test]
fn a_certificate_goes_with_its_own_key_only() {
    let (pem, key) = pair();
    let (_, other) = pair();
    assert_eq!(refusal(&request(&pem), &key), None);
    assert_eq!(
        refusal(&request(&pem), &other).as_deref(),
        Some("key-mismatch")
    );
}

#[test]
fn fact_15_one_leaf_and_nothing_beside_it() {
    let (pem, key) = pair();
    for text in [
        String::new(),
        format!("{pem}{pem}"),
        format!("subject=CN = x\n{pem}"),
        pem.replace("CERTIFICATE", "TRUSTED CERTIFICATE"),
        to_pem(&[0x30, 3, 1, 2, 3]),
    ] {
        assert_eq!(
            refusal(&request(&text), &key).as_deref(),
            Some("invalid-certificate"),
            "{text}"
        );
    }
}

#[test]
fn fact_14_sizes() {
    let (pem, key) = pair();
    let padded = request(&format!("{pem}{}", "\n".repeat(32_768)));
    assert_eq!(refusal(&padded, &key).as_deref(), Some("too-large"));
    let mut chain = request(&pem);
    chain.chain = Some("\n".repeat((2 << 20) + 1));
    assert_eq!(refusal(&chain, &key).as_deref(), Some("too-large"));
}

#[test]
fn fact_16_a_chain_is_without_the_leaf_and_never_empty() {
    let (pem, key) = pair();
    let (other, _) = pair();
    for (chain, code) in [
        (other.clone(), None),
        (String::new(), Some("invalid-chain")),
        (pem.clone(), Some("invalid-chain")),
        (format!("{other}{pem}"), Some("invalid-chain")),
        ("no PEM".to_owned(), Some("invalid-certificate")),
    ] {
        let mut with = request(&pem);
        with.chain = Some(chain.clone());
        assert_eq!(refusal(&with, &key).as_deref(), code, "{chain}");
    }
}

#[test]
fn fact_21_an_arn_lies_in_the_sessions_account_and_the_region() {
    let (pem, key) = pair();
    for (arn, code) in [
        (OURS, None),
        (
            "arn:aws:acm:eu-central-1:999988887777:certificate/1",
            Some("invalid-arn"),
        ),
        (
            "arn:aws:acm:eu-west-1:111122223333:certificate/1",
            Some("invalid-arn"),
        ),
        (
            "arn:aws-cn:acm:eu-central-1:111122223333:certificate/1",
            Some("invalid-arn"),
        ),
        (
            "arn:aws:acm:eu-central-1:111122223333:certificate/",
            Some("invalid-arn"),
        ),
        ("", Some("invalid-arn")),
    ] {
        let mut with = request(&pem);
        with.arn = Some(arn.to_owned());
        assert_eq!(refusal(&with, &key).as_deref(), code, "{arn}");
    }
}

#[test]
fn fact_20_a_renewal_takes_no_tags() {
    let (pem, key) = pair();
    let mut with = request(&pem);
    with.arn = Some(OURS.to_owned());
    with.tags = vec![tag("a", "b")];
    assert_eq!(refusal(&with, &key).as_deref(), Some("tags-on-reimport"));
}

#[test]
fn fact_22_tags() {
    let code = |all: &[Tag]| tags(all).err().map(|error| error.code);
    let many = |count: usize| -> Vec<Tag> { (0..count).map(|n| tag(&n.to_string(), "")).collect() };
    assert_eq!(code(&many(50)), None);
    assert_eq!(code(&many(51)).as_deref(), Some("too-many-tags"));
    for fine in [
        tag("Größe 1", "_.:/=+-@"),
        tag(&"k".repeat(128), &"v".repeat(256)),
    ] {
        assert_eq!(code(std::slice::from_ref(&fine)), None, "{fine:?}");
    }
    for bad in [
        tag("", "v"),
        tag(&"k".repeat(129), "v"),
        tag("k", &"v".repeat(257)),
        tag("aws:k", "v"),
        tag("AWS:k", "v"),
        tag("k", "a;b"),
        tag("k", "a\nb"),
        tag("k", "\u{1b}[31m"),
    ] {
        assert_eq!(
            code(std::slice::from_ref(&bad)).as_deref(),
            Some("invalid-tag"),
            "{bad:?}"
        );
    }
    assert_eq!(
        code(&[tag("k", "1"), tag("k", "2")]).as_deref(),
        Some("invalid-tag")
    );
}

#[test]
fn fact_46_secrets_have_names_below_the_prefix_and_a_token() {
    let name = |text: &str| {
        secret_name(text, "sensor/one/")
            .err()
            .map(|error| error.code)
    };
    assert_eq!(
        name("sensor/one/7f9c24e8-3b1d-4a6e-9f52-0c8d1e2f3a4b"),
        None
    );
    for bad in [
        "sensor/one/",
        "sensor/two/1",
        "sensor/one",
        "sensor/one/a-AbCdEf",
        "sensor/one/a b",
        "sensor/one/ä",
        "arn:aws:secretsmanager:eu-central-1:111122223333:secret:sensor/one/1-AbCdEf",
        "",
        &format!("sensor/one/{}", "x".repeat(512)),
    ] {
        assert_eq!(name(bad).as_deref(), Some("foreign-secret"), "{bad}");
    }
    let made = |token: &str| {
        let request = CreateSecretRequest {
            name: "sensor/one/1".into(),
            client_request_token: token.to_owned(),
            description: None,
            kms_key_id: None,
            tags: Vec::new(),
        };
        secret(&request, "sealed", "sensor/one/")
            .err()
            .map(|error| error.code)
    };
    assert_eq!(made("7f9c24e8-3b1d-4a6e-9f52-0c8d1e2f3a4b"), None);
    for token in ["", "short", &"x".repeat(65), &"x y".repeat(12)] {
        assert_eq!(made(token).as_deref(), Some("invalid-token"), "{token}");
    }
}

#[test]
fn an_answer_lies_where_it_was_asked_for() {
    let session = session();
    let place = Place {
        session: &session,
        region: "eu-central-1",
    };
    let foreign = OURS.replace("111122223333", "999988887777");
    assert!(imported(OURS, None, place).is_ok());
    assert!(imported(OURS, Some(OURS), place).is_ok());
    for (arn, asked) in [(foreign.as_str(), None), ("", None), (OURS, Some("other"))] {
        let error = imported(arn, asked, place).unwrap_err();
        assert_eq!(error.class, ErrorClass::InvalidResponse, "{arn}");
    }
    let secret = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:sensor/one/1";
    assert!(created(&format!("{secret}-AbCdEf"), "sensor/one/1", place).is_ok());
    for arn in [
        format!("{secret}2-AbCdEf"),
        secret.replace("111122223333", "999988887777"),
        foreign,
    ] {
        assert!(created(&arn, "sensor/one/1", place).is_err(), "{arn}");
    }
}
