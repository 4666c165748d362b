//! The laptop's OpenID provider: people sign in at a page of this server, with code and PKCE, as they do in production.
//!
//! Everybody who signs in enters the PIN, each time: there is no session and no cookie, because a browser sends the
//! cookies of one port of this machine to all of them. A client renews its tokens without the page by a refresh token.

mod claims;
mod client;
mod exchange;
mod grants;
mod language;
mod memory;
mod page;
mod parameters;
mod people;
pub mod pin;
mod provider;
mod request;

use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use axum::routing::{get, post};
use http::header::HOST;
use http::{HeaderMap, StatusCode};
use std::sync::Arc;

pub(crate) use client::Client;
use language::{Language, UI_LOCALES};
use page::SIGN_IN_PATH;
use parameters::{FormRefused, Parameters, first_value, form};
use provider::GONE;
pub(crate) use provider::Provider;

/// The provider's routes.
pub(crate) fn routes(provider: Arc<Provider>) -> Router {
    let [asking, sending, entering, exchanging, revoking, discovering] = std::array::from_fn(|_| provider.clone());
    let authorize = get(async move |request: Request| {
        let query = request.uri().query().unwrap_or_default().as_bytes();
        // Also of a query that is refused.
        let locales = first_value(query, UI_LOCALES);
        let language = Language::wanted(locales.as_deref(), request.headers());
        asking.begin(Parameters::read(query), &origin(request.headers()), language)
    });
    // A client may send its request as a form, too (OpenID Connect Core, section 3.1.2.1).
    let authorize = authorize.post(async move |request: Request| {
        let headers = request.headers().clone();
        match form(request).await {
            Ok(form) => {
                let language = Language::wanted(form.get(UI_LOCALES), &headers);
                sending.begin(Ok(form), &origin(&headers), language)
            }
            Err(refused) => form_refused(&refused, &headers),
        }
    });
    let sign_in = post(async move |request: Request| {
        let headers = request.headers().clone();
        match form(request).await {
            Ok(form) => entering.sign_in(&form, Language::wanted(form.get(UI_LOCALES), &headers)),
            Err(refused) => form_refused(&refused, &headers),
        }
    });
    // A browser comes here without the form when a person reloads an old page.
    let sign_in = sign_in.get(async |headers: HeaderMap| {
        page::refused(StatusCode::METHOD_NOT_ALLOWED, Language::wanted(None, &headers), GONE)
    });
    let discovery = get(async move |headers: HeaderMap| {
        exchange::answer(StatusCode::OK, discovering.discovery(&origin(&headers)).to_string())
    });
    Router::new()
        .route("/authorize", authorize)
        .route(SIGN_IN_PATH, sign_in)
        .route("/token", post(async move |request: Request| exchange::exchange(&exchanging, request).await))
        .route("/revoke", post(async move |request: Request| exchange::revoke(&revoking, request).await))
        .route("/.well-known/openid-configuration", discovery)
}

fn form_refused(refused: &FormRefused, headers: &HeaderMap) -> Response {
    page::refused(refused.status, Language::wanted(refused.locales.as_deref(), headers), refused.why)
}

/// The origin by which a browser or a program names this server: it has one name and port here, and another through a
/// tunnel or a proxy. The guard lets none pass that is not this server's.
pub(crate) fn origin(headers: &HeaderMap) -> String {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    format!("http://{}", host.to_ascii_lowercase())
}
