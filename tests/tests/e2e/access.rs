//! Who is let in, and what each function's role may not do.

use alims_interface::ROUTES;
use aws_sdk_dynamodb::config::Credentials;
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::types::{AttributeValue, DeleteRequest, WriteRequest};
use serde_json::json;

use crate::people::Person;
use crate::world::{WORLD, aws, cli};

#[tokio::test]
async fn every_route_refuses_a_token_that_does_not_hold_and_none_at_all() {
    let honest = Person::everybody();
    let strangers = [
        ("no token", Person::nobody()),
        ("no JWT", Person::bearer("not-a-token")),
        ("a forged signature", honest.forged()),
        ("another audience", Person::with_claims(&json!({"sub": "alice", "aud": "somebody-else"}))),
        ("another issuer", Person::with_claims(&json!({"sub": "alice", "iss": "https://issuer.example"}))),
        ("an expired token", Person::with_claims(&json!({"sub": "alice", "exp": 1_700_000_000}))),
    ];
    for operation in ROUTES {
        let path = operation.path.replace("{workflow_id}", "w-1");
        let body = (operation.method != "GET").then(|| json!({}));
        for (who, stranger) in &strangers {
            let answer = stranger.ask(operation.method.clone(), &path, body.as_ref()).await;
            assert_eq!(answer.status, 401, "{who} at {} {path}: {}", operation.method, answer.body);
        }
        let answer = honest.ask(operation.method.clone(), &path, body.as_ref()).await;
        assert!(![401, 403].contains(&answer.status.as_u16()), "{} {path}: {}", operation.method, answer.body);
    }
}

#[tokio::test]
async fn every_route_refuses_a_token_without_a_required_scope() {
    for scope in [json!(null), json!("openid"), json!("alims/use2 x-alims/use")] {
        let stranger = Person::with_claims(&json!({"sub": "alice", "roles": ["viewer"], "scope": scope}));
        for operation in ROUTES {
            let path = operation.path.replace("{workflow_id}", "w-1");
            let body = (operation.method != "GET").then(|| json!({}));
            let answer = stranger.ask(operation.method.clone(), &path, body.as_ref()).await;
            assert_eq!((answer.status.as_u16(), answer.body), (403, json!({"message": "Forbidden"})), "{scope} {path}");
        }
    }
}

#[tokio::test]
async fn a_role_that_may_only_read_moves_nothing() {
    let alice = Person::everybody();
    alice.create("guarded").await.expect(201);
    let viewer = Person::with_roles("victor", &["viewer"]);
    viewer.get("/workflows/guarded").await.expect(200);
    viewer.create("guarded-2").await.refused(403, "forbidden");
    viewer.go("guarded", "ACTIVE").await.refused(403, "forbidden");
    viewer.post("/workflows/guarded/recovery", &json!({"reason": "try"})).await.refused(403, "forbidden");
    // The own attempts, and no others.
    let history = viewer.get("/workflows/guarded/history?include=refusals").await.expect(200);
    let refusals = |entry: &&serde_json::Value| entry["event_type"] == "WorkflowTransitionRefused";
    let refused: Vec<_> = history["items"].as_array().unwrap().iter().filter(refusals).collect();
    assert!(!refused.is_empty() && refused.iter().all(|entry| entry["requested_by"] == "victor"), "{history}");
    let without_roles = Person::with_claims(&json!({"sub": "nora"}));
    without_roles.get("/workflows/guarded").await.refused(403, "forbidden");
    assert_eq!(alice.get("/workflows/guarded").await.expect(200)["version"], 1);
}

#[tokio::test]
async fn a_token_without_a_tenant_and_a_role_of_two_words_let_nobody_in() {
    Person::everybody().create("with-a-tenant").await.expect(201);
    let nowhere = Person::with_claims(&json!({"sub": "nora", "tenant_id": null, "roles": ["viewer"]}));
    nowhere.get("/workflows/with-a-tenant").await.refused(401, "unauthenticated");
    let former = Person::with_claims(&json!({"sub": "sue", "roles": ["former", "x alims:supervisor"]}));
    former.get("/workflows/with-a-tenant").await.refused(403, "forbidden");
}

#[tokio::test]
async fn another_tenant_s_workflow_does_not_exist() {
    Person::everybody().create("ours").await.expect(201);
    let claims = json!({"sub": "alice", "tenant_id": "elsewhere", "roles": ["supervisor", "auditor", "analyst"]});
    let elsewhere = Person::with_claims(&claims);
    elsewhere.get("/workflows/ours").await.refused(404, "workflow-not-found");
    elsewhere.go("ours", "ACTIVE").await.refused(404, "workflow-not-found");
}

#[tokio::test]
async fn no_role_may_change_or_remove_what_the_log_holds() {
    Person::everybody().create("kept").await.expect(201);
    let table = WORLD.output("LogTableName");
    // The state machine's role lets only Step Functions in, and may call a function and nothing else.
    let functions = WORLD.resources("Function");
    let roles: Vec<_> = WORLD.resources("Role").into_iter().filter(|(name, _)| functions.contains_key(name)).collect();
    assert!(roles.len() > ROUTES.len(), "every function has a role of its own: {roles:?}");
    for (function, role) in roles {
        let log = log_as(role).await;
        let key = [("pk", "default#kept"), ("entry", "v#0000000001")];
        let key = key.map(|(name, text)| (name.to_owned(), AttributeValue::S(text.to_owned())));
        let delete = log.delete_item().table_name(table).set_key(Some(key.clone().into())).send().await;
        assert_denied(function, delete.unwrap_err().code());
        let update = log.update_item().table_name(table).set_key(Some(key.clone().into()));
        let update = update.update_expression("SET hash = pk").send().await;
        assert_denied(function, update.unwrap_err().code());
        let request = DeleteRequest::builder().set_key(Some(key.into())).build().unwrap();
        let request = WriteRequest::builder().delete_request(request).build();
        let batch = log.batch_write_item().request_items(table, vec![request]).send().await;
        assert_denied(function, batch.unwrap_err().code());
    }
    let verified = Person::everybody().get("/workflows/kept/history/verification").await.expect(200);
    assert_eq!(verified["valid"], true, "{verified}");
}

#[track_caller]
fn assert_denied(function: &str, code: Option<&str>) {
    assert_eq!(code, Some("AccessDeniedException"), "{function}");
}

/// `DynamoDB` as seen by whoever has a role.
async fn log_as(role: &str) -> aws_sdk_dynamodb::Client {
    let arn = format!("arn:aws:iam::{}:role/{role}", WORLD.text("account"));
    let answer = cli(&["sts", "assume-role", "--role-session-name", "e2e", "--role-arn", &arn]);
    let text = |name: &str| answer["Credentials"][name].as_str().unwrap().to_owned();
    let credentials =
        Credentials::new(text("AccessKeyId"), text("SecretAccessKey"), Some(text("SessionToken")), None, "e2e");
    let config = aws_sdk_dynamodb::config::Builder::from(&aws().await).credentials_provider(credentials);
    aws_sdk_dynamodb::Client::from_conf(config.build())
}
