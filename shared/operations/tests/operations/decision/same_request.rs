//! What makes two requests the same: a key repeats the request that it was first used for, in every member.
//!
//! The tables below take requests and calls apart member by member, so that a new member does not compile before it is
//! said here whether it makes another request.

use alims_domain::authentication::{Authentication, Claimed};
use alims_domain::call::{Call, Principal};
use alims_domain::event::Failure;
use alims_domain::idempotency::AcceptedRequest;
use alims_domain::identifiers::Version;
use alims_domain::json::ValidationContext;
use alims_domain::labels::Labels;
use alims_domain::lifecycle::State;
use alims_domain::signature::Meaning;
use alims_domain::workflow_data::{Change, DataPatch, WorkflowData};
use alims_operations::amend_workflow::{AmendWorkflowError, AmendmentRequest, amend_workflow};
use alims_operations::create_workflow::{CreateWorkflowError, NewWorkflow, create_workflow};
use alims_operations::request_state_transition::{
    RequestStateTransitionError, TransitionRequest, request_state_transition,
};
use alims_operations::sign_workflow::{SignWorkflowError, SignatureRequest, sign_workflow};
use alims_testing::builders::{a_call_with_key, a_key, at, metadata, version};
use alims_testing::{MemoryLog, RulesThatAllow};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

use crate::sign_workflow::{fresh, signing};
use crate::{alice, allowing, new, to};

/// What a request turns out to be of which the key was used before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    /// The same: it is answered as the first time.
    Same,
    /// Another, with a key that is taken.
    Another,
    /// One that nothing is known of.
    Unknown,
}

/// Alice's call, and one that differs in a single member for each member of a call.
fn calls() -> Vec<(&'static str, Call, Seen)> {
    let ours = a_call_with_key("alice", "k-1");
    // Every member is named, so that a new one does not compile before it has its call here.
    let Call { principal, authentication, request_id, correlation_id, idempotency_key } = Call {
        principal: Principal {
            id: "bob".parse().unwrap(),
            tenant_id: "other".parse().unwrap(),
            roles: BTreeSet::from(["auditor".to_owned()]),
        },
        authentication: Authentication { auth_time: Claimed::Is(at(1)), ..Authentication::default() },
        request_id: "another-request".to_owned(),
        correlation_id: "another-cause".parse().ok(),
        idempotency_key: "k-2".parse().ok(),
    };
    let Principal { id, tenant_id, roles } = principal;
    let by = |principal: Principal| Call { principal, ..ours.clone() };
    let alice = &ours.principal;
    vec![
        ("nothing", ours.clone(), Seen::Same),
        ("principal.id", by(Principal { id, ..alice.clone() }), Seen::Unknown),
        ("principal.tenant_id", by(Principal { tenant_id, ..alice.clone() }), Seen::Unknown),
        ("principal.roles", by(Principal { roles, ..alice.clone() }), Seen::Same),
        // A person who signs in again may repeat a request.
        ("authentication", Call { authentication, ..ours.clone() }, Seen::Same),
        ("request_id", Call { request_id, ..ours.clone() }, Seen::Same),
        ("correlation_id", Call { correlation_id, ..ours.clone() }, Seen::Same),
        ("idempotency_key", Call { idempotency_key, ..ours.clone() }, Seen::Unknown),
        ("no idempotency_key", Call { idempotency_key: None, ..ours.clone() }, Seen::Unknown),
    ]
}

/// A creation that names no id.
fn a_creation() -> NewWorkflow {
    NewWorkflow { workflow_id: None, data: metadata(&json!({"sample": 1})).into(), ..new("w") }
}

/// A move from version 2 with everything that a move can have.
fn a_failure() -> TransitionRequest {
    let failure =
        Failure { code: "power-loss".parse().unwrap(), message: "The power went.".parse().unwrap(), retryable: true };
    TransitionRequest {
        expected_versions: Some(version(2).into()),
        validation_context: Some(context(1)),
        metadata: Some(patch(1)),
        failure: Some(failure),
        ..to(State::Failed)
    }
}

/// For each member of a failure one that differs in it.
fn differing_failures(ours: &Failure) -> [Failure; 3] {
    let Failure { code, message, retryable } =
        Failure { code: "fire".parse().unwrap(), message: "It burns.".parse().unwrap(), retryable: false };
    [Failure { code, ..ours.clone() }, Failure { message, ..ours.clone() }, Failure { retryable, ..ours.clone() }]
}

