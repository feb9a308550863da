//! The simulated AWS itself: one value that answers every operation.
//! Above: the faces. Below: `scenario`, `fault`, `op`.
//! Invariant: an operation counts, is authorized, throttled, validated and only then done, in this order.

use crate::fault::Fault;
use crate::op::Op;
use crate::scenario::{Problems, Scenario};
use sensor_sdk::types::Tag;
use sensor_sdk::types::aws::{
    Account, AccountPage, AssumeRoleRequest, CallerIdentity, CertificateBody, CertificateDetail,
    CertificatePage, ListCertificatesRequest, ListRegionsRequest, ListSecretsRequest, Organization,
    OrganizationalUnitPage, RegionPage, RootPage, SearchCertificatesRequest, SecretDescription,
    SecretPage,
};

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
    scenario: Scenario,
    start: i64,
}

fn unbuilt<T>() -> Result<T, Fault> {
    Err(Fault::new(
        sensor_sdk::types::ErrorClass::Internal,
        500,
        "InternalFailure",
        "to come",
    ))
}

#[expect(
    clippy::missing_errors_doc,
    unused_variables,
    reason = "each returns the fault that AWS would return"
)]
impl World {
    /// Builds the world of a scenario. `now_ms` is its start where the scenario names none and its clock is real.
    ///
    /// # Errors
    /// Everything that is wrong with the scenario.
    pub fn new(scenario: &Scenario, now_ms: i64) -> Result<Self, Problems> {
        Ok(Self {
            scenario: scenario.clone(),
            start: scenario.start.map_or(now_ms, |start| start.0),
        })
    }
    /// What the scenario calls itself.
    pub fn name(&self) -> &str {
        &self.scenario.name
    }
    /// When it begins.
    pub fn start(&self) -> i64 {
        self.start
    }
    /// Where a virtual clock starts; none for a real one.
    pub fn virtual_start(&self) -> Option<i64> {
        None
    }
    /// How many accounts there are.
    pub fn account_count(&self) -> u32 {
        0
    }
    /// How many certificates are placed.
    pub fn certificate_count(&self) -> u64 {
        0
    }
    /// Whom the operator's credentials stand for.
    pub fn identity(&self) -> Identity {
        Identity {
            account: String::new(),
            arn: String::new(),
            user_id: String::new(),
            partition: String::new(),
            access_key: String::new(),
            secret_key: String::new(),
        }
    }
    /// Who signs with this access key: the base credentials or a session.
    pub fn caller_of_key(&self, access_key: &str) -> Option<Caller> {
        None
    }
    /// The secret of an access key.
    pub fn secret_of_key(&self, access_key: &str) -> Option<&str> {
        None
    }
    /// Latency and harm of one call; ask once a call.
    pub fn transport(&mut self, now_ms: i64, caller: &Caller, region: &str, op: Op) -> Transport {
        Transport::default()
    }
    /// How often each operation was called, sorted by name.
    pub fn calls(&self) -> Vec<(String, u64)> {
        Vec::new()
    }
    /// Every certificate placed, made one by one as the iterator advances.
    pub fn truth(&self, now_ms: i64) -> impl Iterator<Item = Placed> + '_ {
        std::iter::empty()
    }

    /// STS. `region` is the endpoint's, where a face knows it.
    pub fn get_caller_identity(
        &mut self,
        now_ms: i64,
        caller: &Caller,
    ) -> Result<CallerIdentity, Fault> {
        unbuilt()
    }
    /// STS.
    pub fn assume_role(
        &mut self,
        now_ms: i64,
        caller: &Caller,
        region: Option<&str>,
        request: &AssumeRoleRequest,
    ) -> Result<AssumedRole, Fault> {
        unbuilt()
    }
    /// Organizations.
    pub fn describe_organization(
        &mut self,
        now_ms: i64,
        caller: &Caller,
    ) -> Result<Organization, Fault> {
        unbuilt()
    }
    /// Organizations.
    pub fn describe_account(
        &mut self,
        now_ms: i64,
        caller: &Caller,
        account_id: &str,
    ) -> Result<Account, Fault> {
        unbuilt()
    }
    /// Organizations. At most 20 a page, as in the other lists.
    pub fn list_accounts(
        &mut self,
        now_ms: i64,
        caller: &Caller,
        max_results: Option<u32>,
        next_token: Option<&str>,
    ) -> Result<AccountPage, Fault> {
        unbuilt()
    }
    /// Organizations.
    pub fn list_roots(
        &mut self,
        now_ms: i64,
        caller: &Caller,
        max_results: Option<u32>,
        next_token: Option<&str>,
    ) -> Result<RootPage, Fault> {
        unbuilt()
    }
    /// Organizations.
    pub fn list_organizational_units_for_parent(
        &mut self,
        now_ms: i64,
        caller: &Caller,
        parent_id: &str,
        max_results: Option<u32>,
        next_token: Option<&str>,
    ) -> Result<OrganizationalUnitPage, Fault> {
        unbuilt()
    }
    /// Organizations.
    pub fn list_accounts_for_parent(
        &mut self,
        now_ms: i64,
        caller: &Caller,
        parent_id: &str,
        max_results: Option<u32>,
        next_token: Option<&str>,
    ) -> Result<AccountPage, Fault> {
        unbuilt()
    }
    /// Account Management. At most 50 a page.
    pub fn list_regions(
        &mut self,
        now_ms: i64,
        caller: &Caller,
        max_results: Option<u32>,
        request: &ListRegionsRequest,
    ) -> Result<RegionPage, Fault> {
        unbuilt()
    }
    /// ACM, with its hiding defaults. `max_items` 0 means AWS's default.
    pub fn list_certificates(
        &mut self,
        now_ms: i64,
        caller: &Caller,
        region: &str,
        request: &ListCertificatesRequest,
    ) -> Result<CertificatePage, Fault> {
        unbuilt()
    }
    /// ACM; hides nothing. `max_results` 0 means AWS's default of 100.
    pub fn search_certificates(
        &mut self,
        now_ms: i64,
        caller: &Caller,
        region: &str,
        request: &SearchCertificatesRequest,
    ) -> Result<CertificatePage, Fault> {
        unbuilt()
    }
    /// ACM.
    pub fn describe_certificate(
        &mut self,
        now_ms: i64,
        caller: &Caller,
        region: &str,
        arn: &str,
    ) -> Result<CertificateDetail, Fault> {
        unbuilt()
    }
    /// ACM.
    pub fn get_certificate(
        &mut self,
        now_ms: i64,
        caller: &Caller,
        region: &str,
        arn: &str,
    ) -> Result<CertificateBody, Fault> {
        unbuilt()
    }
    /// ACM.
    pub fn list_tags_for_certificate(
        &mut self,
        now_ms: i64,
        caller: &Caller,
        region: &str,
        arn: &str,
    ) -> Result<Vec<Tag>, Fault> {
        unbuilt()
    }
    /// Secrets Manager.
    pub fn list_secrets(
        &mut self,
        now_ms: i64,
        caller: &Caller,
        region: &str,
        request: &ListSecretsRequest,
    ) -> Result<SecretPage, Fault> {
        unbuilt()
    }
    /// Secrets Manager.
    pub fn describe_secret(
        &mut self,
        now_ms: i64,
        caller: &Caller,
        region: &str,
        secret_id: &str,
    ) -> Result<SecretDescription, Fault> {
        unbuilt()
    }
}
