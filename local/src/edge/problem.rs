//! The errors of the edge, which answers them before it calls a function. They have the same form as the functions' own.

use alims_edge::exchange::{PROBLEM_JSON, X_REQUEST_ID};
use alims_edge::problem::{ProblemCode, RETRY_AFTER_SECONDS};
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, Method, StatusCode};
use serde_json::{Value, json};

use crate::edge::limits::BODY_BYTES_MAX;
use crate::guard::Foreign;
use crate::token::TokenRefused;

/// Why the edge did not call a function, or got no answer from it.
#[derive(Debug)]
pub(crate) enum EdgeProblem {
    /// The request has no valid token.
    Unauthenticated(TokenRefused),
    /// A foreign page may have made the request.
    Foreign(Foreign),
    /// The caller may not listen to events.
    Forbidden,
    /// A value in the request is invalid.
    Malformed(&'static str),
    /// No operation has this path.
    NoRoute,
    /// The route knows other methods.
    NoMethod(Method),
    /// The body is larger than AWS accepts.
    TooLarge,
    /// The body did not arrive.
    Incomplete,
    /// Too many requests are in progress.
    Busy,
    /// The function took too long.
    TimedOut,
    /// The function failed.
    Broken,
}

impl EdgeProblem {
    fn parts(&self) -> (StatusCode, &'static str, &'static str, String) {
        let known = |code: ProblemCode| (code.status(), code.as_str(), code.title());
        let ((status, code, title), detail) = match self {
            Self::Unauthenticated(why) => (
                known(ProblemCode::Unauthenticated),
                format!(
                    "Token refused: {why}. Run `cargo local token --sub NAME --role ROLE` and send the result as \
                     `Authorization: Bearer <token>`."
                ),
            ),
            Self::Foreign(Foreign::Host) => (
                (StatusCode::MISDIRECTED_REQUEST, "foreign-host", "Foreign host"),
                "The server does not go by the name in `Host`. Use 127.0.0.1 or localhost, or start the server with \
                 `--allow-host NAME`."
                    .to_owned(),
            ),
            Self::Foreign(Foreign::Origin) => (
                (StatusCode::FORBIDDEN, "foreign-origin", "Foreign origin"),
                "A page of another origin may not call this server. Use the page at /docs, or a program.".to_owned(),
            ),
            Self::Forbidden => (
                known(ProblemCode::Forbidden),
                "Your roles do not allow you to read workflows. Ask someone with the required role.".to_owned(),
            ),
            Self::Malformed(what) => (known(ProblemCode::MalformedRequest), format!("The request is invalid: {what}. Nothing was changed.")),
            Self::NoRoute => (
                (StatusCode::NOT_FOUND, "route-not-found", "Route not found"),
                "No operation has this path. See /docs for the list of routes.".to_owned(),
            ),
            Self::NoMethod(method) => (
                (StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "Method not allowed"),
                format!("This path does not support {method}. Use a method that the header `Allow` lists."),
            ),
            Self::TooLarge => (
                known(ProblemCode::PayloadTooLarge),
                format!("The body exceeds {BODY_BYTES_MAX} bytes, as sent or as JSON; nothing was changed. Send a smaller body."),
            ),
            Self::Incomplete => (
                known(ProblemCode::MalformedRequest),
                "The body did not arrive completely in time; nothing was changed. Send the request again.".to_owned(),
            ),
            Self::Busy => (
                (StatusCode::SERVICE_UNAVAILABLE, "busy", "Server busy"),
                "The server handles too many requests; nothing was changed. Repeat the request after `Retry-After`.".to_owned(),
            ),
            Self::TimedOut => (
                (StatusCode::SERVICE_UNAVAILABLE, "timed-out", "Function timed out"),
                "The function did not answer in time; the change may have been made. Repeat the request with the same idempotency key.".to_owned(),
            ),
            Self::Broken => (
                known(ProblemCode::Internal),
                "An internal error occurred. Report the `request_id` to the operator.".to_owned(),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_detail_has_two_sentences_and_at_most_25_words() {
        let refused = [
            TokenRefused::Missing,
            TokenRefused::Malformed,
            TokenRefused::Algorithm,
            TokenRefused::UnknownKey,
            TokenRefused::Signature,
            TokenRefused::Expired,
            TokenRefused::NotYet,
            TokenRefused::Issuer,
            TokenRefused::Audience,
        ];
        let others = [
            EdgeProblem::Foreign(Foreign::Host),
            EdgeProblem::Foreign(Foreign::Origin),
            EdgeProblem::Forbidden,
            EdgeProblem::Malformed("the header content-length is not a number"),
            EdgeProblem::NoRoute,
            EdgeProblem::NoMethod(Method::DELETE),
            EdgeProblem::TooLarge,
            EdgeProblem::Incomplete,
            EdgeProblem::Busy,
            EdgeProblem::TimedOut,
            EdgeProblem::Broken,
        ];
        for problem in refused.map(EdgeProblem::Unauthenticated).into_iter().chain(others) {
            let (_, code, _, detail) = problem.parts();
            let words = detail.split_whitespace().count();
            assert!(words <= 25, "{code}: {words} words: {detail}");
            assert!(detail.ends_with('.') && detail.contains(". "), "{code}: {detail}");
        }
    }
}
