//! The hash chain: every sound history passes, and no change to any member of any version does.

use alims_domain::event::{EventType, Failure, WorkflowEvent};
use alims_domain::hash_chain::{Break, BreakKind, ChainWalk, hash_of, is_intact};
use alims_domain::hashing::ChainHash;
use alims_domain::labels::Labels;
use alims_domain::lifecycle::State;
use alims_testing::builders::{a_chain, a_created, a_key, a_move, an_amendment, at, metadata, sealed, version};
use proptest::prelude::*;
use serde_json::{Value, json};

/// Walks all events; where it broke, if it did.
fn walk(events: Vec<WorkflowEvent>) -> Option<Break> {
    let key = a_key("w");
    let mut walk = ChainWalk::new(&key);
    events.into_iter().find_map(|event| walk.step(event).err())
}

fn chain(length: usize, seed: u64) -> Vec<WorkflowEvent> {
    a_chain(&a_key("w"), length, seed).into_iter().map(|stored| stored.event).collect()
}

/// Another value of the same kind, wherever there is one.
fn another(value: &Value) -> Value {
    match value {
        Value::Null => json!("CREATED"),
        Value::Bool(truth) => json!(!truth),
        Value::Number(number) => json!(number.as_f64().unwrap() + 1.0),
        Value::String(text) => json!(format!("{text}x")),
        Value::Array(items) => json!([items, 1]),
        Value::Object(members) => {
            let mut members = members.clone();
            members.insert("altered".to_owned(), json!(1));
            Value::Object(members)
        }
    }
}

proptest! {
    #![proptest_config(crate::cases(64))]

    #[test]
    fn every_sound_history_passes(length in 1_usize..30, seed: u64) {
        prop_assert_eq!(walk(chain(length, seed)), None);
    }

    #[test]
    fn a_changed_member_of_any_version_is_noticed_at_that_version(length in 1_usize..12, seed: u64, at: prop::sample::Index) {
        let events = chain(length, seed);
        let at = at.index(length);
        let shown = serde_json::to_value(&events[at]).unwrap();
        for member in shown.as_object().unwrap().keys() {
            let mut altered = shown.clone();
            altered[member] = another(&shown[member]);
            // What is no event any more is noticed by whoever reads it.
            let Ok(event) = serde_json::from_value::<WorkflowEvent>(altered) else { continue };
            let mut events = events.clone();
            events[at] = event;
            let broken = walk(events).map(|broken| broken.at);
            // A version that calls itself another is missed in its own place.
            prop_assert_eq!(broken.map(|at| at.get()), Some(at as u64 + 1), "{}", member);
        }
    }

    #[test]
    fn a_version_left_out_repeated_or_swapped_is_noticed(length in 3_usize..12, seed: u64, at: prop::sample::Index) {
        let events = chain(length, seed);
        let at = at.index(length - 1);
        let mut left_out = events.clone();
        left_out.remove(at);
        let missing = Break { at: version(at as u64 + 1), fault: BreakKind::Missing };
        prop_assert_eq!(walk(left_out), Some(missing.clone()));
        let mut swapped = events.clone();
        swapped.swap(at, at + 1);
        prop_assert_eq!(walk(swapped), Some(missing));
        let mut repeated = events.clone();
        repeated.insert(at, events[at].clone());
        prop_assert!(walk(repeated).is_some());
    }

    #[test]
    fn an_event_reads_back_from_its_json_and_keeps_its_hash(length in 1_usize..8, seed: u64) {
        for event in chain(length, seed) {
            let text = serde_json::to_string(&event).unwrap();
            let read: WorkflowEvent = serde_json::from_str(&text).unwrap();
            prop_assert!(is_intact(&read));
            prop_assert_eq!(read, event);
        }
    }
}

/// A version forged with everything that belongs to it, its own hash included.
fn forged(event: &WorkflowEvent, forge: impl Fn(&mut WorkflowEvent)) -> WorkflowEvent {
    let mut event = event.clone();
    forge(&mut event);
    sealed(event).event
}

#[test]
fn a_forged_version_with_a_fitting_hash_is_noticed_by_the_one_after_it() {
    let (created, paused) = (a_created("w"), State::Paused);
    let active = a_move(&created, State::Active);
    let mallory = forged(&active.event, |event| event.requested_by = "mallory".parse().unwrap());
    let events = vec![created.event, mallory, a_move(&active, paused).event];
    assert_eq!(walk(events), Some(Break { at: version(3), fault: BreakKind::Unlinked }));
}

#[test]
fn a_forged_last_version_must_still_follow_from_the_one_before() {
    let created = a_created("w");
    let active = a_move(&created, State::Active);
    let events = vec![created.event.clone(), active.event.clone(), a_move(&active, State::Paused).event];
    let forges: [fn(&mut WorkflowEvent); 7] = [
        |event| event.previous_hash = ChainHash::genesis(),
        |event| event.from_state = Some(State::Cancelled),
        |event| event.from_state = None,
        |event| event.to_state = State::Created,
        |event| event.timestamp = at(-1),
        |event| event.workflow_type = "other".parse().unwrap(),
        |event| event.created_by = "mallory".parse().unwrap(),
    ];
    for (number, forge) in forges.into_iter().enumerate() {
        let mut events = events.clone();
        events[2] = forged(&events[2], forge);
        assert_eq!(walk(events), Some(Break { at: version(3), fault: BreakKind::Unlinked }), "forge {number}");
    }
}

/// Forges one member of an amendment; the forged version has a fitting hash.
type Forge = fn(&mut WorkflowEvent);

