//! The edge itself: tokens, unknown routes, methods.

use reqwest::Method;
use serde_json::json;

use crate::lab::{Answer, Lab, client};

#[tokio::test]
async fn a_request_without_a_good_token_learns_nothing_and_does_nothing() {
    let lab = Lab::open().await;
    let other = Lab::open().await;
    let alice = lab.everybody();
    alice.create("w").await.expect(201);
    let good = lab.token("alice", "default", &["supervisor"], 3600);
    let foreign = other.token("alice", "default", &["supervisor"], 3600);
    // {"alg":"none"} over the good token's claims, with no signature; and one bit of the good signature turned.
    let claims = good.split('.').nth(1).unwrap();
    let none = format!("eyJhbGciOiJub25lIn0.{claims}.");
    let (head, signature) = good.rsplit_once('.').unwrap();
    let turned = if signature.starts_with('A') { 'B' } else { 'A' };
    let altered = format!("{head}.{turned}{}", &signature[1..]);
    let expired = lab.token("alice", "default", &["supervisor"], -3600);
    for bad in ["", "nonsense", &foreign, &none, &altered, &expired] {
        let mallory = lab.bearer(bad);
        mallory.get("/workflows/w").await.refused_by_the_gateway(401);
        mallory.go("w", "ACTIVE").await.refused_by_the_gateway(401);
    }
    let bare = client().get(format!("http://{}/workflows", lab.server.address()));
    let answer = Answer::to(bare).await;
    assert!(answer.header("www-authenticate").starts_with("Bearer"));
    answer.refused_by_the_gateway(401);
    assert_eq!(alice.state("w").await["version"], 1);
}

#[tokio::test]
async fn a_path_or_method_that_is_not_served_is_refused() {
    let lab = Lab::open().await;
    let alice = lab.everybody();
    alice.get("/nowhere").await.refused_by_the_gateway(404);
    Answer::to(alice.request(Method::DELETE, "/workflows/w")).await.refused_by_the_gateway(404);
}

#[tokio::test]
async fn the_correlation_of_a_request_is_in_its_event() {
    let lab = Lab::open().await;
    let alice = lab.everybody();
    let request = alice.request(Method::POST, "/workflows").header("x-correlation-id", "order-17");
    Answer::to(request.json(&json!({"workflow_type": "free-form", "workflow_id": "w"}))).await.expect(201);
    assert_eq!(alice.history("w").await[0]["correlation_id"], "order-17");
    let request = alice.request(Method::POST, "/workflows").header("x-correlation-id", "a b");
    Answer::to(request.json(&json!({"workflow_type": "free-form"}))).await.refused(400, "malformed-request");
}

#[tokio::test]
async fn the_contract_and_its_page_come_without_a_token_and_without_the_internet() {
    let lab = Lab::open().await;
    let nobody = lab.bearer("");
    let document = nobody.get("/openapi.json").await.expect(200);
    assert_eq!(document["openapi"].as_str().map(|version| &version[..3]), Some("3.1"));
    let page = nobody.get("/docs").await;
    assert_eq!(page.status, 200);
    assert!(!page.body.to_string().contains("https://"), "the page must not reach for the internet");
    assert_eq!(nobody.get("/.well-known/jwks.json").await.expect(200)["keys"].as_array().unwrap().len(), 1);
}
