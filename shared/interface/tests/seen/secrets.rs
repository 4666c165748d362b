//! No log line at INFO or above, no metric and no field of a span holds what a laboratory or a caller keeps to itself:
//! metadata, reasons, tokens, headers, and the token of the rules engine.

use alims_domain::lifecycle::State;
use alims_domain::recovery::document::RecoveryDocument;
use alims_domain::stored_version::StoredVersion;
use alims_edge::testing::GatewayEvent;
use alims_interface::{ROUTES, create_workflow, release_workflow, replay_events, request_state_transition};
use alims_operations::ports::AccessPolicy;
use alims_testing::builders::{a_claim, a_created_of, a_key_of, a_move, sealed, version, with_metadata};
use alims_testing::fake_engine::{Deed, FakeEngine, a_no, a_yes, faults_at_once, http};
use alims_testing::{CallFault, EverybodyMay, NobodyMay};
use futures_util::FutureExt;
use metrics_util::debugging::DebuggingRecorder;
use serde_json::{Value, json};
use std::io::Write;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex};

use crate::lab::{Judge, Lab, engine};

/// What must not be seen.
const PLANTED: &str = "PLANTED";

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Everything that was seen of the work: log lines with all their spans, and metrics.
async fn seen_of(work: impl Future<Output = ()>) -> String {
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt()
        .json()
        .with_span_list(true)
        .with_max_level(tracing::Level::INFO)
        .with_span_events(tracing_subscriber::fmt::format::FmtSpan::NEW)
        .with_writer(move || writer.clone())
        .finish();
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let (logging, recording) =
        (tracing::subscriber::set_default(subscriber), ::metrics::set_default_local_recorder(&recorder));
    work.await;
    drop((logging, recording));
    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    text + &format!("{:?}", snapshotter.snapshot().into_vec())
}

#[track_caller]
fn assert_nothing_planted(seen: &str, token: &str, what: &str) {
    for secret in [PLANTED, token, "Bearer"] {
        let line = seen.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{what}: {secret}");
    }
}

/// Data that everything carries.
fn metadata() -> Value {
    json!({"sample": PLANTED, "PLANTED": {"PLANTED": [PLANTED, 1]}})
}

/// A request of a route, with something planted wherever a caller may put something.
fn event(route: &'static alims_edge::route::Route) -> GatewayEvent {
    let event = GatewayEvent::of(route)
        .claim("roles", json!(["analyst", "supervisor", "auditor"]))
        .claim("email", "PLANTED@example.com")
        .claim("name", PLANTED)
        .header("cookie", "session=PLANTED")
        .header("x-api-key", PLANTED)
        .header("idempotency-key", PLANTED);
    match route.name {
        "create-workflow" => {
            let body = json!({"workflow_type": "sample-analysis", "workflow_id": "wf-9", "metadata": metadata()});
            event.json(&body)
        }
        "request-state-transition" => event.json(&json!({
            "target_state": "FAILED", "reason": PLANTED, "metadata": metadata(),
            "validation_context": {"PLANTED": PLANTED},
            "failure": {"code": "broken", "message": PLANTED, "retryable": true},
        })),
        "batch-state-transitions" => event.json(&json!({"reason": PLANTED, "transitions": [
            {"workflow_id": "wf-1", "target_state": "ACTIVE", "metadata": metadata(),
             "validation_context": {"PLANTED": PLANTED}},
            {"workflow_id": "wf-2", "target_state": "FAILED", "reason": PLANTED,
             "failure": {"code": "broken", "message": PLANTED, "retryable": true}},
        ]})),
        "amend-workflow" => event.json(&json!({
            "reason": PLANTED, "metadata": metadata(), "labels": {"planted": PLANTED}, "assignee": PLANTED,
            "validation_context": {"PLANTED": PLANTED},
        })),
        "sign-workflow" => event.claim("name", PLANTED).json(&json!({
            "meaning": "authorship", "comment": PLANTED, "version": 1, "validation_context": {"PLANTED": PLANTED},
        })),
        "recover-workflow" => event.json(&json!({"reason": PLANTED})),
        "release-workflow" => {
            let breaks = ["0000000001-00000000000000000000000000000000"];
            event.json(&json!({"reason": PLANTED, "breaks": breaks}))
        }
        "replay-events" => event.json(&json!({"from_version": 1, "reason": PLANTED})),
        "export-records" => event.json(&json!({"workflow_id": "wf-1", "reason": PLANTED})),
        "review-audit-trail" => {
            let (from, to) = ("2026-10-01T00:00:00Z", "2026-11-01T00:00:00Z");
            event.json(&json!({"from": from, "to": to, "reason": PLANTED}))
        }
        _ => event,
    }
}

