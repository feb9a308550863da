//! The simulated AWS inside this process, behind the same seam as the real one.
//! Above: the benchmark (from memory, so that nothing but the sensor is measured; or under AWS's rates), `renewals`. Below: `mock_aws`, `twin`.
//! Invariant: an answer that is remembered is the one that the model gave to the same request.

use super::twin::Twin;
use mock_aws::{Caller, Import, Op, World};
use sensor::backend::{AwsBackend, PrivateKey, Session, SessionSource, unsupported};
use sensor::bindings::connector::sensor::aws::types as aws;
use sensor::bindings::connector::sensor::core::types::{Error, ErrorClass, Tag};
use sensor::model::time::Clock;
use sensor_sdk::types::{Error as GuestError, Tag as GuestTag};
use std::any::Any;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Calls by account, region and operation.
pub type Tally = BTreeMap<(String, String, Op), u64>;

/// A simulated AWS.
pub struct Simulated {
    world: Mutex<World>,
    clock: Arc<dyn Clock>,
    /// How long each call is under way.
    latency: Duration,
    /// Whether the same question gets the remembered answer.
    remember: bool,
    memory: Mutex<HashMap<(Op, String), Box<dyn Any + Send>>>,
    tally: Mutex<Tally>,
    throttled: Mutex<u64>,
}

impl Simulated {
    pub fn new(world: World, clock: Arc<dyn Clock>, latency: Duration) -> Self {
        Self {
            world: world.into(),
            clock,
            latency,
            remember: false,
            memory: Mutex::default(),
            tally: Mutex::default(),
            throttled: Mutex::default(),
        }
    }

    /// Answers the same question from memory.
    pub fn remembering(world: World, clock: Arc<dyn Clock>) -> Self {
        let mut new = Self::new(world, clock, Duration::ZERO);
        new.remember = true;
        new
    }

    /// Whom the operator's credentials stand for.
    pub fn base(&self) -> Session {
        let identity = locked(&self.world).identity();
        let (account, arn) = (identity.account, identity.arn);
        Session::new(
            account,
            arn,
            identity.partition,
            SessionSource::Mock,
            false,
            None,
        )
    }

    /// Asks the model something while no call is under way.
    pub fn with<T>(&self, ask: impl FnOnce(&World) -> T) -> T {
        ask(&locked(&self.world))
    }

    /// Every call so far.
    pub fn tally(&self) -> Tally {
        locked(&self.tally).clone()
    }

    /// Calls that were too many.
    pub fn throttled(&self) -> u64 {
        *locked(&self.throttled)
    }

