//! Listing workflows: only those of the caller's tenant, and only to callers who may.

use alims_domain::access::Action;
use alims_domain::event::WorkflowEvent;
use alims_domain::hashing::ChainHash;
use alims_domain::limits::LIST_METADATA_BYTES_MAX;
use alims_domain::projection::IndexEntry;
use alims_operations::list_workflows::{
    ListFilter, ListPage, ListPart, ListWorkflowsError, Ports, PublishedVersion, list_workflows,
};
use alims_operations::ports::{
    AccessPolicy, EntryFilter, IndexPosition, ListOrder, QuarantineLog, WorkflowIndex, WorkflowLog,
};
use alims_testing::builders::{a_break, a_call, a_created, a_quarantine, a_release, at, sealed, with_metadata};
use alims_testing::{
    CallFault, EverybodyMay, Faulty, FixedClock, MemoryIndex, MemoryLog, NobodyMay, NotOfThisType, Script,
};
use serde_json::json;
use std::sync::Arc;

/// The instant at which the lists of these tests are read.
const NOW: i64 = 50_000;

fn ports<I>(index: I, policy: Arc<dyn AccessPolicy>) -> Ports<MemoryLog, I> {
    Ports { log: MemoryLog::default(), index, policy, clock: Arc::new(FixedClock::new(at(NOW))) }
}

fn part(after: Option<IndexPosition>, limit: usize) -> ListPart {
    ListPart { after, limit, with_metadata: false }
}

fn indexed() -> MemoryIndex {
    let index = MemoryIndex::default();
    ["v", "w"].into_iter().for_each(|id| index.overwrite(IndexEntry::from(&a_created(id).event)));
    index
}

fn ids(page: &ListPage) -> Vec<&str> {
    page.items.iter().map(|listed| listed.entry.key.workflow_id.as_str()).collect()
}

#[tokio::test]
async fn a_page_holds_as_many_workflows_as_asked_for_and_the_next_one_the_rest() {
    let ports = ports(indexed(), Arc::new(EverybodyMay));
    let alice = a_call("alice");
    let first = list_workflows(&ports, &alice, ListFilter::default(), part(None, 1)).await.unwrap();
    let second = list_workflows(&ports, &alice, ListFilter::default(), part(first.next.clone(), 1)).await.unwrap();
    let mut seen = [ids(&first), ids(&second)].concat();
    seen.sort_unstable();
    assert_eq!((seen, &second.next), (vec!["v", "w"], &None));
}

#[tokio::test]
async fn a_caller_sees_no_workflow_of_another_tenant() {
    let ports = ports(indexed(), Arc::new(EverybodyMay));
    let mut call = a_call("alice");
    call.principal.tenant_id = "other".parse().unwrap();
    let page = list_workflows(&ports, &call, ListFilter::default(), part(None, 10)).await.unwrap();
    assert_eq!((ids(&page), &page.next), (vec![], &None));
}

#[tokio::test]
async fn a_filter_holds_back_the_workflows_it_does_not_fit() {
    let ports = ports(indexed(), Arc::new(EverybodyMay));
    let created_by = a_created("w").event.created_by;
    for (created_by, expected) in [(created_by, 2), ("mallory".parse().unwrap(), 0)] {
        let filter =
            ListFilter { entries: EntryFilter { created_by: Some(created_by), ..<_>::default() }, ..<_>::default() };
        let page = list_workflows(&ports, &a_call("alice"), filter, part(None, 10)).await.unwrap();
        assert_eq!(page.items.len(), expected);
    }
}

#[tokio::test]
async fn a_caller_who_may_not_list_is_refused_before_the_index_is_read() {
    let script = Script::default();
    let ports = ports(Faulty::new(indexed(), &script), Arc::new(NobodyMay));
    let answer = list_workflows(&ports, &a_call("alice"), ListFilter::default(), part(None, 10)).await;
    assert!(matches!(answer, Err(ListWorkflowsError::Forbidden(_))), "{answer:?}");
    assert_eq!(script.calls(), Vec::<&str>::new());
}

#[tokio::test]
async fn a_workflow_that_a_policy_hides_is_in_no_page_and_the_pages_go_on_behind_it() {
    let index = MemoryIndex::default();
    for number in 0..9 {
        let entry = IndexEntry::from(&a_created(&format!("w-{number}")).event);
        // The first page shows nothing, and so does one in the middle.
        let workflow_type = if [0, 1, 4, 7, 8].contains(&number) { "secret" } else { "open" };
        index.overwrite(IndexEntry { workflow_type: workflow_type.parse().unwrap(), ..entry });
    }
    for action in [None, Some(Action::ListWorkflows), Some(Action::GetWorkflowState)] {
        let policy = Arc::new(NotOfThisType("secret".parse().unwrap(), action));
        let ports = ports(index.clone(), policy);
        for limit in 1..5 {
            let (mut seen, mut after, mut pages) = (Vec::new(), None, 0);
            loop {
                let page =
                    list_workflows(&ports, &a_call("alice"), ListFilter::default(), part(after, limit)).await.unwrap();
                pages += 1;
                assert!(pages < 12, "the pages do not end");
                seen.extend(ids(&page).into_iter().map(str::to_owned));
                let Some(next) = page.next else { break };
                after = Some(next);
            }
            seen.sort_unstable();
            assert_eq!(seen, ["w-2", "w-3", "w-5", "w-6"], "{action:?}, {limit} a page");
        }
    }
}

