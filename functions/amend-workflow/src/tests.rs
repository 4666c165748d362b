//! The handler over ports in memory: what it answers, and what it makes of every bad member.

use alims_domain::identifiers::WorkflowKey;
use alims_domain::lifecycle::State;
use alims_edge::testing::{GatewayEvent, Seen};
use alims_operations::amend_workflow::Ports;
use alims_operations::ports::{QuarantineLog, TransitionRules, WorkflowLog};
use alims_testing::builders::{a_created_of, a_key_of, a_move, at};
use alims_testing::odd_documents;
use alims_testing::{EverybodyMay, Faulty, FixedClock, MemoryLog, RulesThatAllow, RulesThatDeny};
use alims_testing::{Script, SequentialIds};
use serde_json::{Map, Value, json};
use std::sync::Arc;

use crate::{ROUTE, amend_workflow};

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

fn remark() -> Value {
    json!({"reason": "Weighed twice."})
}

fn with(name: &str, value: Value) -> Value {
    let mut body = remark();
    body[name] = value;
    body
}

fn labels(count: usize) -> Value {
    (0..count).map(|number| (format!("l{number}"), json!("x"))).collect::<Map<_, _>>().into()
}

async fn asked<L: WorkflowLog + QuarantineLog, R: TransitionRules>(ports: &Ports<L, R>, event: &GatewayEvent) -> Seen {
    amend_workflow(ports, event.request()).await.into()
}

#[tokio::test]
async fn an_amendment_is_made_once_however_often_it_is_asked_for() {
    let ports = ports(log(), RulesThatAllow);
    let body = json!({
        "reason": "The result is in.", "metadata": {"result": 7.5}, "labels": {"sample": "S-1", "absent": null},
        "due_at": "2026-12-01T10:00:00+01:00", "assignee": "carol", "expected_version": 2, "workflow_id": "wf-1"
    });
    let event = event().header("idempotency-key", "k-1").header("if-match", "\"2\"").json(&body);
    let (first, again) = (asked(&ports, &event).await, asked(&ports, &event).await);
    assert_eq!((first.status, again.status), (200, 200), "{}", first.body);
    assert_eq!((&first.headers["etag"][..], &first.body["outcome"]), ("\"3\"", &json!("amended")));
    assert_eq!(first.body, again.body);
    assert_eq!(ports.log.entries(&key()).0.len(), 3);
    for shown in [&first.body["workflow"], &first.body["event"]] {
        assert_eq!(shown["metadata"], json!({"sample": "S-1", "result": 7.5}));
        assert_eq!(shown["labels"], json!({"sample": "S-1"}));
        assert_eq!((&shown["due_at"], &shown["assignee"]), (&json!("2026-12-01T09:00:00.000Z"), &json!("carol")));
        assert_eq!(shown["previous_state"], "CREATED");
    }
    let removing = json!({
        "reason": "x", "metadata": {"result": null}, "labels": {"sample": null}, "due_at": null, "assignee": null
    });
    let removed = asked(&ports, &self::event().json(&removing)).await;
    for member in ["labels", "due_at", "assignee"] {
        assert!(removed.body["workflow"].get(member).is_none() && removed.body["event"].get(member).is_none());
    }
    assert_eq!(removed.body["workflow"]["metadata"], json!({"sample": "S-1"}));
}

#[tokio::test]
async fn a_stale_version_is_a_failed_precondition_only_for_those_who_set_one() {
    let ports = ports(log(), RulesThatAllow);
    let by_tag = asked(&ports, &event().header("if-match", "\"1\"").json(&remark())).await;
    assert_eq!((by_tag.status, by_tag.code()), (412, "version-conflict"));
    let by_field = asked(&ports, &event().json(&with("expected_version", json!(1)))).await;
    assert_eq!((by_field.status, by_field.code()), (409, "version-conflict"));
    let dry = asked(&ports, &event().query("dry_run=true").header("if-match", "\"1\"").json(&remark())).await;
    assert_eq!((dry.status, ports.log.entries(&key()).0.len()), (412, 2));
}

#[tokio::test]
async fn a_dry_run_shows_the_data_that_would_be_and_writes_nothing() {
    let event = event().query("dry_run=true").json(&with("assignee", json!("carol")));
    let allowing = ports(log(), RulesThatAllow);
    let seen = asked(&allowing, &event).await;
    assert_eq!((seen.status, &seen.body["dry_run"], &seen.headers["etag"][..]), (200, &json!(true), "\"2\""));
    assert_eq!(seen.body["data"], json!({"metadata": {"sample": "S-1"}, "assignee": "carol"}));
    assert!(seen.body["workflow"].get("assignee").is_none());
    let denying = ports(log(), RulesThatDeny);
    assert_eq!(asked(&denying, &event).await.code(), "rule-violation");
    for log in [allowing.log, denying.log] {
        assert_eq!((log.entries(&key()).0.len(), log.entries(&key()).1.len()), (2, 0));
    }
}

