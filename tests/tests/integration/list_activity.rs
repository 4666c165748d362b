//! list-activity over HTTP.

use serde_json::Value;
use std::collections::BTreeSet;
use tokio::task::JoinSet;

use crate::lab::{Lab, Person};

fn of_kind<'a>(items: &'a [Value], kind: &str) -> Vec<&'a str> {
    let named = items.iter().filter(|item| item["kind"] == kind);
    named.map(|item| item["workflow_id"].as_str().unwrap()).collect()
}

/// The whole activity. On AWS the secondary index follows the log; here it is with it.
async fn activity(person: &Person, query: &str) -> Vec<Value> {
    person.pages(&format!("/activity?{query}")).await
}

#[tokio::test]
async fn an_auditor_sees_what_everybody_did_and_everybody_else_the_own_part() {
    let lab = Lab::open().await;
    let (alice, bob) = (lab.person("alice", &["analyst"]), lab.person("bob", &["analyst"]));
    let auditor = lab.person("ada", &["auditor"]);
    alice.create("a").await.expect(201);
    bob.create("b").await.expect(201);
    // A refused creation is in no list and no workflow; here it is.
    lab.person("vera", &["viewer"]).create("never").await.expect(403);
    let all = activity(&auditor, "limit=1").await;
    assert_eq!(of_kind(&all, "WorkflowCreated"), ["b", "a"]);
    assert_eq!(of_kind(&all, "WorkflowTransitionRefused"), ["never"]);
    assert!(all.is_sorted_by(|newer, older| newer["at"].as_str() >= older["at"].as_str()));
    assert_eq!(of_kind(&activity(&auditor, "principal=bob").await, "WorkflowCreated"), ["b"]);
    assert_eq!(activity(&auditor, "kind=WorkflowTransitionRefused").await.len(), 1);
    let own = activity(&alice, "limit=100").await;
    assert_eq!(own.iter().map(|item| item["entry"]["requested_by"].clone()).collect::<Vec<_>>(), ["alice"]);
    alice.get("/activity?principal=bob").await.expect(403);
    alice.get("/activity?from=2026-11-02T00:00:00Z&to=2026-11-01T00:00:00Z").await.expect(400);
    let olga = lab.person_of("other", "olga", &["auditor"]);
    assert_eq!(activity(&olga, "limit=100").await.len(), 0);
    // An entry is what the history shows.
    let history = auditor.pages("/workflows/a/history?limit=100").await;
    assert_eq!(all.iter().find(|item| item["workflow_id"] == "a").unwrap()["entry"], history[0]);
}

#[tokio::test]
async fn a_walk_while_many_clients_create_and_move_misses_and_repeats_nothing() {
    let lab = Lab::open().await;
    let alice = lab.everybody();
    for number in 0..20 {
        alice.at(&format!("w-{number}"), &["ACTIVE"]).await;
    }
    let identity = |item: &Value| item["entry"]["event_id"].as_str().unwrap().to_owned();
    let before: BTreeSet<String> = activity(&alice, "limit=100").await.iter().map(identity).collect();
    assert_eq!(before.len(), 40);
    let mut clients = JoinSet::new();
    for client in 0..8 {
        let someone = lab.everybody();
        clients.spawn(async move {
            for number in 0..5 {
                someone.create(&format!("n-{client}-{number}")).await.expect(201);
                // Each of the old ones moves once.
                if client < 4 {
                    someone.go(&format!("w-{}", client * 5 + number), "PAUSED").await.expect(200);
                }
            }
        });
    }
    let walked = activity(&alice, "limit=3").await;
    clients.join_all().await;
    let shown: Vec<String> = walked.iter().map(identity).collect();
    let once: BTreeSet<String> = shown.iter().cloned().collect();
    assert_eq!(once.len(), shown.len(), "an entry came twice");
    assert!(before.is_subset(&once), "missed: {:?}", before.difference(&once).collect::<Vec<_>>());
    assert_eq!(activity(&alice, "limit=100").await.len(), 40 + 40 + 20);
}

#[tokio::test]
async fn every_filter_of_the_activity_that_is_not_sound_is_refused_and_named() {
    let lab = Lab::open().await;
    let ada = lab.person("ada", &["auditor"]);
    let huge = "x".repeat(3000);
    for (name, values) in [
        ("from", &["", "yesterday", "0", "2026-11-23T08:15:00", "2026-11-23T08:15:00Z&from=2026-11-23T08:15:00Z"][..]),
        ("to", &["", "tomorrow", "2026-02-30T00:00:00Z", "2026-11-23T08:15:00Z&to=2026-11-23T08:15:00Z"]),
        ("principal", &["", "%00", "%FF", "bob&principal=bob"]),
        ("kind", &["", "version", "WORKFLOWCREATED", "WorkflowCreated&kind=WorkflowCreated"]),
        ("limit", &["", "0", "101", "ten", "1&limit=1"]),
        ("cursor", &["", "bm9uc2Vuc2U"]),
        ("workflow_id", &["a"]),
    ] {
        for value in values.iter().copied().chain([huge.as_str()]) {
            let problem = ada.get(&format!("/activity?{name}={value}")).await.refused(400, "malformed-request");
            let message = problem["errors"][0]["message"].as_str().unwrap();
            assert!(message.contains(name), "{name}={value}: {problem}");
            assert!(problem.to_string().len() < 2000, "a long value is not sent back: {name}");
        }
    }
}
