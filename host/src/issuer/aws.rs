//! What AWS's errors mean for an issuer that acts there.
//! Above: `private_ca`, `dns::route53`. Below: `backend::sdk` reads them.
//! Invariant: AWS's own code is kept.

use super::{IssuerError, IssuerErrorClass};
use crate::bindings::connector::sensor::core::types::{Error, ErrorClass};
use std::time::Duration;

/// After a throttle or a fault that does not say.
const PAUSE: Duration = Duration::from_secs(10);
/// After a quota.
const LIMITED: Duration = Duration::from_mins(15);

/// The contract's error as an issuer's.
#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
pub(super) fn told(error: Error) -> IssuerError {
    let after = |usual| error.retry_after_ms.map_or(usual, Duration::from_millis);
    let class = match (error.code.as_str(), error.class) {
        ("MalformedCSRException" | "InvalidArgsException", _) => IssuerErrorClass::Refused,
        ("InvalidStateException" | "InvalidArnException" | "InvalidChangeBatch", _) => {
            IssuerErrorClass::Config
        }
        (_, ErrorClass::AccessDenied) => IssuerErrorClass::Denied,
        (_, ErrorClass::Config | ErrorClass::NotFound) => IssuerErrorClass::Config,
        (_, ErrorClass::LimitExceeded) => IssuerErrorClass::Retry {
            after: after(LIMITED),
        },
        // A session that has ended is had anew.
        (_, ErrorClass::Throttled | ErrorClass::Transient | ErrorClass::AuthExpired) => {
            IssuerErrorClass::Retry {
                after: after(PAUSE),
            }
        }
        _ => IssuerErrorClass::Internal,
    };
    IssuerError::new(class, &error.code, &error.message)
}
