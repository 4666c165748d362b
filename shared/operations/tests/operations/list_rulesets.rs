//! Listing rulesets: all of them in the order of their ids, in bounded pages, for callers who may.

use alims_domain::limits::RULESETS_PAGE_BYTES_MAX;
use alims_operations::list_rulesets::{ListRulesetsError, Ports, RulesetPage, list_rulesets};
use alims_operations::ports::{RulesEngine, Rulesets};
use alims_testing::builders::some_rulesets;
use alims_testing::{EverybodyMay, NobodyMay};
use std::sync::Arc;

use crate::alice;

fn ports(rulesets: Rulesets) -> Ports {
    Ports { rulesets: Arc::new(rulesets), policy: Arc::new(EverybodyMay) }
}

/// The ids on each page, from the first to the last.
async fn pages(ports: &Ports, limit: usize) -> Vec<Vec<String>> {
    let (mut pages, mut after) = (Vec::new(), None);
    loop {
        let page = list_rulesets(ports, &alice(), after, limit).await.unwrap();
        pages.push(ids(&page));
        after = page.next;
        if after.is_none() {
            return pages;
        }
    }
}

fn ids(page: &RulesetPage) -> Vec<String> {
    page.items.iter().map(|item| item.ruleset.clone()).collect()
}

#[tokio::test]
async fn every_ruleset_is_on_one_page_whatever_the_limit() {
    for rulesets in 0..7 {
        let expected: Vec<String> = (0..rulesets).map(|number| format!("set-{number:02}")).collect();
        let ports = ports(some_rulesets(rulesets));
        for limit in 1..9 {
            let pages = pages(&ports, limit).await;
            assert_eq!(pages.concat(), expected, "{rulesets} rulesets, {limit} a page");
            assert_eq!(pages.len(), rulesets.div_ceil(limit).max(1), "{rulesets} rulesets, {limit} a page");
        }
    }
}

#[tokio::test]
async fn a_page_of_large_rulesets_ends_before_its_limit_and_has_at_least_one() {
    let mut rulesets = some_rulesets(6);
    for (ruleset, share) in rulesets.rulesets.iter_mut().zip([3, 3, 3, 3, 1, 3]) {
        for rule in &mut ruleset.rules {
            // Two rules each.
            rule.message = "x".repeat(RULESETS_PAGE_BYTES_MAX / share / 2);
        }
    }
    let sizes: Vec<usize> = pages(&ports(rulesets), 50).await.iter().map(Vec::len).collect();
    assert_eq!(sizes, [2, 2, 1, 1]);
}

#[tokio::test]
async fn a_page_begins_after_an_id_whether_it_is_there_or_not() {
    let ports = ports(some_rulesets(4));
    for (after, expected) in [
        ("set-01", &["set-02", "set-03"][..]),
        ("set-01-gone", &["set-02", "set-03"]),
        ("", &["set-00", "set-01", "set-02", "set-03"]),
        ("set-03", &[]),
        ("zzz", &[]),
    ] {
        let page = list_rulesets(&ports, &alice(), Some(after.to_owned()), 50).await.unwrap();
        assert_eq!((ids(&page), page.next.as_deref()), (expected.iter().map(|&id| id.to_owned()).collect(), None));
    }
}

#[tokio::test]
async fn rules_that_are_kept_elsewhere_are_an_empty_page_that_names_the_engine() {
    for engine in [RulesEngine::Remote, RulesEngine::Alims] {
        let page = list_rulesets(&ports(Rulesets::elsewhere(engine)), &alice(), None, 50).await.unwrap();
        assert_eq!((page.engine, page.items.len(), page.next), (engine, 0, None));
        assert!(page.engine.is_elsewhere() && page.workflow_types.is_none());
    }
}

#[tokio::test]
async fn a_caller_who_may_not_learns_nothing() {
    let ports = Ports { policy: Arc::new(NobodyMay), ..ports(some_rulesets(1)) };
    let outcome = list_rulesets(&ports, &alice(), None, 50).await;
    assert!(matches!(outcome, Err(ListRulesetsError::Forbidden(_))), "{outcome:?}");
}
