//! What follows from an AWS error code.
//! Above: `error`. Below: nothing.
//! Invariant: every code has one class, in one table.

use crate::bindings::connector::sensor::core::types::ErrorClass;

/// The codes that mean the same wherever they come from.
const TABLE: &[(ErrorClass, &[&str])] = &[
    (
        ErrorClass::AccessDenied,
        &[
            "AccessDenied",
            "AccessDeniedException",
            "AuthFailure",
            "NotAuthorized",
            "NotAuthorizedException",
            "OptInRequired",
            "SubscriptionRequiredException",
            "UnauthorizedOperation",
        ],
    ),
    (
        ErrorClass::AuthExpired,
        &[
            "ExpiredToken",
            "ExpiredTokenException",
            "TokenRefreshRequired",
        ],
    ),
    (
        ErrorClass::Config,
        &[
            "IncompleteSignature",
            "IncompleteSignatureException",
            "InvalidAccessKeyId",
            "MissingAuthenticationToken",
            "MissingAuthenticationTokenException",
            // Tags that the operator chose and AWS or the organization does not take (fact 22).
            "InvalidTagException",
            "TagPolicyException",
            // The KMS key that the operator chose.
            "DecryptionFailure",
            "EncryptionFailure",
        ],
    ),
    (
        ErrorClass::Throttled,
        &[
            "BandwidthLimitExceeded",
            "EC2ThrottledException",
            "PriorRequestNotComplete",
            "RequestLimitExceeded",
            "RequestThrottled",
            "RequestThrottledException",
            "SlowDown",
            "ThrottledException",
            "Throttling",
            "ThrottlingException",
            "TooManyRequests",
            "TooManyRequestsException",
        ],
    ),
    (
        ErrorClass::NotFound,
        &[
            "AccountNotFoundException",
            "NoSuchEntity",
            "OrganizationalUnitNotFoundException",
            "ParentNotFoundException",
            "ResourceNotFoundException",
            "RootNotFoundException",
            // A certificate that has no body yet (fact 3): the next run may find one, a call's retries would not.
            "RequestInProgressException",
        ],
    ),
    (
        ErrorClass::Conflict,
        &[
            "AlreadyExistsException",
            "ConflictException",
            "EntityAlreadyExists",
            "PreconditionNotMetException",
            "ResourceExistsException",
            "ResourceInUseException",
        ],
    ),
    (
        ErrorClass::Unsupported,
        &[
            "AWSOrganizationsNotInUseException",
            "InvalidAction",
            "RegionDisabledException",
            "UnknownOperationException",
            "UnsupportedAPIEndpointException",
            "UnsupportedOperation",
            "UnsupportedOperationException",
            // A value that this region or partition does not know (fact 2), or a token that it no longer accepts.
            "InvalidArgsException",
            "InvalidArnException",
            "InvalidInputException",
            "InvalidNextToken",
            "InvalidNextTokenException",
            "InvalidParameterException",
            "InvalidParameterValueException",
            "InvalidRequestException",
            "MalformedPolicyDocument",
            "MalformedPolicyDocumentException",
            "ValidationError",
            "ValidationException",
        ],
    ),
    (
        ErrorClass::LimitExceeded,
        &[
            "LimitExceeded",
            "LimitExceededException",
            "PackedPolicyTooLarge",
            "PackedPolicyTooLargeException",
            "TooManyTagsException",
        ],
    ),
    (
        ErrorClass::Transient,
        &[
            "ConcurrentModificationException",
            "IDPCommunicationError",
            "InternalError",
            "InternalFailure",
            "InternalServerError",
            "InternalServerException",
            "InternalServiceError",
            "InternalServiceErrorException",
            "RequestTimeout",
            "RequestTimeoutException",
            "ServiceException",
            "ServiceUnavailable",
            "ServiceUnavailableException",
            // The SDK learns the clock's error from the answer, so another attempt may succeed.
            "RequestExpired",
            "RequestInTheFuture",
            "RequestTimeTooSkewed",
        ],
    ),
];

/// The class of a code. `regional` says whether the service is one that accounts enable by region.
pub(super) fn classify(code: &str, status: u16, message: &str, regional: bool) -> ErrorClass {
    match code {
        // Fact 37: with a session that worked elsewhere, this is a region that the account has not enabled.
        "UnrecognizedClientException" | "InvalidClientTokenId" if regional => {
            ErrorClass::Unsupported
        }
        "SignatureDoesNotMatch" | "InvalidSignatureException" if mentions_time(message) => {
            ErrorClass::Transient
        }
        "UnrecognizedClientException"
        | "InvalidClientTokenId"
        | "SignatureDoesNotMatch"
        | "InvalidSignatureException" => ErrorClass::Config,
        _ => {
            let row = TABLE.iter().find(|(_, codes)| codes.contains(&code));
            row.map_or_else(|| by_status(status, message), |(class, _)| *class)
        }
    }
}

/// The class of an answer without a code, or with one that is in no table.
pub(super) fn by_status(status: u16, message: &str) -> ErrorClass {
    match status {
        429 => ErrorClass::Throttled,
        400 if message.starts_with("Rate exceeded") => ErrorClass::Throttled,
        401 | 403 => ErrorClass::AccessDenied,
        408 | 500..=599 => ErrorClass::Transient,
        404 => ErrorClass::NotFound,
        409 => ErrorClass::Conflict,
        _ => ErrorClass::Other,
    }
}

/// Whether a refused signature was refused for its time (fact 44).
pub(super) fn mentions_time(message: &str) -> bool {
    ["expired", "not yet current", "future"]
        .iter()
        .any(|word| message.contains(word))
}

#[cfg(test)]
mod tests {
    use super::{ErrorClass as C, classify};
    use crate::backend::sdk::error::advice;

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
            ("ResourceInUseException", 400, true, C::Conflict),
            ("ConflictException", 400, true, C::Conflict),
            ("ResourceExistsException", 400, true, C::Conflict),
            ("TooManyTagsException", 400, true, C::LimitExceeded),
            ("InvalidTagException", 400, true, C::Config),
            ("TagPolicyException", 400, true, C::Config),
            ("InvalidParameterException", 400, true, C::Unsupported),
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
