//! The golden items: one literal stored item of every kind, which every release reads and writes to the last byte.
//!
//! `tests/golden/format-1` holds them as `DynamoDB`'s JSON. `tests/golden/check.py` computes the hashes in them anew
//! without any code of this project. What is committed there stays for ever: a newer format gets a folder of its own.

mod amended;
mod audited;
mod earlier;
pub(crate) mod values;

use alims_domain::audit_entry::KeptAuditEntry;
use alims_domain::hash_chain::{BreakKind, ChainWalk, is_intact};
use alims_domain::hashing::ChainHash;
use alims_domain::identifiers::Version;
use alims_domain::overdue::KeptOverdue;
use alims_domain::quarantine::BreakFound;
use alims_domain::recovery::records::RecoveryAttempt;
use alims_domain::refusal::KeptRefusal;
use alims_domain::stored_version::StoredVersion;
use alims_dynamodb::{DynamoIndex, DynamoLog, stream_record};
use alims_operations::ports::{
    Advanced, AuditEntries, Claimed, DueWorkflows, EntryFilter, IndexQuery, ListOrder, LogError, Noted, OverdueLog,
    QuarantineLog, RecoveryLog, SweepPositions, WorkflowIndex, WorkflowLog, entry_of,
};
use alims_operations::publish_events::StreamRecord;
use alims_testing::builders::{a_list, version};
use aws_lambda_events::event::dynamodb::EventRecord;
use aws_sdk_dynamodb::Client;
use serde_dynamo::Item;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::on_dynoxide;

/// Where the items of format 1 are.
const FOLDER: &str = "tests/golden/format-1";

/// Defines the kinds of items, each with the file that holds the golden one and its keys, spelt out.
macro_rules! kinds {
    ($($kind:ident, $file:literal, [$($key:literal),+];)+) => {
        /// Every kind of item that is stored, and those that stand in their place and cannot be read.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum Kind {
            $($kind),+
        }

        impl Kind {
            pub(crate) const ALL: &[Self] = &[$(Self::$kind),+];

            fn file(self) -> &'static str {
                match self {
                    $(Self::$kind => $file),+
                }
            }

            /// The key of the item.
            pub(crate) fn key(self) -> &'static [&'static str] {
                match self {
                    $(Self::$kind => &[$($key),+]),+
                }
            }
        }
    };
}