/// Each forge makes an amendment say what the version before it does not say.
const FORGES: [(&str, Forge); 9] = [
    ("it moves", |event| event.to_state = if event.to_state == State::Active { State::Paused } else { State::Active }),
    ("it moves from elsewhere", |event| {
        event.from_state =
            if event.from_state == Some(State::Active) { Some(State::Paused) } else { Some(State::Active) };
    }),
    ("it lies about the state before", |event| {
        event.previous_state = if event.previous_state.is_none() { Some(State::Failed) } else { None };
    }),
    ("it does not say since when", |event| event.state_since = None),
    ("it says since itself", |event| event.state_since = Some(event.version)),
    ("it changes the failure", |event| {
        let (code, message) = ("no.matter".parse().unwrap(), "Nothing.".parse().unwrap());
        event.failure = Some(Failure { code, message, retryable: true });
    }),
    ("it is called a move", |event| event.event_type = EventType::WorkflowStateChanged),
    ("it is called a recovery", |event| event.event_type = EventType::WorkflowRecovered),
    ("it replaces another", |event| event.replaces = "another".parse().ok()),
];

proptest! {
    #![proptest_config(crate::cases(64))]

    #[test]
    fn a_forged_amendment_does_not_follow(length in 1_usize..12, seed: u64) {
        let before = a_chain(&a_key("w"), length, seed).pop().unwrap();
        let amendment = an_amendment(&before, before.event.data()).event;
        let mut events = chain(length, seed);
        // The same history: only the ids of its events differ.
        let last = events.pop().unwrap();
        prop_assert_eq!(last.to_state, before.event.to_state);
        for (what, forge) in FORGES {
            let key = a_key("w");
            let mut walk = ChainWalk::continuing(&key, before.event.clone());
            let broken = walk.step(forged(&amendment, forge)).map_err(|broken| broken.fault);
            prop_assert_eq!(broken, Err(BreakKind::Unlinked), "{} in {}", what, last.to_state);
            prop_assert_eq!(walk.step(amendment.clone()), Ok(()));
        }
    }

    #[test]
    fn an_amendment_changes_data_only_of_an_open_workflow(length in 1_usize..12, seed: u64) {
        let before = a_chain(&a_key("w"), length, seed).pop().unwrap();
        let changes: [fn(&mut WorkflowEvent); 4] = [
            |event| event.metadata = metadata(&json!({"forged": true})),
            |event| event.labels = Labels::new([("forged".parse().unwrap(), "x".parse().unwrap())].into()).unwrap(),
            |event| event.due_at = Some(at(77)),
            |event| event.assignee = "mallory".parse().ok(),
        ];
        let expected = if before.event.to_state.is_closed() { Err(BreakKind::Unlinked) } else { Ok(()) };
        for change in changes {
            let amendment = forged(&an_amendment(&before, before.event.data()).event, |event| {
                change(event);
                event.signatures = before.event.signatures_with(&event.data());
            });
            let key = a_key("w");
            let mut walk = ChainWalk::continuing(&key, before.event.clone());
            prop_assert_eq!(walk.step(amendment).map_err(|broken| broken.fault), expected);
        }
    }
}

#[test]
fn a_move_says_nothing_that_only_an_amendment_says() {
    let forges: [Forge; 2] =
        [|event| event.previous_state = Some(State::Created), |event| event.state_since = Some(version(1))];
    for forge in forges {
        let created = a_created("w");
        let moved = forged(&a_move(&created, State::Active).event, forge);
        assert_eq!(walk(vec![created.event.clone(), moved]).map(|broken| broken.fault), Some(BreakKind::Unlinked));
        assert_eq!(walk(vec![forged(&created.event, forge)]).map(|broken| broken.fault), Some(BreakKind::Unlinked));
    }
}

#[test]
fn a_history_begins_with_a_creation() {
    let forges: [fn(&mut WorkflowEvent); 2] =
        [|event| event.to_state = State::Active, |event| event.from_state = Some(State::Created)];
    for forge in forges {
        let first = forged(&chain(1, 7)[0], forge);
        assert_eq!(walk(vec![first]), Some(Break { at: version(1), fault: BreakKind::Unlinked }));
    }
}

#[test]
fn a_version_of_another_workflow_does_not_fit_in() {
    let foreign = a_created("v").event;
    assert_eq!(walk(vec![foreign]), Some(Break { at: version(1), fault: BreakKind::Foreign }));
}

/// Computed outside this project, with Python: `hashlib.sha256(json.dumps(event, sort_keys=True,
/// separators=(",", ":")).encode()).hexdigest()`, which is canonical JSON for ASCII text and whole numbers.
#[test]
fn the_hash_is_the_one_that_anybody_computes() {
    let event: WorkflowEvent = serde_json::from_value(json!({
        "event_id": "01890a5d-ac96-774b-bcce-b302099a8057",
        "tenant_id": "default",
        "workflow_id": "w",
        "workflow_type": "sample-analysis",
        "event_type": "WorkflowCreated",
        "version": 1,
        "from_state": null,
        "to_state": "CREATED",
        "timestamp": "2026-11-23T08:15:00.000Z",
        "created_at": "2026-11-23T08:15:00.000Z",
        "created_by": "alice",
        "requested_by": "alice",
        "metadata": {"sample_id": "S-1", "priority": 2},
        "rules": {"ruleset": "lifecycle-only", "ruleset_version": "1", "evaluated": []},
        "previous_hash": "0".repeat(64),
        "hash": "0".repeat(64),
    }))
    .unwrap();
    assert_eq!(hash_of(&event).unwrap().to_string(), PYTHON);
}

const PYTHON: &str = "6951706fdd6a4b910889d288ef8612380d1384bf01ae0e0100c5c64a0037e958";
