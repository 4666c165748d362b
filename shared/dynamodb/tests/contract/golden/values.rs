//! The values that the golden items hold: fixed to the last member, and made of nothing that another test may change.

use alims_domain::authentication::WhyInsufficient;
use alims_domain::event::{AppliedRules, EventType, Failure, Resumes, WorkflowEvent};
use alims_domain::hash_chain::{BreakKind, seal};
use alims_domain::hashing::ChainHash;
use alims_domain::idempotency::{AcceptedRequest, RepeatableRequest, remember};
use alims_domain::identifiers::{EventId, RecoveryId, Version, WorkflowKey};
use alims_domain::json::{Metadata, ValidationContext};
use alims_domain::labels::Labels;
use alims_domain::lifecycle::State;
use alims_domain::overdue::{Overdue, OverdueEventType};
use alims_domain::projection::IndexEntry;
use alims_domain::quarantine::{
    BreakFound, Quarantine, QuarantineEntry, QuarantineEventType, Release, ReleaseEventType,
};
use alims_domain::recovery::outcome::{Outcome, OutcomeStatus, Step, StepKind, Trigger};
use alims_domain::recovery::records::{RecoveryClaim, RecoveryRecord};
use alims_domain::refusal::{
    FurtherNotKept, Refusal, RefusalCode, RefusalEventType, RefusedSignature, RuleReason, Whose,
};
use alims_domain::signature::{Meaning, Signatures};
use alims_domain::stored_version::StoredVersion;
use alims_domain::timestamp::Timestamp;
use alims_operations::ports::{DeadlinePosition, SweepPosition, WalkPosition};
use alims_testing::builders::labels;

pub(crate) use super::audited::{exported, reviewed};

/// What `item_hash` gives for `unreadable-version.json`.
pub(crate) const UNREADABLE_VERSION: &str = "24a9edbb15690f028a046b651c51960536a82e115b632670a486c53ceacfabed";
/// What `item_hash` gives for `unreadable-quarantine.json`.
pub(crate) const UNREADABLE_QUARANTINE: &str = "5763b2302b689ce687f1c7b1b74b998686368cb8f47824823cee6bcf0368f965";
/// What `item_hash` gives for `unreadable-release.json`.
pub(crate) const UNREADABLE_RELEASE: &str = "426e24b3dfa4fbba7f5309fe1ba00e2405192d1bcabf7da535edf62c3413fb78";
/// The SHA-256 of `altered`.
pub(crate) const ALTERED: &str = "4aa009153649a0a7c1425387f3da9c72330ad069ea9f69ce1640abe46f92a83b";

/// The metadata of the version with everything in it, as a client may write it.
const ODD_METADATA: &str = r#"{"whole": 1, "one": 1.0, "thousand": 1e3, "tiny": 1e-7, "text": "a: b\nä 🧪",
    "list": [-0.0, 1.5, null, true, {"b": {}, "a": []}], "$odd": "", "ä": "\u0000"}"#;

/// The one workflow that every golden item is about.
pub(crate) fn key() -> WorkflowKey {
    WorkflowKey { tenant_id: "golden-lab".parse().unwrap(), workflow_id: "w:1".parse().unwrap() }
}

/// A digest that is written out.
pub(crate) fn hash(hexadecimal: &str) -> ChainHash {
    ChainHash::try_from(hexadecimal.to_owned()).unwrap()
}

fn number(number: u64) -> Version {
    Version::try_from(number).unwrap()
}

pub(crate) fn id(last_digits: &str) -> EventId {
    EventId::try_from(format!("019ab000-0000-7000-8000-0000000000{last_digits}")).unwrap()
}

/// So many seconds after 2026-11-28T08:00:00.000Z.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_millis(1_795_852_800_000 + seconds * 1000).unwrap()
}

fn accepted(by: &str, key: &str, version: u64, before: &[AcceptedRequest]) -> Vec<AcceptedRequest> {
    let request = RepeatableRequest::new(&by.parse().unwrap(), &key.parse().unwrap(), &("what", version)).unwrap();
    remember(before, Some(&request), number(version))
}

fn sealed(event: WorkflowEvent, accepted: Vec<AcceptedRequest>) -> StoredVersion {
    StoredVersion { event: seal(event).unwrap(), accepted }
}

