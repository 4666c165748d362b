//! The in-memory adapters keep the contract of their ports.

mod stages;

use alims_domain::access::Action;
use alims_operations::ports::{ExportPlace, ExportStore};
use alims_testing::contract::exports::ExportsStage;
use alims_testing::{
    EverybodyMay, MemoryBus, MemoryExports, MemoryIndex, MemoryLog, NobodyMay, OnlyTheseMay, RulesThatAllow,
    RulesThatAreDown, RulesThatDeny,
};
use stages::{BusInMemory, DeadLettersInMemory, StarterInMemory};
use std::fs;
use std::path::Path;

/// Exports that are their own store.
#[derive(Default)]
struct ExportsInMemory(MemoryExports);

impl ExportsStage for ExportsInMemory {
    fn store(&self) -> &impl ExportStore {
        &self.0
    }

    async fn archive_of(&self, place: &ExportPlace) -> Option<Vec<u8>> {
        self.0.archive_of(place)
    }
}

alims_testing::log_contract!(MemoryLog::default());
alims_testing::records_contract!(MemoryLog::default());
alims_testing::tampered_contract!(MemoryLog::default());
alims_testing::activity_contract!(MemoryLog::default());
alims_testing::audit_contract!(MemoryLog::default());

/// A log that is walked in one part.
mod log_with_whole_parts {
    use super::MemoryLog;

    alims_testing::walk_contract!(MemoryLog::default());
}

/// A log whose parts end within workflows.
mod log_with_short_parts {
    use super::MemoryLog;

    alims_testing::walk_contract!(MemoryLog::default().walking_at_most(3));
}

/// An index that looks at as many entries as it takes.
mod index_with_whole_pages {
    use super::MemoryIndex;

    alims_testing::index_contract!(MemoryIndex::default());
}

/// An index whose pages end early.
mod index_with_short_pages {
    use super::MemoryIndex;

    alims_testing::index_contract!(MemoryIndex::default().evaluating_at_most(3).walking_at_most(2));
}

alims_testing::bus_contract!(BusInMemory(MemoryBus::default()));
alims_testing::bus_answers_contract!(BusInMemory(MemoryBus::default()));
alims_testing::dead_letters_contract!(DeadLettersInMemory::default());
alims_testing::exports_contract!(ExportsInMemory::default());
alims_testing::starter_contract!(StarterInMemory::default());
alims_testing::failing_starter_contract!(StarterInMemory::default());

mod rules_that_allow {
    use super::RulesThatAllow;

    alims_testing::verdict_contract!(RulesThatAllow);
}

mod rules_that_deny {
    use super::RulesThatDeny;

    alims_testing::verdict_contract!(RulesThatDeny);
}

mod rules_that_are_down {
    use super::RulesThatAreDown;

    alims_testing::verdict_contract!(RulesThatAreDown);
}

mod everybody_may {
    use super::EverybodyMay;

    alims_testing::decision_contract!(EverybodyMay);
}

mod nobody_may {
    use super::NobodyMay;

    alims_testing::decision_contract!(NobodyMay);
}

mod only_these_may {
    use super::{Action, OnlyTheseMay};

    alims_testing::decision_contract!(OnlyTheseMay(vec![Action::GetWorkflowState]));
}

#[test]
fn no_part_of_the_contract_is_forgotten() {
    let listed = include_str!("../src/contract/mod.rs");
    let parts = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/contract");
    let parts = fs::read_dir(parts).expect("the contract's folder").map(|part| part.expect("a part").path());
    let parts: Vec<String> = parts.map(|part| fs::read_to_string(part).expect("a file of text")).collect();
    assert!(parts.len() > 10, "these are not all parts: {}", parts.len());
    for part in &parts {
        // The cases of a port without futures take a reference to the adapter.
        let cases = part.lines().filter_map(|line| {
            let blocking = line.strip_prefix("pub fn ").filter(|rest| rest.contains("(policy: &impl AccessPolicy)"));
            line.strip_prefix("pub async fn ").or(blocking)
        });
        let names = cases.filter_map(|rest| rest.split(['<', '(']).next());
        for name in names {
            assert!(listed.lines().any(|line| line.trim() == name), "{name} is never run");
        }
    }
}
