//! Moving a workflow: who is asked in which order, what is recorded, and what stops a move.

use alims_domain::call::Call;
use alims_domain::hash_chain::BreakKind;
use alims_domain::identifiers::{EventId, Version, WorkflowKey};
use alims_domain::json::Metadata;
use alims_domain::lifecycle::State;
use alims_domain::quarantine::{QuarantineEntry, QuarantineRecord};
use alims_domain::recovery::outcome::OutcomeStatus;
use alims_domain::refusal::{KeptRefusal, Refusal, RefusalCode};
use alims_domain::ruling::{RulesQuestion, Verdict};
use alims_domain::stored_version::StoredVersion;
use alims_operations::ReadPorts;
use alims_operations::create_workflow::{NewWorkflow, create_workflow};
use alims_operations::get_workflow_state::get_workflow_state;
use alims_operations::ports::{
    AppendError, LogError, QuarantineLog, RulesUnavailable, StoreError, TransitionRules, WorkflowLog,
};
use alims_operations::request_state_transition::{
    RequestStateTransitionError, TransitionRequest, request_state_transition, try_state_transition,
};
use alims_testing::builders::{a_call_with_key, a_key, metadata, version};
use alims_testing::{CallFault, EverybodyMay, Faulty, MemoryLog, NobodyMay, RulesThatAllow, RulesThatDeny, Script};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Barrier;

use crate::support::faults::{asked_twice_and_until_answered, each_step_failed};
use crate::support::newer::{is_newer, newer_in, w_0};
use crate::support::site::{Site, alter, assert_quarantined, moved, recovered, w};
use crate::{alice, allowing, codes, created, deciding, new, to};

#[tokio::test]
async fn the_policy_is_asked_before_the_lifecycle_and_the_lifecycle_before_the_rules() {
    let log = created().await;
    let mut ports = deciding(log.clone(), RulesThatDeny);
    ports.policy = Arc::new(NobodyMay);
    let id = "w".parse().unwrap();
    let refused = request_state_transition(&ports, &alice(), &id, &to(State::Paused)).await;
    assert!(matches!(refused, Err(RequestStateTransitionError::Forbidden(_))));
    let ports = deciding(log.clone(), RulesThatDeny);
    let refused = request_state_transition(&ports, &alice(), &id, &to(State::Paused)).await;
    assert!(matches!(refused, Err(RequestStateTransitionError::InvalidTransition(_))));
    let refused = request_state_transition(&ports, &alice(), &id, &to(State::Active)).await;
    assert!(matches!(refused, Err(RequestStateTransitionError::RuleViolation(_))));
    assert_eq!(codes(&log), [RefusalCode::Forbidden, RefusalCode::InvalidTransition, RefusalCode::RuleViolation]);
    assert_eq!(log.entries(&a_key("w")).0.len(), 1);
}

/// A way from CREATED to a state, by the moves of the lifecycle; a test of the domain compares them with the specification.
fn way_to(state: State) -> Vec<State> {
    let mut ways = vec![vec![State::Created]];
    while let Some(way) = ways.pop() {
        let at = way[way.len() - 1];
        if at == state {
            return way[1..].to_vec();
        }
        let on = at.allowed_transitions().into_iter().filter(|to| !way.contains(to));
        ways.extend(on.map(|to| [way.as_slice(), &[to]].concat()));
    }
    panic!("there is no way to {state}");
}

#[tokio::test]
async fn the_operation_makes_the_specified_moves_and_refuses_all_others() {
    let id = "w".parse().unwrap();
    for from in State::ALL {
        for target in State::ALL {
            let log = MemoryLog::default();
            let ports = allowing(&log);
            create_workflow(&ports, &alice(), &new("w")).await.unwrap();
            for step in way_to(from) {
                request_state_transition(&ports, &alice(), &id, &to(step)).await.unwrap();
            }
            let told = request_state_transition(&ports, &alice(), &id, &to(target)).await;
            let stands = log.entries(&a_key("w")).0.last().map(|version| version.event.to_state);
            if from.may_become(target) {
                assert_eq!((told.is_ok(), stands), (true, Some(target)), "{from} to {target}");
            } else {
                let refused = matches!(told, Err(RequestStateTransitionError::InvalidTransition(_)));
                assert_eq!((refused, stands), (true, Some(from)), "{from} to {target}");
            }
        }
    }
}

