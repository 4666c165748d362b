//! A log with a version that a newer release wrote.

use alims_domain::identifiers::WorkflowKey;
use alims_domain::lifecycle::State;
use alims_operations::ports::{NewerFormat, StoreError};
use alims_testing::MemoryLog;
use alims_testing::builders::{a_created, a_key, a_move, version};

/// Two workflows: all is well with `w-1`, and of `w-0` this version was written by a newer release.
pub(crate) fn newer_in(newer: u64) -> MemoryLog {
    let log = MemoryLog::default();
    for id in ["w-0", "w-1"] {
        let created = a_created(id);
        let active = a_move(&created, State::Active);
        [&created, &active].into_iter().for_each(|stored| log.overwrite(stored.clone()));
        log.overwrite(a_move(&active, State::Paused));
    }
    log.write_newer(&w_0(), version(newer), 2);
    log
}

pub(crate) fn w_0() -> WorkflowKey {
    a_key("w-0")
}

pub(crate) fn is_newer(error: &StoreError) -> bool {
    matches!(error, StoreError::NewerFormat(NewerFormat { format: 2, .. }))
}
