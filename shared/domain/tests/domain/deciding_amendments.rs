//! The decision of an amendment, in every combination of what it depends on, against a model that asks one thing after
//! another; and the version that it makes.

use alims_domain::amendment::{AmendmentCommand, AmendmentRejected, decide_amendment};
use alims_domain::attempt::RefusedBy;
use alims_domain::decide::Decision;
use alims_domain::event::{AppliedRules, EventType, Failure, Workflow};
use alims_domain::hash_chain::ChainWalk;
use alims_domain::head::Head;
use alims_domain::identifiers::Version;
use alims_domain::labels::Labels;
use alims_domain::lifecycle::State;
use alims_domain::proposal::Proposal;
use alims_domain::rejection::RuleViolation;
use alims_domain::ruling::Transition;
use alims_domain::stored_version::StoredVersion;
use alims_domain::workflow_data::{Change, DataPatch, WorkflowData};
use serde_json::{Value, json};
use std::collections::BTreeMap;

use crate::deciding_transitions::{History, record};
use crate::{alice, at, forbidden, id, key, metadata, request, standing_in};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Key {
    None,
    Repeated,
    Reused,
}

/// What a patch would do.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Patch {
    /// Nothing: it is a remark.
    None,
    /// It gives each value again that is there.
    Same,
    Metadata,
    Labels,
    DueAt,
    Assignee,
    /// It makes metadata that are too deep.
    TooDeep,
    /// It makes more labels than there may be.
    TooManyLabels,
}

const PATCHES: [Patch; 8] = [
    Patch::None,
    Patch::Same,
    Patch::Metadata,
    Patch::Labels,
    Patch::DueAt,
    Patch::Assignee,
    Patch::TooDeep,
    Patch::TooManyLabels,
];

#[derive(Clone, Copy, Debug)]
struct Case {
    state: State,
    permitted: bool,
    history: History,
    key: Key,
    /// Whether the caller decided on the current version.
    fits: bool,
    patch: Patch,
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (state, patch) in State::ALL.into_iter().flat_map(|state| PATCHES.map(|patch| (state, patch))) {
        for permitted in [true, false] {
            for history in [History::Sound, History::Quarantined, History::Altered, History::AlteredAndReleased] {
                for key in [Key::None, Key::Repeated, Key::Reused] {
                    cases.extend([true, false].map(|fits| Case { state, permitted, history, key, fits, patch }));
                }
            }
        }
    }
    cases
}

/// What is answered, by the documented order: the first that applies.
fn model(case: &Case) -> &'static str {
    let changes = !matches!(case.patch, Patch::None | Patch::Same);
    let questions = [
        (!case.permitted, "forbidden"),
        (matches!(case.history, History::Quarantined | History::Altered), "quarantined"),
        (case.key == Key::Repeated, "repeated"),
        (case.key == Key::Reused, "key reused"),
        (!case.fits, "conflict"),
        (matches!(case.patch, Patch::TooDeep | Patch::TooManyLabels), "data"),
        (changes && matches!(case.state, State::Completed | State::Cancelled), "closed"),
    ];
    questions.into_iter().find(|(applies, _)| *applies).map_or("ask the rules", |(_, answer)| answer)
}

/// The data of every head.
fn data() -> WorkflowData {
    WorkflowData {
        metadata: metadata(&json!({"sample": "S-1"})),
        labels: Labels::new(BTreeMap::from([("sample".parse().unwrap(), "S-1".parse().unwrap())])).unwrap(),
        due_at: Some(at(9)),
        assignee: "bob".parse().ok(),
    }
}

fn patch(patch: Patch) -> DataPatch {
    let object = |value: Value| value.as_object().cloned();
    let label = |name: &str, value: Option<&str>| {
        BTreeMap::from([(name.parse().unwrap(), value.map(|value| value.parse().unwrap()))])
    };
    let none = DataPatch::default();
    match patch {
        Patch::None => none,
        Patch::Same => DataPatch {
            metadata: object(json!({"sample": "S-1", "absent": null})),
            labels: label("sample", Some("S-1")).into_iter().chain(label("absent", None)).collect(),
            due_at: Change::Set(at(9)),
            assignee: Change::Set("bob".parse().unwrap()),
        },
        Patch::Metadata => DataPatch { metadata: object(json!({"sample": null})), ..none },
        Patch::Labels => DataPatch { labels: label("sample", None), ..none },
        Patch::DueAt => DataPatch { due_at: Change::Remove, ..none },
        Patch::Assignee => DataPatch { assignee: Change::Set("carol".parse().unwrap()), ..none },
        Patch::TooDeep => {
            DataPatch { metadata: object(json!({"deep": (0..40).fold(json!(1), |inner, _| json!([inner]))})), ..none }
        }
        Patch::TooManyLabels => {
            DataPatch { labels: (0..10).flat_map(|number| label(&format!("l{number}"), Some("x"))).collect(), ..none }
        }
    }
}

fn head_in(state: State) -> Head {
    let mut head = standing_in(state);
    let WorkflowData { metadata, labels, due_at, assignee } = data();
    let event = &mut head.stored.event;
    (event.metadata, event.labels, event.due_at, event.assignee) = (metadata, labels, due_at, assignee);
    if state == State::Failed {
        let (code, message) = ("oven.cold".parse().unwrap(), "The oven is cold.".parse().unwrap());
        event.failure = Some(Failure { code, message, retryable: true });
    }
    head.stored.event = alims_domain::hash_chain::seal(head.stored.event).unwrap();
    head
}

