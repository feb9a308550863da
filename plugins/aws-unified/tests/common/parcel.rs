//! Deliveries as tests ask for them: a certificate with its key, a target, a plan.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]

use super::Cloud;
use super::ca::{Ca, Leaf, Wanted};
use aws_unified::AwsUnified;
use sensor_sdk::delivery::Delivery;
use sensor_sdk::fake::FakeKey;
use sensor_sdk::types::delivery::{Found, Material, Planned, Target, Trace};
use sensor_sdk::types::{Error, Finding, Tag};
use sha2::{Digest, Sha256};

/// Where all of these tests deliver.
pub const EAST: &str = "us-east-1";

pub fn tag(key: &str, value: &str) -> Tag {
    Tag {
        key: key.to_owned(),
        value: value.to_owned(),
    }
}

/// What marks a delivery.
pub fn mark() -> Vec<Tag> {
    vec![tag("sensor-delivery", "7")]
}

const ONE: &str = "rates = \"off\"\n";
const ACCOUNT: &str = "[[account]]\nname = \"one\"\nid = \"111122223333\"\n";
const DELIVERS: &str = r#""scope": "account", "delivery": {"enabled": true}"#;

/// An account that lets everything be done, and a connector that delivers. `scenario`: keys of the whole, then tables.
pub fn cloud(scenario: &str) -> Cloud {
    let tables = scenario.find("[[").unwrap_or(scenario.len());
    let (top, tables) = scenario.split_at(tables);
    Cloud::new(&format!("{ONE}{top}{ACCOUNT}{tables}"), DELIVERS)
}

/// The same, with more of the account, then tables.
pub fn cloud_with(more: &str) -> Cloud {
    Cloud::new(&format!("{ONE}{ACCOUNT}{more}"), DELIVERS)
}

pub fn authority() -> Ca {
    Ca::root("Root", "EC_prime256v1").below("Issuing", "EC_prime256v1")
}

/// A certificate of www.example.com, valid around the cloud's time.
pub fn leaf(cloud: &Cloud) -> Leaf {
    authority().issue(&Wanted::new(cloud.clock.get(), &["www.example.com"]))
}

pub fn key(leaf: &Leaf) -> FakeKey {
    FakeKey {
        algorithm: "EC_prime256v1".to_owned(),
        public_key: leaf.spki(),
    }
}

pub fn target(id: Option<&str>) -> Target {
    Target {
        account: "111122223333".to_owned(),
        region: EAST.to_owned(),
        id: id.map(str::to_owned),
    }
}

pub fn material(leaf: &Leaf) -> Material {
    Material {
        leaf: leaf.der.clone(),
        chain: leaf.chain.clone(),
        tags: mark(),
    }
}

/// By what a leaf is found again. `serial` as the sensor writes it.
pub fn trace(leaf: &Leaf, serial: &str) -> Trace {
    Trace {
        sha256: Sha256::digest(&leaf.der).to_vec(),
        serial: serial.to_owned(),
        tag: tag("sensor-delivery", "7"),
    }
}

pub fn planned() -> Planned {
    Planned {
        names: vec!["www.example.com".to_owned()],
        key_algorithm: "EC_prime256v1".to_owned(),
        key_usages: vec!["DIGITAL_SIGNATURE".to_owned()],
        extended_key_usages: vec!["TLS_WEB_SERVER_AUTHENTICATION".to_owned()],
        issuer_key_algorithm: Some("EC_prime256v1".to_owned()),
        tags: mark(),
        imports_planned: 1,
        imports_made: 0,
        park: false,
    }
}

impl Cloud {
    pub fn deliver(&self, id: Option<&str>, leaf: &Leaf) -> Result<String, Error> {
        AwsUnified::deliver(self, target(id), material(leaf), &key(leaf))
    }

    pub fn find(&self, trace: &Trace) -> Result<Vec<Found>, Error> {
        AwsUnified::find(self, target(None), trace.clone())
    }

    pub fn verify(&self, arn: &str) -> Result<Found, Error> {
        AwsUnified::verify(self, target(Some(arn)))
    }

    pub fn preflight(&self, id: Option<&str>, planned: Planned) -> Vec<Finding> {
        AwsUnified::preflight(self, target(id), planned).expect("a preflight ends in findings")
    }

    /// How many certificates are there.
    pub fn held(&self) -> usize {
        self.truth().len()
    }
}
