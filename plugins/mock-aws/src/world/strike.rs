//! The scenario's faults: which strikes this call, and what it does to it.
//! Above: `world::gate`, the operations, the faces (`transport`). Below: `estate::rules`, `world::refuse`.
//! Invariant: a rule is asked at most once a call, and counts what it was asked, not what it did.

use super::{Caller, Damage, Transport, World, refuse};
use crate::estate::{Estate, Rule};
use crate::fault::Fault;
use crate::noise::{Noise, draw, hash};
use crate::op::Op;
use crate::scenario::FaultKind;

/// How often a rule was asked, and how often it struck.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Strikes {
    seen: u64,
    struck: u64,
}

impl World {
    /// The scenario's refusals.
    pub(super) fn planned_fault(
        &mut self,
        now_ms: i64,
        account: usize,
        region: &str,
        op: Op,
        arn: &str,
    ) -> Result<(), Fault> {
        for index in 0..self.estate.rules.len() {
            let kind = self.estate.rules[index].raw.kind;
            let refuses = matches!(
                kind,
                FaultKind::Throttle
                    | FaultKind::Deny
                    | FaultKind::Error
                    | FaultKind::ExpiredToken
                    | FaultKind::UnknownOperation
            );
            if refuses && self.strikes_now(index, now_ms, account, region, op) {
                return Err(told(&self.estate.rules[index], op, arn));
            }
        }
        Ok(())
    }

    /// Whether a rule of this kind strikes this call; the first that does.
    pub(super) fn struck(
        &mut self,
        kind: FaultKind,
        now_ms: i64,
        account: usize,
        region: &str,
        op: Op,
    ) -> Option<usize> {
        (0..self.estate.rules.len()).find(|index| {
            self.estate.rules[*index].raw.kind == kind
                && self.strikes_now(*index, now_ms, account, region, op)
        })
    }

    fn strikes_now(
        &mut self,
        index: usize,
        now_ms: i64,
        account: usize,
        region: &str,
        op: Op,
    ) -> bool {
        let rule = &self.estate.rules[index];
        if !rule.covers(&self.estate, now_ms, account, region, op) {
            return false;
        }
        let strikes = &mut self.strikes[index];
        strikes.seen += 1;
        let Some(turn) = strikes.seen.checked_sub(rule.raw.after_calls + 1) else {
            return false;
        };
        let seed = draw(
            hash(self.estate.seed, "rule") ^ u64::try_from(index).unwrap_or(0),
            strikes.seen,
        );
        let hit = rule.raw.count.is_none_or(|count| strikes.struck < count)
            && rule
                .raw
                .every
                .is_none_or(|every| (turn + 1).is_multiple_of(every))
            && rule
                .raw
                .probability
                .is_none_or(|p| Noise::new(seed).unit() < p);
        strikes.struck += u64::from(hit);
        hit
    }

    /// Latency and harm of one call; ask once a call.
    pub fn transport(&mut self, now_ms: i64, caller: &Caller, region: &str, op: Op) -> Transport {
        let usual = self
            .estate
            .latency
            .get(&op)
            .copied()
            .unwrap_or(self.estate.default_latency);
        let Some(account) = self.estate.account(&caller.account) else {
            return Transport {
                latency_ms: usual,
                damage: None,
            };
        };
        let late = self.struck(FaultKind::Latency, now_ms, account, region, op);
        let more = late
            .and_then(|index| self.estate.rules[index].raw.ms)
            .unwrap_or(0);
        let harms = [
            (FaultKind::TruncatedResponse, Damage::Truncated),
            (FaultKind::GarbledResponse, Damage::Garbled),
            (FaultKind::Reset, Damage::Reset),
        ];
        let mut damage = None;
        for (kind, harm) in harms {
            if self.struck(kind, now_ms, account, region, op).is_some() {
                damage = damage.or(Some(harm));
            }
        }
        Transport {
            latency_ms: usual + more,
            damage,
        }
    }
}

impl Rule {
    /// Whether a call is the rule's business.
    pub(super) fn covers(
        &self,
        estate: &Estate,
        now_ms: i64,
        account: usize,
        region: &str,
        op: Op,
    ) -> bool {
        let since = now_ms - estate.start;
        self.op.is_none_or(|only| only == op)
            && self.account.is_none_or(|only| only == account)
            && self.raw.region.as_ref().is_none_or(|only| only == region)
            && self.raw.from_ms.is_none_or(|from| since >= from)
            && self.raw.until_ms.is_none_or(|until| since < until)
    }
}

/// What a rule says when it refuses.
fn told(rule: &Rule, op: Op, arn: &str) -> Fault {
    let raw = &rule.raw;
    let mut fault = match raw.kind {
        FaultKind::Throttle => refuse::throttled(op),
        FaultKind::Deny => refuse::not_authorized(
            op,
            arn,
            " with an explicit deny in an identity-based policy",
        ),
        FaultKind::ExpiredToken => refuse::expired(op),
        FaultKind::UnknownOperation => refuse::unknown_operation(op),
        _ => {
            let status = raw.status.unwrap_or(500);
            let code = raw.code.as_deref().unwrap_or("InternalFailure");
            Fault::new(
                refuse::class_of(code, status),
                status,
                code,
                "The request could not be done.",
            )
        }
    };
    if let Some(message) = &raw.message {
        fault.message.clone_from(message);
    }
    fault.retry_after_ms = raw.retry_after_ms;
    fault
}
