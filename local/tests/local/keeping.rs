//! What a data folder keeps: over a restart, over a kill, beside a second server, and when a part of it is spoilt.

use alims_local::{Config, Server, StartError};
use dynoxide::actions::put_item::PutItemRequest;
use serde_json::{Value, json};
use std::collections::BTreeMap;

use crate::cli::Process;
use crate::site::{PATIENCE, Person, Site, lines, versions};

#[tokio::test]
async fn a_second_server_on_one_data_folder_is_refused_and_told_which() {
    let site = Site::open().await;
    let refused = Server::start(Config::new(site.data.path())).await.err().unwrap().to_string();
    assert!(refused.contains("another server"), "{refused}");
    assert!(refused.contains(site.data.path().to_str().unwrap()), "{refused}");
    let data = site.close().await;
    Server::start(Config::new(data.path())).await.unwrap().stop().await;
}

#[tokio::test]
async fn a_port_in_use_and_bad_rules_are_named() {
    let site = Site::open().await;
    let data = tempfile::tempdir().unwrap();
    let mut config = Config::new(data.path());
    config.port = site.server.address().port();
    let refused = Server::start(config.clone()).await.err().unwrap();
    assert!(matches!(refused, StartError::PortInUse(port) if port == config.port), "{refused}");
    config.port = 0;
    config.rules = data.path().to_owned();
    let refused = Server::start(config).await.err().unwrap();
    assert!(matches!(refused, StartError::Rules { .. }), "{refused}");
}

#[tokio::test]
async fn what_was_done_is_there_after_a_restart() {
    let site = Site::open().await;
    let alice = site.person("alice", &["analyst"]);
    alice.create("w-1").await;
    assert_eq!(alice.move_to("w-1", "ACTIVE").await.0, 200);
    alice.until_listed("w-1", 2).await;
    let state = alice.get("/workflows/w-1").await;
    let site = Site::on(site.close().await, |_| {}).await;
    let alice = site.person("alice", &["analyst"]);
    assert_eq!(alice.get("/workflows/w-1").await, state);
    alice.until_listed("w-1", 2).await;
    assert_eq!(alice.move_to("w-1", "PAUSED").await.0, 200);
    let heard = alice.listen("/events?after=0", |heard| heard.len() >= 3).await;
    assert_eq!(versions(&heard), [1, 2, 3].map(|version| ("w-1".to_owned(), version)), "and no event comes twice");
}

#[tokio::test]
async fn without_its_checkpoint_the_stream_is_read_again_and_nothing_is_published_twice() {
    let site = Site::open().await;
    let alice = site.person("alice", &["analyst"]);
    for id in ["w-1", "w-2"] {
        alice.create(id).await;
        alice.until_listed(id, 1).await;
    }
    let data = site.close().await;
    std::fs::write(data.path().join("stream-checkpoint.json"), "{").unwrap();
    let site = Site::on(data, |_| {}).await;
    let alice = site.person("alice", &["analyst"]);
    alice.create("w-3").await;
    alice.until_listed("w-3", 1).await;
    assert_eq!(lines(&site.data.path().join("events.jsonl")).len(), 3);
}

#[tokio::test]
async fn a_torn_event_is_published_again_whole() {
    let site = Site::on(tempfile::tempdir().unwrap(), |config| config.hold_events = true).await;
    site.person("alice", &["analyst"]).create("w-1").await;
    let data = site.close().await;
    std::fs::write(data.path().join("events.jsonl"), "{\"version\":\"0\",\"id\":\"01").unwrap();
    let site = Site::on(data, |_| {}).await;
    let heard = site.person("alice", &["analyst"]).listen("/events?after=0", |heard| !heard.is_empty()).await;
    assert_eq!(versions(&heard), [("w-1".to_owned(), 1)]);
}

