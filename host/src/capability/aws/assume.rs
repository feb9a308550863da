//! Assuming roles: narrowed to the grants, once for all splits, renewed before they end.
//! Above: `view`. Below: `capability`, `roles`, `grant`.
//! Invariant: a plugin gets a session of the very account that it named, and never one wider than its grants.

use super::capability::{AwsCapability, Op, is_by_scp, plain};
use super::names;
use super::roles::{REFUSED_MS, Slot, State, is_final};
use crate::backend::Session;
use crate::bindings::connector::sensor::aws::types::AssumeRoleRequest;
use crate::bindings::connector::sensor::core::types::{Error, ErrorClass};
use crate::grant::session_policy;
use std::sync::Arc;

const OP: &str = "sts:AssumeRole";
/// What AWS gives when nobody asks, and the most that it gives when roles are chained (fact 39), in seconds.
const HOUR: u32 = 3600;
const SHORTEST: u32 = 900;
const LONGEST: u32 = 43_200;

impl AwsCapability {
    /// A session in another role; the same one for every split that asks alike. A refusal stands for a while.
    ///
    /// # Errors
    /// A request that cannot be made, or AWS's refusal.
    pub async fn assume_role(
        &self,
        session: &Session,
        request: AssumeRoleRequest,
    ) -> Result<Session, Error> {
        self.admit(Op::global(OP), session)?;
        let request = self.prepared(session, request)?;
        let slot = self.roles.slot(session, request)?;
        let mut state = self.until_cancelled(slot.state.lock()).await?;
        match &*state {
            State::Held(held) => return Ok(held.clone()),
            State::Refused(error, until) if self.lend.clock.now() < *until => {
                return Err(error.clone());
            }
            State::Refused(..) | State::Unasked => {}
        }
        match self.ask(&slot).await {
            Ok(made) => {
                self.roles.hold(&slot, &made, self.lend.clock.now());
                *state = State::Held(made.clone());
                Ok(made)
            }
            Err(error) => {
                if is_final(&error) {
                    let until = self.lend.clock.now() + REFUSED_MS;
                    *state = State::Refused(error.clone(), until);
                }
                Err(error)
            }
        }
    }

    /// The request as AWS gets it.
    fn prepared(
        &self,
        session: &Session,
        mut request: AssumeRoleRequest,
    ) -> Result<AssumeRoleRequest, Error> {
        // AWS takes one session policy: a plugin's own would take the place of what holds it to its grants.
        if request.policy.is_some() {
            let text = "the sensor narrows each role to the plugin's grants itself: ask for it without a policy";
            return Err(plain(
                ErrorClass::Unsupported,
                "session-policy-not-taken",
                text.to_owned(),
            ));
        }
        let policy = session_policy(&self.lend.grants, self.lend.reach, session.partition());
        request.policy = Some(policy.map_err(|error| {
            plain(
                ErrorClass::Config,
                "session-policy-too-long",
                error.to_string(),
            )
        })?);
        names::check_role_request(&request, session.partition())?;
        let most = if is_role(session) { HOUR } else { LONGEST };
        request.duration_seconds = Some(
            request
                .duration_seconds
                .unwrap_or(HOUR)
                .clamp(SHORTEST, most),
        );
        Ok(request)
    }

    /// Asks AWS, and again for an hour if the role allows no more (fact 39).
    async fn ask(&self, slot: &Slot) -> Result<Session, Error> {
        let ask = async |request: &AssumeRoleRequest| {
            let op = Op::global(OP).about(&slot.request.role_arn);
            self.call(op, &slot.base, || {
                self.backend().assume_role(&slot.base, request)
            })
            .await
        };
        let made = match ask(&slot.request).await {
            Err(error) if is_too_long(&error) && slot.request.duration_seconds > Some(HOUR) => {
                ask(&AssumeRoleRequest {
                    duration_seconds: Some(HOUR),
                    ..slot.request.clone()
                })
                .await
            }
            made => made,
        };
        let made = made.map_err(advised)?;
        let asked = names::role(&slot.request.role_arn).map(|role| role.account);
        if asked == Some(made.account()) && made.partition() == slot.base.partition() {
            return Ok(made);
        }
        let text = format!(
            "asked for a role of another account, AWS answered with `{}`",
            made.principal()
        );
        Err(plain(ErrorClass::InvalidResponse, "other-account", text))
    }

    /// Sees to it that a role's session lasts; returns its generation.
    pub(super) async fn fresh(&self, session: &Session) -> Result<u64, Error> {
        let Some(slot) = self.roles.of(session) else {
            return Ok(0);
        };
        if slot.is_due(self.lend.clock.now()) {
            // A role's base may be a role in turn: boxed, for the recursion; `roles` bounds its depth.
            Box::pin(self.renew(&slot, session, slot.generation())).await?;
        }
        Ok(slot.generation())
    }

    /// The session was refused as ended. Whether it is a role's and now renewed.
    pub(super) async fn renew_ended(
        &self,
        session: &Session,
        generation: u64,
    ) -> Result<bool, Error> {
        let Some(slot) = self.roles.of(session) else {
            return Ok(false);
        };
        slot.later(0);
        Box::pin(self.renew(&slot, session, generation)).await?;
        Ok(slot.generation() != generation)
    }

    async fn renew(
        &self,
        slot: &Arc<Slot>,
        session: &Session,
        generation: u64,
    ) -> Result<(), Error> {
        let _turn = self.until_cancelled(slot.state.lock()).await?;
        if slot.generation() != generation {
            return Ok(());
        }
        let asked = self.ask(slot).await;
        let now = self.lend.clock.now();
        match asked {
            Ok(made) => {
                session.renew(&made);
                slot.renewed(session, now);
                Ok(())
            }
            Err(error)
                if error.class != ErrorClass::Cancelled
                    && session.expires_at().is_some_and(|end| end > now) =>
            {
                tracing::warn!(account = session.account(), %error.message, "a session could not be renewed yet");
                slot.later(now);
                Ok(())
            }
            Err(error) => Err(error),
        }
    }
}

/// Whether acting in another role from here is chaining.
fn is_role(session: &Session) -> bool {
    session.chained() || session.principal().contains(":assumed-role/")
}

fn is_too_long(error: &Error) -> bool {
    error.message.contains("DurationSeconds") || error.message.contains("session limit")
}

/// Facts 40 and 41: AWS does not say why a role is refused, so all that it can be is told.
fn advised(mut error: Error) -> Error {
    if error.class == ErrorClass::AccessDenied && error.code != "NotGranted" && !is_by_scp(&error) {
        let causes = "does the role exist, trust this principal with this external ID, and ask for no MFA? may this \
                      principal assume it";
        error.detail = Some(match error.detail.take() {
            Some(statement) => format!("{causes}? {statement}"),
            None => format!("{causes}?"),
        });
    }
    error
}
