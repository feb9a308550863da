//! Deliveries by a real component in the sandbox, through the policy layer, to the simulated AWS.

use crate::support::{folder, hostile};
use crate::whole::{World, engine, package, world};
use rcgen::{CertificateParams, KeyPair, PublicKeyData};
use sensor::backend::{KeyError, KeyRoom, KeySource, PrivateKey};
use sensor::model::certificate::Certificate;
use sensor::model::delivery::{Material, Planned, Tag, Target, Trace};
use sensor::model::id::Sha256;
use sensor::model::problem::ErrorClass;
use sensor::model::secret::Secret;
use sensor::plugin::{CallError, ConnectorPlugin, DeliveryInstance, Package};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

const SCENARIO: &str = r#"
name = "deliveries"
clock = "virtual"
rates = "off"
start = 2026-11-01T00:00:00Z
regions = ["us-east-1", "eu-central-1"]
[[account]]
name = "one"
id = "111122223333"
"#;

const ACCOUNT: &str = "111122223333";
const REGION: &str = "us-east-1";
const PREFIX: &str = "sensor/test/";
const TOKEN: &str = "7f9c24e8-3b1d-4a6e-9f52-0c8d1e2f3a4b";

fn courier_bundle() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/guests/courier")
}

fn courier() -> &'static ConnectorPlugin {
    static LOADED: OnceLock<ConnectorPlugin> = OnceLock::new();
    LOADED.get_or_init(|| {
        let package = Package::read(&courier_bundle()).expect("cargo xtask plugins");
        ConnectorPlugin::load(&engine(), &package).expect("it loads")
    })
}

/// A key that remembers nothing but its text.
struct Held(String);

impl KeySource for Held {
    fn open(&self) -> Result<Secret, KeyError> {
        Ok(Secret::new(self.0.clone()))
    }
    fn sealed(&self) -> Result<String, KeyError> {
        Ok("sealed".to_owned())
    }
}

/// Opens what it sealed: always the same key.
struct Room(PrivateKey);

impl KeyRoom for Room {
    fn unseal(&self, _: &str, sealed: &str) -> Result<PrivateKey, KeyError> {
        match sealed {
            "sealed" => Ok(self.0.clone()),
            _ => Err(KeyError::Foreign("another text".to_owned())),
        }
    }
    fn prefix(&self) -> &str {
        PREFIX
    }
}

/// A self-signed certificate with its key.
struct Made {
    material: Material,
    key: PrivateKey,
}

fn made() -> Made {
    let pair = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::new(vec!["www.example.com".into()]).expect("a name");
    params.not_before = rcgen::date_time_ymd(2026, 10, 1);
    params.not_after = rcgen::date_time_ymd(2027, 2, 1);
    let leaf = params.self_signed(&pair).expect("a certificate");
    let public = pair.subject_public_key_info();
    Made {
        material: Material {
            leaf: leaf.der().to_vec(),
            chain: Vec::new(),
            tags: vec![mark()],
        },
        key: PrivateKey::new("EC_prime256v1".into(), public, Held(pair.serialize_pem())),
    }
}

fn mark() -> Tag {
    ("sensor-delivery".into(), "d-1".into())
}

fn target(id: Option<&str>) -> Target {
    Target {
        account: ACCOUNT.into(),
        region: REGION.into(),
        id: id.map(str::to_owned),
    }
}

async fn instance(world: &World, word: &str) -> DeliveryInstance {
    let settings = format!("{{\"do\":\"{word}\"}}");
    courier()
        .deliver(world.lend(courier(), &settings))
        .await
        .expect("it starts")
}

async fn fresh() -> World {
    world(SCENARIO).await
}

fn class(error: &CallError) -> Option<ErrorClass> {
    match error {
        CallError::Guest(error) => Some(error.class),
        _ => None,
    }
}

#[tokio::test]
async fn who_delivers_is_seen_by_what_it_exports() {
    assert!(courier().can_deliver());
    assert!(!hostile().can_deliver());
    let world = fresh().await;
    let lend = world.lend(hostile(), "{}");
    let error = hostile().deliver(lend).await.expect_err("it does not");
    assert!(
        matches!(&error, CallError::Closed(text) if text.contains("does not deliver")),
        "{error:?}"
    );
    assert!(!error.may_have_acted());
}

