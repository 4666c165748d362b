//! The handler of create-workflow: `POST /workflows`.

#[cfg(feature = "openapi")]
pub mod openapi;
pub mod problems;
pub mod request;
pub mod response;
mod route;

use alims_edge::answer::Answer;
use alims_edge::exchange::Exchange;
use alims_edge::problem::Problem;
use alims_edge::reader::incoming::Incoming;
use alims_operations::create_workflow::{self as operation, Ports};
use alims_operations::ports::{QuarantineLog, TransitionRules, WorkflowLog};
use lambda_http::{Body, Request, Response};

pub use route::ROUTE;

/// Answers one request.
pub async fn create_workflow<L: WorkflowLog + QuarantineLog, R: TransitionRules>(
    ports: &Ports<L, R>,
    request: Request,
) -> Response<Body> {
    let request = Incoming::from(request);
    let exchange = Exchange::open(&ROUTE, &request);
    exchange.answer(answer(ports, &request)).await
}

async fn answer<L: WorkflowLog + QuarantineLog, R: TransitionRules>(
    ports: &Ports<L, R>,
    request: &Incoming,
) -> Result<Answer, Problem> {
    let (call, new) = request::read(request)?;
    let accepted = operation::create_workflow(ports, &call, &new).await.map_err(problems::problem)?;
    response::created(&accepted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alims_domain::lifecycle::State;
    use alims_edge::testing::{GatewayEvent, Seen};
    use alims_operations::ports::AccessPolicy;
    use alims_testing::builders::{a_created_of, a_key_of, a_move, at};
    use alims_testing::odd_documents;
    use alims_testing::{CallFault, EverybodyMay, Faulty, FixedClock, MemoryLog, NobodyMay, RulesThatAllow, Script};
    use alims_testing::{RulesThatAreDown, RulesThatDeny, SequentialIds};
    use serde_json::{Value, json};
    use std::sync::Arc;

    fn ports<L, R>(log: L, rules: R, policy: impl AccessPolicy + 'static) -> Ports<L, R> {
        let (clock, ids) = (Arc::new(FixedClock::new(at(0))), Arc::new(SequentialIds::default()));
        Ports { log, rules, policy: Arc::new(policy), clock, ids }
    }

    fn event() -> GatewayEvent {
        GatewayEvent::of(&ROUTE)
    }

    async fn asked<L: WorkflowLog + QuarantineLog, R: TransitionRules>(
        ports: &Ports<L, R>,
        event: &GatewayEvent,
    ) -> Seen {
        create_workflow(ports, event.request()).await.into()
    }

    #[tokio::test]
    async fn a_workflow_is_created_once_however_often_it_is_asked_for() {
        let log = MemoryLog::default();
        let ports = ports(log.clone(), RulesThatAllow, EverybodyMay);
        let event = event().header("idempotency-key", "k-1").json(&json!({"workflow_type": "sample-analysis"}));
        let first = asked(&ports, &event).await;
        let again = asked(&ports, &event).await;
        assert_eq!((first.status, again.status), (201, 200));
        assert_eq!(first.body, again.body);
        assert_eq!(first.headers, again.headers);
        assert_eq!(log.keys().len(), 1);
        let other = event.json(&json!({"workflow_type": "other"}));
        assert_eq!(asked(&ports, &other).await.code(), "idempotency-key-reused");
    }

    /// The workflow's own log remembers a key: no other place is asked.
    #[tokio::test]
    async fn a_key_belongs_to_one_workflow_and_one_caller() {
        let log = MemoryLog::default();
        let ports = ports(log.clone(), RulesThatAllow, EverybodyMay);
        let with = |id: &str, kind: &str| {
            let body = json!({"workflow_type": kind, "workflow_id": id});
            event().header("idempotency-key", "k-1").json(&body)
        };
        let statuses = async |asking: [GatewayEvent; 4]| {
            let mut seen = Vec::new();
            for event in asking {
                let answer = asked(&ports, &event).await;
                seen.push(answer.status);
            }
            seen
        };
        let named = [with("wf-1", "a"), with("wf-1", "a"), with("wf-2", "a"), with("wf-1", "b")];
        assert_eq!(statuses(named).await, [201, 200, 201, 422]);
        let unnamed = || event().header("idempotency-key", "k-1").json(&json!({"workflow_type": "a"}));
        let of_bob = unnamed().claim("sub", "bob");
        let other = unnamed().json(&json!({"workflow_type": "b"}));
        assert_eq!(statuses([unnamed(), unnamed(), other, of_bob]).await, [201, 200, 422, 201]);
        assert_eq!(log.keys().len(), 4);
    }

    #[tokio::test]
    async fn what_is_refused_says_why_and_creates_nothing() {
        let sound = event().json(&json!({"workflow_type": "sample-analysis", "workflow_id": "wf-1"}));
        let log = MemoryLog::default();
        let seen = asked(&ports(log.clone(), RulesThatDeny, EverybodyMay), &sound).await;
        assert_eq!((seen.status, seen.code()), (422, "rule-violation"));
        assert_eq!(seen.body["reasons"].as_array().map(Vec::len), Some(2));
        let seen = asked(&ports(log.clone(), RulesThatAreDown, EverybodyMay), &sound).await;
        assert_eq!((seen.status, seen.code()), (503, "rules-engine-unavailable"));
        let seen = asked(&ports(log.clone(), RulesThatAllow, NobodyMay), &sound).await;
        assert_eq!((seen.status, seen.code()), (403, "forbidden"));
        let broken = Faulty::new(log.clone(), &Script::failing(0, CallFault::BeforeEffect));
        let seen = asked(&ports(broken, RulesThatAllow, EverybodyMay), &sound).await;
        assert_eq!((seen.status, seen.code()), (503, "storage-unavailable"));
        assert!(log.keys().iter().all(|key| log.entries(key).0.is_empty()));

        let ports = ports(log, RulesThatAllow, EverybodyMay);
        assert_eq!(asked(&ports, &sound).await.status, 201);
        assert_eq!(asked(&ports, &sound).await.code(), "workflow-already-exists");
    }

    #[tokio::test]
    async fn a_bad_request_is_told_what_is_wrong_and_leaves_no_trace() {
        let metadata_of_65_kib = json!({"workflow_type": "a", "metadata": {"x": "x".repeat(65 * 1024)}});
        let bad = [
            (event().anonymous().json(&json!({"workflow_type": "a"})), 401),
            (event().claim("tenant_id", "a b").json(&json!({"workflow_type": "a"})), 401),
            (event(), 400),
            (event().body("{\"workflow_type\": "), 400),
            (event().body("not json"), 400),
            (event().body(b"\xff\xfe".to_vec()), 400),
            (event().body(vec![b' '; 10 * 1024 * 1024]), 400),
            (event().body(vec![b'['; 10 * 1024 * 1024]), 413),
            (event().json(&metadata_of_65_kib), 413),
            (event().json(&json!([])), 400),
            (event().json(&json!({})), 400),
            (event().json(&json!({"workflow_type": 7})), 400),
            (event().json(&json!({"workflow_type": "a", "state": "ACTIVE"})), 400),
            (event().json(&json!({"workflow_type": "a", "workflow_id": "a/b"})), 400),
            (event().json(&json!({"workflow_type": "a", "workflow_id": "a\u{0}"})), 400),
            (event().json(&json!({"workflow_type": "a", "metadata": []})), 400),
            (event().body(r#"{"workflow_type": "a", "workflow_type": "b"}"#), 400),
            (event().body(r#"{"workflow_type": "a", "metadata": {"n": 9007199254740993}}"#), 400),
            (event().body(r#"{"workflow_type": "a", "metadata": {"n": 0.12345678901234567890}}"#), 400),
            (event().header("idempotency-key", "a b").json(&json!({"workflow_type": "a"})), 400),
            (event().header("x-correlation-id", "a b").json(&json!({"workflow_type": "a"})), 400),
            (event().query("dry_run=true").json(&json!({"workflow_type": "a"})), 400),
            (event().header("content-type", "text/plain").body(r#"{"workflow_type": "a"}"#), 415),
            (event().header("content-type", "text/plain").body("workflow_type=a"), 415),
            (event().header("content-encoding", "gzip").body(b"\x1f\x8b\x08".to_vec()), 415),
            (event().body(b"\xef\xbb\xbf{}".to_vec()), 400),
        ];
        let script = Script::default();
        let log = MemoryLog::default();
        let ports = ports(Faulty::new(log, &script), RulesThatAllow, EverybodyMay);
        for (number, (event, status)) in bad.iter().enumerate() {
            let seen = asked(&ports, event).await;
            assert_eq!(seen.status, *status, "{number}: {}", seen.body);
            assert_eq!(seen.headers["content-type"], "application/problem+json");
            let told = seen.body.get("errors").and_then(|errors| errors.as_array()).map_or(0, Vec::len);
            // A body that is too large as a whole has no place in itself.
            let names_none =
                *status == 401 || seen.body["detail"].as_str().is_some_and(|it| it.starts_with("The body"));
            assert_eq!(told > 0, !names_none, "{number}: {}", seen.body);
        }
        assert_eq!(script.calls(), Vec::<&str>::new());
    }

    #[tokio::test]
    async fn a_created_workflow_shows_its_labels_due_date_assignee_and_what_it_replaces() {
        let log = MemoryLog::default();
        let ports = ports(log.clone(), RulesThatAllow, EverybodyMay);
        let old = a_created_of(&a_key_of(&"lab".parse().expect("a tenant"), "wf-0"));
        let active = a_move(&old, State::Active);
        log.overwrite(a_move(&active, State::Cancelled));
        let body = json!({
            "workflow_type": "free-form", "workflow_id": "wf-1", "labels": {"sample": "S-1"},
            "due_at": "2026-11-25T17:00:00+01:00", "assignee": "bob", "replaces": "wf-0"
        });
        let seen = asked(&ports, &event().json(&body)).await;
        assert_eq!(seen.status, 201, "{}", seen.body);
        let told = ["labels", "due_at", "assignee", "replaces"].map(|member| seen.body[member].clone());
        assert_eq!(told, [json!({"sample": "S-1"}), json!("2026-11-25T16:00:00.000Z"), json!("bob"), json!("wf-0")]);
        let stored = log.entries(&a_key_of(&"lab".parse().expect("a tenant"), "wf-1")).0;
        assert_eq!(stored[0].event.labels.iter().count(), 1);

        let refused = async |replaces: &str| {
            let body = json!({"workflow_type": "free-form", "workflow_id": "wf-2", "replaces": replaces});
            let seen = asked(&ports, &event().json(&body)).await;
            (seen.status, seen.code().to_owned(), seen.body["current_state"].clone())
        };
        let not_closed = (422, "replaced-workflow-not-closed".to_owned(), json!("CREATED"));
        assert_eq!(refused("wf-1").await, not_closed);
        assert_eq!(refused("wf-9").await, (422, "replaced-workflow-not-found".to_owned(), Value::Null));
        let bare = asked(&ports, &event().json(&json!({"workflow_type": "free-form"}))).await;
        let members = ["labels", "due_at", "assignee", "replaces"];
        assert!(members.iter().all(|member| bare.body.get(member).is_none()), "{}", bare.body);
    }

    #[tokio::test]
    async fn metadata_with_odd_names_is_read_back_the_same_or_refused_at_each_reserved_name() {
        let log = MemoryLog::default();
        let ports = ports(log.clone(), RulesThatAllow, EverybodyMay);
        for (number, document) in odd_documents::all().into_iter().enumerate() {
            let text = &document.text;
            let body = format!(r#"{{"workflow_type":"a","workflow_id":"w-{number}","metadata":{text}}}"#);
            let seen = asked(&ports, &event().header("content-type", "application/json").body(body)).await;
            let key = a_key_of(&"lab".parse().expect("a tenant"), &format!("w-{number}"));
            let stored = log.entries(&key).0;
            if document.is_free() {
                assert_eq!(seen.status, 201, "{text}: {}", seen.body);
                assert_eq!(seen.body["metadata"].as_object(), Some(&document.object), "{text}");
                assert_eq!(stored[0].event.metadata.as_object(), &document.object, "{text}");
            } else {
                assert_eq!((seen.status, seen.code()), (400, "malformed-request"), "{text}");
                assert_eq!(seen.pointers(), document.reserved_below("/metadata"), "{text}");
                assert_eq!(stored, []);
            }
        }
    }
}
