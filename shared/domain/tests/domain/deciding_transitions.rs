//! The decision of a move, in every combination of what it depends on, against a model that asks one thing after another.

use alims_domain::attempt::RefusedBy;
use alims_domain::decide::{Decision, TransitionCommand, TransitionRejected, decide_transition};
use alims_domain::event::Resumes;
use alims_domain::expected_versions::ExpectedVersions;
use alims_domain::hash_chain::{BreakKind, content_of};
use alims_domain::hashing::ChainHash;
use alims_domain::head::Head;
use alims_domain::identifiers::Version;
use alims_domain::lifecycle::State;
use alims_domain::quarantine::{
    BreakFound, FoundBy, Met, Quarantine, QuarantineEntry, QuarantineRecord, Release, ReleaseEventType,
};
use alims_domain::rejection::RuleViolation;
use serde_json::{Value, json};

use crate::{alice, at, forbidden, id, key, metadata, request, standing_in};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum History {
    Sound,
    Quarantined,
    Altered,
    AlteredAndReleased,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Key {
    None,
    Fresh,
    Repeated,
    Reused,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Expected {
    None,
    Fits,
    Stale,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Patch {
    None,
    Fits,
    Refused,
}

#[derive(Clone, Copy, Debug)]
struct Case {
    from: State,
    to: State,
    permitted: bool,
    history: History,
    key: Key,
    expected: Expected,
    patch: Patch,
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (from, to) in State::ALL.into_iter().flat_map(|from| State::ALL.map(|to| (from, to))) {
        for permitted in [true, false] {
            for history in [History::Sound, History::Quarantined, History::Altered, History::AlteredAndReleased] {
                for key in [Key::None, Key::Fresh, Key::Repeated, Key::Reused] {
                    for expected in [Expected::None, Expected::Fits, Expected::Stale] {
                        for patch in [Patch::None, Patch::Fits, Patch::Refused] {
                            cases.push(Case { from, to, permitted, history, key, expected, patch });
                        }
                    }
                }
            }
        }
    }
    cases
}

/// The nine moves, written down once more.
const MOVES: [(State, State); 9] = [
    (State::Created, State::Active),
    (State::Active, State::Paused),
    (State::Active, State::Completed),
    (State::Active, State::Failed),
    (State::Active, State::Cancelled),
    (State::Paused, State::Active),
    (State::Paused, State::Cancelled),
    (State::Failed, State::Active),
    (State::Failed, State::Cancelled),
];

/// What is answered, by the documented order: the first that applies.
fn model(case: &Case) -> &'static str {
    let questions = [
        (!case.permitted, "forbidden"),
        (matches!(case.history, History::Quarantined | History::Altered), "quarantined"),
        (case.key == Key::Repeated, "repeated"),
        (case.key == Key::Reused, "key reused"),
        (case.expected == Expected::Stale, "conflict"),
        (case.patch == Patch::Refused, "metadata"),
        (!MOVES.contains(&(case.from, case.to)), "lifecycle"),
    ];
    questions.into_iter().find(|(applies, _)| *applies).map_or("ask the rules", |(_, answer)| answer)
}

pub(crate) fn record(head: &Head, history: History) -> QuarantineRecord {
    let by = FoundBy {
        operation: "test",
        principal: alice().principal.id,
        recovery_id: None,
        timestamp: at(1),
        newest: Some(Met { version: head.end, head_hash: None }),
    };
    let entry = match history {
        History::Sound | History::Altered => return QuarantineRecord::default(),
        History::Quarantined => {
            let found = BreakFound::nothing_is_left(Version::FIRST);
            QuarantineEntry::Quarantined(Quarantine::new(id(2), &key(), &found, by))
        }
        History::AlteredAndReleased => QuarantineEntry::Released(Release {
            event_id: id(3),
            tenant_id: key().tenant_id,
            workflow_id: key().workflow_id,
            event_type: ReleaseEventType::default(),
            broken_at_version: head.event().version,
            fault: BreakKind::Altered,
            content: content_of(head.event()),
            published_hash: None,
            timestamp: at(1),
            version: Some(head.end),
            head_hash: None,
            requested_by: alice().principal.id,
            reason: "looked at".parse().unwrap(),
            correlation_id: None,
            beside: None,
        }),
    };
    QuarantineRecord { entries: vec![entry], unreadable: Vec::new() }
}

fn decided(case: &Case) -> (Head, Decision<TransitionRejected>) {
    let mut head = standing_in(case.from);
    if matches!(case.history, History::Altered | History::AlteredAndReleased) {
        head.stored.event.correlation_id = Some("forged".parse().unwrap());
    }
    let repeatable = match case.key {
        Key::None => None,
        Key::Fresh => Some(request("fresh", "the first request")),
        Key::Repeated => Some(request("used", "the first request")),
        Key::Reused => Some(request("used", "another request")),
    };
    let patch = match case.patch {
        Patch::None => None,
        Patch::Fits => Some(json!({"sample": "S-2"})),
        Patch::Refused => Some(json!({"deep": (0..40).fold(json!(1), |inner, _| json!([inner]))})),
    };
    let expected = match case.expected {
        Expected::None => None,
        Expected::Fits => Some(head.event().version.into()),
        Expected::Stale => Some(Version::FIRST.into()),
    };
    let command = TransitionCommand {
        target_state: case.to,
        reason: Some(&"as planned".parse().unwrap()),
        expected_versions: expected.as_ref(),
        metadata: patch.as_ref().and_then(Value::as_object),
        failure: None,
        repeatable: repeatable.as_ref(),
    };
    let permission = if case.permitted { Ok(()) } else { Err(forbidden()) };
    let decision = decide_transition(&head, &record(&head, case.history), permission, &command);
    (head, decision)
}

fn name_of(decision: &Decision<TransitionRejected>) -> &'static str {
    match decision {
        Decision::Repeated(_) => "repeated",
        Decision::AskRules(_) => "ask the rules",
        Decision::Rejected(rejected) => match rejected {
            TransitionRejected::Forbidden(_) => "forbidden",
            TransitionRejected::Quarantined(_) => "quarantined",
            TransitionRejected::KeyReused => "key reused",
            TransitionRejected::VersionConflict(_) => "conflict",
            TransitionRejected::Metadata(_) => "metadata",
            TransitionRejected::InvalidTransition(_) => "lifecycle",
            TransitionRejected::RuleViolation(_) => "rules",
        },
    }
}

#[test]
fn every_combination_is_decided_as_the_model_decides_it() {
    let cases = cases();
    for case in &cases {
        let (_, decision) = decided(case);
        assert_eq!(name_of(&decision), model(case), "{case:?}");
    }
    assert_eq!(cases.len(), 36 * 2 * 4 * 4 * 3 * 3);
}

#[test]
fn a_decision_says_what_it_was_made_on() {
    for case in cases() {
        let (head, decision) = decided(&case);
        let (state, version) = (head.event().to_state, head.event().version);
        match decision {
            Decision::Repeated(first) => assert_eq!(first, version),
            Decision::AskRules(transition) => {
                let sample = if case.patch == Patch::Fits { "S-2" } else { "S-1" };
                assert_eq!((transition.from, transition.to), (Some(case.from), case.to));
                assert_eq!(transition.data.metadata, metadata(&json!({"sample": sample})));
                assert_eq!(transition.reason, Some("as planned".parse().unwrap()));
            }
            Decision::Rejected(TransitionRejected::Forbidden(told)) => assert_eq!(told, forbidden()),
            Decision::Rejected(TransitionRejected::Quarantined(quarantined)) => {
                let (at, fault) = match case.history {
                    History::Quarantined => (Version::FIRST, BreakKind::Missing),
                    History::Sound | History::Altered | History::AlteredAndReleased => (version, BreakKind::Altered),
                };
                assert_eq!((quarantined.0.at, quarantined.0.fault), (at, fault));
            }
            Decision::Rejected(TransitionRejected::VersionConflict(conflict)) => {
                assert_eq!((conflict.current_state, conflict.version), (state, version));
            }
            Decision::Rejected(TransitionRejected::InvalidTransition(invalid)) => {
                assert_eq!((invalid.current_state, invalid.target_state, invalid.version), (state, case.to, version));
            }
            Decision::Rejected(TransitionRejected::KeyReused | TransitionRejected::Metadata(_)) => {}
            Decision::Rejected(TransitionRejected::RuleViolation(_)) => {
                panic!("the decision does not ask the rules itself")
            }
        }
    }
}

#[test]
fn only_what_policies_lifecycle_and_rules_refuse_is_kept() {
    for case in cases() {
        let Decision::Rejected(rejected) = decided(&case).1 else { continue };
        let kept = match rejected.refused_by() {
            Some(RefusedBy::Policies(_)) => "forbidden",
            Some(RefusedBy::Lifecycle) => "lifecycle",
            Some(RefusedBy::Rules(_)) => "rules",
            Some(RefusedBy::Closed) => "closed",
            Some(RefusedBy::Authentication(_)) => "authentication",
            Some(RefusedBy::Replaced(_)) => "kept as a creation's",
            None => "not kept",
        };
        let expected = if matches!(model(&case), "forbidden" | "lifecycle") { model(&case) } else { "not kept" };
        assert_eq!(kept, expected, "{case:?}");
    }
    let violation = RuleViolation { reasons: Vec::new(), ruleset: "r".to_owned(), ruleset_version: "1".to_owned() };
    let by_rules = TransitionRejected::RuleViolation(violation);
    assert!(matches!(by_rules.refused_by(), Some(RefusedBy::Rules(_))));
}

#[test]
fn the_version_a_caller_names_is_the_one_that_can_be_read() {
    let mut head = standing_in(State::Active);
    head.resumes =
        Some(Resumes { from_version: head.event().version, passed_over: ChainHash::of(b"what cannot be read") });
    head.end = head.end.next().unwrap();
    let deciding_on = |versions: &[Version]| {
        let expected: ExpectedVersions = versions.iter().copied().collect();
        let command = TransitionCommand {
            target_state: State::Paused,
            reason: None,
            expected_versions: Some(&expected),
            metadata: None,
            failure: None,
            repeatable: None,
        };
        name_of(&decide_transition(&head, &QuarantineRecord::default(), Ok(()), &command))
    };
    let (readable, end) = (head.event().version, head.end);
    assert_eq!(deciding_on(&[readable]), "ask the rules");
    assert_eq!(deciding_on(&[end]), "conflict");
    assert_eq!(deciding_on(&[Version::FIRST, readable, end]), "ask the rules");
    assert_eq!(deciding_on(&[]), "conflict");
}
