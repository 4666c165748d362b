//! In which order an entry and its hints are written, and what fails with them.

use alims_domain::labels::Labels;
use alims_domain::projection::IndexEntry;
use alims_dynamodb::DynamoIndex;
use alims_operations::ports::{Advanced, StoreError, WorkflowIndex};
use alims_testing::builders::{labels, version};
use serde_json::{Value, json};

use crate::golden::{Kind, golden, values};
use crate::odd_answers::{Asked, a_store};

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

#[tokio::test]
async fn a_repair_that_goes_back_puts_its_hints_for_the_version_that_it_replaces() {
    let (seen, entry) = (relabelled(), IndexEntry { published_version: version(2), ..relabelled() });
    let (client, asked) = a_store(|_| (200, json!({}))).await;
    DynamoIndex::new(client, "index").repair(&entry, Some(&seen)).await.unwrap();
    let asked = asked.lock().unwrap();
    assert_eq!(asked[0].1["Item"]["version"], json!({"N": "6"}));
}
