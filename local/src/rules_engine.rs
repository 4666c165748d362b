//! `cargo local rules-engine`: the embedded rules behind the contract of the remote engine.
//!
//! It is the reference for implementers of the contract, and tests compare the two engines with it.

use alims_operations::ports::TransitionRules;
use alims_rules::contract::{Asked, PATH, QUESTION_BYTES_MAX, TransitionAnswer, TransitionQuestion};
use alims_rules::{Engine, Rules};
use alims_runtime::FreshIds;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::json;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::guard::{Foreign, Guard};
use crate::listening::listen;
use crate::serving::{Patience, serve};
use crate::start_error::StartError;

/// A running engine.
pub struct RulesEngine {
    address: SocketAddr,
    stop: CancellationToken,
    serving: JoinHandle<()>,
}

impl RulesEngine {
    /// Serves the rules of a folder on a port of 127.0.0.1; 0 for a free one. It answers when this returns.
    ///
    /// # Errors
    /// When the rules are wrong or the port is in use.
    pub async fn start(port: u16, rules: &Path) -> Result<Self, StartError> {
        let rules = Rules::of(Engine::Embedded { rules: rules.to_owned() }, Arc::new(FreshIds))?;
        let (listener, address) = listen(port, "--port").await?;
        let stop = CancellationToken::new();
        let routes = Router::new().route(PATH, post(validate)).with_state(Arc::new(rules));
        let foreign = |why: Foreign| {
            let (status, message) = why.as_aws();
            problem(status, message)
        };
        let routes = Guard::new(&[]).before(routes, foreign);
        let serving = tokio::spawn(serve(listener, routes, Patience::default(), stop.clone()));
        Ok(Self { address, stop, serving })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops, after it has answered the accepted requests.
    pub async fn stop(self) {
        self.stop.cancel();
        if let Err(error) = self.serving.await {
            tracing::error!(%error, "the rules engine broke down");
        }
    }
}

async fn validate(State(rules): State<Arc<Rules>>, request: Request) -> Response {
    match asked(request).await {
        Ok(asked) => {
            let question = asked.question();
            match rules.judge(&question).await {
                Ok(verdict) => json_of(StatusCode::OK, &TransitionAnswer::of(&question, verdict)),
                Err(error) => problem(StatusCode::SERVICE_UNAVAILABLE, &error.to_string()),
            }
        }
        Err((status, detail)) => problem(status, &detail),
    }
}

async fn asked(request: Request) -> Result<Asked, (StatusCode, String)> {
    let (parts, body) = request.into_parts();
    if !says_json(&parts.headers) {
        let detail = "The question must be application/json.".to_owned();
        return Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, detail));
    }
    let body = to_bytes(body, QUESTION_BYTES_MAX).await.map_err(|_| {
        (StatusCode::PAYLOAD_TOO_LARGE, format!("The question has more than {QUESTION_BYTES_MAX} bytes, or broke off."))
    })?;
    let question: TransitionQuestion =
        serde_json::from_slice(&body).map_err(|error| (StatusCode::BAD_REQUEST, format!("The question: {error}.")))?;
    Asked::try_from(question).map_err(|error| (StatusCode::BAD_REQUEST, format!("The question: {error}.")))
}

fn says_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

fn problem(status: StatusCode, detail: &str) -> Response {
    let title = status.canonical_reason().unwrap_or_default();
    let document = json!({"type": "about:blank", "title": title, "status": status.as_u16(), "detail": detail});
    let mut response = (status, Body::from(document.to_string())).into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    response
}

fn json_of(status: StatusCode, answer: &TransitionAnswer) -> Response {
    match serde_json::to_vec(answer) {
        Ok(bytes) => {
            let mut response = (status, Body::from(bytes)).into_response();
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            response
        }
        Err(error) => problem(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}
