//! Items as an earlier release wrote them in the same format: they are read, and written as this release does.

use alims_domain::projection::IndexEntry;
use alims_operations::ports::{Advanced, OpenWorkflows, WorkflowIndex, entry_of};
use alims_testing::builders::version;
use serde_json::json;

use super::{Kind, Store, everything, golden, item_in, values};

/// The entry of a release that did not have the index of open workflows.
const INDEX_ENTRY: &str = "index-entry-before-open.json";
/// Their files.
pub(super) const FILES: [&str; 1] = [INDEX_ENTRY];

#[tokio::test]
async fn an_index_entry_from_before_the_index_of_open_workflows_is_read_and_listed() {
    let Store { index, .. } = Store::of([item_in(INDEX_ENTRY)]).await;
    let entry = values::index_entry();
    assert_eq!(entry_of(&index, &entry.key).await.unwrap().as_ref(), Some(&entry));
    assert_eq!(index.list(&everything()).await.unwrap().items, [entry]);
    assert_eq!(index.open_part(None).await.unwrap().workflows, [], "nothing but a write puts it there");
}

#[tokio::test]
async fn the_publisher_goes_on_from_such_an_entry_and_writes_it_anew() {
    let store = Store::of([item_in(INDEX_ENTRY)]).await;
    let entry = values::index_entry();
    assert_eq!(store.index.advance(&entry).await.unwrap(), Advanced::AlreadyThere);
    let next = IndexEntry { published_version: version(entry.published_version.get() + 1), ..entry.clone() };
    assert_eq!(store.index.advance(&next).await.unwrap(), Advanced::Yes);
    assert_eq!(store.index.open_part(None).await.unwrap().workflows, [entry.key]);
}

#[tokio::test]
async fn a_repair_of_such_an_entry_writes_it_anew() {
    let store = Store::of([item_in(INDEX_ENTRY)]).await;
    let entry = values::index_entry();
    assert_eq!(store.index.repair(&entry, Some(&entry)).await.unwrap(), Advanced::Yes);
    assert_eq!(store.items().await.into_values().collect::<Vec<_>>(), [golden(Kind::IndexEntry)]);
}

/// The walk over the open workflows goes by that key.
#[tokio::test]
async fn an_entry_with_a_wrong_key_of_open_workflows_counts_as_missing_and_is_replaced() {
    let entry = values::index_entry();
    for wrong in ["golden-lab#w:2", "x"] {
        let mut item = golden(Kind::IndexEntry);
        item["open"] = json!({"S": wrong});
        let store = Store::of([item]).await;
        assert_eq!(entry_of(&store.index, &entry.key).await.unwrap(), None);
        assert_eq!(store.index.repair(&entry, None).await.unwrap(), Advanced::Yes);
        assert_eq!(store.items().await.into_values().collect::<Vec<_>>(), [golden(Kind::IndexEntry)]);
    }
}
