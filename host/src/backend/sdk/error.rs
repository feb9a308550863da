//! The AWS SDK's errors as the contract's: AWS's code is kept, the class says what follows.
//! Above: the services, `issuer`. Below: `class`.
//! Invariant: no text holds a credential.

use super::class::{by_status, classify, mentions_time};
use crate::bindings::connector::sensor::core::types::{Error, ErrorClass};
use crate::model::text::clean;
use crate::model::time::{Clock, SystemClock};
use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::date_time::{DateTime, Format};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use std::error::Error as StdError;
use std::sync::Once;

/// More than this and AWS refuses signatures sooner or later.
const SKEW_WORTH_TELLING_S: i64 = 30;

/// What to tell beside AWS's own words.
pub(super) fn advice(code: &str, class: ErrorClass, message: &str) -> Option<&'static str> {
    Some(match (code, class) {
        ("UnrecognizedClientException" | "InvalidClientTokenId", ErrorClass::Unsupported) => {
            "the session works elsewhere, so the account has probably not enabled this region"
        }
        ("UnrecognizedClientException" | "InvalidClientTokenId" | "InvalidAccessKeyId", _) => {
            "AWS does not know this access key: it may be deleted, inactive, or of another partition than the region"
        }
        ("SignatureDoesNotMatch" | "InvalidSignatureException", _) if !mentions_time(message) => {
            "the secret access key does not belong to the access key ID, or a proxy changed the request"
        }
        _ if is_about_time(code, message) => {
            "this machine's clock differs too much from AWS's: correct it (NTP)"
        }
        ("ExpiredToken" | "ExpiredTokenException", _) => {
            "the session has ended: log in again, or link credentials that renew themselves"
        }
        ("AWSOrganizationsNotInUseException", _) => {
            "the account is in no organization: use the account scope"
        }
        ("RegionDisabledException", _) => {
            "STS is not active in this region for the account: choose another home region"
        }
        _ => return None,
    })
}

/// A service's answer or the lack of one, as an error of the contract. `regional`: see [`classify`].
#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
pub(crate) fn from_sdk<E>(error: SdkError<E, HttpResponse>, regional: bool) -> Error
where
    E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
{
    match &error {
        SdkError::ServiceError(service) => from_service(service.err(), service.raw(), regional),
        SdkError::TimeoutError(_) => plain(
            ErrorClass::Transient,
            "timeout",
            "AWS did not answer in time",
        ),
        SdkError::ResponseError(response) => {
            let status = response.raw().status().as_u16();
            let text = format!(
                "AWS's answer (HTTP {status}) could not be read: {}",
                chain(&error)
            );
            if status < 400 {
                return plain(ErrorClass::InvalidResponse, "invalid-response", &text);
            }
            // A gateway or proxy in between, by its own words.
            let answer = plain(by_status(status, ""), &format!("http-{status}"), &text);
            Error {
                retry_after_ms: retry_after(response.raw()),
                ..answer
            }
        }
        _ => from_dispatch(&error),
    }
}

fn from_service<E: ProvideErrorMetadata>(error: &E, raw: &HttpResponse, regional: bool) -> Error {
    let (status, message) = (raw.status().as_u16(), error.message().unwrap_or_default());
    // A code may come as "namespace#Code" or "Code:url".
    let code = error.code().unwrap_or_default();
    let code = code
        .rsplit('#')
        .next()
        .unwrap_or(code)
        .split(':')
        .next()
        .unwrap_or_default();
    let class = classify(code, status, message, regional);
    let skew = skew(raw);
    if let Some(skew) = skew.as_ref().filter(|_| is_about_time(code, message)) {
        tell_once(skew);
    }
    let said = if message.is_empty() {
        format!("AWS answered HTTP {status}")
    } else {
        clean(message, 600)
    };
    let message = match advice(code, class, message) {
        Some(advice) => format!("{said} ({advice})"),
        None => said,
    };
    let code = if code.is_empty() {
        format!("http-{status}")
    } else {
        clean(code, 80)
    };
    Error {
        retry_after_ms: retry_after(raw),
        detail: skew,
        ..plain(class, &code, &message)
    }
}

