//! A walk over the log on a real store: its contract, entries that the service did not write, and its requests.

use alims_domain::overdue::Deadline;
use alims_dynamodb::{DynamoIndex, DynamoLog};
use alims_operations::ports::{DueWorkflows, LogWalk, OpenWorkflows, StoreError, WorkflowLog};
use alims_testing::builders::{a_created, a_key, at};
use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::json;
use std::collections::BTreeSet;

use crate::odd_answers::a_store;
use crate::{a_log, on_dynoxide};

/// As an operator's command uses it.
mod in_long_parts {
    use super::a_log;

    alims_testing::walk_contract!(a_log().await);
}

/// With parts that end within workflows.
mod in_short_parts {
    use super::a_log;

    alims_testing::walk_contract!(a_log().await.walking_at_most(3));
}

#[tokio::test]
async fn an_entry_that_nobody_of_ours_wrote_is_named_and_makes_no_workflow() {
    let (client, names) = on_dynoxide::tables().await;
    let log = DynamoLog::new(client.clone(), &names.log);
    log.append(&a_created("w-1")).await.unwrap();
    let strays = [
        ("default#w-1", "v#1"),
        ("default#w-1", "v#10000000000"),
        ("default#w-1", "x#0000000001"),
        ("default#w 2", "v#0000000001"),
        ("no-tenant", "v#0000000001"),
    ];
    for (partition, entry) in strays {
        let put = client.put_item().table_name(&names.log).item("pk", AttributeValue::S(partition.to_owned()));
        put.item("entry", AttributeValue::S(entry.to_owned())).send().await.unwrap();
    }
    let part = log.part(None).await.unwrap();
    assert_eq!((part.workflows, part.next), (BTreeSet::from([a_key("w-1")]), None));
    let named: BTreeSet<String> = part.strays.into_iter().collect();
    assert_eq!(named, strays.map(|(partition, entry)| format!("{partition} {entry}")).into());
}

#[tokio::test]
async fn a_part_is_as_short_as_it_is_told_to_be() {
    let (client, names) = on_dynoxide::tables().await;
    let log = DynamoLog::new(client, &names.log);
    for id in ["w-1", "w-2", "w-3"] {
        log.append(&a_created(id)).await.unwrap();
    }
    assert_eq!(log.part(None).await.unwrap().workflows.len(), 3);
    assert_eq!(log.walking_at_most(2).part(None).await.unwrap().workflows.len(), 2);
}

#[tokio::test]
async fn a_walk_asks_only_for_keys_and_does_not_end_at_a_part_without_items() {
    let (client, asked) = a_store(|number| match number {
        0 => (200, json!({"Items": [], "LastEvaluatedKey": {"pk": {"S": "default#w-1"}, "entry": {"S": "v#1"}}})),
        _ => (200, json!({"Items": []})),
    })
    .await;
    let log = DynamoLog::new(client, "log");
    let next = log.part(None).await.unwrap().next;
    assert_eq!(log.part(next.as_ref()).await.unwrap().next, None);
    let asked = asked.lock().unwrap();
    assert!(asked.iter().all(|(target, request)| target == "Scan" && request["ProjectionExpression"] == "#pk, #entry"));
    assert_eq!(asked[1].1["ExclusiveStartKey"], json!({"pk": {"S": "default#w-1"}, "entry": {"S": "v#1"}}));
}

/// The calls of a walk in so many segments: of all of them, and of the longest, which is how long it takes.
async fn calls_in(log: &DynamoLog, segments: u16) -> (usize, usize) {
    let mut calls = Vec::new();
    for mut from in log.segments(segments) {
        let mut of_segment = 0;
        loop {
            of_segment += 1;
            from = log.part(from.as_ref()).await.unwrap().next;
            if from.is_none() {
                break;
            }
        }
        calls.push(of_segment);
    }
    (calls.iter().sum(), calls.into_iter().max().unwrap())
}

#[tokio::test]
async fn segments_divide_a_walk_and_cost_at_most_one_call_more_each() {
    let (client, names) = on_dynoxide::tables().await;
    let log = DynamoLog::new(client, &names.log).walking_at_most(10);
    for number in 0..400 {
        log.append(&a_created(&format!("w-{number:03}"))).await.unwrap();
    }
    let (alone, _) = calls_in(&log, 1).await;
    for segments in [2, 8, 16] {
        let (all, longest) = calls_in(&log, segments).await;
        assert!(all <= alone + 2 * usize::from(segments), "{segments}: {all} calls instead of {alone}");
        assert!(longest <= alone * 2 / usize::from(segments) + 2, "{segments}: {longest} calls one after another");
    }
}

