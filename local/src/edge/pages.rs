//! The console: its files, built into this program, and the document that says how to sign in.

use alims_interface::{CONSOLE_PAGES, console_policy};
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use rust_embed::{EmbeddedFile, RustEmbed};
use serde_json::json;
use std::sync::Arc;

use crate::edge::problem::EdgeProblem;
use crate::login::{Client, Provider, origin};

/// The console as `console/` builds it.
#[derive(RustEmbed)]
#[folder = "../console/dist"]
struct Files;

/// The document that shows every page.
const DOCUMENT: &str = "index.html";
/// The folder of the files whose names change with their content.
const ASSETS: &str = "assets/";
/// The routes of the console, which need no token. `lost` answers for a file that is not there.
pub(crate) fn routes(provider: Arc<Provider>, lost: impl Fn() -> Response + Clone + Send + Sync + 'static) -> Router {
    let mut router = Router::new();
    for page in CONSOLE_PAGES {
        router = router.route(&format!("/{page}"), get(document));
        if !page.is_empty() {
            router = router.route(&format!("/{page}/{{*rest}}"), get(document));
        }
    }
    let file = get(async move |request: Request| {
        let path = request.uri().path().trim_start_matches('/');
        Files::get(path)
            .map_or_else(lost, |found| sent(&found, "public, max-age=31536000, immutable", request.headers()))
    });
    let settings = get(async move |headers: HeaderMap| settings(&provider, &headers));
    router.route(&format!("/{ASSETS}{{*file}}"), file).route("/console.json", settings)
}

/// The console's document, asked for at every page's address. A browser asks again each time, as its files change their
/// names with a release.
async fn document(request: Request) -> Response {
    match Files::get(DOCUMENT) {
        Some(found) => sent(&found, "no-cache", request.headers()),
        None => EdgeProblem::Broken.into_response(""),
    }
}

/// How the console signs in, and how it learns of changes.
fn settings(provider: &Provider, headers: &HeaderMap) -> Response {
    let settings = json!({
        "issuer": origin(headers),
        "client_id": Client::Console.id(),
        "scopes": provider.scopes(),
        "live": "events",
    });
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (StatusCode::OK, headers, Body::from(settings.to_string())).into_response()
}

/// A file, or that the browser has it.
fn sent(file: &EmbeddedFile, kept: &'static str, asked: &HeaderMap) -> Response {
    let hash: String = file.metadata.sha256_hash().iter().map(|byte| format!("{byte:02x}")).collect();
    let tag = format!("\"{hash}\"");
    let is_known = asked.get(IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let mut response = if is_known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        (StatusCode::OK, Body::from(file.data.clone())).into_response()
    };
    let headers = response.headers_mut();
    let policy = console_policy("");
    let made = [(CONTENT_TYPE, file.metadata.mimetype()), (ETAG, &tag), (CONTENT_SECURITY_POLICY, &policy)];
    for (name, value) in made {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    }
    // No Cross-Origin-Opener-Policy: it would part the console from the window in which people sign in again.
    let fixed: [(HeaderName, &'static str); 5] = [
        (CACHE_CONTROL, kept),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