kinds! {
    VersionCreated, "version-created.json", ["golden-lab#w:1", "v#0000000001"];
    VersionActive, "version-active.json", ["golden-lab#w:1", "v#0000000002"];
    VersionMoved, "version-moved.json", ["golden-lab#w:1", "v#0000000003"];
    UnreadableVersion, "unreadable-version.json", ["golden-lab#w:1", "v#0000000004"];
    VersionResumed, "version-resumed.json", ["golden-lab#w:1", "v#0000000005"];
    Refusal, "refusal.json", ["golden-lab#w:1", "r#019ab000-0000-7000-8000-000000000010"];
    Claim, "claim.json", ["golden-lab#w:1", "a#0000000003#0000000002#claim"];
    Outcome, "outcome.json", ["golden-lab#w:1", "a#0000000003#0000000002#outcome"];
    Quarantined, "quarantined.json", ["golden-lab#w:1", "q#0000000004-72bb4afc000f9921e376beeaf3e3c791#quarantined"];
    Released, "released.json", ["golden-lab#w:1", "q#0000000004-72bb4afc000f9921e376beeaf3e3c791#released"];
    UnreadableQuarantine, "unreadable-quarantine.json", ["golden-lab#w:1", "q#0000000002-2f1a19b361f1c4f17d24ce1ec5f2e8ea#quarantined"];
    UnreadableRelease, "unreadable-release.json", ["golden-lab#w:1", "q#0000000002-2f1a19b361f1c4f17d24ce1ec5f2e8ea#released"];
    QuarantinedBeside, "quarantined-beside.json", ["golden-lab#w:1", "q#0000000002-2f1a19b361f1c4f17d24ce1ec5f2e8ea#quarantined#beside#5763b2302b689ce687f1c7b1b74b998686368cb8f47824823cee6bcf0368f965"];
    ReleasedBeside, "released-beside.json", ["golden-lab#w:1", "q#0000000002-2f1a19b361f1c4f17d24ce1ec5f2e8ea#released#beside#426e24b3dfa4fbba7f5309fe1ba00e2405192d1bcabf7da535edf62c3413fb78"];
    QuarantinedReplaced, "quarantined-replaced.json", ["golden-lab#w:1", "q#0000000003-62c02d546052349ed86549451797f00c#quarantined"];
    ReleasedReplaced, "released-replaced.json", ["golden-lab#w:1", "q#0000000003-62c02d546052349ed86549451797f00c#released"];
    Overdue, "overdue.json", ["golden-lab#w:1", "d#2026-11-28T08:01:00.000Z"];
    RecordsExported, "records-exported.json", ["#audit#golden-lab", "e#019ab000-0000-7000-8000-000000000020"];
    AuditTrailReviewed, "audit-trail-reviewed.json", ["#audit#golden-lab", "e#k#6099c7a262a6d098fbe4483e3e60e881"];
    IndexEntry, "index-entry.json", ["golden-lab#w:1"];
    IndexEntryLabelled, "index-entry-labelled.json", ["golden-lab#w:2"];
    LabelHint, "label-hint.json", ["#term#golden-lab#w:2#label#sample:S#1:x"];
    QuarantineHint, "quarantine-hint.json", ["#term#golden-lab#w:2#quarantined"];
    SweepPosition, "sweep-position.json", ["#sweep"];
    DeadlinePosition, "deadline-position.json", ["#deadlines"];
}

/// The kinds whose items this type is kept as. A type without an arm has no golden item, and the test that reads the
/// sources says so.
fn kinds_of(stored: &str) -> &'static [Kind] {
    match stored {
        "StoredVersion" => &[Kind::VersionCreated, Kind::VersionActive, Kind::VersionMoved, Kind::VersionResumed],
        "Refusal" => &[Kind::Refusal],
        "RecoveryClaim" => &[Kind::Claim],
        "RecoveryRecord" => &[Kind::Outcome],
        "QuarantineEntry" => &[
            Kind::Quarantined,
            Kind::Released,
            Kind::QuarantinedBeside,
            Kind::ReleasedBeside,
            Kind::QuarantinedReplaced,
            Kind::ReleasedReplaced,
        ],
        "IndexEntry" => &[Kind::IndexEntry, Kind::IndexEntryLabelled],
        "Hint" => &[Kind::LabelHint, Kind::QuarantineHint],
        "Overdue" => &[Kind::Overdue],
        "StoredAuditEntry" => &[Kind::RecordsExported, Kind::AuditTrailReviewed],
        other => panic!("{other} is stored and has no golden item"),
    }
}

/// The golden item of a kind.
pub(crate) fn golden(kind: Kind) -> Value {
    item_in(kind.file())
}

fn item_in(file: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(FOLDER).join(file);
    serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap()
}

pub(crate) fn is_of_index(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::IndexEntry
            | Kind::IndexEntryLabelled
            | Kind::LabelHint
            | Kind::QuarantineHint
            | Kind::SweepPosition
            | Kind::DeadlinePosition
    )
}

fn is_unreadable(kind: Kind) -> bool {
    matches!(kind, Kind::UnreadableVersion | Kind::UnreadableQuarantine | Kind::UnreadableRelease)
}

/// A store, and what reads and writes it.
pub(crate) struct Store {
    client: Client,
    pub(crate) log: DynamoLog,
    pub(crate) index: DynamoIndex,
}

impl Store {
    /// A store in which the golden items of these kinds lie.
    async fn with(kinds: impl IntoIterator<Item = Kind>) -> Self {
        Self::of(kinds.into_iter().map(golden)).await
    }

