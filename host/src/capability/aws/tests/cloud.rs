//! A small cloud for the policy layer's tests: AWS's real rates on the tests' clock, scripted failures, roles that end.

mod detail;

use crate::backend::{AwsBackend, PrivateKey, Session, SessionSource};
use crate::bindings::connector::sensor::aws::types as aws;
use crate::bindings::connector::sensor::core::types::{Error, ErrorClass, Tag};
use crate::model::time::{Clock, Millis, VirtualClock};
use detail::detail;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

pub(super) const START: Millis = 1_800_000_000_000;
pub(super) const HOUR_MS: Millis = 3_600_000;

/// AWS's side of the quotas: a bucket that holds one second's worth.
struct Quota {
    rate: f64,
    tokens: f64,
    at: Millis,
}

#[derive(Default)]
struct State {
    quotas: HashMap<(String, String, &'static str), Quota>,
    failures: HashMap<&'static str, VecDeque<Error>>,
    throttled: u64,
    assumed: Vec<aws::AssumeRoleRequest>,
    /// What was answered to imports, if not the next ARN of the place.
    imported_as: Option<String>,
    imports: u64,
    /// Sealed values by name.
    secrets: HashMap<String, String>,
    /// Calls under way by service, now and at most.
    busy: HashMap<&'static str, (u32, u32)>,
}

pub(super) struct Cloud {
    clock: Arc<VirtualClock>,
    state: Mutex<State>,
    /// The longest session that a role allows.
    pub(super) longest_role_s: u32,
    /// The account that AssumeRole answers for, if not the one asked.
    pub(super) answers_for: Option<String>,
}

pub(super) fn base() -> Session {
    let principal = "arn:aws:iam::111111111111:user/sensor".to_owned();
    Session::new(
        "111111111111".into(),
        principal,
        "aws".into(),
        SessionSource::Mock,
        false,
        None,
    )
}

pub(super) fn role(account: &str) -> aws::AssumeRoleRequest {
    aws::AssumeRoleRequest {
        role_arn: format!("arn:aws:iam::{account}:role/Reader"),
        session_name: "sensor".to_owned(),
        external_id: None,
        policy: None,
        duration_seconds: None,
    }
}

pub(super) fn failure(class: ErrorClass) -> Error {
    let (code, message) = (format!("{class:?}"), "as scripted".to_owned());
    Error {
        class,
        code,
        message,
        detail: None,
        retry_after_ms: None,
        subject: None,
    }
}

fn rate(operation: &str) -> f64 {
    match operation {
        "acm:ListCertificates" | "acm:SearchCertificates" | "acm:ImportCertificate" => 1.0,
        "acm:AddTagsToCertificate" => 5.0,
        name if name.starts_with("acm:") => 10.0,
        name if name.starts_with("organizations:") => 5.0,
        _ => 600.0,
    }
}

impl Cloud {
    pub(super) fn new(clock: Arc<VirtualClock>) -> Self {
        Self {
            clock,
            state: Mutex::default(),
            longest_role_s: 43_200,
            answers_for: None,
        }
    }

    /// The next calls of an operation fail so.
    pub(super) fn fail<const N: usize>(
        &mut self,
        operation: &'static str,
        classes: [ErrorClass; N],
    ) {
        self.fail_with(operation, classes.map(failure).to_vec());
    }

    pub(super) fn fail_with(&mut self, operation: &'static str, errors: Vec<Error>) {
        self.state
            .lock()
            .unwrap()
            .failures
            .insert(operation, errors.into());
    }

    /// Imports are answered with this ARN.
    pub(super) fn answer_imports_with(&mut self, arn: &str) {
        self.state.lock().unwrap().imported_as = Some(arn.to_owned());
    }

    /// Imports that were made.
    pub(super) fn imports(&self) -> u64 {
        self.state.lock().unwrap().imports
    }

    pub(super) fn secrets(&self) -> Vec<(String, String)> {
        let state = self.state.lock().unwrap();
        state.secrets.clone().into_iter().collect()
    }

    /// How many calls came faster than AWS allows.
    pub(super) fn throttled(&self) -> u64 {
        self.state.lock().unwrap().throttled
    }

    pub(super) fn assumed(&self) -> Vec<aws::AssumeRoleRequest> {
        self.state.lock().unwrap().assumed.clone()
    }

    pub(super) fn most_at_once(&self, service: &str) -> u32 {
        self.state
            .lock()
            .unwrap()
            .busy
            .get(service)
            .map_or(0, |(_, most)| *most)
    }

    async fn serve(
        &self,
        operation: &'static str,
        session: &Session,
        region: &str,
    ) -> Result<(), Error> {
        let service = operation.split(':').next().unwrap_or_default();
        self.enter(service, 1);
        tokio::task::yield_now().await;
        let answer = self.answer(operation, session, region);
        self.enter(service, -1);
        answer
    }

