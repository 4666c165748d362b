//! The version that a move makes once the rules allow it.

use alims_domain::event::{AppliedRules, EventType, Resumes, Workflow};
use alims_domain::hash_chain::is_intact;
use alims_domain::hashing::ChainHash;
use alims_domain::identifiers::Version;
use alims_domain::lifecycle::State;
use alims_domain::proposal::{NotCommitted, Proposal};

use crate::{alice, at, id, moving, request, standing_in, version};

#[test]
fn a_version_follows_from_the_head_and_remembers_its_request() {
    let head = standing_in(State::Active);
    let made = version(
        Some(&head),
        &Workflow::from(head.event()),
        &moving(Some(State::Active), State::Paused),
        Some(&request("k", "x")),
    );
    assert!(is_intact(&made.event));
    assert_eq!((made.event.version.get(), &made.event.previous_hash), (3, &head.event().hash));
    assert_eq!((made.event.from_state, made.event.to_state), (Some(State::Active), State::Paused));
    assert_eq!(made.event.created_at, head.event().created_at);
    assert_eq!(made.accepted.iter().map(|accepted| accepted.version.get()).collect::<Vec<_>>(), [2, 3]);
}

#[test]
fn a_version_above_unreadable_ones_says_what_it_resumes_from() {
    let mut head = standing_in(State::Active);
    let resumes = Resumes { from_version: head.event().version, passed_over: ChainHash::of(b"what cannot be read") };
    (head.resumes, head.end) = (Some(resumes.clone()), Version::try_from(5).unwrap());
    let made = version(Some(&head), &Workflow::from(head.event()), &moving(Some(State::Active), State::Paused), None);
    assert_eq!((made.event.version.get(), made.event.resumes), (6, Some(resumes)));
    assert_eq!(made.event.previous_hash, head.event().hash);
}

#[test]
fn no_version_follows_the_last_one() {
    let mut head = standing_in(State::Active);
    head.end = Version::LAST;
    let (workflow, transition) = (Workflow::from(head.event()), moving(Some(State::Active), State::Paused));
    let (call, head) = (alice(), Some(&head));
    let proposal =
        Proposal { call: &call, head, workflow: &workflow, transition: &transition, context: None, now: at(0) };
    let made = proposal.commit(id(1), EventType::WorkflowStateChanged, AppliedRules::lifecycle_only(), None);
    assert!(matches!(made, Err(NotCommitted::VersionsExhausted(Version::LAST))));
}
