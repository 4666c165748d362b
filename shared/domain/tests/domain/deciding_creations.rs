//! The decision of a creation, in every combination of what it depends on.

use alims_domain::decide::{CreationRejected, Decision, decide_creation, may_be_replaced};
use alims_domain::hash_chain::{Break, BreakKind};
use alims_domain::identifiers::Version;
use alims_domain::lifecycle::State;
use alims_domain::quarantine::QuarantineRecord;
use alims_domain::rejection::{NotReplaceable, Quarantined, WhyNotReplaceable};
use alims_domain::stored_version::StoredVersion;
use serde_json::json;

use crate::{forbidden, metadata, moving, request, standing_in, to_create, version};

#[derive(Clone, Copy, Debug, PartialEq)]
enum There {
    Nothing,
    Anothers,
    Ours,
    /// Version 1 is another, and it remembers that this request made a version that is gone.
    WithoutOurs,
}

fn there(what: There) -> Option<StoredVersion> {
    let created = |key: Option<&str>| {
        let repeatable = key.map(|key| request(key, "the first request"));
        version(None, &to_create(), &moving(None, State::Created), repeatable.as_ref())
    };
    match what {
        There::Nothing => None,
        There::Anothers => Some(created(None)),
        There::Ours => Some(created(Some("used"))),
        There::WithoutOurs => {
            Some(StoredVersion { accepted: standing_in(State::Active).stored.accepted, ..created(None) })
        }
    }
}

/// What was found of the workflow that it replaces; none when it replaces none, or may.
type Replaced = Option<WhyNotReplaceable>;

fn every_replaced() -> [Replaced; 4] {
    let broken = Break { at: Version::FIRST, fault: BreakKind::Altered };
    let found = [
        WhyNotReplaceable::NotFound,
        WhyNotReplaceable::Quarantined(Quarantined(broken)),
        WhyNotReplaceable::NotClosed(State::Paused),
    ];
    let [not_found, quarantined, not_closed] = found.map(Some);
    [None, not_found, quarantined, not_closed]
}

/// What is answered, by the documented order: the first that applies.
fn model(permitted: bool, what: There, key: Option<(&str, &str)>, replaced: &Replaced) -> &'static str {
    let keeps_key = matches!(what, There::Ours | There::WithoutOurs);
    match (permitted, key) {
        (false, _) => "forbidden",
        (true, _) if what == There::Nothing && replaced.is_some() => "not replaceable",
        (true, _) if what == There::Nothing => "ask the rules",
        (true, Some(("used", "the first request"))) if what == There::Ours => "repeated",
        (true, Some(("used", "the first request"))) if what == There::WithoutOurs => "quarantined",
        (true, Some(("used", _))) if keeps_key => "key reused",
        (true, _) => "exists",
    }
}

#[test]
fn every_combination_is_decided_as_the_model_decides_it() {
    let keys =
        [None, Some(("fresh", "the first request")), Some(("used", "the first request")), Some(("used", "another"))];
    for (permitted, what, key, replaced) in [true, false]
        .into_iter()
        .flat_map(|permitted| {
            [There::Nothing, There::Anothers, There::Ours, There::WithoutOurs].map(|what| (permitted, what))
        })
        .flat_map(|(permitted, what)| keys.map(|key| (permitted, what, key)))
        .flat_map(|(permitted, what, key)| every_replaced().map(|replaced| (permitted, what, key, replaced)))
    {
        let first = there(what);
        let permission = if permitted { Ok(()) } else { Err(forbidden()) };
        let repeatable = key.map(|(key, what)| request(key, what));
        let decision = decide_creation(
            first.as_ref(),
            permission,
            replaced.clone().map_or(Ok(()), |why| Err(NotReplaceable { workflow_id: "w-0".parse().unwrap(), why })),
            &metadata(&json!({"sample": "S-1"})).into(),
            repeatable.as_ref(),
        );
        let (name, is_kept) = match decision {
            Decision::Repeated(version) => {
                assert_eq!(version, Version::FIRST);
                ("repeated", false)
            }
            Decision::AskRules(transition) => {
                assert_eq!(transition, moving(None, State::Created));
                ("ask the rules", false)
            }
            Decision::Rejected(rejected) => {
                let name = match &rejected {
                    CreationRejected::Forbidden(_) => "forbidden",
                    CreationRejected::Quarantined(quarantined) => {
                        assert_eq!((quarantined.0.at.get(), quarantined.0.fault), (2, BreakKind::Missing));
                        "quarantined"
                    }
                    CreationRejected::KeyReused => "key reused",
                    CreationRejected::AlreadyExists => "exists",
                    CreationRejected::NotReplaceable(not) => {
                        assert_eq!((not.workflow_id.as_str(), Some(&not.why)), ("w-0", replaced.as_ref()));
                        "not replaceable"
                    }
                    CreationRejected::RuleViolation(_) => "rules",
                };
                (name, rejected.refused_by().is_some())
            }
        };
        assert_eq!(name, model(permitted, what, key, &replaced), "{permitted} {what:?} {key:?} {replaced:?}");
        let goes_on = matches!(replaced, Some(WhyNotReplaceable::NotClosed(_)));
        assert_eq!(is_kept, name == "forbidden" || name == "not replaceable" && goes_on);
    }
}

#[test]
fn only_a_closed_workflow_with_a_sound_history_may_be_replaced() {
    for state in State::ALL {
        let head = standing_in(state);
        let closed = matches!(state, State::Completed | State::Cancelled);
        let expected = if closed { Ok(()) } else { Err(WhyNotReplaceable::NotClosed(state)) };
        assert_eq!(may_be_replaced(&head, &QuarantineRecord::default()), expected);
        let mut altered = head;
        altered.stored.event.reason = Some("It was never so.".parse().unwrap());
        let broken = Break { at: altered.event().version, fault: BreakKind::Altered };
        let refused = may_be_replaced(&altered, &QuarantineRecord::default());
        assert_eq!(refused, Err(WhyNotReplaceable::Quarantined(Quarantined(broken))), "{state}");
    }
}
