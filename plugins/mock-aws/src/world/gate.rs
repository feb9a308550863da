//! What every call passes before anything is done: counters, faults, quotas, credentials, policies.
//! Above: the operations. Below: `world::strike`, `world::policy`, `world::refuse`, `estate`.
//! Invariant: each bucket is asked once a call, and a call that is refused still counts.

use super::policy::{Policy, any};
use super::{Caller, World, refuse};
use crate::estate::Estate;
use crate::fault::Fault;
use crate::noise::hash;
use crate::op::{Op, Service};
use crate::scenario::RateEntry;

/// Who passed the gate.
#[derive(Debug)]
pub(super) struct Principal {
    pub(super) account: usize,
    /// A session of a role, so that assuming another is chaining.
    pub(super) is_role: bool,
}

/// What AssumeRole remembers of a session.
#[derive(Debug, Clone)]
pub(super) struct Session {
    pub(super) account: usize,
    pub(super) arn: String,
    pub(super) secret: String,
    pub(super) expires_at: i64,
    pub(super) policy: Option<Policy>,
}

/// A token bucket.
#[derive(Debug)]
pub(super) struct Bucket {
    tokens: f64,
    at: i64,
}

/// Milliseconds by which a caller's clock may be ahead of the bucket's.
const TOLERANCE: f64 = 5.0;

impl Bucket {
    fn take(&mut self, rate: RateEntry, now_ms: i64) -> bool {
        #[expect(clippy::cast_precision_loss, reason = "runs are shorter than 2^53 ms")]
        let passed = (now_ms - self.at).max(0) as f64;
        self.tokens = (self.tokens + passed * rate.per_second / 1000.0).min(rate.burst);
        self.at = self.at.max(now_ms);
        let enough = self.tokens >= 1.0 - TOLERANCE * rate.per_second / 1000.0;
        if enough {
            self.tokens -= 1.0;
        }
        enough
    }
}

impl World {
    /// Lets a call pass, or says why not.
    pub(super) fn gate(
        &mut self,
        now_ms: i64,
        caller: &Caller,
        region: &str,
        op: Op,
    ) -> Result<Principal, Fault> {
        *self.calls.entry(op).or_default() += 1;
        let account = self
            .estate
            .account(&caller.account)
            .ok_or_else(|| refuse::unrecognized(op))?;
        self.planned_fault(now_ms, account, region, op, &caller.arn)?;
        self.throttle(now_ms, account, region, op)?;
        self.authorize(now_ms, caller, account, region, op)
    }

    fn throttle(&mut self, now_ms: i64, account: usize, region: &str, op: Op) -> Result<(), Fault> {
        let Some(rate) = self
            .estate
            .rates
            .as_ref()
            .and_then(|rates| rates.get(&op))
            .copied()
        else {
            return Ok(());
        };
        let key = (account, hash(0, region), op);
        let bucket = self.buckets.entry(key).or_insert(Bucket {
            tokens: rate.burst,
            at: now_ms,
        });
        if bucket.take(rate, now_ms) {
            Ok(())
        } else {
            Err(refuse::throttled(op))
        }
    }

    fn authorize(
        &self,
        now_ms: i64,
        caller: &Caller,
        account: usize,
        region: &str,
        op: Op,
    ) -> Result<Principal, Fault> {
        let regional = matches!(op.service(), Service::Acm | Service::SecretsManager);
        if let Some(session) = self.session(caller) {
            if session.expires_at <= now_ms {
                return Err(refuse::expired(op));
            }
            enabled(&self.estate, account, region, op, regional)?;
            self.may(caller, account, region, op, op.action())?;
            return Ok(Principal {
                account,
                is_role: true,
            });
        }
        let base = &self.estate.base;
        if caller.arn != base.identity.arn {
            return Err(refuse::unrecognized(op));
        }
        if base.expires_at.is_some_and(|at| at <= now_ms) {
            return Err(refuse::expired(op));
        }
        enabled(&self.estate, account, region, op, regional)?;
        self.may(caller, account, region, op, op.action())?;
        Ok(Principal {
            account,
            is_role: base.is_role,
        })
    }

    /// Whether the caller's policies allow an action, which a call may need besides its own.
    pub(super) fn may(
        &self,
        caller: &Caller,
        account: usize,
        region: &str,
        op: Op,
        action: &str,
    ) -> Result<(), Fault> {
        if op == Op::GetCallerIdentity {
            return Ok(());
        }
        let place = &self.estate.accounts[account];
        let by_policy = any(&place.denied_actions, action)
            || place.denied_regions.iter().any(|denied| denied == region);
        if by_policy {
            let why = " with an explicit deny in a service control policy";
            return Err(refuse::not_authorized_to(op, action, &caller.arn, why));
        }
        let (allows, policy) = match self.session(caller) {
            Some(session) => {
                let role = place.role.as_ref().and_then(|role| role.allows.as_ref());
                (role, session.policy.as_ref())
            }
            None => (self.estate.base.allows.as_ref(), None),
        };
        let allowed = allows.is_none_or(|allows| any(allows, action))
            && policy.is_none_or(|policy| policy.allows(action));
        if allowed {
            return Ok(());
        }
        let why = format!(" because no identity-based policy allows the {action} action");
        Err(refuse::not_authorized_to(op, action, &caller.arn, &why))
    }

    fn session(&self, caller: &Caller) -> Option<&Session> {
        let key = caller
            .access_key
            .as_ref()
            .or_else(|| self.latest.get(&caller.arn));
        self.sessions.get(key?)
    }
}

fn enabled(
    estate: &Estate,
    account: usize,
    region: &str,
    op: Op,
    regional: bool,
) -> Result<(), Fault> {
    if regional && estate.split(account, region).is_none() {
        return Err(refuse::unrecognized(op));
    }
    Ok(())
}