/// Version 1, with as little in it as a version can have.
pub(crate) fn created() -> StoredVersion {
    let key = key();
    sealed(
        WorkflowEvent {
            event_id: id("01"),
            tenant_id: key.tenant_id,
            workflow_id: key.workflow_id,
            workflow_type: "sample-analysis".parse().unwrap(),
            event_type: EventType::WorkflowCreated,
            version: Version::FIRST,
            from_state: None,
            to_state: State::Created,
            previous_state: None,
            state_since: None,
            timestamp: at(0),
            created_at: at(0),
            created_by: "alice".parse().unwrap(),
            requested_by: "alice".parse().unwrap(),
            reason: None,
            metadata: Metadata::default(),
            labels: Labels::default(),
            due_at: None,
            assignee: None,
            replaces: None,
            signature: None,
            signatures: Signatures::default(),
            validation_context: None,
            failure: None,
            rules: AppliedRules::lifecycle_only(),
            correlation_id: None,
            resumes: None,
            previous_hash: ChainHash::genesis(),
            hash: ChainHash::genesis(),
        },
        Vec::new(),
    )
}

/// Version 2: ACTIVE, asked for with an idempotency key.
pub(crate) fn active() -> StoredVersion {
    let created = created().event;
    let event = WorkflowEvent {
        event_id: id("02"),
        event_type: EventType::WorkflowStateChanged,
        version: number(2),
        from_state: Some(State::Created),
        to_state: State::Active,
        timestamp: at(1),
        requested_by: "bob".parse().unwrap(),
        reason: Some("It is time.".parse().unwrap()),
        previous_hash: created.hash.clone(),
        ..created
    };
    sealed(event, accepted("bob", "k-1", 2, &[]))
}

