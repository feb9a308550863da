//! Sources against a loopback AWS: which credentials sign, where it is asked, what is told when there are none.

use super::{AccessKey, Environment, SecretSource, SecretSourceError, Sources};
use crate::backend::sdk::tests::server::{Reply, Server, assumed, identity};
use crate::backend::{AwsBackend, SdkBackend, Session, SessionSource};
use crate::bindings::connector::sensor::aws::types as aws;
use crate::bindings::connector::sensor::core::types::ErrorClass;
use crate::model::secret::Secret;
use crate::model::time::VirtualClock;
use std::path::Path;
use std::sync::Arc;

/// The secrets of a test: one, or none.
struct Stored(Option<&'static str>);

impl SecretSource for Stored {
    fn get(&self, name: &str) -> Result<Option<Secret>, SecretSourceError> {
        let text = self.0.filter(|_| name == "prod");
        Ok(text.map(|text| Secret::new(text.to_owned())))
    }
}

const STORED: &str =
    r#"{"access_key_id": "AKIDSTORED0000000", "secret_access_key": "hidden-text"}"#;

/// A home directory with these files.
fn home(config: &str, credentials: &str) -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir(home.path().join(".aws")).unwrap();
    std::fs::write(home.path().join(".aws/config"), config).unwrap();
    std::fs::write(home.path().join(".aws/credentials"), credentials).unwrap();
    home
}

fn sources(home: &Path, stored: Option<&'static str>) -> Sources {
    Sources {
        backend: Arc::new(SdkBackend::new()),
        secrets: Arc::new(Stored(stored)),
        clock: Arc::new(VirtualClock::starting_at(0)),
        environment: Environment::at(home.to_owned(), "sensor"),
        stand_in: None,
    }
}

async fn caller() -> Server {
    Server::start(|asked, _| match asked.target.as_str() {
        "GetCallerIdentity" => identity("arn:aws:iam::111111111111:user/sensor"),
        "AssumeRole" => assumed("222222222222", "ASIAROLE", "2030-01-01T00:00:00Z"),
        _ => Reply::ok("{}"),
    })
    .await
}

#[tokio::test]
async fn a_profile_brings_its_keys_its_region_and_its_endpoint() {
    let server = caller().await;
    let config = format!(
        "[profile prod]\nregion = eu-west-3\nendpoint_url = {0}\n[profile other]\nregion = eu-west-1\nendpoint_url = {0}\n",
        server.url
    );
    let home = home(
        &config,
        "[prod]\naws_access_key_id = AKIDPROD\naws_secret_access_key = s\n",
    );
    let session = sources(home.path(), None)
        .profile("prod", None)
        .await
        .unwrap();
    assert_eq!(
        (session.account(), session.partition(), session.chained()),
        ("111111111111", "aws", false)
    );
    assert_eq!(session.principal(), "arn:aws:iam::111111111111:user/sensor");
    let asked = &server.asked()[0];
    assert_eq!(
        (asked.signed_by(), asked.signed_for()),
        ("AKIDPROD", "eu-west-3")
    );
    sources(home.path(), None)
        .profile("prod", Some("eu-north-1".to_owned()))
        .await
        .unwrap();
    assert_eq!(server.asked()[1].signed_for(), "eu-north-1");
}

#[tokio::test]
async fn endpoints_of_single_services_reach_assumed_sessions() {
    let (server, acm) = (caller().await, caller().await);
    let config = format!(
        "[profile prod]\nregion = eu-west-3\nendpoint_url = {}\nservices = local\n[services local]\nacm =\n  endpoint_url = {}\n",
        server.url, acm.url
    );
    let home = home(
        &config,
        "[prod]\naws_access_key_id = AKIDPROD\naws_secret_access_key = s\n",
    );
    let base = sources(home.path(), None)
        .profile("prod", None)
        .await
        .unwrap();
    let backend = SdkBackend::new();
    let request = aws::AssumeRoleRequest {
        role_arn: "arn:aws:iam::222222222222:role/Reader".to_owned(),
        session_name: "sensor".to_owned(),
        external_id: None,
        policy: None,
        duration_seconds: None,
    };
    let role = backend.assume_role(&base, &request).await.unwrap();
    assert_eq!(server.count("AssumeRole"), 1);
    let _ = backend
        .list_tags_for_certificate(&role, "eu-west-1", "arn")
        .await
        .unwrap();
    let asked = acm.asked();
    assert_eq!((asked.len(), asked[0].signed_by()), (1, "ASIAROLE"));
}

