//! The contract of the index for look-ups: by label, by creation, by due date, and of the workflows that were marked.

use alims_domain::identifiers::{LabelName, LabelValue, TenantId};
use alims_domain::labels::Labels;
use alims_domain::lifecycle::State;
use alims_domain::projection::IndexEntry;
use alims_operations::ports::{Advanced, EntryFilter, IndexPosition, IndexQuery, ListOrder, WorkflowIndex};
use fastrand::Rng;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::task::{JoinSet, yield_now};

use super::index::an_entry;
use super::list::all_pages;
use crate::builders::{a_fresh_tenant, a_list, at, labels, version};

fn by_label(tenant: &TenantId, pairs: &[(&str, &str)]) -> IndexQuery {
    let labels = pairs.iter().map(|(name, value)| label(name, value)).collect();
    IndexQuery { filter: EntryFilter { labels, ..<_>::default() }, ..a_list(tenant, 10) }
}

fn label(name: &str, value: &str) -> (LabelName, LabelValue) {
    (name.parse().unwrap(), value.parse().unwrap())
}

fn labelled(tenant: &TenantId, id: &str, version: u32, pairs: &[(&str, &str)]) -> IndexEntry {
    IndexEntry { labels: labels(pairs), ..an_entry(tenant, id, version) }
}

fn ids(entries: &[IndexEntry]) -> Vec<&str> {
    entries.iter().map(|entry| entry.key.workflow_id.as_str()).collect()
}

async fn found<I: WorkflowIndex>(index: &I, query: &IndexQuery) -> Vec<String> {
    ids(&all_pages(index, query).await).into_iter().map(str::to_owned).collect()
}

/// Exactly by name and value, and by all that are asked for.
pub async fn a_label_finds_the_workflows_that_have_it<I: WorkflowIndex>(index: I) {
    let (tenant, other) = (a_fresh_tenant(), a_fresh_tenant());
    let odd = "Ω#1:x\u{1f9ea}";
    index.advance(&labelled(&tenant, "w-1", 1, &[("sample", "S-1"), ("rack", "7")])).await.unwrap();
    index.advance(&labelled(&tenant, "w-2", 1, &[("sample", "S-10"), ("rack", "7"), ("odd", odd)])).await.unwrap();
    index.advance(&labelled(&other, "w-3", 1, &[("sample", "S-1")])).await.unwrap();
    index.advance(&an_entry(&tenant, "w-4", 1)).await.unwrap();
    for (pairs, expected) in [
        (vec![("sample", "S-1")], vec!["w-1"]),
        (vec![("rack", "7")], vec!["w-2", "w-1"]),
        (vec![("rack", "7"), ("sample", "S-10")], vec!["w-2"]),
        (vec![("sample", "S-10"), ("rack", "7")], vec!["w-2"]),
        (vec![("sample", "S-1"), ("rack", "8")], vec![]),
        (vec![("odd", odd)], vec!["w-2"]),
        (vec![("sample", "S")], vec![]),
        (vec![("s", "S-1")], vec![]),
    ] {
        assert_eq!(found(&index, &by_label(&tenant, &pairs)).await, expected, "{pairs:?}");
    }
}

/// By an advance and by a repair, with and without the knowledge of what was kept.
pub async fn a_label_finds_a_workflow_exactly_while_it_has_it<I: WorkflowIndex>(index: I) {
    let tenant = a_fresh_tenant();
    let (a, b) = (by_label(&tenant, &[("x", "a")]), by_label(&tenant, &[("x", "b")]));
    let none = Labels::default();
    type Pairs = &'static [(&'static str, &'static str)];
    let steps: [(u32, Pairs, Labels, bool, bool); 7] = [
        (1, &[("x", "a")], none.clone(), true, false),
        (2, &[("x", "a")], labels(&[("x", "a")]), true, false),
        (3, &[("x", "b")], none.clone(), false, true),
        (4, &[("x", "a")], none.clone(), true, false),
        (7, &[], none.clone(), false, false),
        (8, &[("x", "b")], none.clone(), false, true),
        (9, &[("x", "b"), ("y", "c")], labels(&[("x", "b")]), false, true),
    ];
    for (version, pairs, kept, has_a, has_b) in steps {
        let entry = labelled(&tenant, "w-1", version, pairs);
        assert_eq!(index.advance_keeping(&entry, &kept).await.unwrap(), Advanced::Yes);
        let there = (!found(&index, &a).await.is_empty(), !found(&index, &b).await.is_empty());
        assert_eq!(there, (has_a, has_b), "at version {version}");
    }
    let late = labelled(&tenant, "w-1", 4, &[("x", "a")]);
    assert_eq!(index.advance(&late).await.unwrap(), Advanced::AlreadyThere);
    assert!(found(&index, &a).await.is_empty(), "the entry does not have it");
    let (seen, back) =
        (labelled(&tenant, "w-1", 9, &[("x", "b"), ("y", "c")]), labelled(&tenant, "w-1", 2, &[("x", "a")]));
    assert_eq!(index.repair(&back, Some(&seen)).await.unwrap(), Advanced::Yes);
    assert_eq!((found(&index, &a).await.len(), found(&index, &b).await.len()), (1, 0));
    let next = labelled(&tenant, "w-1", 3, &[("x", "a")]);
    assert_eq!(index.advance_keeping(&next, &back.labels).await.unwrap(), Advanced::Yes);
    assert_eq!(found(&index, &a).await, ["w-1"]);
}

