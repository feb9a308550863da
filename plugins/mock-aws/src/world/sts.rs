//! STS: who is calling, and who may become whom.
//! Above: the faces. Below: `world::gate`, `world::policy`.
//! Invariant: a refused AssumeRole never tells why beyond AccessDenied, as the real one.

use super::gate::{Principal, Session};
use super::policy::Policy;
use super::{AssumedRole, Caller, World, refuse};
use crate::estate::{Role, State};
use crate::fault::Fault;
use crate::noise::{Noise, draw, hash};
use crate::op::Op;
use sensor_sdk::types::ErrorClass;
use sensor_sdk::types::aws::{AssumeRoleRequest, CallerIdentity};

/// An hour: the default, and the most for chained roles.
const HOUR: u32 = 3600;

impl World {
    /// STS GetCallerIdentity.
    pub fn get_caller_identity(
        &mut self,
        now_ms: i64,
        caller: &Caller,
    ) -> Result<CallerIdentity, Fault> {
        self.gate(now_ms, caller, "", Op::GetCallerIdentity)?;
        let base = &self.estate.base.identity;
        let user_id = if caller.arn == base.arn {
            base.user_id.clone()
        } else {
            let session = caller.arn.rsplit('/').next().unwrap_or_default();
            format!("{}:{session}", self.role_id(&caller.account))
        };
        Ok(CallerIdentity {
            account: caller.account.clone(),
            arn: caller.arn.clone(),
            user_id,
        })
    }

    /// STS AssumeRole. `region` is the endpoint's, where a face knows it.
    pub fn assume_role(
        &mut self,
        now_ms: i64,
        caller: &Caller,
        region: Option<&str>,
        request: &AssumeRoleRequest,
    ) -> Result<AssumedRole, Fault> {
        let principal = self.gate(now_ms, caller, region.unwrap_or_default(), Op::AssumeRole)?;
        let policy = check(request)?;
        let refused = || {
            let why = format!(" on resource: {}", request.role_arn);
            refuse::not_authorized(Op::AssumeRole, &caller.arn, &why)
        };
        let target = self
            .target(now_ms, &principal, request)
            .ok_or_else(refused)?;
        if let Some(region) = region {
            self.both_enabled(principal.account, target, region)?;
        }
        let role = self.estate.accounts[target]
            .role
            .as_ref()
            .ok_or_else(refused)?;
        let seconds = duration(role, principal.is_role, request.duration_seconds)?;
        let role_name = role.name.clone();
        Ok(self.open(now_ms, target, &role_name, request, (seconds, policy)))
    }

    /// The account whose role may be assumed; none where it may not, for whatever reason.
    fn target(
        &self,
        now_ms: i64,
        principal: &Principal,
        request: &AssumeRoleRequest,
    ) -> Option<usize> {
        let mut parts = request.role_arn.splitn(6, ':');
        let head = [parts.next()?, parts.next()?, parts.next()?, parts.next()?];
        if head != ["arn", &self.estate.partition, "iam", ""] {
            return None;
        }
        let target = self.estate.account(parts.next()?)?;
        let name = parts.next()?.strip_prefix("role/")?.rsplit('/').next()?;
        let account = &self.estate.accounts[target];
        let role = account.role.as_ref()?;
        let open = role.name == name
            && !role.denied
            && !role.mfa
            && role.from.is_none_or(|from| from <= now_ms)
            && matches!(account.state, State::Active | State::PendingClosure)
            && (role.external_id.is_none() || role.external_id == request.external_id);
        (open && self.trusts(target, principal.account)).then_some(target)
    }

    /// Roles trust the management account, delegated administrators, the operator's account and their own.
    fn trusts(&self, target: usize, caller: usize) -> bool {
        let base = self.estate.account(&self.estate.base.identity.account);
        let organization = self.estate.organization.as_ref();
        target == caller
            || base == Some(caller)
            || organization.is_some_and(|o| o.management == caller || o.delegated.contains(&caller))
    }