/// For each member of a move one that differs in it, by another value and by none.
fn differing_moves(ours: &TransitionRequest) -> Vec<(&'static str, TransitionRequest)> {
    // Every member is named, so that a new one does not compile before it has its move here.
    let TransitionRequest { target_state, reason, expected_versions, validation_context, metadata, failure } =
        TransitionRequest {
            reason: "another reason".parse().unwrap(),
            expected_versions: Some([2, 3].map(version).into_iter().collect()),
            validation_context: Some(context(2)),
            metadata: Some(patch(2)),
            failure: None,
            ..to(State::Paused)
        };
    let mut moves = vec![
        ("target_state", TransitionRequest { target_state, ..ours.clone() }),
        ("reason", TransitionRequest { reason, ..ours.clone() }),
        ("expected_versions", TransitionRequest { expected_versions, ..ours.clone() }),
        ("no expected_versions", TransitionRequest { expected_versions: None, ..ours.clone() }),
        ("validation_context", TransitionRequest { validation_context, ..ours.clone() }),
        ("no validation_context", TransitionRequest { validation_context: None, ..ours.clone() }),
        ("metadata", TransitionRequest { metadata, ..ours.clone() }),
        ("no metadata", TransitionRequest { metadata: None, ..ours.clone() }),
        ("no failure", TransitionRequest { failure, ..ours.clone() }),
    ];
    let failures = differing_failures(ours.failure.as_ref().unwrap());
    let failed = |failure| ("failure", TransitionRequest { failure: Some(failure), ..ours.clone() });
    moves.extend(failures.map(failed));
    moves
}

/// For each member of an amendment one that differs in it, by another value and by none.
fn differing_amendments(ours: &AmendmentRequest) -> Vec<(&'static str, AmendmentRequest)> {
    // Every member is named, so that a new one does not compile before it has its amendment here.
    let AmendmentRequest {
        reason,
        expected_versions,
        validation_context,
        patch: DataPatch { metadata, labels, due_at, assignee },
    } = AmendmentRequest {
        reason: "another reason".parse().unwrap(),
        expected_versions: Some(version(2).into()),
        validation_context: Some(context(2)),
        patch: DataPatch {
            metadata: Some(patch(2)),
            labels: BTreeMap::from([("sample".parse().unwrap(), None)]),
            due_at: Change::Set(at(9)),
            assignee: Change::Remove,
        },
    };
    let with = |patch: DataPatch| AmendmentRequest { patch, ..ours.clone() };
    let data = &ours.patch;
    vec![
        ("reason", AmendmentRequest { reason, ..ours.clone() }),
        ("expected_versions", AmendmentRequest { expected_versions, ..ours.clone() }),
        ("validation_context", AmendmentRequest { validation_context, ..ours.clone() }),
        ("metadata", with(DataPatch { metadata, ..data.clone() })),
        ("no metadata", with(DataPatch { metadata: None, ..data.clone() })),
        ("labels", with(DataPatch { labels, ..data.clone() })),
        ("no labels", with(DataPatch { labels: BTreeMap::new(), ..data.clone() })),
        ("due_at", with(DataPatch { due_at, ..data.clone() })),
        ("no due_at", with(DataPatch { due_at: Change::Keep, ..data.clone() })),
        ("assignee", with(DataPatch { assignee, ..data.clone() })),
        ("no assignee", with(DataPatch { assignee: Change::Keep, ..data.clone() })),
    ]
}

/// For each member of a signature one that differs in it, by another value and by none.
fn differing_signatures(ours: &SignatureRequest) -> Vec<(&'static str, SignatureRequest)> {
    // Every member is named, so that a new one does not compile before it has its signature here.
    let SignatureRequest { meaning, comment, signed, validation_context } = SignatureRequest {
        meaning: Meaning::Approval,
        comment: "another comment".parse().ok(),
        signed: version(2).into(),
        validation_context: Some(context(2)),
    };
    vec![
        ("meaning", SignatureRequest { meaning, ..ours.clone() }),
        ("comment", SignatureRequest { comment, ..ours.clone() }),
        ("no comment", SignatureRequest { comment: None, ..ours.clone() }),
        ("signed", SignatureRequest { signed, ..ours.clone() }),
        ("validation_context", SignatureRequest { validation_context, ..ours.clone() }),
        ("no validation_context", SignatureRequest { validation_context: None, ..ours.clone() }),
    ]
}

fn patch(number: u64) -> Map<String, Value> {
    Map::from_iter([("number".to_owned(), json!(number))])
}

fn context(number: u64) -> ValidationContext {
    ValidationContext::new(patch(number)).unwrap()
}

