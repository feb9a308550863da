//! The certificates are real enough for those who read them.
//! Above: nothing. Below: the crate under test, x509-parser, openssl where it is installed.
//! Invariant: every key type is read by both.
#![allow(clippy::unwrap_used, reason = "a test may stop")]

mod common;

use common::{START, walk, world};
use std::collections::{BTreeMap, HashSet};
use std::io::Write;
use std::process::{Command, Stdio};
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

const EVERY_KEY: &str = r#"
[[account]]
name = "one"
certificate = [
  { key = "RSA_1024" }, { key = "RSA_2048", name = "*.shop.example.com", sans = ["shop.example.com", "10.1.2.3", "2001:db8::1"] },
  { key = "RSA_3072" }, { key = "RSA_4096" }, { key = "EC_prime256v1" }, { key = "EC_secp384r1" }, { key = "EC_secp521r1" },
  { key = "EC_prime256v1", type = "AMAZON_ISSUED" }, { key = "RSA_2048", type = "PRIVATE" }, { self_signed = true },
  { no_domain = true }, { common_name = "-" }, { san_count = 150 }, { days_left = 10000.0, days_valid = 20000.0 },
]
"#;

fn ders(text: &str) -> Vec<Vec<u8>> {
    world(text)
        .truth(START)
        .filter_map(|placed| placed.der)
        .collect()
}

#[test]
fn x509_parser_reads_every_key_type() {
    let ders = ders(EVERY_KEY);
    assert_eq!(ders.len(), 14);
    for der in &ders {
        let (rest, certificate) = X509Certificate::from_der(der).unwrap();
        assert!(rest.is_empty());
        assert_eq!(certificate.version().0, 2);
        assert_eq!(certificate.raw_serial().len(), 16);
        certificate.public_key().parsed().unwrap();
        assert!(certificate.key_usage().unwrap().is_some());
        assert!(
            certificate
                .extended_key_usage()
                .unwrap()
                .unwrap()
                .value
                .server_auth
        );
    }
    let (_, second) = X509Certificate::from_der(&ders[1]).unwrap();
    let names = second.subject_alternative_name().unwrap().unwrap();
    assert_eq!(
        names.value.general_names[0],
        GeneralName::DNSName("*.shop.example.com")
    );
    assert_eq!(
        names.value.general_names[2],
        GeneralName::IPAddress(&[10, 1, 2, 3])
    );
    assert_eq!(names.value.general_names.len(), 4);
    let (_, many) = X509Certificate::from_der(&ders[12]).unwrap();
    assert_eq!(
        many.subject_alternative_name()
            .unwrap()
            .unwrap()
            .value
            .general_names
            .len(),
        150
    );
}

#[test]
fn openssl_reads_every_key_type() {
    for der in ders(EVERY_KEY) {
        let Some(text) = openssl(&["x509", "-inform", "DER", "-noout", "-text"], &der) else {
            return;
        };
        assert!(
            text.contains("Version: 3 (0x2)") && text.contains("Public-Key"),
            "{text}"
        );
        assert!(!text.contains("Unable to load"), "{text}");
    }
}

#[test]
fn signed_scenarios_verify() {
    let mut world = world(
        "signed = true\n[[account]]\nname = \"one\"\ncertificates = 3\nmix = { statuses = { ISSUED = 1 } }",
    );
    let base = world.base();
    let all = walk(&mut world, START, &base, "us-east-1", 100).unwrap();
    let dir = std::env::temp_dir().join(format!("mock-aws-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    for summary in all {
        let body = world
            .get_certificate(START, &base, "us-east-1", &summary.arn)
            .unwrap();
        let chain = body.chain.unwrap();
        let (leaf, above) = (dir.join("leaf.pem"), dir.join("chain.pem"));
        std::fs::write(&leaf, body.certificate).unwrap();
        std::fs::write(&above, chain).unwrap();
        let (leaf, above) = (
            leaf.to_string_lossy().into_owned(),
            above.to_string_lossy().into_owned(),
        );
        let args = ["verify", "-no_check_time", "-CAfile", &above, &leaf];
        let Some(text) = openssl(&args, &[]) else {
            return;
        };
        assert!(text.contains("OK"), "{text}");
    }
}

/// Output of openssl; none where it is not installed.
fn openssl(args: &[&str], input: &[u8]) -> Option<String> {
    let mut child = Command::new("openssl")
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .ok()?;
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "openssl {args:?} failed");
    Some(String::from_utf8(output.stdout).unwrap())
}

#[test]
fn the_same_seed_makes_the_same_world() {
    let text =
        "regions = [\"us-east-1\", \"eu-west-1\"]\n[[account]]\nname = \"one\"\ncertificates = 60";
    let (one, two) = (world(text), world(text));
    assert!(one.truth(START).eq(two.truth(START)));
    let other = world(&format!("seed = 2\n{text}"));
    assert!(
        one.truth(START)
            .zip(other.truth(START))
            .all(|(a, b)| a.arn != b.arn)
    );
}

#[test]
fn a_mix_has_all_key_types_statuses_and_few_repeats() {
    let world = world("[[account]]\nname = \"one\"\ncertificates = 3000");
    let (mut keys, mut statuses, mut arns, mut bodies) = (
        BTreeMap::new(),
        BTreeMap::new(),
        HashSet::new(),
        HashSet::new(),
    );
    for placed in world.truth(START) {
        *keys.entry(placed.key_algorithm.clone()).or_insert(0) += 1;
        *statuses.entry(placed.status.clone()).or_insert(0) += 1;
        bodies.insert(placed.sha256());
        arns.insert(placed.arn);
    }
    assert_eq!(
        (keys.len(), statuses.len(), arns.len()),
        (7, 7, 3000),
        "{keys:?} {statuses:?}"
    );
    assert!(
        bodies.len() < 2960 && bodies.len() > 2600,
        "{}",
        bodies.len()
    );
}

#[test]
fn a_million_cost_nothing_until_read() {
    let world = world(
        "[generate]\naccounts = 100\nregions = [\"us-east-1\", \"eu-west-1\", \"eu-west-2\", \"eu-west-3\"]\ncertificates_per_split = 2500",
    );
    assert_eq!(world.certificate_count(), 1_000_000);
    assert_eq!(world.truth(START).take(3).count(), 3);
}
