//! The whole way: a certificate in ACM whose CA revokes it, the inventory that knows, the request that replaces it.
//! Above: nothing. Below: the real sensor, the simulated AWS, a responder.
//! Invariant: what follows from a revocation follows once.

use sensor_tests::face::Face;
use sensor_tests::harness::authority::{Authority, Named, Pair, Saying, revoked};
use sensor_tests::harness::responder::Responder;
use sensor_tests::harness::sensor::{Done, Sensor};
use serde_json::Value;
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;
use x509_cert::ext::pkix::CrlReason;
use x509_ocsp::CertStatus;

const SCENARIO: &str = "name = 'one'\n[[account]]\nname = 'a'\ncertificates = 3\n";
const CONNECTOR: &str = r#"name = "aws"
plugin = "aws-unified"
[credential]
provider = "aws-credentials"
method = "default-chain"
[settings]
scope = "account"
[settings.delivery]
enabled = true
keys = "sensor"
[import]
expired_since = "2000-01-01"
revoked = true
"#;
const PROFILE: &str = "name = 'web'\nissuer = 'internal'\ncustody = 'sensor'\n[names]\nsuffixes = ['example.com']\n[deliver_to]\nconnectors = ['aws']\n";
/// Longer than anybody waits for an answer.
const PATIENCE: Duration = Duration::from_secs(30);
const NETWORKS: &str = "--revocation-networks=127.0.0.0/8";

struct World {
    ca: Arc<Authority>,
    responder: Responder,
    _face: Face,
    sensor: Sensor,
    target: String,
}

impl World {
    fn new() -> Self {
        let face = Face::start(&mock_aws::Scenario::parse(SCENARIO).unwrap()).unwrap();
        let account = face.with(|world, _| world.account_id("a").unwrap().to_owned());
        let sensor = Sensor::with_plugins(face.env());
        sensor.apply(CONNECTOR).exit(0);
        for (noun, text) in [
            ("issuer", "name = 'internal'\nkind = 'local'\n"),
            ("profile", PROFILE),
        ] {
            let file = sensor.write(&format!("{noun}.toml"), text);
            let file = file.to_string_lossy();
            sensor.run(&[noun, "apply", "-f", &file]).exit(0);
        }
        Self {
            ca: Arc::new(Authority::new("Example CA")),
            responder: Responder::start(),
            _face: face,
            sensor,
            target: format!("aws:{account}:us-east-1"),
        }
    }

    fn leaf(&self, name: &str, serial: u8) -> Pair {
        let url = self.responder.url("/ocsp");
        let named = Named {
            ocsp: Some(&url),
            ..Named::default()
        };
        self.ca.leaf(name, &[serial], named)
    }

    fn says(&self, status: CertStatus) {
        let ca = Arc::clone(&self.ca);
        self.responder.say("/ocsp", move |question| {
            (200, ca.own.answer(question, Saying::now(status), false))
        });
    }

    /// The operator's own certificate, delivered. Returns its ARN.
    fn bring(&self, leaf: &Pair, request: u64) -> String {
        let chain =
            [&leaf.der, &self.ca.own.der].map(|der| sensor::model::certificate::to_pem(der));
        let certificate = self.sensor.write("leaf.pem", &chain.concat());
        let key = self.sensor.write("leaf.key", &leaf.key_pem());
        let line = [
            "request",
            "create",
            "--profile=web",
            "--certificate",
            &certificate.to_string_lossy(),
            "--key",
            &key.to_string_lossy(),
            "--to",
            &self.target,
            "--wait",
        ];
        self.sensor.run(&line).exit(0);
        let arn = self.show(request)["deliveries"][0]["arn"].clone();
        arn.as_str().unwrap().to_owned()
    }

    fn show(&self, request: u64) -> Value {
        let id = request.to_string();
        json(&self.sensor.run(&["request", "show", &id, "--output=json"]))
    }

    fn list(&self, filter: &str) -> Vec<Value> {
        let line = ["inventory", "list", filter, "--output=json"];
        let all = json(&self.sensor.run(&line).exit(0));
        all["certificates"].as_array().unwrap().clone()
    }
}

#[track_caller]
fn json(done: &Done) -> Value {
    serde_json::from_str(&done.stdout).unwrap_or_else(|error| panic!("{error}: {done:#?}"))
}

