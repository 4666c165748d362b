//! What the edge answers without a function: routes, bounds of bodies, and documents that need no token.

use alims_local::BODY_BYTES_MAX;
use reqwest::{Client, Method};
use serde_json::{Value, json};

use crate::site::Site;

#[tokio::test]
async fn an_unknown_path_and_a_wrong_method_are_answered_as_an_http_api_answers_them() {
    let site = Site::open().await;
    let alice = site.person("alice", &["analyst"]);
    let paths = ["/nothing", "/workflows/", "/workflows/w-1/nothing"].map(|path| (Method::GET, path));
    let methods = [Method::DELETE, Method::OPTIONS, Method::HEAD, Method::PUT].map(|method| (method, "/workflows/w-1"));
    for (method, path) in paths.into_iter().chain(methods) {
        let answer = alice.request(method.clone(), path).send().await.unwrap();
        assert_eq!(answer.status(), 404, "{method} {path}");
        assert_eq!(answer.headers()["content-type"], "application/json");
        assert!(answer.headers().contains_key("apigw-requestid") && !answer.headers().contains_key("allow"));
        if method != Method::HEAD {
            assert_eq!(answer.text().await.unwrap(), r#"{"message":"Not Found"}"#, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_and_the_refusal_is_read() {
    let site = Site::open().await;
    let alice = site.person("alice", &["analyst"]);
    let by_the_gateway = r#"{"message":"Request Entity Too Large"}"#;
    for (bytes, text) in [
        (BODY_BYTES_MAX, r#""code":"payload-too-large""#),
        (BODY_BYTES_MAX + 1, by_the_gateway),
        (20_000_000, by_the_gateway),
    ] {
        let sent = alice.request(Method::POST, "/workflows").header("content-type", "application/json");
        let answer = sent.body(vec![b'x'; bytes]).send().await.unwrap();
        assert_eq!(answer.status(), 413, "{bytes}");
        let body = answer.text().await.unwrap();
        assert!(body.contains(text), "{body}");
    }
    alice.create("w-1").await;
}

#[tokio::test]
async fn a_name_in_a_path_is_decoded_once_and_judged_by_the_function() {
    let site = Site::open().await;
    let alice = site.person("alice", &["analyst"]);
    alice.create("im-1").await;
    alice.create("a:b").await;
    for path in ["/workflows/a%3Ab", "/workflows/a%3ab", "/workflows/im%2D1", "/workflows/%69m-1"] {
        assert_eq!(alice.get(path).await.0, 200, "{path}");
    }
    for name in ["im%252D1", "a%2Fb", "a%00b", "%FF", "a%20b", "im-1%3Fx", "im-1%23x", "im-1%25", "%25", "%5C"] {
        let (status, body) = alice.get(&format!("/workflows/{name}")).await;
        assert_eq!((status.as_u16(), &body["code"]), (400, &json!("malformed-request")), "{name}");
    }
}

#[tokio::test]
async fn what_is_created_is_found_by_a_client_that_normalises_paths_and_nothing_else_is_created() {
    let site = Site::open().await;
    let alice = site.person("alice", &["analyst"]);
    for id in ["...", "..a", ".a", "a.", "a..", ":", "-", "_", "a:b"] {
        alice.create(id).await;
        let (status, body) = alice.get(&format!("/workflows/{id}")).await;
        assert_eq!((status.as_u16(), &body["workflow_id"]), (200, &json!(id)));
    }
    for id in [".", "..", "%2e", "%2E%2e", "\\", "a/..", ""] {
        let (status, body) = alice.post("/workflows", &json!({"workflow_id": id, "workflow_type": "check"})).await;
        assert_eq!((status.as_u16(), &body["errors"][0]["pointer"]), (400, &json!("/workflow_id")), "{id}");
    }
}

#[tokio::test]
async fn documents_need_no_token_and_no_internet() {
    let site = Site::open().await;
    let client = Client::builder().no_proxy().build().unwrap();
    let get = async |path: &str| {
        let answer = client.get(format!("{}{path}", site.base())).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        answer.text().await.unwrap()
    };
    let json = async |path: &str| serde_json::from_str::<Value>(&get(path).await).unwrap();
    assert_eq!(json("/health").await["status"], "ok");
    let keys = json("/.well-known/jwks.json").await;
    assert_eq!((&keys["keys"][0]["kty"], &keys["keys"][0]["alg"]), (&json!("RSA"), &json!("RS256")));
    assert!(keys["keys"][0].get("d").is_none(), "the private key stays private");
    let discovery = json("/.well-known/openid-configuration").await;
    assert_eq!(discovery["jwks_uri"], format!("{}/.well-known/jwks.json", site.base()));
    assert!(json("/openapi.json").await["paths"]["/workflows"]["post"].is_object());
    for page in ["/docs", "/docs/"] {
        let page = get(page).await;
        assert!(page.contains("swagger-ui"), "{page}");
        assert!(!page.contains("https://"), "nothing is loaded from elsewhere: {page}");
    }
    assert!(get("/docs/swagger-ui-bundle.js").await.len() > 100_000);
    let settings = get("/docs/swagger-initializer.js").await;
    for setting in ["\"tryItOutEnabled\": true", "\"persistAuthorization\": true", "\"layout\": \"BaseLayout\""] {
        assert!(settings.contains(setting), "{setting}: {settings}");
    }
    assert_eq!(json("/openapi.json").await["servers"], serde_json::json!([{"url": "/"}]), "the page calls this server");
}