#[tokio::test]
async fn a_move_with_a_key_failed_anywhere_and_repeated_has_one_effect() {
    let call = a_call_with_key("alice", "k-1");
    let attempt = async |script: &Script| {
        let log = MemoryLog::default();
        create_workflow(&allowing(&log), &alice(), &new("w")).await.unwrap();
        let ports = deciding(Faulty::new(log.clone(), script), Faulty::new(RulesThatAllow, script));
        let id = "w".parse().unwrap();
        let ask = async || request_state_transition(&ports, &call, &id, &to(State::Active)).await;
        let accepted = asked_twice_and_until_answered(ask).await;
        let (versions, refusals) = log.entries(&a_key("w"));
        assert_eq!((versions.len(), refusals.len()), (2, 0));
        assert_eq!(accepted, versions[1].event);
    };
    each_step_failed(attempt).await;
}

#[tokio::test]
async fn a_refusal_that_cannot_be_recorded_is_not_answered_as_one() {
    let log = MemoryLog::default();
    create_workflow(&allowing(&log), &alice(), &new("w")).await.unwrap();
    // The calls are: read the head, read the quarantines, look at what was refused lately, record the refusal.
    for call in [2, 3] {
        let script = Script::failing(call, CallFault::BeforeEffect);
        let ports = deciding(Faulty::new(log.clone(), &script), RulesThatAllow);
        let answer = request_state_transition(&ports, &alice(), &"w".parse().unwrap(), &to(State::Paused)).await;
        assert!(matches!(answer, Err(RequestStateTransitionError::Store(_))), "{answer:?}");
        assert!(log.entries(&a_key("w")).1.is_empty());
    }
}

#[tokio::test]
async fn a_clock_that_steps_back_does_not_turn_back_the_history() {
    let log = MemoryLog::default();
    let mut ports = allowing(&log);
    ports.clock = std::sync::Arc::new(alims_testing::SteppingClock::new(alims_testing::builders::at(0), -1000));
    create_workflow(&ports, &alice(), &new("w")).await.unwrap();
    for target in [State::Active, State::Paused, State::Active] {
        request_state_transition(&ports, &alice(), &"w".parse().unwrap(), &to(target)).await.unwrap();
    }
    let times: Vec<_> = log.entries(&a_key("w")).0.iter().map(|version| version.event.timestamp).collect();
    assert!(times.is_sorted(), "{times:?}");
}

#[tokio::test]
async fn a_dry_run_writes_nothing_whatever_it_finds() {
    let log = created().await;
    let ports = deciding(log.clone(), RulesThatDeny);
    let id = "w".parse().unwrap();
    assert!(try_state_transition(&ports, &alice(), &id, &to(State::Active)).await.is_err());
    assert!(try_state_transition(&ports, &alice(), &id, &to(State::Paused)).await.is_err());
    let allowed = try_state_transition(&allowing(&log), &alice(), &id, &to(State::Active)).await.unwrap();
    assert_eq!(allowed.workflow.version, Version::FIRST);
    assert_eq!((log.entries(&a_key("w")).0.len(), codes(&log).len()), (1, 0));
}

#[tokio::test]
async fn a_version_the_caller_did_not_decide_on_is_a_conflict_and_no_refusal() {
    let log = created().await;
    let request = TransitionRequest { expected_versions: Some(version(2).into()), ..to(State::Active) };
    let refused = request_state_transition(&allowing(&log), &alice(), &"w".parse().unwrap(), &request).await;
    assert!(matches!(refused, Err(RequestStateTransitionError::VersionConflict(at)) if at.version == Version::FIRST));
    assert!(codes(&log).is_empty());
}

