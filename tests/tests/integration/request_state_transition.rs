//! request-state-transition over HTTP.

use alims_domain::lifecycle::State;
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::lab::{Answer, Lab, Person, go, transitions};

/// The moves that lead from a creation to each state.
fn path_to(state: State) -> &'static [&'static str] {
    match state {
        State::Created => &[],
        State::Active => &["ACTIVE"],
        State::Paused => &["ACTIVE", "PAUSED"],
        State::Completed => &["ACTIVE", "COMPLETED"],
        State::Failed => &["ACTIVE", "FAILED"],
        State::Cancelled => &["ACTIVE", "CANCELLED"],
    }
}

#[tokio::test]
async fn nine_of_36_pairs_of_states_are_moves_and_27_leave_the_workflow_untouched() {
    let lab = Lab::open().await;
    let alice = lab.everybody();
    let mut succeeded = 0;
    for from in State::ALL {
        for to in State::ALL {
            let id = format!("{from}-to-{to}");
            alice.at(&id, path_to(from)).await;
            let before = alice.state(&id).await;
            let answer = alice.go(&id, to.as_str()).await;
            if from.may_become(to) {
                let result = answer.expect(200);
                assert_eq!(result["workflow"]["current_state"], to.as_str());
                assert_eq!(result["workflow"]["previous_state"], from.as_str());
                assert_eq!(result["event"]["version"], result["workflow"]["version"]);
                succeeded += 1;
            } else {
                let problem = answer.refused(409, "invalid-transition");
                assert_eq!(problem["current_state"], from.as_str());
                assert_eq!(problem["version"], before["version"]);
                assert_eq!(problem["allowed_transitions"], before["allowed_transitions"]);
                assert_eq!(alice.state(&id).await, before);
            }
        }
    }
    assert_eq!(succeeded, 9);
}

#[tokio::test]
async fn exactly_one_of_32_racing_writers_wins_each_round() {
    const WRITERS: usize = 32;
    const ROUNDS: usize = 200;
    let lab = Lab::open().await;
    let alice = lab.everybody();
    alice.create("raced").await.expect(201);
    for round in 0..ROUNDS {
        let target = if round.is_multiple_of(2) { "ACTIVE" } else { "PAUSED" };
        let mut body = go(target);
        body["expected_version"] = json!(round + 1);
        let path = transitions("raced");
        let answers = join_all((0..WRITERS).map(|_| alice.post(&path, &body))).await;
        let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status.is_success());
        assert_eq!(won.len(), 1, "round {round}");
        for loser in lost {
            assert_eq!(loser.refused(409, "version-conflict")["version"], json!(round + 2));
        }
    }
    let history = alice.pages("/workflows/raced/history?limit=100").await;
    let versions: Vec<u64> = history.iter().map(|event| event["version"].as_u64().unwrap()).collect();
    assert_eq!(versions, (1..=ROUNDS as u64 + 1).collect::<Vec<_>>());
    let verification = alice.get("/workflows/raced/history/verification").await.expect(200);
    assert_eq!(verification["valid"], true, "{verification}");
}

#[tokio::test]
async fn sixteen_repetitions_at_once_have_one_effect_and_one_answer() {
    let lab = Lab::open().await;
    let alice = lab.everybody();
    alice.create("w").await.expect(201);
    let send = || {
        let request = alice.request(Method::POST, &transitions("w")).header("idempotency-key", "once");
        Answer::to(request.json(&go("ACTIVE")))
    };
    let answers: Vec<Value> = join_all((0..16).map(|_| send())).await.into_iter().map(|a| a.expect(200)).collect();
    assert!(answers.iter().all(|answer| answer == &answers[0]));
    assert_eq!(alice.history("w").await.len(), 2);
}

#[tokio::test]
async fn a_stale_version_is_refused_and_told_the_present_one() {
    let lab = Lab::open().await;
    let alice = lab.everybody();
    alice.at("w", &["ACTIVE"]).await;
    let if_match = |tag: &str| {
        Answer::to(alice.request(Method::POST, &transitions("w")).header("if-match", tag).json(&go("PAUSED")))
    };
    let stale = if_match("\"1\"").await.refused(412, "version-conflict");
    assert_eq!((&stale["version"], &stale["current_state"]), (&json!(2), &json!("ACTIVE")));
    let mut body = go("PAUSED");
    body["expected_version"] = json!(1);
    alice.post(&transitions("w"), &body).await.refused(409, "version-conflict");
    for malformed in ["2", "\"2"] {
        if_match(malformed).await.refused(400, "malformed-request");
    }
    for of_no_version in ["W/\"2\"", "\"two\", \"0\""] {
        if_match(of_no_version).await.refused(412, "version-conflict");
    }
    assert_eq!(alice.history("w").await.len(), 2);
    let moved = if_match("\"1\", \"2\"").await;
    assert_eq!(moved.header("etag"), "\"3\"");
    moved.expect(200);
}

