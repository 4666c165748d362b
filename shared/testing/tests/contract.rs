//! The in-memory adapters keep the contract of their ports.

use alims_testing::{MemoryIndex, MemoryLog};

alims_testing::log_contract!(MemoryLog::default());
alims_testing::records_contract!(MemoryLog::default());
alims_testing::tampered_contract!(MemoryLog::default());

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

    alims_testing::index_contract!(MemoryIndex::default().evaluating_at_most(3));
}

#[test]
fn no_part_of_the_contract_is_forgotten() {
    let listed = include_str!("../src/contract/mod.rs");
    for part in [
        include_str!("../src/contract/index.rs"),
        include_str!("../src/contract/json.rs"),
        include_str!("../src/contract/list.rs"),
        include_str!("../src/contract/log.rs"),
        include_str!("../src/contract/quarantine.rs"),
        include_str!("../src/contract/recoveries.rs"),
        include_str!("../src/contract/tampered.rs"),
        include_str!("../src/contract/walk.rs"),
    ] {
        let names = part.split("\npub async fn ").skip(1).filter_map(|rest| rest.split('<').next());
        for name in names {
            assert!(listed.lines().any(|line| line.trim() == name), "{name} is never run");
        }
    }
}