fn decided(case: &Case) -> (Head, Decision<AmendmentRejected>) {
    let mut head = head_in(case.state);
    if matches!(case.history, History::Altered | History::AlteredAndReleased) {
        head.stored.event.correlation_id = Some("forged".parse().unwrap());
    }
    let repeatable = match case.key {
        Key::None => None,
        Key::Repeated => Some(request("used", "the first request")),
        Key::Reused => Some(request("used", "another request")),
    };
    let expected = if case.fits { head.event().version } else { Version::FIRST }.into();
    let command = AmendmentCommand {
        reason: &"as planned".parse().unwrap(),
        expected_versions: Some(&expected),
        patch: &patch(case.patch),
        repeatable: repeatable.as_ref(),
    };
    let permission = if case.permitted { Ok(()) } else { Err(forbidden()) };
    let decision = decide_amendment(&head, &record(&head, case.history), permission, &command);
    (head, decision)
}

fn name_of(decision: &Decision<AmendmentRejected>) -> &'static str {
    match decision {
        Decision::Repeated(_) => "repeated",
        Decision::AskRules(_) => "ask the rules",
        Decision::Rejected(rejected) => match rejected {
            AmendmentRejected::Forbidden(_) => "forbidden",
            AmendmentRejected::Quarantined(_) => "quarantined",
            AmendmentRejected::KeyReused => "key reused",
            AmendmentRejected::VersionConflict(_) => "conflict",
            AmendmentRejected::Data(_) => "data",
            AmendmentRejected::Closed(_) => "closed",
            AmendmentRejected::RuleViolation(_) => "rules",
        },
    }
}

#[test]
fn every_combination_is_decided_as_the_model_decides_it() {
    let cases = cases();
    for case in &cases {
        let (head, decision) = decided(case);
        assert_eq!(name_of(&decision), model(case), "{case:?}");
        let version = head.event().version;
        match decision {
            Decision::Repeated(first) => assert_eq!(first, version),
            Decision::AskRules(transition) => {
                assert!(transition.keeps_the_state());
                assert_eq!((transition.from, transition.to), (Some(case.state), case.state));
                assert_eq!(transition.reason, Some("as planned".parse().unwrap()));
                let is_the_same = matches!(case.patch, Patch::None | Patch::Same);
                assert_eq!(transition.data == data(), is_the_same, "{case:?}");
            }
            Decision::Rejected(AmendmentRejected::Closed(closed)) => {
                assert_eq!((closed.current_state, closed.version), (case.state, version));
            }
            Decision::Rejected(_) => {}
        }
    }
    assert_eq!(cases.len(), 6 * 8 * 2 * 4 * 3 * 2);
}

#[test]
fn only_what_policies_rules_and_a_closed_workflow_refuse_is_kept() {
    for case in cases() {
        let Decision::Rejected(rejected) = decided(&case).1 else { continue };
        let kept = match rejected.refused_by() {
            Some(RefusedBy::Policies(_)) => "forbidden",
            Some(RefusedBy::Closed) => "closed",
            Some(RefusedBy::Authentication(_)) => "authentication",
            Some(RefusedBy::Rules(_)) => "rules",
            Some(RefusedBy::Lifecycle) => "lifecycle",
            Some(RefusedBy::Replaced(_)) => "kept as a creation's",
            None => "not kept",
        };
        let expected = if matches!(model(&case), "forbidden" | "closed") { model(&case) } else { "not kept" };
        assert_eq!(kept, expected, "{case:?}");
    }
    let violation = RuleViolation { reasons: Vec::new(), ruleset: "r".to_owned(), ruleset_version: "1".to_owned() };
    assert!(matches!(AmendmentRejected::RuleViolation(violation).refused_by(), Some(RefusedBy::Rules(_))));
}

fn amended(head: &Head, transition: &Transition) -> StoredVersion {
    let workflow = Workflow::from(head.event());
    let proposal =
        Proposal { call: &alice(), head: Some(head), workflow: &workflow, transition, context: None, now: at(5) };
    proposal.commit(id(7), EventType::WorkflowAmended, AppliedRules::lifecycle_only(), None).unwrap()
}

#[test]
fn an_amendment_keeps_the_state_with_all_that_belongs_to_it_however_often_it_is_amended() {
    for state in State::ALL {
        let first = head_in(state);
        let remark = Transition { data: data(), ..crate::moving(Some(state), state) };
        let second = Head::of(amended(&first, &remark));
        let third = Head::of(amended(&second, &remark));
        let (key, base) = (key(), first.event());
        let mut walk = ChainWalk::continuing(&key, base.clone());
        for event in [second.event(), third.event()] {
            assert_eq!((event.from_state, event.to_state), (Some(state), state));
            assert_eq!((event.previous_state, event.state_before()), (Some(State::Created), Some(State::Created)));
            assert_eq!((event.state_since, event.state_since()), (Some(base.version), base.version));
            assert_eq!(event.failure, base.failure);
            assert_eq!(walk.step(event.clone()), Ok(()));
        }
        assert_eq!((base.state_since, base.state_since()), (None, base.version));
    }
}