#[tokio::test]
async fn metadata_is_patched_and_a_patch_may_not_outgrow_its_bound() {
    let lab = Lab::open().await;
    let alice = lab.everybody();
    let new =
        json!({"workflow_type": "free-form", "workflow_id": "w", "metadata": {"a": 1, "big": "x".repeat(40_000)}});
    alice.post("/workflows", &new).await.expect(201);
    let mut body = go("ACTIVE");
    body["metadata"] = json!({"b": "y".repeat(40_000)});
    alice.post(&transitions("w"), &body).await.refused(413, "payload-too-large");
    body["metadata"] = json!({"a": null, "big": null, "c": {"d": 2.5}});
    let result = alice.post(&transitions("w"), &body).await.expect(200);
    assert_eq!(result["workflow"]["metadata"], json!({"c": {"d": 2.5}}));
    assert_eq!(result["event"]["metadata"], json!({"c": {"d": 2.5}}));
}

#[tokio::test]
async fn a_dry_run_decides_and_writes_nothing_not_even_a_refusal() {
    let lab = Lab::open().await;
    let alice = lab.everybody();
    alice.create("w").await.expect(201);
    let path = format!("{}?dry_run=true", transitions("w"));
    assert_eq!(alice.post(&path, &go("ACTIVE")).await.expect(200)["dry_run"], true);
    alice.post(&path, &go("COMPLETED")).await.refused(409, "invalid-transition");
    assert_eq!(alice.history("w").await.len(), 1);
}

#[tokio::test]
async fn every_refusal_is_kept_with_who_and_why() {
    let lab = Lab::open().await;
    let alice = lab.everybody();
    let new = json!({"workflow_type": "sample-analysis", "workflow_id": "s", "metadata": {"sample_id": "S-1"}});
    alice.post("/workflows", &new).await.expect(201);
    alice.go("s", "COMPLETED").await.refused(409, "invalid-transition");
    lab.person("victor", &["viewer"]).go("s", "ACTIVE").await.refused(403, "forbidden");
    alice.go("s", "ACTIVE").await.expect(200);
    // Four eyes: the one who created it does not complete it, and there are no results.
    let problem = alice.go("s", "COMPLETED").await.refused(422, "rule-violation");
    assert!(problem["reasons"].as_array().unwrap().len() >= 2, "{problem}");
    let history = alice.history("s").await;
    let told: Vec<(&str, &str)> = history
        .iter()
        .map(|item| (item["requested_by"].as_str().unwrap(), item["code"].as_str().unwrap_or("accepted")))
        .collect();
    assert_eq!(
        told,
        [
            ("alice", "accepted"),
            ("alice", "invalid-transition"),
            ("victor", "forbidden"),
            ("alice", "accepted"),
            ("alice", "rule-violation"),
        ]
    );
    assert_eq!(history[4]["reasons"], problem["reasons"]);
    assert_eq!(alice.state("s").await["version"], 2);
}

#[tokio::test]
async fn bad_input_is_told_all_at_once_and_writes_nothing() {
    let lab = Lab::open().await;
    let alice = lab.everybody();
    alice.at("w", &["ACTIVE"]).await;
    let long = "x".repeat(1001);
    for (bad, mut pointers) in [
        (json!({}), vec!["/reason", "/target_state"]),
        (
            json!({"target_state": "PAUSED", "reason": long, "requested_by": "mallory"}),
            vec!["/reason", "/requested_by"],
        ),
        (json!({"target_state": "FAILED", "reason": "r"}), vec!["/failure"]),
        (json!({"target_state": "PAUSED", "reason": "r", "failure": go("FAILED")["failure"]}), vec!["/failure"]),
        (
            json!({"target_state": "FAILED", "reason": "r", "failure": {"code": "", "retryable": 1, "x": 0}}),
            vec!["/failure/code", "/failure/message", "/failure/retryable", "/failure/x"],
        ),
    ] {
        let problem = alice.post(&transitions("w"), &bad).await.refused(400, "malformed-request");
        let mut told: Vec<&str> =
            problem["errors"].as_array().unwrap().iter().map(|error| error["pointer"].as_str().unwrap()).collect();
        told.sort_unstable();
        pointers.sort_unstable();
        assert_eq!(told, pointers, "{bad}");
    }
    assert_eq!(alice.history("w").await.len(), 2);
}

#[tokio::test]
async fn another_tenants_workflow_is_not_found_and_not_touched() {
    let lab = Lab::open().await;
    let alice = lab.everybody();
    alice.create("w").await.expect(201);
    let olga: Person = lab.person_of("other", "olga", &["supervisor", "auditor"]);
    olga.go("w", "ACTIVE").await.refused(404, "workflow-not-found");
    assert_eq!(alice.history("w").await.len(), 1);
}
