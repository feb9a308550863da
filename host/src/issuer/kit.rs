//! What the issuers' tests share: a ground on a directory of its own, keys with their requests, small CAs.
//! Above: the tests. Below: `ledger`, rcgen.
//! Invariant: the clock stands unless somebody waits.

use super::{Http01, IssuerGround, Wanted};
use crate::config::{IssuerConfig, parse_issuers};
use crate::ledger::Ledger;
use crate::model::secret::Secret;
use crate::model::time::{Millis, VirtualClock};
use crate::model::usage::{ExtendedKeyUsage, KeyUsage};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PublicKeyData, SignatureAlgorithm,
};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

pub(crate) const NOW: Millis = 1_800_000_000_000;
pub(crate) const DAY: Millis = 86_400_000;
pub(super) const NAMES: [&str; 3] = ["www.example.com", "*.example.com", "192.0.2.7"];

/// A state directory, removed at the end.
pub(super) struct Place(pub(super) PathBuf);

impl Place {
    pub(super) fn new(name: &str) -> Self {
        let dir = std::env::temp_dir().join(format!("sensor-issuer-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        Self(dir)
    }

    /// As after a start of the sensor.
    pub(super) fn ground(&self) -> IssuerGround {
        IssuerGround {
            ledger: Arc::new(Ledger::open(&self.0).unwrap()),
            clock: Arc::new(VirtualClock::starting_at(NOW)),
            http01: Http01::default(),
            aws: None,
        }
    }

    /// The same with a secret of the operator's.
    pub(super) fn ground_with(&self, secret: &str, value: &str) -> IssuerGround {
        let ground = self.ground();
        let value = Secret::new(value.to_owned());
        ground.ledger.put_secret(secret, &value, NOW).unwrap();
        ground
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

/// The one issuer of a file.
pub(crate) fn config(text: &str) -> IssuerConfig {
    match parse_issuers(text, Path::new("/")) {
        Ok(mut all) => all.remove(0),
        Err(problems) => panic!("{problems:?}"),
    }
}

/// A key and what is wanted for it.
pub(super) struct Asking {
    pub(super) key: KeyPair,
    pub(super) wanted: Wanted,
}

impl Asking {
    pub(super) fn new(token: &str, names: &[&str]) -> Self {
        Self::with(token, names, &rcgen::PKCS_ECDSA_P256_SHA256)
    }

    pub(super) fn with(
        token: &str,
        names: &[&str],
        algorithm: &'static SignatureAlgorithm,
    ) -> Self {
        let key = KeyPair::generate_for(algorithm).unwrap();
        let texts: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(texts).unwrap();
        params.distinguished_name = rcgen::DistinguishedName::new();
        let company = "Example, Inc.";
        params
            .distinguished_name
            .push(DnType::OrganizationName, company);
        params.distinguished_name.push(DnType::CommonName, names[0]);
        let wanted = Wanted {
            names: names.iter().map(|name| name.parse().unwrap()).collect(),
            csr: params.serialize_request(&key).unwrap().der().to_vec(),
            spki: key.subject_public_key_info(),
            validity: Some(Duration::from_hours(47 * 24)),
            key_usages: vec![KeyUsage::DigitalSignature],
            extended_key_usages: vec![ExtendedKeyUsage::ServerAuth],
            token: token.to_owned(),
            acme_profile: None,
            replaces: None,
        };
        Self { key, wanted }
    }
}

/// A CA or a leaf, with its key.
pub(super) struct Made {
    pub(super) params: CertificateParams,
    pub(super) key: KeyPair,
    pub(super) der: Vec<u8>,
}

impl Made {
    pub(super) fn pem(&self) -> String {
        rcgen_pem(&self.der)
    }
}

pub(super) fn rcgen_pem(der: &[u8]) -> String {
    use base64::Engine;
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n")
}

/// Parameters of a certificate that is valid between two moments.
pub(super) fn params(name: &str, from: Millis, to: Millis) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    let at = |at: Millis| {
        rcgen::date_time_ymd(1970, 1, 1) + Duration::from_millis(u64::try_from(at).unwrap())
    };
    (params.not_before, params.not_after) = (at(from), at(to));
    params.use_authority_key_identifier_extension = true;
    params
}

/// Parameters of what [`Asking::new`] asks for.
pub(super) fn leaf_params(names: &[&str]) -> CertificateParams {
    let mut leaf = params(names[0], NOW - DAY / 24, NOW + 47 * DAY);
    let texts: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    leaf.subject_alt_names = CertificateParams::new(texts).unwrap().subject_alt_names;
    leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    leaf.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
    leaf
}

pub(super) fn ca(name: &str, above: Option<&Made>) -> Made {
    let mut params = params(name, NOW - 100 * DAY, NOW + 1000 * DAY);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    signed(params, above)
}

pub(super) fn signed(params: CertificateParams, above: Option<&Made>) -> Made {
    let key = KeyPair::generate().unwrap();
    signed_for(params, key, above)
}

pub(super) fn signed_for(params: CertificateParams, key: KeyPair, above: Option<&Made>) -> Made {
    let der = match above {
        Some(above) => params
            .signed_by(&key, &Issuer::from_params(&above.params, &above.key))
            .unwrap(),
        None => params.self_signed(&key).unwrap(),
    };
    let der = der.der().to_vec();
    Made { params, key, der }
}