#[tokio::test]
async fn a_closed_workflow_takes_remarks_and_keeps_its_data() {
    let log = log();
    let active = log.entries(&key()).0.pop().expect("version 2");
    log.overwrite(a_move(&active, State::Completed));
    let ports = ports(log, RulesThatAllow);
    let refused = asked(&ports, &event().json(&with("labels", json!({"sample": "S-9"})))).await;
    assert_eq!((refused.status, refused.code()), (409, "workflow-closed"));
    assert_eq!((&refused.body["current_state"], &refused.body["version"]), (&json!("COMPLETED"), &json!(3)));
    // It says again what is there, or removes what is not: it is a remark.
    let same = json!({"reason": "x", "metadata": {"sample": "S-1"}, "labels": {"absent": null}, "due_at": null});
    for body in [remark(), same] {
        assert_eq!(asked(&ports, &event().json(&body)).await.status, 200);
    }
    assert_eq!((ports.log.entries(&key()).0.len(), ports.log.entries(&key()).1.len()), (5, 1));
}

#[tokio::test]
async fn another_tenants_workflow_does_not_exist() {
    let ports = ports(log(), RulesThatAllow);
    for event in [event().claim("tenant_id", "other"), event().workflow("wf-2")] {
        let seen = asked(&ports, &event.json(&remark())).await;
        assert_eq!((seen.status, seen.code()), (404, "workflow-not-found"));
    }
}

#[tokio::test]
async fn data_that_only_the_patch_makes_too_much_is_refused_with_its_place() {
    let ports = ports(log(), RulesThatAllow);
    for (first, second, status, pointer) in [
        (with("labels", labels(10)), with("labels", json!({"another": "x"})), 400, vec!["/labels"]),
        (
            with("metadata", json!({"a": "x".repeat(60_000)})),
            with("metadata", json!({"b": "x".repeat(60_000)})),
            413,
            vec![],
        ),
    ] {
        assert_eq!(asked(&ports, &event().json(&first)).await.status, 200);
        let seen = asked(&ports, &event().json(&second)).await;
        assert_eq!((seen.status, seen.pointers()), (status, pointer));
    }
    // Eleven at once are no different, and one label may make place for another.
    assert_eq!(asked(&ports, &event().json(&with("labels", json!({"l0": null, "another": "x"})))).await.status, 200);
}

