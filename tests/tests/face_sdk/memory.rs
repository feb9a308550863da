//! After a delivery no copy of the private key is left in the sensor's memory, nor was there ever one in the guest's:
//! a real component delivers through the policy layer and AWS's SDK to the simulated AWS in another process, and then
//! this process reads all of its own memory.
//! Above: nothing. Below: `sensor`, the courier guest, `fake-aws`.
//! Invariant: what is looked for is itself kept masked, and a copy that is left on purpose is found.

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{CertificateParams, KeyPair, PublicKeyData};
use sensor::backend::{
    KeyError, KeySource, PrivateKey, SdkBackend, SdkSession, Session, SessionSource,
};
use sensor::capability::aws::{AwsCapability, AwsLend, RateTable};
use sensor::grant::{Grants, Reach};
use sensor::model::delivery::{Material, Target};
use sensor::model::secret::Secret;
use sensor::model::time::SystemClock;
use sensor::plugin::{ConnectorPlugin, Engine, Lend, Package};
use sensor_tests::harness::place;
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::FileExt;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

const ACCOUNT: &str = "111122223333";
const REGION: &str = "us-east-1";
const SCENARIO: &str =
    "name = \"memory\"\nrates = \"off\"\n[[account]]\nname = \"one\"\nid = \"111122223333\"\n";
const MASK: u8 = 0xa5;
const NEEDLE: usize = 48;

/// Bytes that may be looked at without leaving a copy of them.
struct Masked(Vec<u8>);

impl Masked {
    fn new(plain: &[u8]) -> Self {
        Self(plain.iter().map(|byte| byte ^ MASK).collect())
    }

    /// Where it begins in these bytes.
    fn places<'a>(&'a self, plain: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
        let first = self.0[0] ^ MASK;
        let starts = plain
            .iter()
            .enumerate()
            .filter(move |(_, byte)| **byte == first);
        starts.map(|(at, _)| at).filter(|at| {
            let here = plain[*at..].iter();
            plain.len() - at >= self.0.len() && self.0.iter().zip(here).all(|(a, b)| a ^ MASK == *b)
        })
    }
}

/// A key that is plain only while somebody holds what `open` gave.
struct Caged(Masked);

impl Caged {
    /// PKCS#8 in PEM, each buffer sized at once.
    fn pem(&self) -> Zeroizing<Vec<u8>> {
        let der = Zeroizing::new(self.0.0.iter().map(|byte| byte ^ MASK).collect::<Vec<u8>>());
        let (begin, end) = (
            "-----BEGIN PRIVATE KEY-----\n",
            "\n-----END PRIVATE KEY-----\n",
        );
        let digits = der.len().div_ceil(3) * 4;
        let mut text = Zeroizing::new(Vec::with_capacity(begin.len() + digits + end.len()));
        text.extend_from_slice(begin.as_bytes());
        text.resize(begin.len() + digits, 0);
        STANDARD
            .encode_slice(&*der, &mut text[begin.len()..])
            .unwrap();
        text.extend_from_slice(end.as_bytes());
        text
    }

    /// A part of its text, and of the text in which JSON carries that.
    fn needles(&self) -> [Masked; 2] {
        let pem = self.pem();
        let mut carried = Zeroizing::new(vec![0; pem.len().div_ceil(3) * 4]);
        STANDARD.encode_slice(&*pem, &mut carried).unwrap();
        let middle = |text: &[u8]| Masked::new(&text[text.len() / 2..][..NEEDLE]);
        [middle(&pem), middle(&carried)]
    }
}

impl KeySource for Caged {
    fn open(&self) -> Result<Secret, KeyError> {
        let mut pem = self.pem();
        let text = std::mem::take(&mut *pem);
        Secret::from_utf8(text).ok_or(KeyError::Gone)
    }
    fn sealed(&self) -> Result<String, KeyError> {
        Err(KeyError::Gone)
    }
}

/// How often the needles lie in the memory of this process.
fn copies(needles: &[Masked]) -> usize {
    const PART: usize = 1 << 20;
    let memory = File::open("/proc/self/mem").unwrap();
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    let mut part = vec![0; PART + NEEDLE];
    let own = part.as_ptr() as u64;
    let mut found = 0;
    for line in maps.lines().filter(|line| line.contains(" rw")) {
        let range = line.split(' ').next().unwrap();
        let (from, to) = range.split_once('-').unwrap();
        let (from, to) = (hex_of(from), hex_of(to));
        for at in (from..to).step_by(PART) {
            let length = part.len().min(usize::try_from(to - at).unwrap());
            if memory.read_exact_at(&mut part[..length], at).is_err() {
                continue;
            }
            // What was read into this very buffer was counted where it came from.
            let counts = |start: &usize| {
                let place = at + *start as u64;
                *start < PART && !(own..own + (PART + NEEDLE) as u64).contains(&place)
            };
            let hits = needles
                .iter()
                .flat_map(|needle| needle.places(&part[..length]));
            found += hits.filter(counts).count();
        }
    }
    found
}