    fn both_enabled(&self, caller: usize, target: usize, region: &str) -> Result<(), Fault> {
        let disabled = |account: usize| {
            self.estate.accounts[account]
                .disabled_regions
                .iter()
                .any(|name| name == region)
        };
        if disabled(caller) || disabled(target) {
            let text = "STS is not activated in this region for the requested account. Your account administrator can activate STS in this region using the IAM Console.";
            return Err(Fault::new(
                ErrorClass::AccessDenied,
                403,
                "RegionDisabledException",
                text,
            ));
        }
        Ok(())
    }

    fn open(
        &mut self,
        now_ms: i64,
        account: usize,
        role: &str,
        request: &AssumeRoleRequest,
        (seconds, policy): (u32, Option<Policy>),
    ) -> AssumedRole {
        self.issued += 1;
        let id = self.estate.accounts[account].id.clone();
        let mut noise = Noise::new(draw(hash(self.estate.seed, "session"), self.issued));
        let access_key = format!("ASIA{}", noise.word(16));
        let secret = noise.word(40);
        let session_token = noise.word(120);
        let name = &request.session_name;
        let arn = format!(
            "arn:{}:sts::{id}:assumed-role/{role}/{name}",
            self.estate.partition
        );
        let expires_at = now_ms + i64::from(seconds) * 1000;
        let session = Session {
            account,
            arn: arn.clone(),
            secret: secret.clone(),
            expires_at,
            policy,
        };
        self.sessions.insert(access_key.clone(), session);
        self.latest.insert(arn.clone(), access_key.clone());
        AssumedRole {
            user_id: format!("{}:{name}", self.role_id(&id)),
            account: id,
            arn,
            partition: self.estate.partition.clone(),
            access_key,
            secret_key: secret,
            session_token,
            expires_at,
        }
    }

    fn role_id(&self, account: &str) -> String {
        format!(
            "AROA{}",
            Noise::new(hash(self.estate.seed, &format!("role {account}"))).word(17)
        )
    }
}

/// What STS checks before it looks at any role; gives the session policy.
fn check(request: &AssumeRoleRequest) -> Result<Option<Policy>, Fault> {
    let within = |text: &str, length: std::ops::RangeInclusive<usize>, marks: &str| {
        length.contains(&text.len())
            && text
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '_' || marks.contains(c))
    };
    if !within(&request.session_name, 2..=64, "+=,.@-") {
        return Err(refuse::sts_validation(
            "Value at 'roleSessionName' failed to satisfy constraint: [\\w+=,.@-]*, 2 to 64 characters",
        ));
    }
    if request
        .external_id
        .as_ref()
        .is_some_and(|id| !within(id, 2..=1224, "+=,.@:/-"))
    {
        return Err(refuse::sts_validation(
            "Value at 'externalId' failed to satisfy constraint: [\\w+=,.@:\\/-]*, 2 to 1224 characters",
        ));
    }
    if request
        .duration_seconds
        .is_some_and(|seconds| !(900..=43_200).contains(&seconds))
    {
        return Err(refuse::sts_validation(
            "Value at 'durationSeconds' failed to satisfy constraint: 900 to 43200",
        ));
    }
    let Some(text) = &request.policy else {
        return Ok(None);
    };
    if text.len() > 2048 {
        return Err(refuse::sts_validation(
            "Value at 'policy' failed to satisfy constraint: at most 2048 characters",
        ));
    }
    let malformed =
        |text: String| Fault::new(ErrorClass::Config, 400, "MalformedPolicyDocument", text);
    Policy::parse(text).map(Some).map_err(malformed)
}

fn duration(role: &Role, chained: bool, asked: Option<u32>) -> Result<u32, Fault> {
    if chained && asked.is_some_and(|seconds| seconds > HOUR) {
        let text = "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining";
        return Err(refuse::sts_validation(text));
    }
    let seconds = asked.unwrap_or(HOUR);
    if seconds > role.max_seconds {
        let text =
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.";
        return Err(refuse::sts_validation(text));
    }
    Ok(seconds)
}
