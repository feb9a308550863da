//! Keys and requests that an operator brings.
//! Above: nothing. Below: `custody`.
//! Invariant: every key here is made on the spot.

use super::*;
use aws_lc_rs::encoding::{AsDer, EcPrivateKeyRfc5915Der};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
use base64::Engine;
use rcgen::string::Ia5String;
use rcgen::{CertificateParams, KeyPair, SanType};

fn block(label: &str, der: &[u8]) -> String {
    let body = base64::engine::general_purpose::STANDARD.encode(der);
    format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
}

fn adopt(keeper: &Keeper, issuance: u64, text: &str) -> Result<MadeKey, CustodyError> {
    keeper.adopt(IssuanceId(issuance), &Secret::new(text.to_owned()))
}

#[test]
fn keys_of_every_form_are_taken_over() {
    let dir = tempfile::tempdir().unwrap();
    let keeper = keeper(dir.path());
    let ec = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
    let sec1: EcPrivateKeyRfc5915Der<'_> = ec.private_key().as_der().unwrap();
    let parameters = block("EC PARAMETERS", &[6, 8, 42, 134, 72, 206, 61, 3, 1, 7]);
    let old_form = format!("{parameters}{}", block("EC PRIVATE KEY", sec1.as_ref()));
    let new_form = block("PRIVATE KEY", ec.to_pkcs8v1().unwrap().as_ref());
    let first = adopt(&keeper, 1, &old_form).unwrap();
    assert_eq!(first.key_type, KeyType::P256);
    assert_eq!(
        adopt(&keeper, 1, &new_form).unwrap(),
        first,
        "the same key in another form"
    );
    let pair = Pair::generate(KeyType::Rsa2048).unwrap();
    let pkcs8 = pair.pkcs8().unwrap();
    // PKCS#8 wraps the older form behind 26 bytes that say that it is RSA.
    let rsa = adopt(&keeper, 2, &block("RSA PRIVATE KEY", &pkcs8[26..])).unwrap();
    assert_eq!(
        (rsa.key_type, &rsa.spki),
        (KeyType::Rsa2048, &pair.spki().unwrap())
    );
    assert_eq!(
        adopt(&keeper, 2, &block("PRIVATE KEY", &pkcs8)).unwrap(),
        rsa
    );
}

#[test]
fn a_second_key_and_one_that_cannot_be_delivered_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let keeper = keeper(dir.path());
    keeper.make(ONE, KeyType::P256).unwrap();
    let own = pem(&keeper, ONE);
    assert!(adopt(&keeper, 1, own.expose()).is_ok());
    let other = KeyPair::generate().unwrap().serialize_pem();
    let refused = adopt(&keeper, 1, &other).unwrap_err();
    assert!(
        matches!(refused, CustodyError::AnotherKey(ONE)),
        "{refused}"
    );
    keeper.drop_key(ONE).unwrap();
    let dropped = adopt(&keeper, 1, own.expose()).unwrap_err();
    assert!(matches!(dropped, CustodyError::Dropped(ONE)), "{dropped}");
    for algorithm in [&rcgen::PKCS_ECDSA_P521_SHA512, &rcgen::PKCS_ED25519] {
        let text = KeyPair::generate_for(algorithm).unwrap().serialize_pem();
        let refused = adopt(&keeper, 3, &text).unwrap_err();
        assert!(
            matches!(refused, CustodyError::Brought(pem::PemError::Kind)),
            "{refused}"
        );
    }
    let mut spoiled = Pair::generate(KeyType::P256).unwrap().pkcs8().unwrap();
    let last = spoiled.len() - 1;
    spoiled[last] ^= 1;
    assert!(
        adopt(&keeper, 3, &block("PRIVATE KEY", &spoiled)).is_err(),
        "halves that do not fit"
    );
    assert_eq!(keeper.keys().unwrap().len(), 0);
}

fn request(edit: impl FnOnce(&mut CertificateParams)) -> Vec<u8> {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    edit(&mut params);
    params.serialize_request(&key).unwrap().der().to_vec()
}

#[test]
fn a_brought_request_is_read_in_pem_and_der() {
    let der = request(|params| {
        params.subject_alt_names = vec![SanType::DnsName(
            Ia5String::try_from("WWW.example.com").unwrap(),
        )];
    });
    let read = read_csr(&der).unwrap();
    assert_eq!(
        read.names,
        SanName::parse_all(&["www.example.com"]).unwrap()
    );
    assert_eq!(
        read_csr(block("CERTIFICATE REQUEST", &der).as_bytes()).unwrap(),
        read
    );
    let old = request(|params| {
        params
            .distinguished_name
            .push(rcgen::DnType::CommonName, "old.example.com");
    });
    let names = read_csr(&old).unwrap().names;
    assert_eq!(
        names,
        SanName::parse_all(&["old.example.com"]).unwrap(),
        "the common name is the name"
    );
}

#[test]
fn a_request_that_is_none_or_lies_is_refused() {
    let der = request(|params| {
        params.subject_alt_names =
            vec![SanType::DnsName(Ia5String::try_from("a.example").unwrap())];
    });
    for at in [4, der.len() / 2, der.len() - 1] {
        let mut changed = der.clone();
        changed[at] ^= 1;
        assert!(read_csr(&changed).is_err(), "byte {at}");
    }
    assert_eq!(read_csr(&der[..der.len() - 1]), Err(CsrError::Malformed));
    assert_eq!(
        read_csr(&[&der[..], b"x"].concat()),
        Err(CsrError::Malformed)
    );
    assert_eq!(read_csr(b""), Err(CsrError::Malformed));
    assert_eq!(
        read_csr(block("CERTIFICATE", &der).as_bytes()),
        Err(CsrError::Malformed)
    );
    let mut forged = der.clone();
    let last = forged.len() - 1;
    forged[last] ^= 1;
    assert!(matches!(
        read_csr(&forged),
        Err(CsrError::Signature | CsrError::Malformed)
    ));
    let odd = request(|params| {
        params.subject_alt_names = vec![
            SanType::Rfc822Name(Ia5String::try_from("me@example.com").unwrap()),
            SanType::URI(Ia5String::try_from("https://example.com").unwrap()),
            SanType::DnsName(Ia5String::try_from("a_b.example").unwrap()),
        ];
    });
    let Err(CsrError::Names(problems)) = read_csr(&odd) else {
        panic!("names that are none");
    };
    assert_eq!(problems.len(), 3, "{problems:?}");
    let key = KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
    let other = CertificateParams::default()
        .serialize_request(&key)
        .unwrap();
    assert_eq!(read_csr(other.der()), Err(CsrError::Key));
}