/// Nothing came back, or nothing was sent: no credentials, no name, no connection.
fn from_dispatch<E, R>(error: &SdkError<E, R>) -> Error
where
    E: StdError + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    let mut source: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(cause) = source {
        if let Some(credentials) = cause.downcast_ref::<CredentialsError>() {
            return from_credentials(credentials);
        }
        source = cause.source();
    }
    match error {
        SdkError::DispatchFailure(_) => plain(
            ErrorClass::Transient,
            "connection-failed",
            &format!("AWS could not be reached: {}", chain(error)),
        ),
        _ => plain(
            ErrorClass::Config,
            "request-not-built",
            &format!("no request could be made: {}", chain(error)),
        ),
    }
}

/// A credential source that gave nothing.
fn from_credentials(error: &CredentialsError) -> Error {
    let why = chain(error);
    match error {
        CredentialsError::CredentialsNotLoaded(_) => plain(
            ErrorClass::Config,
            "no-credentials",
            &format!("no AWS credentials were found for the user that the sensor runs as: {why}"),
        ),
        CredentialsError::ProviderTimedOut(_) => plain(
            ErrorClass::Transient,
            "credentials-timeout",
            "the source of the credentials did not answer in time",
        ),
        CredentialsError::InvalidConfiguration(_) => plain(
            ErrorClass::Config,
            "credentials-misconfigured",
            &format!("the credentials' configuration is wrong: {why}"),
        ),
        _ => plain(
            ErrorClass::AuthExpired,
            "credentials-failed",
            &format!("the source gave no credentials: {why}"),
        ),
    }
}

fn plain(class: ErrorClass, code: &str, message: &str) -> Error {
    let (code, message) = (code.to_owned(), clean(message, 900));
    Error {
        class,
        code,
        message,
        detail: None,
        retry_after_ms: None,
        subject: None,
    }
}

/// The causes of an error, outermost first, each told once.
fn chain(error: &dyn StdError) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut source = Some(error);
    while let Some(cause) = source {
        let text = cause.to_string();
        if !parts.iter().any(|part| part.contains(&text)) {
            parts.push(text);
        }
        source = cause.source();
    }
    clean(&parts.join(": "), 600)
}

fn retry_after(raw: &HttpResponse) -> Option<u64> {
    let number = |name| {
        raw.headers()
            .get(name)
            .and_then(|value: &str| value.trim().parse::<u64>().ok())
    };
    number("x-amz-retry-after")
        .or_else(|| number("retry-after").map(|seconds| seconds.saturating_mul(1000)))
}

/// Whether a signature was refused for its date (fact 44).
fn is_about_time(code: &str, message: &str) -> bool {
    match code {
        "SignatureDoesNotMatch" | "InvalidSignatureException" => mentions_time(message),
        _ => matches!(
            code,
            "RequestTimeTooSkewed" | "RequestExpired" | "RequestInTheFuture"
        ),
    }
}

/// The SDK signs by AWS's clock from the second call of a client on, so that a wrong clock would be noticed by nobody,
/// and each client would go on losing its first call to it.
fn tell_once(skew: &str) {
    static TOLD: Once = Once::new();
    TOLD.call_once(|| {
        tracing::warn!(
            "{skew}: correct it (NTP); until then each first call to a service is refused and made again"
        );
    });
}

/// When AWS answered, by its own clock: seconds since 1970.
pub(super) fn answered_at(raw: &HttpResponse) -> Option<i64> {
    let date = DateTime::from_str(raw.headers().get("date")?, Format::HttpDate).ok()?;
    Some(date.secs())
}

/// Fact 44: how far this machine's clock is from AWS's, when that is worth telling.
fn skew(raw: &HttpResponse) -> Option<String> {
    let seconds = SystemClock.now() / 1000 - answered_at(raw)?;
    let direction = if seconds > 0 { "ahead of" } else { "behind" };
    let far = seconds.abs() > SKEW_WORTH_TELLING_S;
    far.then(|| {
        format!(
            "this machine's clock is {} s {direction} AWS's",
            seconds.abs()
        )
    })
}
