//! The resources without authentication: documentation, the key set, and the health check.

use axum::Router;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use serde_json::{Value, json};
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::key::SigningKey;

/// The routes that need no token.
pub(crate) fn routes(key: &SigningKey) -> Router {
    let keys = json!(key.public_set());
    let documentation =
        SwaggerUi::new("/docs").url("/openapi.json", alims_interface::document_of_this_server()).config(page());
    Router::new()
        .route("/health", fixed(&json!({ "status": "ok" })))
        .route("/.well-known/jwks.json", fixed(&keys))
        .merge(documentation)
}

/// The page keeps the token when it is loaded again, is ready to execute, and has no field for another contract.
fn page() -> Config<'static> {
    Config::default().persist_authorization(true).try_it_out_enabled(true).use_base_layout()
}

/// A route that always answers the same document.
fn fixed(document: &Value) -> axum::routing::MethodRouter {
    let text = document.to_string();
    get(move || {
        let response = rendered(text.clone());
        async move { response }
    })
}

fn rendered(json: String) -> Response {
    let headers = [(CONTENT_TYPE, HeaderValue::from_static("application/json"))];
    (StatusCode::OK, headers, Body::from(json)).into_response()
}
