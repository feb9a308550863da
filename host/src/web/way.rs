//! The way to a server: straight, or through the proxy that the environment names (`HTTPS_PROXY`, `NO_PROXY`; where
//! servers are asked over plain HTTP, `http_proxy` too).
//! Above: `web`. Below: `reach`, `stream`, hyper-util.
//! Invariant: this machine itself is never asked by way of a proxy; whoever may not be reached is not connected to,
//! whatever its name resolves to.

use super::reach::Reach;
use super::stream::Stream;
use super::{is_here, literal};
use hyper::Uri;
use hyper::header::HeaderValue;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::{GaiResolver, Name};
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use std::error::Error;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tower_service::Service;

type Trouble = Box<dyn Error + Send + Sync>;
type Later<T> = Pin<Box<dyn Future<Output = Result<T, Trouble>> + Send>>;

/// Connects; encryption is laid over it.
#[derive(Clone)]
pub(super) struct Way {
    straight: HttpConnector<Names>,
    /// The operator's own choice, wherever it stands.
    to_proxy: HttpConnector<GaiResolver>,
    proxies: Arc<Matcher>,
    reach: Reach,
}

impl Way {
    pub(super) fn new(connect: Duration, proxies: Matcher, reach: Reach) -> Self {
        let mut straight = HttpConnector::new_with_resolver(Names(reach.clone()));
        straight.enforce_http(false);
        straight.set_connect_timeout(Some(connect));
        let mut to_proxy = HttpConnector::new();
        to_proxy.enforce_http(false);
        to_proxy.set_connect_timeout(Some(connect));
        Self {
            straight,
            to_proxy,
            proxies: Arc::new(proxies),
            reach,
        }
    }

    /// What a request that is forwarded by a proxy tells it about who asks.
    pub(super) fn forward_auth(&self, to: &Uri) -> Option<HeaderValue> {
        let proxy = self.proxy(to).filter(|_| is_plain(to))?;
        proxy.basic_auth().cloned()
    }

    fn proxy(&self, to: &Uri) -> Option<Intercept> {
        let forwards = matches!(self.reach, Reach::Public(_));
        self.proxies
            .intercept(to)
            .filter(|_| (!is_plain(to) || forwards) && !is_here(to))
    }

    async fn connect(mut self, to: Uri) -> Result<Stream, Trouble> {
        let host = to.host().unwrap_or_default();
        let address = literal(host);
        if let Some(address) = address {
            self.reach.judge(address)?;
        }
        let Some(proxy) = self.proxy(&to) else {
            return Ok(Stream::new(self.straight.call(to).await?, false));
        };
        // A name that only the proxy can resolve is the proxy's to judge.
        if address.is_none()
            && matches!(self.reach, Reach::Public(_))
            && let Ok(found) = tokio::net::lookup_host((host, 0)).await
        {
            judge_all(&self.reach, found)?;
        }
        let told = |error: &dyn Error| format!("the proxy: {error}");
        if is_plain(&to) {
            let connecting = self.to_proxy.call(proxy.uri().clone()).await;
            let io = connecting.map_err(|error| told(&error))?;
            return Ok(Stream::new(io, true));
        }
        let mut tunnel = Tunnel::new(proxy.uri().clone(), self.to_proxy.clone());
        if let Some(auth) = proxy.basic_auth() {
            tunnel = tunnel.with_auth(auth.clone());
        }
        let io = tunnel.call(to).await.map_err(|error| told(&error))?;
        Ok(Stream::new(io, false))
    }
}

fn is_plain(to: &Uri) -> bool {
    to.scheme_str() != Some("https")
}

impl Service<Uri> for Way {
    type Response = Stream;
    type Error = Trouble;
    type Future = Later<Stream>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.straight.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, to: Uri) -> Self::Future {
        Box::pin(self.clone().connect(to))
    }
}

/// Resolves names to addresses that may be reached, or not at all.
#[derive(Clone)]
pub(super) struct Names(Reach);

