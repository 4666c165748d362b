//! The handler over ports in memory: what it answers, and what it makes of every bad member and token.

use alims_domain::authentication::FreshAuthentication;
use alims_domain::identifiers::WorkflowKey;
use alims_domain::lifecycle::State;
use alims_domain::refusal::RefusalCode;
use alims_edge::testing::{GatewayEvent, Seen};
use alims_operations::DecisionPorts;
use alims_operations::ports::{QuarantineLog, TransitionRules, WorkflowLog};
use alims_operations::sign_workflow::Ports;
use alims_testing::builders::{a_break, a_created_of, a_key_of, a_move, a_quarantine, at};
use alims_testing::{EverybodyMay, Faulty, FixedClock, MemoryLog, RulesThatAllow, RulesThatDeny};
use alims_testing::{Script, SequentialIds};
use serde_json::{Value, json};
use std::sync::Arc;

use crate::{ROUTE, sign_workflow};

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
    let decision = DecisionPorts { log, rules, policy: Arc::new(EverybodyMay), clock, ids };
    Ports { decision, needed: FreshAuthentication::default() }
}

/// The second of the clock.
fn now() -> i64 {
    at(5000).unix_millis() / 1000
}

/// A request of Alice, who signed in a minute ago.
fn event() -> GatewayEvent {
    let event = GatewayEvent::of(&ROUTE).claim("auth_time", now() - 60).claim("name", "Alice Moore");
    event.claim("acr", "urn:lab:gold").claim("amr", json!(["pwd", "otp"]))
}

fn review() -> Value {
    json!({"meaning": "review", "version": 2})
}

fn with(name: &str, value: Value) -> Value {
    let mut body = review();
    body[name] = value;
    body
}

async fn asked<L: WorkflowLog + QuarantineLog, R: TransitionRules>(ports: &Ports<L, R>, event: &GatewayEvent) -> Seen {
    sign_workflow(ports, event.request()).await.into()
}

#[tokio::test]
async fn a_signature_is_made_once_however_often_it_is_asked_for() {
    let ports = ports(log(), RulesThatAllow);
    let event = event().header("idempotency-key", "k-1").json(&with("comment", json!("Compared with the printout.")));
    let first = asked(&ports, &event).await;
    // The repetition may come with a newer sign-in, and with an older one: it makes no signature.
    let again = asked(&ports, &event.clone().claim("auth_time", now() - 4000)).await;
    assert_eq!((first.status, again.status), (200, 200), "{}", again.body);
    assert_eq!((&first.headers["etag"][..], &first.body["outcome"]), ("\"3\"", &json!("signed")));
    assert_eq!(first.body, again.body);
    let versions = ports.decision.log.entries(&key()).0;
    let hash = json!(versions[1].event.hash);
    assert_eq!((versions.len(), &first.body["event"]["event_type"]), (3, &json!("WorkflowSigned")));
    let signature = json!({
        "meaning": "review", "signer_name": "Alice Moore", "roles": ["analyst"],
        "comment": "Compared with the printout.", "signed_version": 2, "signed_hash": hash,
        "authenticated": {"auth_time": at(5000 - 60_000), "acr": "urn:lab:gold", "amr": ["pwd", "otp"]}
    });
    assert_eq!(first.body["event"]["signature"], signature);
    let listed = json!([{
        "meaning": "review", "by": "alice", "name": "Alice Moore", "roles": ["analyst"], "at": at(5000),
        "version": 2, "hash": hash, "current": true
    }]);
    assert_eq!((&first.body["event"]["signatures"], &first.body["workflow"]["signatures"]), (&listed, &listed));
    assert_eq!(first.body["event"].get("reason"), None);
    let another = asked(&ports, &self::event().json(&with("version", json!(3)))).await;
    assert_eq!((another.status, another.code()), (409, "already-signed"));
    assert_eq!((&another.body["current_state"], &another.body["version"]), (&json!("ACTIVE"), &json!(3)));
    let approval = json!({"meaning": "approval"});
    assert_eq!(asked(&ports, &self::event().header("if-match", "\"3\"").json(&approval)).await.status, 200);
    assert!(ports.decision.log.entries(&key()).1.is_empty(), "a mistaken caller is no refusal to keep");
}

