//! Stream records become the notifications that they carry.

use alims_dynamodb::{DynamoLog, publish_batch, stream_record};
use alims_operations::ports::{QuarantineLog, RecoveryLog, WorkflowLog};
use alims_operations::publish_events::{FailedRecord, Published, StreamRecord};
use alims_testing::builders::{
    a_break, a_chain, a_claim, a_created, a_full_record, a_key, a_quarantine, a_refusal, a_release, with_metadata,
};
use alims_testing::odd_documents;
use aws_lambda_events::event::dynamodb::EventRecord;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

use crate::on_dynoxide;

/// What a stream says about an item of the log.
fn a_record(event_name: &str, item: &Map<String, Value>) -> Value {
    json!({
        "awsRegion": "local",
        "eventID": "1",
        "eventName": event_name,
        "dynamodb": {
            "ApproximateCreationDateTime": 1_795_421_700.0,
            "Keys": {"pk": item["pk"], "entry": item["entry"]},
            "NewImage": item,
            "SequenceNumber": "100",
            "SizeBytes": 1,
            "StreamViewType": "NEW_IMAGE"
        }
    })
}

fn read(record: Value) -> StreamRecord {
    stream_record(serde_json::from_value::<EventRecord>(record).unwrap())
}

/// The log's items as the wire shows them.
async fn items(log: &str, client: &aws_sdk_dynamodb::Client) -> Vec<Map<String, Value>> {
    let items = client.scan().table_name(log).send().await.unwrap().items.unwrap();
    items
        .into_iter()
        .map(|item| match serde_json::to_value(serde_dynamo::Item::from(item)).unwrap() {
            Value::Object(item) => item,
            other => panic!("{other}"),
        })
        .collect()
}