#[tokio::test]
async fn a_profile_of_a_role_is_assumed_through_its_source() {
    let server = Server::start(|asked, _| match asked.target.as_str() {
        "AssumeRole" => assumed("222222222222", "ASIACHAIN", "2030-01-01T00:00:00Z"),
        _ => identity("arn:aws:sts::222222222222:assumed-role/Reader/x"),
    })
    .await;
    let config = format!(
        "[profile audit]\nrole_arn = arn:aws:iam::222222222222:role/Reader\nsource_profile = base\nregion = eu-west-3\nendpoint_url = {}\n",
        server.url
    );
    let home = home(
        &config,
        "[base]\naws_access_key_id = AKIDSOURCE\naws_secret_access_key = s\n",
    );
    let session = sources(home.path(), None)
        .profile("audit", None)
        .await
        .unwrap();
    assert!(
        session.chained(),
        "fact 39: another role from here is chaining"
    );
    let signers: Vec<_> = server
        .asked()
        .iter()
        .map(|asked| asked.signed_by().to_owned())
        .collect();
    assert_eq!(signers, ["AKIDSOURCE", "ASIACHAIN"]);
}

/// A home region that accounts must enable first is no place to ask STS: not for who one is, and not for the roles that
/// a source assumes by itself.
#[tokio::test]
async fn fact_38_a_source_asks_sts_where_it_is_always_enabled() {
    let server = Server::start(|asked, _| match asked.target.as_str() {
        "AssumeRole" => assumed("222222222222", "ASIACHAIN", "2030-01-01T00:00:00Z"),
        _ => identity("arn:aws:sts::222222222222:assumed-role/Reader/x"),
    })
    .await;
    for (home_region, sts) in [
        ("me-central-1", "us-east-1"),
        ("eu-west-3", "eu-west-3"),
        ("cn-northwest-1", "cn-northwest-1"),
    ] {
        let config = format!(
            "[default]\nrole_arn = arn:aws:iam::222222222222:role/Reader\nsource_profile = base\nregion = {home_region}\nendpoint_url = {}\n",
            server.url
        );
        let keys = "[base]\naws_access_key_id = AKIDSOURCE\naws_secret_access_key = s\n";
        let home = home(&config, keys);
        let before = server.asked().len();
        let sources = sources(home.path(), None);
        sources.profile("default", None).await.unwrap();
        sources.default_chain(None).await.unwrap();
        sources
            .default_chain(Some(home_region.to_owned()))
            .await
            .unwrap();
        let asked: Vec<_> = server.asked().split_off(before);
        let signed: Vec<_> = asked
            .iter()
            .map(|asked| (asked.target.as_str(), asked.signed_for()))
            .collect();
        let each = [("AssumeRole", sts), ("GetCallerIdentity", sts)];
        assert_eq!(signed, each.repeat(3), "{home_region}");
    }
}

#[tokio::test]
async fn a_stored_access_key_signs_and_shows_nowhere() {
    let server = caller().await;
    let home = home(
        &format!(
            "[default]\nregion = eu-west-3\nendpoint_url = {}\n",
            server.url
        ),
        "",
    );
    let session = sources(home.path(), Some(STORED))
        .access_key("prod", None)
        .await
        .unwrap();
    assert_eq!(server.asked()[0].signed_by(), "AKIDSTORED0000000");
    assert!(!format!("{session:?}").contains("hidden-text"));
}

#[tokio::test]
async fn what_gives_no_credentials_says_why() {
    let server = Server::start(|_, _| {
        Reply::query_error(403, "InvalidClientTokenId", "The security token is invalid")
    })
    .await;
    let home = home(
        &format!(
            "[default]\nregion = eu-west-3\nendpoint_url = {}\n[profile guarded]\nrole_arn = arn:aws:iam::1:role/r\nmfa_serial = m\n",
            server.url
        ),
        "[prod]\naws_access_key_id = AKIDPROD\naws_secret_access_key = s\n",
    );
    let from = |stored| sources(home.path(), stored);
    let unknown = from(None).profile("prdo", None).await.unwrap_err();
    assert_eq!(
        (unknown.class, unknown.code.as_str()),
        (ErrorClass::Config, "unknown-profile")
    );
    assert!(unknown.message.contains("`prod`"), "{}", unknown.message);
    assert_eq!(
        from(None).profile("guarded", None).await.unwrap_err().code,
        "mfa-required"
    );
    assert_eq!(
        from(None).access_key("prod", None).await.unwrap_err().code,
        "unknown-secret"
    );
    for broken in [
        "",
        "{}",
        r#"{"access_key_id": "short", "secret_access_key": "x"}"#,
    ] {
        let error = from(Some(broken))
            .access_key("prod", None)
            .await
            .unwrap_err();
        assert_eq!(error.code, "invalid-access-key", "{broken}");
    }
    assert!(
        server.asked().is_empty(),
        "AWS need not be asked for any of these"
    );
    let refused = from(Some(STORED))
        .access_key("prod", None)
        .await
        .unwrap_err();
    assert_eq!(
        (refused.class, refused.code.as_str()),
        (ErrorClass::Config, "InvalidClientTokenId")
    );
    assert!(
        refused.message.contains("does not know this access key"),
        "{}",
        refused.message
    );
    assert!(!format!("{refused:?}").contains("hidden-text"));
}

