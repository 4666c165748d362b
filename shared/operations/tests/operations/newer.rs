//! Items of a newer format: every operation says so and leaves all as it is.

use alims_domain::identifiers::WorkflowKey;
use alims_domain::lifecycle::State;
use alims_domain::recovery::document::{Next, RecoveryDocument};
use alims_domain::recovery::outcome::OutcomeStatus;
use alims_operations::create_workflow::{CreateWorkflowError, create_workflow};
use alims_operations::get_workflow_history::{HistoryPosition, HistoryQuery, get_workflow_history};
use alims_operations::get_workflow_state::get_workflow_state;
use alims_operations::ports::{LogError, NewerFormat, RecoveryLog, StoreError};
use alims_operations::publish_events::{StreamRecord, publish_events};
use alims_operations::recovery_step::{Recovering, recovery_step};
use alims_operations::request_state_transition::{
    RequestStateTransitionError, request_state_transition, try_state_transition,
};
use alims_operations::verify_workflow_history::verify_workflow_history;
use alims_operations::{Anomaly, Publishing, ReadWorkflowError, Reading, RebuildOptions, rebuild_index};
use alims_testing::builders::{a_call_with_key, a_claim, a_created, a_key, a_move, at, version};
use alims_testing::{
    EverybodyMay, MemoryBus, MemoryDeadLetters, MemoryIndex, MemoryLog, RulesThatAllow, SteppingClock,
};
use std::ops::ControlFlow;
use std::sync::Arc;

use crate::publishing::ring;
use crate::{alice, allowing, new, to};

/// Two workflows: all is well with `w-1`, and of `w-0` this version was written by a newer release.
fn a_log(newer: u64) -> MemoryLog {
    let log = MemoryLog::default();
    for id in ["w-0", "w-1"] {
        let created = a_created(id);
        let active = a_move(&created, State::Active);
        [&created, &active].into_iter().for_each(|stored| log.overwrite(stored.clone()));
        log.overwrite(a_move(&active, State::Paused));
    }
    log.write_newer(&key(), version(newer), 2);
    log
}

fn key() -> WorkflowKey {
    a_key("w-0")
}

fn is_newer(error: &StoreError) -> bool {
    matches!(error, StoreError::NewerFormat(NewerFormat { format: 2, .. }))
}

#[tokio::test]
async fn reads_of_a_newer_version_say_so() {
    for newer in 1..=3 {
        let log = a_log(newer);
        let reading = Reading { store: log.clone(), policy: Arc::new(EverybodyMay) };
        let id = "w-0".parse().unwrap();
        let state = get_workflow_state(&reading, &alice(), &id).await;
        let head_is_newer = newer == 3;
        assert_eq!(
            matches!(&state, Err(ReadWorkflowError::Store(error)) if is_newer(error)),
            head_is_newer,
            "{state:?}"
        );
        let verified = verify_workflow_history(&reading, &alice(), &id).await;
        assert!(matches!(&verified, Err(ReadWorkflowError::Store(error)) if is_newer(error)), "{verified:?}");
        let query = HistoryQuery { include_refusals: false, after: HistoryPosition::default(), limit: 1 };
        let (mut after, mut seen) = (Some(query.after), 0);
        let met = loop {
            match get_workflow_history(&reading, &alice(), &id, HistoryQuery { after: after.unwrap(), ..query }).await {
                Ok(page) => {
                    seen += page.items.len();
                    after = page.next;
                }
                Err(error) => break error,
            }
        };
        assert!(matches!(&met, ReadWorkflowError::Store(error) if is_newer(error)), "{met:?}");
        assert_eq!(
            seen,
            if head_is_newer { 0 } else { usize::try_from(newer).unwrap() - 1 },
            "what is before it is shown"
        );
    }
}