async fn create(log: &MemoryLog, call: &Call, new: &NewWorkflow) -> (Seen, String) {
    match create_workflow(&allowing(log), call, new).await {
        Ok(accepted) if accepted.repeated => (Seen::Same, accepted.event.workflow_id.to_string()),
        Ok(accepted) => (Seen::Unknown, accepted.event.workflow_id.to_string()),
        Err(CreateWorkflowError::KeyReused) => (Seen::Another, String::new()),
        Err(error) => panic!("{error}"),
    }
}

async fn fail(log: &MemoryLog, call: &Call, workflow_id: &str, request: &TransitionRequest) -> Seen {
    match request_state_transition(&allowing(log), call, &workflow_id.parse().unwrap(), request).await {
        Ok(accepted) if accepted.repeated => Seen::Same,
        Err(RequestStateTransitionError::KeyReused) => Seen::Another,
        // What is not known is decided anew: the version it was for has passed, or the tenant has no such workflow.
        Err(RequestStateTransitionError::VersionConflict(_) | RequestStateTransitionError::NotFound) => Seen::Unknown,
        other => panic!("{other:?}"),
    }
}

/// A log whose workflow `w` Alice has moved to FAILED by the call and the request that the tables begin with.
async fn failed_once() -> MemoryLog {
    let log = MemoryLog::default();
    create_workflow(&allowing(&log), &alice(), &new("w")).await.unwrap();
    let id = "w".parse().unwrap();
    request_state_transition(&allowing(&log), &alice(), &id, &to(State::Active)).await.unwrap();
    let first = request_state_transition(&allowing(&log), &a_call_with_key("alice", "k-1"), &id, &a_failure()).await;
    assert_eq!(first.unwrap().event.version, version(3));
    log
}

fn accepted_in(log: &MemoryLog, workflow_id: &str) -> Vec<AcceptedRequest> {
    log.entries(&a_key(workflow_id)).0.pop().unwrap().accepted
}

#[tokio::test]
async fn a_creation_that_differs_in_one_member_is_another_request() {
    let (log, call, ours) = (MemoryLog::default(), a_call_with_key("alice", "k-1"), a_creation());
    let (_, id) = create(&log, &call, &ours).await;
    assert_eq!(create(&log, &call, &ours).await, (Seen::Same, id.clone()));
    // Every member is named, so that a new one does not compile before it has its creation here.
    let NewWorkflow { workflow_type, workflow_id, data: WorkflowData { metadata, labels, due_at, assignee }, replaces } =
        NewWorkflow {
            workflow_type: "another".parse().unwrap(),
            // The id that the first one was given: to name it is another request than to leave it open.
            workflow_id: id.parse().ok(),
            data: WorkflowData {
                metadata: metadata(&json!({"sample": 2})),
                labels: Labels::new(BTreeMap::from([("sample".parse().unwrap(), "2".parse().unwrap())])).unwrap(),
                due_at: Some(at(9)),
                assignee: "bob".parse().ok(),
            },
            replaces: "w-0".parse().ok(),
        };
    let with = |data: WorkflowData| NewWorkflow { data, ..ours.clone() };
    for (what, other) in [
        ("workflow_type", NewWorkflow { workflow_type, ..ours.clone() }),
        ("workflow_id", NewWorkflow { workflow_id, ..ours.clone() }),
        ("metadata", with(WorkflowData { metadata, ..ours.data.clone() })),
        ("no metadata", with(WorkflowData::default())),
        ("labels", with(WorkflowData { labels, ..ours.data.clone() })),
        ("due_at", with(WorkflowData { due_at, ..ours.data.clone() })),
        ("assignee", with(WorkflowData { assignee, ..ours.data.clone() })),
        ("replaces", NewWorkflow { replaces, ..ours.clone() }),
    ] {
        assert_eq!(create(&log, &call, &other).await.0, Seen::Another, "{what}");
    }
}

#[tokio::test]
async fn a_creation_by_another_principal_tenant_or_key_is_another_workflow_s() {
    for (what, call, seen) in calls() {
        let log = MemoryLog::default();
        let (_, first) = create(&log, &a_call_with_key("alice", "k-1"), &a_creation()).await;
        let (again, id) = create(&log, &call, &a_creation()).await;
        assert_eq!((again, id == first), (seen, seen == Seen::Same), "{what}");
    }
}

