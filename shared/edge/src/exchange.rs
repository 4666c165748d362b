//! One request and its answer: the common headers, and one log line for both.

use alims_operations::errors::with_causes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use lambda_http::Body;

use crate::answer::Answer;
use crate::problem::{Problem, ProblemDocument};
use crate::reader::incoming::Incoming;
use crate::route::Route;

/// The header that carries the request id.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The media type of problems (RFC 9457).
pub const PROBLEM_JSON: &str = "application/problem+json";
/// An open exchange: the facts about the request before it is read.
#[derive(Debug)]
pub struct Exchange {
    route: &'static Route,
    request_id: String,
    tenant: Option<String>,
    workflow_id: Option<String>,
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
        }
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
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
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
    if problem.status() == StatusCode::UNAUTHORIZED {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    headers
}