/// Publishes a workflow as the log has it.
async fn published(ports: &Ports<MemoryLog, MemoryIndex>, event: WorkflowEvent) -> IndexEntry {
    let stored = sealed(event);
    ports.log.append(&stored).await.unwrap();
    let entry = IndexEntry::from(&stored.event);
    ports.index.advance(&entry).await.unwrap();
    entry
}

#[tokio::test]
async fn what_is_overdue_is_open_and_due_by_now() {
    let ports = ports(MemoryIndex::default(), Arc::new(EverybodyMay));
    for (id, due) in [("past", Some(NOW - 1)), ("now", Some(NOW)), ("later", Some(NOW + 1)), ("never", None)] {
        published(&ports, WorkflowEvent { due_at: due.map(at), ..a_created(id).event }).await;
    }
    let all = list_workflows(&ports, &a_call("alice"), ListFilter::default(), part(None, 10)).await.unwrap();
    let mut marked: Vec<&str> =
        all.items.iter().filter(|listed| listed.overdue).map(|listed| listed.entry.key.workflow_id.as_str()).collect();
    marked.sort_unstable();
    assert_eq!(marked, ["now", "past"]);
    let filter = ListFilter { overdue: true, order: ListOrder::Due, ..<_>::default() };
    let overdue = list_workflows(&ports, &a_call("alice"), filter, part(None, 10)).await.unwrap();
    assert_eq!(ids(&overdue), ["past", "now"]);
}

#[tokio::test]
async fn a_list_of_quarantined_workflows_leaves_out_the_released_and_a_log_that_fails_fails_it() {
    let ports = ports(MemoryIndex::default(), Arc::new(EverybodyMay));
    for id in ["in-force", "released", "sound"] {
        let entry = published(&ports, a_created(id).event).await;
        if id != "sound" {
            let (quarantine, release) = (a_quarantine(&entry.key, &a_break(1)), a_release(&entry.key, &a_break(1)));
            ports.log.record_quarantine(&quarantine).await.unwrap();
            ports.index.mark_quarantined(&entry.key, entry.created_at).await.unwrap();
            if id == "released" {
                ports.log.record_quarantine(&release).await.unwrap();
            }
        }
    }
    let filter = || ListFilter { quarantined: true, ..<_>::default() };
    let page = list_workflows(&ports, &a_call("alice"), filter(), part(None, 10)).await.unwrap();
    assert_eq!((ids(&page), &page.next), (vec!["in-force"], &None));
    let script = Script::default();
    script.fail(0, CallFault::BeforeEffect);
    let Ports { log, index, policy, clock } = ports;
    let failing = Ports { log: Faulty::new(log, &script), index, policy, clock };
    let answer = list_workflows(&failing, &a_call("alice"), filter(), part(None, 10)).await;
    assert!(matches!(answer, Err(ListWorkflowsError::Store(_))), "{answer:?}");
}

#[tokio::test]
async fn metadata_come_as_they_were_published_and_one_that_cannot_be_read_fails_no_page() {
    let ports = ports(MemoryIndex::default(), Arc::new(EverybodyMay));
    let sound = with_metadata(&a_created("sound"), &json!({"pH": 7.4})).event;
    published(&ports, sound.clone()).await;
    let entry = published(&ports, a_created("replaced").event).await;
    ports.index.overwrite(IndexEntry { head_hash: ChainHash::of(b"another"), ..entry });
    ports.index.overwrite(IndexEntry::from(&a_created("lost").event));
    // It says that it has the hash that was published.
    let altered = a_created("altered");
    published(&ports, altered.event.clone()).await;
    let hash = altered.event.hash.clone();
    let mut altered = with_metadata(&altered, &json!({"pH": 9.9}));
    altered.event.hash = hash;
    ports.log.overwrite(altered);
    let part = ListPart { with_metadata: true, ..part(None, 10) };
    let page = list_workflows(&ports, &a_call("alice"), ListFilter::default(), part).await.unwrap();
    assert_eq!(page.items.len(), 4);
    for listed in page.items {
        match listed.version {
            Some(PublishedVersion::Read(event)) => assert_eq!(event.metadata, sound.metadata),
            unreadable => {
                assert_ne!(listed.entry.key.workflow_id.as_str(), "sound");
                assert_eq!(unreadable, Some(PublishedVersion::Unreadable));
            }
        }
    }
}

#[tokio::test]
async fn a_page_with_much_metadata_is_shorter_and_the_next_ones_have_the_rest() {
    let ports = ports(MemoryIndex::default(), Arc::new(EverybodyMay));
    for number in 0..80 {
        let large = json!({"large": "x".repeat(60_000)});
        published(&ports, with_metadata(&a_created(&format!("w-{number}")), &large).event).await;
    }
    for order in [ListOrder::Updated, ListOrder::Created] {
        let (mut met, mut after, mut pages) = (Vec::new(), None, 0);
        loop {
            let part = ListPart { with_metadata: true, ..part(after, 100) };
            let filter = ListFilter { order, ..<_>::default() };
            let page = list_workflows(&ports, &a_call("alice"), filter, part).await.unwrap();
            assert!(page.items.len() * 60_000 <= LIST_METADATA_BYTES_MAX, "{} items", page.items.len());
            met.extend(ids(&page).into_iter().map(str::to_owned));
            pages += 1;
            let Some(next) = page.next else { break };
            after = Some(next);
        }
        met.sort_unstable();
        met.dedup();
        assert_eq!((met.len(), pages), (80, 3), "{order:?}");
    }
}
