//! Items of a newer format: no adapter reads one, takes one for damaged, or writes over one.

use alims_domain::identifiers::Version;
use alims_domain::labels::Labels;
use alims_domain::projection::IndexEntry;
use alims_operations::ports::{
    Advanced, AppendError, AuditEntries, DeadlinePosition, DueWorkflows, EntryFilter, IndexCount, IndexQuery,
    ListOrder, LogError, NewerFormat, Noted, OverdueLog, QuarantineLog, RecoveryLog, StoreError, SweepPosition,
    SweepPositions, WorkflowIndex, WorkflowLog, entry_of,
};
use alims_operations::publish_events::StreamRecord;
use alims_testing::builders::{a_created, version};
use serde_json::{Value, json};
use std::fmt::Debug;

use crate::golden::{Kind, Store, everything, golden, in_stream, is_of_index, values};

/// The golden item of a kind as a newer release would have written it.
fn newer(kind: Kind) -> Value {
    let mut item = golden(kind);
    item["format"] = json!({"N": "2"});
    item["colour"] = json!({"M": {"blue": {"BOOL": true}}});
    item
}

/// The golden items, those of these kinds as a newer release would have written them.
fn items_with_newer(kinds: &[Kind]) -> impl Iterator<Item = Value> {
    Kind::ALL.iter().map(|kind| if kinds.contains(kind) { newer(*kind) } else { golden(*kind) })
}

/// What an adapter answers about an item of a newer format.
trait OfNewerFormat {
    fn newer_format(&self) -> Option<&NewerFormat>;
}

impl OfNewerFormat for StoreError {
    fn newer_format(&self) -> Option<&NewerFormat> {
        if let Self::NewerFormat(newer) = self { Some(newer) } else { None }
    }
}

impl OfNewerFormat for LogError {
    fn newer_format(&self) -> Option<&NewerFormat> {
        if let Self::Store(error) = self { error.newer_format() } else { None }
    }
}

impl OfNewerFormat for AppendError {
    fn newer_format(&self) -> Option<&NewerFormat> {
        if let Self::Store(error) = self { error.newer_format() } else { None }
    }
}

/// Fails unless the answer is that this item is of format 2.
#[track_caller]
fn assert_newer<T: Debug, E: OfNewerFormat + Debug>(kind: Kind, answer: &Result<T, E>) {
    let newer = answer.as_ref().err().and_then(OfNewerFormat::newer_format);
    let named = NewerFormat { item: kind.key().join(" "), format: 2 };
    assert_eq!(newer, Some(&named), "{kind:?}: {answer:?}");
}