#[tokio::test]
async fn what_it_writes_has_to_be_asked_for() {
    let manifest = std::fs::read_to_string(courier_bundle().join("plugin.toml")).expect("text");
    let component = std::fs::read(courier_bundle().join("plugin.wasm")).expect("bytes");
    let refused = |manifest: &str| {
        let folder = folder(manifest, &component);
        let package = Package::read(folder.path()).expect("a package");
        ConnectorPlugin::load(&engine(), &package)
            .expect_err("refused")
            .to_string()
    };
    let text = refused(&manifest.replace("\"ImportCertificate\", ", ""));
    assert!(
        text.contains("imports `sensor:aws/acm-write` and calls ImportCertificate"),
        "{text}"
    );
    let text = refused(&manifest.replace("\"CreateSecret\", ", ""));
    assert!(
        text.contains(
            "add \"CreateSecret\" to `required` or `optional` of [capabilities.secretsmanager]"
        ),
        "{text}"
    );
}

#[tokio::test]
async fn preflight_hears_everything_and_tells_findings() {
    let world = fresh().await;
    let planned = Planned {
        names: vec!["a.example".into(), "b.example".into()],
        key_algorithm: "RSA_2048".into(),
        key_usages: Vec::new(),
        extended_key_usages: Vec::new(),
        issuer_key_algorithm: None,
        tags: vec![mark()],
        imports_planned: 3,
        imports_made: 9,
        park: true,
    };
    let mut courier = instance(&world, "").await;
    let told = courier
        .preflight(&target(None), &planned)
        .await
        .expect("findings");
    assert_eq!(told[0].subject.as_deref(), Some(ACCOUNT));
    assert_eq!(
        told[0].message,
        "a.example b.example with RSA_2048, 3 of 1 tags"
    );
}

#[tokio::test]
async fn a_certificate_is_delivered_verified_renewed_labelled_and_withdrawn() {
    let world = fresh().await;
    let (first, second) = (made(), made());
    let mut courier = instance(&world, "").await;
    let place = courier
        .deliver(&target(None), &first.material, &first.key)
        .await
        .expect("delivered");
    let there = target(Some(&place));
    let found = courier.verify(&there).await.expect("it is there");
    assert_eq!(
        found.certificate,
        Certificate::from_der(&first.material.leaf).expect("ours")
    );
    assert_eq!(found.created_at, None, "no such time");
    let again = courier
        .deliver(&there, &second.material, &second.key)
        .await
        .expect("renewed");
    assert_eq!(again, place);
    let found = courier.verify(&there).await.expect("it is there");
    assert_eq!(
        found.certificate.fingerprint,
        Sha256::of(&second.material.leaf)
    );
    courier.label(&there, &[mark()]).await.expect("labelled");
    let trace = Trace {
        sha256: found.certificate.fingerprint,
        serial: found.certificate.serial.clone(),
        tag: mark(),
    };
    let mut finder = instance(&world, &place).await;
    let all = finder.find(&target(None), &trace).await.expect("found");
    assert_eq!(all[0].id, place);
    courier.withdraw(&there).await.expect("withdrawn");
    let error = courier.verify(&there).await.expect_err("gone");
    assert_eq!(class(&error), Some(ErrorClass::NotFound));
    assert!(!error.may_have_acted());
}

#[tokio::test]
async fn a_key_waits_in_the_cloud_and_is_dropped() {
    let made = made();
    let world = fresh().await.with_keys(Arc::new(Room(made.key.clone())));
    let mut courier = instance(&world, "").await;
    let name = format!("{PREFIX}d-1");
    for _ in 0..2 {
        courier
            .park_key(&name, TOKEN, &[mark()], &made.key)
            .await
            .expect("the same again is the same");
    }
    let waiting = courier.parked_keys(PREFIX).await.expect("a list");
    assert_eq!(waiting.len(), 1);
    assert_eq!(
        (&waiting[0].name, &waiting[0].tags[..]),
        (&name, &[mark()][..])
    );
    let key = courier.take_key(&name).await.expect("it waits");
    assert_eq!(key.public_key(), made.key.public_key());
    for _ in 0..2 {
        courier.drop_key(&name).await.expect("dropped");
    }
    let error = courier.take_key(&name).await.expect_err("gone");
    assert_eq!(class(&error), Some(ErrorClass::NotFound));
    world.pass_a_minute().await;
    let waiting = courier.parked_keys(PREFIX).await.expect("a list");
    assert!(waiting.is_empty(), "{waiting:?}");
}

