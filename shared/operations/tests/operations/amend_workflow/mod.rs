//! Amending a workflow: what it changes and keeps, who is asked in which order, what is recorded, and what stops it.

mod failures;

use alims_domain::event::EventType;
use alims_domain::identifiers::Version;
use alims_domain::lifecycle::State;
use alims_domain::refusal::RefusalCode;
use alims_domain::ruling::{RulesQuestion, Verdict};
use alims_domain::timestamp::Timestamp;
use alims_domain::workflow_data::{Change, DataPatch, WorkflowData};
use alims_operations::ReadPorts;
use alims_operations::amend_workflow::{AmendWorkflowError, AmendmentRequest, amend_workflow, try_amendment};
use alims_operations::create_workflow::create_workflow;
use alims_operations::get_workflow_state::get_workflow_state;
use alims_operations::ports::{RulesUnavailable, TransitionRules};
use alims_operations::request_state_transition::request_state_transition;
use alims_testing::builders::{a_call_with_key, a_chain, a_key, at, version};
use alims_testing::{
    CallFault, EverybodyMay, Faulty, MemoryLog, NobodyMay, RulesThatAllow, RulesThatAreDown, RulesThatDeny, Script,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::support::faults::{asked_twice_and_until_answered, each_step_failed};
use crate::support::site::{Site, moved, rung, versions_of, w};
use crate::{alice, allowing, codes, created, deciding, to};

/// A remark: it changes nothing.
pub(crate) fn remark() -> AmendmentRequest {
    AmendmentRequest {
        reason: "Weighed twice.".parse().unwrap(),
        expected_versions: None,
        validation_context: None,
        patch: DataPatch::default(),
    }
}

/// An amendment of each kind of data.
pub(crate) fn result() -> AmendmentRequest {
    let label = ("sample".parse().unwrap(), "S-2".parse().ok());
    let patch = DataPatch {
        metadata: json!({"result": 7.5}).as_object().cloned(),
        labels: BTreeMap::from([label]),
        due_at: Change::Set(due()),
        assignee: Change::Set("carol".parse().unwrap()),
    };
    AmendmentRequest { patch, ..remark() }
}

fn due() -> Timestamp {
    at(86_400_000)
}

pub(crate) async fn amended(site: &Site, request: &AmendmentRequest) -> Result<Version, AmendWorkflowError> {
    amend_workflow(&allowing(&site.log), &alice(), &w(), request).await.map(|accepted| accepted.event.version)
}

fn shown(data: &WorkflowData) -> Value {
    serde_json::to_value(data).unwrap()
}

const PATHS: [&[State]; 6] = [
    &[],
    &[State::Active],
    &[State::Active, State::Paused],
    &[State::Active, State::Failed],
    &[State::Active, State::Completed],
    &[State::Active, State::Cancelled],
];

#[tokio::test]
async fn an_amendment_changes_what_it_names_and_nothing_else_and_is_published_like_any_version() {
    let site = Site::torn(&[State::Active]).await;
    let moved_by = site.head();
    let event = amend_workflow(&allowing(&site.log), &alice(), &w(), &result()).await.unwrap().event;
    assert_eq!((event.event_type, event.version), (EventType::WorkflowAmended, version(3)));
    assert_eq!((event.from_state, event.to_state), (Some(State::Active), State::Active));
    let expected = json!({
        "metadata": {"result": 7.5}, "labels": {"sample": "S-2"}, "due_at": due(), "assignee": "carol"
    });
    assert_eq!(shown(&event.data()), expected);
    let removing = DataPatch {
        metadata: json!({"result": null}).as_object().cloned(),
        labels: BTreeMap::from([("sample".parse().unwrap(), None), ("absent".parse().unwrap(), None)]),
        due_at: Change::Remove,
        assignee: Change::Remove,
    };
    amended(&site, &AmendmentRequest { patch: removing, ..remark() }).await.unwrap();
    assert_eq!(site.head().data(), WorkflowData::default());
    amended(&site, &remark()).await.unwrap();
    let reading = ReadPorts { store: site.log.clone(), policy: Arc::new(EverybodyMay) };
    let now = get_workflow_state(&reading, &alice(), &w()).await.unwrap().workflow;
    assert_eq!((now.current_state, now.previous_state), (State::Active, Some(State::Created)));
    assert_eq!(now.version, version(5));
    assert_eq!(site.head().state_since(), moved_by.version);
    assert!(moved(&site, State::Paused).await.is_ok());
    rung(&site, &versions_of(&site)).await;
    site.assert_in_order();
}

#[tokio::test]
async fn a_remark_is_possible_in_every_state_and_a_change_of_data_only_before_the_end() {
    for path in PATHS {
        let site = Site::torn(path).await;
        let before = site.head();
        amended(&site, &remark()).await.unwrap();
        let after = site.head();
        assert_eq!((after.to_state, after.data(), &after.failure), (before.to_state, before.data(), &before.failure));
        let told = amended(&site, &result()).await;
        if before.to_state.is_closed() {
            let Err(AmendWorkflowError::Closed(closed)) = told else { panic!("{told:?}") };
            assert_eq!((closed.current_state, closed.version), (before.to_state, after.version));
            assert_eq!(codes(&site.log), [RefusalCode::WorkflowClosed]);
            let refusal = &site.log.entries(&a_key("w")).1[0];
            assert_eq!((refusal.operation.as_str(), refusal.target_state), ("amend-workflow", None));
            assert_eq!((refusal.version, refusal.current_state), (Some(after.version), Some(before.to_state)));
        } else {
            assert!(told.is_ok(), "{told:?}");
            assert!(codes(&site.log).is_empty());
        }
        rung(&site, &versions_of(&site)).await;
        site.assert_in_order();
    }
}

#[tokio::test]
async fn the_policies_are_asked_before_the_state_and_the_state_before_the_rules() {
    let site = Site::torn(&[State::Active, State::Completed]).await;
    let mut ports = deciding(site.log.clone(), RulesThatDeny);
    ports.policy = Arc::new(NobodyMay);
    let refused = amend_workflow(&ports, &alice(), &w(), &result()).await;
    assert!(matches!(refused, Err(AmendWorkflowError::Forbidden(_))), "{refused:?}");
    let missing = amend_workflow(&ports, &alice(), &"v".parse().unwrap(), &result()).await;
    assert!(matches!(missing, Err(AmendWorkflowError::Forbidden(_))), "{missing:?}");
    assert_eq!(site.log.entries(&a_key("v")).1[0].operation, "amend-workflow");
    let ports = deciding(site.log.clone(), RulesThatDeny);
    let refused = amend_workflow(&ports, &alice(), &w(), &result()).await;
    assert!(matches!(refused, Err(AmendWorkflowError::Closed(_))), "{refused:?}");
    let refused = amend_workflow(&ports, &alice(), &w(), &remark()).await;
    assert!(matches!(refused, Err(AmendWorkflowError::RuleViolation(_))), "{refused:?}");
    assert_eq!(codes(&site.log), [RefusalCode::Forbidden, RefusalCode::WorkflowClosed, RefusalCode::RuleViolation]);
    let missing = amend_workflow(&ports, &alice(), &"v".parse().unwrap(), &remark()).await;
    assert!(matches!(missing, Err(AmendWorkflowError::NotFound)), "{missing:?}");
    let down = amend_workflow(&deciding(site.log.clone(), RulesThatAreDown), &alice(), &w(), &remark()).await;
    assert!(matches!(down, Err(AmendWorkflowError::RulesUnavailable(_))), "{down:?}");
    assert_eq!(versions_of(&site).len(), 3);
}

#[tokio::test]
async fn data_that_only_the_patch_makes_too_much_is_refused_and_not_recorded() {
    let site = Site::torn(&[]).await;
    let labels = |from: usize| {
        let name = |number: usize| format!("l{number}").parse().unwrap();
        (from..from + 6).map(|number| (name(number), "x".parse().ok())).collect()
    };
    let large = |name: &str| json!({name: "x".repeat(40_000)}).as_object().cloned();
    let with = |patch| AmendmentRequest { patch, ..remark() };
    for (first, second) in [
        (
            DataPatch { labels: labels(0), ..DataPatch::default() },
            DataPatch { labels: labels(6), ..DataPatch::default() },
        ),
        (
            DataPatch { metadata: large("a"), ..DataPatch::default() },
            DataPatch { metadata: large("b"), ..DataPatch::default() },
        ),
    ] {
        amended(&site, &with(first)).await.unwrap();
        let refused = amended(&site, &with(second)).await;
        assert!(matches!(refused, Err(AmendWorkflowError::Data(_))), "{refused:?}");
    }
    assert_eq!((versions_of(&site).len(), codes(&site.log).len()), (3, 0));
}

#[tokio::test]
async fn an_amendment_with_a_key_failed_anywhere_and_repeated_has_one_effect() {
    let call = a_call_with_key("alice", "k-1");
    let attempt = async |script: &Script| {
        let log = created().await;
        let ports = deciding(Faulty::new(log.clone(), script), Faulty::new(RulesThatAllow, script));
        let ask = async || amend_workflow(&ports, &call, &w(), &result()).await;
        let accepted = asked_twice_and_until_answered(ask).await;
        let (versions, refusals) = log.entries(&a_key("w"));
        assert_eq!((versions.len(), refusals.len()), (2, 0));
        assert_eq!(accepted, versions[1].event);
    };
    each_step_failed(attempt).await;
}

#[tokio::test]
async fn a_repeated_amendment_gets_its_first_answer_also_when_it_is_no_longer_possible() {
    let site = Site::torn(&[State::Active]).await;
    let call = a_call_with_key("alice", "k-1");
    let first = amend_workflow(&allowing(&site.log), &call, &w(), &result()).await.unwrap();
    site.goes(State::Completed).await;
    let again = amend_workflow(&allowing(&site.log), &call, &w(), &result()).await.unwrap();
    assert!(again.repeated && again.event == first.event);
    let other = amend_workflow(&allowing(&site.log), &call, &w(), &remark()).await;
    assert!(matches!(other, Err(AmendWorkflowError::KeyReused)), "{other:?}");
    assert_eq!((versions_of(&site).len(), codes(&site.log).len()), (4, 0));
}

#[tokio::test]
async fn a_refusal_that_cannot_be_recorded_is_not_answered_as_one() {
    let site = Site::torn(&[State::Active, State::Completed]).await;
    // The calls are: read the head, read the quarantines, look at what was refused lately, record the refusal.
    for call in [2, 3] {
        let script = Script::failing(call, CallFault::BeforeEffect);
        let ports = deciding(Faulty::new(site.log.clone(), &script), RulesThatAllow);
        let answer = amend_workflow(&ports, &alice(), &w(), &result()).await;
        assert!(matches!(answer, Err(AmendWorkflowError::Store(_))), "{answer:?}");
        assert!(codes(&site.log).is_empty());
    }
}

#[tokio::test]
async fn a_dry_run_says_what_would_be_and_writes_nothing() {
    let site = Site::torn(&[State::Active]).await;
    let tried = try_amendment(&allowing(&site.log), &alice(), &w(), &result()).await.unwrap();
    assert_eq!((tried.workflow.version, &tried.workflow.data), (version(2), &WorkflowData::default()));
    assert_eq!(shown(&tried.data)["metadata"], json!({"result": 7.5}));
    let denied = try_amendment(&deciding(site.log.clone(), RulesThatDeny), &alice(), &w(), &result()).await;
    assert!(matches!(denied, Err(AmendWorkflowError::RuleViolation(_))), "{denied:?}");
    site.goes(State::Cancelled).await;
    let closed = try_amendment(&allowing(&site.log), &alice(), &w(), &result()).await;
    assert!(matches!(closed, Err(AmendWorkflowError::Closed(_))), "{closed:?}");
    assert_eq!((versions_of(&site).len(), codes(&site.log).len()), (3, 0));
}

#[tokio::test]
async fn a_version_the_caller_did_not_decide_on_is_a_conflict_and_no_refusal() {
    let site = Site::torn(&[State::Active]).await;
    let stale = AmendmentRequest { expected_versions: Some(Version::FIRST.into()), ..result() };
    let refused = amended(&site, &stale).await;
    assert!(matches!(refused, Err(AmendWorkflowError::VersionConflict(at)) if at.version == version(2)));
    assert!(codes(&site.log).is_empty());
    let fresh = AmendmentRequest { expected_versions: Some(version(2).into()), ..result() };
    assert_eq!(amended(&site, &fresh).await.unwrap(), version(3));
}

/// Rules that allow, and while they are asked the workflow moves by another request.
struct Meanwhile(MemoryLog, State);

impl TransitionRules for Meanwhile {
    async fn judge(&self, question: &RulesQuestion<'_>) -> Result<Verdict, RulesUnavailable> {
        request_state_transition(&allowing(&self.0), &alice(), &w(), &to(self.1)).await.unwrap();
        RulesThatAllow.judge(question).await
    }
}

/// What was decided on a workflow that is open must not be written to one that has ended meanwhile.
#[tokio::test]
async fn an_amendment_that_meets_a_move_in_its_place_is_a_conflict() {
    for target in [State::Completed, State::Paused] {
        let site = Site::torn(&[State::Active]).await;
        let ports = deciding(site.log.clone(), Meanwhile(site.log.clone(), target));
        let lost = amend_workflow(&ports, &alice(), &w(), &result()).await;
        let Err(AmendWorkflowError::VersionConflict(conflict)) = lost else { panic!("{lost:?}") };
        assert_eq!((conflict.current_state, conflict.version), (target, version(3)));
        assert_eq!((site.head().to_state, site.head().data()), (target, WorkflowData::default()));
    }
}

#[tokio::test]
async fn a_move_that_meets_an_amendment_in_its_place_is_a_conflict() {
    struct Amended(MemoryLog);
    impl TransitionRules for Amended {
        async fn judge(&self, question: &RulesQuestion<'_>) -> Result<Verdict, RulesUnavailable> {
            amend_workflow(&allowing(&self.0), &alice(), &w(), &result()).await.unwrap();
            RulesThatAllow.judge(question).await
        }
    }
    let site = Site::torn(&[State::Active]).await;
    let ports = deciding(site.log.clone(), Amended(site.log.clone()));
    let lost = request_state_transition(&ports, &alice(), &w(), &to(State::Completed)).await;
    assert!(lost.is_err(), "{lost:?}");
    assert_eq!(site.head().event_type, EventType::WorkflowAmended);
}

#[tokio::test]
async fn an_altered_head_is_not_amended() {
    let log = created().await;
    let mut stored = log.entries(&a_key("w")).0[0].clone();
    stored.event.assignee = "mallory".parse().ok();
    log.overwrite(stored);
    let refused = amend_workflow(&allowing(&log), &alice(), &w(), &remark()).await;
    assert!(matches!(refused, Err(AmendWorkflowError::Quarantined(_))), "{refused:?}");
}

#[tokio::test]
async fn a_creation_whose_workflow_was_amended_still_gets_its_first_answer() {
    let (log, call) = (MemoryLog::default(), a_call_with_key("alice", "k-1"));
    let first = create_workflow(&allowing(&log), &call, &crate::new("w")).await.unwrap();
    amend_workflow(&allowing(&log), &alice(), &w(), &result()).await.unwrap();
    let again = create_workflow(&allowing(&log), &call, &crate::new("w")).await.unwrap();
    assert!(again.repeated && again.event == first.event);
}

#[test]
fn the_chains_of_the_builders_hold_amendments_in_every_state() {
    let all = (0..200).flat_map(|seed| a_chain(&a_key("w"), 12, seed)).map(|stored| stored.event);
    let amended: std::collections::BTreeSet<State> =
        all.filter(|event| event.event_type == EventType::WorkflowAmended).map(|event| event.to_state).collect();
    assert_eq!(amended, State::ALL.into_iter().collect());
}
