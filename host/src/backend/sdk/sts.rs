//! STS by the SDK: who am I, and who may I become.
//! Above: `SdkBackend`. Below: aws-sdk-sts.
//! Invariant: always a regional endpoint (fact 38), so that a session works in every region.

use super::error::from_sdk;
use super::{SdkBackend, foreign, sts_region};
use crate::backend::{SdkSession, Session, SessionSource};
use crate::bindings::connector::sensor::aws::types::{AssumeRoleRequest, CallerIdentity};
use crate::bindings::connector::sensor::core::types::{Error, ErrorClass};
use aws_credential_types::Credentials;
use aws_sdk_sts::config::Region;
use std::time::SystemTime;

fn client(backend: &SdkBackend, session: &Session) -> Result<aws_sdk_sts::Client, Error> {
    let SessionSource::Sdk(sdk) = session.source() else {
        return Err(foreign());
    };
    let home = sdk.config().region().map(Region::as_ref);
    let region = sts_region(home, session.partition());
    let made = backend.sts.get(session, &region, |sdk| {
        let config =
            aws_sdk_sts::config::Builder::from(sdk.config()).region(Region::new(region.clone()));
        aws_sdk_sts::Client::from_conf(config.build())
    });
    made.ok_or_else(foreign)
}

pub(super) async fn get_caller_identity(
    backend: &SdkBackend,
    session: &Session,
) -> Result<CallerIdentity, Error> {
    let answer = client(backend, session)?.get_caller_identity().send().await;
    let answer = answer.map_err(|error| from_sdk(error, false))?;
    match (answer.account, answer.arn) {
        (Some(account), Some(arn)) => Ok(CallerIdentity {
            account,
            arn,
            user_id: answer.user_id.unwrap_or_default(),
        }),
        _ => Err(unreadable(
            "GetCallerIdentity named no account or no principal",
        )),
    }
}

pub(super) async fn assume_role(
    backend: &SdkBackend,
    session: &Session,
    request: &AssumeRoleRequest,
) -> Result<Session, Error> {
    let SessionSource::Sdk(sdk) = session.source() else {
        return Err(foreign());
    };
    let seconds = request
        .duration_seconds
        .and_then(|seconds| i32::try_from(seconds).ok());
    let call = client(backend, session)?
        .assume_role()
        .role_arn(&request.role_arn)
        .role_session_name(&request.session_name)
        .set_external_id(request.external_id.clone())
        .set_policy(request.policy.clone())
        .set_duration_seconds(seconds);
    let answer = call.send().await.map_err(|error| from_sdk(error, false))?;
    let given = answer
        .credentials
        .ok_or_else(|| unreadable("AssumeRole brought no credentials"))?;
    let principal = answer
        .assumed_role_user
        .map_or_else(|| request.role_arn.clone(), |user| user.arn);
    let mut parts = principal.split(':').skip(1);
    let (partition, account) = (
        parts.next().unwrap_or_default().to_owned(),
        parts.nth(2).unwrap_or_default().to_owned(),
    );
    let expires_at = given.expiration.to_millis().ok();
    let expiry = SystemTime::try_from(given.expiration).ok();
    let credentials = Credentials::new(
        given.access_key_id,
        given.secret_access_key,
        Some(given.session_token),
        expiry,
        "AssumeRole",
    );
    let source = SessionSource::Sdk(Box::new(SdkSession::of_role(sdk.config(), credentials)));
    Ok(Session::new(
        account, principal, partition, source, true, expires_at,
    ))
}

fn unreadable(message: &str) -> Error {
    Error {
        class: ErrorClass::InvalidResponse,
        code: "invalid-response".to_owned(),
        message: message.to_owned(),
        ..foreign()
    }
}
