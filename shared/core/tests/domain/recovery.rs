//! The recovery plan, row by row, and its execution, repeated and failed at every step.

use alims_core::chain::{Break, Fault};
use alims_core::identifiers::Version;
use alims_core::lifecycle::State;
use alims_core::operations::create_workflow::create_workflow;
use alims_core::operations::publish_events::{StreamRecord, publish_events};
use alims_core::operations::recover_workflow::{
    RecoverWorkflowError, Recovering, RecoveryOutcome, RecoveryStep, recover_workflow,
};
use alims_core::operations::request_state_transition::request_state_transition;
use alims_core::ports::IndexEntry;
use alims_core::recovery::{Findings, PublishAfter, RecoveryPlan, Repairs, plan};
use alims_testing::builders::{a_created, a_key, a_move, version};
use alims_testing::{
    Fault as PortFault, Faulty, MemoryBus, MemoryDeadLetters, MemoryIndex, MemoryLog, RulesThatAllow, RulesThatDeny,
    Script,
};

use crate::{alice, allowing, deciding, new, publishing, to};

fn found(head: State, indexed_at: Option<u64>) -> Findings {
    let created = a_created("w");
    let active = a_move(&created, State::Active);
    let versions = match head {
        State::Created => vec![created],
        State::Active => vec![created, active],
        State::Paused | State::Completed | State::Failed | State::Cancelled => {
            let last = a_move(&active, head);
            vec![created, active, last]
        }
    };
    let claimed = indexed_at.map(|at| versions[usize::try_from(at).unwrap() - 1].event.clone());
    let log = Ok(versions.last().unwrap().event.clone());
    Findings { log, indexed: claimed.as_ref().map(IndexEntry::from), claimed }
}

fn repairs(rebuild_index: bool, publish: Option<Option<u64>>, reactivate: bool) -> RecoveryPlan {
    let publish = publish.map(|after| PublishAfter(after.map(version)));
    RecoveryPlan::Repair(Repairs { rebuild_index, publish, reactivate })
}

#[test]
fn what_is_in_order_is_left_alone_terminal_or_not() {
    for (head, at) in [(State::Created, 1), (State::Active, 2), (State::Completed, 3), (State::Cancelled, 3)] {
        assert_eq!(plan(&found(head, Some(at))), RecoveryPlan::AlreadyConsistent, "{head}");
    }
}

#[test]
fn a_failed_workflow_is_to_be_reactivated() {
    assert_eq!(plan(&found(State::Failed, Some(3))), repairs(false, None, true));
}

#[test]
fn what_was_not_published_is_to_be_published() {
    assert_eq!(plan(&found(State::Completed, Some(1))), repairs(false, Some(Some(1)), false));
    assert_eq!(plan(&found(State::Failed, Some(2))), repairs(false, Some(Some(2)), true));
}

#[test]
fn a_missing_index_entry_is_rebuilt_and_everything_published_again() {
    assert_eq!(plan(&found(State::Active, None)), repairs(true, Some(None), false));
}

#[test]
fn an_index_entry_that_says_something_else_is_rebuilt() {
    let mut wrong = found(State::Active, Some(2));
    wrong.indexed.as_mut().unwrap().current_state = State::Completed;
    assert_eq!(plan(&wrong), repairs(true, Some(None), false));
}

#[test]
fn an_index_ahead_of_the_log_is_the_witness_of_lost_versions() {
    let mut ahead = found(State::Active, Some(2));
    ahead.indexed.as_mut().unwrap().published_version = version(9);
    ahead.claimed = None;
    let lost = Break { at: version(3), fault: Fault::Missing };
    assert_eq!(plan(&ahead), RecoveryPlan::Quarantine(lost));
}

#[test]
fn a_broken_chain_is_quarantined_whatever_else_is_wrong() {
    for fault in [Fault::Missing, Fault::Altered, Fault::Unreadable, Fault::Unlinked, Fault::Foreign] {
        let broken = Break { at: version(2), fault };
        let findings = Findings { log: Err(broken.clone()), ..found(State::Failed, None) };
        assert_eq!(plan(&findings), RecoveryPlan::Quarantine(broken));
    }
}

/// A log with one failed workflow of which nothing was published.
async fn failed_and_torn() -> MemoryLog {
    let log = MemoryLog::default();
    let ports = allowing(&log);
    create_workflow(&ports, &alice(), &new("w")).await.unwrap();
    for target in [State::Active, State::Failed] {
        request_state_transition(&ports, &alice(), &"w".parse().unwrap(), &to(target)).await.unwrap();
    }
    log
}

fn recovering(log: &MemoryLog) -> Recovering<MemoryLog, MemoryIndex, MemoryBus, RulesThatAllow> {
    Recovering { deciding: allowing(log), publishing: publishing(log) }
}