    /// A store in which these items lie.
    pub(crate) async fn of(items: impl IntoIterator<Item = Value>) -> Self {
        let (client, names) = on_dynoxide::tables().await;
        for item in items {
            let table = if item.get("entry").is_some() { &names.log } else { &names.index };
            let item: Item = serde_json::from_value(item).unwrap();
            client.put_item().table_name(table).set_item(Some(item.into())).send().await.unwrap();
        }
        let (log, index) = (DynamoLog::new(client.clone(), names.log), DynamoIndex::new(client.clone(), names.index));
        Self { client, log, index }
    }

    /// All items of both tables by their keys.
    pub(crate) async fn items(&self) -> BTreeMap<Vec<String>, Value> {
        let mut items = BTreeMap::new();
        for table in ["WorkflowLog", "WorkflowIndex"] {
            for item in self.client.scan().table_name(table).send().await.unwrap().items.unwrap() {
                let item = serde_json::to_value(Item::from(item)).unwrap();
                items.insert(key_of(&item), item);
            }
        }
        items
    }
}

fn key_of(item: &Value) -> Vec<String> {
    ["pk", "entry"].iter().filter_map(|name| item[name]["S"].as_str()).map(str::to_owned).collect()
}

/// What every version but the one that cannot be read is.
fn versions() -> [StoredVersion; 4] {
    [values::created(), values::active(), values::moved(), values::resumed()]
}

#[test]
fn the_folder_holds_an_item_of_every_kind_and_nothing_else() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(FOLDER);
    let files: BTreeSet<String> =
        folder.read_dir().unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    let kinds = Kind::ALL.iter().map(|kind| kind.file()).chain(earlier::FILES).chain(amended::FILES);
    assert_eq!(files, kinds.map(str::to_owned).collect());
    for kind in Kind::ALL {
        assert_eq!(key_of(&golden(*kind)), kind.key(), "{kind:?}");
        assert_eq!(golden(*kind)["format"], json!({"N": "1"}), "{kind:?}");
    }
    let entry = golden(Kind::IndexEntry);
    assert_eq!(entry["tenant_state"], json!({"S": "golden-lab#ACTIVE"}));
    assert_eq!(entry["updated_key"], json!({"S": "2026-11-28T08:00:50.000Z#w:1"}));
}

fn files_under(folder: &Path) -> Vec<PathBuf> {
    let paths = folder.read_dir().unwrap().map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { files_under(&path) } else { vec![path] }).collect()
}

#[test]
fn every_type_that_is_stored_has_golden_items() {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found: Vec<Kind> = Vec::new();
    for file in files_under(&sources) {
        let text = std::fs::read_to_string(file).unwrap();
        let stored = text.lines().filter_map(|line| line.strip_prefix("impl Stored for ")?.split_once(' '));
        found.extend(stored.flat_map(|(name, _)| kinds_of(name)));
    }
    // The positions of the sweeps are texts beside a key, and are read without that trait.
    found.extend([Kind::SweepPosition, Kind::DeadlinePosition]);
    found.sort_unstable();
    let readable: Vec<Kind> = Kind::ALL.iter().copied().filter(|kind| !is_unreadable(*kind)).collect();
    assert_eq!(found, readable);
}