#[tokio::test]
async fn nothing_is_built_on_a_newer_version_or_created_over_it() {
    let log = a_log(3);
    let id = "w-0".parse().unwrap();
    let moved = request_state_transition(&allowing(&log), &alice(), &id, &to(State::Active)).await;
    assert!(matches!(&moved, Err(RequestStateTransitionError::Store(error)) if is_newer(error)), "{moved:?}");
    let tried = try_state_transition(&allowing(&log), &alice(), &id, &to(State::Active)).await;
    assert!(matches!(&tried, Err(RequestStateTransitionError::Store(error)) if is_newer(error)), "{tried:?}");
    let over = a_log(1);
    for call in [alice(), a_call_with_key("alice", "k-1")] {
        let created = create_workflow(&allowing(&over), &call, &new("w-0")).await;
        assert!(
            matches!(&created, Err(CreateWorkflowError::Log(LogError::Store(error))) if is_newer(error)),
            "{created:?}"
        );
    }
    for log in [log, over] {
        assert_eq!(log.entries(&key()).0.len(), 2, "nothing was written");
        assert!(log.entries(&key()).1.is_empty());
    }
}

fn publishing(log: &MemoryLog) -> Publishing<MemoryLog, MemoryIndex, MemoryBus> {
    Publishing { log: log.clone(), index: MemoryIndex::default(), bus: MemoryBus::default() }
}

#[tokio::test]
async fn a_recovery_that_meets_a_newer_version_gives_up_and_quarantines_nothing() {
    let log = a_log(2);
    let clock = Arc::new(SteppingClock::new(at(60_000), 7));
    let ports = Recovering { publishing: publishing(&log), rules: RulesThatAllow, clock };
    let claim = a_claim(&key(), 3, 1);
    log.claim_recovery(&claim).await.unwrap();
    let mut document = RecoveryDocument::of(&claim);
    while document.next != Next::End {
        document = recovery_step(&ports, document).await.unwrap();
    }
    let outcome = log.recoveries(&key(), 1).await.unwrap().attempts.remove(0).ended.unwrap().outcome;
    assert_eq!((outcome.status, outcome.error.as_deref()), (OutcomeStatus::GaveUp, Some("WrittenByNewerRelease")));
    let record = alims_operations::ports::QuarantineLog::quarantine(&log, &key()).await.unwrap();
    assert!(record.entries.is_empty() && ports.publishing.bus.accepted().is_empty());
}

#[tokio::test]
async fn a_record_behind_a_newer_version_comes_again_and_holds_no_other_workflow_up() {
    let log = a_log(2);
    let ports = publishing(&log);
    let letters = MemoryDeadLetters::default();
    let last = |id: &str| log.entries(&a_key(id)).0.pop().unwrap();
    let newer = NewerFormat { item: "w-0 v2".to_owned(), format: 2 };
    let unread = StreamRecord::WrittenByNewerRelease { sequence_number: "7".to_owned(), newer };
    let batch = vec![ring(&last("w-0"), 0), unread, ring(&last("w-1"), 1)];
    let done = publish_events(&ports, &letters, batch).await;
    let failed: Vec<&str> = done.failed.iter().map(|failed| failed.sequence_number.as_str()).collect();
    assert_eq!((failed, done.dead), (vec!["0", "7"], vec![]));
    assert!(done.failed.iter().all(|failed| failed.why.contains("newer release")), "{:?}", done.failed);
    // Version 1 of the one, all three of the other.
    assert_eq!(done.accepted, 4);
    log.overwrite(a_move(&log.entries(&key()).0[0], State::Active));
    let again = publish_events(&ports, &letters, vec![ring(&last("w-0"), 0)]).await;
    assert_eq!((again.accepted, again.failed), (2, vec![]));
}

#[tokio::test]
async fn a_rebuild_leaves_a_workflow_with_a_newer_version_and_goes_on() {
    let log = a_log(3);
    let ports = publishing(&log);
    let options = RebuildOptions { published_before: None, workflows_at_once: 1, dry_run: false };
    let rebuilt = rebuild_index(&ports, &options, |_| ControlFlow::Continue(())).await.unwrap();
    assert_eq!((rebuilt.workflows, rebuilt.repaired, rebuilt.findings_total), (2, 1, 1));
    assert!(matches!(&rebuilt.findings[0].anomaly, Anomaly::WrittenByNewerRelease(_)), "{:?}", rebuilt.findings);
    assert_eq!(ports.index.all().len(), 1);
}
