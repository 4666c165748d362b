//! The decision on a signature, in every combination of what it depends on, against a model that asks one thing after
//! another; and the authentication that a signer needs.

use alims_domain::attempt::RefusedBy;
use alims_domain::authentication::{Authentication, Claimed, FreshAuthentication, Signer, WhyInsufficient};
use alims_domain::call::Call;
use alims_domain::decide::Decision;
use alims_domain::event::{AppliedRules, EventType, Workflow};
use alims_domain::expected_versions::ExpectedVersions;
use alims_domain::hash_chain::ChainWalk;
use alims_domain::head::Head;
use alims_domain::identifiers::Version;
use alims_domain::lifecycle::State;
use alims_domain::limits::SIGNATURE_ROLES_MAX;
use alims_domain::proposal::Proposal;
use alims_domain::ruling::TransitionKind;
use alims_domain::signature::{Meaning, NotAdded};
use alims_domain::signing::{SignatureCommand, SignatureRejected, decide_signature};
use alims_domain::timestamp::Timestamp;

use crate::deciding_transitions::{History, record};
use crate::{alice, at, forbidden, id, key, request, standing_in};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Key {
    None,
    Repeated,
    Reused,
}

#[derive(Clone, Copy, Debug)]
struct Case {
    state: State,
    permitted: bool,
    history: History,
    key: Key,
    authenticated: bool,
    fits: bool,
    signed_before: bool,
}

const YES_OR_NO: [bool; 2] = [true, false];

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (state, permitted) in State::ALL.into_iter().flat_map(|state| YES_OR_NO.map(|permitted| (state, permitted))) {
        for history in [History::Sound, History::Quarantined, History::Altered, History::AlteredAndReleased] {
            for key in [Key::None, Key::Repeated, Key::Reused] {
                for (authenticated, fits) in YES_OR_NO.into_iter().flat_map(|one| YES_OR_NO.map(|other| (one, other))) {
                    cases.extend(YES_OR_NO.map(|signed_before| Case {
                        state,
                        permitted,
                        history,
                        key,
                        authenticated,
                        fits,
                        signed_before,
                    }));
                }
            }
        }
    }
    cases
}

/// What is answered, by the documented order: the first that applies. Every state can be signed.
fn model(case: &Case) -> &'static str {
    let questions = [
        (!case.permitted, "forbidden"),
        (matches!(case.history, History::Quarantined | History::Altered), "quarantined"),
        (case.key == Key::Repeated, "repeated"),
        (case.key == Key::Reused, "key reused"),
        (!case.authenticated, "insufficient"),
        (!case.fits, "conflict"),
        (case.signed_before, "already signed"),
    ];
    questions.into_iter().find(|(applies, _)| *applies).map_or("ask the rules", |(_, answer)| answer)
}

fn signer_of(needed: &FreshAuthentication, call: &Call, now: Timestamp) -> Result<Signer, WhyInsufficient> {
    needed.signer(&call.authentication, &call.principal.roles, now)
}

fn signer() -> Signer {
    signer_of(&FreshAuthentication::default(), &call(60), at(60_000)).unwrap()
}

/// Alice's call with a token of a sign-in at this second.
fn call(auth_time_s: i64) -> Call {
    let authentication = Authentication {
        name: Claimed::Is("Alice Moore".parse().unwrap()),
        auth_time: Claimed::Is(at(auth_time_s * 1000)),
        ..Authentication::default()
    };
    Call { authentication, ..alice() }
}

