//! Which operation a request asks for, by the rules of the three protocols.
//! Above: `dispatch`. Below: nothing.
//! Invariant: routing looks at the request line and headers; a body is looked at only where the protocol hides the
//! operation in it (query).

use super::answer::Wire;
use hyper::Method;
use hyper::http::request::Parts;
use mock_aws::{Op, Service};
use std::borrow::Cow;

/// Where a request goes.
#[derive(Debug)]
pub(crate) struct Route<'a> {
    pub(crate) wire: Wire,
    /// None where the request fits no service at all.
    pub(crate) service: Option<Service>,
    /// As written; `op` where it is known.
    pub(crate) operation: Cow<'a, str>,
    pub(crate) op: Option<Op>,
}

/// What X-Amz-Target begins with.
const TARGETS: [(&str, Service); 3] = [
    ("CertificateManager", Service::Acm),
    ("AWSOrganizationsV20161128", Service::Organizations),
    ("secretsmanager", Service::SecretsManager),
];

/// The version of STS's query protocol.
const STS_VERSION: &str = "2011-06-15";

impl<'a> Route<'a> {
    pub(crate) fn of(parts: &'a Parts, body: &'a [u8]) -> Self {
        let header = |name: &str| {
            parts
                .headers
                .get(name)
                .and_then(|value| value.to_str().ok())
        };
        if let Some(target) = header("x-amz-target") {
            let (prefix, operation) = target.rsplit_once('.').unwrap_or(("", target));
            let service = TARGETS.iter().find(|(known, _)| *known == prefix);
            let whole = parts.method == Method::POST && parts.uri.path() == "/";
            let typed = header("content-type") == Some("application/x-amz-json-1.1");
            let service = service
                .filter(|_| whole && typed)
                .map(|(_, service)| *service);
            return Self::new(Wire::Json, service, operation.into());
        }
        if header("content-type")
            .is_some_and(|v| v.starts_with("application/x-www-form-urlencoded"))
        {
            let known = form_value(body, "Version").as_deref() == Some(STS_VERSION);
            let action = form_value(body, "Action").unwrap_or_default();
            return Self::new(Wire::Query, known.then_some(Service::Sts), action);
        }
        let known = parts.method == Method::POST && parts.uri.path() == "/listRegions";
        let service = known.then_some(Service::Account);
        let operation = if known {
            "ListRegions"
        } else {
            parts.uri.path()
        };
        Self::new(Wire::Rest, service, operation.into())
    }

    fn new(wire: Wire, service: Option<Service>, operation: Cow<'a, str>) -> Self {
        let op = operation.parse::<Op>().ok();
        let op = op.filter(|op| Some(op.service()) == service);
        Self {
            wire,
            service,
            operation,
            op,
        }
    }
}

/// What a signature's scope calls a service.
pub(crate) fn signing_name(service: Service) -> &'static str {
    match service {
        Service::Sts => "sts",
        Service::Organizations => "organizations",
        Service::Account => "account",
        Service::Acm => "acm",
        Service::SecretsManager => "secretsmanager",
    }
}

/// A field of a form, decoded.
pub(crate) fn form_value<'a>(body: &'a [u8], name: &str) -> Option<Cow<'a, str>> {
    let body = std::str::from_utf8(body).ok()?;
    let pair = |pair: &'a str| pair.split_once('=').filter(|(key, _)| *key == name);
    body.split('&')
        .find_map(pair)
        .and_then(|(_, value)| decode(value))
}

fn decode(text: &str) -> Option<Cow<'_, str>> {
    if !text.bytes().any(|byte| matches!(byte, b'%' | b'+')) {
        return Some(text.into());
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let (high, low) = (rest.next()?, rest.next()?);
                *hex::decode([high, low]).ok()?.first()?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).ok().map(Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_forms() {
        let body = b"Action=AssumeRole&Policy=%7B%22a%22%3A+1%7D&RoleSessionName=a%2Bb&Bad=%zz";
        assert_eq!(form_value(body, "Action").as_deref(), Some("AssumeRole"));
        assert_eq!(form_value(body, "Policy").as_deref(), Some("{\"a\": 1}"));
        assert_eq!(form_value(body, "RoleSessionName").as_deref(), Some("a+b"));
        assert_eq!(form_value(body, "Bad"), None);
        assert_eq!(form_value(body, "Missing"), None);
    }
}