/// The versions of `w` on the bus, in the order of their first appearance.
fn first_appearances(bus: &MemoryBus) -> Vec<u64> {
    let mut seen = Vec::new();
    for number in bus.accepted().iter().filter_map(|event| event.version).map(Version::get) {
        if !seen.contains(&number) {
            seen.push(number);
        }
    }
    seen
}

#[tokio::test]
async fn everything_out_of_order_is_put_in_order_and_told() {
    let log = failed_and_torn().await;
    let ports = recovering(&log);
    let recovery = recover_workflow(&ports, &alice(), &"w".parse().unwrap(), None).await.unwrap();
    assert_eq!(recovery.outcome, RecoveryOutcome::Recovered);
    assert_eq!(
        recovery.steps,
        [
            RecoveryStep::EventsPublished(3),
            RecoveryStep::IndexRebuilt,
            RecoveryStep::Reactivated(version(4)),
            RecoveryStep::EventsPublished(1),
        ]
    );
    assert_eq!(first_appearances(&ports.publishing.bus), [1, 2, 3, 4]);
    assert_eq!(ports.publishing.index.all()[0].current_state, State::Active);
    let again = recover_workflow(&ports, &alice(), &"w".parse().unwrap(), None).await.unwrap();
    assert_eq!((again.outcome, again.steps), (RecoveryOutcome::AlreadyConsistent, vec![]));
}

#[tokio::test]
async fn rules_that_refuse_leave_it_failed_but_published() {
    let log = failed_and_torn().await;
    let ports = Recovering { deciding: deciding(log.clone(), RulesThatDeny), publishing: publishing(&log) };
    let recovery = recover_workflow(&ports, &alice(), &"w".parse().unwrap(), None).await.unwrap();
    assert!(matches!(recovery.outcome, RecoveryOutcome::Refused(_)), "{recovery:?}");
    let (versions, refusals) = log.entries(&a_key("w"));
    assert_eq!((versions.len(), refusals.len()), (3, 1));
    assert_eq!(first_appearances(&ports.publishing.bus), [1, 2, 3]);
}

#[tokio::test]
async fn a_broken_history_is_not_touched() {
    let log = failed_and_torn().await;
    log.remove(&a_key("w"), version(2));
    let ports = recovering(&log);
    let recovery = recover_workflow(&ports, &alice(), &"w".parse().unwrap(), None).await.unwrap();
    let missing = Break { at: version(2), fault: Fault::Missing };
    assert_eq!(recovery.outcome, RecoveryOutcome::Quarantined(missing));
    assert!(ports.publishing.bus.accepted().is_empty() && ports.publishing.index.all().is_empty());
}

/// Every call a recovery makes, failed before and after its effect: asking again ends as if nothing had happened.
#[tokio::test]
async fn failed_at_any_step_and_asked_again_it_ends_the_same() {
    let attempt = async |script: &Script| {
        let log = failed_and_torn().await;
        let faulty = |log: &MemoryLog| Faulty::new(log.clone(), script);
        let index = MemoryIndex::default();
        let bus = MemoryBus::default();
        let ports = Recovering {
            deciding: deciding(faulty(&log), Faulty::new(RulesThatAllow, script)),
            publishing: alims_core::operations::Publishing {
                log: faulty(&log),
                index: Faulty::new(index.clone(), script),
                bus: Faulty::new(bus.clone(), script),
            },
        };
        let mut asked = 0;
        loop {
            asked += 1;
            match recover_workflow(&ports, &alice(), &"w".parse().unwrap(), None).await {
                Ok(_) => break,
                Err(RecoverWorkflowError::Bug(bug)) => panic!("{bug}"),
                Err(_) => assert!(asked < 3, "one fault must not need a third request"),
            }
        }
        // What was appended rings the bell as well; the publisher hands on what the recovery could not.
        let (versions, _) = log.entries(&a_key("w"));
        let batch = versions.iter().map(|version| StreamRecord::Version {
            sequence_number: version.event.version.to_string(),
            version: Box::new(version.clone()),
        });
        publish_events(&ports.publishing, &MemoryDeadLetters::default(), batch.collect()).await;
        assert_eq!(versions.last().unwrap().event.to_state, State::Active);
        assert_eq!(versions.len(), 4, "the workflow is brought back once");
        assert_eq!(first_appearances(&bus), [1, 2, 3, 4]);
        assert_eq!(index.all(), [IndexEntry::from(&versions[3].event)]);
    };
    let script = Script::default();
    attempt(&script).await;
    let calls = script.calls().len();
    assert!(calls > 10, "{:?}", script.calls());
    for call in 0..calls {
        for fault in PortFault::ALL {
            attempt(&Script::failing(call, fault)).await;
        }
    }
}