impl Service<Name> for Names {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = Trouble;
    type Future = Later<Self::Response>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let reach = self.0.clone();
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            judge_all(&reach, found)
        })
    }
}

/// One forbidden address among them is enough: the next answer could hold it alone.
fn judge_all(
    reach: &Reach,
    found: impl Iterator<Item = SocketAddr>,
) -> Result<std::vec::IntoIter<SocketAddr>, Trouble> {
    let all: Vec<SocketAddr> = found.collect();
    for address in &all {
        reach.judge(address.ip())?;
    }
    Ok(all.into_iter())
}

#[cfg(test)]
mod tests {
    use crate::web::{Patience, Reach, Web};
    use http_body_util::Full;
    use hyper::Request;
    use hyper::body::Bytes;
    use hyper_util::client::proxy::matcher::Matcher;
    use rustls::RootCertStore;
    use std::time::Duration;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;
    use tokio::task::JoinSet;

    /// A proxy that answers once, and tells what it was asked.
    async fn proxy(answer: &'static [u8]) -> (String, JoinSet<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = format!("http://user:pass@{}", listener.local_addr().unwrap());
        let mut asked = JoinSet::new();
        asked.spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut bytes = vec![0; 1024];
            let length = stream.read(&mut bytes).await.unwrap();
            stream.write_all(answer).await.unwrap();
            String::from_utf8_lossy(&bytes[..length]).into_owned()
        });
        (proxy, asked)
    }

    fn web(proxies: Matcher, reach: Reach) -> Web {
        let patience = Patience {
            connect: Duration::from_secs(2),
            whole: Duration::from_secs(5),
        };
        Web::with(RootCertStore::empty(), patience, proxies, reach).unwrap()
    }

    fn get(uri: &str) -> Request<Full<Bytes>> {
        Request::get(uri).body(Full::default()).unwrap()
    }

    async fn refused(web: &Web, uri: &str) -> String {
        let told = web.send(get(uri), 1024).await.err();
        told.unwrap_or_else(|| panic!("{uri} answered")).0
    }

    #[tokio::test]
    async fn a_ca_is_asked_through_the_proxy_and_this_machine_never_is() {
        let (proxy, mut asked) = proxy(b"HTTP/1.1 403 No\r\n\r\n").await;
        let web = web(Matcher::builder().https(proxy).build(), Reach::Anywhere);
        let error = refused(&web, "https://ca.example.com/dir").await;
        assert!(error.contains("the proxy"), "{error}");
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
        let error = refused(&web, "https://127.0.0.1:1/dir").await;
        assert!(!error.contains("the proxy"), "{error}");
    }

    #[tokio::test]
    async fn plain_http_to_others_is_forwarded_by_the_proxy() {
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi";
        let (proxy, mut asked) = proxy(answer).await;
        let web = web(Matcher::builder().all(proxy).build(), Reach::Public(vec![]));
        let uri = "http://ocsp.example.invalid/status";
        let told = web.send(get(uri), 1024).await.unwrap();
        assert_eq!(&told.body[..], b"hi");
        let line = asked.join_next().await.unwrap().unwrap();
        assert!(
            line.starts_with(&format!("GET {uri} HTTP/1.1\r\n")),
            "{line}"
        );
        let lower = line.to_ascii_lowercase();
        assert!(lower.contains("proxy-authorization: basic"), "{line}");
        // No proxy is asked for what may not be reached.
        let error = refused(&web, "http://169.254.169.254/latest/meta-data").await;
        assert!(error.contains("never asked"), "{error}");
    }

    #[tokio::test]
    async fn a_name_is_judged_by_what_it_resolves_to() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let web = web(Matcher::builder().build(), Reach::Public(vec![]));
        for host in ["localhost", "127.0.0.1", "2130706433", "[::ffff:127.0.0.1]"] {
            let error = refused(&web, &format!("http://{host}:{port}/")).await;
            assert!(error.contains("private address"), "{host}: {error}");
        }
    }
}
