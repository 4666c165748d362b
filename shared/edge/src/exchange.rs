//! One request and its answer: the common headers, and one log line for both.

use alims_domain::identifiers::{AuthenticationName, CorrelationId, WorkflowId};
use alims_operations::TimeLeft;
use alims_operations::errors::with_causes;
use alims_operations::metrics::{self, Outcome};
use http::header::{
    ACCEPT, ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_TYPE, ETAG, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE,
};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use lambda_http::Body;
use tokio::time::timeout;
use tracing::{Instrument, Span, field};

use crate::answer::Answer;
use crate::problem::{Problem, ProblemDocument, Unsupported};
use crate::reader::faults::Faults;
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
    /// Its fields stand in every log line of the request.
    span: Span,
    time_left: TimeLeft,
}

impl Exchange {
    /// Opens the exchange of one request.
    #[must_use]
    pub fn open(route: &'static Route, request: &Incoming) -> Self {
        let span = tracing::info_span!(
            "request",
            operation = route.name,
            request_id = request.request_id(),
            correlation_id = request.correlation_id(&mut Faults::default()).as_ref().map(CorrelationId::as_str),
            tenant = request.principal().map(|principal| principal.tenant_id.as_str()),
            workflow_id = field::Empty,
        );
        if let Some(id) = request.workflow() {
            span.record("workflow_id", id.as_str());
        }
        Self { route, request_id: request.request_id().to_owned(), span, time_left: request.time_left() }
    }

    /// Does the work and closes the exchange with its outcome, or in time with the answer that there was no time for it.
    /// What the work has begun may still take effect, as with a lost answer. Every log line of the work carries the
    /// request's ids.
    pub async fn answer(self, work: impl Future<Output = Result<Answer, Problem>>) -> Response<Body> {
        let outcome = timeout(self.time_left.0, work.instrument(self.span.clone())).await;
        self.close(outcome.unwrap_or(Err(Problem::OutOfTime)))
    }

    /// Renders the outcome and logs it, once. Never fails: an outcome that cannot be rendered becomes a problem.
    #[must_use]
    pub fn close(self, outcome: Result<Answer, Problem>) -> Response<Body> {
        let _entered = self.span.enter();
        let (status, headers, body) = match outcome {
            Ok(answer) => {
                if let Some(id) = &answer.workflow_id {
                    self.span.record("workflow_id", id.as_str());
                }
                metrics::answered(self.route.name, Outcome::Done);
                tracing::info!(status = answer.status.as_u16(), "answered");
                (answer.status, headers_of(&answer), answer.body)
            }
            Err(problem) => {
                self.count(&problem);
                log_problem(&problem);
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

    fn count(&self, problem: &Problem) {
        let failed = problem.status().is_server_error();
        metrics::answered(self.route.name, if failed { Outcome::Failed } else { Outcome::Refused });
        metrics::REFUSALS.add(1, &[problem.kind().as_str()]);
    }
}

/// Renders the problem of one workflow of many that a request names. It is logged and counted as if it were the answer
/// to a request.
#[must_use]
pub fn problem_of_one(problem: &Problem, workflow_id: &WorkflowId, request_id: &str) -> ProblemDocument {
    metrics::REFUSALS.add(1, &[problem.kind().as_str()]);
    tracing::info_span!("one", workflow_id = workflow_id.as_str()).in_scope(|| log_problem(problem));
    ProblemDocument::new(problem, request_id)
}

fn log_problem(problem: &Problem) {
    // The level of a logging macro is fixed at compile time, hence four calls.
    macro_rules! log {
        ($level:ident, $message:literal) => {
            tracing::$level!(
                code = problem.code(),
                status = problem.status().as_u16(),
                error = problem.cause().map(|cause| with_causes(cause)),
                $message
            )
        };
    }
    match problem.status() {
        StatusCode::INTERNAL_SERVER_ERROR => log!(error, "failed"),
        StatusCode::SERVICE_UNAVAILABLE => log!(warn, "unavailable"),
        // This line is the only record, because the attempt is not kept.
        StatusCode::TOO_MANY_REQUESTS => log!(warn, "refused and not kept"),
        _ => log!(info, "refused"),
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

/// What a new token needs (RFC 9470, section 3). The settings hold only characters that a quoted string may have.
fn challenge(problem: &Problem) -> HeaderValue {
    let bearer = HeaderValue::from_static("Bearer");
    let Problem::InsufficientUserAuthentication(insufficient) = problem else { return bearer };
    let needed = &insufficient.needed;
    let mut text = format!("Bearer error=\"insufficient_user_authentication\", max_age={}", needed.max_age_s);
    if !needed.acr.is_empty() {
        let classes: Vec<&str> = needed.acr.iter().map(AuthenticationName::as_str).collect();
        text.push_str(&format!(", acr_values=\"{}\"", classes.join(" ")));
    }
    HeaderValue::from_str(&text).unwrap_or(bearer)
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
        headers.insert(WWW_AUTHENTICATE, challenge(problem));
    }
    headers
}
