//! HTTP to servers outside: trusted roots, the environment's proxies, limits of time and size, and who may be reached.
//! Above: `issuer::http`, `revocation`. Below: `way`, `reach`, hyper, rustls.
//! Invariant: a server is trusted by the machine's roots, or by those of a file and no others; no answer is longer than
//! its caller allows; no redirect is followed.

mod reach;
mod stream;
mod way;

pub(crate) use reach::Reach;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::header::{HeaderMap, PROXY_AUTHORIZATION};
use hyper::{Request, StatusCode, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::proxy::matcher::Matcher;
use hyper_util::rt::TokioExecutor;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use way::Way;

/// A client. Clones share its connections.
#[derive(Clone)]
pub(crate) struct Web {
    client: Client<HttpsConnector<Way>, Full<Bytes>>,
    way: Way,
    patience: Duration,
}

/// What a server said.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// Why a server said nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct WebError(pub(crate) String);

/// Why no client can be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SetupError {
    #[error("{0}")]
    Roots(String),
    #[error(
        "this machine has no trusted root certificates: install its ca-certificates, or name a ca_file"
    )]
    NoRoots,
    #[error("{0}")]
    Tls(String),
}

/// How long a server may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    pub(crate) connect: Duration,
    /// For a whole call.
    pub(crate) whole: Duration,
}

impl Web {
    /// A client for the servers of an operator's own choice.
    pub(crate) fn new(
        roots: RootCertStore,
        patience: Patience,
        proxies: Matcher,
    ) -> Result<Self, SetupError> {
        Self::with(roots, patience, proxies, Reach::Anywhere)
    }

    /// The same for servers that somebody else named: `reach` says which of them.
    pub(crate) fn with(
        roots: RootCertStore,
        patience: Patience,
        proxies: Matcher,
        reach: Reach,
    ) -> Result<Self, SetupError> {
        let tls = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| SetupError::Tls(error.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let way = Way::new(patience.connect, proxies, reach);
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .wrap_connector(way.clone());
        Ok(Self {
            client: Client::builder(TokioExecutor::new()).build(connector),
            way,
            patience: patience.whole,
        })
    }

    /// Sends a request; an answer of more than `largest` bytes is none.
    pub(crate) async fn send(
        &self,
        mut request: Request<Full<Bytes>>,
        largest: usize,
    ) -> Result<Answer, WebError> {
        let host = request.uri().host().unwrap_or_default().to_owned();
        let told = |error: &dyn std::error::Error| WebError(format!("{host}: {}", chain(error)));
        if let Some(auth) = self.way.forward_auth(request.uri()) {
            request.headers_mut().insert(PROXY_AUTHORIZATION, auth);
        }
        let exchange = async {
            let answer = self
                .client
                .request(request)
                .await
                .map_err(|error| told(&error))?;
            let (parts, body) = answer.into_parts();
            let body = Limited::new(body, largest).collect().await;
            let body = body.map_err(|error| told(error.as_ref()))?.to_bytes();
            Ok(Answer {
                status: parts.status,
                headers: parts.headers,
                body,
            })
        };
        match tokio::time::timeout(self.patience, exchange).await {
            Ok(done) => done,
            Err(_) => Err(WebError(format!(
                "{host} did not answer within {} s",
                self.patience.as_secs()
            ))),
        }
    }
}

/// Whether it is this machine itself.
pub(crate) fn is_here(uri: &Uri) -> bool {
    let host = uri.host().unwrap_or_default();
    host == "localhost" || literal(host).is_some_and(|address| address.is_loopback())
}

/// A host that is an address.
fn literal(host: &str) -> Option<IpAddr> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.parse().ok()
}

/// An error with what lies below it: hyper's own text says little.
fn chain(error: &dyn std::error::Error) -> String {
    let (mut text, mut below) = (error.to_string(), error.source());
    while let Some(cause) = below {
        let more = cause.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        below = cause.source();
    }
    text
}

/// The roots in a PEM file.
pub(crate) fn roots_of(file: &Path) -> Result<RootCertStore, SetupError> {
    let wrong = |error: String| SetupError::Roots(format!("ca_file: {}: {error}", file.display()));
    let mut roots = RootCertStore::empty();
    let found = CertificateDer::pem_file_iter(file).map_err(|error| wrong(error.to_string()))?;
    for certificate in found {
        let certificate = certificate.map_err(|error| wrong(error.to_string()))?;
        roots
            .add(certificate)
            .map_err(|error| wrong(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(wrong("no certificate is in it".to_owned()));
    }
    Ok(roots)
}

/// The machine's own; there may be none.
pub(crate) fn native_roots() -> RootCertStore {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    roots
}