#[tokio::test]
async fn a_place_that_is_not_the_targets_is_not_believed() {
    let world = fresh().await;
    let made = made();
    for word in ["foreign-arn", "no-arn"] {
        let mut courier = instance(&world, word).await;
        let error = courier
            .deliver(&target(None), &made.material, &made.key)
            .await
            .expect_err("refused");
        assert!(matches!(error, CallError::Refused(_)), "{word}: {error:?}");
        assert!(error.may_have_acted(), "{word}: it was imported");
    }
    let mut courier = instance(&world, "").await;
    let place = courier
        .deliver(&target(None), &made.material, &made.key)
        .await
        .expect("delivered");
    for word in ["foreign-arn", "bad-leaf"] {
        let mut courier = instance(&world, word).await;
        let error = courier
            .verify(&target(Some(&place)))
            .await
            .expect_err("refused");
        assert!(matches!(error, CallError::Refused(_)), "{word}: {error:?}");
    }
}

#[tokio::test]
async fn a_key_goes_out_with_its_own_certificate_only() {
    let world = fresh().await;
    let (mine, other) = (made(), made());
    let mut swapped = mine.material.clone();
    swapped.chain = vec![other.material.leaf];
    let mut courier = instance(&world, "other-leaf").await;
    let error = courier
        .deliver(&target(None), &swapped, &mine.key)
        .await
        .expect_err("refused");
    assert!(
        matches!(&error, CallError::Guest(error) if error.code == "key-mismatch"),
        "{error:?}"
    );
    assert!(!error.may_have_acted());
}

#[tokio::test]
async fn a_forged_key_is_a_trap_and_the_next_instance_is_served() {
    let world = fresh().await;
    let made = made();
    let mut courier = instance(&world, "forged-key").await;
    let deliver = courier
        .deliver(&target(None), &made.material, &made.key)
        .await;
    let error = deliver.expect_err("a trap");
    assert!(matches!(error, CallError::Trap(_)), "{error:?}");
    let error = courier.verify(&target(None)).await.expect_err("gone");
    assert!(matches!(error, CallError::Gone), "{error:?}");
    let mut next = instance(&world, "").await;
    next.deliver(&target(None), &made.material, &made.key)
        .await
        .expect("delivered");
}

#[tokio::test]
async fn a_crash_after_the_import_leaves_it_open() {
    let world = fresh().await;
    let made = made();
    let mut courier = instance(&world, "trap-afterwards").await;
    let deliver = courier
        .deliver(&target(None), &made.material, &made.key)
        .await;
    let error = deliver.expect_err("a trap");
    assert!(matches!(error, CallError::Trap(_)), "{error:?}");
    assert!(error.may_have_acted());
}

#[tokio::test]
async fn another_secret_is_out_of_reach() {
    let made = made();
    let world = fresh().await.with_keys(Arc::new(Room(made.key.clone())));
    let mut courier = instance(&world, "foreign-secret").await;
    let error = courier
        .park_key(&format!("{PREFIX}d-1"), TOKEN, &[], &made.key)
        .await
        .expect_err("refused");
    assert_eq!(class(&error), Some(ErrorClass::AccessDenied));
    for name in ["prod/database", "sensor/other/1"] {
        let error = courier.take_key(name).await.expect_err("refused");
        assert_eq!(class(&error), Some(ErrorClass::AccessDenied), "{name}");
    }
}

/// Package of the simulation, so that a missing one is told before the tests' own errors.
#[test]
fn the_simulation_can_be_written_to() {
    let component = package("mock-aws").component;
    let text = String::from_utf8_lossy(&component);
    for interface in ["sensor:aws/acm-write", "sensor:mock/secret-values"] {
        assert!(text.contains(interface), "{interface}");
    }
}