#[tokio::test]
async fn golden_versions_are_read_as_they_were_written() {
    let store = Store::with(Kind::ALL.iter().copied()).await;
    let (log, key) = (&store.log, values::key());
    let [created, active, moved, resumed] = versions();
    assert_eq!(log.head(&key).await.unwrap().as_ref(), Some(&resumed));
    let below = log.versions(&key, Version::FIRST, 10).await.unwrap();
    assert_eq!(below, [created, active, moved.clone()]);
    assert_eq!(log.versions(&key, version(5), 10).await.unwrap(), std::slice::from_ref(&resumed));
    assert_eq!(log.newest_below(&key, version(4)).await.unwrap().as_ref(), Some(&moved));
    match log.versions(&key, version(4), 10).await {
        Err(LogError::Unreadable { version, content, .. }) => {
            assert_eq!((version.get(), content.as_str()), (4, values::UNREADABLE_VERSION));
        }
        other => panic!("{other:?}"),
    }

    let mut walk = ChainWalk::new(&key);
    for stored in below {
        walk.step(stored.event).unwrap();
    }
    ChainWalk::resuming(&key, version(5), Some(moved.event)).step(resumed.event.clone()).unwrap();
    assert!(is_intact(&resumed.event));
}

#[tokio::test]
async fn golden_records_are_read_as_they_were_written() {
    let store = Store::with(Kind::ALL.iter().copied()).await;
    let (log, key) = (&store.log, values::key());
    let refusals = log.refusals(&key, None, 10).await.unwrap();
    assert_eq!(refusals, [KeptRefusal::Refusal(Box::new(values::refusal()))]);
    let recoveries = log.recoveries(&key, 10).await.unwrap();
    let attempt = RecoveryAttempt { claim: values::claim(), ended: Some(values::outcome()) };
    assert_eq!((recoveries.attempts, recoveries.unreadable), (vec![attempt], vec![]));

    let audits = log.audit_entries(&key.tenant_id, None, 10).await.unwrap();
    let audits: Vec<KeptAuditEntry> = audits.into_iter().map(|(_, kept)| kept).collect();
    let stored = [values::exported(), values::reviewed()];
    assert_eq!(audits, stored.map(|stored| KeptAuditEntry::Entry(Box::new(stored.entry))));
    let overdue = log.overdue(&key, None, 10).await.unwrap();
    assert_eq!(overdue, [KeptOverdue::Overdue(Box::new(values::overdue()))]);
    let quarantine = log.quarantine(&key).await.unwrap();
    let entries = [
        values::quarantined_beside(),
        values::released_beside(),
        values::quarantined_replaced(),
        values::released_replaced(),
        values::quarantined(),
        values::released(),
    ];
    assert_eq!(quarantine.entries, entries);
    let unreadable = [values::UNREADABLE_QUARANTINE, values::UNREADABLE_RELEASE]
        .map(|content| BreakFound::new(version(2), BreakKind::UnreadableQuarantine, values::hash(content)));
    assert_eq!(quarantine.unreadable, unreadable);
}

/// The list of all workflows of the tenant.
pub(crate) fn everything() -> IndexQuery {
    a_list(&values::key().tenant_id, 10)
}

#[tokio::test]
async fn golden_items_of_the_index_are_read_as_they_were_written() {
    let store = Store::with(Kind::ALL.iter().copied()).await;
    let (index, key) = (&store.index, values::key());
    assert_eq!(entry_of(index, &key).await.unwrap(), Some(values::index_entry()));
    let labelled = values::labelled_entry();
    assert_eq!(index.list(&everything()).await.unwrap().items, [labelled.clone(), values::index_entry()]);
    let labels = labelled.labels.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    let by_label = IndexQuery { filter: EntryFilter { labels, ..<_>::default() }, ..everything() };
    let due = IndexQuery { order: ListOrder::Due, ..everything() };
    for query in [by_label, due, IndexQuery { quarantined: true, ..everything() }] {
        assert_eq!(index.list(&query).await.unwrap().items, std::slice::from_ref(&labelled));
    }
    assert_eq!(index.sweep_position().await.unwrap(), values::sweep_position());
    assert_eq!(index.deadline_position().await.unwrap(), values::deadline_position());
}

