//! The tokens of a person who signed in: an access token for the service, and an ID token for the client.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;

use super::client::Client;
use super::people::Chosen;
use crate::key::SigningKey;
use crate::token::{AUDIENCE, sign};

/// How long an access token holds, in seconds: an hour, as those of `deployment/cognito.yaml`. A client then asks for the
/// next one.
pub(super) const ACCESS_LIFETIME_S: i64 = 60 * 60;
/// How a person proved who they are (RFC 8176).
const AMR: [&str; 1] = ["pin"];
/// The same as one name.
pub(super) const ACR: &str = "urn:alims:local:pin";

/// A sign-in: who, as what, and when they proved it.
#[derive(Clone, Debug)]
pub(super) struct SignedIn {
    pub(super) chosen: Chosen,
    pub(super) client: Client,
    /// The issuer.
    pub(super) origin: String,
    pub(super) scopes: Vec<String>,
    /// When they entered the PIN, in seconds since 1970-01-01T00:00:00Z.
    pub(super) auth_time: i64,
}

/// The claims of both tokens.
#[derive(Serialize)]
struct Common<'a> {
    iss: &'a str,
    sub: &'a str,
    name: &'a str,
    tenant_id: &'a str,
    roles: &'a [String],
    auth_time: i64,
    acr: &'static str,
    amr: [&'static str; 1],
    iat: i64,
    exp: i64,
}

#[derive(Serialize)]
struct AccessClaims<'a> {
    #[serde(flatten)]
    common: Common<'a>,
    aud: &'static str,
    client_id: &'static str,
    scope: String,
    nbf: i64,
}

#[derive(Serialize)]
struct IdClaims<'a> {
    #[serde(flatten)]
    common: Common<'a>,
    aud: &'static str,
    at_hash: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a str>,
}

/// What the token endpoint answers (RFC 6749, section 5.1).
#[derive(Serialize)]
pub(super) struct Tokens {
    access_token: String,
    token_type: &'static str,
    expires_in: i64,
    id_token: String,
    refresh_token: String,
    scope: String,
}

impl SignedIn {
    /// Signs both tokens at this second.
    pub(super) fn tokens(
        &self,
        key: &SigningKey,
        nonce: Option<&str>,
        refresh_token: String,
        now: i64,
    ) -> Result<Tokens, jsonwebtoken::errors::Error> {
        let scope = self.scopes.join(" ");
        let access = AccessClaims {
            common: self.common(now),
            aud: AUDIENCE,
            client_id: self.client.id(),
            scope: scope.clone(),
            nbf: now,
        };
        let access_token = sign(key, &access)?;
        let id = IdClaims { common: self.common(now), aud: self.client.id(), at_hash: half_hash(&access_token), nonce };
        let id_token = sign(key, &id)?;
        Ok(Tokens { access_token, token_type: "Bearer", expires_in: ACCESS_LIFETIME_S, id_token, refresh_token, scope })
    }

    fn common(&self, now: i64) -> Common<'_> {
        Common {
            iss: &self.origin,
            sub: &self.chosen.sub,
            name: &self.chosen.name,
            tenant_id: &self.chosen.tenant,
            roles: &self.chosen.roles,
            auth_time: self.auth_time,
            acr: ACR,
            amr: AMR,
            iat: now,
            exp: now.saturating_add(ACCESS_LIFETIME_S),
        }
    }
}

/// The left half of a token's SHA-256 (OpenID Connect Core, section 3.1.3.6).
fn half_hash(token: &str) -> String {
    let hash = digest(&SHA256, token.as_bytes());
    let (half, _) = hash.as_ref().split_at(hash.as_ref().len() / 2);
    URL_SAFE_NO_PAD.encode(half)
}

/// The S256 challenge of a verifier (RFC 7636, section 4.2).
pub(super) fn challenge_of(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_the_specifications() {
        // RFC 7636, appendix B.
        assert_eq!(
            challenge_of("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
        // OpenID Connect Core, appendix A.3.
        assert_eq!(half_hash("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"), "77QmUPtjPfzWtF2AnpK9RQ");
    }
}
