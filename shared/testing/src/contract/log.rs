//! The contract of the log: appends, races and reads.

use alims_domain::hash_chain::ChainWalk;
use alims_domain::idempotency::{AcceptedRequest, RepeatableRequest, remember};
use alims_domain::identifiers::{EventId, Version, WorkflowKey};
use alims_domain::lifecycle::State;
use alims_domain::limits::REMEMBERED_REQUESTS_MAX;
use alims_domain::refusal::{KeptRefusal, Refusal, RefusalCode};
use alims_domain::stored_version::StoredVersion;
use alims_operations::ports::{AppendError, WorkflowLog};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use tokio::task::JoinSet;

use crate::builders::{a_chain, a_created_of, a_fresh_tenant, a_key_of, a_move, a_refusal, version, with_metadata};

/// Another workflow than any other test's.
pub(super) fn a_fresh_key() -> WorkflowKey {
    a_key_of(&a_fresh_tenant(), "w:1")
}

async fn append_all<L: WorkflowLog>(log: &L, versions: &[StoredVersion]) {
    for version in versions {
        log.append(version).await.unwrap();
    }
}

/// One writer makes it, and the other gets the winner.
pub async fn a_version_is_appended_once<L: WorkflowLog>(log: L) {
    let key = a_fresh_key();
    let (first, rival) = (a_created_of(&key), a_created_of(&key));
    log.append(&first).await.unwrap();
    let refused = log.append(&rival).await;
    assert!(matches!(&refused, Err(AppendError::VersionTaken(winner)) if **winner == first), "{refused:?}");
    assert_eq!(log.head(&key).await.unwrap(), Some(first), "the loser left the log as it was");
}

/// The same event again is no conflict, not even when later versions are there.
pub async fn our_own_version_is_recognised_when_its_answer_was_lost<L: WorkflowLog>(log: L) {
    let key = a_fresh_key();
    let first = a_created_of(&key);
    let second = a_move(&first, State::Active);
    append_all(&log, &[first.clone(), first.clone(), second.clone(), first.clone()]).await;
    assert_eq!(log.versions(&key, Version::FIRST, 10).await.unwrap(), [first, second]);
}

/// Sixteen writers, ten rounds: one wins each, and all the others learn which.
pub async fn racing_writers_have_exactly_one_winner<L: WorkflowLog + Clone + 'static>(log: L) {
    let key = a_fresh_key();
    let mut head = a_created_of(&key);
    log.append(&head).await.unwrap();
    for round in 0..10 {
        let to = if head.event.to_state == State::Active { State::Paused } else { State::Active };
        let mut writers = JoinSet::new();
        for _ in 0..16 {
            let (log, candidate) = (log.clone(), a_move(&head, to));
            writers.spawn(async move { (log.append(&candidate).await, candidate) });
        }
        let (mut winners, mut named) = (Vec::new(), BTreeSet::new());
        for (outcome, candidate) in writers.join_all().await {
            match outcome {
                Ok(()) => winners.push(candidate),
                Err(AppendError::VersionTaken(winner)) => {
                    named.insert(winner.event.event_id);
                }
                Err(error) => panic!("round {round}: {error:?}"),
            }
        }
        assert_eq!(winners.len(), 1, "round {round}");
        head = winners.remove(0);
        assert_eq!(named, BTreeSet::from([head.event.event_id]), "round {round}");
    }
    let versions = log.versions(&key, Version::FIRST, 100).await.unwrap();
    assert_eq!(versions.len(), 11);
    let mut walk = ChainWalk::new(&key);
    for version in versions {
        walk.step(version.event).unwrap();
    }
}

/// The adapter appends any version; the operations ensure that it follows the head.
pub async fn a_gap_is_not_the_adapters_business<L: WorkflowLog>(log: L) {
    let key = a_fresh_key();
    let chain = a_chain(&key, 3, 1);
    append_all(&log, &[chain[0].clone(), chain[2].clone()]).await;
    assert_eq!(log.head(&key).await.unwrap(), Some(chain[2].clone()));
    assert_eq!(log.versions(&key, version(2), 10).await.unwrap(), chain[2..]);
}

/// None is none, and no error.
pub async fn the_head_of_an_unknown_workflow_is_none<L: WorkflowLog>(log: L) {
    let key = a_fresh_key();
    assert_eq!(log.head(&key).await.unwrap(), None);
    assert_eq!(log.versions(&key, Version::FIRST, 10).await.unwrap(), []);
    assert_eq!(log.refusals(&key, None, 10).await.unwrap(), []);
}

