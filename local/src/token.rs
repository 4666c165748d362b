//! Tokens: issued for people on a laptop, verified like API Gateway's JWT authorizer does.

use alims_domain::timestamp::Timestamp;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::guard::Guard;
use crate::key::SigningKey;

/// The default issuer of tokens. It names the laptop and no port, so a token is valid on any port of the server.
pub const ISSUER_DEFAULT: &str = "urn:alims:local";
/// The audience of the tokens.
pub const AUDIENCE: &str = "alims-workflow-manager";
/// The tenant of a token that names none. A deployment has none unless it names one; a laptop has one person.
pub const TENANT_DEFAULT: &str = "default";
/// The default lifetime of a token, in seconds: 16 hours.
pub const LIFETIME_DEFAULT_S: i64 = 16 * 60 * 60;
/// The roles that the shipped policies know.
pub const SHIPPED_ROLES: [&str; 4] = ["viewer", "analyst", "supervisor", "auditor"];

/// The content of a token.
#[derive(Clone, Debug)]
pub struct TokenRequest {
    /// The person or service: the principal of everything done with the token.
    pub sub: String,
    /// The tenant it may work in.
    pub tenant: String,
    /// The roles it has.
    pub roles: Vec<String>,
    /// The scopes it was issued for; without any it has no claim `scope`.
    pub scopes: Vec<String>,
    /// Its lifetime in seconds; negative: already expired.
    pub lifetime_s: i64,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: &'a str,
    tenant_id: &'a str,
    roles: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    /// The name that a signature shows.
    name: &'a str,
    /// A signature needs a fresh sign-in. Who runs the command has this moment got the key of the laptop.
    auth_time: i64,
    amr: [&'static str; 1],
    iat: i64,
    nbf: i64,
    exp: i64,
}

/// Signs a token.
///
/// # Errors
/// When the key cannot sign.
pub fn issue(
    key: &SigningKey,
    issuer: &str,
    request: &TokenRequest,
    now: Timestamp,
) -> Result<String, jsonwebtoken::errors::Error> {
    let now_s = now.unix_millis().div_euclid(1000);
    let claims = Claims {
        iss: issuer,
        aud: AUDIENCE,
        sub: &request.sub,
        tenant_id: &request.tenant,
        roles: &request.roles,
        scope: (!request.scopes.is_empty()).then(|| request.scopes.join(" ")),
        name: &request.sub,
        auth_time: now_s,
        amr: ["pwd"],
        iat: now_s,
        nbf: now_s.min(now_s.saturating_add(request.lifetime_s)),
        exp: now_s.saturating_add(request.lifetime_s),
    };
    sign(key, &claims)
}

/// Signs claims as they are.
pub(crate) fn sign(key: &SigningKey, claims: &impl Serialize) -> Result<String, jsonwebtoken::errors::Error> {
    let mut header = Header::new(Algorithm::RS256);
    header.kid = Some(key.id.clone());
    jsonwebtoken::encode(&header, claims, &key.encoding)
}

/// Why a token is refused. The texts help an honest caller and reveal little to an attacker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenRefused {
    /// There is no `Authorization: Bearer` in the request.
    #[error("the request carries no bearer token")]
    Missing,
    /// It is not a JWT, or lacks a required claim.
    #[error("the token is malformed")]
    Malformed,
    /// It is not signed with RS256, or not at all.
    #[error("the token is not signed with RS256")]
    Algorithm,
    /// It names no key, or a key that this server does not have.
    #[error("the token's signing key is unknown")]
    UnknownKey,
    /// Its signature does not match its content.
    #[error("the token's signature is invalid")]
    Signature,
    /// Its `exp` has passed.
    #[error("the token has expired")]
    Expired,
    /// Its `nbf` is in the future.
    #[error("the token is not valid yet (nbf)")]
    NotYet,
    /// Its `iss` is another issuer.
    #[error("the token has another issuer")]
    Issuer,
    /// Its `aud` is another audience.
    #[error("the token has another audience")]
    Audience,
}

