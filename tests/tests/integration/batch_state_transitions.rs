//! batch-state-transitions over HTTP.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::lab::{Answer, Lab, Person, go, transitions};

async fn asked(person: &Person, key: &str, body: &Value) -> Answer {
    Answer::to(person.request(Method::POST, "/transitions").header("idempotency-key", key).json(body)).await
}

fn counts(answer: &Value) -> Vec<u64> {
    let count = |name: &str| answer[name].as_u64().unwrap();
    ["moved", "refused", "failed", "not_reached"].into_iter().map(count).collect()
}

fn sample(number: usize) -> String {
    format!("S-2026-{number:04}")
}

/// Forty samples, as a bench gets them.
async fn forty_created(alice: &Person) {
    for number in 1..=40 {
        let id = sample(number);
        let new = json!({"workflow_type": "sample-analysis", "workflow_id": id, "metadata": {"sample_id": id}});
        alice.post("/workflows", &new).await.expect(201);
    }
}

#[tokio::test]
async fn of_ten_samples_completed_in_one_request_two_are_refused_with_the_rules_reason() {
    let lab = Lab::open().await;
    let (alice, sue) = (lab.person("alice", &["analyst"]), lab.person("sue", &["supervisor"]));
    forty_created(&alice).await;
    let begin: Vec<Value> =
        (1..=40).map(|number| json!({"workflow_id": sample(number), "target_state": "ACTIVE"})).collect();
    let begun = asked(&alice, "begin", &json!({"reason": "On the bench.", "transitions": begin})).await.expect(200);
    assert_eq!(counts(&begun), [40, 0, 0, 0]);

    for number in 1..=10 {
        let (id, mut body) = (sample(number), json!({"reason": "The run is over."}));
        if ![3, 8].contains(&number) {
            body["metadata"] = json!({"results": {"sodium_mmol_l": 141}});
        }
        Answer::to(alice.request(Method::PATCH, &format!("/workflows/{id}")).json(&body)).await.expect(200);
        alice.sign(&id, "authorship", 3).await.expect(200);
        sue.sign(&id, "review", 4).await.expect(200);
    }
    let complete =
        |number: usize| json!({"workflow_id": sample(number), "target_state": "COMPLETED", "expected_version": 5});
    let items: Vec<Value> = (1..=10).map(complete).collect();
    let body = json!({"reason": "The results are approved.", "transitions": items});
    let forbidden = asked(&alice, "complete", &body).await.expect(200);
    assert_eq!(counts(&forbidden), [0, 10, 0, 0], "an analyst completes nothing");
    assert!(forbidden["results"].as_array().unwrap().iter().all(|one| one["problem"]["code"] == "forbidden"));

    let answer = asked(&sue, "complete", &body).await.expect(200);
    assert_eq!(counts(&answer), [8, 2, 0, 0]);
    for (result, number) in answer["results"].as_array().unwrap().iter().zip(1..) {
        let (id, state) = (sample(number), lab.person("vera", &["viewer"]).state(&sample(number)).await);
        assert_eq!(result["workflow_id"], json!(id));
        if [3, 8].contains(&number) {
            let reasons = &result["problem"]["reasons"];
            assert_eq!((&result["status"], &reasons[0]["rule_id"]), (&json!(422), &json!("results-present")));
            assert_eq!(reasons.as_array().map(Vec::len), Some(1));
            assert_eq!(state["current_state"], "ACTIVE");
        } else {
            assert_eq!((&result["outcome"], &result["workflow"]["version"]), (&json!("moved"), &json!(6)));
            assert_eq!((&state["current_state"], &state["version"]), (&json!("COMPLETED"), &json!(6)));
        }
    }
    let again = asked(&sue, "complete", &body).await.expect(200);
    assert_eq!(counts(&again), [8, 2, 0, 0]);
    assert_eq!(again["results"][0], answer["results"][0], "the first answer again");
}

#[tokio::test]
async fn batches_and_single_moves_at_the_same_time_move_each_workflow_once() {
    let lab = Lab::open().await;
    let alice = lab.everybody();
    let ids: Vec<String> = (0..20).map(|number| format!("w-{number}")).collect();
    for id in &ids {
        alice.create(id).await.expect(201);
    }
    let item = |id: &String| json!({"workflow_id": id, "target_state": "ACTIVE", "expected_version": 1});
    let body = json!({"reason": "go", "transitions": ids.iter().map(item).collect::<Vec<_>>()});
    let batches = join_all(["a", "b", "c"].map(|key| asked(&alice, key, &body)));
    let single = go("ACTIVE");
    let paths: Vec<String> = ids.iter().map(|id| transitions(id)).collect();
    let singles = join_all(paths.iter().map(|path| alice.post(path, &single)));
    let (batches, singles) = tokio::join!(batches, singles);
    let moved: u64 = batches.into_iter().map(|answer| counts(&answer.expect(200))[0]).sum();
    let alone = singles.iter().filter(|answer| answer.status.is_success()).count();
    assert_eq!(moved + u64::try_from(alone).unwrap(), 20);
    for id in &ids {
        assert_eq!(alice.state(id).await["version"], 2, "{id}");
    }
}