#[tokio::test]
async fn a_key_is_good_for_one_request_of_one_principal() {
    let log = created().await;
    let ports = deciding(log.clone(), RulesThatAllow);
    let (id, key) = ("w".parse().unwrap(), |who: &str| -> Call { a_call_with_key(who, "k") });
    let first = request_state_transition(&ports, &key("alice"), &id, &to(State::Active)).await.unwrap();
    request_state_transition(&ports, &key("bob"), &id, &to(State::Paused)).await.unwrap();
    let again = request_state_transition(&ports, &key("alice"), &id, &to(State::Active)).await.unwrap();
    assert!(again.repeated && again.event == first.event);
    let other = request_state_transition(&ports, &key("alice"), &id, &to(State::Paused)).await;
    assert!(matches!(other, Err(RequestStateTransitionError::KeyReused)));
}

#[tokio::test]
async fn an_altered_head_moves_no_more() {
    let log = created().await;
    let mut stored = log.entries(&a_key("w")).0[0].clone();
    stored.event.requested_by = "mallory".parse().unwrap();
    log.overwrite(stored);
    let refused = request_state_transition(&allowing(&log), &alice(), &"w".parse().unwrap(), &to(State::Active)).await;
    assert!(matches!(refused, Err(RequestStateTransitionError::Quarantined(_))), "{refused:?}");
}

#[tokio::test]
async fn a_break_below_the_head_that_was_found_stops_every_move_and_no_reading() {
    let site = Site::torn(&[State::Active, State::Paused]).await;
    alter(&site, 2, "forged");
    assert!(moved(&site, State::Active).await.is_ok(), "the break is not found yet, and the head is sound");
    assert_eq!(recovered(&site, 4, 1).await, OutcomeStatus::Quarantined);
    assert_quarantined(moved(&site, State::Paused).await, 2, BreakKind::Altered);
    let dry = try_state_transition(&allowing(&site.log), &alice(), &w(), &to(State::Paused)).await;
    assert_quarantined(dry, 2, BreakKind::Altered);
    let reading = ReadPorts { store: site.log.clone(), policy: Arc::new(EverybodyMay) };
    let now = get_workflow_state(&reading, &alice(), &w()).await.unwrap();
    assert_eq!(now.workflow.version, version(4));
    assert_eq!(now.quarantines.iter().map(|it| it.found.at).collect::<Vec<_>>(), [version(2)]);
    assert_eq!(site.log.entries(&a_key("w")).0.len(), 4);
}

#[tokio::test]
async fn a_caller_who_may_not_move_a_workflow_does_not_learn_of_its_quarantine() {
    let site = Site::torn(&[State::Active]).await;
    alter(&site, 1, "forged");
    assert_eq!(recovered(&site, 2, 1).await, OutcomeStatus::Quarantined);
    let mut ports = allowing(&site.log);
    ports.policy = Arc::new(NobodyMay);
    let answer = request_state_transition(&ports, &alice(), &w(), &to(State::Paused)).await;
    assert!(matches!(answer, Err(RequestStateTransitionError::Forbidden(_))), "{answer:?}");
}

#[tokio::test]
async fn a_move_on_a_newer_version_is_an_error_and_writes_nothing() {
    let (log, id) = (newer_in(3), "w-0".parse().unwrap());
    let moved = request_state_transition(&allowing(&log), &alice(), &id, &to(State::Active)).await;
    assert!(matches!(&moved, Err(RequestStateTransitionError::Store(error)) if is_newer(error)), "{moved:?}");
    let tried = try_state_transition(&allowing(&log), &alice(), &id, &to(State::Active)).await;
    assert!(matches!(&tried, Err(RequestStateTransitionError::Store(error)) if is_newer(error)), "{tried:?}");
    let (versions, refusals) = log.entries(&w_0());
    assert_eq!((versions.len(), refusals.len()), (2, 0));
}

