//! What the tests share: a state directory with its ground, keys with their requests, stepping to the end.
//! Above: the tests. Below: `sensor::issuer`, rcgen.
//! Invariant: a key is made once for a certificate, as in the sensor.

use rcgen::{CertificateParams, KeyPair, PublicKeyData};
use sensor::config::parse_issuers;
use sensor::issuer::{
    Http01, Issuer, IssuerError, IssuerGround, Judged, OrderRef, Progress, Wanted, judge, open,
};
use sensor::ledger::Ledger;
use sensor::model::secret::Secret;
use sensor::model::time::{Clock, SystemClock};
use sensor::model::usage::{ExtendedKeyUsage, KeyUsage};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// A state directory.
pub(crate) struct State(TempDir);

impl State {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// As after a start of the sensor.
    pub(crate) fn ground(&self) -> IssuerGround {
        IssuerGround {
            ledger: Arc::new(Ledger::open(self.0.path()).unwrap()),
            clock: Arc::new(SystemClock),
            http01: Http01::default(),
            aws: None,
        }
    }

    pub(crate) fn secret(&self, name: &str, value: &str) {
        let value = Secret::new(value.to_owned());
        let ledger = Ledger::open(self.0.path()).unwrap();
        ledger.put_secret(name, &value, SystemClock.now()).unwrap();
    }
}

/// The one issuer of a file.
pub(crate) fn issuer(text: &str, ground: &IssuerGround) -> Arc<dyn Issuer> {
    let mut all = parse_issuers(text, Path::new("/")).unwrap();
    open(&all.remove(0), ground).unwrap()
}

/// What is wanted for a new key.
pub(crate) fn wanted(token: &str, names: &[&str]) -> Wanted {
    let key = KeyPair::generate().unwrap();
    let texts: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(texts).unwrap();
    params.distinguished_name = rcgen::DistinguishedName::new();
    Wanted {
        names: names.iter().map(|name| name.parse().unwrap()).collect(),
        csr: params.serialize_request(&key).unwrap().der().to_vec(),
        spki: key.subject_public_key_info(),
        validity: Some(Duration::from_hours(30 * 24)),
        key_usages: vec![KeyUsage::DigitalSignature],
        extended_key_usages: vec![ExtendedKeyUsage::ServerAuth],
        token: token.to_owned(),
        acme_profile: None,
        replaces: None,
    }
}

/// The listener for HTTP-01, until dropped.
pub(crate) struct Listener(CancellationToken, JoinSet<()>);

impl Listener {
    pub(crate) async fn start(answers: &Http01, at: SocketAddr) -> Self {
        let mut tries = 0;
        let listener = loop {
            match TcpListener::bind(at).await {
                Ok(listener) => break listener,
                // The one before it is on its way out.
                Err(_) if tries < 100 => tokio::time::sleep(Duration::from_millis(20)).await,
                Err(error) => panic!("{at}: {error}"),
            }
            tries += 1;
        };
        let stop = CancellationToken::new();
        let mut task = JoinSet::new();
        task.spawn(answers.clone().serve(listener, stop.clone()));
        Self(stop, task)
    }

    pub(crate) async fn stop(self) {
        self.0.cancel();
        self.1.join_all().await;
    }
}

/// Steps until the certificate is there and judged.
pub(crate) async fn finish(issuer: &dyn Issuer, order: &OrderRef, wanted: &Wanted) -> Judged {
    loop {
        if let Some(judged) = step(issuer, order, wanted).await.unwrap() {
            return judged;
        }
    }
}

/// One step, and the wait that it asks for.
pub(crate) async fn step(
    issuer: &dyn Issuer,
    order: &OrderRef,
    wanted: &Wanted,
) -> Result<Option<Judged>, IssuerError> {
    match issuer.advance(order, wanted).await {
        Ok(Progress::Issued { leaf, chain }) => Ok(Some(
            judge(wanted, &leaf, &chain, SystemClock.now()).unwrap(),
        )),
        Ok(Progress::Pending { retry_after, .. }) => {
            tokio::time::sleep(retry_after).await;
            Ok(None)
        }
        Err(error) => match error.retry_after() {
            Some(after) => {
                tokio::time::sleep(after.min(Duration::from_secs(1))).await;
                Ok(None)
            }
            None => Err(error),
        },
    }
}