#[tokio::test]
async fn a_repeated_batch_has_one_effect_and_a_single_move_may_not_use_its_key() {
    let lab = Lab::open().await;
    let alice = lab.everybody();
    for id in ["w-1", "w-2"] {
        alice.create(id).await.expect(201);
    }
    let item = |id: &str| json!({"workflow_id": id, "target_state": "ACTIVE"});
    let body = |items: &[Value]| json!({"reason": "go", "transitions": items});
    // The first request reaches one of the two only.
    assert_eq!(counts(&asked(&alice, "k", &body(&[item("w-2")])).await.expect(200)), [1, 0, 0, 0]);
    let two = body(&[item("w-1"), item("w-2")]);
    let both = join_all((0..8).map(|_| asked(&alice, "k", &two))).await;
    // Those that lost the race to their own repetition have the winner's answer.
    let answers: Vec<Value> = both.into_iter().map(|answer| answer.expect(200)).collect();
    assert!(answers.iter().all(|answer| answer["results"] == answers[0]["results"]), "{answers:?}");
    assert_eq!((alice.history("w-1").await.len(), alice.history("w-2").await.len()), (2, 2));
    let single = alice.request(Method::POST, &transitions("w-1")).header("idempotency-key", "k");
    Answer::to(single.json(&go("ACTIVE"))).await.refused(422, "idempotency-key-reused");
}

/// Whatever it is that is wrong: the other items are sound, and move only without the faulty one.
#[tokio::test]
async fn a_faulty_batch_is_refused_as_a_whole() {
    let lab = Lab::open().await;
    let alice = lab.everybody();
    let ids: Vec<String> = (0..101).map(|number| format!("w-{number}")).collect();
    for id in &ids {
        alice.create(id).await.expect(201);
    }
    let item = |id: &str| json!({"workflow_id": id, "target_state": "ACTIVE", "reason": "go"});
    let with = |member: &str, value: Value| {
        let mut faulty = item("w-2");
        faulty[member] = value;
        json!({"transitions": [item("w-0"), item("w-1"), faulty]})
    };
    let all: Vec<Value> = ids.iter().map(|id| item(id)).collect();
    for (place, body) in [
        ("/transitions/2/workflow_id", with("workflow_id", json!("w-0"))),
        ("/transitions/2/workflow_id", with("workflow_id", json!(""))),
        ("/transitions/2/workflow_id", with("workflow_id", json!(7))),
        ("/transitions/2/target_state", with("target_state", json!("active"))),
        ("/transitions/2/target_state", with("target_state", Value::Null)),
        ("/transitions/2/reason", with("reason", json!(""))),
        ("/transitions/2/expected_version", with("expected_version", json!("1"))),
        ("/transitions/2/expected_version", with("expected_version", json!(0))),
        ("/transitions/2/metadata", with("metadata", json!([]))),
        ("/transitions/2/unheard_of", with("unheard_of", json!(1))),
        ("/transitions/2", json!({"transitions": [item("w-0"), item("w-1"), "w-2"]})),
        ("/transitions/0/reason", json!({"transitions": [{"workflow_id": "w-0", "target_state": "ACTIVE"}]})),
        ("/transitions", json!({ "transitions": all })),
        ("/transitions", json!({"transitions": []})),
        ("/transitions", json!({"transitions": {"0": item("w-0")}})),
        ("/transitions", json!({"reason": "go"})),
        ("/unheard_of", json!({"transitions": [item("w-0")], "unheard_of": true})),
    ] {
        let problem = asked(&alice, "k", &body).await.refused(400, "malformed-request");
        let pointed = problem["errors"].as_array().unwrap().iter().any(|error| error["pointer"] == place);
        assert!(pointed, "{place}: {problem}");
    }
    for id in &ids {
        assert_eq!(alice.history(id).await.len(), 1, "{id}: nothing was written, not even a refusal");
    }
    // The refused requests have not used the key up, and a hundred are not too many.
    let hundred = json!({ "transitions": all[..100] });
    assert_eq!(counts(&asked(&alice, "k", &hundred).await.expect(200)), [100, 0, 0, 0]);
}

/// The answer is lost and the server stops while items are under way; its repetition with the key completes the rest.
#[tokio::test]
async fn a_batch_that_was_interrupted_half_way_is_completed_by_its_repetition() {
    let lab = Lab::open().await;
    let alice = lab.everybody();
    let ids: Vec<String> = (0..60).map(|number| format!("w-{number}")).collect();
    for id in &ids {
        alice.create(id).await.expect(201);
    }
    // To and back again would be seen too: an item that had two effects fails, as it is no longer at version 1.
    let item = |id: &String| json!({"workflow_id": id, "target_state": "ACTIVE"});
    let body = json!({"reason": "go", "transitions": ids.iter().map(item).collect::<Vec<_>>()});
    let interrupted = tokio::spawn({
        let (alice, body) = (alice.clone(), body.clone());
        async move { asked(&alice, "k", &body).await }
    });
    alice.until("/workflows/w-0", |state| state["version"] == 2).await;
    interrupted.abort();
    let lab = lab.restarted().await;
    let alice = lab.everybody();
    let repeated = asked(&alice, "k", &body).await.expect(200);
    assert_eq!(counts(&repeated), [60, 0, 0, 0]);
    assert_eq!(asked(&alice, "k", &body).await.expect(200)["results"], repeated["results"]);
    for id in &ids {
        assert_eq!(alice.history(id).await.len(), 2, "{id}");
    }
}
