//! Reviewing the audit trail: by those who may, of a period that is over, once for each key.

use alims_domain::access::Action;
use alims_domain::activity::ActivityKind;
use alims_domain::audit_entry::{AuditAct, AuditTrailReviewed};
use alims_domain::call::Call;
use alims_domain::limits::ACTIVITY_SETTLED_SECONDS;
use alims_domain::timestamp::Timestamp;
use alims_operations::ReadPorts;
use alims_operations::list_activity::{ActivityFilter, ShownEntry, list_activity};
use alims_operations::ports::{AccessPolicy, AuditEntries};
use alims_operations::review_audit_trail::{
    NewReview, NotOver, Ports, ReviewAuditTrailError, Reviewed, review_audit_trail,
};
use alims_testing::builders::{a_call, a_call_with_key, at};
use alims_testing::{CallFault, EverybodyMay, Faulty, FixedClock, MemoryLog, OnlyTheseMay, Script, SequentialIds};
use std::sync::Arc;

const NOW: i64 = 10_000_000;

fn ports<L>(log: L, policy: impl AccessPolicy + 'static) -> Ports<L> {
    let (clock, ids) = (Arc::new(FixedClock::new(at(NOW))), Arc::new(SequentialIds::default()));
    Ports { log, policy: Arc::new(policy), clock, ids }
}

fn review_until(to: Timestamp) -> NewReview {
    let reviewed = AuditTrailReviewed { from: at(0), to, principal: None, kind: Some(ActivityKind::WorkflowReleased) };
    NewReview { reviewed, reason: "Each release has a reason.".parse().unwrap() }
}

async fn review<L: AuditEntries>(
    ports: &Ports<L>,
    call: &Call,
    new: &NewReview,
) -> Result<Reviewed, ReviewAuditTrailError> {
    review_audit_trail(ports, call, new).await
}

#[tokio::test]
async fn a_review_is_an_entry_of_the_activity() {
    let log = MemoryLog::default();
    let (new, call) = (review_until(at(1000)), a_call("audrey"));
    let Reviewed { entry, repeated } = review(&ports(log.clone(), EverybodyMay), &call, &new).await.unwrap();
    assert!(!repeated);
    assert_eq!((entry.requested_by.as_str(), entry.timestamp), ("audrey", at(NOW)));
    assert_eq!((&entry.reason, &entry.act), (&Some(new.reason), &AuditAct::AuditTrailReviewed(new.reviewed)));
    let reading = ReadPorts { store: log, policy: Arc::new(EverybodyMay) };
    let listing = alims_operations::list_activity::Ports { reading, clock: Arc::new(FixedClock::new(at(NOW))) };
    let page = list_activity(&listing, &call, ActivityFilter::default(), None, 100).await.unwrap();
    let shown: Vec<_> = page.items.into_iter().map(|item| (item.kind, item.workflow_id, item.entry)).collect();
    assert_eq!(shown, [(Some(ActivityKind::AuditTrailReviewed), None, ShownEntry::Audit(entry))]);
}

#[tokio::test]
async fn only_who_may_review_does() {
    let log = MemoryLog::default();
    let others = OnlyTheseMay(vec![Action::ListActivity, Action::VerifyWorkflowHistory]);
    let refused = review(&ports(log.clone(), others), &a_call("alice"), &review_until(at(1000))).await;
    assert!(matches!(refused, Err(ReviewAuditTrailError::Forbidden(_))), "{refused:?}");
    let reviewers = OnlyTheseMay(vec![Action::ReviewAuditTrail]);
    assert!(review(&ports(log.clone(), reviewers), &a_call("audrey"), &review_until(at(1000))).await.is_ok());
    assert_eq!(log.audits(&a_call("alice").principal.tenant_id).len(), 1);
}

#[tokio::test]
async fn a_period_that_can_still_get_entries_is_not_reviewed() {
    let log = MemoryLog::default();
    let ports = ports(log.clone(), EverybodyMay);
    let ends_by = at(NOW - i64::from(ACTIVITY_SETTLED_SECONDS) * 1000);
    for late in [ends_by.later_by_seconds(1), at(NOW), at(NOW + 1_000_000)] {
        match review(&ports, &a_call("audrey"), &review_until(late)).await {
            Err(ReviewAuditTrailError::NotOver(told)) => assert_eq!(told, NotOver { ends_by }),
            other => panic!("{other:?}"),
        }
    }
    assert!(log.audits(&a_call("audrey").principal.tenant_id).is_empty());
    assert!(review(&ports, &a_call("audrey"), &review_until(ends_by)).await.is_ok());
}

#[tokio::test]
async fn a_repeated_request_has_one_effect_and_its_key_is_of_no_other() {
    let log = MemoryLog::default();
    let ports = ports(log.clone(), EverybodyMay);
    let (call, new) = (a_call_with_key("audrey", "k"), review_until(at(1000)));
    let first = review(&ports, &call, &new).await.unwrap();
    let again = review(&ports, &call, &new).await.unwrap();
    assert_eq!((first.repeated, again.repeated, &first.entry), (false, true, &again.entry));
    let reused = review(&ports, &call, &review_until(at(2000))).await;
    assert!(matches!(reused, Err(ReviewAuditTrailError::KeyReused)), "{reused:?}");
    let another = review(&ports, &a_call_with_key("bert", "k"), &new).await.unwrap();
    assert_ne!(another.entry, first.entry);
    assert_eq!(log.audits(&call.principal.tenant_id).len(), 2);
}

#[tokio::test]
async fn after_a_lost_answer_the_repetition_finds_the_review() {
    let log = MemoryLog::default();
    let script = Script::failing(0, CallFault::AfterEffect);
    let ports = ports(Faulty::new(log.clone(), &script), EverybodyMay);
    let (call, new) = (a_call_with_key("audrey", "k"), review_until(at(1000)));
    let lost = review(&ports, &call, &new).await;
    assert!(matches!(lost, Err(ReviewAuditTrailError::Store(_))), "{lost:?}");
    let again = review(&ports, &call, &new).await.unwrap();
    assert!(again.repeated);
    assert_eq!(log.audits(&call.principal.tenant_id).len(), 1);
}