/// A mark says nothing of a workflow that has no entry, and it is not lost when the entry comes.
pub async fn marked_workflows_are_listed_once_they_have_an_entry<I: WorkflowIndex>(index: I) {
    let tenant = a_fresh_tenant();
    let marked = IndexQuery { quarantined: true, ..a_list(&tenant, 10) };
    let entries = ["w-1", "w-2", "w-3"].map(|id| labelled(&tenant, id, 2, &[("rack", "7")]));
    index.advance(&entries[0]).await.unwrap();
    for entry in &entries[..2] {
        for _ in 0..2 {
            index.mark_quarantined(&entry.key, entry.created_at).await.unwrap();
        }
    }
    assert_eq!(found(&index, &marked).await, ["w-1"]);
    index.advance(&entries[1]).await.unwrap();
    index.advance(&entries[2]).await.unwrap();
    index.advance(&labelled(&tenant, "w-1", 3, &[])).await.unwrap();
    assert_eq!(found(&index, &marked).await, ["w-2", "w-1"], "for ever");
    let paused = IndexQuery {
        filter: EntryFilter { states: BTreeSet::from([State::Paused]), ..<_>::default() },
        ..marked.clone()
    };
    assert_eq!(found(&index, &paused).await, Vec::<String>::new());
    let other = IndexQuery { tenant_id: a_fresh_tenant(), ..marked };
    assert_eq!(found(&index, &other).await, Vec::<String>::new());
}

/// Nearest first, and only what is open and has a due date.
pub async fn due_workflows_are_listed_nearest_first_while_they_are_open<I: WorkflowIndex>(index: I) {
    let tenant = a_fresh_tenant();
    let due =
        |id: &str, version: u32, due: Option<i64>| IndexEntry { due_at: due.map(at), ..an_entry(&tenant, id, version) };
    for (id, when) in [("w-1", Some(3000)), ("w-2", None), ("w-3", Some(1000)), ("w-4", Some(2000))] {
        index.advance(&due(id, 1, when)).await.unwrap();
    }
    let all = IndexQuery { order: ListOrder::Due, ..a_list(&tenant, 10) };
    assert_eq!(found(&index, &all).await, ["w-3", "w-4", "w-1"]);
    let before =
        |millis| IndexQuery { filter: EntryFilter { due_before: Some(at(millis)), ..<_>::default() }, ..all.clone() };
    let overdue =
        |millis| IndexQuery { filter: EntryFilter { overdue_at: Some(at(millis)), ..<_>::default() }, ..all.clone() };
    for (millis, due_before, overdue_at) in [(999, 0, 0), (1000, 0, 1), (1001, 1, 1), (2000, 1, 2), (9000, 3, 3)] {
        let counts = (found(&index, &before(millis)).await.len(), found(&index, &overdue(millis)).await.len());
        assert_eq!(counts, (due_before, overdue_at), "at {millis}");
    }
    index.advance(&IndexEntry { current_state: State::Cancelled, ..due("w-3", 2, Some(1000)) }).await.unwrap();
    index.advance(&due("w-4", 2, Some(4000))).await.unwrap();
    index.advance(&due("w-1", 2, None)).await.unwrap();
    index.advance(&due("w-2", 2, Some(5000))).await.unwrap();
    assert_eq!(found(&index, &all).await, ["w-4", "w-2"]);
}

