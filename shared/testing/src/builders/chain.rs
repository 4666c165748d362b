//! A chain of versions that is drawn from a seed.

use alims_domain::event::{EventType, WorkflowEvent};
use alims_domain::identifiers::{Reason, WorkflowKey};
use alims_domain::json::{Metadata, ValidationContext};
use alims_domain::labels::Labels;
use alims_domain::lifecycle::State;
use alims_domain::limits::SIGNATURES_MAX;
use alims_domain::signature::Meaning;
use alims_domain::stored_version::StoredVersion;
use alims_domain::workflow_data::WorkflowData;
use fastrand::Rng;
use serde_json::{Map, Value, json};

use super::entries::{a_created_of, a_move, a_signature, an_amendment, at, sealed};

/// The versions 1 to `versions` of a workflow: moves, amendments, signatures, data, contexts and reasons drawn from the
/// seed, well formed throughout. A final state comes at the last version, or a remark behind it.
#[must_use]
pub fn a_chain(key: &WorkflowKey, versions: usize, seed: u64) -> Vec<StoredVersion> {
    assert!(versions > 0, "a chain begins with version 1");
    let mut rng = Rng::with_seed(seed);
    let first = a_created_of(key).event;
    let WorkflowData { metadata, labels, due_at, assignee } = some_data(&mut rng);
    let replaces = rng.bool().then(|| format!("w-{}", rng.u8(..)).parse().unwrap());
    let mut chain = vec![sealed(WorkflowEvent { metadata, labels, due_at, assignee, replaces, ..first })];
    while chain.len() < versions {
        let before = chain.last().unwrap();
        let last = chain.len() + 1 == versions;
        if rng.u8(..4) == 0 {
            let (by, meaning) = (format!("signer {}", chain.len()), *rng.choice(Meaning::ALL.iter()).unwrap());
            let current = before.event.signatures.iter().filter(|signature| signature.current).count();
            if current < SIGNATURES_MAX {
                let signed = a_signature(before, &by, meaning);
                chain.push(StoredVersion { accepted: signed.accepted, ..with_context(signed.event, &mut rng) });
                continue;
            }
        }
        if before.event.to_state.is_closed() || rng.u8(..4) == 0 {
            let closed = before.event.to_state.is_closed();
            let data = if closed || rng.u8(..4) == 0 { before.event.data() } else { some_data(&mut rng) };
            let event = WorkflowEvent { reason: some_reason(&mut rng), ..an_amendment(before, data).event };
            chain.push(StoredVersion { accepted: before.accepted.clone(), ..with_context(event, &mut rng) });
            continue;
        }
        let last = last || chain.len() + 2 == versions;
        let allowed = before.event.to_state.allowed_transitions();
        let open: Vec<State> = allowed.into_iter().filter(|to| last || !to.allowed_transitions().is_empty()).collect();
        let moved = a_move(before, *rng.choice(&open).expect("a state that is not final has a way on"));
        let recovered =
            moved.event.from_state == Some(State::Failed) && moved.event.to_state == State::Active && rng.bool();
        let metadata = if rng.bool() { some_metadata(&mut rng) } else { moved.event.metadata.clone() };
        let data = WorkflowData { metadata, ..moved.event.data() };
        let event = WorkflowEvent {
            event_type: if recovered { EventType::WorkflowRecovered } else { moved.event.event_type },
            signatures: before.event.signatures_with(&data),
            metadata: data.metadata,
            reason: some_reason(&mut rng).filter(|_| rng.bool()),
            ..moved.event
        };
        chain.push(StoredVersion { accepted: moved.accepted, ..with_context(event, &mut rng) });
    }
    chain
}

fn some_reason(rng: &mut Rng) -> Option<Reason> {
    format!("Reason {}\nwith ä and 🧪.", rng.u16(..)).parse().ok()
}

/// The event with a validation context and a correlation id, or none, sealed.
fn with_context(event: WorkflowEvent, rng: &mut Rng) -> StoredVersion {
    let context = Map::from_iter([("four_eyes".to_owned(), json!(rng.bool()))]);
    sealed(WorkflowEvent {
        validation_context: rng.bool().then(|| ValidationContext::new(context).unwrap()),
        correlation_id: rng.bool().then(|| format!("cause-{}", rng.u16(..)).parse().unwrap()),
        ..event
    })
}

/// Labels, a due date and an assignee, or none of them.
fn some_data(rng: &mut Rng) -> WorkflowData {
    let labels = (0..rng.usize(..4))
        .map(|_| (format!("l{}", rng.u8(..5)).parse().unwrap(), format!("value {}", rng.u8(..)).parse().unwrap()))
        .collect();
    WorkflowData {
        metadata: some_metadata(rng),
        labels: Labels::new(labels).unwrap(),
        due_at: rng.bool().then(|| at(rng.i64(0..1_000_000_000))),
        assignee: rng.bool().then(|| format!("person {}", rng.u8(..9)).parse().unwrap()),
    }
}

fn some_metadata(rng: &mut Rng) -> Metadata {
    let mut object = Map::new();
    for _ in 0..rng.usize(..5) {
        let value = match rng.u8(..5) {
            0 => Value::Null,
            1 => json!(rng.i32(..)),
            2 => json!(rng.f64()),
            3 => json!(["ä", {"deep": [rng.bool()]}]),
            _ => json!(format!("value {}", rng.u16(..))),
        };
        object.insert(format!("member-{}", rng.u8(..)), value);
    }
    Metadata::new(object).unwrap()
}
