//! Entries that cannot be read, over HTTP: a newest version, a quarantine, a claim of a recovery, a refused attempt.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::json;

use crate::behind::LOG;
use crate::lab::{Lab, Person, go, transitions};

const RELEASE: &str = "/workflows/w/release";

impl Lab {
    /// Adds an attribute that no release knows to the one entry of the log whose sort key begins and ends so.
    async fn spoil(&self, begins: &str, ends: &str) {
        let items = self.dynamodb().scan().table_name(LOG).send().await.unwrap().items.unwrap();
        let is_it = |entry: &str| entry.starts_with(begins) && entry.ends_with(ends);
        let mut item = items.into_iter().find(|item| is_it(item["entry"].as_s().unwrap())).unwrap();
        item.insert("scribble".to_owned(), AttributeValue::Bool(true));
        self.dynamodb().put_item().table_name(LOG).set_item(Some(item)).send().await.unwrap();
    }
}

/// Releases all that is in force, and moves the workflow.
async fn released_and_moved(sue: &Person, target: &str) -> serde_json::Value {
    let release = sue.release_of_all("w", "compared with the paper record").await;
    let released = sue.post(RELEASE, &release).await.expect(200);
    assert_eq!(released["quarantines"], json!([]));
    sue.go("w", target).await.expect(200)
}

#[tokio::test]
async fn an_unreadable_newest_version_is_released_and_passed_over_for_all_to_see() {
    let lab = Lab::open().await;
    let sue = lab.everybody();
    sue.at("w", &["ACTIVE", "PAUSED"]).await;
    sue.until("/workflows", |list| list["items"][0]["published_version"] == 3).await;
    lab.spoil("v#0000000003", "").await;
    sue.get("/workflows/w").await.refused(423, "workflow-quarantined");
    sue.go("w", "ACTIVE").await.refused(423, "workflow-quarantined");
    assert_eq!(sue.recovered().await["status"], "quarantined");
    let moved = released_and_moved(&sue, "COMPLETED").await;
    let event = &moved["event"];
    assert_eq!((&event["version"], &event["from_state"]), (&json!(4), &json!("ACTIVE")));
    assert_eq!(event["resumes"]["from_version"], 2);
    let history = sue.history("w").await;
    assert_eq!(history.len(), 4);
    assert_eq!((&history[2]["event_type"], &history[2]["version"]), (&json!("UnreadableEntry"), &json!(3)));
    assert_eq!(history[2]["content"], event["resumes"]["passed_over"]);
    let verified = sue.get("/workflows/w/history/verification").await.expect(200);
    assert_eq!((&verified["valid"], &verified["broken_at_version"]), (&json!(false), &json!(3)));
    sue.until("/workflows", |list| list["items"][0]["published_version"] == 4).await;
    lab.archived(|line| line["detail"]["version"] == 4 && line["detail"]["resumes"]["from_version"] == 2).await;
    let listed = sue.get("/workflows").await.expect(200);
    assert_eq!(listed["items"][0]["current_state"], "COMPLETED");
}

#[tokio::test]
async fn an_unreadable_quarantine_or_release_locks_the_workflow_until_it_is_released() {
    for (ends, in_force) in [("#quarantined", 1), ("#released", 2)] {
        let lab = Lab::open().await;
        let sue = lab.everybody();
        sue.at("w", &["ACTIVE", "PAUSED"]).await;
        lab.alter("w", 1, "requested_by", AttributeValue::S("mallory".to_owned())).await;
        assert_eq!(sue.recovered().await["status"], "quarantined");
        released_and_moved(&sue, "ACTIVE").await;
        lab.spoil("q#", ends).await;
        let state = sue.state("w").await;
        let quarantines = state["quarantines"].as_array().unwrap();
        // What cannot be read may have been a release: then the break it covered is in force again.
        assert_eq!(quarantines.len(), in_force, "{state}");
        assert!(quarantines.iter().any(|it| it["fault"] == "unreadable-quarantine"), "{state}");
        sue.go("w", "PAUSED").await.refused(423, "workflow-quarantined");
        assert_eq!(sue.recovered().await["status"], "quarantined");
        released_and_moved(&sue, "PAUSED").await;
        assert_eq!(sue.state("w").await.get("quarantines"), None);
        assert_eq!(sue.recovered().await["status"], "already-consistent");
    }
}

#[tokio::test]
async fn an_unreadable_claim_or_outcome_is_found_by_a_recovery_and_released() {
    for ends in ["#claim", "#outcome"] {
        let lab = Lab::open().await;
        let sue = lab.everybody();
        sue.at("w", &["ACTIVE"]).await;
        assert_eq!(sue.recovered().await["status"], "already-consistent");
        lab.spoil("a#", ends).await;
        let shown = sue.get("/workflows/w/recovery").await.expect(200);
        assert_eq!(shown["status"], if ends == "#claim" { "none" } else { "gave-up" }, "{shown}");
        let report = sue.recovered().await;
        assert_eq!((&report["status"], &report["fault"]), (&json!("quarantined"), &json!("unreadable-recovery")));
        sue.go("w", "PAUSED").await.refused(423, "workflow-quarantined");
        released_and_moved(&sue, "PAUSED").await;
        assert_eq!(sue.recovered().await["status"], "already-consistent");
    }
}

#[tokio::test]
async fn an_unreadable_refusal_is_shown_in_its_place() {
    let lab = Lab::open().await;
    let sue = lab.everybody();
    sue.at("w", &["ACTIVE"]).await;
    sue.go("w", "ACTIVE").await.refused(409, "invalid-transition");
    lab.spoil("r#", "").await;
    let history = sue.history("w").await;
    assert_eq!((history.len(), &history[2]["event_type"]), (3, &json!("UnreadableEntry")));
    assert!(history[2]["event_id"].is_string() && history[2].get("version").is_none(), "{}", history[2]);
    // The next refusal is kept all the same.
    sue.post(&transitions("w"), &go("ACTIVE")).await.refused(409, "invalid-transition");
    assert_eq!(sue.history("w").await.len(), 4);
}
