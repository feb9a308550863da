//! What instant-acme speaks through: our HTTP client, remembering what a library that polls by itself would use up.
//! Above: `acme`. Below: `http`.
//! Invariant: one wire is one session's; what was heard last belongs to the call that was made last.

use crate::issuer::http::{Answer, Http};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::{Method, Request, Response, StatusCode};
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A CA's directory hardly ever changes.
const FRESH: Duration = Duration::from_hours(1);

/// The directory as it was fetched last, for all sessions of an issuer.
#[derive(Clone, Default)]
pub(super) struct DirectoryCache(Arc<Mutex<Option<(Instant, Bytes)>>>);

impl DirectoryCache {
    fn get(&self) -> Option<Bytes> {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, bytes) = held.as_ref()?;
        (at.elapsed() < FRESH).then(|| bytes.clone())
    }

    fn set(&self, bytes: Bytes) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), bytes));
    }

    /// The next session asks anew.
    pub(super) fn forget(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// What the last answer said beside its body.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Heard {
    pub(super) status: u16,
    pub(super) retry_after: Option<Duration>,
}

/// An HTTP client for one session.
#[derive(Clone)]
pub(super) struct Wire {
    http: Http,
    directory_url: String,
    directory: DirectoryCache,
    heard: Arc<Mutex<Heard>>,
}

impl Wire {
    pub(super) fn new(http: Http, directory_url: &str, directory: DirectoryCache) -> Self {
        Self {
            http,
            directory_url: directory_url.to_owned(),
            directory,
            heard: Arc::default(),
        }
    }

    /// What was heard last.
    pub(super) fn heard(&self) -> Heard {
        *self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The directory's bytes.
    pub(super) async fn directory(&self) -> Result<Bytes, Error> {
        let request = Request::get(&self.directory_url).body(Full::default())?;
        let answer = self.exchange(request).await?;
        if answer.status.is_success() {
            Ok(answer.body)
        } else {
            let text = format!(
                "the directory was answered with HTTP {}",
                answer.status.as_u16()
            );
            Err(Error::Other(text.into()))
        }
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<Answer, Error> {
        let is_directory = request.method() == Method::GET && *request.uri() == *self.directory_url;
        if is_directory && let Some(body) = self.directory.get() {
            return Ok(Answer {
                status: StatusCode::OK,
                headers: hyper::HeaderMap::new(),
                body,
            });
        }
        *self.heard.lock().unwrap_or_else(PoisonError::into_inner) = Heard::default();
        let answer = self.http.send(request).await;
        let answer = answer.map_err(|error| Error::Other(Box::new(error)))?;
        *self.heard.lock().unwrap_or_else(PoisonError::into_inner) = Heard {
            status: answer.status.as_u16(),
            retry_after: answer.retry_after(),
        };
        if is_directory && answer.status.is_success() {
            self.directory.set(answer.body.clone());
        }
        Ok(answer)
    }
}

impl HttpClient for Wire {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        let wire = self.clone();
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let body = match body.collect().await {
                Ok(body) => body.to_bytes(),
                Err(never) => match never {},
            };
            let answer = wire
                .exchange(Request::from_parts(parts, Full::new(body)))
                .await?;
            let mut response = Response::new(Full::new(answer.body));
            *response.status_mut() = answer.status;
            *response.headers_mut() = answer.headers;
            Ok(BytesResponse::from(response))
        })
    }
}
