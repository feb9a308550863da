//! Errors of this connector's own, and what an error of AWS means here.
//! Above: everything. Below: the SDK's error record.
//! Invariant: a message says what to do; a code that the host acts on is written here and nowhere else.

use sensor_sdk::types::{Error, ErrorClass, Problem, Severity};

/// The host starts a split over, once, when it reads this code.
pub(crate) const CURSOR_EXPIRED: &str = "cursor-expired";
/// The same, for a cursor of a form that this version does not know.
pub(crate) const CURSOR_VERSION: &str = "cursor-version";

/// The sensor's own grants leave an operation out: IAM was not asked.
pub(crate) const NOT_GRANTED: &str = "NotGranted";

pub(crate) fn error(class: ErrorClass, code: &str, message: impl Into<String>) -> Error {
    Error {
        class,
        code: code.to_owned(),
        message: message.into(),
        detail: None,
        retry_after_ms: None,
        subject: None,
    }
}

pub(crate) fn config(code: &str, message: impl Into<String>) -> Error {
    error(ErrorClass::Config, code, message)
}

pub(crate) fn unsupported(code: &str, message: impl Into<String>) -> Error {
    error(ErrorClass::Unsupported, code, message)
}

/// Puts what was being done in front of AWS's own words.
pub(crate) fn while_doing(what: &str, mut error: Error) -> Error {
    error.message = format!("{what}: {}", error.message);
    error
}

pub(crate) fn problem(
    severity: Severity,
    code: &str,
    subject: &str,
    message: impl Into<String>,
) -> Problem {
    Problem {
        severity,
        code: code.to_owned(),
        subject: Some(subject.to_owned()),
        message: message.into(),
    }
}

/// The sensor answers a batch; one that it leaves out would be asked for again and again.
pub(crate) fn unanswered(operation: &str) -> Error {
    let message =
        format!("the sensor was asked for a batch of {operation} and left some unanswered");
    error(ErrorClass::Internal, "no-answer", message)
}

/// An error that somebody has to mend. What passes by itself is no answer to what was asked: it ends the asking, with
/// its class, and the sensor asks again.
pub(crate) fn lasting(what: &str, error: Error) -> Result<Error, Error> {
    match error.class {
        ErrorClass::Transient
        | ErrorClass::Throttled
        | ErrorClass::AuthExpired
        | ErrorClass::Cancelled
        | ErrorClass::Internal => Err(while_doing(what, error)),
        ErrorClass::Config
        | ErrorClass::AccessDenied
        | ErrorClass::NotFound
        | ErrorClass::Conflict
        | ErrorClass::InvalidResponse
        | ErrorClass::Unsupported
        | ErrorClass::LimitExceeded
        | ErrorClass::Other => Ok(error),
    }
}

pub(crate) fn is_denied(error: &Error) -> bool {
    error.class == ErrorClass::AccessDenied
}

/// AWS did not accept a value: a page token, an enumeration.
pub(crate) fn is_validation(error: &Error) -> bool {
    matches!(
        error.code.as_str(),
        "ValidationException"
            | "ValidationError"
            | "InvalidArgsException"
            | "InvalidParameterException"
            | "InvalidParameterValueException"
            | "InvalidInputException"
            | "InvalidRequestException"
    ) || is_token(error)
}

fn is_token(error: &Error) -> bool {
    let code = &error.code;
    code.contains("NextToken")
        || code.contains("PaginationToken")
        || code == "ExpiredTokenForPagination"
}

/// What AWS answers in a region that an account has not enabled. It reads like bad credentials and is not.
pub(crate) fn is_region_disabled(error: &Error) -> bool {
    matches!(
        error.code.as_str(),
        "UnrecognizedClientException"
            | "InvalidClientTokenId"
            | "InvalidClientTokenIdException"
            | "AuthFailure"
            | "OptInRequired"
            | "RegionDisabledException"
    )
}

#[cfg(test)]
mod tests {
    use super::{ErrorClass as C, error, lasting};

    #[test]
    fn what_passes_ends_the_asking_and_keeps_its_class() {
        let wait = |class| {
            let mut error = error(class, "Code", "why");
            error.retry_after_ms = Some(7);
            error
        };
        for class in [
            C::Transient,
            C::Throttled,
            C::AuthExpired,
            C::Cancelled,
            C::Internal,
        ] {
            let passing = lasting("GetCertificate", wait(class)).expect_err("it passes");
            assert_eq!((passing.class, passing.retry_after_ms), (class, Some(7)));
            assert_eq!(passing.message, "GetCertificate: why");
        }
        for class in [
            C::Config,
            C::AccessDenied,
            C::NotFound,
            C::Conflict,
            C::InvalidResponse,
            C::Unsupported,
            C::LimitExceeded,
            C::Other,
        ] {
            assert_eq!(lasting("GetCertificate", wait(class)), Ok(wait(class)));
        }
    }
}
