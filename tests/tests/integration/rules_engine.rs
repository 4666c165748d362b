//! The rules engine elsewhere, through the whole service: its verdict is the service's, and without one nothing happens.

use alims_local::{Config, RulesEngine};
use alims_rules::{Authorization, Engine, Reach};
use alims_testing::fake_engine::{Deed, FakeEngine, a_no, a_yes, faults_at_once};
use reqwest::Method;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::lab::{Answer, FREE, Lab, client, go, transitions};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// A laboratory whose moves are judged at this address.
async fn judged_at(url: &str, deadline: Duration) -> Lab {
    let reach = Reach { endpoint: url.parse().unwrap(), deadline, authorization: Authorization::None };
    let data = tempfile::tempdir().unwrap();
    let config = Config { rules: Engine::Remote(reach), ..Config::new(data.path()) };
    Lab::with(config, data).await
}

const PATIENT: Duration = Duration::from_secs(5);

#[tokio::test]
async fn the_engine_s_verdict_is_the_service_s() {
    let engine = FakeEngine::that(Deed::Answer(a_yes())).await;
    let lab = judged_at(&engine.url, PATIENT).await;
    let alice = lab.everybody();
    alice.at("w-1", &["ACTIVE"]).await;
    engine.next([Deed::Answer(a_no())]);
    let refused = alice.go("w-1", "PAUSED").await.refused(422, "rule-violation");
    assert_eq!(refused["reasons"], json!([{"rule_id": "r-1", "message": "Not like this."}]));
    assert_eq!((&refused["ruleset"], &refused["ruleset_version"]), (&json!("fake"), &json!("1")));
    let history = alice.history("w-1").await;
    assert_eq!(history.len(), 3, "two versions and a refusal");
    let applied = json!({"ruleset": "fake", "ruleset_version": "1", "evaluated": ["r-1"]});
    assert_eq!((&history[0]["rules"], &history[1]["rules"]), (&applied, &applied));
    let asked: Vec<Value> = engine.received().into_iter().map(|received| received.body).collect();
    assert_eq!(asked[0]["transition"]["from_state"], json!(null), "a creation is judged too");
    assert_eq!(asked[2]["transition"]["to_state"], json!("PAUSED"));
    assert_eq!((&asked[2]["workflow"]["version"], &asked[2]["actor"]["id"]), (&json!(2), &json!("alice")));
}

#[tokio::test]
async fn a_move_without_a_verdict_is_not_written_and_the_caller_may_come_back() {
    let engine = FakeEngine::that(Deed::Answer(a_yes())).await;
    let lab = judged_at(&engine.url, PATIENT).await;
    let alice = lab.everybody();
    alice.at("w-1", &["ACTIVE"]).await;
    let before = alice.history("w-1").await;
    for (what, deed, calls) in faults_at_once() {
        engine.next(vec![deed; calls]);
        let asked = engine.calls();
        let answer = alice.go("w-1", "PAUSED").await;
        assert_eq!(answer.header("retry-after"), "1", "{what}");
        let problem = answer.refused(503, "rules-engine-unavailable");
        assert!(!problem.to_string().contains(&engine.url), "{what}: nothing of the inside is told: {problem}");
        assert_eq!(engine.calls(), asked + calls, "{what}");
        assert_eq!(alice.history("w-1").await, before, "{what}");
        // One that works, so that the breaker stays closed: a dry run, which writes nothing either.
        alice.post(&format!("{}?dry_run=true", transitions("w-1")), &go("PAUSED")).await.expect(200);
    }
    alice.go("w-1", "PAUSED").await.expect(200);
}

#[tokio::test]
async fn a_server_connects_to_the_engine_when_it_starts() {
    let engine = FakeEngine::that(Deed::Answer(a_yes())).await;
    let lab = judged_at(&engine.url, PATIENT).await;
    assert_eq!((engine.connections(), engine.calls()), (1, 0), "and asks nothing yet");
    lab.everybody().create("w-1").await.expect(201);
    assert_eq!((engine.connections(), engine.calls()), (1, 1));
}

