//! Whatever somebody with the store's own tools does to a stored item is noticed.

use alims_domain::hash_chain::is_intact;
use alims_domain::idempotency::{AcceptedRequest, RepeatableRequest, remember};
use alims_domain::identifiers::{Version, WorkflowKey};
use alims_domain::json::ValidationContext;
use alims_domain::lifecycle::State;
use alims_domain::overdue::{Deadline, KeptOverdue};
use alims_domain::projection::IndexEntry;
use alims_domain::refusal::KeptRefusal;
use alims_domain::stored_version::StoredVersion;
use alims_dynamodb::{DynamoIndex, DynamoLog};
use alims_operations::ports::{
    Advanced, AppendError, IndexQuery, LogError, Noted, OverdueLog, StoreError, WorkflowIndex, WorkflowLog, entry_of,
};
use alims_testing::builders::{
    a_chain, a_created, a_created_of, a_key, a_list, a_move, a_refusal, an_overdue, at, sealed, version, with_metadata,
};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::json;
use std::collections::HashMap;

use crate::on_dynoxide;

type RawItem = HashMap<String, AttributeValue>;

async fn raw_items(client: &Client, table: &str) -> Vec<RawItem> {
    client.scan().table_name(table).send().await.unwrap().items.unwrap()
}

async fn put_raw(client: &Client, table: &str, item: &RawItem) {
    client.put_item().table_name(table).set_item(Some(item.clone())).send().await.unwrap();
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

/// Values that differ from the given one in one place each, some of them as plausible as the original.
fn alterations(value: &AttributeValue) -> Vec<AttributeValue> {
    let mut altered = match value {
        AttributeValue::S(value) => [("0", "1"), ("1", "2"), ("a", "b"), ("e", "E"), (":", ": "), ("{", "{ ")]
            .map(|(from, to)| value.replacen(from, to, 1))
            .into_iter()
            .chain([format!("{value}x"), format!("{value} "), String::new()])
            .map(AttributeValue::S)
            .collect(),
        AttributeValue::N(number) => {
            vec![AttributeValue::N(format!("{number}1")), AttributeValue::N("1.5".to_owned()), text(number)]
        }
        AttributeValue::Bool(value) => vec![AttributeValue::Bool(!value), AttributeValue::Null(true)],
        AttributeValue::Null(_) => vec![text("CREATED"), AttributeValue::Bool(false)],
        AttributeValue::M(members) => altered_items(members).into_iter().map(AttributeValue::M).collect(),
        AttributeValue::L(values) => {
            let mut lists =
                vec![[values.clone(), vec![text("more")]].concat(), values.iter().skip(1).cloned().collect()];
            lists.push(values.iter().rev().cloned().collect());
            for (place, value) in values.iter().enumerate() {
                for altered in alterations(value) {
                    let mut list = values.clone();
                    list[place] = altered;
                    lists.push(list);
                }
            }
            lists.into_iter().map(AttributeValue::L).collect()
        }
        other => panic!("no item holds {other:?}"),
    };
    altered.retain(|other| other != value);
    altered
}

/// Items that differ from the given one in one attribute each: altered, missing, or one too many.
fn altered_items(item: &RawItem) -> Vec<RawItem> {
    let mut items = Vec::new();
    for (name, value) in item {
        for altered in alterations(value) {
            items.push(item.clone().into_iter().chain([(name.clone(), altered)]).collect());
        }
        let mut without = item.clone();
        without.remove(name);
        items.push(without);
    }
    // An item of a newer format is none that was altered: what becomes of those is for `newer_format.rs`.
    let is_newer = |item: &RawItem| item.get("format").is_some_and(|format| format.as_n().is_ok_and(|n| n == "11"));
    items.retain(|item| !is_newer(item));
    for more in [text("more"), AttributeValue::Null(true)] {
        items.push(item.clone().into_iter().chain([("one_more".to_owned(), more)]).collect());
    }
    items
}

fn is_key(name: &str) -> bool {
    ["pk", "entry"].contains(&name)
}

/// Whether the store takes it: the key of a secondary index is a text that is not empty, or is not there.
fn can_be_stored(item: &RawItem) -> bool {
    let mut keys = ["activity_day", "activity_key"].iter().filter_map(|name| item.get(*name));
    keys.all(|key| key.as_s().is_ok_and(|text| !text.is_empty()))
}

/// Version 3 of a workflow, with every member there is.
fn a_rich_version() -> StoredVersion {
    let failed = a_move(&a_move(&a_created("w-1"), State::Active), State::Failed);
    let mut event = with_metadata(&failed, &json!({"count": 1, "list": [1.5, {"a": "e"}], "text": "a: b"})).event;
    let context = json!({"checked": true, "count": 10});
    event.validation_context = Some(ValidationContext::new(context.as_object().unwrap().clone()).unwrap());
    event.correlation_id = Some("cause-1".parse().unwrap());
    event.rules.evaluated = vec!["rule-a".to_owned(), "rule-b".to_owned()];
    let request = |key: &str| RepeatableRequest::new(&event.requested_by, &key.parse().unwrap(), &json!({})).unwrap();
    let accepted: Vec<AcceptedRequest> = ["k-1", "k-2"]
        .iter()
        .fold(Vec::new(), |accepted, key| remember(&accepted, Some(&request(key)), Version::FIRST));
    StoredVersion { accepted, ..sealed(event) }
}

/// Whether a read of the version shows that something is wrong with it.
async fn is_noticed(log: &DynamoLog, key: &WorkflowKey, number: Version) -> bool {
    let head = match log.head(key).await {
        Ok(head) => !is_intact(&head.unwrap().event),
        Err(LogError::Unreadable { version, .. }) => version == number,
        Err(error) => panic!("{error:?}"),
    };
    let listed = match log.versions(key, number, 10).await {
        Ok(versions) => !is_intact(&versions.first().unwrap().event),
        Err(LogError::Unreadable { version, .. }) => version == number,
        Err(error) => panic!("{error:?}"),
    };
    assert_eq!(head, listed);
    head
}

async fn every_alteration_is_noticed(stored: StoredVersion) {
    let (client, names) = on_dynoxide::tables().await;
    let log = DynamoLog::new(client.clone(), &names.log);
    let (key, number) = (stored.event.key(), stored.event.version);
    log.append(&stored).await.unwrap();
    let original = raw_items(&client, &names.log).await.remove(0);
    assert!(!is_noticed(&log, &key, number).await, "as it was written");

    let altered: Vec<RawItem> = altered_items(&original)
        .into_iter()
        .filter(|item| {
            original.iter().filter(|(name, _)| is_key(name)).all(|(name, value)| item.get(name) == Some(value))
        })
        .filter(can_be_stored)
        .collect();
    assert!(altered.len() > 100, "only {}", altered.len());
    for item in altered {
        put_raw(&client, &names.log, &item).await;
        let names: Vec<_> = item.iter().filter(|(name, value)| original.get(*name) != Some(value)).collect();
        assert!(is_noticed(&log, &key, number).await, "nobody noticed {names:?}");
    }
    put_raw(&client, &names.log, &original).await;
    assert!(!is_noticed(&log, &key, number).await, "as it was again");
}

#[tokio::test]
async fn every_altered_attribute_of_a_creation_is_noticed() {
    every_alteration_is_noticed(a_created("w-1")).await;
}

#[tokio::test]
async fn every_altered_attribute_of_a_version_with_everything_in_it_is_noticed() {
    every_alteration_is_noticed(a_rich_version()).await;
}

#[tokio::test]
async fn another_spelling_of_the_same_metadata_is_noticed() {
    let (client, names) = on_dynoxide::tables().await;
    let log = DynamoLog::new(client.clone(), &names.log);
    let stored = with_metadata(&a_created("w-1"), &json!({"a": 1, "b": "ä", "c": 0.0}));
    log.append(&stored).await.unwrap();
    let mut item = raw_items(&client, &names.log).await.remove(0);
    assert_eq!(item["metadata"], text(r#"{"a":1,"b":"ä","c":0.0}"#));
    for spelling in [
        r#"{"a":1.0,"b":"ä","c":0.0}"#,
        r#"{"a":1,"b":"\u00e4","c":0.0}"#,
        r#"{"a":1,"b":"ä","c":-0.0}"#,
        r#"{"a":1,"b":"ä","c":0}"#,
        r#"{"b":"ä","a":1,"c":0.0}"#,
        r#"{"a":2,"a":1,"b":"ä","c":0.0}"#,
        r#"{"a":1,"b":"ä","c":0.0} "#,
    ] {
        item.insert("metadata".to_owned(), text(spelling));
        put_raw(&client, &names.log, &item).await;
        assert!(is_noticed(&log, &a_key("w-1"), Version::FIRST).await, "{spelling}");
    }
}

#[tokio::test]
async fn a_version_with_a_reserved_name_cannot_be_read() {
    let (client, names) = on_dynoxide::tables().await;
    let log = DynamoLog::new(client.clone(), &names.log);
    log.append(&a_rich_version()).await.unwrap();
    let original = raw_items(&client, &names.log).await.remove(0);
    for attribute in ["metadata", "validation_context"] {
        for json in [
            r#"{"$serde_json::private::RawValue":"1"}"#,
            r#"{"a":{"$serde_json::private::RawValue":"1"}}"#,
            r#"{"a":{"$serde_json::private::RawValue":"{"}}"#,
            r#"{"a":[{"b":1,"\u0024serde_json::private::Number":"1"}]}"#,
        ] {
            let mut item = original.clone();
            item.insert(attribute.to_owned(), text(json));
            put_raw(&client, &names.log, &item).await;
            let head = log.head(&a_key("w-1")).await;
            assert!(
                matches!(&head, Err(LogError::Unreadable { why, .. }) if why.contains("reserved name")),
                "{attribute} {json}: {head:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_version_under_another_key_is_noticed() {
    let (client, names) = on_dynoxide::tables().await;
    let log = DynamoLog::new(client.clone(), &names.log);
    log.append(&a_created("w-1")).await.unwrap();
    let original = raw_items(&client, &names.log).await.remove(0);
    for (pk, entry, workflow_id, number) in [
        ("default#w-2", "v#0000000001", "w-2", Version::FIRST),
        ("default#w-1", "v#0000000002", "w-1", version(2)),
        ("default#w-3", "v#1", "w-3", Version::FIRST),
        ("default#w-4", "v#zzz", "w-4", Version::LAST),
    ] {
        let mut item = original.clone();
        item.extend([("pk".to_owned(), text(pk)), ("entry".to_owned(), text(entry))]);
        put_raw(&client, &names.log, &item).await;
        let head = log.head(&a_key(workflow_id)).await;
        assert!(
            matches!(&head, Err(LogError::Unreadable { version, .. }) if *version == number),
            "{pk} {entry}: {head:?}"
        );
    }
}

#[tokio::test]
async fn versions_before_an_unreadable_one_are_given_and_none_after_it() {
    let (client, names) = on_dynoxide::tables().await;
    let log = DynamoLog::new(client.clone(), &names.log);
    let key = a_key("w-1");
    // One whose third version moves the workflow, so that a rival can make the same move.
    let mut chains = (1..).map(|seed| a_chain(&key, 5, seed));
    let chain = chains.find(|chain| !chain[2].event.event_type.keeps_the_state()).unwrap();
    for version in &chain {
        log.append(version).await.unwrap();
    }
    let mut third =
        raw_items(&client, &names.log).await.into_iter().find(|item| item["entry"] == text("v#0000000003")).unwrap();
    third.remove("rules");
    put_raw(&client, &names.log, &third).await;

    assert_eq!(log.versions(&key, Version::FIRST, 10).await.unwrap(), chain[..2]);
    let from_there = log.versions(&key, version(3), 10).await;
    assert!(matches!(&from_there, Err(LogError::Unreadable { version, .. }) if version.get() == 3), "{from_there:?}");
    assert_eq!(log.versions(&key, version(4), 10).await.unwrap(), chain[3..]);
    assert_eq!(log.head(&key).await.unwrap().as_ref(), chain.last());
    let rival = a_move(&chain[1], chain[2].event.to_state);
    let refused = log.append(&rival).await;
    let is_unknown = matches!(refused, Err(AppendError::Store(StoreError::Unavailable(_))));
    assert!(is_unknown, "it may be ours: {refused:?}");
}

#[tokio::test]
async fn an_altered_refusal_is_no_refusal() {
    let (client, names) = on_dynoxide::tables().await;
    let log = DynamoLog::new(client.clone(), &names.log);
    let refusal = a_refusal(&a_key("w-1"));
    log.record_refusal(&refusal).await.unwrap();
    let original = raw_items(&client, &names.log).await.remove(0);
    for (name, value) in [
        ("one_more", text("x")),
        ("code", text("whim")),
        ("tenant_id", text("other")),
        ("version", AttributeValue::Null(true)),
        ("event_id", text("019ab000-0000-7000-8000-000000000000")),
    ] {
        let mut item = original.clone();
        item.insert(name.to_owned(), value);
        put_raw(&client, &names.log, &item).await;
        let refusals = log.refusals(&a_key("w-1"), None, 10).await.unwrap();
        let [KeptRefusal::Unreadable { event_id, .. }] = &refusals[..] else { panic!("{name}: {refusals:?}") };
        assert_eq!(*event_id, refusal.event_id);
    }
}

#[tokio::test]
async fn an_altered_record_of_a_due_date_is_none_that_can_be_read() {
    let (client, names) = on_dynoxide::tables().await;
    let log = DynamoLog::new(client.clone(), &names.log);
    let (key, due_at) = (a_key("w-1"), at(1000));
    log.record_overdue(&an_overdue(&key, due_at)).await.unwrap();
    let original = raw_items(&client, &names.log).await.remove(0);
    let altered = altered_items(&original).into_iter();
    for item in altered.filter(|item| ["pk", "entry"].iter().all(|name| item.get(*name) == original.get(*name))) {
        // The store itself keeps texts out of its keys that are no texts, or empty.
        if client.put_item().table_name(&names.log).set_item(Some(item)).send().await.is_err() {
            continue;
        }
        match &log.overdue(&key, None, 10).await.unwrap()[..] {
            [KeptOverdue::Unreadable { due_at: named, .. }] => assert_eq!(*named, due_at),
            // What nothing else vouches for.
            [KeptOverdue::Overdue(read)] => assert_eq!(read.deadline(), Deadline { key: key.clone(), due_at }),
            other => panic!("{other:?}"),
        }
        assert_eq!(log.record_overdue(&an_overdue(&key, due_at)).await.unwrap(), Noted::Already);
    }
}

#[tokio::test]
async fn an_unreadable_index_entry_counts_as_missing_and_can_be_repaired() {
    let (client, names) = on_dynoxide::tables().await;
    let index = DynamoIndex::new(client.clone(), &names.index);
    let entry = IndexEntry::from(&a_created_of(&a_key("w-1")).event);
    index.advance(&entry).await.unwrap();
    let original = raw_items(&client, &names.index).await.remove(0);
    for altered in altered_items(&original) {
        if altered.get("pk") != original.get("pk") {
            continue;
        }
        // The store itself keeps texts out of its keys that are no texts, or empty.
        let put = client.put_item().table_name(&names.index).set_item(Some(altered.clone())).send().await;
        if put.is_err() {
            continue;
        }
        let seen = entry_of(&index, &entry.key).await.unwrap();
        // An earlier release did not write these.
        let is_of_before =
            altered.len() < original.len() && ["open", "created_key"].iter().any(|name| !altered.contains_key(*name));
        assert_eq!(seen.as_ref() == Some(&entry), is_of_before, "{altered:?}");
        let listed = index.list(&list_of(&entry)).await;
        let is_listed = matches!(&listed, Ok(page) if page.items.contains(&entry));
        assert_eq!(is_listed, is_of_before, "{altered:?}");
        let repaired = index.repair(&entry, seen.as_ref()).await.unwrap();
        assert_eq!(repaired, Advanced::Yes, "{altered:?}");
        assert_eq!(raw_items(&client, &names.index).await, std::slice::from_ref(&original));
    }
}

fn list_of(entry: &IndexEntry) -> IndexQuery {
    a_list(&entry.key.tenant_id, 10)
}
