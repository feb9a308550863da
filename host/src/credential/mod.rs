//! Where sessions come from: the host's side of credential providers.
//! Above: `plugin` links [`SourcesView`] into credential providers; `app` keeps what they resolve.
//! Below: `backend`, `model`.
//! Invariant: a secret goes from its source into a session and nowhere else.

mod access_key;
mod environment;
mod load;
mod profiles;
#[cfg(test)]
mod tests;
mod view;

pub use access_key::{AccessKey, AccessKeyError};
pub use environment::Environment;
pub use view::SourcesView;

use crate::backend::{AwsBackend, SdkSession, Session, SessionSource, sdk};
use crate::bindings::connector::sensor::core::types::{Error, ErrorClass};
use crate::bindings::provider::sensor::auth::sources::ResolvedPaths;
use crate::model::secret::Secret;
use crate::model::text::clean;
use crate::model::time::Clock;
use load::From;
use profiles::Profiles;
use std::sync::Arc;
use std::time::Duration;

/// How often AWS is asked who a session is, when it does not answer.
const ATTEMPTS: u32 = 4;

/// Where stored secrets are kept: the ledger, in production.
pub trait SecretSource: Send + Sync {
    /// The secret of this name; none when there is none.
    ///
    /// # Errors
    /// When the place cannot be read.
    fn get(&self, name: &str) -> Result<Option<Secret>, SecretSourceError>;
}

/// A place for secrets that cannot be read. The text says why, without any secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SecretSourceError(pub String);

/// What credential providers draw from.
pub struct Sources {
    pub backend: Arc<dyn AwsBackend>,
    pub secrets: Arc<dyn SecretSource>,
    pub clock: Arc<dyn Clock>,
    pub environment: Environment,
    /// With a mock-host: whom the operator's credentials stand for. Every source then gives this session.
    pub stand_in: Option<Session>,
}

impl Sources {
    /// Environment, shared files, SSO, web identity, container, instance metadata: the SDK's own order.
    pub(crate) async fn default_chain(&self, region: Option<String>) -> Result<Session, Error> {
        self.session(From::Chain, region).await
    }

    /// One profile of the shared files.
    pub(crate) async fn profile(
        &self,
        name: &str,
        region: Option<String>,
    ) -> Result<Session, Error> {
        if self.stand_in.is_none() {
            let profiles = Profiles::read(&self.environment);
            profiles.find(name, &self.environment)?;
            if let Some(serial) = profiles.mfa_of(name) {
                return Err(mfa(name, &serial));
            }
        }
        self.session(From::Profile(name), region).await
    }

    /// An access key that the operator stored.
    pub(crate) async fn access_key(
        &self,
        secret_name: &str,
        region: Option<String>,
    ) -> Result<Session, Error> {
        if let Some(session) = &self.stand_in {
            return Ok(session.clone());
        }
        let name = clean(secret_name, 80);
        let stored = self.secrets.get(secret_name).map_err(|error| {
            failed(
                ErrorClass::Internal,
                "secret-store",
                format!("the secret `{name}` could not be read: {error}"),
            )
        })?;
        let stored = stored.ok_or_else(|| {
            let text = format!("no secret is stored under `{name}`: store the access key with `sensor secret set {name}`");
            failed(ErrorClass::Config, "unknown-secret", text)
        })?;
        let key = AccessKey::from_stored(&stored).map_err(|error| {
            failed(
                ErrorClass::Config,
                "invalid-access-key",
                format!("`{name}`: {error}"),
            )
        })?;
        self.session(From::AccessKey(&key), region).await
    }

    /// Where the host would look.
    pub(crate) fn paths(&self) -> ResolvedPaths {
        let profiles = Profiles::read(&self.environment);
        let (config, credentials) = (
            self.environment.config_file(),
            self.environment.credentials_file(),
        );
        ResolvedPaths {
            config_file_exists: config.is_file(),
            config_file: config.display().to_string(),
            credentials_file_exists: credentials.is_file(),
            credentials_file: credentials.display().to_string(),
            profiles: profiles.names(),
            user: self.environment.user().to_owned(),
        }
    }

    async fn session(&self, from: From<'_>, region: Option<String>) -> Result<Session, Error> {
        if let Some(session) = &self.stand_in {
            return Ok(session.clone());
        }
        let config = load::config(&self.environment, from, region).await;
        let region = config.region().map(AsRef::as_ref).unwrap_or_default();
        let partition = sdk::partition_of(region).to_owned();
        let source = SessionSource::Sdk(Box::new(SdkSession::of(config)));
        self.identified(source, partition).await
    }

    /// The session, once AWS has said whose it is (fact 42: this needs no permission).
    async fn identified(&self, source: SessionSource, partition: String) -> Result<Session, Error> {
        let probe = Session::new(
            String::new(),
            "unknown".to_owned(),
            partition,
            source.clone(),
            false,
            None,
        );
        let mut attempt = 1;
        let identity = loop {
            match self.backend.get_caller_identity(&probe).await {
                Ok(identity) => break identity,
                Err(error) if attempt < ATTEMPTS && passes(&error) => {
                    let wait = Duration::from_millis(250 << attempt)
                        .max(Duration::from_millis(error.retry_after_ms.unwrap_or(0)));
                    self.clock.sleep(wait.min(Duration::from_secs(20))).await;
                    attempt += 1;
                }
                Err(error) => return Err(error),
            }
        };
        let partition = identity
            .arn
            .split(':')
            .nth(1)
            .unwrap_or_default()
            .to_owned();
        let chained = identity.arn.contains(":assumed-role/");
        Ok(Session::new(
            identity.account,
            identity.arn,
            partition,
            source,
            chained,
            None,
        ))
    }
}

fn passes(error: &Error) -> bool {
    matches!(error.class, ErrorClass::Transient | ErrorClass::Throttled)
}

/// Fact 41.
fn mfa(name: &str, serial: &str) -> Error {
    let text = format!(
        "the profile `{}` asks for MFA (`mfa_serial = {}`), which an unattended sensor cannot give: use a profile without \
         it, or a role whose trust policy does not ask for MFA",
        clean(name, 80),
        clean(serial, 120),
    );
    failed(ErrorClass::Config, "mfa-required", text)
}

fn failed(class: ErrorClass, code: &str, message: String) -> Error {
    Error {
        class,
        code: code.to_owned(),
        message,
        detail: None,
        retry_after_ms: None,
        subject: None,
    }
}
