//! A server killed at any moment of its work and started again: nothing acknowledged is lost, and every event of it
//! is published in order.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets what it does not expect must fail"
)]

mod exporting;
mod server;

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use server::{Caller, client_of_this_machine, start, token, until};

/// Clients that work while the server is killed.
const CLIENTS: usize = 16;
/// After how many acknowledged writes the server is killed, time after time on one data folder.
const KILLED_AFTER: [usize; 5] = [1, 23, 60, 117, 250];

/// The highest version of each workflow that was acknowledged.
type Acknowledged = Arc<Mutex<BTreeMap<String, u64>>>;

#[tokio::test]
async fn a_server_killed_at_any_moment_loses_nothing_and_publishes_everything_in_order() {
    let data = tempfile::tempdir().unwrap();
    let acknowledged = Acknowledged::default();
    for (round, writes) in KILLED_AFTER.into_iter().enumerate() {
        let (mut server, base) = start(data.path()).await;
        let counted = Arc::new(AtomicUsize::new(0));
        let token = token(data.path()).await;
        let working: Vec<_> = (0..CLIENTS)
            .map(|client| {
                let caller = Caller { base: base.clone(), token: token.clone(), http: client_of_this_machine() };
                tokio::spawn(work(caller, format!("w-{round}-{client}"), acknowledged.clone(), counted.clone()))
            })
            .collect();
        until(|| counted.load(Ordering::SeqCst) >= writes).await;
        // SIGKILL, while all clients are in the middle of something.
        server.kill().await.unwrap();
        for client in working {
            client.await.unwrap();
        }
    }
    let (mut server, base) = start(data.path()).await;
    let caller = Caller { base, token: token(data.path()).await, http: client_of_this_machine() };
    let acknowledged = acknowledged.lock().unwrap().clone();
    assert!(acknowledged.len() > CLIENTS, "the clients did work");
    let mut heads = BTreeMap::new();
    for (id, version) in &acknowledged {
        let (status, verification) = caller.get(&format!("/workflows/{id}/history/verification")).await.unwrap();
        assert_eq!((status, &verification["valid"]), (200, &json!(true)), "{id}: {verification}");
        let head = verification["versions_checked"].as_u64().unwrap();
        // One more than acknowledged may be there: its answer died with the server.
        assert!(head == *version || head == version + 1, "{id}: {version} acknowledged, {head} stored");
        heads.insert(id.clone(), head);
    }
    until(|| {
        let published = first_appearances(data.path());
        heads.iter().all(|(id, head)| published.get(id).is_some_and(|seen| seen.len() as u64 >= *head))
    })
    .await;
    let published = first_appearances(data.path());
    for (id, head) in heads {
        assert_eq!(published[&id], (1..=head).collect::<Vec<_>>(), "{id}");
    }
    server.kill().await.unwrap();
}

/// Creates a workflow and moves it to and fro until the server is gone.
async fn work(caller: Caller, id: String, acknowledged: Acknowledged, counted: Arc<AtomicUsize>) {
    let new = json!({"workflow_type": "free-form", "workflow_id": id});
    let mut answer = caller.post("/workflows", &new).await;
    let mut version = 0;
    while let Some((status, body)) = answer {
        assert!(status == 200 || status == 201, "{id}: {status} {body}");
        version += 1;
        acknowledged.lock().unwrap().insert(id.clone(), version);
        counted.fetch_add(1, Ordering::SeqCst);
        let target = if version % 2 == 1 { "ACTIVE" } else { "PAUSED" };
        let transition = json!({"target_state": target, "reason": "to and fro"});
        answer = caller.post(&format!("/workflows/{id}/transitions"), &transition).await;
    }
}

/// The versions of each workflow in the order of their first appearance on the bus.
fn first_appearances(data: &Path) -> BTreeMap<String, Vec<u64>> {
    let mut seen: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for line in alims_local::archived_events(&data.join("events.sqlite")).unwrap() {
        let event: Value = serde_json::from_str(&line).unwrap();
        let id = event["detail"]["workflow_id"].as_str().unwrap().to_owned();
        let version = event["detail"]["version"].as_u64().unwrap();
        let versions = seen.entry(id).or_default();
        if !versions.contains(&version) {
            versions.push(version);
        }
    }
    seen
}
