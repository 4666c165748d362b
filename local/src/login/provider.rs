//! The provider itself: a request becomes a page, what a person enters on it a code.

use alims_operations::ports::Clock;
use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};
use std::sync::Arc;

use super::claims::{ACR, SignedIn};
use super::grants::{Code, Renewable};
use super::language::{Language, Text};
use super::memory::{Memory, fresh_name};
use super::page::{self, CANCEL};
use super::parameters::{Parameters, ParametersRefused};
use super::people::{Chosen, Field, Mistake};
use super::pin::{Pin, PinRefused};
use super::request::{Asked, AskedRefused};
use crate::key::SigningKey;

/// How long a person may take on the page, in milliseconds.
const PAGE_MS: i64 = 10 * 60 * 1000;
/// How long a client may take to exchange a code, in milliseconds.
const CODE_MS: i64 = 60 * 1000;
/// How many wrong PINs one page takes, so that it does not serve for guessing.
const TRIES_MAX: u32 = 5;

pub(super) const GONE: Text = Text {
    en: "This page was used or is too old. Go back to where you came from and sign in again.",
    de: "Diese Seite wurde schon verwendet oder ist zu alt. Gehen Sie zurück und melden Sie sich erneut an.",
};
const TOO_MANY_TRIES: Text = Text {
    en: "The PIN was wrong too often. Go back to where you came from and sign in again.",
    de: "Die PIN war zu oft falsch. Gehen Sie zurück und melden Sie sich erneut an.",
};
const NO_PIN: Text = Text {
    en: "The PIN is missing. Enter the one that the server printed.",
    de: "Die PIN fehlt. Geben Sie die ein, die der Server ausgegeben hat.",
};
const WRONG_PIN: Text = Text {
    en: "The PIN is wrong. Enter the one that the server printed.",
    de: "Die PIN ist falsch. Geben Sie die ein, die der Server ausgegeben hat.",
};
const TOO_MANY_PINS: Text = Text {
    en: "Too many PINs were wrong. Wait a minute and try again.",
    de: "Zu viele PINs waren falsch. Warten Sie eine Minute und versuchen Sie es erneut.",
};

/// The provider's state.
pub(crate) struct Provider {
    pub(super) key: SigningKey,
    clock: Arc<dyn Clock>,
    pin: Pin,
    /// The scopes it knows.
    scopes: Vec<String>,
    /// How the functions expect the name of a role to begin.
    role_prefix: &'static str,
    transactions: Memory<Transaction>,
    pub(super) codes: Memory<Code>,
    pub(super) renewables: Memory<Renewable>,
}

/// A request whose person is on the page.
#[derive(Clone)]
struct Transaction {
    asked: Asked,
    tries: u32,
}

impl Provider {
    pub(crate) fn new(
        key: SigningKey,
        clock: Arc<dyn Clock>,
        pin: Pin,
        service_scopes: &[String],
        role_prefix: &'static str,
    ) -> Self {
        let mut scopes = vec!["openid".to_owned(), "profile".to_owned()];
        scopes.extend(service_scopes.iter().filter(|scope| !["openid", "profile"].contains(&scope.as_str())).cloned());
        let (transactions, codes, renewables) = (Memory::new(), Memory::new(), Memory::new());
        Self { key, clock, pin, scopes, role_prefix, transactions, codes, renewables }
    }

    /// The scopes a client asks for.
    pub(crate) fn scopes(&self) -> &[String] {
        &self.scopes
    }

    /// The PIN with which people sign in.
    pub(crate) fn pin(&self) -> &str {
        self.pin.text()
    }

    /// In milliseconds since 1970-01-01T00:00:00Z.
    pub(super) fn now(&self) -> i64 {
        self.clock.now().unix_millis()
    }

    /// Shows the page for a request, or sends the person back at once.
    pub(super) fn begin(
        &self,
        parameters: Result<Parameters, ParametersRefused>,
        origin: &str,
        language: Language,
    ) -> Response {
        let parameters = match parameters {
            Ok(parameters) => parameters,
            Err(refused) => return page::refused(StatusCode::BAD_REQUEST, language, refused.text()),
        };
        match Asked::read(&parameters, origin, &self.scopes, language) {
            Ok(asked) => {
                let (now, shown) = (self.now(), asked.clone());
                match self.transactions.keep(now, now.saturating_add(PAGE_MS), Transaction { asked, tries: 0 }) {
                    Some(transaction) => page::sign_in(&shown, &transaction, None, None),
                    None => broken(language),
                }
            }
            Err(AskedRefused::Here(why)) => page::refused(StatusCode::BAD_REQUEST, language, why),
            Err(AskedRefused::Back(back)) => page::redirect(&back, language),
        }
    }

