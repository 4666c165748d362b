//! The adapter against a fake of Secrets Manager: what it finds, what it says when it finds nothing, and that nobody
//! ever sees the secret.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that meets what it does not expect must fail")]

use alims_domain::event::Workflow;
use alims_domain::lifecycle::State;
use alims_domain::ruling::{RulesQuestion, Transition};
use alims_domain::signature::Signatures;
use alims_operations::ports::TransitionRules;
use alims_rules::{Authorization, KeptToken, Reach, RemoteRules};
use alims_testing::builders::{a_created, a_move, a_principal, at, metadata};
use alims_testing::fake_engine::{Deed, FakeEngine, a_yes};
use aws_config::{BehaviorVersion, Region};
use aws_sdk_secretsmanager::config::Credentials;
use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use serde_json::{Value, json};
use std::error::Error;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const ARN: &str = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:rules-AbCdEf";
/// What must be seen nowhere.
const PLANTED: &str = "pl4nted-s3cret";

/// All log lines, at every level.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A service that answers every call so; how often it was called.
async fn service(status: u16, body: String) -> (aws_types::SdkConfig, Arc<Mutex<usize>>) {
    let calls = Arc::new(Mutex::new(0));
    let counted = calls.clone();
    let app = Router::new().fallback(move |headers: HeaderMap, sent: String| {
        assert_eq!(headers["x-amz-target"], "secretsmanager.GetSecretValue");
        assert_eq!(serde_json::from_str::<Value>(&sent).unwrap(), json!({"SecretId": ARN}));
        *counted.lock().unwrap() += 1;
        let answer =
            (StatusCode::from_u16(status).unwrap(), [("content-type", "application/x-amz-json-1.1")], body.clone());
        async move { answer.into_response() }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    let config = aws_config::defaults(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .endpoint_url(format!("http://{address}"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .load()
        .await;
    (config, calls)
}

fn found(members: Value) -> String {
    let mut answer = json!({"ARN": ARN, "Name": "rules", "VersionId": "v"});
    answer.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    answer.to_string()
}

/// Has a question judged by an engine that asks for the secret: the head of what the engine got, or why nothing.
async fn judged(config: &aws_types::SdkConfig) -> Result<String, String> {
    let engine = FakeEngine::that(Deed::Answer(a_yes())).await;
    let token = KeptToken::new(alims_secretsmanager::secret(config, ARN));
    let authorization = Authorization::Kept(Arc::new(token));
    let reach = Reach { endpoint: engine.url.parse().unwrap(), deadline: Duration::from_secs(5), authorization };
    let rules = RemoteRules::new(reach).unwrap();
    let active = a_move(&a_created("wf-1"), State::Active);
    let (workflow, actor) = (Workflow::from(&active.event), a_principal("bob", &["supervisor"]));
    let transition = Transition {
        from: Some(State::Active),
        to: State::Completed,
        reason: Some("It is done.".parse().unwrap()),
        data: metadata(&json!({})).into(),
        failure: None,
        signature: None,
        signatures: Signatures::default(),
    };
    let question = RulesQuestion {
        request_id: "request-1",
        workflow: &workflow,
        transition: &transition,
        actor: &actor,
        context: None,
        now: at(9000),
    };
    let judged = rules.judge(&question).await;
    let shown = format!("{rules:?} {judged:?}");
    assert!(!shown.contains("pl4nted"), "{shown}");
    match judged {
        Ok(_) => Ok(engine.received()[0].head.clone()),
        Err(unavailable) => {
            assert_eq!(engine.calls(), 0, "an engine is not asked without the token");
            let mut why = Vec::new();
            let mut next: Option<&dyn Error> = Some(&unavailable);
            while let Some(error) = next {
                why.push(error.to_string());
                next = error.source();
            }
            Err(why.join(": "))
        }
    }
}

#[tokio::test]
async fn the_engine_gets_the_secret_and_nobody_else_sees_it() {
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(move || writer.clone()).finish();
    let _guard = tracing::subscriber::set_default(subscriber);

    for secret in [PLANTED.to_owned(), format!("{PLANTED}\n"), json!({"token": PLANTED}).to_string()] {
        let (config, _) = service(200, found(json!({"SecretString": secret}))).await;
        let head = judged(&config).await.unwrap();
        assert!(head.contains(&format!("authorization: Bearer {PLANTED}\r\n")), "{head}");
    }
    let error = |name: &str| json!({"__type": name, "message": "on purpose"}).to_string();
    let whole = found(json!({"SecretString": PLANTED}));
    for (status, body, why, tries) in [
        (400, error("ResourceNotFoundException"), "Secrets Manager refused with ResourceNotFoundException", 1),
        (400, error("AccessDeniedException"), "Secrets Manager refused with AccessDeniedException", 1),
        (400, error("DecryptionFailure"), "Secrets Manager refused with DecryptionFailure", 1),
        (400, error("InvalidRequestException"), "Secrets Manager refused with InvalidRequestException", 1),
        (400, error("ThrottlingException"), "Secrets Manager refused with ThrottlingException", 2),
        (500, error("InternalServiceError"), "Secrets Manager refused with InternalServiceError", 2),
        (500, "no JSON".to_owned(), "Secrets Manager gave no readable answer in time", 2),
        (200, found(json!({"SecretBinary": "cGw0bnRlZA=="})), "the secret holds binary data; store a text", 1),
        (200, whole[..whole.len() - 4].to_owned(), "Secrets Manager gave no readable answer in time", 1),
        (200, found(json!({"SecretString": ""})), "it is empty", 1),
        (
            200,
            found(json!({"SecretString": format!("{PLANTED} x")})),
            "it holds characters that no bearer token has",
            1,
        ),
        (200, found(json!({"SecretString": PLANTED.repeat(1000)})), "it is longer than 8192 bytes", 1),
    ] {
        let (config, calls) = service(status, body).await;
        let said = judged(&config).await.unwrap_err();
        assert!(said.contains(why), "{said}");
        assert!(!said.contains("pl4nted"), "{said}");
        assert_eq!(*calls.lock().unwrap(), tries, "{why}");
    }
    let said = String::from_utf8_lossy(&lines.0.lock().unwrap()).into_owned();
    assert!(said.len() > 1000, "this test sees the lines");
    let seen = said.lines().find(|line| line.contains("pl4nted"));
    assert_eq!(seen, None);
}
