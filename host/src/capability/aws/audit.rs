//! What was asked of the cloud: one event an attempt, one before it too if it changes something, and a counter an
//! operation.
//! Above: `AwsCapability::call`. Below: `tracing`.
//! Invariant: names, places and outcomes; never a parameter's value, never a secret.

use super::capability::{Effect, Op};
use crate::backend::Session;
use crate::bindings::connector::sensor::core::types::Error;
use crate::model::id::{ConnectorId, RunId};
use crate::model::text::clean;
use crate::model::time::Millis;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// The audit of one run.
pub(super) struct Audit {
    connector: ConnectorId,
    run: Option<RunId>,
    calls: Mutex<BTreeMap<&'static str, u64>>,
}

impl Audit {
    pub(super) fn new(connector: ConnectorId, run: Option<RunId>) -> Self {
        Self {
            connector,
            run,
            calls: Mutex::default(),
        }
    }

    /// One attempt that reached the backend.
    pub(super) fn attempt(
        &self,
        op: Op<'_>,
        session: &Session,
        attempt: u32,
        took: Millis,
        error: Option<&Error>,
    ) {
        *self
            .calls
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(op.name)
            .or_default() += 1;
        self.event(
            op,
            session,
            attempt,
            took,
            error.map_or("ok", |error| error.code.as_str()),
        );
    }

    /// An attempt to change something is about to be made.
    pub(super) fn begins(&self, op: Op<'_>, session: &Session, attempt: u32) {
        self.event(op, session, attempt, 0, "begins");
    }

    /// A call that the grants refused.
    pub(super) fn refused(&self, op: Op<'_>, session: &Session) {
        self.event(op, session, 0, 0, "NotGranted");
    }

    fn event(&self, op: Op<'_>, session: &Session, attempt: u32, took: Millis, outcome: &str) {
        let (service, operation) = op.name.split_once(':').unwrap_or(("", op.name));
        let subject = op
            .subject
            .filter(|_| op.effect != Effect::Reads)
            .map(|subject| clean(subject, 300));
        tracing::info!(
            target: "audit",
            connector = %self.connector,
            run = self.run.map(|run| run.0),
            service,
            operation,
            account = session.account(),
            region = op.place(),
            subject,
            attempt,
            outcome,
            duration_ms = took,
        );
    }

    /// Attempts that reached the backend, by `service:Operation`, sorted.
    pub(super) fn calls(&self) -> Vec<(String, u64)> {
        let calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        calls
            .iter()
            .map(|(name, count)| ((*name).to_owned(), *count))
            .collect()
    }
}
