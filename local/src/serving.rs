//! Serves HTTP to clients that may be slow: every wait for a client has an end, and no client holds what another needs.

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{ConnectInfo, Request};
use axum::middleware::{Next, from_fn};
use futures_util::{StreamExt, stream};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_io_timeout::TimeoutStream;
use tokio_util::sync::CancellationToken;

/// How many connections a port has at once. Further ones wait to be accepted.
const CONNECTIONS_MAX: usize = 512;

/// How long a server waits for its clients.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For a request's head, from the moment the connection is free for one. So an idle connection ends as well.
    pub head: Duration,
    /// For [`Self::body_bytes`] more of a body, or for its end.
    pub body: Duration,
    /// How much of a body must arrive within [`Self::body`].
    pub body_bytes: usize,
    /// For a client that reads nothing of its answer.
    pub answer: Duration,
    /// For requests in progress when the server stops.
    pub drain: Duration,
}

impl Default for Patience {
    /// A client on the same machine needs a fraction of each.
    fn default() -> Self {
        Self {
            head: Duration::from_secs(30),
            body: Duration::from_secs(5),
            body_bytes: 1024 * 1024,
            answer: Duration::from_secs(30),
            drain: Duration::from_secs(10),
        }
    }
}

/// Serves until `stop`, then lets the requests in progress end.
pub(crate) async fn serve(mut listener: TcpListener, routes: Router, patience: Patience, stop: CancellationToken) {
    let routes = routes.layer(from_fn(move |request, next| timed(request, next, patience)));
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut connections = JoinSet::new();
    loop {
        let accepted = async {
            let place = places.clone().acquire_owned().await;
            (place, axum::serve::Listener::accept(&mut listener).await)
        };
        let (place, (stream, peer)) = tokio::select! {
            accepted = accepted => accepted,
            Some(_) = connections.join_next(), if !connections.is_empty() => continue,
            () = stop.cancelled() => break,
        };
        let (routes, stop) = (routes.clone(), stop.clone());
        connections.spawn(async move {
            let _place = place;
            if let Err(error) = serve_connection(stream, peer, routes, patience, stop).await {
                tracing::debug!(%error, "a connection ended early");
            }
        });
    }
    drop(listener);
    let drained = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(patience.drain, drained).await.is_err() {
        tracing::warn!("some requests did not end in time");
    }
}

async fn serve_connection(
    stream: TcpStream,
    peer: SocketAddr,
    routes: Router,
    patience: Patience,
    stop: CancellationToken,
) -> hyper::Result<()> {
    // Answers are small and whole: waiting to fill a packet would only make them late.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection keeps waiting to fill its packets");
    }
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(patience.answer));
    let routes = TowerToHyperService::new(routes);
    let service = service_fn(move |mut request: http::Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        routes.call(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(patience.head)
        .serve_connection(TokioIo::new(Box::pin(stream)), service);
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        ended = connection.as_mut() => return ended,
        () = stop.cancelled() => connection.as_mut().graceful_shutdown(),
    }
    connection.await
}

/// Gives the body of a request an end.
async fn timed(request: Request, next: Next, patience: Patience) -> axum::response::Response {
    next.run(request.map(|body| if body.is_end_stream() { Body::empty() } else { timed_body(body, patience) })).await
}

/// The body, but an error when its sender is slower than it may be. Only the waits for the sender count.
fn timed_body(body: Body, patience: Patience) -> Body {
    let fresh = (patience.body, 0);
    Body::from_stream(stream::unfold(Some((body.into_data_stream(), fresh)), move |reading| async move {
        let (mut body, (left, arrived)) = reading?;
        let begun = Instant::now();
        let chunk = tokio::time::timeout(left, body.next()).await;
        let Ok(chunk) = chunk else {
            return Some((Err(axum::Error::new(io::Error::from(io::ErrorKind::TimedOut))), None));
        };
        let chunk: Result<Bytes, axum::Error> = chunk?;
        let arrived = arrived + chunk.as_ref().map(Bytes::len).unwrap_or_default();
        let window =
            if arrived >= patience.body_bytes { fresh } else { (left.saturating_sub(begun.elapsed()), arrived) };
        Some((chunk, Some((body, window))))
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::get;
    use std::convert::Infallible;
    use std::net::Ipv4Addr;
    use tokio::io::AsyncWriteExt;
    use tokio::sync::oneshot;

    /// What has not happened by then never will.
    const LONG: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn a_client_that_reads_nothing_of_its_answer_is_ended() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (ended, end) = oneshot::channel::<()>();
        // An answer without an end, which tells when it is given up.
        let state = (vec![b'x'; 64 * 1024], ended);
        let answer = stream::unfold(state, |state| async { Some((Ok::<_, Infallible>(state.0.clone()), state)) });
        let answer = Arc::new(std::sync::Mutex::new(Some(Body::from_stream(answer))));
        let answer = move || {
            let body = answer.lock().unwrap().take().unwrap();
            async move { body }
        };
        let routes = Router::new().route("/", get(answer));
        let patience = Patience { answer: Duration::from_millis(100), ..Patience::default() };
        let stop = CancellationToken::new();
        let serving = tokio::spawn(serve(listener, routes, patience, stop.clone()));
        let mut client = TcpStream::connect(address).await.unwrap();
        client.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
        assert!(tokio::time::timeout(LONG, end).await.expect("the server waits for ever").is_err());
        stop.cancel();
        tokio::time::timeout(LONG, serving).await.unwrap().unwrap();
        drop(client);
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_ends_when_a_window_brings_too_little_and_not_before() {
        let patience = Patience { body: Duration::from_secs(5), body_bytes: 10, ..Patience::default() };
        // The pauses before each chunk in seconds, the chunk's length, and whether the whole body is read.
        for (chunks, whole) in [
            (&[(4, 10), (4, 10), (4, 1)][..], true),
            (&[(4, 1), (0, 9), (4, 10)], true),
            (&[(0, 1000), (4, 1)], true),
            (&[(6, 10)], false),
            (&[(2, 1), (2, 1), (2, 1)], false),
            (&[(0, 1000), (6, 1)], false),
        ] {
            let chunks: Vec<(u64, usize)> = chunks.to_vec();
            let sent = stream::iter(chunks.clone()).then(|(pause, length)| async move {
                tokio::time::sleep(Duration::from_secs(pause)).await;
                Ok::<_, Infallible>(vec![b'x'; length])
            });
            let read = axum::body::to_bytes(timed_body(Body::from_stream(sent), patience), usize::MAX).await;
            assert_eq!(read.is_ok(), whole, "{chunks:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_time_in_which_the_server_does_not_read_is_not_the_sender_s() {
        let sent = stream::iter([1, 2, 3]).then(|length| async move {
            tokio::time::sleep(Duration::from_secs(1)).await;
            Ok::<_, Infallible>(vec![b'x'; length])
        });
        let mut body = timed_body(Body::from_stream(sent), Patience::default()).into_data_stream();
        for length in [1, 2, 3] {
            tokio::time::sleep(LONG).await;
            assert_eq!(body.next().await.unwrap().unwrap().len(), length);
        }
    }
}
