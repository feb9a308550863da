//! The numbered facts about what may be imported, at the model's own interface.
//! Above: nothing. Below: `common`, certificates by rcgen.
//! Invariant: one test a fact, named by its number; each refusal is of one rule, and the same without it passes.
#![allow(clippy::unwrap_used, reason = "a test may stop")]

mod common;

use common::brings::{Brings, EAST, ONE, authority, import, invalid, leaf, tagged, with_chain};
use common::ca::{Ca, DAY, Leaf, Wanted, pem};
use common::{START, search_all, tag, walk, world};
use mock_aws::{KeyFlaw, World};
use rcgen::ExtendedKeyUsagePurpose as Purpose;
use sensor_sdk::types::aws::{SearchCertificatesRequest, SearchFilter};

fn serial(world: &mut World, arn: &str) -> String {
    let base = world.base();
    let detail = world.describe_certificate(START, &base, EAST, arn);
    detail.unwrap().serial.unwrap()
}

#[test]
fn an_import_shows_everywhere() {
    let mut world = world(ONE);
    let base = world.base();
    let ca = authority();
    let wanted = Wanted {
        serial: Some(vec![0x0a, 0x1b, 0xff]),
        purposes: vec![Purpose::ServerAuth, Purpose::ClientAuth],
        ..Wanted::new(START, &["www.example.com", "example.com"])
    };
    let leaf = ca.issue(&wanted);
    let tags = [tag("owner", "pki")];
    let arn = tagged(&leaf, &tags).ask(&mut world, START).unwrap();
    assert!(arn.starts_with("arn:aws:acm:us-east-1:111122223333:certificate/"));
    let listed = walk(&mut world, START, &base, EAST, 10).unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(
        (
            listed[0].arn.as_str(),
            listed[0].domain_name.as_deref(),
            listed[0].status.as_deref()
        ),
        (arn.as_str(), Some("www.example.com"), Some("ISSUED"))
    );
    let detail = world
        .describe_certificate(START, &base, EAST, &arn)
        .unwrap();
    assert_eq!(detail.serial.as_deref(), Some("0a:1b:ff"));
    assert_eq!(detail.certificate_type.as_deref(), Some("IMPORTED"));
    assert_eq!(detail.key_algorithm.as_deref(), Some("EC_prime256v1"));
    assert_eq!(detail.key_usages, ["DIGITAL_SIGNATURE"]);
    assert_eq!(
        detail.extended_key_usages,
        [
            "TLS_WEB_SERVER_AUTHENTICATION",
            "TLS_WEB_CLIENT_AUTHENTICATION"
        ]
    );
    assert_eq!(
        detail.subject_alternative_names,
        ["www.example.com", "example.com"]
    );
    assert_eq!(detail.issuer.as_deref(), Some("Issuing"));
    assert_eq!(
        (detail.imported_at, detail.created_at),
        (Some(START), Some(START))
    );
    let body = world.get_certificate(START, &base, EAST, &arn).unwrap();
    assert_eq!(
        (body.certificate, body.chain),
        (leaf.pem(), leaf.chain_pem())
    );
    assert_eq!(
        world
            .list_tags_for_certificate(START, &base, EAST, &arn)
            .unwrap(),
        tags
    );
    let truth: Vec<_> = world.truth(START).collect();
    assert_eq!(truth[0].der.as_ref(), Some(&leaf.der));
    // Valid when it came, expired later.
    let later = world
        .describe_certificate(START + 91 * DAY, &base, EAST, &arn)
        .unwrap();
    assert_eq!(later.status.as_deref(), Some("EXPIRED"));
}

#[test]
fn fact_14_sizes() {
    let mut world = world(ONE);
    let leaf = leaf();
    let long = Brings {
        certificate: "x".repeat(32_769),
        ..Brings::of(&leaf)
    };
    invalid(long.ask(&mut world, START), "'certificate'");
    let key_of = |length| Brings {
        key_length: Some(length),
        ..Brings::of(&leaf)
    };
    for length in [0, 5_121] {
        invalid(key_of(length).ask(&mut world, START), "'privateKey'");
    }
    let long = with_chain(&leaf, Some(&"x".repeat(2_097_153)));
    invalid(long.ask(&mut world, START), "'certificateChain'");
    assert!(key_of(5_120).ask(&mut world, START).is_ok());
}

