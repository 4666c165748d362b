//! People who call the deployed API over HTTP, and what comes back.

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::recorder::{self, Asker};
use crate::world::{PATIENCE, WORLD};

/// A workflow type that no ruleset names: the lifecycle alone decides.
pub(crate) const FREE: &str = "free-form";
/// Whom the tokens of honest people are for.
const AUDIENCE: &str = "alims-workflow-manager";
/// Whose they are when they do not say.
const TENANT: &str = "default";
/// What they are issued for: the scope that the deployment asks for, and another application's.
const SCOPES: &str = "openid alims/use";
/// How the names of roles begin in a token: the default of the template's parameter `RolePrefix`.
const ROLE_PREFIX: &str = "alims:";

/// Somebody with a token, or without.
#[derive(Clone)]
pub(crate) struct Person {
    token: Option<String>,
    /// What an honest token says; nobody knows what another does.
    asker: Option<Asker>,
    /// The idempotency key of what is asked.
    key: Option<String>,
    http: Client,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Value,
}

impl Person {
    /// Somebody of the default tenant.
    pub(crate) fn with_roles(sub: &str, roles: &[&str]) -> Self {
        Self::with_claims(&json!({"sub": sub, "roles": roles}))
    }

    /// Somebody whose token says this beside, or instead of, what an honest one says. A claim that is null is left out.
    pub(crate) fn with_claims(claims: &Value) -> Self {
        #[expect(clippy::disallowed_methods, reason = "a token holds from now on")]
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let mut all = json!({"iss": WORLD.text("issuer"), "aud": AUDIENCE, "iat": now - 60, "exp": now + 3600});
        all["tenant_id"] = TENANT.into();
        // A signature needs a fresh sign-in and a name.
        all["auth_time"] = (now - 60).into();
        all["name"] = claims["sub"].clone();
        all["scope"] = SCOPES.into();
        all.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
        all.as_object_mut().unwrap().retain(|_, claim| !claim.is_null());
        for role in all.get_mut("roles").and_then(Value::as_array_mut).into_iter().flatten() {
            *role = format!("{ROLE_PREFIX}{}", role.as_str().unwrap()).into();
        }
        let mut header = Header::new(Algorithm::RS256);
        header.kid = Some(WORLD.text("key_id").to_owned());
        let key = EncodingKey::from_rsa_der(&WORLD.signing_key);
        let text = |name: &str| all[name].as_str().map(str::to_owned);
        let tenant = text("tenant_id").unwrap_or_else(|| TENANT.to_owned());
        let asker = text("sub").map(|subject| Asker { tenant, subject });
        Self { asker, ..Self::bearer(&jsonwebtoken::encode(&header, &all, &key).unwrap()) }
    }

    /// Somebody who may do everything that a role allows.
    pub(crate) fn everybody() -> Self {
        Self::with_roles("alice", &["viewer", "analyst", "supervisor", "auditor"])
    }

    /// Whoever holds this token.
    pub(crate) fn bearer(token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..Self::nobody() }
    }

    /// The token, for programs that ask in this person's name.
    pub(crate) fn token(&self) -> &str {
        self.token.as_deref().unwrap()
    }

    /// Somebody nobody knows.
    pub(crate) fn nobody() -> Self {
        Self { token: None, asker: None, key: None, http: Client::new() }
    }

    /// The same token with another signature.
    pub(crate) fn forged(&self) -> Self {
        let token = self.token.as_deref().unwrap();
        let (signed, _) = token.rsplit_once('.').unwrap();
        Self::bearer(&format!("{signed}.{}", "A".repeat(342)))
    }

    /// The same person, with an idempotency key on all that is asked.
    pub(crate) fn keyed(&self, key: &str) -> Self {
        Self { key: Some(key.to_owned()), ..self.clone() }
    }

    pub(crate) async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        let request = self.http.request(method.clone(), format!("{}{path}", WORLD.text("endpoint")));
        // The emulator tells APIs apart by their names, which no resolver knows.
        let request = request.header("host", WORLD.text("api_host"));
        let request = if let Some(token) = &self.token { request.bearer_auth(token) } else { request };
        let request = if let Some(key) = &self.key { request.header("idempotency-key", key) } else { request };
        let request = if let Some(body) = body { request.json(body) } else { request };
        let recorded = |asker| recorder::asked(asker, &method, path, self.key.as_deref(), body);
        let call = self.asker.as_ref().and_then(recorded);
        let request = if let Some(call) = &call { request.header("x-correlation-id", &call.name) } else { request };
        let answer = request.send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        if let Some(call) = call {
            recorder::answered(&call, status.as_u16(), &body);
        }
        Answer { status, body }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.ask(Method::POST, path, Some(body)).await
    }

    /// Creates a workflow that only the lifecycle governs.
    pub(crate) async fn create(&self, workflow_id: &str) -> Answer {
        self.post("/workflows", &json!({"workflow_type": FREE, "workflow_id": workflow_id})).await
    }

    /// Moves a workflow; a move to FAILED says that the power went.
    pub(crate) async fn go(&self, workflow_id: &str, target: &str) -> Answer {
        self.post(&format!("/workflows/{workflow_id}/transitions"), &go(target)).await
    }

    /// Asks until the answer is what is awaited, or patience ends.
    pub(crate) async fn until(&self, path: &str, awaited: impl Fn(&Value) -> bool) -> Value {
        let begun = Instant::now();
        loop {
            let body = self.get(path).await.expect(200);
            if awaited(&body) {
                return body;
            }
            assert!(begun.elapsed() < PATIENCE, "{path} is still {body:#}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

impl Answer {
    /// The body of an answer with this status.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        self.body
    }

    /// The problem of a refusal with this status and code.
    #[track_caller]
    pub(crate) fn refused(self, status: u16, code: &str) -> Value {
        assert_eq!((self.status.as_u16(), self.body["code"].as_str()), (status, Some(code)), "{}", self.body);
        self.body
    }
}

/// The body of a request to move.
pub(crate) fn go(target: &str) -> Value {
    let mut body = json!({"target_state": target, "reason": "the next step"});
    if target == "FAILED" {
        body["failure"] = json!({"code": "power-loss", "message": "the power went", "retryable": true});
    }
    body
}
