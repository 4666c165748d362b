//! In which order an entry and its hints are written, and what fails with them.

use alims_domain::labels::Labels;
use alims_domain::projection::IndexEntry;
use alims_dynamodb::DynamoIndex;
use alims_operations::ports::{Advanced, IndexWalk, Sought, StoreError, WorkflowIndex, entry_of};
use alims_testing::builders::{labels, version};
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use serde_json::{Value, json};

use crate::golden::{Kind, golden, values};
use crate::odd_answers::{Asked, a_store};
use crate::on_dynoxide;

/// The next version of the golden workflow, which has another label.
fn relabelled() -> IndexEntry {
    IndexEntry { published_version: version(6), labels: labels(&[("rack", "7")]), ..values::labelled_entry() }
}

/// The operations that were asked for, each with the key of its item.
fn asked_for(asked: &Asked) -> Vec<(String, String)> {
    let key = |request: &Value| {
        let item = if request["Key"].is_null() { &request["Item"] } else { &request["Key"] };
        item["pk"]["S"].as_str().unwrap().to_owned()
    };
    asked.lock().unwrap().iter().map(|(target, request)| (target.clone(), key(request))).collect()
}

const WRITES: [(&str, &str); 3] = [
    ("PutItem", "#term#golden-lab#w:2#label#rack:7"),
    ("PutItem", "golden-lab#w:2"),
    ("DeleteItem", "#term#golden-lab#w:2#label#sample:S#1:x"),
];

fn first(writes: usize) -> Vec<(String, String)> {
    WRITES.iter().take(writes).map(|(target, pk)| ((*target).to_owned(), (*pk).to_owned())).collect()
}

fn broken() -> (u16, Value) {
    (500, json!({"__type": "com.amazonaws.dynamodb.v20120810#InternalServerError", "message": "broken"}))
}

/// The answer to the write of the entry: what it replaced.
fn replaced() -> (u16, Value) {
    (200, json!({"Attributes": golden(Kind::IndexEntryLabelled)}))
}

#[tokio::test]
async fn hints_are_put_before_the_entry_and_former_ones_removed_after_it() {
    type Answer = fn(usize) -> (u16, Value);
    let answers: [(Answer, usize, bool); 4] = [
        (|call| if call == 1 { replaced() } else { (200, json!({})) }, 3, true),
        (|call| if call == 0 { broken() } else { (200, json!({})) }, 1, false),
        (|call| if call == 1 { broken() } else { (200, json!({})) }, 2, false),
        // What stays is harmless.
        (|call| [(200, json!({})), replaced(), broken()][call].clone(), 3, true),
    ];
    for (answer, writes, succeeds) in answers {
        let (client, asked) = a_store(answer).await;
        let advanced = DynamoIndex::new(client, "index").advance(&relabelled()).await;
        assert_eq!(asked_for(&asked), first(writes));
        match advanced {
            Ok(advanced) => assert_eq!((advanced, succeeds), (Advanced::Yes, true)),
            Err(error) => assert!(matches!(error, StoreError::Unavailable(_)) && !succeeds, "{error:?}"),
        }
    }
}

#[tokio::test]
async fn a_label_that_was_kept_costs_no_write() {
    let entry = relabelled();
    for (kept, writes) in [(entry.labels.clone(), 1), (labels(&[("rack", "8")]), 2), (Labels::default(), 2)] {
        let (client, asked) = a_store(|_| (200, json!({}))).await;
        assert_eq!(DynamoIndex::new(client, "index").advance_keeping(&entry, &kept).await.unwrap(), Advanced::Yes);
        assert_eq!(asked_for(&asked).len(), writes, "{kept:?}");
    }
}

/// As a comparison with the log finds it: each hint that is gone, or that leads a lookup elsewhere.
#[tokio::test]
async fn a_workflow_that_lacks_a_hint_is_unlisted_until_it_is_written_again() {
    let (client, names) = on_dynoxide::tables().await;
    let index = DynamoIndex::new(client.clone(), &*names.index);
    let entry = values::labelled_entry();
    let pks = ["#term#golden-lab#w:2#label#sample:S#1:x", "#term#golden-lab#w:2#quarantined"];
    let sought = [Sought { entry: &entry, by_labels: true, as_quarantined: true }];
    let found = async || index.unlisted(&sought).await.unwrap().is_empty();
    for pk in pks {
        for (attribute, value) in [(None, ""), (Some("term"), "elsewhere"), (Some("created_key"), "2026#w:2")] {
            index.repair(&entry, entry_of(&index, &entry.key).await.unwrap().as_ref()).await.unwrap();
            index.mark_quarantined(&entry.key, entry.created_at).await.unwrap();
            assert!(found().await, "{pk} {attribute:?}: all hints are there");
            let key = AttributeValue::S(pk.to_owned());
            let old = client.delete_item().table_name(&names.index).key("pk", key).return_values(ReturnValue::AllOld);
            let mut hint = old.send().await.unwrap().attributes.expect("a hint");
            if let Some(attribute) = attribute {
                hint.insert(attribute.to_owned(), AttributeValue::S(value.to_owned()));
                client.put_item().table_name(&names.index).set_item(Some(hint.clone())).send().await.unwrap();
            }
            assert!(!found().await, "{pk} {attribute:?}");
            let pk = hint["pk"].clone();
            client.delete_item().table_name(&names.index).key("pk", pk).send().await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_repair_that_goes_back_puts_its_hints_for_the_version_that_it_replaces() {
    let (seen, entry) = (relabelled(), IndexEntry { published_version: version(2), ..relabelled() });
    let (client, asked) = a_store(|_| (200, json!({}))).await;
    DynamoIndex::new(client, "index").repair(&entry, Some(&seen)).await.unwrap();
    let asked = asked.lock().unwrap();
    assert_eq!(asked[0].1["Item"]["version"], json!({"N": "6"}));
}
