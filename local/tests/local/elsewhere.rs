//! Functions elsewhere: this server verifies the token, and only then calls them by Lambda's interface.

use alims_local::{Config, Server};
use axum::Router;
use axum::body::Bytes;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use http::StatusCode;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use tempfile::TempDir;

use crate::site::Site;

/// The calls of functions that a stand-in took: the function's name and the event.
type Calls = Arc<Mutex<Vec<(String, Value)>>>;

/// A server that calls a stand-in for `sam local start-lambda`, which answers every call with `answer`.
async fn calling(answer: impl Fn() -> Response + Clone + Send + Sync + 'static) -> (Site, Calls) {
    let calls = Calls::default();
    let kept = calls.clone();
    let take = move |Path(name): Path<String>, body: Bytes| {
        kept.lock().unwrap().push((name, serde_json::from_slice(&body).unwrap()));
        let answer = answer();
        async move { answer }
    };
    let routes = Router::new().route("/2015-03-31/functions/{name}/invocations", post(take));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, routes).await });
    (at(&endpoint).await, calls)
}

async fn at(endpoint: &str) -> Site {
    let data: TempDir = tempfile::tempdir().unwrap();
    let functions_at = Some(endpoint.parse().unwrap());
    let server = Server::start(Config { functions_at, ..Config::new(data.path()) }).await.unwrap();
    Site { data, server }
}

#[tokio::test]
async fn a_function_elsewhere_gets_the_claims_that_this_server_verified_and_its_answer_is_passed_on() {
    let answered = || {
        let body = json!({"statusCode": 200, "headers": {"etag": "\"7\""}, "multiValueHeaders": {},
            "body": "{\"version\":7}", "isBase64Encoded": false, "cookies": []});
        body.to_string().into_response()
    };
    let (site, calls) = calling(answered).await;
    let (status, answer) = site.person("alice", &["alims:supervisor"]).get("/workflows/sample-1").await;
    assert_eq!((status, answer), (StatusCode::OK, json!({"version": 7})));
    let calls = calls.lock().unwrap();
    let [(name, event)] = &calls[..] else { panic!("{calls:?}") };
    assert_eq!(name, "GetWorkflowStateFunction");
    assert_eq!(event["routeKey"], "GET /workflows/{workflow_id}");
    let claims = &event["requestContext"]["authorizer"]["jwt"]["claims"];
    assert_eq!((&claims["sub"], &claims["roles"]), (&json!("alice"), &json!("[alims:supervisor]")));
}

#[tokio::test]
async fn no_function_elsewhere_is_called_for_a_token_that_this_server_cannot_verify() {
    let (site, calls) = calling(|| "{}".into_response()).await;
    let (other, _) = calling(|| "{}".into_response()).await;
    let foreign = other.server.token(&crate::site::request("alice", "default", &["supervisor"])).unwrap();
    for token in [foreign, "x.y.z".to_owned(), String::new()] {
        let (status, _) = site.bearer(token).get("/workflows").await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(calls.lock().unwrap().len(), 0);
}

#[tokio::test]
async fn a_function_elsewhere_that_fails_or_is_not_there_is_an_error_as_on_aws() {
    // What comes with an error is no answer, even if it has the form of one.
    const ANSWER: &str = r#"{"statusCode":200,"headers":{},"multiValueHeaders":{},"body":"{}","cookies":[]}"#;
    let failed = || ([("x-amz-function-error", "Unhandled")], ANSWER).into_response();
    let large = || vec![b' '; 7 * 1024 * 1024].into_response();
    let sites = [
        calling(failed).await.0,
        calling(|| (StatusCode::NOT_FOUND, ANSWER).into_response()).await.0,
        calling(|| r#"{"errorMessage": "x"}"#.into_response()).await.0,
        calling(|| r#"{"statusCode": "no"}"#.into_response()).await.0,
        calling(|| vec![0xff].into_response()).await.0,
        calling(large).await.0,
        at("http://127.0.0.1:9").await,
    ];
    for site in sites {
        let (status, answer) = site.person("alice", &["viewer"]).get("/workflows").await;
        assert_eq!((status, answer), (StatusCode::INTERNAL_SERVER_ERROR, json!({"message": "Internal Server Error"})));
    }
}
