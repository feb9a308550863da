//! The numbered facts about STS, at the model's own interface.
//! Above: nothing. Below: `common`, the scenarios of the workspace.
//! Invariant: one test a fact, named by its number.
#![allow(clippy::unwrap_used, reason = "a test may stop")]

mod common;

use common::{assume, list_all, role_request, scenario};
use mock_aws::{Caller, World};
use sensor_sdk::types::ErrorClass;
use sensor_sdk::types::aws::AssumeRoleRequest;

const EAST: &str = "us-east-1";

fn request(world: &World, name: &str) -> AssumeRoleRequest {
    role_request(world.account_id(name).unwrap())
}

#[test]
fn fact_38_sts_region() {
    let mut world = scenario("fact-38-sts-region");
    let (base, now, request) = (world.base(), world.start(), request(&world, "one"));
    let fault = world
        .assume_role(now, &base, Some("ap-east-1"), &request)
        .unwrap_err();
    assert_eq!(
        (fault.code.as_str(), fault.status),
        ("RegionDisabledException", 403)
    );
    assert!(world.assume_role(now, &base, Some(EAST), &request).is_ok());
}

#[test]
fn fact_39_durations_and_chaining() {
    let mut world = scenario("fact-39-chaining");
    let mut one = request(&world, "one");
    let session = assume(&mut world, &one).unwrap();
    assert_eq!(session.expires_at, world.start() + 3_600_000);
    one.duration_seconds = Some(3601);
    let fault = assume(&mut world, &one).unwrap_err();
    assert!(
        fault.code == "ValidationError" && fault.message.contains("role chaining"),
        "{fault}"
    );
    for seconds in [899, 43_201] {
        one.duration_seconds = Some(seconds);
        assert_eq!(
            assume(&mut world, &one).unwrap_err().code,
            "ValidationError"
        );
    }
    let mut unchained = common::world(
        "[organization]\n[[account]]\nname = \"root\"\n[[account]]\nname = \"one\"\nrole_max_seconds = 7200",
    );
    let mut one = request(&unchained, "one");
    one.duration_seconds = Some(7200);
    assert!(assume(&mut unchained, &one).is_ok());
    one.duration_seconds = Some(7201);
    assert!(
        assume(&mut unchained, &one)
            .unwrap_err()
            .message
            .contains("MaxSessionDuration")
    );
}

#[test]
fn fact_39_sessions_expire() {
    let mut world = scenario("fact-39-chaining");
    let one = request(&world, "one");
    let session = assume(&mut world, &one).unwrap();
    let end = session.expires_at;
    let by_handle = Caller {
        access_key: None,
        ..session.clone().into()
    };
    let by_key = Caller::from(session);
    assert!(
        world
            .list_certificates(end - 1, &by_key, EAST, &list_all(9, None))
            .is_ok()
    );
    let fault = world
        .list_certificates(end, &by_key, EAST, &list_all(9, None))
        .unwrap_err();
    assert_eq!(
        (fault.code.as_str(), fault.class),
        ("ExpiredTokenException", ErrorClass::AuthExpired)
    );
    let base = world.base();
    world.assume_role(end, &base, None, &one).unwrap();
    assert!(
        world
            .list_certificates(end, &by_handle, EAST, &list_all(9, None))
            .is_ok(),
        "a handle finds the newer session"
    );
    assert!(
        world
            .list_certificates(end, &by_key, EAST, &list_all(9, None))
            .is_err()
    );
}

#[test]
fn fact_40_external_ids() {
    let mut world = scenario("fact-40-external-id");
    for (name, id, opens) in [
        ("same", Some("example-42"), true),
        ("same", None, false),
        ("same", Some("example-43"), false),
        ("other", Some("example-42"), false),
        ("other", Some("something-else"), true),
        ("open", None, true),
        ("open", Some("example-42"), true),
    ] {
        let mut request = request(&world, name);
        request.external_id = id.map(str::to_owned);
        let answer = assume(&mut world, &request);
        assert_eq!(answer.is_ok(), opens, "{name} {id:?}");
        assert!(opens || answer.is_err_and(|fault| fault.code == "AccessDenied"));
    }
}

#[test]
fn fact_40_names_and_policies() {
    let mut world = scenario("fact-40-external-id");
    let mut request = request(&world, "open");
    for name in ["x", "with space", &"x".repeat(65)] {
        request.session_name = name.to_owned();
        assert_eq!(
            assume(&mut world, &request).unwrap_err().code,
            "ValidationError",
            "{name}"
        );
    }
    request.session_name = "sensor@example.com".to_owned();
    request.policy = Some(r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["acm:List*"],"Resource":"*"}]}"#.to_owned());
    let session = Caller::from(assume(&mut world, &request).unwrap());
    assert!(
        session
            .arn
            .ends_with(":assumed-role/OrganizationAccountAccessRole/sensor@example.com")
    );
    let now = world.start();
    let arn = world
        .list_certificates(now, &session, EAST, &list_all(9, None))
        .unwrap()
        .certificates[0]
        .arn
        .clone();
    let fault = world
        .describe_certificate(now, &session, EAST, &arn)
        .unwrap_err();
    assert_eq!(fault.code, "AccessDeniedException");
    assert!(
        world.get_caller_identity(now, &session).is_ok(),
        "needs no permission"
    );
    request.policy = Some("{".to_owned());
    assert_eq!(
        assume(&mut world, &request).unwrap_err().code,
        "MalformedPolicyDocument"
    );
    request.policy = Some(" ".repeat(2049));
    assert_eq!(
        assume(&mut world, &request).unwrap_err().code,
        "ValidationError"
    );
}

#[test]
fn fact_41_second_factor() {
    let mut world = scenario("fact-41-mfa");
    let request = request(&world, "guarded");
    assert_eq!(
        assume(&mut world, &request).unwrap_err().code,
        "AccessDenied"
    );
}

#[test]
fn fact_42_caller_identity() {
    let mut world = common::world("[[account]]\nname = \"one\"\n[caller]\nallows = []");
    let (base, now) = (world.base(), world.start());
    let identity = world.get_caller_identity(now, &base).unwrap();
    assert_eq!(
        (identity.account, identity.arn),
        (base.account.clone(), base.arn.clone())
    );
    assert!(identity.user_id.starts_with("AIDA"));
    assert!(
        world
            .list_certificates(now, &base, EAST, &list_all(9, None))
            .is_err()
    );
}

#[test]
fn access_keys_lead_to_their_callers() {
    let mut world = scenario("fact-40-external-id");
    let identity = world.identity();
    assert_eq!(
        world.caller_of_key(&identity.access_key),
        Some(world.base())
    );
    let request = request(&world, "open");
    let session = assume(&mut world, &request).unwrap();
    let caller = world.caller_of_key(&session.access_key).unwrap();
    assert_eq!(
        (caller.arn.as_str(), caller.account.as_str()),
        (session.arn.as_str(), session.account.as_str())
    );
    assert_eq!(
        world.secret_of_key(&session.access_key),
        Some(session.secret_key.as_str())
    );
    assert_eq!(world.caller_of_key("AKIANOBODY"), None);
    let nobody = Caller {
        arn: "arn:aws:iam::1:user/nobody".to_owned(),
        ..world.base()
    };
    let now = world.start();
    assert_eq!(
        world
            .list_certificates(now, &nobody, EAST, &list_all(9, None))
            .unwrap_err()
            .code,
        "UnrecognizedClientException"
    );
}
