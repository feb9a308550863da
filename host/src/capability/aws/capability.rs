//! The policy layer of one run of a connector.
//! Above: `view`, by way of `operations` and `assume`. Below: `backend`, `grant`.
//! Invariant: a call is granted, then paced, then tried, then told to the audit, then retried: in this order.

use super::audit::Audit;
use super::lanes::Lanes;
use super::names;
use super::rates::RateTable;
use super::retry::Retry;
use super::roles::Roles;
use crate::backend::{AwsBackend, KeyRoom, Session};
use crate::bindings::connector::sensor::core::types::{Error, ErrorClass};
use crate::grant::{Grants, NOWHERE, Reach, statement};
use crate::model::id::{ConnectorId, RunId};
use crate::model::text::clean;
use crate::model::time::Clock;
use futures::future::BoxFuture;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Whoever asks for a pause beyond the time of any call does not speak of a rate.
const MUCH_LATER_MS: u64 = 600_000;
/// No backend takes longer for one attempt; its own limits are shorter.
const LONGEST_ATTEMPT: Duration = Duration::from_mins(2);

/// What a run lends its plugin instances.
pub struct AwsLend {
    pub backend: Arc<dyn AwsBackend>,
    pub grants: Grants,
    pub clock: Arc<dyn Clock>,
    pub rates: RateTable,
    pub connector: ConnectorId,
    /// The import that this is for, for the audit. None for everything else (checks, deliveries).
    pub run: Option<RunId>,
    /// What this use may do at most, whatever is granted.
    pub reach: Reach,
    /// The session that the operator linked.
    pub base: Session,
    /// Ends every wait.
    pub cancel: CancellationToken,
    /// Where keys that wait in the cloud are sealed and opened. None: none waits there.
    pub keys: Option<Arc<dyn KeyRoom>>,
}

/// One operation at one place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Op<'a> {
    /// `service:Operation`.
    pub(super) name: &'static str,
    /// None for what belongs to no region.
    pub(super) region: Option<&'a str>,
    /// What it is about, for errors.
    pub(super) subject: Option<&'a str>,
    pub(super) effect: Effect,
}

/// What an operation does to the cloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    Reads,
    /// Twice is the same as once.
    Writes,
    /// Twice is two things: never again unless AWS said that it did nothing.
    WritesOnce,
}

impl<'a> Op<'a> {
    /// An operation that belongs to no region.
    pub(super) fn global(name: &'static str) -> Self {
        Self {
            name,
            region: None,
            subject: None,
            effect: Effect::Reads,
        }
    }

    pub(super) fn regional(name: &'static str, region: &'a str) -> Self {
        Self {
            name,
            region: Some(region),
            subject: None,
            effect: Effect::Reads,
        }
    }

    pub(super) fn with(mut self, effect: Effect) -> Self {
        self.effect = effect;
        self
    }

    /// The region for lanes and audits.
    pub(super) fn place(&self) -> &'a str {
        self.region.unwrap_or("global")
    }

    pub(super) fn about(mut self, subject: &'a str) -> Self {
        self.subject = Some(subject);
        self
    }
}

/// The policy layer of one use of a connector: grants, rates, retries, audit, sessions. Shared by its instances. What
/// shares its lanes keeps within AWS's rates together.
pub struct AwsCapability {
    pub(super) lend: AwsLend,
    pub(super) roles: Roles,
    lanes: Arc<Lanes>,
    audit: Audit,
}

impl AwsCapability {
    /// Opens the capability for one run, with lanes of its own.
    #[must_use]
    pub fn new(lend: AwsLend) -> Arc<Self> {
        let lanes = Arc::new(Lanes::new(lend.backend.is_mock()));
        Self::sharing(lend, lanes)
    }

    /// The same in lanes that others call through too.
    #[must_use]
    pub fn sharing(lend: AwsLend, lanes: Arc<Lanes>) -> Arc<Self> {
        let audit = Audit::new(lend.connector.clone(), lend.run);
        Arc::new(Self {
            lend,
            roles: Roles::default(),
            lanes,
            audit,
        })
    }

    /// The session that the operator linked.
    #[must_use]
    pub fn base(&self) -> &Session {
        &self.lend.base
    }

    /// Attempts that reached the backend, by `service:Operation`, sorted.
    #[must_use]
    pub fn calls(&self) -> Vec<(String, u64)> {
        self.audit.calls()
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
        self.admit(op, session)?;
        let mut retry = Retry::new(self.lend.clock.now(), op.effect);
        let mut renewed = false;
        for number in 1.. {
            let generation = self.fresh(session).await?;
            let error = match self.attempt(op, session, number, attempt()).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            // A session that ended before its time is renewed once.
            if error.class == ErrorClass::AuthExpired
                && !std::mem::replace(&mut renewed, true)
                && self.renew_ended(session, generation).await?
            {
                continue;
            }
            match retry.after(&error, self.lend.clock.now(), rand::random()) {
                Some(wait) => self.until_cancelled(self.lend.clock.sleep(wait)).await?,
                None => return Err(told(op, error)),
            }
        }
        Err(internal("more attempts than there are numbers"))
    }