/// The same request in every way that it can be wrong.
fn broken(route: &'static alims_edge::route::Route) -> Vec<GatewayEvent> {
    let event = event(route);
    vec![
        event.clone().anonymous().header("authorization", "Bearer PLANTED.PLANTED.PLANTED"),
        event.clone().claim("sub", "PLANTED\n"),
        event.clone().claim("tenant_id", "PLANTED PLANTED"),
        event.clone().header("authorization", "Bearer PLANTED").claim("roles", json!(["analyst"])),
        event.clone().header("content-type", "text/PLANTED"),
        event.clone().header("content-encoding", PLANTED),
        event.clone().header("idempotency-key", "PLANTED, PLANTED"),
        event.clone().header("if-match", "PLANTED"),
        event.clone().header("x-correlation-id", "PLANTED PLANTED"),
        event.clone().query("cursor=PLANTED&dry_run=PLANTED&state=PLANTED&PLANTED=PLANTED"),
        event.clone().workflow("PLANTED/PLANTED"),
        event.clone().body("{\"PLANTED"),
        event.clone().body("\u{feff}PLANTED"),
        event.clone().json(&json!([PLANTED])),
        event.clone().json(&json!({"PLANTED": PLANTED, "reason": [PLANTED], "metadata": PLANTED})),
        event.json(&json!({"workflow_type": {"PLANTED": PLANTED}, "target_state": PLANTED, "breaks": [PLANTED]})),
    ]
}

/// A failed workflow with planted data, and one that is broken.
fn history() -> [StoredVersion; 4] {
    let tenant = "lab".parse().unwrap();
    let created = with_metadata(&a_created_of(&a_key_of(&tenant, "wf-1")), &metadata());
    let active = a_move(&created, State::Active);
    let mut failed = a_move(&active, State::Failed);
    failed.event.reason = Some(PLANTED.parse().unwrap());
    let failed = sealed(failed.event);
    let mut altered = a_created_of(&a_key_of(&tenant, "wf-2"));
    altered.event.metadata = created.event.metadata.clone();
    [created, active, failed, altered]
}

/// A laboratory with that history.
fn lab(judge: Judge, policy: impl AccessPolicy + 'static) -> Lab {
    let lab = Lab { policy: Arc::new(policy), ..Lab::new(judge) };
    history().into_iter().for_each(|version| lab.log.overwrite(version));
    lab
}

/// Everything that the service does, once.
async fn all_of(lab: &Lab) {
    let [created, active, failed, altered] = history();
    for route in ROUTES {
        drop(AssertUnwindSafe(lab.ask(route, &event(route))).catch_unwind().await);
    }
    lab.publish(&[created.clone(), active, failed.clone(), altered]).await;
    lab.fail(&failed).await;
    let document = RecoveryDocument::of(&a_claim(&created.event.key(), 3, 1));
    drop(AssertUnwindSafe(lab.recover(document)).catch_unwind().await);
    lab.sweep().await;
    lab.log.damage(&failed.event.key(), version(3), "on purpose");
    for route in [&release_workflow::ROUTE, &replay_events::ROUTE, &request_state_transition::ROUTE] {
        drop(AssertUnwindSafe(lab.ask(route, &event(route))).catch_unwind().await);
    }
}

fn token() -> String {
    let event = event(&create_workflow::ROUTE).event();
    let header = event["headers"]["authorization"].as_str().unwrap();
    header.split('.').nth(1).unwrap().to_owned()
}

