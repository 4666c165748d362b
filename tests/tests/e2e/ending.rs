//! Runs after all else, alone: what has become of every workflow that anybody asked about is written down.

use serde_json::{Value, json};
use std::collections::BTreeSet;

use crate::people::Person;
use crate::recorder;
use crate::world::SUBSCRIBER;

#[tokio::test]
async fn every_version_of_every_workflow_has_reached_the_subscriber() {
    let seen = recorder::so_far();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let asked = seen.iter().filter(|line| line["what"] == "asked");
    let touched: BTreeSet<(String, String)> =
        asked.map(|line| (text(&line["tenant"]), text(&line["workflow"]))).collect();
    let mut histories = Vec::new();
    for (tenant, workflow) in touched {
        histories.push((history(&tenant, &workflow).await, tenant, workflow));
    }
    let versions = histories.iter().flat_map(|(items, ..)| items).filter(|item| item["previous_hash"].is_string());
    let mut missing: BTreeSet<String> = versions.map(|version| text(&version["event_id"])).collect();
    for line in seen.iter().filter(|line| line["what"] == "received") {
        missing.remove(line["detail"]["event_id"].as_str().unwrap());
    }
    let all = |events: &[Value]| {
        let came = |id: &&String| events.iter().any(|event| event["detail"]["event_id"] == id.as_str());
        missing.iter().all(|id| came(&id))
    };
    SUBSCRIBER.until(|_| true, all).await;
    for (items, tenant, workflow) in &histories {
        recorder::history(tenant, workflow, items);
    }
}

/// Everything that is kept of a workflow; nothing of one that there is not.
async fn history(tenant: &str, workflow: &str) -> Vec<Value> {
    let auditor = Person::with_claims(&json!({"sub": "audrey", "tenant_id": tenant, "roles": ["auditor"]}));
    let path = format!("/workflows/{workflow}/history?include=refusals&limit=100");
    let mut items = Vec::new();
    let mut page = auditor.get(&path).await;
    while page.status == 200 {
        items.extend(page.body["items"].as_array().unwrap().clone());
        let Some(cursor) = page.body["next_cursor"].as_str() else { return items };
        page = auditor.get(&format!("{path}&cursor={cursor}")).await;
    }
    page.refused(404, "workflow-not-found");
    items
}
