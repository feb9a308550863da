//! The AWS SDK's errors as the contract's: AWS's code is kept, the class says what follows.
//! Above: the services. Below: nothing.
//! Invariant: every code has one class, in one table; no text holds a credential.

use crate::bindings::connector::sensor::core::types::{Error, ErrorClass};
use crate::model::text::clean;
use crate::model::time::{Clock, SystemClock};
use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::date_time::{DateTime, Format};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use std::error::Error as StdError;

/// More than this and AWS refuses signatures sooner or later.
const SKEW_WORTH_TELLING_S: i64 = 30;

/// What follows from an AWS error code. `regional` says whether the service is one that accounts enable by region.
pub(super) fn classify(code: &str, status: u16, message: &str, regional: bool) -> ErrorClass {
    match code {
        "AccessDenied"
        | "AccessDeniedException"
        | "UnauthorizedOperation"
        | "NotAuthorized"
        | "AuthFailure"
        | "NotAuthorizedException"
        | "OptInRequired"
        | "SubscriptionRequiredException" => ErrorClass::AccessDenied,
        "ExpiredToken" | "ExpiredTokenException" | "TokenRefreshRequired" => {
            ErrorClass::AuthExpired
        }
        // Fact 37: with a session that worked elsewhere, this is a region that the account has not enabled.
        "UnrecognizedClientException" | "InvalidClientTokenId" if regional => {
            ErrorClass::Unsupported
        }
        "UnrecognizedClientException"
        | "InvalidClientTokenId"
        | "InvalidAccessKeyId"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException"
        | "IncompleteSignature"
        | "IncompleteSignatureException" => ErrorClass::Config,
        "SignatureDoesNotMatch" | "InvalidSignatureException" if !mentions_time(message) => {
            ErrorClass::Config
        }
        // The SDK learns the clock's error from the answer, so another attempt may succeed.
        "SignatureDoesNotMatch"
        | "InvalidSignatureException"
        | "RequestTimeTooSkewed"
        | "RequestExpired"
        | "RequestInTheFuture" => ErrorClass::Transient,
        "Throttling"
        | "ThrottlingException"
        | "ThrottledException"
        | "TooManyRequestsException"
        | "TooManyRequests"
        | "RequestLimitExceeded"
        | "RequestThrottled"
        | "RequestThrottledException"
        | "SlowDown"
        | "BandwidthLimitExceeded"
        | "PriorRequestNotComplete"
        | "EC2ThrottledException" => ErrorClass::Throttled,
        // A certificate that has no body yet (fact 3): the next run may find one, this call's retries would not.
        "RequestInProgressException" => ErrorClass::NotFound,
        "ResourceNotFoundException"
        | "AccountNotFoundException"
        | "ParentNotFoundException"
        | "OrganizationalUnitNotFoundException"
        | "RootNotFoundException"
        | "NoSuchEntity" => ErrorClass::NotFound,
        "AWSOrganizationsNotInUseException"
        | "RegionDisabledException"
        | "UnknownOperationException"
        | "UnsupportedOperation"
        | "UnsupportedOperationException"
        | "UnsupportedAPIEndpointException"
        | "InvalidAction" => ErrorClass::Unsupported,
        "LimitExceededException"
        | "LimitExceeded"
        | "PackedPolicyTooLarge"
        | "PackedPolicyTooLargeException" => ErrorClass::LimitExceeded,
        "ServiceUnavailable"
        | "ServiceUnavailableException"
        | "InternalError"
        | "InternalFailure"
        | "InternalServerError"
        | "InternalServerException"
        | "InternalServiceError"
        | "InternalServiceErrorException"
        | "ServiceException"
        | "RequestTimeout"
        | "RequestTimeoutException"
        | "IDPCommunicationError"
        | "ConcurrentModificationException" => ErrorClass::Transient,
        // A value that this region or partition does not know (fact 2), or a token that it no longer accepts.
        "ValidationException"
        | "ValidationError"
        | "InvalidInputException"
        | "InvalidParameterException"
        | "InvalidParameterValueException"
        | "InvalidRequestException"
        | "InvalidArgsException"
        | "InvalidArnException"
        | "InvalidNextTokenException"
        | "InvalidNextToken"
        | "MalformedPolicyDocument"
        | "MalformedPolicyDocumentException" => ErrorClass::Unsupported,
        _ => by_status(status, message),
    }
}

fn by_status(status: u16, message: &str) -> ErrorClass {
    match status {
        429 => ErrorClass::Throttled,
        400 if message.starts_with("Rate exceeded") => ErrorClass::Throttled,
        401 | 403 => ErrorClass::AccessDenied,
        408 | 500..=599 => ErrorClass::Transient,
        404 => ErrorClass::NotFound,
        _ => ErrorClass::Other,
    }
}