#[tokio::test]
async fn a_silent_or_slow_engine_holds_a_request_up_to_the_deadline_and_is_then_spared() {
    let engine = FakeEngine::that(Deed::Answer(a_yes())).await;
    let lab = judged_at(&engine.url, Duration::from_millis(300)).await;
    let alice = lab.everybody();
    // Whatever a busy machine makes of 300 ms: in the end it is there.
    while alice.create("w-1").await.status != 201 {}
    let before = alice.history("w-1").await;
    for deed in [Deed::Silence, Deed::Drip(b"HTTP/1.1 200 OK\r\n".to_vec())] {
        engine.from_now_on(deed);
        for _ in 0..3 {
            alice.go("w-1", "ACTIVE").await.refused(503, "rules-engine-unavailable");
        }
    }
    let asked = engine.calls();
    for _ in 0..10 {
        let answer = alice.go("w-1", "ACTIVE").await;
        assert_eq!(answer.header("retry-after"), "1");
        answer.refused(503, "rules-engine-unavailable");
    }
    assert_eq!(engine.calls(), asked, "it is spared");
    assert_eq!(alice.history("w-1").await, before);
    let nobody = alice.post("/workflows", &json!({"workflow_type": FREE, "workflow_id": "w-2"})).await;
    nobody.refused(503, "rules-engine-unavailable");
    alice.get("/workflows/w-2").await.refused(404, "workflow-not-found");
}

#[tokio::test]
async fn the_laboratory_s_rules_say_the_same_over_the_contract() {
    let engine = RulesEngine::start(0, &repository().join("rules")).await.unwrap();
    let lab = judged_at(&format!("http://{}", engine.address()), PATIENT).await;
    let (alice, bob) = (lab.everybody(), lab.person("bob", &["supervisor"]));
    let create = json!({"workflow_type": "sample-analysis", "workflow_id": "w-1", "metadata": {"sample_id": "S-1"}});
    alice.post("/workflows", &create).await.expect(201);
    alice.go("w-1", "ACTIVE").await.expect(200);
    let refused = alice.go("w-1", "COMPLETED").await.refused(422, "rule-violation");
    let rules: Vec<&Value> = refused["reasons"].as_array().unwrap().iter().map(|reason| &reason["rule_id"]).collect();
    assert_eq!(rules, ["results-present", "results-signed", "reviewed", "four-eyes"]);
    let mut done = go("COMPLETED");
    done["metadata"] = json!({"results": [1.5]});
    bob.post(&transitions("w-1"), &done).await.refused(422, "rule-violation");
    let result = json!({"reason": "The result is in.", "metadata": done["metadata"]});
    Answer::to(alice.request(Method::PATCH, "/workflows/w-1").json(&result)).await.expect(200);
    alice.sign("w-1", "authorship", 3).await.expect(200);
    alice.sign("w-1", "review", 4).await.refused(422, "rule-violation");
    bob.sign("w-1", "review", 4).await.expect(200);
    let moved = bob.go("w-1", "COMPLETED").await.expect(200);
    let evaluated = json!(["sample-identified", "results-present", "results-signed", "reviewed", "four-eyes"]);
    assert_eq!(moved["event"]["rules"]["evaluated"], evaluated);
    engine.stop().await;
}

#[tokio::test]
async fn the_example_for_those_who_implement_an_engine_works_as_it_stands() {
    let document = std::fs::read_to_string(repository().join("docs/predicate-logic-engine.md")).unwrap();
    let fenced = |kind: &str| {
        let behind = document.split_once("<!-- example -->").expect("no example").1;
        let block = behind.split_once(&format!("```{kind}\n")).expect("no block").1;
        block.split_once("```").unwrap().0.to_owned()
    };
    let engine = RulesEngine::start(0, &repository().join("rules")).await.unwrap();
    let command = fenced("bash").replace("127.0.0.1:3001", &engine.address().to_string());
    assert!(command.starts_with("curl "), "{command}");
    let run = tokio::task::spawn_blocking(move || Command::new("bash").args(["-c", &command]).output());
    let output = run.await.unwrap().unwrap();
    assert!(output.status.success(), "{output:?}");
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(said, serde_json::from_str::<Value>(&fenced("json")).unwrap());
    engine.stop().await;
}

#[tokio::test]
async fn the_reference_engine_refuses_a_body_that_is_no_question() {
    let engine = RulesEngine::start(0, &repository().join("rules")).await.unwrap();
    let url = format!("http://{}/v1/transitions/validate", engine.address());
    let ask =
        |body: &'static str, kind: &'static str| client().post(&url).header("content-type", kind).body(body).send();
    for (body, kind, status) in [
        ("", "application/json", 400),
        ("{}", "application/json", 400),
        ("[1]", "application/json", 400),
        ("{}", "text/plain", 415),
    ] {
        let answer = ask(body, kind).await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{body} as {kind}");
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
    }
    let large = client().post(&url).header("content-type", "application/json").body("x".repeat(300 * 1024));
    assert_eq!(large.send().await.unwrap().status().as_u16(), 413);
    assert_eq!(client().get(&url).send().await.unwrap().status().as_u16(), 405);
    engine.stop().await;
}
