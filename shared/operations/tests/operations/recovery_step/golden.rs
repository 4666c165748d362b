//! Golden identities of what a recovery writes: literals that every release makes, whatever words it uses.
//!
//! How they are computed without any code of this project stands in `shared/domain/tests/domain/golden.rs`.

use alims_domain::event::AppliedRules;
use alims_domain::identifiers::Version;
use alims_domain::lifecycle::State;
use alims_domain::quarantine::{BreakFound, QuarantineEntry};
use alims_domain::recovery::document::{KeptVerdict, Next, RecoveryDocument};
use alims_operations::PublishPorts;
use alims_operations::ports::{QuarantineLog, TransitionRules};
use alims_operations::recovery_step::{self, recovery_step};
use alims_testing::builders::{a_claim, a_created, a_key, a_move, at, version};
use alims_testing::{FixedClock, MemoryBus, MemoryIndex, MemoryLog, RulesThatAllow, RulesThatDeny};
use std::sync::Arc;

/// Makes one turn, at an instant that is fixed, and gives the log as it is then.
async fn turned<R: TransitionRules>(log: MemoryLog, next: Next, rules: R) -> MemoryLog {
    let verdict = KeptVerdict { version: version(3), rules: AppliedRules::lifecycle_only() };
    let document = RecoveryDocument {
        started_at: Some(at(0)),
        next,
        verdict: Some(verdict),
        ..RecoveryDocument::of(&a_claim(&a_key("w"), 3, 1))
    };
    let publishing = PublishPorts { log: log.clone(), index: MemoryIndex::default(), bus: MemoryBus::default() };
    let ports = recovery_step::Ports { publishing, rules, clock: Arc::new(FixedClock::new(at(10_000))) };
    recovery_step(&ports, document).await.unwrap();
    log
}

fn failed() -> MemoryLog {
    let log = MemoryLog::default();
    let created = a_created("w");
    let active = a_move(&created, State::Active);
    let failed = a_move(&active, State::Failed);
    for stored in [created, active, failed] {
        log.overwrite(stored);
    }
    log
}

#[tokio::test]
async fn a_recovery_writes_items_with_golden_ids() {
    // The instant of the last step, then ten bytes of the digest of recovery, word and version, as a UUID of version 7.
    let (versions, _) = turned(failed(), Next::Apply, RulesThatAllow).await.entries(&a_key("w"));
    assert_eq!(String::from(versions.last().unwrap().event.event_id), "01a20778-ffa0-78d7-8e2b-1e0d973ae5d8");
    let (_, refusals) = turned(failed(), Next::AskRules, RulesThatDeny).await.entries(&a_key("w"));
    assert_eq!(String::from(refusals.last().unwrap().event_id), "01a20778-ffa0-7337-ba4b-f1577af0ecd7");

    let nothing = BreakFound::nothing_is_left(Version::FIRST);
    assert_eq!(nothing.id().as_str(), "0000000001-b007d0222090c69ba70bdb285427b1a6");
    let log = turned(MemoryLog::default(), Next::Assess, RulesThatAllow).await;
    let entries = log.quarantine(&a_key("w")).await.unwrap().entries;
    let [QuarantineEntry::Quarantined(entry)] = &entries[..] else { panic!("{entries:?}") };
    assert_eq!(
        (String::from(entry.event_id).as_str(), entry.found()),
        ("01a20778-ffa0-7333-a13b-ae9cd6ce562c", nothing)
    );
}