fn mentions_time(message: &str) -> bool {
    ["expired", "not yet current", "future"]
        .iter()
        .any(|word| message.contains(word))
}

/// What to tell beside AWS's own words.
fn advice(code: &str, class: ErrorClass, message: &str) -> Option<&'static str> {
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
        (
            "SignatureDoesNotMatch"
            | "InvalidSignatureException"
            | "RequestTimeTooSkewed"
            | "RequestExpired"
            | "RequestInTheFuture",
            _,
        ) => "this machine's clock differs too much from AWS's: correct it (NTP)",
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
pub(super) fn from_sdk<E>(error: SdkError<E, HttpResponse>, regional: bool) -> Error
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
        detail: skew(raw),
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

/// Fact 44: how far this machine's clock is from AWS's, when that is worth telling.
fn skew(raw: &HttpResponse) -> Option<String> {
    let date = DateTime::from_str(raw.headers().get("date")?, Format::HttpDate).ok()?;
    let seconds = SystemClock.now() / 1000 - date.secs();
    let direction = if seconds > 0 { "ahead of" } else { "behind" };
    let far = seconds.abs() > SKEW_WORTH_TELLING_S;
    far.then(|| {
        format!(
            "this machine's clock is {} s {direction} AWS's",
            seconds.abs()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::{ErrorClass as C, advice, classify};

    #[test]
    fn every_code_has_its_class() {
        let cases: &[(&str, u16, bool, C)] = &[
            ("AccessDeniedException", 400, true, C::AccessDenied),
            ("AccessDenied", 403, false, C::AccessDenied),
            ("UnrecognizedClientException", 400, true, C::Unsupported),
            ("UnrecognizedClientException", 403, false, C::Config),
            ("InvalidClientTokenId", 403, false, C::Config),
            ("InvalidClientTokenId", 403, true, C::Unsupported),
            ("ExpiredToken", 403, false, C::AuthExpired),
            ("ExpiredTokenException", 400, true, C::AuthExpired),
            ("ThrottlingException", 400, true, C::Throttled),
            ("Throttling", 400, false, C::Throttled),
            ("TooManyRequestsException", 400, false, C::Throttled),
            ("RequestLimitExceeded", 503, false, C::Throttled),
            ("ValidationException", 400, true, C::Unsupported),
            ("ValidationError", 400, false, C::Unsupported),
            ("InvalidNextTokenException", 400, true, C::Unsupported),
            ("ResourceNotFoundException", 400, true, C::NotFound),
            ("RequestInProgressException", 400, true, C::NotFound),
            (
                "AWSOrganizationsNotInUseException",
                400,
                false,
                C::Unsupported,
            ),
            ("RegionDisabledException", 403, false, C::Unsupported),
            ("UnknownOperationException", 400, true, C::Unsupported),
            ("LimitExceededException", 400, true, C::LimitExceeded),
            ("InternalFailure", 500, true, C::Transient),
            ("ServiceUnavailable", 503, true, C::Transient),
            ("SomethingNew", 503, true, C::Transient),
            ("SomethingNew", 429, true, C::Throttled),
            ("SomethingNew", 403, true, C::AccessDenied),
            ("SomethingNew", 400, true, C::Other),
            ("", 502, true, C::Transient),
        ];
        for (code, status, regional, class) in cases {
            assert_eq!(
                classify(code, *status, "", *regional),
                *class,
                "{code} {status} {regional}"
            );
        }
    }

    #[test]
    fn fact_08_an_undeclared_throttle_is_known_by_its_text() {
        assert_eq!(classify("", 400, "Rate exceeded", true), C::Throttled);
    }

    #[test]
    fn fact_37_a_disabled_region_is_not_a_bad_credential() {
        let class = classify(
            "UnrecognizedClientException",
            400,
            "The security token is invalid.",
            true,
        );
        assert_eq!(class, C::Unsupported);
        assert!(
            advice("UnrecognizedClientException", class, "")
                .unwrap()
                .contains("not enabled this region")
        );
    }

    #[test]
    fn fact_44_a_wrong_clock_is_told_from_a_wrong_key() {
        let late = "Signature expired: 20260101T000000Z is now earlier than 20260101T001000Z";
        for (code, message, class, word) in [
            ("SignatureDoesNotMatch", late, C::Transient, "clock"),
            (
                "InvalidSignatureException",
                "Signature not yet current: ...",
                C::Transient,
                "clock",
            ),
            ("RequestTimeTooSkewed", "", C::Transient, "clock"),
            ("RequestExpired", "", C::Transient, "clock"),
            (
                "SignatureDoesNotMatch",
                "The request signature we calculated does not match",
                C::Config,
                "secret",
            ),
        ] {
            assert_eq!(classify(code, 403, message, true), class, "{code}");
            assert!(
                advice(code, class, message).unwrap().contains(word),
                "{code}"
            );
        }
    }
}
