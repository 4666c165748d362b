//! What a data folder keeps: over a restart, beside a second server, and when a part of it is spoilt.

use alims_local::{Config, ListenError, Server, StartError, archived_events};
use alims_rules::Engine;
use dynoxide::actions::put_item::PutItemRequest;
use serde_json::{Value, json};

use crate::site::{Site, lines, versions};

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
    assert!(
        matches!(refused, StartError::Listen(ListenError::PortInUse { port, .. }) if port == config.port),
        "{refused}"
    );
    config.port = 0;
    config.rules = Engine::Embedded { rules: data.path().to_owned() };
    let refused = Server::start(config).await.err().unwrap();
    assert!(matches!(refused, StartError::Rules { .. }), "{refused}");
}

#[tokio::test]
async fn every_change_is_there_after_a_restart() {
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
async fn a_stream_without_checkpoint_is_read_again_and_publishes_nothing_twice() {
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
    assert_eq!(archived_events(&site.data.path().join("events.sqlite")).unwrap().len(), 3);
}

#[tokio::test]
async fn a_checkpoint_that_does_not_fit_the_stream_is_ignored() {
    let site = Site::open().await;
    let alice = site.person("alice", &["analyst"]);
    alice.create("w-1").await;
    alice.until_listed("w-1", 1).await;
    let mut data = site.close().await;
    let path = data.path().join("stream-checkpoint.json");
    let kept: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    // One of a stream that had come further, and one of another stream: a folder whose database was replaced.
    let further = "109999999999999999999";
    for (member, value) in [("sequence_number", further), ("stream_arn", "arn:of:another"), ("shard_id", "another")] {
        let mut checkpoint = kept.clone();
        checkpoint["sequence_number"] = further.into();
        checkpoint[member] = value.into();
        std::fs::write(&path, checkpoint.to_string()).unwrap();
        let site = Site::on(data, |_| {}).await;
        let alice = site.person("alice", &["analyst"]);
        alice.create(member).await;
        alice.until_listed(member, 1).await;
        data = site.close().await;
    }
    assert_eq!(archived_events(&data.path().join("events.sqlite")).unwrap().len(), 4, "and nothing is published twice");
}

#[tokio::test]
async fn a_torn_event_is_published_again_whole() {
    let site = Site::on(tempfile::tempdir().unwrap(), |config| config.hold_events = true).await;
    site.person("alice", &["analyst"]).create("w-1").await;
    let data = site.close().await;
    // The beginning of SQLite's write-ahead log: what a killed process leaves of its first append.
    std::fs::write(data.path().join("events.sqlite-wal"), [0x37, 0x7f, 0x06]).unwrap();
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
    put_into_the_log(&data, &json!({ "pk": { "S": "default#w-2" }, "entry": { "S": "x#of no concern" } }));
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
