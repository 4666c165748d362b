//! The handler of request-state-transition: `POST /workflows/{workflow_id}/transitions`.

#[cfg(feature = "openapi")]
pub mod openapi;
pub mod request;
pub mod response;
mod route;

use alims_edge::answer::Answer;
use alims_edge::exchange::Exchange;
use alims_edge::problem::Problem;
use alims_edge::reader::incoming::Incoming;
use alims_operations::ports::{QuarantineLog, TransitionRules, WorkflowLog};
use alims_operations::request_state_transition::{self as operation, Ports};
use lambda_http::{Body, Request, Response};

use crate::request::TransitionCall;

pub use route::ROUTE;

/// Answers one request.
pub async fn request_state_transition<L: WorkflowLog + QuarantineLog, R: TransitionRules>(
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
    let TransitionCall { call, workflow_id, request, dry_run, if_match } = request::read(request)?;
    let refused = |error| Problem::from(error).under_if_match(if_match);
    if dry_run {
        let tried = operation::try_state_transition(ports, &call, &workflow_id, &request).await;
        response::would_move(tried.map_err(refused)?, request.target_state)
    } else {
        let moved = operation::request_state_transition(ports, &call, &workflow_id, &request).await;
        response::moved(moved.map_err(refused)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alims_edge::testing::{GatewayEvent, Seen};
    use alims_testing::builders::{a_created_of, a_key_of, a_move, at};
    use alims_testing::odd_documents;
    use alims_testing::{EverybodyMay, Faulty, FixedClock, MemoryLog, RulesThatAllow, RulesThatDeny};
    use alims_testing::{Script, SequentialIds};
    use serde_json::{Value, json};
    use std::sync::Arc;

    use alims_domain::identifiers::WorkflowKey;
    use alims_domain::lifecycle::State;

    fn key() -> WorkflowKey {
        a_key_of(&"lab".parse().expect("a tenant"), "wf-1")
    }

    /// A log in which `wf-1` is ACTIVE at version 2.
    fn log() -> MemoryLog {
        let log = MemoryLog::default();
        let created = a_created_of(&key());
        log.overwrite(a_move(&created, State::Active));
        log.overwrite(created);
        log
    }

    fn ports<L, R>(log: L, rules: R) -> Ports<L, R> {
        let (clock, ids) = (Arc::new(FixedClock::new(at(5000))), Arc::new(SequentialIds::default()));
        Ports { log, rules, policy: Arc::new(EverybodyMay), clock, ids }
    }

    fn event() -> GatewayEvent {
        GatewayEvent::of(&ROUTE)
    }

    fn pause() -> Value {
        json!({"target_state": "PAUSED", "reason": "The oven is cold."})
    }

    async fn asked<L: WorkflowLog + QuarantineLog, R: TransitionRules>(
        ports: &Ports<L, R>,
        event: &GatewayEvent,
    ) -> Seen {
        request_state_transition(ports, event.request()).await.into()
    }

    #[tokio::test]
    async fn a_move_is_made_once_however_often_it_is_asked_for() {
        let ports = ports(log(), RulesThatAllow);
        let event = event().header("idempotency-key", "k-1").header("if-match", "\"2\"").json(&pause());
        let first = asked(&ports, &event).await;
        let again = asked(&ports, &event).await;
        assert_eq!((first.status, again.status), (200, 200));
        assert_eq!(first.headers["etag"], "\"3\"");
        assert_eq!(first.body["workflow"]["current_state"], "PAUSED");
        assert_eq!(first.body, again.body);
        assert_eq!(ports.log.entries(&key()).0.len(), 3);
    }

    #[tokio::test]
    async fn a_stale_version_is_a_failed_precondition_only_for_those_who_set_one() {
        let ports = ports(log(), RulesThatAllow);
        let by_tag = asked(&ports, &event().header("if-match", "\"1\"").json(&pause())).await;
        assert_eq!((by_tag.status, by_tag.code()), (412, "version-conflict"));
        let mut body = pause();
        body["expected_version"] = json!(1);
        let by_field = asked(&ports, &event().json(&body)).await;
        assert_eq!((by_field.status, by_field.code()), (409, "version-conflict"));
        assert_eq!((&by_field.body["current_state"], &by_field.body["version"]), (&json!("ACTIVE"), &json!(2)));
        let dry = asked(&ports, &event().query("dry_run=true").header("if-match", "\"1\"").json(&pause())).await;
        assert_eq!(dry.status, 412);
        assert_eq!(ports.log.entries(&key()).0.len(), 2);
    }

    #[tokio::test]
    async fn if_match_is_compared_as_http_says() {
        for (tag, status) in [
            ("\"2\"", 200),
            ("*", 200),
            ("\"1\", \"2\"", 200),
            ("W/\"1\", \"2\"", 200),
            ("W/\"2\"", 412),
            ("\"1\", \"3\"", 412),
            ("\"another-service\"", 412),
        ] {
            let seen = asked(&ports(log(), RulesThatAllow), &event().header("if-match", tag).json(&pause())).await;
            assert_eq!(seen.status, status, "{tag}: {}", seen.body);
            assert!(status == 200 || seen.code() == "version-conflict", "{tag}");
        }
        let missing = event().workflow("wf-2").header("if-match", "W/\"2\"").json(&pause());
        assert_eq!(asked(&ports(log(), RulesThatAllow), &missing).await.status, 404);
        let mut body = pause();
        body["expected_version"] = json!(2.0);
        let whole = event().header("if-match", "\"1\", \"2\"").body(body.to_string().replace("2.0", "2.0e0"));
        assert_eq!(asked(&ports(log(), RulesThatAllow), &whole).await.status, 200);
    }

    #[tokio::test]
    async fn a_dry_run_decides_and_writes_nothing() {
        let event = event().query("dry_run=true").json(&pause());
        let allowing = ports(log(), RulesThatAllow);
        let seen = asked(&allowing, &event).await;
        assert_eq!((seen.status, &seen.body["dry_run"]), (200, &json!(true)));
        assert_eq!((&seen.body["target_state"], &seen.headers["etag"][..]), (&json!("PAUSED"), "\"2\""));
        let denying = ports(log(), RulesThatDeny);
        assert_eq!(asked(&denying, &event).await.code(), "rule-violation");
        for log in [allowing.log, denying.log] {
            assert_eq!((log.entries(&key()).0.len(), log.entries(&key()).1.len()), (2, 0));
        }
    }

    #[tokio::test]
    async fn a_move_that_the_lifecycle_lacks_is_refused_with_those_it_has() {
        let ports = ports(log(), RulesThatAllow);
        let seen = asked(&ports, &event().json(&json!({"target_state": "CREATED", "reason": "x"}))).await;
        assert_eq!((seen.status, seen.code()), (409, "invalid-transition"));
        assert_eq!(seen.body["allowed_transitions"], json!(["PAUSED", "COMPLETED", "FAILED", "CANCELLED"]));
    }

    #[tokio::test]
    async fn another_tenants_workflow_does_not_exist() {
        let ports = ports(log(), RulesThatAllow);
        let seen = asked(&ports, &event().claim("tenant_id", "other").json(&pause())).await;
        assert_eq!((seen.status, seen.code()), (404, "workflow-not-found"));
    }

    #[tokio::test]
    async fn a_patch_that_makes_metadata_too_large_is_refused_with_the_limit() {
        let ports = ports(log(), RulesThatAllow);
        let with =
            |name: &str| json!({"target_state": "PAUSED", "reason": "x", "metadata": {name: "x".repeat(60_000)}});
        assert_eq!(asked(&ports, &event().json(&with("a"))).await.status, 200);
        let mut back = with("b");
        back["target_state"] = json!("ACTIVE");
        let seen = asked(&ports, &event().json(&back)).await;
        assert_eq!((seen.status, &seen.body["limit_bytes"]), (413, &json!(65_536)));
    }

    #[tokio::test]
    async fn a_bad_request_is_told_what_is_wrong_and_leaves_no_trace() {
        let with = |name: &str, value: Value| {
            let mut body = pause();
            body[name] = value;
            event().json(&body)
        };
        let bad = [
            (event().anonymous().json(&pause()), 401),
            (event(), 400),
            (event().body("{"), 400),
            (event().json(&json!({"target_state": "PAUSED"})), 400),
            (with("target_state", json!("LOST")), 400),
            (with("target_state", json!("FAILED")), 400),
            (with("failure", json!({"code": "a", "message": "b", "retryable": true})), 400),
            (with("requested_by", json!("mallory")), 400),
            (with("expected_version", json!("2")), 400),
            (with("expected_version", json!(9_007_199_254_740_993_u64)), 400),
            (with("validation_context", json!({"x": "x".repeat(17 * 1024)})), 413),
            (with("metadata", json!({"x": "x".repeat(65 * 1024)})), 413),
            (event().workflow("a%2Fb").json(&pause()), 400),
            (event().workflow("a%00b").json(&pause()), 400),
            (event().header("if-match", "2").json(&pause()), 400),
            (event().header("if-match", "\"2\" \"3\"").json(&pause()), 400),
            (event().header("content-type", "text/plain").body(pause().to_string()), 415),
            (event().header("content-encoding", "gzip").json(&pause()), 415),
            (event().query("dry_run=maybe").json(&pause()), 400),
            (event().query("dry_run=true&dry_run=false").json(&pause()), 400),
        ];
        let script = Script::default();
        let ports = ports(Faulty::new(log(), &script), RulesThatAllow);
        for (number, (event, status)) in bad.iter().enumerate() {
            let seen = asked(&ports, event).await;
            assert_eq!(seen.status, *status, "{number}: {}", seen.body);
        }
        assert_eq!(script.calls(), Vec::<&str>::new());
    }
    #[tokio::test]
    async fn odd_names_in_a_move_are_read_back_the_same_or_refused_at_each_reserved_name() {
        let ports = ports(MemoryLog::default(), RulesThatAllow);
        for (number, document) in odd_documents::some(4000, 4).into_iter().enumerate() {
            let text = &document.text;
            let created = a_created_of(&a_key_of(&"lab".parse().expect("a tenant"), &format!("w-{number}")));
            let patched = document.patched_onto(created.event.metadata.as_object());
            let (key, id) = (created.event.key(), created.event.workflow_id.to_string());
            ports.log.overwrite(created);
            let body =
                format!(r#"{{"target_state":"ACTIVE","reason":"x","validation_context":{text},"metadata":{text}}}"#);
            let event = event().workflow(&id).header("content-type", "application/json").body(body);
            let dry = asked(&ports, &event.clone().query("dry_run=true")).await;
            let seen = asked(&ports, &event).await;
            let stored = ports.log.entries(&key).0;
            if document.is_free() {
                assert_eq!((dry.status, seen.status), (200, 200), "{text}: {}", seen.body);
                assert_eq!(seen.body["workflow"]["metadata"].as_object(), Some(&patched), "{text}");
                assert_eq!(seen.body["event"]["validation_context"].as_object(), Some(&document.object), "{text}");
                assert_eq!(stored[1].event.metadata.as_object(), &patched, "{text}");
                let context = stored[1].event.validation_context.as_ref().map(|context| context.as_object());
                assert_eq!(context, Some(&document.object), "{text}");
            } else {
                let pointers = ["/validation_context", "/metadata"].map(|member| document.reserved_below(member));
                for refused in [&dry, &seen] {
                    assert_eq!((refused.status, refused.code()), (400, "malformed-request"), "{text}");
                    assert_eq!(refused.pointers(), pointers.concat(), "{text}");
                }
                assert_eq!(stored.len(), 1, "{text}");
            }
        }
    }
}
