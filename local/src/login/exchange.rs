//! The token endpoint: a code for tokens, and a refresh token for the next ones (RFC 6749, sections 4.1.3 and 6).

use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use serde_json::json;

use super::claims::challenge_of;
use super::client::Client;
use super::grants::Renewable;
use super::parameters::{Parameters, form};
use super::provider::Provider;

/// How long a sign-in can be renewed, in milliseconds: a working day.
const RENEWABLE_MS: i64 = 12 * 60 * 60 * 1000;

/// Why there are no tokens (RFC 6749, section 5.2): the error's name, what is wrong and what to do.
#[derive(Debug)]
struct Refused(StatusCode, &'static str, &'static str);

const fn invalid_grant(why: &'static str) -> Refused {
    Refused(StatusCode::BAD_REQUEST, "invalid_grant", why)
}

const fn invalid_request(why: &'static str) -> Refused {
    Refused(StatusCode::BAD_REQUEST, "invalid_request", why)
}

const BROKEN: Refused =
    Refused(StatusCode::INTERNAL_SERVER_ERROR, "server_error", "No token could be made. Try again.");

/// Answers a request for tokens.
pub(super) async fn exchange(provider: &Provider, request: Request) -> Response {
    let answered = async {
        let form = form(request).await.map_err(|refused| invalid_request(refused.why.en))?;
        exchanged(provider, &form)
    };
    match answered.await {
        Ok(tokens) => answer(StatusCode::OK, tokens),
        Err(Refused(status, error, why)) => {
            tracing::warn!(error, why, "no tokens were given");
            answer(status, json!({ "error": error, "error_description": why }).to_string())
        }
    }
}

/// Ends a sign-in: its refresh tokens hold no longer (RFC 7009). An unknown token is ended already.
pub(super) async fn revoke(provider: &Provider, request: Request) -> Response {
    let form = match form(request).await {
        Ok(form) => form,
        Err(refused) => {
            let error = json!({ "error": "invalid_request", "error_description": refused.why.en });
            return answer(refused.status, error.to_string());
        }
    };
    let token = form.get("token").unwrap_or_default();
    if let Some(renewable) = provider.renewables.get(provider.now(), token) {
        provider.renewables.forget_those(|other| other.family == renewable.family);
    }
    answer(StatusCode::OK, String::new())
}

pub(super) fn answer(status: StatusCode, json: String) -> Response {
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (status, headers, Body::from(json)).into_response()
}

fn exchanged(provider: &Provider, form: &Parameters) -> Result<String, Refused> {
    const CLIENT: &str = "The client is unknown. Send the client_id that asked.";
    let client = form.get("client_id").and_then(Client::of_id);
    let client = client.ok_or(Refused(StatusCode::UNAUTHORIZED, "invalid_client", CLIENT))?;
    match form.get("grant_type") {
        Some("authorization_code") => of_code(provider, client, form),
        Some("refresh_token") => of_refresh_token(provider, client, form),
        Some(_) => {
            const WHY: &str = "The grant_type is not supported. Send authorization_code or refresh_token.";
            Err(Refused(StatusCode::BAD_REQUEST, "unsupported_grant_type", WHY))
        }
        None => Err(invalid_request("The grant_type is missing. Send authorization_code or refresh_token.")),
    }
}

/// A code is good for one attempt: a wrong one uses it up as well, so that no verifier can be guessed.
fn of_code(provider: &Provider, client: Client, form: &Parameters) -> Result<String, Refused> {
    let name = form.get("code").ok_or(invalid_request("The code is missing. Send the one of the answer."))?;
    let verifier = form.get("code_verifier").unwrap_or_default();
    let code = provider.codes.get_and(provider.now(), name, |code| code.used = true);
    let code = code.ok_or(invalid_grant("The code is unknown or too old. Sign in again."))?;
    if code.used {
        // A client that has a code twice may have stolen it (RFC 6749, section 4.1.2).
        provider.renewables.forget_those(|renewable| renewable.family == code.family);
        return Err(invalid_grant("The code was used before. Sign in again."));
    }
    if code.signed_in.client != client {
        return Err(invalid_grant("The code belongs to another client. Sign in again."));
    }
    if form.get("redirect_uri") != Some(&code.redirect) {
        return Err(invalid_grant("The redirect_uri is not the one of the code. Sign in again."));
    }
    if challenge_of(verifier) != code.challenge {
        return Err(invalid_grant("The code_verifier does not fit. Sign in again."));
    }
    let until = code.signed_in.auth_time.saturating_mul(1000).saturating_add(RENEWABLE_MS);
    let renewable = Renewable { signed_in: code.signed_in, family: code.family, used: false, until };
    tokens(provider, renewable, code.nonce.as_deref())
}

/// A refresh token is good once. One that comes again was copied: the sign-in ends (RFC 9700, section 4.14.2).
fn of_refresh_token(provider: &Provider, client: Client, form: &Parameters) -> Result<String, Refused> {
    let name = form.get("refresh_token").ok_or(invalid_request("The refresh_token is missing. Send it."))?;
    let renewable = provider.renewables.get_and(provider.now(), name, |renewable| renewable.used = true);
    let renewable = renewable.ok_or(invalid_grant("The refresh token is unknown or too old. Sign in again."))?;
    if renewable.used || renewable.signed_in.client != client {
        provider.renewables.forget_those(|other| other.family == renewable.family);
        return Err(invalid_grant("The refresh token was used before or is another client's. Sign in again."));
    }
    tokens(provider, renewable, None)
}

fn tokens(provider: &Provider, renewable: Renewable, nonce: Option<&str>) -> Result<String, Refused> {
    let now = provider.now();
    let signed_in = renewable.signed_in.clone();
    let until = renewable.until;
    let refresh_token = provider.renewables.keep(now, until, renewable).ok_or(BROKEN)?;
    let made = signed_in.tokens(&provider.key, nonce, refresh_token, now.div_euclid(1000)).map_err(|_| BROKEN)?;
    serde_json::to_string(&made).map_err(|_| BROKEN)
}