    async fn ask<G: Twin<T>, T: Clone + Send + 'static, F: Into<GuestError>>(
        &self,
        session: &Session,
        region: &str,
        op: Op,
        question: String,
        run: impl FnOnce(&mut World, i64, &Caller) -> Result<G, F> + Send,
    ) -> Result<T, Error> {
        if self.latency > Duration::ZERO {
            self.clock.sleep(self.latency).await;
        }
        let question = (op, format!("{} {region} {question}", session.principal()));
        if self.remember
            && let Some(answer) = self.remembered(&question)
        {
            return answer;
        }
        let caller = Caller {
            account: session.account().to_owned(),
            arn: session.principal().to_owned(),
            access_key: None,
        };
        let answer = run(&mut locked(&self.world), self.clock.now(), &caller)
            .map_err(Into::<GuestError>::into)
            .twin();
        self.note(session, region, op, &answer);
        if self.remember {
            locked(&self.memory).insert(question, Box::new(answer.clone()));
        }
        answer
    }

    fn remembered<T: Clone + 'static>(&self, question: &(Op, String)) -> Option<Result<T, Error>> {
        let memory = locked(&self.memory);
        let answer = memory.get(question)?;
        answer.downcast_ref::<Result<T, Error>>().cloned()
    }

    fn note<T>(&self, session: &Session, region: &str, op: Op, answer: &Result<T, Error>) {
        let place = (session.account().to_owned(), region.to_owned(), op);
        *locked(&self.tally).entry(place).or_default() += 1;
        if answer
            .as_ref()
            .is_err_and(|error| error.class == ErrorClass::Throttled)
        {
            *locked(&self.throttled) += 1;
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A role's session: no record of the contract, but made of one.
#[derive(Clone)]
struct Assumed(Session);

impl Twin<Assumed> for mock_aws::AssumedRole {
    fn twin(self) -> Assumed {
        let expires = Some(self.expires_at);
        Assumed(Session::new(
            self.account,
            self.arn,
            self.partition,
            SessionSource::Mock,
            true,
            expires,
        ))
    }
}

/// Operations without a region.
const GLOBAL: &str = "";

#[async_trait::async_trait]
impl AwsBackend for Simulated {
    /// Treated as the real one: a mock-host is paced more closely.
    fn is_mock(&self) -> bool {
        false
    }

    async fn get_caller_identity(&self, session: &Session) -> Result<aws::CallerIdentity, Error> {
        let op = Op::GetCallerIdentity;
        self.ask(session, GLOBAL, op, String::new(), |world, now, caller| {
            world.get_caller_identity(now, caller)
        })
        .await
    }

    async fn assume_role(
        &self,
        session: &Session,
        request: &aws::AssumeRoleRequest,
    ) -> Result<Session, Error> {
        let (op, asked) = (Op::AssumeRole, format!("{request:?}"));
        let request = request.clone().twin();
        let role: Result<Assumed, Error> = self
            .ask(session, GLOBAL, op, asked, |world, now, caller| {
                world.assume_role(now, caller, None, &request)
            })
            .await;
        role.map(|Assumed(session)| session)
    }

    async fn describe_organization(&self, session: &Session) -> Result<aws::Organization, Error> {
        let op = Op::DescribeOrganization;
        self.ask(
            session,
            GLOBAL,
            op,
            String::new(),
            World::describe_organization,
        )
        .await
    }

    async fn describe_account(&self, session: &Session, id: &str) -> Result<aws::Account, Error> {
        let op = Op::DescribeAccount;
        self.ask(session, GLOBAL, op, id.to_owned(), |world, now, caller| {
            world.describe_account(now, caller, id)
        })
        .await
    }

    async fn list_accounts(
        &self,
        session: &Session,
        next: Option<&str>,
    ) -> Result<aws::AccountPage, Error> {
        let (op, asked) = (Op::ListAccounts, format!("{next:?}"));
        self.ask(session, GLOBAL, op, asked, |world, now, caller| {
            world.list_accounts(now, caller, None, next)
        })
        .await
    }

    async fn list_roots(
        &self,
        session: &Session,
        next: Option<&str>,
    ) -> Result<aws::RootPage, Error> {
        let (op, asked) = (Op::ListRoots, format!("{next:?}"));
        self.ask(session, GLOBAL, op, asked, |world, now, caller| {
            world.list_roots(now, caller, None, next)
        })
        .await
    }

    async fn list_organizational_units_for_parent(
        &self,
        session: &Session,
        parent: &str,
        next: Option<&str>,
    ) -> Result<aws::OrganizationalUnitPage, Error> {
        let op = Op::ListOrganizationalUnitsForParent;
        let asked = format!("{parent} {next:?}");
        self.ask(session, GLOBAL, op, asked, |world, now, caller| {
            world.list_organizational_units_for_parent(now, caller, parent, None, next)
        })
        .await
    }

    async fn list_accounts_for_parent(
        &self,
        session: &Session,
        parent: &str,
        next: Option<&str>,
    ) -> Result<aws::AccountPage, Error> {
        let (op, asked) = (Op::ListAccountsForParent, format!("{parent} {next:?}"));
        self.ask(session, GLOBAL, op, asked, |world, now, caller| {
            world.list_accounts_for_parent(now, caller, parent, None, next)
        })
        .await
    }

    async fn list_regions(
        &self,
        session: &Session,
        request: &aws::ListRegionsRequest,
    ) -> Result<aws::RegionPage, Error> {
        let (op, asked) = (Op::ListRegions, format!("{request:?}"));
        let request = request.clone().twin();
        self.ask(session, GLOBAL, op, asked, |world, now, caller| {
            world.list_regions(now, caller, None, &request)
        })
        .await
    }

    async fn list_certificates(
        &self,
        session: &Session,
        region: &str,
        request: &aws::ListCertificatesRequest,
    ) -> Result<aws::CertificatePage, Error> {
        let (op, asked) = (Op::ListCertificates, format!("{request:?}"));
        let request = request.clone().twin();
        self.ask(session, region, op, asked, |world, now, caller| {
            world.list_certificates(now, caller, region, &request)
        })
        .await
    }

    async fn search_certificates(
        &self,
        session: &Session,
        region: &str,
        request: &aws::SearchCertificatesRequest,
    ) -> Result<aws::CertificatePage, Error> {
        let (op, asked) = (Op::SearchCertificates, format!("{request:?}"));
        let request = request.clone().twin();
        self.ask(session, region, op, asked, |world, now, caller| {
            world.search_certificates(now, caller, region, &request)
        })
        .await
    }

    async fn describe_certificate(
        &self,
        session: &Session,
        region: &str,
        arn: &str,
    ) -> Result<aws::CertificateDetail, Error> {
        let op = Op::DescribeCertificate;
        self.ask(session, region, op, arn.to_owned(), |world, now, caller| {
            world.describe_certificate(now, caller, region, arn)
        })
        .await
    }

    async fn get_certificate(
        &self,
        session: &Session,
        region: &str,
        arn: &str,
    ) -> Result<aws::CertificateBody, Error> {
        let op = Op::GetCertificate;
        self.ask(session, region, op, arn.to_owned(), |world, now, caller| {
            world.get_certificate(now, caller, region, arn)
        })
        .await
    }

    async fn list_tags_for_certificate(
        &self,
        session: &Session,
        region: &str,
        arn: &str,
    ) -> Result<Vec<Tag>, Error> {
        let op = Op::ListTagsForCertificate;
        self.ask(session, region, op, arn.to_owned(), |world, now, caller| {
            world.list_tags_for_certificate(now, caller, region, arn)
        })
        .await
    }

    async fn list_secrets(
        &self,
        session: &Session,
        region: &str,
        request: &aws::ListSecretsRequest,
    ) -> Result<aws::SecretPage, Error> {
        let (op, asked) = (Op::ListSecrets, format!("{request:?}"));
        let request = request.clone().twin();
        self.ask(session, region, op, asked, |world, now, caller| {
            world.list_secrets(now, caller, region, &request)
        })
        .await
    }

    async fn describe_secret(
        &self,
        session: &Session,
        region: &str,
        id: &str,
    ) -> Result<aws::SecretDescription, Error> {
        let op = Op::DescribeSecret;
        self.ask(session, region, op, id.to_owned(), |world, now, caller| {
            world.describe_secret(now, caller, region, id)
        })
        .await
    }

    async fn import_certificate(
        &self,
        session: &Session,
        region: &str,
        request: &aws::ImportCertificateRequest,
        key: &PrivateKey,
    ) -> Result<String, Error> {
        let (op, asked) = (Op::ImportCertificate, format!("{request:?}"));
        let tags: Vec<GuestTag> = request.tags.clone().twin();
        let import = Import {
            arn: request.arn.as_deref(),
            certificate: &request.certificate,
            chain: request.chain.as_deref(),
            key: Ok(key.public_key().to_vec()),
            key_length: None,
            tags: &tags,
        };
        self.ask(session, region, op, asked, |world, now, caller| {
            world.import_certificate(now, caller, region, &import)
        })
        .await
    }

    async fn add_tags_to_certificate(
        &self,
        session: &Session,
        region: &str,
        arn: &str,
        tags: &[Tag],
    ) -> Result<(), Error> {
        let (op, asked) = (Op::AddTagsToCertificate, format!("{arn} {tags:?}"));
        let tags: Vec<GuestTag> = tags.to_vec().twin();
        self.ask(session, region, op, asked, |world, now, caller| {
            world.add_tags_to_certificate(now, caller, region, arn, &tags)
        })
        .await
    }

    async fn delete_certificate(
        &self,
        session: &Session,
        region: &str,
        arn: &str,
    ) -> Result<(), Error> {
        let op = Op::DeleteCertificate;
        self.ask(session, region, op, arn.to_owned(), |world, now, caller| {
            world.delete_certificate(now, caller, region, arn)
        })
        .await
    }

    // Keys wait in the sensor wherever this stands for AWS.
    async fn create_secret(
        &self,
        _: &Session,
        _: &str,
        _: &aws::CreateSecretRequest,
        _: &str,
    ) -> Result<String, Error> {
        Err(unsupported("secretsmanager:CreateSecret"))
    }

    async fn get_secret_value(&self, _: &Session, _: &str, _: &str) -> Result<String, Error> {
        Err(unsupported("secretsmanager:GetSecretValue"))
    }

    async fn delete_secret(&self, _: &Session, _: &str, _: &str) -> Result<(), Error> {
        Err(unsupported("secretsmanager:DeleteSecret"))
    }
}
