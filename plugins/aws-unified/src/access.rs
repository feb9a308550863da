//! Whose authority a call uses: the operator's own, or the common role of a member account.
//! Above: `plan`, `read`, `check`. Below: the SDK's sessions.
//! Invariant: role ARNs are built from the caller's own partition; the caller's own account never needs the role.

use crate::error::{unanswered, while_doing};
use crate::settings::{Role, Settings};
use sensor_sdk::host::{Aws, Host, Session};
use sensor_sdk::types::aws::AssumeRoleRequest;
use sensor_sdk::types::{Error, Level};

/// The session to act with.
pub(crate) enum Acting<'a, S> {
    Base(&'a S),
    Assumed(S),
}

impl<S> std::ops::Deref for Acting<'_, S> {
    type Target = S;

    fn deref(&self) -> &S {
        match self {
            Self::Base(session) => session,
            Self::Assumed(session) => session,
        }
    }
}

/// The operator's session and the way from it into other accounts.
pub(crate) struct Access<'a, H: Host + Aws> {
    pub(crate) host: &'a H,
    pub(crate) base: H::Session,
    pub(crate) account: String,
    pub(crate) partition: String,
    role: &'a Role,
}

impl<'a, H: Host + Aws> Access<'a, H> {
    pub(crate) fn open(host: &'a H, settings: &'a Settings) -> Result<Self, Error> {
        let base = host.base()?;
        let (account, partition) = (base.account(), base.partition());
        Ok(Self {
            host,
            base,
            account,
            partition,
            role: &settings.role,
        })
    }

    /// The ARN of the common role in an account; none for the caller's own.
    pub(crate) fn role_arn(&self, account: &str) -> Option<String> {
        (account != self.account).then(|| role_arn(&self.partition, account, &self.role.name))
    }

    /// The base session, or one in this role.
    pub(crate) fn act(&self, role_arn: Option<&str>) -> Result<Acting<'_, H::Session>, Error> {
        let Some(arn) = role_arn else {
            return Ok(Acting::Base(&self.base));
        };
        let session = self.host.assume_role(&self.base, &self.request(arn));
        self.settle(arn, session)
    }

    /// A session in each of these roles, asked for at once.
    pub(crate) fn act_all(&self, arns: &[String]) -> Vec<Result<Acting<'_, H::Session>, Error>> {
        let requests: Vec<_> = arns.iter().map(|arn| self.request(arn)).collect();
        let sessions = self.host.assume_roles(&self.base, &requests);
        let missing = || Err(unanswered("AssumeRole"));
        let sessions = sessions.into_iter().chain(std::iter::repeat_with(missing));
        arns.iter()
            .zip(sessions)
            .map(|(arn, session)| self.settle(arn, session))
            .collect()
    }

    fn request(&self, arn: &str) -> AssumeRoleRequest {
        AssumeRoleRequest {
            role_arn: arn.to_owned(),
            session_name: self.role.session_name.clone(),
            external_id: self.role.external_id.clone(),
            // The host narrows the session to what this plugin was granted.
            policy: None,
            duration_seconds: self.role.duration_seconds,
        }
    }

    /// Asks again for an hour where the role allows no more.
    fn settle(
        &self,
        arn: &str,
        session: Result<H::Session, Error>,
    ) -> Result<Acting<'_, H::Session>, Error> {
        let session = match session {
            Err(error) if self.role.duration_seconds.is_some() && is_about_duration(&error) => {
                self.host.log(
                    Level::Warn,
                    &format!("{arn} allows no session this long; asking for one hour"),
                );
                let shorter = AssumeRoleRequest {
                    duration_seconds: None,
                    ..self.request(arn)
                };
                self.host.assume_role(&self.base, &shorter)
            }
            other => other,
        };
        session
            .map(Acting::Assumed)
            .map_err(|error| while_doing(&format!("{arn} could not be assumed"), error))
    }
}

pub(crate) fn role_arn(partition: &str, account: &str, role: &str) -> String {
    format!("arn:{partition}:iam::{account}:role/{role}")
}

/// Longer than the role's maximum, or longer than chained roles may last.
fn is_about_duration(error: &Error) -> bool {
    error.message.contains("DurationSeconds") || error.message.contains("MaxSessionDuration")
}
