//! AWS's ways to refuse, service by service: the same refusal has other codes and statuses in each.
//! Above: `world::gate` and the operations. Below: `fault`, `op`.
//! Invariant: one function a refusal, so that a service never mixes two spellings.

use crate::fault::Fault;
use crate::op::{Op, Service};
use sensor_sdk::types::ErrorClass;

/// Too many requests.
pub(super) fn throttled(op: Op) -> Fault {
    let (status, code, message) = match op.service() {
        Service::Sts => (400, "Throttling", "Rate exceeded"),
        Service::Organizations => (
            400,
            "TooManyRequestsException",
            "AWS Organizations can't complete your request because another request is already in progress. Try again later.",
        ),
        Service::Account => (429, "TooManyRequestsException", "Rate exceeded"),
        Service::Acm | Service::SecretsManager => (400, "ThrottlingException", "Rate exceeded"),
    };
    Fault::new(ErrorClass::Throttled, status, code, message)
}

/// Not allowed.
pub(super) fn denied(op: Op, message: impl Into<String>) -> Fault {
    let (status, code) = match op.service() {
        Service::Sts => (403, "AccessDenied"),
        Service::Account => (403, "AccessDeniedException"),
        _ => (400, "AccessDeniedException"),
    };
    Fault::new(ErrorClass::AccessDenied, status, code, message)
}

/// No policy allows it.
pub(super) fn not_authorized(op: Op, arn: &str, why: &str) -> Fault {
    not_authorized_to(op, op.action(), arn, why)
}

/// No policy allows what the call needs besides.
pub(super) fn not_authorized_to(op: Op, action: &str, arn: &str, why: &str) -> Fault {
    denied(
        op,
        format!("User: {arn} is not authorized to perform: {action}{why}"),
    )
}

/// The credentials have ended.
pub(super) fn expired(op: Op) -> Fault {
    let text = "The security token included in the request is expired";
    match op.service() {
        Service::Sts => Fault::new(ErrorClass::AuthExpired, 403, "ExpiredToken", text),
        Service::Account => Fault::new(ErrorClass::AuthExpired, 403, "ExpiredTokenException", text),
        _ => Fault::new(ErrorClass::AuthExpired, 400, "ExpiredTokenException", text),
    }
}

/// The region, or the service in it, does not know these credentials.
pub(super) fn unrecognized(op: Op) -> Fault {
    let text = "The security token included in the request is invalid.";
    match op.service() {
        Service::Sts => Fault::new(ErrorClass::AccessDenied, 403, "InvalidClientTokenId", text),
        Service::Account => Fault::new(
            ErrorClass::AccessDenied,
            403,
            "UnrecognizedClientException",
            text,
        ),
        _ => Fault::new(
            ErrorClass::AccessDenied,
            400,
            "UnrecognizedClientException",
            text,
        ),
    }
}

/// A page token that is none, or is none any more.
pub(super) fn bad_token(op: Op) -> Fault {
    let class = ErrorClass::Unsupported;
    match op.service() {
        Service::Organizations => Fault::new(
            class,
            400,
            "InvalidInputException",
            "You specified an invalid value for NextToken (INVALID_NEXT_TOKEN).",
        ),
        Service::SecretsManager => Fault::new(
            class,
            400,
            "InvalidNextTokenException",
            "The NextToken value is invalid.",
        ),
        _ => Fault::validation("The NextToken value is invalid or has expired."),
    }
}

/// A service that is older than the operation.
pub(super) fn unknown_operation(op: Op) -> Fault {
    Fault::new(
        ErrorClass::Unsupported,
        400,
        "UnknownOperationException",
        format!("Unknown operation {op}"),
    )
}

/// A value that Secrets Manager does not take.
pub(super) fn invalid_parameter(message: impl Into<String>) -> Fault {
    Fault::new(
        ErrorClass::Unsupported,
        400,
        "InvalidParameterException",
        message,
    )
}

/// What Secrets Manager cannot do with a secret as it stands.
pub(super) fn invalid_request(message: impl Into<String>) -> Fault {
    Fault::new(
        ErrorClass::Unsupported,
        400,
        "InvalidRequestException",
        message,
    )
}

/// The class of an error that a scenario makes up, by its code.
pub(super) fn class_of(code: &str, status: u16) -> ErrorClass {
    match code {
        "LimitExceededException" | "TooManyTagsException" => ErrorClass::LimitExceeded,
        "ConflictException" | "ResourceInUseException" | "ResourceExistsException" => {
            ErrorClass::Conflict
        }
        "ResourceNotFoundException" => ErrorClass::NotFound,
        "TagPolicyException" | "InvalidTagException" => ErrorClass::Config,
        "InvalidArnException"
        | "InvalidParameterException"
        | "InvalidRequestException"
        | "ValidationException" => ErrorClass::Unsupported,
        "AccessDeniedException" | "AccessDenied" => ErrorClass::AccessDenied,
        "ThrottlingException" | "Throttling" | "TooManyRequestsException" => ErrorClass::Throttled,
        _ if status >= 500 => ErrorClass::Transient,
        _ => ErrorClass::Other,
    }
}

/// A value that STS does not take.
pub(super) fn sts_validation(message: impl Into<String>) -> Fault {
    Fault::new(ErrorClass::Config, 400, "ValidationError", message)
}