/// Verifies tokens of one key, their issuer and their scopes.
pub(crate) struct Verifier {
    key: DecodingKey,
    key_id: String,
    validation: Validation,
    /// The issuer of the tokens that are made without a server.
    issuer: String,
    /// The names of this server: those who sign in at it have tokens of an issuer that is its origin.
    names: Guard,
    /// A token needs one of these; none are asked for when there are none.
    scopes: Vec<String>,
}

/// A verified token has none of the scopes that are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ScopeMissing(pub(crate) Vec<String>);

impl Verifier {
    pub(crate) fn new(
        key: &SigningKey,
        issuer: &str,
        names: Guard,
        scopes: Vec<String>,
    ) -> Result<Self, jsonwebtoken::errors::Error> {
        let mut validation = Validation::new(Algorithm::RS256);
        validation.leeway = 0;
        validation.validate_nbf = true;
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        let (decoding, key_id, issuer) = (DecodingKey::from_jwk(&key.jwk)?, key.id.clone(), issuer.to_owned());
        Ok(Self { key: decoding, key_id, validation, issuer, names, scopes })
    }

    /// The claims of a token that lets its bearer in.
    pub(crate) fn verify(&self, token: &str) -> Result<Map<String, Value>, TokenRefused> {
        let header = jsonwebtoken::decode_header(token).map_err(|error| refused(error.kind()))?;
        if header.alg != Algorithm::RS256 {
            return Err(TokenRefused::Algorithm);
        }
        if header.kid.as_deref() != Some(self.key_id.as_str()) {
            return Err(TokenRefused::UnknownKey);
        }
        let token = jsonwebtoken::decode::<Map<String, Value>>(token, &self.key, &self.validation);
        let claims = token.map(|token| token.claims).map_err(|error| refused(error.kind()))?;
        let issuer = claims.get("iss").and_then(Value::as_str).unwrap_or_default();
        if issuer == self.issuer || self.names.is_own_origin(issuer) { Ok(claims) } else { Err(TokenRefused::Issuer) }
    }

    /// The scopes of a verified token as API Gateway passes them on: none where none are asked for.
    pub(crate) fn scopes(&self, claims: &Map<String, Value>) -> Result<Option<Vec<String>>, ScopeMissing> {
        if self.scopes.is_empty() {
            return Ok(None);
        }
        let scopes = scopes_of(claims);
        // One of them is enough (Amazon API Gateway developer guide, "Control access to HTTP APIs with JWT authorizers").
        let has_one = scopes.iter().any(|scope| self.scopes.contains(scope));
        if has_one { Ok(Some(scopes)) } else { Err(ScopeMissing(self.scopes.clone())) }
    }
}

/// The names in the claims `scope` and `scp`: a text with spaces between them (RFC 6749, section 3.3), `scp` also a list.
fn scopes_of(claims: &Map<String, Value>) -> Vec<String> {
    let of_text = |text: &str| text.split(' ').filter(|name| !name.is_empty()).map(str::to_owned).collect::<Vec<_>>();
    let mut scopes = claims.get("scope").and_then(Value::as_str).map(of_text).unwrap_or_default();
    match claims.get("scp") {
        Some(Value::String(text)) => scopes.extend(of_text(text)),
        Some(Value::Array(names)) => scopes.extend(names.iter().filter_map(Value::as_str).map(str::to_owned)),
        None | Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_)) => {}
    }
    scopes
}

#[allow(clippy::wildcard_enum_match_arm, reason = "whatever else the library finds, it is no token to take")]
fn refused(kind: &ErrorKind) -> TokenRefused {
    match kind {
        ErrorKind::InvalidSignature => TokenRefused::Signature,
        ErrorKind::ExpiredSignature => TokenRefused::Expired,
        ErrorKind::ImmatureSignature => TokenRefused::NotYet,
        ErrorKind::InvalidIssuer => TokenRefused::Issuer,
        ErrorKind::InvalidAudience => TokenRefused::Audience,
        ErrorKind::InvalidAlgorithm | ErrorKind::InvalidAlgorithmName | ErrorKind::UnsupportedAlgorithm => {
            TokenRefused::Algorithm
        }
        _ => TokenRefused::Malformed,
    }
}
