//! Connections to an engine: kept for the next question, over TLS where the address requires it.

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Builder, Client, ResponseFuture};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use std::io;
use std::time::Duration;

/// How long an idle connection is kept. Load balancers drop theirs after a minute or later; a function that was frozen
/// for longer does not try a connection that is certainly closed.
const IDLE_MAX: Duration = Duration::from_secs(20);
/// How many idle connections are kept.
const IDLE_CONNECTIONS_MAX: usize = 8;

/// A client for one engine.
#[derive(Clone, Debug)]
pub(super) enum Transport {
    /// Without TLS, and without the cost of loading certificate authorities.
    Clear(Client<HttpConnector, Full<Bytes>>),
    /// Over TLS.
    Private(Client<HttpsConnector<HttpConnector>, Full<Bytes>>),
}

impl Transport {
    pub(super) fn new(private: bool) -> Result<Self, io::Error> {
        let mut connector = HttpConnector::new();
        // Requests are small and whole: waiting to fill a packet would only make them late.
        connector.set_nodelay(true);
        if !private {
            return Ok(Self::Clear(builder().build(connector)));
        }
        connector.enforce_http(false);
        let tls = HttpsConnectorBuilder::new().with_native_roots()?.https_only().enable_http1();
        Ok(Self::Private(builder().build(tls.wrap_connector(connector))))
    }

    pub(super) fn send(&self, request: Request<Full<Bytes>>) -> ResponseFuture {
        match self {
            Self::Clear(client) => client.request(request),
            Self::Private(client) => client.request(request),
        }
    }
}

fn builder() -> Builder {
    let mut builder = Client::builder(TokioExecutor::new());
    builder.pool_timer(TokioTimer::new()).pool_idle_timeout(IDLE_MAX).pool_max_idle_per_host(IDLE_CONNECTIONS_MAX);
    builder
}
