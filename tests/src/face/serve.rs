//! Connections: HTTP/1.1 with keep-alive, one thread, and the harm that a scenario does to answers on their way.
//! Above: `Face`. Below: hyper, `dispatch`.
//! Invariant: the thread ends when the token is cancelled, whatever its connections do.

use super::State;
use super::answer::Answer;
use super::dispatch::{self, Reply};
use bytes::Bytes;
use http_body_util::{BodyExt, Either, Full, Limited, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, DATE, HeaderValue, RETRY_AFTER};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use mock_aws::Damage;
use std::io;
use std::net::TcpListener;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

type Shared = Arc<Mutex<State>>;
type BoxError = Box<dyn std::error::Error + Send + Sync>;
type Cut =
    StreamBody<futures::stream::Iter<std::array::IntoIter<Result<Frame<Bytes>, io::Error>, 2>>>;
type Body = Either<Full<Bytes>, Cut>;

/// AWS's own limit is larger nowhere here.
const LARGEST_REQUEST: usize = 8 << 20;

/// Serves until the token is cancelled.
pub(crate) fn run(listener: TcpListener, state: &Shared, stop: &CancellationToken) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    match runtime {
        Ok(runtime) => runtime.block_on(accept(listener, state, stop)),
        Err(error) => panic!("the simulated AWS has no runtime: {error}"),
    }
}

async fn accept(listener: TcpListener, state: &Shared, stop: &CancellationToken) {
    let listener = match tokio::net::TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => panic!("the simulated AWS has no listener: {error}"),
    };
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => if let Ok((stream, _)) = accepted {
                connections.spawn(connection(stream, state.clone()));
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn connection(stream: TcpStream, state: Shared) {
    // Without it, an answer waits for the client's delayed acknowledgement.
    drop(stream.set_nodelay(true));
    let service = service_fn(move |request| respond(request, state.clone()));
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service)
        .await;
    // A client that goes away is no news.
    drop(served);
}

async fn respond(request: Request<Incoming>, state: Shared) -> Result<Response<Body>, BoxError> {
    let (parts, body) = request.into_parts();
    let body = Limited::new(body, LARGEST_REQUEST)
        .collect()
        .await?
        .to_bytes();
    let reply = {
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        dispatch::answer(&mut state, &parts, &body)
    };
    if reply.transport.latency_ms > 0 {
        tokio::time::sleep(Duration::from_millis(reply.transport.latency_ms)).await;
    }
    match reply.transport.damage {
        Some(Damage::Reset) => Err("the scenario resets this connection".into()),
        damage => Ok(response(reply, damage)?),
    }
}

fn response(reply: Reply, damage: Option<Damage>) -> Result<Response<Body>, BoxError> {
    let Answer {
        status,
        content_type,
        body,
        code,
        retry_after_ms,
    } = reply.answer;
    let mut response = Response::builder()
        .status(StatusCode::from_u16(status)?)
        .header(CONTENT_TYPE, HeaderValue::from_static(content_type))
        .header(DATE, http_date(reply.at_ms))
        .header("x-amzn-requestid", reply.request_id);
    if let Some(code) = code {
        response = response.header("x-amzn-errortype", code);
    }
    if let Some(ms) = retry_after_ms {
        response = response
            .header(RETRY_AFTER, ms.div_ceil(1000))
            .header("x-amz-retry-after", ms);
    }
    let body = match damage {
        Some(Damage::Truncated) => {
            response = response.header(CONTENT_LENGTH, body.len());
            Either::Right(cut(&body))
        }
        Some(Damage::Garbled) => Either::Left(Full::new(Bytes::from_static(GARBLED))),
        _ => Either::Left(Full::new(body)),
    };
    Ok(response.body(body)?)
}

/// As RFC 9110 writes it: "Wed, 25 Nov 2026 09:30:00 GMT".
fn http_date(at_ms: i64) -> String {
    let at = jiff::Timestamp::from_millisecond(at_ms).unwrap_or_default();
    at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// What a misled proxy might send.
const GARBLED: &[u8] = b"<html><body>\xff\xfe{\"NextToken\": [</body></html>";

/// The first half, and then the connection breaks.
fn cut(body: &Bytes) -> Cut {
    let half = Ok(Frame::data(body.slice(..body.len() / 2)));
    let end = Err(io::Error::from(io::ErrorKind::ConnectionReset));
    StreamBody::new(futures::stream::iter([half, end]))
}
