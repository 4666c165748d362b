//! Values of everything that is stored, sent and asked.

use alims_domain::authentication::{AuthenticatedBy, Authentication, WhyInsufficient};
use alims_domain::call::{Call, Principal};
use alims_domain::event::{AppliedRules, EventType, Failure, WorkflowEvent};
use alims_domain::hash_chain::{BreakKind, seal};
use alims_domain::hashing::ChainHash;
use alims_domain::identifiers::{EventId, RecoveryId, TenantId, Version, WorkflowKey};
use alims_domain::json::Metadata;
use alims_domain::labels::Labels;
use alims_domain::lifecycle::State;
use alims_domain::overdue::{Overdue, OverdueEventType};
use alims_domain::quarantine::{
    BreakFound, Quarantine, QuarantineEntry, QuarantineEventType, Release, ReleaseEventType,
};
use alims_domain::recovery::outcome::{Outcome, OutcomeStatus, Step, StepKind, Trigger};
use alims_domain::recovery::records::{RecoveryClaim, RecoveryRecord};
use alims_domain::refusal::{
    FurtherNotKept, Refusal, RefusalCode, RefusalEventType, RefusedSignature, RuleReason, Whose,
};
use alims_domain::signature::{KeptSignature, Meaning, Signature, Signatures};
use alims_domain::stored_version::StoredVersion;
use alims_domain::timestamp::Timestamp;
use alims_domain::workflow_data::WorkflowData;
use alims_operations::ports::{EntryFilter, Ids, IndexQuery, ListOrder};
use serde_json::{Value, json};
use std::sync::LazyLock;

use crate::SequentialIds;

/// Where ids of built values come from: none comes twice in a process.
pub(crate) static IDS: LazyLock<SequentialIds> = LazyLock::new(SequentialIds::default);

/// The instant `millis` milliseconds after 2026-11-23T08:15:00.000Z.
#[must_use]
pub fn at(millis: i64) -> Timestamp {
    Timestamp::from_unix_millis(1_795_421_700_000 + millis).expect("an instant of our time")
}

/// A tenant that no other test, not even one of another process, has: for stores that outlive a test.
#[must_use]
pub fn a_fresh_tenant() -> TenantId {
    format!("t-{:016x}", fastrand::u64(..)).parse().unwrap()
}

/// A workflow of the tenant `default`.
#[must_use]
pub fn a_key(workflow_id: &str) -> WorkflowKey {
    a_key_of(&"default".parse().unwrap(), workflow_id)
}

/// A workflow of a tenant.
#[must_use]
pub fn a_key_of(tenant: &TenantId, workflow_id: &str) -> WorkflowKey {
    WorkflowKey { tenant_id: tenant.clone(), workflow_id: workflow_id.parse().unwrap() }
}

/// A version number.
#[must_use]
pub fn version(number: u64) -> Version {
    number.try_into().unwrap()
}

/// Metadata from a JSON object.
#[must_use]
pub fn metadata(value: &Value) -> Metadata {
    Metadata::new(value.as_object().expect("metadata is an object").clone()).unwrap()
}

/// A principal of the tenant `default` with these roles.
#[must_use]
pub fn a_principal(id: &str, roles: &[&str]) -> Principal {
    Principal {
        id: id.parse().unwrap(),
        tenant_id: "default".parse().unwrap(),
        roles: roles.iter().map(|&role| role.to_owned()).collect(),
    }
}

/// A call by an analyst of the tenant `default`, without an idempotency key.
#[must_use]
pub fn a_call(by: &str) -> Call {
    Call {
        principal: a_principal(by, &["analyst"]),
        authentication: Authentication::default(),
        request_id: "request-1".to_owned(),
        correlation_id: None,
        idempotency_key: None,
    }
}

/// The same call with an idempotency key.
#[must_use]
pub fn a_call_with_key(by: &str, idempotency_key: &str) -> Call {
    Call { idempotency_key: Some(idempotency_key.parse().unwrap()), ..a_call(by) }
}