/// Does to an item of a newer format all that a port can do where it lies.
#[allow(clippy::too_many_lines, reason = "an arm for each kind of item")]
async fn everything_done_to(store: &Store, kind: Kind) {
    let (log, index, key) = (&store.log, &store.index, values::key());
    match kind {
        Kind::VersionCreated | Kind::VersionActive | Kind::VersionMoved | Kind::VersionResumed => {
            let stored = match kind {
                Kind::VersionCreated => values::created(),
                Kind::VersionActive => values::active(),
                Kind::VersionMoved => values::moved(),
                _ => values::resumed(),
            };
            let at = stored.event.version;
            assert_newer(kind, &log.versions(&key, at, 10).await);
            assert_newer(kind, &log.newest_below(&key, at.next().unwrap()).await);
            assert_newer(kind, &log.append(&stored).await);
            let below = log.versions(&key, Version::FIRST, 10).await;
            assert!(at == Version::FIRST || below.is_ok(), "what lies before it is read: {below:?}");
        }
        Kind::UnreadableVersion => assert_newer(kind, &log.versions(&key, version(4), 10).await),
        Kind::Refusal => {
            assert_newer(kind, &log.refusals(&key, None, 10).await);
            // It is the same refusal, and it is there.
            log.record_refusal(&values::refusal()).await.unwrap();
        }
        Kind::Claim => {
            assert_newer(kind, &log.recoveries(&key, 10).await);
            assert_newer(kind, &log.recoveries_after(&key, None, 10).await);
            assert_newer(kind, &log.claim_recovery(&values::claim()).await);
        }
        Kind::Outcome => {
            assert_newer(kind, &log.recoveries(&key, 10).await);
            assert_newer(kind, &log.recoveries_after(&key, None, 10).await);
            // The first outcome of an attempt stays.
            log.record_recovery(&values::outcome()).await.unwrap();
        }
        Kind::Quarantined
        | Kind::Released
        | Kind::QuarantinedReplaced
        | Kind::ReleasedReplaced
        | Kind::UnreadableQuarantine
        | Kind::UnreadableRelease => {
            let entry = match kind {
                Kind::Quarantined => values::quarantined(),
                Kind::Released => values::released(),
                Kind::QuarantinedReplaced => values::quarantined_replaced(),
                Kind::ReleasedReplaced => values::released_replaced(),
                Kind::UnreadableQuarantine => values::not_beside(&values::quarantined_beside()),
                _ => values::not_beside(&values::released_beside()),
            };
            assert_newer(kind, &log.quarantine(&key).await);
            assert_newer(kind, &log.record_quarantine(&entry).await);
        }
        Kind::QuarantinedBeside => {
            assert_newer(kind, &log.quarantine(&key).await);
            let entry = values::not_beside(&values::quarantined_beside());
            assert_newer(kind, &log.record_quarantine(&entry).await);
        }
        Kind::ReleasedBeside => {
            assert_newer(kind, &log.quarantine(&key).await);
            assert_newer(kind, &log.record_quarantine(&values::not_beside(&values::released_beside())).await);
        }
        Kind::Overdue => {
            assert_newer(kind, &log.overdue(&key, None, 10).await);
            // It is a record of this due date, whatever it says: there is no second one.
            let deadline = values::overdue().deadline();
            assert!(log.overdue_noted(std::slice::from_ref(&deadline)).await.unwrap().contains(&deadline));
            assert_eq!(log.record_overdue(&values::overdue()).await.unwrap(), Noted::Already);
        }
        Kind::RecordsExported | Kind::AuditTrailReviewed => {
            let stored = if kind == Kind::RecordsExported { values::exported() } else { values::reviewed() };
            assert_newer(kind, &log.audit_entries(&key.tenant_id, None, 10).await);
            assert_newer(kind, &log.record_audit(&stored).await);
            if let Some(request) = &stored.request {
                assert_newer(kind, &log.audit_recorded(&key.tenant_id, request).await);
            }
        }
        Kind::DeadlinePosition => {
            assert_eq!(index.deadline_position().await.unwrap(), DeadlinePosition::default(), "the sweep begins anew");
            index.keep_deadline_position(&values::deadline_position()).await.unwrap();
            index.keep_deadline_position(&DeadlinePosition::default()).await.unwrap();
        }
        Kind::IndexEntry => everything_done_to_the_entry(store).await,
        Kind::IndexEntryLabelled => {
            let seen = values::labelled_entry();
            assert_newer(kind, &index.list(&by_label(&seen)).await);
            assert_newer(kind, &index.list(&IndexQuery { order: ListOrder::Created, ..everything() }).await);
            assert_newer(kind, &index.advance(&seen).await);
            assert_newer(kind, &index.repair(&seen, Some(&seen)).await);
        }
        Kind::LabelHint => {
            let seen = values::labelled_entry();
            assert_eq!(index.list(&by_label(&seen)).await.unwrap().items, std::slice::from_ref(&seen));
            assert_newer(kind, &index.advance(&IndexEntry { published_version: version(6), ..seen.clone() }).await);
            assert_newer(kind, &index.repair(&seen, Some(&seen)).await);
        }
        Kind::QuarantineHint => {
            let marked = values::labelled_entry();
            assert_newer(kind, &index.mark_quarantined(&marked.key, marked.created_at).await);
        }
        Kind::SweepPosition => {
            assert_eq!(index.sweep_position().await.unwrap(), SweepPosition::default(), "the sweep begins anew");
            index.keep_sweep_position(&values::sweep_position()).await.unwrap();
            index.keep_sweep_position(&SweepPosition::default()).await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_hint_of_a_newer_format_stays_when_its_label_is_removed() {
    let store = Store::of(items_with_newer(&[Kind::LabelHint])).await;
    let key: Vec<String> = Kind::LabelHint.key().iter().map(|&part| part.to_owned()).collect();
    let without = IndexEntry { published_version: version(6), labels: Labels::default(), ..values::labelled_entry() };
    assert_eq!(store.index.advance(&without).await.unwrap(), Advanced::Yes);
    assert_eq!(store.items().await.remove(&key), Some(newer(Kind::LabelHint)));
}

fn by_label(entry: &IndexEntry) -> IndexQuery {
    let labels = entry.labels.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    IndexQuery { filter: EntryFilter { labels, ..<_>::default() }, ..everything() }
}

async fn everything_done_to_the_entry(store: &Store) {
    let (index, kind, seen) = (&store.index, Kind::IndexEntry, values::index_entry());
    assert_newer(kind, &entry_of(index, &seen.key).await);
    assert_newer(kind, &index.list(&everything()).await);
    for published_version in [version(4), version(5), version(6)] {
        let entry = IndexEntry { published_version, ..seen.clone() };
        assert_newer(kind, &index.advance(&entry).await);
        assert_newer(kind, &index.repair(&entry, Some(&seen)).await);
        assert_newer(kind, &index.repair(&entry, None).await);
    }
    // A count reads no more of an entry than its key, which says that the workflow exists.
    let counted = index.count(&seen.key.tenant_id, seen.current_state, 1).await.unwrap();
    assert_eq!(counted, IndexCount { workflows: 2, complete: true });
    // The entries of other workflows are read beside it.
    let other = IndexEntry::from(&a_created("w-2").event);
    let entries = index.entries(&[other.key.clone(), seen.key.clone()]).await.unwrap();
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[&seen.key], Err(NewerFormat { item: kind.key().join(" "), format: 2 }));
}

#[tokio::test]
async fn an_item_of_a_newer_format_stays_as_it_is_whatever_its_kind() {
    for kind in Kind::ALL.iter().copied() {
        let store = Store::of(items_with_newer(&[kind])).await;
        let before = store.items().await;
        everything_done_to(&store, kind).await;
        assert_eq!(store.items().await, before, "{kind:?}");
    }
}

#[tokio::test]
async fn a_newer_head_hides_no_older_version_and_is_no_break() {
    let store = Store::of(items_with_newer(&[Kind::VersionResumed])).await;
    let (log, key) = (&store.log, values::key());
    assert_newer(Kind::VersionResumed, &log.head(&key).await);
    let below = log.versions(&key, Version::FIRST, 10).await.unwrap();
    assert_eq!(below, [values::created(), values::active(), values::moved()]);
    let store = Store::of(items_with_newer(&[Kind::VersionActive])).await;
    assert_eq!(store.log.head(&key).await.unwrap(), Some(values::resumed()), "a newer version below it is not read");
}

#[tokio::test]
async fn a_sweep_s_position_of_a_newer_format_is_kept_for_the_newer_release() {
    let store = Store::of([newer(Kind::SweepPosition)]).await;
    store.index.keep_sweep_position(&values::sweep_position()).await.unwrap();
    assert_eq!(store.items().await.into_values().collect::<Vec<_>>(), [newer(Kind::SweepPosition)]);
}

#[tokio::test]
async fn a_sweep_s_position_whose_format_is_spoilt_is_written_over() {
    for format in [json!({"S": "2"}), json!({"NULL": true}), json!({"N": "0"})] {
        let mut item = golden(Kind::SweepPosition);
        item["format"] = format.clone();
        let store = Store::of([item]).await;
        store.index.keep_sweep_position(&values::sweep_position()).await.unwrap();
        assert_eq!(store.items().await.into_values().collect::<Vec<_>>(), [golden(Kind::SweepPosition)], "{format}");
    }
}

#[test]
fn a_newer_item_in_the_stream_is_left_for_the_newer_release() {
    for kind in Kind::ALL.iter().copied().filter(|kind| !is_of_index(*kind)) {
        match (kind, in_stream(&newer(kind))) {
            (
                Kind::Claim | Kind::Outcome | Kind::RecordsExported | Kind::AuditTrailReviewed,
                StreamRecord::Ignored { .. },
            ) => {}
            (_, StreamRecord::WrittenByNewerRelease { sequence_number, newer }) => {
                assert_eq!((sequence_number.as_str(), newer.format), ("1", 2));
                assert_eq!(newer.item, kind.key().join(" "));
            }
            (_, other) => panic!("{kind:?}: {other:?}"),
        }
    }
    // A kind of item that only the newer release has.
    let mut unknown = newer(Kind::Refusal);
    unknown["entry"] = json!({"S": "z#0000000001"});
    assert!(matches!(in_stream(&unknown), StreamRecord::WrittenByNewerRelease { .. }));
}

#[tokio::test]
async fn only_a_whole_number_above_the_known_one_is_a_newer_format() {
    for (format, is_newer) in [
        (json!({"N": "2"}), true),
        (json!({"N": "10"}), true),
        (json!({"N": "4294967296"}), true),
        (json!({"N": "0"}), false),
        (json!({"N": "-2"}), false),
        (json!({"N": "1.5"}), false),
        (json!({"S": "2"}), false),
        (json!({"NULL": true}), false),
    ] {
        let mut item = golden(Kind::VersionCreated);
        item["format"] = format.clone();
        let head = Store::of([item]).await.log.head(&values::key()).await;
        match head {
            Err(LogError::Unreadable { .. }) => assert!(!is_newer, "{format}"),
            Err(LogError::Store(StoreError::NewerFormat(_))) => assert!(is_newer, "{format}"),
            other => panic!("{format}: {other:?}"),
        }
    }
}
