//! The way to a server: straight, or through the proxy that the environment names (`HTTPS_PROXY`, `NO_PROXY`).
//! Above: `http`. Below: hyper-util.
//! Invariant: this machine itself is never asked by way of a proxy, and nobody is over plain HTTP.

use hyper::Uri;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::proxy::matcher::Matcher;
use hyper_util::rt::TokioIo;
use std::error::Error;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::net::TcpStream;
use tower_service::Service;

type Outcome = Result<TokioIo<TcpStream>, Box<dyn Error + Send + Sync>>;

/// Connects; encryption is laid over it.
#[derive(Clone)]
pub(super) struct Way {
    straight: HttpConnector,
    proxies: Arc<Matcher>,
}

impl Way {
    pub(super) fn new(straight: HttpConnector, proxies: Matcher) -> Self {
        Self {
            straight,
            proxies: Arc::new(proxies),
        }
    }
}

impl Service<Uri> for Way {
    type Response = TokioIo<TcpStream>;
    type Error = Box<dyn Error + Send + Sync>;
    type Future = Pin<Box<dyn Future<Output = Outcome> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.straight.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, to: Uri) -> Self::Future {
        let proxy = self
            .proxies
            .intercept(&to)
            .filter(|_| to.scheme_str() == Some("https") && !super::is_here(&to));
        let Some(proxy) = proxy else {
            let connecting = self.straight.call(to);
            return Box::pin(async { Ok(connecting.await?) });
        };
        let mut tunnel = Tunnel::new(proxy.uri().clone(), self.straight.clone());
        if let Some(auth) = proxy.basic_auth() {
            tunnel = tunnel.with_auth(auth.clone());
        }
        let connecting = tunnel.call(to);
        Box::pin(async {
            connecting
                .await
                .map_err(|error| format!("the proxy: {error}").into())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::Http;
    use http_body_util::Full;
    use hyper::Request;
    use hyper_util::client::proxy::matcher::Matcher;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    #[tokio::test]
    async fn a_ca_is_asked_through_the_proxy_and_this_machine_never_is() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = format!("http://user:pass@{}", listener.local_addr().unwrap());
        let mut asked = tokio::task::JoinSet::new();
        asked.spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut bytes = vec![0; 1024];
            let length = stream.read(&mut bytes).await.unwrap();
            stream.write_all(b"HTTP/1.1 403 No\r\n\r\n").await.unwrap();
            String::from_utf8_lossy(&bytes[..length]).into_owned()
        });
        let http = Http::by(None, Matcher::builder().https(proxy).build()).unwrap();
        let get = |uri: &str| Request::get(uri).body(Full::default()).unwrap();
        let error = http
            .send(get("https://ca.example.com/dir"))
            .await
            .err()
            .unwrap();
        assert!(error.to_string().contains("the proxy"), "{error}");
        let line = asked.join_next().await.unwrap().unwrap();
        assert!(
            line.starts_with("CONNECT ca.example.com:443 HTTP/1.1\r\n"),
            "{line}"
        );
        assert!(
            line.to_ascii_lowercase()
                .contains("proxy-authorization: basic dxnlcjpwyxnz"),
            "{line}"
        );
        // Nobody listens at the proxy's port any more, and nobody at this one.
        let error = http
            .send(get("https://127.0.0.1:1/dir"))
            .await
            .err()
            .unwrap();
        assert!(!error.to_string().contains("the proxy"), "{error}");
    }
}
