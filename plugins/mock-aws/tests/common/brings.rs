//! Imports as tests ask for them: whole ones, and ones with something changed.
//! Above: the tests of importing. Below: `ca`, the crate under test.
//! Invariant: what is not changed would be taken.
#![allow(dead_code, reason = "each test crate uses a part of it")]

use super::START;
use super::ca::{Ca, Leaf, Wanted};
use mock_aws::{Fault, Import, KeyFlaw, World};
use sensor_sdk::types::Tag;

pub(crate) const EAST: &str = "us-east-1";
/// One account.
pub(crate) const ONE: &str = "[[account]]\nname = \"one\"\nid = \"111122223333\"\n";

pub(crate) fn authority() -> Ca {
    Ca::root("Root", "EC_prime256v1").below("Issuing", "EC_prime256v1")
}

pub(crate) fn leaf() -> Leaf {
    authority().issue(&Wanted::new(START, &["www.example.com"]))
}

/// What a request brings, to be changed.
pub(crate) struct Brings {
    pub(crate) arn: Option<String>,
    pub(crate) certificate: String,
    pub(crate) chain: Option<String>,
    pub(crate) key: Result<Vec<u8>, KeyFlaw>,
    pub(crate) key_length: Option<usize>,
    pub(crate) tags: Vec<Tag>,
}

impl Brings {
    pub(crate) fn of(leaf: &Leaf) -> Self {
        Self {
            arn: None,
            certificate: leaf.pem(),
            chain: leaf.chain_pem(),
            key: Ok(leaf.spki()),
            key_length: None,
            tags: Vec::new(),
        }
    }

    pub(crate) fn ask(&self, world: &mut World, now: i64) -> Result<String, Fault> {
        let import = Import {
            arn: self.arn.as_deref(),
            certificate: &self.certificate,
            chain: self.chain.as_deref(),
            key: self.key.clone(),
            key_length: self.key_length,
            tags: &self.tags,
        };
        let base = world.base();
        world.import_certificate(now, &base, EAST, &import)
    }
}

pub(crate) fn import(world: &mut World, now: i64, leaf: &Leaf) -> Result<String, Fault> {
    Brings::of(leaf).ask(world, now)
}

pub(crate) fn tagged(leaf: &Leaf, tags: &[Tag]) -> Brings {
    Brings {
        tags: tags.to_vec(),
        ..Brings::of(leaf)
    }
}

pub(crate) fn with_chain(leaf: &Leaf, chain: Option<&str>) -> Brings {
    Brings {
        chain: chain.map(str::to_owned),
        ..Brings::of(leaf)
    }
}

pub(crate) fn again(world: &mut World, now: i64, arn: &str, leaf: &Leaf) -> Result<String, Fault> {
    let brings = Brings {
        arn: Some(arn.to_owned()),
        ..Brings::of(leaf)
    };
    brings.ask(world, now)
}

#[track_caller]
pub(crate) fn refused(answer: Result<String, Fault>, code: &str, words: &str) {
    let fault = answer.expect_err(words);
    assert_eq!(fault.code, code, "{fault}");
    assert!(fault.message.contains(words), "{fault}");
    assert_eq!(fault.status, 400);
}

#[track_caller]
pub(crate) fn invalid(answer: Result<String, Fault>, words: &str) {
    refused(answer, "ValidationException", words);
}