#[tokio::test]
async fn a_record_that_cannot_be_read_becomes_a_dead_letter_and_holds_nobody_up() {
    let site = Site::on(tempfile::tempdir().unwrap(), |config| config.hold_events = true).await;
    site.person("alice", &["analyst"]).create("w-1").await;
    let data = site.close().await;
    put_into_the_log(&data, &json!({ "pk": { "S": "default#w-2" }, "entry": { "S": "v#0000000001" } }));
    let site = Site::on(data, |_| {}).await;
    let alice = site.person("alice", &["analyst"]);
    alice.until_listed("w-1", 1).await;
    alice.create("w-3").await;
    alice.until_listed("w-3", 1).await;
    let letters = lines(&site.data.path().join("dead-letters.jsonl"));
    assert_eq!(letters.len(), 1, "{letters:?}");
    assert!(letters[0].contains("w-2"), "{letters:?}");
}

/// Puts an item into the log of a server that does not run.
fn put_into_the_log(data: &tempfile::TempDir, item: &Value) {
    let database = dynoxide::Database::new(data.path().join("dynamodb.sqlite").to_str().unwrap()).unwrap();
    let request: PutItemRequest = serde_json::from_value(json!({ "TableName": "WorkflowLog", "Item": item })).unwrap();
    database.put_item(request).unwrap();
}

/// How many moves are acknowledged before the kill.
const ACKNOWLEDGED: usize = 60;

#[tokio::test]
async fn after_a_kill_everything_acknowledged_is_there_and_published_in_order() {
    let data = tempfile::tempdir().unwrap();
    let mut process = Process::start(data.path(), &[]).await;
    let alice = Person::new(process.base.clone(), process.token("alice", &["analyst"]));
    let (acknowledge, mut acknowledged) = tokio::sync::mpsc::channel(ACKNOWLEDGED);
    for worker in 0..8 {
        let (alice, acknowledge) = (alice.clone(), acknowledge.clone());
        tokio::spawn(async move {
            for round in 0.. {
                let id = format!("w-{worker}-{round}");
                let body = json!({ "workflow_id": id, "workflow_type": "equipment-check" });
                let mut path = "/workflows".to_owned();
                let mut request = body;
                for (version, target) in (1..).zip(["ACTIVE", "PAUSED", "ACTIVE", "end"]) {
                    let sent = alice.request(reqwest::Method::POST, &path).json(&request).send().await;
                    // The server is gone in the middle of something, which is the point.
                    let Ok(answer) = sent else { return };
                    assert!(answer.status().is_success());
                    let _ = acknowledge.send((id.clone(), version)).await;
                    path = format!("/workflows/{id}/transitions");
                    request = json!({ "target_state": target, "reason": "because" });
                }
            }
        });
    }
    drop(acknowledge);
    let mut newest: BTreeMap<String, u64> = BTreeMap::new();
    for _ in 0..ACKNOWLEDGED {
        let (id, version) = acknowledged.recv().await.unwrap();
        newest.insert(id, version);
    }
    process.kill().await;
    while let Some((id, version)) = acknowledged.recv().await {
        newest.insert(id, version);
    }

    let process = Process::start(data.path(), &[]).await;
    let alice = Person::new(process.base.clone(), process.token("alice", &["analyst"]));
    let everything = |heard: &[(u64, Value)]| {
        let told = versions(heard);
        newest.iter().all(|(id, version)| told.contains(&(id.clone(), *version)))
    };
    let heard = alice.listen("/events?after=0", everything).await;
    let mut first_appearances: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for (id, version) in versions(&heard) {
        let seen = first_appearances.entry(id).or_default();
        if !seen.contains(&version) {
            seen.push(version);
        }
    }
    for (id, seen) in &first_appearances {
        assert!((1..).zip(seen).all(|(awaited, version)| awaited == *version), "{id} out of order: {seen:?}");
    }
    for (id, version) in &newest {
        let (_, state) = alice.get(&format!("/workflows/{id}")).await;
        assert!(state["version"].as_u64() >= Some(*version), "{id} lost version {version}: {state}");
    }
    tokio::time::timeout(PATIENCE, process.end()).await.unwrap();
}
