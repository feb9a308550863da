//! Fetching from addresses that certificates name.
//! Above: `checker`, `lists`. Below: `web`.
//! Invariant: a server that stays silent is left alone for a while, so that ten thousand certificates of a dead CA cost
//! a few timeouts and not ten thousand.

use crate::model::time::Millis;
use crate::web::{Patience, Reach, SetupError, Web, native_roots};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{ACCEPT, CONTENT_TYPE, USER_AGENT};
use hyper::{Request, StatusCode, Uri};
use hyper_util::client::proxy::matcher::Matcher;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

const PATIENCE: Patience = Patience {
    connect: Duration::from_secs(5),
    whole: Duration::from_secs(15),
};
/// So often in a row, and a server counts as silent.
const STRIKES: u32 = 3;
/// So long it is left alone.
const LEFT_ALONE: Millis = 10 * 60_000;
const AGENT: &str = concat!("sensor/", env!("CARGO_PKG_VERSION"));

/// A client with a memory of who did not answer.
pub(super) struct Fetcher {
    web: Web,
    /// By server: how often in a row it did not answer, and when last.
    silent: Mutex<HashMap<String, (u32, Millis)>>,
}

impl Fetcher {
    pub(super) fn new(reach: Reach) -> Result<Self, SetupError> {
        let web = Web::with(native_roots(), PATIENCE, Matcher::from_env(), reach)?;
        Ok(Self {
            web,
            silent: Mutex::default(),
        })
    }

    pub(super) async fn get(
        &self,
        url: &str,
        largest: usize,
        now: Millis,
    ) -> Result<Bytes, String> {
        let request = Request::get(address(url)?).header(USER_AGENT, AGENT);
        self.send(request.body(Full::default()), largest, now).await
    }

    pub(super) async fn post(
        &self,
        url: &str,
        (kind, accept): (&str, &str),
        body: Vec<u8>,
        largest: usize,
        now: Millis,
    ) -> Result<Bytes, String> {
        let request = Request::post(address(url)?)
            .header(USER_AGENT, AGENT)
            .header(CONTENT_TYPE, kind)
            .header(ACCEPT, accept);
        self.send(request.body(Full::from(body)), largest, now)
            .await
    }

    async fn send(
        &self,
        request: hyper::http::Result<Request<Full<Bytes>>>,
        largest: usize,
        now: Millis,
    ) -> Result<Bytes, String> {
        let request = request.map_err(|_| "its address is none".to_owned())?;
        let server = request
            .uri()
            .authority()
            .map_or_else(String::new, |server| server.as_str().to_ascii_lowercase());
        if self.is_silent(&server, now) {
            return Err("it has not answered lately and is left alone for some minutes".to_owned());
        }
        let answer = self.web.send(request, largest).await;
        self.note(&server, answer.is_ok(), now);
        let answer = answer.map_err(|error| error.to_string())?;
        if answer.status == StatusCode::OK {
            Ok(answer.body)
        } else {
            Err(format!("it answered {}", answer.status.as_u16()))
        }
    }

    fn is_silent(&self, server: &str, now: Millis) -> bool {
        let silent = self.silent.lock().unwrap_or_else(PoisonError::into_inner);
        silent
            .get(server)
            .is_some_and(|(times, last)| *times >= STRIKES && now - last < LEFT_ALONE)
    }

    fn note(&self, server: &str, answered: bool, now: Millis) {
        let mut silent = self.silent.lock().unwrap_or_else(PoisonError::into_inner);
        if answered {
            silent.remove(server);
        } else {
            silent.retain(|_, (_, last)| now - *last < LEFT_ALONE);
            let entry = silent.entry(server.to_owned()).or_default();
            *entry = (entry.0 + 1, now);
        }
    }
}

/// An address that can be asked: no user's name in it.
fn address(url: &str) -> Result<Uri, String> {
    let uri: Uri = url.parse().map_err(|_| "its address is none".to_owned())?;
    let server = uri.authority().map(hyper::http::uri::Authority::as_str);
    match server {
        Some(server) if !server.contains('@') => Ok(uri),
        _ => Err("its address is none".to_owned()),
    }
}
