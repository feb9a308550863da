//! Answers and faults in the shapes of the three protocols.
//! Above: `dispatch`, the services. Below: serde_json.
//! Invariant: a fault's code reaches the client as AWS spells it in that protocol.

use bytes::Bytes;
use mock_aws::{Fault, Service};
use sensor_sdk::types::ErrorClass;
use serde::{Serialize, Serializer};
use std::fmt::Write;

/// A protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wire {
    /// JSON 1.1: the operation stands in a header.
    Json,
    /// REST with JSON: the operation stands in the path.
    Rest,
    /// Forms in, XML out.
    Query,
}

/// One answer, ready to be sent.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: &'static str,
    pub(crate) body: Bytes,
    /// The code of a fault.
    pub(crate) code: Option<String>,
    pub(crate) retry_after_ms: Option<u64>,
}

impl Answer {
    /// A success.
    pub(crate) fn json<T: Serialize>(wire: Wire, value: &T) -> Result<Self, Fault> {
        let body = serde_json::to_vec(value).map_err(|error| {
            Fault::new(
                ErrorClass::Internal,
                500,
                "InternalFailure",
                error.to_string(),
            )
        })?;
        Ok(Self::ok(wire, body.into()))
    }

    /// A success of the query protocol: what goes between the result's tags.
    pub(crate) fn xml(operation: &str, result: &str, request_id: &str) -> Self {
        let body = format!(
            "<{operation}Response xmlns=\"{STS_NAMESPACE}\"><{operation}Result>{result}</{operation}Result>\
             <ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{operation}Response>"
        );
        Self::ok(Wire::Query, body.into())
    }

    fn ok(wire: Wire, body: Bytes) -> Self {
        Self {
            status: 200,
            content_type: content_type(wire),
            body,
            code: None,
            retry_after_ms: None,
        }
    }

    /// A fault.
    pub(crate) fn fault(
        wire: Wire,
        service: Option<Service>,
        fault: &Fault,
        request_id: &str,
    ) -> Self {
        let code = spelled(wire, &fault.code);
        let body = match wire {
            Wire::Query => fault_xml(&code, fault, request_id),
            Wire::Json | Wire::Rest => fault_json(wire, service, &code, &fault.message),
        };
        Self {
            status: status(wire, &code, fault.status),
            content_type: content_type(wire),
            body: body.into(),
            code: Some(code),
            retry_after_ms: fault.retry_after_ms,
        }
    }
}

/// STS's namespace.
const STS_NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

/// The codes of the layer before the services, as JSON and as query spell them.
const GATE: [(&str, &str); 6] = [
    ("AccessDeniedException", "AccessDenied"),
    ("ExpiredTokenException", "ExpiredToken"),
    ("InvalidSignatureException", "SignatureDoesNotMatch"),
    (
        "MissingAuthenticationTokenException",
        "MissingAuthenticationToken",
    ),
    ("ThrottlingException", "Throttling"),
    ("UnrecognizedClientException", "InvalidClientTokenId"),
];

fn spelled(wire: Wire, code: &str) -> String {
    if wire == Wire::Query && code == "ValidationException" {
        return "ValidationError".to_owned();
    }
    let other = GATE.iter().find_map(|(json, query)| match wire {
        Wire::Query if code == *json => Some(*query),
        Wire::Json | Wire::Rest if code == *query => Some(*json),
        _ => None,
    });
    other.unwrap_or(code).to_owned()
}

/// JSON 1.1 says 400 to what the others say 403.
fn status(wire: Wire, code: &str, given: u16) -> u16 {
    let gate = GATE
        .iter()
        .any(|(json, query)| code == *json || code == *query);
    match wire {
        _ if !gate || code.starts_with("Throttling") => given,
        Wire::Json => 400,
        Wire::Rest | Wire::Query => 403,
    }
}

fn content_type(wire: Wire) -> &'static str {
    match wire {
        Wire::Json => "application/x-amz-json-1.1",
        Wire::Rest => "application/json",
        Wire::Query => "text/xml",
    }
}

fn fault_json(wire: Wire, service: Option<Service>, code: &str, message: &str) -> String {
    let mut body = serde_json::Map::new();
    let gate = service.is_none()
        || GATE
            .iter()
            .any(|(json, _)| code == *json && !code.starts_with("Throttling"));
    if wire == Wire::Json {
        let name = if gate {
            format!("com.amazon.coral.service#{code}")
        } else {
            code.to_owned()
        };
        body.insert("__type".to_owned(), name.into());
    }
    let word = if service == Some(Service::Organizations) {
        "Message"
    } else {
        "message"
    };
    body.insert(word.to_owned(), message.into());
    if code == "ThrottlingException" && service == Some(Service::Acm) {
        body.insert("throttlingReasons".to_owned(), serde_json::json!([]));
    }
    serde_json::Value::Object(body).to_string()
}

fn fault_xml(code: &str, fault: &Fault, request_id: &str) -> String {
    let kind = if fault.status < 500 {
        "Sender"
    } else {
        "Receiver"
    };
    let message = Xml(&fault.message);
    format!(
        "<ErrorResponse xmlns=\"{STS_NAMESPACE}\"><Error><Type>{kind}</Type><Code>{code}</Code>\
         <Message>{message}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>"
    )
}

/// Text within XML.
pub(crate) struct Xml<'a>(pub(crate) &'a str);

impl std::fmt::Display for Xml<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.chars().try_for_each(|c| match c {
            '&' => f.write_str("&amp;"),
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            other => f.write_char(other),
        })
    }
}

/// A moment, written as AWS's JSON does: seconds since 1970 with a fraction.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seconds(pub(crate) i64);

impl Serialize for Seconds {
    #[expect(
        clippy::cast_precision_loss,
        reason = "milliseconds stay exact for 285,000 years"
    )]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.0 as f64 / 1000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spells_each_protocols_codes() {
        let expired = || {
            Fault::new(
                ErrorClass::AuthExpired,
                403,
                "ExpiredTokenException",
                "over & out",
            )
        };
        let query = Answer::fault(Wire::Query, Some(Service::Sts), &expired(), "r1");
        assert_eq!(
            (query.status, query.code.as_deref()),
            (403, Some("ExpiredToken"))
        );
        let text = std::str::from_utf8(&query.body).unwrap();
        assert!(
            text.contains("<Code>ExpiredToken</Code><Message>over &amp; out</Message>"),
            "{text}"
        );
        let json = Answer::fault(Wire::Json, Some(Service::Acm), &expired(), "r2");
        assert_eq!(
            (json.status, json.code.as_deref()),
            (400, Some("ExpiredTokenException"))
        );
        let denied = Fault::new(ErrorClass::AccessDenied, 403, "AccessDenied", "no");
        let rest = Answer::fault(Wire::Rest, Some(Service::Account), &denied, "r3");
        assert_eq!(
            (rest.status, rest.code.as_deref()),
            (403, Some("AccessDeniedException"))
        );
    }

    #[test]
    fn writes_moments_exactly() {
        assert_eq!(
            serde_json::to_string(&Seconds(1_790_000_000_123)).unwrap(),
            "1790000000.123"
        );
    }
}