/// However they move, and whatever is created behind its back.
pub async fn a_walk_by_creation_meets_every_workflow_once_while_all_move<I: WorkflowIndex>(index: I) {
    let mut rng = Rng::with_seed(5);
    let tenant = a_fresh_tenant();
    let mut entries: Vec<IndexEntry> = (0..60).map(|number| a_random_entry(&tenant, number, &mut rng)).collect();
    for entry in &entries {
        index.advance(entry).await.unwrap();
    }
    let mut query = IndexQuery { order: ListOrder::Created, ..a_list(&tenant, 7) };
    let mut met = Vec::new();
    for number in 60.. {
        let page = index.list(&query).await.unwrap();
        met.extend(page.items.into_iter().map(|entry| entry.key.workflow_id));
        let Some(next) = page.next else { break };
        query.after = Some(next);
        for entry in &mut entries {
            *entry = IndexEntry {
                current_state: rng.choice(State::ALL).unwrap(),
                published_version: version(entry.published_version.get() + 1),
                updated_at: an_instant(&mut rng),
                due_at: rng.bool().then(|| an_instant(&mut rng)),
                ..entry.clone()
            };
            index.advance(entry).await.unwrap();
        }
        let newer = IndexEntry { created_at: at(9_000_000), ..a_random_entry(&tenant, number, &mut rng) };
        index.advance(&newer).await.unwrap();
    }
    let distinct: BTreeSet<_> = met.iter().cloned().collect();
    assert_eq!(distinct.len(), met.len(), "repeated");
    assert_eq!(distinct, entries.into_iter().map(|entry| entry.key.workflow_id).collect(), "missed, or too new");
}

/// While eight writers move what is there and create more, for as long as the walk takes.
pub async fn a_walk_by_creation_is_whole_while_many_write<I: WorkflowIndex + Clone + 'static>(index: I) {
    const WRITERS: u32 = 8;
    let mut rng = Rng::with_seed(7);
    let tenant = a_fresh_tenant();
    let entries: Vec<IndexEntry> = (0..160).map(|number| a_random_entry(&tenant, number, &mut rng)).collect();
    for entry in &entries {
        index.advance(entry).await.unwrap();
    }
    let walked = Arc::new(AtomicBool::new(false));
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let (index, walked, tenant, mut rng) = (index.clone(), walked.clone(), tenant.clone(), rng.fork());
        let mut mine: Vec<IndexEntry> =
            entries.iter().zip(0..).filter(|(_, at)| at % WRITERS == writer).map(|(entry, _)| entry.clone()).collect();
        writers.spawn(async move {
            for number in 0.. {
                if walked.load(Ordering::Relaxed) {
                    return;
                }
                for entry in &mut mine {
                    entry.published_version = version(entry.published_version.get() + 1);
                    entry.current_state = rng.choice(State::ALL).unwrap();
                    entry.updated_at = an_instant(&mut rng);
                    index.advance(entry).await.unwrap();
                    yield_now().await;
                }
                let newer = a_random_entry(&tenant, 1000 + number * WRITERS + writer, &mut rng);
                index.advance(&IndexEntry { created_at: at(9_000_000), ..newer }).await.unwrap();
            }
        });
    }
    // From before the first creation of the writers on.
    let start = IndexPosition { at: at(8_000_000), workflow_id: "z".parse().unwrap() };
    let mut query = IndexQuery { order: ListOrder::Created, after: Some(start), ..a_list(&tenant, 7) };
    let mut met = Vec::new();
    while let Some(next) = {
        let page = index.list(&query).await.unwrap();
        met.extend(page.items.into_iter().map(|entry| entry.key.workflow_id));
        yield_now().await;
        page.next
    } {
        query.after = Some(next);
    }
    walked.store(true, Ordering::Relaxed);
    writers.join_all().await;
    met.sort_unstable();
    let mut there: Vec<_> = entries.into_iter().map(|entry| entry.key.workflow_id).collect();
    there.sort_unstable();
    assert_eq!(met, there, "missed or repeated");
}

fn an_instant(rng: &mut Rng) -> alims_domain::timestamp::Timestamp {
    at(rng.i64(0..12) * if rng.bool() { 1 } else { 100_000 })
}

fn a_random_entry(tenant: &TenantId, number: u32, rng: &mut Rng) -> IndexEntry {
    let mut pairs = BTreeMap::new();
    for _ in 0..rng.usize(..4) {
        pairs.insert(rng.choice(["x", "y"]).unwrap(), rng.choice(["a", "b", "c"]).unwrap());
    }
    let pairs: Vec<_> = pairs.into_iter().collect();
    IndexEntry {
        current_state: rng.choice(State::ALL).unwrap(),
        created_at: an_instant(rng),
        updated_at: an_instant(rng),
        due_at: (rng.u8(..3) > 0).then(|| an_instant(rng)),
        assignee: rng.bool().then(|| rng.choice(["bob", "Ωmega#1"]).unwrap().parse().unwrap()),
        ..labelled(tenant, &format!("{}{number}", rng.choice(["", "-", ".", ":", "A", "_", "a"]).unwrap()), 2, &pairs)
    }
}