fn hex_of(text: &str) -> u64 {
    u64::from_str_radix(text, 16).unwrap()
}

/// The simulated AWS in a process of its own.
struct Elsewhere {
    child: Child,
    env: HashMap<String, String>,
    _talk: BufReader<ChildStdout>,
    _scenario: tempfile::NamedTempFile,
}

impl Elsewhere {
    fn start() -> Self {
        let mut scenario = tempfile::NamedTempFile::new().unwrap();
        scenario.write_all(SCENARIO.as_bytes()).unwrap();
        let mut child = Command::new(place::program("fake-aws"))
            .arg("--scenario")
            .arg(scenario.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut talk = BufReader::new(child.stdout.take().unwrap());
        let env = talk
            .by_ref()
            .lines()
            .map(Result::unwrap)
            .take_while(|line| !line.contains("stops it"))
            .filter_map(|line| {
                let (name, value) = line.strip_prefix("export ")?.split_once('=')?;
                Some((name.to_owned(), value.trim_matches('\'').to_owned()))
            })
            .collect();
        Self {
            child,
            env,
            _talk: talk,
            _scenario: scenario,
        }
    }

    fn session(&self) -> Session {
        let of = |name: &str| self.env[name].clone();
        let keys = Credentials::new(
            of("AWS_ACCESS_KEY_ID"),
            of("AWS_SECRET_ACCESS_KEY"),
            None,
            None,
            "test",
        );
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .endpoint_url(of("AWS_ENDPOINT_URL"))
            .region(Region::new(REGION))
            .credentials_provider(SharedCredentialsProvider::new(keys))
            .build();
        Session::new(
            ACCOUNT.to_owned(),
            format!("arn:aws:iam::{ACCOUNT}:user/sensor"),
            "aws".to_owned(),
            SessionSource::Sdk(Box::new(SdkSession::of(config))),
            false,
            None,
        )
    }
}

impl Drop for Elsewhere {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        drop(self.child.wait());
    }
}

fn lend(plugin: &ConnectorPlugin, base: Session) -> Lend {
    let aws = AwsCapability::new(AwsLend {
        backend: Arc::new(SdkBackend::new()),
        grants: Grants::parse(&plugin.manifest().operations(), None).unwrap(),
        clock: Arc::new(SystemClock),
        rates: RateTable::default(),
        connector: "memory".parse().unwrap(),
        run: None,
        reach: Reach::Writes,
        base,
        cancel: CancellationToken::new(),
        keys: None,
    });
    Lend {
        settings: "{}".into(),
        clock: Arc::new(SystemClock),
        aws: Some(aws),
        known: None,
        span: tracing::Span::none(),
        limits: plugin.manifest().limits,
    }
}

fn courier() -> ConnectorPlugin {
    let package = Package::read(&place::made("guests/courier"));
    let package = package.expect("build the guests first: cargo xtask plugins");
    ConnectorPlugin::load(&Engine::new(None).unwrap(), &package).unwrap()
}

#[tokio::test]
async fn no_copy_of_a_key_is_left_in_memory_after_its_delivery() {
    let pair = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec!["www.example.com".into()]).unwrap();
    params.not_before = rcgen::date_time_ymd(2024, 1, 1);
    params.not_after = rcgen::date_time_ymd(2044, 1, 1);
    let leaf = params.self_signed(&pair).unwrap().der().to_vec();
    let caged = Caged(Masked::new(pair.serialized_der()));
    let needles = caged.needles();
    let key = PrivateKey::new(
        "EC_prime256v1".into(),
        pair.subject_public_key_info(),
        caged,
    );
    drop(pair);

    let aws = Elsewhere::start();
    let plugin = courier();
    let mut courier = plugin.deliver(lend(&plugin, aws.session())).await.unwrap();
    let mut target = Target {
        account: ACCOUNT.into(),
        region: REGION.into(),
        id: None,
    };
    let material = Material {
        leaf,
        chain: Vec::new(),
        tags: Vec::new(),
    };
    // A first import and a renewal of it, on the same connection.
    for _ in 0..2 {
        let place = courier.deliver(&target, &material, &key).await.unwrap();
        target.id = Some(place);
    }
    let found = courier.verify(&target).await.unwrap();
    assert_eq!(found.leaf, material.leaf);

    let left = needles[0]
        .0
        .iter()
        .map(|byte| byte ^ MASK)
        .collect::<Vec<u8>>();
    assert_eq!(copies(&needles), 1, "the copy that lies here is found");
    drop(Zeroizing::new(left));
    assert_eq!(copies(&needles), 0, "and there is no other");
}
