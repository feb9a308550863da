//! The sessions of assumed roles: one for each role of a run, renewed before it ends; a refusal is remembered for a while.
//! Above: `AwsCapability`. Below: `backend::Session`.
//! Invariant: however many ask at once, AWS is asked once.

use crate::backend::Session;
use crate::bindings::connector::sensor::aws::types::AssumeRoleRequest;
use crate::bindings::connector::sensor::core::types::{Error, ErrorClass};
use crate::model::time::Millis;
use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// As many roles as one run may hold: several for each account of AWS's largest organizations.
const MOST: usize = 100_000;
/// A role of a role of a role: more is a loop.
const DEEPEST: u32 = 4;
/// A session is renewed when this much of its life is over, or this long before its end, whichever is first.
const RENEW_AT: i64 = 75;
const RENEW_BEFORE_MS: Millis = 300_000;
/// How long a session that could not be renewed is used before the next try, while it lasts.
const TRY_AGAIN_MS: Millis = 60_000;
/// How long a refusal stands: the splits of an account share it, and who mends the role need not start the sensor anew.
pub(super) const REFUSED_MS: Millis = 1_800_000;

#[derive(PartialEq, Eq, Hash)]
struct Key {
    base: u64,
    role_arn: String,
    external_id: Option<String>,
    session_name: String,
    policy: Option<String>,
    duration: Option<u32>,
}

/// All roles of a run.
#[derive(Default)]
pub(super) struct Roles {
    slots: Mutex<HashMap<Key, Arc<Slot>>>,
    by_session: Mutex<HashMap<u64, Arc<Slot>>>,
}

/// One role.
pub(super) struct Slot {
    pub(super) base: Session,
    pub(super) request: AssumeRoleRequest,
    depth: u32,
    /// Held while AWS is asked.
    pub(super) state: tokio::sync::Mutex<State>,
    renew_at: AtomicI64,
    /// Counts renewals, so that two callers whose session ended renew it once.
    generation: AtomicU64,
}

/// What is known of a role.
pub(super) enum State {
    Unasked,
    Held(Session),
    /// Not to be asked for again before this time.
    Refused(Error, Millis),
}

impl Roles {
    /// The slot for this request.
    pub(super) fn slot(
        &self,
        base: &Session,
        request: AssumeRoleRequest,
    ) -> Result<Arc<Slot>, Error> {
        let depth = self.of(base).map_or(1, |slot| slot.depth + 1);
        let key = Key {
            base: base.id(),
            role_arn: request.role_arn.clone(),
            external_id: request.external_id.clone(),
            session_name: request.session_name.clone(),
            policy: request.policy.clone(),
            duration: request.duration_seconds,
        };
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = slots.get(&key) {
            return Ok(slot.clone());
        }
        if slots.len() >= MOST || depth > DEEPEST {
            return Err(too_many());
        }
        let slot = Arc::new(Slot {
            base: base.clone(),
            request,
            depth,
            state: State::Unasked.into(),
            renew_at: Millis::MAX.into(),
            generation: 0.into(),
        });
        slots.insert(key, slot.clone());
        Ok(slot)
    }

    /// The slot that a session came from; none for one that the operator linked.
    pub(super) fn of(&self, session: &Session) -> Option<Arc<Slot>> {
        self.by_session
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&session.id())
            .cloned()
    }

    /// Remembers where a new session came from.
    pub(super) fn hold(&self, slot: &Arc<Slot>, session: &Session, now: Millis) {
        slot.renewed(session, now);
        self.by_session
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(session.id(), slot.clone());
    }
}

impl Slot {
    pub(super) fn is_due(&self, now: Millis) -> bool {
        now >= self.renew_at.load(Ordering::Acquire)
    }

    pub(super) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// The session has new credentials.
    pub(super) fn renewed(&self, session: &Session, now: Millis) {
        let at = session
            .expires_at()
            .map_or(Millis::MAX, |end| renew_at(now, end));
        self.renew_at.store(at, Ordering::Release);
        self.generation.fetch_add(1, Ordering::AcqRel);
    }

    /// It could not be renewed and still lasts a while.
    pub(super) fn later(&self, now: Millis) {
        self.renew_at.store(now + TRY_AGAIN_MS, Ordering::Release);
    }
}

/// When to renew what lives from `now` to `end`.
fn renew_at(now: Millis, end: Millis) -> Millis {
    let life = (end - now).max(0);
    let late = if life > 2 * RENEW_BEFORE_MS {
        life - RENEW_BEFORE_MS
    } else {
        life
    };
    now + late.min(life * RENEW_AT / 100)
}

/// Whether a refusal stands.
pub(super) fn is_final(error: &Error) -> bool {
    use ErrorClass as C;
    !matches!(
        error.class,
        C::Throttled | C::Transient | C::Cancelled | C::AuthExpired | C::Internal
    )
}

fn too_many() -> Error {
    Error {
        class: ErrorClass::LimitExceeded,
        code: "too-many-roles".to_owned(),
        message: format!(
            "a run may hold {MOST} roles, at most {DEEPEST} of them assumed one from another"
        ),
        detail: None,
        retry_after_ms: None,
        subject: None,
    }
}

#[cfg(test)]
mod tests {
    use super::renew_at;

    #[test]
    fn fact_39_a_session_is_renewed_before_its_end() {
        for (life_s, at_s) in [
            (3600, 2700),
            (900, 600),
            (600, 450),
            (43_200, 32_400),
            (60, 45),
            (1000, 700),
            (0, 0),
            (-5, 0),
        ] {
            assert_eq!(
                renew_at(1000, 1000 + life_s * 1000),
                1000 + at_s * 1000,
                "{life_s} s"
            );
        }
    }
}
