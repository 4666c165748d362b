//! The errors of the edge, which answers them before it calls a function, or instead of it.
//!
//! Where API Gateway answers, the edge says what API Gateway says: a client that works here works there. What is of
//! help beyond that stands in the header `www-authenticate` and in the server's log.

use alims_edge::exchange::{PROBLEM_JSON, X_REQUEST_ID};
use alims_edge::openapi::gateway;
use alims_edge::problem::{Problem, ProblemCode};
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue, StatusCode};
use serde_json::json;

use crate::guard::Foreign;
use crate::token::{ScopeMissing, TokenRefused};

/// The header in which API Gateway names the request.
pub(crate) const APIGW_REQUESTID: HeaderName = HeaderName::from_static("apigw-requestid");

/// Why the edge did not call a function, or got no answer from it.
#[derive(Debug)]
pub(crate) enum EdgeProblem {
    /// The request has no valid token.
    Unauthenticated(TokenRefused),
    /// The token was not issued for this service: it has none of the required scopes.
    ScopeMissing(ScopeMissing),
    /// The claims of the token name no principal.
    NoPrincipal(&'static str),
    /// A foreign page may have made the request.
    Foreign(Foreign),
    /// The caller may not listen to events.
    Forbidden,
    /// A value in the request is invalid.
    Malformed(&'static str),
    /// No operation has this path and method.
    NoRoute,
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
    /// The answer to the request of this id.
    pub(crate) fn into_response(self, request_id: &str) -> Response {
        let mut response = match self {
            Self::Unauthenticated(why) => unauthorized(why),
            Self::ScopeMissing(missing) => without_scope(&missing),
            Self::NoRoute => of_the_gateway(StatusCode::NOT_FOUND),
            Self::TooLarge => of_the_gateway(StatusCode::PAYLOAD_TOO_LARGE),
            Self::Incomplete => of_the_gateway(StatusCode::BAD_REQUEST),
            Self::Busy | Self::TimedOut => of_the_gateway(StatusCode::SERVICE_UNAVAILABLE),
            Self::Broken => of_the_gateway(StatusCode::INTERNAL_SERVER_ERROR),
            Self::Foreign(foreign) => refused_page(foreign, request_id),
            Self::NoPrincipal(_) | Self::Forbidden | Self::Malformed(_) => self.problem(request_id),
        };
        name_request(&mut response, request_id);
        response
    }

    /// What only a laptop answers has the form of the functions.
    fn problem(&self, request_id: &str) -> Response {
        let (code, detail, errors) = self.parts();
        let mut document = json!({
            "type": code.type_urn(),
            "title": code.title(),
            "status": code.status().as_u16(),
            "detail": detail,
            "code": code,
            "request_id": request_id,
        });
        if let (Some(message), Some(members)) = (errors, document.as_object_mut()) {
            members.insert("errors".to_owned(), json!([{ "message": message }]));
        }
        let mut response = with_body(code.status(), PROBLEM_JSON, document.to_string());
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Ok(id) = HeaderValue::from_str(request_id) {
            response.headers_mut().insert(X_REQUEST_ID, id);
        }
        if let Self::NoPrincipal(_) = self {
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }

    fn parts(&self) -> (ProblemCode, String, Option<&'static str>) {
        if let Self::Malformed(what) = self {
            let detail = format!("The request is invalid: {what}. Nothing was changed.");
            return (ProblemCode::MalformedRequest, detail, Some(what));
        }
        if let Self::NoPrincipal(why) = self {
            return (ProblemCode::Unauthenticated, Problem::Unauthenticated(why).detail(), None);
        }
        let detail = "Your roles do not allow you to read workflows. Ask someone with the required role.";
        (ProblemCode::Forbidden, detail.to_owned(), None)
    }
}

/// The answer to what a page of another site may have sent. Only a laptop has it, so no code of the contract names it.
fn refused_page(foreign: Foreign, request_id: &str) -> Response {
    let (status, code, title, detail) = foreign_parts(foreign);
    let document = json!({
        "type": format!("urn:alims:problem:{code}"),
        "title": title,
        "status": status.as_u16(),
        "detail": detail,
        "code": code,
        "request_id": request_id,
    });
    with_body(status, PROBLEM_JSON, document.to_string())
}

const fn foreign_parts(foreign: Foreign) -> (StatusCode, &'static str, &'static str, &'static str) {
    match foreign {
        Foreign::Host => (
            StatusCode::MISDIRECTED_REQUEST,
            "foreign-host",
            "Foreign host",
            "The server does not go by the name in `Host`. Use 127.0.0.1 or localhost, or start the server with \
             `--allow-host NAME`.",
        ),
        Foreign::Origin => (
            StatusCode::FORBIDDEN,
            "foreign-origin",
            "Foreign origin",
            "A page of another origin may not call this server. Use the page at /docs, or a program.",
        ),
    }
}

/// The gateway's own answer with a status.
fn of_the_gateway(status: StatusCode) -> Response {
    let message = gateway::message(status.as_u16()).unwrap_or_default();
    with_body(status, "application/json", json!({ "message": message }).to_string())
}

fn with_body(status: StatusCode, content_type: &'static str, body: String) -> Response {
    (status, [(CONTENT_TYPE, HeaderValue::from_static(content_type))], Body::from(body)).into_response()
}

/// The answer of API Gateway's JWT authorizer. The person at the laptop reads in the log what to do.
fn unauthorized(why: TokenRefused) -> Response {
    tracing::warn!("answered 401: {why}; make a token with: cargo local token --sub NAME --role ROLE");
    // RFC 6750, section 3.1: no error is named when there was no token.
    let challenge = if why == TokenRefused::Missing {
        "Bearer".to_owned()
    } else {
        format!("Bearer scope=\"\" error=\"invalid_token\" error_description=\"{why}\"")
    };
    let mut response = of_the_gateway(StatusCode::UNAUTHORIZED);
    if let Ok(challenge) = HeaderValue::from_str(&challenge) {
        response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    }
    response
}

/// The answer of API Gateway's JWT authorizer to a token without a required scope: it names those that are asked for.
fn without_scope(ScopeMissing(scopes): &ScopeMissing) -> Response {
    let wanted = scopes.join(" ");
    tracing::warn!(
        "answered 403: the token has none of the scopes {wanted}; make one with: cargo local token --scope NAME"
    );
    let challenge = format!(
        "Bearer scope=\"{wanted}\" error=\"insufficient_scope\" error_description=\"expected scopes: [{wanted}]\""
    );
    let mut response = of_the_gateway(StatusCode::FORBIDDEN);
    if let Ok(challenge) = HeaderValue::from_str(&challenge) {
        response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    }
    response
}

/// Names the request as API Gateway does, in every answer.
pub(crate) fn name_request(response: &mut Response, request_id: &str) {
    if let Ok(id) = HeaderValue::from_str(request_id) {
        response.headers_mut().insert(APIGW_REQUESTID, id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_detail_has_two_sentences_and_at_most_25_words() {
        for problem in [
            EdgeProblem::NoPrincipal("The token names no tenant, and there is no default tenant"),
            EdgeProblem::Forbidden,
            EdgeProblem::Malformed("the header content-length is not a number"),
        ] {
            let (_, detail, _) = problem.parts();
            two_short_sentences(&detail);
        }
        for foreign in [Foreign::Host, Foreign::Origin] {
            two_short_sentences(foreign_parts(foreign).3);
        }
    }

    fn two_short_sentences(detail: &str) {
        let words = detail.split_whitespace().count();
        assert!(words <= 25, "{words} words: {detail}");
        assert!(detail.ends_with('.') && detail.contains(". "), "{detail}");
    }

    #[test]
    fn the_gateway_has_a_message_for_each_status_that_it_answers_with() {
        for problem in [
            EdgeProblem::Unauthenticated(TokenRefused::Missing),
            EdgeProblem::ScopeMissing(ScopeMissing(vec!["alims/use".to_owned()])),
            EdgeProblem::NoRoute,
            EdgeProblem::TooLarge,
            EdgeProblem::Incomplete,
            EdgeProblem::Busy,
            EdgeProblem::TimedOut,
            EdgeProblem::Broken,
        ] {
            let status = problem.into_response("r-1").status();
            assert!(gateway::message(status.as_u16()).is_some(), "{status}");
        }
    }
}