/// Whatever their order, and those that are there only; more than one call of any store takes.
pub async fn versions_of_many_workflows_are_read_at_once<L: WorkflowLog>(log: L) {
    let tenants = [a_fresh_tenant(), a_fresh_tenant()];
    let mut stored = BTreeMap::new();
    for number in 0..60 {
        // The same workflow ids in both tenants.
        for (tenant, seed) in tenants.iter().zip([1, 2]) {
            let chain = a_chain(&a_key_of(tenant, &format!("w-{number}")), 2, seed);
            append_all(&log, &chain).await;
            stored.extend(chain.into_iter().map(|version| ((version.event.key(), version.event.version), version)));
        }
    }
    let mut keys: Vec<(WorkflowKey, Version)> = stored.keys().cloned().collect();
    keys.reverse();
    let there = keys.clone();
    keys.extend(there.iter().take(5).cloned());
    keys.push((a_key_of(&tenants[0], "w-0"), version(3)));
    keys.push((a_key_of(&tenants[0], "unknown"), Version::FIRST));
    assert!(log.versions_at(&keys).await.unwrap() == stored, "another answer than what was appended");
    assert!(log.versions_at(&[]).await.unwrap().is_empty());
}

/// Each append is seen by the next read.
pub async fn the_head_is_the_newest_version<L: WorkflowLog>(log: L) {
    let key = a_fresh_key();
    for version in a_chain(&key, 5, 2) {
        log.append(&version).await.unwrap();
        assert_eq!(log.head(&key).await.unwrap(), Some(version));
    }
}

/// As texts, 10 sorts before 2 unless the adapter pads the numbers.
pub async fn the_head_stays_the_newest_beyond_nine_versions<L: WorkflowLog>(log: L) {
    let key = a_fresh_key();
    let chain = a_chain(&key, 103, 3);
    append_all(&log, &chain).await;
    assert_eq!(log.head(&key).await.unwrap().as_ref(), chain.last());
    assert_eq!(log.versions(&key, version(9), 3).await.unwrap(), chain[8..11]);
    assert_eq!(log.versions(&key, version(99), 3).await.unwrap(), chain[98..101]);
}

/// `from` is included, `limit` holds, and fewer means no more.
pub async fn versions_come_oldest_first_from_where_they_are_asked<L: WorkflowLog>(log: L) {
    let key = a_fresh_key();
    let chain = a_chain(&key, 7, 4);
    append_all(&log, &chain).await;
    for from in 1..=9 {
        for limit in 0..=8 {
            let begin = (from - 1).min(chain.len());
            let end = (begin + limit).min(chain.len());
            let versions = log.versions(&key, version(from as u64), limit).await.unwrap();
            assert_eq!(versions, chain[begin..end], "from {from}, at most {limit}");
        }
    }
    assert_eq!(log.versions(&key, Version::LAST, usize::MAX).await.unwrap(), []);
}

/// A store's page may end at a megabyte; an answer must not.
pub async fn versions_are_paged_beyond_a_megabyte<L: WorkflowLog>(log: L) {
    let key = a_fresh_key();
    let mut head = with_metadata(&a_created_of(&key), &json!({"text": "x".repeat(60_000)}));
    let mut chain = vec![head.clone()];
    for number in 2..=40 {
        let to = if head.event.to_state == State::Active { State::Paused } else { State::Active };
        head = with_metadata(&a_move(&head, to), &json!({"text": format!("{number}").repeat(30_000)}));
        chain.push(head.clone());
    }
    append_all(&log, &chain).await;
    assert_eq!(log.versions(&key, Version::FIRST, 1000).await.unwrap(), chain);
    assert_eq!(log.versions(&key, version(3), 30).await.unwrap(), chain[2..32]);
}

/// Every kind of member, from a seed.
pub async fn a_whole_chain_comes_back_as_it_went_in<L: WorkflowLog>(log: L) {
    for seed in 0..5 {
        let key = a_fresh_key();
        let chain = a_chain(&key, 12, seed);
        append_all(&log, &chain).await;
        let stored = log.versions(&key, Version::FIRST, 100).await.unwrap();
        assert_eq!(stored, chain);
        let mut walk = ChainWalk::new(&key);
        for version in stored {
            walk.step(version.event).unwrap();
        }
    }
}

/// They are not in the history, but they are in the store.
pub async fn remembered_requests_come_back_in_order<L: WorkflowLog>(log: L) {
    let key = a_fresh_key();
    let mut accepted: Vec<AcceptedRequest> = Vec::new();
    for number in 1..=REMEMBERED_REQUESTS_MAX {
        let request = RepeatableRequest::new(
            &"alice".parse().unwrap(),
            &format!("key-{number}").parse().unwrap(),
            &json!({"number": number}),
        );
        accepted = remember(&accepted, Some(&request.unwrap()), version(number as u64));
    }
    let stored = StoredVersion { accepted, ..a_created_of(&key) };
    log.append(&stored).await.unwrap();
    assert_eq!(log.head(&key).await.unwrap(), Some(stored));
}