#[test]
fn fact_14_the_same_import_twice_is_two_certificates() {
    let mut world = world(ONE);
    let base = world.base();
    let leaf = leaf();
    let first = import(&mut world, START, &leaf).unwrap();
    let second = import(&mut world, START, &leaf).unwrap();
    assert_ne!(first, second);
    assert_eq!(walk(&mut world, START, &base, EAST, 10).unwrap().len(), 2);
    // Both are found by their serial.
    let request = SearchCertificatesRequest {
        filter: Some(SearchFilter {
            serial_number: Some(serial(&mut world, &first)),
            statuses: Vec::new(),
            types: vec!["IMPORTED".to_owned()],
        }),
        ..search_all(10, None)
    };
    let found = world
        .search_certificates(START, &base, EAST, &request)
        .unwrap();
    assert_eq!(found.certificates.len(), 2);
}

#[test]
fn fact_15_one_leaf_in_pem_and_an_open_key() {
    let mut world = world(ONE);
    let leaf = leaf();
    let bodies = [
        (
            leaf.pem() + &leaf.chain_pem().unwrap(),
            "more than one certificate",
        ),
        (
            leaf.pem().replace("-----\n", "-----\n\n"),
            "valid PEM format",
        ),
        (leaf.pem().replace('\n', " \n"), "valid PEM format"),
        ("nonsense".to_owned(), "valid PEM format"),
        (pem(b"no certificate at all"), "Unable to parse certificate"),
    ];
    for (certificate, words) in bodies {
        let brings = Brings {
            certificate,
            ..Brings::of(&leaf)
        };
        invalid(brings.ask(&mut world, START), words);
    }
    let other = self::leaf();
    let keys = [
        (Err(KeyFlaw::NotPem), "PEM"),
        (Err(KeyFlaw::Encrypted), "encrypted"),
        (Err(KeyFlaw::Unsupported), "not supported"),
        (Ok(other.spki()), "does not match"),
    ];
    for (key, words) in keys {
        let brings = Brings {
            key,
            ..Brings::of(&leaf)
        };
        invalid(brings.ask(&mut world, START), words);
    }
    assert_eq!(world.truth(START).count(), 0, "nothing was imported");
}

#[test]
fn fact_16_each_certifies_the_one_before() {
    let mut world = world(ONE);
    let leaf = leaf();
    let (issuing, root) = (pem(&leaf.chain[0]), pem(&leaf.chain[1]));
    let namesake = authority();
    let good = [issuing.clone(), format!("{issuing}{root}")];
    for chain in &good {
        let brings = with_chain(&leaf, Some(chain));
        brings.ask(&mut world, START).unwrap();
    }
    let bad = [
        format!("{root}{issuing}"),
        root.clone(),
        format!("{}{issuing}", leaf.pem()),
        // The same names, other keys: only the signatures tell.
        namesake.chain.iter().map(|der| pem(der)).collect(),
        format!("{issuing}{}", pem(&namesake.chain[1])),
    ];
    for chain in &bad {
        invalid(
            with_chain(&leaf, Some(chain)).ask(&mut world, START),
            "Could not validate the certificate with the certificate chain",
        );
    }
    let empty = with_chain(&leaf, Some(""));
    invalid(empty.ask(&mut world, START), "'certificateChain'");
    let none = with_chain(&leaf, None);
    invalid(none.ask(&mut world, START), "not a valid self signed");
    let own = Leaf::self_signed(&Wanted::new(START, &["own.example.com"]));
    assert!(import(&mut world, START, &own).is_ok());
}

