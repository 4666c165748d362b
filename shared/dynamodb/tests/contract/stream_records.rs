//! Stream records become the notifications that they carry.

use alims_domain::hash_chain::BreakKind;
use alims_dynamodb::{DynamoLog, publish_batch, stream_record};
use alims_operations::ports::{OverdueLog, QuarantineLog, RecoveryLog, WorkflowLog};
use alims_operations::publish_events::{FailedRecord, LogChange, Published, StreamRecord};
use alims_testing::builders::{
    a_break, a_chain, a_claim, a_created, a_full_record, a_key, a_quarantine, a_refusal, a_release, an_overdue, at,
    version, with_metadata,
};
use alims_testing::odd_documents;
use aws_lambda_events::event::dynamodb::EventRecord;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

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

    let overdue = an_overdue(&key, at(1000));
    log.record_overdue(&overdue).await.unwrap();

    let (mut read_back, mut ignored, mut due) = (Vec::new(), 0, Vec::new());
    for item in items(&names.log, &client).await {
        match read(a_record("INSERT", &item)) {
            StreamRecord::Quarantine { sequence_number, entry } if sequence_number == "100" => read_back.push(*entry),
            StreamRecord::Overdue { sequence_number, overdue } if sequence_number == "100" => due.push(*overdue),
            StreamRecord::Ignored { .. } => ignored += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((read_back.as_slice(), ignored, due), (entries.as_slice(), 2, vec![overdue]));
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

/// What a stream says about an item of the log that was changed, or removed when it is nothing now.
fn a_change(before: &Map<String, Value>, after: Option<&Map<String, Value>>) -> Value {
    let mut record = a_record(if after.is_some() { "MODIFY" } else { "REMOVE" }, before);
    record["dynamodb"]["OldImage"] = json!(before);
    record["dynamodb"]["NewImage"] = json!(after);
    record["dynamodb"]["StreamViewType"] = json!("NEW_AND_OLD_IMAGES");
    record
}

fn changed(record: Value) -> LogChange {
    match read(record) {
        StreamRecord::Changed { sequence_number, change } if sequence_number == "100" => *change,
        other => panic!("{other:?}"),
    }
}

/// One item of each kind.
async fn one_of_each_kind() -> Vec<Map<String, Value>> {
    let (client, names) = on_dynoxide::tables().await;
    let log = DynamoLog::new(client.clone(), &names.log);
    let (key, claim) = (a_key("w-1"), a_claim(&a_key("w-1"), 1, 1));
    for version in &a_chain(&key, 3, 1) {
        log.append(version).await.unwrap();
    }
    log.record_refusal(&a_refusal(&key)).await.unwrap();
    log.record_quarantine(&a_quarantine(&key, &a_break(2))).await.unwrap();
    log.record_quarantine(&a_release(&key, &a_break(2))).await.unwrap();
    log.claim_recovery(&claim).await.unwrap();
    log.record_recovery(&a_full_record(&claim)).await.unwrap();
    items(&names.log, &client).await
}

fn with(item: &Map<String, Value>, name: &str, value: &str) -> Map<String, Value> {
    let mut item = item.clone();
    item.insert(name.to_owned(), json!({"S": value}));
    item
}

#[tokio::test]
async fn a_change_or_removal_of_any_entry_is_evidence_and_never_a_notification() {
    let all = one_of_each_kind().await;
    assert_eq!(all.len(), 8);
    for item in all {
        let (entry, forged) = (item["entry"]["S"].as_str().unwrap(), with(&item, "requested_by", "planted-name"));
        for after in [Some(&forged), None] {
            let change = changed(a_change(&item, after));
            assert_eq!((change.key.clone(), change.found.fault), (Some(a_key("w-1")), BreakKind::Changed), "{entry}");
            let number = || entry.split(['#', '-']).nth(1).unwrap().parse::<u64>().unwrap();
            let (at, is) = match entry.split_once('#').unwrap().0 {
                "v" => (number(), Some(version(number()))),
                "r" => (a_refusal(&a_key("w-1")).version.map_or(1, |met| met.get()), None),
                _ => (number(), None),
            };
            assert_eq!((change.found.at, change.version), (version(at), is), "{entry}");
            assert_eq!((change.before.is_some(), change.after.is_some()), (true, after.is_some()), "{entry}");
            assert_eq!(change.item, format!("default#w-1 {entry}"));
            let told = format!("{change:?}");
            for content in ["planted-name", item.get("metadata").map_or("planted-name", |it| it["S"].as_str().unwrap())]
            {
                assert!(!told.contains(content), "{entry}: {told}");
            }
        }
    }
}

#[tokio::test]
async fn a_changed_version_is_known_by_its_event_and_its_hash_before_and_after() {
    let item = an_item().await;
    let text = |name: &str| item[name]["S"].as_str().unwrap().to_owned();
    let other = "0".repeat(64);
    let change = changed(a_change(&item, Some(&with(&with(&item, "hash", &other), "event_id", "no id"))));
    let (before, after) = (change.before.unwrap(), change.after.unwrap());
    let named = (before.event_id.map(|id| id.to_string()), before.hash.map(|hash| hash.to_string()));
    assert_eq!(named, (Some(text("event_id")), Some(text("hash"))));
    assert_eq!((after.event_id, after.hash.map(|hash| hash.to_string())), (None, Some(other)));
    assert_ne!(before.content, after.content);
}

#[tokio::test]
async fn the_same_record_is_the_same_break_and_every_other_record_is_another() {
    let item = an_item().await;
    let (one, two) = (with(&item, "reason", "one"), with(&item, "reason", "two"));
    let mut later = a_change(&item, Some(&one));
    later["dynamodb"]["SequenceNumber"] = json!("101");
    let later = match read(later) {
        StreamRecord::Changed { change, .. } => change.found,
        other => panic!("{other:?}"),
    };
    let found = |before, after| changed(a_change(before, after)).found;
    assert_eq!(found(&item, Some(&one)), found(&item, Some(&one)), "a record that comes again");
    let all = [
        found(&item, Some(&one)),
        later,
        found(&item, Some(&two)),
        found(&one, Some(&item)),
        found(&item, None),
        found(&one, None),
        found(
            &Map::from_iter([("pk", &item["pk"]), ("entry", &item["entry"])].map(|(k, v)| (k.to_owned(), v.clone()))),
            None,
        ),
    ];
    let ids: BTreeSet<String> = all.iter().map(|found| found.id().as_str().to_owned()).collect();
    assert_eq!(ids.len(), all.len());
}

#[tokio::test]
async fn a_change_is_evidence_whatever_its_images_are() {
    let item = an_item().await;
    let mut newer = item.clone();
    newer.insert("format".to_owned(), json!({"N": "2"}));
    let nothing = Map::from_iter([("pk".to_owned(), item["pk"].clone()), ("entry".to_owned(), item["entry"].clone())]);
    let elsewhere = with(&item, "pk", "other#w-9");
    for image in [&newer, &nothing, &elsewhere, &with(&item, "metadata", "{")] {
        for record in [a_change(&item, Some(image)), a_change(&item, None)] {
            assert_eq!(changed(record).key, Some(a_key("w-1")));
        }
    }
    // A stream of new images only, as before an update of the table.
    let mut without = a_change(&item, Some(&newer));
    without["dynamodb"].as_object_mut().unwrap().remove("OldImage");
    assert_eq!((changed(without.clone()).before, changed(without).found.at), (None, version(1)));
    // Keys of no workflow, and an entry of no kind.
    for (name, value, is_of_one) in [("pk", "no workflow", false), ("entry", "x#1", true), ("entry", "q#odd", true)] {
        let mut odd = a_change(&item, None);
        odd["dynamodb"]["Keys"][name]["S"] = json!(value);
        assert_eq!(changed(odd).key.is_some(), is_of_one, "{value}");
    }
    let mut keyless = a_change(&item, None);
    keyless["dynamodb"]["Keys"] = json!({});
    assert_eq!(changed(keyless).key, None);
}

#[tokio::test]
async fn the_service_that_removed_an_expired_item_is_named() {
    let item = an_item().await;
    let mut expired = a_change(&item, None);
    expired["userIdentity"] = json!({"type": "Service", "principalId": "dynamodb.amazonaws.com"});
    assert_eq!(changed(expired).by.as_deref(), Some("dynamodb.amazonaws.com"));
    assert_eq!(changed(a_change(&item, None)).by, None);
}

#[tokio::test]
async fn a_write_that_changes_nothing_is_no_change_and_an_unknown_event_is_unreadable() {
    let item = an_item().await;
    let expected = StreamRecord::Ignored { sequence_number: "100".to_owned() };
    assert_eq!(read(a_change(&item, Some(&item))), expected);
    assert!(matches!(read(a_record("VANISH", &item)), StreamRecord::Unreadable { .. }));
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
