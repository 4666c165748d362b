//! Test support: in-memory adapters, builders, scripted faults, and the contract every adapter of a port must keep.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "test support: a broken expectation must fail the test"
)]

pub mod builders;
mod built;
mod clock;
pub mod contract;
pub mod fake_engine;
mod faulty;
mod ids;
mod memory_activity;
mod memory_anchors;
mod memory_audit;
mod memory_bus;
mod memory_exports;
mod memory_index;
mod memory_log;
mod memory_records;
mod memory_starter;
pub mod odd_documents;
mod policies;
mod records;
mod rules;
pub mod some_audit_entries;
mod some_rulesets;

pub use built::built_binary;
pub use clock::{FixedClock, SteppingClock};
pub use faulty::{CallFault, Faulty, Script};
pub use ids::SequentialIds;
pub use memory_anchors::{MemoryAnchors, MemoryWitness, NamedKey, NamedKeyCheck, no_anchors};
pub use memory_bus::{MemoryBus, MemoryDeadLetters, NextPut};
pub use memory_exports::{MemoryExports, MemoryUpload, NoKey};
pub use memory_index::MemoryIndex;
pub use memory_log::MemoryLog;
pub use memory_records::MemoryPositions;
pub use memory_starter::MemoryStarter;
pub use policies::{EverybodyMay, NobodyMay, NotOfThisType, OnlyTheseMay};
pub use rules::{RulesThatAllow, RulesThatAreDown, RulesThatDeny};
