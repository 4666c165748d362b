//! The sizes that `docs/cost.md` counts with are those that the service really stores, publishes and answers.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::path::Path;

use crate::lab::{Answer, FREE, Lab, go, transitions};
use reqwest::Method;

/// The size of a value as DynamoDB counts it (Amazon DynamoDB developer guide, "Item sizes and formats").
#[expect(clippy::wildcard_enum_match_arm, reason = "a kind that is not stored must fail the test, whichever it is")]
fn size(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::S(text) => text.len(),
        AttributeValue::N(digits) => digits.len().div_ceil(2) + 1,
        AttributeValue::Bool(_) | AttributeValue::Null(_) => 1,
        AttributeValue::L(items) => 3 + items.iter().map(|item| size(item) + 1).sum::<usize>(),
        AttributeValue::M(members) => {
            3 + members.iter().map(|(name, value)| name.len() + size(value) + 1).sum::<usize>()
        }
        other => panic!("{other:?} is not stored"),
    }
}

fn size_of(item: &HashMap<String, AttributeValue>) -> usize {
    item.iter().map(|(name, value)| name.len() + size(value)).sum()
}

async fn item_sizes(lab: &Lab, table: &str) -> Vec<usize> {
    let items = lab.dynamodb().scan().table_name(table).send().await.unwrap().items.unwrap();
    items.iter().map(size_of).collect()
}

fn mean(numbers: impl Iterator<Item = usize>) -> f64 {
    let (sum, count) = numbers.fold((0, 0), |(sum, count), number| (sum + number, count + 1));
    f64::from(u32::try_from(sum).unwrap()) / f64::from(count)
}

/// A workflow as a laboratory has it: some metadata, and each request with an idempotency key.
async fn a_workflow(lab: &Lab) -> Vec<Answer> {
    let alice = lab.everybody();
    let metadata = json!({"sample_id": "S-2026-004711", "instrument": "HPLC-07", "method": "M-118 rev 4",
        "batch": "B-2026-1142", "analyst": "alice", "priority": "routine"});
    let new = json!({"workflow_type": FREE, "workflow_id": "sample-2026-004711", "metadata": metadata});
    let keyed = |path: &str| {
        alice.request(Method::POST, path).header("Idempotency-Key", "0198c1f0-7c1e-7b7e-8d1f-6a5e4d3c2b1a")
    };
    let mut answers = vec![Answer::to(keyed("/workflows").json(&new)).await];
    for (number, target) in ["ACTIVE", "PAUSED", "ACTIVE", "COMPLETED"].into_iter().enumerate() {
        let request = alice.request(Method::POST, &transitions("sample-2026-004711"));
        let key = format!("0198c1f0-7c1e-7b7e-8d1f-6a5e4d3c2b{number:02}");
        answers.push(Answer::to(request.header("Idempotency-Key", key).json(&go(target))).await);
    }
    alice.until("/workflows?limit=100", |list| list["items"][0]["published_version"] == 5).await;
    answers
}

#[tokio::test]
async fn the_page_of_costs_counts_with_the_sizes_that_the_service_has() {
    let lab = Lab::open().await;
    let answers = a_workflow(&lab).await;
    let archive: Vec<Value> = lab.archive();
    let versions = item_sizes(&lab, "WorkflowLog").await;
    let measured = [
        ("version_item_bytes", mean(versions.iter().copied())),
        ("version_write_units", mean(versions.iter().map(|bytes| bytes.div_ceil(1024)))),
        ("index_entry_bytes", mean(item_sizes(&lab, "WorkflowIndex").await.into_iter())),
        ("event_bytes", mean(archive.iter().map(|event| event["detail"].to_string().len()))),
        ("answer_bytes", mean(answers.iter().map(|answer| answer.body.to_string().len()))),
    ];
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deployment/cost.toml");
    let stated = std::fs::read_to_string(path).unwrap();
    let mut wrong = Vec::new();
    for (name, measured) in measured {
        let line = stated.lines().find_map(|line| line.strip_prefix(name)?.trim().strip_prefix("= { value = "));
        let value: f64 = line.and_then(|rest| rest.split([',', ' ']).next()).unwrap().parse().unwrap();
        if (value - measured).abs() >= measured * 0.1 {
            wrong.push(format!("{name} = {measured}, not {value}"));
        }
    }
    assert!(wrong.is_empty(), "change deployment/cost.toml, and run cargo xtask cost: {wrong:#?}");
}
