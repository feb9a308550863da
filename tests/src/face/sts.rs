//! STS: query in, XML out; gives out the keys of sessions.
//! Above: `dispatch`. Below: the model, `credentials`.
//! Invariant: a key is known to `credentials` before its answer leaves.

use super::State;
use super::acm::missing;
use super::answer::{Answer, Xml};
use super::dispatch::Call;
use super::request::form_value;
use mock_aws::{AssumedRole, Fault, Op};
use sensor_sdk::types::aws::AssumeRoleRequest;

pub(crate) fn perform(state: &mut State, call: &Call<'_>) -> Result<Answer, Fault> {
    if call.op == Op::AssumeRole {
        return assume_role(state, call);
    }
    let identity = state.world.get_caller_identity(call.now, call.caller)?;
    let (arn, user, account) = (
        Xml(&identity.arn),
        Xml(&identity.user_id),
        Xml(&identity.account),
    );
    let result = format!("<Arn>{arn}</Arn><UserId>{user}</UserId><Account>{account}</Account>");
    Ok(Answer::xml("GetCallerIdentity", &result, call.request_id))
}

fn assume_role(state: &mut State, call: &Call<'_>) -> Result<Answer, Fault> {
    let value = |name: &str| form_value(call.body, name).map(std::borrow::Cow::into_owned);
    let duration = value("DurationSeconds")
        .map(|text| text.parse())
        .transpose();
    let request = AssumeRoleRequest {
        role_arn: value("RoleArn").ok_or_else(|| missing("roleArn"))?,
        session_name: value("RoleSessionName").ok_or_else(|| missing("roleSessionName"))?,
        external_id: value("ExternalId"),
        policy: value("Policy"),
        duration_seconds: duration
            .map_err(|_| Fault::validation("DurationSeconds is no number."))?,
    };
    let role = state
        .world
        .assume_role(call.now, call.caller, Some(call.region), &request)?;
    state.credentials.add(&role);
    let expires = state.clock.to_wall(role.expires_at);
    Ok(Answer::xml(
        "AssumeRole",
        &result(&role, expires),
        call.request_id,
    ))
}

fn result(role: &AssumedRole, expires: i64) -> String {
    let expiration = jiff::Timestamp::from_millisecond(expires).unwrap_or(jiff::Timestamp::MAX);
    let (user, arn) = (Xml(&role.user_id), Xml(&role.arn));
    let (key, secret, token) = (
        Xml(&role.access_key),
        Xml(&role.secret_key),
        Xml(&role.session_token),
    );
    format!(
        "<AssumedRoleUser><AssumedRoleId>{user}</AssumedRoleId><Arn>{arn}</Arn></AssumedRoleUser><Credentials>\
         <AccessKeyId>{key}</AccessKeyId><SecretAccessKey>{secret}</SecretAccessKey><SessionToken>{token}\
         </SessionToken><Expiration>{expiration:.0}</Expiration></Credentials>"
    )
}