#[tokio::test]
async fn a_segment_is_asked_for_in_every_request() {
    let (client, asked) = a_store(|number| match number {
        0 => (200, json!({"Items": [], "LastEvaluatedKey": {"pk": {"S": "default#w-1"}, "entry": {"S": "v#1"}}})),
        _ => (200, json!({"Items": []})),
    })
    .await;
    let log = DynamoLog::new(client, "log");
    let from = log.segments(4).remove(3);
    let next = log.part(from.as_ref()).await.unwrap().next;
    assert_eq!(log.part(next.as_ref()).await.unwrap().next, None);
    let asked = asked.lock().unwrap();
    assert!(asked.iter().all(|(_, request)| request["Segment"] == 3 && request["TotalSegments"] == 4), "{asked:?}");
    assert_eq!(asked[1].1["ExclusiveStartKey"], json!({"pk": {"S": "default#w-1"}, "entry": {"S": "v#1"}}));
}

#[tokio::test]
async fn a_walk_over_open_workflows_reads_the_sparse_index_and_goes_on_behind_its_last_key() {
    let (client, asked) = a_store(|number| match number {
        0 => {
            let key = json!({"pk": {"S": "default#w-1"}, "open": {"S": "default#w-1"}});
            (200, json!({"Items": [key], "LastEvaluatedKey": key}))
        }
        _ => (200, json!({"Items": [{"pk": {"S": "no key of ours"}, "open": {"S": "x"}}]})),
    })
    .await;
    let index = DynamoIndex::new(client, "index").walking_at_most(7);
    let first = index.open_part(None).await.unwrap();
    assert_eq!(first.workflows, [a_key("w-1")]);
    let second = index.open_part(first.next.as_ref()).await.unwrap();
    assert_eq!((second.workflows, second.next), (Vec::new(), None));
    let asked = asked.lock().unwrap();
    let is_ours = |request: &serde_json::Value| request["IndexName"] == "open-workflows" && request["Limit"] == 7;
    assert!(asked.iter().all(|(target, request)| target == "Scan" && is_ours(request)), "{asked:?}");
    let key = json!({"pk": {"S": "default#w-1"}, "open": {"S": "default#w-1"}});
    assert_eq!(asked[1].1["ExclusiveStartKey"], key);
}

#[tokio::test]
async fn a_walk_over_due_workflows_reads_the_sparse_index_up_to_an_instant_and_goes_on_behind_its_last_key() {
    fn key(due_key: &str, workflow: &str) -> serde_json::Value {
        let texts = [("tenant_id", "default"), ("due_key", due_key), ("pk", &format!("default#{workflow}"))];
        texts.into_iter().map(|(name, text)| (name.to_owned(), json!({"S": text}))).collect()
    }
    const DUE: &str = "2026-11-23T08:15:01.000Z#w-1";
    let (client, asked) = a_store(|number| match number {
        0 => {
            let page = json!([key(DUE, "w-1"), key("tomorrow#w-2", "w-2"), key(DUE, "w-3")]);
            (200, json!({"Items": page, "LastEvaluatedKey": page[0]}))
        }
        _ => (200, json!({"Items": []})),
    })
    .await;
    let index = DynamoIndex::new(client, "index").walking_at_most(7);
    let first = index.due_part(at(2000), None).await.unwrap();
    assert_eq!(first.deadlines, [Deadline { key: a_key("w-1"), due_at: at(1000) }], "and no entry that is wrong");
    let second = index.due_part(at(2000), first.next.as_ref()).await.unwrap();
    assert_eq!((second.deadlines, second.next), (Vec::new(), None));
    let asked = asked.lock().unwrap();
    let is_ours = |request: &serde_json::Value| {
        request["IndexName"] == "by-due-date"
            && request["Limit"] == 7
            && request["ExpressionAttributeValues"] == json!({":behind": {"S": "2026-11-23T08:15:02.000Z$"}})
    };
    assert!(asked.iter().all(|(target, request)| target == "Scan" && is_ours(request)), "{asked:?}");
    assert_eq!(asked[1].1["ExclusiveStartKey"], key(DUE, "w-1"));
}

/// During the deployment that adds it, or on a laptop with an older database.
#[tokio::test]
async fn a_table_without_the_sparse_index_refuses() {
    let (client, names) = on_dynoxide::tables().await;
    let index = DynamoIndex::new(client, names.log);
    assert!(matches!(index.open_part(None).await, Err(StoreError::Refused(_))));
    assert!(matches!(index.due_part(at(0), None).await, Err(StoreError::Refused(_))));
}