/// Version 1 of a workflow of the tenant `default`, created by `alice`.
#[must_use]
pub fn a_created(workflow_id: &str) -> StoredVersion {
    a_created_of(&a_key(workflow_id))
}

/// Version 1 of a workflow, created by `alice` at [`at`]`(0)`.
#[must_use]
pub fn a_created_of(key: &WorkflowKey) -> StoredVersion {
    sealed(WorkflowEvent {
        event_id: EventId(IDS.fresh()),
        tenant_id: key.tenant_id.clone(),
        workflow_id: key.workflow_id.clone(),
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
        metadata: metadata(&json!({"sample": "S-1"})),
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
    })
}

/// The version after `before`, in which `bob` moves the workflow to `to` one second later.
#[must_use]
pub fn a_move(before: &StoredVersion, to: State) -> StoredVersion {
    let event = before.event.clone();
    assert!(event.to_state.may_become(to), "{} may not become {to}", event.to_state);
    let failure = (to == State::Failed).then(|| Failure {
        code: "instrument.offline".parse().unwrap(),
        message: "The instrument does not answer.".parse().unwrap(),
        retryable: true,
    });
    let version = sealed(WorkflowEvent {
        event_id: EventId(IDS.fresh()),
        event_type: EventType::WorkflowStateChanged,
        version: event.version.next().expect("a version to follow"),
        from_state: Some(event.to_state),
        to_state: to,
        previous_state: None,
        state_since: None,
        timestamp: Timestamp::from_unix_millis(event.timestamp.unix_millis() + 1000).unwrap(),
        requested_by: "bob".parse().unwrap(),
        reason: Some("It is time.".parse().unwrap()),
        signature: None,
        validation_context: None,
        failure,
        previous_hash: event.hash.clone(),
        ..event
    });
    StoredVersion { accepted: before.accepted.clone(), ..version }
}

/// The version after `before`, in which `carol` gives the workflow this data one second later and leaves its state.
#[must_use]
pub fn an_amendment(before: &StoredVersion, data: WorkflowData) -> StoredVersion {
    let event = before.event.clone();
    let version = sealed(WorkflowEvent {
        event_id: EventId(IDS.fresh()),
        event_type: EventType::WorkflowAmended,
        version: event.version.next().expect("a version to follow"),
        from_state: Some(event.to_state),
        previous_state: event.state_before(),
        state_since: Some(event.state_since()),
        timestamp: Timestamp::from_unix_millis(event.timestamp.unix_millis() + 1000).unwrap(),
        requested_by: "carol".parse().unwrap(),
        reason: Some("The result is in.".parse().unwrap()),
        signature: None,
        signatures: event.signatures_with(&data),
        metadata: data.metadata,
        labels: data.labels,
        due_at: data.due_at,
        assignee: data.assignee,
        validation_context: None,
        resumes: None,
        previous_hash: event.hash.clone(),
        ..event
    });
    StoredVersion { accepted: before.accepted.clone(), ..version }
}

/// The version after `before`, in which this person signs it one second later.
///
/// # Panics
/// When the workflow cannot have this signature.
#[must_use]
pub fn a_signature(before: &StoredVersion, by: &str, meaning: Meaning) -> StoredVersion {
    let event = before.event.clone();
    let timestamp = Timestamp::from_unix_millis(event.timestamp.unix_millis() + 1000).unwrap();
    let signature = Signature {
        meaning,
        signer_name: format!("{by} Name").parse().unwrap(),
        roles: ["analyst".parse().unwrap(), "supervisor".parse().unwrap()].into(),
        comment: Some("Compared with the printout.".parse().unwrap()),
        signed_version: event.version,
        signed_hash: event.hash.clone(),
        authenticated: AuthenticatedBy {
            auth_time: event.timestamp,
            acr: Some("urn:lab:two-factors".parse().unwrap()),
            amr: vec!["pwd".parse().unwrap(), "otp".parse().unwrap()],
        },
    };
    let by = by.parse().unwrap();
    let signatures = event.signatures.with(KeptSignature::new(&signature, &by, timestamp)).expect("a signature");
    let version = sealed(WorkflowEvent {
        event_id: EventId(IDS.fresh()),
        event_type: EventType::WorkflowSigned,
        version: event.version.next().expect("a version to follow"),
        from_state: Some(event.to_state),
        previous_state: event.state_before(),
        state_since: Some(event.state_since()),
        timestamp,
        requested_by: by,
        reason: None,
        signature: Some(signature),
        signatures,
        validation_context: None,
        resumes: None,
        previous_hash: event.hash.clone(),
        ..event
    });
    StoredVersion { accepted: before.accepted.clone(), ..version }
}