fn decided(case: &Case) -> (Head, Decision<SignatureRejected>) {
    let mut head = standing_in(case.state);
    if case.signed_before {
        let signed = decide(&head, Ok(&signer()), head.event().version.into());
        let Decision::AskRules(transition) = signed else { panic!("not signed") };
        head.stored.event.signatures = transition.signatures;
        head.stored.event = alims_domain::hash_chain::seal(head.stored.event).unwrap();
    }
    if matches!(case.history, History::Altered | History::AlteredAndReleased) {
        head.stored.event.correlation_id = Some("forged".parse().unwrap());
    }
    let repeatable = match case.key {
        Key::None => None,
        Key::Repeated => Some(request("used", "the first request")),
        Key::Reused => Some(request("used", "another request")),
    };
    let signer = signer();
    let version = if case.fits { head.event().version } else { Version::FIRST }.into();
    let command = SignatureCommand {
        by: &"alice".parse().unwrap(),
        signer: if case.authenticated { Ok(&signer) } else { Err(WhyInsufficient::TooOld) },
        meaning: Meaning::Review,
        comment: Some(&"Compared.".parse().unwrap()),
        version: &version,
        now: at(5),
        repeatable: repeatable.as_ref(),
    };
    let permission = if case.permitted { Ok(()) } else { Err(forbidden()) };
    let decision = decide_signature(&head, &record(&head, case.history), permission, &command);
    (head, decision)
}

fn decide(
    head: &Head,
    signer: Result<&Signer, WhyInsufficient>,
    version: ExpectedVersions,
) -> Decision<SignatureRejected> {
    let command = SignatureCommand {
        by: &"alice".parse().unwrap(),
        signer,
        meaning: Meaning::Review,
        comment: None,
        version: &version,
        now: at(5),
        repeatable: None,
    };
    decide_signature(head, &record(head, History::Sound), Ok(()), &command)
}

fn name_of(decision: &Decision<SignatureRejected>) -> &'static str {
    match decision {
        Decision::Repeated(_) => "repeated",
        Decision::AskRules(_) => "ask the rules",
        Decision::Rejected(rejected) => match rejected {
            SignatureRejected::Forbidden(_) => "forbidden",
            SignatureRejected::Quarantined(_) => "quarantined",
            SignatureRejected::KeyReused => "key reused",
            SignatureRejected::Insufficient(_) => "insufficient",
            SignatureRejected::VersionConflict(_) => "conflict",
            SignatureRejected::NotSigned(not) => match not.why {
                NotAdded::AlreadySigned => "already signed",
                NotAdded::TooMany => "too many",
            },
            SignatureRejected::RuleViolation(_) => "rules",
        },
    }
}

#[test]
fn every_combination_is_decided_as_the_model_decides_it() {
    for case in cases() {
        let (head, decision) = decided(&case);
        assert_eq!(name_of(&decision), model(&case), "{case:?}");
        let current = head.event();
        match decision {
            Decision::AskRules(transition) => {
                assert_eq!(transition.kind(), TransitionKind::Signature);
                assert_eq!((transition.from, transition.to), (Some(case.state), case.state));
                assert_eq!(transition.data, current.data());
                let signature = transition.signature.unwrap();
                assert_eq!((signature.signed_version, signature.signed_hash), (current.version, current.hash.clone()));
                let last = transition.signatures.iter().last().unwrap();
                assert_eq!((last.by.as_str(), last.at, last.current), ("alice", at(5), true));
            }
            Decision::Repeated(first) => assert_eq!(first, current.version),
            Decision::Rejected(rejected) => {
                let kept = match rejected.refused_by() {
                    Some(RefusedBy::Policies(_)) => "forbidden",
                    Some(RefusedBy::Authentication(WhyInsufficient::TooOld)) => "insufficient",
                    Some(_) => "something else",
                    None => "not kept",
                };
                let expected =
                    if matches!(model(&case), "forbidden" | "insufficient") { model(&case) } else { "not kept" };
                assert_eq!(kept, expected, "{case:?}");
            }
        }
    }
}

#[test]
fn a_version_that_cannot_be_conflicts_with_every_one() {
    let head = standing_in(State::Active);
    assert_eq!(name_of(&decide(&head, Ok(&signer()), ExpectedVersions::default())), "conflict");
}