#[tokio::test]
async fn what_is_done_refused_or_panics_is_logged_without_what_callers_keep_to_themselves() {
    // The test's own hook would print the panics' messages.
    std::panic::set_hook(Box::new(|_| {}));
    let judges = [Judge::Allows, Judge::Denies, Judge::IsDown, Judge::Panics, engine(&[])];
    for (number, judge) in judges.into_iter().enumerate() {
        let seen = seen_of(async {
            all_of(&lab(judge.clone(), EverybodyMay)).await;
            all_of(&lab(judge, NobodyMay)).await;
        });
        let seen = seen.await;
        assert!(seen.lines().count() > 40, "this test would see nothing: {seen}");
        assert_nothing_planted(&seen, &token(), &format!("judge {number}"));
    }
}

#[tokio::test]
async fn a_request_that_is_wrong_in_any_way_is_logged_without_what_it_holds() {
    let lab = lab(Judge::Allows, EverybodyMay);
    for route in ROUTES {
        for (number, event) in broken(route).iter().enumerate() {
            let seen = seen_of(async { drop(lab.ask(route, event).await) }).await;
            assert!(seen.contains(route.name), "this test would see nothing: {seen}");
            assert_nothing_planted(&seen, &token(), &format!("{} {number}", route.name));
        }
    }
}

#[tokio::test]
async fn a_store_or_a_bus_that_fails_at_any_call_is_logged_without_data() {
    let calls = {
        let lab = lab(Judge::Allows, EverybodyMay);
        all_of(&lab).await;
        lab.script.calls().len()
    };
    assert!(calls > 50, "{calls} calls: this test would see nothing");
    for call in 0..calls {
        for fault in CallFault::ALL {
            let lab = lab(Judge::Allows, EverybodyMay);
            lab.script.fail(call, fault);
            let seen = seen_of(all_of(&lab)).await;
            assert_nothing_planted(&seen, &token(), &format!("call {call} {fault:?}"));
        }
    }
}

#[tokio::test]
async fn an_engine_elsewhere_that_answers_anything_is_logged_without_its_answer_and_its_token() {
    let told = |mut answer: Value| {
        answer["reasons"] = json!([{"rule_id": "r-1", "message": PLANTED}]);
        answer["PLANTED"] = json!(PLANTED);
        Deed::Answer(answer)
    };
    let body =
        |status: &str, body: &str| Deed::Bytes(http(status, "content-type: application/json\r\n", body.as_bytes()));
    let mut deeds: Vec<Deed> = faults_at_once().into_iter().map(|(_, deed, _)| deed).collect();
    deeds.extend([
        told(a_yes()),
        told(a_no()),
        body("200 OK", "{\"PLANTED\": "),
        body("200 OK", "{\"decision\": \"PLANTED\", \"request_id\": \"PLANTED\"}"),
        body("200 OK", "[\"PLANTED\"]"),
        body("500 PLANTED", "PLANTED"),
        body("401 Unauthorized", "{\"token\": \"PLANTED\"}"),
        Deed::BytesAndLeave(b"PLANTED\r\n\r\n".to_vec()),
    ]);
    for kind in ["remote", "alims"] {
        for (number, deed) in deeds.iter().enumerate() {
            let answering = FakeEngine::that(deed.clone()).await;
            let settings = [
                ("ALIMS_RULES_ENGINE", kind),
                ("ALIMS_RULES_URL", answering.url.as_str()),
                ("ALIMS_RULES_TOKEN", "PLANTED-of-the-engine"),
            ];
            let lab = lab(engine(&settings), EverybodyMay);
            let seen = seen_of(async {
                for route in [&create_workflow::ROUTE, &request_state_transition::ROUTE] {
                    drop(lab.ask(route, &event(route)).await);
                }
            });
            let seen = seen.await;
            assert!(seen.contains("create-workflow"), "this test would see nothing: {seen}");
            assert_nothing_planted(&seen, &token(), &format!("{kind} {number}: {deed:?}"));
        }
    }
}