    fn enter(&self, service: &'static str, change: i32) {
        let mut state = self.state.lock().unwrap();
        let (now, most) = state.busy.entry(service).or_default();
        *now = now.saturating_add_signed(change);
        *most = (*most).max(*now);
    }

    fn answer(
        &self,
        operation: &'static str,
        session: &Session,
        region: &str,
    ) -> Result<(), Error> {
        let now = self.clock.now();
        if session.expires_at().is_some_and(|end| end <= now) {
            return Err(failure(ErrorClass::AuthExpired));
        }
        let mut state = self.state.lock().unwrap();
        let rate = rate(operation);
        let key = (session.account().to_owned(), region.to_owned(), operation);
        let quota = state.quotas.entry(key).or_insert(Quota {
            rate,
            tokens: rate.max(1.0),
            at: now,
        });
        let refill = (now - quota.at) as f64 / 1000.0 * quota.rate;
        quota.tokens = (quota.tokens + refill).min(quota.rate.max(1.0));
        quota.at = now;
        if quota.tokens < 1.0 - 1e-9 {
            state.throttled += 1;
            return Err(failure(ErrorClass::Throttled));
        }
        quota.tokens -= 1.0;
        match state
            .failures
            .get_mut(operation)
            .and_then(VecDeque::pop_front)
        {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }
}

#[async_trait::async_trait]
impl AwsBackend for Cloud {
    fn is_mock(&self) -> bool {
        true
    }

    async fn get_caller_identity(&self, session: &Session) -> Result<aws::CallerIdentity, Error> {
        self.serve("sts:GetCallerIdentity", session, "").await?;
        let (account, arn) = (session.account().to_owned(), session.principal().to_owned());
        Ok(aws::CallerIdentity {
            account,
            arn,
            user_id: String::new(),
        })
    }

    async fn assume_role(
        &self,
        session: &Session,
        request: &aws::AssumeRoleRequest,
    ) -> Result<Session, Error> {
        self.state.lock().unwrap().assumed.push(request.clone());
        self.serve("sts:AssumeRole", session, "").await?;
        let seconds = request.duration_seconds.unwrap_or(3600);
        if seconds > self.longest_role_s {
            let message =
                "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
                    .to_owned();
            return Err(Error {
                message,
                code: "ValidationError".into(),
                ..failure(ErrorClass::Unsupported)
            });
        }
        let asked = request
            .role_arn
            .split(':')
            .nth(4)
            .unwrap_or_default()
            .to_owned();
        let account = self.answers_for.clone().unwrap_or(asked);
        let principal = format!(
            "arn:aws:sts::{account}:assumed-role/Reader/{}",
            request.session_name
        );
        let end = self.clock.now() + Millis::from(seconds) * 1000;
        Ok(Session::new(
            account,
            principal,
            "aws".into(),
            SessionSource::Mock,
            true,
            Some(end),
        ))
    }

    async fn describe_organization(&self, session: &Session) -> Result<aws::Organization, Error> {
        self.serve("organizations:DescribeOrganization", session, "")
            .await?;
        Ok(aws::Organization {
            id: String::new(),
            management_account_id: String::new(),
            feature_set: String::new(),
        })
    }
    async fn describe_account(&self, session: &Session, _: &str) -> Result<aws::Account, Error> {
        self.serve("organizations:DescribeAccount", session, "")
            .await?;
        Err(failure(ErrorClass::NotFound))
    }
    async fn list_accounts(
        &self,
        session: &Session,
        _: Option<&str>,
    ) -> Result<aws::AccountPage, Error> {
        self.serve("organizations:ListAccounts", session, "")
            .await?;
        Ok(aws::AccountPage {
            accounts: vec![],
            next_token: None,
        })
    }
    async fn list_roots(&self, session: &Session, _: Option<&str>) -> Result<aws::RootPage, Error> {
        self.serve("organizations:ListRoots", session, "").await?;
        Ok(aws::RootPage {
            roots: vec![],
            next_token: None,
        })
    }
    async fn list_organizational_units_for_parent(
        &self,
        session: &Session,
        _: &str,
        _: Option<&str>,
    ) -> Result<aws::OrganizationalUnitPage, Error> {
        self.serve(
            "organizations:ListOrganizationalUnitsForParent",
            session,
            "",
        )
        .await?;
        Ok(aws::OrganizationalUnitPage {
            units: vec![],
            next_token: None,
        })
    }
    async fn list_accounts_for_parent(
        &self,
        session: &Session,
        _: &str,
        _: Option<&str>,
    ) -> Result<aws::AccountPage, Error> {
        self.serve("organizations:ListAccountsForParent", session, "")
            .await?;
        Ok(aws::AccountPage {
            accounts: vec![],
            next_token: None,
        })
    }

