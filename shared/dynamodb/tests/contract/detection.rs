//! What the hashes of the entries beside the versions find without an anchor, and what they do not. Each deed is done
//! through the database's own API. `docs/anchors.md` has a table of such deeds.

use alims_domain::audit_entry::{AuditEntry, KeptAuditEntry, StoredAuditEntry};
use alims_domain::overdue::{KeptOverdue, Overdue};
use alims_domain::quarantine::{Quarantine, QuarantineEntry};
use alims_domain::recovery::records::{RecoveryClaim, RecoveryRecord};
use alims_domain::refusal::{KeptRefusal, Refusal};
use alims_domain::sealed::Sealed;
use alims_operations::ports::{AuditEntries, OverdueLog, QuarantineLog, RecoveryLog, WorkflowLog};
use serde_json::{Value, json};

use crate::golden::{Kind, Store, golden, values};

/// The kinds of the table, each with another place that an entry of the kind can have.
const KINDS: [(Kind, &str); 6] = [
    (Kind::Refusal, "r#019ab000-0000-7000-8000-000000000011"),
    (Kind::Overdue, "d#2026-11-28T08:01:01.000Z"),
    (Kind::Claim, "a#0000000003#0000000003#claim"),
    (Kind::Outcome, "a#0000000003#0000000003#outcome"),
    (Kind::Quarantined, "q#0000000004-00000000000000000000000000000000#quarantined"),
    (Kind::AuditTrailReviewed, "e#k#00000000000000000000000000000000"),
];

/// What a reader of the log learns of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    Readable,
    Unreadable,
    Nothing,
}

impl Seen {
    /// Of one entry, or none: whether it is readable.
    fn of(readable: Option<bool>) -> Self {
        readable.map_or(Self::Nothing, |readable| if readable { Self::Readable } else { Self::Unreadable })
    }
}

async fn seen(store: &Store, kind: Kind) -> Seen {
    let (log, key) = (&store.log, values::key());
    Seen::of(match kind {
        Kind::Refusal => {
            let kept = log.refusals(&key, None, 10).await.unwrap();
            kept.first().map(|kept| matches!(kept, KeptRefusal::Refusal(_)))
        }
        Kind::Overdue => {
            let kept = log.overdue(&key, None, 10).await.unwrap();
            kept.first().map(|kept| matches!(kept, KeptOverdue::Overdue(_)))
        }
        Kind::Claim => {
            let kept = log.recoveries_after(&key, None, 10).await.unwrap();
            kept.first().and_then(|kept| kept.claim.as_ref()).map(Result::is_ok)
        }
        Kind::Outcome => {
            let kept = log.recoveries_after(&key, None, 10).await.unwrap();
            kept.first().and_then(|kept| kept.outcome.as_ref()).map(Result::is_ok)
        }
        Kind::Quarantined => {
            let record = log.quarantine(&key).await.unwrap();
            let readable = record.entries.first().map(|_| true);
            readable.or_else(|| record.unreadable.first().map(|_| false))
        }
        Kind::AuditTrailReviewed => {
            let kept = log.audit_entries(&key.tenant_id, None, 10).await.unwrap();
            kept.first().map(|(_, kept)| matches!(kept, KeptAuditEntry::Entry(_)))
        }
        other => panic!("{other:?} is not in the table"),
    })
}

/// The golden item of a kind, with other content in its place and the hash of that.
async fn forged(kind: Kind) -> Value {
    let store = Store::of([]).await;
    let log = &store.log;
    let other = || Some("It was not I.".parse().unwrap());
    match kind {
        Kind::Refusal => {
            log.record_refusal(&Refusal { reason: other(), ..values::refusal() }).await.unwrap();
        }
        Kind::Overdue => {
            let by = Some("mallory".parse().unwrap());
            log.record_overdue(&Overdue { assignee: by, ..values::overdue() }).await.unwrap();
        }
        Kind::Claim => {
            log.claim_recovery(&RecoveryClaim { reason: other(), ..values::claim() }).await.unwrap();
        }
        Kind::Outcome => {
            log.record_recovery(&RecoveryRecord { started_at: None, ..values::outcome() }).await.unwrap();
        }
        Kind::Quarantined => {
            let QuarantineEntry::Quarantined(entry) = values::quarantined() else { panic!("it is a release") };
            let entry = Quarantine { requested_by: "mallory".parse().unwrap(), ..entry };
            log.record_quarantine(&QuarantineEntry::Quarantined(entry)).await.unwrap();
        }
        Kind::AuditTrailReviewed => {
            let StoredAuditEntry { entry, request } = values::reviewed();
            let entry = Sealed::new(AuditEntry { reason: other(), ..entry.into_entry() }).unwrap();
            log.record_audit(&StoredAuditEntry { entry, request }).await.unwrap();
        }
        other => panic!("{other:?} is not in the table"),
    }
    let key: Vec<String> = kind.key().iter().map(|&part| part.to_owned()).collect();
    let item = store.items().await.remove(&key).unwrap();
    assert_ne!(item, golden(kind));
    item
}

#[tokio::test]
async fn an_untouched_entry_is_readable() {
    for (kind, _) in KINDS {
        assert_eq!(seen(&Store::of([golden(kind)]).await, kind).await, Seen::Readable, "{kind:?}");
    }
}

#[tokio::test]
async fn the_hash_finds_an_altered_entry() {
    for (kind, _) in KINDS {
        let mut altered = forged(kind).await;
        altered["hash"] = golden(kind)["hash"].clone();
        assert_eq!(seen(&Store::of([altered]).await, kind).await, Seen::Unreadable, "{kind:?}");
    }
}

#[tokio::test]
async fn the_hash_is_itself_no_evidence_when_it_is_removed_or_replaced() {
    for (kind, _) in KINDS {
        let (mut without, mut other) = (golden(kind), golden(kind));
        without.as_object_mut().unwrap().remove("hash");
        other["hash"] = json!({"S": "0".repeat(64)});
        for altered in [without, other] {
            assert_eq!(seen(&Store::of([altered]).await, kind).await, Seen::Unreadable, "{kind:?}");
        }
    }
}

#[tokio::test]
async fn an_entry_in_the_place_of_another_is_found() {
    for (kind, place) in KINDS {
        let mut moved = golden(kind);
        moved["entry"] = json!({"S": place});
        assert_eq!(seen(&Store::of([moved]).await, kind).await, Seen::Unreadable, "{kind:?}");
    }
}

/// Only an anchor finds these.
#[tokio::test]
async fn a_forged_entry_with_its_hash_and_a_removed_one_are_not_found() {
    for (kind, _) in KINDS {
        assert_eq!(seen(&Store::of([forged(kind).await]).await, kind).await, Seen::Readable, "{kind:?}");
        assert_eq!(seen(&Store::of([]).await, kind).await, Seen::Nothing, "{kind:?}");
    }
}