/// The release of a change must cover it whenever its record comes, from whatever release of the service.
#[test]
fn the_golden_id_of_a_change_is_made_of_its_record() {
    let (before, after) = (golden(Kind::VersionCreated), golden(Kind::VersionActive));
    let record = |name: &str, after: Value| {
        let record = json!({
            "awsRegion": "local", "eventID": "1", "eventName": name,
            "dynamodb": {
                "ApproximateCreationDateTime": 1_795_852_800.0, "SequenceNumber": "1", "SizeBytes": 1,
                "Keys": {"pk": before["pk"], "entry": before["entry"]}, "OldImage": before, "NewImage": after
            }
        });
        match stream_record(serde_json::from_value::<EventRecord>(record).unwrap()) {
            StreamRecord::Changed { change, .. } => change.found.id().as_str().to_owned(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(record("MODIFY", after), "0000000001-6600f0926e6582f7dabd3137ef2507ea");
    assert_eq!(record("REMOVE", Value::Null), "0000000001-9b3926abf27e12dafc6f895201c9aebd");
}

/// What the publisher reads when an item appears in the stream.
pub(crate) fn in_stream(item: &Value) -> StreamRecord {
    let record = json!({
        "awsRegion": "local", "eventID": "1", "eventName": "INSERT",
        "dynamodb": {
            "ApproximateCreationDateTime": 1_795_852_800.0, "SequenceNumber": "1", "SizeBytes": 1,
            "Keys": {"pk": item["pk"], "entry": item["entry"]}, "NewImage": item, "StreamViewType": "NEW_IMAGE"
        }
    });
    stream_record(serde_json::from_value::<EventRecord>(record).unwrap())
}

#[test]
fn golden_items_in_the_stream_are_read_as_they_were_written() {
    for kind in Kind::ALL.iter().copied().filter(|kind| !is_of_index(*kind)) {
        let item = golden(kind);
        let read = in_stream(&item);
        let sequence_number = "1".to_owned();
        let of_version =
            |version| StreamRecord::Version { sequence_number: "1".to_owned(), version: Box::new(version) };
        let of_entry = |entry| StreamRecord::Quarantine { sequence_number: "1".to_owned(), entry: Box::new(entry) };
        let expected = match kind {
            Kind::VersionCreated => of_version(values::created()),
            Kind::VersionActive => of_version(values::active()),
            Kind::VersionMoved => of_version(values::moved()),
            Kind::VersionResumed => of_version(values::resumed()),
            Kind::Refusal => StreamRecord::Refusal { sequence_number, refusal: Box::new(values::refusal()) },
            Kind::Quarantined => of_entry(values::quarantined()),
            Kind::Released => of_entry(values::released()),
            Kind::QuarantinedBeside => of_entry(values::quarantined_beside()),
            Kind::ReleasedBeside => of_entry(values::released_beside()),
            Kind::QuarantinedReplaced => of_entry(values::quarantined_replaced()),
            Kind::ReleasedReplaced => of_entry(values::released_replaced()),
            Kind::Overdue => StreamRecord::Overdue { sequence_number, overdue: Box::new(values::overdue()) },
            Kind::Claim | Kind::Outcome | Kind::RecordsExported | Kind::AuditTrailReviewed => {
                StreamRecord::Ignored { sequence_number }
            }
            Kind::UnreadableVersion | Kind::UnreadableQuarantine | Kind::UnreadableRelease => {
                assert!(matches!(read, StreamRecord::Unreadable { .. }), "{kind:?}: {read:?}");
                continue;
            }
            Kind::IndexEntry
            | Kind::IndexEntryLabelled
            | Kind::LabelHint
            | Kind::QuarantineHint
            | Kind::SweepPosition
            | Kind::DeadlinePosition => panic!("the log has no {kind:?}"),
        };
        assert_eq!(read, expected, "{kind:?}");
    }
}

#[tokio::test]
async fn writing_the_same_values_makes_the_golden_items_to_the_last_byte() {
    // What cannot be read has its place already: entries of a quarantine are written beside it.
    let store = Store::with(Kind::ALL.iter().copied().filter(|kind| is_unreadable(*kind))).await;
    for stored in versions() {
        store.log.append(&stored).await.unwrap();
    }
    store.log.record_refusal(&values::refusal()).await.unwrap();
    assert_eq!(store.log.claim_recovery(&values::claim()).await.unwrap(), Claimed::Ours);
    store.log.record_recovery(&values::outcome()).await.unwrap();
    let replaced = [values::quarantined_replaced(), values::released_replaced()];
    for entry in [values::quarantined(), values::released()].into_iter().chain(replaced) {
        assert_eq!(store.log.record_quarantine(&entry).await.unwrap(), entry);
    }
    for entry in [values::quarantined_beside(), values::released_beside()] {
        assert_eq!(store.log.record_quarantine(&values::not_beside(&entry)).await.unwrap(), entry);
    }
    assert_eq!(store.index.advance(&values::index_entry()).await.unwrap(), Advanced::Yes);
    let labelled = values::labelled_entry();
    assert_eq!(store.index.advance(&labelled).await.unwrap(), Advanced::Yes);
    store.index.mark_quarantined(&labelled.key, labelled.created_at).await.unwrap();
    store.index.keep_sweep_position(&values::sweep_position()).await.unwrap();
    store.index.keep_deadline_position(&values::deadline_position()).await.unwrap();
    assert_eq!(store.log.record_overdue(&values::overdue()).await.unwrap(), Noted::Now);

    for stored in [values::exported(), values::reviewed()] {
        store.log.record_audit(&stored).await.unwrap();
    }

    let mut written = store.items().await;
    for kind in Kind::ALL {
        let key: Vec<String> = kind.key().iter().map(|&part| part.to_owned()).collect();
        let item = written.remove(&key);
        // What cannot be read was put there by this test. The members of its sets are in no order.
        assert!(is_unreadable(*kind) || item.as_ref() == Some(&golden(*kind)), "{kind:?}: {item:#?}");
    }
    assert_eq!(written, BTreeMap::new(), "nothing else was written");
}

#[test]
fn the_golden_id_of_a_break_is_made_of_version_fault_and_content() {
    let literal = |fault| match fault {
        BreakKind::Missing => "0000000042-f0329119f985834d7f042bdca9d37244",
        BreakKind::Unreadable => "0000000042-aebad3d2826c61764ad6a146d5435db3",
        BreakKind::Foreign => "0000000042-a18beea957dc7363051bf4310294b0b4",
        BreakKind::Altered => "0000000042-2f1a19b361f1c4f17d24ce1ec5f2e8ea",
        BreakKind::Unlinked => "0000000042-71f522c330888bad80d60e10a0df8c6d",
        BreakKind::UnreadableQuarantine => "0000000042-968be880706b6870db81a486fed4cd8f",
        BreakKind::UnreadableRecovery => "0000000042-ed5fe45372b83d2d0804b74966c05b2e",
        BreakKind::Replaced => "0000000042-d2732b0b9bcb88438b20fe2362d6eee1",
        BreakKind::Changed => "0000000042-1dc0c13e05e3d105c8cd2d3238c6a48a",
    };
    let faults = [
        BreakKind::Missing,
        BreakKind::Unreadable,
        BreakKind::Foreign,
        BreakKind::Altered,
        BreakKind::Unlinked,
        BreakKind::UnreadableQuarantine,
        BreakKind::UnreadableRecovery,
        BreakKind::Replaced,
        BreakKind::Changed,
    ];
    for fault in faults {
        let found = BreakFound::new(version(42), fault, ChainHash::of(b"altered"));
        assert_eq!(found.id().as_str(), literal(fault));
    }
    let altered = BreakFound::new(version(42), BreakKind::Replaced, ChainHash::of(b"altered"));
    let replaced = BreakFound { published: Some(ChainHash::of(b"published")), ..altered };
    assert_eq!(replaced.id().as_str(), "0000000042-7241c6bee0233c8c329b8335b0b2b143", "and of what was published");
}
