//! HTTPS to CAs and to webhooks.
//! Above: `acme`, `dns`. Below: `web`.
//! Invariant: plain HTTP goes to this machine only; no answer is longer than a megabyte.

use super::{IssuerError, IssuerErrorClass};
pub(super) use crate::web::Answer;
use crate::web::{self, Patience, SetupError, Web, WebError, is_here};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{DATE, HeaderName, RETRY_AFTER};
use hyper::{Request, Uri};
use hyper_util::client::proxy::matcher::Matcher;
use std::path::Path;
use std::time::Duration;

const PATIENCE: Patience = Patience {
    connect: Duration::from_secs(10),
    whole: Duration::from_secs(30),
};
/// More than any answer of a CA.
const LARGEST: usize = 1 << 20;
/// No server is believed that wants to be left alone for longer.
const LONGEST_WAIT: Duration = Duration::from_hours(24);
/// After a fault of the way to a server.
pub(super) const PAUSE: Duration = Duration::from_secs(10);

/// A client. Clones share its connections.
#[derive(Clone)]
pub(super) struct Http(Web);

/// Why a server said nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct HttpError(String);

impl Http {
    pub(super) fn new(ca_file: Option<&Path>) -> Result<Self, IssuerError> {
        let roots = match ca_file {
            Some(file) => web::roots_of(file)?,
            None => web::native_roots(),
        };
        if roots.is_empty() {
            return Err(SetupError::NoRoots.into());
        }
        Ok(Self(Web::new(roots, PATIENCE, Matcher::from_env())?))
    }

    pub(super) async fn send(&self, request: Request<Full<Bytes>>) -> Result<Answer, HttpError> {
        if !is_allowed(request.uri()) {
            let host = request.uri().host().unwrap_or_default();
            return Err(HttpError(format!(
                "{host} is not asked over plain HTTP: only https, or this machine itself"
            )));
        }
        Ok(self.0.send(request, LARGEST).await?)
    }
}

impl From<SetupError> for IssuerError {
    fn from(error: SetupError) -> Self {
        match error {
            SetupError::Roots(_) => Self::config("ca-file", error.to_string()),
            SetupError::NoRoots => Self::config("no-roots", error.to_string()),
            SetupError::Tls(_) => Self::internal("tls", error.to_string()),
        }
    }
}

impl From<WebError> for HttpError {
    fn from(error: WebError) -> Self {
        Self(error.0)
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

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::{HeaderMap, StatusCode};

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