#[test]
fn fact_16_every_signature_algorithm_is_verified() {
    let mut world = world(ONE);
    for word in ["RSA_2048", "EC_prime256v1", "EC_secp384r1", "EC_secp521r1"] {
        let ca = Ca::root("Root", word).below("Issuing", word);
        let wanted = Wanted {
            key: if word == "RSA_2048" {
                word
            } else {
                "EC_prime256v1"
            },
            ..Wanted::new(START, &["www.example.com"])
        };
        let leaf = ca.issue(&wanted);
        import(&mut world, START, &leaf).unwrap();
        let mut forged = ca.issue(&wanted);
        let last = forged.der.len() - 1;
        forged.der[last] ^= 1;
        invalid(import(&mut world, START, &forged), "Could not validate");
    }
}

#[test]
fn fact_17_valid_now_with_an_issuer_and_a_short_ocsp_url() {
    let mut world = world(ONE);
    let ca = authority();
    let wanted = Wanted::new(START, &["www.example.com"]);
    let (early, late) = (
        Wanted {
            from: START + 1000,
            ..wanted.clone()
        },
        Wanted {
            to: START - 1000,
            ..wanted.clone()
        },
    );
    invalid(
        import(&mut world, START, &ca.issue(&early)),
        "not valid yet",
    );
    invalid(import(&mut world, START, &ca.issue(&late)), "expired");
    assert!(
        import(&mut world, START + 1000, &ca.issue(&early)).is_ok(),
        "from its first second"
    );
    let url = |length: usize| {
        let head = "http://ocsp.example.com/";
        Wanted {
            ocsp: Some(format!("{head}{}", "x".repeat(length - head.len()))),
            ..wanted.clone()
        }
    };
    assert!(import(&mut world, START, &ca.issue(&url(1000))).is_ok());
    invalid(import(&mut world, START, &ca.issue(&url(1001))), "OCSP");
    let nameless = Ca::root("", "EC_prime256v1");
    invalid(
        import(&mut world, START, &nameless.issue(&wanted)),
        "issuer",
    );
    invalid(import(&mut world, START, &version_one()), "version 3");
}

/// The same as a certificate of version 1: without its version and extensions. Nobody signed it.
fn version_one() -> Leaf {
    let mut leaf = leaf();
    let whole = elements(elements(&leaf.der)[0].1);
    let fields = elements(whole[0].1);
    let kept: Vec<&[u8]> = fields
        .iter()
        .filter(|(all, _)| !matches!(all[0], 0xa0 | 0xa3))
        .map(|(all, _)| *all)
        .collect();
    let tbs = sequence(&kept.concat());
    let rest: Vec<&[u8]> = whole[1..].iter().map(|(all, _)| *all).collect();
    leaf.der = sequence(&[tbs, rest.concat()].concat());
    leaf
}

/// Elements of DER one after the other: with their heads, and without.
fn elements(mut der: &[u8]) -> Vec<(&[u8], &[u8])> {
    let mut all = Vec::new();
    while !der.is_empty() {
        let (head, length) = match der[1] {
            0x81 => (3, usize::from(der[2])),
            0x82 => (4, usize::from(u16::from_be_bytes([der[2], der[3]]))),
            short => (2, usize::from(short)),
        };
        let (element, rest) = der.split_at(head + length);
        all.push((element, &element[head..]));
        der = rest;
    }
    all
}

fn sequence(content: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(content.len()).unwrap().to_be_bytes();
    let head = match content.len() {
        0..0x80 => vec![0x30, low],
        0x80..0x100 => vec![0x30, 0x81, low],
        _ => vec![0x30, 0x82, high, low],
    };
    [head.as_slice(), content].concat()
}

#[test]
fn fact_18_the_algorithm_of_the_signing_ca() {
    let ca = Ca::root("Root", "RSA_2048");
    let leaf = ca.issue(&Wanted::new(START, &["www.example.com"]));
    invalid(
        import(&mut world(ONE), START, &leaf),
        "algorithm of the signing CA",
    );
    let mut lenient = world(&format!("issuer_key_must_match = false\n{ONE}"));
    assert!(import(&mut lenient, START, &leaf).is_ok());
}