#[tokio::test]
async fn fact_43_a_throttled_sts_is_asked_again() {
    let server = Server::start(|_, number| match number {
        0 => Reply::query_error(400, "Throttling", "Rate exceeded"),
        1 => Reply::query_error(503, "ServiceUnavailable", "later"),
        _ => identity("arn:aws:iam::111111111111:user/sensor"),
    })
    .await;
    let home = home(
        &format!(
            "[default]\nregion = eu-west-3\nendpoint_url = {}\n",
            server.url
        ),
        "",
    );
    sources(home.path(), Some(STORED))
        .access_key("prod", None)
        .await
        .unwrap();
    assert_eq!(server.count("GetCallerIdentity"), 3);
}

#[tokio::test]
async fn a_stand_in_is_given_by_every_source() {
    let home = home("", "");
    let mut sources = sources(home.path(), None);
    let session = Session::new(
        "111111111111".into(),
        "arn:x".into(),
        "aws".into(),
        SessionSource::Mock,
        false,
        None,
    );
    sources.stand_in = Some(session);
    for given in [
        sources.default_chain(None).await,
        sources.profile("none", None).await,
        sources.access_key("none", None).await,
    ] {
        assert_eq!(given.unwrap().principal(), "arn:x");
    }
}

#[test]
fn paths_are_told_with_what_is_there() {
    let home = home("[default]\n[profile b]\n", "[a]\n");
    std::fs::remove_file(home.path().join(".aws/credentials")).unwrap();
    let paths = sources(home.path(), None).paths();
    assert!(
        paths.config_file.ends_with(".aws/config")
            && paths.config_file_exists
            && !paths.credentials_file_exists
    );
    assert_eq!(paths.profiles, ["b", "default"]);
    assert_eq!(paths.user, "sensor");
}

#[test]
fn an_access_key_survives_its_stored_form() {
    let key = AccessKey {
        id: "AKIDSTORED0000000".into(),
        secret: Secret::new("a/b+c=".into()),
        session_token: None,
    };
    let back = AccessKey::from_stored(&key.to_stored().unwrap()).unwrap();
    assert_eq!(
        (back.id, back.secret.expose()),
        (key.id, key.secret.expose())
    );
    assert!(
        !format!(
            "{key:?}",
            key = AccessKey::from_stored(&Secret::new(STORED.into())).unwrap()
        )
        .contains("hidden")
    );
}

/// A provider that asks for more than the connector's file names is not given it.
#[tokio::test]
async fn only_what_the_parameters_name_is_lent() {
    use crate::bindings::provider::sensor::auth::sources::Host;
    let server = caller().await;
    let config = format!(
        "[profile prod]\nregion = eu-west-3\nendpoint_url = {0}\n[profile admin]\nregion = eu-west-3\nendpoint_url = {0}\n",
        server.url
    );
    let keys = "[prod]\naws_access_key_id = A\naws_secret_access_key = s\n[admin]\naws_access_key_id = B\naws_secret_access_key = s\n";
    let home = home(&config, keys);
    let sources = Arc::new(sources(home.path(), Some(STORED)));
    let mut view = super::SourcesView {
        sources: &sources,
        named: &std::collections::BTreeSet::from(["prod".to_owned()]),
        table: &mut wasmtime::component::ResourceTable::new(),
    };
    let profile = |name: &str| name.to_owned();
    assert!(
        view.aws_profile(profile("prod"), None)
            .await
            .unwrap()
            .is_ok()
    );
    let refused = [
        view.aws_profile(profile("admin"), None).await.unwrap(),
        view.aws_access_key(profile("other"), None).await.unwrap(),
    ];
    for answer in refused {
        assert_eq!(answer.unwrap_err().code, "not-named");
    }
    assert_eq!(server.asked().len(), 1, "nothing was signed with it");
}