/// Version 3: FAILED, with everything in it that a move can have.
pub(crate) fn moved() -> StoredVersion {
    let active = active();
    let context: ValidationContext = serde_json::from_str(r#"{"checked": true, "count": 10.0}"#).unwrap();
    let event = WorkflowEvent {
        event_id: id("03"),
        version: number(3),
        from_state: Some(State::Active),
        to_state: State::Failed,
        timestamp: at(2),
        requested_by: "Jörg | lab 2".parse().unwrap(),
        reason: Some("The instrument\nstands still: ä 🧪.".parse().unwrap()),
        metadata: serde_json::from_str(ODD_METADATA).unwrap(),
        validation_context: Some(context),
        failure: Some(Failure {
            code: "instrument.offline".parse().unwrap(),
            message: "The instrument does not answer.".parse().unwrap(),
            retryable: true,
        }),
        rules: AppliedRules {
            ruleset: "laboratory".to_owned(),
            ruleset_version: "7".to_owned(),
            evaluated: vec!["four-eyes".to_owned(), "calibrated".to_owned()],
        },
        correlation_id: Some("cause:1".parse().unwrap()),
        previous_hash: active.event.hash.clone(),
        ..active.event
    };
    sealed(event, accepted("Jörg | lab 2", "k-2", 3, &active.accepted))
}

/// Version 5: ACTIVE again by a recovery, from version 3 on, as version 4 cannot be read and was released.
pub(crate) fn resumed() -> StoredVersion {
    let moved = moved();
    let event = WorkflowEvent {
        event_id: id("05"),
        event_type: EventType::WorkflowRecovered,
        version: number(5),
        from_state: Some(State::Failed),
        to_state: State::Active,
        timestamp: at(50),
        requested_by: "sue".parse().unwrap(),
        reason: None,
        validation_context: None,
        failure: None,
        correlation_id: None,
        resumes: Some(Resumes { from_version: number(3), passed_over: hash(UNREADABLE_VERSION) }),
        previous_hash: moved.event.hash.clone(),
        ..moved.event
    };
    sealed(event, moved.accepted)
}

/// A refused attempt, with everything in it.
pub(crate) fn refusal() -> Refusal {
    Refusal {
        event_id: id("10"),
        tenant_id: key().tenant_id,
        workflow_id: key().workflow_id,
        event_type: RefusalEventType::WorkflowTransitionRefused,
        operation: "request-state-transition".to_owned(),
        version: Some(number(2)),
        head_hash: Some(active().event.hash),
        current_state: Some(State::Active),
        target_state: Some(State::Completed),
        replaces: None,
        timestamp: at(1),
        requested_by: "mallory".parse().unwrap(),
        reason: Some("I want it.".parse().unwrap()),
        code: RefusalCode::RuleViolation,
        signature: Some(RefusedSignature { meaning: Meaning::Review, insufficient: Some(WhyInsufficient::TooOld) }),
        reasons: vec![RuleReason { rule_id: "four-eyes".to_owned(), message: "A second person: ä.".to_owned() }],
        ruleset: Some("laboratory".to_owned()),
        ruleset_version: Some("7".to_owned()),
        policies: vec!["analysts-may".to_owned()],
        correlation_id: Some("cause:1".parse().unwrap()),
        further_not_kept: Some(FurtherNotKept { whose: Whose::Principal, until: at(60) }),
    }
}

/// The claim of the second attempt to recover version 3, with everything in it.
pub(crate) fn claim() -> RecoveryClaim {
    RecoveryClaim {
        recovery_id: RecoveryId::of_attempt(&key(), number(3), 2),
        tenant_id: key().tenant_id,
        workflow_id: key().workflow_id,
        version: number(3),
        head_hash: Some(moved().event.hash),
        attempt: 2,
        trigger: Trigger::Request,
        requested_by: "sue".parse().unwrap(),
        roles: ["supervisor".to_owned(), "auditor".to_owned()].into(),
        reason: Some("The instrument is back.".parse().unwrap()),
        correlation_id: Some("cause:1".parse().unwrap()),
        delay_seconds: 5,
        claimed_at: at(10),
    }
}

/// The outcome of that attempt, with every member that an outcome can have.
pub(crate) fn outcome() -> RecoveryRecord {
    let step = |step, seconds, version, events| Step { step, at: at(seconds), version, events };
    RecoveryRecord {
        recovery_id: claim().recovery_id,
        tenant_id: key().tenant_id,
        workflow_id: key().workflow_id,
        version: number(3),
        head_hash: Some(moved().event.hash),
        attempt: 2,
        outcome: Outcome {
            status: OutcomeStatus::Quarantined,
            reasons: vec![RuleReason { rule_id: "not-today".to_owned(), message: "Not today.".to_owned() }],
            ruleset: Some("laboratory".to_owned()),
            ruleset_version: Some("7".to_owned()),
            broken_at_version: Some(number(4)),
            fault: Some(BreakKind::Unreadable),
            error: Some("RulesUnavailable".to_owned()),
            cause: Some("The engine was down.".to_owned()),
        },
        started_at: Some(at(15)),
        ended_at: at(17),
        steps: vec![
            step(StepKind::Assessed, 15, None, None),
            step(StepKind::EventsPublished, 16, Some(number(3)), Some(2)),
            step(StepKind::Quarantined, 17, Some(number(4)), None),
        ],
    }
}

/// Version 4 cannot be read.
fn broken() -> BreakFound {
    BreakFound::unreadable(number(4), hash(UNREADABLE_VERSION))
}

/// Version 2 was altered; what recorded and released that cannot be read either.
fn altered() -> BreakFound {
    BreakFound::new(number(2), BreakKind::Altered, hash(ALTERED))
}

fn quarantine(last_digits: &str, found: &BreakFound) -> Quarantine {
    Quarantine {
        event_id: id(last_digits),
        tenant_id: key().tenant_id,
        workflow_id: key().workflow_id,
        event_type: QuarantineEventType::WorkflowQuarantined,
        broken_at_version: found.at,
        fault: found.fault,
        content: found.content.clone(),
        published_hash: found.published.clone(),
        timestamp: at(17),
        version: Some(number(4)),
        head_hash: None,
        found_by: "recovery-step".to_owned(),
        requested_by: "sue".parse().unwrap(),
        recovery_id: Some(claim().recovery_id.as_str().to_owned()),
        beside: None,
    }
}

fn release(last_digits: &str, found: &BreakFound) -> Release {
    Release {
        event_id: id(last_digits),
        tenant_id: key().tenant_id,
        workflow_id: key().workflow_id,
        event_type: ReleaseEventType::WorkflowReleased,
        broken_at_version: found.at,
        fault: found.fault,
        content: found.content.clone(),
        published_hash: found.published.clone(),
        timestamp: at(40),
        version: Some(number(4)),
        head_hash: None,
        requested_by: "sue".parse().unwrap(),
        reason: "The paper record was compared.".parse().unwrap(),
        correlation_id: Some("cause:1".parse().unwrap()),
        beside: None,
    }
}

/// The quarantine of version 4, found by that recovery.
pub(crate) fn quarantined() -> QuarantineEntry {
    QuarantineEntry::Quarantined(quarantine("20", &broken()))
}

/// Its release.
pub(crate) fn released() -> QuarantineEntry {
    QuarantineEntry::Released(release("21", &broken()))
}

/// The quarantine of version 2, beside an entry that cannot be read.
pub(crate) fn quarantined_beside() -> QuarantineEntry {
    let beside = Some(hash(UNREADABLE_QUARANTINE));
    let (version, head_hash) = (Some(number(3)), Some(moved().event.hash));
    QuarantineEntry::Quarantined(Quarantine { beside, version, head_hash, ..quarantine("22", &altered()) })
}

/// The release of version 2, beside an entry that cannot be read.
pub(crate) fn released_beside() -> QuarantineEntry {
    let (beside, version) = (Some(hash(UNREADABLE_RELEASE)), Some(number(3)));
    let head_hash = Some(moved().event.hash);
    QuarantineEntry::Released(Release { beside, version, head_hash, ..release("23", &altered()) })
}

/// Version 3 is not the one that was published.
fn replaced() -> BreakFound {
    let published = Some(ChainHash::of(b"The version that was published."));
    BreakFound { published, ..BreakFound::new(number(3), BreakKind::Replaced, moved().event.hash) }
}

/// The quarantine of version 3, of which the index is the evidence.
pub(crate) fn quarantined_replaced() -> QuarantineEntry {
    // Without the version that was the newest: not every entry has it.
    QuarantineEntry::Quarantined(Quarantine { version: None, ..quarantine("24", &replaced()) })
}

/// Its release.
pub(crate) fn released_replaced() -> QuarantineEntry {
    QuarantineEntry::Released(Release { version: None, ..release("25", &replaced()) })
}

/// The index entry of version 5.
pub(crate) fn index_entry() -> IndexEntry {
    IndexEntry::from(&resumed().event)
}

/// The entry of another workflow, with all that a caller may leave out.
pub(crate) fn labelled_entry() -> IndexEntry {
    IndexEntry {
        key: WorkflowKey { workflow_id: "w:2".parse().unwrap(), ..key() },
        labels: labels(&[("sample", "S#1:x")]),
        due_at: Some("2026-12-01T16:00:00.000Z".parse().unwrap()),
        assignee: Some("Jörg | lab 2".parse().unwrap()),
        ..index_entry()
    }
}

/// Positions in both walks of the sweep.
pub(crate) fn sweep_position() -> SweepPosition {
    SweepPosition {
        round: Some(WalkPosition(r#"["golden-lab#w:1","v#0000000003"]"#.to_owned())),
        round_began: Some("2026-11-28T09:00:00.000Z".parse().unwrap()),
        round_ended: Some("2026-11-28T08:30:00.000Z".parse().unwrap()),
        open: Some(WalkPosition(r#"{"open_after":"golden-lab#w:1"}"#.to_owned())),
        open_met: 12,
        open_total: 340,
        // The fixture is what the first release wrote; `records.rs` has what came later.
        swept_at: None,
        open_percent: None,
    }
}

/// The record that the workflow was overdue, with every member that it can have.
pub(crate) fn overdue() -> Overdue {
    Overdue {
        event_id: id("26"),
        tenant_id: key().tenant_id,
        workflow_id: key().workflow_id,
        workflow_type: "sample-analysis".parse().unwrap(),
        event_type: OverdueEventType::WorkflowOverdue,
        version: number(5),
        head_hash: resumed().event.hash,
        current_state: State::Paused,
        due_at: at(60),
        assignee: Some("bob".parse().unwrap()),
        labels: Labels::new(
            [("sample", "S-1"), ("plate", "ä 7")]
                .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
                .into(),
        )
        .unwrap(),
        created_by: "alice".parse().unwrap(),
        timestamp: at(300),
    }
}

/// A position in the walk over the due workflows.
pub(crate) fn deadline_position() -> DeadlinePosition {
    let after = r#"{"due_after":["golden-lab","2026-11-28T08:01:00.000Z#w:1","golden-lab#w:1"]}"#;
    DeadlinePosition {
        next: Some(WalkPosition(after.to_owned())),
        began: Some("2026-11-28T09:00:00.000Z".parse().unwrap()),
        ended: Some("2026-11-28T08:55:00.000Z".parse().unwrap()),
    }
}

/// The same entry as an operation makes it, which does not know yet what has its place.
pub(crate) fn not_beside(entry: &QuarantineEntry) -> QuarantineEntry {
    match entry.clone() {
        QuarantineEntry::Quarantined(entry) => QuarantineEntry::Quarantined(Quarantine { beside: None, ..entry }),
        QuarantineEntry::Released(entry) => QuarantineEntry::Released(Release { beside: None, ..entry }),
    }
}