#[tokio::test]
#[allow(clippy::too_many_lines, reason = "most of it is the table of the requests")]
async fn a_bad_request_is_told_what_is_wrong_and_leaves_no_trace() {
    let text = |bytes: usize| json!("x".repeat(bytes));
    let members = [
        ("reason", json!(""), 400, "/reason"),
        ("reason", json!(" \n"), 400, "/reason"),
        ("reason", json!(null), 400, "/reason"),
        ("reason", json!(7), 400, "/reason"),
        ("reason", text(1001), 400, "/reason"),
        ("metadata", json!(null), 400, "/metadata"),
        ("metadata", json!([]), 400, "/metadata"),
        ("metadata", json!({"x": "x".repeat(65 * 1024)}), 413, ""),
        ("validation_context", json!(null), 400, "/validation_context"),
        ("validation_context", json!({"x": "x".repeat(17 * 1024)}), 413, ""),
        ("labels", json!(null), 400, "/labels"),
        ("labels", json!(["sample"]), 400, "/labels"),
        ("labels", labels(21), 400, "/labels"),
        ("labels", json!({"Sample": "S-1"}), 400, "/labels/Sample"),
        ("labels", json!({"": "S-1"}), 400, "/labels/"),
        ("labels", json!({"a/b~c": null}), 400, "/labels/a~1b~0c"),
        ("labels", json!({("x".repeat(33)): null}), 400, "/labels/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"),
        ("labels", json!({"sample": ""}), 400, "/labels/sample"),
        ("labels", json!({"sample": " "}), 400, "/labels/sample"),
        ("labels", json!({"sample": 7}), 400, "/labels/sample"),
        ("labels", json!({"sample": ["S-1"]}), 400, "/labels/sample"),
        ("labels", json!({"sample": "x".repeat(65)}), 400, "/labels/sample"),
        ("due_at", json!(""), 400, "/due_at"),
        ("due_at", json!("null"), 400, "/due_at"),
        ("due_at", json!("tomorrow"), 400, "/due_at"),
        ("due_at", json!("2026-12-01"), 400, "/due_at"),
        ("due_at", json!("2026-12-01T10:00:00"), 400, "/due_at"),
        ("due_at", json!("2026-12-01T10:00:00.0001Z"), 400, "/due_at"),
        ("due_at", json!(1_795_421_700_000_i64), 400, "/due_at"),
        ("due_at", text(100_000), 400, "/due_at"),
        ("assignee", json!(""), 400, "/assignee"),
        ("assignee", json!("null"), 400, "/assignee"),
        ("assignee", json!("carol\n"), 400, "/assignee"),
        ("assignee", json!(["carol"]), 400, "/assignee"),
        ("assignee", json!("alims.workflow-manager/recovery"), 400, "/assignee"),
        ("assignee", json!("[carol]"), 400, "/assignee"),
        ("assignee", json!("{carol"), 400, "/assignee"),
        ("assignee", json!("map[carol:x]"), 400, "/assignee"),
        ("assignee", text(257), 400, "/assignee"),
        ("expected_version", json!("2"), 400, "/expected_version"),
        ("expected_version", json!(null), 400, "/expected_version"),
        ("expected_version", json!(0), 400, "/expected_version"),
        ("requested_by", json!("mallory"), 400, "/requested_by"),
        ("workflow_id", json!("wf-2"), 400, "/workflow_id"),
        ("target_state", json!("ACTIVE"), 400, "/target_state"),
        ("label", json!({"sample": "S-1"}), 400, "/label"),
    ];
    let script = Script::default();
    let ports = ports(Faulty::new(log(), &script), RulesThatAllow);
    for (name, value, status, pointer) in members {
        let seen = asked(&ports, &event().json(&with(name, value))).await;
        assert_eq!(seen.status, status, "{name}: {:.300}", seen.body.to_string());
        if !pointer.is_empty() {
            assert_eq!(seen.pointers(), [pointer], "{}", seen.body);
        }
    }
    let repeated =
        |member: &str| event().header("content-type", "application/json").body(format!("{{{member},{member}}}"));
    let others = [
        (event().anonymous().json(&remark()), 401),
        (event(), 400),
        (event().body("{"), 400),
        (event().json(&json!([])), 400),
        (event().json(&json!({})), 400),
        (repeated(r#""reason":"x""#), 400),
        (event().header("content-type", "application/json").body(r#"{"reason":"x","labels":{"a":"1","a":"2"}}"#), 400),
        (event().workflow("a%2Fb").json(&remark()), 400),
        (event().header("if-match", "2").json(&remark()), 400),
        (event().header("if-match", "\"3\"").json(&with("expected_version", json!(2))), 400),
        (event().header("content-type", "text/plain").body(remark().to_string()), 415),
        (event().query("dry_run=maybe").json(&remark()), 400),
        (event().query("dry_run=true&dry_run=true").json(&remark()), 400),
        (event().query("dryrun=true").json(&remark()), 400),
    ];
    for (number, (event, status)) in others.iter().enumerate() {
        let seen = asked(&ports, event).await;
        assert_eq!(seen.status, *status, "{number}: {}", seen.body);
    }
    assert_eq!(script.calls(), Vec::<&str>::new());
}

#[tokio::test]
async fn odd_names_in_a_patch_are_read_back_the_same_or_refused_at_each_reserved_name() {
    let ports = ports(MemoryLog::default(), RulesThatAllow);
    for (number, document) in odd_documents::some(1000, 4).into_iter().enumerate() {
        let text = &document.text;
        let created = a_created_of(&a_key_of(&"lab".parse().expect("a tenant"), &format!("w-{number}")));
        let patched = document.patched_onto(created.event.metadata.as_object());
        let (key, id) = (created.event.key(), created.event.workflow_id.to_string());
        ports.log.overwrite(created);
        let event = event().workflow(&id).header("content-type", "application/json");
        let seen = asked(&ports, &event.body(format!(r#"{{"reason":"x","metadata":{text}}}"#))).await;
        let stored = ports.log.entries(&key).0;
        if document.is_free() {
            assert_eq!(seen.status, 200, "{text}: {}", seen.body);
            assert_eq!(seen.body["event"]["metadata"].as_object(), Some(&patched), "{text}");
            assert_eq!(stored.get(1).map(|stored| stored.event.metadata.as_object()), Some(&patched), "{text}");
        } else {
            assert_eq!(seen.status, 400, "{text}");
            assert_eq!(seen.pointers(), document.reserved_below("/metadata"), "{text}");
            assert_eq!(stored.len(), 1, "{text}");
        }
    }
}
