//! A certificate for an operator's own signing request: issued, shown, issued again; nothing is delivered.
//! Above: nothing. Below: `enroll_desk`, `enroll`, `common`.
//! Invariant: the key was made here and never leaves the test; what the sensor shows is read as X.509, not as its word.

use super::common::face;
use super::enroll::{ready, target};
use super::enroll_desk::{create, imports, show};
use rcgen::{CertificateParams, KeyPair, PublicKeyData};
use sensor_tests::harness::sensor::Sensor;
use sensor_tests::pem::decode;
use sha2::{Digest, Sha256};
use x509_cert::Certificate;
use x509_cert::der::{Decode, Encode};

const NAME: &str = "own.example.com";

/// A signing request's file, by this key.
fn signing_request(sensor: &Sensor, key: &KeyPair) -> String {
    let mut params = CertificateParams::new(vec![NAME.to_owned()]).unwrap();
    params.distinguished_name = rcgen::DistinguishedName::new();
    let pem = params.serialize_request(key).unwrap().pem().unwrap();
    sensor.write("own.csr", &pem).to_string_lossy().into_owned()
}

/// The first certificate of what was shown: it, and its public key, both DER.
#[track_caller]
fn leaf(shown: &str) -> (Vec<u8>, Vec<u8>) {
    const END: &str = "-----END CERTIFICATE-----";
    let begin = shown.find("-----BEGIN CERTIFICATE-----").unwrap();
    let blocks = shown[begin..].split_inclusive(END).map(str::trim);
    let all: Vec<_> = blocks.filter_map(decode).collect();
    assert_eq!(all.len(), 2, "the leaf and the CA that signed it");
    let read = Certificate::from_der(&all[0]).unwrap();
    let public = read.tbs_certificate.subject_public_key_info;
    (all[0].clone(), public.to_der().unwrap())
}

fn count(sensor: &Sensor, table: &str) -> i64 {
    let ledger = sensor.state().join("ledger.sqlite");
    let ledger = rusqlite::Connection::open(ledger).unwrap();
    let query = format!("SELECT count(*) FROM {table}");
    ledger.query_row(&query, [], |row| row.get(0)).unwrap()
}

#[test]
fn an_own_signing_request_is_issued_and_renewed_and_its_key_stays_where_it_is() {
    let face = face("organization");
    let sensor = ready(&face, "custody = \"sensor\"");
    let key = KeyPair::generate().unwrap();
    let file = signing_request(&sensor, &key);
    let to = target(&face, "web", "us-east-1");
    create(&sensor, &["--csr", &file, "--to", &to])
        .exit(2)
        .says(&["cannot be delivered: its key is with you"]);
    let mut serials = Vec::new();
    for generation in 1..=2 {
        let done = if generation == 1 {
            create(&sensor, &["--csr", &file, "--wait"])
        } else {
            sensor.run(&["renew", "1", "--wait"])
        };
        // Whoever waits is shown it at once.
        let (der, public) = leaf(&done.exit(0).stdout);
        assert_eq!(public, key.subject_public_key_info());
        let certificate = Certificate::from_der(&der).unwrap();
        serials.push(certificate.tbs_certificate.serial_number);
        let view = show(&sensor, 1);
        assert_eq!(leaf(view["certificate"].as_str().unwrap()).0, der);
        assert_eq!(view["state"], "issued", "nothing is delivered");
        assert_eq!(view["names"], serde_json::json!([NAME]));
        assert_eq!(view["generation"], generation);
        let newest = &view["issuances"][0];
        assert_eq!(newest["state"], "done", "{view}");
        assert_eq!(newest["key"], "operator");
        assert_eq!(newest["sha256"], hex::encode(Sha256::digest(&der)));
        assert_eq!(view["deliveries"], serde_json::json!([]));
        assert_eq!(view["renew_at"], serde_json::Value::Null, "by hand alone");
        assert_eq!(count(&sensor, "local_certificates"), generation);
    }
    assert_ne!(serials[0], serials[1], "another certificate");
    sensor
        .run(&["renew", "1", "--revoke", "key-compromise"])
        .exit(2)
        .says(&["would certify it again"]);
    assert_eq!(count(&sensor, "keys"), 0, "the sensor never had one");
    assert_eq!(imports(&face), 0);
}