#[tokio::test]
async fn new_versions_and_refusals_are_read() {
    let (client, names) = on_dynoxide::tables().await;
    let log = DynamoLog::new(client.clone(), &names.log);
    let (chain, refusal) = (a_chain(&a_key("w-1"), 8, 1), a_refusal(&a_key("w-1")));
    for version in &chain {
        log.append(version).await.unwrap();
    }
    log.record_refusal(&refusal).await.unwrap();

    let (mut versions, mut refusals) = (Vec::new(), Vec::new());
    for item in items(&names.log, &client).await {
        match read(a_record("INSERT", &item)) {
            StreamRecord::Version { sequence_number, version } if sequence_number == "100" => versions.push(*version),
            StreamRecord::Refusal { sequence_number, refusal } if sequence_number == "100" => refusals.push(*refusal),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(versions, chain);
    assert_eq!(refusals, [refusal]);
}

#[tokio::test]
async fn quarantines_and_releases_are_read_and_recoveries_ring_for_nothing() {
    let (client, names) = on_dynoxide::tables().await;
    let log = DynamoLog::new(client.clone(), &names.log);
    let (key, claim) = (a_key("w-1"), a_claim(&a_key("w-1"), 1, 1));
    let entries = [a_quarantine(&key, &a_break(2)), a_release(&key, &a_break(2))];
    for entry in &entries {
        log.record_quarantine(entry).await.unwrap();
    }
    log.claim_recovery(&claim).await.unwrap();
    log.record_recovery(&a_full_record(&claim)).await.unwrap();

    let (mut read_back, mut ignored) = (Vec::new(), 0);
    for item in items(&names.log, &client).await {
        match read(a_record("INSERT", &item)) {
            StreamRecord::Quarantine { sequence_number, entry } if sequence_number == "100" => read_back.push(*entry),
            StreamRecord::Ignored { .. } => ignored += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((read_back.as_slice(), ignored), (entries.as_slice(), 2));
}

#[tokio::test]
async fn odd_names_in_metadata_are_read_as_they_were_written() {
    let (client, names) = on_dynoxide::tables().await;
    let log = DynamoLog::new(client.clone(), &names.log);
    let mut written = BTreeMap::new();
    for (number, document) in odd_documents::some_free(100, 6).into_iter().enumerate() {
        let version = with_metadata(&a_created(&format!("w-{number}")), &Value::Object(document.object));
        log.append(&version).await.unwrap();
        written.insert(version.event.key(), version);
    }
    let mut read_back = BTreeMap::new();
    for item in items(&names.log, &client).await {
        match read(a_record("INSERT", &item)) {
            StreamRecord::Version { version, .. } => read_back.insert(version.event.key(), *version),
            other => panic!("{other:?}"),
        };
    }
    assert_eq!(read_back, written);
}

#[tokio::test]
async fn a_record_with_a_reserved_name_cannot_be_read() {
    let mut item = an_item().await;
    for metadata in [r#"{"$serde_json::private::RawValue":"1"}"#, r#"{"a":[{"$serde_json::private::Number":"1"}]}"#] {
        item.insert("metadata".to_owned(), json!({"S": metadata}));
        let outcome = read(a_record("INSERT", &item));
        assert!(
            matches!(&outcome, StreamRecord::Unreadable { why, .. } if why.contains("reserved name")),
            "{outcome:?}"
        );
    }
}

async fn an_item() -> Map<String, Value> {
    let (client, names) = on_dynoxide::tables().await;
    let log = DynamoLog::new(client.clone(), &names.log);
    log.append(&a_chain(&a_key("w-1"), 1, 2)[0]).await.unwrap();
    items(&names.log, &client).await.remove(0)
}

#[tokio::test]
async fn an_unreadable_record_says_so_with_its_key() {
    let item = an_item().await;
    let mut altered = item.clone();
    altered.insert("to_state".to_owned(), json!({"S": "LOST"}));
    let mut elsewhere = a_record("INSERT", &item);
    elsewhere["dynamodb"]["Keys"]["pk"]["S"] = json!("default#w-2");
    let mut without_image = a_record("INSERT", &item);
    without_image["dynamodb"]["NewImage"] = json!(null);
    let mut foreign = item.clone();
    foreign.insert("entry".to_owned(), json!({"S": "x#1"}));

    for (record, expected) in [
        (a_record("INSERT", &altered), "default#w-1 v#0000000001"),
        (elsewhere, "default#w-2 v#0000000001"),
        (without_image, "default#w-1 v#0000000001"),
        (a_record("INSERT", &foreign), "default#w-1 x#1"),
    ] {
        let outcome = read(record);
        assert!(
            matches!(&outcome, StreamRecord::Unreadable { sequence_number, key, why }
                if sequence_number == "100" && key == expected && !why.is_empty()),
            "{outcome:?}"
        );
    }
}

#[tokio::test]
async fn a_record_of_a_changed_or_removed_item_is_ignored() {
    let item = an_item().await;
    for event_name in ["MODIFY", "REMOVE"] {
        let expected = StreamRecord::Ignored { sequence_number: "100".to_owned() };
        assert_eq!(read(a_record(event_name, &item)), expected);
    }
}

#[tokio::test]
async fn a_record_without_a_number_fails_its_whole_batch() {
    let mut record = a_record("INSERT", &an_item().await);
    record["dynamodb"]["SequenceNumber"] = json!(null);
    assert_eq!(read(record).sequence_number(), "");
}

#[tokio::test]
async fn a_batch_is_answered_with_the_number_of_each_record_that_failed_and_with_none_for_one_that_has_none() {
    let Value::Object(item) = json!({"pk": {"S": "lab#w-1"}, "entry": {"S": "v#0000000001"}}) else { panic!() };
    let named = a_record("MODIFY", &item);
    let mut unnamed = named.clone();
    unnamed["dynamodb"].as_object_mut().unwrap().remove("SequenceNumber");
    let fail_all = async |batch: Vec<StreamRecord>| {
        let failed = batch.iter().map(|record| FailedRecord {
            sequence_number: record.sequence_number().to_owned(),
            why: "on purpose".to_owned(),
        });
        Published { failed: failed.collect(), ..Published::default() }
    };
    for (records, failures) in [(vec![], json!([])), (vec![named, unnamed], json!(["100", ""]))] {
        let event = serde_json::from_value(json!({ "Records": records })).unwrap();
        let answer = serde_json::to_value(publish_batch(event, fail_all).await).unwrap();
        let reported = answer["batchItemFailures"].as_array().unwrap().iter();
        let reported: Value = reported.map(|failure| failure["itemIdentifier"].clone()).collect();
        assert_eq!(reported, failures);
    }
}