/// The same version with other metadata, sealed again.
#[must_use]
pub fn with_metadata(version: &StoredVersion, value: &Value) -> StoredVersion {
    let event = WorkflowEvent { metadata: metadata(value), ..version.event.clone() };
    StoredVersion { accepted: version.accepted.clone(), ..sealed(event) }
}

/// A refused attempt on a workflow, by the rules, with everything in it.
#[must_use]
pub fn a_refusal(key: &WorkflowKey) -> Refusal {
    Refusal {
        event_id: EventId(IDS.fresh()),
        tenant_id: key.tenant_id.clone(),
        workflow_id: key.workflow_id.clone(),
        event_type: RefusalEventType::WorkflowTransitionRefused,
        operation: "request-state-transition".to_owned(),
        version: Some(Version::FIRST),
        head_hash: Some(ChainHash::of(b"version 1")),
        current_state: Some(State::Created),
        target_state: Some(State::Active),
        replaces: Some("w-0".parse().unwrap()),
        timestamp: at(0),
        requested_by: "mallory".parse().unwrap(),
        reason: Some("I want it.".parse().unwrap()),
        code: RefusalCode::RuleViolation,
        signature: Some(RefusedSignature { meaning: Meaning::Review, insufficient: Some(WhyInsufficient::TooOld) }),
        reasons: vec![RuleReason {
            rule_id: "four-eyes".to_owned(),
            message: "A second person must agree.".to_owned(),
        }],
        ruleset: Some("laboratory".to_owned()),
        ruleset_version: Some("1".to_owned()),
        policies: vec!["analysts-may".to_owned()],
        correlation_id: Some("cause-1".parse().unwrap()),
        further_not_kept: Some(FurtherNotKept { whose: Whose::Principal, until: at(60_000) }),
    }
}

/// A claim of a recovery by `sue`, with everything in it: the same at every call.
#[must_use]
pub fn a_claim(key: &WorkflowKey, at_version: u64, attempt: u32) -> RecoveryClaim {
    RecoveryClaim {
        recovery_id: RecoveryId::of_attempt(key, version(at_version), attempt),
        tenant_id: key.tenant_id.clone(),
        workflow_id: key.workflow_id.clone(),
        version: version(at_version),
        head_hash: Some(ChainHash::of(b"the version")),
        attempt,
        trigger: Trigger::Request,
        requested_by: "sue".parse().unwrap(),
        roles: ["auditor".to_owned(), "supervisor".to_owned()].into(),
        reason: Some("The instrument is back.".parse().unwrap()),
        correlation_id: Some("cause-1".parse().unwrap()),
        delay_seconds: 5,
        claimed_at: at(1000 * i64::from(attempt)),
    }
}

/// The end of a claimed recovery, with every member that a record can have.
#[must_use]
pub fn a_full_record(claim: &RecoveryClaim) -> RecoveryRecord {
    let reasons = vec![RuleReason { rule_id: "not-today".to_owned(), message: "Not today.".to_owned() }];
    let outcome = Outcome {
        status: OutcomeStatus::Refused,
        reasons,
        ruleset: Some("laboratory".to_owned()),
        ruleset_version: Some("1".to_owned()),
        broken_at_version: Some(version(2)),
        fault: Some(BreakKind::Altered),
        error: Some("RulesUnavailable".to_owned()),
        cause: Some("It was down.".to_owned()),
    };
    let assessed = Step { step: StepKind::Assessed, at: at(10), version: None, events: None };
    let published = Step { step: StepKind::EventsPublished, at: at(20), version: Some(version(3)), events: Some(2) };
    let ended = claim.ended(outcome, at(30));
    RecoveryRecord { started_at: Some(at(10)), steps: vec![assessed, published], ..ended }
}

