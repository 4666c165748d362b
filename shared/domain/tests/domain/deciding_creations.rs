//! The decision of a creation, in every combination of what it depends on.

use alims_domain::decide::{CreationRejected, Decision, decide_creation};
use alims_domain::hash_chain::BreakKind;
use alims_domain::identifiers::Version;
use alims_domain::lifecycle::State;
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

/// What is answered, by the documented order: the first that applies.
fn model(permitted: bool, what: There, key: Option<(&str, &str)>) -> &'static str {
    let keeps_key = matches!(what, There::Ours | There::WithoutOurs);
    match (permitted, key) {
        (false, _) => "forbidden",
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
    for (permitted, what, key) in [true, false]
        .into_iter()
        .flat_map(|permitted| {
            [There::Nothing, There::Anothers, There::Ours, There::WithoutOurs].map(|what| (permitted, what))
        })
        .flat_map(|(permitted, what)| keys.map(|key| (permitted, what, key)))
    {
        let first = there(what);
        let permission = if permitted { Ok(()) } else { Err(forbidden()) };
        let repeatable = key.map(|(key, what)| request(key, what));
        let decision = decide_creation(
            first.as_ref(),
            permission,
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
                    CreationRejected::RuleViolation(_) => "rules",
                };
                (name, rejected.refused_by().is_some())
            }
        };
        assert_eq!(name, model(permitted, what, key), "{permitted} {what:?} {key:?}");
        assert_eq!(is_kept, name == "forbidden");
    }
}