#[test]
fn fact_12_revoked_in_the_inventory_is_what_the_ca_says() {
    let world = World::new();
    let arn = world.bring(&world.leaf("shop.example.com", 1), 1);
    world.sensor.run(&["connector", "import", "aws"]).exit(0);
    assert_eq!(world.list("--revoked").len(), 0);
    world.says(CertStatus::good());
    // Without the operator's word this machine is not asked.
    let check = ["inventory", "check-revocation", "--name=shop.example.com"];
    world
        .sensor
        .run(&check)
        .exit(3)
        .says(&["private address", "1 unknown"]);
    assert_eq!(world.responder.asked("/ocsp"), 0);
    let check = [check.as_slice(), &[NETWORKS]].concat();
    world.sensor.run(&check).exit(0).says(&["1 good"]);
    let shown = world.sensor.run(&["inventory", "show", &arn]).exit(0);
    shown.says(&["good, OCSP http://127.0.0.1"]);
    world.says(revoked(CrlReason::CessationOfOperation));
    let done = world.sensor.run(&check).exit(0);
    done.says(&[
        "REVOKED by its CA: shop.example.com",
        "cessation-of-operation",
        "request 1 keeps it",
        "the sensor cannot replace it alone",
    ]);
    // A second import loses nothing of it.
    world.sensor.run(&["connector", "import", "aws"]).exit(0);
    let found = world.list("--revoked");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["id"], arn.as_str());
    assert_eq!(found[0]["status"], "issued", "the cloud's own word stays");
    assert_eq!(found[0]["revocation"]["status"], "revoked");
    assert_eq!(found[0]["revocation"]["reason"], "cessation-of-operation");
    assert_eq!(world.list("--revocation=good").len(), 0);
    let summary = world.sensor.run(&["inventory", "summary", "--revoked"]);
    summary.exit(0).says(&["by its CA", "revoked"]);
    let csv = ["inventory", "export", "--format=csv", "--revoked"];
    world.sensor.run(&csv).exit(0).says(&[",revoked,2"]);
    assert_eq!(world.show(1)["state"], "revoked");
    assert_eq!(world.show(1)["renew_at"], Value::Null);
}

#[test]
fn a_certificate_that_was_taken_over_and_is_revoked_is_replaced_at_once_and_once() {
    let world = World::new();
    let arn = world.bring(&world.leaf("api.example.com", 2), 1);
    let sensor = &world.sensor;
    sensor.run(&["request", "cancel", "1", "--yes"]).exit(0);
    sensor.run(&["connector", "import", "aws"]).exit(0);
    let take = ["request", "take-over", &arn, "--profile=web"];
    sensor.run(&take).exit(0);
    world.says(revoked(CrlReason::KeyCompromise));
    // `serve` asks by itself, tells it, and renews.
    let serve = ["serve", "--once", "--no-imports", NETWORKS];
    let done = sensor.run(&serve).exit(0);
    done.says(&[
        "REVOKED by its CA: api.example.com",
        "request 2 keeps it; its renewal is due at once",
    ]);
    let list = sensor.run(&["request", "list"]).exit(0);
    let first = world.show(2);
    assert!(
        first["state"] == "revoked" || first["state"] == "delivered",
        "{first} {list:?}"
    );
    sensor.run(&serve).exit(0);
    let view = world.show(2);
    assert_eq!(view["state"], "delivered", "{view}");
    assert_eq!(
        (&view["generation"], &view["deliveries"][0]["arn"]),
        (&1.into(), &arn.as_str().into())
    );
    // The inventory still knows the old one; it makes nothing due again.
    sensor
        .run(&["inventory", "check-revocation", NETWORKS])
        .exit(0);
    sensor.run(&serve).exit(0);
    assert_eq!(world.show(2)["generation"], 1);
    sensor.run(&["connector", "import", "aws"]).exit(0);
    assert_eq!(world.list("--revoked").len(), 0, "another stands there now");
}

#[test]
fn a_late_answer_never_undoes_a_newer_one() {
    let world = World::new();
    world.bring(&world.leaf("shop.example.com", 3), 1);
    world.sensor.run(&["connector", "import", "aws"]).exit(0);
    // A responder that has looked, and takes its time to say what it saw.
    let ((saw, sees), (go, goes)) = (mpsc::channel(), mpsc::channel::<()>());
    let (ca, goes) = (Arc::clone(&world.ca), Mutex::new(goes));
    world.responder.say("/ocsp", move |question| {
        let good = ca
            .own
            .answer(question, Saying::now(CertStatus::good()), false);
        saw.send(()).unwrap();
        let _late = goes.lock().unwrap().recv_timeout(PATIENCE);
        (200, good)
    });
    let serve = ["serve", "--once", "--no-imports", NETWORKS];
    let mut serving = world.sensor.spawn(&serve);
    sees.recv_timeout(PATIENCE).unwrap();
    world.says(revoked(CrlReason::Superseded));
    let check = ["inventory", "check-revocation", NETWORKS];
    let check = [&check[..], &["--name=shop.example.com"]].concat();
    let done = world.sensor.run(&check).exit(0);
    done.says(&["REVOKED by its CA: shop.example.com"]);
    go.send(()).unwrap();
    assert_eq!(serving.wait().unwrap().code(), Some(0));
    assert_eq!(world.list("--revoked").len(), 1);
}