    async fn list_regions(
        &self,
        session: &Session,
        _: &aws::ListRegionsRequest,
    ) -> Result<aws::RegionPage, Error> {
        self.serve("account:ListRegions", session, "").await?;
        Ok(aws::RegionPage {
            regions: vec![],
            next_token: None,
        })
    }

    async fn list_certificates(
        &self,
        session: &Session,
        region: &str,
        _: &aws::ListCertificatesRequest,
    ) -> Result<aws::CertificatePage, Error> {
        self.serve("acm:ListCertificates", session, region).await?;
        Ok(aws::CertificatePage {
            certificates: vec![],
            next_token: None,
        })
    }
    async fn search_certificates(
        &self,
        session: &Session,
        region: &str,
        _: &aws::SearchCertificatesRequest,
    ) -> Result<aws::CertificatePage, Error> {
        self.serve("acm:SearchCertificates", session, region)
            .await?;
        Ok(aws::CertificatePage {
            certificates: vec![],
            next_token: None,
        })
    }
    async fn describe_certificate(
        &self,
        session: &Session,
        region: &str,
        arn: &str,
    ) -> Result<aws::CertificateDetail, Error> {
        self.serve("acm:DescribeCertificate", session, region)
            .await?;
        Ok(detail(arn))
    }
    async fn get_certificate(
        &self,
        session: &Session,
        region: &str,
        _: &str,
    ) -> Result<aws::CertificateBody, Error> {
        self.serve("acm:GetCertificate", session, region).await?;
        Ok(aws::CertificateBody {
            certificate: String::new(),
            chain: None,
        })
    }
    async fn list_tags_for_certificate(
        &self,
        session: &Session,
        region: &str,
        _: &str,
    ) -> Result<Vec<Tag>, Error> {
        self.serve("acm:ListTagsForCertificate", session, region)
            .await?;
        Ok(vec![])
    }

    async fn list_secrets(
        &self,
        session: &Session,
        region: &str,
        _: &aws::ListSecretsRequest,
    ) -> Result<aws::SecretPage, Error> {
        self.serve("secretsmanager:ListSecrets", session, region)
            .await?;
        Ok(aws::SecretPage {
            secrets: vec![],
            next_token: None,
        })
    }
    async fn describe_secret(
        &self,
        session: &Session,
        region: &str,
        _: &str,
    ) -> Result<aws::SecretDescription, Error> {
        self.serve("secretsmanager:DescribeSecret", session, region)
            .await?;
        Err(failure(ErrorClass::NotFound))
    }

    async fn import_certificate(
        &self,
        session: &Session,
        region: &str,
        request: &aws::ImportCertificateRequest,
        _: &PrivateKey,
    ) -> Result<String, Error> {
        self.serve("acm:ImportCertificate", session, region).await?;
        let mut state = self.state.lock().unwrap();
        state.imports += 1;
        let next = format!(
            "arn:aws:acm:{region}:{}:certificate/{}",
            session.account(),
            state.imports
        );
        let asked = request.arn.clone();
        Ok(state.imported_as.clone().or(asked).unwrap_or(next))
    }
    async fn add_tags_to_certificate(
        &self,
        session: &Session,
        region: &str,
        _: &str,
        _: &[Tag],
    ) -> Result<(), Error> {
        self.serve("acm:AddTagsToCertificate", session, region)
            .await
    }
    async fn delete_certificate(
        &self,
        session: &Session,
        region: &str,
        _: &str,
    ) -> Result<(), Error> {
        self.serve("acm:DeleteCertificate", session, region).await
    }

    async fn create_secret(
        &self,
        session: &Session,
        region: &str,
        request: &aws::CreateSecretRequest,
        sealed: &str,
    ) -> Result<String, Error> {
        self.serve("secretsmanager:CreateSecret", session, region)
            .await?;
        let mut state = self.state.lock().unwrap();
        let name = request.name.clone();
        let arn = format!(
            "arn:aws:secretsmanager:{region}:{}:secret:{name}-AbCdEf",
            session.account()
        );
        state.secrets.insert(name, sealed.to_owned());
        Ok(arn)
    }
    async fn get_secret_value(
        &self,
        session: &Session,
        region: &str,
        id: &str,
    ) -> Result<String, Error> {
        self.serve("secretsmanager:GetSecretValue", session, region)
            .await?;
        let state = self.state.lock().unwrap();
        let found = state.secrets.get(id).cloned();
        found.ok_or_else(|| failure(ErrorClass::NotFound))
    }
    async fn delete_secret(&self, session: &Session, region: &str, id: &str) -> Result<(), Error> {
        self.serve("secretsmanager:DeleteSecret", session, region)
            .await?;
        let gone = self.state.lock().unwrap().secrets.remove(id);
        gone.map(drop).ok_or_else(|| failure(ErrorClass::NotFound))
    }
}
