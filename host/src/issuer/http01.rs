//! Answers to HTTP-01 challenges: what a CA fetches from port 80 of a name to see who holds it.
//! Above: whoever serves starts the listener; `acme` puts the answers in. Below: hyper.
//! Invariant: only a GET of a token that was put in is answered, and with nothing but its answer.

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::CONTENT_TYPE;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::collections::HashMap;
use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

const WELL_KNOWN: &str = "/.well-known/acme-challenge/";
/// Connections at once; a CA looks from a handful of places.
const CONNECTIONS: usize = 64;
/// For a whole connection.
const PATIENCE: Duration = Duration::from_secs(10);

/// The answers by token, shared between the issuers and the listener.
#[derive(Clone, Default)]
pub struct Http01(Arc<Mutex<HashMap<String, Held>>>);

struct Held {
    /// The order that it belongs to.
    order: String,
    answer: String,
}

impl Http01 {
    /// Where to listen when nobody says: on this machine only. A web server or a load balancer passes
    /// `/.well-known/acme-challenge/` on to it.
    pub const USUAL: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8402);

    /// Holds an answer until its order is cleared.
    pub(super) fn put(&self, order: &str, token: &str, answer: &str) {
        let held = Held {
            order: order.to_owned(),
            answer: answer.to_owned(),
        };
        self.held().insert(token.to_owned(), held);
    }

    /// Forgets the answers of an order.
    pub(super) fn clear(&self, order: &str) {
        self.held().retain(|_, held| held.order != order);
    }

    /// How many answers are held.
    #[must_use]
    pub fn held_now(&self) -> usize {
        self.held().len()
    }

    fn held(&self) -> MutexGuard<'_, HashMap<String, Held>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers until told to stop.
    pub async fn serve(self, listener: TcpListener, stop: CancellationToken) {
        let mut connections = JoinSet::new();
        loop {
            let full = connections.len() >= CONNECTIONS;
            tokio::select! {
                () = stop.cancelled() => break,
                Some(_) = connections.join_next(), if !connections.is_empty() => {}
                accepted = listener.accept(), if !full => match accepted {
                    Ok((stream, _)) => _ = connections.spawn(connection(self.clone(), stream)),
                    // Out of file descriptors: some come free.
                    Err(error) => {
                        tracing::warn!(%error, "the listener for HTTP-01 could not accept a connection");
                        tokio::time::sleep(Duration::from_millis(100)).await;
                    }
                }
            }
        }
        connections.shutdown().await;
    }

    fn answer(&self, request: &Request<Incoming>) -> Response<Full<Bytes>> {
        let token = request.uri().path().strip_prefix(WELL_KNOWN);
        let found = token.and_then(|token| Some(self.held().get(token)?.answer.clone()));
        let mut response = Response::new(Full::default());
        match (request.method() == Method::GET, found) {
            (true, Some(answer)) => {
                *response.body_mut() = Full::from(answer);
                let kind = hyper::header::HeaderValue::from_static("application/octet-stream");
                response.headers_mut().insert(CONTENT_TYPE, kind);
            }
            (false, Some(_)) => *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED,
            (_, None) => *response.status_mut() = StatusCode::NOT_FOUND,
        }
        response
    }
}

async fn connection(answers: Http01, stream: TcpStream) {
    let service = service_fn(move |request| {
        let response = answers.answer(&request);
        async move { Ok::<_, Infallible>(response) }
    });
    let served = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service);
    // Whoever hung up or dawdled is answered by nothing.
    let _ended = tokio::time::timeout(PATIENCE, served).await;
}

#[cfg(test)]
mod tests {
    use super::Http01;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};
    use tokio_util::sync::CancellationToken;

    async fn ask(address: std::net::SocketAddr, line: &str) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!("{line} HTTP/1.1\r\nHost: www.example.com\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[tokio::test]
    async fn only_a_held_token_is_answered() {
        let answers = Http01::default();
        answers.put("order-1", "token-1", "token-1.thumb");
        answers.put("order-2", "token-2", "token-2.thumb");
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let mut served = tokio::task::JoinSet::new();
        served.spawn(answers.clone().serve(listener, stop.clone()));
        let path = "/.well-known/acme-challenge/token-1";
        let answer = ask(address, &format!("GET {path}")).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert!(answer.ends_with("\r\n\r\ntoken-1.thumb"), "{answer}");
        for (line, status) in [
            (format!("POST {path}"), "405"),
            (format!("GET {path}/"), "404"),
            ("GET /.well-known/acme-challenge/".to_owned(), "404"),
            (
                "GET /.well-known/acme-challenge/../token-1".to_owned(),
                "404",
            ),
            ("GET /token-1".to_owned(), "404"),
        ] {
            let answer = ask(address, &line).await;
            assert!(
                answer.starts_with(&format!("HTTP/1.1 {status}")),
                "{line}: {answer}"
            );
        }
        answers.clear("order-1");
        assert_eq!(answers.held_now(), 1);
        assert!(
            ask(address, &format!("GET {path}"))
                .await
                .starts_with("HTTP/1.1 404")
        );
        stop.cancel();
        served.join_all().await;
        assert!(TcpStream::connect(address).await.is_err());
    }
}