#[test]
fn a_signature_keeps_state_and_data_and_is_the_next_link_in_every_state() {
    for state in State::ALL {
        let head = standing_in(state);
        let Decision::AskRules(transition) = decide(&head, Ok(&signer()), head.event().version.into()) else {
            panic!("{state}")
        };
        let workflow = Workflow::from(head.event());
        let call = alice();
        let (head_of, transition) = (Some(&head), &transition);
        let proposal =
            Proposal { call: &call, head: head_of, workflow: &workflow, transition, context: None, now: at(5) };
        let signed = proposal.commit(id(7), EventType::WorkflowSigned, AppliedRules::lifecycle_only(), None).unwrap();
        let key = key();
        assert_eq!(ChainWalk::continuing(&key, head.event().clone()).step(signed.event.clone()), Ok(()), "{state}");
        assert_eq!((signed.event.to_state, signed.event.failure.clone()), (state, head.event().failure.clone()));
    }
}

#[test]
fn a_sign_in_counts_up_to_its_age_and_a_clock_may_be_ahead_by_a_minute() {
    let needed = FreshAuthentication::default();
    let why = |call: &Call, now: Timestamp| signer_of(&needed, call, now).err();
    assert_eq!(why(&call(0), at(300_000)), None);
    assert_eq!(why(&call(0), at(300_001)), Some(WhyInsufficient::TooOld));
    assert_eq!(why(&call(60), at(0)), None);
    assert_eq!(why(&call(61), at(0)), Some(WhyInsufficient::FutureAuthTime));
    let shorter = FreshAuthentication { max_age_s: 1, ..needed.clone() };
    assert_eq!(signer_of(&shorter, &call(0), at(1001)).err(), Some(WhyInsufficient::TooOld));
    let with = |change: &dyn Fn(&mut Call)| {
        let mut call = call(0);
        change(&mut call);
        why(&call, at(1))
    };
    assert_eq!(with(&|call| call.authentication.auth_time = Claimed::Absent), Some(WhyInsufficient::NoAuthTime));
    assert_eq!(
        with(&|call| call.authentication.auth_time = Claimed::Unusable),
        Some(WhyInsufficient::UnreadableAuthTime)
    );
    assert_eq!(with(&|call| call.authentication.name = Claimed::Absent), Some(WhyInsufficient::NoName));
    assert_eq!(with(&|call| call.authentication.name = Claimed::Unusable), Some(WhyInsufficient::UnprintableName));
    let roles = |count: usize| (0..count).map(|number| format!("role-{number}")).collect();
    assert_eq!(with(&|call| call.principal.roles = roles(SIGNATURE_ROLES_MAX)), None);
    assert_eq!(
        with(&|call| call.principal.roles = roles(SIGNATURE_ROLES_MAX + 1)),
        Some(WhyInsufficient::TooManyRoles)
    );
}

#[test]
fn one_of_the_wanted_classes_and_one_of_the_wanted_methods_is_enough() {
    let names = |names: &[&str]| names.iter().map(|name| name.parse().unwrap()).collect::<Vec<_>>();
    let why = |acr: &[&str], amr: &[&str], has_acr: Option<&str>, has_amr: &[&str]| {
        let mut call = call(0);
        call.authentication.acr = has_acr.map(|acr| acr.parse().unwrap());
        call.authentication.amr = names(has_amr);
        let needed = FreshAuthentication { acr: names(acr), amr: names(amr), ..FreshAuthentication::default() };
        signer_of(&needed, &call, at(1)).err()
    };
    assert_eq!(why(&[], &[], None, &[]), None);
    assert_eq!(why(&["gold", "silver"], &[], Some("silver"), &[]), None);
    assert_eq!(why(&["gold"], &[], Some("silver"), &[]), Some(WhyInsufficient::OtherClass));
    assert_eq!(why(&["gold"], &[], None, &[]), Some(WhyInsufficient::OtherClass));
    assert_eq!(why(&[], &["otp", "hwk"], None, &["pwd", "hwk"]), None);
    assert_eq!(why(&[], &["otp"], None, &["pwd"]), Some(WhyInsufficient::OtherMethods));
    assert_eq!(why(&[], &["otp"], None, &[]), Some(WhyInsufficient::OtherMethods));
}