#[tokio::test]
async fn exactly_the_version_that_is_signed_must_be_named_and_be_the_newest() {
    let ports = ports(log(), RulesThatAllow);
    let meaning = json!({"meaning": "review"});
    for (event, status, code) in [
        (event().json(&meaning), 400, "malformed-request"),
        (event().header("if-match", "*").json(&meaning), 400, "malformed-request"),
        (event().header("if-match", "\"2\", \"3\"").json(&meaning), 400, "malformed-request"),
        (event().header("if-match", "\"3\"").json(&review()), 400, "malformed-request"),
        (event().json(&with("version", json!(1))), 409, "version-conflict"),
        (event().json(&with("version", json!(3))), 409, "version-conflict"),
        (event().header("if-match", "\"1\"").json(&meaning), 412, "version-conflict"),
        (event().header("if-match", "W/\"2\"").json(&meaning), 412, "version-conflict"),
        (event().header("if-match", "\"2\", \"3\"").json(&review()), 200, ""),
    ] {
        let seen = asked(&ports, &event).await;
        assert_eq!(seen.status, status, "{}", seen.body);
        if status != 200 {
            assert_eq!(seen.code(), code);
        }
    }
}

#[tokio::test]
async fn a_sign_in_that_is_not_enough_is_refused_with_what_is_needed_and_the_refusal_is_kept() {
    let needed = FreshAuthentication { acr: vec!["urn:lab:gold".parse().expect("a class")], ..Default::default() };
    let ports = Ports { needed, ..ports(log(), RulesThatAllow) };
    let tokens = [
        (event().claim("auth_time", now() - 301), "too-old", "too long ago"),
        (event().claim("auth_time", now() + 61), "future-auth-time", "in the future"),
        (event().claim("auth_time", "yesterday"), "unreadable-auth-time", "no time"),
        (event().claim("auth_time", "-5"), "unreadable-auth-time", "no time"),
        (event().claim("auth_time", "inf"), "unreadable-auth-time", "no time"),
        (event().claim("auth_time", json!([now()])), "unreadable-auth-time", "no time"),
        (event().claim("auth_time", Value::Null), "no-auth-time", "no claim `auth_time`"),
        (event().claim("acr", "urn:lab:silver"), "other-class", "`acr`"),
        (event().claim("acr", json!(["urn:lab:gold"])), "other-class", "`acr`"),
        (event().claim("name", Value::Null), "no-name", "no claim `name`"),
        (event().claim("name", "\u{200b}"), "unprintable-name", "cannot be printed"),
        (event().claim("name", "Alice\u{0}"), "unprintable-name", "cannot be printed"),
        (event().claim("name", "x".repeat(129)), "unprintable-name", "cannot be printed"),
        (event().claim("name", json!({"first": "Alice"})), "unprintable-name", "cannot be printed"),
    ];
    let count = tokens.len();
    for (event, why, told) in tokens {
        let seen = asked(&ports, &event.json(&with("comment", json!("Looked at.")))).await;
        assert_eq!((seen.status, seen.code()), (401, "insufficient-user-authentication"), "{why}: {}", seen.body);
        let challenge = "Bearer error=\"insufficient_user_authentication\", max_age=300, acr_values=\"urn:lab:gold\"";
        assert_eq!(seen.headers["www-authenticate"], challenge);
        assert!(seen.body["detail"].as_str().expect("a text").contains(told), "{}", seen.body);
        let (versions, refusals) = ports.decision.log.entries(&key());
        let kept = refusals.iter().max_by_key(|refusal| refusal.event_id).expect("a kept refusal");
        assert_eq!((versions.len(), kept.code), (2, RefusalCode::InsufficientUserAuthentication));
        assert_eq!(json!(kept.signature), json!({"meaning": "review", "insufficient": why}));
        assert_eq!(
            (kept.reason.as_ref().map(|text| text.as_str()), kept.operation.as_str()),
            (Some("Looked at."), "sign-workflow")
        );
    }
    assert_eq!(ports.decision.log.entries(&key()).1.len(), count);
    // What a gateway makes of a number, and a list that is no list of the token.
    for auth_time in [json!(format!("{}", now())), json!("1.7954217e+09"), json!(1_795_421_700.5)] {
        let event = event().claim("auth_time", auth_time.clone()).query("dry_run=true").json(&review());
        let seen = asked(&ports, &event).await;
        assert_eq!(seen.status, 200, "{auth_time}");
    }
}

