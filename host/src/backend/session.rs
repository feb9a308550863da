//! A session: somebody's authority in a cloud, behind the handle that a guest holds.
//! Above: every capability. Below: the AWS SDK's credential providers.
//! Invariant: cheap to clone, and no function shows what stands behind it.

use crate::model::time::Millis;
use std::sync::Arc;

/// Somebody's authority in a cloud. Clones share it.
#[derive(Clone)]
pub struct Session(Arc<Inner>);

struct Inner {
    account: String,
    principal: String,
    partition: String,
    source: SessionSource,
    /// Whether it was made by assuming a role: assuming another is chaining, which AWS caps at one hour.
    chained: bool,
    expires_at: Option<Millis>,
}

/// What stands behind a session.
#[derive(Clone)]
pub enum SessionSource {
    /// The AWS SDK's configuration: a refreshing credential provider, the home region, retries off.
    Sdk(aws_config::SdkConfig),
    /// A mock-host knows it by its principal.
    Mock,
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
        Self(Arc::new(Inner {
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
        self.0.expires_at
    }
    pub(crate) fn source(&self) -> &SessionSource {
        &self.0.source
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Session({})", self.0.principal)
    }
}