    /// Takes what a person entered on the page.
    pub(super) fn sign_in(&self, form: &Parameters, language: Language) -> Response {
        let name = form.get("transaction").unwrap_or_default();
        let transaction = self.transactions.get(self.now(), name);
        let Some(Transaction { asked, .. }) = transaction.filter(|transaction| transaction.tries < TRIES_MAX) else {
            return page::refused(StatusCode::BAD_REQUEST, language, GONE);
        };
        if form.get(CANCEL).is_some() {
            self.transactions.forget(name);
            return page::redirect(&asked.refused("access_denied", "The person cancelled. Ask again."), language);
        }
        let again = |mistake: Mistake| page::sign_in(&asked, name, Some(form), Some(mistake));
        let wrong_pin = |text: Text| again(Mistake { field: Field::Pin, text });
        let chosen = match Chosen::read(form, self.role_prefix) {
            Ok(chosen) => chosen,
            Err(why) => return again(why),
        };
        let Some(pin) = form.get("pin") else { return wrong_pin(NO_PIN) };
        match self.pin.check(pin, self.clock.as_ref()) {
            Ok(()) => {}
            Err(PinRefused::Wrong) => {
                let before = self.transactions.get_and(self.now(), name, |transaction| transaction.tries += 1);
                let tries = before.map_or(TRIES_MAX, |transaction| transaction.tries + 1);
                tracing::warn!(sub = chosen.sub, tries, "a sign-in with a wrong PIN");
                if tries >= TRIES_MAX {
                    self.transactions.forget(name);
                    return page::refused(StatusCode::BAD_REQUEST, asked.language, TOO_MANY_TRIES);
                }
                return wrong_pin(WRONG_PIN);
            }
            Err(PinRefused::Wait) => return wrong_pin(TOO_MANY_PINS),
        }
        self.transactions.forget(name);
        self.answer(asked, chosen)
    }

    /// Sends the person back with a code.
    fn answer(&self, asked: Asked, chosen: Chosen) -> Response {
        let now = self.now();
        let language = asked.language;
        let Some(family) = fresh_name() else { return broken(language) };
        let signed_in = SignedIn {
            chosen,
            client: asked.client,
            origin: asked.origin.clone(),
            scopes: asked.scopes.clone(),
            auth_time: now.div_euclid(1000),
        };
        let code = Code {
            signed_in,
            redirect: asked.redirect.clone(),
            challenge: asked.challenge.clone(),
            nonce: asked.nonce.clone(),
            family,
            used: false,
        };
        match self.codes.keep(now, now.saturating_add(CODE_MS), code) {
            Some(code) => page::redirect(&asked.answered(&code), language),
            None => broken(language),
        }
    }

    /// What clients read first (OpenID Connect Discovery).
    pub(super) fn discovery(&self, origin: &str) -> Value {
        json!({
            "issuer": origin,
            "authorization_endpoint": format!("{origin}/authorize"),
            "token_endpoint": format!("{origin}/token"),
            "revocation_endpoint": format!("{origin}/revoke"),
            "jwks_uri": format!("{origin}/.well-known/jwks.json"),
            "scopes_supported": self.scopes,
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["none"],
            "revocation_endpoint_auth_methods_supported": ["none"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "acr_values_supported": [ACR],
            "ui_locales_supported": Language::ALL.map(Language::tag),
            "prompt_values_supported": ["none", "login", "consent", "select_account"],
            "claims_supported":
                ["iss", "aud", "sub", "name", "tenant_id", "roles", "auth_time", "acr", "amr", "iat", "exp", "nonce"],
            "authorization_response_iss_parameter_supported": true,
            "request_uri_parameter_supported": false,
        })
    }
}

fn broken(language: Language) -> Response {
    const NO_RANDOM: Text = Text {
        en: "The server has no random numbers. Try again.",
        de: "Der Server konnte keine Zufallszahlen erzeugen. Versuchen Sie es erneut.",
    };
    page::refused(StatusCode::INTERNAL_SERVER_ERROR, language, NO_RANDOM)
}
