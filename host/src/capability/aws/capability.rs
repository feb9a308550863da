//! The policy layer of one run of a connector.
//! Above: `view`. Below: `backend`, `grant`.
//! Invariant: a call is granted, then paced, then tried, then retried, then told to the audit: in this order.

use super::RateTable;
use crate::backend::{AwsBackend, Session};
use crate::bindings::connector::sensor::aws::types as aws;
use crate::bindings::connector::sensor::core::types::Error;
use crate::grant::Grants;
use crate::model::id::{ConnectorId, RunId};
use crate::model::time::Clock;
use futures::future::BoxFuture;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// What a run lends its plugin instances.
pub struct AwsLend {
    pub backend: Arc<dyn AwsBackend>,
    pub grants: Grants,
    pub clock: Arc<dyn Clock>,
    pub rates: RateTable,
    pub connector: ConnectorId,
    /// None outside a run (check, policy).
    pub run: Option<RunId>,
    /// The session that the operator linked.
    pub base: Session,
    /// Whether assumed roles are narrowed to the grants by a session policy, unless the request brings its own.
    pub narrow: bool,
    pub cancel: CancellationToken,
}

/// One operation at one place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Op<'a> {
    /// `service:Operation`.
    pub(super) name: &'static str,
    pub(super) region: &'a str,
    /// What it is about, for errors.
    pub(super) subject: Option<&'a str>,
}

impl<'a> Op<'a> {
    pub(super) fn new(name: &'static str, region: &'a str) -> Self {
        Self {
            name,
            region,
            subject: None,
        }
    }

    pub(super) fn about(mut self, subject: &'a str) -> Self {
        self.subject = Some(subject);
        self
    }
}

/// The policy layer of one connector's run: grants, rates, retries, audit, sessions. Shared by its instances.
pub struct AwsCapability {
    lend: AwsLend,
}

impl AwsCapability {
    /// Opens the capability for one run.
    #[must_use]
    pub fn new(lend: AwsLend) -> Arc<Self> {
        Arc::new(Self { lend })
    }

    /// The session that the operator linked.
    #[must_use]
    pub fn base(&self) -> &Session {
        &self.lend.base
    }

    /// Calls that reached the backend, by `service:Operation`, sorted; attempts count.
    #[must_use]
    pub fn calls(&self) -> Vec<(String, u64)> {
        Vec::new()
    }

    /// A session in another role; the same one for every split that asks alike.
    ///
    /// # Errors
    /// AWS's refusal, remembered for the run.
    pub async fn assume_role(
        &self,
        session: &Session,
        request: aws::AssumeRoleRequest,
    ) -> Result<Session, Error> {
        self.lend.backend.assume_role(session, &request).await
    }

    pub(super) fn backend(&self) -> &dyn AwsBackend {
        self.lend.backend.as_ref()
    }

    /// The one door to the backend.
    pub(super) async fn call<'a, T>(
        &'a self,
        op: Op<'a>,
        session: &'a Session,
        attempt: impl Fn() -> BoxFuture<'a, Result<T, Error>> + Send + Sync,
    ) -> Result<T, Error> {
        attempt().await
    }
}