/// A version whose content does not match its hash.
#[must_use]
pub fn a_break(at_version: u64) -> BreakFound {
    BreakFound::new(version(at_version), BreakKind::Altered, ChainHash::of(b"altered"))
}

/// The record that a recovery found a break.
#[must_use]
pub fn a_quarantine(key: &WorkflowKey, found: &BreakFound) -> QuarantineEntry {
    QuarantineEntry::Quarantined(Quarantine {
        event_id: EventId(IDS.fresh()),
        tenant_id: key.tenant_id.clone(),
        workflow_id: key.workflow_id.clone(),
        event_type: QuarantineEventType::WorkflowQuarantined,
        broken_at_version: found.at,
        fault: found.fault,
        content: found.content.clone(),
        published_hash: found.published.clone(),
        timestamp: at(0),
        version: Some(version(3)),
        head_hash: Some(ChainHash::of(b"version 3")),
        found_by: "recovery-step".to_owned(),
        requested_by: "sue".parse().unwrap(),
        recovery_id: Some("recovery-1".to_owned()),
        beside: None,
    })
}

/// The record that `sue` released a break.
#[must_use]
pub fn a_release(key: &WorkflowKey, found: &BreakFound) -> QuarantineEntry {
    QuarantineEntry::Released(Release {
        event_id: EventId(IDS.fresh()),
        tenant_id: key.tenant_id.clone(),
        workflow_id: key.workflow_id.clone(),
        event_type: ReleaseEventType::WorkflowReleased,
        broken_at_version: found.at,
        fault: found.fault,
        content: found.content.clone(),
        published_hash: found.published.clone(),
        timestamp: at(1000),
        version: Some(version(3)),
        head_hash: Some(ChainHash::of(b"version 3")),
        requested_by: "sue".parse().unwrap(),
        reason: "The paper record was compared.".parse().unwrap(),
        correlation_id: Some("cause-1".parse().unwrap()),
        beside: None,
    })
}

/// The record that a workflow was overdue at this instant, with every member that it can have.
#[must_use]
pub fn an_overdue(key: &WorkflowKey, due_at: Timestamp) -> Overdue {
    Overdue {
        event_id: EventId(IDS.fresh()),
        tenant_id: key.tenant_id.clone(),
        workflow_id: key.workflow_id.clone(),
        workflow_type: "sample-analysis".parse().unwrap(),
        event_type: OverdueEventType::WorkflowOverdue,
        version: version(3),
        head_hash: ChainHash::of(b"version 3"),
        current_state: State::Active,
        due_at,
        assignee: Some("bob".parse().unwrap()),
        labels: Labels::new([("sample".parse().unwrap(), "S-1".parse().unwrap())].into()).unwrap(),
        created_by: "alice".parse().unwrap(),
        timestamp: due_at.later_by_seconds(60),
    }
}

/// An event with the hash that it must have, as a version that remembers no requests.
#[must_use]
pub fn sealed(event: WorkflowEvent) -> StoredVersion {
    StoredVersion { event: seal(event).unwrap(), accepted: Vec::new() }
}

/// The list of all workflows of a tenant, by their last update.
#[must_use]
pub fn a_list(tenant: &TenantId, limit: usize) -> IndexQuery {
    IndexQuery {
        tenant_id: tenant.clone(),
        filter: EntryFilter::default(),
        quarantined: false,
        order: ListOrder::Updated,
        after: None,
        limit,
    }
}

/// Labels with these names and values.
#[must_use]
pub fn labels(pairs: &[(&str, &str)]) -> Labels {
    let pairs = pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
    Labels::new(pairs.collect()).unwrap()
}
