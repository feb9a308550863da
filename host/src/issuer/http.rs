//! HTTPS to CAs and to webhooks: trusted roots, time and size limits.
//! Above: `acme`, `dns`. Below: `way`, hyper, rustls.
//! Invariant: a server is trusted by the machine's roots, or by those of a file and no others; plain HTTP goes to
//! this machine only; no answer is longer than a megabyte.

mod way;

use super::{IssuerError, IssuerErrorClass};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER};
use hyper::{Request, StatusCode, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
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

/// For a whole call.
const PATIENCE: Duration = Duration::from_secs(30);
const CONNECT: Duration = Duration::from_secs(10);
/// More than any answer of a CA.
const LARGEST: usize = 1 << 20;
/// No server is believed that wants to be left alone for longer.
const LONGEST_WAIT: Duration = Duration::from_hours(24);
/// After a fault of the way to a server.
pub(super) const PAUSE: Duration = Duration::from_secs(10);

/// A client. Clones share its connections.
#[derive(Clone)]
pub(super) struct Http(Client<HttpsConnector<Way>, Full<Bytes>>);

/// What a server said.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// Why a server said nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct HttpError(String);

impl Http {
    pub(super) fn new(ca_file: Option<&Path>) -> Result<Self, IssuerError> {
        Self::by(ca_file, Matcher::from_env())
    }

    fn by(ca_file: Option<&Path>, proxies: Matcher) -> Result<Self, IssuerError> {
        let roots = match ca_file {
            Some(file) => roots_of(file)?,
            None => native_roots()?,
        };
        let tls = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| IssuerError::internal("tls", error.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let mut plain = HttpConnector::new();
        plain.enforce_http(false);
        plain.set_connect_timeout(Some(CONNECT));
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .wrap_connector(Way::new(plain, proxies));
        Ok(Self(Client::builder(TokioExecutor::new()).build(connector)))
    }

    pub(super) async fn send(&self, request: Request<Full<Bytes>>) -> Result<Answer, HttpError> {
        let host = request.uri().host().unwrap_or_default().to_owned();
        if !is_allowed(request.uri()) {
            return Err(HttpError(format!(
                "{host} is not asked over plain HTTP: only https, or this machine itself"
            )));
        }
        let told = |error: &dyn std::error::Error| HttpError(format!("{host}: {}", chain(error)));
        let exchange = async {
            let answer = self
                .0
                .request(request)
                .await
                .map_err(|error| told(&error))?;
            let (parts, body) = answer.into_parts();
            let body = Limited::new(body, LARGEST).collect().await;
            let body = body.map_err(|error| told(error.as_ref()))?.to_bytes();
            Ok(Answer {
                status: parts.status,
                headers: parts.headers,
                body,
            })
        };
        match tokio::time::timeout(PATIENCE, exchange).await {
            Ok(done) => done,
            Err(_) => Err(HttpError(format!(
                "{host} did not answer within {} s",
                PATIENCE.as_secs()
            ))),
        }
    }
}

impl Answer {
    /// How long the server wants to be left alone, if it says. A date is held against the server's own clock.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        let text = self.header(&RETRY_AFTER)?;
        let wait = if let Ok(seconds) = text.parse() {
            Duration::from_secs(seconds)
        } else {
            let (then, now) = (moment(text)?, moment(self.header(&DATE)?)?);
            Duration::from_millis(u64::try_from(then - now).unwrap_or(0))
        };
        Some(wait.min(LONGEST_WAIT))
    }

    fn header(&self, name: &HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok().map(str::trim)
    }
}

impl From<HttpError> for IssuerError {
    fn from(error: HttpError) -> Self {
        let class = IssuerErrorClass::Retry { after: PAUSE };
        Self::new(class, "unreachable", error.to_string())
    }
}

/// "Fri, 31 Dec 1999 23:59:59 GMT" in milliseconds.
fn moment(text: &str) -> Option<i64> {
    let zoned = jiff::fmt::rfc2822::parse(text).ok()?;
    Some(zoned.timestamp().as_millisecond())
}

/// https to everybody, http to this machine.
pub(super) fn is_allowed(uri: &Uri) -> bool {
    match uri.scheme_str() {
        Some("https") => uri.host().is_some_and(|host| !host.is_empty()),
        Some("http") => is_here(uri),
        _ => false,
    }
}

/// Whether it is this machine itself.
fn is_here(uri: &Uri) -> bool {
    let host = uri.host().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || bare
            .parse()
            .is_ok_and(|address: IpAddr| address.is_loopback())
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

fn roots_of(file: &Path) -> Result<RootCertStore, IssuerError> {
    let wrong = |error: String| {
        let text = format!("ca_file: {}: {error}", file.display());
        IssuerError::config("ca-file", text)
    };
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

fn native_roots() -> Result<RootCertStore, IssuerError> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        let text = "this machine has no trusted root certificates: install its ca-certificates, or name a ca_file";
        return Err(IssuerError::config("no-roots", text));
    }
    Ok(roots)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_stays_on_this_machine() {
        for (uri, allowed) in [
            ("https://ca.example.com/directory", true),
            ("http://127.0.0.1:14000/dir", true),
            ("http://[::1]:14000/dir", true),
            ("http://localhost/dir", true),
            ("http://ca.example.com/directory", false),
            ("http://169.254.169.254/latest", false),
            ("http://localhost.example.com/", false),
            ("ftp://127.0.0.1/", false),
            ("/directory", false),
        ] {
            assert_eq!(is_allowed(&uri.parse().unwrap()), allowed, "{uri}");
        }
    }

    #[test]
    fn a_wait_is_seconds_or_a_date_by_the_servers_clock() {
        let wait = |after: &str, date: Option<&str>| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, after.parse().unwrap());
            date.map(|date| headers.insert(DATE, date.parse().unwrap()));
            let answer = Answer {
                status: StatusCode::OK,
                headers,
                body: Bytes::new(),
            };
            answer.retry_after()
        };
        let date = Some("Fri, 31 Dec 1999 23:59:00 GMT");
        assert_eq!(wait("7", None), Some(Duration::from_secs(7)));
        assert_eq!(wait("99999999", None), Some(LONGEST_WAIT));
        let later = "Fri, 31 Dec 1999 23:59:59 GMT";
        assert_eq!(wait(later, date), Some(Duration::from_secs(59)));
        assert_eq!(
            wait("Fri, 31 Dec 1999 23:00:00 GMT", date),
            Some(Duration::ZERO)
        );
        assert_eq!(wait(later, None), None);
        assert_eq!(wait("soon", date), None);
    }
}
