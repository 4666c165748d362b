//! Whose token holds: as API Gateway's authorizer decides, one refusal a way to be wrong.

use alims_domain::timestamp::Timestamp;
use alims_local::folder::DataFolder;
use alims_local::key::SigningKey;
use alims_local::token::{AUDIENCE, ISSUER_DEFAULT, TokenRequest, issue};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use reqwest::Method;
use serde_json::{Value, json};

use crate::site::{Site, request};

/// A clock for signing what a server would not sign.
fn now() -> Timestamp {
    use alims_operations::ports::Clock;
    alims_runtime::SystemClock.now()
}

fn good_claims() -> Value {
    let now_s = now().unix_millis() / 1000;
    json!({
        "iss": ISSUER_DEFAULT, "aud": AUDIENCE, "sub": "alice", "tenant_id": "default", "roles": ["viewer"],
        "nbf": now_s, "exp": now_s + 600,
    })
}

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

/// Signs claims as the folder's key would.
fn signed(pem: &[u8], key_id: Option<String>, claims: &Value) -> String {
    let mut header = Header::new(Algorithm::RS256);
    header.kid = key_id;
    jsonwebtoken::encode(&header, claims, &EncodingKey::from_rsa_pem(pem).unwrap()).unwrap()
}

/// What the server says to a token: the status, and the description in the challenge.
async fn said(site: &Site, token: &str) -> (u16, String) {
    let answer = site.bearer(token.to_owned()).request(Method::GET, "/workflows").send().await.unwrap();
    let status = answer.status().as_u16();
    let challenge = answer.headers().get("www-authenticate").map_or("", |value| value.to_str().unwrap()).to_owned();
    let why = challenge.strip_prefix("Bearer scope=\"\" error=\"invalid_token\" error_description=\"");
    let why = why.and_then(|why| why.strip_suffix('"')).unwrap_or_default().to_owned();
    assert_eq!(status == 401, answer.text().await.unwrap() == r#"{"message":"Unauthorized"}"#);
    assert_eq!(status == 401, challenge.starts_with("Bearer"), "{challenge}");
    (status, why)
}

#[tokio::test]
async fn every_way_to_be_wrong_is_refused_and_told_apart() {
    let site = Site::open().await;
    let folder = DataFolder::open(site.data.path()).unwrap();
    let pem = std::fs::read(folder.key()).unwrap();
    let key_id = SigningKey::load_or_create(&folder).unwrap().public_set().keys[0].common.key_id.clone();
    assert_eq!(said(&site, &signed(&pem, key_id.clone(), &good_claims())).await, (200, String::new()));

    let elsewhere = tempfile::tempdir().unwrap();
    let other = DataFolder::open(elsewhere.path()).unwrap();
    let other_key = SigningKey::load_or_create(&other).unwrap();
    let other_pem = std::fs::read(other.key()).unwrap();
    let but = |name: &str, value: Value| {
        let mut claims = good_claims();
        claims[name] = value;
        signed(&pem, key_id.clone(), &claims)
    };
    let without = |name: &str| {
        let mut claims = good_claims();
        claims.as_object_mut().unwrap().remove(name);
        signed(&pem, key_id.clone(), &claims)
    };
    let now_s = now().unix_millis() / 1000;
    let good = signed(&pem, key_id.clone(), &good_claims());
    let [header, _, signature] = good.split('.').collect::<Vec<_>>().try_into().unwrap();
    let mut promoted = good_claims();
    promoted["roles"] = json!(["supervisor"]);

    let expired = TokenRequest { lifetime_s: -1, ..request("alice", "default", &["viewer"]) };
    let none = |claims: &Value| format!("{}.{}.", part(&json!({"alg": "none", "kid": key_id})), part(claims));
    let mut symmetric = Header::new(Algorithm::HS256);
    symmetric.kid.clone_from(&key_id);
    let public = serde_json::to_vec(&SigningKey::load_or_create(&folder).unwrap().public_set()).unwrap();
    let hs256 = jsonwebtoken::encode(&symmetric, &good_claims(), &EncodingKey::from_secret(&public)).unwrap();

    for (token, why) in [
        (String::new(), ""),
        ("a.b.c".to_owned(), "the token is malformed"),
        (site.server.token(&expired).unwrap(), "the token has expired"),
        (but("exp", json!(now_s - 1)), "the token has expired"),
        (without("exp"), "the token is malformed"),
        (but("nbf", json!(now_s + 60)), "the token is not valid yet (nbf)"),
        (but("iss", json!("https://elsewhere.example")), "the token has another issuer"),
        (but("aud", json!("another-service")), "the token has another audience"),
        (without("iss"), "the token is malformed"),
        (without("aud"), "the token is malformed"),
        (without("sub"), "the token is malformed"),
        (none(&good_claims()), "the token is malformed"),
        (hs256, "the token is not signed with RS256"),
        (
            issue(&other_key, ISSUER_DEFAULT, &request("alice", "default", &["viewer"]), now()).unwrap(),
            "the token's signing key is unknown",
        ),
        (signed(&other_pem, key_id.clone(), &good_claims()), "the token's signature is invalid"),
        (signed(&pem, None, &good_claims()), "the token's signing key is unknown"),
        (format!("{header}.{}.{signature}", part(&promoted)), "the token's signature is invalid"),
        (format!("{header}.{}.", part(&good_claims())), "the token's signature is invalid"),
    ] {
        assert_eq!(said(&site, &token).await, (401, why.to_owned()), "{token}");
    }
}

#[tokio::test]
async fn a_call_without_a_token_is_answered_as_api_gateway_answers_it() {
    let site = Site::open().await;
    for path in ["/workflows", "/workflows/w-1", "/events"] {
        for header in [None, Some("Basic YTpi"), Some("Bearer")] {
            let request = reqwest::Client::builder().no_proxy().build().unwrap().get(format!("{}{path}", site.base()));
            let request = header.into_iter().fold(request, |request, header| request.header("authorization", header));
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status(), 401, "{path} {header:?}");
            assert_eq!(answer.headers()["www-authenticate"], "Bearer");
            assert_eq!(answer.headers()["content-type"], "application/json");
            assert!(!answer.headers()["apigw-requestid"].is_empty());
            assert_eq!(answer.text().await.unwrap(), r#"{"message":"Unauthorized"}"#);
        }
    }
}

#[tokio::test]
async fn the_claims_reach_the_policies() {
    let site = Site::open().await;
    let body = json!({ "workflow_id": "w-1", "workflow_type": "free-form" });
    assert_eq!(site.person("vera", &["viewer"]).post("/workflows", &body).await.0, 403);
    assert_eq!(site.person("nobody", &[]).get("/workflows").await.0, 403);
    assert_eq!(site.person("alice", &["auditor", "analyst"]).post("/workflows", &body).await.0, 201);
    assert_eq!(site.person("vera", &["viewer"]).get("/workflows/w-1").await.0, 200);
    assert_eq!(site.person_of("other", "eve", &["viewer"]).get("/workflows/w-1").await.0, 404, "another tenant's");
}

/// The statuses of the list and of the events for a token with these claims beside or instead of good ones.
async fn statuses(site: &Site, claims: Value) -> [u16; 2] {
    let folder = DataFolder::open(site.data.path()).unwrap();
    let pem = std::fs::read(folder.key()).unwrap();
    let key_id = SigningKey::load_or_create(&folder).unwrap().public_set().keys[0].common.key_id.clone();
    let mut all = good_claims();
    all.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
    let person = site.bearer(signed(&pem, key_id, &all));
    let mut statuses = [0; 2];
    for (status, path) in statuses.iter_mut().zip(["/workflows", "/events"]) {
        *status = person.request(reqwest::Method::GET, path).send().await.unwrap().status().as_u16();
    }
    statuses
}

#[tokio::test]
async fn events_are_for_exactly_those_to_whom_the_api_answers() {
    let site = Site::open().await;
    let reserved = "alims.workflow-manager/recovery";
    for (claims, status) in [
        (json!({}), 200),
        (json!({"tenant_id": 7}), 200),
        (json!({"tenant_id": null}), 401),
        (json!({"tenant_id": "null"}), 401),
        (json!({"tenant_id": true}), 401),
        (json!({"tenant_id": ""}), 401),
        (json!({"tenant_id": ["lab"]}), 401),
        (json!({"tenant_id": ".."}), 401),
        (json!({"sub": reserved}), 401),
        (json!({"sub": "null"}), 401),
        (json!({"sub": " "}), 401),
        (json!({"roles": ["former viewer"]}), 403),
        (json!({"roles": ["former,viewer"]}), 403),
        (json!({"roles": "viewer auditor"}), 403),
        (json!({"roles": ["former", "viewer"]}), 200),
        (json!({"roles": "viewer"}), 200),
        (json!({"roles": null}), 403),
        (json!({"roles": {"viewer": true}}), 403),
    ] {
        assert_eq!(statuses(&site, claims.clone()).await, [status; 2], "{claims}");
    }
}

#[tokio::test]
async fn a_token_needs_one_of_the_scopes_that_are_asked_for() {
    let asks = |config: &mut alims_local::Config| config.scopes = vec!["alims/use".to_owned(), "alims/all".to_owned()];
    let site = Site::on(tempfile::tempdir().unwrap(), asks).await;
    for (claims, status) in [
        (json!({"scope": "alims/use"}), 200),
        (json!({"scope": "openid alims/all"}), 200),
        (json!({"scp": "openid alims/use"}), 200),
        (json!({"scp": ["openid", "alims/use"]}), 200),
        (json!({}), 403),
        (json!({"scope": ""}), 403),
        (json!({"scope": "openid profile"}), 403),
        (json!({"scope": "alims/user xalims/use"}), 403),
        (json!({"scope": "openid,alims/use"}), 403),
        (json!({"scope": ["alims/use"]}), 403),
        (json!({"scope": {"alims/use": true}}), 403),
        (json!({"scp": ["openid alims/use"]}), 403),
        (json!({"scp": 7}), 403),
        (json!({"roles": ["alims/use"]}), 403),
    ] {
        assert_eq!(statuses(&site, claims.clone()).await, [status; 2], "{claims}");
    }
    // As API Gateway answers it.
    let without = TokenRequest { scopes: Vec::new(), ..request("alice", "default", &["viewer"]) };
    let answer = site.bearer(site.server.token(&without).unwrap()).request(Method::GET, "/workflows").send().await;
    let answer = answer.unwrap();
    assert_eq!(answer.status(), 403);
    assert_eq!(
        answer.headers()["www-authenticate"],
        "Bearer scope=\"alims/use alims/all\" error=\"insufficient_scope\" \
         error_description=\"expected scopes: [alims/use alims/all]\""
    );
    assert!(!answer.headers()["apigw-requestid"].is_empty());
    assert_eq!(answer.text().await.unwrap(), r#"{"message":"Forbidden"}"#);
    // A token that does not hold at all is still a 401, whatever scope it claims.
    let expired = TokenRequest { lifetime_s: -1, scopes: vec!["alims/use".to_owned()], ..without };
    assert_eq!(said(&site, &site.server.token(&expired).unwrap()).await.0, 401);
}

#[tokio::test]
async fn a_scope_in_a_token_changes_nothing_where_none_is_asked_for() {
    let site = Site::open().await;
    for claims in [json!({}), json!({"scope": "openid"}), json!({"scp": 7})] {
        assert_eq!(statuses(&site, claims.clone()).await, [200; 2], "{claims}");
    }
}

#[tokio::test]
async fn a_former_supervisor_supervises_nothing() {
    let site = Site::open().await;
    site.person("alice", &["analyst"]).create("w-1").await;
    assert_eq!(site.person("alice", &["analyst"]).move_to("w-1", "ACTIVE").await.0, 200);
    for roles in [&["former supervisor"][..], &["x", "former supervisor", "supervisor]"], &["supervisor,x"]] {
        assert_eq!(site.person("bob", roles).move_to("w-1", "CANCELLED").await.0, 403, "{roles:?}");
    }
    assert_eq!(site.person("bob", &["former", "supervisor"]).move_to("w-1", "CANCELLED").await.0, 200);
}

#[tokio::test]
async fn two_tokens_in_one_request_are_none() {
    let site = Site::open().await;
    let token = site.server.token(&request("alice", "default", &["viewer"])).unwrap();
    for path in ["/workflows", "/events"] {
        let alice = site.bearer(token.clone()).request(reqwest::Method::GET, path).bearer_auth(&token);
        assert_eq!(alice.send().await.unwrap().status(), 401, "{path}");
    }
}

#[test]
fn servers_that_make_the_key_at_the_same_time_have_the_same_key() {
    let data = tempfile::tempdir().unwrap();
    let folder = DataFolder::open(data.path()).unwrap();
    let makers: Vec<_> = (0..8)
        .map(|_| {
            let folder = folder.clone();
            std::thread::spawn(move || SigningKey::load_or_create(&folder).unwrap().public_set())
        })
        .collect();
    let sets: Vec<_> = makers.into_iter().map(|maker| maker.join().unwrap()).collect();
    assert!(sets.iter().all(|set| *set == sets[0]));
    let left: Vec<_> = std::fs::read_dir(data.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["key"], "nothing is left behind");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(folder.key()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "the key is its owner's alone");
    }
}