#[tokio::test]
async fn a_move_that_differs_in_one_member_is_another_request() {
    let (log, call, ours) = (failed_once().await, a_call_with_key("alice", "k-1"), a_failure());
    assert_eq!(fail(&log, &call, "w", &ours).await, Seen::Same);
    for (what, other) in differing_moves(&ours) {
        assert_eq!(fail(&log, &call, "w", &other).await, Seen::Another, "{what}");
    }
}

#[tokio::test]
async fn an_amendment_that_differs_in_one_member_is_another_request() {
    let (log, call, w) = (MemoryLog::default(), a_call_with_key("alice", "k-1"), "w".parse().unwrap());
    create_workflow(&allowing(&log), &alice(), &new("w")).await.unwrap();
    let ours = AmendmentRequest {
        reason: "as planned".parse().unwrap(),
        expected_versions: Some(Version::FIRST.into()),
        validation_context: Some(context(1)),
        patch: DataPatch {
            metadata: Some(patch(1)),
            labels: BTreeMap::from([("sample".parse().unwrap(), "S-1".parse().ok())]),
            due_at: Change::Remove,
            assignee: Change::Set("bob".parse().unwrap()),
        },
    };
    let first = amend_workflow(&allowing(&log), &call, &w, &ours).await.unwrap();
    let again = amend_workflow(&allowing(&log), &call, &w, &ours).await.unwrap();
    assert!(again.repeated && again.event == first.event);
    for (what, other) in differing_amendments(&ours) {
        let told = amend_workflow(&allowing(&log), &call, &w, &other).await;
        assert!(matches!(told, Err(AmendWorkflowError::KeyReused)), "{what}: {told:?}");
    }
    // Nor is it a move with the same key.
    let moved = request_state_transition(&allowing(&log), &call, &w, &to(State::Active)).await;
    assert!(matches!(moved, Err(RequestStateTransitionError::KeyReused)), "{moved:?}");
}

#[tokio::test]
async fn a_signature_that_differs_in_one_member_is_another_request() {
    let (log, call, w) = (MemoryLog::default(), fresh(a_call_with_key("alice", "k-1")), "w".parse().unwrap());
    create_workflow(&allowing(&log), &alice(), &new("w")).await.unwrap();
    let ports = signing(log.clone(), RulesThatAllow);
    let ours = SignatureRequest {
        meaning: Meaning::Review,
        comment: "as planned".parse().ok(),
        signed: Version::FIRST.into(),
        validation_context: Some(context(1)),
    };
    let first = sign_workflow(&ports, &call, &w, &ours).await.unwrap();
    let again = sign_workflow(&ports, &call, &w, &ours).await.unwrap();
    assert!(again.repeated && again.event == first.event);
    for (what, other) in differing_signatures(&ours) {
        let told = sign_workflow(&ports, &call, &w, &other).await;
        assert!(matches!(told, Err(SignWorkflowError::KeyReused)), "{what}: {told:?}");
    }
}

#[tokio::test]
async fn a_move_by_another_principal_tenant_or_key_is_not_taken_for_a_repeated_one() {
    for (what, call, seen) in calls() {
        assert_eq!(fail(&failed_once().await, &call, "w", &a_failure()).await, seen, "{what}");
    }
}

/// Each workflow remembers its own requests. Should one remember another's, that is still another request.
#[tokio::test]
async fn a_move_of_another_workflow_is_another_request() {
    let log = failed_once().await;
    create_workflow(&allowing(&log), &alice(), &new("v")).await.unwrap();
    let mut newest = log.entries(&a_key("v")).0.pop().unwrap();
    newest.accepted = accepted_in(&log, "w");
    log.overwrite(newest);
    assert_eq!(fail(&log, &a_call_with_key("alice", "k-1"), "v", &a_failure()).await, Seen::Another);
}

/// The digests are stored: were they made otherwise, what was accepted before would not be recognised any more. These
/// were computed elsewhere: `SHA-256` of each part behind its length in eight bytes, of which the first half is kept.
#[tokio::test]
async fn the_digests_that_a_version_remembers_of_a_request_are_made_as_they_always_were() {
    let log = failed_once().await;
    create_workflow(&allowing(&log), &a_call_with_key("alice", "k-1"), &new("v")).await.unwrap();
    for (workflow_id, request, version) in [
        ("v", "1992133476fc3c2bb9e44ddf0f63c094", Version::FIRST),
        ("w", "adbcae6b5003f26c9510d5997ea77cb4", version(3)),
    ] {
        let (key, request) = ("f53281c982103ec8399fc1abddce5808".to_owned(), request.to_owned());
        assert_eq!(accepted_in(&log, workflow_id), [AcceptedRequest { key, request, version }]);
    }
}
