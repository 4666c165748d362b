//! What the edge refuses by itself, before any function is called: problems of the same form as the functions' own.

use alims_api::exchange::{PROBLEM_JSON, RETRY_AFTER_SECONDS, X_REQUEST_ID};
use alims_api::problem::ProblemCode;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, Method, StatusCode};
use serde_json::{Value, json};

use crate::edge::limits::BODY_BYTES_MAX;
use crate::token::TokenRefused;

/// Why the edge did not call a function, or has no answer of it.
#[derive(Debug)]
pub(crate) enum EdgeProblem {
    /// The caller showed no token, or one that does not hold.
    Unauthenticated(TokenRefused),
    /// The caller may not listen to events.
    Forbidden,
    /// A value in the request is not what it must be.
    Malformed(&'static str),
    /// There is no such route.
    NoRoute,
    /// The route knows other methods.
    NoMethod(Method),
    /// The body is larger than AWS takes.
    TooLarge,
    /// The body did not arrive.
    Incomplete,
    /// Too much is going on.
    Busy,
    /// The function took too long.
    TimedOut,
    /// The function broke.
    Broken,
}

impl EdgeProblem {
    fn parts(&self) -> (StatusCode, &'static str, &'static str, String) {
        let known = |code: ProblemCode| (code.status(), code.as_str(), code.title());
        let ((status, code, title), detail) = match self {
            Self::Unauthenticated(why) => (
                known(ProblemCode::Unauthenticated),
                format!(
                    "Nothing was done: {why}. `cargo local token --sub NAME --role ROLE` prints a token that holds here; \
                     send it as `Authorization: Bearer <token>`."
                ),
            ),
            Self::Forbidden => (
                known(ProblemCode::Forbidden),
                "No policy permits you to read workflows, so there are no events for you.".to_owned(),
            ),
            Self::Malformed(what) => (known(ProblemCode::MalformedRequest), format!("Nothing was done: {what}.")),
            Self::NoRoute => (
                (StatusCode::NOT_FOUND, "route-not-found", "There is no such route"),
                "No operation has this path. The routes are listed at /docs.".to_owned(),
            ),
            Self::NoMethod(method) => (
                (StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "The route has no such method"),
                format!("There is no {method} on this path. The header `Allow` has the methods there are."),
            ),
            Self::TooLarge => (
                known(ProblemCode::PayloadTooLarge),
                format!("The body is, or becomes as JSON, larger than {BODY_BYTES_MAX} bytes, so nothing was done."),
            ),
            Self::Incomplete => (
                known(ProblemCode::MalformedRequest),
                "The body did not arrive completely or in time, so nothing was done.".to_owned(),
            ),
            Self::Busy => (
                (StatusCode::SERVICE_UNAVAILABLE, "busy", "The server is busy"),
                "Too many requests are being worked on. Nothing was done; repeat the request later.".to_owned(),
            ),
            Self::TimedOut => (
                (StatusCode::SERVICE_UNAVAILABLE, "timed-out", "The function took too long"),
                "No answer came in time; a change may or may not have been made.".to_owned(),
            ),
            Self::Broken => (
                known(ProblemCode::Internal),
                "The service failed, which is its own fault. Tell those who run it the request id.".to_owned(),
            ),
        };
        (status, code, title, detail)
    }

    /// The answer to the request of this id.
    pub(crate) fn into_response(self, request_id: &str) -> Response {
        let (status, code, title, detail) = self.parts();
        let mut document = json!({
            "type": format!("urn:alims:problem:{code}"),
            "title": title,
            "status": status.as_u16(),
            "detail": detail,
            "code": code,
            "request_id": request_id,
        });
        if let (Self::TooLarge, Value::Object(members)) = (&self, &mut document) {
            members.insert("limit_bytes".to_owned(), BODY_BYTES_MAX.into());
        }
        if let (Self::Malformed(what), Value::Object(members)) = (&self, &mut document) {
            members.insert("errors".to_owned(), json!([{ "message": what }]));
        }
        let mut response = (status, Body::from(document.to_string())).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Ok(id) = HeaderValue::from_str(request_id) {
            headers.insert(X_REQUEST_ID, id);
        }
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(RETRY_AFTER, HeaderValue::from(RETRY_AFTER_SECONDS));
        }
        if let Self::Unauthenticated(why) = self {
            // RFC 6750, section 3.1: no error is named when there was no token.
            let challenge = if why == TokenRefused::Missing {
                "Bearer".to_owned()
            } else {
                format!("Bearer error=\"invalid_token\", error_description=\"{why}\"")
            };
            if let Ok(challenge) = HeaderValue::from_str(&challenge) {
                headers.insert(WWW_AUTHENTICATE, challenge);
            }
        }
        response
    }
}
