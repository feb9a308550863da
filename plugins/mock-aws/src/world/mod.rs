//! The simulated AWS itself: one value that answers every operation.
//! Above: the faces. Below: one module a service, `gate` before them all; `estate` holds what exists.
//! Invariant: an operation counts, is authorized, throttled, validated and only then done.

mod acm_import;
mod acm_list;
mod acm_read;
mod acm_write;
mod gate;
mod import_rules;
mod journal;
mod organizations;
mod page;
mod policy;
mod refuse;
mod regions;
mod secret_write;
mod secrets;
mod strike;
mod sts;
mod tags;
mod token;
mod told;
mod truth;
mod written;

pub use acm_import::{Import, KeyFlaw};
pub use secret_write::{NewSecret, SecretDeletion, SecretNamed};
pub use secrets::{SecretContent, SecretValue};

use crate::estate::Estate;
use crate::op::Op;
use crate::scenario::{Clock, Problems, Scenario};
use gate::{Bucket, Session};
use std::collections::{BTreeMap, HashMap};
use strike::Strikes;
use written::Written;

/// Who calls: what a face knows from a session handle or a signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The account that the caller acts in.
    pub account: String,
    /// The caller's ARN.
    pub arn: String,
    /// The access key that signed, where a face knows it: tells sessions of one name apart.
    pub access_key: Option<String>,
}

/// The base credentials: whom the operator's credentials stand for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The account.
    pub account: String,
    /// The ARN.
    pub arn: String,
    /// `AIDA…` or `AROA…:name`.
    pub user_id: String,
    /// `aws`, …
    pub partition: String,
    /// What an HTTP face takes for these credentials.
    pub access_key: String,
    /// Its secret.
    pub secret_key: String,
}

/// What AssumeRole gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssumedRole {
    /// The role's account.
    pub account: String,
    /// `arn:…:sts::…:assumed-role/ROLE/SESSION`.
    pub arn: String,
    /// `AROA…:SESSION`.
    pub user_id: String,
    /// `aws`, …
    pub partition: String,
    /// `ASIA…`.
    pub access_key: String,
    /// Its secret.
    pub secret_key: String,
    /// The session token.
    pub session_token: String,
    /// Milliseconds since 1970.
    pub expires_at: i64,
}

/// What happens to an answer on its way, for a face to act out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Transport {
    /// How long the call takes.
    pub latency_ms: u64,
    /// How the answer is harmed.
    pub damage: Option<Damage>,
}

/// How an answer is harmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Damage {
    /// It ends in the middle.
    Truncated,
    /// It is not what the protocol says.
    Garbled,
    /// The connection ends without one.
    Reset,
}

/// One certificate at its place, for tests that compare an inventory with the truth.
#[derive(Debug, Clone, PartialEq)]
pub struct Placed {
    /// The account's number.
    pub account: String,
    /// The region.
    pub region: String,
    /// The ARN.
    pub arn: String,
    /// AWS's status.
    pub status: String,
    /// `IMPORTED`, …
    pub kind: String,
    /// `RSA_2048`, …
    pub key_algorithm: String,
    /// Whether lists show it at the time asked for (to a caller who names all types and origins).
    pub visible: bool,
    /// The body; none while ACM has none.
    pub der: Option<Vec<u8>>,
    /// Whether GetCertificate hands over that body unharmed.
    pub intact: bool,
}

impl Placed {
    /// SHA-256 of the body.
    pub fn sha256(&self) -> Option<[u8; 32]> {
        use sha2::Digest;
        self.der
            .as_ref()
            .map(|der| sha2::Sha256::digest(der).into())
    }
}

/// The simulated AWS.
#[derive(Debug)]
pub struct World {
    estate: Estate,
    calls: BTreeMap<Op, u64>,
    strikes: Vec<Strikes>,
    /// By (account, region, operation).
    buckets: HashMap<(usize, u64, Op), Bucket>,
    /// By access key.
    sessions: HashMap<String, Session>,
    /// The newest access key of a session's ARN.
    latest: HashMap<String, String>,
    issued: u64,
    /// How often the certificates of (account, split) were listed.
    lists: HashMap<(usize, usize), u64>,
    written: Written,
}

impl World {
    /// Builds the world of a scenario. `now_ms` is its start where the scenario names none and its clock is real.
    ///
    /// # Errors
    /// Everything that is wrong with the scenario.
    pub fn new(scenario: &Scenario, now_ms: i64) -> Result<Self, Problems> {
        let estate = Estate::build(scenario, now_ms)?;
        Ok(Self {
            strikes: vec![Strikes::default(); estate.rules.len()],
            written: Written::of(&estate),
            estate,
            calls: BTreeMap::new(),
            buckets: HashMap::new(),
            sessions: HashMap::new(),
            latest: HashMap::new(),
            issued: 0,
            lists: HashMap::new(),
        })
    }

    /// What the scenario calls itself.
    pub fn name(&self) -> &str {
        &self.estate.name
    }

    /// When it begins.
    pub fn start(&self) -> i64 {
        self.estate.start
    }

    /// Where a virtual clock starts; none for a real one. Bodies may follow the day, but what is made today must be valid
    /// already.
    pub fn virtual_start(&self, now_ms: i64) -> Option<i64> {
        let start = self.estate.start;
        match self.estate.clock {
            Clock::Real => None,
            Clock::Virtual => Some(start),
            Clock::VirtualToday => Some(start.max(now_ms)),
        }
    }

    /// How many accounts there are.
    pub fn account_count(&self) -> u32 {
        u32::try_from(self.estate.accounts.len()).unwrap_or(u32::MAX)
    }

    /// The number of the account of this name.
    pub fn account_id(&self, name: &str) -> Option<&str> {
        let account = self
            .estate
            .accounts
            .iter()
            .find(|account| account.name == name);
        account.map(|account| account.id.as_str())
    }

    /// How many certificates the scenario places.
    pub fn certificate_count(&self) -> u64 {
        self.estate.certificates()
    }

    /// Whom the operator's credentials stand for.
    pub fn identity(&self) -> Identity {
        self.estate.base.identity.clone()
    }

    /// The operator as a caller.
    pub fn base(&self) -> Caller {
        let identity = self.identity();
        Caller {
            account: identity.account,
            arn: identity.arn,
            access_key: None,
        }
    }

    /// Who signs with this access key: the base credentials or a session.
    pub fn caller_of_key(&self, access_key: &str) -> Option<Caller> {
        if access_key == self.estate.base.identity.access_key {
            return Some(self.base());
        }
        self.sessions.get(access_key).map(|session| Caller {
            account: self.estate.accounts[session.account].id.clone(),
            arn: session.arn.clone(),
            access_key: Some(access_key.to_owned()),
        })
    }

    /// The secret of an access key.
    pub fn secret_of_key(&self, access_key: &str) -> Option<&str> {
        if access_key == self.estate.base.identity.access_key {
            return Some(&self.estate.base.identity.secret_key);
        }
        self.sessions
            .get(access_key)
            .map(|session| session.secret.as_str())
    }

    /// How often each operation was called, sorted by operation.
    pub fn calls(&self) -> Vec<(String, u64)> {
        let calls = self.calls.iter();
        calls.map(|(op, n)| (op.name().to_owned(), *n)).collect()
    }
}

impl From<AssumedRole> for Caller {
    fn from(role: AssumedRole) -> Self {
        Self {
            account: role.account,
            arn: role.arn,
            access_key: Some(role.access_key),
        }
    }
}