/// Rules that see to it that they are shown the metadata the workflow has, a sample, and the one it would have.
pub(crate) struct ShownSamples(pub(crate) &'static str, pub(crate) &'static str);

impl TransitionRules for ShownSamples {
    async fn judge(&self, question: &RulesQuestion<'_>) -> Result<Verdict, RulesUnavailable> {
        let (stored, wanted) =
            (question.workflow.data.metadata.as_object(), question.transition.data.metadata.as_object());
        assert_eq!((stored.get("sample"), wanted.get("sample")), (Some(&json!(self.0)), Some(&json!(self.1))));
        RulesThatAllow.judge(question).await
    }
}

fn sample(id: &str) -> Metadata {
    metadata(&json!({"sample": id}))
}

pub(crate) async fn created_with_a_sample() -> MemoryLog {
    let log = MemoryLog::default();
    let with = NewWorkflow { data: sample("S-1").into(), ..new("w") };
    create_workflow(&allowing(&log), &alice(), &with).await.unwrap();
    log
}

#[tokio::test]
async fn the_rules_are_shown_the_metadata_as_it_is_and_as_it_would_be() {
    let log = created_with_a_sample().await;
    let request = TransitionRequest { metadata: Some(sample("S-2").as_object().clone()), ..to(State::Active) };
    let ports = deciding(log.clone(), ShownSamples("S-1", "S-2"));
    request_state_transition(&ports, &alice(), &"w".parse().unwrap(), &request).await.unwrap();
    assert_eq!(log.entries(&a_key("w")).0[1].event.metadata, sample("S-2"));
}

/// A log that answers the two reads of a move only when both are asked.
#[derive(Clone)]
struct BothAsked(MemoryLog, Arc<Barrier>);

impl WorkflowLog for BothAsked {
    async fn head(&self, key: &WorkflowKey) -> Result<Option<StoredVersion>, LogError> {
        self.1.wait().await;
        self.0.head(key).await
    }

    async fn versions(&self, key: &WorkflowKey, from: Version, limit: usize) -> Result<Vec<StoredVersion>, LogError> {
        self.0.versions(key, from, limit).await
    }

    async fn newest_below(&self, key: &WorkflowKey, below: Version) -> Result<Option<StoredVersion>, LogError> {
        self.0.newest_below(key, below).await
    }

    async fn refusals(
        &self,
        key: &WorkflowKey,
        after: Option<EventId>,
        limit: usize,
    ) -> Result<Vec<KeptRefusal>, StoreError> {
        self.0.refusals(key, after, limit).await
    }

    async fn append(&self, version: &StoredVersion) -> Result<(), AppendError> {
        self.0.append(version).await
    }

    async fn record_refusal(&self, refusal: &Refusal) -> Result<(), StoreError> {
        self.0.record_refusal(refusal).await
    }
}

impl QuarantineLog for BothAsked {
    async fn quarantine(&self, key: &WorkflowKey) -> Result<QuarantineRecord, StoreError> {
        self.1.wait().await;
        self.0.quarantine(key).await
    }

    async fn record_quarantine(&self, entry: &QuarantineEntry) -> Result<QuarantineEntry, StoreError> {
        self.0.record_quarantine(entry).await
    }
}

#[tokio::test]
async fn a_move_makes_no_third_call_that_waits_for_another() {
    let site = Site::torn(&[State::Active]).await;
    let script = Script::default();
    let ports = deciding(Faulty::new(site.log.clone(), &script), RulesThatAllow);
    request_state_transition(&ports, &alice(), &w(), &to(State::Paused)).await.unwrap();
    assert_eq!(script.calls(), ["log.head", "log.quarantine", "log.append"]);
    let at_once = deciding(BothAsked(site.log.clone(), Arc::new(Barrier::new(2))), RulesThatAllow);
    let request = to(State::Active);
    let (call, id) = (alice(), w());
    let moved = request_state_transition(&at_once, &call, &id, &request);
    let moved = tokio::time::timeout(Duration::from_secs(30), moved).await;
    moved.expect("one read waits for the other").unwrap();
}
