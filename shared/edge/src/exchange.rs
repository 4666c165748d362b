//! One request and its answer: the common headers, and one log line for both.

use alims_operations::TimeLeft;
use alims_operations::errors::with_causes;
use http::header::{
    ACCEPT, ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_TYPE, ETAG, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE,
};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use lambda_http::Body;
use std::future::Future;
use tokio::time::timeout;

use crate::answer::Answer;
use crate::problem::{Problem, ProblemDocument, Unsupported};
use crate::reader::incoming::Incoming;
use crate::route::Route;

/// The header that carries the request id.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The media type of problems (RFC 9457).
pub const PROBLEM_JSON: &str = "application/problem+json";
/// The media type of bodies.
pub const MEDIA_TYPE: &str = "application/json";
/// The content coding of requests: none.
pub const CODING: &str = "identity";

/// An open exchange: the facts about the request before it is read.
#[derive(Debug)]
pub struct Exchange {
    route: &'static Route,
    request_id: String,
    tenant: Option<String>,
    workflow_id: Option<String>,
    time_left: TimeLeft,
}

impl Exchange {
    /// Opens the exchange of one request.
    #[must_use]
    pub fn open(route: &'static Route, request: &Incoming) -> Self {
        Self {
            route,
            request_id: request.request_id().to_owned(),
            tenant: request.principal().map(|principal| principal.tenant_id.to_string()),
            workflow_id: request.workflow().map(ToString::to_string),
            time_left: request.extensions().get().copied().unwrap_or_default(),
        }
    }

    /// Answers with the outcome of the work, or in time that there was no time for it. What the work has begun may still
    /// take effect, as with a lost answer.
    pub async fn answer(self, work: impl Future<Output = Result<Answer, Problem>>) -> Response<Body> {
        let outcome = timeout(self.time_left.0, work).await;
        self.close(outcome.unwrap_or(Err(Problem::OutOfTime)))
    }

    /// Renders the outcome and logs it, once. Never fails: an outcome that cannot be rendered becomes a problem.
    #[must_use]
    pub fn close(mut self, outcome: Result<Answer, Problem>) -> Response<Body> {
        let (status, headers, body) = match outcome {
            Ok(answer) => {
                if let Some(id) = &answer.workflow_id {
                    self.workflow_id = Some(id.to_string());
                }
                self.log_answer(answer.status);
                (answer.status, headers_of(&answer), answer.body)
            }
            Err(problem) => {
                self.log_problem(&problem);
                let document = ProblemDocument::new(&problem, &self.request_id);
                // A problem holds only texts and numbers, which JSON can always carry.
                let body = serde_json::to_string(&document).unwrap_or_default();
                (problem.status(), headers_of_problem(&problem), body)
            }
        };
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Ok(id) = HeaderValue::from_str(&self.request_id) {
            response.headers_mut().insert(X_REQUEST_ID, id);
        }
        response
    }

    fn log_answer(&self, status: StatusCode) {
        tracing::info!(
            operation = self.route.name,
            request_id = self.request_id,
            tenant = self.tenant,
            workflow_id = self.workflow_id,
            status = status.as_u16(),
            "answered"
        );
    }

    fn log_problem(&self, problem: &Problem) {
        let status = problem.status();
        // The level of a logging macro is fixed at compile time, hence three calls.
        macro_rules! log {
            ($level:ident, $message:literal) => {
                tracing::$level!(
                    operation = self.route.name,
                    request_id = self.request_id,
                    tenant = self.tenant,
                    workflow_id = self.workflow_id,
                    code = problem.code(),
                    status = status.as_u16(),
                    error = problem.cause().map(|cause| with_causes(cause)),
                    $message
                )
            };
        }
        match status {
            StatusCode::INTERNAL_SERVER_ERROR => log!(error, "failed"),
            StatusCode::SERVICE_UNAVAILABLE => log!(warn, "unavailable"),
            // This line is the only record, because the attempt is not kept.
            StatusCode::TOO_MANY_REQUESTS => log!(warn, "refused and not kept"),
            _ => log!(info, "refused"),
        }
    }
}

fn headers_of(answer: &Answer) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    // Versions and workflow ids contain only characters that a header may hold.
    if let Some(etag) = answer.version.and_then(|version| HeaderValue::from_str(&format!("\"{version}\"")).ok()) {
        headers.insert(ETAG, etag);
    }
    if let Some(location) = answer.location.as_deref().and_then(|path| HeaderValue::from_str(path).ok()) {
        headers.insert(LOCATION, location);
    }
    headers
}

fn headers_of_problem(problem: &Problem) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
    if let Some(seconds) = problem.retry_after_seconds() {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    // RFC 9110, section 15.5.16: by these a client tells a wrong type from a wrong coding.
    if let Problem::UnsupportedMediaType { what, .. } = problem {
        let (name, supported) = match what {
            Unsupported::Type => (ACCEPT, MEDIA_TYPE),
            Unsupported::Coding => (ACCEPT_ENCODING, CODING),
        };
        headers.insert(name, HeaderValue::from_static(supported));
    }
    if problem.status() == StatusCode::UNAUTHORIZED {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    headers
}
