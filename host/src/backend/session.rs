//! A session: somebody's authority in a cloud, behind the handle that a guest holds.
//! Above: every capability. Below: the AWS SDK's credential providers.
//! Invariant: cheap to clone, and no function shows what stands behind it.

use crate::model::time::Millis;
use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, future};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

/// Stands for "does not expire".
const NEVER: Millis = Millis::MAX;

/// Somebody's authority in a cloud. Clones share it, a renewal included.
#[derive(Clone)]
pub struct Session(Arc<Inner>);

struct Inner {
    /// Unique in this process.
    id: u64,
    account: String,
    principal: String,
    partition: String,
    source: SessionSource,
    /// Whether it was made by assuming a role: assuming another is chaining, which AWS caps at one hour.
    chained: bool,
    expires_at: AtomicI64,
}

/// What stands behind a session.
#[derive(Clone)]
pub enum SessionSource {
    /// The AWS SDK's configuration: a credential provider, the home region, retries off.
    Sdk(Box<SdkSession>),
    /// A mock-host knows it by its principal.
    Mock,
}

/// A session of the AWS SDK.
#[derive(Clone)]
pub struct SdkSession {
    config: aws_config::SdkConfig,
    role: Option<RoleCredentials>,
}

impl SdkSession {
    /// A session whose configuration brings credentials that renew themselves.
    #[must_use]
    pub fn of(config: aws_config::SdkConfig) -> Self {
        Self { config, role: None }
    }

    /// A session of an assumed role: these credentials until [`Session::renew`] brings others. Everything but the
    /// credentials is as in `config`: the endpoints, the region, the HTTP client.
    #[must_use]
    pub(crate) fn of_role(config: &aws_config::SdkConfig, credentials: Credentials) -> Self {
        let role = RoleCredentials(Arc::new(RwLock::new(credentials)));
        let provider = aws_credential_types::provider::SharedCredentialsProvider::new(role.clone());
        // What is renewed in place must not be remembered elsewhere.
        let cache = aws_config::identity::IdentityCache::no_cache();
        let config = config
            .to_builder()
            .credentials_provider(provider)
            .identity_cache(cache)
            .build();
        Self {
            config,
            role: Some(role),
        }
    }

    pub(crate) fn config(&self) -> &aws_config::SdkConfig {
        &self.config
    }
}

/// The credentials of an assumed role, renewed in place by the policy layer.
#[derive(Clone, Debug)]
struct RoleCredentials(Arc<RwLock<Credentials>>);

impl RoleCredentials {
    fn get(&self) -> Credentials {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl ProvideCredentials for RoleCredentials {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::ready(Ok(self.get()))
    }
}

impl Session {
    /// A session of this account and principal.
    #[must_use]
    pub fn new(
        account: String,
        principal: String,
        partition: String,
        source: SessionSource,
        chained: bool,
        expires_at: Option<Millis>,
    ) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        let expires_at = expires_at.unwrap_or(NEVER).into();
        Self(Arc::new(Inner {
            id,
            account,
            principal,
            partition,
            source,
            chained,
            expires_at,
        }))
    }

    #[must_use]
    pub fn account(&self) -> &str {
        &self.0.account
    }
    #[must_use]
    pub fn principal(&self) -> &str {
        &self.0.principal
    }
    #[must_use]
    pub fn partition(&self) -> &str {
        &self.0.partition
    }
    #[must_use]
    pub fn chained(&self) -> bool {
        self.0.chained
    }
    #[must_use]
    pub fn expires_at(&self) -> Option<Millis> {
        Some(self.0.expires_at.load(Ordering::Acquire)).filter(|at| *at != NEVER)
    }
    /// The AWS SDK's configuration, for the host's own calls; none of a mock-host's session.
    pub(crate) fn sdk_config(&self) -> Option<&aws_config::SdkConfig> {
        match &self.0.source {
            SessionSource::Sdk(sdk) => Some(sdk.config()),
            SessionSource::Mock => None,
        }
    }
    pub(crate) fn id(&self) -> u64 {
        self.0.id
    }
    pub(crate) fn source(&self) -> &SessionSource {
        &self.0.source
    }

    /// Takes over what stands behind a newer session of the same role, for every clone of this one.
    pub(crate) fn renew(&self, fresh: &Self) {
        if let (SessionSource::Sdk(old), SessionSource::Sdk(new)) = (self.source(), fresh.source())
            && let (Some(old), Some(new)) = (&old.role, &new.role)
        {
            *old.0.write().unwrap_or_else(PoisonError::into_inner) = new.get();
        }
        self.0
            .expires_at
            .store(fresh.expires_at().unwrap_or(NEVER), Ordering::Release);
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Session({})", self.0.principal)
    }
}

#[cfg(test)]
mod tests {
    use super::{SdkSession, Session, SessionSource};
    use aws_credential_types::Credentials;
    use aws_credential_types::provider::ProvideCredentials;

    #[tokio::test]
    async fn a_renewal_reaches_every_clone_and_every_client() {
        let config = aws_config::SdkConfig::builder().build();
        let role = |id: &str, expires_at| {
            let source =
                SdkSession::of_role(&config, Credentials::new(id, "s", None, None, "test"));
            let source = SessionSource::Sdk(Box::new(source));
            Session::new(
                "1".into(),
                "p".into(),
                "aws".into(),
                source,
                true,
                expires_at,
            )
        };
        let session = role("OLD", Some(1));
        let clone = session.clone();
        let SessionSource::Sdk(sdk) = clone.source() else {
            unreachable!()
        };
        let provider = sdk.config().credentials_provider().unwrap();
        session.renew(&role("NEW", Some(2)));
        assert_eq!(clone.expires_at(), Some(2));
        assert_eq!(
            provider
                .provide_credentials()
                .await
                .unwrap()
                .access_key_id(),
            "NEW"
        );
    }

    #[test]
    fn nothing_secret_is_shown() {
        let config = aws_config::SdkConfig::builder().build();
        let source = SdkSession::of_role(
            &config,
            Credentials::new("AKID", "hidden-text", None, None, "test"),
        );
        let session = Session::new(
            "1".into(),
            "p".into(),
            "aws".into(),
            SessionSource::Sdk(Box::new(source)),
            true,
            None,
        );
        assert_eq!(format!("{session:?}"), "Session(p)");
    }
}
