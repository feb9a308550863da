//! What a CA says went wrong, and what follows from it.
//! Above: `acme`. Below: instant-acme's errors.
//! Invariant: every type of RFC 8555 has one class, in one table; the CA's own words are kept, cleaned.

use super::wire::Heard;
use crate::issuer::http::{HttpError, PAUSE};
use crate::issuer::{IssuerError, IssuerErrorClass};
use instant_acme::{Error, Problem};
use std::time::Duration;

const TYPE: &str = "urn:ietf:params:acme:error:";
/// After a limit that says nothing of its end: Let's Encrypt gives a new order every 36 seconds, others count hours.
const LIMITED: Duration = Duration::from_mins(15);
/// After the server's own fault.
const FAULT: Duration = Duration::from_mins(1);

/// The short name of a problem's type.
pub(super) fn short(problem: &Problem) -> &str {
    let full = problem.r#type.as_deref().unwrap_or("unknown");
    full.strip_prefix(TYPE).unwrap_or(full)
}

pub(super) fn is(error: &Error, kind: &str) -> bool {
    matches!(error, Error::Api(problem) if short(problem) == kind)
}

/// An error of the library as ours.
pub(super) fn told(error: &Error, heard: Heard) -> IssuerError {
    let retry =
        |after, code, text: String| IssuerError::new(IssuerErrorClass::Retry { after }, code, text);
    let after = |usual| heard.retry_after.unwrap_or(usual);
    match error {
        Error::Api(problem) => of_problem(problem, heard),
        Error::Other(cause) => match cause.downcast_ref::<HttpError>() {
            Some(error) => IssuerError::from(error.clone()),
            None if heard.status >= 500 || heard.status == 429 => {
                retry(after(FAULT), "server-fault", error.to_string())
            }
            None => IssuerError::internal("acme", error.to_string()),
        },
        // A page of a load balancer's, most likely.
        Error::Json(_) if heard.status >= 400 => {
            let text = format!(
                "the CA's server answered HTTP {} without a reason",
                heard.status
            );
            retry(after(FAULT), "server-fault", text)
        }
        Error::Timeout(_) => retry(after(PAUSE), "timeout", error.to_string()),
        Error::Unsupported(_) => IssuerError::config("unsupported", error.to_string()),
        other => IssuerError::internal("acme", other.to_string()),
    }
}

fn of_problem(problem: &Problem, heard: Heard) -> IssuerError {
    let kind = short(problem);
    let text = words(problem);
    let class = match kind {
        "rateLimited" => IssuerErrorClass::Retry {
            after: heard.retry_after.unwrap_or(LIMITED),
        },
        "badNonce" | "orderNotReady" => IssuerErrorClass::Retry {
            after: heard.retry_after.unwrap_or(PAUSE),
        },
        "serverInternal" => IssuerErrorClass::Retry {
            after: heard.retry_after.unwrap_or(FAULT),
        },
        "accountDoesNotExist"
        | "externalAccountRequired"
        | "unauthorized"
        | "userActionRequired" => IssuerErrorClass::Denied,
        "invalidContact" | "unsupportedContact" => IssuerErrorClass::Config,
        "rejectedIdentifier"
        | "unsupportedIdentifier"
        | "caa"
        | "badCSR"
        | "badPublicKey"
        | "badSignatureAlgorithm"
        | "invalidProfile" => IssuerErrorClass::Refused,
        _ if heard.status >= 500 || heard.status == 429 => IssuerErrorClass::Retry {
            after: heard.retry_after.unwrap_or(FAULT),
        },
        _ => IssuerErrorClass::Refused,
    };
    IssuerError::new(class, kind, text)
}

/// The CA's words, those on single names included.
pub(super) fn words(problem: &Problem) -> String {
    let mut text = problem
        .detail
        .clone()
        .unwrap_or_else(|| format!("the CA says {}", short(problem)));
    for sub in &problem.subproblems {
        text = format!("{text}; {sub}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(kind: &str, heard: Heard) -> IssuerErrorClass {
        let json = format!("{{\"type\":\"{TYPE}{kind}\",\"detail\":\"so it is\"}}");
        let error = told(&Error::Api(serde_json::from_str(&json).unwrap()), heard);
        assert_eq!(
            (error.code.as_str(), error.message.as_str()),
            (kind, "so it is")
        );
        error.class
    }

    #[test]
    fn every_type_says_what_to_do() {
        let heard = |status, seconds: Option<u64>| Heard {
            status,
            retry_after: seconds.map(Duration::from_secs),
        };
        let retry = |seconds| IssuerErrorClass::Retry {
            after: Duration::from_secs(seconds),
        };
        assert_eq!(class("rateLimited", heard(429, Some(36))), retry(36));
        assert_eq!(class("rateLimited", heard(429, None)), retry(900));
        assert_eq!(class("serverInternal", heard(500, None)), retry(60));
        assert_eq!(class("madeUpTomorrow", heard(503, Some(5))), retry(5));
        assert_eq!(
            class("madeUpTomorrow", heard(400, None)),
            IssuerErrorClass::Refused
        );
        assert_eq!(class("caa", heard(403, None)), IssuerErrorClass::Refused);
        assert_eq!(
            class("unauthorized", heard(403, None)),
            IssuerErrorClass::Denied
        );
        assert_eq!(
            class("invalidContact", heard(400, None)),
            IssuerErrorClass::Config
        );
    }

    #[test]
    fn a_page_of_a_load_balancer_is_waited_out() {
        let page = serde_json::from_str::<Problem>("<html>").unwrap_err();
        let heard = Heard {
            status: 502,
            retry_after: None,
        };
        let error = told(&Error::Json(page), heard);
        assert_eq!(error.retry_after(), Some(FAULT));
        assert!(error.message.contains("HTTP 502"), "{error}");
    }
}