/// Said once more, in other words than the port's.
fn model(entries: &[IndexEntry], query: &IndexQuery) -> Vec<IndexEntry> {
    let wanted = &query.filter;
    let mut listed: Vec<(i64, IndexEntry)> = Vec::new();
    for entry in entries.iter().filter(|entry| entry.key.tenant_id == query.tenant_id) {
        let (created, updated) = (entry.created_at.unix_millis(), entry.updated_at.unix_millis());
        let due = entry.due_at.map(|due| due.unix_millis());
        let open = !matches!(entry.current_state, State::Completed | State::Cancelled);
        let place = match query.order {
            _ if !wanted.labels.is_empty() => Some(created),
            ListOrder::Updated => Some(updated),
            ListOrder::Created => Some(created),
            ListOrder::Due => due.filter(|_| open),
        };
        let left_out = wanted.due_before.is_some_and(|to| !open || due.is_none_or(|due| due >= to.unix_millis()))
            || wanted.overdue_at.is_some_and(|now| !open || due.is_none_or(|due| due > now.unix_millis()))
            || wanted.created_after.is_some_and(|from| created < from.unix_millis())
            || wanted.created_before.is_some_and(|to| created >= to.unix_millis())
            || wanted.updated_after.is_some_and(|from| updated < from.unix_millis())
            || wanted.updated_before.is_some_and(|to| updated >= to.unix_millis())
            || (wanted.assignee.is_some() && wanted.assignee != entry.assignee)
            || wanted.labels.iter().any(|(name, value)| entry.labels.get(name) != Some(value))
            || (!wanted.states.is_empty() && !wanted.states.contains(&entry.current_state));
        listed.extend(place.filter(|_| !left_out).map(|place| (place, entry.clone())));
    }
    listed.sort_by_key(|(place, entry)| (*place, entry.key.workflow_id.clone()));
    if query.listed_in() != ListOrder::Due {
        listed.reverse();
    }
    let after = query.after.as_ref().map(|after| (after.at.unix_millis(), after.workflow_id.clone()));
    let is_behind = |(place, entry): &(i64, IndexEntry)| {
        let here = (*place, entry.key.workflow_id.clone());
        after
            .as_ref()
            .is_none_or(|after| if query.listed_in() == ListOrder::Due { here > *after } else { here < *after })
    };
    listed.into_iter().filter(|it| is_behind(it)).map(|(_, entry)| entry).collect()
}

/// Two hundred lists with orders, filters and limits drawn from a seed.
pub async fn every_look_up_is_what_a_plain_model_says<I: WorkflowIndex>(index: I) {
    let mut rng = Rng::with_seed(6);
    let tenants = [a_fresh_tenant(), a_fresh_tenant()];
    let mut entries = Vec::new();
    for (tenant, count) in [(&tenants[0], 70), (&tenants[1], 10)] {
        for number in 0..count {
            let entry = a_random_entry(tenant, number, &mut rng);
            index.advance(&entry).await.unwrap();
            entries.push(entry);
        }
    }
    for number in 0..200 {
        let rarely = |rng: &mut Rng| (rng.u8(..4) == 0).then(|| an_instant(rng));
        let filter = EntryFilter {
            states: (0..rng.usize(..4)).filter_map(|_| rng.choice(State::ALL)).collect(),
            assignee: (rng.u8(..4) == 0).then(|| rng.choice(["bob", "Ωmega#1", "eve"]).unwrap().parse().unwrap()),
            labels: ["x", "y"]
                .into_iter()
                .flat_map(
                    |name| if rng.u8(..3) == 0 { rng.choice(["a", "b", "z"]).map(|of| label(name, of)) } else { None },
                )
                .collect(),
            due_before: rarely(&mut rng),
            overdue_at: rarely(&mut rng),
            created_after: rarely(&mut rng),
            created_before: rarely(&mut rng),
            updated_after: rarely(&mut rng),
            updated_before: rarely(&mut rng),
            ..<_>::default()
        };
        let order = rng.choice([ListOrder::Created, ListOrder::Due, ListOrder::Updated]).unwrap();
        let tenant = &tenants[usize::from(rng.u8(..8) == 0)];
        let mut query = IndexQuery { filter, order, ..a_list(tenant, rng.usize(1..12)) };
        let start = rng.choice(&entries).and_then(|entry| IndexPosition::of(entry, query.listed_in()));
        query.after = start.filter(|_| rng.u8(..3) == 0);
        assert_eq!(ids(&all_pages(&index, &query).await), ids(&model(&entries, &query)), "list {number}: {query:?}");
    }
}