/// Neither a tenant's nor an id's beginning is the whole of it.
pub async fn workflows_are_kept_apart<L: WorkflowLog>(log: L) {
    let (tenant, other) = (a_fresh_tenant(), a_fresh_tenant());
    let longer = format!("{tenant}-").parse().unwrap();
    let keys = [a_key_of(&tenant, "w"), a_key_of(&tenant, "w:1"), a_key_of(&tenant, "W"), a_key_of(&longer, "w")];
    for (number, key) in keys.iter().enumerate() {
        append_all(&log, &a_chain(key, number + 1, 7)).await;
        log.record_refusal(&a_refusal(key)).await.unwrap();
    }
    for (number, key) in keys.iter().enumerate() {
        let versions = log.versions(key, Version::FIRST, 10).await.unwrap();
        assert_eq!(versions.len(), number + 1, "{key}");
        assert!(versions.iter().all(|version| version.event.key() == *key), "{key}");
        assert_eq!(log.refusals(key, None, 10).await.unwrap().len(), 1, "{key}");
    }
    assert_eq!(log.head(&a_key_of(&other, "w")).await.unwrap(), None);
}

/// The refusals, all of which can be read.
fn readable(kept: Vec<KeptRefusal>) -> Vec<Refusal> {
    let count = kept.len();
    let refusals: Vec<Refusal> = kept.into_iter().filter_map(KeptRefusal::readable).collect();
    assert_eq!(refusals.len(), count, "one cannot be read");
    refusals
}

fn ids(refusals: &[Refusal]) -> Vec<EventId> {
    refusals.iter().map(|refusal| refusal.event_id).collect()
}

/// By id, which is by time, for any order of writing; `after` itself is not returned again.
pub async fn refusals_come_in_order_and_in_pages<L: WorkflowLog>(log: L) {
    let key = a_fresh_key();
    let refusals: Vec<Refusal> = (0..7).map(|_| a_refusal(&key)).collect();
    for place in [3, 0, 6, 1, 5, 2, 4] {
        log.record_refusal(&refusals[place]).await.unwrap();
    }
    assert_eq!(readable(log.refusals(&key, None, 100).await.unwrap()), refusals);
    for limit in 1..=8 {
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = readable(log.refusals(&key, after, limit).await.unwrap());
            assert!(page.iter().all(|refusal| after.is_none_or(|after| refusal.event_id > after)));
            after = page.last().map(|refusal| refusal.event_id);
            seen.extend(ids(&page));
            if page.len() < limit {
                break;
            }
            assert_eq!(page.len(), limit);
        }
        assert_eq!(seen, ids(&refusals), "at most {limit}");
    }
    // Another workflow's refusal is between them: a read may continue after an id that does not exist.
    let (elsewhere, later) = (a_refusal(&a_fresh_key()), a_refusal(&key));
    log.record_refusal(&later).await.unwrap();
    assert_eq!(readable(log.refusals(&key, Some(elsewhere.event_id), 10).await.unwrap()), [later]);
}

/// A store's page may end at a megabyte; an answer must not.
pub async fn refusals_are_paged_beyond_a_megabyte<L: WorkflowLog>(log: L) {
    let key = a_fresh_key();
    let policies = vec!["p".repeat(1000); 60];
    let refusals: Vec<Refusal> = (0..25).map(|_| Refusal { policies: policies.clone(), ..a_refusal(&key) }).collect();
    for refusal in &refusals {
        log.record_refusal(refusal).await.unwrap();
    }
    assert_eq!(readable(log.refusals(&key, None, 100).await.unwrap()), refusals);
    let page = log.refusals(&key, Some(refusals[0].event_id), 23).await.unwrap();
    assert_eq!(readable(page), refusals[1..24]);
}

/// Repeating it changes nothing.
pub async fn a_refusal_recorded_twice_is_there_once<L: WorkflowLog>(log: L) {
    let key = a_fresh_key();
    let refusal = a_refusal(&key);
    log.record_refusal(&refusal).await.unwrap();
    log.record_refusal(&refusal).await.unwrap();
    assert_eq!(readable(log.refusals(&key, None, 10).await.unwrap()), [refusal]);
}

/// Refusals are stored next to the versions, never among them.
pub async fn refusals_change_no_version<L: WorkflowLog>(log: L) {
    let key = a_fresh_key();
    log.record_refusal(&a_refusal(&key)).await.unwrap();
    assert_eq!(log.head(&key).await.unwrap(), None, "a refusal makes no workflow");
    let first = a_created_of(&key);
    log.append(&first).await.unwrap();
    log.record_refusal(&a_refusal(&key)).await.unwrap();
    assert_eq!(log.head(&key).await.unwrap(), Some(first.clone()));
    assert_eq!(log.versions(&key, Version::FIRST, 10).await.unwrap(), [first]);
    assert_eq!(log.refusals(&key, None, 10).await.unwrap().len(), 2);
}

/// Absent members stay absent.
pub async fn a_refusal_with_little_in_it_comes_back<L: WorkflowLog>(log: L) {
    let key = a_fresh_key();
    let refusal = Refusal {
        version: None,
        head_hash: None,
        current_state: None,
        replaces: None,
        reason: None,
        code: RefusalCode::Forbidden,
        reasons: Vec::new(),
        ruleset: None,
        ruleset_version: None,
        policies: Vec::new(),
        correlation_id: None,
        further_not_kept: None,
        ..a_refusal(&key)
    };
    log.record_refusal(&refusal).await.unwrap();
    assert_eq!(readable(log.refusals(&key, None, 10).await.unwrap()), [refusal]);
}
