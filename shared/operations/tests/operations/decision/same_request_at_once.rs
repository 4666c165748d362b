//! The same request twice at once: the one that comes second at the log gets the answer of the first.

use alims_domain::hash_chain::{Break, BreakKind};
use alims_domain::identifiers::Version;
use alims_domain::lifecycle::State;
use alims_domain::ruling::{RulesQuestion, Verdict};
use alims_operations::amend_workflow::amend_workflow;
use alims_operations::create_workflow::create_workflow;
use alims_operations::ports::{RulesUnavailable, TransitionRules};
use alims_operations::request_state_transition::{RequestStateTransitionError, request_state_transition};
use alims_operations::{Accepted, Quarantined};
use alims_testing::builders::{a_call_with_key, a_key, version};
use alims_testing::{MemoryLog, RulesThatAllow};

use crate::amend_workflow::remark;
use crate::{alice, allowing, deciding, new, to};

/// Rules that allow, and while they are asked the same request is accepted by way of another process.
struct Meanwhile {
    log: MemoryLog,
    /// What the log remembers to be the version that the request made, if it is not the one it did make.
    remembered: Option<Version>,
}

impl TransitionRules for Meanwhile {
    async fn judge(&self, question: &RulesQuestion<'_>) -> Result<Verdict, RulesUnavailable> {
        let (ports, call) = (allowing(&self.log), a_call_with_key("alice", "k-1"));
        if question.transition.to == State::Created {
            create_workflow(&ports, &call, &new("w")).await.unwrap();
        } else {
            let target = to(question.transition.to);
            request_state_transition(&ports, &call, &"w".parse().unwrap(), &target).await.unwrap();
        }
        if let Some(remembered) = self.remembered {
            let mut newest = self.log.entries(&a_key("w")).0.pop().unwrap();
            newest.accepted[0].version = remembered;
            self.log.overwrite(newest);
        }
        RulesThatAllow.judge(question).await
    }
}

/// Alice's move of a new workflow, accepted elsewhere while it is decided here.
async fn moved(log: &MemoryLog, remembered: Option<Version>) -> Result<Accepted, RequestStateTransitionError> {
    create_workflow(&allowing(log), &alice(), &new("w")).await.unwrap();
    let ports = deciding(log.clone(), Meanwhile { log: log.clone(), remembered });
    request_state_transition(&ports, &a_call_with_key("alice", "k-1"), &"w".parse().unwrap(), &to(State::Active)).await
}

#[tokio::test]
async fn a_move_that_loses_the_race_against_itself_has_won_it() {
    let log = MemoryLog::default();
    let accepted = moved(&log, None).await.unwrap();
    let (versions, _) = log.entries(&a_key("w"));
    assert_eq!((accepted.repeated, versions.len()), (true, 2));
    assert_eq!(accepted.event, versions[1].event);
}

/// Rules that allow, and while they are asked the same amendment is made by way of another process.
struct AmendedMeanwhile(MemoryLog);

impl TransitionRules for AmendedMeanwhile {
    async fn judge(&self, question: &RulesQuestion<'_>) -> Result<Verdict, RulesUnavailable> {
        let (id, call) = ("w".parse().unwrap(), a_call_with_key("alice", "k-1"));
        amend_workflow(&allowing(&self.0), &call, &id, &remark()).await.unwrap();
        RulesThatAllow.judge(question).await
    }
}

#[tokio::test]
async fn an_amendment_that_loses_the_race_against_itself_has_won_it() {
    let log = MemoryLog::default();
    create_workflow(&allowing(&log), &alice(), &new("w")).await.unwrap();
    let ports = deciding(log.clone(), AmendedMeanwhile(log.clone()));
    let (id, call) = ("w".parse().unwrap(), a_call_with_key("alice", "k-1"));
    let accepted = amend_workflow(&ports, &call, &id, &remark()).await.unwrap();
    let (versions, _) = log.entries(&a_key("w"));
    assert_eq!((accepted.repeated, versions.len()), (true, 2));
    assert_eq!(accepted.event, versions[1].event);
}

#[tokio::test]
async fn a_creation_that_loses_the_race_against_itself_has_won_it() {
    let log = MemoryLog::default();
    let ports = deciding(log.clone(), Meanwhile { log: log.clone(), remembered: None });
    let accepted = create_workflow(&ports, &a_call_with_key("alice", "k-1"), &new("w")).await.unwrap();
    assert_eq!(accepted, Accepted { event: log.entries(&a_key("w")).0.remove(0).event, repeated: true });
}

/// No log that is kept as it should be says so; what it says all the same must not be taken for the answer.
#[tokio::test]
async fn a_winner_that_remembers_the_request_as_another_version_s_is_not_its_answer() {
    let lost = moved(&MemoryLog::default(), Some(Version::FIRST)).await;
    assert!(
        matches!(&lost, Err(RequestStateTransitionError::VersionConflict(at)) if at.version == version(2)),
        "{lost:?}"
    );
}

/// It is not taken for a bug: somebody took it out of the log, and the answer is that of a creation whose version is gone.
#[tokio::test]
async fn a_repeated_move_whose_version_is_gone_is_told_that_the_history_is_broken_there() {
    let log = MemoryLog::default();
    create_workflow(&allowing(&log), &alice(), &new("w")).await.unwrap();
    let (call, id) = (a_call_with_key("alice", "k-1"), "w".parse().unwrap());
    let first = request_state_transition(&allowing(&log), &call, &id, &to(State::Active)).await.unwrap();
    for target in [State::Paused, State::Active] {
        request_state_transition(&allowing(&log), &alice(), &id, &to(target)).await.unwrap();
    }
    let again = request_state_transition(&allowing(&log), &call, &id, &to(State::Active)).await.unwrap();
    assert_eq!((again.repeated, again.event), (true, first.event));
    log.remove(&a_key("w"), version(2));
    for next_is_unreadable in [false, true] {
        if next_is_unreadable {
            log.damage(&a_key("w"), version(3), "a bit fell over");
        }
        let gone = request_state_transition(&allowing(&log), &call, &id, &to(State::Active)).await;
        let expected = Quarantined(Break { at: version(2), fault: BreakKind::Missing });
        assert!(matches!(&gone, Err(RequestStateTransitionError::Quarantined(it)) if *it == expected), "{gone:?}");
    }
}