    /// Whether the call may be made at all.
    pub(super) fn admit(&self, op: Op<'_>, session: &Session) -> Result<(), Error> {
        if let Err(denied) = self.lend.grants.check(op.name) {
            self.audit.refused(op, session);
            return Err(Error {
                subject: Some(op.name.to_owned()),
                ..plain(ErrorClass::AccessDenied, "NotGranted", denied.to_string())
            });
        }
        if self.lend.reach.excludes(op.name) {
            let text = format!(
                "`{}` is for deliveries; imports and checks only read",
                op.name
            );
            return Err(self.beyond(op, session, text));
        }
        if let Some(region) = op.region.filter(|region| !names::is_region(region)) {
            let text = format!(
                "`{}` is no region: write its name (\"eu-central-1\")",
                clean(region, 40)
            );
            return Err(plain(ErrorClass::Config, "invalid-region", text));
        }
        Ok(())
    }

    /// A change of this certificate: where changes are only tried, none but the one that does not exist.
    pub(super) fn admit_change(
        &self,
        op: Op<'_>,
        session: &Session,
        arn: &str,
    ) -> Result<(), Error> {
        self.admit(op, session)?;
        let nowhere = arn.rsplit('/').next() == Some(NOWHERE);
        if self.lend.reach == Reach::Tries && !nowhere {
            let text = format!(
                "a check tries `{}` on a certificate that does not exist ({NOWHERE}) and on no other",
                op.name
            );
            return Err(self.beyond(op, session, text));
        }
        Ok(())
    }

    fn beyond(&self, op: Op<'_>, session: &Session, text: String) -> Error {
        self.audit.refused(op, session);
        Error {
            subject: Some(op.name.to_owned()),
            ..plain(ErrorClass::AccessDenied, "NotGranted", text)
        }
    }

    /// One attempt, in its lane and at its moment.
    async fn attempt<T>(
        &self,
        op: Op<'_>,
        session: &Session,
        number: u32,
        attempt: BoxFuture<'_, Result<T, Error>>,
    ) -> Result<T, Error> {
        let clock = self.lend.clock.as_ref();
        let lane = self.lanes.lane(
            session.account(),
            op.place(),
            (op.name, self.lend.rates.rate(op.name)),
            clock.now(),
        );
        let lane = lane.ok_or_else(|| {
            plain(
                ErrorClass::LimitExceeded,
                "too-many-places",
                "too many accounts and regions were asked in one run".to_owned(),
            )
        })?;
        let pass = self.until_cancelled(lane.enter(clock)).await?;
        if op.effect != Effect::Reads {
            self.audit.begins(op, session, number);
        }
        let answer = tokio::time::timeout(LONGEST_ATTEMPT, attempt)
            .await
            .unwrap_or_else(|_| {
                Err(plain(
                    ErrorClass::Transient,
                    "timeout",
                    "the cloud did not answer in time".to_owned(),
                ))
            });
        let (sent, now) = (pass.sent(), clock.now());
        let error = answer.as_ref().err();
        // What is wanted only much later is not too much at once.
        let too_much = |error: &Error| {
            error.class == ErrorClass::Throttled
                && error
                    .retry_after_ms
                    .is_none_or(|after| after < MUCH_LATER_MS)
        };
        pass.done(now, error.is_some_and(too_much));
        self.audit.attempt(op, session, number, now - sent, error);
        answer
    }

    /// A wait that ends when the run is stopped.
    pub(super) async fn until_cancelled<T>(
        &self,
        wait: impl Future<Output = T>,
    ) -> Result<T, Error> {
        let stopped = || {
            plain(
                ErrorClass::Cancelled,
                "cancelled",
                "the run was stopped".to_owned(),
            )
        };
        tokio::select! {
            biased;
            () = self.lend.cancel.cancelled() => Err(stopped()),
            done = wait => Ok(done),
        }
    }
}

/// The error as the plugin gets it: what it is about, and what would allow it.
fn told(op: Op<'_>, mut error: Error) -> Error {
    if error.class == ErrorClass::AccessDenied {
        let way = if is_by_scp(&error) {
            "a service control policy of the organization denies this".to_owned()
        } else {
            statement(op.name, op.subject.filter(|_| op.name == "sts:AssumeRole"))
        };
        // What the backend knows besides (a wrong clock) stays.
        error.detail = Some(match error.detail.take() {
            Some(known) => format!("{known}; {way}"),
            None => way,
        });
    }
    error.subject = error
        .subject
        .or_else(|| op.subject.map(|subject| clean(subject, 200)));
    error
}

/// Whether the organization forbids it: no statement of IAM could allow it.
pub(super) fn is_by_scp(error: &Error) -> bool {
    error.class == ErrorClass::AccessDenied
        && error
            .message
            .to_ascii_lowercase()
            .contains("service control policy")
}

pub(super) fn plain(class: ErrorClass, code: &str, message: String) -> Error {
    Error {
        class,
        code: code.to_owned(),
        message,
        detail: None,
        retry_after_ms: None,
        subject: None,
    }
}

pub(super) fn internal(message: &str) -> Error {
    plain(ErrorClass::Internal, "internal", message.to_owned())
}