#[tokio::test]
async fn a_dry_run_shows_the_signatures_that_would_be_and_writes_nothing() {
    let event = event().query("dry_run=true").json(&review());
    let allowing = ports(log(), RulesThatAllow);
    let seen = asked(&allowing, &event).await;
    assert_eq!((seen.status, &seen.body["outcome"], &seen.headers["etag"][..]), (200, &json!("would-sign"), "\"2\""));
    assert_eq!(seen.body["signatures"][0]["current"], true);
    assert!(seen.body["workflow"].get("signatures").is_none());
    let stale = asked(&allowing, &event.clone().claim("auth_time", now() - 4000)).await;
    assert_eq!(stale.status, 401);
    let denying = ports(log(), RulesThatDeny);
    assert_eq!(asked(&denying, &event).await.code(), "rule-violation");
    for log in [allowing.decision.log, denying.decision.log] {
        assert_eq!((log.entries(&key()).0.len(), log.entries(&key()).1.len()), (2, 0));
    }
}

#[tokio::test]
async fn a_quarantined_workflow_is_locked_and_another_tenants_does_not_exist() {
    let log = log();
    log.record_quarantine(&a_quarantine(&key(), &a_break(2))).await.expect("kept");
    let seen = asked(&ports(log, RulesThatAllow), &event().json(&review())).await;
    assert_eq!((seen.status, seen.code()), (423, "workflow-quarantined"));
    let ports = ports(self::log(), RulesThatAllow);
    for event in [event().claim("tenant_id", "other"), event().workflow("wf-2")] {
        let seen = asked(&ports, &event.json(&review())).await;
        assert_eq!((seen.status, seen.code()), (404, "workflow-not-found"));
    }
}

#[tokio::test]
async fn a_bad_request_is_told_what_is_wrong_and_leaves_no_trace() {
    let text = |bytes: usize| json!("x".repeat(bytes));
    let members = [
        ("meaning", json!(""), 400, "/meaning"),
        ("meaning", json!("Review"), 400, "/meaning"),
        ("meaning", json!("witness"), 400, "/meaning"),
        ("meaning", json!(null), 400, "/meaning"),
        ("meaning", json!(["review"]), 400, "/meaning"),
        ("comment", json!(""), 400, "/comment"),
        ("comment", json!("\u{200b}"), 400, "/comment"),
        ("comment", json!(null), 400, "/comment"),
        ("comment", text(1001), 400, "/comment"),
        ("version", json!("2"), 400, "/version"),
        ("version", json!(null), 400, "/version"),
        ("version", json!(0), 400, "/version"),
        ("version", json!(2.5), 400, "/version"),
        ("version", json!([2]), 400, "/version"),
        ("validation_context", json!(null), 400, "/validation_context"),
        ("validation_context", json!({"x": "x".repeat(17 * 1024)}), 413, ""),
        ("requested_by", json!("mallory"), 400, "/requested_by"),
        ("workflow_id", json!("wf-2"), 400, "/workflow_id"),
        ("signer_name", json!("Mallory"), 400, "/signer_name"),
        ("reason", json!("x"), 400, "/reason"),
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
    let others = [
        (event().anonymous().json(&review()), 401),
        (event(), 400),
        (event().body("{"), 400),
        (event().json(&json!([])), 400),
        (event().json(&json!({})), 400),
        (event().workflow("a%2Fb").json(&review()), 400),
        (event().header("if-match", "2").json(&review()), 400),
        (event().header("content-type", "text/plain").body(review().to_string()), 415),
        (event().query("dry_run=maybe").json(&review()), 400),
        (event().query("dryrun=true").json(&review()), 400),
    ];
    for (number, (event, status)) in others.iter().enumerate() {
        let seen = asked(&ports, event).await;
        assert_eq!(seen.status, *status, "{number}: {}", seen.body);
    }
    assert_eq!(script.calls(), Vec::<&str>::new());
}
