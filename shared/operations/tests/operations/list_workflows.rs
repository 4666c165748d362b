//! Listing workflows: only those of the caller's tenant, and only to callers who may.

use alims_domain::access::Action;
use alims_domain::projection::IndexEntry;
use alims_operations::ReadPorts;
use alims_operations::list_workflows::{ListFilter, ListWorkflowsError, list_workflows};
use alims_operations::ports::IndexPage;
use alims_testing::builders::{a_call, a_created};
use alims_testing::{EverybodyMay, Faulty, MemoryIndex, NobodyMay, NotOfThisType, Script};
use std::sync::Arc;

fn indexed() -> MemoryIndex {
    let index = MemoryIndex::default();
    ["v", "w"].into_iter().for_each(|id| index.overwrite(IndexEntry::from(&a_created(id).event)));
    index
}

fn ids(page: &IndexPage) -> Vec<&str> {
    page.items.iter().map(|entry| entry.key.workflow_id.as_str()).collect()
}

#[tokio::test]
async fn a_page_holds_as_many_workflows_as_asked_for_and_the_next_one_the_rest() {
    let ports = ReadPorts { store: indexed(), policy: Arc::new(EverybodyMay) };
    let alice = a_call("alice");
    let first = list_workflows(&ports, &alice, ListFilter::default(), None, 1).await.unwrap();
    let second = list_workflows(&ports, &alice, ListFilter::default(), first.next.clone(), 1).await.unwrap();
    let mut seen = [ids(&first), ids(&second)].concat();
    seen.sort_unstable();
    assert_eq!((seen, &second.next), (vec!["v", "w"], &None));
}

#[tokio::test]
async fn a_caller_sees_no_workflow_of_another_tenant() {
    let ports = ReadPorts { store: indexed(), policy: Arc::new(EverybodyMay) };
    let mut call = a_call("alice");
    call.principal.tenant_id = "other".parse().unwrap();
    let page = list_workflows(&ports, &call, ListFilter::default(), None, 10).await.unwrap();
    assert_eq!((ids(&page), &page.next), (vec![], &None));
}

#[tokio::test]
async fn a_filter_holds_back_the_workflows_it_does_not_fit() {
    let ports = ReadPorts { store: indexed(), policy: Arc::new(EverybodyMay) };
    let created_by = a_created("w").event.created_by;
    for (created_by, expected) in [(created_by, 2), ("mallory".parse().unwrap(), 0)] {
        let filter = ListFilter { created_by: Some(created_by), ..ListFilter::default() };
        let page = list_workflows(&ports, &a_call("alice"), filter, None, 10).await.unwrap();
        assert_eq!(page.items.len(), expected);
    }
}

#[tokio::test]
async fn a_caller_who_may_not_list_is_refused_before_the_index_is_read() {
    let script = Script::default();
    let ports = ReadPorts { store: Faulty::new(indexed(), &script), policy: Arc::new(NobodyMay) };
    let answer = list_workflows(&ports, &a_call("alice"), ListFilter::default(), None, 10).await;
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
        let ports = ReadPorts { store: index.clone(), policy };
        for limit in 1..5 {
            let (mut seen, mut after, mut pages) = (Vec::new(), None, 0);
            loop {
                let page = list_workflows(&ports, &a_call("alice"), ListFilter::default(), after, limit).await.unwrap();
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
