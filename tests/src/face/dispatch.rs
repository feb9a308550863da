//! From a request to an answer: route, let in, ask the model, write down.
//! Above: `serve`. Below: `request`, `sign`, the services.
//! Invariant: the state is locked once a request and never across a wait.

use super::State;
use super::answer::{Answer, Wire};
use super::request::{Route, signing_name};
use super::sign::{self, Authorization};
use super::{account, acm, home_region, organizations, secrets, sts};
use hyper::http::request::Parts;
use mock_aws::{Caller, Fault, Op, Service, Transport};
use sensor_sdk::types::ErrorClass;

/// An answer and how it travels.
pub(crate) struct Reply {
    pub(crate) answer: Answer,
    pub(crate) transport: Transport,
    pub(crate) request_id: String,
    /// When, by AWS's clock.
    pub(crate) at_ms: i64,
}

/// One call that was let in.
pub(crate) struct Call<'a> {
    pub(crate) op: Op,
    pub(crate) wire: Wire,
    pub(crate) caller: &'a Caller,
    pub(crate) region: &'a str,
    pub(crate) body: &'a [u8],
    pub(crate) now: i64,
    pub(crate) request_id: &'a str,
}

/// Answers one request.
pub(crate) fn answer(state: &mut State, parts: &Parts, body: &[u8]) -> Reply {
    state.requests += 1;
    let request_id = format!("00000000-0000-4000-8000-{:012x}", state.requests);
    let route = Route::of(parts, body);
    let mut transport = Transport::default();
    let done = admit(state, parts, body, &route).and_then(|(op, caller, region)| {
        let now = state.clock.now_ms();
        transport = state.world.transport(now, &caller, region, op);
        let call = Call {
            op,
            wire: route.wire,
            caller: &caller,
            region,
            body,
            now,
            request_id: &request_id,
        };
        perform(state, &call)
    });
    let answer =
        done.unwrap_or_else(|fault| Answer::fault(route.wire, route.service, &fault, &request_id));
    record(state, &route, body, &answer);
    Reply {
        answer,
        transport,
        request_id,
        at_ms: state.clock.signing_ms(),
    }
}

fn record(state: &mut State, route: &Route<'_>, body: &[u8], answer: &Answer) {
    let service = route.service.map_or("?", signing_name);
    if let Some(heard) = &mut state.heard {
        let name = format!("{service}.{}", route.operation);
        heard.push((name, bytes::Bytes::copy_from_slice(body)));
    }
    let code = answer
        .code
        .as_deref()
        .map_or(String::new(), |code| format!(" {code}"));
    let name = format!("{service}.{}{code}", route.operation);
    *state.answers.entry(name).or_default() += 1;
}

fn perform(state: &mut State, call: &Call<'_>) -> Result<Answer, Fault> {
    match call.op.service() {
        Service::Sts => sts::perform(state, call),
        Service::Organizations => organizations::perform(&mut state.world, call),
        Service::Account => account::perform(&mut state.world, call),
        Service::Acm => acm::perform(&mut state.world, call),
        Service::SecretsManager => secrets::perform(&mut state.world, call),
    }
}

/// Who calls what, from where; or why not.
fn admit<'a>(
    state: &mut State,
    parts: &'a Parts,
    body: &[u8],
    route: &Route<'_>,
) -> Result<(Op, Caller, &'a str), Fault> {
    let header = |name: &str| {
        parts
            .headers
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    let written = header("authorization").ok_or_else(|| {
        refused(
            "MissingAuthenticationTokenException",
            "Missing Authentication Token",
        )
    })?;
    let authorization = Authorization::parse(written).ok_or_else(|| {
        refused(
            "IncompleteSignature",
            "Authorization header is not of the form that Signature Version 4 asks for.",
        )
    })?;
    let now = state.clock.now_ms();
    let key = state
        .credentials
        .get_mut(authorization.access_key)
        .ok_or_else(unknown_client)?;
    let signing_key = key.signing_key(&authorization.scope);
    let invalid = |text: String| refused("InvalidSignatureException", text);
    let at = state.clock.signing_ms();
    sign::verify(parts, body, &authorization, signing_key, at).map_err(invalid)?;
    if header("x-amz-security-token") != key.token.as_deref() {
        return Err(unknown_client());
    }
    if key.expires_at.is_some_and(|end| end <= now) {
        return Err(expired());
    }
    let caller = state
        .world
        .caller_of_key(authorization.access_key)
        .ok_or_else(unknown_client)?;
    let service = route
        .service
        .ok_or_else(|| unknown_operation(&route.operation))?;
    check_scope(service, &authorization, &state.world.identity().partition)?;
    let op = route
        .op
        .ok_or_else(|| unknown_operation(&route.operation))?;
    Ok((op, caller, authorization.scope.region))
}

/// A signature holds for one service, and where that is a global one, in its home region only.
fn check_scope(
    service: Service,
    authorization: &Authorization<'_>,
    partition: &str,
) -> Result<(), Fault> {
    let scope = authorization.scope;
    let name = signing_name(service);
    if scope.service != name {
        let text = format!("Credential should be scoped to correct service: '{name}'.");
        return Err(refused("InvalidSignatureException", text));
    }
    let home = home_region(partition);
    let global = matches!(service, Service::Organizations | Service::Account);
    if global && scope.region != home {
        let text = format!(
            "Credential should be scoped to a valid region, not '{}'.",
            scope.region
        );
        return Err(refused("InvalidSignatureException", text));
    }
    Ok(())
}

fn refused(code: &str, text: impl Into<String>) -> Fault {
    Fault::new(ErrorClass::AccessDenied, 403, code, text)
}

fn unknown_client() -> Fault {
    refused(
        "UnrecognizedClientException",
        "The security token included in the request is invalid.",
    )
}

fn expired() -> Fault {
    let text = "The security token included in the request is expired";
    Fault::new(ErrorClass::AuthExpired, 403, "ExpiredTokenException", text)
}

fn unknown_operation(operation: &str) -> Fault {
    let text = format!("The simulated AWS has no operation '{operation}' here.");
    Fault::new(
        ErrorClass::Unsupported,
        400,
        "UnknownOperationException",
        text,
    )
}

/// A body that is not what the operation takes.
pub(crate) fn unreadable(error: &serde_json::Error) -> Fault {
    Fault::new(
        ErrorClass::Unsupported,
        400,
        "SerializationException",
        error.to_string(),
    )
}
