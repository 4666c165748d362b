//! How large a version is as an item, and so what it costs, as docs/limits.md says.

use alims_domain::event::WorkflowEvent;
use alims_domain::lifecycle::State;
use alims_domain::limits::METADATA_BYTES_MAX;
use alims_dynamodb::DynamoLog;
use alims_operations::ports::WorkflowLog;
use alims_testing::builders::{a_created, a_move, metadata, sealed};
use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::json;

use crate::on_dynoxide;

/// As `DynamoDB` counts (Amazon `DynamoDB` developer guide, "`DynamoDB` item sizes and formats"): names and values in UTF-8,
/// a number in about half of its digits, and three bytes and one an element around lists and maps.
fn size_of(value: &AttributeValue) -> usize {
    let around = 3;
    match value {
        AttributeValue::S(text) => text.len(),
        AttributeValue::N(digits) => digits.len().div_ceil(2) + 1,
        AttributeValue::Bool(_) | AttributeValue::Null(_) => 1,
        AttributeValue::L(items) => around + items.iter().map(|item| size_of(item) + 1).sum::<usize>(),
        AttributeValue::M(members) => {
            around + members.iter().map(|(name, value)| name.len() + size_of(value) + 1).sum::<usize>()
        }
        other => panic!("the service writes no {other:?}"),
    }
}

/// The size of the second version of a workflow whose metadata has so many bytes.
async fn bytes_with(metadata_bytes: usize) -> usize {
    let (client, names) = on_dynoxide::tables().await;
    let log = DynamoLog::new(client.clone(), &names.log);
    let around = json!({"note": ""}).to_string().len();
    let metadata = metadata(&json!({"note": "x".repeat(metadata_bytes - around)}));
    let first = sealed(WorkflowEvent { metadata, ..a_created("analysis-2026-117").event });
    log.append(&first).await.unwrap();
    log.append(&a_move(&first, State::Active)).await.unwrap();
    let items = client.scan().table_name(&names.log).send().await.unwrap().items.unwrap();
    let second = items.into_iter().find(|item| item["entry"].as_s().unwrap() == "v#0000000002").unwrap();
    second.iter().map(|(name, value)| name.len() + size_of(value)).sum()
}

#[tokio::test]
async fn the_page_of_limits_says_what_a_version_costs() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/limits.md");
    let page = std::fs::read_to_string(path).unwrap();
    let mut missing = Vec::new();
    for metadata_bytes in [200, 4 * 1024, METADATA_BYTES_MAX] {
        let bytes = bytes_with(metadata_bytes).await;
        let row = format!("| {metadata_bytes} bytes | {bytes} | {} |", bytes.div_ceil(1024));
        if !page.contains(&row) {
            missing.push(row);
        }
    }
    assert!(missing.is_empty(), "docs/limits.md: no row\n{}", missing.join("\n"));
}
